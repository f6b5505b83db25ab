//! What the breaker holds, over HTTP: who may look, what is told, and what is said of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use api::held::Judgement;
use api::who::Role;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use support::{Answer, InRole, Instance, play, post};

fn judge(instance: &Instance, body: &str) -> Answer {
    post(&format!("{}/v1/held/verdict", instance.url()), "application/json", body)
}

const DROP: &str = r#"{"verdict": "drop", "why": "a wrong price list", "event_id": "v-1"}"#;

#[test]
fn only_those_who_see_all_segments_see_what_is_held_and_say_what_becomes_of_it() {
    let role = Arc::new(InRole::default());
    let instance = Instance::start_for([play("2026-03-20T07:00:00Z")], role.clone());
    for (at, known) in Role::ALL.into_iter().enumerate() {
        role.0.store(at, Ordering::SeqCst);
        let (seen, said) = (instance.get("/v1/held"), judge(&instance, DROP));
        if known >= Role::Manager {
            assert_eq!((seen.good()["more"].clone(), said.status), (json!(false), 202));
        } else {
            seen.check_problem(403, "role", "It takes the role `manager`");
            said.check_problem(403, "role", "It takes the role `manager`");
        }
    }
    assert_eq!(instance.orders.judged.lock().unwrap().len(), 2, "who may not has said nothing");
}

#[test]
fn what_is_held_is_told_and_what_is_said_of_it_comes_to_the_log_with_who_and_why() {
    let instance = Instance::start([play("2026-03-20T07:00:00Z")]);
    let expected = json!({
        "partition": support::PARTITION, "command_id": "bar of A-1", "account_id": "A-1", "debtor_id": "A-1",
        "decided_at": "2026-03-20T07:00:00Z", "operation": "bar", "services": [], "plan": "soft", "stage": "bar",
    });
    assert_eq!(instance.get("/v1/held").good()["items"], json!([expected]));
    let answer = judge(&instance, DROP);
    assert_eq!((answer.status, answer.text.as_str()), (202, r#"{"id":"v-1"}"#));
    judge(&instance, r#"{"verdict": "release", "why": "checked"}"#);
    let judged = instance.orders.judged.lock().unwrap().clone();
    let expected = Judgement {
        event_id: "v-1".into(),
        drops: true,
        by: "local".into(),
        role: "admin".into(),
        why: "a wrong price list".into(),
    };
    assert_eq!(judged[0], expected);
    assert!(!judged[1].drops && judged[1].event_id.starts_with("api-"), "{:?}", judged[1]);
    instance.orders.is_deaf.store(true, Ordering::SeqCst);
    judge(&instance, DROP).check_problem(503, "not-given", "«v-1»");
}

#[test]
fn what_cannot_be_made_out_is_declined_and_nothing_is_said() {
    let instance = Instance::start([play("2026-03-20T07:00:00Z")]);
    for (query, says) in [
        ("limit=0", "from 1 to 1000"),
        ("limit=1001", "from 1 to 1000"),
        ("x=1", "`x` is no parameter of this, which has limit."),
    ] {
        instance.get(&format!("/v1/held?{query}")).check_problem(400, "bad-request", says);
    }
    judge(&instance, r#"{"verdict": "drop"}"#).check_problem(400, "bad-request", "`why` is missing.");
    let url = format!("{}/v1/held/verdict", instance.url());
    post(&url, "text/plain", DROP).check_problem(415, "not-json", "application/json");
    assert!(instance.orders.judged.lock().unwrap().is_empty());
}

#[test]
fn a_list_of_what_is_held_is_of_all_partitions_or_there_is_none() {
    let (first, second) = (Instance::start([]), Instance::start([play("2026-03-20T07:00:00Z")]));
    first.keeper.is_at_work.store(false, Ordering::SeqCst);
    *first.owners.0.lock().unwrap() = Some(second.url().into());
    assert_eq!(first.get("/v1/held").good()["items"].as_array().unwrap().len(), 1);
    second.keeper.is_at_work.store(false, Ordering::SeqCst);
    assert_eq!(first.get("/v1/held").status, 503);
}
