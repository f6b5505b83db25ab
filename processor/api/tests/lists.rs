//! Work lists over HTTP: what may be asked, how pages follow one another, and what becomes of several instances.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use api::lists::asked::Field;
use decision::money::MinorUnits;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use support::{Instance, Known, get, play};

/// Five accounts: two owe as much as each other.
const OWING: [(&str, i64); 5] = [("A-1", 13_000), ("A-2", 200), ("A-3", 500), ("A-4", 500), ("A-5", 90_000)];

fn known(id: &str, real: i64) -> Known {
    let mut known = play("2026-03-20T07:00:00Z");
    known.debtor.id = id.into();
    for member in &mut known.debtor.members {
        member.account_id = id.into();
    }
    known.debtor.owed.real = MinorUnits(real);
    known
}

fn all() -> Vec<Known> {
    OWING.iter().map(|(id, real)| known(id, *real)).collect()
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["account_id"].as_str().unwrap()).collect()
}

#[test]
fn a_page_tells_of_each_account_what_there_is_to_do() {
    let instance = Instance::start(all());
    let page = instance.get("/v1/accounts?stage=bar").good();
    assert_eq!(ids(&page), ["A-5", "A-1", "A-3", "A-4", "A-2"]);
    assert_eq!(page["next"], Value::Null);
    let expected = json!({
        "account_id": "A-1", "time_zone": "Asia/Tashkent", "currency": "USD", "real_debt": "130.00", "conditional_debt": "100.00",
        "segment": "everyone", "manager_group": null, "manager": null,
        "work": [{
            "debt_class": "all", "status": "active", "plan": "soft", "stage": "remind",
            "stage_since": { "at": "2026-03-14T19:00:00Z", "local": "2026-03-15 00:00" },
            "next_stage": "bar", "next_at": { "at": "2026-03-24T19:00:00Z", "local": "2026-03-25 00:00" },
        }],
        "tasks": [], "holds": ["dispute"], "exempt": false, "paused": false,
    });
    assert_eq!(page["items"][1], expected);
}

#[test]
fn pages_follow_one_another_to_the_end() {
    let instance = Instance::start(all());
    let (mut found, mut path, mut pages) = (Vec::new(), "/v1/accounts?limit=2".to_owned(), 0);
    loop {
        let page = instance.get(&path).good();
        found.extend(ids(&page).into_iter().map(str::to_owned));
        pages += 1;
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/accounts?limit=2&after={next}");
    }
    assert_eq!((found.join(" "), pages), ("A-5 A-1 A-3 A-4 A-2".to_owned(), 3));
    let owing = instance.get("/v1/accounts?min_debt=500").good();
    assert_eq!(ids(&owing), ["A-5", "A-1", "A-3", "A-4"]);
}

#[test]
fn what_is_asked_comes_to_the_lists_as_it_was_asked() {
    let instance = Instance::start(all());
    let query = "stage=remind,bar&plan=soft&status=held&segment=everyone&manager_group=g&manager=anna&hold=promise\
                 &queue=calls&taken_by=anna&phone=%2B49%201&pays_for=C-1&currency=TND&min_debt=7";
    instance.get(&format!("/v1/accounts?{query}")).good();
    let asked = instance.keeper.asked.lock().unwrap().pop().unwrap();
    let of = |field, names: &[&str]| (field, names.iter().map(ToString::to_string).collect::<Vec<_>>());
    let expected = [
        of(Field::Segment, &["everyone"]),
        of(Field::Stage, &["bar", "remind"]),
        of(Field::Plan, &["soft"]),
        of(Field::Status, &["held"]),
        of(Field::ManagerGroup, &["g"]),
        of(Field::Manager, &["anna"]),
        of(Field::Hold, &["promise"]),
        of(Field::Queue, &["calls"]),
        of(Field::Taker, &["anna"]),
        of(Field::Number, &["+49 1"]),
        of(Field::Account, &["C-1"]),
    ];
    let currency = asked.currency.map(|currency| currency.to_string());
    assert_eq!(
        (asked.fields.as_slice(), currency.as_deref(), asked.min_debt),
        (&expected[..], Some("TND"), 7)
    );
}

#[test]
fn accounts_are_counted_where_they_are_and_nothing_is_told_while_somebody_is_silent() {
    let (first, second) = two();
    let counts = |instance: &Instance| instance.get("/v1/counts").good()["items"].clone();
    let expected = json!([{ "by": "work", "name": "", "accounts": 5 }]);
    assert_eq!((counts(&first), counts(&second)), (expected.clone(), expected));
    second.keeper.is_at_work.store(false, Ordering::SeqCst);
    let answer = first.get("/v1/counts");
    assert_eq!(answer.status, 503, "{}", answer.text);
}

