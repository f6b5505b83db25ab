//! Holds, their outcomes and unconfirmed payments, as events.

use super::{control, date, payment_with};
use crate::event::{
    Body, Control, DisputeOutcome, HoldKind, HoldOrder, Instalment, Order, Payment, PaymentStatus,
};
use crate::money::MinorUnits;

/// A hold of all there is, or of what the change says.
pub(crate) fn hold(id: &str, kind: HoldKind, change: impl FnOnce(&mut HoldOrder)) -> Body {
    let mut order = HoldOrder { id: id.into(), kind, amount: None, invoices: Vec::new(), until: None };
    change(&mut order);
    control(Order::Hold(order))
}

/// A dispute of so much, all where `None`, of these invoices.
pub(crate) fn dispute(id: &str, amount: Option<i64>, invoices: &[&str]) -> Body {
    hold(id, HoldKind::Dispute, |order| fill(order, amount, invoices, None))
}

/// A dispute that ends by itself after this day.
pub(crate) fn dispute_until(id: &str, amount: Option<i64>, invoices: &[&str], until: &str) -> Body {
    hold(id, HoldKind::Dispute, |order| fill(order, amount, invoices, Some(until)))
}

/// How the dispute of this id ended.
pub(crate) fn outcome(id: &str, outcome: DisputeOutcome) -> Body {
    control(Order::DisputeEnded { id: id.into(), outcome })
}

/// A promise to pay so much through this day.
pub(crate) fn promise(id: &str, amount: Option<i64>, invoices: &[&str], until: &str) -> Body {
    hold(id, HoldKind::Promise, |order| fill(order, amount, invoices, Some(until)))
}

/// A promise that names no day.
pub(crate) fn promise_of(id: &str, amount: Option<i64>) -> Body {
    hold(id, HoldKind::Promise, |order| fill(order, amount, &[], None))
}

pub(crate) fn deferral(id: &str, amount: Option<i64>, invoices: &[&str], until: &str) -> Body {
    hold(id, HoldKind::Deferral, |order| fill(order, amount, invoices, Some(until)))
}

/// An instalment plan of these parts, each of which may be `grace_days` late.
pub(crate) fn instalments(id: &str, parts: &[(&str, i64)], grace_days: i32, invoices: &[&str]) -> Body {
    let parts = parts.iter().map(|(due, amount)| Instalment { due: date(due), amount: MinorUnits(*amount) });
    let kind = HoldKind::Instalments { parts: parts.collect(), grace_days };
    hold(id, kind, |order| fill(order, None, invoices, None))
}

fn fill(order: &mut HoldOrder, amount: Option<i64>, invoices: &[&str], until: Option<&str>) {
    order.amount = amount.map(MinorUnits);
    order.invoices = invoices.iter().map(|id| (*id).into()).collect();
    order.until = until.map(date);
}

/// The same order, given by someone in this role.
pub(crate) fn as_role(role: &str, body: Body) -> Body {
    let Body::Control(ordered) = body else { unreachable!("only controls have a role") };
    Body::Control(Control { role: role.to_owned(), ..ordered })
}

/// A receipt that the customer shows.
pub(crate) fn unconfirmed(id: &str, amount: i64, invoices: &[&str]) -> Body {
    payment_with(id, amount, invoices, |payment| payment.status = PaymentStatus::Unconfirmed)
}

/// The bank says no.
pub(crate) fn refused(id: &str, amount: i64) -> Body {
    payment_with(id, amount, &[], |payment| payment.status = PaymentStatus::Refused)
}

/// The payment with this receipt's number.
pub(crate) fn by_receipt(receipt: &str, body: Body) -> Body {
    let Body::Payment(paid) = body else { unreachable!("only payments have receipts") };
    Body::Payment(Payment { receipt: Some(receipt.into()), ..paid })
}
