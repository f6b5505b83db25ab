//! Virtual time: a debtor under a clock that moves from due time to due time, and what comes of it.

use super::checks::CommandCheck;
use super::compare::matches;
use super::file::Reports;
use decision::command::{Action, Command};
use decision::event::{Body, Event, Outcome, PaymentStatus, Report};
use decision::ids::{AccountId, DebtorId, EventId, PolicyHash};
use decision::money::MinorUnits;
use decision::record::Record;
use decision::time::{Timestamp, Zone};
use decision::{Debtor, Decisions, Input, Moment, Policies, Policy, decide};
use std::sync::Arc;

/// The account of every test.
const ACCOUNT: &str = "account";

/// So many due times may come without the clock moving on; more is a rule that never ends.
const MOST_DUE_AT_ONCE: usize = 1_000;

/// A debtor under a clock.
#[derive(Debug)]
pub(super) struct World {
    /// The debtor.
    pub(super) debtor: Debtor,
    /// Every version of the policy there was so far: a cycle may be pinned to an older one.
    pub(super) policies: Policies,
    /// The time it is.
    pub(super) clock: Timestamp,
    /// The commands since they were last looked at.
    pub(super) commands: Vec<Command>,
    /// The records since they were last looked at.
    pub(super) records: Vec<Record>,
    /// Why the last step's events were rejected, those that were.
    pub(super) rejections: Vec<String>,
    /// Every command there was, oldest first.
    all_commands: Vec<Command>,
    /// Up to when the log is read.
    horizon: Timestamp,
    /// The hash of the policy under which what is due was done last.
    ruling: PolicyHash,
    reports: Reports,
    events: usize,
}

impl World {
    pub(super) fn new(policy: Arc<Policy>, reports: Reports, clock: Timestamp) -> Self {
        let ruling = policy.identity.hash.clone();
        Self {
            debtor: Debtor::new(DebtorId::from(ACCOUNT)),
            policies: policy.into(),
            clock,
            commands: Vec::new(),
            records: Vec::new(),
            rejections: Vec::new(),
            all_commands: Vec::new(),
            horizon: clock,
            ruling,
            reports,
            events: 0,
        }
    }

    /// The policy that holds now.
    pub(super) fn policy(&self) -> Arc<Policy> {
        Arc::clone(self.policies.at(self.clock))
    }

    /// Another version comes. It holds from here, or from its own later date on.
    pub(super) fn adopt(&mut self, policy: Policy) {
        let from = policy.effective_from.map_or(self.clock, |from| from.max(self.clock));
        let mut versions = self.policies.versions().to_vec();
        versions.push(Arc::new(Policy { effective_from: Some(from), ..policy }));
        if let Ok(policies) = Policies::new(versions) {
            self.policies = policies;
        }
    }

    /// When something is due next: by the debtor's state, or because another policy holds.
    fn next_due(&self) -> Option<Timestamp> {
        let changed = self.policies.at(self.clock).identity.hash != self.ruling;
        let policy = if changed { Some(self.clock) } else { self.policies.next_change(self.clock) };
        self.debtor.next_due.into_iter().chain(policy).min()
    }

    /// The number of the next event.
    pub(super) fn next_event(&self) -> usize {
        self.events + 1
    }

    /// The time it is, for those who only look.
    pub(super) fn moment(&self) -> Moment {
        Moment { now: self.clock, horizon: self.horizon }
    }

    /// All that falls due up to and including `at` happens, each at its own time.
    ///
    /// # Errors
    /// Where time would stand still.
    pub(super) fn run_to(&mut self, at: Timestamp) -> Result<(), String> {
        let mut at_once = 0;
        while let Some(due) = self.next_due().filter(|due| *due <= at) {
            if due > self.clock {
                self.clock = due;
                at_once = 0;
            }
            at_once += 1;
            if at_once > MOST_DUE_AT_ONCE {
                return Err(format!("something stays due at {due}, and never ends"));
            }
            self.horizon = self.clock;
            self.ruling = self.policy().identity.hash.clone();
            self.decide(Input::Due);
        }
        self.clock = self.clock.max(at);
        self.horizon = self.clock;
        Ok(())
    }

    /// The clock stands at `at`, and nothing has run since the last step: what fell due waits until
    /// the log is read.
    pub(super) fn wake_at(&mut self, at: Timestamp) {
        self.clock = self.clock.max(at);
    }

