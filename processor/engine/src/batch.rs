//! A batch: what one transaction will say, gathered while it is decided, then sealed.
//!
//! Sealed, it holds every byte of the transaction, so that an aborted one is sent again from
//! memory, and everything that the store learns once it is committed.

use crate::log::{NewRecord, TopicPartition};
use crate::pace::Load;
use crate::store::{HistoryLine, StoreBatch, TimerKey};
use crate::versions::Known;
use bytes::Bytes;
use decision::Moment;
use decision::command::Command;
use decision::ids::DebtorId;
use schemas::{Fired, Postponed, Step, Swept, Taken, TaskState, Waiting};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A batch that is being decided.
#[derive(Debug)]
pub(crate) struct OpenBatch {
    /// When it is decided: one moment for the whole batch, so that a replay needs one number.
    pub(crate) moment: Moment,
    /// How many inputs it holds.
    pub(crate) inputs: usize,
    /// How many timers it fired.
    pub(crate) fired: usize,
    /// How many debtors it decided anew.
    pub(crate) swept: usize,
    /// Since when, by the clock that only goes forward.
    pub(crate) began: Duration,
    /// Whether timers that are due, or debtors to be decided anew, are left for the next one.
    pub(crate) leaves_some: bool,
    /// What was done, in order.
    pub(crate) steps: Vec<Step>,
    /// Whether something that waits at the gate may go with it.
    pub(crate) lets: bool,
    /// The commands it decided that have not come to the gate yet, in order.
    pub(crate) fresh: Vec<Command>,
    /// The commands that wait from now on, or no longer.
    pub(crate) waiting: BTreeMap<i64, Option<Waiting>>,
    /// The debtors it changed, each once, in the order of their first change.
    pub(crate) changed: Vec<DebtorId>,
    /// The records to write, in order.
    pub(crate) outputs: Vec<NewRecord>,
    /// The lines of history to keep.
    pub(crate) history: Vec<(DebtorId, HistoryLine)>,
    /// What it counts, for the metrics.
    pub(crate) commands: u64,
    /// What the batches after it are decided by, where it ends with the control that says so.
    pub(crate) adopts: Option<Known>,
    /// In tests only: whether sealing it fails on purpose.
    pub(crate) fails: bool,
}

impl OpenBatch {
    /// An empty one, begun at this tick.
    pub(crate) fn new(moment: Moment, began: Duration) -> Self {
        Self {
            moment,
            began,
            leaves_some: false,
            inputs: 0,
            fired: 0,
            swept: 0,
            steps: Vec::new(),
            lets: false,
            fresh: Vec::new(),
            waiting: BTreeMap::new(),
            changed: Vec::new(),
            outputs: Vec::new(),
            history: Vec::new(),
            commands: 0,
            adopts: None,
            fails: false,
        }
    }

    /// Whether it holds anything to commit.
    pub(crate) fn is_dirty(&self) -> bool {
        self.inputs > 0 || self.lets
    }

    /// What there was to do.
    pub(crate) fn load(&self) -> Load {
        let events = self.inputs.saturating_sub(self.fired).saturating_sub(self.swept);
        Load { began: self.began, has_events: events > 0, leaves_some: self.leaves_some }
    }

    /// Notes that a record was taken; one that follows the last of its topic lengthens its range.
    pub(crate) fn taken(&mut self, topic: &Arc<str>, previous: i64, offset: i64) {
        self.inputs = self.inputs.saturating_add(1);
        let next = offset.saturating_add(1);
        if let Some(Step::Taken(range)) = self.steps.last_mut()
            && range.topic == *topic
        {
            range.next = next;
            range.count = range.count.saturating_add(1);
            return;
        }
        let topic = topic.clone();
        self.steps.push(Step::Taken(Taken { topic, previous, first: offset, next, count: 1 }));
    }

    /// Notes that a timer fired.
    pub(crate) fn fired(&mut self, timer: &TimerKey) {
        self.inputs = self.inputs.saturating_add(1);
        self.fired = self.fired.saturating_add(1);
        let debtor_id = timer.debtor.clone();
        self.steps.push(Step::Fired(Fired { debtor_id, due: timer.due }));
    }

    /// Notes that a timer, or a debtor to be decided anew, was put off.
    pub(crate) fn put_off(&mut self, what: Postponed) {
        self.inputs = self.inputs.saturating_add(1);
        match what.due {
            Some(_) => self.fired = self.fired.saturating_add(1),
            None => self.swept = self.swept.saturating_add(1),
        }
        self.steps.push(Step::Postponed(what));
    }

    /// Notes that a debtor was decided anew.
    pub(crate) fn swept(&mut self, debtor: &DebtorId) {
        self.inputs = self.inputs.saturating_add(1);
        self.swept = self.swept.saturating_add(1);
        self.steps.push(Step::Swept(Swept { debtor_id: debtor.clone() }));
    }
}

/// A batch that is decided whole: its transaction's records and offsets, and what the store learns.
#[derive(Debug)]
pub(crate) struct SealedBatch {
    /// Its number.
    pub(crate) number: i64,
    /// The records of its transaction, in order; the last is the task's own, in the changelog.
    pub(crate) outputs: Vec<NewRecord>,
    /// The offsets of its transaction.
    pub(crate) offsets: Vec<(TopicPartition, i64)>,
    /// Its waiting commands, as they are afterwards: read here until the store has them.
    pub(crate) waiting: BTreeMap<i64, Option<Bytes>>,
    /// What the store learns, but for where it stands. Its debtors, in order, are read here until the
    /// store has them.
    pub(crate) store: StoreBatch,
    /// Where the task stands after it, but for the changelog's position, which the commit tells.
    pub(crate) state: TaskState,
    /// When its commit began.
    pub(crate) began: Duration,
    /// What there was to do.
    pub(crate) load: Load,
    /// How many inputs it holds.
    pub(crate) inputs: usize,
    /// How many commands it holds.
    pub(crate) commands: u64,
}

impl SealedBatch {
    /// The stored form of a debtor, where the batch has changed it.
    pub(crate) fn debtor(&self, id: &str) -> Option<&Bytes> {
        let debtors = &self.store.debtors;
        let place = debtors.binary_search_by(|(known, _)| known.as_str().cmp(id)).ok()?;
        debtors.get(place).and_then(|(_, form)| form.as_ref())
    }
}
