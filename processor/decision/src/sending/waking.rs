//! What is due by itself: commands whose window opens, and reports that did not come.
//!
//! Cycles that end stop what waits for them ([`forget`]).

use super::debts;
use super::following::figures_of;
use super::tries::{self, Fate};
use super::window::Went;
use crate::debtor::Debtor;
use crate::record::RecordKind;
use crate::scribe::Scribe;
use crate::time::Timestamp;
use crate::underway::{CommandUnderWay, UnderWay};

/// Sends what has waited long enough, and goes on where a report did not come in time. A message
/// of a cycle that is held waits on: nothing new is done in it. Answers whether a measure is no
/// longer in force, since nothing of it went out: a stage may be due otherwise then.
pub(crate) fn wake(debtor: &mut Debtor, scribe: &mut Scribe<'_>) -> bool {
    let mut has_dropped = false;
    for command in take_due(debtor, scribe) {
        match command.sent_at {
            None => has_dropped |= send_waiting(debtor, command, scribe),
            Some(_) => tries::go_on(debtor, command, Fate::NoReport, scribe),
        }
    }
    has_dropped
}

/// When something is to be woken next.
pub(crate) fn next_wake(scribe: &Scribe<'_>) -> Option<Timestamp> {
    let horizon = scribe.moment.horizon;
    scribe.under_way.iter().filter_map(|command| command.wakes_at).filter(|wakes| *wakes > horizon).min()
}

/// Whether anything is to be woken, be it of a cycle that is held.
pub(crate) fn is_any_due(scribe: &Scribe<'_>) -> bool {
    let horizon = scribe.moment.horizon;
    scribe.under_way.iter().any(|command| command.wakes_at.is_some_and(|wakes| wakes <= horizon))
}

/// What is due, the one due first first.
fn take_due(debtor: &Debtor, scribe: &mut Scribe<'_>) -> Vec<CommandUnderWay> {
    let horizon = scribe.moment.horizon;
    let is_due = |command: &CommandUnderWay| {
        command.wakes_at.is_some_and(|wakes| wakes <= horizon) && !waits_on(debtor, command)
    };
    if !scribe.under_way.iter().any(is_due) {
        return Vec::new();
    }
    let (mut due, rest): (Vec<_>, Vec<_>) =
        std::mem::take(&mut scribe.under_way).into_iter().partition(is_due);
    scribe.under_way = rest;
    scribe.changed();
    due.sort_by_key(|command| command.wakes_at);
    due
}

/// Whether a command that was not sent yet is of a cycle that is held.
fn waits_on(debtor: &Debtor, command: &CommandUnderWay) -> bool {
    let cycle = debts::cycle_of(debtor, &command.origin);
    command.sent_at.is_none() && cycle.is_some_and(|cycle| cycle.held_since.is_some())
}

/// Sends what waited. Answers whether it was dropped instead.
fn send_waiting(debtor: &mut Debtor, command: CommandUnderWay, scribe: &mut Scribe<'_>) -> bool {
    if command.origin.invoice.as_ref().is_some_and(|invoice| !debts::is_soon_due(debtor, invoice, scribe)) {
        cancel(&command, "its invoice asks for no message any longer", scribe);
        return false;
    }
    let policy_hash = command.policy_hash.clone();
    scribe.under(&policy_hash, |scribe| match tries::send(debtor, command.clone(), None, scribe) {
        Went::Out(channel) => {
            tries::goes_by(debtor, command.command_id, channel);
            if let Some(cycle) = debts::cycle_of_mut(debtor, &command.origin) {
                cycle.has_sent = true;
            }
            false
        }
        Went::Waits => false,
        Went::Nowhere if command.tries > 1 => {
            tries::end(debtor, &command, None, scribe);
            false
        }
        Went::Nowhere => {
            tries::was_not_sent(debtor, command.command_id);
            true
        }
    })
}

/// Forgets messages under way: those of a cycle that ended, or of a stage that was left. What waits
/// is cancelled. Orders are not forgotten: their undo takes their place, and while something else
/// holds them they go on.
pub(crate) fn forget(scribe: &mut Scribe<'_>, is_theirs: &dyn Fn(&CommandUnderWay) -> bool) {
    let is_message_of_theirs =
        |command: &CommandUnderWay| matches!(command.what, UnderWay::Message(_)) && is_theirs(command);
    if !scribe.under_way.iter().any(is_message_of_theirs) {
        return;
    }
    let under_way = std::mem::take(&mut scribe.under_way).into_iter();
    let (theirs, rest): (Vec<_>, Vec<_>) = under_way.partition(is_message_of_theirs);
    scribe.under_way = rest;
    scribe.changed();
    for command in theirs.iter().filter(|command| command.sent_at.is_none()) {
        cancel(command, "the cycle no longer asks for it", scribe);
    }
}

/// Records that a message which waits will not be sent: nothing of it went out.
pub(super) fn cancel(command: &CommandUnderWay, reason: &str, scribe: &mut Scribe<'_>) {
    let figures = figures_of(command, None);
    scribe.record(&command.account_id, RecordKind::MeasureCancelled, reason, figures);
}
