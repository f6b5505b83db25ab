//! A debtor's life in virtual time: the clock moves from due time to due time and from event to event,
//! and what is decided is shown to whoever watches.
//!
//! It is what policy tests play, what `weir explain` tells and what `weir simulate` counts. Where events
//! come from, and what a watcher makes of decisions, is not known here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

use decision::command::{Action, Command};
use decision::event::{Body, Event, Outcome, Report};
use decision::ids::{DebtorId, EventId, PolicyHash};
use decision::time::Timestamp;
use decision::{Debtor, Decisions, Input, Moment, Policies, Policy, decide};
use std::collections::VecDeque;
use std::sync::Arc;

/// So many due times may come without the clock moving on; more is a rule that never ends.
const MOST_DUE_AT_ONCE: usize = 1_000;

/// Who reports what becomes of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reports {
    /// The life itself: every command is done at once, tasks are accepted and wait for a person.
    Auto,
    /// The events, and nobody else.
    AsGiven,
}

/// What made a decision.
#[derive(Clone, Copy, Debug)]
pub enum Cause<'a> {
    /// An event came.
    Event(&'a Event),
    /// Its due time came, or another version of the policy began to hold.
    Due,
    /// A command was reported on by the life itself ([`Reports::Auto`]).
    Report(&'a Event),
}

/// What was decided, and on what.
#[derive(Debug)]
pub struct Decided<'a> {
    /// The debtor, as it is after the decision.
    pub debtor: &'a Debtor,
    /// When.
    pub moment: Moment,
    /// Every version of the policy that is at hand.
    pub policies: &'a Policies,
    /// What made it.
    pub cause: Cause<'a>,
    /// What was decided.
    pub decisions: Decisions,
}

/// Something stays due, however often it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("something stays due at {at}, and never ends")]
pub struct Endless {
    /// Since when.
    pub at: Timestamp,
}

/// A debtor under a clock.
#[derive(Debug)]
pub struct Life {
    debtor: Debtor,
    /// Every version of the policy there was so far: a cycle may be pinned to an older one.
    policies: Policies,
    clock: Timestamp,
    /// Up to when the log is read.
    horizon: Timestamp,
    /// The hash of the policy under which what is due was done last.
    ruling: PolicyHash,
    reports: Reports,
    /// How many reports the life made: their ids count them.
    reported: u64,
}

impl Life {
    /// A debtor of whom nothing is known, at a moment.
    #[must_use]
    pub fn new(debtor: DebtorId, policies: Policies, reports: Reports, clock: Timestamp) -> Self {
        let ruling = policies.at(clock).identity.hash.clone();
        let debtor = Debtor::new(debtor);
        Self { debtor, policies, clock, horizon: clock, ruling, reports, reported: 0 }
    }

    /// The debtor, as it is.
    #[must_use]
    pub fn debtor(&self) -> &Debtor {
        &self.debtor
    }

    /// Every version of the policy that is at hand.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The time it is.
    #[must_use]
    pub fn clock(&self) -> Timestamp {
        self.clock
    }

    /// The time it is, for those who only look.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment { now: self.clock, horizon: self.horizon }
    }

    /// The policy that holds now.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(self.policies.at(self.clock))
    }

    /// Another version comes. It holds from here, or from its own later date on.
    pub fn adopt(&mut self, policy: Policy) {
        let from = policy.effective_from.map_or(self.clock, |from| from.max(self.clock));
        let mut versions = self.policies.versions().to_vec();
        versions.push(Arc::new(Policy { effective_from: Some(from), ..policy }));
        if let Ok(policies) = Policies::new(versions) {
            self.policies = policies;
        }
    }

    /// All that falls due up to and including `at` happens, each at its own time.
    ///
    /// # Errors
    /// Where time would stand still.
    pub fn run_to(&mut self, at: Timestamp, watch: &mut impl FnMut(Decided<'_>)) -> Result<(), Endless> {
        let mut at_once = 0;
        while let Some(due) = self.next_due().filter(|due| *due <= at) {
            if due > self.clock {
                self.clock = due;
                at_once = 0;
            }
            at_once += 1;
            if at_once > MOST_DUE_AT_ONCE {
                return Err(Endless { at: due });
            }
            self.horizon = self.clock;
            self.ruling.clone_from(&self.policies.at(self.clock).identity.hash);
            let requested = self.decide(Input::Due, Cause::Due, watch);
            self.report(requested, watch);
        }
        self.clock = self.clock.max(at);
        self.horizon = self.clock;
        Ok(())
    }

    /// The clock stands at `at`, and nothing has run since the last step: what fell due waits until
    /// the log is read.
    pub fn wake_at(&mut self, at: Timestamp) {
        self.clock = self.clock.max(at);
    }

    /// An event comes now, whenever it happened.
    pub fn happens(&mut self, event: &Event, watch: &mut impl FnMut(Decided<'_>)) {
        let requested = self.decide(Input::Event(event), Cause::Event(event), watch);
        self.report(requested, watch);
    }

    /// When something is due next: by the debtor's state, or because another policy holds.
    fn next_due(&self) -> Option<Timestamp> {
        let changed = self.policies.at(self.clock).identity.hash != self.ruling;
        let policy = if changed { Some(self.clock) } else { self.policies.next_change(self.clock) };
        self.debtor.next_due.into_iter().chain(policy).min()
    }

    /// Decides, shows it, and hands back the commands that are to be reported on.
    fn decide(
        &mut self,
        input: Input<'_>,
        cause: Cause<'_>,
        watch: &mut impl FnMut(Decided<'_>),
    ) -> Vec<Command> {
        let moment = self.moment();
        let decisions = decide(&mut self.debtor, input, moment, &self.policies);
        let requested = match self.reports {
            Reports::Auto => decisions.commands.clone(),
            Reports::AsGiven => Vec::new(),
        };
        watch(Decided { debtor: &self.debtor, moment, policies: &self.policies, cause, decisions });
        requested
    }

    /// Reports these commands, and those that this brings about.
    fn report(&mut self, requested: Vec<Command>, watch: &mut impl FnMut(Decided<'_>)) {
        let mut waiting = VecDeque::from(requested);
        while let Some(command) = waiting.pop_front() {
            let outcome = match command.action {
                Action::Task { .. } => Outcome::Accepted,
                Action::Message(_) | Action::Provision(_) | Action::Fee { .. } | Action::Handover { .. } => {
                    Outcome::Done
                }
                // What is taken back has no end of its own to report.
                Action::Cancel { .. } => continue,
            };
            self.reported += 1;
            let event = Event {
                event_id: EventId::from(format!("report-{}", self.reported)),
                account_id: command.account_id,
                debtor_id: Some(command.debtor_id),
                occurred_at: self.clock,
                source: "report".to_owned(),
                body: Body::Report(Report { command_id: command.id, outcome, detail: None }),
            };
            waiting.extend(self.decide(Input::Event(&event), Cause::Report(&event), watch));
        }
    }
}
