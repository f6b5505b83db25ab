//! What follows a try that came to nothing: the next one, and in the end what the policy does then.
//!
//! A try is a command of its own; it names the first.

use super::following::{delivery, figures_of, first_try, try_id};
use super::message::{self, About};
use super::window::Went;
use super::{debts, order, request, tasks};
use crate::command::{Action, Origin};
use crate::cycle::{MeasureInForce, MeasureKind};
use crate::debtor::Debtor;
use crate::dunning::force;
use crate::event::Outcome;
use crate::ids::{Channel, CommandId};
use crate::policy::Measure;
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::underway::{CommandUnderWay, UnderWay};

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its receiver said that it was not done.
    NotDone(Outcome),
    /// Its end was not reported in time.
    NoReport,
}

/// Goes on after a try that came to nothing.
pub(super) fn go_on(debtor: &mut Debtor, mut command: CommandUnderWay, fate: Fate, scribe: &mut Scribe<'_>) {
    if command.origin.invoice.as_ref().is_some_and(|invoice| !debts::is_soon_due(debtor, invoice, scribe)) {
        return;
    }
    let policy_hash = command.policy_hash.clone();
    scribe.under(&policy_hash, |scribe| {
        let because = match fate {
            Fate::NotDone(outcome) => outcome.as_str().to_owned(),
            Fate::NoReport => {
                command.is_in_doubt = true;
                let within = delivery(&command.what, scribe).report_within;
                within.map_or_else(|| "no report".to_owned(), |within| format!("no report within {within}"))
            }
        };
        match next_try(&command, scribe) {
            Some(next) => try_again(debtor, &command, next, &because, scribe),
            None => end(debtor, &command, Some(&because), scribe),
        }
    });
}

/// The next try: once more in the same way, else by the next channel. None after the last.
fn next_try(command: &CommandUnderWay, scribe: &Scribe<'_>) -> Option<CommandUnderWay> {
    let mut next = command.clone();
    next.tries = command.tries.saturating_add(1);
    next.command_id = try_id(command, next.tries);
    let retried = command.tries_here.saturating_sub(1);
    if u32::try_from(retried).unwrap_or(0) < delivery(&command.what, scribe).retries {
        next.tries_here = command.tries_here.saturating_add(1);
        return Some(next);
    }
    let UnderWay::Message(message) = &mut next.what else { return None };
    message.channel = message.fallback.drain(..1.min(message.fallback.len())).next()?;
    next.tries_here = 1;
    Some(next)
}

fn try_again(
    debtor: &mut Debtor,
    command: &CommandUnderWay,
    next: CommandUnderWay,
    because: &str,
    scribe: &mut Scribe<'_>,
) {
    let newest = next.command_id;
    match send(debtor, next, Some(because), scribe) {
        Went::Out(channel) => {
            move_on(debtor, command.command_id, newest);
            goes_by(debtor, newest, channel);
        }
        Went::Waits => move_on(debtor, command.command_id, newest),
        Went::Nowhere => end(debtor, command, Some(because), scribe),
    }
}

/// Sends a command later than it was decided: its window is asked again, and a message speaks of the
/// debt as it is now.
pub(super) fn send(
    debtor: &Debtor,
    command: CommandUnderWay,
    because: Option<&str>,
    scribe: &mut Scribe<'_>,
) -> Went {
    let policy = scribe.policy;
    let window = command.what.window().and_then(|name| policy.windows.get(name)).map(|window| &**window);
    if matches!(command.what, UnderWay::Order(_)) {
        return order::go(command, window, because, scribe);
    }
    let member = debtor.member(command.account_id.as_str());
    let Some(snapshot) = member.and_then(|member| member.snapshot.as_ref()) else { return Went::Nowhere };
    let debt = debts::debt_now(debtor, snapshot, &command.origin, scribe).map(|debt| debt.values);
    let about = About { snapshot, debt };
    message::go(command, window, &about, because, scribe)
}

/// Nothing is left to try.
pub(super) fn end(
    debtor: &mut Debtor,
    command: &CommandUnderWay,
    because: Option<&str>,
    scribe: &mut Scribe<'_>,
) {
    let reason = match &command.what {
        UnderWay::Order(order) if !order.is_undo && !command.is_in_doubt && command.origin.rule.is_none() => {
            order::put_out_of_force(debtor, command, order);
            "every try failed: it is not in force"
        }
        UnderWay::Order(_) | UnderWay::Message(_) => "nothing is left to try",
    };
    let mut figures = figures_of(command, because);
    if command.tries <= 1 {
        figures.push(Figure::new("try", command.tries));
    }
    scribe.record(&command.account_id, RecordKind::MeasureDropped, reason, figures);
    if let Some(then) = &delivery(&command.what, scribe).then {
        take_last_resort(debtor, command, then, because, scribe);
    }
}

