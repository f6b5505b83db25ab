//! When a cycle is held, and how it goes on (domain.md, section 5).
//!
//! What holds freeze is [`crate::holding`]'s business; what is put on and taken off [`force`]'s.

use super::scope::{Scope, Whose};
use super::stages::{self, Asked};
use super::{Work, debt_figures, force};
use crate::cycle::{Cycle, HeldSpan, Profile};
use crate::debtor::Debtor;
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::time::Timestamp;

/// So many held times are kept apart; beyond that the two oldest are told as one, which only
/// matters to an anchor that lies between them.
const MOST_SPANS: usize = 200;

/// Ends a person's pause whose time is over at `at`.
pub(crate) fn end_pause(debtor: &mut Debtor, at: Timestamp, scribe: &mut Scribe<'_>) {
    let over = debtor.pause.take_if(|pause| pause.until.is_some_and(|until| until <= at));
    if over.is_some() {
        scribe.changed();
    }
}

/// Holds the cycle, or lets it go on, as of `at`.
pub(crate) fn turn(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    at: Timestamp,
    scribe: &mut Scribe<'_>,
) {
    match (reason_to_hold(work, cycle, at, scribe), cycle.held_since) {
        (Some(reason), None) => hold(work, profile, cycle, at, reason.word(), scribe),
        (None, Some(since)) => resume(work, cycle, since, at, scribe),
        (Some(_), Some(_)) | (None, None) => {}
    }
}

/// Why a cycle is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeldBy {
    /// A person paused it.
    Pause,
    /// What the next stage asks is not there, and without the holds it would be.
    Holds,
}

impl HeldBy {
    fn word(self) -> &'static str {
        match self {
            Self::Pause => "a person paused it",
            Self::Holds => "what holds leave is not what the next stage asks",
        }
    }
}

/// Why a cycle is to be held: a person paused it, or what the next stage asks is not there, and
/// without the holds it would be. After the last stage the last one's own conditions are asked. A pause
/// that began after `at` does not hold it yet.
pub(crate) fn reason_to_hold(
    work: &Work<'_>,
    cycle: &Cycle,
    at: Timestamp,
    scribe: &Scribe<'_>,
) -> Option<HeldBy> {
    if work.debtor.pause.as_ref().is_some_and(|pause| pause.since <= at) {
        return Some(HeldBy::Pause);
    }
    let (plan, scope) = (work.plan, work.scope);
    let following = stages::following(plan, cycle);
    let stage = plan.stages.get(following).or(plan.stages.last())?;
    let is_enough = |asked| stages::is_enough(plan, stage, scope, asked, scribe);
    let freezes = !is_enough(Asked::conditional(scope)) && is_enough(Asked::real(scope));
    freezes.then_some(HeldBy::Holds)
}

fn hold(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    at: Timestamp,
    reason: &str,
    scribe: &mut Scribe<'_>,
) {
    cycle.held_since = Some(at);
    let mut figures = work.figures_of_cycle(cycle.number);
    figures.extend([Figure::new("stage", super::stage_text(cycle)), Figure::new("since", at)]);
    figures.extend(debt_figures(work.scope, scribe));
    scribe.record(&work.account_id(), RecordKind::CycleHeld, reason, figures);
    if work.plan.lift_measures {
        force::lift_while_held(work, profile, cycle, scribe);
    }
}

fn resume(work: &Work<'_>, cycle: &mut Cycle, since: Timestamp, at: Timestamp, scribe: &mut Scribe<'_>) {
    cycle.held_since = None;
    cycle.held.push(HeldSpan { from: since, to: at.max(since) });
    if cycle.held.len() > MOST_SPANS {
        tell_two_as_one(&mut cycle.held);
    }
    let at_next = stages::following(work.plan, cycle);
    let mut figures = work.figures_of_cycle(cycle.number);
    figures.extend([
        Figure::new("stage", super::stage_text(cycle)),
        Figure::new("held_since", since),
        Figure::new("resumed", at),
    ]);
    figures.extend(work.plan.stages.get(at_next).map(|stage| Figure::new("next", &stage.name)));
    let due = stages::due_time(work.plan, cycle, work.scope, at_next, scribe);
    figures.extend(due.map(|due| Figure::new("due", due)));
    figures.extend(debt_figures(work.scope, scribe));
    let reason = if work.plan.pause_clock { "the held days do not count" } else { "the held days count" };
    scribe.record(&work.account_id(), RecordKind::CycleResumed, reason, figures);
}

/// The two oldest become one of their length together.
fn tell_two_as_one(held: &mut Vec<HeldSpan>) {
    let [first, second, ..] = held.as_slice() else { return };
    let length = first.to.micros_since(first.from);
    let both = HeldSpan { from: second.from.plus_micros(length.saturating_neg()), to: second.to };
    held.splice(..2, [both]);
}

/// As of `at`, holds every open cycle or lets it go on.
pub(crate) fn turn_all(debtor: &mut Debtor, at: Timestamp, scribe: &mut Scribe<'_>) {
    super::each_cycle(debtor, scribe, |work, profile, cycle, scribe| {
        if cycle.opened_at <= at {
            let scope = Scope::of(work.ground, Whose::of(cycle), at, &scribe.zone);
            turn(&Work { scope: &scope, ..*work }, profile, cycle, at, scribe);
        }
    });
}
