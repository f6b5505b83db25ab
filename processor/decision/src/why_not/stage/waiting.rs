//! What a stage that was not entered still waits for: the stages before it, its times, what it asks of the debt.

use super::{CountsFrom, Finding, WaitsFor};
use crate::cycle::Cycle;
use crate::dunning::stages::{self, Asked};
use crate::dunning::{Work, scope};
use crate::plan::{Anchor, Stage};
use crate::scribe::Scribe;
use crate::time::Timestamp;

/// What stands between a cycle and the stage at this place, which is ahead of it.
pub(super) fn findings(work: &Work<'_>, cycle: &Cycle, at: usize, scribe: &Scribe<'_>) -> Vec<Finding> {
    let next = stages::following(work.plan, cycle);
    let before = work.plan.stages.iter().take(at).skip(next).map(|stage| stage.name.clone());
    let before: Vec<_> = before.collect();
    let mut findings = Vec::new();
    if !before.is_empty() {
        findings.push(Finding::NotNext { before });
        findings.extend(of_stage(work, cycle, next, scribe));
    }
    findings.extend(of_stage(work, cycle, at, scribe));
    findings
}

/// What the stage at this place waits for, and when it is due.
fn of_stage(work: &Work<'_>, cycle: &Cycle, at: usize, scribe: &Scribe<'_>) -> Vec<Finding> {
    let Some(stage) = work.plan.stages.get(at) else { return Vec::new() };
    // While the cycle is held no day counts, and when the debt is old enough is not known.
    let stands_still = cycle.held_since.is_some() && work.plan.pause_clock;
    let mut waits = if stands_still { Vec::new() } else { times(work, cycle, at, scribe) };
    waits.extend(asks(work, cycle, stage, scribe));
    let waits = waits.into_iter();
    let mut findings: Vec<Finding> =
        waits.map(|waits_for| Finding::Waits { stage: stage.name.clone(), waits_for }).collect();
    // One that is not the next waits for the entry of another: its due time is not known.
    let is_next = at == stages::following(work.plan, cycle);
    let due = if is_next { stages::next_due(work.plan, cycle, work.scope, scribe) } else { None };
    findings.extend(due.map(|at| Finding::Due { stage: stage.name.clone(), at }));
    findings
}

/// The times that the stage waits for: its age, its gap, its notice, then its window.
fn times(work: &Work<'_>, cycle: &Cycle, at: usize, scribe: &Scribe<'_>) -> Vec<WaitsFor> {
    let (plan, scope) = (work.plan, work.scope);
    let asked = plan.stages.get(at).zip(stages::times_of(plan, cycle, scope, at, scribe));
    let Some((stage, asked)) = asked else { return Vec::new() };
    let is_ahead = |until: &Timestamp| *until > scribe.moment.horizon;
    let mut waits = Vec::new();
    let from = match (plan.anchor, scope.oldest) {
        (Anchor::Oldest, oldest) => oldest.map(CountsFrom::Oldest),
        (Anchor::Entry, _) => Some(CountsFrom::Opening(cycle.opened_at)),
    };
    match from.zip(asked.aged) {
        None => waits.push(WaitsFor::Anchor),
        Some((from, until)) if is_ahead(&until) => {
            let shift_micros = stages::shift_micros(plan, cycle, scope, scribe);
            waits.push(WaitsFor::Age { after: stage.after, from, shift_micros, until });
        }
        Some(_) => {}
    }
    let before = at.checked_sub(1).and_then(|before| plan.stages.get(before));
    let is_next = at == stages::following(plan, cycle);
    let is_gap_open =
        if is_next { asked.gap.is_some_and(|until| is_ahead(&until)) } else { !stage.min_gap.is_none() };
    if let Some(before) = before.filter(|_| is_gap_open) {
        waits.push(WaitsFor::Gap { before: before.name.clone(), min_gap: stage.min_gap, until: asked.gap });
    }
    if let (Some(notified), Some(notice)) = (asked.notified, &stage.notice) {
        let of = notice.of.clone();
        match notified {
            Err(why) => waits.push(WaitsFor::Notice { of, why }),
            Ok(until) if is_ahead(&until) => {
                waits.push(WaitsFor::NoticeRuns { of, at_least: notice.at_least, until });
            }
            Ok(_) => {}
        }
    }
    if is_next {
        waits.extend(window(work, cycle, at, asked.latest(), scribe));
    }
    waits
}

/// That the stage's window is shut when all else has come, or that the log is not read so far.
fn window(
    work: &Work<'_>,
    cycle: &Cycle,
    at: usize,
    asked: Option<Timestamp>,
    scribe: &Scribe<'_>,
) -> Option<WaitsFor> {
    let (asked, stage) = asked.zip(work.plan.stages.get(at))?;
    let due = stages::due_time(work.plan, cycle, work.scope, at, scribe);
    let opens = due.and_then(|due| stages::once_open(stage, due, scribe));
    if let Some(window) = stage.window.as_ref().filter(|_| opens != Some(asked)) {
        // What came before the horizon and in the window is entered, whenever it is looked at.
        let is_open = opens.is_some_and(|opens| opens <= scribe.moment.horizon);
        return (!is_open).then(|| WaitsFor::Window { window: window.name.clone(), opens });
    }
    let (due, horizon) = (opens?, scribe.moment.horizon);
    (due > horizon && due <= scribe.now()).then_some(WaitsFor::Log { due, horizon })
}

/// What the stage asks of the debt and of the cycle's tasks that is not there.
fn asks(work: &Work<'_>, cycle: &Cycle, stage: &Stage, scribe: &Scribe<'_>) -> Vec<WaitsFor> {
    let (plan, scope) = (work.plan, work.scope);
    let asked = Asked::conditional(scope);
    let mut waits = Vec::new();
    if !scope.meets(asked.debt, stage.if_debt, plan, scribe.exponent) {
        waits.push(WaitsFor::Debt {
            real_debt: scope.real,
            conditional_debt: scope.conditional,
            least: scope::least(stage.if_debt, plan, scribe.exponent),
        });
    }
    if let Some(least) = stage.if_invoices.filter(|_| !stages::are_enough(stage, asked)) {
        waits.push(WaitsFor::Invoices { open: asked.invoices, least });
    }
    if let Some(asked) = stage.if_task.as_ref().filter(|asked| !stages::has_task(cycle, asked)) {
        waits.push(WaitsFor::Task {
            queue: asked.queue.clone(),
            results: asked.results.clone(),
            result: stages::task_result(cycle, asked).cloned(),
        });
    }
    waits
}
