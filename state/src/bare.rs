//! RocksDB alone, with the options that debtors have: what an entry costs before Weir does anything with it.
//!
//! For the load test's yardsticks only. Nothing of Weir reads or writes what is kept here.

use crate::families::{DEBTORS, Shared};
use crate::open::{failure, family_of, flush, open_database, without_log};
use crate::sizes::Sizes;
use engine::store::StoreError;
use rocksdb::{DB, WaitForCompactOptions, WriteBatch};
use std::path::{Path, PathBuf};

/// A database whose entries are whatever one likes.
pub struct Bare {
    db: DB,
    path: PathBuf,
}

impl Bare {
    /// Opens the database of a folder, or makes an empty one.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path, sizes: Sizes) -> Result<Self, StoreError> {
        let db = open_database(path, &Shared::new(sizes))?;
        Ok(Self { db, path: path.to_owned() })
    }

    /// Writes these, in this order, as one batch.
    ///
    /// # Errors
    /// When RocksDB does not.
    pub fn put<'a>(&self, entries: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Result<(), StoreError> {
        let family = family_of(&self.db, DEBTORS)?;
        let mut batch = WriteBatch::default();
        for (key, value) in entries {
            batch.put_cf(family, key, value);
        }
        self.db.write_opt(batch, &without_log()).map_err(|error| self.failure("write", &error))
    }

    /// How long the value of a key is; none where there is none.
    ///
    /// # Errors
    /// When RocksDB cannot read.
    pub fn get(&self, key: &[u8]) -> Result<Option<usize>, StoreError> {
        let found = self.db.get_pinned_cf(family_of(&self.db, DEBTORS)?, key);
        Ok(found.map_err(|error| self.failure("read", &error))?.map(|value| value.len()))
    }

    /// Brings everything to the disk, and waits until what that made necessary is done.
    ///
    /// # Errors
    /// When RocksDB does not.
    pub fn settle(&self) -> Result<(), StoreError> {
        flush(&self.db).map_err(|error| self.failure("flush", &error))?;
        let wait = self.db.wait_for_compact(&WaitForCompactOptions::default());
        wait.map_err(|error| self.failure("compact", &error))
    }

    /// What the entries take of the disk, in bytes.
    ///
    /// # Errors
    /// When RocksDB does not say.
    pub fn disk_bytes(&self) -> Result<u64, StoreError> {
        let files = self.db.live_files().map_err(|error| self.failure("name the files", &error))?;
        let of_debtors = files.iter().filter(|file| file.column_family_name == DEBTORS);
        Ok(of_debtors.map(|file| file.size as u64).sum())
    }

    fn failure(&self, operation: &'static str, error: &rocksdb::Error) -> StoreError {
        failure(&self.path, operation, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_there_and_takes_room_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::open(folder.path(), Sizes::of_bytes(0)).unwrap();
        let entries: Vec<([u8; 4], Vec<u8>)> =
            (0..1_000_u32).map(|number| (number.to_be_bytes(), vec![b'x'; 300])).collect();
        bare.put(entries.iter().map(|(key, value)| (&key[..], &value[..]))).unwrap();
        assert_eq!(bare.get(&7_u32.to_be_bytes()).unwrap(), Some(300));
        assert_eq!(bare.get(&1_000_u32.to_be_bytes()).unwrap(), None);
        assert_eq!(bare.disk_bytes().unwrap(), 0);
        bare.settle().unwrap();
        assert!(bare.disk_bytes().unwrap() > 1_000);
        assert_eq!(bare.get(&7_u32.to_be_bytes()).unwrap(), Some(300));
    }
}
