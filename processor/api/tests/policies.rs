//! The policy over HTTP: its versions, what they say as people read it, and what changed from one to another.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use api::policies::{Held, Known, Published, Version};
use decision::Policy;
use decision::time::Timestamp;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use support::Instance;

fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A policy of this repository.
fn policy_at(path: &str) -> Arc<Policy> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().parent().unwrap();
    policy::load(&root.join(path)).unwrap().policy
}

fn parsed(text: &str) -> Arc<Policy> {
    policy::parse("soft.policy.yaml", text).unwrap().policy
}

/// A version that was published, and holds for these times.
fn version(number: i64, policy: Arc<Policy>, held: &[(&str, Option<&str>)]) -> Version {
    let held = held.iter().map(|(from, until)| Held { from: Some(moment(from)), until: until.map(moment) });
    let published = Published {
        at: moment("2026-03-01T05:00:00Z"),
        by: "mona".to_owned(),
        role: "manager".to_owned(),
        why: format!("reason {number}"),
        withdraws_later: false,
    };
    Version { number, policy, held: held.collect(), published: Some(published) }
}

/// An instance that goes by these.
fn instance(versions: Vec<Version>) -> Instance {
    let instance = Instance::start([]);
    *instance.ruling.0.lock().unwrap() = Some(Known { now: moment("2026-03-20T07:00:00Z"), versions });
    instance
}

/// The first held, the second does, the third is to.
fn three() -> Instance {
    let second =
        support::POLICY.replace("version: \"1\"", "version: \"2\"").replace("after: 15d", "after: 20d");
    let third = second
        .replace("version: \"2\"", "version: \"3\"\neffective_from: 2026-04-01")
        .replace("falls_to: [50.00, 20.00]", "falls_to: [60.00, 20.00]");
    let (april, march) = ("2026-03-31T19:00:00Z", "2026-03-10T05:00:00Z");
    instance(vec![
        version(1, parsed(support::POLICY), &[("2026-03-01T05:00:00Z", Some(march))]),
        version(2, parsed(&second), &[(march, Some(april))]),
        version(3, parsed(&third), &[(april, None)]),
    ])
}

#[test]
fn the_versions_are_told_newest_first_with_who_published_them_and_when_they_hold() {
    let told = three().get("/v1/policies").good();
    assert_eq!((&told["holds"], &told["time_zone"]), (&json!(2), &json!("Asia/Tashkent")));
    let of = |name: &str| told["items"].as_array().unwrap().iter().map(|item| item[name].clone()).collect();
    let states: Vec<Value> = of("state");
    assert_eq!(
        (of("number"), states),
        (vec![json!(3), json!(2), json!(1)], vec![json!("to_come"), json!("holds"), json!("past")])
    );
    let april = json!({ "at": "2026-03-31T19:00:00Z", "local": "2026-04-01 00:00" });
    let expected = json!({
        "number": 3, "name": "soft", "version": "3", "hash": told["items"][0]["hash"], "state": "to_come",
        "effective_from": april, "held": [{ "from": april, "until": null }],
        "published": {
            "at": { "at": "2026-03-01T05:00:00Z", "local": "2026-03-01 10:00" }, "by": "mona", "role": "manager",
            "why": "reason 3", "withdraws_later": false,
        },
    });
    assert_eq!(told["items"][0], expected);
    assert_eq!(told["items"][0]["hash"].as_str().unwrap().len(), 12);
}

#[test]
fn before_anything_is_published_the_list_is_empty_and_before_that_is_known_there_is_none() {
    let instance = instance(Vec::new());
    let empty = json!({ "as_of": null, "time_zone": null, "holds": null, "items": [] });
    assert_eq!(instance.get("/v1/policies").good(), empty);
    instance.get("/v1/policies/1").check_problem(404, "unknown-policy", "none was published yet");
    *instance.ruling.0.lock().unwrap() = None;
    for path in ["/v1/policies", "/v1/policies/1", "/v1/policies/1/changes"] {
        instance.get(path).check_problem(503, "not-begun", "only begun");
    }
}

