//! Reading a database, also beside the store that has it: from other threads, while its task works.
//!
//! Whoever reads beside the store does not keep the database open: the store shuts the door before it closes
//! it, waits for those who are reading, and is then the last that has it, so that it may be opened again at once.

use crate::list_scan::ListScan;
use crate::open::{failure, family_of};
use crate::{HISTORY_LINES, families, keys};
use bytes::Bytes;
use engine::lists::List;
use engine::lists::finding::Cursor;
use engine::store::{HistoryLine, Look, ReadError, StoreError, StoreReader};
use rocksdb::{DB, ReadOptions};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

pub(crate) const READ_WAITING: &str = "read waiting commands";
pub(crate) const READ_DEBTOR: &str = "read a debtor";
pub(crate) const READ_HISTORY: &str = "read a debtor's history";

/// The door to a database, open as long as its store has it.
#[derive(Clone, Default)]
pub(crate) struct Door {
    db: Arc<RwLock<Option<Arc<DB>>>>,
}

impl Door {
    /// A door that is open.
    pub(crate) fn to(db: &Arc<DB>) -> Self {
        let door = Self::default();
        door.open(db);
        door
    }

    pub(crate) fn open(&self, db: &Arc<DB>) {
        *self.db.write().unwrap_or_else(PoisonError::into_inner) = Some(db.clone());
    }

    /// Nobody reads any more once this returns.
    pub(crate) fn shut(&self) {
        *self.db.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn read<T>(&self, read: impl FnOnce(&DB) -> Result<T, StoreError>) -> Result<T, ReadError> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        let db = db.as_ref().ok_or(ReadError::Closed)?;
        Ok(read(db)?)
    }
}

impl StoreReader for Door {
    fn debtor(&self, id: &str) -> Result<Option<Bytes>, ReadError> {
        self.read(|db| debtor(db, db.path(), id))
    }

    fn history(&self, id: &str, before: i64, at_most: usize) -> Result<Vec<HistoryLine>, ReadError> {
        self.read(|db| history(db, db.path(), id, before, at_most))
    }

    fn look_into(&self, lists: &[List], look: &mut Look<'_>) -> Result<(), ReadError> {
        self.read(|db| {
            let moment = db.snapshot();
            let cursors = lists.iter().map(|list| {
                let cursor: Box<dyn Cursor + '_> = Box::new(ListScan::new(db, &moment, list)?);
                Ok(cursor)
            });
            look(&mut cursors.collect::<Result<Vec<_>, StoreError>>()?)
        })
    }

    fn waiting_after(&self, sequence: i64, at_most: usize) -> Result<Vec<(i64, Bytes)>, ReadError> {
        self.read(|db| waiting_after(db, db.path(), sequence, at_most))
    }
}

/// The waiting commands after this sequence, in order.
pub(crate) fn waiting_after(
    db: &DB,
    path: &Path,
    sequence: i64,
    at_most: usize,
) -> Result<Vec<(i64, Bytes)>, StoreError> {
    let Some(first) = sequence.checked_add(1) else { return Ok(Vec::new()) };
    let mut bounds = ReadOptions::default();
    bounds.set_iterate_lower_bound(keys::waiting(first).to_vec());
    let mut scan = db.raw_iterator_cf_opt(family_of(db, families::WAITING)?, bounds);
    let mut waiting = Vec::new();
    scan.seek_to_first();
    while waiting.len() < at_most {
        let Some((key, form)) = scan.item() else { break };
        let sequence = keys::read_waiting(key).ok_or_else(|| odd_key(path, "a waiting command", key))?;
        waiting.push((sequence, Bytes::copy_from_slice(form)));
        scan.next();
    }
    scan.status().map_err(|error| failure(path, READ_WAITING, &error))?;
    Ok(waiting)
}

/// The stored form of a debtor.
pub(crate) fn debtor(db: &DB, path: &Path, id: &str) -> Result<Option<Bytes>, StoreError> {
    get(db, path, READ_DEBTOR, families::DEBTORS, &keys::debtor(id))
}

/// The value of a key.
pub(crate) fn get(
    db: &DB,
    path: &Path,
    operation: &'static str,
    family: &'static str,
    key: &[u8],
) -> Result<Option<Bytes>, StoreError> {
    let value = db.get_pinned_cf(family_of(db, family)?, key);
    let value = value.map_err(|error| failure(path, operation, &error))?;
    Ok(value.map(|value| Bytes::copy_from_slice(&value)))
}

/// The lines of a debtor's history before this sequence, newest first.
pub(crate) fn history(
    db: &DB,
    path: &Path,
    id: &str,
    before: i64,
    at_most: usize,
) -> Result<Vec<HistoryLine>, StoreError> {
    let mut bounds = ReadOptions::default();
    // The newest come first: what comes after the one before the bound is older still.
    bounds.set_iterate_lower_bound(keys::history(id, before.saturating_sub(1)));
    bounds.set_iterate_upper_bound(keys::after_history_of(id));
    let mut scan = db.raw_iterator_cf_opt(family_of(db, families::HISTORY)?, bounds);
    let at_most = at_most.min(HISTORY_LINES as usize);
    let mut lines = Vec::new();
    scan.seek_to_first();
    while lines.len() < at_most {
        let Some((key, record)) = scan.item() else { break };
        let sequence = keys::read_sequence(key);
        let sequence = sequence.ok_or_else(|| odd_key(path, "a line of history", key))?;
        lines.push(HistoryLine { sequence, record: Bytes::copy_from_slice(record) });
        scan.next();
    }
    scan.status().map_err(|error| failure(path, READ_HISTORY, &error))?;
    Ok(lines)
}

/// What lies there under such a key nobody wrote.
pub(crate) fn odd_key(path: &Path, what: &'static str, key: &[u8]) -> StoreError {
    let reason = format!("at {}: no such key is written: {key:02x?}", path.display());
    StoreError::Damaged { what, reason }
}
