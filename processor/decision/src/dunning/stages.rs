//! When a stage is due, and whether what it asks is there.
//!
//! Every due time is a pure function of the state and the policy, worked out anew at each change.

use super::scope::Scope;
use crate::cycle::{Cycle, HeldSpan};
use crate::plan::{Anchor, Plan, Stage};
use crate::scribe::Scribe;
use crate::time::{Timestamp, Zone};

/// The place of the stage that the cycle is in; none before the first.
pub(crate) fn current(plan: &Plan, cycle: &Cycle) -> Option<usize> {
    cycle.stage.as_ref().and_then(|stage| plan.position(stage))
}

/// When stage `at` is due: the latest of the anchor and its `after` with the held time, and of the
/// entry of the stage before and its `min_gap`. None where nothing is in scope to count from.
pub(crate) fn due_time(
    plan: &Plan,
    cycle: &Cycle,
    scope: &Scope,
    at: usize,
    scribe: &Scribe<'_>,
) -> Option<Timestamp> {
    due_after(plan, cycle, scope, at, entered_before(plan, cycle, at), scribe)
}

fn due_after(
    plan: &Plan,
    cycle: &Cycle,
    scope: &Scope,
    at: usize,
    before: Option<Timestamp>,
    scribe: &Scribe<'_>,
) -> Option<Timestamp> {
    let stage = plan.stages.get(at)?;
    let aged = aged_at(plan, cycle, scope, stage, scribe)?;
    // No gap asks nothing of the stage before: one that was entered late delays nothing.
    let gap = before.filter(|_| !stage.min_gap.is_none()).map(|at| scribe.zone.after(at, stage.min_gap));
    Some(gap.map_or(aged, |gap| gap.max(aged)))
}

/// When the debt is old enough for a stage: the anchor, its `after` and the held time.
fn aged_at(
    plan: &Plan,
    cycle: &Cycle,
    scope: &Scope,
    stage: &Stage,
    scribe: &Scribe<'_>,
) -> Option<Timestamp> {
    let anchor = match plan.anchor {
        Anchor::Oldest => scribe.zone.start_of(scope.oldest()?.count_date),
        Anchor::Entry => cycle.opened_at,
    };
    let paused = cycle.held.iter().map(|span| paused_micros(span, anchor, &scribe.zone));
    let shift = paused.fold(cycle.shift_micros, i64::saturating_add);
    Some(scribe.zone.plus_wall_micros(scribe.zone.after(anchor, stage.after), shift))
}

/// How long the wall clock showed a held time, as far as it lies after the anchor.
fn paused_micros(span: &HeldSpan, anchor: Timestamp, zone: &Zone) -> i64 {
    if span.to <= anchor { 0 } else { zone.wall_micros(span.from.max(anchor), span.to) }
}

/// When the stage before `at` was entered; none where it was passed over or there is none.
fn entered_before(plan: &Plan, cycle: &Cycle, at: usize) -> Option<Timestamp> {
    let before = plan.stages.get(at.checked_sub(1)?)?;
    cycle.entries.iter().rev().find(|entry| entry.stage == before.name).map(|entry| entry.at)
}

fn following(plan: &Plan, cycle: &Cycle) -> usize {
    current(plan, cycle).map_or(0, |current| current.saturating_add(1))
}

/// Whether the debt is what a stage asks: enough conditional debt, enough open invoices.
fn asks_are_there(plan: &Plan, stage: &Stage, scope: &Scope, exponent: u8) -> bool {
    scope.meets(scope.conditional, stage.if_debt, plan, exponent) && has_invoices(stage, scope)
}

fn has_invoices(stage: &Stage, scope: &Scope) -> bool {
    let open = u32::try_from(scope.invoices.len()).unwrap_or(u32::MAX);
    stage.if_invoices.is_none_or(|least| open >= least)
}

/// The next stage, where it is due and its asks are there.
pub(crate) fn next_to_enter(plan: &Plan, cycle: &Cycle, scope: &Scope, scribe: &Scribe<'_>) -> Option<usize> {
    let at = following(plan, cycle);
    let stage = plan.stages.get(at)?;
    let is_due = due_time(plan, cycle, scope, at, scribe)? <= scribe.moment.horizon;
    (is_due && asks_are_there(plan, stage, scope, scribe.exponent)).then_some(at)
}

/// The furthest stage that is due with all before it. A stage passed over counts as entered now,
/// so that the gap to the next really goes by.
pub(crate) fn furthest_to_enter(
    plan: &Plan,
    cycle: &Cycle,
    scope: &Scope,
    scribe: &Scribe<'_>,
) -> Option<usize> {
    let first = following(plan, cycle);
    let mut furthest = None;
    let mut before = entered_before(plan, cycle, first);
    for (at, stage) in plan.stages.iter().enumerate().skip(first) {
        let due = due_after(plan, cycle, scope, at, before, scribe)?;
        if due > scribe.moment.horizon || !asks_are_there(plan, stage, scope, scribe.exponent) {
            break;
        }
        furthest = Some(at);
        before = Some(scribe.now());
    }
    furthest
}

/// The furthest stage up to `current` that the real debt is old enough for and large enough, by the
/// clock.
pub(crate) fn furthest_met(
    plan: &Plan,
    cycle: &Cycle,
    scope: &Scope,
    current: usize,
    scribe: &Scribe<'_>,
) -> Option<usize> {
    let is_met = |stage: &Stage| {
        let aged = aged_at(plan, cycle, scope, stage, scribe);
        aged.is_some_and(|aged| aged <= scribe.now())
            && scope.meets(scope.real, stage.if_debt, plan, scribe.exponent)
            && has_invoices(stage, scope)
    };
    (0..=current).rev().find(|at| plan.stages.get(*at).is_some_and(is_met))
}

/// When the next stage is due, where that is still to come. One that is due already waits for its
/// asks, which only an event can bring.
pub(crate) fn next_due(plan: &Plan, cycle: &Cycle, scope: &Scope, scribe: &Scribe<'_>) -> Option<Timestamp> {
    let at = following(plan, cycle);
    due_time(plan, cycle, scope, at, scribe).filter(|due| *due > scribe.moment.horizon)
}
