//! How money moves: invoices, payments, adjustments and reversals booked onto a debt (domain.md,
//! section 4). A `check_…` declines before anything changes; its `book_…` then cannot fail.
//!
//! What a debt leads to is [`crate::dunning`]'s business.

mod allocation;

use crate::debt::{BookedAdjustment, BookedPayment, Debt, Invoice, WaitingAdjustment, WaitingReversal};
use crate::debtor::Debtor;
use crate::event::{Adjustment, InvoiceIssued, Payment, PaymentStatus, Reversal};
use crate::ids::{AccountId, InvoiceId};
use crate::money::{Currency, LARGEST_AMOUNT, MinorUnits};
use crate::record::{Figure, RecordKind};
use crate::rejection::Rejection;
use crate::scribe::Scribe;
use crate::time::{Period, Timestamp};

/// The most events that wait for one debtor's invoices or payments.
pub(crate) const MOST_WAITING: usize = 100;

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

/// Whether an invoice may be booked.
pub(crate) fn check_invoice(debtor: &Debtor, issued: &InvoiceIssued) -> Result<Checked, Rejection> {
    check_amount(issued.amount)?;
    check_currency(debtor, issued.currency)?;
    match allocation::find(&debtor.debt, &issued.id) {
        None => Ok(Checked::New),
        Some(booked) if is_same_invoice(booked, issued) => Ok(Checked::Known("invoice")),
        Some(_) => Err(Rejection::InvoiceDiffers(issued.id.clone())),
    }
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
    let mut figures = vec![
        Figure::new("invoice", &issued.id),
        Figure::new("amount", scribe.money(issued.amount)),
        Figure::new("due", issued.due),
    ];
    if issued.draft {
        scribe.record(account_id, RecordKind::InvoiceBooked, "draft: no debt yet", figures);
        return;
    }
    debtor.currency = debtor.currency.or(Some(issued.currency));
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
    });
    let (due, rest) = std::mem::take(&mut debt.waiting_adjustments)
        .into_iter()
        .partition::<Vec<_>, _>(|waiting| waiting.adjustment.invoice == issued.id);
    debt.waiting_adjustments = rest;
    allocation::pay_from_those_that_wait(debt, &issued.id);
    allocation::spread_credit(debt, scribe.now());
    let outstanding = allocation::find(debt, &issued.id).map(Invoice::outstanding).unwrap_or_default();
    figures.push(Figure::new("outstanding", scribe.money(outstanding)));
    scribe.record(account_id, RecordKind::InvoiceBooked, "issued", figures);
    for waiting in due {
        // One that no longer fits the invoice is said to be dropped: nothing is lost in silence.
        match check_adjustment(debtor, &waiting.adjustment, scribe.policy.windows.reversal) {
            Ok(_) => book_adjustment(debtor, account_id, &waiting.adjustment, scribe),
            Err(rejection) => scribe.reject_late(account_id, &rejection),
        }
    }
}

/// Whether an adjustment may be booked.
pub(crate) fn check_adjustment(
    debtor: &Debtor,
    adjustment: &Adjustment,
    window: Period,
) -> Result<Checked, Rejection> {
    let debt = &debtor.debt;
    check_size(adjustment.amount)?;
    if !adjustment.undo && adjustment.amount == MinorUnits::ZERO {
        return Err(Rejection::AmountNotPositive);
    }
    check_currency(debtor, adjustment.currency)?;
    let booked = debt.adjustments.iter().find(|booked| booked.id == adjustment.id);
    let waits = debt.waiting_adjustments.iter().any(|waiting| waiting.adjustment.id == adjustment.id);
    if adjustment.undo {
        return match booked {
            Some(booked) if booked.undone => Ok(Checked::Known("adjustment undone")),
            Some(_) => Ok(Checked::New),
            None if waits => Ok(Checked::New),
            None => Err(Rejection::UnknownAdjustment(adjustment.id.to_string(), window.to_string())),
        };
    }
    match booked {
        Some(booked) if booked.amount == adjustment.amount && booked.invoice == adjustment.invoice => {
            return Ok(Checked::Known("adjustment"));
        }
        Some(_) => return Err(Rejection::AdjustmentDiffers(adjustment.id.to_string())),
        None if waits => return Ok(Checked::Known("adjustment")),
        None => {}
    }
    match allocation::find(debt, &adjustment.invoice) {
        Some(invoice) if invoice.asked().plus(adjustment.amount) < MinorUnits::ZERO => {
            let asked = invoice.asked().0;
            Err(Rejection::MoreThanInvoiced { invoice: invoice.id.clone(), asked })
        }
        None if debt.waiting_adjustments.len() >= MOST_WAITING => {
            Err(Rejection::TooManyWaiting { what: "invoices" })
        }
        Some(_) | None => Ok(Checked::New),
    }
}

