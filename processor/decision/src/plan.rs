//! Dunning plans: the ordered stages an account in debt moves through.
//!
//! When a stage is entered is [`crate::dunning`]'s business; this module only knows the plan.

use crate::ids::{PlanName, StageName};
use crate::money::Decimal;
use crate::policy::{Condition, Measure};
use crate::time::Period;

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
    /// What a payment of a part does.
    pub on_part_cure: OnPartCure,
    /// What is done with several stages due at once.
    pub catch_up: CatchUp,
    /// Decide and record, send nothing.
    pub observe: bool,
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
    /// How long after the stage before.
    pub min_gap: Period,
    /// What it does.
    pub measures: Vec<Measure>,
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

/// What is done with several stages due at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatchUp {
    /// Each is entered in turn.
    Sequential,
    /// Only the furthest is entered; the measures of those passed are skipped.
    Severest,
}
