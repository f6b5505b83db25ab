//! The one way through a decision: known already? allowed? then change, then do what is due.

mod controls;

use crate::account::Snapshot;
use crate::booking::{self, Checked};
use crate::debtor::Debtor;
use crate::dunning::{self, Cause, held, moving};
use crate::event::{BalanceChange, Body, Event};
use crate::holding;
use crate::ids::AccountId;
use crate::money::{Currency, LARGEST_AMOUNT};
use crate::places::Places;
use crate::policies::Policies;
use crate::policy::{Policy, Unit};
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::seen::SeenId;
use crate::time::Timestamp;
use crate::{Decisions, Input, Moment, Rejection, alerting, passage, sending};

/// Decides on one input for one debtor: the debtor becomes what it is afterwards, and what is to
/// be sent and remembered comes back. A rejected event leaves the debtor as it was, but for its id
/// and the number of its records.
pub fn decide(debtor: &mut Debtor, input: Input<'_>, moment: Moment, policies: &Policies) -> Decisions {
    let mut scribe = Scribe::new(debtor, moment, policies);
    scribe.take_over(debtor);
    let goes_on = match input {
        Input::Event(event) => on_event(debtor, event, &mut scribe),
        Input::Due => Some(Cause::Other),
        Input::Passage { command, passage } => {
            passage::apply(debtor, command, passage, &mut scribe);
            Some(Cause::Other)
        }
    };
    if let Some(cause) = goes_on {
        settle(debtor, cause, &mut scribe);
    }
    let mut decisions = scribe.finish(debtor);
    if let Input::Event(event) = input {
        for record in &mut decisions.records {
            record.event_id = Some(event.event_id.clone());
        }
    }
    decisions
}

/// Does what is due now, and works out when something is due next.
fn settle(debtor: &mut Debtor, cause: Cause, scribe: &mut Scribe<'_>) {
    // Nothing that follows adds an invoice, or forgets one.
    let places = holding::places(&debtor.debt, &debtor.holds);
    let (has_paid, next_over) = end_what_is_over(debtor, &places, scribe);
    let cause = cause.and_paid(has_paid);
    moving::assign_segment(debtor, false, scribe);
    alerting::announce_expiries(debtor, scribe);
    if sending::is_any_due(scribe) {
        // After the cycles have turned: a message that waits for a cycle which just ended is not sent.
        // Before stages are entered: it was asked for earlier than what they do.
        dunning::turn(debtor, &places, cause, scribe);
        sending::wake(debtor, scribe);
    }
    let next_stage = dunning::advance(debtor, &places, cause, scribe);
    let owed = dunning::owing::of_all(debtor, &places, scribe);
    if debtor.owed != owed {
        debtor.owed = owed;
        scribe.changed();
    }
    let next_expiry = alerting::next_expiry(debtor, scribe);
    let next_wake = sending::next_wake(scribe);
    sending::tasks::forget_unanswered(&AccountId::from(debtor.id.as_str()), scribe);
    let next_unanswered = sending::tasks::next_unanswered(scribe);
    let next_due =
        [next_stage, next_over, next_wake, next_expiry, next_unanswered].into_iter().flatten().min();
    if debtor.next_due != next_due {
        debtor.next_due = next_due;
        scribe.changed();
    }
}

/// Ends the waits, the holds and the pause whose time is over, each in its turn, and lets the cycles
/// go on as of then: what ended while nobody looked ended at its own time. What pays at the end of a
/// wait keeps the promises that are not over by then. Answers whether a payment paid by it, and when
/// something is over next.
fn end_what_is_over(
    debtor: &mut Debtor,
    places: &Places,
    scribe: &mut Scribe<'_>,
) -> (bool, Option<Timestamp>) {
    let horizon = scribe.moment.horizon;
    let account_id = AccountId::from(debtor.id.as_str());
    let (mut has_paid, mut last) = (false, None);
    let mut over = over(debtor, places, scribe);
    while let Some(at) = over.next.filter(|at| *at <= horizon && Some(*at) != last) {
        has_paid |= booking::end_waits(debtor, &account_id, at, scribe);
        holding::end_holds(debtor, places, at, scribe);
        held::end_pause(debtor, at, scribe);
        held::turn_all(debtor, at, scribe);
        last = Some(at);
        over = self::over(debtor, places, scribe);
    }
    scribe.last_over = scribe.last_over.max(last);
    if over.is_any_now || over.next.is_some_and(|at| at <= horizon) {
        holding::end_holds(debtor, places, horizon, scribe);
        over = self::over(debtor, places, scribe);
    }
    (has_paid, over.next)
}

