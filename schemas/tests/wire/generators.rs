//! Random events and debtors. Debtors are made through their serde form, since parts of them are
//! private; a field that is added to the state and not here shows as one that cannot be read.

use decision::account::{AttributeValue, PaymentMode, Service, Snapshot};
use decision::event::{
    Adjustment, BalanceChange, BalanceReason, Body, ByHandMeasure, Control, DisputeOutcome, HoldKind,
    HoldOrder, Instalment, InvoiceIssued, NamedTask, Order, Outcome, Payment, PaymentStatus, Report,
    Reversal,
};
use decision::ids::CommandId;
use decision::money::{Currency, LARGEST_AMOUNT, MinorUnits};
use decision::policy::MessageClass;
use decision::time::{Date, Timestamp, Zone};
use decision::{Debtor, Event};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use schemas::RecordSchema;
use serde_json::{Value, json};

pub(crate) fn any_schema() -> impl Strategy<Value = RecordSchema> {
    select(RecordSchema::ALL)
}

fn id() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9:ё—-]{1,12}"
}

fn amount() -> impl Strategy<Value = MinorUnits> {
    (-LARGEST_AMOUNT..=LARGEST_AMOUNT).prop_map(MinorUnits)
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (-62_000_000_000_000_000_i64..253_000_000_000_000_000).prop_map(Timestamp)
}

fn date() -> impl Strategy<Value = Date> {
    (-700_000..2_900_000).prop_map(|days| Date::from_days(days).unwrap())
}

fn currency() -> impl Strategy<Value = Currency> {
    select(vec!["UZS", "JPY", "TND", "USD"]).prop_map(|code| Currency::parse(code).unwrap())
}

fn zone() -> impl Strategy<Value = Zone> {
    select(vec!["UTC", "Asia/Tashkent", "America/Denver"]).prop_map(|name| Zone::find(name).unwrap())
}

fn reason() -> impl Strategy<Value = BalanceReason> {
    use BalanceReason as Reason;
    select(vec![Reason::Usage, Reason::TopUp, Reason::Expiry, Reason::PeriodRoll, Reason::LimitChanged])
}

fn status() -> impl Strategy<Value = PaymentStatus> {
    select(vec![PaymentStatus::Confirmed, PaymentStatus::Unconfirmed, PaymentStatus::Refused])
}

fn outcome() -> impl Strategy<Value = Outcome> {
    select(vec![Outcome::Accepted, Outcome::Done, Outcome::Failed, Outcome::Expired])
}

fn attribute() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![
        ".{0,8}".prop_map(AttributeValue::String),
        any::<i64>().prop_map(AttributeValue::Long),
        any::<bool>().prop_map(AttributeValue::Boolean),
        date().prop_map(AttributeValue::Date),
    ]
}

fn service() -> impl Strategy<Value = Service> {
    (id(), of(id()), of(id()), any::<bool>()).prop_map(|(id, kind, provider, always_on)| Service {
        id: id.into(),
        kind,
        provider: provider.map(Into::into),
        always_on,
    })
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    let mode = select(vec![PaymentMode::Prepaid, PaymentMode::Postpaid, PaymentMode::Hybrid]);
    let words = (of(currency()), of(id()), of(zone()), of(amount()));
    let lists = (btree_map(id(), ".{0,9}", 0..3), vec(id(), 0..3), vec(service(), 0..3));
    let rest = (btree_map(".{1,9}", attribute(), 0..4), any::<bool>());
    (mode, words, lists, rest).prop_map(|(payment_mode, words, lists, (attributes, closed))| Snapshot {
        payment_mode,
        currency: words.0,
        language: words.1.map(Into::into),
        time_zone: words.2,
        credit_limit: words.3,
        contacts: lists.0.into_iter().map(|(channel, address)| (channel.into(), address)).collect(),
        opt_outs: lists.1.into_iter().map(Into::into).collect(),
        services: lists.2,
        attributes: attributes.into_iter().collect(),
        closed,
    })
}

fn balance_change() -> impl Strategy<Value = BalanceChange> {
    let parts = (id(), amount(), of(amount()), of(currency()), of(moment()), of(any::<i64>()), reason());
    parts.prop_map(|(name, value, limit, currency, valid_until, version, reason)| BalanceChange {
        name: name.into(),
        value,
        limit,
        currency,
        valid_until,
        version,
        reason,
    })
}

fn adjustment() -> impl Strategy<Value = Adjustment> {
    let parts = (id(), id(), amount(), currency(), of(".{0,9}"), any::<bool>());
    parts.prop_map(|(id, invoice, amount, currency, reason, undo)| Adjustment {
        id: id.into(),
        invoice: invoice.into(),
        amount,
        currency,
        reason,
        undo,
    })
}

