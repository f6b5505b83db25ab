//! Dunning: a debt is worked on by a plan, stage by stage (domain.md, section 5).
//!
//! [`advance`] brings every cycle to where it belongs at a moment, and answers when something is
//! due next. Which invoices count is [`scope`]'s business, when a stage is due [`stages`]', what a
//! stage puts on and takes off [`force`]'s. How money moves is not known here.

pub(crate) mod force;
pub(crate) mod scope;
pub(crate) mod stages;
#[cfg(test)]
mod tests;

use crate::account::Snapshot;
use crate::cycle::{Cycle, DebtClass, Profile, StageEntry};
use crate::debtor::{Debtor, InSegment};
use crate::holding;
use crate::ids::{AccountId, PlanName};
use crate::money::MinorUnits;
use crate::plan::{CatchUp, OnPartCure, Plan};
use crate::policy::Policy;
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::time::{Timestamp, Zone};
use scope::Scope;

/// What the event at hand may have done to the debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Something that may have lowered it: a payment, a credit note.
    Paid,
    /// Something that may have raised an invoice that was there: a reversal, a debit note.
    Raised,
    /// Anything else, time among it.
    Other,
}

/// Why a cycle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The debt did.
    Cured,
    /// The account is exempt now.
    Exempt,
}

impl Ending {
    fn word(self) -> &'static str {
        match self {
            Self::Cured => "cured",
            Self::Exempt => "exempt",
        }
    }
}

/// Finds the debtor's segment, where its attributes or the policy changed since it was last asked.
pub(crate) fn assign_segment(debtor: &mut Debtor, is_changed: bool, scribe: &mut Scribe<'_>) {
    let policy = scribe.policy;
    let Some(snapshot) = debtor.own_snapshot() else { return };
    let is_current =
        debtor.segment.as_ref().is_some_and(|segment| *segment.policy_hash == *policy.identity.hash);
    if is_current && !is_changed {
        return;
    }
    let matching = policy
        .segments
        .iter()
        .find(|segment| segment.when.as_ref().is_none_or(|when| when.holds(snapshot, None)));
    let former = debtor.segment.take();
    debtor.segment = matching.map(|segment| InSegment {
        name: segment.name.clone(),
        policy_hash: policy.identity.hash.to_string(),
    });
    if debtor.segment != former {
        scribe.changed();
    }
    let names = |segment: &Option<InSegment>| segment.as_ref().map(|segment| segment.name.clone());
    let (from, to) = (names(&former), names(&debtor.segment));
    if former.is_some() && from != to {
        let text = |name: &Option<_>| name.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        let figures = vec![Figure::new("from", text(&from)), Figure::new("to", text(&to))];
        let account_id = AccountId::from(debtor.id.as_str());
        let reason = if is_changed { "attributes" } else { "policy" };
        scribe.record(&account_id, RecordKind::SegmentChanged, reason, figures);
    }
}

/// The plan that applies to a profile: a cycle's own, else the assigned one, else the standard one
/// of the segment's group.
pub(crate) fn plan_name<'a>(
    debtor: &'a Debtor,
    profile: Option<&'a Profile>,
    policy: &'a Policy,
) -> Option<&'a PlanName> {
    if let Some(cycle) = profile.and_then(|profile| profile.cycles.first()) {
        return Some(&cycle.plan);
    }
    let segment = debtor.segment.as_ref()?;
    let segment = policy.segments.iter().find(|candidate| candidate.name == segment.name)?;
    let group = policy.groups.get(&segment.group)?;
    debtor.assigned_plan.as_ref().filter(|plan| group.plans.contains(plan)).or(Some(&group.standard))
}

/// The debt classes that the debtor's invoices and profiles make, in a fixed order.
pub(crate) fn debt_classes(debtor: &Debtor, policy: &Policy) -> Vec<DebtClass> {
    let by = plan_name(debtor, None, policy).and_then(|name| policy.plans.get(name));
    // A profile of another kind than the plan's is left from a former plan: only to end its cycle.
    let is_worked_on = |profile: &&Profile| {
        !profile.cycles.is_empty()
            || by.is_none_or(|plan| scope::is_of_kind(&profile.debt_class, plan.debt_class))
    };
    let mut classes: Vec<DebtClass> =
        debtor.profiles.iter().filter(is_worked_on).map(|profile| profile.debt_class.clone()).collect();
    if let Some(plan) = by {
        classes.extend(debtor.debt.invoices.iter().map(|invoice| scope::class_of(invoice, plan.debt_class)));
    }
    classes.sort();
    classes.dedup();
    classes
}

/// Brings every profile's cycle to where it belongs now. Answers the next moment at which
/// something is due by itself.
pub(crate) fn advance(debtor: &mut Debtor, cause: Cause, scribe: &mut Scribe<'_>) -> Option<Timestamp> {
    let snapshot = debtor.own_snapshot().cloned()?;
    let classes = debt_classes(debtor, scribe.policy);
    classes.into_iter().filter_map(|class| advance_class(debtor, &snapshot, class, cause, scribe)).min()
}

