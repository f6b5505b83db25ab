//! What must be true of a run at its end, by what lies in the log and in the stores.
//!
//! That the outputs are what `decision` says is the oracle's business, which shares no code with the
//! engine; here is what only the simulator can know: the true time, and what came in when.

mod lists;

use crate::upstream::is_due;
use crate::world::World;
use bytes::Bytes;
use decision::ids::CommandId;
use decision::time::Timestamp;
use engine::log::{LogRecord, TopicPartition};
use engine::store::{Store, Stores};
use loadtest::oracle::lives::Stand;
use loadtest::oracle::replay::{Oracle, Verdict};
use loadtest::oracle::{Partition, Seen};
use schemas::reject::POISON;
use schemas::{Decoder, Journal, OutputTopic, Registry, Step, TASK_STATE_KEY, Waiting};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::Arc;

/// What a run is found to be.
pub(crate) struct Findings {
    pub(crate) verdict: Verdict,
    pub(crate) deviations: Vec<String>,
}

/// Checks a run that has come to rest.
pub(crate) fn check(world: &World) -> Findings {
    let mut checks = Checks { world, decoder: decoder(world), deviations: Vec::new(), ids: BTreeSet::new() };
    let verdict = checks.ask_the_oracle();
    for partition in 0..world.partitions.get() {
        checks.check_journal(partition);
        checks.check_state(partition);
        checks.check_rejects(partition);
    }
    Findings { verdict, deviations: checks.deviations }
}

fn decoder(world: &World) -> Decoder {
    Decoder::new(world.registry.clone(), &world.schemas)
}

struct Checks<'a> {
    world: &'a World,
    decoder: Decoder,
    deviations: Vec<String>,
    ids: BTreeSet<CommandId>,
}

