//! What is ordered of an account over a real socket: what is taken, what is declined, what became of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use decision::Event;
use decision::event::Body;
use schemas::files::write_line;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use support::{Answer, Instance, play, post};

fn instance() -> Instance {
    Instance::start([play("2026-03-20T07:00:00Z")])
}

fn order(instance: &Instance, order: &Value) -> Answer {
    let url = format!("{}/v1/accounts/A-1/controls", instance.url());
    post(&url, "application/json", &order.to_string())
}

fn heard(instance: &Instance) -> Vec<Event> {
    instance.orders.events.lock().unwrap().clone()
}

#[test]
fn an_order_goes_to_the_log_with_who_gave_it_in_which_role_and_why() {
    let instance = instance();
    let promise = json!({
        "order": "promise", "why": "pays on Friday", "hold_id": "P-1", "amount": 5_000, "invoices": ["B1"],
        "until": "2026-03-27",
    });
    let answer = order(&instance, &promise);
    assert_eq!(answer.status, 202, "{answer:?}");
    let given = answer.json();
    let id = given["id"].as_str().unwrap();
    let outcome = format!("/v1/accounts/A-1/controls/{id}");
    assert_eq!((given["outcome"].as_str(), answer.location.as_deref()), (Some(&*outcome), Some(&*outcome)));
    let events = heard(&instance);
    assert_eq!(events.len(), 1);
    let line: Value = serde_json::from_str(&write_line(&events[0])).unwrap();
    for (name, expected) in [
        ("event_id", json!(id)),
        ("account_id", json!("A-1")),
        ("occurred_at", json!("2026-03-20T07:00:00Z")),
        ("source", json!("weir-api")),
        ("by", json!("local")),
        ("role", json!("admin")),
        ("why", json!("pays on Friday")),
        ("order", json!("promise")),
        ("hold_id", json!("P-1")),
        ("amount", json!(5_000)),
        ("until", json!("2026-03-27")),
    ] {
        assert_eq!(line[name], expected, "{name} of {line:#}");
    }
    // It was not decided yet.
    assert_eq!(instance.get(&outcome).good()["state"], "pending");
}

#[test]
fn the_id_of_whoever_orders_is_the_orders_id_and_others_are_never_the_same() {
    let instance = instance();
    let exempt = json!({ "order": "exempt", "why": "by law" });
    let own = json!({ "order": "exempt", "why": "by law", "event_id": "crm/17 a" });
    assert_eq!(order(&instance, &own).json()["id"], "crm/17 a");
    assert_eq!(order(&instance, &own).json()["outcome"], "/v1/accounts/A-1/controls/crm%2F17%20a");
    let ids: Vec<Value> = (0..2).map(|_| order(&instance, &exempt).json()["id"].clone()).collect();
    assert_ne!(ids[0], ids[1]);
    assert_eq!(heard(&instance).len(), 4, "that the same id comes twice is the partition's to see");
}

#[test]
fn every_order_on_an_account_is_taken() {
    let instance = instance();
    let orders = [
        json!({ "order": "dispute", "hold_id": "D-2", "amount": 100, "invoices": ["B1"] }),
        json!({ "order": "deferral", "hold_id": "F-1", "amount": 100, "until": "2026-04-01" }),
        json!({ "order": "instalments", "hold_id": "R-1", "parts": [{ "due": "2026-04-01", "amount": 100 }] }),
        json!({ "order": "dispute_ended", "hold_id": "D1", "outcome": "upheld" }),
        json!({ "order": "exempt_ended" }),
        json!({ "order": "assign_plan", "plan": "soft" }),
        json!({ "order": "pause", "resume_at": "2026-04-01T00:00:00Z" }),
        json!({ "order": "resume" }),
        json!({ "order": "jump", "stage": "bar" }),
        json!({ "order": "close" }),
        json!({ "order": "rearm", "rule": "low" }),
        json!({ "order": "task_result", "queue": "calls", "result": "reached" }),
        json!({ "order": "do", "queue": "calls" }),
        json!({ "order": "undo", "operation": "bar_outgoing" }),
        json!({ "order": "assign_manager", "manager": "bob" }),
    ];
    for mut each in orders.clone() {
        each["why"] = json!("a try");
        let answer = order(&instance, &each);
        assert_eq!(answer.status, 202, "{each}: {answer:?}");
    }
    let events = heard(&instance);
    assert_eq!(events.len(), orders.len());
    assert!(events.iter().all(|event| matches!(event.body, Body::Control(_))));
}

