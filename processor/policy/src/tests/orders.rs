//! What people order in tests, and what the core is told: each row a step's event.

use super::convert::Reader;
use super::file::{EventItem, required};
use super::happenings::AccountChange;
use crate::yaml;
use decision::event::{
    Body, ByHandMeasure, Control, DisputeOutcome, HoldKind, HoldOrder, Instalment, NamedTask, Order,
};
use decision::money::MinorUnits;
use decision::policy::MessageClass;
use decision::time::{Date, Timestamp};

/// What the core is told of an event.
fn told(text: &str) -> Result<Control, String> {
    let head = "policy: p\nversion: '1'\ntime_zone: Asia/Tashkent\ncurrency: EUR\nlanguage: en\n";
    let policy = crate::parse("p", head).unwrap().policy;
    let (tree, mut findings) = yaml::load(text);
    let item: Option<EventItem> = yaml::read(&mut tree.unwrap(), required(), &mut findings);
    assert_eq!(findings, [], "{text}");
    let item = item.unwrap();
    let reader = Reader { policy: &policy, account: &AccountChange::default() };
    match reader.body(item.event().unwrap().unwrap(), Timestamp(0), 1)? {
        Some(Body::Control(control)) => Ok(control),
        other => panic!("{text}\n{other:?}"),
    }
}

#[track_caller]
fn check(text: &str, expected: Order) {
    assert_eq!(told(text).unwrap().order, expected, "{text}");
}

#[track_caller]
fn check_wrong(text: &str, said: &str) {
    let error = told(text).unwrap_err();
    assert!(error.contains(said), "{text}\n{error}");
}

fn moment(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

/// A hold of this kind that names nothing.
fn hold(id: &str, kind: HoldKind) -> HoldOrder {
    HoldOrder { id: id.into(), kind, amount: None, invoices: Vec::new(), until: None }
}

#[test]
fn every_order_has_its_words() {
    check("control: { exempt: true }", Order::Exempt(true));
    check("control: { exempt: false }", Order::Exempt(false));
    check("control: { assign_plan: soft }", Order::AssignPlan("soft".into()));
    check("control: { assign_manager: boris }", Order::AssignManager("boris".into()));
    check("control: { pause: {} }", Order::Pause { until: None });
    check("control: { resume: true }", Order::Resume);
    check("control: { jump: bar }", Order::Jump("bar".into()));
    check("control: { close: true }", Order::Close);
    check("control: { rearm: low }", Order::Rearm("low".into()));
    check("control: { undo: bar }", Order::Undo("bar".into()));
    let bar = ByHandMeasure::Provision { operation: "bar".into(), undo: "unbar".into(), cuts_off: true };
    check("control: { do: { provision: { operation: bar, undo: unbar, cuts_off: true } } }", Order::Do(bar));
    let call = ByHandMeasure::Task { queue: "calls".into() };
    check("control: { do: { task: { queue: calls } } }", Order::Do(call));
    let (template, channel, class) = ("sorry".into(), "sms".into(), MessageClass::Service);
    let sorry = ByHandMeasure::Message { template, channel, class };
    check(
        "control: { do: { message: { template: sorry, channel: sms, class: service } } }",
        Order::Do(sorry),
    );
    check_wrong("control: { do: { handover: { to: agency } } }", "by hand there is");
    let given = Order::TaskResult { task: NamedTask::newest("calls"), result: "refused".to_owned() };
    check("task_result: { queue: calls, result: refused }", given);
}

#[test]
fn a_pause_until_a_day_lasts_through_it() {
    let until = |text: &str| Order::Pause { until: Some(moment(text)) };
    check("control: { pause: { until: 2026-03-10 } }", until("2026-03-10T19:00:00Z"));
    check("control: { pause: { until: 2026-03-10T00:00 } }", until("2026-03-09T19:00:00Z"));
    check("control: { pause: { until: 2026-03-10T09:00:00Z } }", until("2026-03-10T09:00:00Z"));
}

#[test]
fn every_hold_has_its_words() {
    check("dispute: { id: D }", Order::Hold(hold("D", HoldKind::Dispute)));
    let promise = HoldOrder {
        amount: Some(MinorUnits(10_050)),
        invoices: vec!["B1".into(), "B2".into()],
        until: Some(date("2026-03-10")),
        ..hold("P", HoldKind::Promise)
    };
    check("promise: { id: P, amount: 100.50, invoices: [B1, B2], until: 2026-03-10 }", Order::Hold(promise));
    let deferral = HoldOrder { until: Some(date("2026-03-10")), ..hold("F", HoldKind::Deferral) };
    check("deferral: { id: F, until: 2026-03-10 }", Order::Hold(deferral));
    let parts = vec![
        Instalment { due: date("2026-04-11"), amount: MinorUnits(10_000) },
        Instalment { due: date("2026-05-11"), amount: MinorUnits(5_000) },
    ];
    let instalments = HoldOrder {
        invoices: vec!["B1".into()],
        ..hold("I", HoldKind::Instalments { parts, grace_days: 2 })
    };
    check(
        "instalments: { id: I, grace: 2d, invoices: [B1], parts: [ { due: 2026-04-11, amount: 100 }, { due: 2026-05-11, amount: 50.00 } ] }",
        Order::Hold(instalments),
    );
    for (word, outcome) in [
        ("upheld", DisputeOutcome::Upheld),
        ("rejected", DisputeOutcome::Rejected),
        ("withdrawn", DisputeOutcome::Withdrawn),
    ] {
        let text = format!("dispute: {{ id: D, outcome: {word} }}");
        check(&text, Order::DisputeEnded { id: "D".into(), outcome });
    }
}

#[test]
fn an_order_names_who_gave_it_in_which_role_and_why() {
    for event in [
        "control: { close: true, WHO }",
        "dispute: { id: D, WHO }",
        "dispute: { id: D, outcome: upheld, WHO }",
        "promise: { id: P, WHO }",
        "deferral: { id: F, WHO }",
        "instalments: { id: I, parts: [ { due: 2026-04-11, amount: 1 } ], WHO }",
        "task_result: { queue: calls, result: paid, WHO }",
    ] {
        let control = told(&event.replace("WHO", "by: anna, role: senior, why: asked")).unwrap();
        assert_eq!((control.by.as_str(), control.role.as_str()), ("anna", "senior"), "{event}");
        assert_eq!(control.why.as_deref(), Some("asked"), "{event}");
        let control = told(&event.replace(", WHO", "")).unwrap();
        assert_eq!(
            (control.by.as_str(), control.role.as_str(), control.why),
            ("test", "test", None),
            "{event}"
        );
    }
}

#[test]
fn an_order_that_is_none_is_said() {
    check_wrong("control: { by: anna }", "orders nothing");
    check_wrong("control: { close: true, jump: bar }", "orders several things");
    check_wrong("promise: { id: P, outcome: upheld }", "only a dispute has an outcome");
    check_wrong("promise: { id: P, amount: 1.005 }", "is no amount of EUR");
    check_wrong(
        "instalments: { id: I, grace: 24h, parts: [ { due: 2026-04-11, amount: 1 } ] }",
        "the grace is counted in days",
    );
}
