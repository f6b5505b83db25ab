//! Decides again what the journal says was decided, and compares everything that went out.

use super::gate::Gate;
use super::{Deviation, Partition, Seen};
use decision::command::Command;
use decision::event::{Body, Order};
use decision::ids::DebtorId;
use decision::time::Timestamp;
use decision::{Debtor, Input, Moment, Policies};
use schemas::{
    Decoder, Encoder, HistoryLine, InputTopic, Journal, OutputTopic, Registry, Schemas, Step, TASK_STATE_KEY,
    TopicNames, Waiting,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most deviations told of one partition: the first ones tell what is wrong.
const MOST_TOLD: usize = 20;

/// The topics that commands go to.
const COMMANDS: [OutputTopic; 5] = [
    OutputTopic::Messages,
    OutputTopic::Provisioning,
    OutputTopic::Tasks,
    OutputTopic::Fees,
    OutputTopic::Handovers,
];

/// Who replays: the versions of the policy, and the schemas to read by.
pub struct Oracle {
    policies: Arc<Policies>,
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
        self
    }
}

/// What the outputs must be.
struct Expected {
    /// The versions that the batch was decided by.
    policies: Arc<Policies>,
    /// The version that held at the last batch; none before the first.
    held: Option<Arc<str>>,
    /// Who was decided by another version, and not yet by this one.
    to_sweep: BTreeSet<DebtorId>,
    debtors: BTreeMap<DebtorId, Debtor>,
    gate: Gate,
    commands: BTreeMap<OutputTopic, Vec<Command>>,
    records: Vec<HistoryLine>,
    /// The reason, topic and offset of each reject.
    rejects: Vec<(String, String, i64)>,
}

impl Expected {
    fn new(policies: Arc<Policies>) -> Self {
        Self {
            policies,
            held: None,
            to_sweep: BTreeSet::new(),
            debtors: BTreeMap::new(),
            gate: Gate::default(),
            commands: BTreeMap::new(),
            records: Vec::new(),
            rejects: Vec::new(),
        }
    }

    /// A batch begins. Where another version holds than before, everyone known by now is to be
    /// decided anew.
    fn begin(&mut self, policies: Arc<Policies>, held: &Arc<str>) {
        if self.held.as_ref().is_some_and(|before| before != held) {
            self.to_sweep = self.debtors.keys().cloned().collect();
        }
        self.held = Some(held.clone());
        self.policies = policies;
    }

