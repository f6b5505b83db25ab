//! Counts what happened, in the words that a person would use.

use super::watch::Seen;
use decision::command::Action;
use std::collections::BTreeMap;

/// What happened so far.
#[derive(Default)]
pub(crate) struct Tally {
    /// Alerts sent.
    pub(crate) alerts: u64,
    /// How often each stage was entered.
    pub(crate) stages: BTreeMap<String, u64>,
    /// Cycles opened.
    pub(crate) opened: u64,
    /// Cycles that ended because the debt did.
    pub(crate) cured: u64,
    /// Commands by kind.
    pub(crate) commands: BTreeMap<&'static str, u64>,
    /// Orders that the breaker held.
    pub(crate) held: u64,
    /// Events rejected.
    pub(crate) rejects: u64,
    /// Events that came again.
    pub(crate) duplicates: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, seen: &Seen) {
        for command in &seen.commands {
            let kind = match &command.action {
                Action::Message(_) => "messages",
                Action::Provision(order) if order.is_undo => "restores",
                Action::Provision(_) => "bars and suspensions",
                Action::Task { .. } => "tasks",
                Action::Fee { .. } => "fees",
                Action::Handover { .. } => "hand-overs",
                Action::Cancel { .. } => "cancellations",
            };
            *self.commands.entry(kind).or_default() += 1;
        }
        for line in &seen.lines {
            match line.kind.as_str() {
                "alert" => self.alerts += 1,
                "stage_entered" => *self.stages.entry(figure(line, "stage").to_owned()).or_default() += 1,
                "cycle_opened" => self.opened += 1,
                "cycle_ended" if line.reason == "cured" => self.cured += 1,
                "measure_held" => self.held += 1,
                "duplicate" => self.duplicates += 1,
                // Counted by their commands, or of no interest in a summary.
                _ => {}
            }
        }
        self.rejects += u64::try_from(seen.rejects).unwrap_or(u64::MAX);
    }
}

/// A figure of a line of history; empty where it has none of this name.
pub(crate) fn figure<'a>(line: &'a schemas::HistoryLine, name: &str) -> &'a str {
    line.figures.iter().find(|figure| figure.name == name).map_or("", |figure| &figure.value)
}