#[test]
fn what_cannot_be_ordered_says_why_and_nothing_is_written() {
    let instance = instance();
    let rows = [
        (json!({ "order": "exempt" }), "`why` says why"),
        (json!({ "order": "exempt", "why": " " }), "`why` says why"),
        (json!({ "why": "x" }), "order"),
        (json!({ "order": "exmpt", "why": "x" }), "exmpt"),
        (json!({ "order": "jump", "why": "x" }), "stage"),
        (json!({ "order": "jump", "why": "x", "stag": "bar" }), "stag"),
        (json!({ "order": "promise", "why": "x", "hold_id": "P", "amount": "5.00" }), "amount"),
        (json!({ "order": "exempt", "why": "x", "by": "boss" }), "`by` is not for whoever orders"),
        (json!({ "order": "exempt", "why": "x", "role": "admin" }), "`role` is not for whoever orders"),
        (json!({ "order": "exempt", "why": "x", "account_id": "A-2" }), "`account_id` is not"),
        (json!({ "order": "release_held", "why": "x" }), "`POST /v1/held/verdict`"),
        (json!({ "order": "exempt", "why": "x", "event_id": "" }), "from 1 to 255"),
        (json!({ "order": "exempt", "why": "x", "event_id": 7 }), "`event_id` is a text"),
        (json!(["exempt"]), "no JSON object"),
    ];
    for (body, says) in rows {
        order(&instance, &body).check_problem(400, "bad-request", says);
    }
    let url = format!("{}/v1/accounts/A-1/controls", instance.url());
    post(&url, "text/plain", "{}").check_problem(415, "not-json", "application/json");
    post(&url, "application/json", "{").check_problem(400, "bad-request", "no JSON object");
    let nobody = format!("{}/v1/accounts/A-2/controls", instance.url());
    let exempt = json!({ "order": "exempt", "why": "x" }).to_string();
    post(&nobody, "application/json", &exempt).check_problem(404, "unknown-account", "A-2");
    assert_eq!(heard(&instance), []);
}

#[test]
fn a_log_that_does_not_answer_is_told_with_the_id_to_try_again_with() {
    let instance = instance();
    instance.orders.is_deaf.store(true, Ordering::SeqCst);
    let exempt = json!({ "order": "exempt", "why": "x", "event_id": "mine" });
    order(&instance, &exempt).check_problem(503, "not-given", "«mine» does no harm");
}

#[test]
fn what_became_of_an_order_is_read_from_the_history() {
    let mut known = play("2026-03-20T07:00:00Z");
    let applied = known.lines.iter_mut().find(|line| line.kind == "hold_made").unwrap();
    applied.event_id = Some("applied".to_owned());
    let mut rejected = known.lines.last().unwrap().clone();
    rejected.kind = "event_rejected".to_owned();
    rejected.reason = "not allowed in this role".to_owned();
    rejected.event_id = Some("rejected".to_owned());
    rejected.sequence += 1;
    known.lines.push(rejected);
    let instance = Instance::start([known]);
    let outcome = |id: &str| instance.get(&format!("/v1/accounts/A-1/controls/{id}")).good();
    let told = outcome("applied");
    assert_eq!((&told["state"], &told["reason"]), (&json!("applied"), &Value::Null));
    assert_eq!(told["lines"][0]["kind"], "hold_made");
    let told = outcome("rejected");
    assert_eq!((&told["state"], &told["reason"]), (&json!("rejected"), &json!("not allowed in this role")));
    assert_eq!(outcome("never")["state"], "pending");
}

#[test]
fn an_order_that_was_seen_and_whose_lines_are_gone_was_applied() {
    let mut known = play("2026-03-13T07:00:00Z");
    known.lines.clear();
    let instance = Instance::start([known]);
    let outcome = |id: &str| instance.get(&format!("/v1/accounts/A-1/controls/{id}")).good();
    let told = outcome("events:7");
    assert_eq!((&told["state"], &told["lines"]), (&json!("applied"), &json!([])));
    assert_eq!(outcome("events:8")["state"], "pending");
}

#[test]
fn an_order_is_handed_on_to_the_instance_that_has_the_account() {
    let (first, second) = (instance(), instance());
    first.keeper.is_at_work.store(false, Ordering::SeqCst);
    *first.owners.0.lock().unwrap() = Some(second.url().into());
    let answer = order(&first, &json!({ "order": "exempt", "why": "by law", "event_id": "E" }));
    assert_eq!((answer.status, answer.location.as_deref()), (202, Some("/v1/accounts/A-1/controls/E")));
    assert_eq!((heard(&first).len(), heard(&second).len()), (0, 1));
    order(&first, &json!({ "order": "exempt" })).check_problem(400, "bad-request", "why");
}
