//! The store, as the engine sees it: one a partition, changed by whole batches.
//!
//! What is behind it (RocksDB, a map in memory) and how keys look there is `state`'s business.

use crate::lists::finding::Cursor;
use crate::lists::{List, ListKey};
use crate::partition;
use bytes::Bytes;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use std::cmp::Ordering;
use std::path::PathBuf;
use std::sync::Arc;

/// All stores of a process: they share memory, not data.
pub trait Stores: Send + Sync + 'static {
    /// The store of one partition.
    type Store: Store;

    /// Opens the store of a partition, or makes an empty one.
    ///
    /// # Errors
    /// When it cannot be opened: it is in use, damaged, or of a newer version.
    fn open(&self, partition: u32) -> Result<Self::Store, StoreError>;

    /// Forgets all that a partition remembers, also where it cannot be opened. It is not open.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn discard(&self, partition: u32) -> Result<(), StoreError>;
}

/// What one partition remembers.
pub trait Store: Send {
    /// Where it stands; none where it is empty.
    ///
    /// # Errors
    /// When it cannot be read.
    fn meta(&self) -> Result<Option<Bytes>, StoreError>;

    /// The stored form of a debtor.
    ///
    /// # Errors
    /// When it cannot be read.
    fn debtor(&self, id: &str) -> Result<Option<Bytes>, StoreError>;

    /// The ids of debtors that come after this one, at most `at_most`, in an order of the store's own
    /// that never changes; from the first, where the id is nobody's.
    ///
    /// # Errors
    /// When they cannot be read.
    fn debtors_after(&mut self, id: &DebtorId, at_most: usize) -> Result<Vec<DebtorId>, StoreError>;

    /// The timers from `cursor` on that are due up to and including `until`, earliest first, at
    /// most `at_most`. Those before the cursor are not looked at.
    ///
    /// # Errors
    /// When they cannot be read.
    fn timers(
        &self,
        cursor: &TimerKey,
        until: Timestamp,
        at_most: usize,
    ) -> Result<Vec<TimerKey>, StoreError>;

    /// The stored form of the waiting command of this sequence.
    ///
    /// # Errors
    /// When it cannot be read.
    fn waiting(&self, sequence: i64) -> Result<Option<Bytes>, StoreError>;

    /// The waiting commands after this sequence, in order, at most `at_most`.
    ///
    /// # Errors
    /// When they cannot be read.
    fn waiting_after(&self, sequence: i64, at_most: usize) -> Result<Vec<(i64, Bytes)>, StoreError>;

    /// The lines of a debtor's history, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    fn history(&self, id: &str, at_most: usize) -> Result<Vec<HistoryLine>, StoreError>;

    /// Of which version its lists are; none where none were made.
    ///
    /// # Errors
    /// When it cannot be read.
    fn lists_version(&self) -> Result<Option<u32>, StoreError>;

    /// Whether a batch that is committed now can be applied and kept. Where it can only a little later,
    /// since the disk does not keep up, the answer is [`Keeping::Later`].
    ///
    /// # Errors
    /// When it cannot be kept: the disk is full, or does not write; the store is then to be opened again.
    fn keeps(&mut self) -> Result<Keeping, StoreError>;

    /// Writes a batch, all of it or nothing. After a crash, batches are lost from the newest on,
    /// and never a part of one.
    ///
    /// # Errors
    /// When it cannot be written; the store is then to be opened again.
    fn apply(&mut self, batch: &StoreBatch) -> Result<(), StoreError>;

    /// Brings what was applied to the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    fn flush(&mut self) -> Result<(), StoreError>;

    /// Forgets everything: the state is to be built anew.
    ///
    /// # Errors
    /// When it cannot be written.
    fn clear(&mut self) -> Result<(), StoreError>;

    /// How many debtors there are, about.
    fn approximate_debtors(&self) -> u64;

    /// Who reads beside the task that has the store, from any thread.
    fn reader(&self) -> Arc<dyn StoreReader>;
}

/// Reads a store beside the task that has it. It sees what was applied last. The task waits for no reader's disk, but
/// where it closes the store, which no reader keeps open: then it waits for those who are reading, and nothing can be
/// read any more.
pub trait StoreReader: Send + Sync {
    /// The stored form of a debtor.
    ///
    /// # Errors
    /// When it cannot be read, or the store is closed.
    fn debtor(&self, id: &str) -> Result<Option<Bytes>, ReadError>;

    /// The lines of a debtor's history before this sequence, newest first.
    ///
    /// # Errors
    /// As above.
    fn history(&self, id: &str, before: i64, at_most: usize) -> Result<Vec<HistoryLine>, ReadError>;