/// What is over by itself.
struct IsOver {
    /// Whether a hold is over now, whatever the time.
    is_any_now: bool,
    /// When the next wait, hold or pause is.
    next: Option<Timestamp>,
}

fn over(debtor: &Debtor, places: &Places, scribe: &Scribe<'_>) -> IsOver {
    let holds = holding::next_end(debtor, places, scribe);
    let pause = debtor.pause.as_ref().and_then(|pause| pause.until);
    let next = [booking::next_wait_end(&debtor.debt), holds.next, pause].into_iter().flatten().min();
    IsOver { is_any_now: holds.is_any_over, next }
}

/// Takes an event. Answers what it may have done to the debt and to what is due; none where it did
/// nothing to either: a repeated or rejected event, or mere usage, the most frequent of all.
fn on_event(debtor: &mut Debtor, event: &Event, scribe: &mut Scribe<'_>) -> Option<Cause> {
    let seen = SeenId::from(&event.event_id);
    if is_seen(debtor, seen, scribe) {
        tell_duplicate(event, "event_id", scribe);
        return None;
    }
    let is_late = is_anything_over(debtor, event, scribe);
    let checked = if is_late {
        check(&as_it_stands(debtor, scribe), event, scribe)
    } else {
        check(debtor, event, scribe)
    };
    let is_told_apart = matches!(checked, Ok(Checked::New)) && has_version(event);
    remember(debtor, seen, is_told_apart, scribe);
    match checked {
        Err(rejection) => {
            scribe.reject(&event.account_id, rejection);
            None
        }
        Ok(Checked::Known(what)) => {
            tell_duplicate(event, what, scribe);
            None
        }
        Ok(Checked::New) => {
            let has_paid = is_late && {
                let places = holding::places(&debtor.debt, &debtor.holds);
                end_what_is_over(debtor, &places, scribe).0
            };
            apply_in_time(debtor, event, scribe).map(|cause| cause.and_paid(has_paid))
        }
    }
}

pub(crate) fn is_seen(debtor: &Debtor, id: SeenId, scribe: &Scribe<'_>) -> bool {
    let (now, window) = (scribe.now(), scribe.policy.retention.dedup.nominal_micros());
    debtor.seen_lately.contains(id, now, window) || debtor.seen.contains(id, now, window)
}

/// Whether the event's version tells it apart from all others, once it has been applied.
fn has_version(event: &Event) -> bool {
    matches!(&event.body, Body::Balance(change) if change.version.is_some())
}

fn remember(debtor: &mut Debtor, id: SeenId, is_told_apart: bool, scribe: &mut Scribe<'_>) {
    let (now, window) = (scribe.now(), scribe.policy.retention.dedup.nominal_micros());
    if is_told_apart {
        debtor.seen.forget_old(now, window);
        debtor.seen_lately.remember(id, now);
    } else {
        debtor.seen.remember(id, now, window);
    }
    scribe.changed();
}

/// Whether a wait, a hold or a pause was over before the event came, and no timer has ended it yet. Usage
/// has nothing to do with it, and is the most frequent.
fn is_anything_over(debtor: &Debtor, event: &Event, scribe: &Scribe<'_>) -> bool {
    let horizon = scribe.moment.horizon;
    let is_over = |until: Option<Timestamp>| until.is_some_and(|until| until <= horizon);
    if !is_over(debtor.next_due) || matches!(event.body, Body::Balance(_)) {
        return false;
    }
    is_over(over(debtor, &holding::places(&debtor.debt, &debtor.holds), scribe).next)
}