#[test]
fn what_is_not_there_and_what_cannot_be_made_out_is_told_as_a_problem() {
    let instance = three();
    for (path, status, word, says) in [
        (
            "4",
            404,
            "unknown-policy",
            "no version 4 of the policy: those that this instance knows are 1 to 3.",
        ),
        ("9223372036854775807", 404, "unknown-policy", "1 to 3"),
        ("4/changes", 404, "unknown-policy", "no version 4"),
        ("1/changes?since=4", 404, "unknown-policy", "no version 4"),
        ("0", 400, "bad-request", "`number` is 0, and the versions of a policy count from 1."),
        ("-1/changes", 400, "bad-request", "`number` is -1"),
        ("1/changes?since=0", 400, "bad-request", "`since` is 0"),
        ("1/changes?since=one", 400, "bad-request", "`since` is no whole number"),
        ("1/changes?sinc=1", 400, "bad-request", "`sinc` is no parameter of this"),
        ("soft", 400, "bad-request", "`number` is no whole number"),
        ("9223372036854775808", 400, "bad-request", "or too large a one"),
    ] {
        instance.get(&format!("/v1/policies/{path}")).check_problem(status, word, says);
    }
}

#[test]
fn changes_are_told_from_the_version_before_or_from_the_one_that_is_named() {
    let instance = three();
    let changes = |path: &str| {
        let told = instance.get(&format!("/v1/policies/{path}")).good();
        let all = told["changes"].as_array().unwrap();
        let says: Vec<_> = all.iter().map(|change| change["says"].as_str().unwrap().to_owned()).collect();
        (told["since"].clone(), says.join(" | "))
    };
    let later = "plan soft, stage bar: after 15d → 20d (groups: all)";
    let earlier = "plan soft, stage bar: after 20d → 15d (groups: all)";
    assert_eq!(changes("2/changes"), (json!(1), format!("policy: version 1 → 2 | {later}")));
    assert_eq!(changes("1/changes?since=2"), (json!(2), format!("policy: version 2 → 1 | {earlier}")));
    let both = changes("3/changes?since=1").1;
    assert!(both.contains(later) && both.contains("lines 50.00, 20.00 → 60.00, 20.00"), "{both}");
    assert_eq!(changes("2/changes?since=2"), (json!(2), String::new()));
    assert_eq!(changes("1/changes"), (Value::Null, String::new()), "there is none before it");
    let one = instance.get("/v1/policies/2/changes").good()["changes"][1].clone();
    let expected = json!({
        "subject": "plan soft, stage bar", "what": "after 15d → 20d", "groups": ["all"], "says": later,
    });
    assert_eq!(one, expected);
}

/// The name of each stage, when it is due, what it asks for, and what it does.
fn ladder(plan: &Value) -> Vec<(String, String, Vec<String>, Vec<String>)> {
    let said = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|one| one["says"].as_str().unwrap().to_owned()).collect()
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let stage = |stage: &Value| {
        let (conditions, measures) = (said(&stage["conditions"]), said(&stage["measures"]));
        (text(&stage["stage"]), text(&stage["says"]), conditions, measures)
    };
    plan["stages"].as_array().unwrap().iter().map(stage).collect()
}

#[test]
fn a_plan_is_a_ladder_of_its_stages_with_their_days_what_they_ask_for_and_what_they_do() {
    let policy = policy_at("processor/policy/tests/acceptance/collections.policy.yaml");
    let instance = instance(vec![version(1, policy, &[("2026-03-01T05:00:00Z", None)])]);
    let told = instance.get("/v1/policies/1").good();
    let plan = |name: &str| {
        told["plans"].as_array().unwrap().iter().find(|plan| plan["name"] == name).unwrap().clone()
    };
    let of = |stage: &str, says: &str, conditions: &[&str], measures: &[&str]| {
        let texts = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        (stage.to_owned(), says.to_owned(), texts(conditions), texts(measures))
    };
    let bar = "orders bar_outgoing (undo unbar_outgoing, cuts off)";
    let debt = "the debt that no hold freezes is 150.00 USD or more";
    // It asks for none of its own, and so for what opens a cycle.
    let entry = "the debt that no hold freezes is 50.00 USD or more";
    let first = "on the due date of the oldest invoice";
    let tenth = "10 days after the due date of the oldest invoice";
    assert_eq!(
        ladder(&plan("std")),
        [
            of("remind", first, &[entry], &["sends remind by sms (reminder)"]),
            of("bar", tenth, &[debt], &[bar]),
        ]
    );
    assert_eq!(
        ladder(&plan("windows")),
        [
            of("remind", first, &[], &["sends remind by sms (reminder, window waking)"]),
            of("bar", tenth, &["in the window cutting_off"], &[bar]),
        ]
    );
    assert_eq!(plan("std")["groups"], json!(["individuals"]));
    let cuts_off = |at: usize| plan("std")["stages"][at]["cuts_off"].clone();
    assert_eq!((cuts_off(0), cuts_off(1)), (json!(false), json!(true)));
    let windows = json!([
        {
            "name": "cutting_off", "hours": ["Mon-Fri 08:00-21:00", "Sat-Sun 09:00-17:00"],
            "skips": ["holidays", "the day before holidays"],
        },
        { "name": "waking", "hours": ["Mon-Sun 08:00-21:00"], "skips": [] },
    ]);
    assert_eq!(told["windows"], windows);
}

