//! The stores of a process: those in memory, with what can go wrong on a disk.

use crate::faults::{Effect, What};
use crate::fibers::ProcessId;
use crate::world::World;
use bytes::Bytes;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use engine::store::{HistoryLine, Keeping, Store, StoreBatch, StoreError, StoreReader, Stores, TimerKey};
use state::{MemoryStore, MemoryStores};
use std::sync::Arc;

/// The stores of one life of a process.
pub(crate) struct SimStores {
    disk: Disk,
    inner: MemoryStores,
}

#[derive(Clone)]
struct Disk {
    world: Arc<World>,
    process: ProcessId,
}

impl Disk {
    fn touch<T>(
        &self,
        effect: Effect,
        operation: &'static str,
        do_it: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let what = self.world.before(self.process, effect);
        if let Some(What::FailsFor(time)) = what {
            self.world.fill_disk(self.process, time);
        }
        if what == Some(What::Fails) {
            return Err(not_done(operation));
        }
        if effect != Effect::Load {
            self.writes(operation)?;
        }
        let outcome = do_it();
        // Reads are many, and nobody else sees them.
        if effect != Effect::Load || what.is_some() {
            self.world.after(self.process, what);
        }
        outcome
    }

    fn writes(&self, operation: &'static str) -> Result<(), StoreError> {
        if self.world.is_disk_full(self.process) { Err(not_done(operation)) } else { Ok(()) }
    }
}

fn not_done(operation: &'static str) -> StoreError {
    StoreError::Failed { operation, reason: "the disk does not do it".to_owned() }
}

impl SimStores {
    pub(crate) fn new(world: Arc<World>, process: ProcessId, inner: MemoryStores) -> Self {
        Self { disk: Disk { world, process }, inner }
    }
}

impl Stores for SimStores {
    type Store = SimStore;

    fn open(&self, partition: u32) -> Result<SimStore, StoreError> {
        let inner = self.disk.touch(Effect::Open, "open the store", || self.inner.open(partition))?;
        Ok(SimStore { disk: self.disk.clone(), stores: self.inner.clone(), partition, inner })
    }

    fn discard(&self, partition: u32) -> Result<(), StoreError> {
        self.disk.writes("remove the store")?;
        self.inner.discard(partition)
    }
}

/// The store of one partition.
pub(crate) struct SimStore {
    disk: Disk,
    stores: MemoryStores,
    partition: u32,
    inner: MemoryStore,
}

impl SimStore {
    /// After a write that failed nothing can be done with a store, and of what it had in memory the
    /// newest is lost.
    fn fail(&self, error: StoreError) -> StoreError {
        let unflushed = u64::try_from(self.stores.unflushed(self.partition)).unwrap_or(u64::MAX);
        let kept = self.disk.world.fibers.below(unflushed.saturating_add(1));
        self.stores.crash(self.partition, usize::try_from(kept).unwrap_or(0));
        error
    }
}

impl Store for SimStore {
    fn meta(&self) -> Result<Option<Bytes>, StoreError> {
        self.inner.meta()
    }

    fn debtor(&self, id: &str) -> Result<Option<Bytes>, StoreError> {
        self.disk.touch(Effect::Load, "read a debtor", || self.inner.debtor(id))
    }

    fn debtors_after(&mut self, id: &DebtorId, at_most: usize) -> Result<Vec<DebtorId>, StoreError> {
        self.inner.debtors_after(id, at_most)
    }

    fn timers(
        &self,
        cursor: &TimerKey,
        until: Timestamp,
        at_most: usize,
    ) -> Result<Vec<TimerKey>, StoreError> {
        self.inner.timers(cursor, until, at_most)
    }

    fn waiting(&self, sequence: i64) -> Result<Option<Bytes>, StoreError> {
        self.inner.waiting(sequence)
    }

    fn waiting_after(&self, sequence: i64, at_most: usize) -> Result<Vec<(i64, Bytes)>, StoreError> {
        self.inner.waiting_after(sequence, at_most)
    }

    fn history(&self, id: &str, at_most: usize) -> Result<Vec<HistoryLine>, StoreError> {
        self.inner.history(id, at_most)
    }

    fn lists_version(&self) -> Result<Option<u32>, StoreError> {
        self.inner.lists_version()
    }

    fn keeps(&mut self) -> Result<Keeping, StoreError> {
        self.disk.writes("keep more")?;
        self.inner.keeps()
    }

    fn apply(&mut self, batch: &StoreBatch) -> Result<(), StoreError> {
        let Self { disk, inner, .. } = self;
        let outcome = disk.touch(Effect::Apply, "apply a batch", || inner.apply(batch));
        outcome.map_err(|error| self.fail(error))
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let Self { disk, inner, .. } = self;
        let outcome = disk.touch(Effect::Flush, "flush", || inner.flush());
        outcome.map_err(|error| self.fail(error))
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        self.inner.clear()
    }

    fn approximate_debtors(&self) -> u64 {
        self.inner.approximate_debtors()
    }

    fn reader(&self) -> Arc<dyn StoreReader> {
        self.inner.reader()
    }
}
