//! The end of waiting: what names an invoice or a payment that did not come in time.

use super::allocation;
use crate::debt::Debt;
use crate::debtor::Debtor;
use crate::ids::{AccountId, InvoiceId};
use crate::record::{Figure, RecordKind};
use crate::rejection::Rejection;
use crate::scribe::Scribe;
use crate::time::Timestamp;

/// Ends the waits whose time is over by `now`: a payment pays like one that names none, an
/// adjustment or a reversal of something that never came is rejected. Answers whether a payment paid
/// by it.
pub(crate) fn end_waits(
    debtor: &mut Debtor,
    account_id: &AccountId,
    now: Timestamp,
    scribe: &mut Scribe<'_>,
) -> bool {
    let window = scribe.policy.retention.wait_for_invoice;
    let debt = &mut debtor.debt;
    let mut ended = Vec::new();
    for payment in &mut debt.payments {
        if payment.waits_until.is_some_and(|until| until <= now) {
            payment.waits_until = None;
            payment.waits_for.clear();
            ended.push(Figure::new("payment", &payment.id));
        }
    }
    let has_paid = !ended.is_empty();
    if has_paid {
        allocation::spread_credit(debt, scribe.now());
        scribe.record(account_id, RecordKind::PaymentBooked, "the invoice it names did not come", ended);
    }
    let (over, rest) = std::mem::take(&mut debt.waiting_adjustments)
        .into_iter()
        .partition::<Vec<_>, _>(|waiting| waiting.until <= now);
    debt.waiting_adjustments = rest;
    let (late, rest) = std::mem::take(&mut debt.waiting_reversals)
        .into_iter()
        .partition::<Vec<_>, _>(|waiting| waiting.until <= now);
    debt.waiting_reversals = rest;
    let remembered = scribe.policy.retention.reversal.to_string();
    for waiting in over {
        let (invoice, waited) = (waiting.adjustment.invoice, window.to_string());
        let unknown = Rejection::UnknownInvoice { invoice, waited, remembered: remembered.clone() };
        scribe.reject_late(account_id, &unknown);
    }
    for waiting in late {
        let unknown = Rejection::UnknownPayment(waiting.reversal.payment, remembered.clone());
        scribe.reject_late(account_id, &unknown);
    }
    has_paid
}

/// Whether a payment or an adjustment waits for this invoice.
pub(crate) fn is_waited_for(debt: &Debt, invoice: &InvoiceId) -> bool {
    debt.payments.iter().any(|payment| payment.waits_for.contains(invoice))
        || debt.waiting_adjustments.iter().any(|waiting| waiting.adjustment.invoice == *invoice)
}

/// The next moment at which a wait is over.
pub(crate) fn next_wait_end(debt: &Debt) -> Option<Timestamp> {
    let payments = debt.payments.iter().filter_map(|payment| payment.waits_until);
    let adjustments = debt.waiting_adjustments.iter().map(|waiting| waiting.until);
    let reversals = debt.waiting_reversals.iter().map(|waiting| waiting.until);
    payments.chain(adjustments).chain(reversals).min()
}