/// The policy that uses every field that there is.
fn whole() -> Value {
    let policy = policy_at("processor/policy/tests/whole/whole.policy.yaml");
    let instance = instance(vec![version(1, policy, &[("2026-03-01T05:00:00Z", None)])]);
    instance.get("/v1/policies/1").good()
}

#[test]
fn all_that_a_stage_can_ask_for_and_do_is_told() {
    let told = whole();
    let plan = &told["plans"].as_array().unwrap()[1];
    assert_eq!(plan["name"], "soft");
    let expected = json!({
        "stage": "bar", "after": "15d", "says": "15 days after the due date of the oldest invoice",
        "conditions": [
            { "kind": "debt", "says": "the debt that no hold freezes is 20.00 UZS or more" },
            { "kind": "invoices", "says": "2 invoices or more are open" },
            { "kind": "gap", "says": "2 days or more after the stage before" },
            { "kind": "notice", "says": "2 days or more after the notice of remind was delivered" },
            { "kind": "window", "says": "in the window cutting_off" },
        ],
        "window": "cutting_off", "cuts_off": true,
        "measures": [{
            "kind": "order", "what": "bar_outgoing", "channel": null, "window": null, "undo": "unbar_outgoing",
            "cuts_off": true, "says": "orders bar_outgoing (undo unbar_outgoing, cuts off)",
        }],
    });
    assert_eq!(plan["stages"][1], expected);
    let says: Vec<_> =
        ladder(plan).into_iter().map(|(stage, says, _, does)| (stage, says, does.join("; "))).collect();
    assert_eq!(says[2].2, "charges late 5.00; hands over to agency");
    let remind =
        "sends reminder by sms (statutory, window waking, fallback email); gives a task to calls (within 2d)";
    assert_eq!(says[0].2, remind);
    assert_eq!(
        plan["stages"][2]["conditions"][1]["says"],
        "the task in calls has ended with refused or no_answer"
    );
    assert_eq!(plan["before_due"][0]["says"], "3 days before an invoice is due");
    assert_eq!(plan["on_cure"][0]["says"], "sends thanks by sms (service)");
    let rules: Vec<_> =
        plan["rules"].as_array().unwrap().iter().map(|rule| rule["says"].as_str().unwrap()).collect();
    assert_eq!(
        rules,
        [
            "only invoices with invoice.kind != \"deposit\" count",
            "an invoice counts 5 days after its due date",
            "a cycle opens once the debt that no hold freezes is 10.00 UZS or more",
            "the days on which a hold stops the cycle count",
            "what cuts off is lifted while a hold stops the cycle",
            "a payment of a part goes back to the furthest stage that the rest still meets",
            "where an account comes to this plan from another, its cycle goes on in the stage that is mapped",
            "of several stages due at once only the furthest is entered, and what the others do is left out",
            "a running cycle moves to this version when it comes",
            "a cycle ends once the debt is 0.00 UZS or less",
        ]
    );
    let gentle = &told["plans"][0];
    assert_eq!((&gentle["debt_class"], &gentle["anchor"]), (&json!("service"), &json!("entry")));
    assert_eq!(gentle["stages"][0]["says"], "10 days after the cycle was opened");
}

