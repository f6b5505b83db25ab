//! The HTTP API of instances on a real broker: any of them answers for any account, also while one dies; and what
//! the command line asks of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use engine::partition::partition_of;
use loadtest::generate::{Operator, Profile};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use support::kafka::{PARTITIONS, Process, Site};

const LONG: Duration = Duration::from_secs(60);

/// What an instance answers: the status, whether it says when to come again, and the body.
fn ask(url: &str, path: &str) -> (u16, bool, Value) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.get(format!("{url}{path}")).call().unwrap();
    let (status, again) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
    let body = answer.body_mut().read_to_string().unwrap();
    (status, again, serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}")))
}

/// The accounts that the instances work on are all answered for by this one, each as its partition has it.
#[track_caller]
fn wait_until_all_are_answered(url: &str, accounts: &BTreeSet<String>) -> BTreeMap<String, Value> {
    let deadline = Instant::now() + LONG;
    loop {
        let mut answers = BTreeMap::new();
        for account in accounts {
            let (status, again, body) = ask(url, &format!("/v1/accounts/{account}"));
            match status {
                200 => drop(answers.insert(account.clone(), body)),
                // It moves: nothing else may be said of an account that is there.
                503 => assert!(again, "{body:#}"),
                _ => panic!("{account}: {status} {body:#}"),
            }
        }
        if answers.len() == accounts.len() {
            return answers;
        }
        assert!(Instant::now() < deadline, "{} of {} are answered", answers.len(), accounts.len());
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// What of an answer does not depend on when it was asked.
fn lasting(mut account: Value) -> Value {
    account["as_of"] = Value::Null;
    account
}

fn same(one: &BTreeMap<String, Value>, other: &BTreeMap<String, Value>) {
    for (account, told) in one {
        assert_eq!(lasting(told.clone()), lasting(other[account].clone()), "{account}");
    }
}

fn weir(arguments: &[&str]) -> Output {
    let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
    weir.args(arguments).env_remove("WEIR_URL").env_remove("WEIR_TOKEN_FILE").output().unwrap()
}

#[track_caller]
fn json(output: &Output) -> Value {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{error}"))
}

#[test]
fn any_instance_answers_for_any_account_also_after_one_has_died() {
    let mut site = Site::new("api-any");
    let mut operator = Operator::new(Profile { subscribers: 60, ..Profile::demo() });
    let (mut one, mut other) = (site.instance("one"), site.instance("other"));
    one.wait_until_ready();
    other.wait_until_ready();
    let mut accounts = BTreeSet::new();
    for _ in 0..12 {
        for event in operator.next_day() {
            accounts.insert(event.account_id.to_string());
            site.tell(&event);
        }
    }
    site.wait_until_done(LONG);
    let of = |id: &str| partition_of(id.as_bytes(), NonZeroU32::new(PARTITIONS).unwrap());
    let met: BTreeSet<u32> = accounts.iter().map(|id| of(id)).collect();
    assert_eq!(met.len(), PARTITIONS as usize, "accounts of every partition are asked for");
    let deadline = Instant::now() + LONG;
    while one.running_tasks() == 0 || other.running_tasks() == 0 {
        assert!(Instant::now() < deadline, "both work");
        std::thread::sleep(Duration::from_millis(50));
    }

    let by_one = wait_until_all_are_answered(&one.api(), &accounts);
    let by_other = wait_until_all_are_answered(&other.api(), &accounts);
    same(&by_one, &by_other);
    let owing = by_one.values().find(|told| told["profiles"][0]["status"] == "active").unwrap();
    let owing = owing["account_id"].as_str().unwrap();
    // Whichever of the two has it, both tell of it alike.
    let url = one.api();
    for path in ["records", "story", "why-not?rule=suspend"] {
        let path = format!("/v1/accounts/{owing}/{path}");
        let ((first, _, _), (second, _, _)) = (ask(&url, &path), ask(&other.api(), &path));
        assert_eq!((first, second), (200, 200), "{path}");
    }
    let (status, _, problem) = ask(&url, "/v1/accounts/nobody-at-all");
    assert_eq!((status, problem["type"].as_str()), (404, Some("urn:weir:problem:unknown-account")));

    let (here, there) = (listed(&url, "").unwrap(), listed(&other.api(), "").unwrap());
    assert_eq!(here, there, "both tell the whole list");
    check_work(&here, &by_one);

    give_orders(&url, &accounts);
    let work = listed(&url, "").unwrap();
    let ordered = wait_until_all_are_answered(&url, &accounts);
    assert!(ordered.values().all(|account| account["exempt"] == true));

    other.kill();
    // At once, and until the survivor has taken over, it is said that the account moves.
    let lost: Vec<&String> = {
        let here = ask_here(&one, &accounts);
        accounts.iter().filter(|account| !here.contains(*account)).collect()
    };
    assert!(!lost.is_empty());
    let (status, again, problem) = ask(&url, &format!("/v1/accounts/{}", lost[0]));
    assert_eq!((status, again), (503, true), "{problem:#}");
    let problem = listed(&url, "").unwrap_err();
    assert!(
        problem["type"] == "urn:weir:problem:moving" || problem["type"] == "urn:weir:problem:owner-silent"
    );
    let afterwards = wait_until_all_are_answered(&url, &accounts);
    same(&ordered, &afterwards);
    assert_eq!(listed(&url, "").unwrap(), work, "the whole list again");
    one.terminate();
}

/// A whole list, page by page; what is said where there is none.
fn listed(url: &str, query: &str) -> Result<Vec<Value>, Value> {
    let (mut items, mut after) = (Vec::new(), String::new());
    loop {
        let (status, again, mut page) = ask(url, &format!("/v1/accounts?limit=7{query}{after}"));
        if status != 200 {
            assert_eq!((status, again), (503, true), "{page:#}");
            return Err(page);
        }
        items.append(page["items"].as_array_mut().unwrap());
        let Some(next) = page["next"].as_str() else { return Ok(items) };
        after = format!("&after={next}");
    }
}

/// The list has everyone who owes or is worked on, the most owing first, and tells of each what the account does.
#[track_caller]
fn check_work(items: &[Value], accounts: &BTreeMap<String, Value>) {
    let minor = |item: &Value| item["real_debt"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
    let order: Vec<_> = items.iter().map(|item| (-minor(item), item["account_id"].to_string())).collect();
    assert!(order.len() > 5 && order.is_sorted(), "{order:?}");
    for item in items {
        let profile = &accounts[item["account_id"].as_str().unwrap()]["profiles"][0];
        let work = &item["work"][0];
        assert_eq!((&work["stage"], &work["plan"]), (&profile["stage"], &profile["plan"]), "{item:#}");
        assert_eq!((&work["status"], &item["real_debt"]), (&profile["status"], &profile["real_debt"]));
    }
    for (id, account) in accounts {
        let is_worked_on = account["profiles"][0]["status"] != "clear";
        let is_listed = items.iter().any(|item| item["account_id"] == id.as_str());
        assert!(is_listed || !is_worked_on, "{id} is on no list");
    }
}

/// What became of an order, once it is known.
#[track_caller]
fn outcome_of(url: &str, path: &str) -> Value {
    let deadline = Instant::now() + LONG;
    loop {
        let (status, _, outcome) = ask(url, path);
        assert_eq!(status, 200, "{outcome:#}");
        if outcome["state"] != "pending" {
            return outcome;
        }
        assert!(Instant::now() < deadline, "{outcome:#}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Orders for every account, whichever instance has it, come to its partition; what may not be is rejected there.
#[track_caller]
fn give_orders(url: &str, accounts: &BTreeSet<String>) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let give = |account: &str, order: &str| {
        let url = format!("{url}/v1/accounts/{account}/controls");
        let mut answer = agent.post(url).header("content-type", "application/json").send(order).unwrap();
        let (status, text) = (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap());
        assert_eq!(status, 202, "{text}");
        let given: Value = serde_json::from_str(&text).unwrap();
        given["outcome"].as_str().unwrap().to_owned()
    };
    let paths: Vec<String> =
        accounts.iter().map(|account| give(account, r#"{"order":"exempt","why":"a try"}"#)).collect();
    for path in paths {
        let outcome = outcome_of(url, &path);
        assert_eq!(outcome["state"], "applied", "{outcome:#}");
        let mut lines = outcome["lines"].as_array().unwrap().iter();
        assert!(lines.any(|line| line["kind"] == "control_applied"), "{outcome:#}");
    }
    let some = accounts.first().unwrap();
    let outcome = outcome_of(url, &give(some, r#"{"order":"rearm","rule":"no-such","why":"a try"}"#));
    assert_eq!(outcome["state"], "rejected", "{outcome:#}");
    assert!(outcome["reason"].as_str().unwrap().contains("no-such"), "{outcome:#}");
}

/// The accounts that an instance answers for itself.
fn ask_here(process: &Process, accounts: &BTreeSet<String>) -> BTreeSet<String> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let is_here = |account: &&String| {
        let asked =
            agent.get(format!("{}/v1/accounts/{account}", process.api())).header("weir-handed-on", "1");
        asked.call().unwrap().status() == 200
    };
    accounts.iter().filter(is_here).cloned().collect()
}

#[test]
fn the_command_line_asks_a_running_weir() {
    let mut site = Site::new("api-ask");
    let mut operator = Operator::new(Profile { subscribers: 40, ..Profile::demo() });
    let mut process = site.instance("only");
    process.wait_until_ready();
    let mut accounts = BTreeSet::new();
    for _ in 0..20 {
        for event in operator.next_day() {
            accounts.insert(event.account_id.to_string());
            site.tell(&event);
        }
    }
    site.wait_until_done(LONG);
    let url = process.api();
    let told = wait_until_all_are_answered(&url, &accounts);
    let owing = told.values().find(|told| told["profiles"][0]["status"] == "active").unwrap();
    let (id, stage) = (owing["account_id"].as_str().unwrap(), owing["profiles"][0]["stage"].as_str());

    let story = json(&weir(&["explain", "--account", id, "--url", &url, "--output", "json"]));
    assert_eq!(story["debtor_id"], id);
    assert_eq!(story["end"]["debts"][0]["real_debt"], owing["profiles"][0]["real_debt"]);
    assert_eq!(story["end"]["debts"][0]["stage"].as_str(), stage);
    let rows = story["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["event"].as_str().is_some_and(|event| event.contains("invoice"))));
    let table = weir(&["explain", "--account", id, "--url", &url]);
    assert!(table.status.success());
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains(id) && table.contains("cycle opened"), "{table}");

    let why =
        json(&weir(&["why-not", "--account", id, "--stage", "suspend", "--url", &url, "--output", "json"]));
    assert_eq!((why["account_id"].as_str(), why["stage"].as_str()), (Some(id), Some("suspend")));
    assert!(!why["parts"][0]["findings"].as_array().unwrap().is_empty(), "{why:#}");
    let unknown = weir(&["why-not", "--account", id, "--stage", "sospend", "--url", &url]);
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(!unknown.status.success() && said.contains("suspend"), "{said}");
    let nobody = weir(&["explain", "--account", "nobody", "--url", &url]);
    let said = String::from_utf8_lossy(&nobody.stderr).into_owned();
    assert!(!nobody.status.success() && said.contains("nobody"), "{said}");
    process.terminate();
}