#[test]
fn what_cannot_be_made_out_is_declined_with_what_it_is() {
    let instance = Instance::start(all());
    for (query, says) in [
        ("limit=0", "`limit` is 0, and must be from 1 to 200."),
        ("limit=201", "from 1 to 200"),
        ("format=csv&limit=10001", "from 1 to 10000"),
        ("currency=euro", "`currency` is «euro»"),
        ("min_debt=-1", "`min_debt` is -1"),
        ("min_debt=1.5", "`min_debt` is no whole number"),
        ("stage=", "`stage` is a name"),
        ("stage=a,,b", "`stage` is a name"),
        ("after=A-1", "`after` is what `next`"),
        ("stages=bar", "`stages` is no parameter of this, which has stage, plan"),
        ("limit=7&limit=8", "`limit` is said twice."),
        ("format=xml", "`format` is «xml», and must be one of json, csv."),
        ("phone=%01", "`phone` is a name"),
    ] {
        instance.get(&format!("/v1/accounts?{query}")).check_problem(400, "bad-request", says);
    }
}

#[test]
fn a_list_is_exported_as_csv_and_says_in_a_header_how_it_goes_on() {
    let instance = Instance::start(all());
    let answer = instance.get("/v1/accounts?format=csv&limit=2");
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "text/csv; charset=utf-8"));
    let lines: Vec<&str> = answer.text.split("\r\n").collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[0].starts_with("account_id,currency,real_debt,"), "{}", lines[0]);
    assert_eq!(
        lines[2],
        "A-1,USD,130.00,100.00,everyone,,,all,active,soft,remind,2026-03-15 00:00,bar,2026-03-25 00:00,Asia/Tashkent,dispute,"
    );
    assert_eq!(answer.next.as_deref(), Some("-500%3AA-3"));
    let rest = instance.get("/v1/accounts?format=csv&limit=9&after=-500:A-3");
    assert_eq!((rest.text.lines().count(), rest.next), (4, None));
}

/// The accounts are kept by the second; the first asks it.
fn two() -> (Instance, Instance) {
    let (first, second) = (Instance::start([known("A-1", 1)]), Instance::start(all()));
    first.keeper.is_at_work.store(false, Ordering::SeqCst);
    *first.owners.0.lock().unwrap() = Some(second.url().into());
    (first, second)
}

#[test]
fn what_another_instance_has_of_a_list_comes_from_there() {
    let (first, second) = two();
    for path in ["/v1/accounts?limit=2", "/v1/accounts?limit=2&after=-500:A-3", "/v1/accounts?format=csv"] {
        let (here, there) = (first.get(path), second.get(path));
        assert_eq!(here.status, 200);
        assert_eq!((here.content_type, here.text, here.next), (there.content_type, there.text, there.next));
    }
}

#[test]
fn where_a_partition_is_nowhere_there_is_no_list() {
    let (first, second) = two();
    second.keeper.is_at_work.store(false, Ordering::SeqCst);
    first.get("/v1/accounts").check_problem(503, "moving", "Partition 3");
    second.get("/v1/accounts").check_problem(503, "moving", "Partition 3");
    *first.owners.0.lock().unwrap() = None;
    first.get("/v1/accounts").check_problem(503, "moving", "Partition 3");
    second.keeper.is_at_work.store(true, Ordering::SeqCst);
    second.keeper.is_broken.store(true, Ordering::SeqCst);
    assert_eq!(second.get("/v1/accounts").status, 500);
    *first.owners.0.lock().unwrap() = Some(second.url().into());
    first.get("/v1/accounts").check_problem(503, "owner-silent", "partition 3");
}

#[test]
fn an_instance_that_is_asked_for_its_part_gives_that_alone() {
    let (first, second) = two();
    let ask = |instance: &Instance, wanted: &str| {
        let headers = [("weir-handed-on", "1"), ("weir-partitions", wanted)];
        get(&format!("{}/v1/accounts", instance.url()), &headers)
    };
    assert_eq!(ask(&second, "0,1").good()["lines"], json!([]));
    assert_eq!(ask(&second, "0,3").good()["lines"].as_array().unwrap().len(), 5);
    // It asks nobody else.
    ask(&first, "0,3").check_problem(503, "moving", "Partition 3");
    for wanted in ["", "x", "1,"] {
        ask(&second, wanted).check_problem(400, "bad-request", "weir-partitions");
    }
}