fn advance_class(
    debtor: &mut Debtor,
    snapshot: &Snapshot,
    class: DebtClass,
    cause: Cause,
    scribe: &mut Scribe<'_>,
) -> Option<Timestamp> {
    let at = debtor.profiles.iter().position(|profile| profile.debt_class == class);
    let mut profile = match at {
        Some(at) => debtor.profiles.remove(at),
        None => Profile { debt_class: class, cycles_opened: 0, cycles: Vec::new() },
    };
    let name = plan_name(debtor, Some(&profile), scribe.policy).cloned();
    let plan = name.and_then(|name| scribe.policy.plans.get(&name));
    let next = plan.and_then(|plan| advance_profile(debtor, snapshot, &mut profile, plan, cause, scribe));
    if profile.cycles_opened > 0 {
        let at = at.unwrap_or(debtor.profiles.len());
        debtor.profiles.insert(at, profile);
    }
    next
}

fn advance_profile(
    debtor: &Debtor,
    snapshot: &Snapshot,
    profile: &mut Profile,
    plan: &Plan,
    cause: Cause,
    scribe: &mut Scribe<'_>,
) -> Option<Timestamp> {
    let frozen = holding::frozen(&debtor.debt, &debtor.holds);
    let scope_until = |until| Scope::of(&debtor.debt, &frozen, snapshot, profile, plan, until, scribe);
    let (scope, by_clock) = (scope_until(scribe.moment.horizon), scope_until(scribe.now()));
    let work = Work { debtor, snapshot, plan, scope: &scope, by_clock: &by_clock };
    let opens = scope.meets_entry(plan, scribe.exponent) && !scope.meets_exit(plan, scribe.exponent);
    if profile.cycles.is_empty() && !debtor.exempt && opens {
        open(&work, profile, cause, scribe);
    }
    let Some(mut cycle) = profile.cycles.pop() else {
        return if debtor.exempt { None } else { scope.next_entry };
    };
    if debtor.exempt {
        end(&work, profile, cycle, Ending::Exempt, scribe);
        return None;
    }
    if by_clock.meets_exit(plan, scribe.exponent) {
        end(&work, profile, cycle, Ending::Cured, scribe);
        return scope.next_entry;
    }
    if cause == Cause::Paid && plan.on_part_cure == OnPartCure::StepDown {
        step_down(&work, profile, &mut cycle, scribe);
    }
    enter_due_stages(&work, profile, &mut cycle, scribe);
    let next_stage = stages::next_due(plan, &cycle, &scope, scribe);
    profile.cycles.push(cycle);
    [next_stage, scope.next_entry].into_iter().flatten().min()
}

/// What every step of a profile's work looks at.
pub(crate) struct Work<'a> {
    /// The debtor, as it is.
    pub(crate) debtor: &'a Debtor,
    /// Its own snapshot.
    pub(crate) snapshot: &'a Snapshot,
    /// The plan it is worked on by.
    pub(crate) plan: &'a Plan,
    /// The invoices that count, up to the horizon.
    pub(crate) scope: &'a Scope,
    /// The invoices that count by the clock.
    pub(crate) by_clock: &'a Scope,
}

impl Work<'_> {
    /// The debtor's own account.
    pub(crate) fn account_id(&self) -> AccountId {
        AccountId::from(self.debtor.id.as_str())
    }
}

fn debt_figures(scope: &Scope, scribe: &Scribe<'_>) -> Vec<Figure> {
    vec![
        Figure::new("real_debt", scribe.money(scope.real)),
        Figure::new("conditional_debt", scribe.money(scope.conditional)),
    ]
}

fn open(work: &Work<'_>, profile: &mut Profile, cause: Cause, scribe: &mut Scribe<'_>) {
    profile.cycles_opened = profile.cycles_opened.saturating_add(1);
    let opened_at = opening_time(work, cause, scribe);
    profile.cycles.push(Cycle {
        number: profile.cycles_opened,
        plan: work.plan.name.clone(),
        policy_hash: scribe.policy.identity.hash.to_string(),
        opened_at,
        stage: None,
        entries: Vec::new(),
        visits: Vec::new(),
        held: Vec::new(),
        held_since: None,
        shift_micros: 0,
        owned: Vec::new(),
        measures: Vec::new(),
        has_sent: false,
    });
    let mut figures = vec![
        Figure::new("plan", &work.plan.name),
        Figure::new("debt_class", &profile.debt_class),
        Figure::new("cycle", profile.cycles_opened),
    ];
    figures.extend(debt_figures(work.scope, scribe));
    let reason = "the conditional debt reached the plan's entry amount";
    scribe.record(&work.account_id(), RecordKind::CycleOpened, reason, figures);
}

