//! The store on disk: a RocksDB database a partition.
//!
//! Nothing is written ahead: the changelog is the log, and what a crash loses comes back from it.
//! Keys are `keys`' business, options `families`', opening and clearing `open`'s.

use crate::beside::{self, Door};
use crate::families::{self, Shared};
use crate::open::{at, failure, family_of, flush, open_database, put_aside, without_log};
use crate::sizes::Sizes;
use crate::{HISTORY_LINES, keys};
use bytes::Bytes;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use engine::store::{HistoryLine, Keeping, Store, StoreBatch, StoreError, StoreReader, Stores, TimerKey};
use rocksdb::{ColumnFamily, DB, ReadOptions, WriteBatch};
use std::path::PathBuf;
use std::sync::Arc;

/// The stores of a process: a folder with a database for each partition that was ever opened.
pub struct RocksStores {
    folder: PathBuf,
    shared: Arc<Shared>,
    least_free_bytes: u64,
}

/// What of the disk stays free beside what is still to be written: for files that are being merged, and
/// for those who come to see why it is full.
const SPARE_BYTES: u64 = 32 * 1024 * 1024;

/// The most files that the store of one partition keeps open.
pub const FILES_A_PARTITION: u64 = families::OPEN_FILES.unsigned_abs() as u64;

/// How much of the disk must be free, in bytes: below it nothing more is kept.
#[must_use]
pub fn least_free_bytes(sizes: &Sizes) -> u64 {
    sizes.write_buffers_bytes().saturating_add(SPARE_BYTES)
}

impl RocksStores {
    /// The stores under a folder, which is made with the first of them. They share this memory.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, sizes: Sizes) -> Self {
        // All that is in memory must find room, whosever it is.
        let least_free_bytes = least_free_bytes(&sizes);
        Self { folder: folder.into(), shared: Arc::new(Shared::new(sizes)), least_free_bytes }
    }

    /// The same, where so much of the disk must be free or nothing more is committed.
    #[must_use]
    pub fn with_least_free(self, bytes: u64) -> Self {
        Self { least_free_bytes: bytes, ..self }
    }

    fn path(&self, partition: u32) -> PathBuf {
        self.folder.join(format!("p-{partition:05}"))
    }
}

impl Stores for RocksStores {
    type Store = RocksStore;

    fn open(&self, partition: u32) -> Result<RocksStore, StoreError> {
        let path = self.path(partition);
        let shared = Arc::clone(&self.shared);
        let db = Arc::new(open_database(&path, &shared)?);
        let (door, db) = (Door::to(&db), Handle::Open(db));
        Ok(RocksStore { path, shared, least_free_bytes: self.least_free_bytes, db, door, errors_seen: 0 })
    }

    fn discard(&self, partition: u32) -> Result<(), StoreError> {
        const OPERATION: &str = "remove the store";
        let path = self.path(partition);
        put_aside(&path).map_err(|error| StoreError::Failed {
            operation: OPERATION,
            reason: format!("{}: {error}", path.display()),
        })
    }
}

/// The store of one partition. While it lives, no other may open the same folder.
pub struct RocksStore {
    path: PathBuf,
    shared: Arc<Shared>,
    least_free_bytes: u64,
    db: Handle,
    /// By which others read it.
    door: Door,
    /// How many errors of its background work were looked into.
    errors_seen: u64,
}

/// A database, or why there is none any more.
///
/// After a failed write RocksDB may refuse all others until it is opened again, and its memory may
/// be ahead of what it promises. So this store refuses everything from then on, with the cause.
enum Handle {
    Open(Arc<DB>),
    Failed(String),
}

impl RocksStore {
    fn db(&self, operation: &'static str) -> Result<&DB, StoreError> {
        match &self.db {
            Handle::Open(db) => Ok(db),
            Handle::Failed(cause) => Err(StoreError::Failed {
                operation,
                reason: format!("the store failed before and must be opened again ({cause})"),
            }),
        }
    }