/// Books an adjustment, or its undoing. One for an invoice not seen yet waits.
pub(crate) fn book_adjustment(
    debtor: &mut Debtor,
    account_id: &AccountId,
    adjustment: &Adjustment,
    scribe: &mut Scribe<'_>,
) {
    let mut figures = vec![
        Figure::new("adjustment", &adjustment.id),
        Figure::new("invoice", &adjustment.invoice),
        Figure::new("amount", scribe.money(adjustment.amount)),
    ];
    let debt = &mut debtor.debt;
    let reason = adjustment.reason.clone().unwrap_or_else(|| "adjusted".to_owned());
    if adjustment.undo {
        let undone = undo_adjustment(debt, adjustment, scribe.now());
        figures.push(Figure::new("undone", scribe.money(undone)));
        scribe.record(account_id, RecordKind::InvoiceAdjusted, "undone", figures);
        return;
    }
    let Some(invoice) = allocation::find_mut(debt, &adjustment.invoice) else {
        let until = scribe.zone.after(scribe.now(), scribe.policy.windows.wait_for_invoice);
        debt.waiting_adjustments.push(WaitingAdjustment { adjustment: adjustment.clone(), until });
        figures.push(Figure::new("until", until));
        scribe.record(
            account_id,
            RecordKind::PaymentWaiting,
            "adjustment of an invoice not seen yet",
            figures,
        );
        return;
    };
    invoice.adjusted = invoice.adjusted.plus(adjustment.amount);
    debt.adjustments.push(BookedAdjustment {
        id: adjustment.id.clone(),
        invoice: adjustment.invoice.clone(),
        amount: adjustment.amount,
        undone: false,
        booked_at: scribe.now(),
    });
    allocation::release_overpaid(debt, &adjustment.invoice);
    allocation::spread_credit(debt, scribe.now());
    let outstanding = allocation::find(debt, &adjustment.invoice).map(Invoice::outstanding);
    figures.push(Figure::new("outstanding", scribe.money(outstanding.unwrap_or_default())));
    scribe.record(account_id, RecordKind::InvoiceAdjusted, reason, figures);
}

fn undo_adjustment(debt: &mut Debt, adjustment: &Adjustment, now: Timestamp) -> MinorUnits {
    debt.waiting_adjustments.retain(|waiting| waiting.adjustment.id != adjustment.id);
    let Some(booked) = debt.adjustments.iter_mut().find(|booked| booked.id == adjustment.id) else {
        return MinorUnits::ZERO;
    };
    booked.undone = true;
    let (amount, invoice_id) = (booked.amount, booked.invoice.clone());
    if let Some(invoice) = allocation::find_mut(debt, &invoice_id) {
        invoice.adjusted = invoice.adjusted.minus(amount);
    }
    allocation::release_overpaid(debt, &invoice_id);
    allocation::spread_credit(debt, now);
    amount
}