/// The debtor without what is over: a promise that was broken yesterday is not kept by what is paid
/// today, and the debt that a payment paid at the end of its wait is frozen no more. A copy, since
/// an event that is rejected changes nothing.
fn as_it_stands(debtor: &Debtor, scribe: &Scribe<'_>) -> Debtor {
    let mut debtor = debtor.clone();
    let mut aside = Scribe::new(&debtor, scribe.moment, scribe.policies);
    let places = holding::places(&debtor.debt, &debtor.holds);
    end_what_is_over(&mut debtor, &places, &mut aside);
    debtor
}

fn tell_duplicate(event: &Event, what: &str, scribe: &mut Scribe<'_>) {
    let figures = vec![Figure::new("event_id", &event.event_id), Figure::new("source", &event.source)];
    scribe.record(&event.account_id, RecordKind::Duplicate, what, figures);
}

/// Declines what cannot be applied, most telling reason first.
fn check(debtor: &Debtor, event: &Event, scribe: &Scribe<'_>) -> Result<Checked, Rejection> {
    let policy = scribe.policy;
    check_moment("occurred_at", event.occurred_at)?;
    match &event.body {
        Body::Account(snapshot) => check_snapshot(debtor, event, snapshot, policy),
        Body::Balance(change) => check_balance(debtor, event, change, policy),
        Body::Invoice(issued) => booking::check_invoice(debtor, issued),
        Body::Adjustment(adjustment) => booking::check_adjustment(debtor, adjustment, scribe),
        Body::Payment(payment) => booking::check_payment(debtor, payment, scribe),
        Body::Reversal(reversal) => booking::check_reversal(debtor, reversal, scribe),
        Body::Control(control) => controls::check(debtor, event, control, scribe),
        Body::Report(_) => Ok(Checked::New),
    }
}

fn check_moment(field: &'static str, moment: Timestamp) -> Result<(), Rejection> {
    if moment.is_in_calendar() { Ok(()) } else { Err(Rejection::MomentOutOfCalendar { field }) }
}

fn check_snapshot(
    debtor: &Debtor,
    event: &Event,
    snapshot: &Snapshot,
    policy: &Policy,
) -> Result<Checked, Rejection> {
    for rule in &policy.attributes {
        match snapshot.attributes.get(&rule.name) {
            None if rule.required => {
                return Err(Rejection::AttributeMissing { name: rule.name.clone() });
            }
            Some(value) if value.kind() != rule.kind => {
                let (name, expected) = (rule.name.clone(), rule.kind.as_str());
                return Err(Rejection::AttributeType { name, expected });
            }
            None | Some(_) => {}
        }
    }
    if snapshot.credit_limit.is_some_and(|limit| limit.0.unsigned_abs() > LARGEST_AMOUNT.unsigned_abs()) {
        return Err(Rejection::AmountTooLarge);
    }
    let is_own = event.account_id.as_str() == debtor.id.as_str();
    let currency = snapshot.currency.unwrap_or(policy.defaults.currency);
    match debtor.currency {
        Some(account) if is_own && account != currency => {
            Err(Rejection::CurrencyDiffers { event: currency, account })
        }
        Some(_) | None => Ok(Checked::New),
    }
}

fn check_balance(
    debtor: &Debtor,
    event: &Event,
    change: &BalanceChange,
    policy: &Policy,
) -> Result<Checked, Rejection> {
    if !policy.balances.contains_key(&change.name) {
        return Err(Rejection::UnknownBalance { name: change.name.to_string() });
    }
    let amounts = [Some(change.value), change.limit];
    let is_too_large =
        |amount: crate::money::MinorUnits| amount.0.unsigned_abs() > LARGEST_AMOUNT.unsigned_abs();
    if amounts.into_iter().flatten().any(is_too_large) {
        return Err(Rejection::AmountTooLarge);
    }
    if let Some(until) = change.valid_until {
        check_moment("valid_until", until)?;
    }
    if let (Some(event), Some(account)) = (money_of(change, policy), debtor.currency)
        && event != account
    {
        return Err(Rejection::CurrencyDiffers { event, account });
    }
    let is_old = alerting::is_old(debtor, &event.account_id, change);
    Ok(if is_old { Checked::Known("version") } else { Checked::New })
}

/// The currency of a balance of money, where the event tells it.
fn money_of(change: &BalanceChange, policy: &Policy) -> Option<Currency> {
    change.currency.filter(|_| policy.balances.get(&change.name) == Some(&Unit::Money))
}