    /// Lets go of the database, whose lock ends with it, and keeps the cause.
    fn fail(&mut self, operation: &'static str, error: &rocksdb::Error) -> StoreError {
        let reason = at(&self.path, error);
        tracing::error!(%reason, "cannot {operation}; the store is closed");
        self.door.shut();
        self.db = Handle::Failed(format!("cannot {operation}: {reason}"));
        failure(&self.path, operation, error)
    }

    fn read_error(&self, operation: &'static str, error: &rocksdb::Error) -> StoreError {
        failure(&self.path, operation, error)
    }

    /// What RocksDB failed to do in the background it says only to the next who writes: who flushes hears
    /// whether it matters, and why.
    fn look_into_background_errors(&mut self) -> Result<(), StoreError> {
        const OPERATION: &str = "write in the background";
        let db = self.db(OPERATION)?;
        let count = property(db, rocksdb::properties::BACKGROUND_ERRORS);
        if count <= self.errors_seen {
            return Ok(());
        }
        let flushed = flush(db);
        flushed.map_err(|error| self.fail(OPERATION, &error))?;
        self.errors_seen = count;
        Ok(())
    }

    fn check_room(&self) -> Result<(), StoreError> {
        const OPERATION: &str = "keep more";
        let failed = |reason: String| StoreError::Failed {
            operation: OPERATION,
            reason: format!("{}: {reason}", self.path.display()),
        };
        let disk = rustix::fs::statvfs(&self.path).map_err(|error| failed(error.to_string()))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free >= self.least_free_bytes {
            return Ok(());
        }
        let least = self.least_free_bytes;
        Err(failed(format!("the disk is full: {free} bytes are free, and {least} must be")))
    }

    fn get(
        &self,
        operation: &'static str,
        family: &'static str,
        key: &[u8],
    ) -> Result<Option<Bytes>, StoreError> {
        beside::get(self.db(operation)?, &self.path, operation, family, key)
    }
}

impl Store for RocksStore {
    fn meta(&self) -> Result<Option<Bytes>, StoreError> {
        self.get("read where the store stands", families::META, keys::POSITION)
    }

    fn debtor(&self, id: &str) -> Result<Option<Bytes>, StoreError> {
        beside::debtor(self.db(beside::READ_DEBTOR)?, &self.path, id)
    }

    fn debtors_after(&mut self, id: &DebtorId, at_most: usize) -> Result<Vec<DebtorId>, StoreError> {
        const OPERATION: &str = "list debtors";
        let db = self.db(OPERATION)?;
        let mut bounds = ReadOptions::default();
        // What is listed is read by whoever asked; the blocks of a whole sweep are not to push the
        // debtors at work out of the cache.
        bounds.fill_cache(false);
        if !id.as_str().is_empty() {
            bounds.set_iterate_lower_bound(keys::after_debtor(id.as_str()));
        }
        let mut scan = db.raw_iterator_cf_opt(family_of(db, families::DEBTORS)?, bounds);
        let mut ids = Vec::new();
        scan.seek_to_first();
        while ids.len() < at_most {
            let Some(key) = scan.key() else { break };
            ids.push(keys::read_debtor(key).ok_or_else(|| beside::odd_key(&self.path, "a debtor", key))?);
            scan.next();
        }
        scan.status().map_err(|error| self.read_error(OPERATION, &error))?;
        Ok(ids)
    }

    fn timers(
        &self,
        cursor: &TimerKey,
        until: Timestamp,
        at_most: usize,
    ) -> Result<Vec<TimerKey>, StoreError> {
        const OPERATION: &str = "read timers";
        let db = self.db(OPERATION)?;
        let mut bounds = ReadOptions::default();
        bounds.set_iterate_lower_bound(keys::timer(cursor));
        if let Some(end) = keys::after_timers(until) {
            bounds.set_iterate_upper_bound(end);
        }
        let mut scan = db.raw_iterator_cf_opt(family_of(db, families::TIMERS)?, bounds);
        let mut timers = Vec::new();
        // With a lower bound the first key is sought from there, not from the family's first.
        scan.seek_to_first();
        while timers.len() < at_most {
            let Some(key) = scan.key() else { break };
            timers.push(keys::read_timer(key).ok_or_else(|| beside::odd_key(&self.path, "a timer", key))?);
            scan.next();
        }
        scan.status().map_err(|error| self.read_error(OPERATION, &error))?;
        Ok(timers)
    }

