//! Events out of bytes: few ids, so that they meet again; amounts and dates that no one would send.

use super::bytes::{Bytes, DAY};
use super::policies::{CHANNELS, MANAGERS, PLANS, QUEUES, RULES, STAGES, ZONES, currency};
use decision::account::{AttributeValue, PaymentMode, Service, Snapshot};
use decision::event::{
    Adjustment, BalanceChange, BalanceReason, Body, Control, DisputeOutcome, Event, HoldKind, HoldOrder,
    Instalment, InvoiceIssued, NamedTask, Order, Outcome, Payment, PaymentStatus, Report, Reversal,
};
use decision::ids::{CommandId, InvoiceId};
use decision::time::{Timestamp, Zone};
use litemap::LiteMap;

const INVOICES: &[&str] = &["B1", "B2", "B3", "B4", "B5", "B6", "INVOICE-7", "INVOICE-8"];
const PAYMENTS: &[&str] = &["P1", "P2", "P3", "P4", "P5"];
const HOLDS: &[&str] = &["H1", "H2", "H3", "H4", "P1", "P2"];
const SERVICES: &[&str] = &["a", "b", "c"];
const PROVIDERS: &[&str] = &["x", "y"];

/// The next event; `sent` are the commands that reports may speak of.
pub(super) fn event(bytes: &mut Bytes<'_>, now: Timestamp, sent: &[CommandId]) -> Event {
    let own = ["a-1", "a-1", "a-1", "a-1", "a-1", "a-1", "a-1", "a-2"];
    let number = u16::from_le_bytes([bytes.byte(), bytes.byte()]);
    Event {
        event_id: format!("e-{}", number % 4_000).into(),
        account_id: bytes.pick(&own).into(),
        debtor_id: Some("a-1".into()),
        occurred_at: if bytes.once_in(8) { bytes.moment_near(now) } else { now },
        source: "fuzz".to_owned(),
        body: body(bytes, now, sent),
    }
}

fn body(bytes: &mut Bytes<'_>, now: Timestamp, sent: &[CommandId]) -> Body {
    match bytes.below(32) {
        0..=5 => invoice(bytes),
        6..=10 => payment(bytes),
        11 | 12 => Body::Adjustment(Adjustment {
            id: bytes.pick(&["A1", "A2", "A3"]).into(),
            invoice: bytes.pick(INVOICES).into(),
            amount: if bytes.is() { bytes.amount().negated() } else { bytes.amount() },
            currency: money(bytes),
            reason: None,
            undo: bytes.once_in(4),
        }),
        13 | 14 => Body::Reversal(Reversal {
            payment: bytes.pick(PAYMENTS).into(),
            amount: bytes.maybe(Bytes::amount),
            reason: None,
            undo: bytes.once_in(3),
        }),
        15..=18 => balance(bytes, now),
        19 | 20 => Body::Account(snapshot(bytes)),
        21..=23 => hold(bytes),
        24..=27 => Body::Control(Control {
            by: "anna".to_owned(),
            role: bytes.pick(&["agent", "manager"]).to_owned(),
            why: None,
            order: order(bytes, now),
        }),
        _ => {
            let newest = usize::from(bytes.byte()).min(sent.len());
            let of = sent.len().checked_sub(newest.max(1)).and_then(|at| sent.get(at)).copied();
            Body::Report(Report {
                command_id: of.unwrap_or_else(|| CommandId::of(&["none"], &[])),
                outcome: bytes.pick(&[Outcome::Accepted, Outcome::Done, Outcome::Failed, Outcome::Expired]),
                detail: None,
            })
        }
    }
}

fn money(bytes: &mut Bytes<'_>) -> decision::money::Currency {
    currency(if bytes.once_in(16) { "EUR" } else { "USD" })
}

fn invoice(bytes: &mut Bytes<'_>) -> Body {
    let due = bytes.date();
    Body::Invoice(InvoiceIssued {
        id: bytes.pick(INVOICES).into(),
        amount: bytes.amount(),
        currency: money(bytes),
        issued: if bytes.once_in(8) { bytes.date() } else { due.plus_days(-14) },
        due,
        service: bytes.maybe(|bytes| bytes.pick(SERVICES).into()),
        provider: bytes.maybe(|bytes| bytes.pick(PROVIDERS).into()),
        kind: bytes.maybe(|_| "monthly".to_owned()),
        draft: bytes.once_in(32),
    })
}

fn payment(bytes: &mut Bytes<'_>) -> Body {
    Body::Payment(Payment {
        id: bytes.pick(PAYMENTS).into(),
        amount: bytes.amount(),
        currency: money(bytes),
        invoices: named(bytes),
        receipt: bytes.once_in(4).then(|| bytes.pick(&["R1", "R2"]).into()),
        channel: None,
        status: match bytes.below(8) {
            0 | 1 => PaymentStatus::Unconfirmed,
            2 => PaymentStatus::Refused,
            _ => PaymentStatus::Confirmed,
        },
    })
}

