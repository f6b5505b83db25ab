//! The window that a command waits for. It is asked whenever a try is to go out, and again where the
//! command had to wait after that.

use super::following::{self, figures_of};
use super::{caps, debts, waking};
use crate::calendar::Window;
use crate::command::{Action, Command, InWindow};
use crate::cycle::{Cycle, MeasureInForce};
use crate::debtor::Debtor;
use crate::event::Outcome;
use crate::ids::Channel;
use crate::policy::Measure;
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::time::Timestamp;
use crate::underway::{CommandUnderWay, UnderWay};

/// Where a try went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Went {
    /// Out; a message by this channel.
    Out(Option<Channel>),
    /// Nowhere yet: it waits for its window.
    Waits,
    /// Nowhere, and the reason is recorded.
    Nowhere,
}

/// Asks the window of a try that is to go out: where that is shut, it waits; where it never opens, it
/// is dropped.
pub(super) fn ask(
    command: CommandUnderWay,
    window: Option<&Window>,
    because: Option<&str>,
    scribe: &mut Scribe<'_>,
) -> Result<CommandUnderWay, Went> {
    let Some(window) = window else { return Ok(command) };
    match opening(window, scribe) {
        Opening::At(opens) => {
            delay(command, window, opens, because, scribe);
            Err(Went::Waits)
        }
        Opening::Now => Ok(command),
        Opening::Never => {
            let mut figures = figures_of(&command, because);
            figures.push(Figure::new("window", &window.name));
            let reason = "its window never opens";
            scribe.record(&command.account_id, RecordKind::MeasureDropped, reason, figures);
            Err(Went::Nowhere)
        }
    }
}

/// When a window lets something out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// It is open.
    Now,
    /// It is shut until then.
    At(Timestamp),
    /// It never opens.
    Never,
}

/// When a window lets out what is to go out now.
pub(super) fn opening(window: &Window, scribe: &Scribe<'_>) -> Opening {
    let now = scribe.now();
    match window.next_open(&scribe.zone, now) {
        Some(opens) if opens > now => Opening::At(opens),
        Some(_) => Opening::Now,
        None => Opening::Never,
    }
}

fn delay(
    mut command: CommandUnderWay,
    window: &Window,
    opens: Timestamp,
    because: Option<&str>,
    scribe: &mut Scribe<'_>,
) {
    let mut figures = figures_of(&command, because);
    figures.push(Figure::new("window", &window.name));
    figures.push(Figure::new("until", opens));
    scribe.record(&command.account_id, RecordKind::MeasureDelayed, "its window is shut", figures);
    command.sent_at = None;
    command.wakes_at = Some(opens);
    following::keep(command, scribe);
}

/// A message that was decided had to wait until its window was shut, and comes back: it waits as one
/// that was decided now, where it is still asked for. It counts for no cap until it is sent.
pub(crate) fn take_back(debtor: &mut Debtor, command: &Command, scribe: &mut Scribe<'_>) {
    let Some(InWindow { tried, .. }) = command.window.as_deref() else { return };
    scribe.under_way.retain(|known| known.command_id != command.id);
    scribe.changed();
    if let Action::Message(message) = &command.action {
        caps::count_no_more(&command.account_id, &message.channel, command.at, scribe);
    }
    if !is_still_asked_for(debtor, tried) {
        waking::cancel(tried, "the cycle no longer asks for it", scribe);
        return;
    }
    let now = scribe.now();
    scribe.under(&tried.policy_hash, |scribe| {
        let policy = scribe.policy;
        let Some(window) = tried.what.window().and_then(|name| policy.windows.get(name)) else { return };
        let opens = window.next_open(&scribe.zone, now).unwrap_or(Timestamp::LATEST);
        delay(tried.clone(), window, opens, None, scribe);
        let has_sent_nothing =
            debts::cycle_of(debtor, &tried.origin).is_some_and(|cycle| waits_whole(cycle, scribe));
        if has_sent_nothing && let Some(cycle) = debts::cycle_of_mut(debtor, &tried.origin) {
            cycle.has_sent = false;
        }
    });
}

/// Whether all that a cycle did so far are messages of one stage that wait.
fn waits_whole(cycle: &Cycle, scribe: &Scribe<'_>) -> bool {
    let waits = |measure: &MeasureInForce| {
        let mut under_way = scribe.under_way.iter();
        under_way.any(|known| known.command_id == measure.command_id && known.sent_at.is_none())
    };
    let stages = scribe.policy.plans.get(&cycle.plan).map_or(&[][..], |plan| &plan.stages);
    let mut of_stage = stages.iter().filter(|stage| cycle.stage.as_ref() == Some(&stage.name));
    let is_message = |measure: &Measure| matches!(measure, Measure::Message(_));
    let visits = cycle.visits.iter().fold(0, |sum: i64, visits| sum.saturating_add(visits.count));
    visits == 1
        && of_stage.all(|stage| stage.measures.iter().all(is_message))
        && cycle.measures.iter().all(waits)
}

/// Whether what made a message still asks for it: a stage does while it is in force, and was not done
/// by an earlier try. What is done in the end, and what no stage asked for, does not depend on a cycle.
fn is_still_asked_for(debtor: &Debtor, tried: &CommandUnderWay) -> bool {
    let is_of_stage = tried.origin.cycle.is_some() && tried.origin.stage.is_some();
    if !is_of_stage || tried.is_last_resort || !matches!(tried.what, UnderWay::Message(_)) {
        return true;
    }
    let cycle = debts::cycle_of(debtor, &tried.origin);
    let measures = cycle.into_iter().flat_map(|cycle| &cycle.measures);
    let mut of_it = measures.filter(|measure| measure.command_id == tried.command_id);
    of_it.any(|measure| measure.outcome.is_none_or(|reported| reported.outcome != Outcome::Done))
}