/// Whether a payment may be booked.
pub(crate) fn check_payment(debtor: &Debtor, payment: &Payment) -> Result<Checked, Rejection> {
    check_amount(payment.amount)?;
    check_currency(debtor, payment.currency)?;
    match payment.status {
        PaymentStatus::Confirmed => {}
        PaymentStatus::Unconfirmed | PaymentStatus::Refused => {
            return Err(Rejection::NotSupported { what: "an unconfirmed payment" });
        }
    }
    let payments = &debtor.debt.payments;
    if let Some(booked) = payments.iter().find(|booked| booked.id == payment.id) {
        let is_same = booked.amount == payment.amount && booked.receipt == payment.receipt;
        let differs = Rejection::PaymentDiffers(payment.id.clone());
        return if is_same { Ok(Checked::Known("payment")) } else { Err(differs) };
    }
    let has_receipt = |booked: &BookedPayment| payment.receipt.is_some() && booked.receipt == payment.receipt;
    if payments.iter().any(has_receipt) {
        return Ok(Checked::Known("receipt"));
    }
    let waiting = payments.iter().filter(|booked| booked.waits_until.is_some()).count();
    if waiting >= MOST_WAITING && names_unseen(&debtor.debt, payment) {
        return Err(Rejection::TooManyWaiting { what: "invoices" });
    }
    Ok(Checked::New)
}

fn names_unseen(debt: &Debt, payment: &Payment) -> bool {
    payment.invoices.iter().any(|named| allocation::find(debt, named).is_none())
}