fn named(bytes: &mut Bytes<'_>) -> Vec<InvoiceId> {
    bytes.some(INVOICES, 3).into_iter().map(InvoiceId::from).collect()
}

fn balance(bytes: &mut Bytes<'_>, now: Timestamp) -> Body {
    let reasons = [
        BalanceReason::Usage,
        BalanceReason::TopUp,
        BalanceReason::Adjustment,
        BalanceReason::Expiry,
        BalanceReason::PeriodRoll,
        BalanceReason::LimitChanged,
    ];
    Body::Balance(BalanceChange {
        name: bytes.pick(&["main", "main", "data", "data", "none"]).into(),
        value: bytes.amount(),
        limit: bytes.once_in(3).then(|| bytes.amount()),
        currency: bytes.once_in(4).then(|| money(bytes)),
        valid_until: bytes.once_in(4).then(|| bytes.moment_near(now.plus_micros(20 * DAY))),
        version: bytes.once_in(4).then(|| i64::from(bytes.byte())),
        reason: bytes.pick(&reasons),
    })
}

fn snapshot(bytes: &mut Bytes<'_>) -> Snapshot {
    let service = |bytes: &mut Bytes<'_>, id: &str| Service {
        id: id.into(),
        kind: None,
        provider: bytes.maybe(|bytes| bytes.pick(PROVIDERS).into()),
        always_on: bytes.once_in(4),
    };
    let ids = bytes.some(SERVICES, 3);
    Snapshot {
        payment_mode: bytes.pick(&[PaymentMode::Prepaid, PaymentMode::Postpaid, PaymentMode::Hybrid]),
        currency: bytes.once_in(4).then(|| money(bytes)),
        language: bytes.maybe(|_| "de".into()),
        time_zone: bytes.once_in(4).then(|| bytes.pick(ZONES)).and_then(Zone::find),
        credit_limit: bytes.maybe(Bytes::amount),
        contacts: LiteMap::from_iter([("sms".into(), "+1".to_owned())]),
        opt_outs: bytes.some(CHANNELS, 2).into_iter().map(Into::into).collect(),
        services: ids.into_iter().map(|id| service(bytes, id)).collect(),
        attributes: match bytes.below(8) {
            0 => LiteMap::from_iter([("vip".to_owned(), AttributeValue::Long(1))]),
            1 => LiteMap::from_iter([("vip".to_owned(), AttributeValue::Boolean(true))]),
            _ => LiteMap::new(),
        },
        closed: bytes.once_in(16),
    }
}

fn hold(bytes: &mut Bytes<'_>) -> Body {
    let part = |bytes: &mut Bytes<'_>| Instalment { due: bytes.date(), amount: bytes.amount() };
    let kind = match bytes.below(4) {
        0 => HoldKind::Dispute,
        1 => HoldKind::Promise,
        2 => HoldKind::Deferral,
        _ => HoldKind::Instalments {
            parts: (0..bytes.below(4)).map(|_| part(bytes)).collect(),
            grace_days: i32::from(bytes.below(6)) - 1,
        },
    };
    let order = HoldOrder {
        id: bytes.pick(HOLDS).into(),
        kind,
        amount: bytes.maybe(Bytes::amount),
        invoices: named(bytes),
        until: bytes.maybe(Bytes::date),
    };
    let role = bytes.pick(&["agent", "manager"]).to_owned();
    Body::Control(Control { by: "anna".to_owned(), role, why: None, order: Order::Hold(order) })
}

fn order(bytes: &mut Bytes<'_>, now: Timestamp) -> Order {
    let outcomes = [DisputeOutcome::Upheld, DisputeOutcome::Rejected, DisputeOutcome::Withdrawn];
    match bytes.below(17) {
        0..=2 => Order::DisputeEnded { id: bytes.pick(HOLDS).into(), outcome: bytes.pick(&outcomes) },
        3 => Order::Exempt(!bytes.once_in(2)),
        4 | 5 => Order::Exempt(false),
        6 | 7 => Order::AssignPlan(bytes.pick(&[PLANS, &["none"]].concat()).into()),
        8 | 9 => Order::Pause { until: bytes.maybe(|bytes| bytes.moment_near(now.plus_micros(10 * DAY))) },
        10 | 11 => Order::Resume,
        12 | 13 => Order::Jump(bytes.pick(STAGES).into()),
        14 => match bytes.below(4) {
            0 => Order::Close,
            _ => Order::Rearm(bytes.pick(RULES).into()),
        },
        15 => Order::AssignManager(bytes.pick(MANAGERS).into()),
        _ => Order::TaskResult {
            task: NamedTask::newest(bytes.pick(QUEUES)),
            result: bytes.pick(&["refused", "promised"]).to_owned(),
        },
    }
}
