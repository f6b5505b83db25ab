//! Files that are read again once they have changed: what they say is looked at when it is used, and no thread waits.
//!
//! What they are is not known here.

use std::fmt::Display;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often it is looked whether they have changed.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// What some files say, as it was read last without a fault.
pub(crate) struct Watched<T> {
    what: &'static str,
    files: Vec<PathBuf>,
    read: Box<dyn Fn() -> Result<T, String> + Send + Sync>,
    every: Duration,
    seen: Mutex<Seen<T>>,
}

struct Seen<T> {
    value: Arc<T>,
    marks: Vec<Option<Mark>>,
    looked: Instant,
}

/// What changes with a file: also where it is another one in its place, as whoever mounts secrets does it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark {
    inode: u64,
    length: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl<T> Watched<T> {
    /// Reads them for the first time.
    ///
    /// # Errors
    /// When they cannot be read so.
    pub(crate) fn new<E: Display>(
        what: &'static str,
        files: Vec<PathBuf>,
        read: impl Fn() -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<Self, E> {
        let marks = marks(&files);
        let seen = Seen { value: Arc::new(read()?), marks, looked: Instant::now() };
        let read = Box::new(move || read().map_err(|error| error.to_string()));
        Ok(Self { what, files, read, every: LOOK_EVERY, seen: Mutex::new(seen) })
    }

    /// The same, looked at so often.
    #[cfg(test)]
    pub(crate) fn looked_at_every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// What they say. Where they say nothing that makes sense any more, what they said before.
    pub(crate) fn get(&self) -> Arc<T> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.looked.elapsed() >= self.every {
            seen.looked = Instant::now();
            // Before they are read: what changes meanwhile is seen the next time.
            let marks = marks(&self.files);
            if marks != seen.marks {
                seen.marks = marks;
                self.read_again(&mut seen);
            }
        }
        seen.value.clone()
    }

    fn read_again(&self, seen: &mut Seen<T>) {
        match (self.read)() {
            Ok(value) => {
                seen.value = Arc::new(value);
                tracing::info!("{} has changed, and was read again", self.what);
            }
            Err(error) => {
                tracing::error!(%error, "{} has changed and cannot be read: what it said before holds on", self.what);
            }
        }
    }
}

fn marks(files: &[PathBuf]) -> Vec<Option<Mark>> {
    let mark = |file: &PathBuf| {
        let found = std::fs::metadata(file).ok()?;
        let (inode, length) = (found.ino(), found.len());
        Some(Mark { inode, length, seconds: found.mtime(), nanoseconds: found.mtime_nsec() })
    };
    files.iter().map(mark).collect()
}

/// What nobody but its owner and one group may do with a secret: more than `rw-r-----`.
const TOO_WIDE: u32 = 0o037;

/// Warns where more people than need to can read a file, or change it.
pub fn warn_if_open_to_others(file: &Path) {
    if let Some(mode) = open_to_others(file) {
        let file = file.display();
        tracing::warn!(%file, mode, "others can read or change this file: chmod 0640, or less");
    }
}

/// Its permissions, as `chmod` takes them, where more people than need to can read a file, or change it.
#[must_use]
pub fn open_to_others(file: &Path) -> Option<String> {
    let mode = std::fs::metadata(file).ok()?.permissions().mode() & 0o777;
    is_too_wide(mode).then(|| format!("{mode:04o}"))
}

fn is_too_wide(mode: u32) -> bool {
    mode & TOO_WIDE != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_once_it_has_changed_and_a_broken_one_keeps_what_was_good() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("number");
        std::fs::write(&file, "1").unwrap();
        let path = file.clone();
        let read = move || {
            let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
            text.parse::<u32>().map_err(|error| error.to_string())
        };
        let watched = Watched::new("a number", vec![file.clone()], read).unwrap();
        std::fs::write(&file, "12").unwrap();
        assert_eq!(*watched.get(), 1, "it was looked at a moment ago");
        let watched = watched.looked_at_every(Duration::ZERO);
        assert_eq!(*watched.get(), 12);
        std::fs::write(&file, "many").unwrap();
        assert_eq!(*watched.get(), 12, "a broken file changes nothing");
        std::fs::remove_file(&file).unwrap();
        assert_eq!(*watched.get(), 12, "nor does one that is gone");
        std::fs::write(folder.path().join("new"), "13").unwrap();
        std::fs::rename(folder.path().join("new"), &file).unwrap();
        assert_eq!(*watched.get(), 13, "another file in its place is read");
    }

    #[test]
    fn more_than_its_owner_and_a_reading_group_is_too_wide() {
        for (mode, expected) in
            [(0o600, false), (0o640, false), (0o400, false), (0o644, true), (0o660, true), (0o604, true)]
        {
            assert_eq!(is_too_wide(mode), expected, "{mode:o}");
        }
    }
}
