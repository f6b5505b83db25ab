//! Opening a partition's database, checking what it is, and putting it aside.
//!
//! Every error names the folder: whoever reads it must know which volume to look at. What is read
//! and written once it is open is `rocks`' business.

use crate::families::{self, Shared};
use crate::keys;
use engine::store::StoreError;
use rocksdb::{ColumnFamily, DB, ErrorKind, FlushOptions, WriteOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The version of the key layout that this code writes, and the newest that it reads. A new one needs its
/// folder in `history` (`cargo run -p state --example format`).
pub const FORMAT_VERSION: u32 = 2;

/// The format before there were lists.
const FORMAT_WITHOUT_LISTS: u32 = 1;

/// Opens the database of a folder, or makes an empty one.
pub(crate) fn open_database(path: &Path, shared: &Shared) -> Result<DB, StoreError> {
    let cannot_open = |reason: String| StoreError::Open { path: path.to_path_buf(), reason };
    remove_put_aside(path).map_err(|error| cannot_open(error.to_string()))?;
    std::fs::create_dir_all(path).map_err(|error| cannot_open(error.to_string()))?;
    let db = DB::open_cf_descriptors(&shared.database_options(), path, shared.descriptors());
    let db = db.map_err(|error| {
        let kind = error.kind();
        if kind == ErrorKind::Corruption {
            StoreError::Damaged { what: "the files", reason: at(path, &error) }
        } else if kind == ErrorKind::InvalidArgument {
            // So RocksDB says that the folder has column families unknown to this version.
            StoreError::OfAnotherVersion { path: path.to_path_buf(), reason: error.to_string() }
        } else {
            cannot_open(error.to_string())
        }
    })?;
    check_format(path, &db)?;
    Ok(db)
}

/// A new database is stamped with the version, which is on the disk before anything else is
/// written: what has no stamp was never used.
fn check_format(path: &Path, db: &DB) -> Result<(), StoreError> {
    let damaged = |reason: &str| StoreError::Damaged {
        what: "the format version",
        reason: format!("{}: {reason}", path.display()),
    };
    let failed = |error: rocksdb::Error| failure(path, "check the format version", &error);
    let meta = family_of(db, families::META)?;
    let Some(stamp) = db.get_pinned_cf(meta, keys::FORMAT).map_err(failed)? else {
        if db.get_pinned_cf(meta, keys::POSITION).map_err(failed)?.is_some() {
            return Err(damaged("there is none, and yet there is state"));
        }
        return stamp_with_version(db, meta).map_err(failed);
    };
    match <[u8; 4]>::try_from(&*stamp).map(u32::from_be_bytes) {
        Ok(FORMAT_VERSION) => Ok(()),
        // It has no lists: they are made of the debtors, by whoever knows what is on them.
        Ok(FORMAT_WITHOUT_LISTS) => stamp_with_version(db, meta).map_err(failed),
        Ok(version) if version > FORMAT_VERSION => Err(StoreError::OfAnotherVersion {
            path: path.to_path_buf(),
            reason: format!(
                "it was written by a newer version of Weir (format {version}; this one reads {FORMAT_VERSION})"
            ),
        }),
        Ok(version) => Err(damaged(&format!("there never was a format {version}"))),
        Err(_) => Err(damaged("it is not a number of four bytes")),
    }
}

fn stamp_with_version(db: &DB, meta: &ColumnFamily) -> Result<(), rocksdb::Error> {
    db.put_cf_opt(meta, keys::FORMAT, FORMAT_VERSION.to_be_bytes(), &without_log())?;
    flush(db)
}

/// What an error of an operation means: that the files are damaged, or that the disk does not do it.
pub(crate) fn failure(path: &Path, operation: &'static str, error: &rocksdb::Error) -> StoreError {
    if error.kind() == ErrorKind::Corruption {
        return StoreError::Damaged { what: "the files", reason: at(path, error) };
    }
    StoreError::Failed { operation, reason: at(path, error) }
}

/// Puts the folder of a closed database aside and removes it. The first is one step: a crash in
/// between leaves the whole of it or nothing, and what lies aside is removed at the next opening.
pub(crate) fn put_aside(path: &Path) -> io::Result<()> {
    remove_put_aside(path)?;
    match std::fs::rename(path, aside(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Err(_) | Ok(()) => {}
    }
    remove_put_aside(path)
}

fn remove_put_aside(path: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(aside(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Err(_) | Ok(()) => Ok(()),
    }
}

fn aside(path: &Path) -> PathBuf {
    path.with_extension("gone")
}

/// Brings all memtables to the disk, at one point between two batches.
pub(crate) fn flush(db: &DB) -> Result<(), rocksdb::Error> {
    // Atomic flush makes one family's flush everyone's only where the families are named.
    let names = [
        families::META,
        families::DEBTORS,
        families::TIMERS,
        families::HISTORY,
        families::WAITING,
        families::LISTS,
    ];
    let families: Vec<&ColumnFamily> = names.iter().filter_map(|name| db.cf_handle(name)).collect();
    db.flush_cfs_opt(&families, &FlushOptions::default())
}

/// A column family of an open database.
pub(crate) fn family_of<'db>(db: &'db DB, name: &'static str) -> Result<&'db ColumnFamily, StoreError> {
    // It was named when the database was opened, so it is there.
    db.cf_handle(name).ok_or_else(|| StoreError::Damaged {
        what: "a column family",
        reason: format!("{}: there is no {name}", db.path().display()),
    })
}

/// The changelog is the log: RocksDB writes none of its own.
pub(crate) fn without_log() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.disable_wal(true);
    options
}

/// An error with its place.
pub(crate) fn at(path: &Path, error: &rocksdb::Error) -> String {
    format!("{}: {error}", path.display())
}
