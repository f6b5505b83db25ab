//! When a stage is due, and whether what it asks is there.
//!
//! Every due time is a pure function of the state and the policy, worked out anew at each change.

use super::scope::Scope;
use crate::cycle::{Cycle, HeldSpan, MeasureInForce, MeasureKind, NOWHERE};
use crate::money::MinorUnits;
use crate::plan::{Anchor, IfTask, Notice, Plan, Stage};
use crate::scribe::Scribe;
use crate::time::{Timestamp, Zone};

/// The place of the stage that the cycle is in; none before the first.
pub(crate) fn current(plan: &Plan, cycle: &Cycle) -> Option<usize> {
    cycle.stage.as_ref().and_then(|stage| plan.position(stage))
}

/// The place of the stage that follows.
pub(crate) fn following(plan: &Plan, cycle: &Cycle) -> usize {
    current(plan, cycle).map_or(0, |current| current.saturating_add(1))
}

/// When stage `at` is due (domain.md, section 5): the latest of the anchor, its `after` and the
/// time that does not count; of the entry of the stage before and its `min_gap`; of the delivery of
/// the notice and its time. Then rolled forward into the stage's window. None where that is not
/// known yet: nothing is in scope to count from, or the notice was not delivered.
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
    let due = asked_times(plan, cycle, scope, stage, before, scribe).latest()?;
    stage.window.as_ref().map_or(Some(due), |window| window.next_open(&scribe.zone, due))
}

/// The times that a stage asks for, before its window: it is due at the latest of them.
pub(crate) struct AskedTimes {
    /// When the debt is old enough; none while nothing is in scope to count from.
    pub(crate) aged: Option<Timestamp>,
    /// When the gap after the stage before has gone by; none where it asks for none.
    pub(crate) gap: Option<Timestamp>,
    /// When its notice has run, or why that is not known; none where it asks for none.
    pub(crate) notified: Option<Result<Timestamp, NotGiven>>,
}

impl AskedTimes {
    /// The latest of them; none where one is not known yet.
    pub(crate) fn latest(&self) -> Option<Timestamp> {
        let notified = self.notified.transpose().ok()?;
        Some([self.gap, notified].into_iter().flatten().fold(self.aged?, Timestamp::max))
    }
}

/// The times that stage `at` asks for, as its due time goes by them.
pub(crate) fn times_of(
    plan: &Plan,
    cycle: &Cycle,
    scope: &Scope,
    at: usize,
    scribe: &Scribe<'_>,
) -> Option<AskedTimes> {
    let before = entered_before(plan, cycle, at);
    plan.stages.get(at).map(|stage| asked_times(plan, cycle, scope, stage, before, scribe))
}

fn asked_times(
    plan: &Plan,
    cycle: &Cycle,
    scope: &Scope,
    stage: &Stage,
    before: Option<Timestamp>,
    scribe: &Scribe<'_>,
) -> AskedTimes {
    AskedTimes {
        aged: aged_at(plan, cycle, scope, stage, scribe),
        // No gap asks nothing of the stage before: one that was entered late delays nothing.
        gap: before.filter(|_| !stage.min_gap.is_none()).map(|at| scribe.zone.after(at, stage.min_gap)),
        notified: stage.notice.as_ref().map(|notice| notice_given(cycle, notice, &scribe.zone)),
    }
}

/// When the debt is old enough for a stage: the anchor, its `after`, the time for which the cycle
/// was held since the anchor, and how far jumps have shifted its clock. All on the wall clock.
pub(crate) fn aged_at(
    plan: &Plan,
    cycle: &Cycle,
    scope: &Scope,
    stage: &Stage,
    scribe: &Scribe<'_>,
) -> Option<Timestamp> {
    let zone = &scribe.zone;
    let aged = match plan.anchor {
        Anchor::Oldest => zone.after_start_of(scope.oldest?, stage.after),
        Anchor::Entry => zone.after(cycle.opened_at, stage.after),
    };
    Some(zone.plus_wall_micros(aged, shift_micros(plan, cycle, scope, scribe)))
}

/// By how much the cycle's clock is behind the calendar: the time for which it was held, and jumps.
pub(crate) fn shift_micros(plan: &Plan, cycle: &Cycle, scope: &Scope, scribe: &Scribe<'_>) -> i64 {
    cycle.shift_micros.saturating_add(paused_micros(plan, cycle, scope, scribe))
}