    /// Looks into these lists, by a cursor for each, in their order. All are as of one moment, or a little later.
    ///
    /// # Errors
    /// As above.
    fn look_into(&self, lists: &[List], look: &mut Look<'_>) -> Result<(), ReadError>;

    /// The waiting commands after this sequence, in order, at most `at_most`.
    ///
    /// # Errors
    /// As above.
    fn waiting_after(&self, sequence: i64, at_most: usize) -> Result<Vec<(i64, Bytes)>, ReadError>;
}

/// What looks into lists, by their cursors.
pub type Look<'l> = dyn FnMut(&mut [Box<dyn Cursor + '_>]) -> Result<(), StoreError> + 'l;

/// Why whoever reads beside a task gets nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The task has closed the store.
    #[error("the store is closed")]
    Closed,
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether a store takes what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// It does.
    Now,
    /// It does once the disk has caught up with what was applied.
    Later,
}

/// A timer: when, and whose.
///
/// Timers are ordered by time; those of one moment by the debtor's shard, then the debtor, as the
/// store keeps debtors: a million that come due at midnight read them in the order they lie in.
/// Overlay, cursor and every store must agree on this order, or a cursor skips timers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimerKey {
    /// When it is due.
    pub due: Timestamp,
    /// Whose it is. Nobody's (an empty id) is a bound, not a timer: it comes before all others of
    /// its moment.
    pub debtor: DebtorId,
}

impl TimerKey {
    /// The bound before every timer that is due at this moment.
    #[must_use]
    pub fn before_all_at(due: Timestamp) -> Self {
        Self { due, debtor: DebtorId::from("") }
    }
}

impl Ord for TimerKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |id: &DebtorId| {
            let key = id.as_str().as_bytes();
            (!key.is_empty()).then(|| partition::shard_of(key))
        };
        // The hash is needed only between two timers of one moment.
        self.due
            .cmp(&other.due)
            .then_with(|| place(&self.debtor).cmp(&place(&other.debtor)))
            .then_with(|| self.debtor.cmp(&other.debtor))
    }
}

impl PartialOrd for TimerKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A line of a debtor's history: the encoded record, and its place in the debtor's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// The record's own sequence: it counts the debtor's records, so that a restore writes the
    /// same line in the same place.
    pub sequence: i64,
    /// The record as it is in the records topic.
    pub record: Bytes,
}

/// What is written at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreBatch {
    /// Debtors with their stored form; none removes one, and its history with it: should the
    /// debtor come again, its records count from the beginning.
    pub debtors: Vec<(DebtorId, Option<Bytes>)>,
    /// Timers to remove.
    pub timers_removed: Vec<TimerKey>,
    /// Timers to add, after the removals.
    pub timers_added: Vec<TimerKey>,
    /// Waiting commands by sequence, with their stored form; none removes one.
    pub waiting: Vec<(i64, Option<Bytes>)>,
    /// Lines to add to the histories of debtors, after the removals; the newest 200 are kept.
    pub history: Vec<(DebtorId, HistoryLine)>,
    /// Whether all lists are forgotten first, and of which version they are: they are made anew.
    pub lists_cleared: bool,
    /// Lines of lists to remove.
    pub listed_no_more: Vec<ListKey>,
    /// Lines of lists to add, after the removals.
    pub listed: Vec<ListKey>,
    /// Of which version all lists are from now on; none leaves it as it is.
    pub lists_version: Option<u32>,
    /// Where the store stands afterwards; none leaves what it says of that as it is.
    pub meta: Option<Bytes>,
}

/// What went wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened now: the disk is full or gone, or somebody else has it open.
    #[error("cannot open the store at {path}: {reason}", path = path.display())]
    Open {
        /// Where.
        path: PathBuf,
        /// What the store says.
        reason: String,
    },
    /// An operation failed.
    #[error("cannot {operation}: {reason}")]
    Failed {
        /// What was to be done.
        operation: &'static str,
        /// What the store says.
        reason: String,
    },
    /// What lies there is damaged: the state is to be built anew from the changelog.
    #[error("cannot read {what} of the store: {reason}")]
    Damaged {
        /// What.
        what: &'static str,
        /// In which way.
        reason: String,
    },
    /// What lies there was written by another version of Weir. It is not built anew by itself: the
    /// changelog is the newer version's as well, and this one would lose what it does not know.
    #[error(
        "cannot use the store at {path}: {reason}. Run the version that wrote it, or remove the folder: \
         the state then comes back from the changelog, as far as this version knows it",
        path = path.display()
    )]
    OfAnotherVersion {
        /// Where.
        path: PathBuf,
        /// In which way.
        reason: String,
    },
}