#[test]
fn thresholds_are_told_with_their_lines_for_whom_they_are_and_what_they_do() {
    let told = whole();
    let expected = json!({
        "rule": "low-balance", "balance": "main", "unit": "money", "watches": "falls_to",
        "lines": ["100.00", "50.00", "10.00"], "says": "main falls to 100.00, 50.00, 10.00", "observe": false,
        "rules": [
            { "kind": "when", "says": "only accounts with account.payment_mode == \"prepaid\"" },
            { "kind": "every", "says": "beyond the last line there is another every 100.00" },
            { "kind": "hysteresis", "says": "a line is armed again once the value has come back 5.00 beyond it" },
            { "kind": "cooldown", "says": "for 24 hours after an alert there is no other" },
            { "kind": "max_age", "says": "an alert is not sent once its event is 1 hour old" },
        ],
        "measures": [{
            "kind": "message", "what": "low-balance", "channel": "sms", "window": "waking", "undo": null,
            "cuts_off": false, "says": "sends low-balance by sms (service, window waking)",
        }],
        "recovered": [{
            "kind": "message", "what": "balance-ok", "channel": "sms", "window": null, "undo": null,
            "cuts_off": false, "says": "sends balance-ok by sms (service)",
        }],
    });
    assert_eq!(told["thresholds"][0], expected);
    let used = &told["thresholds"][1];
    assert_eq!((&used["watches"], &used["lines"]), (&json!("rises_to"), &json!(["80%"])));
    let kinds: Vec<_> =
        used["rules"].as_array().unwrap().iter().map(|rule| rule["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["hysteresis", "on_first", "deliver"]);
    assert_eq!(used["rules"][0]["says"], "a line is armed again once the value has come back across it");
    let expiry = &told["thresholds"][2];
    assert_eq!((&expiry["watches"], &expiry["lines"]), (&json!("expires_in"), &json!(["3d"])));
    assert_eq!((&expiry["says"], &expiry["rules"]), (&json!("data expires in 3 days"), &json!([])));
}

#[test]
fn what_bounds_all_plans_is_told() {
    let told = whole();
    let expected = json!([
        { "name": "vip", "when": "account.attributes.vip", "group": "vip", "managers": "vip-desk" },
        { "name": "everyone", "when": null, "group": "mass", "managers": "desk" },
    ]);
    assert_eq!(told["segments"], expected);
    assert_eq!(told["groups"][0], json!({ "name": "mass", "standard": "soft", "plans": ["soft"] }));
    let caps = json!([
        { "channel": "voice", "at_most": 7, "per": "7d", "says": "at most 7 in 7 days" },
        { "channel": "voice", "at_most": 2, "per": "1d", "says": "at most 2 in 1 day" },
    ]);
    assert_eq!(told["caps"], caps);
    assert_eq!(told["rates"][0], json!({ "of": "provision", "per_second": 50 }));
    let breaker = json!({
        "more_than": "2.5", "over": "1h", "against": "7d", "at_least": 100,
        "says": "more than 2.5 times as many orders that cut off in 1 hour as is usual, by the last 7 days, and at least 100",
    });
    assert_eq!(told["breaker"], breaker);
    let worded = |list: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(|one| (text(&one["kind"]), text(&one["says"]))).collect()
    };
    let of = |kind: &str, says: &str| (kind.to_owned(), says.to_owned());
    assert_eq!(
        worded(&told["holds"]),
        [
            of(
                "promise",
                "at most 2 in 90 days, no longer than 14 days, no more than 500.00, beyond that by senior"
            ),
            of("deferral", "at most 1 at one time"),
            of("instalments", "no longer than 180 days"),
            of("dispute", "no more than 1000.00"),
            of("unconfirmed_payment", "freezes the debt for 5 days"),
        ]
    );
    assert_eq!(
        worded(&told["tries"]),
        [
            of(
                "message",
                "its end must be reported in 24 hours; where it failed it is tried once more; after the last try it gives \
             a task to undelivered (within 1d)"
            ),
            of(
                "order",
                "its end must be reported in 10 minutes; where it failed it is tried 3 times more; after the last try it \
             gives a task to provisioning-failed"
            ),
        ]
    );
}

/// Everything that is answered stands in the document.
#[test]
fn the_document_describes_what_is_answered() {
    let instance = three();
    let document = instance.get("/openapi.json").good();
    let fields = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let schemas = &document["components"]["schemas"];
    for (path, schema) in [
        ("/v1/policies", "PolicyVersions"),
        ("/v1/policies/1", "PolicyPage"),
        ("/v1/policies/2/changes", "PolicyChanges"),
    ] {
        let told = instance.get(path).good();
        assert_eq!(fields(&told), fields(&schemas[schema]["properties"]), "{schema}");
    }
    let told = instance.get("/v1/policies/1").good();
    let stage = &told["plans"][0]["stages"][0];
    assert_eq!(fields(stage), fields(&schemas["PlanStage"]["properties"]));
}
