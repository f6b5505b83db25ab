//! Reading debtors beside the tasks that work on them: what people ask of a running instance.
//!
//! A task shows its partition while it is at work; from then on any thread reads the last applied state there,
//! and the task neither knows of it nor waits for it. How an answer looks, and who finds the instance that has the
//! partition, is not known here.

mod counting;
mod holding;
mod listing;

pub use holding::{Held, Holding};
pub use listing::{Asked, Listing};

use crate::partition;
use crate::settings::Clock;
use crate::store::{ReadError, StoreReader};
use crate::versions::Known;
use bytes::Bytes;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use decision::{Debtor, Moment, Policies};
use holding::LastRead;
use schemas::{Decoder, HistoryLine, Registry, Schemas, WireError};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// The debtors of all partitions that are at work in this instance.
pub struct Reading {
    partitions: NonZeroU32,
    clock: Arc<dyn Clock>,
    registry: Arc<dyn Registry>,
    schemas: Schemas,
    at_work: RwLock<BTreeMap<u32, Arc<Shown>>>,
}

/// A debtor as it was applied last, and by what it is to be looked at.
#[derive(Debug)]
pub struct Looked {
    /// It; none where nothing is known of it.
    pub debtor: Option<Debtor>,
    /// When that is, and up to when the log was read there, as far as anything waits for that.
    pub moment: Moment,
    /// The versions of the policy that its partition goes by.
    pub policies: Arc<Policies>,
    /// The number of the last publication among them; none where the instance goes by files.
    pub policy_revision: Option<i64>,
}

/// Why nothing can be said of a debtor here.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    /// Its partition is not at work in this instance: it is another's, or is being restored.
    #[error("partition {partition} is not at work in this instance")]
    NotHere {
        /// The partition.
        partition: u32,
    },
    /// The store cannot be read.
    #[error("cannot read partition {partition}")]
    Store {
        /// The partition.
        partition: u32,
        /// Why.
        #[source]
        source: crate::store::StoreError,
    },
    /// What is stored cannot be made out.
    #[error("cannot make out what is stored in partition {partition}")]
    Form {
        /// The partition.
        partition: u32,
        /// Why.
        #[source]
        source: WireError,
    },
}

/// A partition at work, as others see it.
pub(crate) struct Shown {
    reader: Arc<dyn StoreReader>,
    known: RwLock<Known>,
    /// Up to when the log was read, in UTC microseconds.
    reached: AtomicI64,
    /// The clock of the last batch, in UTC microseconds.
    clock: AtomicI64,
    /// The last sequence of what the breaker held of which a person has said what becomes of it.
    judged: AtomicI64,
    /// How many batches were applied after which other commands wait.
    waiting_changes: AtomicU64,
    /// What was read last of what is held.
    held: LastRead,
}

/// Shows a partition as long as it lives.
pub(crate) struct Showing<'r> {
    reading: &'r Reading,
    partition: u32,
    shown: Arc<Shown>,
}

impl Reading {
    /// Nothing is at work yet.
    #[must_use]
    pub fn new(
        partitions: NonZeroU32,
        clock: Arc<dyn Clock>,
        registry: Arc<dyn Registry>,
        schemas: &Schemas,
    ) -> Self {
        Self { partitions, clock, registry, schemas: *schemas, at_work: RwLock::default() }
    }

    /// How many partitions there are, at work here or elsewhere.
    #[must_use]
    pub fn partitions(&self) -> u32 {
        self.partitions.get()
    }

    /// The partition of a debtor.
    #[must_use]
    pub fn partition_of(&self, id: &str) -> u32 {
        partition::partition_of(id.as_bytes(), self.partitions)
    }

