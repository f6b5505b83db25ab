//! Saying which partitions this instance works on: at once where they change, else at every heartbeat.
//!
//! Hearers go by when a claim began (`owners`). So a partition that was lost and came back while nothing could be said
//! is first left out of a word, and the first word of a process names none at all.

use super::namesakes::Namesakes;
use super::{Around, AtWork, Failures, HEARTBEAT, Trouble, is_over, or_no_topic};
use crate::log::{Log, NewRecord, TopicPartition};
use crate::settings::Clock;
use crate::threads::Threads;
use bytes::Bytes;
use crossbeam_channel::Receiver;
use schemas::{Encoder, Instance, Registry, Schemas, TopicNames};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether the partitions have changed.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long a word waits for its acknowledgement.
const SAY_WITHIN: Duration = Duration::from_secs(2);

/// How long the last word does: whoever stops is waited for.
const LEAVE_WITHIN: Duration = Duration::from_secs(1);

pub(super) struct Speaking<L> {
    log: Arc<L>,
    names: TopicNames,
    registry: Arc<dyn Registry>,
    clock: Arc<dyn Clock>,
    threads: Arc<dyn Threads>,
    place: TopicPartition,
    url: String,
    namesakes: Arc<Namesakes>,
    at_work: AtWork,
    /// None until the schema has an id.
    encoder: Option<Encoder>,
    /// Whether the first word was said, which names no partition.
    has_begun: bool,
    /// What the others may believe: the partitions of the last word, and of those since whose outcome is not known.
    claimed: BTreeSet<u32>,
    /// Of what they may believe, what was not worked on at some look since the last word.
    lost: BTreeSet<u32>,
    /// When something is to be said at the latest.
    next_heartbeat: Duration,
    /// Before when nothing is tried, after a failure.
    rests_until: Duration,
    failures: Failures,
}

impl<L: Log> Speaking<L> {
    pub(super) fn new(
        around: &Around<L>,
        place: TopicPartition,
        (url, namesakes): (String, Arc<Namesakes>),
        at_work: AtWork,
    ) -> Self {
        Self {
            log: Arc::clone(&around.log),
            names: around.names.clone(),
            registry: Arc::clone(&around.registry),
            clock: Arc::clone(&around.clock),
            threads: Arc::clone(&around.threads),
            place,
            url,
            namesakes,
            at_work,
            encoder: None,
            has_begun: false,
            claimed: BTreeSet::new(),
            lost: BTreeSet::new(),
            next_heartbeat: Duration::ZERO,
            rests_until: Duration::ZERO,
            failures: Failures::default(),
        }
    }

    pub(super) fn run(mut self, stopped: &Receiver<Infallible>) {
        while !is_over(stopped) {
            self.look();
            self.threads.wait_for(stopped, LOOK_EVERY);
        }
        self.leave();
    }

    fn look(&mut self) {
        let at_work: BTreeSet<u32> = (self.at_work)().into_iter().collect();
        self.lost.extend(self.claimed.difference(&at_work).copied());
        let now = self.clock.ticks();
        let is_news = self.claimed != at_work || !self.lost.is_empty() || self.failures.count > 0;
        if now < self.rests_until || !(is_news || now >= self.next_heartbeat) {
            return;
        }
        match self.speak(&at_work) {
            Ok(()) => {
                self.failures.end("which partitions this instance works on is announced again");
                self.next_heartbeat = now.saturating_add(HEARTBEAT);
            }
            Err(trouble) => {
                let what = "which partitions this instance works on cannot be announced";
                self.rests_until = now.saturating_add(self.failures.add(what, &trouble));
            }
        }
    }

    fn speak(&mut self, at_work: &BTreeSet<u32>) -> Result<(), Trouble> {
        let came_back: BTreeSet<u32> = at_work.intersection(&self.lost).copied().collect();
        let begins = !self.has_begun;
        if begins {
            self.say(&BTreeSet::new(), SAY_WITHIN)?;
            self.has_begun = true;
        } else if !came_back.is_empty() {
            self.say(&(at_work - &came_back), SAY_WITHIN)?;
        }
        if begins && at_work.is_empty() {
            return Ok(());
        }
        self.say(at_work, SAY_WITHIN)
    }

    /// Says one word, and waits until the log has it.
    fn say(&mut self, partitions: &BTreeSet<u32>, wait: Duration) -> Result<(), Trouble> {
        let record = self.record(partitions.iter().copied().collect(), false)?;
        let outcome = self.log.append(&record, wait);
        if outcome.is_ok() {
            self.claimed.clone_from(partitions);
            self.lost.clear();
        } else {
            self.claimed.extend(partitions);
        }
        outcome.map_err(|error| or_no_topic(&*self.log, &self.place, error))
    }

    fn leave(&mut self) {
        // Where not even the schema was known, nothing was ever said.
        if self.encoder.is_none() {
            return;
        }
        let said =
            self.record(Vec::new(), true).and_then(|record| Ok(self.log.append(&record, LEAVE_WITHIN)?));
        if let Err(error) = said {
            tracing::warn!(%error, "that this instance leaves is not known: the others find out by its silence");
        }
    }

    fn record(&mut self, partitions: Vec<u32>, leaves: bool) -> Result<NewRecord, Trouble> {
        let at = self.clock.now();
        self.namesakes.says(at);
        let instance = Instance { url: self.url.clone(), partitions, at, leaves };
        let mut value = Vec::new();
        self.encoder()?.instance(&instance, &mut value)?;
        Ok(NewRecord {
            target: self.place.clone(),
            key: Bytes::from(instance.url),
            value: Some(value.into()),
            timestamp: at.0,
        })
    }

    fn encoder(&mut self) -> Result<&mut Encoder, Trouble> {
        let encoder = match self.encoder.take() {
            Some(encoder) => encoder,
            None => {
                Encoder::new(Schemas::of_instances(&*self.registry, &self.names).map_err(|error| {
                    Trouble::Schema { subject: self.names.subject_of_instances().0, error }
                })?)
            }
        };
        Ok(self.encoder.insert(encoder))
    }
}
