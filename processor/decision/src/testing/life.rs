//! A debtor's life in virtual time: what falls due happens at its own time, between the events.

use super::{invariants, moment, snapshot, words};
use crate::command::Command;
use crate::event::{Body, Event};
use crate::ids::CommandId;
use crate::passage::Passage;
use crate::record::RecordKind;
use crate::time::Timestamp;
use crate::{Debtor, Decisions, Input, Moment, Policies, decide};
use std::collections::BTreeSet;

/// A debtor, the policy it lives under, and all that was decided on it so far.
pub(crate) struct Life {
    pub(crate) policies: Policies,
    pub(crate) debtor: Debtor,
    pub(crate) commands: Vec<Command>,
    /// The kind, reason and figures of every record.
    pub(crate) records: Vec<(RecordKind, String)>,
    /// How the last event was rejected, by its code.
    pub(crate) rejected: Option<&'static str>,
    events: usize,
    ids: BTreeSet<CommandId>,
}

impl Life {
    /// A life that begins without a snapshot.
    pub(crate) fn unknown(policies: impl Into<Policies>) -> Self {
        Self {
            policies: policies.into(),
            debtor: Debtor::new("a-1".into()),
            commands: Vec::new(),
            records: Vec::new(),
            rejected: None,
            events: 0,
            ids: BTreeSet::new(),
        }
    }

    /// A life whose account is known from the year 2000 on.
    pub(crate) fn new(policies: impl Into<Policies>) -> Self {
        let mut life = Self::unknown(policies);
        life.at("2000-01-01", Body::Account(snapshot()));
        life
    }

    /// Lets time go by up to and including `at`, then takes the event. Answers what was commanded.
    #[track_caller]
    pub(crate) fn at(&mut self, at: &str, body: Body) -> String {
        let before = self.commands.len();
        self.until(at);
        self.take(at, at, body);
        self.commanded_since(before)
    }

    /// Lets time go by up to and including `at`. Answers what was commanded.
    #[track_caller]
    pub(crate) fn until(&mut self, at: &str) -> String {
        let (before, at) = (self.commands.len(), moment(at));
        while let Some(due) = self.debtor.next_due.filter(|due| *due <= at) {
            self.decide(Input::Due, Moment { now: due, horizon: due });
        }
        self.commanded_since(before)
    }

    /// Takes an event at `now` while the log is read only up to `horizon`; no timer fires before.
    #[track_caller]
    pub(crate) fn lagging(&mut self, now: &str, horizon: &str, body: Body) -> String {
        let before = self.commands.len();
        self.take(now, horizon, body);
        self.commanded_since(before)
    }

    /// Does what is due at `now` in one go, as after an outage.
    #[track_caller]
    pub(crate) fn catch_up(&mut self, now: &str) -> String {
        let (before, now) = (self.commands.len(), moment(now));
        while self.debtor.next_due.is_some_and(|due| due <= now) {
            self.decide(Input::Due, Moment { now, horizon: now });
        }
        self.commanded_since(before)
    }

    /// Lets time go by, and tells of the newest command of this text what became of it on its way out.
    /// Answers what was commanded.
    #[track_caller]
    pub(crate) fn pass(&mut self, at: &str, text: &str, passage: Passage<'_>) -> String {
        let before = self.commands.len();
        self.until(at);
        let of_text = |command: &&Command| words::command_text(command) == text;
        let command = self.commands.iter().rev().find(of_text);
        let command = command.unwrap_or_else(|| panic!("no command «{text}»")).clone();
        if passage == Passage::Shut {
            // It never went out, and comes again under its id.
            self.ids.remove(&command.id);
        }
        let moment = Moment { now: moment(at), horizon: moment(at) };
        self.decide(Input::Passage { command: &command, passage }, moment);
        self.commanded_since(before)
    }

    #[track_caller]
    fn take(&mut self, now: &str, horizon: &str, body: Body) {
        let horizon = if horizon == "EARLIEST" { Timestamp::EARLIEST } else { moment(horizon) };
        self.events += 1;
        let event = event(&format!("e-{}", self.events), moment(now), body);
        self.take_event(&event, Moment { now: moment(now), horizon });
    }

    /// Takes an event as it is.
    #[track_caller]
    pub(crate) fn take_event(&mut self, event: &Event, moment: Moment) -> Decisions {
        self.decide(Input::Event(event), moment)
    }

    /// Decides, and checks what always holds.
    #[track_caller]
    pub(crate) fn decide(&mut self, input: Input<'_>, moment: Moment) -> Decisions {
        let before = self.debtor.clone();
        let decisions = decide(&mut self.debtor, input, moment, &self.policies);
        invariants::check(&before, &self.debtor, input, (moment, &self.policies), &decisions);
        for command in &decisions.commands {
            assert!(self.ids.insert(command.id), "a command id came twice: {command:?}");
            let first = command.first_id.is_none_or(|first| self.ids.contains(&first));
            assert!(first, "no command has the id that a further try names: {command:?}");
        }
        self.rejected = decisions.rejection.as_ref().map(crate::Rejection::code);
        self.commands.extend(decisions.commands.iter().cloned());
        self.records.extend(decisions.records.iter().map(|record| (record.kind, record.reason.clone())));
        decisions
    }

    fn commanded_since(&self, before: usize) -> String {
        let texts = self.commands[before..].iter().map(words::command_text);
        texts.collect::<Vec<_>>().join(", ")
    }

    /// The id of the newest command of this text.
    #[track_caller]
    pub(crate) fn newest(&self, text: &str) -> CommandId {
        let found = self.commands.iter().rev().find(|command| words::command_text(command) == text);
        found.unwrap_or_else(|| panic!("no command «{text}»")).id
    }

    /// Where its debt is worked on: `active od1 249.95`.
    pub(crate) fn state(&self, at: &str) -> String {
        words::state_text(&self.debtor, moment(at), &self.policies)
    }

    /// What is paid of each invoice: `B1 40 of 100; credit 5`.
    pub(crate) fn debt(&self) -> String {
        words::debt_text(&self.debtor)
    }

    /// What each hold freezes now: `D1 100 of 200`.
    pub(crate) fn holds(&self, at: &str) -> String {
        words::holds_text(&self.debtor, moment(at), &self.policies)
    }

    /// The fired lines: `low: 100.00 50.00`.
    pub(crate) fn fired(&self) -> String {
        words::fired_text(&self.debtor, &self.policies)
    }

    /// When something is due next.
    pub(crate) fn next_due(&self) -> String {
        self.debtor.next_due.map_or_else(String::new, |due| due.to_string())
    }

    /// The reasons of all records of a kind.
    pub(crate) fn reasons(&self, kind: RecordKind) -> Vec<&str> {
        let of_kind = self.records.iter().filter(|(of, _)| *of == kind);
        of_kind.map(|(_, reason)| reason.as_str()).collect()
    }
}

/// An event of the debtor's own account.
pub(crate) fn event(id: &str, at: Timestamp, body: Body) -> Event {
    Event {
        event_id: id.into(),
        account_id: "a-1".into(),
        debtor_id: None,
        occurred_at: at,
        source: "billing".to_owned(),
        body,
    }
}