/// Does what the policy does in the end.
fn take_last_resort(
    debtor: &Debtor,
    failed: &CommandUnderWay,
    then: &Measure,
    because: Option<&str>,
    scribe: &mut Scribe<'_>,
) {
    let account_id = &failed.account_id;
    let member = debtor.member(account_id.as_str());
    let Some(snapshot) = member.and_then(|member| member.snapshot.as_ref()) else { return };
    let id = CommandId::of(&[account_id.as_str(), "then", &failed.first_id.to_string()], &[]);
    let real =
        debts::debt_now(debtor, snapshot, &failed.origin, scribe).map(|debt| debt.real).unwrap_or_default();
    let action = match then {
        Measure::Message(message) => {
            let balance = match &failed.what {
                UnderWay::Message(failed) => failed.balance.clone(),
                UnderWay::Order(_) => None,
            };
            let what = UnderWay::Message(message::under_way(message, message.window.as_deref(), balance));
            let mut command = first_try(id, account_id, failed.origin.clone(), what, scribe);
            command.is_last_resort = true;
            send(debtor, command, because, scribe);
            return;
        }
        Measure::Provision(order) => {
            // Nothing would hold it, and so nothing would ever take it back.
            let figures = vec![Figure::new("operation", &order.operation)];
            let reason = "an order is never what is done in the end";
            scribe.record(account_id, RecordKind::MeasureDropped, reason, figures);
            return;
        }
        Measure::Task { queue, within } => request::task(queue, *within, scribe),
        Measure::Fee { code, amount } => request::fee(code, *amount, snapshot, scribe),
        Measure::Handover { to } => request::handover(to, real, snapshot, scribe),
    };
    let mut figures = request::figures_of(&action);
    figures.push(Figure::new("command_id", id));
    figures.push(Figure::new("first_id", failed.first_id));
    figures.extend(because.map(|because| Figure::new("because", because)));
    scribe.record(account_id, RecordKind::MeasureRequested, "then", figures);
    if let Action::Task { queue, due, .. } = &action {
        // Of no stage, whatever stage asked for what failed.
        tasks::wait_for(tasks::requested_now(id, queue, *due, scribe), scribe);
    }
    scribe.command(id, account_id, Origin::from(&failed.origin), action);
}

/// The measure in force that a command asked for.
pub(super) fn in_force(debtor: &mut Debtor, id: CommandId) -> Option<&mut MeasureInForce> {
    let cycles = debtor.profiles.iter_mut().flat_map(|profile| &mut profile.cycles);
    let measures = cycles.flat_map(|cycle| &mut cycle.measures).chain(&mut debtor.by_hand);
    measures.into_iter().find(|measure| measure.command_id == id)
}

/// The measure in force follows the newest try, of which nothing is reported yet.
fn move_on(debtor: &mut Debtor, earlier: CommandId, newest: CommandId) {
    if let Some(measure) = in_force(debtor, earlier) {
        measure.command_id = newest;
        measure.outcome = None;
    }
}

/// The message in force goes by this channel.
pub(super) fn goes_by(debtor: &mut Debtor, id: CommandId, channel: Option<Channel>) {
    if let (Some(measure), Some(channel)) = (in_force(debtor, id), channel)
        && let MeasureKind::Message(message) = &mut measure.what
    {
        message.channel = channel;
    }
}

/// Nothing of it goes out: it is not in force.
pub(super) fn was_not_sent(debtor: &mut Debtor, id: CommandId) {
    let is_other = |measure: &MeasureInForce| measure.command_id != id;
    for cycle in debtor.profiles.iter_mut().flat_map(|profile| &mut profile.cycles) {
        let of_it = cycle.measures.iter().find(|measure| measure.command_id == id);
        if let Some(stage) = of_it.map(|measure| measure.stage.clone()) {
            force::note_dropped(cycle, &stage);
        }
        cycle.measures.retain(is_other);
    }
    debtor.by_hand.retain(is_other);
}