fn reversal() -> impl Strategy<Value = Reversal> {
    (id(), of(amount()), of(".{0,9}"), any::<bool>()).prop_map(|(payment, amount, reason, undo)| Reversal {
        payment: payment.into(),
        amount,
        reason,
        undo,
    })
}

fn hold() -> impl Strategy<Value = Order> {
    let part = (date(), amount()).prop_map(|(due, amount)| Instalment { due, amount });
    let parts = (vec(part, 1..4), any::<i32>());
    let kind = prop_oneof![
        Just(HoldKind::Dispute),
        Just(HoldKind::Promise),
        Just(HoldKind::Deferral),
        parts.prop_map(|(parts, grace_days)| HoldKind::Instalments { parts, grace_days }),
    ];
    (id(), kind, of(amount()), vec(id(), 0..3), of(date())).prop_map(|(id, kind, amount, invoices, until)| {
        let invoices = invoices.into_iter().map(Into::into).collect();
        Order::Hold(HoldOrder { id: id.into(), kind, amount, invoices, until })
    })
}

fn by_hand() -> impl Strategy<Value = ByHandMeasure> {
    let class = select(vec![MessageClass::Service, MessageClass::Reminder, MessageClass::Statutory]);
    prop_oneof![
        (id(), id(), any::<bool>()).prop_map(|(operation, undo, cuts_off)| ByHandMeasure::Provision {
            operation: operation.into(),
            undo: undo.into(),
            cuts_off,
        }),
        (id(), id(), class).prop_map(|(template, channel, class)| ByHandMeasure::Message {
            template: template.into(),
            channel: channel.into(),
            class,
        }),
        id().prop_map(|queue| ByHandMeasure::Task { queue: queue.into() }),
    ]
}

fn a_task() -> impl Strategy<Value = NamedTask> {
    let command_id = id().prop_map(|text| CommandId::of(&[&text], &[]));
    (id(), of(command_id)).prop_map(|(queue, command_id)| NamedTask { queue: queue.into(), command_id })
}

fn order() -> impl Strategy<Value = Order> {
    let ends = vec![DisputeOutcome::Upheld, DisputeOutcome::Rejected, DisputeOutcome::Withdrawn];
    prop_oneof![
        hold(),
        (id(), select(ends)).prop_map(|(id, outcome)| Order::DisputeEnded { id: id.into(), outcome }),
        any::<bool>().prop_map(Order::Exempt),
        id().prop_map(|plan| Order::AssignPlan(plan.into())),
        of(moment()).prop_map(|until| Order::Pause { until }),
        Just(Order::Resume),
        id().prop_map(|stage| Order::Jump(stage.into())),
        Just(Order::Close),
        id().prop_map(|rule| Order::Rearm(rule.into())),
        (a_task(), ".{0,9}").prop_map(|(task, result)| Order::TaskResult { task, result }),
        a_task().prop_map(Order::TakeTask),
        a_task().prop_map(Order::PutBackTask),
        by_hand().prop_map(Order::Do),
        id().prop_map(|operation| Order::Undo(operation.into())),
        id().prop_map(|manager| Order::AssignManager(manager.into())),
        select(vec![Order::ReleaseHeld, Order::DropHeld]),
        any::<i64>().prop_map(|revision| Order::AdoptPolicy { revision }),
    ]
}

fn invoice() -> impl Strategy<Value = InvoiceIssued> {
    let texts = (of(id()), of(id()), of(".{0,9}"), any::<bool>());
    (id(), amount(), currency(), date(), date(), texts).prop_map(
        |(id, amount, currency, issued, due, (service, provider, kind, draft))| InvoiceIssued {
            id: id.into(),
            amount,
            currency,
            issued,
            due,
            service: service.map(Into::into),
            provider: provider.map(Into::into),
            kind,
            draft,
        },
    )
}

fn payment() -> impl Strategy<Value = Payment> {
    let parts = (id(), amount(), currency(), vec(id(), 0..3), of(id()), of(".{0,9}"), status());
    parts.prop_map(|(id, amount, currency, invoices, receipt, channel, status)| Payment {
        id: id.into(),
        amount,
        currency,
        invoices: invoices.into_iter().map(Into::into).collect(),
        receipt: receipt.map(Into::into),
        channel,
        status,
    })
}

