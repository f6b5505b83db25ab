//! The store in memory: the same behaviour over maps, for tests and the simulator.
//!
//! It keeps what a disk would keep: a crash loses the newest batches, whole ones, and never what
//! was flushed. It shares no code with the store on disk, so that the one checks the other.

use crate::HISTORY_LINES;
use bytes::Bytes;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use engine::lists::finding::Cursor;
use engine::lists::{List, ListKey, Position};
use engine::store::{
    HistoryLine, Keeping, Look, ReadError, Store, StoreBatch, StoreError, StoreReader, Stores, TimerKey,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The stores of a process that has no disk. Clones share them.
#[derive(Clone, Default)]
pub struct MemoryStores {
    partitions: Arc<Mutex<BTreeMap<u32, Arc<Mutex<Partition>>>>>,
    is_behind: Arc<AtomicBool>,
}

/// What one partition has on its "disk" and above it.
#[derive(Default)]
struct Partition {
    /// What a crash leaves at the least.
    flushed: Tables,
    /// What was applied since.
    unflushed: Vec<StoreBatch>,
    /// Both together: what is read.
    current: Tables,
    /// Counts openings and crashes: only the newest handle is good.
    epoch: u64,
    /// Whether that handle still lives.
    in_use: bool,
}

#[derive(Clone, Default)]
struct Tables {
    meta: Option<Bytes>,
    debtors: BTreeMap<DebtorId, Bytes>,
    timers: BTreeSet<TimerKey>,
    history: BTreeMap<DebtorId, BTreeMap<i64, Bytes>>,
    waiting: BTreeMap<i64, Bytes>,
    lists: BTreeMap<List, BTreeSet<Position>>,
    lists_version: Option<u32>,
}

/// The store of one partition.
pub struct MemoryStore {
    partition: Arc<Mutex<Partition>>,
    epoch: u64,
    is_behind: Arc<AtomicBool>,
}

impl MemoryStores {
    /// No partition has anything yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many batches a crash of this partition may lose: those applied since the last flush.
    #[must_use]
    pub fn unflushed(&self, partition: u32) -> usize {
        lock(&self.partition(partition)).unflushed.len()
    }

    /// The process that has the partition open dies. Of the batches since the last flush the
    /// oldest `kept` have reached the disk by themselves, the others are lost. Its store is of no
    /// use any more; the next opening finds what is left.
    pub fn crash(&self, partition: u32, kept: usize) {
        let partition = self.partition(partition);
        let mut partition = lock(&partition);
        partition.unflushed.truncate(kept);
        partition.flush();
        partition.current = partition.flushed.clone();
        partition.epoch += 1;
        partition.in_use = false;
    }

    /// From now on the "disk" does not keep up with what was applied, or does again.
    pub fn fall_behind(&self, is_behind: bool) {
        self.is_behind.store(is_behind, Ordering::SeqCst);
    }

    fn partition(&self, partition: u32) -> Arc<Mutex<Partition>> {
        Arc::clone(lock(&self.partitions).entry(partition).or_default())
    }
}

impl Stores for MemoryStores {
    type Store = MemoryStore;

    fn open(&self, partition: u32) -> Result<MemoryStore, StoreError> {
        let shared = self.partition(partition);
        let mut inner = lock(&shared);
        if inner.in_use {
            return Err(StoreError::Open {
                path: PathBuf::from(format!("memory/p-{partition:05}")),
                reason: "it is open already".to_owned(),
            });
        }
        inner.in_use = true;
        inner.epoch += 1;
        let epoch = inner.epoch;
        drop(inner);
        Ok(MemoryStore { partition: shared, epoch, is_behind: Arc::clone(&self.is_behind) })
    }

    fn discard(&self, partition: u32) -> Result<(), StoreError> {
        let partition = self.partition(partition);
        let mut partition = lock(&partition);
        *partition = Partition { epoch: partition.epoch + 1, ..Partition::default() };
        Ok(())
    }
}

impl MemoryStore {
    fn use_it(&self, operation: &'static str) -> Result<MutexGuard<'_, Partition>, StoreError> {
        let partition = lock(&self.partition);
        if partition.epoch == self.epoch {
            return Ok(partition);
        }
        let reason = "its process has crashed and the store must be opened again".to_owned();
        Err(StoreError::Failed { operation, reason })
    }
}

impl MemoryStore {
    /// All lines of all lists.
    ///
    /// # Errors
    /// When its process has crashed.
    pub fn lists(&self) -> Result<BTreeSet<ListKey>, StoreError> {
        let partition = self.use_it("read all lists")?;
        let lines = partition.current.lists.iter().flat_map(|(list, positions)| {
            positions.iter().map(|position| ListKey { list: list.clone(), position: position.clone() })
        });
        Ok(lines.collect())
    }
}

impl Drop for MemoryStore {
    /// A store that is closed in good order keeps all of it, as on disk.
    fn drop(&mut self) {
        if let Ok(mut partition) = self.use_it("close the store") {
            partition.flush();
            partition.in_use = false;
        }
    }
}

impl Store for MemoryStore {
    fn meta(&self) -> Result<Option<Bytes>, StoreError> {
        Ok(self.use_it("read where the store stands")?.current.meta.clone())
    }

    fn debtor(&self, id: &str) -> Result<Option<Bytes>, StoreError> {
        Ok(self.use_it("read a debtor")?.current.debtors.get(id).cloned())
    }

    fn debtors_after(&mut self, id: &DebtorId, at_most: usize) -> Result<Vec<DebtorId>, StoreError> {
        let partition = self.use_it("list debtors")?;
        let after = partition.current.debtors.range::<DebtorId, _>((Bound::Excluded(id), Bound::Unbounded));
        Ok(after.take(at_most).map(|(id, _)| id.clone()).collect())
    }

    fn timers(
        &self,
        cursor: &TimerKey,
        until: Timestamp,
        at_most: usize,
    ) -> Result<Vec<TimerKey>, StoreError> {
        let partition = self.use_it("read timers")?;
        let from_cursor = partition.current.timers.range(cursor..);
        Ok(from_cursor.take_while(|timer| timer.due <= until).take(at_most).cloned().collect())
    }

    fn waiting(&self, sequence: i64) -> Result<Option<Bytes>, StoreError> {
        Ok(self.use_it("read a waiting command")?.current.waiting.get(&sequence).cloned())
    }

    fn waiting_after(&self, sequence: i64, at_most: usize) -> Result<Vec<(i64, Bytes)>, StoreError> {
        Ok(self.use_it("read waiting commands")?.current.waiting_after(sequence, at_most))
    }

    fn history(&self, id: &str, at_most: usize) -> Result<Vec<HistoryLine>, StoreError> {
        let partition = self.use_it("read a debtor's history")?;
        Ok(partition.current.history(id, i64::MAX, at_most))
    }

    fn lists_version(&self) -> Result<Option<u32>, StoreError> {
        Ok(self.use_it("read the version of the lists")?.current.lists_version)
    }

    fn keeps(&mut self) -> Result<Keeping, StoreError> {
        drop(self.use_it("keep more")?);
        Ok(if self.is_behind.load(Ordering::SeqCst) { Keeping::Later } else { Keeping::Now })
    }

    fn apply(&mut self, batch: &StoreBatch) -> Result<(), StoreError> {
        let mut partition = self.use_it("apply a batch")?;
        partition.current.apply(batch);
        partition.unflushed.push(batch.clone());
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.use_it("flush the store")?.flush();
        Ok(())
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        let mut partition = self.use_it("clear the store")?;
        partition.unflushed.clear();
        partition.flushed = Tables::default();
        partition.current = Tables::default();
        Ok(())
    }

    fn approximate_debtors(&self) -> u64 {
        let count = self.use_it("count debtors").map_or(0, |partition| partition.current.debtors.len());
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    fn reader(&self) -> Arc<dyn StoreReader> {
        Arc::new(MemoryReader { partition: self.partition.clone(), epoch: self.epoch })
    }
}

/// Reads the store of one partition beside whoever has it.
struct MemoryReader {
    partition: Arc<Mutex<Partition>>,
    epoch: u64,
}

impl MemoryReader {
    fn read<T>(&self, read: impl FnOnce(&Tables) -> T) -> Result<T, ReadError> {
        let partition = lock(&self.partition);
        let is_open = partition.in_use && partition.epoch == self.epoch;
        if is_open { Ok(read(&partition.current)) } else { Err(ReadError::Closed) }
    }
}

impl StoreReader for MemoryReader {
    fn debtor(&self, id: &str) -> Result<Option<Bytes>, ReadError> {
        self.read(|tables| tables.debtors.get(id).cloned())
    }

    fn history(&self, id: &str, before: i64, at_most: usize) -> Result<Vec<HistoryLine>, ReadError> {
        self.read(|tables| tables.history(id, before, at_most))
    }

    fn look_into(&self, lists: &[List], look: &mut Look<'_>) -> Result<(), ReadError> {
        let found = self.read(|tables| {
            let cursors = lists.iter().map(|list| {
                let lines = tables.lists.get(list);
                let cursor: Box<dyn Cursor + '_> = Box::new(Lines { lines, at: None });
                cursor
            });
            look(&mut cursors.collect::<Vec<_>>())
        })?;
        Ok(found?)
    }

    fn waiting_after(&self, sequence: i64, at_most: usize) -> Result<Vec<(i64, Bytes)>, ReadError> {
        self.read(|tables| tables.waiting_after(sequence, at_most))
    }
}

/// A list, read from any place on.
struct Lines<'t> {
    lines: Option<&'t BTreeSet<Position>>,
    at: Option<Position>,
}

impl Lines<'_> {
    fn first_of(&mut self, bounds: (Bound<&Position>, Bound<&Position>)) {
        let line = self.lines.and_then(|lines| lines.range::<Position, _>(bounds).next());
        self.at = line.cloned();
    }
}

impl Cursor for Lines<'_> {
    fn seek(&mut self, to: &Position) -> Result<(), StoreError> {
        self.first_of((Bound::Included(to), Bound::Unbounded));
        Ok(())
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        if let Some(at) = self.at.take() {
            self.first_of((Bound::Excluded(&at), Bound::Unbounded));
        }
        Ok(())
    }

    fn at(&self) -> Option<&Position> {
        self.at.as_ref()
    }
}

