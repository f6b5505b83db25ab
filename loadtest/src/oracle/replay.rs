//! Decides again what the journal says was decided, and compares everything that went out.

mod compare;

use super::gate::Gate;
use super::lives::Stand;
use super::pace::Pace;
use super::versions::{All, Versions};
use super::{Deviation, Partition, Seen};
use decision::command::Command;
use decision::event::{Body, Order};
use decision::ids::{DebtorId, EventId, PolicyHash};
use decision::time::Timestamp;
use decision::{Debtor, Input, Moment, Policies, Published};
use schemas::reject::POISON;
use schemas::{
    Decoder, Encoder, HistoryLine, InputTopic, Journal, OutputTopic, Postponed, Registry, Schemas, Step,
    Taken, TopicNames,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most deviations told of one partition: the first ones tell what is wrong.
const MOST_TOLD: usize = 20;

/// Who replays: the versions of the policy, and the schemas to read by.
pub struct Oracle {
    versions: All,
    names: TopicNames,
    decoder: Decoder,
    encoder: Encoder,
    partition_of: fn(&[u8], u32) -> u32,
}

/// What a replay found.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// What is not as it must be; empty where all is well.
    pub deviations: Vec<Deviation>,
    /// How many inputs were decided.
    pub inputs: u64,
    /// How many timers fired.
    pub timers: u64,
    /// How many debtors were decided anew under another version of the policy.
    pub swept: u64,
    /// How many commands there must be, and are.
    pub commands: u64,
    /// How many records of history.
    pub records: u64,
    /// How many rejects.
    pub rejects: u64,
    /// How many inputs the core failed over, which were set aside.
    pub poisoned: u64,
    /// How many commands left in each second for which there is a rate.
    pub pace: Pace,
}

impl Verdict {
    /// The verdict over what both are of.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.deviations.extend(other.deviations);
        self.inputs += other.inputs;
        self.timers += other.timers;
        self.swept += other.swept;
        self.commands += other.commands;
        self.records += other.records;
        self.rejects += other.rejects;
        self.poisoned += other.poisoned;
        self.pace = self.pace.and(other.pace);
        self
    }
}

/// The records of each input topic, life by life.
type Inputs<'p> = BTreeMap<InputTopic, Vec<&'p [Seen]>>;

/// What the outputs must be.
struct Expected {
    /// The versions that the batch was decided by.
    policies: Arc<Policies>,
    versions: Versions,
    /// The version that held at the last batch; none before the first.
    held: Option<PolicyHash>,
    /// Who was decided by another version, and not yet by this one.
    to_sweep: BTreeSet<DebtorId>,
    /// The records of the batch that were set aside, by topic and offset.
    set_aside: BTreeSet<(Arc<str>, i64)>,
    /// Where each input was taken to, and in which of its topic's lives.
    stands: BTreeMap<InputTopic, Stand>,
    debtors: BTreeMap<DebtorId, Debtor>,
    gate: Gate,
    pace: Pace,
    commands: BTreeMap<OutputTopic, Vec<Command>>,
    records: Vec<HistoryLine>,
    /// The reason, topic and offset of each reject.
    rejects: Vec<(String, String, i64)>,
}

impl Expected {
    fn new(all: All) -> Self {
        Self {
            policies: all.files.clone(),
            versions: Versions::new(all),
            held: None,
            to_sweep: BTreeSet::new(),
            set_aside: BTreeSet::new(),
            stands: BTreeMap::new(),
            debtors: BTreeMap::new(),
            gate: Gate::default(),
            pace: Pace::default(),
            commands: BTreeMap::new(),
            records: Vec::new(),
            rejects: Vec::new(),
        }
    }