fn body() -> impl Strategy<Value = Body> {
    let control = (".{0,9}", ".{0,9}", of(".{0,9}"), order());
    let report = (id(), outcome(), of(".{0,9}"));
    prop_oneof![
        snapshot().prop_map(Body::Account),
        balance_change().prop_map(Body::Balance),
        invoice().prop_map(Body::Invoice),
        adjustment().prop_map(Body::Adjustment),
        payment().prop_map(Body::Payment),
        reversal().prop_map(Body::Reversal),
        control.prop_map(|(by, role, why, order)| Body::Control(Control { by, role, why, order })),
        report.prop_map(|(id, outcome, detail)| {
            Body::Report(Report { command_id: CommandId::of(&[&id], &[]), outcome, detail })
        }),
    ]
}

pub(crate) fn any_event() -> impl Strategy<Value = Event> {
    (id(), id(), of(id()), moment(), ".{0,9}", body()).prop_map(
        |(event_id, account_id, debtor_id, occurred_at, source, body)| Event {
            event_id: event_id.into(),
            account_id: account_id.into(),
            debtor_id: debtor_id.map(Into::into),
            occurred_at,
            source,
            body,
        },
    )
}

/// The sample debtor with parts of it exchanged, left out and repeated.
pub(crate) fn any_debtor() -> impl Strategy<Value = Debtor> {
    let state = (vec(balance_change(), 0..3), vec(adjustment(), 0..3), vec(reversal(), 0..3));
    let numbers = (vec(any::<i64>(), 8), of(moment()), of(currency()), status(), of((outcome(), moment())));
    let lists = (vec(any::<bool>(), 8), of(snapshot()), vec((any::<i32>(), vec(any::<u8>(), 0..24)), 0..4));
    (id(), state, numbers, lists).prop_map(|(id, (changes, adjustments, reversals), numbers, lists)| {
        let (numbers, due, currency, status, reported) = numbers;
        let (flags, snapshot, days) = lists;
        let mut debtor = serde_json::to_value(schemas::sample::debtor()).unwrap();
        debtor["id"] = json!(id);
        debtor["currency"] = json!(currency);
        debtor["exempt"] = json!(flags[0]);
        debtor["records_made"] = json!(numbers[0]);
        debtor["next_due"] = json!(due);
        debtor["seen"] = days.iter().map(|(day, ids)| json!({"day": day, "ids": ids})).collect();
        let wait = |change| json!({"account_id": id, "occurred_at": numbers[1], "change": change});
        debtor["waiting_changes"] = changes.iter().map(wait).collect();
        let wait = |adjustment| json!({"adjustment": adjustment, "until": numbers[2]});
        debtor["debt"]["waiting_adjustments"] = adjustments.iter().map(wait).collect();
        let wait = |reversal| json!({"reversal": reversal, "until": numbers[3]});
        debtor["debt"]["waiting_reversals"] = reversals.iter().map(wait).collect();
        debtor["debt"]["payments"][0]["status"] = json!(status);
        debtor["debt"]["invoices"][0]["paid"] = json!(numbers[4]);
        debtor["members"][0]["snapshot"] = json!(snapshot);
        let rule = &mut debtor["members"][0]["balances"][0]["rules"][0];
        rule["alerts"] = json!(numbers[5]);
        leave_out(rule, "fired_steps", flags[1]);
        leave_out(rule, "last_sent", flags[2]);
        let cycle = &mut debtor["profiles"][0]["cycles"][0];
        leave_out(cycle, "stage", flags[3]);
        leave_out(cycle, "held_since", flags[4]);
        cycle["shift_micros"] = json!(numbers[6]);
        leave_out(&mut cycle["measures"][0]["what"]["weir.state.MessageInForce"], "delivered_at", flags[4]);
        leave_out(&mut cycle["measures"][1]["what"]["weir.state.ProvisionInForce"], "lifted_since", flags[3]);
        cycle["measures"][0]["outcome"] =
            json!(reported.map(|(outcome, at)| json!({"outcome": outcome, "at": at})));
        leave_out(&mut debtor, "segment", flags[5]);
        leave_out(&mut debtor, "assigned_plan", flags[2]);
        leave_out(&mut debtor["managers"], "manager", flags[3]);
        leave_out(&mut debtor, "managers", flags[4]);
        leave_out(&mut debtor, "pause", flags[1]);
        leave_out(&mut debtor["holds"][0], "until", flags[5]);
        debtor["holds"][1]["amount"] = json!(numbers[7]);
        leave_out(&mut debtor["under_way"][0]["what"]["weir.state.MessageUnderWay"], "balance", flags[7]);
        debtor["under_way"][1]["origin"]["cycle"] = json!(numbers[6]);
        if flags[6] {
            debtor["profiles"] = json!([]);
        }
        serde_json::from_value(debtor).unwrap()
    })
}

fn leave_out(object: &mut Value, field: &str, really: bool) {
    if really {
        object[field] = Value::Null;
    }
}
