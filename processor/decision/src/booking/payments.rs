//! Payments: what they name first, then the oldest due; the rest is credit. One that is not
//! confirmed holds the debt instead, which is [`crate::holding`]'s business.

use super::{Checked, MOST_WAITING, adopt_currency, allocation, check_amount, check_currency, reversals};
use crate::debt::{BookedPayment, Debt};
use crate::debtor::Debtor;
use crate::event::{Payment, PaymentStatus};
use crate::holding;
use crate::ids::{AccountId, InvoiceId, PaymentId};
use crate::money::MinorUnits;
use crate::places::Places;
use crate::record::{Figure, RecordKind};
use crate::rejection::Rejection;
use crate::scribe::Scribe;

/// Whether a payment may be booked, or held while it is unconfirmed, or refused.
pub(crate) fn check_payment(
    debtor: &Debtor,
    payment: &Payment,
    scribe: &Scribe<'_>,
) -> Result<Checked, Rejection> {
    check_amount(payment.amount)?;
    check_currency(debtor, payment.currency)?;
    let payments = &debtor.debt.payments;
    // A number that was used before the window may be used again.
    let oldest_kept = scribe.oldest_kept();
    let has_receipt = |booked: &BookedPayment| {
        payment.receipt.is_some() && booked.receipt == payment.receipt && booked.booked_at >= oldest_kept
    };
    let by_id = payments.iter().find(|booked| booked.id == payment.id);
    let is_refused = payment.status == PaymentStatus::Refused;
    if let Some(booked) = by_id.or_else(|| payments.iter().find(|booked| is_refused && has_receipt(booked))) {
        let is_same = booked.amount == payment.amount && booked.receipt == payment.receipt;
        return match payment.status {
            PaymentStatus::Refused => Err(Rejection::PaymentConfirmed(booked.id.clone())),
            PaymentStatus::Confirmed | PaymentStatus::Unconfirmed if is_same => Ok(Checked::Known("payment")),
            PaymentStatus::Confirmed | PaymentStatus::Unconfirmed => {
                Err(Rejection::PaymentDiffers(payment.id.clone()))
            }
        };
    }
    if payments.iter().any(has_receipt) {
        return Ok(Checked::Known("receipt"));
    }
    match payment.status {
        PaymentStatus::Confirmed => check_confirmed(debtor, payment),
        PaymentStatus::Unconfirmed => holding::check_unconfirmed(debtor, payment),
        PaymentStatus::Refused => holding::check_refusal(debtor, payment, scribe),
    }
}

fn check_confirmed(debtor: &Debtor, payment: &Payment) -> Result<Checked, Rejection> {
    let payments = &debtor.debt.payments;
    let waiting = payments.iter().filter(|booked| booked.waits_until.is_some()).count();
    if waiting >= MOST_WAITING && names_unseen(&debtor.debt, payment) {
        return Err(Rejection::TooManyWaiting { what: "invoices" });
    }
    Ok(Checked::New)
}

fn names_unseen(debt: &Debt, payment: &Payment) -> bool {
    let places = Places::of(&debt.invoices, payment.invoices.iter());
    payment.invoices.iter().any(|named| places.get(named).is_none())
}

/// Books a payment that was not declined: one that is confirmed pays, one that is not holds the
/// debt. Answers whether it paid.
pub(crate) fn book_payment(
    debtor: &mut Debtor,
    account_id: &AccountId,
    payment: &Payment,
    source: &str,
    scribe: &mut Scribe<'_>,
) -> bool {
    adopt_currency(debtor, payment.currency, scribe);
    match payment.status {
        PaymentStatus::Confirmed => {
            holding::confirm(debtor, account_id, payment, scribe);
            pay(debtor, account_id, payment, scribe);
            true
        }
        PaymentStatus::Unconfirmed => {
            holding::hold_unconfirmed(debtor, account_id, payment, source, scribe);
            false
        }
        PaymentStatus::Refused => {
            holding::refuse(debtor, account_id, payment, scribe);
            false
        }
    }
}

/// Pays the invoices that the payment names first, then the oldest due; what is left is credit.
/// What is meant for an invoice not seen yet waits for it.
fn pay(debtor: &mut Debtor, account_id: &AccountId, payment: &Payment, scribe: &mut Scribe<'_>) {
    let debt = &mut debtor.debt;
    let places = Places::of(&debt.invoices, payment.invoices.iter());
    let is_unseen = |named: &&InvoiceId| places.get(named).is_none();
    let waits_for: Vec<InvoiceId> = payment.invoices.iter().filter(is_unseen).cloned().collect();
    let until = || scribe.zone.after(scribe.now(), scribe.policy.retention.wait_for_invoice);
    let mut booked = BookedPayment {
        id: payment.id.clone(),
        receipt: payment.receipt.clone(),
        amount: payment.amount,
        reversed: MinorUnits::ZERO,
        credit: payment.amount,
        allocations: Vec::new(),
        waits_until: (!waits_for.is_empty()).then(until),
        waits_for,
        status: payment.status,
        booked_at: scribe.now(),
    };
    for named in &payment.invoices {
        if let Some(invoice) = places.get(named).and_then(|at| debt.invoices.get_mut(at)) {
            allocation::pay(invoice, &mut booked, 0);
        }
    }
    let waits = booked.waits_until.is_some() && booked.credit.is_positive();
    if !waits {
        booked.waits_until = None;
        booked.waits_for.clear();
    }
    debt.payments.push(booked);
    allocation::spread_credit(debt, scribe.now());
    let figures = payment_figures(debt, payment, scribe);
    let (kind, reason) = if waits {
        (RecordKind::PaymentWaiting, "names an invoice not seen yet")
    } else {
        (RecordKind::PaymentBooked, "confirmed")
    };
    scribe.record(account_id, kind, reason, figures);
    reversals::apply_waiting(debtor, account_id, payment, scribe);
}

/// Tells of the payments that waited for an invoice which has come.
pub(super) fn tell_paid_after_waiting(
    debt: &Debt,
    account_id: &AccountId,
    waited: &[PaymentId],
    scribe: &mut Scribe<'_>,
) {
    for booked in debt.payments.iter().filter(|booked| waited.contains(&booked.id)) {
        let (id, amount) = (&booked.id, scribe.money(booked.amount));
        let mut figures = vec![Figure::new("payment", id), Figure::new("amount", amount)];
        figures.extend(paid_figures(booked, scribe));
        scribe.record(account_id, RecordKind::PaymentBooked, "an invoice it names has come", figures);
    }
}

fn payment_figures(debt: &Debt, payment: &Payment, scribe: &Scribe<'_>) -> Vec<Figure> {
    let mut figures =
        vec![Figure::new("payment", &payment.id), Figure::new("amount", scribe.money(payment.amount))];
    figures.extend(payment.channel.as_ref().map(|channel| Figure::new("channel", channel)));
    let booked = debt.payments.iter().find(|booked| booked.id == payment.id);
    figures.extend(booked.into_iter().flat_map(|booked| paid_figures(booked, scribe)));
    figures
}

/// What a payment pays of each invoice, and what is left of it.
fn paid_figures(booked: &BookedPayment, scribe: &Scribe<'_>) -> [Figure; 2] {
    let parts = booked.allocations.iter().filter(|part| part.amount.is_positive());
    let paid = parts.map(|part| format!("{} {}", part.invoice, scribe.money(part.amount)));
    let paid = paid.collect::<Vec<_>>().join(", ");
    [Figure::new("paid", paid), Figure::new("credit", scribe.money(booked.credit))]
}
