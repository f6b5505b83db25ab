//! Gating: as a batch is sealed, what it decided leaves through the gate, after what waited there.

use super::Task;
use crate::error::TaskError;
use crate::faults::Mutation;
use crate::gate::{Asks, Hours, Outcome, Share, Terms};
use crate::log::{Log, NewRecord};
use crate::store::{Store, StoreError, Stores};
use bytes::Bytes;
use decision::command::{Action, Command};
use decision::event::{Control, Order};
use decision::ids::{CommandId, Operation, ServiceId};
use decision::passage::Passage;
use decision::policy::{Measure, Policy};
use decision::time::Timestamp;
use decision::{Input, Policies};
use schemas::{Dropped, Kept, Let, OutputTopic, Reduced, Returned, Step, Verdict, Waiting, WireError};
use std::num::NonZeroU32;
use std::sync::Arc;

impl<L: Log, S: Stores> Task<L, S> {
    /// Begins a batch where something that waits may go now.
    pub(super) fn open_gate(&mut self) {
        let policies = Arc::clone(&self.known.policies);
        let now = self.wall_clock();
        if !self.open.lets && self.gate.has_work(self.terms(policies.at(now), now)) {
            self.begin_batch_if_clean();
            self.open.lets = true;
        }
    }

    /// A person releases or drops what the breaker of this partition holds.
    pub(super) fn judge(&mut self, control: &Control, event_id: &str, drops: bool) {
        let policies = Arc::clone(&self.known.policies);
        let now = self.open.moment.now;
        let terms = self.terms(policies.at(now), now);
        let (_, held) = self.gate.waiting();
        tracing::warn!(
            partition = self.partition,
            held,
            drops,
            by = control.by,
            "a person has judged what is held"
        );
        self.gate.judge(control, event_id, drops, terms);
    }

    /// Lets through the gate what may go, and carries out what becomes of the rest. That may decide
    /// further commands, which then come to the gate as well.
    pub(super) fn pass_gate(&mut self) -> Result<(), TaskError> {
        let policies = Arc::clone(&self.known.policies);
        let now = self.open.moment.now;
        let terms = self.terms(policies.at(now), now);
        let undo_of = |command: &Command| undo_of(command, &policies);
        let opens = |hours: &Hours| opens(hours, &policies, now);
        let asks = Asks { undo_of: &undo_of, opens: &opens };
        let fresh = std::mem::take(&mut self.open.fresh);
        let mut outcomes = self.gate.pass(fresh, terms, asks);
        while !outcomes.is_empty() {
            for outcome in std::mem::take(&mut outcomes) {
                self.carry_out(outcome)?;
            }
            let fresh = std::mem::take(&mut self.open.fresh);
            self.gate.take(fresh, terms, asks, &mut outcomes);
        }
        Ok(())
    }

