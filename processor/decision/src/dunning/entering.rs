//! A stage is entered, stepped down from, or jumped to.
//!
//! When one is due is [`stages`]' business, what it puts on and takes off [`force`]'s.

use super::{Work, debt_figures, force, stage_text, stages};
use crate::cycle::{Cycle, Profile, StageEntry};
use crate::plan::{CatchUp, Stage};
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;

/// Enters what is due, each in turn, or only the furthest: as the plan catches up.
pub(super) fn enter_due_stages(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    scribe: &mut Scribe<'_>,
) {
    match work.plan.catch_up {
        CatchUp::Sequential => {
            // Each stage once at most, whatever the plan.
            for _ in &work.plan.stages {
                let Some(at) = stages::next_to_enter(work.plan, cycle, work.scope, scribe) else { break };
                enter(work, profile, cycle, at, scribe);
            }
        }
        CatchUp::Severest => {
            // One that gives a notice is not passed over: what follows it is entered after it.
            for _ in &work.plan.stages {
                let Some(at) = stages::furthest_to_enter(work.plan, cycle, work.scope, scribe) else { break };
                enter(work, profile, cycle, at, scribe);
            }
        }
    }
}

fn enter(work: &Work<'_>, profile: &Profile, cycle: &mut Cycle, at: usize, scribe: &mut Scribe<'_>) {
    let Some(stage) = work.plan.stages.get(at) else { return };
    let due = stages::due_time(work.plan, cycle, work.scope, at, scribe);
    let due = due.map(|due| Figure::new("due", due));
    put_in(work, cycle, stage, "its time has come", due, scribe);
    force::take_measures(work, profile, cycle, (stage, stage.window.as_deref()), scribe);
}

/// The cycle is in the stage from now on.
fn put_in(
    work: &Work<'_>,
    cycle: &mut Cycle,
    stage: &Stage,
    reason: &str,
    due: Option<Figure>,
    scribe: &mut Scribe<'_>,
) {
    let from = stage_text(cycle);
    cycle.stage = Some(stage.name.clone());
    cycle.entries.push(StageEntry::new(&stage.name, scribe.now()));
    let mut figures = work.figures_of_cycle(cycle.number);
    figures.extend([
        Figure::new("stage", &stage.name),
        Figure::new("from", from),
        Figure::new("after", stage.after),
    ]);
    figures.extend(work.scope.oldest.map(|oldest| Figure::new("oldest", oldest)));
    figures.extend(due);
    figures.extend(debt_figures(work.scope, scribe));
    scribe.record(&work.account_id(), RecordKind::StageEntered, reason, figures);
}

/// After a payment: back to the furthest stage that the real debt still meets.
pub(super) fn step_down(work: &Work<'_>, profile: &Profile, cycle: &mut Cycle, scribe: &mut Scribe<'_>) {
    let Some(current) = stages::current(work.plan, cycle) else { return };
    let met = stages::furthest_met(work.plan, cycle, work.by_clock, current, scribe);
    if met != Some(current) {
        let kept = met.map_or(0, |met| met.saturating_add(1));
        go_back(work, profile, cycle, kept, "step_down", scribe);
    }
}

/// Back to where `kept` stages are left: what the others have put on is lifted, nothing is sent.
fn go_back(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    kept: usize,
    reason: &str,
    scribe: &mut Scribe<'_>,
) {
    let last = kept.checked_sub(1).and_then(|last| work.plan.stages.get(last));
    let target = last.map(|stage| stage.name.clone());
    let mut figures = work.figures_of_cycle(cycle.number);
    figures.extend([
        Figure::new("from", stage_text(cycle)),
        Figure::new("to", target.as_ref().map_or("none", |name| name.as_str())),
    ]);
    figures.extend(debt_figures(work.by_clock, scribe));
    scribe.record(&work.account_id(), RecordKind::StageLeft, reason, figures);
    force::lift_from(work, profile, cycle, kept, scribe);
    cycle.entries.retain(|entry| work.plan.position(&entry.stage).is_some_and(|at| at < kept));
    cycle.stage = target;
}

/// A person's jump: the stage is entered at once, whatever its conditions, its notice and its
/// window. The cycle's clock is shifted so that later stages keep their distance. A jump back lifts
/// what lies beyond, and repeats nothing.
pub(super) fn jump(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    at: usize,
    scribe: &mut Scribe<'_>,
) {
    let Some(stage) = work.plan.stages.get(at) else { return };
    shift_clock(work, cycle, stage, scribe);
    let is_back = stages::current(work.plan, cycle).is_some_and(|current| at <= current);
    if is_back {
        go_back(work, profile, cycle, at.saturating_add(1), "a person jumped back", scribe);
        // Entered now: the gap to the next stage goes by anew.
        cycle.entries.retain(|entry| entry.stage != stage.name);
        cycle.entries.push(StageEntry::new(&stage.name, scribe.now()));
    } else {
        put_in(work, cycle, stage, "a person jumped to it", None, scribe);
        force::take_measures(work, profile, cycle, (stage, None), scribe);
    }
}

/// From now on the stage is as old as if it were due now.
fn shift_clock(work: &Work<'_>, cycle: &mut Cycle, stage: &Stage, scribe: &Scribe<'_>) {
    let (zone, now) = (&scribe.zone, scribe.now());
    let Some(aged) = stages::aged_at(work.plan, cycle, work.by_clock, stage, scribe) else { return };
    cycle.shift_micros = cycle.shift_micros.saturating_add(zone.wall_micros(aged, now));
}
