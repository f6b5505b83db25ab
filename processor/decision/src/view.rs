//! What a debtor's state says at a moment, for tests, tools and people. Nothing is decided here.

use crate::Moment;
use crate::alerting;
use crate::cycle::{DebtClass, Profile};
use crate::debtor::Debtor;
use crate::dunning::{self, scope::Scope, stages};
use crate::hold::HoldReason;
use crate::holding;
use crate::ids::{HoldId, InvoiceId, PlanName, RuleId, StageName};
use crate::money::MinorUnits;
use crate::policies::Policies;
use crate::scribe::Scribe;
use crate::time::{Date, Timestamp};
use std::collections::BTreeMap;

/// A debt profile as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileView {
    /// Which part of the debt it is of.
    pub debt_class: DebtClass,
    /// Whether a cycle is open, and at work.
    pub status: Status,
    /// The stage; none before the first.
    pub stage: Option<StageName>,
    /// The plan that applies.
    pub plan: Option<PlanName>,
    /// What is left of the invoices in scope.
    pub real_debt: MinorUnits,
    /// What of it no hold freezes.
    pub conditional_debt: MinorUnits,
    /// The next stage, and when it is due.
    pub next: Option<(StageName, Timestamp)>,
}

/// A hold in force, as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldView {
    /// Its id.
    pub id: HoldId,
    /// What it is.
    pub kind: HoldReason,
    /// How much it freezes at most.
    pub amount: MinorUnits,
    /// What is paid of a promise or an instalment plan; of others nothing.
    pub paid: MinorUnits,
    /// What it freezes now.
    pub freezes: MinorUnits,
    /// The invoices it names; empty where it names none.
    pub invoices: Vec<InvoiceId>,
    /// Through which day it holds.
    pub until: Option<Date>,
    /// When it ends by itself, were nothing to change.
    pub ends_at: Option<Timestamp>,
    /// Of a dispute: the customer was right, and it waits for its adjustment.
    pub is_upheld: bool,
    /// Who made it.
    pub by: String,
    /// When it was made.
    pub made_at: Timestamp,
}

/// Whether a debt is being worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// No cycle is open.
    Clear,
    /// A cycle is open and goes on.
    Active,
    /// A cycle is open and held.
    Held,
}

impl Status {
    /// The word for it in policy tests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Active => "active",
            Self::Held => "held",
        }
    }
}

/// The debtor's profiles, at least one.
#[must_use]
pub fn profiles(debtor: &Debtor, moment: Moment, policies: &Policies) -> Vec<ProfileView> {
    let scribe = Scribe::new(debtor, moment, policies);
    let mut classes = dunning::debt_classes(debtor, scribe.policy);
    if classes.is_empty() {
        classes.push(DebtClass::All);
    }
    classes.into_iter().map(|class| profile(debtor, class, &scribe)).collect()
}

fn profile(debtor: &Debtor, class: DebtClass, scribe: &Scribe<'_>) -> ProfileView {
    let known = debtor.profiles.iter().find(|profile| profile.debt_class == class);
    let blank = Profile { debt_class: class, cycles_opened: 0, cycles: Vec::new() };
    let profile = known.unwrap_or(&blank);
    let name = dunning::plan_name(debtor, Some(profile), scribe.policy);
    let plan = name.and_then(|name| scribe.policy.plans.get(name));
    let cycle = profile.cycles.first();
    let frozen = holding::frozen(&debtor.debt, &debtor.holds);
    let scope = plan.zip(debtor.own_snapshot()).map(|(plan, snapshot)| {
        (plan, Scope::of(&debtor.debt, &frozen, snapshot, profile, plan, scribe.now(), scribe))
    });
    let next = scope.as_ref().zip(cycle).and_then(|((plan, scope), cycle)| {
        let at = stages::current(plan, cycle).map_or(0, |current| current.saturating_add(1));
        let due = stages::due_time(plan, cycle, scope, at, scribe)?;
        plan.stages.get(at).map(|stage| (stage.name.clone(), due))
    });
    let status = match cycle {
        None => Status::Clear,
        Some(cycle) if cycle.held_since.is_some() => Status::Held,
        Some(_) => Status::Active,
    };
    ProfileView {
        debt_class: profile.debt_class.clone(),
        status,
        stage: cycle.and_then(|cycle| cycle.stage.clone()),
        plan: name.cloned(),
        real_debt: scope.as_ref().map(|(_, scope)| scope.real).unwrap_or_default(),
        conditional_debt: scope.as_ref().map(|(_, scope)| scope.conditional).unwrap_or_default(),
        next,
    }
}

/// The holds in force, in the order they were made.
#[must_use]
pub fn holds(debtor: &Debtor, moment: Moment, policies: &Policies) -> Vec<HoldView> {
    holding::views(debtor, &Scribe::new(debtor, moment, policies))
}

/// What was paid and pays nothing yet.
#[must_use]
pub fn credit(debtor: &Debtor) -> MinorUnits {
    crate::booking::credit(&debtor.debt)
}

/// The fired lines of each rule that has such, as the policy writes them.
#[must_use]
pub fn fired(debtor: &Debtor, moment: Moment, policies: &Policies) -> BTreeMap<RuleId, Vec<String>> {
    let scribe = Scribe::new(debtor, moment, policies);
    alerting::fired_lines(debtor, &scribe)
}
