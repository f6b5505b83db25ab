//! What records say of the debt: how much it is, and how far the work on it is.
//!
//! Every change of a cycle, its plan and its stage has a record, so these are known from one record to the next. An
//! amount has none: an invoice comes into a plan's scope by time alone. It is known only where a record says it, and
//! no later one of that moment changes it.

use super::{figure, kind_of};
use crate::explain::{ALL, DebtNow};
use decision::Policies;
use decision::ids::PolicyHash;
use decision::record::RecordKind;
use decision::time::Timestamp;
use schemas::HistoryLine;
use std::collections::BTreeMap;

/// What is known of a debtor's debt, by its class.
pub(super) struct Owed {
    /// Whether all records from the first on were heard: then no cycle is open that they do not tell of.
    is_whole: bool,
    classes: BTreeMap<String, Class>,
}

/// What is known of one class of the debt.
#[derive(Default)]
struct Class {
    /// The cycles that are open, by their numbers.
    cycles: BTreeMap<i64, Cycle>,
    /// The real and the conditional debt at this moment.
    amounts: Option<(String, String)>,
}

/// What is known of a cycle that is open.
#[derive(Default)]
struct Cycle {
    plan: Option<String>,
    stage: Option<String>,
    is_held: Option<bool>,
    /// Whether it works on its own invoices only, so that its debt is not all of the class.
    is_rolling: bool,
}

impl Owed {
    /// Before the first record; `is_whole` where that is the debtor's first.
    pub(super) fn new(is_whole: bool) -> Self {
        Self { is_whole, classes: BTreeMap::new() }
    }

    /// The records of another moment follow: amounts are those of the last one.
    pub(super) fn begin_row(&mut self) {
        self.classes.values_mut().for_each(|class| class.amounts = None);
    }

    /// Records are missing.
    pub(super) fn forget(&mut self) {
        *self = Self::new(false);
    }

    /// Takes what a record says.
    pub(super) fn hear(&mut self, line: &HistoryLine, policies: &Policies) {
        let Some(kind) = kind_of(line) else { return };
        match kind {
            RecordKind::CycleOpened => {
                self.cycle(line, policies, |cycle| cycle.is_held = Some(false));
                self.owes(line);
            }
            RecordKind::CycleHeld => {
                self.cycle(line, policies, |cycle| cycle.stands(line, Some(true)));
                self.owes_as_of(line, "since");
            }
            RecordKind::CycleResumed => {
                self.cycle(line, policies, |cycle| cycle.stands(line, Some(false)));
                self.owes_as_of(line, "resumed");
            }
            RecordKind::StageEntered => {
                // Only a person puts a cycle that is held into a stage, and then no due time is told.
                let is_held = figure(line, "due").is_some().then_some(false);
                self.cycle(line, policies, |cycle| cycle.stands(line, is_held));
                self.owes(line);
            }
            RecordKind::StageLeft => {
                self.cycle(line, policies, |cycle| cycle.stage = named(figure(line, "to")));
                self.owes(line);
            }
            RecordKind::PlanAssigned | RecordKind::PolicyChanged => {
                self.amounts_are_unknown();
                self.moves(line, kind, policies);
            }
            RecordKind::CycleEnded => self.ends(line, policies),
            RecordKind::InvoiceBooked
            | RecordKind::InvoiceAdjusted
            | RecordKind::PaymentBooked
            | RecordKind::PaymentWaiting
            | RecordKind::PaymentReversed
            | RecordKind::HoldMade
            | RecordKind::HoldEnded
            | RecordKind::PromiseKept
            | RecordKind::PromiseBroken
            | RecordKind::InstalmentsBroken
            | RecordKind::SegmentChanged
            | RecordKind::ControlApplied => self.amounts_are_unknown(),
            // They change nothing of the debt.
            RecordKind::Alert
            | RecordKind::AlertSuppressed
            | RecordKind::AlertStale
            | RecordKind::Recovered
            | RecordKind::Duplicate
            | RecordKind::ManagerAssigned
            | RecordKind::MeasureRequested
            | RecordKind::MeasureDelayed
            | RecordKind::MeasureCapped
            | RecordKind::MeasureDropped
            | RecordKind::MeasureObserved
            | RecordKind::MeasureHeld
            | RecordKind::MeasureCancelled
            | RecordKind::MeasureLifted
            | RecordKind::CommandReported
            | RecordKind::EventRejected => {}
        }
    }

    /// What is known now. Of several cycles the oldest is told, as everywhere; where it may be one of which no record
    /// told yet, nothing.
    pub(super) fn debts(&self) -> Vec<DebtNow> {
        let known = self.classes.iter().filter(|(_, class)| self.is_whole || !class.may_have_older());
        known.map(|(name, class)| class.debt(name)).collect()
    }

