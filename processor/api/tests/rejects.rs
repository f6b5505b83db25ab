//! Rejects over HTTP: who may look, what may be asked, and what is said to sending one again.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use api::rejects::{Filter, NotDone, Place};
use api::who::Role;
use decision::time::Timestamp;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use support::{InRole, Instance, PARTITION, play, post};

fn start() -> Instance {
    Instance::start([play("2026-03-20T07:00:00Z")])
}

fn resend(instance: &Instance, place: &str, body: &str) -> support::Answer {
    post(&format!("{}/v1/rejects/{place}/resend", instance.url()), "application/json", body)
}

const WHY: &str = r#"{"why": "mended"}"#;

#[test]
fn only_those_who_see_all_segments_look_at_rejects_or_send_them() {
    let role = Arc::new(InRole::default());
    let instance = Instance::start_for([play("2026-03-20T07:00:00Z")], role.clone());
    for (at, known) in Role::ALL.into_iter().enumerate() {
        role.0.store(at, Ordering::SeqCst);
        let answers = [
            instance.get("/v1/rejects"),
            instance.get("/v1/rejects/3/7"),
            resend(&instance, "3/7", WHY),
            resend_several(&instance, &three(json!({}))),
        ];
        for answer in answers {
            if known >= Role::Manager {
                answer.good();
            } else {
                answer.check_problem(403, "role", "It takes the role `manager`");
            }
        }
        // How instances stand tells of nobody's account.
        instance.get("/v1/instances").good();
    }
    assert_eq!(instance.declined.sent.lock().unwrap().len(), 6, "who may not has sent nothing");
}

#[test]
fn what_is_asked_comes_to_the_rejects_as_it_was_asked() {
    let instance = start();
    let page = instance.get("/v1/rejects").good();
    assert_eq!((&page["older"], &page["whole"]), (&json!(3), &json!(true)));
    let expected = json!({
        "partition": 3, "offset": 7, "reason": "unknown_plan", "detail": "there is no plan of this name",
        "came_from": { "topic": "controls", "partition": 3, "offset": 3 }, "rejected_at": "2026-03-20T07:00:00Z",
        "logged_at": null, "event_id": "E-1", "account_id": "A-1", "debtor_id": "A-1", "id_is_known": true,
    });
    assert_eq!(page["items"][0], expected);
    let query = "topic=controls&reason=unknown_plan&account=A%201&since=2026-03-20T00:00:00Z&limit=7";
    instance.get(&format!("/v1/rejects?{query}")).good();
    let text = |text: &str| Some(text.to_owned());
    let filter = Filter {
        topic: text("controls"),
        reason: text("unknown_plan"),
        account: text("A 1"),
        since: Timestamp::parse("2026-03-20T00:00:00Z"),
    };
    assert_eq!(*instance.declined.asked.lock().unwrap(), [(Filter::default(), 50), (filter, 7)]);
    let details = instance.get("/v1/rejects/3/7").good();
    assert_eq!((&details["reason"], &details["key_hex"]), (&json!("unknown_plan"), &json!("4131")));
    assert_eq!(details["event"], json!({ "event": "control" }));
}

