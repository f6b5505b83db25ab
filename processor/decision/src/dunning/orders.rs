//! What a person orders of the work with a debt (domain.md, section 8): another plan, a pause, a
//! jump, an end. Each is declined before anything changes, or done. Of tasks: [`super::tasks`].

use super::scope::Whose;
use super::{Ending, each_cycle, end, entering, moving};
use crate::cycle::Cycle;
use crate::debtor::{Debtor, Pause};
use crate::ids::{AccountId, InvoiceId, PlanName, StageName};
use crate::record::{Figure, RecordKind};
use crate::rejection::Rejection;
use crate::scribe::Scribe;
use crate::time::Timestamp;

/// Whether this plan may be assigned: it is of the group of the account's segment.
pub(crate) fn check_assign(debtor: &Debtor, plan: &PlanName, scribe: &Scribe<'_>) -> Result<(), Rejection> {
    if !scribe.policy.plans.contains_key(plan) {
        return Err(Rejection::UnknownPlan(plan.clone()));
    }
    let segment = debtor.segment.as_ref();
    let Some((segment, group)) = segment.zip(moving::group_of(debtor, scribe.policy)) else {
        return Err(Rejection::NoSegment);
    };
    if !group.plans.contains(plan) {
        let segment = segment.name.clone();
        return Err(Rejection::PlanOfAnotherGroup { plan: plan.clone(), segment });
    }
    Ok(())
}

/// Assigns a plan.
pub(crate) fn assign(debtor: &mut Debtor, account_id: &AccountId, plan: &PlanName, scribe: &mut Scribe<'_>) {
    let former = super::plan_name(debtor, scribe.policy).cloned();
    let former = former.map_or_else(|| "none".to_owned(), |plan| plan.to_string());
    let figures = vec![Figure::new("from", former), Figure::new("to", plan)];
    debtor.assigned_plan = Some(plan.clone());
    scribe.record(account_id, RecordKind::PlanAssigned, "a person assigned it", figures);
}

/// Whether a pause may begin: it does not end before it has begun.
pub(crate) fn check_pause(until: Option<Timestamp>, scribe: &Scribe<'_>) -> Result<(), Rejection> {
    match until {
        Some(until) if !until.is_in_calendar() => Err(Rejection::MomentOutOfCalendar { field: "resume_at" }),
        Some(until) if until <= scribe.now() => Err(Rejection::AlreadyOver { what: "the pause", until }),
        Some(_) | None => Ok(()),
    }
}

/// Begins a pause; it replaces one that goes on.
pub(crate) fn pause(debtor: &mut Debtor, until: Option<Timestamp>, scribe: &Scribe<'_>) {
    let since = debtor.pause.as_ref().map_or(scribe.now(), |pause| pause.since);
    debtor.pause = Some(Pause { since, until });
}

/// Whether there is a pause to end.
pub(crate) fn check_resume(debtor: &Debtor) -> Result<(), Rejection> {
    debtor.pause.as_ref().map(|_| ()).ok_or(Rejection::NotPaused)
}

/// Whether a cycle is open whose plan has this stage.
pub(crate) fn check_jump(debtor: &Debtor, stage: &StageName, scribe: &Scribe<'_>) -> Result<(), Rejection> {
    check_open(debtor)?;
    let has_stage = |cycle: &&Cycle| {
        let own = scribe.policies.by_hash(&cycle.policy_hash);
        let policy = own.map_or(scribe.policy, |own| own);
        policy.plans.get(&cycle.plan).is_some_and(|plan| plan.position(stage).is_some())
    };
    let is_there = open_cycles(debtor).any(|cycle| has_stage(&cycle));
    is_there.then_some(()).ok_or_else(|| Rejection::UnknownStage(stage.clone()))
}

/// Every open cycle whose plan has the stage jumps to it.
pub(crate) fn jump(debtor: &mut Debtor, stage: &StageName, scribe: &mut Scribe<'_>) {
    each_cycle(debtor, scribe, |work, profile, cycle, scribe| {
        if let Some(at) = work.plan.position(stage) {
            entering::jump(work, profile, cycle, at, scribe);
        }
    });
}

/// Whether a cycle is open.
pub(crate) fn check_open(debtor: &Debtor) -> Result<(), Rejection> {
    open_cycles(debtor).next().map(|_| ()).ok_or(Rejection::NoOpenCycle)
}

/// Ends every open cycle; the invoices that they worked on stay out of further ones for good.
pub(crate) fn close(debtor: &mut Debtor, scribe: &mut Scribe<'_>) {
    let mut kept_out: Vec<InvoiceId> = Vec::new();
    each_cycle(debtor, scribe, |work, profile, cycle, scribe| {
        end(work, profile, cycle, Ending::Closed, scribe);
        let invoices = work.ground.in_scope(Whose::of(cycle), scribe.now(), &scribe.zone);
        kept_out.extend(invoices.into_iter().map(|counted| counted.invoice.id.clone()));
        kept_out.append(&mut cycle.owned);
    });
    for profile in &mut debtor.profiles {
        profile.cycles.clear();
    }
    for invoice in &mut debtor.debt.invoices {
        invoice.kept_out |= kept_out.contains(&invoice.id);
    }
}

pub(super) fn open_cycles(debtor: &Debtor) -> impl Iterator<Item = &Cycle> {
    debtor.profiles.iter().flat_map(|profile| &profile.cycles)
}