    fn amounts_are_unknown(&mut self) {
        self.begin_row();
    }

    fn class(&mut self, line: &HistoryLine) -> &mut Class {
        let class = figure(line, "debt_class").unwrap_or(ALL);
        self.classes.entry(class.to_owned()).or_default()
    }

    /// Changes the cycle that the record tells of.
    fn cycle(&mut self, line: &HistoryLine, policies: &Policies, change: impl FnOnce(&mut Cycle)) {
        let cycle = self.class(line).cycles.entry(number(line)).or_default();
        if let Some(plan) = figure(line, "plan") {
            cycle.is_rolling = is_rolling(line, plan, policies);
            cycle.plan = Some(plan.to_owned());
        }
        change(cycle);
    }

    /// The debt that the record says, where it is that of the whole class.
    fn owes(&mut self, line: &HistoryLine) {
        let real = figure(line, "real_debt").map(str::to_owned);
        let amounts = real.zip(figure(line, "conditional_debt").map(str::to_owned));
        let class = self.class(line);
        class.amounts = if class.cycles.values().any(|cycle| cycle.is_rolling) { None } else { amounts };
    }

    /// The same of a record that may tell of an earlier moment, at which nobody looked.
    fn owes_as_of(&mut self, line: &HistoryLine, name: &str) {
        if figure(line, name).and_then(Timestamp::parse) == Some(line.at) {
            self.owes(line);
        } else {
            self.amounts_are_unknown();
        }
    }

    /// A cycle goes on under another plan, or another version of its own.
    fn moves(&mut self, line: &HistoryLine, kind: RecordKind, policies: &Policies) {
        if figure(line, "cycle").is_none() {
            return;
        }
        if kind == RecordKind::PolicyChanged {
            return self.cycle(line, policies, |cycle| cycle.stage = named(figure(line, "stage")));
        }
        let Some((plan, stage)) = figure(line, "to").and_then(|to| to.rsplit_once(' ')) else { return };
        self.cycle(line, policies, |cycle| {
            // The record is of the version that it leaves.
            cycle.is_rolling = true;
            cycle.plan = Some(plan.to_owned());
            cycle.stage = named(Some(stage));
        });
    }

    fn ends(&mut self, line: &HistoryLine, policies: &Policies) {
        let was_rolling = figure(line, "plan").is_none_or(|plan| is_rolling(line, plan, policies));
        let is_whole = self.is_whole;
        let class = self.class(line);
        class.cycles.remove(&number(line));
        if class.cycles.is_empty() && was_rolling && !is_whole {
            // Another one may be open of which no record told yet.
            let class = figure(line, "debt_class").unwrap_or(ALL);
            self.classes.remove(class);
        } else if was_rolling {
            class.amounts = None;
        } else {
            self.owes(line);
        }
    }
}

impl Cycle {
    fn stands(&mut self, line: &HistoryLine, is_held: Option<bool>) {
        self.stage = named(figure(line, "stage"));
        self.is_held = is_held.or(self.is_held);
    }
}

impl Class {
    /// Whether a cycle may be open that is older than those that records told of. Only under a rolling plan there is
    /// more than one.
    fn may_have_older(&self) -> bool {
        self.cycles.first_key_value().is_some_and(|(number, cycle)| cycle.is_rolling && *number > 1)
    }

    fn debt(&self, name: &str) -> DebtNow {
        let (real_debt, conditional_debt) = self.amounts.clone().unzip();
        let oldest = self.cycles.values().next();
        let status = match oldest.map(|cycle| cycle.is_held) {
            None => Some("clear"),
            Some(Some(true)) => Some("held"),
            Some(Some(false)) => Some("active"),
            Some(None) => None,
        };
        DebtNow {
            debt_class: name.to_owned(),
            plan: oldest.and_then(|cycle| cycle.plan.clone()),
            status: status.map(Into::into),
            stage: oldest.and_then(|cycle| cycle.stage.clone()),
            real_debt,
            conditional_debt,
            next: None,
        }
    }
}

fn number(line: &HistoryLine) -> i64 {
    figure(line, "cycle").and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// A stage's name; none before the first.
fn named(stage: Option<&str>) -> Option<String> {
    stage.filter(|stage| *stage != "none").map(str::to_owned)
}

/// Whether the plan makes a cycle for each new bill; so it is taken for, where its version is not at hand.
fn is_rolling(line: &HistoryLine, plan: &str, policies: &Policies) -> bool {
    let version = policies.by_hash(&PolicyHash::from(line.policy_hash.as_str()));
    version.and_then(|version| version.plans.get(plan)).is_none_or(|plan| plan.rolling)
}