/// How long the wall clock showed the times for which the cycle was held, and is still, as far as
/// they lie after the anchor and do not count.
fn paused_micros(plan: &Plan, cycle: &Cycle, scope: &Scope, scribe: &Scribe<'_>) -> i64 {
    let goes_on = cycle.held_since.map(|from| HeldSpan { from, to: scribe.now() });
    if (cycle.held.is_empty() && goes_on.is_none()) || !plan.pause_clock {
        return 0;
    }
    let zone = &scribe.zone;
    let anchor = match (plan.anchor, scope.oldest) {
        (Anchor::Oldest, Some(oldest)) => zone.start_of(oldest),
        (Anchor::Oldest, None) | (Anchor::Entry, _) => cycle.opened_at,
    };
    let after = cycle.held.iter().copied().chain(goes_on).filter(|span| span.to > anchor);
    after.map(|span| zone.wall_micros(span.from.max(anchor), span.to)).fold(0, i64::saturating_add)
}

/// Why it is not known when a notice has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotGiven {
    /// Nothing of it was sent.
    NotSent,
    /// A message of it was dropped: it is never given in this cycle by itself.
    Dropped,
    /// A message of it was not delivered yet.
    NotDelivered,
}

/// When the notice has run: every message that its stage sent was delivered, and its time went by. None
/// while one was not delivered, and where one was dropped. One that a later version of the plan has put
/// into the stage since it was entered was not asked for, and is not waited for.
fn notice_given(cycle: &Cycle, notice: &Notice, zone: &Zone) -> Result<Timestamp, NotGiven> {
    let entered = cycle.entries.iter().rev().find(|entry| entry.stage == notice.of);
    if entered.is_some_and(|entry| entry.has_dropped) {
        return Err(NotGiven::Dropped);
    }
    let of_stage =
        || cycle.measures.iter().filter(|measure| measure.stage == notice.of).filter_map(delivery_of);
    let has_place = |(measure, _): &(&MeasureInForce, _)| measure.index != NOWHERE;
    // What the version at hand no longer has counts only where nothing else was sent.
    let is_any_placed = of_stage().any(|sent| has_place(&sent));
    let counted = of_stage().filter(|sent| has_place(sent) || !is_any_placed);
    let all: Option<Vec<Timestamp>> = counted.map(|(_, delivered_at)| delivered_at).collect();
    let last = all.ok_or(NotGiven::NotDelivered)?.into_iter().max().ok_or(NotGiven::NotSent)?;
    Ok(zone.after(last, notice.at_least))
}

/// A message in force, with when it was delivered.
fn delivery_of(measure: &MeasureInForce) -> Option<(&MeasureInForce, Option<Timestamp>)> {
    match &measure.what {
        MeasureKind::Message(message) => Some((measure, message.delivered_at)),
        MeasureKind::Provision(_) | MeasureKind::Task(_) => None,
    }
}

/// When the stage before `at` was entered; none where it was passed over or there is none.
fn entered_before(plan: &Plan, cycle: &Cycle, at: usize) -> Option<Timestamp> {
    let before = plan.stages.get(at.checked_sub(1)?)?;
    cycle.entries.iter().rev().find(|entry| entry.stage == before.name).map(|entry| entry.at)
}

/// A debt that a stage is asked with.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    /// How much.
    pub(crate) debt: MinorUnits,
    /// Of how many invoices.
    pub(crate) invoices: usize,
}

impl Asked {
    /// The debt as holds leave it.
    pub(crate) fn conditional(scope: &Scope) -> Self {
        Self { debt: scope.conditional, invoices: scope.workable_invoices }
    }

    /// The debt as it would be without any hold.
    pub(crate) fn real(scope: &Scope) -> Self {
        Self { debt: scope.real, invoices: scope.invoices }
    }
}

/// Whether a debt is what a stage asks: large enough, of enough invoices.
pub(crate) fn is_enough(
    plan: &Plan,
    stage: &Stage,
    scope: &Scope,
    asked: Asked,
    scribe: &Scribe<'_>,
) -> bool {
    scope.meets(asked.debt, stage.if_debt, plan, scribe.exponent) && are_enough(stage, asked)
}