    fn terms<'p>(&self, policy: &'p Policy, now: Timestamp) -> Terms<'p> {
        let all = self.shared.topology.partitions();
        let partitions = if self.breaks(Mutation::RatesOfEachPartition) { NonZeroU32::MIN } else { all };
        Terms { rules: &policy.commands, share: Share { partition: self.partition, partitions, now } }
    }

    fn carry_out(&mut self, outcome: Outcome) -> Result<(), TaskError> {
        match outcome {
            Outcome::Sends(command) => {
                let (topic, value) = self.encode_command(&command)?;
                self.put_out(topic, &command, value);
                Ok(())
            }
            Outcome::Keeps { sequence, command, is_held, undo } => {
                let (topic, value) = self.encode_command(&command)?;
                let (topic, value) = (topic.spec().name.into(), value.to_vec());
                let window = command.window.clone();
                let waiting = Waiting { sequence, topic, is_held, undo, window, value };
                self.open.waiting.insert(sequence, Some(waiting));
                self.step(Step::Kept(Kept { command_id: command.id, is_held }));
                self.tell_debtor(&command, if is_held { Passage::Held } else { Passage::Waits })
            }
            Outcome::Lets { sequence, is_released } => {
                let (topic, waiting, command) = self.waiting(sequence)?;
                self.put_out(topic, &command, waiting.value.into());
                self.open.waiting.insert(sequence, None);
                self.step(Step::Let(Let { command_id: command.id }));
                let control = control_of(self.gate.breaker().released());
                let released = control.as_ref().filter(|_| is_released).map(Passage::Released);
                self.tell_debtor(&command, released.unwrap_or(Passage::Sent))
            }
            Outcome::Drops { sequence, by_person } => {
                let (_, _, command) = self.waiting(sequence)?;
                self.open.waiting.insert(sequence, None);
                self.step(Step::Dropped(Dropped { command_id: command.id, by_person }));
                let control = control_of(self.gate.breaker().verdict());
                let dropped = control.as_ref().filter(|_| by_person).map(Passage::Dropped);
                self.tell_debtor(&command, dropped.unwrap_or(Passage::Undone))
            }
            Outcome::Returns { sequence, opens } => {
                let (_, _, command) = self.waiting(sequence)?;
                self.open.waiting.insert(sequence, None);
                self.step(Step::Returned(Returned { command_id: command.id, opens }));
                self.tell_debtor(&command, Passage::Shut)
            }
            Outcome::Forgets(command) => {
                self.step(Step::Dropped(Dropped { command_id: command.id, by_person: false }));
                self.tell_debtor(&command, Passage::Undone)
            }
            Outcome::Reduces { sequence, services } => self.reduce(sequence, services),
            Outcome::Narrows { command_id, services } => {
                self.step(Step::Reduced(Reduced { command_id, services }));
                Ok(())
            }
        }
    }

    /// What waits is for fewer services from now on.
    fn reduce(&mut self, sequence: i64, services: Vec<ServiceId>) -> Result<(), TaskError> {
        let (_, waiting, mut command) = self.waiting(sequence)?;
        let command_id: CommandId = command.id;
        if let Action::Provision(order) = &mut command.action {
            order.services.clone_from(&services);
        }
        let (_, value) = self.encode_command(&command)?;
        self.open.waiting.insert(sequence, Some(Waiting { value: value.to_vec(), ..waiting }));
        self.step(Step::Reduced(Reduced { command_id, services }));
        Ok(())
    }

    /// The debtor learns what became of its command.
    fn tell_debtor(&mut self, command: &Command, passage: Passage<'_>) -> Result<(), TaskError> {
        match self.decide(command.debtor_id.as_str(), Input::Passage { command, passage })? {
            Ok(decisions) => self.write(decisions),
            Err(how) => self.leave_untold(command, &how),
        }
    }

    pub(super) fn step(&mut self, step: Step) {
        self.open.steps.push(step);
    }

    fn encode_command(&mut self, command: &Command) -> Result<(OutputTopic, Bytes), TaskError> {
        let value = self.forms.command(command)?;
        Ok((OutputTopic::of_command(command), value))
    }

    fn put_out(&mut self, topic: OutputTopic, command: &Command, value: Bytes) {
        self.open.commands = self.open.commands.saturating_add(1);
        let key = self.forms.copy(command.debtor_id.as_str().as_bytes());
        let target = self.shared.topology.target(topic, self.partition, &key);
        self.open.outputs.push(NewRecord { target, key, value: Some(value), timestamp: command.at.0 });
    }

    /// A command that waits: as this batch leaves it, else the one in flight, else the store.
    fn waiting(&mut self, sequence: i64) -> Result<(OutputTopic, Waiting, Command), TaskError> {
        let here = self.open.waiting.get(&sequence).cloned().flatten();
        let waiting = match here {
            Some(waiting) => waiting,
            None => {
                let in_flight = self.committing.as_ref().and_then(|sealed| sealed.waiting.get(&sequence));
                let bytes = match in_flight.cloned().flatten() {
                    Some(bytes) => Some(bytes),
                    None => self.store.waiting(sequence)?,
                };
                let bytes = bytes.ok_or_else(|| damaged(sequence, "it is not there"))?;
                self.decoder.waiting(&bytes).map_err(|error| not_read(self.partition, sequence, &error))?
            }
        };
        let topic = topic_of(&waiting)?;
        let command = self.decoder.command(topic, &waiting.value);
        let command = command.map_err(|error| not_read(self.partition, sequence, &error))?;
        let command = command.ok_or_else(|| damaged(sequence, "its topic carries no commands"))?;
        let command = Command { window: waiting.window.clone(), ..command };
        Ok((topic, waiting, command))
    }
}

/// The topic that a waiting command goes to.
pub(super) fn topic_of(waiting: &Waiting) -> Result<OutputTopic, TaskError> {
    waiting.output().ok_or_else(|| damaged(waiting.sequence, "no topic is called so"))
}

pub(super) fn not_read(partition: u32, sequence: i64, error: &WireError) -> TaskError {
    TaskError::from_stored(partition, "a waiting command", format_args!("of sequence {sequence}"), error)
}

fn damaged(sequence: i64, reason: impl std::fmt::Display) -> TaskError {
    let reason = format!("of sequence {sequence}: {reason}");
    TaskError::Store(StoreError::Damaged { what: "a waiting command", reason })
}

/// From when on a command may leave by its window, asked now: by the version that it was decided
/// under, where that is at hand, else by the one that holds.
fn opens(hours: &Hours, policies: &Policies, now: Timestamp) -> Timestamp {
    let version = policies.by_hash(&hours.policy_hash).unwrap_or_else(|| policies.at(now));
    let window = version.windows.get(&hours.window);
    // One that never opens is waited for: another version may open it.
    window.map_or(now, |window| window.next_open(&hours.zone, now).unwrap_or(Timestamp::LATEST))
}

/// What a person said of orders that were held, as a control.
fn control_of(verdict: Option<&Verdict>) -> Option<Control> {
    let verdict = verdict?;
    let order = if verdict.drops { Order::DropHeld } else { Order::ReleaseHeld };
    let (by, role, why) = (verdict.by.clone(), verdict.role.clone(), verdict.why.clone());
    Some(Control { by, role, why, order })
}

/// What takes an order back, by the version it was decided under, else by any.
fn undo_of(command: &Command, policies: &Policies) -> Option<Operation> {
    let Action::Provision(order) = &command.action else { return None };
    let own = policies.by_hash(&command.policy.hash).into_iter();
    own.chain(policies.versions()).find_map(|policy| undo_in(policy, &order.operation))
}

fn undo_in(policy: &Policy, operation: &Operation) -> Option<Operation> {
    let of_plans = policy.plans.values().flat_map(|plan| {
        let of_stages = plan.stages.iter().flat_map(|stage| &stage.measures);
        of_stages.chain(&plan.on_cure).chain(plan.before_due.iter().flat_map(|before| &before.measures))
    });
    let of_rules = policy.thresholds.iter().flat_map(|rule| &rule.measures);
    of_plans.chain(of_rules).find_map(|measure| match measure {
        Measure::Provision(order) if order.operation == *operation => Some(order.undo.clone()),
        Measure::Provision(_)
        | Measure::Message(_)
        | Measure::Task { .. }
        | Measure::Fee { .. }
        | Measure::Handover { .. } => None,
    })
}
