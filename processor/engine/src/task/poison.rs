//! Poison: inputs over which the core fails. Each is found on a copy of its debtor, or alone in its
//! batch; it is set aside, and the partition goes on.
//!
//! What is known of them is [`crate::caution`]'s business; why so:
//! `docs/decisions/0010-what-the-core-fails-over-is-set-aside.md`.

use super::Task;
use super::deciding::note_change;
use crate::caution::InputId;
use crate::error::{TaskError, in_full};
use crate::faults::{Faults, Mutation};
use crate::log::{Log, LogRecord};
use crate::metrics as names;
use crate::panics;
use crate::store::{Stores, TimerKey};
use decision::command::Command;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use decision::{Debtor, Decisions, Event, Input, Moment, Policies};
use schemas::reject::Source;
use schemas::{Decoder, Poisoned, Postponed, PutOff, Reject, Step, Untold};

/// What the core made of an input; or how it failed.
pub(super) type Decided = Result<Decisions, String>;

/// Asks the core. In tests it may fail on purpose, once it has changed the debtor.
pub(super) fn ask_the_core(
    debtor: &mut Debtor,
    input: Input<'_>,
    (moment, policies): (Moment, &Policies),
    faults: &Faults,
    is_tried: bool,
) -> Decisions {
    let fails =
        faults.poison().is_some_and(|poison| poison.is_in(debtor.id.as_str(), &input, is_tried, moment.now));
    let decisions = decision::decide(debtor, input, moment, policies);
    assert!(!fails, "the core fails on purpose over «{}»", debtor.id);
    decisions
}

impl<L: Log, S: Stores> Task<L, S> {
    /// Whether everything is decided on a copy.
    pub(super) fn is_wary(&self) -> bool {
        self.caution.is_wary(|| self.shared.clock.ticks())
    }

    /// Decides on one input on a copy of the debtor, and writes on trial what it decides. Where the
    /// core fails, nothing has changed.
    pub(super) fn try_to_decide(&mut self, id: &DebtorId, input: Input<'_>) -> Result<Decided, TaskError> {
        match panics::caught(|| self.decide_on_a_copy(id, input)) {
            Ok(Ok((due_before, debtor, decisions))) => {
                let batch = self.batch.saturating_add(1);
                if !self.working.has(id.as_str()) {
                    self.working.put(Debtor::new(id.clone()), batch);
                }
                self.working.put(debtor, batch);
                if let Some(entry) = self.working.get(id.as_str(), batch).filter(|_| decisions.changed) {
                    note_change(entry, batch, due_before, &mut self.open, &mut self.timers);
                }
                Ok(Ok(decisions))
            }
            Ok(Err(TaskError::Encode { source, .. })) => Ok(Err(in_full(&source))),
            Ok(Err(error)) => Err(error),
            Err(panic) => {
                self.renew_codecs();
                if self.breaks(Mutation::PoisonHalfDone) {
                    self.decide_half(id, input);
                }
                Ok(Err(panic))
            }
        }
    }

    /// When the debtor was due, the debtor as it would be, and what would be decided.
    fn decide_on_a_copy(
        &mut self,
        id: &DebtorId,
        input: Input<'_>,
    ) -> Result<(Option<Timestamp>, Debtor, Decisions), TaskError> {
        if !self.working.has(id.as_str())
            && let Some(stored) = self.load(id.as_str())?
        {
            self.working.put(stored, self.batch.saturating_add(1));
        }
        let known = self.working.peek(id.as_str()).cloned();
        let mut debtor = known.unwrap_or_else(|| Debtor::new(id.clone()));
        let due_before = debtor.next_due;
        let by = (self.open.moment, &*self.known.policies);
        let decisions = ask_the_core(&mut debtor, input, by, &self.shared.settings.faults, true);
        self.forms.try_all(&decisions.commands, &decisions.records, &debtor)?;
        Ok((due_before, debtor, decisions))
    }

    /// In tests only: what would be kept of a debtor without a copy.
    fn decide_half(&mut self, id: &DebtorId, input: Input<'_>) {
        let by = (self.open.moment, &*self.known.policies);
        let (batch, faults) = (self.batch.saturating_add(1), &self.shared.settings.faults);
        if let Some(entry) = self.working.get(id.as_str(), batch) {
            let _ = panics::caught(|| ask_the_core(&mut entry.debtor, input, by, faults, true));
        }
    }

    /// A codec that was left in the middle of its work is not used again.
    pub(super) fn renew_codecs(&mut self) {
        self.decoder = Decoder::new(self.shared.registry.clone(), &self.shared.schemas);
        self.forms.renew();
    }

    /// Whether anything is known of a debtor, or how reading it failed.
    pub(super) fn knows(&mut self, id: &DebtorId) -> Result<Result<bool, String>, TaskError> {
        if !self.is_wary() {
            return self.is_known(id).map(Ok);
        }
        match panics::caught(|| self.is_known(id)) {
            Ok(outcome) => outcome.map(Ok),
            Err(panic) => {
                self.renew_codecs();
                Ok(Err(panic))
            }
        }
    }

