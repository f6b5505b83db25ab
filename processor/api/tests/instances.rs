//! The instances over HTTP: what is told of each, by whom, and what becomes of one that does not answer.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use support::{Instance, PARTITION, get, play};

/// An instance that shows these partitions, and has only the accounts of the last where it shows that.
fn showing(partitions: &[u32]) -> Instance {
    let instance = Instance::start([play("2026-03-20T07:00:00Z")]);
    instance.keeper.is_at_work.store(partitions.contains(&PARTITION), Ordering::SeqCst);
    *instance.fleet.partitions.lock().unwrap() = partitions.to_vec();
    instance
}

fn knows(instance: &Instance, others: &[&str]) {
    *instance.fleet.others.lock().unwrap() = others.iter().map(|url| Arc::from(*url)).collect();
}

fn numbers(instance: &Value) -> Vec<u64> {
    let partitions = instance["figures"]["partitions"].as_array().unwrap();
    partitions.iter().map(|partition| partition["partition"].as_u64().unwrap()).collect()
}

#[test]
fn an_instance_that_is_alone_tells_of_itself_and_of_what_nobody_has() {
    let instance = showing(&[0, 1, 2]);
    let told = instance.get("/v1/instances").good();
    assert_eq!(told["partitions"], PARTITION + 1);
    assert_eq!((&told["nobodys"], &told["elsewhere"]), (&json!([PARTITION]), &json!([])));
    let only = &told["instances"][0];
    assert_eq!(
        (&only["url"], &only["this_one"], &only["standing"]),
        (&json!(null), &json!(true), &json!("ready"))
    );
    assert_eq!(only["figures"]["events_per_second"], 12.5);
    let expected = json!({
        "partition": 0, "state": "restoring", "restore_records": 500, "restore_seconds": 2.5, "lag_seconds": null,
        "timer_lateness_seconds": 0.0, "queued_records": 3, "cached_debtors": 7, "waiting_commands": 0,
        "held_commands": 0, "breaker_open": false, "put_off": 0, "policy_revision": 4,
    });
    assert_eq!(only["figures"]["partitions"][0], expected);
    *instance.fleet.waits_for.lock().unwrap() = Some("0 of 3 assigned partitions are at work".to_owned());
    let told = instance.get("/v1/instances").good();
    assert_eq!(told["instances"][0]["standing"], "waiting");
    assert_eq!(told["instances"][0]["waits_for"], "0 of 3 assigned partitions are at work");
}

#[test]
fn others_are_asked_once_each_and_told_by_where_they_were_asked() {
    let (first, second) = (showing(&[0, 1]), showing(&[2, PARTITION]));
    // Each knows of the other: the question goes no further than to those who are known here.
    knows(&first, &[&second.url()]);
    knows(&second, &[&first.url()]);
    second.fleet.shares_url.store(true, Ordering::SeqCst);
    let told = first.get("/v1/instances").good();
    let instances = told["instances"].as_array().unwrap();
    assert_eq!(instances.len(), 2, "{told:#}");
    assert_eq!((&instances[0]["this_one"], numbers(&instances[0])), (&json!(true), vec![0, 1]));
    assert_eq!((&instances[1]["this_one"], numbers(&instances[1])), (&json!(false), vec![2, 3]));
    assert_eq!(instances[1]["url"], second.url());
    assert_eq!((&instances[0]["shares_url"], &instances[1]["shares_url"]), (&json!(false), &json!(true)));
    assert_eq!((&told["nobodys"], &told["elsewhere"]), (&json!([]), &json!([])));
}

#[test]
fn one_that_does_not_answer_is_told_of_with_what_it_said_it_has_and_fails_nothing_else() {
    let (first, second) = (showing(&[0]), showing(&[1, 2]));
    // It takes connections, and says nothing.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let deaf = format!("http://{}", deaf.local_addr().map(|address| (address, deaf)).map(keep).unwrap());
    let gone = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    *first.owners.0.lock().unwrap() = Some(deaf.as_str().into());
    knows(&first, &[&deaf, &gone, &second.url()]);
    let began = Instant::now();
    let told = first.get("/v1/instances").good();
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    let standings: Vec<_> =
        told["instances"].as_array().unwrap().iter().map(|one| &one["standing"]).collect();
    assert_eq!(standings, ["ready", "silent", "silent", "ready"]);
    let silent = &told["instances"][1];
    assert_eq!(
        (&silent["url"], &silent["claims"], &silent["figures"]),
        (&json!(deaf), &json!([PARTITION]), &json!(null))
    );
    assert_eq!(told["instances"][2]["claims"], json!([]));
    assert_eq!(told["nobodys"], json!([]));
}

/// Figures are read every other second, and a partition may have come to work since.
#[test]
fn what_has_just_come_to_work_here_is_not_nobodys() {
    let instance = showing(&[0, 1, 2]);
    assert_eq!(instance.get("/v1/instances").good()["nobodys"], json!([PARTITION]));
    instance.keeper.is_at_work.store(true, Ordering::SeqCst);
    assert_eq!(instance.get("/v1/instances").good()["nobodys"], json!([]));
}

/// What owners say of a partition that an instance has just let go counts for nothing.
#[test]
fn what_somebody_has_let_go_is_nobodys_until_another_has_it() {
    let (first, second) = (showing(&[0, 1, 2]), showing(&[]));
    knows(&first, &[&second.url()]);
    *first.owners.0.lock().unwrap() = Some(second.url().into());
    assert_eq!(first.get("/v1/instances").good()["nobodys"], json!([PARTITION]));
}

#[test]
fn an_instance_that_is_asked_by_another_tells_of_itself_alone() {
    let instance = showing(&[0]);
    knows(&instance, &["http://127.0.0.1:1"]);
    let told = get(&format!("{}/v1/instances", instance.url()), &[("weir-handed-on", "1")]).good();
    assert_eq!(numbers(&told), [0]);
    assert!(told.get("instances").is_none());
}

/// The listener lives as long as the test process.
fn keep((address, listener): (std::net::SocketAddr, TcpListener)) -> std::net::SocketAddr {
    std::mem::forget(listener);
    address
}