impl Checks<'_> {
    fn ask_the_oracle(&mut self) -> Verdict {
        let world = self.world;
        let own = |key: &[u8], count: u32| {
            engine::partition::partition_of(key, NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN))
        };
        let registry: Arc<dyn Registry> = world.registry.clone();
        let mut oracle =
            Oracle::new(world.policies.clone(), world.names.clone(), registry, world.schemas, own)
                .and_published(world.published(|published| published.clone()));
        let partitions: Vec<Partition> =
            (0..world.partitions.get()).map(|number| self.partition(number)).collect();
        let verdict = oracle.check_all(partitions);
        self.deviations.extend(verdict.deviations.iter().map(ToString::to_string));
        verdict
    }

    fn partition(&mut self, number: u32) -> Partition {
        let world = self.world;
        let read = |topic: &str| {
            let records = world.records(topic, number).into_iter();
            records.map(|record| Seen::new(record.offset, record.key, record.value)).collect()
        };
        let partition = Partition::read(number, world.partitions.get(), &world.names, read);
        for (topic, records) in &partition.outputs {
            for record in records {
                let command = self.decoder.command(*topic, record.value.as_deref().unwrap_or_default());
                if let Ok(Some(command)) = command
                    && !self.ids.insert(command.id)
                {
                    self.deviations.push(format!("command {} was sent in two partitions", command.id));
                }
            }
        }
        partition
    }

    /// The journal must not say that the log was read further than it was, nor go back in time, nor
    /// fire before the true clock (give or take what a clock may be wrong by).
    fn check_journal(&mut self, partition: u32) {
        let lead = i64::try_from(self.world.settings.clock_lead.as_micros()).unwrap_or(i64::MAX);
        let topic = self.world.names.output(OutputTopic::Journal).clone();
        let mut stands: BTreeMap<Arc<str>, Stand> = BTreeMap::new();
        let came: Came = self
            .world
            .names
            .inputs()
            .iter()
            .map(|topic| {
                (topic.clone(), self.world.came(&TopicPartition { topic: topic.clone(), partition }))
            })
            .collect();
        let mut last = Timestamp::EARLIEST;
        for record in self.world.records(&topic, partition) {
            let Some(journal) = self.journal(&record) else { continue };
            let batch = journal.batch;
            if journal.now < last {
                self.deviate(
                    partition,
                    format!("batch {batch} is of {}, and the one before of {last}", journal.now),
                );
            }
            last = journal.now;
            let true_time = self.world.sent_at(partition, record.offset).unwrap_or(i64::MAX);
            if journal.horizon.0 > true_time.saturating_add(lead) {
                self.deviate(
                    partition,
                    format!("batch {batch} let things fall due up to {}", journal.horizon),
                );
            }
            for step in &journal.steps {
                match step {
                    Step::Taken(taken) => {
                        stands.entry(taken.topic.clone()).or_default().take(taken);
                    }
                    Step::Fired(fired) => {
                        if let Some(what) = unread(&came, &stands, fired.due) {
                            self.deviate(
                                partition,
                                format!("batch {batch} fired for {} before {what}", fired.due),
                            );
                        }
                    }
                    Step::Swept(_)
                    | Step::Kept(_)
                    | Step::Let(_)
                    | Step::Returned(_)
                    | Step::Reduced(_)
                    | Step::Dropped(_)
                    | Step::Poisoned(_)
                    | Step::Postponed(_)
                    | Step::Untold(_) => {}
                }
            }
        }
    }

    fn journal(&mut self, record: &LogRecord) -> Option<Journal> {
        let journal = self.decoder.journal(record.value.as_deref().unwrap_or_default());
        journal.map_err(|error| self.deviations.push(error.to_string())).ok()
    }

    /// Nothing that is due is left, nothing waits, and every disk says what the changelog said at the
    /// place where it stands.
    fn check_state(&mut self, partition: u32) {
        let topic = self.world.names.output(OutputTopic::Debtors).clone();
        let changelog = self.world.records(&topic, partition);
        let end = self.world.wall();
        let last = as_of(&changelog, i64::MAX);
        for (key, value) in &last {
            if key.as_ref() == TASK_STATE_KEY {
                continue;
            }
            if Waiting::read_key(key).is_some() {
                self.deviate(
                    partition,
                    format!("the command {} waits for ever", String::from_utf8_lossy(key)),
                );
                continue;
            }
            match self.decoder.debtor(value) {
                Ok(debtor) => {
                    if let Some(due) = debtor.next_due.filter(|due| is_due(*due, end)) {
                        self.deviate(
                            partition,
                            format!("the timer of «{}» for {due} never fired", debtor.id),
                        );
                    }
                }
                Err(error) => self.deviate(partition, error.to_string()),
            }
        }
        let disks =
            self.world.processes(|all| all.iter().map(|process| process.stores.clone()).collect::<Vec<_>>());
        for (process, disk) in disks.into_iter().enumerate() {
            if let Err(what) = self.check_disk(&disk, partition, &changelog) {
                self.deviate(partition, format!("on the disk of p{process}: {what}"));
            }
        }
    }

    fn check_disk(
        &mut self,
        disk: &state::MemoryStores,
        partition: u32,
        changelog: &[LogRecord],
    ) -> Result<(), String> {
        let told = |error: &dyn std::fmt::Display| error.to_string();
        let mut store = disk.open(partition).map_err(|error| told(&error))?;
        let Some(meta) = store.meta().map_err(|error| told(&error))? else { return Ok(()) };
        let state = self.decoder.task_state(&meta).map_err(|error| told(&error))?;
        let stands = state.changelog_next.unwrap_or(0);
        let wanted = as_of(changelog, stands);
        for (key, value) in &wanted {
            if key.as_ref() == TASK_STATE_KEY {
                continue;
            }
            if let Some(sequence) = Waiting::read_key(key) {
                let kept = store.waiting(sequence).map_err(|error| told(&error))?;
                if kept.as_ref() != Some(value) {
                    return Err(format!(
                        "the waiting command {sequence} is not as the changelog says at {stands}"
                    ));
                }
                continue;
            }
            let id = std::str::from_utf8(key).map_err(|error| told(&error))?;
            let kept = store.debtor(id).map_err(|error| told(&error))?;
            if kept.as_ref() != Some(value) {
                return Err(format!("«{id}» is not as the changelog says at {stands}"));
            }
        }
        for (sequence, _) in store.waiting_after(0, usize::MAX).map_err(|error| told(&error))? {
            if !wanted.contains_key(Waiting::key(sequence).as_bytes()) {
                return Err(format!(
                    "the command {sequence} waits, and the changelog knows nothing of it at {stands}"
                ));
            }
        }
        lists::check(&mut store, &mut self.decoder)?;
        self.check_history(&store, partition, state.records_next.unwrap_or(0))
    }

    /// The history on a disk must end in the last records of each debtor.
    fn check_history(
        &mut self,
        store: &state::MemoryStore,
        partition: u32,
        stands: i64,
    ) -> Result<(), String> {
        let topic = self.world.names.output(OutputTopic::Records).clone();
        let mut newest: BTreeMap<String, (i64, Bytes)> = BTreeMap::new();
        for record in
            self.world.records(&topic, partition).into_iter().filter(|record| record.offset < stands)
        {
            let value = record.value.unwrap_or_default();
            let line = self.decoder.record(&value).map_err(|error| error.to_string())?;
            newest.insert(line.debtor_id.to_string(), (line.sequence, value));
        }
        for (id, (sequence, value)) in newest {
            let kept = store.history(&id, 1).map_err(|error| error.to_string())?;
            if kept.first().map(|line| (line.sequence, &line.record)) != Some((sequence, &value)) {
                return Err(format!("the history of «{id}» does not end in its last record, {sequence}"));
            }
        }
        Ok(())
    }

    /// Set aside is what the core fails over, until it is mended, and nothing else.
    fn check_rejects(&mut self, partition: u32) {
        let Some(poison) = self.world.settings.faults.poison() else { return };
        let is_marked = |record: &LogRecord, marks: &[&str]| {
            let text = String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned();
            marks.iter().any(|mark| text.contains(mark))
        };
        let mut failed = BTreeSet::new();
        // What failed alone in its batch is set aside when it comes again, mended or not.
        let mut may_have = BTreeSet::new();
        let journal = self.world.names.output(OutputTopic::Journal).clone();
        let mut stands: BTreeMap<Arc<str>, Stand> = BTreeMap::new();
        for record in self.world.records(&journal, partition) {
            let Some(batch) = self.journal(&record) else { continue };
            for step in &batch.steps {
                let Step::Taken(taken) = step else { continue };
                let stand = stands.entry(taken.topic.clone()).or_default();
                stand.take(taken);
                let all = self.world.records(&taken.topic, partition);
                let mut lives = all.chunk_by(|before, after| before.offset < after.offset);
                let records = lives.nth(stand.life).unwrap_or_default().iter();
                let is_taken = |record: &&LogRecord| (taken.first..taken.next).contains(&record.offset);
                for record in records.filter(is_taken) {
                    let place = (taken.topic.to_string(), record.offset);
                    if batch.now < poison.until
                        && is_marked(record, &[poison.event, poison.bytes, poison.sealed])
                    {
                        failed.insert(place);
                    } else if is_marked(record, &[poison.sealed]) {
                        may_have.insert(place);
                    }
                }
            }
        }
        let found = self.set_aside(partition);
        let is_well = failed.is_subset(&found)
            && found.iter().all(|place| failed.contains(place) || may_have.contains(place));
        if !is_well {
            self.deviate(partition, format!("set aside were {found:?}, and the core failed over {failed:?}"));
        }
    }

    /// The records that the rejects say were set aside.
    fn set_aside(&mut self, partition: u32) -> BTreeSet<(String, i64)> {
        let rejects = self.world.names.output(OutputTopic::Rejects).clone();
        let mut found = BTreeSet::new();
        for record in self.world.records(&rejects, partition) {
            let value = record.value.unwrap_or_default();
            match self.decoder.reject(&value) {
                Ok(reject) if reject.reason == POISON && reject.is_record() => {
                    found.insert((reject.topic.to_string(), reject.offset));
                }
                Ok(_) => {}
                Err(error) => self.deviations.push(error.to_string()),
            }
        }
        found
    }

    fn deviate(&mut self, partition: u32, what: String) {
        self.deviations.push(format!("partition {partition}: {what}"));
    }
}

/// When each record of an input topic came in, life by life of the topic.
type Came = BTreeMap<Arc<str>, Vec<BTreeMap<i64, i64>>>;

/// What came in at or before a moment and was not taken yet, if anything.
fn unread(came: &Came, stands: &BTreeMap<Arc<str>, Stand>, due: Timestamp) -> Option<String> {
    came.iter().find_map(|(topic, lives)| {
        let stands = stands.get(topic).copied().unwrap_or_default();
        let of_this = lives.get(stands.life)?.range(stands.next..);
        let of_later = lives.get(stands.life.saturating_add(1)..).unwrap_or_default().iter().flatten();
        let left = of_this.chain(of_later).find(|(_, at)| **at < due.0);
        left.map(|(offset, _)| format!("it took {topic} {offset}, which was there"))
    })
}

/// What the changelog says of each key before an offset; nothing of those that it buries.
fn as_of(changelog: &[LogRecord], before: i64) -> BTreeMap<Bytes, Bytes> {
    let mut last = BTreeMap::new();
    for record in changelog.iter().filter(|record| record.offset < before) {
        let key = record.key.clone().unwrap_or_default();
        match &record.value {
            Some(value) => last.insert(key, value.clone()),
            None => last.remove(&key),
        };
    }
    last
}
