//! How money moves: invoices, payments, adjustments and reversals booked onto a debt (domain.md,
//! section 4). A `check_…` declines before anything changes; its `book_…` then cannot fail.
//!
//! What a debt leads to is [`crate::dunning`]'s business.

mod adjustments;
mod allocation;
mod payments;
mod reversals;
#[cfg(test)]
mod tests;
mod waiting;

pub(crate) use adjustments::{book_adjustment, check_adjustment};
pub(crate) use payments::{book_payment, check_payment};
pub(crate) use reversals::{book_reversal, check_reversal};
pub(crate) use waiting::{end_waits, is_waited_for, next_wait_end};

use crate::debt::{BookedPayment, Debt, Invoice};
use crate::debtor::Debtor;
use crate::event::InvoiceIssued;
use crate::ids::{AccountId, InvoiceId};
use crate::money::{Currency, LARGEST_AMOUNT, MinorUnits};
use crate::places::Places;
use crate::record::{Figure, RecordKind};
use crate::rejection::Rejection;
use crate::scribe::Scribe;

/// The most events that wait for one debtor's invoices or payments.
pub(crate) const MOST_WAITING: usize = 100;

/// By how much less than its length a period of days may last, in microseconds, whatever the zone.
const TWO_DAYS: i64 = 2 * 86_400_000_000;

/// What a check says of an event that may be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It is new.
    New,
    /// It says what is booked already, for this reason.
    Known(&'static str),
}

/// Declines an amount that no event may carry.
pub(crate) fn check_amount(amount: MinorUnits) -> Result<(), Rejection> {
    if !amount.is_positive() {
        return Err(Rejection::AmountNotPositive);
    }
    check_size(amount)
}

fn check_size(amount: MinorUnits) -> Result<(), Rejection> {
    if amount.0.unsigned_abs() > LARGEST_AMOUNT.unsigned_abs() {
        return Err(Rejection::AmountTooLarge);
    }
    Ok(())
}

fn check_currency(debtor: &Debtor, event: Currency) -> Result<(), Rejection> {
    match debtor.currency {
        Some(account) if account != event => Err(Rejection::CurrencyDiffers { event, account }),
        Some(_) | None => Ok(()),
    }
}

/// The first money seen says what currency a debtor's money is in.
pub(crate) fn adopt_currency(debtor: &mut Debtor, currency: Currency, scribe: &mut Scribe<'_>) {
    if debtor.currency.is_none() {
        debtor.currency = Some(currency);
        scribe.exponent = currency.exponent();
    }
}

/// Whether an invoice may be booked.
pub(crate) fn check_invoice(debtor: &Debtor, issued: &InvoiceIssued) -> Result<Checked, Rejection> {
    check_amount(issued.amount)?;
    check_currency(debtor, issued.currency)?;
    match allocation::find(&debtor.debt, &issued.id) {
        // Of an invoice closed long ago, all that is remembered is a payment that paid it.
        None if is_paid_by_one_remembered(&debtor.debt, &issued.id) => Ok(Checked::Known("invoice")),
        None => Ok(Checked::New),
        Some(booked) if is_same_invoice(booked, issued) => Ok(Checked::Known("invoice")),
        Some(_) => Err(Rejection::InvoiceDiffers(issued.id.clone())),
    }
}

fn is_paid_by_one_remembered(debt: &Debt, id: &InvoiceId) -> bool {
    debt.payments.iter().any(|payment| payment.allocations.iter().any(|part| part.invoice == *id))
}

fn is_same_invoice(booked: &Invoice, issued: &InvoiceIssued) -> bool {
    booked.amount == issued.amount
        && booked.issued == issued.issued
        && booked.due == issued.due
        && booked.service == issued.service
        && booked.provider == issued.provider
        && booked.kind == issued.kind
}