    /// The partitions at work here, in order.
    #[must_use]
    pub fn at_work(&self) -> Vec<u32> {
        self.at_work.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// A debtor, as it was applied last.
    ///
    /// # Errors
    /// When its partition is not at work here, or cannot be read.
    pub fn debtor(&self, id: &DebtorId) -> Result<Looked, NotRead> {
        self.debtor_in(self.partition_of(id.as_str()), id)
    }

    fn debtor_in(&self, partition: u32, id: &DebtorId) -> Result<Looked, NotRead> {
        let shown = self.shown(partition)?;
        // Before the debtor: what it was decided by is not newer than it.
        let known = shown.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let reached = Timestamp(shown.reached.load(Ordering::Relaxed));
        let form = shown.reader.debtor(id.as_str()).map_err(|error| not_read(partition, error))?;
        let debtor = form.map(|form| self.decoder().debtor(&form)).transpose();
        let debtor = debtor.map_err(|source| NotRead::Form { partition, source })?;
        // Not sooner than the last batch: by a clock that was set back, what it decided would lie ahead.
        let now = self.clock.now().max(Timestamp(shown.clock.load(Ordering::Relaxed)));
        // The log's ends are asked for when something is due, and not before: then nothing waits for them.
        let is_due = debtor.as_ref().and_then(|debtor| debtor.next_due).is_some_and(|due| due <= now);
        let horizon = if is_due { reached.min(now) } else { now };
        let moment = Moment { now, horizon };
        Ok(Looked { debtor, moment, policies: known.policies, policy_revision: known.revision })
    }

    /// The lines of a debtor's history before this sequence, newest first. Of each debtor the last 200 are kept.
    ///
    /// # Errors
    /// When its partition is not at work here, or cannot be read.
    pub fn history(
        &self,
        id: &DebtorId,
        before: Option<i64>,
        at_most: usize,
    ) -> Result<Vec<HistoryLine>, NotRead> {
        let partition = self.partition_of(id.as_str());
        let shown = self.shown(partition)?;
        let lines = shown.reader.history(id.as_str(), before.unwrap_or(i64::MAX), at_most);
        let lines = lines.map_err(|error| not_read(partition, error))?;
        let forms: Vec<Bytes> = lines.into_iter().map(|line| line.record).collect();
        let mut decoder = self.decoder();
        let lines = forms.iter().map(|form| decoder.record(form)).collect::<Result<_, _>>();
        lines.map_err(|source| NotRead::Form { partition, source })
    }

    fn shown(&self, partition: u32) -> Result<Arc<Shown>, NotRead> {
        let at_work = self.at_work.read().unwrap_or_else(PoisonError::into_inner);
        at_work.get(&partition).cloned().ok_or(NotRead::NotHere { partition })
    }

    /// One of its own for each question: none waits for a registry that another one asks.
    fn decoder(&self) -> Decoder {
        Decoder::new(self.registry.clone(), &self.schemas)
    }

    /// Shows a partition whose task is at work now.
    pub(crate) fn show(&self, partition: u32, reader: Arc<dyn StoreReader>, known: &Known) -> Showing<'_> {
        let shown = Arc::new(Shown {
            reader,
            known: RwLock::new(known.clone()),
            reached: AtomicI64::new(Timestamp::EARLIEST.0),
            clock: AtomicI64::new(Timestamp::EARLIEST.0),
            judged: AtomicI64::new(0),
            waiting_changes: AtomicU64::new(0),
            held: LastRead::default(),
        });
        self.at_work.write().unwrap_or_else(PoisonError::into_inner).insert(partition, shown.clone());
        Showing { reading: self, partition, shown }
    }
}

impl Showing<'_> {
    /// Up to which sequence what the breaker held was released or dropped.
    pub(crate) fn judged(&self, up_to: i64) {
        self.shown.judged.store(up_to, Ordering::Relaxed);
    }

    /// How many batches were applied after which other commands wait: told once they are.
    pub(crate) fn waiting_changed(&self, changes: u64) {
        self.shown.waiting_changes.store(changes, Ordering::Release);
    }

    /// How far the task is by now.
    pub(crate) fn moved(&self, reached: Timestamp, clock: Timestamp, known: &Known) {
        self.shown.reached.store(reached.0, Ordering::Relaxed);
        self.shown.clock.store(clock.0, Ordering::Relaxed);
        let is_new = {
            let shown = self.shown.known.read().unwrap_or_else(PoisonError::into_inner);
            shown.revision != known.revision
        };
        if is_new {
            *self.shown.known.write().unwrap_or_else(PoisonError::into_inner) = known.clone();
        }
    }
}

impl Drop for Showing<'_> {
    fn drop(&mut self) {
        let mut at_work = self.reading.at_work.write().unwrap_or_else(PoisonError::into_inner);
        // Another task of the partition may be at work here by now.
        if at_work.get(&self.partition).is_some_and(|shown| Arc::ptr_eq(shown, &self.shown)) {
            at_work.remove(&self.partition);
        }
    }
}

/// A store that was closed is of a task that has stopped since.
fn not_read(partition: u32, error: ReadError) -> NotRead {
    match error {
        ReadError::Closed => NotRead::NotHere { partition },
        ReadError::Store(source) => NotRead::Store { partition, source },
    }
}