/// When the cycle opened: when an old invoice was raised, or else when so much had come into scope
/// that it was enough, were that not evaluated late.
fn opening_time(work: &Work<'_>, cause: Cause, scribe: &Scribe<'_>) -> Timestamp {
    let counts_from = |invoice: &scope::InScope| invoice.enters.max(invoice.booked_at);
    let mut entered: Vec<_> =
        work.scope.invoices.iter().map(|invoice| (counts_from(invoice), invoice.outstanding)).collect();
    entered.sort_unstable();
    let mut debt = MinorUnits::ZERO;
    let enough = entered.into_iter().find(|(_, outstanding)| {
        debt = debt.plus(*outstanding);
        work.scope.meets(debt, None, work.plan, scribe.exponent)
    });
    match (cause, enough) {
        (Cause::Paid | Cause::Other, Some((at, _))) => at,
        (Cause::Raised, _) | (_, None) => scribe.now(),
    }
}

fn end(work: &Work<'_>, profile: &mut Profile, mut cycle: Cycle, ending: Ending, scribe: &mut Scribe<'_>) {
    let mut figures = vec![
        Figure::new("plan", &work.plan.name),
        Figure::new("cycle", cycle.number),
        Figure::new("stage", stage_text(&cycle)),
    ];
    figures.extend(debt_figures(work.by_clock, scribe));
    scribe.record(&work.account_id(), RecordKind::CycleEnded, ending.word(), figures);
    force::lift_all(work, profile, &mut cycle, scribe);
    let cures = ending == Ending::Cured && cycle.has_sent;
    if cures {
        force::take_on_cure(work, profile, &cycle, scribe);
    }
}

pub(crate) fn stage_text(cycle: &Cycle) -> String {
    cycle.stage.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)
}

/// After a payment: back to the furthest stage that the real debt still meets.
fn step_down(work: &Work<'_>, profile: &Profile, cycle: &mut Cycle, scribe: &mut Scribe<'_>) {
    let Some(current) = stages::current(work.plan, cycle) else { return };
    let met = stages::furthest_met(work.plan, cycle, work.by_clock, current, scribe);
    if met == Some(current) {
        return;
    }
    let kept = met.map_or(0, |met| met.saturating_add(1));
    let target = met.and_then(|met| work.plan.stages.get(met)).map(|stage| stage.name.clone());
    let mut figures = vec![
        Figure::new("from", stage_text(cycle)),
        Figure::new("to", target.as_ref().map_or("none", |name| name.as_str())),
    ];
    figures.extend(debt_figures(work.by_clock, scribe));
    scribe.record(&work.account_id(), RecordKind::StageLeft, "step_down", figures);
    force::lift_from(work, profile, cycle, kept, scribe);
    cycle.entries.retain(|entry| work.plan.position(&entry.stage).is_some_and(|at| at < kept));
    cycle.stage = target;
}

/// Enters what is due, each in turn, or only the furthest: as the plan catches up.
fn enter_due_stages(work: &Work<'_>, profile: &Profile, cycle: &mut Cycle, scribe: &mut Scribe<'_>) {
    match work.plan.catch_up {
        CatchUp::Sequential => {
            // Each stage once at most, whatever the plan.
            for _ in &work.plan.stages {
                let Some(at) = stages::next_to_enter(work.plan, cycle, work.scope, scribe) else { break };
                enter(work, profile, cycle, at, scribe);
            }
        }
        CatchUp::Severest => {
            if let Some(at) = stages::furthest_to_enter(work.plan, cycle, work.scope, scribe) {
                enter(work, profile, cycle, at, scribe);
            }
        }
    }
}

fn enter(work: &Work<'_>, profile: &Profile, cycle: &mut Cycle, at: usize, scribe: &mut Scribe<'_>) {
    let Some(stage) = work.plan.stages.get(at) else { return };
    let now = scribe.now();
    let due = stages::due_time(work.plan, cycle, work.scope, at, scribe);
    let from = stage_text(cycle);
    cycle.stage = Some(stage.name.clone());
    cycle.entries.push(StageEntry { stage: stage.name.clone(), at: now });
    let mut figures = vec![
        Figure::new("plan", &work.plan.name),
        Figure::new("cycle", cycle.number),
        Figure::new("stage", &stage.name),
        Figure::new("from", from),
        Figure::new("after", stage.after),
    ];
    figures.extend(work.scope.oldest().map(|oldest| Figure::new("oldest", oldest.count_date)));
    figures.extend(due.map(|due| Figure::new("due", due)));
    figures.extend(debt_figures(work.scope, scribe));
    scribe.record(&work.account_id(), RecordKind::StageEntered, "its time has come", figures);
    force::take_measures(work, profile, cycle, at, scribe);
}

/// The earliest of an invoice's entry into a plan's scope.
pub(crate) fn scope_entry(zone: &Zone, plan: &Plan, invoice: &crate::debt::Invoice) -> Timestamp {
    zone.after(zone.start_of(scope::count_date(plan, invoice)), plan.days_before_entry)
}