    /// A batch begins. Where another version holds than before, everyone known by now is to be
    /// decided anew.
    fn begin(&mut self, policies: Arc<Policies>, batch: &Journal) {
        let held = &batch.policy_hash;
        let set_aside = batch.steps.iter().filter_map(|step| match step {
            Step::Poisoned(poisoned) => Some((poisoned.topic.clone(), poisoned.offset)),
            Step::Taken(_)
            | Step::Fired(_)
            | Step::Swept(_)
            | Step::Kept(_)
            | Step::Let(_)
            | Step::Reduced(_)
            | Step::Dropped(_)
            | Step::Returned(_)
            | Step::Postponed(_)
            | Step::Untold(_) => None,
        });
        self.set_aside = set_aside.collect();
        if self.held.as_ref().is_some_and(|before| before != held) {
            self.to_sweep = self.debtors.keys().cloned().collect();
        }
        self.held = Some(held.clone());
        self.policies = policies;
    }

    /// The records that were taken, of the life of their topic in which they were.
    fn take<'p>(&mut self, topic: InputTopic, taken: &Taken, inputs: &Inputs<'p>) -> &'p [Seen] {
        let stand = self.stands.entry(topic).or_default();
        stand.take(taken);
        let records = inputs.get(&topic).and_then(|lives| lives.get(stand.life)).copied().unwrap_or_default();
        let from = records.partition_point(|record| record.offset < taken.first);
        let to = records.partition_point(|record| record.offset < taken.next);
        records.get(from..to).unwrap_or_default()
    }

    /// Something is decided: not after what ends the batch.
    fn check_is_open(&self, partition: &Partition, verdict: &mut Verdict) {
        if let Err(what) = self.versions.decides() {
            verdict.deviations.push(Deviation { partition: partition.number, what });
        }
    }

    /// Something is set aside: the rejects say so.
    fn set_aside(&mut self, topic: &str, offset: i64) {
        self.rejects.push((POISON.to_owned(), topic.to_owned(), offset));
    }

    /// A command goes out with a batch of this moment, as its receiver sees it.
    fn send(&mut self, command: Command, now: Timestamp) {
        self.pace.leaves(&command, now, &self.policies);
        let command = Command { window: None, ..command };
        self.commands.entry(OutputTopic::of_command(&command)).or_default().push(command);
    }
}

impl Oracle {
    /// An oracle that decides by these versions. `partition_of` says where a key belongs.
    #[must_use]
    pub fn new(
        policies: Arc<Policies>,
        names: TopicNames,
        registry: Arc<dyn Registry>,
        schemas: Schemas,
        partition_of: fn(&[u8], u32) -> u32,
    ) -> Self {
        let decoder = Decoder::new(registry, &schemas);
        let versions = All { files: policies, published: Arc::default() };
        Self { versions, names, decoder, encoder: Encoder::new(schemas), partition_of }
    }

    /// As well by these, which were published, each with the id of the control that tells of it.
    #[must_use]
    pub fn and_published(mut self, published: impl IntoIterator<Item = (EventId, Published)>) -> Self {
        self.versions.published = published.into_iter().collect();
        self
    }

    /// The journal of a partition.
    ///
    /// # Errors
    /// The first record that cannot be read.
    pub fn journal(&mut self, partition: &Partition) -> Result<Vec<Journal>, Deviation> {
        let records = partition.output(OutputTopic::Journal);
        let read = |record: &Seen| {
            self.decoder.journal(record.value.as_deref().unwrap_or_default()).map_err(|error| Deviation {
                partition: partition.number,
                what: format!("the journal's record at {} cannot be read: {error}", record.offset),
            })
        };
        records.iter().map(read).collect()
    }

    /// Checks a partition whole: the journal covers its inputs, and its outputs are what
    /// `decision` says.
    #[must_use]
    pub fn check(&mut self, partition: &Partition, is_complete: bool) -> Verdict {
        let mut verdict = Verdict::default();
        let journal = match self.journal(partition) {
            Ok(journal) => journal,
            Err(deviation) => {
                verdict.deviations.push(deviation);
                return verdict;
            }
        };
        verdict.deviations = super::coverage::check(partition, &journal, &self.names, is_complete);
        let mut expected = Expected::new(self.versions.clone());
        let inputs = InputTopic::ALL.iter().map(|topic| (*topic, partition.lives(*topic))).collect();
        for batch in &journal {
            self.replay((partition, &inputs), batch, &mut expected, &mut verdict);
        }
        if let Some(left) = expected.to_sweep.first().filter(|_| is_complete) {
            let what = format!(
                "«{left}» and {} more were not decided by the version that holds",
                expected.to_sweep.len() - 1
            );
            verdict.deviations.push(Deviation { partition: partition.number, what });
        }
        self.compare_commands(partition, &expected, &mut verdict);
        self.compare_records(partition, &expected, &mut verdict);
        self.compare_rejects(partition, &expected, &mut verdict);
        self.compare_debtors(partition, &expected, &mut verdict);
        verdict.deviations.truncate(MOST_TOLD);
        verdict.pace = expected.pace;
        verdict
    }

