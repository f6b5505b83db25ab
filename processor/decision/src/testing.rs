//! What the tests of this package are written with: builders of policies and events, and [`Life`],
//! which runs a debtor's life in virtual time.
//!
//! Decisions are compared as short texts, so that a table of them reads like the account's story.

mod holds;
mod invariants;
mod life;
mod policies;
mod words;

pub(crate) use holds::*;
pub(crate) use life::{Life, event};
pub(crate) use policies::*;

use crate::account::{PaymentMode, Service, Snapshot};
use crate::event::{
    Adjustment, BalanceChange, BalanceReason, Body, Control, InvoiceIssued, Order, Outcome, Payment,
    PaymentStatus, Report, Reversal,
};
use crate::ids::CommandId;
use crate::money::{Currency, MinorUnits};
use crate::time::{Date, Timestamp, Zone};
use litemap::LiteMap;

/// Reads `2026-03-10` (its first moment), `2026-03-10T09:30` or `2026-03-10T09:30:59`, in UTC.
#[track_caller]
pub(crate) fn moment(text: &str) -> Timestamp {
    let (day, clock) = text.split_once('T').unwrap_or((text, "00:00"));
    let parts = clock.split(':').map(|part| part.parse::<i64>().unwrap());
    let seconds: i64 = parts.zip([3_600, 60, 1]).map(|(part, seconds)| part * seconds).sum();
    Zone::utc().start_of(date(day)).plus_micros(seconds * 1_000_000)
}

#[track_caller]
pub(crate) fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

pub(crate) fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

/// A postpaid account that says nothing else.
pub(crate) fn snapshot() -> Snapshot {
    Snapshot {
        payment_mode: PaymentMode::Postpaid,
        currency: None,
        language: None,
        time_zone: None,
        credit_limit: None,
        contacts: LiteMap::new(),
        opt_outs: Vec::new(),
        services: Vec::new(),
        attributes: LiteMap::new(),
        closed: false,
    }
}

/// An account with these services: `line`, `line@provider`, and `line!` for one that is always on.
pub(crate) fn with_services(services: &[&str]) -> Body {
    let service = |text: &&str| {
        let (name, always_on) = text.strip_suffix('!').map_or((*text, false), |name| (name, true));
        let (id, provider) = name.split_once('@').map_or((name, None), |(id, by)| (id, Some(by.into())));
        Service { id: id.into(), kind: None, provider, always_on }
    };
    account(|account| account.services = services.iter().map(service).collect())
}

pub(crate) fn account(change: impl FnOnce(&mut Snapshot)) -> Body {
    let mut account = snapshot();
    change(&mut account);
    Body::Account(account)
}

/// An invoice in dollars, issued on its due day.
pub(crate) fn invoice(id: &str, amount: i64, due: &str) -> Body {
    Body::Invoice(issued(id, amount, due))
}

pub(crate) fn issued(id: &str, amount: i64, due: &str) -> InvoiceIssued {
    InvoiceIssued {
        id: id.into(),
        amount: MinorUnits(amount),
        currency: currency("USD"),
        issued: date(due),
        due: date(due),
        service: None,
        provider: None,
        kind: None,
        draft: false,
    }
}

pub(crate) fn invoice_with(
    id: &str,
    amount: i64,
    due: &str,
    change: impl FnOnce(&mut InvoiceIssued),
) -> Body {
    let mut invoice = issued(id, amount, due);
    change(&mut invoice);
    Body::Invoice(invoice)
}

/// A confirmed payment in dollars, for these invoices.
pub(crate) fn payment(id: &str, amount: i64, invoices: &[&str]) -> Body {
    payment_with(id, amount, invoices, |_| {})
}

pub(crate) fn payment_with(
    id: &str,
    amount: i64,
    invoices: &[&str],
    change: impl FnOnce(&mut Payment),
) -> Body {
    let mut payment = Payment {
        id: id.into(),
        amount: MinorUnits(amount),
        currency: currency("USD"),
        invoices: invoices.iter().map(|id| (*id).into()).collect(),
        receipt: None,
        channel: None,
        status: PaymentStatus::Confirmed,
    };
    change(&mut payment);
    Body::Payment(payment)
}

pub(crate) fn adjustment(id: &str, invoice: &str, amount: i64) -> Body {
    Body::Adjustment(Adjustment {
        id: id.into(),
        invoice: invoice.into(),
        amount: MinorUnits(amount),
        currency: currency("USD"),
        reason: None,
        undo: false,
    })
}

pub(crate) fn undo_adjustment(id: &str, invoice: &str) -> Body {
    let Body::Adjustment(adjusted) = adjustment(id, invoice, 0) else { unreachable!() };
    Body::Adjustment(Adjustment { undo: true, ..adjusted })
}

/// A reversal of so much of a payment; of all where `None`.
pub(crate) fn reversal(payment: &str, amount: Option<i64>) -> Body {
    let amount = amount.map(MinorUnits);
    Body::Reversal(Reversal { payment: payment.into(), amount, reason: None, undo: false })
}

pub(crate) fn undo_reversal(payment: &str, amount: Option<i64>) -> Body {
    let amount = amount.map(MinorUnits);
    Body::Reversal(Reversal { payment: payment.into(), amount, reason: None, undo: true })
}

pub(crate) fn control(order: Order) -> Body {
    Body::Control(Control { by: "anna".to_owned(), role: "agent".to_owned(), why: None, order })
}

pub(crate) fn report(command_id: CommandId, outcome: Outcome) -> Body {
    Body::Report(Report { command_id, outcome, detail: None })
}

/// A balance in its smallest unit, after mere usage.
pub(crate) fn balance(name: &str, value: i64) -> Body {
    balance_with(name, value, |_| {})
}

pub(crate) fn balance_with(name: &str, value: i64, change: impl FnOnce(&mut BalanceChange)) -> Body {
    let mut balance = BalanceChange {
        name: name.into(),
        value: MinorUnits(value),
        limit: None,
        currency: None,
        valid_until: None,
        version: None,
        reason: BalanceReason::Usage,
    };
    change(&mut balance);
    Body::Balance(balance)
}
