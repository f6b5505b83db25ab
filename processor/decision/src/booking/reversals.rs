//! Reversals: payments taken back, and that undone.

use super::{Checked, MOST_WAITING, allocation, check_amount};
use crate::debt::{BookedPayment, Debt, WaitingReversal};
use crate::debtor::Debtor;
use crate::event::{Payment, Reversal};
use crate::ids::AccountId;
use crate::money::MinorUnits;
use crate::places::Places;
use crate::record::{Figure, RecordKind};
use crate::rejection::Rejection;
use crate::scribe::Scribe;

/// Whether a reversal may be booked.
pub(crate) fn check_reversal(
    debtor: &Debtor,
    reversal: &Reversal,
    scribe: &Scribe<'_>,
) -> Result<Checked, Rejection> {
    if let Some(amount) = reversal.amount {
        check_amount(amount)?;
    }
    let payment = &reversal.payment;
    let window = scribe.policy.retention.reversal;
    let unknown = || Rejection::UnknownPayment(payment.clone(), window.to_string());
    let Some(booked) = debtor.debt.payments.iter().find(|booked| booked.id == *payment) else {
        if reversal.undo {
            return check_undo_of_waiting(&debtor.debt, reversal).unwrap_or_else(|| Err(unknown()));
        }
        if debtor.debt.waiting_reversals.len() >= MOST_WAITING {
            return Err(Rejection::TooManyWaiting { what: "payments" });
        }
        return Ok(Checked::New);
    };
    // What it paid may be forgotten, even where the payment is not.
    if booked.booked_at < scribe.oldest_kept() {
        return Err(unknown());
    }
    if reversal.undo {
        let amount = reversal.amount.unwrap_or(booked.reversed);
        let can_undo = amount.is_positive() && amount <= booked.reversed;
        return if can_undo { Ok(Checked::New) } else { Err(Rejection::UnknownReversal(payment.clone())) };
    }
    let left = booked.left();
    let amount = reversal.amount.unwrap_or(left);
    if !left.is_positive() || amount > left {
        let left = scribe.money_of(debtor, left);
        return Err(Rejection::MoreThanPaid { payment: payment.clone(), left });
    }
    // A former version of the policy may have remembered what it paid for a shorter time.
    if amount > remembered(&debtor.debt, booked) { Err(unknown()) } else { Ok(Checked::New) }
}

/// What a payment pays that is remembered, its credit among it.
fn remembered(debt: &Debt, payment: &BookedPayment) -> MinorUnits {
    let places = Places::of(&debt.invoices, payment.allocations.iter().map(|part| &part.invoice));
    let known = payment.allocations.iter().filter(|part| places.get(&part.invoice).is_some());
    payment.credit.plus(known.map(|part| part.amount).sum())
}

/// Whether a reversal that waits may be taken back; none where none waits.
fn check_undo_of_waiting(debt: &Debt, undo: &Reversal) -> Option<Result<Checked, Rejection>> {
    let mut waiting = debt.waiting_reversals.iter();
    waiting.find(|waiting| waiting.reversal.payment == undo.payment)?;
    let is_there = waiting_one(debt, undo).is_some();
    Some(is_there.then_some(Checked::New).ok_or_else(|| Rejection::UnknownReversal(undo.payment.clone())))
}

/// The place of the newest waiting reversal that this one takes back: all of it, or so much.
fn waiting_one(debt: &Debt, undo: &Reversal) -> Option<usize> {
    debt.waiting_reversals.iter().rposition(|waiting| {
        waiting.reversal.payment == undo.payment
            && (undo.amount.is_none() || undo.amount == waiting.reversal.amount)
    })
}

/// Books a reversal, or its undoing: the invoices are open again, with their old dates. One of a
/// payment not seen waits.
pub(crate) fn book_reversal(
    debtor: &mut Debtor,
    account_id: &AccountId,
    reversal: &Reversal,
    scribe: &mut Scribe<'_>,
) {
    let debt = &mut debtor.debt;
    let mut figures = vec![Figure::new("payment", &reversal.payment)];
    let Some(at) = debt.payments.iter().position(|booked| booked.id == reversal.payment) else {
        if reversal.undo {
            if let Some(at) = waiting_one(debt, reversal) {
                debt.waiting_reversals.remove(at);
            }
            scribe.record(account_id, RecordKind::PaymentReversed, "undone while it waited", figures);
            return;
        }
        let until = scribe.zone.after(scribe.now(), scribe.policy.retention.wait_for_invoice);
        debt.waiting_reversals.push(WaitingReversal { reversal: reversal.clone(), until });
        figures.push(Figure::new("until", until));
        scribe.record(account_id, RecordKind::PaymentWaiting, "reversal of a payment not seen yet", figures);
        return;
    };
    let amount = allocation::reverse(debt, at, reversal);
    allocation::spread_credit(debt, scribe.now());
    figures.push(Figure::new("amount", scribe.money(amount)));
    let reason = match (&reversal.reason, reversal.undo) {
        (_, true) => "undone".to_owned(),
        (Some(reason), false) => reason.clone(),
        (None, false) => "reversed".to_owned(),
    };
    scribe.record(account_id, RecordKind::PaymentReversed, reason, figures);
}

/// Applies the reversals that waited for this payment.
pub(super) fn apply_waiting(
    debtor: &mut Debtor,
    account_id: &AccountId,
    payment: &Payment,
    scribe: &mut Scribe<'_>,
) {
    let (due, rest) = std::mem::take(&mut debtor.debt.waiting_reversals)
        .into_iter()
        .partition::<Vec<_>, _>(|waiting| waiting.reversal.payment == payment.id);
    debtor.debt.waiting_reversals = rest;
    for waiting in due {
        match check_reversal(debtor, &waiting.reversal, scribe) {
            Ok(_) => book_reversal(debtor, account_id, &waiting.reversal, scribe),
            Err(rejection) => scribe.reject_late(account_id, &rejection),
        }
    }
}