impl Partition {
    fn flush(&mut self) {
        for batch in self.unflushed.drain(..) {
            self.flushed.apply(&batch);
        }
    }
}

impl Tables {
    fn waiting_after(&self, sequence: i64, at_most: usize) -> Vec<(i64, Bytes)> {
        let after = self.waiting.range((Bound::Excluded(sequence), Bound::Unbounded));
        after.take(at_most).map(|(sequence, form)| (*sequence, form.clone())).collect()
    }

    fn history(&self, id: &str, before: i64, at_most: usize) -> Vec<HistoryLine> {
        let lines = self.history.get(id).into_iter().flat_map(|lines| lines.range(..before).rev());
        let line =
            |(sequence, record): (&i64, &Bytes)| HistoryLine { sequence: *sequence, record: record.clone() };
        lines.take(at_most.min(HISTORY_LINES as usize)).map(line).collect()
    }

    fn apply(&mut self, batch: &StoreBatch) {
        for (id, form) in &batch.debtors {
            match form {
                Some(form) => {
                    self.debtors.insert(id.clone(), form.clone());
                }
                None => {
                    self.debtors.remove(id);
                    self.history.remove(id);
                }
            }
        }
        for timer in &batch.timers_removed {
            self.timers.remove(timer);
        }
        self.timers.extend(batch.timers_added.iter().cloned());
        for (sequence, form) in &batch.waiting {
            match form {
                Some(form) => self.waiting.insert(*sequence, form.clone()),
                None => self.waiting.remove(sequence),
            };
        }
        for (id, line) in &batch.history {
            let lines = self.history.entry(id.clone()).or_default();
            lines.insert(line.sequence, line.record.clone());
            while lines.len() > HISTORY_LINES as usize {
                lines.pop_first();
            }
        }
        self.apply_lists(batch);
        if batch.meta.is_some() {
            self.meta.clone_from(&batch.meta);
        }
    }
}

impl Tables {
    fn apply_lists(&mut self, batch: &StoreBatch) {
        if batch.lists_cleared {
            self.lists.clear();
            self.lists_version = None;
        }
        for line in &batch.listed_no_more {
            if let Some(list) = self.lists.get_mut(&line.list) {
                list.remove(&line.position);
            }
        }
        for line in &batch.listed {
            self.lists.entry(line.list.clone()).or_default().insert(line.position.clone());
        }
        self.lists_version = batch.lists_version.or(self.lists_version);
    }
}

/// A panic of another thread leaves whole batches behind, as all changes here are.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