    /// Checks all partitions of a group that has come to the end of its inputs.
    #[must_use]
    pub fn check_all(&mut self, partitions: impl IntoIterator<Item = Partition>) -> Verdict {
        let check = |partition: Partition| self.check(&partition, true);
        let mut verdict = partitions.into_iter().map(check).fold(Verdict::default(), Verdict::and);
        // No one partition's doing: the rate is all of them together.
        let too_fast = verdict.pace.too_fast().map(|what| Deviation { partition: 0, what });
        verdict.deviations.extend(too_fast.collect::<Vec<_>>());
        verdict
    }

    fn replay(
        &mut self,
        (partition, inputs): (&Partition, &Inputs<'_>),
        batch: &Journal,
        expected: &mut Expected,
        verdict: &mut Verdict,
    ) {
        let moment = Moment { now: batch.now, horizon: batch.horizon };
        let mut changed = BTreeSet::new();
        let policies = match expected.versions.begin(batch) {
            Ok(policies) => policies,
            Err(what) => {
                verdict.deviations.push(Deviation { partition: partition.number, what });
                return;
            }
        };
        expected.begin(policies, batch);
        for (at, step) in batch.steps.iter().enumerate() {
            match step {
                Step::Taken(taken) => {
                    let Some(topic) = self.names.find_input(&taken.topic) else { continue };
                    for record in expected.take(topic, taken, inputs) {
                        verdict.inputs += 1;
                        expected.check_is_open(partition, verdict);
                        self.decide_record(partition, topic, record, moment, expected, &mut changed);
                    }
                }
                Step::Fired(fired) => {
                    verdict.timers += 1;
                    expected.check_is_open(partition, verdict);
                    self.check_fired(partition, &fired.debtor_id, fired.due, moment, expected, verdict);
                    self.decide(&fired.debtor_id, Input::Due, moment, expected, &mut changed);
                }
                Step::Swept(swept) => {
                    verdict.swept += 1;
                    expected.check_is_open(partition, verdict);
                    expected.to_sweep.remove(&swept.debtor_id);
                    self.decide(&swept.debtor_id, Input::Due, moment, expected, &mut changed);
                }
                Step::Postponed(put_off) => self.put_off(partition, put_off, moment, expected, verdict),
                // Known since the batch began: the record was not decided when it was taken.
                Step::Poisoned(_) => verdict.poisoned += 1,
                // Known with the step before.
                Step::Untold(_) => {
                    verdict.poisoned += 1;
                    expected.set_aside("", -1);
                }
                Step::Kept(_) | Step::Let(_) | Step::Reduced(_) | Step::Dropped(_) | Step::Returned(_) => {
                    let is_told = !matches!(batch.steps.get(at + 1), Some(Step::Untold(_)));
                    if let Err(what) = self.pass((step, is_told), moment, expected, &mut changed) {
                        let what = format!("in batch {} {what}", batch.batch);
                        verdict.deviations.push(Deviation { partition: partition.number, what });
                    }
                }
            }
        }
        for command in expected.gate.sent() {
            expected.send(command, batch.now);
        }
        if let Some((topic, offset)) = expected.set_aside.first() {
            let what = format!("batch {} set aside {topic} {offset}, which it did not take", batch.batch);
            verdict.deviations.push(Deviation { partition: partition.number, what });
        }
        self.compare_state_hash(partition, batch, expected, &changed, verdict);
    }

    /// A timer, or a debtor to be decided anew, was put off.
    fn put_off(
        &self,
        partition: &Partition,
        put_off: &Postponed,
        moment: Moment,
        expected: &mut Expected,
        verdict: &mut Verdict,
    ) {
        verdict.poisoned += 1;
        expected.set_aside("", -1);
        match put_off.due {
            Some(due) => self.check_fired(partition, &put_off.debtor_id, due, moment, expected, verdict),
            None => {
                expected.to_sweep.remove(&put_off.debtor_id);
            }
        }
    }

    /// Something became of a command on its way out.
    fn pass(
        &self,
        (step, is_told): (&Step, bool),
        moment: Moment,
        expected: &mut Expected,
        changed: &mut BTreeSet<DebtorId>,
    ) -> Result<(), String> {
        // Taken out, so that the debtor may decide on what it is told; what that makes is put back.
        let mut gate = std::mem::take(&mut expected.gate);
        let outcome = gate.step(step).map(|passed| {
            let Some(passed) = passed else { return };
            let (command, passage) = (passed.command, passed.passage);
            if is_told {
                let input = Input::Passage { command: &command, passage };
                self.decide(&command.debtor_id, input, moment, expected, changed);
            }
            if passed.is_sent {
                expected.send(command, moment.now);
            }
        });
        gate.decided(expected.gate.sent());
        expected.gate = gate;
        outcome
    }

    fn check_fired(
        &self,
        partition: &Partition,
        id: &DebtorId,
        due: Timestamp,
        moment: Moment,
        expected: &Expected,
        verdict: &mut Verdict,
    ) {
        let waits_for = expected.debtors.get(id).and_then(|debtor| debtor.next_due);
        if waits_for != Some(due) || due > moment.now || due > moment.horizon {
            let what =
                format!("the timer of «{id}» fired for {due} at {}, it waits for {waits_for:?}", moment.now);
            verdict.deviations.push(Deviation { partition: partition.number, what });
        }
    }

    fn decide_record(
        &mut self,
        partition: &Partition,
        topic: InputTopic,
        record: &Seen,
        moment: Moment,
        expected: &mut Expected,
        changed: &mut BTreeSet<DebtorId>,
    ) {
        let name = self.names.input(topic).clone();
        let at = |reason: &str| (reason.to_owned(), name.to_string(), record.offset);
        if expected.set_aside.remove(&(name.clone(), record.offset)) {
            expected.set_aside(&name, record.offset);
            return;
        }
        let event = match self.decoder.event(topic, record.key.as_deref(), record.value.as_deref()) {
            Ok(event) => event,
            Err(error) => {
                expected.rejects.push(at(error.code()));
                return;
            }
        };
        if let Body::Control(control) = &event.body {
            if matches!(control.order, Order::ReleaseHeld | Order::DropHeld) {
                expected.gate.judged(&event.event_id, control);
                return;
            }
            if let Order::AdoptPolicy { revision } = control.order {
                expected.rejects.extend(expected.versions.hear(revision, &event.event_id).map(at));
                return;
            }
        }
        if (self.partition_of)(event.debtor().as_bytes(), partition.count) != partition.number {
            expected.rejects.push(at("wrong_partition"));
            return;
        }
        let id = DebtorId::from(event.debtor());
        if let Some(code) = self.decide(&id, Input::Event(&event), moment, expected, changed) {
            expected.rejects.push(at(code));
        }
    }

    /// Decides; answers the code of a rejection.
    fn decide(
        &self,
        id: &DebtorId,
        input: Input<'_>,
        moment: Moment,
        expected: &mut Expected,
        changed: &mut BTreeSet<DebtorId>,
    ) -> Option<&'static str> {
        let debtor = expected.debtors.entry(id.clone()).or_insert_with(|| Debtor::new(id.clone()));
        let decisions = decision::decide(debtor, input, moment, &expected.policies);
        if decisions.changed {
            changed.insert(id.clone());
        }
        expected.gate.decided(decisions.commands);
        expected.records.extend(decisions.records.iter().map(HistoryLine::new));
        decisions.rejection.map(|rejection| rejection.code())
    }
}
