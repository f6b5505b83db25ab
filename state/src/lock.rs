//! The lock on a state folder: one process at a time.
//!
//! RocksDB locks each database by itself, but only once it is opened; by then a second process has
//! joined the group and may have taken the first one's place.

use engine::store::StoreError;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

/// The file that is locked. It stays when the process ends; the lock does not, however it ends.
const FILE: &str = "weir.lock";

const IN_USE: &str =
    "it is in use by another process; give each process a folder, and a group_instance_id, of its own";

/// The lock of this process on its state folder, held until it is dropped.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Locks a folder, which is made where there is none.
    ///
    /// # Errors
    /// When another process has it, or it cannot be made or locked.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        let cannot = |reason| StoreError::Open { path: folder.to_owned(), reason };
        let failed = |error: std::io::Error| cannot(format!("the folder cannot be locked: {error}"));
        std::fs::create_dir_all(folder).map_err(failed)?;
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(FILE));
        let file = open.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(cannot(IN_USE.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_holder_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("state");
        let held = FolderLock::take(&folder).unwrap();
        let refused = FolderLock::take(&folder);
        let told = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(told.contains("in use by another process"), "{told}");
        drop(held);
        assert!(FolderLock::take(&folder).is_ok());
    }
}
