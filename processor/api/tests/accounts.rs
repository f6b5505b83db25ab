//! What is asked of an account, over a real socket.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use serde_json::{Value, json};
use support::{Instance, Known, play};

const NOW: &str = "2026-03-20T07:00:00Z";

fn instance() -> (Instance, Known) {
    let known = play(NOW);
    (Instance::start([known.clone()]), known)
}

#[track_caller]
fn check(answer: &Value, rows: &[(&str, Value)]) {
    for (pointer, expected) in rows {
        let found = answer.pointer(pointer).unwrap_or_else(|| panic!("there is no {pointer} in {answer:#}"));
        assert_eq!(found, expected, "{pointer}");
    }
}

#[test]
fn an_account_is_told_as_it_stands() {
    let (instance, _) = instance();
    let account = instance.get("/v1/accounts/A-1").good();
    check(
        &account,
        &[
            ("/account_id", json!("A-1")),
            ("/debtor_id", json!("A-1")),
            ("/as_of/at", json!("2026-03-20T07:00:00Z")),
            ("/as_of/local", json!("2026-03-20 12:00")),
            ("/time_zone", json!("Asia/Tashkent")),
            ("/currency", json!("USD")),
            ("/policy/name", json!("soft")),
            ("/policy/version", json!("1")),
            ("/policy/revision", json!(7)),
            ("/segment", json!("everyone")),
            ("/exempt", json!(false)),
            ("/pause", json!(null)),
            ("/credit", json!("0.00")),
        ],
    );
    check(
        &account["snapshot"],
        &[
            ("/payment_mode", json!("postpaid")),
            ("/contacts", json!({ "sms": "+998901234567" })),
            ("/services/0/id", json!("S-1")),
            ("/attributes", json!({ "customer_type": "soho" })),
            ("/closed", json!(false)),
        ],
    );
}

#[test]
fn balances_say_which_lines_are_armed_and_which_have_fired() {
    let (instance, _) = instance();
    let balances = &instance.get("/v1/accounts/A-1").good()["balances"];
    check(
        balances,
        &[
            ("/0/name", json!("main")),
            ("/0/unit", json!("money")),
            ("/0/value", json!("40.00")),
            ("/0/rules/0/rule", json!("low")),
            ("/0/rules/0/alerts", json!(1)),
            ("/0/rules/0/last_alert/local", json!("2026-03-01 12:00")),
            (
                "/0/rules/0/lines",
                json!([
                    { "line": "50.00", "state": "fired", "acts_at": null, "armed_at": "50.01", "announced": true },
                    { "line": "20.00", "state": "armed", "acts_at": "20.00", "armed_at": null, "announced": null },
                ]),
            ),
            ("/1/name", json!("data")),
            ("/1/value", json!("4000")),
            ("/1/unit", json!("bytes")),
            ("/1/rules", json!([])),
        ],
    );
}

#[test]
fn the_debt_is_told_with_its_holds_its_stage_and_what_comes_next() {
    let (instance, _) = instance();
    let account = instance.get("/v1/accounts/A-1").good();
    check(
        &account,
        &[
            ("/invoices/0/id", json!("B1")),
            ("/invoices/0/amount", json!("120.00")),
            ("/invoices/0/paid", json!("20.00")),
            ("/invoices/0/outstanding", json!("100.00")),
            ("/invoices/0/due", json!("2026-03-10")),
            ("/holds/0/id", json!("D1")),
            ("/holds/0/kind", json!("dispute")),
            ("/holds/0/freezes", json!("30.00")),
            ("/holds/0/by", json!("anna")),
            ("/holds/0/is_upheld", json!(false)),
            ("/holds/0/amount", json!("30.00")),
            ("/holds/0/parts", json!([])),
            ("/profiles/0/debt_class", json!("all")),
            ("/profiles/0/status", json!("active")),
            ("/profiles/0/plan", json!("soft")),
            ("/profiles/0/stage", json!("remind")),
            ("/profiles/0/real_debt", json!("130.00")),
            ("/profiles/0/conditional_debt", json!("100.00")),
            ("/profiles/0/next/stage", json!("bar")),
            ("/profiles/0/next/when/local", json!("2026-03-25 00:00")),
            ("/profiles/0/cycles/0/entered/0/stage", json!("remind")),
            ("/profiles/0/cycles/0/measures/0/kind", json!("message")),
            ("/profiles/0/cycles/0/measures/0/what", json!("reminder")),
            ("/profiles/0/cycles/0/measures/0/outcome", json!("done")),
            ("/next_due/local", json!("2026-03-25 00:00")),
        ],
    );
}

