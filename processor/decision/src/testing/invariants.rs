//! What holds after every decision, whatever came.

use crate::debt::Debt;
use crate::debtor::Owed;
use crate::event::Body;
use crate::holding;
use crate::ids::{CommandId, InvoiceId};
use crate::money::MinorUnits;
use crate::time::Timestamp;
use crate::underway::UnderWay;
use crate::{Debtor, Decisions, Input, Moment, Policies, view};
use std::collections::BTreeSet;

/// Checks one decision; `before` is the debtor as it was.
#[track_caller]
pub(crate) fn check(
    before: &Debtor,
    after: &Debtor,
    input: Input<'_>,
    (moment, policies): (Moment, &Policies),
    decisions: &Decisions,
) {
    money_adds_up(&after.debt);
    holds_freeze_what_they_may(after);
    if let Some(rejection) = &decisions.rejection {
        let mut as_before = after.clone();
        as_before.seen = before.seen.clone();
        as_before.records_made = before.records_made;
        assert_eq!(*before, as_before, "a rejected event changed the debtor: {rejection}");
    }
    if after.own_snapshot().is_none() {
        assert_eq!(decisions.commands, [], "nothing is sent before the snapshot");
    }
    if !decisions.changed {
        assert_eq!(before, after, "a change was not told");
    }
    assert!(decisions.commands.len() <= 200, "one input made {} commands", decisions.commands.len());
    let records = i64::try_from(decisions.records.len()).unwrap();
    assert_eq!(before.records_made + records, after.records_made);
    what_is_under_way_is_in_force(after);
    if is_settled(input, decisions) {
        what_is_owed_is_what_is_shown(after, moment, policies);
        wakes_are_to_come(after, moment);
        let due = after.next_due.is_none_or(|due| due > moment.horizon);
        assert!(due, "{:?} is due and was not done by {moment:?}", after.next_due);
    }
}

/// Lists show a debtor by what its profiles show.
#[track_caller]
fn what_is_owed_is_what_is_shown(debtor: &Debtor, moment: Moment, policies: &Policies) {
    let profiles = view::profiles(debtor, moment, policies);
    let real: MinorUnits = profiles.iter().map(|profile| profile.real_debt).sum();
    let conditional: MinorUnits = profiles.iter().map(|profile| profile.conditional_debt).sum();
    assert_eq!(view::owed(debtor), Owed { real, conditional }, "{profiles:?}");
}

/// A stage's message is under way only while it is in force, under the id of its newest try.
#[track_caller]
fn what_is_under_way_is_in_force(debtor: &Debtor) {
    let cycles = debtor.profiles.iter().flat_map(|profile| &profile.cycles);
    let in_force: Vec<CommandId> =
        cycles.flat_map(|cycle| &cycle.measures).map(|measure| measure.command_id).collect();
    for command in &debtor.under_way {
        let is_message = matches!(command.what, UnderWay::Message(_)) && command.origin.stage.is_some();
        let is_known = command.is_last_resort || in_force.contains(&command.command_id);
        assert!(!is_message || is_known, "its measure is not in force: {command:?}");
    }
    for addressed in &debtor.addressed {
        assert!(addressed.at.is_sorted(), "{addressed:?}");
    }
}

/// What is under way is woken later only, but for what waits for a cycle that is held.
#[track_caller]
fn wakes_are_to_come(debtor: &Debtor, moment: Moment) {
    let mut cycles = debtor.profiles.iter().flat_map(|profile| &profile.cycles);
    let is_any_held = cycles.any(|cycle| cycle.held_since.is_some());
    for command in &debtor.under_way {
        let is_to_come = command.wakes_at.is_none_or(|wakes| wakes > moment.horizon);
        assert!(is_to_come || (is_any_held && command.sent_at.is_none()), "{command:?} at {moment:?}");
    }
}

/// Whether the decision did all that was due: a repeated, rejected or mere balance event does not.
fn is_settled(input: Input<'_>, decisions: &Decisions) -> bool {
    let is_duplicate = |kind| kind == crate::record::RecordKind::Duplicate;
    match input {
        Input::Due | Input::Passage { .. } => true,
        Input::Event(event) => {
            decisions.rejection.is_none()
                && !matches!(event.body, Body::Balance(_))
                && !decisions.records.iter().any(|record| is_duplicate(record.kind))
        }
    }
}