/// Books a payment: the invoices it names first, then the oldest due; what is left is credit. What
/// is meant for an invoice not seen yet waits for it.
pub(crate) fn book_payment(
    debtor: &mut Debtor,
    account_id: &AccountId,
    payment: &Payment,
    scribe: &mut Scribe<'_>,
) {
    debtor.currency = debtor.currency.or(Some(payment.currency));
    let debt = &mut debtor.debt;
    let is_unseen = |named: &&InvoiceId| allocation::find(debt, named).is_none();
    let waits_for: Vec<InvoiceId> = payment.invoices.iter().filter(is_unseen).cloned().collect();
    let until = scribe.zone.after(scribe.now(), scribe.policy.windows.wait_for_invoice);
    let mut booked = BookedPayment {
        id: payment.id.clone(),
        receipt: payment.receipt.clone(),
        amount: payment.amount,
        reversed: MinorUnits::ZERO,
        credit: payment.amount,
        allocations: Vec::new(),
        waits_until: (!waits_for.is_empty()).then_some(until),
        waits_for,
        status: payment.status,
        booked_at: scribe.now(),
    };
    for named in &payment.invoices {
        allocation::pay(&mut debt.invoices, &mut booked, named);
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
    apply_waiting_reversals(debtor, account_id, payment, scribe);
}

fn payment_figures(debt: &Debt, payment: &Payment, scribe: &Scribe<'_>) -> Vec<Figure> {
    let mut figures =
        vec![Figure::new("payment", &payment.id), Figure::new("amount", scribe.money(payment.amount))];
    figures.extend(payment.channel.as_ref().map(|channel| Figure::new("channel", channel)));
    if let Some(booked) = debt.payments.iter().find(|booked| booked.id == payment.id) {
        let paid =
            booked.allocations.iter().map(|part| format!("{} {}", part.invoice, scribe.money(part.amount)));
        figures.push(Figure::new("paid", paid.collect::<Vec<_>>().join(", ")));
        figures.push(Figure::new("credit", scribe.money(booked.credit)));
    }
    figures
}

/// Whether a reversal may be booked.
pub(crate) fn check_reversal(
    debtor: &Debtor,
    reversal: &Reversal,
    window: Period,
) -> Result<Checked, Rejection> {
    if let Some(amount) = reversal.amount {
        check_amount(amount)?;
    }
    let payment = &reversal.payment;
    let Some(booked) = debtor.debt.payments.iter().find(|booked| booked.id == *payment) else {
        if reversal.undo {
            return Err(Rejection::UnknownPayment(payment.clone(), window.to_string()));
        }
        if debtor.debt.waiting_reversals.len() >= MOST_WAITING {
            return Err(Rejection::TooManyWaiting { what: "payments" });
        }
        return Ok(Checked::New);
    };
    if reversal.undo {
        let amount = reversal.amount.unwrap_or(booked.reversed);
        let can_undo = amount.is_positive() && amount <= booked.reversed;
        return if can_undo { Ok(Checked::New) } else { Err(Rejection::UnknownReversal(payment.clone())) };
    }
    let left = booked.left();
    let amount = reversal.amount.unwrap_or(left);
    if !left.is_positive() || amount > left {
        return Err(Rejection::MoreThanPaid { payment: payment.clone(), left: left.0 });
    }
    Ok(Checked::New)
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
        let until = scribe.zone.after(scribe.now(), scribe.policy.windows.wait_for_invoice);
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

fn apply_waiting_reversals(
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
        match check_reversal(debtor, &waiting.reversal, scribe.policy.windows.reversal) {
            Ok(_) => book_reversal(debtor, account_id, &waiting.reversal, scribe),
            Err(rejection) => scribe.reject_late(account_id, &rejection),
        }
    }
}

/// Ends the waits whose time is over: a payment pays like one that names none, an adjustment or a
/// reversal of something that never came is rejected.
pub(crate) fn end_waits(debtor: &mut Debtor, account_id: &AccountId, scribe: &mut Scribe<'_>) {
    let horizon = scribe.moment.horizon;
    let window = scribe.policy.windows.wait_for_invoice;
    let debt = &mut debtor.debt;
    let mut ended = Vec::new();
    for payment in &mut debt.payments {
        if payment.waits_until.is_some_and(|until| until <= horizon) {
            payment.waits_until = None;
            payment.waits_for.clear();
            ended.push(Figure::new("payment", &payment.id));
        }
    }
    if !ended.is_empty() {
        allocation::spread_credit(debt, scribe.now());
        scribe.record(account_id, RecordKind::PaymentBooked, "the invoice it names did not come", ended);
    }
    let (over, rest) = std::mem::take(&mut debt.waiting_adjustments)
        .into_iter()
        .partition::<Vec<_>, _>(|waiting| waiting.until <= horizon);
    debt.waiting_adjustments = rest;
    let (late, rest) = std::mem::take(&mut debt.waiting_reversals)
        .into_iter()
        .partition::<Vec<_>, _>(|waiting| waiting.until <= horizon);
    debt.waiting_reversals = rest;
    for waiting in over {
        let unknown = Rejection::UnknownInvoice(waiting.adjustment.invoice, window.to_string());
        scribe.reject_late(account_id, &unknown);
    }
    for waiting in late {
        let unknown = Rejection::UnknownPayment(waiting.reversal.payment, window.to_string());
        scribe.reject_late(account_id, &unknown);
    }
}

/// The next moment at which a wait is over.
pub(crate) fn next_wait_end(debt: &Debt, horizon: Timestamp) -> Option<Timestamp> {
    let payments = debt.payments.iter().filter_map(|payment| payment.waits_until);
    let adjustments = debt.waiting_adjustments.iter().map(|waiting| waiting.until);
    let reversals = debt.waiting_reversals.iter().map(|waiting| waiting.until);
    payments.chain(adjustments).chain(reversals).filter(|until| *until > horizon).min()
}

/// Forgets closed invoices, and payments that pay nothing remembered, older than the window.
pub(crate) fn forget_old(debt: &mut Debt, oldest_kept: Timestamp) {
    let has_old = |debt: &Debt| {
        debt.invoices.first().is_some_and(|invoice| invoice.booked_at < oldest_kept)
            || debt.payments.first().is_some_and(|payment| payment.booked_at < oldest_kept)
    };
    if !has_old(debt) {
        return;
    }
    debt.invoices.retain(|invoice| invoice.closed_at.is_none_or(|closed| closed >= oldest_kept));
    let Debt { invoices, payments, adjustments, .. } = debt;
    let is_kept = |id: &InvoiceId| invoices.iter().any(|invoice| invoice.id == *id);
    adjustments.retain(|adjustment| is_kept(&adjustment.invoice));
    payments.retain(|payment| {
        payment.booked_at >= oldest_kept
            || payment.credit.is_positive()
            || payment.allocations.iter().any(|part| is_kept(&part.invoice))
    });
}

/// The credit that is free to pay the next invoice.
pub(crate) fn credit(debt: &Debt) -> MinorUnits {
    debt.payments.iter().map(|payment| payment.credit).sum()
}