    /// Sets a record aside that was taken: it lies in the rejects.
    pub(super) fn set_record_aside(
        &mut self,
        record: &LogRecord,
        event: Option<&Event>,
        how: String,
    ) -> Result<(), TaskError> {
        let source = super::deciding::source_of(record);
        let debtor = match (event, &record.key) {
            (Some(event), _) => event.debtor().to_owned(),
            (None, key) => String::from_utf8_lossy(key.as_deref().unwrap_or_default()).into_owned(),
        };
        self.found("event", debtor.into(), &how)?;
        let reject = Reject::poison(source, event, how.clone(), self.open.moment.now);
        self.reject(record.key.clone().unwrap_or_default(), &reject)?;
        if !self.breaks(Mutation::PoisonUntold) {
            let (topic, offset) = (record.source.topic.clone(), record.offset);
            self.step(Step::Poisoned(Poisoned { topic, offset, failure: how }));
        }
        Ok(())
    }

    /// Puts off a timer, or a debtor to be decided anew.
    pub(super) fn put_off(&mut self, what: PutOff, how: &str) -> Result<(), TaskError> {
        let (kind, told) = match what.due {
            Some(due) => ("timer", format!("what was due at {due}")),
            None => ("sweep", "being decided by the version of the policy that holds".to_owned()),
        };
        self.found(kind, what.debtor_id.clone(), how)?;
        let debtor_id = what.debtor_id.clone();
        self.reject_no_record(&debtor_id, format!("{told} is put off and tried again every hour: {how}"))?;
        let (due, failure) = (what.due, how.to_owned());
        self.open.put_off(Postponed { debtor_id, due, failure });
        self.put_off.insert(what, self.open.moment.now);
        Ok(())
    }

    /// The debtor is not told what became of its command in the last step.
    pub(super) fn leave_untold(&mut self, command: &Command, how: &str) -> Result<(), TaskError> {
        self.found("passage", command.debtor_id.clone(), how)?;
        self.step(Step::Untold(Untold { command_id: command.id, failure: how.to_owned() }));
        let id = command.id;
        self.reject_no_record(
            &command.debtor_id,
            format!("what became of the command {id} is not told: {how}"),
        )
    }

    /// Tells in the rejects of a failure that is about no record.
    fn reject_no_record(&mut self, debtor_id: &DebtorId, detail: String) -> Result<(), TaskError> {
        let key = debtor_id.as_str().as_bytes();
        let (topic, timestamp, value) = ("", None, None);
        let source =
            Source { topic, partition: self.partition, offset: -1, timestamp, key: Some(key), value };
        let reject = Reject::poison(source, None, detail, self.open.moment.now);
        let reject = Reject { debtor_id: Some(debtor_id.as_str().into()), ..reject };
        self.reject(bytes::Bytes::copy_from_slice(key), &reject)
    }

    /// The core fails over an input for good.
    fn found(&mut self, kind: &'static str, debtor: DebtorId, how: &str) -> Result<(), TaskError> {
        metrics::counter!(names::POISON, "of" => kind).increment(1);
        tracing::error!(partition = self.partition, %debtor, kind, how, "the core fails over it: it is set aside");
        if self.caution.found(debtor, self.shared.clock.ticks()) {
            return Ok(());
        }
        let reason = format!("too many debtors in a short time, the last one by {how}");
        Err(TaskError::Misbehaves { partition: self.partition, reason })
    }

    /// Tries again what was put off, where it is time to.
    pub(super) fn try_put_off_again(&mut self) -> Result<(), TaskError> {
        let now = self.wall_clock();
        if !self.put_off.is_time(now) || self.is_full() || self.breaks(Mutation::PutOffForgotten) {
            return Ok(());
        }
        for what in self.put_off.list() {
            self.begin_batch_if_clean();
            self.try_again(&what)?;
            self.settle_if_cautious()?;
        }
        self.put_off.tried(now);
        Ok(())
    }

    fn try_again(&mut self, what: &PutOff) -> Result<(), TaskError> {
        let id = &what.debtor_id;
        match self.knows(id)? {
            Ok(true) => {}
            Ok(false) => {
                self.put_off.remove(what);
                return Ok(());
            }
            Err(_) => return Ok(()),
        }
        let waits_for = self.working.peek(id.as_str()).and_then(|debtor| debtor.next_due);
        match what.due {
            // An event has set another timer meanwhile.
            Some(due) if waits_for != Some(due) => {
                self.put_off.remove(what);
                return Ok(());
            }
            Some(due) if due > self.open.moment.horizon => return Ok(()),
            Some(_) | None => {}
        }
        let decided = match self.caution.comes(|| InputId::Due(what.clone())) {
            Some(how) => Err(how),
            None => self.try_to_decide(id, Input::Due)?,
        };
        match decided {
            Ok(decisions) => {
                tracing::info!(partition = self.partition, debtor = %id, "what was put off went well");
                self.put_off.remove(what);
                match what.due {
                    Some(due) => self.open.fired(&TimerKey { due, debtor: id.clone() }),
                    None => self.open.swept(id),
                }
                self.write(decisions)
            }
            Err(how) => {
                tracing::warn!(partition = self.partition, debtor = %id, how, "what was put off fails again");
                Ok(())
            }
        }
    }
}