/// Books an invoice: what waited for it is applied, and credit pays it.
pub(crate) fn book_invoice(
    debtor: &mut Debtor,
    account_id: &AccountId,
    issued: &InvoiceIssued,
    scribe: &mut Scribe<'_>,
) {
    if !issued.draft {
        adopt_currency(debtor, issued.currency, scribe);
    }
    let mut figures = vec![
        Figure::new("invoice", &issued.id),
        Figure::new("amount", scribe.money(issued.amount)),
        Figure::new("due", issued.due),
    ];
    if issued.draft {
        scribe.record(account_id, RecordKind::InvoiceBooked, "draft: no debt yet", figures);
        return;
    }
    let debt = &mut debtor.debt;
    debt.invoices.push(Invoice {
        id: issued.id.clone(),
        amount: issued.amount,
        adjusted: MinorUnits::ZERO,
        paid: MinorUnits::ZERO,
        issued: issued.issued,
        due: issued.due,
        service: issued.service.clone(),
        provider: issued.provider.clone(),
        kind: issued.kind.clone(),
        booked_at: scribe.now(),
        closed_at: None,
        kept_out: false,
        announced: Vec::new(),
    });
    let (due, rest) = std::mem::take(&mut debt.waiting_adjustments)
        .into_iter()
        .partition::<Vec<_>, _>(|waiting| waiting.adjustment.invoice == issued.id);
    debt.waiting_adjustments = rest;
    let waited = allocation::pay_from_those_that_wait(debt, &issued.id);
    allocation::spread_credit(debt, scribe.now());
    let outstanding = allocation::find(debt, &issued.id).map(Invoice::outstanding).unwrap_or_default();
    figures.push(Figure::new("outstanding", scribe.money(outstanding)));
    scribe.record(account_id, RecordKind::InvoiceBooked, "issued", figures);
    payments::tell_paid_after_waiting(debt, account_id, &waited, scribe);
    for waiting in due {
        // One that no longer fits the invoice is said to be dropped: nothing is lost in silence.
        match check_adjustment(debtor, &waiting.adjustment, scribe) {
            Ok(_) => {
                book_adjustment(debtor, account_id, &waiting.adjustment, scribe);
            }
            Err(rejection) => scribe.reject_late(account_id, &rejection),
        }
    }
}

/// Forgets closed invoices, and payments that pay nothing remembered, older than the window.
pub(crate) fn forget_old(debt: &mut Debt, scribe: &Scribe<'_>) {
    let first = debt.invoices.first().map(|invoice| invoice.booked_at);
    let first_paid = debt.payments.first().map(|payment| payment.booked_at);
    let Some(oldest) = [first, first_paid].into_iter().flatten().min() else { return };
    // Far from the end of the window the zone need not be asked.
    let window = scribe.policy.retention.reversal.nominal_micros().saturating_sub(TWO_DAYS);
    if scribe.now().micros_since(oldest) < window {
        return;
    }
    let oldest_kept = scribe.oldest_kept();
    if oldest >= oldest_kept {
        return;
    }
    let known = debt.invoices.len();
    debt.invoices.retain(|invoice| invoice.closed_at.is_none_or(|closed| closed >= oldest_kept));
    let Debt { invoices, payments, adjustments, .. } = debt;
    let is_old = |payment: &&BookedPayment| payment.booked_at < oldest_kept;
    if invoices.len() == known && !payments.iter().any(|payment| is_old(&payment)) {
        return;
    }
    let paid = payments.iter().filter(is_old).flat_map(|payment| &payment.allocations);
    let asked_for = paid.map(|part| &part.invoice).chain(adjustments.iter().map(|each| &each.invoice));
    let places = Places::of(invoices, asked_for);
    let is_kept = |id: &InvoiceId| places.get(id).is_some();
    adjustments.retain(|adjustment| is_kept(&adjustment.invoice));
    payments.retain(|payment| {
        payment.booked_at >= oldest_kept
            || payment.credit.is_positive()
            || payment.allocations.iter().any(|part| is_kept(&part.invoice))
    });
}

/// The credit that is free to pay the next invoice.
pub(crate) fn credit(debt: &Debt) -> MinorUnits {
    let free = debt.payments.iter().filter(|payment| payment.waits_until.is_none());
    free.map(|payment| payment.credit).sum()
}

/// The money that waits for an invoice not seen yet, and pays nothing else until then.
pub(crate) fn waiting(debt: &Debt) -> MinorUnits {
    let waiting = debt.payments.iter().filter(|payment| payment.waits_until.is_some());
    waiting.map(|payment| payment.credit).sum()
}