#[test]
fn the_story_says_what_was_owed_over_time_up_to_now() {
    let (instance, _) = instance();
    let story = instance.get("/v1/accounts/A-1/story").good();
    let point = |point: &Value| {
        let of = |name: &str| point[name].as_str().unwrap().to_owned();
        format!("{} {} {}", of("local"), of("real_debt"), point["entered"]).replace(" []", "")
    };
    let points: Vec<_> = story["owed"]["points"].as_array().unwrap().iter().map(point).collect();
    let expected = [
        "2026-03-01 12:00 0.00",
        "2026-03-10 00:00 150.00",
        "2026-03-11 10:00 130.00",
        "2026-03-15 00:00 130.00 [\"remind\"]",
    ];
    assert_eq!(points, expected);
    check(&story, &[("/owed/is_whole", json!(true)), ("/owed/known_from/local", json!("2026-03-01 12:00"))]);
}

#[test]
fn the_history_comes_newest_first_and_page_by_page() {
    let (instance, known) = instance();
    let (mut path, mut sequences) = ("/v1/accounts/A-1/records?limit=2".to_owned(), Vec::new());
    loop {
        let page = instance.get(&path).good();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2 && !items.is_empty());
        sequences.extend(items.iter().map(|line| line["sequence"].as_i64().unwrap()));
        let Some(next) = page["next"].as_i64() else { break };
        path = format!("/v1/accounts/A-1/records?limit=2&before={next}");
    }
    let expected: Vec<i64> = known.lines.iter().rev().map(|line| line.sequence).collect();
    assert!(expected.len() > 4);
    assert_eq!(sequences, expected);
    let whole = instance.get("/v1/accounts/A-1/records").good();
    assert_eq!(whole["next"], Value::Null);
    let entered = whole["items"].as_array().unwrap().iter().find(|line| line["kind"] == "stage_entered");
    let entered = entered.unwrap();
    check(
        entered,
        &[
            ("/account_id", json!("A-1")),
            ("/policy_version", json!("1")),
            ("/when/local", json!("2026-03-15 00:00")),
        ],
    );
    assert!(entered["words"].as_str().unwrap().contains("remind"), "{entered:#}");
}

#[test]
fn why_something_has_not_acted_is_said_as_the_command_line_says_it() {
    let (instance, known) = instance();
    let stage = instance.get("/v1/accounts/A-1/why-not?rule=bar&plan=soft&debt_class=all").good();
    let question = decision::why_not::Question::Stage {
        stage: "bar".into(),
        plan: Some("soft".into()),
        debt_class: decision::cycle::DebtClass::parse("all"),
    };
    let (id, policies) = ("A-1".into(), support::policies());
    let expected = whatif::why_not::of(&known.debtor, &id, &question, known.moment, &policies).unwrap();
    assert_eq!(stage, serde_json::to_value(&expected).unwrap());
    let rule = instance.get("/v1/accounts/A-1/why-not?rule=low").good();
    check(&rule, &[("/rule", json!("low")), ("/parts/0/findings/0/finding", json!("fired"))]);
}

