//! Adjustments: credit and debit notes, write-offs, and their undoing.

use super::{Checked, MOST_WAITING, allocation, check_currency, check_size};
use crate::debt::{BookedAdjustment, Debt, Invoice, WaitingAdjustment};
use crate::debtor::Debtor;
use crate::event::Adjustment;
use crate::holding;
use crate::ids::{AccountId, InvoiceId};
use crate::money::MinorUnits;
use crate::record::{Figure, RecordKind};
use crate::rejection::Rejection;
use crate::scribe::Scribe;
use crate::time::Timestamp;

/// Whether an adjustment may be booked.
pub(crate) fn check_adjustment(
    debtor: &Debtor,
    adjustment: &Adjustment,
    scribe: &Scribe<'_>,
) -> Result<Checked, Rejection> {
    let debt = &debtor.debt;
    let window = scribe.policy.retention.reversal;
    check_size(adjustment.amount)?;
    if !adjustment.undo && adjustment.amount == MinorUnits::ZERO {
        return Err(Rejection::AmountNotPositive);
    }
    check_currency(debtor, adjustment.currency)?;
    let booked = debt.adjustments.iter().find(|booked| booked.id == adjustment.id);
    let mut all_waiting = debt.waiting_adjustments.iter().map(|waiting| &waiting.adjustment);
    let waiting = all_waiting.find(|waiting| waiting.id == adjustment.id);
    if adjustment.undo {
        return match booked {
            Some(booked) if booked.undone => Ok(Checked::Known("adjustment undone")),
            Some(booked) => check_remembered(debt, &booked.invoice, scribe).map(|()| Checked::New),
            None if waiting.is_some() => Ok(Checked::New),
            None => Err(Rejection::UnknownAdjustment(adjustment.id.to_string(), window.to_string())),
        };
    }
    let known = booked.map(|booked| (booked.amount, &booked.invoice));
    if let Some(known) = known.or(waiting.map(|waiting| (waiting.amount, &waiting.invoice))) {
        let is_same = known == (adjustment.amount, &adjustment.invoice);
        let differs = Rejection::AdjustmentDiffers(adjustment.id.to_string());
        return if is_same { Ok(Checked::Known("adjustment")) } else { Err(differs) };
    }
    check_remembered(debt, &adjustment.invoice, scribe)?;
    let lowers = adjustment.amount < MinorUnits::ZERO;
    match allocation::find(debt, &adjustment.invoice) {
        Some(invoice) if lowers && invoice.asked().plus(adjustment.amount) < MinorUnits::ZERO => {
            let asked = scribe.money_of(debtor, invoice.asked());
            Err(Rejection::MoreThanInvoiced { invoice: invoice.id.clone(), asked })
        }
        None if debt.waiting_adjustments.len() >= MOST_WAITING => {
            Err(Rejection::TooManyWaiting { what: "invoices" })
        }
        Some(_) | None => Ok(Checked::New),
    }
}

/// Declines what would change an invoice closed before the reversal window: it may be forgotten by
/// now, or only by the next payment.
fn check_remembered(debt: &Debt, id: &InvoiceId, scribe: &Scribe<'_>) -> Result<(), Rejection> {
    let closed = allocation::find(debt, id).and_then(|invoice| invoice.closed_at);
    if closed.is_some_and(|closed| closed < scribe.oldest_kept()) {
        return Err(Rejection::InvoiceForgotten(id.clone(), scribe.policy.retention.reversal.to_string()));
    }
    Ok(())
}

/// Books an adjustment, or its undoing. One for an invoice not seen yet waits. Answers whether the
/// invoice asks for less now.
pub(crate) fn book_adjustment(
    debtor: &mut Debtor,
    account_id: &AccountId,
    adjustment: &Adjustment,
    scribe: &mut Scribe<'_>,
) -> bool {
    let mut figures = vec![
        Figure::new("adjustment", &adjustment.id),
        Figure::new("invoice", &adjustment.invoice),
        Figure::new("amount", scribe.money(adjustment.amount)),
    ];
    let debt = &mut debtor.debt;
    let reason = adjustment.reason.clone().unwrap_or_else(|| "adjusted".to_owned());
    if adjustment.undo {
        let undone = undo_adjustment(debt, adjustment, scribe.now());
        let amount = undone.as_ref().map(|(_, amount)| *amount).unwrap_or_default();
        figures.push(Figure::new("undone", scribe.money(amount)));
        scribe.record(account_id, RecordKind::InvoiceAdjusted, "undone", figures);
        if let Some((invoice, amount)) = undone {
            holding::on_adjusted(debtor, account_id, &invoice, amount.negated(), scribe);
        }
        return amount > MinorUnits::ZERO;
    }
    let Some(invoice) = allocation::find_mut(debt, &adjustment.invoice) else {
        let until = scribe.zone.after(scribe.now(), scribe.policy.retention.wait_for_invoice);
        debt.waiting_adjustments.push(WaitingAdjustment { adjustment: adjustment.clone(), until });
        figures.push(Figure::new("until", until));
        scribe.record(
            account_id,
            RecordKind::PaymentWaiting,
            "adjustment of an invoice not seen yet",
            figures,
        );
        return false;
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
    holding::on_adjusted(debtor, account_id, &adjustment.invoice, adjustment.amount, scribe);
    adjustment.amount < MinorUnits::ZERO
}

/// Takes back an adjustment that is booked or waits. Answers the invoice that a booked one had
/// changed, and by how much.
fn undo_adjustment(
    debt: &mut Debt,
    adjustment: &Adjustment,
    now: Timestamp,
) -> Option<(InvoiceId, MinorUnits)> {
    debt.waiting_adjustments.retain(|waiting| waiting.adjustment.id != adjustment.id);
    let booked = debt.adjustments.iter_mut().find(|booked| booked.id == adjustment.id)?;
    booked.undone = true;
    let (amount, invoice_id) = (booked.amount, booked.invoice.clone());
    if let Some(invoice) = allocation::find_mut(debt, &invoice_id) {
        invoice.adjusted = invoice.adjusted.minus(amount);
    }
    allocation::release_overpaid(debt, &invoice_id);
    allocation::spread_credit(debt, now);
    Some((invoice_id, amount))
}