/// No cent is made or lost: a payment is what was reversed, what is credit and what it pays; an
/// invoice is paid by what payments pay of it, and never more than it asks.
#[track_caller]
pub(crate) fn money_adds_up(debt: &Debt) {
    for payment in &debt.payments {
        let paying: MinorUnits = payment.allocations.iter().map(|part| part.amount).sum();
        let parts = payment.reversed.plus(payment.credit).plus(paying);
        assert_eq!(payment.amount, parts, "{payment:?}");
        assert!(payment.credit >= MinorUnits::ZERO && payment.reversed >= MinorUnits::ZERO, "{payment:?}");
        assert!(payment.allocations.iter().all(|part| part.amount >= MinorUnits::ZERO), "{payment:?}");
        let waits = payment.waits_until.is_some();
        assert_eq!(waits, !payment.waits_for.is_empty(), "{payment:?}");
        assert!(!waits || payment.credit.is_positive(), "it waits with nothing to pay: {payment:?}");
    }
    for invoice in &debt.invoices {
        assert_eq!(invoice.paid, paid(debt, &invoice.id), "{invoice:?}");
        assert!(invoice.paid <= invoice.asked().or_zero(), "{invoice:?}");
        assert_eq!(invoice.closed_at.is_some(), !invoice.outstanding().is_positive(), "{invoice:?}");
    }
    let free =
        debt.payments.iter().any(|payment| payment.credit.is_positive() && payment.waits_until.is_none());
    let open = debt.invoices.iter().any(|invoice| invoice.outstanding().is_positive());
    assert!(!(free && open), "free credit beside an open invoice: {debt:?}");
}

/// No invoice is frozen beyond what is outstanding of it, and no hold freezes more than its amount;
/// no id stands for two holds.
#[track_caller]
fn holds_freeze_what_they_may(debtor: &Debtor) {
    let frozen = holding::frozen(&debtor.debt, &debtor.holds);
    assert_eq!(frozen.len(), debtor.debt.invoices.len());
    for (invoice, frozen) in debtor.debt.invoices.iter().zip(&frozen) {
        assert!(MinorUnits::ZERO <= *frozen && *frozen <= invoice.outstanding(), "{frozen:?} of {invoice:?}");
    }
    let now = Timestamp(0);
    let policies = crate::testing::policy().into();
    let views = view::holds(debtor, Moment { now, horizon: now }, &policies);
    for hold in &views {
        assert!(hold.amount.is_positive(), "{hold:?}");
        assert!(MinorUnits::ZERO <= hold.freezes, "{hold:?}");
        assert!(hold.freezes.plus(hold.paid) <= hold.amount, "it freezes what is paid of it: {hold:?}");
    }
    assert_eq!(frozen, frozen_plainly(&debtor.debt, &views), "by {views:?}");
    let by_holds: MinorUnits = views.iter().map(|hold| hold.freezes).sum();
    assert_eq!(by_holds, frozen.into_iter().sum(), "both sides see the same frozen");
    let former = debtor.former_holds.iter().map(|former| &former.id);
    let ids: Vec<_> = debtor.holds.iter().map(|hold| &hold.id).chain(former).collect();
    let once: BTreeSet<_> = ids.iter().collect();
    assert_eq!(once.len(), ids.len(), "an id stands for two holds: {ids:?}");
}

/// What is frozen without any thrift: each hold in its turn looks at every invoice.
fn frozen_plainly(debt: &Debt, holds: &[view::HoldView]) -> Vec<MinorUnits> {
    let mut oldest_first: Vec<usize> = (0..debt.invoices.len()).collect();
    oldest_first.sort_by_key(|at| {
        let invoice = &debt.invoices[*at];
        (invoice.due, invoice.issued, &invoice.id)
    });
    let mut frozen = vec![MinorUnits::ZERO; debt.invoices.len()];
    let (named, unnamed): (Vec<_>, Vec<_>) = holds.iter().partition(|hold| !hold.invoices.is_empty());
    for hold in named.into_iter().chain(unnamed) {
        let mut unpaid = hold.amount.minus(hold.paid);
        for at in &oldest_first {
            let invoice = &debt.invoices[*at];
            if hold.invoices.is_empty() || hold.invoices.contains(&invoice.id) {
                let amount = invoice.outstanding().minus(frozen[*at]).min(unpaid);
                frozen[*at] = frozen[*at].plus(amount);
                unpaid = unpaid.minus(amount);
            }
        }
    }
    frozen
}

fn paid(debt: &Debt, id: &InvoiceId) -> MinorUnits {
    let parts = debt.payments.iter().flat_map(|payment| &payment.allocations);
    parts.filter(|part| part.invoice == *id).map(|part| part.amount).sum()
}
