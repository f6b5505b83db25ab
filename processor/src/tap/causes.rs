//! What led to a decision: the journal says which batch took which events and fired which timers, and every
//! decision says when its batch was.
//!
//! A record names no event, so this is as exact as the journal is: where a batch took several events of one
//! debtor's, or fired a timer of theirs besides, each of them may have been it. Events and batches that nobody
//! asks for any more are forgotten, oldest first, so that memory stays bounded.

use super::item::{Item, Place, Rejected, What};
use decision::Event;
use decision::time::Timestamp;
use engine::log::TopicPartition;
use engine::partition::partition_of;
use schemas::{Journal, Step};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::num::NonZeroU32;

/// How many events, and batches with how many inputs, are remembered.
const MOST_REMEMBERED: usize = 100_000;

/// What may have led to something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Led {
    /// The ids of events, in the order in which they were taken.
    pub(super) events: Vec<String>,
    /// When timers were due.
    pub(super) due: Vec<Timestamp>,
    /// Whether its debtor was decided anew under another version of the policy.
    pub(super) new_policy: bool,
    /// Whether there may be more: what was not seen, or is forgotten.
    pub(super) may_be_others: bool,
}

impl Led {
    /// How many causes are known.
    pub(super) fn count(&self) -> usize {
        self.events.len() + self.due.len() + usize::from(self.new_policy)
    }

    /// Whether it is known what it was.
    pub(super) fn is_certain(&self) -> bool {
        self.count() == 1 && !self.may_be_others
    }
}

/// Whether it is known what led to an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing leads to it: it is an event, or cannot be read.
    First,
    /// All that will ever be known.
    Known(Led),
    /// What led to it has not been seen yet, and may still be.
    Awaited,
}

/// Which batch: its partition and its clock, which a decision says as well.
type Key = (u32, Timestamp);

/// What was seen of events and batches.
pub(super) struct Causes {
    partitions: NonZeroU32,
    /// Only what is of these is remembered: accounts and, once known, their debtors. Of everybody where it is empty.
    of: BTreeSet<String>,
    /// From where each partition is read.
    starts: HashMap<TopicPartition, i64>,
    /// Up to where each partition was read, and up to where its events are forgotten.
    read: HashMap<TopicPartition, i64>,
    forgotten: HashMap<TopicPartition, i64>,
    /// Events that no batch took yet: whose, and the id.
    events: HashMap<TopicPartition, BTreeMap<i64, (String, String)>>,
    by_age: VecDeque<Place>,
    batches: BTreeMap<Key, Batch>,
    batches_by_age: VecDeque<Key>,
    /// How much of them is remembered: their inputs, and they.
    weight: usize,
    /// The clock of the last batch of each partition.
    last: HashMap<u32, Timestamp>,
    most: usize,
    most_inputs: usize,
}

/// What a batch was, as far as it matters here.
#[derive(Default)]
struct Batch {
    /// What it took whose events were not collected yet, as they may not have been read: from, to.
    taken: Vec<(TopicPartition, i64, i64)>,
    by_debtor: BTreeMap<String, Led>,
    /// Whether it took what was not seen.
    may_be_others: bool,
    /// How many inputs it had: what it may come to hold.
    weight: usize,
}

impl Causes {
    pub(super) fn new(
        partitions: NonZeroU32,
        of: BTreeSet<String>,
        starts: HashMap<TopicPartition, i64>,
    ) -> Self {
        Self {
            partitions,
            of,
            starts,
            read: HashMap::new(),
            forgotten: HashMap::new(),
            events: HashMap::new(),
            by_age: VecDeque::new(),
            batches: BTreeMap::new(),
            batches_by_age: VecDeque::new(),
            weight: 0,
            last: HashMap::new(),
            most: MOST_REMEMBERED,
            most_inputs: MOST_REMEMBERED,
        }
    }

    /// A partition was read up to the record of this offset, which is the next one.
    pub(super) fn read_to(&mut self, source: &TopicPartition, next: i64) {
        match self.read.get_mut(source) {
            Some(read) => *read = next.max(*read),
            None => drop(self.read.insert(source.clone(), next)),
        }
    }

    /// An event was read.
    pub(super) fn see_event(&mut self, place: &Place, event: &Event) {
        if !self.is_of(event.debtor()) && !self.is_of(event.account_id.as_str()) {
            return;
        }
        self.learn(event.debtor());
        let seen = (event.debtor().to_owned(), event.event_id.to_string());
        self.events.entry(place.source.clone()).or_default().insert(place.offset, seen);
        self.by_age.push_back(place.clone());
        if self.by_age.len() > self.most
            && let Some(oldest) = self.by_age.pop_front()
        {
            let was_there = self.events.get_mut(&oldest.source).and_then(|of| of.remove(&oldest.offset));
            if was_there.is_some() {
                self.forgotten.insert(oldest.source, oldest.offset + 1);
            }
        }
    }