    /// Completes what takes something back by what it takes back, where it does not say that again.
    pub(super) fn complete(&self, body: &mut Body) {
        let debt = &self.debtor.debt;
        match body {
            Body::Payment(payment)
                if payment.status == PaymentStatus::Refused && payment.amount == MinorUnits::ZERO =>
            {
                let held = self.debtor.holds.iter().find(|hold| hold.id.as_str() == payment.id.as_str());
                payment.amount = held.map_or(payment.amount, |hold| hold.amount);
            }
            Body::Adjustment(undo) if undo.undo && undo.amount == MinorUnits::ZERO => {
                let waiting = debt.waiting_adjustments.iter().map(|waiting| &waiting.adjustment);
                let waiting = waiting.map(|known| (&known.id, &known.invoice, known.amount));
                let booked = debt.adjustments.iter().map(|known| (&known.id, &known.invoice, known.amount));
                if let Some((_, invoice, amount)) = booked.chain(waiting).find(|(id, ..)| **id == undo.id) {
                    (undo.invoice, undo.amount) = (invoice.clone(), amount);
                }
            }
            // They say all themselves.
            Body::Account(_)
            | Body::Balance(_)
            | Body::Invoice(_)
            | Body::Adjustment(_)
            | Body::Payment(_)
            | Body::Reversal(_)
            | Body::Control(_)
            | Body::Report(_) => {}
        }
    }

    /// An event comes.
    pub(super) fn happens(&mut self, body: Body, occurred_at: Timestamp, event_id: Option<&str>) {
        self.events += 1;
        let event_id = event_id.map_or_else(|| format!("event-{}", self.events), str::to_owned);
        let event = event(EventId::from(event_id), body, occurred_at);
        let rejection = self.decide(Input::Event(&event));
        self.rejections.extend(rejection);
    }

    /// A report on the newest command that matches comes.
    ///
    /// # Errors
    /// Where no command matches.
    pub(super) fn report(
        &mut self,
        wanted: &CommandCheck,
        zone: &Zone,
        report: (Outcome, Option<String>),
        occurred_at: Timestamp,
        event_id: Option<&str>,
    ) -> Result<(), String> {
        let newest = self.all_commands.iter().rev().find(|command| matches(wanted, command, zone));
        let Some(command_id) = newest.map(|command| command.id) else {
            return Err("no command that was requested is such".to_owned());
        };
        let (outcome, detail) = report;
        self.happens(Body::Report(Report { command_id, outcome, detail }), occurred_at, event_id);
        Ok(())
    }

    fn decide(&mut self, input: Input<'_>) -> Option<String> {
        let moment = self.moment();
        let decisions = decide(&mut self.debtor, input, moment, &self.policies);
        let rejection = decisions.rejection.as_ref().map(ToString::to_string);
        let requested = self.keep(decisions);
        if self.reports == Reports::Auto {
            self.report_all(requested);
        }
        rejection
    }

    fn keep(&mut self, decisions: Decisions) -> Vec<Command> {
        self.records.extend(decisions.records);
        self.all_commands.extend(decisions.commands.iter().cloned());
        self.commands.extend(decisions.commands.iter().cloned());
        decisions.commands
    }

    /// Every command is reported done at once, tasks only accepted; so are the commands that this
    /// brings about.
    fn report_all(&mut self, requested: Vec<Command>) {
        let mut waiting = std::collections::VecDeque::from(requested);
        while let Some(command) = waiting.pop_front() {
            let outcome = match command.action {
                Action::Task { .. } => Outcome::Accepted,
                Action::Message(_) | Action::Provision(_) | Action::Fee { .. } | Action::Handover { .. } => {
                    Outcome::Done
                }
                // What is taken back has no end of its own to report.
                Action::Cancel { .. } => continue,
            };
            self.events += 1;
            let id = EventId::from(format!("report-{}", self.events));
            let body = Body::Report(Report { command_id: command.id, outcome, detail: None });
            let decisions = {
                let (event, moment) = (event(id, body, self.clock), self.moment());
                decide(&mut self.debtor, Input::Event(&event), moment, &self.policies)
            };
            waiting.extend(self.keep(decisions));
        }
    }
}

fn event(event_id: EventId, body: Body, occurred_at: Timestamp) -> Event {
    Event {
        event_id,
        account_id: AccountId::from(ACCOUNT),
        debtor_id: None,
        occurred_at,
        source: "test".to_owned(),
        body,
    }
}
