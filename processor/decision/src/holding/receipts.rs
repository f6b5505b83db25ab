//! Unconfirmed payments: the customer shows a receipt, and the debt is held until the bank speaks.

use super::ending::{End, end_one};
use super::making::{add, check_id, check_number, once_each, open_of};
use crate::booking::Checked;
use crate::debtor::Debtor;
use crate::event::Payment;
use crate::hold::{Hold, HoldReason};
use crate::ids::{AccountId, HoldId};
use crate::money::MinorUnits;
use crate::places::Places;
use crate::rejection::Rejection;
use crate::scribe::Scribe;

/// Whether an unconfirmed payment may hold the debt. It may name invoices not seen yet.
pub(crate) fn check_unconfirmed(debtor: &Debtor, payment: &Payment) -> Result<Checked, Rejection> {
    let is_same = |hold: &Hold| {
        hold.kind == HoldReason::UnconfirmedPayment
            && hold.amount == payment.amount
            && hold.invoices == once_each(&payment.invoices)
            && hold.receipt == payment.receipt
    };
    if let Some(known) = check_id(debtor, &hold_id(payment), is_same)? {
        return Ok(known);
    }
    if debtor.holds.iter().any(|hold| has_receipt(hold, payment)) {
        return Ok(Checked::Known("receipt"));
    }
    let places = Places::of(&debtor.debt.invoices, payment.invoices.iter());
    let names_unseen = payment.invoices.iter().any(|id| places.get(id).is_none());
    if !names_unseen && !open_of(debtor, &payment.invoices).is_positive() {
        return Err(Rejection::NothingOpen);
    }
    check_number(debtor)?;
    Ok(Checked::New)
}

/// Lets an unconfirmed payment hold the debt, for as long as the policy says.
pub(crate) fn hold_unconfirmed(
    debtor: &mut Debtor,
    account_id: &AccountId,
    payment: &Payment,
    source: &str,
    scribe: &mut Scribe<'_>,
) {
    let valid_for = scribe.policy.holds.unconfirmed_valid_for;
    let hold = Hold {
        id: hold_id(payment),
        kind: HoldReason::UnconfirmedPayment,
        amount: payment.amount,
        invoices: once_each(&payment.invoices),
        covers: Vec::new(),
        covers_up_to: None,
        parts: Vec::new(),
        grace_days: 0,
        is_upheld: false,
        adjusted: MinorUnits::ZERO,
        until: None,
        expires_at: Some(scribe.zone.after(scribe.now(), valid_for)),
        made_at: scribe.now(),
        by: source.to_owned(),
        receipt: payment.receipt.clone(),
    };
    add(debtor, account_id, hold, None, scribe);
}

/// Whether a payment may be refused: one that holds the debt. One whose hold is over changes
/// nothing any more.
pub(crate) fn check_refusal(
    debtor: &Debtor,
    payment: &Payment,
    scribe: &Scribe<'_>,
) -> Result<Checked, Rejection> {
    if debtor.holds.iter().any(|hold| is_of(hold, payment)) {
        return Ok(Checked::New);
    }
    let id = payment.id.as_str();
    let is_receipt = |kind| kind == HoldReason::UnconfirmedPayment;
    let mut former = debtor.former_holds.iter();
    if former.any(|former| is_receipt(former.kind) && former.id.as_str() == id) {
        return Ok(Checked::Known("a receipt that is over"));
    }
    let window = scribe.policy.retention.reversal;
    Err(Rejection::UnknownPayment(payment.id.clone(), window.to_string()))
}

/// The payment's money is there: what held the debt in its place ends.
pub(crate) fn confirm(
    debtor: &mut Debtor,
    account_id: &AccountId,
    payment: &Payment,
    scribe: &mut Scribe<'_>,
) {
    end_receipts(debtor, account_id, payment, End::Confirmed, scribe);
}

/// The payment's money will not come: what held the debt in its place ends.
pub(crate) fn refuse(
    debtor: &mut Debtor,
    account_id: &AccountId,
    payment: &Payment,
    scribe: &mut Scribe<'_>,
) {
    end_receipts(debtor, account_id, payment, End::Refused, scribe);
}

fn end_receipts(
    debtor: &mut Debtor,
    account_id: &AccountId,
    payment: &Payment,
    end: End,
    scribe: &mut Scribe<'_>,
) {
    while let Some(place) = debtor.holds.iter().position(|hold| is_of(hold, payment)) {
        end_one(debtor, account_id, place, end, None, scribe);
    }
}

/// Whether the hold is of this payment: by its id, or by the receipt's number, since one payment
/// may be reported under two ids.
fn is_of(hold: &Hold, payment: &Payment) -> bool {
    let is_receipt = hold.kind == HoldReason::UnconfirmedPayment;
    is_receipt && (hold.id.as_str() == payment.id.as_str() || has_receipt(hold, payment))
}

fn has_receipt(hold: &Hold, payment: &Payment) -> bool {
    let is_receipt = hold.kind == HoldReason::UnconfirmedPayment;
    is_receipt && payment.receipt.is_some() && hold.receipt == payment.receipt
}

fn hold_id(payment: &Payment) -> HoldId {
    HoldId::from(payment.id.as_str())
}
