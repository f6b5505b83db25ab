//! What a debtor's state says at a moment, for tests, tools and people. Nothing is decided here.

pub mod owed;
pub mod rules;
pub mod tasks;

use crate::Moment;
use crate::alerting;
use crate::cycle::{Cycle, DebtClass};
use crate::debtor::{Debtor, Owed};
use crate::dunning::moving::Ruling;
use crate::dunning::scope::{Ground, Scope, Whose};
use crate::dunning::{self, owing, stages};
use crate::hold::HoldReason;
use crate::holding;
use crate::ids::{
    HoldId, InvoiceId, ManagerGroupName, ManagerName, PlanName, RuleId, SegmentName, StageName,
};
use crate::money::MinorUnits;
use crate::policies::Policies;
use crate::scribe::Scribe;
use crate::seen::SeenId;
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
    /// What is left of the invoices in scope; where no plan applies yet, of those that are due.
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
    /// The parts of an instalment plan, by due date; of others none.
    pub parts: Vec<PartView>,
    /// Who made it.
    pub by: String,
    /// When it was made.
    pub made_at: Timestamp,
}

/// A part of an instalment plan, as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartView {
    /// Until when it is to be paid.
    pub due: Date,
    /// How much it is, in minor units.
    pub amount: MinorUnits,
    /// What of that is paid: what is paid of the plan pays its parts in their order.
    pub paid: MinorUnits,
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
    let mut scribe = Scribe::new(debtor, moment, policies);
    let mut classes = dunning::debt_classes(debtor, scribe.policy);
    if classes.is_empty() {
        classes.push(DebtClass::All);
    }
    classes.into_iter().map(|class| profile(debtor, class, &mut scribe)).collect()
}

fn profile(debtor: &Debtor, class: DebtClass, scribe: &mut Scribe<'_>) -> ProfileView {
    let known = debtor.profiles.iter().find(|profile| profile.debt_class == class);
    // Under a rolling plan there may be several: the oldest is the furthest.
    let cycle = known.and_then(|profile| profile.cycles.first());
    let frozen = holding::frozen(&debtor.debt, &debtor.holds);
    let owed = owing::of_class(debtor, &class, &frozen, scribe);
    let ruling = cycle.map(|cycle| Ruling::take(cycle, scribe));
    let name = match cycle {
        Some(cycle) => Some(&cycle.plan),
        None => dunning::plan_name(debtor, scribe.policy),
    };
    let plan = name.and_then(|name| scribe.policy.plans.get(name));
    let ground = plan.zip(debtor.own_snapshot()).map(|(plan, snapshot)| Ground {
        debt: &debtor.debt,
        frozen: &frozen,
        snapshot,
        debt_class: &class,
        plan,
    });
    let next = ground.zip(cycle).and_then(|(ground, cycle)| next_stage(ground, cycle, scribe));
    let status = match cycle {
        None => Status::Clear,
        Some(cycle) if cycle.held_since.is_some() => Status::Held,
        Some(_) => Status::Active,
    };
    let view = ProfileView {
        status,
        stage: cycle.and_then(|cycle| cycle.stage.clone()),
        plan: name.cloned(),
        real_debt: owed.real,
        conditional_debt: owed.conditional,
        next,
        debt_class: class.clone(),
    };
    if let Some(ruling) = ruling {
        ruling.give_back(scribe);
    }
    view
}

/// The next stage and its due time; none while the cycle is held, since no day counts towards it.
fn next_stage(ground: Ground<'_>, cycle: &Cycle, scribe: &Scribe<'_>) -> Option<(StageName, Timestamp)> {
    if cycle.held_since.is_some() {
        return None;
    }
    let scope = Scope::of(ground, Whose::of(cycle), scribe.now(), &scribe.zone);
    let at = stages::following(ground.plan, cycle);
    let due = stages::due_time(ground.plan, cycle, &scope, at, scribe)?;
    ground.plan.stages.get(at).map(|stage| (stage.name.clone(), due))
}

/// Whether an event of this id was decided on it, as far as ids are remembered.
#[must_use]
pub fn has_seen(debtor: &Debtor, event_id: &str, moment: Moment, policies: &Policies) -> bool {
    crate::decide::is_seen(debtor, SeenId::from(&event_id.into()), &Scribe::new(debtor, moment, policies))
}

/// The segment that it was found in last.
#[must_use]
pub fn segment(debtor: &Debtor) -> Option<&SegmentName> {
    debtor.segment.as_ref().map(|segment| &segment.name)
}

/// The manager group that serves its segment.
#[must_use]
pub fn managers(debtor: &Debtor) -> Option<&ManagerGroupName> {
    debtor.managers.as_ref().map(|managers| &managers.group)
}

/// Its personal manager.
#[must_use]
pub fn manager(debtor: &Debtor) -> Option<&ManagerName> {
    debtor.managers.as_ref().and_then(|managers| managers.manager.as_ref())
}

/// What it owed by its plans when something was decided on it last; what counts then by its date alone is decided on
/// its date.
#[must_use]
pub fn owed(debtor: &Debtor) -> Owed {
    debtor.owed
}

/// The holds in force, in the order they were made.
#[must_use]
pub fn holds(debtor: &Debtor, moment: Moment, policies: &Policies) -> Vec<HoldView> {
    holding::views(debtor, &Scribe::new(debtor, moment, policies))
}

/// What was paid, and pays the next invoice.
#[must_use]
pub fn credit(debtor: &Debtor) -> MinorUnits {
    crate::booking::credit(&debtor.debt)
}

/// What was paid for invoices not seen yet, and waits for them.
#[must_use]
pub fn waiting(debtor: &Debtor) -> MinorUnits {
    crate::booking::waiting(&debtor.debt)
}

/// The fired lines of each rule that has such, as the policy writes them.
#[must_use]
pub fn fired(debtor: &Debtor, moment: Moment, policies: &Policies) -> BTreeMap<RuleId, Vec<String>> {
    let scribe = Scribe::new(debtor, moment, policies);
    alerting::fired_lines(debtor, &scribe)
}
