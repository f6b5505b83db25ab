//! A test's debtor in virtual time, and what came of it since it was last looked at.

use super::checks::CommandCheck;
use super::compare::matches;
use super::file::Reports;
use decision::command::Command;
use decision::event::{Body, Event, Outcome, PaymentStatus, Report};
use decision::ids::{AccountId, DebtorId, EventId};
use decision::money::MinorUnits;
use decision::record::Record;
use decision::time::{Timestamp, Zone};
use decision::{Policies, Policy};
use lives::{Cause, Decided, Life};
use std::sync::Arc;

/// The account of every test.
const ACCOUNT: &str = "account";

/// A debtor under a clock.
#[derive(Debug)]
pub(super) struct World {
    /// The debtor's life.
    pub(super) life: Life,
    /// What came of it.
    pub(super) told: Told,
    events: usize,
}

/// What came of a life.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The commands since they were last looked at.
    pub(super) commands: Vec<Command>,
    /// The records since they were last looked at.
    pub(super) records: Vec<Record>,
    /// Why the last step's events were rejected, those that were.
    pub(super) rejections: Vec<String>,
    /// Every record there was, oldest first.
    pub(super) all_records: Vec<Record>,
    /// Every command there was, oldest first.
    all_commands: Vec<Command>,
}

impl Told {
    fn keep(&mut self, decided: Decided<'_>) {
        let decisions = decided.decisions;
        self.all_records.extend(decisions.records.iter().cloned());
        self.records.extend(decisions.records);
        self.all_commands.extend(decisions.commands.iter().cloned());
        self.commands.extend(decisions.commands);
        // A report that the life itself makes may come too late: that is no step's event.
        if !matches!(decided.cause, Cause::Report(_)) {
            self.rejections.extend(decisions.rejection.as_ref().map(ToString::to_string));
        }
    }
}

impl World {
    pub(super) fn new(policy: Arc<Policy>, reports: Reports, clock: Timestamp) -> Self {
        let reports = match reports {
            Reports::Auto => lives::Reports::Auto,
            Reports::Manual => lives::Reports::AsGiven,
        };
        let life = Life::new(DebtorId::from(ACCOUNT), Policies::from(policy), reports, clock);
        Self { life, told: Told::default(), events: 0 }
    }

    /// The number of the next event.
    pub(super) fn next_event(&self) -> usize {
        self.events + 1
    }

    /// All that falls due up to and including `at` happens, each at its own time.
    ///
    /// # Errors
    /// Where time would stand still.
    pub(super) fn run_to(&mut self, at: Timestamp) -> Result<(), String> {
        let told = &mut self.told;
        self.life.run_to(at, &mut |decided| told.keep(decided)).map_err(|endless| endless.to_string())
    }

    /// Completes what takes something back by what it takes back, where it does not say that again.
    pub(super) fn complete(&self, body: &mut Body) {
        let (debt, holds) = (&self.life.debtor().debt, &self.life.debtor().holds);
        match body {
            Body::Payment(payment)
                if payment.status == PaymentStatus::Refused && payment.amount == MinorUnits::ZERO =>
            {
                let held = holds.iter().find(|hold| hold.id.as_str() == payment.id.as_str());
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
        let told = &mut self.told;
        self.life.happens(&event, &mut |decided| told.keep(decided));
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
        let newest = self.told.all_commands.iter().rev().find(|command| matches(wanted, command, zone));
        let Some(command_id) = newest.map(|command| command.id) else {
            return Err("no command that was requested is such".to_owned());
        };
        let (outcome, detail) = report;
        self.happens(Body::Report(Report { command_id, outcome, detail }), occurred_at, event_id);
        Ok(())
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
