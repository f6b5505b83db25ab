//! What is wanted of all that is read: by account, rule, command, kind of event; and which topics that takes.

use super::item::{Item, Topic, Unreadable, What};
use crate::cli::{EventKind, TapArguments};
use decision::command::{Action, Cancelled, Command, Origin};
use schemas::{HistoryLine, InputTopic, OutputTopic};
use std::collections::BTreeSet;

/// A command's kind, by the topic that it lies in.
pub(super) fn command_kind(topic: OutputTopic) -> &'static str {
    match topic {
        OutputTopic::Messages => "message",
        OutputTopic::Provisioning => "provisioning",
        OutputTopic::Tasks => "task",
        OutputTopic::Fees => "fee",
        OutputTopic::Handovers => "handover",
        OutputTopic::Records | OutputTopic::Rejects | OutputTopic::Journal | OutputTopic::Debtors => "none",
    }
}

/// What a command names: template, operation, queue, the code of a fee, who takes a debt over.
pub(super) fn names(command: &Command) -> &str {
    match &command.action {
        Action::Message(message) => message.template.as_str(),
        Action::Provision(provision) => provision.operation.as_str(),
        Action::Task { queue, .. } | Action::Cancel { what: Cancelled::Task(queue), .. } => queue.as_str(),
        Action::Fee { code, .. } => code,
        Action::Handover { to, .. } => to,
        Action::Cancel { what: Cancelled::Message(template), .. } => template.as_str(),
    }
}

/// What is wanted. Of several values of one filter each will do.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) accounts: BTreeSet<String>,
    pub(super) rules: Vec<String>,
    pub(super) commands: Vec<String>,
    pub(super) events: Vec<InputTopic>,
    pub(super) rejects: bool,
}

impl Wanted {
    pub(super) fn of(arguments: &TapArguments) -> Self {
        Self {
            accounts: arguments.account.iter().cloned().collect(),
            rules: arguments.rule.clone(),
            commands: arguments.command.clone(),
            events: arguments.event.iter().map(|kind| topic_of(*kind)).collect(),
            rejects: arguments.rejects,
        }
    }

    /// Whether nothing says which kinds of items are wanted.
    fn is_any_kind(&self) -> bool {
        self.rules.is_empty() && self.commands.is_empty() && self.events.is_empty() && !self.rejects
    }

    fn has_decisions(&self) -> bool {
        self.is_any_kind() || !self.rules.is_empty()
    }

    fn has_commands(&self) -> bool {
        self.has_decisions() || !self.commands.is_empty()
    }

    fn has_rejects(&self) -> bool {
        self.is_any_kind() || self.rejects
    }

    fn has_event(&self, topic: InputTopic) -> bool {
        self.is_any_kind() || self.events.contains(&topic)
    }

    /// Whether an item is shown.
    pub(super) fn shows(&self, item: &Item) -> bool {
        self.is_of(item.account(), item.debtor())
            && match &item.what {
                What::Event(topic, _) => self.has_event(*topic),
                What::Decision(line) => self.has_decisions() && self.is_by_rule(line),
                What::Command(topic, command) => self.shows_command(*topic, command),
                What::Reject(_) => self.has_rejects(),
                What::Unreadable(unreadable) => self.shows_unreadable(unreadable),
            }
    }

    /// Whether something of this account and this debtor is wanted.
    pub(super) fn is_of(&self, account: Option<&str>, debtor: Option<&str>) -> bool {
        self.accounts.is_empty()
            || [account, debtor].into_iter().flatten().any(|id| self.accounts.contains(id))
    }

    fn is_by_rule(&self, line: &HistoryLine) -> bool {
        let named = |name: &str| matches!(name, "rule" | "plan" | "stage");
        let mut figures = line.figures.iter().filter(|figure| named(&figure.name));
        self.rules.is_empty() || figures.any(|figure| self.rules.contains(&figure.value))
    }

    fn shows_command(&self, topic: OutputTopic, command: &Command) -> bool {
        let is_asked = |wanted: &String| wanted == command_kind(topic) || wanted == names(command);
        self.has_commands()
            && (self.rules.is_empty() || is_of_rule(command, &self.rules))
            && (self.commands.is_empty() || self.commands.iter().any(is_asked))
    }

    /// What cannot be read is shown where what it should have been may be wanted.
    fn shows_unreadable(&self, unreadable: &Unreadable) -> bool {
        match unreadable.topic {
            Topic::In(topic) => self.has_event(topic),
            Topic::Out(OutputTopic::Records) => self.has_decisions(),
            Topic::Out(OutputTopic::Rejects) => self.has_rejects(),
            // Without it nobody knows what led to what.
            Topic::Out(OutputTopic::Journal) => true,
            Topic::Out(OutputTopic::Debtors) => false,
            Topic::Out(
                OutputTopic::Messages
                | OutputTopic::Provisioning
                | OutputTopic::Tasks
                | OutputTopic::Fees
                | OutputTopic::Handovers,
            ) => self.has_commands(),
        }
    }

    /// The topics that have to be read: where decisions or commands are wanted, all events and the journal as
    /// well, which say what led to them.
    pub(super) fn topics(&self) -> (Vec<InputTopic>, Vec<OutputTopic>) {
        let is_matched = self.has_commands();
        let inputs = InputTopic::ALL.iter().copied();
        let inputs = inputs.filter(|topic| is_matched || self.has_event(*topic)).collect();
        let mut outputs = Vec::new();
        if self.has_commands() {
            outputs.extend(OutputTopic::COMMANDS.into_iter().filter(|topic| self.may_be_in(*topic)));
            outputs.push(OutputTopic::Journal);
        }
        if self.has_decisions() {
            outputs.push(OutputTopic::Records);
        }
        if self.has_rejects() {
            outputs.push(OutputTopic::Rejects);
        }
        (inputs, outputs)
    }

    /// Whether a wanted command may lie in this topic: a name may lie in any.
    fn may_be_in(&self, topic: OutputTopic) -> bool {
        let is_kind = |word: &String| OutputTopic::COMMANDS.iter().any(|topic| word == command_kind(*topic));
        self.commands.is_empty()
            || self.commands.iter().any(|word| !is_kind(word) || word == command_kind(topic))
    }
}

fn is_of_rule(command: &Command, rules: &[String]) -> bool {
    let is_one = |name: &str| rules.iter().any(|rule| rule == name);
    match &command.origin {
        Origin::Threshold { rule } => is_one(rule.as_str()),
        Origin::Cycle { plan, stage, .. } => {
            is_one(plan.as_str()) || stage.as_ref().is_some_and(|stage| is_one(stage.as_str()))
        }
        Origin::BeforeDue { plan, .. } => is_one(plan.as_str()),
        Origin::ByHand => false,
    }
}

fn topic_of(kind: EventKind) -> InputTopic {
    match kind {
        EventKind::Account => InputTopic::Accounts,
        EventKind::Balance => InputTopic::Balances,
        EventKind::Invoice => InputTopic::Invoices,
        EventKind::Adjustment => InputTopic::Adjustments,
        EventKind::Payment => InputTopic::Payments,
        EventKind::Reversal => InputTopic::Reversals,
        EventKind::Control => InputTopic::Controls,
        EventKind::Report => InputTopic::Reports,
    }
}

#[cfg(test)]
mod tests;