    /// A command goes out, as its receiver sees it.
    fn send(&mut self, command: Command) {
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
        Self { policies, names, decoder, encoder: Encoder::new(schemas), partition_of }
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
        let mut expected = Expected::new(self.policies.clone());
        for batch in &journal {
            self.replay(partition, batch, &mut expected, &mut verdict);
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
        verdict
    }

    /// Checks all partitions of a group that has come to the end of its inputs.
    #[must_use]
    pub fn check_all(&mut self, partitions: impl IntoIterator<Item = Partition>) -> Verdict {
        let check = |partition: Partition| self.check(&partition, true);
        partitions.into_iter().map(check).fold(Verdict::default(), Verdict::and)
    }

    fn replay(
        &mut self,
        partition: &Partition,
        batch: &Journal,
        expected: &mut Expected,
        verdict: &mut Verdict,
    ) {
        let moment = Moment { now: batch.now, horizon: batch.horizon };
        let mut changed = BTreeSet::new();
        let Some(policies) = self.policies_of(batch) else {
            let (number, said) = (batch.batch, &batch.policy_hash);
            let what = format!("batch {number} was decided by the policy {said}, which is not at hand");
            verdict.deviations.push(Deviation { partition: partition.number, what });
            return;
        };
        expected.begin(policies, &batch.policy_hash);
        for step in &batch.steps {
            match step {
                Step::Taken(taken) => {
                    let Some(topic) = self.names.find_input(&taken.topic) else { continue };
                    let records = partition.input(topic);
                    let from = records.partition_point(|record| record.offset < taken.first);
                    let to = records.partition_point(|record| record.offset < taken.next);
                    for record in records.get(from..to).unwrap_or_default() {
                        verdict.inputs += 1;
                        self.decide_record(partition, topic, record, moment, expected, &mut changed);
                    }
                }
                Step::Fired(fired) => {
                    verdict.timers += 1;
                    self.check_fired(partition, &fired.debtor_id, fired.due, moment, expected, verdict);
                    self.decide(&fired.debtor_id, Input::Due, moment, expected, &mut changed);
                }
                Step::Swept(swept) => {
                    verdict.swept += 1;
                    expected.to_sweep.remove(&swept.debtor_id);
                    self.decide(&swept.debtor_id, Input::Due, moment, expected, &mut changed);
                }
                Step::Kept(_) | Step::Let(_) | Step::Reduced(_) | Step::Dropped(_) | Step::Returned(_) => {
                    if let Err(what) = self.pass(step, moment, expected, &mut changed) {
                        let what = format!("in batch {} {what}", batch.batch);
                        verdict.deviations.push(Deviation { partition: partition.number, what });
                    }
                }
            }
        }
        for command in expected.gate.sent() {
            expected.send(command);
        }
        self.compare_state_hash(partition, batch, expected, &changed, verdict);
    }

    /// Something became of a command on its way out.
    fn pass(
        &self,
        step: &Step,
        moment: Moment,
        expected: &mut Expected,
        changed: &mut BTreeSet<DebtorId>,
    ) -> Result<(), String> {
        // Taken out, so that the debtor may decide on what it is told; what that makes is put back.
        let mut gate = std::mem::take(&mut expected.gate);
        let outcome = gate.step(step).map(|passed| {
            let Some(passed) = passed else { return };
            let (command, passage) = (passed.command, passed.passage);
            self.decide(
                &command.debtor_id,
                Input::Passage { command: &command, passage },
                moment,
                expected,
                changed,
            );
            if passed.is_sent {
                expected.send(command);
            }
        });
        gate.decided(expected.gate.sent());
        expected.gate = gate;
        outcome
    }

    /// The versions by which a batch was decided: all, where the one that holds at its time is the
    /// one that it names; else that one alone, which was there before the others came.
    fn policies_of(&self, batch: &Journal) -> Option<Arc<Policies>> {
        if *self.policies.at(batch.now).identity.hash == *batch.policy_hash {
            return Some(self.policies.clone());
        }
        let named = self.policies.by_hash(&batch.policy_hash)?;
        Some(Arc::new(named.clone().into()))
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
        let at = |reason: &str| (reason.to_owned(), self.names.input(topic).to_string(), record.offset);
        let event = match self.decoder.event(topic, record.key.as_deref(), record.value.as_deref()) {
            Ok(event) => event,
            Err(error) => {
                expected.rejects.push(at(error.code()));
                return;
            }
        };
        if let Body::Control(control) = &event.body
            && matches!(control.order, Order::ReleaseHeld | Order::DropHeld)
        {
            expected.gate.judged(&event.event_id, control);
            return;
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

    fn compare_state_hash(
        &mut self,
        partition: &Partition,
        batch: &Journal,
        expected: &Expected,
        changed: &BTreeSet<DebtorId>,
        verdict: &mut Verdict,
    ) {
        let mut stored = Vec::new();
        for debtor in changed.iter().filter_map(|id| expected.debtors.get(id)) {
            let mut bytes = Vec::new();
            // What cannot be encoded makes the hash differ, which is told.
            let _ = self.encoder.debtor(debtor, &mut bytes);
            stored.push(bytes);
        }
        if schemas::journal::state_hash(stored.iter().map(Vec::as_slice)) != batch.state_hash {
            let what = format!("after batch {} the state is not what the journal says", batch.batch);
            verdict.deviations.push(Deviation { partition: partition.number, what });
        }
    }

    fn compare_commands(&mut self, partition: &Partition, expected: &Expected, verdict: &mut Verdict) {
        let mut ids = BTreeSet::new();
        for topic in COMMANDS {
            let wanted = expected.commands.get(&topic).map_or(&[][..], Vec::as_slice);
            let seen = partition.output(topic);
            let name = self.names.output(topic).clone();
            if wanted.len() != seen.len() {
                let what = format!("{name} holds {} commands, {} must be there", seen.len(), wanted.len());
                verdict.deviations.push(Deviation { partition: partition.number, what });
            }
            for (wanted, seen) in wanted.iter().zip(seen) {
                let read = self.decoder.command(topic, seen.value.as_deref().unwrap_or_default());
                let is_same = matches!(&read, Ok(Some(command)) if command == wanted);
                if !is_same {
                    let what = format!("{name} {} is {read:?}, it must be {wanted:?}", seen.offset);
                    verdict.deviations.push(Deviation { partition: partition.number, what });
                }
                if !ids.insert(wanted.id) {
                    let what = format!("command {} is there twice", wanted.id);
                    verdict.deviations.push(Deviation { partition: partition.number, what });
                }
                verdict.commands += 1;
            }
        }
    }

    fn compare_records(&mut self, partition: &Partition, expected: &Expected, verdict: &mut Verdict) {
        let seen = partition.output(OutputTopic::Records);
        if seen.len() != expected.records.len() {
            let what = format!("{} records of history, {} must be there", seen.len(), expected.records.len());
            verdict.deviations.push(Deviation { partition: partition.number, what });
        }
        for (wanted, seen) in expected.records.iter().zip(seen) {
            let read = self.decoder.record(seen.value.as_deref().unwrap_or_default());
            if !matches!(&read, Ok(line) if line == wanted) {
                let what = format!("the record at {} is {read:?}, it must be {wanted:?}", seen.offset);
                verdict.deviations.push(Deviation { partition: partition.number, what });
            }
            verdict.records += 1;
        }
    }

    fn compare_rejects(&mut self, partition: &Partition, expected: &Expected, verdict: &mut Verdict) {
        let seen = partition.output(OutputTopic::Rejects);
        let mut read = Vec::new();
        for record in seen {
            match self.decoder.reject(record.value.as_deref().unwrap_or_default()) {
                Ok(reject) => read.push((reject.reason.to_string(), reject.topic.to_string(), reject.offset)),
                Err(error) => read.push((error.to_string(), String::new(), record.offset)),
            }
        }
        if read != expected.rejects {
            let what = format!("the rejects are {read:?}, they must be {:?}", expected.rejects);
            verdict.deviations.push(Deviation { partition: partition.number, what });
        }
        verdict.rejects += u64::try_from(seen.len()).unwrap_or(u64::MAX);
    }

    /// The changelog's last records of waiting commands must be those that wait at the end.
    fn compare_waiting(&mut self, last: &BTreeMap<&[u8], &Seen>, expected: &Expected) -> Option<String> {
        let mut waiting = BTreeSet::new();
        for (key, record) in last {
            let (Some(_), Some(value)) = (Waiting::read_key(key), &record.value) else { continue };
            let read = self.decoder.waiting(value).ok();
            let topic = read.as_ref().and_then(|waiting| {
                OutputTopic::ALL.iter().find(|topic| *topic.spec().name == *waiting.topic).copied()
            });
            let command = read.zip(topic).map(|(waiting, topic)| self.decoder.command(topic, &waiting.value));
            if let Some(Ok(Some(command))) = command {
                waiting.insert(command.id);
            }
        }
        let wanted: BTreeSet<_> = expected.gate.kept().copied().collect();
        (waiting != wanted).then(|| format!("the commands {waiting:?} wait, {wanted:?} must wait"))
    }

    /// The changelog's last record of each debtor must be the debtor as it is at the end.
    fn compare_debtors(&mut self, partition: &Partition, expected: &Expected, verdict: &mut Verdict) {
        let mut last: BTreeMap<&[u8], &Seen> = BTreeMap::new();
        for record in partition.output(OutputTopic::Debtors) {
            last.insert(record.key.as_deref().unwrap_or_default(), record);
        }
        last.remove(TASK_STATE_KEY);
        if let Some(what) = self.compare_waiting(&last, expected) {
            verdict.deviations.push(Deviation { partition: partition.number, what });
        }
        last.retain(|key, _| Waiting::read_key(key).is_none());
        if last.len() != expected.debtors.len() {
            let what = format!(
                "the changelog holds {} debtors, {} must be there",
                last.len(),
                expected.debtors.len()
            );
            verdict.deviations.push(Deviation { partition: partition.number, what });
        }
        for (id, debtor) in &expected.debtors {
            let value = last.get(id.as_str().as_bytes()).and_then(|record| record.value.as_deref());
            let read = self.decoder.debtor(value.unwrap_or_default());
            if !matches!(&read, Ok(read) if read == debtor) {
                let what = format!("debtor «{id}» is {read:?}, it must be {debtor:?}");
                verdict.deviations.push(Deviation { partition: partition.number, what });
            }
        }
    }
}