    fn waiting(&self, sequence: i64) -> Result<Option<Bytes>, StoreError> {
        self.get("read a waiting command", families::WAITING, &keys::waiting(sequence))
    }

    fn waiting_after(&self, sequence: i64, at_most: usize) -> Result<Vec<(i64, Bytes)>, StoreError> {
        beside::waiting_after(self.db(beside::READ_WAITING)?, &self.path, sequence, at_most)
    }

    fn history(&self, id: &str, at_most: usize) -> Result<Vec<HistoryLine>, StoreError> {
        let db = self.db(beside::READ_HISTORY)?;
        beside::history(db, &self.path, id, i64::MAX, at_most)
    }

    fn lists_version(&self) -> Result<Option<u32>, StoreError> {
        let version = self.get("read the version of the lists", families::META, keys::LISTS)?;
        // One that cannot be read is none: they are made anew.
        Ok(version.and_then(|bytes| <[u8; 4]>::try_from(&*bytes).ok()).map(u32::from_be_bytes))
    }

    fn keeps(&mut self) -> Result<Keeping, StoreError> {
        self.look_into_background_errors()?;
        self.check_room()?;
        let is_stopped = property(self.db("keep more")?, rocksdb::properties::IS_WRITE_STOPPED) != 0;
        Ok(if is_stopped { Keeping::Later } else { Keeping::Now })
    }

    fn apply(&mut self, batch: &StoreBatch) -> Result<(), StoreError> {
        const OPERATION: &str = "apply a batch";
        let db = self.db(OPERATION)?;
        let written = db.write_opt(write_batch(db, batch)?, &without_log());
        written.map_err(|error| self.fail(OPERATION, &error))
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        const OPERATION: &str = "flush the store";
        let flushed = flush(self.db(OPERATION)?);
        flushed.map_err(|error| self.fail(OPERATION, &error))
    }

    /// The folder is put aside under another name, which is one step, and then removed; a crash in
    /// between leaves the old state or none, and the rest is removed at the next start.
    fn clear(&mut self) -> Result<(), StoreError> {
        const OPERATION: &str = "clear the store";
        self.db(OPERATION)?;
        self.door.shut();
        self.db = Handle::Failed(format!("it was not cleared to the end at {}", self.path.display()));
        put_aside(&self.path).map_err(|error| StoreError::Failed {
            operation: OPERATION,
            reason: format!("{}: {error}", self.path.display()),
        })?;
        let db = Arc::new(open_database(&self.path, &self.shared)?);
        self.door.open(&db);
        self.db = Handle::Open(db);
        Ok(())
    }

    fn approximate_debtors(&self) -> u64 {
        let Handle::Open(db) = &self.db else { return 0 };
        let Ok(family) = family_of(db, families::DEBTORS) else { return 0 };
        let count = db.property_int_value_cf(family, rocksdb::properties::ESTIMATE_NUM_KEYS);
        count.ok().flatten().unwrap_or(0)
    }
    fn reader(&self) -> Arc<dyn StoreReader> {
        Arc::new(self.door.clone())
    }
}

impl Drop for RocksStore {
    /// The database is closed with the store, and not when the last of the others has read.
    fn drop(&mut self) {
        self.door.shut();
    }
}

/// A figure that RocksDB tells of a whole database; nothing where it does not.
fn property(db: &DB, name: &rocksdb::properties::PropName) -> u64 {
    db.property_int_value(name).ok().flatten().unwrap_or(0)
}

