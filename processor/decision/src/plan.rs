//! Dunning plans: the ordered stages an account in debt moves through.
//!
//! When a stage is entered is [`crate::dunning`]'s business; this module only knows the plan.

use crate::calendar::Window;
use crate::ids::{PlanName, Queue, StageName};
use crate::money::Decimal;
use crate::policy::{Condition, Measure};
use crate::time::Period;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A plan of work with a debt.
#[derive(Debug)]
pub struct Plan {
    /// Its name.
    pub name: PlanName,
    /// Which invoices are worked on together.
    pub debt_class: DebtClassBy,
    /// Which invoices it is for; all where absent.
    pub include: Option<Box<dyn Condition>>,
    /// The date an invoice's age is counted from.
    pub count_date: CountDate,
    /// How long after its count date an invoice enters the plan's scope.
    pub days_before_entry: Period,
    /// What stages count from.
    pub anchor: Anchor,
    /// The conditional debt that opens a cycle, in major units; anything above `exit` where absent.
    pub entry: Option<Decimal>,
    /// The real debt at or below which a cycle ends, in major units.
    pub exit: Decimal,
    /// A new cycle for new invoices while earlier ones stay open.
    pub rolling: bool,
    /// Whether the days on which a cycle is held do not count.
    pub pause_clock: bool,
    /// Whether what cuts off is lifted while a cycle is held.
    pub lift_measures: bool,
    /// What a payment of a part does.
    pub on_part_cure: OnPartCure,
    /// What becomes of a running cycle when its account moves to this plan.
    pub on_resegment: OnResegment,
    /// For [`OnResegment::Map`]: by plan, from that plan's stages to this one's.
    pub maps_from: BTreeMap<PlanName, BTreeMap<StageName, StageName>>,
    /// Whether a running cycle moves to this version of the plan when it comes.
    pub running_cycles: RunningCycles,
    /// What is done with several stages due at once.
    pub catch_up: CatchUp,
    /// Decide and record, send nothing.
    pub observe: bool,
    /// What is sent before an invoice is due.
    pub before_due: Vec<BeforeDue>,
    /// The stages, in order; at least one.
    pub stages: Vec<Stage>,
    /// What is done when a cycle ended because the debt did.
    pub on_cure: Vec<Measure>,
}

impl Plan {
    /// The place of `stage` in the plan, counted from 0.
    #[must_use]
    pub fn position(&self, stage: &StageName) -> Option<usize> {
        self.stages.iter().position(|candidate| candidate.name == *stage)
    }
}

/// A stage of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its name.
    pub name: StageName,
    /// How long after the anchor.
    pub after: Period,
    /// The least conditional debt, in major units; the plan's entry amount where absent.
    pub if_debt: Option<Decimal>,
    /// The least number of open invoices.
    pub if_invoices: Option<u32>,
    /// The result that a task of the cycle must have.
    pub if_task: Option<IfTask>,
    /// How long after the stage before.
    pub min_gap: Period,
    /// The notice that must have been delivered, and how long ago.
    pub notice: Option<Notice>,
    /// The window that shifts its entry.
    pub window: Option<Arc<Window>>,
    /// What it does.
    pub measures: Vec<Measure>,
}

/// Messages before an invoice is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeforeDue {
    /// How long before the invoice's due date.
    pub before: Period,
    /// What is sent.
    pub measures: Vec<Measure>,
}

/// The result that a task must have before a stage is entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfTask {
    /// The queue it lay in.
    pub queue: Queue,
    /// The results that will do, in the operator's own words.
    pub results: Vec<String>,
}

/// The notice that a stage gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The stage all of whose messages are the notice.
    pub of: StageName,
    /// How long after the delivery of the last of them.
    pub at_least: Period,
}

/// Which invoices of an account are worked on together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebtClassBy {
    /// All of them.
    All,
    /// Each provider's for itself.
    Provider,
    /// Each service's for itself.
    Service,
}

/// The date an invoice's age is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountDate {
    /// The due date.
    Due,
    /// The issue date.
    Issued,
}

/// What stages count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The count date of the oldest invoice in scope.
    Oldest,
    /// The cycle's opening.
    Entry,
}

/// What a payment of a part does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnPartCure {
    /// The stage stays.
    Stay,
    /// Back to the furthest stage that the real debt still meets.
    StepDown,
}

/// What becomes of a running cycle when its account moves to another plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnResegment {
    /// The old plan works on, to the end of the cycle.
    Keep,
    /// The cycle goes on in the stage that the new plan maps its own to.
    Map,
    /// The cycle begins anew under the new plan.
    Restart,
}

/// What becomes of a running cycle when a new version of its plan comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunningCycles {
    /// It stays with the version it was opened under.
    Stay,
    /// It moves to the new one.
    Move,
}

/// What is done with several stages due at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatchUp {
    /// Each is entered in turn.
    Sequential,
    /// Only the furthest is entered; the measures of those passed are skipped.
    Severest,
}