    /// A batch was read.
    pub(super) fn see_batch(&mut self, journal: Journal) {
        let key = (journal.partition, journal.now);
        self.last.insert(journal.partition, journal.now);
        // Two batches of one moment are told apart by nothing that a decision says.
        if !self.batches.contains_key(&key) {
            self.batches_by_age.push_back(key);
        }
        let mut batch = self.batches.remove(&key).unwrap_or_default();
        self.weight -= batch.weight;
        for step in journal.steps {
            match step {
                Step::Taken(taken) => {
                    let source = TopicPartition { topic: taken.topic, partition: journal.partition };
                    batch.weight += usize::try_from(taken.count).unwrap_or(0);
                    batch.taken.push((source, taken.first, taken.next));
                }
                Step::Fired(fired) if self.is_of(fired.debtor_id.as_str()) => {
                    batch.weight += 1;
                    batch.led(fired.debtor_id.as_str()).due.push(fired.due);
                }
                Step::Swept(swept) if self.is_of(swept.debtor_id.as_str()) => {
                    batch.weight += 1;
                    batch.led(swept.debtor_id.as_str()).new_policy = true;
                }
                // Somebody else's; or what became of commands, and of what the core failed over.
                Step::Fired(_)
                | Step::Swept(_)
                | Step::Kept(_)
                | Step::Reduced(_)
                | Step::Dropped(_)
                | Step::Returned(_)
                | Step::Let(_)
                | Step::Poisoned(_)
                | Step::Postponed(_)
                | Step::Untold(_) => {}
            }
        }
        batch.weight += 1;
        self.weight += batch.weight;
        self.batches.insert(key, batch);
        while self.weight > self.most_inputs && self.batches.len() > 1 {
            let Some(oldest) = self.batches_by_age.pop_front() else { break };
            self.weight -= self.batches.remove(&oldest).map_or(0, |batch| batch.weight);
        }
    }

    /// What led to an item, as far as it is known by now.
    pub(super) fn standing(&mut self, item: &Item) -> Standing {
        let (debtor, at) = match &item.what {
            What::Event(..) | What::Unreadable(_) => return Standing::First,
            What::Reject(rejected) => return self.standing_of_reject(rejected),
            What::Decision(line) => (line.debtor_id.as_str(), line.at),
            What::Command(_, command) => (command.debtor_id.as_str(), command.at),
        };
        let partition = partition_of(debtor.as_bytes(), self.partitions);
        let key = (partition, at);
        self.collect(key);
        match self.batches.get(&key) {
            Some(batch) if batch.taken.is_empty() => Standing::Known(batch.known(debtor)),
            Some(_) => Standing::Awaited,
            None if self.last.get(&partition).is_some_and(|last| *last >= at) => {
                Standing::Known(Led { may_be_others: true, ..Led::default() })
            }
            None => Standing::Awaited,
        }
    }

    /// The same where nobody waits any longer.
    pub(super) fn known(&mut self, item: &Item) -> Option<Led> {
        match self.standing(item) {
            Standing::First => None,
            Standing::Known(led) => Some(led),
            Standing::Awaited => Some(Led { may_be_others: true, ..self.partly(item) }),
        }
    }

    /// A reject names its event itself.
    fn standing_of_reject(&self, rejected: &Rejected) -> Standing {
        let led = Led { events: rejected.event_id.iter().cloned().collect(), ..Led::default() };
        let is_to_come = rejected.from.as_ref().is_some_and(|from| {
            self.starts.get(&from.source).is_some_and(|start| *start <= from.offset)
                && self.read.get(&from.source).is_none_or(|read| *read <= from.offset)
        });
        if is_to_come { Standing::Awaited } else { Standing::Known(led) }
    }

    fn partly(&self, item: &Item) -> Led {
        match &item.what {
            What::Reject(rejected) => {
                Led { events: rejected.event_id.iter().cloned().collect(), ..Led::default() }
            }
            What::Event(..) | What::Decision(_) | What::Command(..) | What::Unreadable(_) => Led::default(),
        }
    }

    /// Takes into a batch the events that it took, where all of them have been read by now.
    fn collect(&mut self, key: Key) {
        let Some(batch) = self.batches.get_mut(&key) else { return };
        let is_read = |(source, first, next): &(TopicPartition, i64, i64)| {
            // What no tap reads is not waited for.
            let starts = self.starts.get(source);
            starts.is_none_or(|start| next <= start)
                || self.read.get(source).is_some_and(|read| read >= next)
                || next <= first
        };
        if !batch.taken.iter().all(is_read) {
            return;
        }
        for (source, first, next) in std::mem::take(&mut batch.taken) {
            let is_seen = self.starts.get(&source).is_some_and(|start| *start <= first)
                && self.forgotten.get(&source).is_none_or(|forgotten| *forgotten <= first);
            batch.may_be_others |= !is_seen;
            let Some(events) = self.events.get_mut(&source) else { continue };
            let mut of_batch = events.split_off(&first);
            let mut later = of_batch.split_off(&next);
            events.append(&mut later);
            for (debtor, event_id) in of_batch.into_values() {
                batch.led(&debtor).events.push(event_id);
            }
        }
    }

    fn is_of(&self, id: &str) -> bool {
        self.of.is_empty() || self.of.contains(id)
    }

    /// Whose an item is: a debtor of a wanted account is wanted as well.
    pub(super) fn learn_of(&mut self, item: &Item) {
        let is_of = [item.account(), item.debtor()].into_iter().flatten().any(|id| self.is_of(id));
        if let Some(debtor) = item.debtor().filter(|_| is_of) {
            self.learn(debtor);
        }
    }

    /// A debtor of a wanted account: what is of theirs may lead to something of the account's.
    fn learn(&mut self, debtor: &str) {
        if !self.is_of(debtor) {
            self.of.insert(debtor.to_owned());
        }
    }
}

impl Batch {
    fn led(&mut self, debtor: &str) -> &mut Led {
        self.by_debtor.entry(debtor.to_owned()).or_default()
    }

    fn known(&self, debtor: &str) -> Led {
        let led = self.by_debtor.get(debtor).cloned().unwrap_or_default();
        let may_be_others = self.may_be_others || led.count() == 0;
        Led { may_be_others, ..led }
    }
}

#[cfg(test)]
mod tests;