/// The whole batch as one write; later lines of it win.
fn write_batch(db: &DB, batch: &StoreBatch) -> Result<WriteBatch, StoreError> {
    let debtors = family_of(db, families::DEBTORS)?;
    let timers = family_of(db, families::TIMERS)?;
    let history = family_of(db, families::HISTORY)?;
    let mut writes = WriteBatch::default();
    for (id, form) in &batch.debtors {
        let key = keys::debtor(id.as_str());
        match form {
            Some(form) => writes.put_cf(debtors, key, form),
            None => {
                writes.delete_cf(debtors, key);
                let (first, end) = (keys::history_of(id.as_str()), keys::after_history_of(id.as_str()));
                writes.delete_range_cf(history, first, end);
            }
        }
    }
    for timer in &batch.timers_removed {
        writes.delete_cf(timers, keys::timer(timer));
    }
    for timer in &batch.timers_added {
        writes.put_cf(timers, keys::timer(timer), []);
    }
    let waiting = family_of(db, families::WAITING)?;
    for (sequence, form) in &batch.waiting {
        match form {
            Some(form) => writes.put_cf(waiting, keys::waiting(*sequence), form),
            None => writes.delete_cf(waiting, keys::waiting(*sequence)),
        }
    }
    write_lists(&mut writes, db, batch)?;
    for (id, line) in &batch.history {
        add_line(&mut writes, history, id, line);
    }
    if let Some(meta) = &batch.meta {
        writes.put_cf(family_of(db, families::META)?, keys::POSITION, meta);
    }
    Ok(writes)
}

/// What becomes of the lists.
fn write_lists(writes: &mut WriteBatch, db: &DB, batch: &StoreBatch) -> Result<(), StoreError> {
    let lists = family_of(db, families::LISTS)?;
    if batch.lists_cleared {
        // Kinds of lists are counted from 1, and there are fewer than a byte can count.
        writes.delete_range_cf(lists, [0_u8], [0xff_u8]);
        writes.delete_cf(family_of(db, families::META)?, keys::LISTS);
    }
    for line in &batch.listed_no_more {
        writes.delete_cf(lists, keys::listed(&line.list, &line.position));
    }
    for line in &batch.listed {
        writes.put_cf(lists, keys::listed(&line.list, &line.position), []);
    }
    if let Some(version) = batch.lists_version {
        writes.put_cf(family_of(db, families::META)?, keys::LISTS, version.to_be_bytes());
    }
    Ok(())
}

/// Adds a line and removes the one that falls out. A debtor's records are counted without gaps, so
/// that is one known key, and nothing need be read.
fn add_line(writes: &mut WriteBatch, history: &ColumnFamily, id: &DebtorId, line: &HistoryLine) {
    writes.put_cf(history, keys::history(id.as_str(), line.sequence), &line.record);
    if let Some(oldest) = line.sequence.checked_sub(i64::from(HISTORY_LINES)) {
        writes.delete_cf(history, keys::history(id.as_str(), oldest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_whose_writes_rocksdb_has_stopped_keeps_more_once_they_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = RocksStores::new(folder.path(), Sizes::of_bytes(0)).open(0).unwrap();
        let debtor = (DebtorId::from("d"), Some(Bytes::from_static(b"form")));
        store.apply(&StoreBatch { debtors: vec![debtor], ..StoreBatch::default() }).unwrap();
        store.flush().unwrap();
        assert_eq!(store.keeps().unwrap(), Keeping::Now);
        // One file is too much, and too few to begin with a compaction.
        let stop_at = |store: &RocksStore, files: &str| {
            let db = store.db("test").unwrap();
            let triggers = [
                ("level0_file_num_compaction_trigger", "100"),
                ("level0_slowdown_writes_trigger", files),
                ("level0_stop_writes_trigger", files),
            ];
            db.set_options_cf(family_of(db, families::DEBTORS).unwrap(), &triggers).unwrap();
        };
        stop_at(&store, "1");
        assert_eq!(store.keeps().unwrap(), Keeping::Later);
        stop_at(&store, "200");
        assert_eq!(store.keeps().unwrap(), Keeping::Now);
    }
}