/// Changes the debtor by an event that was not declined. What it pays after the day of a promise or
/// of a part does not count for that, even where nobody has noted yet that the day is over.
fn apply_in_time(debtor: &mut Debtor, event: &Event, scribe: &mut Scribe<'_>) -> Option<Cause> {
    match event.body {
        Body::Invoice(_) | Body::Adjustment(_) | Body::Payment(_) | Body::Reversal(_) => {
            let late = holding::late_at(debtor, event.occurred_at.min(scribe.now()), scribe);
            let cause = apply(debtor, event, scribe);
            holding::count_no_more(debtor, &late);
            cause
        }
        // They pay nothing.
        Body::Account(_) | Body::Balance(_) | Body::Control(_) | Body::Report(_) => {
            apply(debtor, event, scribe)
        }
    }
}

/// Changes the debtor by an event that was not declined.
fn apply(debtor: &mut Debtor, event: &Event, scribe: &mut Scribe<'_>) -> Option<Cause> {
    let account_id = &event.account_id;
    let mut cause = Cause::Other;
    match &event.body {
        Body::Account(snapshot) => {
            if apply_snapshot(debtor, event, snapshot, scribe) {
                cause = Cause::Moved;
            }
        }
        Body::Balance(change) => {
            if let Some(currency) = money_of(change, scribe.policy) {
                booking::adopt_currency(debtor, currency, scribe);
            }
            let moves_expiry = alerting::on_change(debtor, account_id, event.occurred_at, change, scribe);
            return (moves_expiry || wakes_sooner(debtor, scribe)).then_some(cause);
        }
        Body::Invoice(issued) => {
            // What waited for it may pay others as well.
            if booking::is_waited_for(&debtor.debt, &issued.id) {
                cause = Cause::Paid;
            }
            booking::book_invoice(debtor, account_id, issued, scribe);
        }
        Body::Adjustment(adjustment) => {
            let lowers = booking::book_adjustment(debtor, account_id, adjustment, scribe);
            cause = if lowers { Cause::Paid } else { Cause::Raised };
        }
        Body::Payment(payment) => {
            if booking::book_payment(debtor, account_id, payment, &event.source, scribe) {
                cause = Cause::Paid;
            }
            booking::forget_old(&mut debtor.debt, scribe);
            holding::forget_old(debtor, scribe);
        }
        Body::Reversal(reversal) => {
            booking::book_reversal(debtor, account_id, reversal, scribe);
            cause = if reversal.undo { Cause::Paid } else { Cause::Raised };
        }
        Body::Control(control) => cause = controls::apply(debtor, event, control, scribe),
        Body::Report(report) => sending::on_report(debtor, account_id, report, scribe),
    }
    Some(cause)
}

/// Whether an alert just decided is due to be sent, or to be reported, or a task that it gave was waited for long
/// enough, before anything else is due.
fn wakes_sooner(debtor: &Debtor, scribe: &Scribe<'_>) -> bool {
    let wakes =
        [sending::next_wake(scribe), sending::tasks::next_unanswered(scribe)].into_iter().flatten().min();
    wakes.is_some_and(|wakes| debtor.next_due.is_none_or(|due| wakes < due))
}

/// Answers whether the account is in another segment now.
fn apply_snapshot(debtor: &mut Debtor, event: &Event, snapshot: &Snapshot, scribe: &mut Scribe<'_>) -> bool {
    let mut has_moved = false;
    let account_id = &event.account_id;
    let member = debtor.member_mut(account_id);
    let former = member.snapshot.replace(snapshot.clone());
    let former_limit = former.and_then(|former| former.credit_limit);
    if account_id.as_str() == debtor.id.as_str() {
        let currency = snapshot.currency.unwrap_or(scribe.policy.defaults.currency);
        debtor.currency = Some(currency);
        scribe.exponent = currency.exponent();
        scribe.zone = snapshot.time_zone.clone().unwrap_or_else(|| scribe.policy.defaults.zone.clone());
        has_moved = moving::assign_segment(debtor, true, scribe);
    }
    alerting::on_snapshot(debtor, account_id, event.occurred_at, former_limit, scribe);
    has_moved
}