#[test]
fn what_cannot_be_answered_says_why_and_what_to_do() {
    let (instance, _) = instance();
    let long = format!("/v1/accounts/{}", "x".repeat(256));
    let rows = [
        (
            "/v1/accounts/A-2",
            404,
            "unknown-account",
            "If another account pays for it, say which with `debtor`",
        ),
        ("/v1/accounts/A-2/records", 404, "unknown-account", "A-2"),
        ("/v1/accounts/A-2/why-not?rule=low", 404, "unknown-account", "A-2"),
        ("/v1/accounts/A-2?debtor=A-1", 404, "unknown-account", "as one that A-1 pays for"),
        ("/v1/accounts/A-1/why-not?rule=lo&of=threshold", 404, "unknown-rule", "there are: low."),
        (
            "/v1/accounts/A-1/why-not?rule=bars",
            404,
            "unknown-rule",
            "thresholds low, and the stages remind, bar.",
        ),
        ("/v1/accounts/A-1/why-not?rule=bar&plan=hard", 404, "unknown-rule", "there are: soft."),
        ("/v1/accounts/A-1/why-not?rule=low&of=stage", 404, "unknown-rule", "there are: remind, bar."),
        ("/v1/accounts/A-1/why-not", 400, "bad-request", "`rule` is missing."),
        (
            "/v1/accounts/A-1/why-not?rule=bar&of=both",
            400,
            "bad-request",
            "`of` is «both», and must be one of threshold, stage.",
        ),
        ("/v1/accounts/A-1/why-not?rule=bar&debt_class=half", 400, "bad-request", "«half»"),
        ("/v1/accounts/A-1?detbor=A-1", 400, "bad-request", "detbor"),
        ("/v1/accounts/A-1/records?limit=0", 400, "bad-request", "from 1 to 200"),
        ("/v1/accounts/A-1/records?limit=201", 400, "bad-request", "from 1 to 200"),
        ("/v1/accounts/A-1/records?limit=many", 400, "bad-request", "limit"),
        ("/v1/accounts/A-1/records?before=0", 400, "bad-request", "count from 1"),
        ("/v1/accounts/A%00", 400, "bad-request", "no control characters"),
        ("/v1/accounts/A%ff", 400, "bad-request", "UTF-8"),
        ("/v1/accounts/A-1?debtor=", 400, "bad-request", "from 1 to 255"),
        (&long, 400, "bad-request", "from 1 to 255"),
        ("/v1/account", 404, "no-such-path", "/openapi.json"),
        ("/", 404, "no-such-path", "/openapi.json"),
    ];
    for (path, status, word, says) in rows {
        instance.get(path).check_problem(status, word, says);
    }
    assert_eq!(instance.get("/v1/accounts/A-1?debtor=A-1").status, 200);
}

#[test]
fn what_fails_within_is_not_shown() {
    let (instance, _) = instance();
    instance.keeper.is_broken.store(true, std::sync::atomic::Ordering::SeqCst);
    instance.get("/v1/accounts/A-1").check_problem(500, "failed", "Weir's log");
}

/// A page of another site, in a browser on this machine, is not answered.
#[test]
fn where_nobody_is_asked_who_they_are_only_what_is_sent_to_the_loopback_is_answered() {
    let (instance, _) = instance();
    let url = format!("{}/v1/accounts/A-1", instance.url());
    let other = support::get(&url, &[("host", "weir.example:8090")]);
    other.check_problem(421, "other-host", "loopback");
    assert_eq!(support::get(&url, &[("host", "localhost")]).status, 200);
}

/// Everything that is answered stands in the document, and what it says of parameters is so.
#[test]
fn the_document_describes_what_is_answered() {
    let (instance, _) = instance();
    let document = instance.get("/openapi.json").good();
    let parameters = |path: &str| {
        let all = document["paths"][path]["get"]["parameters"].as_array().unwrap().clone();
        let of = |place: &str| {
            let here = all.iter().filter(|parameter| parameter["in"] == place);
            here.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        (of("path"), of("query"))
    };
    let id = vec!["id".to_owned()];
    let named = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(parameters("/v1/accounts/{id}"), (id.clone(), named(&["debtor"])));
    assert_eq!(parameters("/v1/accounts/{id}/records"), (id.clone(), named(&["debtor", "before", "limit"])));
    let asked = named(&["debtor", "rule", "of", "plan", "debt_class"]);
    assert_eq!(parameters("/v1/accounts/{id}/why-not"), (id, asked));
    let told = instance.get("/v1/accounts/A-1").good();
    let described = &document["components"]["schemas"]["Account"]["properties"];
    let fields = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&told), fields(described));
}
