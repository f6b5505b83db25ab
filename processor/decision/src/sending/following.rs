//! Which commands are kept under way, and for how long.
//!
//! What is done when one of them fails is [`super::tries`]' business.

use super::{order, request};
use crate::command::Origin;
use crate::ids::{AccountId, CommandId};
use crate::policy::Delivery;
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::underway::{CommandUnderWay, StoredOrigin, UnderWay};

/// The most commands of one debtor that are under way. Each is part of its state, which every event
/// reads and writes: a flood of alerts must not make that slow.
pub(super) const MOST_UNDER_WAY: usize = 500;

/// The first try of a command.
pub(super) fn first_try(
    id: CommandId,
    account_id: &AccountId,
    origin: StoredOrigin,
    what: UnderWay,
    scribe: &Scribe<'_>,
) -> CommandUnderWay {
    CommandUnderWay {
        command_id: id,
        first_id: id,
        account_id: account_id.clone(),
        origin,
        policy_hash: scribe.policy.identity.hash.clone(),
        tries: 1,
        tries_here: 1,
        sent_at: None,
        wakes_at: None,
        is_kept_back: false,
        is_in_doubt: false,
        is_last_resort: false,
        what,
    }
}

/// The rules for a command of this kind.
pub(super) fn delivery<'a>(what: &UnderWay, scribe: &Scribe<'a>) -> &'a Delivery {
    match what {
        UnderWay::Message(_) => &scribe.policy.commands.message,
        UnderWay::Order(_) => &scribe.policy.commands.provision,
    }
}

/// Follows a command that was just sent, where a report of it, or none, could still make something
/// happen.
pub(super) fn follow(mut command: CommandUnderWay, scribe: &mut Scribe<'_>) {
    let delivery = delivery(&command.what, scribe);
    // A time-out of no time at all would be over before any report could come.
    let report_within = delivery.report_within.filter(|within| !within.is_none());
    let is_followed = report_within.is_some() || delivery.retries > 0 || delivery.then.is_some();
    let matters = match &command.what {
        UnderWay::Message(message) => !message.fallback.is_empty(),
        // One that failed is no longer in force.
        UnderWay::Order(order) => !order.is_undo && command.origin.rule.is_none(),
    };
    if command.is_last_resort || !(is_followed || matters) {
        return;
    }
    command.sent_at = Some(scribe.now());
    command.wakes_at = report_within.map(|within| scribe.zone.after(scribe.now(), within));
    keep(command, scribe);
}

/// Keeps a command under way. Where there are too many, the one sent longest ago makes room; one that
/// has not gone out only where all the others have not either.
pub(super) fn keep(command: CommandUnderWay, scribe: &mut Scribe<'_>) {
    forget_old(scribe);
    if scribe.under_way.len() >= MOST_UNDER_WAY {
        let sent = scribe.under_way.iter().position(is_out);
        let displaced = scribe.under_way.remove(sent.unwrap_or(0));
        let figures = figures_of(&displaced, None);
        let reason = "too many commands are under way";
        scribe.record(&displaced.account_id, RecordKind::MeasureDropped, reason, figures);
    }
    scribe.under_way.push(command);
    scribe.changed();
}

/// Whether a command has gone out: it waits neither for its window nor to leave.
pub(super) fn is_out(command: &CommandUnderWay) -> bool {
    command.sent_at.is_some() && !command.is_kept_back
}

/// Forgets what was sent without a time-out so long ago that no report of it is awaited.
pub(super) fn forget_old(scribe: &mut Scribe<'_>) {
    let dedup = scribe.policy.retention.dedup;
    let oldest = scribe.zone.before(scribe.now(), dedup);
    let is_old = |command: &CommandUnderWay| {
        is_out(command) && command.wakes_at.is_none() && command.sent_at.is_some_and(|sent| sent <= oldest)
    };
    if scribe.under_way.iter().any(is_old) {
        scribe.under_way.retain(|command| !is_old(command));
        scribe.changed();
    }
}

/// The id of the `number`-th try of a command: that of the first is the measure's own. The first's
/// id stands for all that makes a command what it is, so that no try of another shares it.
pub(super) fn try_id(command: &CommandUnderWay, number: i32) -> CommandId {
    if number <= 1 {
        return command.first_id;
    }
    let number = u64::try_from(number).unwrap_or(0);
    let first = command.first_id.to_string();
    CommandId::of(&[command.account_id.as_str(), "try", &first], &[number])
}

/// Why a try goes out: what made the measure, or that an earlier try failed.
pub(super) fn reason_word(command: &CommandUnderWay) -> &'static str {
    match (command.tries, command.tries_here) {
        _ if command.is_last_resort => "then",
        (..=1, _) => request::origin_word(&Origin::from(&command.origin)),
        (_, ..=1) => "fallback",
        (_, _) => "retry",
    }
}

/// What a person wants to see of a try: its id, and where it is not the first, of which it is one.
pub(super) fn figures_of_try(command: &CommandUnderWay, because: Option<&str>) -> Vec<Figure> {
    let mut figures = vec![Figure::new("command_id", command.command_id)];
    if command.tries > 1 {
        figures.push(Figure::new("first_id", command.first_id));
        figures.push(Figure::new("try", command.tries));
    }
    figures.extend(because.map(|because| Figure::new("because", because)));
    figures
}

/// What a person wants to see of a command that does not go out.
pub(super) fn figures_of(command: &CommandUnderWay, because: Option<&str>) -> Vec<Figure> {
    let mut figures = match &command.what {
        UnderWay::Message(message) => vec![
            Figure::new("template", &message.template),
            Figure::new("channel", &message.channel),
            Figure::new("class", message.class.as_str()),
        ],
        UnderWay::Order(order) => order::figures_of(&order.operation, &order.services),
    };
    figures.extend(figures_of_try(command, because));
    figures
}