#[test]
fn what_cannot_be_made_out_is_declined_with_what_it_is() {
    let instance = start();
    for (path, says) in [
        ("?limit=0", "`limit` is 0, and must be from 1 to 200."),
        ("?limit=201", "from 1 to 200"),
        ("?since=yesterday", "`since` is a moment"),
        ("?reason=", "`reason` has 1 to 255 characters"),
        ("?account=%01", "`account` has 1 to 255 characters"),
        ("?topics=x", "`topics` is no parameter of this"),
        ("/3/-1", "an offset counts from 0"),
        ("/x/1", "`partition` is no whole number from 0 on"),
        ("/1/x", "`offset` is no whole number"),
    ] {
        instance.get(&format!("/v1/rejects{path}")).check_problem(400, "bad-request", says);
    }
    instance.get("/v1/rejects/3/8").check_problem(404, "unknown-reject", "No reject lies there");
    resend(&instance, "3/8", WHY).check_problem(404, "unknown-reject", "No reject lies there");
    resend(&instance, "3/7", r#"{"why": " "}"#).check_problem(400, "bad-request", "`why` says why");
    resend(&instance, "3/7", r#"{"why": "x", "all": true}"#).check_problem(
        400,
        "bad-request",
        "`all` is no field of this, which has why, even_known.",
    );
    let url = format!("{}/v1/rejects/3/7/resend", instance.url());
    post(&url, "text/plain", WHY).check_problem(415, "not-json", "application/json");
    assert!(instance.declined.sent.lock().unwrap().is_empty());
}

#[test]
fn whoever_sends_one_again_is_told_what_became_of_it() {
    let instance = start();
    let told = resend(&instance, "3/7", WHY).good();
    assert_eq!(told, json!({ "outcome": "known", "sent_to": null, "account_id": "A-1" }));
    let told = resend(&instance, "3/7", r#"{"why": "mended", "even_known": true}"#).good();
    let sent_to = json!({ "topic": "controls", "partition": 3 });
    assert_eq!(told, json!({ "outcome": "sent", "sent_to": sent_to, "account_id": "A-1" }));
    let place = Place { partition: PARTITION, offset: 7 };
    assert_eq!(*instance.declined.sent.lock().unwrap(), [(place, false), (place, true)]);
    for (fails, status, word, says) in [
        (NotDone::Silent, 503, "log-silent", "Nothing was sent"),
        (NotDone::Unknown, 503, "perhaps-sent", "does no harm"),
        (NotDone::Failed, 500, "failed", "log says"),
    ] {
        *instance.declined.fails.lock().unwrap() = Some(fails);
        resend(&instance, "3/7", WHY).check_problem(status, word, says);
    }
}

fn resend_several(instance: &Instance, body: &serde_json::Value) -> support::Answer {
    post(&format!("{}/v1/rejects/resend", instance.url()), "application/json", &body.to_string())
}

/// Three places, at the second of which no reject lies.
fn three(beside: serde_json::Value) -> serde_json::Value {
    let place = |partition: u32, offset: i64| json!({ "partition": partition, "offset": offset });
    let mut body = json!({ "why": "mended", "rejects": [place(3, 7), place(3, 8), place(1, 7)] });
    body.as_object_mut().unwrap().extend(beside.as_object().cloned().unwrap());
    body
}

#[test]
fn whoever_sends_several_again_is_told_what_became_of_each() {
    let instance = start();
    let told = resend_several(&instance, &three(json!({}))).good();
    let (known, sent_to) = (json!(null), json!({ "topic": "controls", "partition": 3 }));
    let one = |partition: u32,
               offset: i64,
               outcome: &str,
               sent_to: &serde_json::Value,
               account: Option<&str>| {
        json!({
            "partition": partition, "offset": offset, "outcome": outcome, "sent_to": sent_to, "account_id": account,
        })
    };
    let expected = [
        one(3, 7, "known", &known, Some("A-1")),
        one(3, 8, "not_there", &known, None),
        one(1, 7, "known", &known, Some("A-1")),
    ];
    assert_eq!(told, json!({ "items": expected }));
    let told = resend_several(&instance, &three(json!({ "even_known": true }))).good();
    assert_eq!(told["items"][2], one(1, 7, "sent", &sent_to, Some("A-1")));
    for (fails, status, word) in
        [(NotDone::Silent, 503, "log-silent"), (NotDone::Unknown, 503, "perhaps-sent")]
    {
        *instance.declined.fails.lock().unwrap() = Some(fails);
        resend_several(&instance, &three(json!({}))).check_problem(status, word, "");
    }
    resend_several(&instance, &json!({ "why": "x", "rejects": [] })).check_problem(
        400,
        "bad-request",
        "1 to 50",
    );
    let url = format!("{}/v1/rejects/resend", instance.url());
    post(&url, "text/plain", "{}").check_problem(415, "not-json", "application/json");
}

#[test]
fn a_form_that_is_sent_twice_sends_nothing_twice() {
    let instance = start();
    let body = three(json!({ "even_known": true, "id": "form-1" }));
    // The first is at work, and its asker perhaps gone, when the second comes.
    let waits = instance.declined.waits.lock().unwrap();
    let answers = std::thread::scope(|scope| {
        let asked = [(); 2].map(|()| scope.spawn(|| resend_several(&instance, &body).good()));
        std::thread::sleep(std::time::Duration::from_millis(300));
        drop(waits);
        asked.map(|answer| answer.join().unwrap())
    });
    assert_eq!(answers[0], answers[1]);
    assert_eq!(resend_several(&instance, &body).good(), answers[0]);
    assert_eq!(instance.declined.sent.lock().unwrap().len(), 2, "each that is there was sent once");
    // What was not done is tried again, and without an id each is another.
    *instance.declined.fails.lock().unwrap() = Some(NotDone::Silent);
    let other = three(json!({ "even_known": true, "id": "form-2" }));
    resend_several(&instance, &other).check_problem(503, "log-silent", "Nothing was sent");
    *instance.declined.fails.lock().unwrap() = None;
    resend_several(&instance, &other).good();
    resend_several(&instance, &three(json!({ "even_known": true }))).good();
    assert_eq!(instance.declined.sent.lock().unwrap().len(), 6);
}

/// Each reads much of the log.
#[test]
fn of_rejects_two_questions_are_answered_at_once_and_others_go_on() {
    let instance = start();
    let waits = instance.declined.waits.lock().unwrap();
    std::thread::scope(|scope| {
        let asked = [(); 2].map(|()| scope.spawn(|| instance.get("/v1/rejects")));
        while instance.declined.asked.lock().unwrap().len() < 2 {
            std::thread::yield_now();
        }
        instance.get("/v1/rejects/3/7").check_problem(503, "busy", "as may be at once");
        instance.get("/v1/instances").good();
        drop(waits);
        asked.into_iter().for_each(|answer| drop(answer.join().unwrap().good()));
    });
    instance.get("/v1/rejects/3/7").good();
}