/// Whether a debt is of as many invoices as a stage asks for.
pub(crate) fn are_enough(stage: &Stage, asked: Asked) -> bool {
    let open = u32::try_from(asked.invoices).unwrap_or(u32::MAX);
    stage.if_invoices.is_none_or(|least| open >= least)
}

/// Whether a task of the cycle has come to a result that will do.
pub(crate) fn has_task(cycle: &Cycle, asked: &IfTask) -> bool {
    task_result(cycle, asked).is_some_and(|result| asked.results.contains(result))
}

/// The result of the task that a stage asks for: the newest of its queue counts.
pub(crate) fn task_result<'a>(cycle: &'a Cycle, asked: &IfTask) -> Option<&'a String> {
    let result = cycle.measures.iter().rev().find_map(|measure| match &measure.what {
        MeasureKind::Task(task) if task.queue == asked.queue => Some(task.result.as_ref()),
        MeasureKind::Task(_) | MeasureKind::Message(_) | MeasureKind::Provision(_) => None,
    });
    result.flatten()
}

fn asks_are_there(plan: &Plan, cycle: &Cycle, stage: &Stage, scope: &Scope, scribe: &Scribe<'_>) -> bool {
    is_enough(plan, stage, scope, Asked::conditional(scope), scribe)
        && stage.if_task.as_ref().is_none_or(|asked| has_task(cycle, asked))
}

/// The next stage, where it is due and its asks are there.
pub(crate) fn next_to_enter(plan: &Plan, cycle: &Cycle, scope: &Scope, scribe: &Scribe<'_>) -> Option<usize> {
    let at = following(plan, cycle);
    let stage = plan.stages.get(at)?;
    let due = due_time(plan, cycle, scope, at, scribe)?;
    let is_due = once_open(stage, due, scribe)? <= scribe.moment.horizon;
    (is_due && asks_are_there(plan, cycle, stage, scope, scribe)).then_some(at)
}

/// When what was due at `due` may be done: then; where that is over and the stage's window is shut by
/// now, once it opens again. Nobody is cut off at night because something came late.
pub(crate) fn once_open(stage: &Stage, due: Timestamp, scribe: &Scribe<'_>) -> Option<Timestamp> {
    let window = stage.window.as_ref().filter(|_| due <= scribe.moment.horizon);
    let Some(opens) = window.map(|window| window.next_open(&scribe.zone, scribe.now())) else {
        return Some(due);
    };
    opens.map(|opens| if opens > scribe.now() { opens } else { due })
}

/// The furthest stage that is due with all before it. A stage passed over counts as entered now,
/// so that the gap to the next really goes by. One that gives a later one its notice is not passed:
/// that would never come.
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
        let due = due_after(plan, cycle, scope, at, before, scribe);
        let due = due.and_then(|due| once_open(stage, due, scribe));
        let is_due = due.is_some_and(|due| due <= scribe.moment.horizon);
        if !is_due || !asks_are_there(plan, cycle, stage, scope, scribe) {
            break;
        }
        furthest = Some(at);
        if gives_notice(plan, stage) {
            break;
        }
        before = Some(scribe.now());
    }
    furthest
}

/// Whether another stage waits for what this one sends.
fn gives_notice(plan: &Plan, stage: &Stage) -> bool {
    plan.stages.iter().filter_map(|other| other.notice.as_ref()).any(|notice| notice.of == stage.name)
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
            && is_enough(plan, stage, scope, Asked::real(scope), scribe)
    };
    (0..=current).rev().find(|at| plan.stages.get(*at).is_some_and(is_met))
}

/// When the next stage is due, where that is still to come, or its window opens again, where it is
/// due already. Else that waits for its asks, which only an event can bring. Nothing is due while the
/// cycle is held.
pub(crate) fn next_due(plan: &Plan, cycle: &Cycle, scope: &Scope, scribe: &Scribe<'_>) -> Option<Timestamp> {
    if cycle.held_since.is_some() {
        return None;
    }
    let at = following(plan, cycle);
    let due = due_time(plan, cycle, scope, at, scribe)?;
    let stage = plan.stages.get(at)?;
    once_open(stage, due, scribe).filter(|due| *due > scribe.moment.horizon)
}
