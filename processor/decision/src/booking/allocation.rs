//! Which payment pays which invoice: the moves between credit and open items.
//!
//! Every move keeps `invoice.paid` equal to the sum of what payments allocate to it.

use crate::debt::{Allocation, BookedPayment, Debt, Invoice};
use crate::event::Reversal;
use crate::ids::{InvoiceId, PaymentId};
use crate::money::MinorUnits;
use crate::places::{OldestFirst, Places};
use crate::time::Timestamp;

/// The invoice of this id: mostly a new one is asked for.
pub(super) fn find<'a>(debt: &'a Debt, id: &InvoiceId) -> Option<&'a Invoice> {
    debt.invoices.iter().rev().find(|invoice| invoice.id == *id)
}

/// The same, to be changed.
pub(super) fn find_mut<'a>(debt: &'a mut Debt, id: &InvoiceId) -> Option<&'a mut Invoice> {
    debt.invoices.iter_mut().rev().find(|invoice| invoice.id == *id)
}

/// Pays as much of an invoice as the payment's credit reaches. Of what the payment pays, only the
/// first `had` parts may be of this invoice already.
pub(super) fn pay(invoice: &mut Invoice, payment: &mut BookedPayment, had: usize) {
    let amount = payment.credit.min(invoice.outstanding());
    if !amount.is_positive() {
        return;
    }
    payment.credit = payment.credit.minus(amount);
    invoice.paid = invoice.paid.plus(amount);
    match payment.allocations.iter_mut().take(had).find(|part| part.invoice == invoice.id) {
        Some(part) => part.amount = part.amount.plus(amount),
        None => payment.allocations.push(Allocation { invoice: invoice.id.clone(), amount }),
    }
}

/// Lets the payments that waited for this invoice pay it; one that waits for no other is free.
/// Answers which those are.
pub(super) fn pay_from_those_that_wait(debt: &mut Debt, id: &InvoiceId) -> Vec<PaymentId> {
    let Debt { invoices, payments, .. } = debt;
    let mut waited = Vec::new();
    let Some(invoice) = invoices.iter_mut().rev().find(|invoice| invoice.id == *id) else { return waited };
    for payment in payments.iter_mut().filter(|payment| payment.waits_for.contains(id)) {
        pay(invoice, payment, payment.allocations.len());
        payment.waits_for.retain(|waited| waited != id);
        if payment.waits_for.is_empty() {
            payment.waits_until = None;
        }
        stop_waiting_for_nothing(payment);
        waited.push(payment.id.clone());
    }
    waited
}

/// Lets free credit, oldest payment first, pay open invoices, oldest due first, and notes which
/// invoices are closed now.
pub(super) fn spread_credit(debt: &mut Debt, now: Timestamp) {
    let Debt { invoices, payments, .. } = debt;
    let has_credit = |payment: &BookedPayment| payment.credit.is_positive() && payment.waits_until.is_none();
    if payments.iter().any(has_credit) {
        let mut oldest = OldestFirst::of(invoices, |_, invoice| invoice.outstanding().is_positive());
        let mut next = oldest.next(invoices);
        for payment in payments.iter_mut().filter(|payment| has_credit(payment)) {
            let had = payment.allocations.len();
            while let Some(invoice) = next.and_then(|at| invoices.get_mut(at)) {
                pay(invoice, payment, had);
                if invoice.outstanding().is_positive() {
                    break;
                }
                next = oldest.next(invoices);
            }
        }
    }
    for invoice in invoices {
        let is_closed = !invoice.outstanding().is_positive();
        invoice.closed_at = if is_closed { invoice.closed_at.or(Some(now)) } else { None };
    }
}

/// Gives back what was paid beyond what an invoice asks for now: the youngest payment's first.
pub(super) fn release_overpaid(debt: &mut Debt, id: &InvoiceId) {
    let Debt { invoices, payments, .. } = debt;
    let Some(invoice) = invoices.iter_mut().find(|invoice| invoice.id == *id) else { return };
    let mut surplus = invoice.paid.minus(invoice.asked().or_zero());
    for payment in payments.iter_mut().rev() {
        if !surplus.is_positive() {
            return;
        }
        let part = payment.allocations.iter_mut().find(|part| part.invoice == invoice.id);
        let freed = part.map(|part| take_back(invoice, part, surplus)).unwrap_or_default();
        payment.credit = payment.credit.plus(freed);
        surplus = surplus.minus(freed);
    }
}

/// Takes a payment back, or undoes that; answers how much. What is taken comes from its credit
/// first, then from the youngest invoice that it had paid; undone, it pays those first.
pub(super) fn reverse(debt: &mut Debt, at: usize, reversal: &Reversal) -> MinorUnits {
    let Debt { invoices, payments, .. } = debt;
    let Some(payment) = payments.get_mut(at) else { return MinorUnits::ZERO };
    if reversal.undo {
        let amount = reversal.amount.unwrap_or(payment.reversed);
        payment.reversed = payment.reversed.minus(amount);
        payment.credit = payment.credit.plus(amount);
        pay_again(invoices, payment);
        return amount;
    }
    let amount = reversal.amount.unwrap_or_else(|| payment.left());
    payment.reversed = payment.reversed.plus(amount);
    let from_credit = amount.min(payment.credit);
    payment.credit = payment.credit.minus(from_credit);
    let mut rest = amount.minus(from_credit);
    let places = Places::of(invoices, payment.allocations.iter().map(|part| &part.invoice));
    let parts = payment.allocations.iter_mut();
    let mut parts: Vec<_> = parts.filter_map(|part| Some((places.get(&part.invoice)?, part))).collect();
    let age = |at: usize| invoices.get(at).map(|invoice| (invoice.due, invoice.issued, &invoice.id));
    parts.sort_by(|(a, _), (b, _)| age(*b).cmp(&age(*a)));
    for (at, part) in parts {
        if let Some(invoice) = invoices.get_mut(at) {
            rest = rest.minus(take_back(invoice, part, rest));
        }
    }
    stop_waiting_for_nothing(payment);
    amount
}

/// Lets a payment pay the invoices that it had paid, in that order.
fn pay_again(invoices: &mut [Invoice], payment: &mut BookedPayment) {
    let places = Places::of(invoices, payment.allocations.iter().map(|part| &part.invoice));
    for part in &mut payment.allocations {
        let Some(invoice) = places.get(&part.invoice).and_then(|at| invoices.get_mut(at)) else { continue };
        let amount = payment.credit.min(invoice.outstanding());
        payment.credit = payment.credit.minus(amount);
        invoice.paid = invoice.paid.plus(amount);
        part.amount = part.amount.plus(amount);
    }
}

/// Takes up to `most` of what a payment pays of the invoice; answers how much. That it paid the
/// invoice stays known: a reversal undone pays it again.
fn take_back(invoice: &mut Invoice, part: &mut Allocation, most: MinorUnits) -> MinorUnits {
    let amount = part.amount.min(most);
    part.amount = part.amount.minus(amount);
    invoice.paid = invoice.paid.minus(amount);
    amount
}

/// A payment of which nothing is left waits for no invoice.
fn stop_waiting_for_nothing(payment: &mut BookedPayment) {
    if !payment.credit.is_positive() {
        payment.waits_for.clear();
        payment.waits_until = None;
    }
}
