//! Any instance answers for any account: what another one has is asked there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::sync::atomic::Ordering;
use support::{Instance, get, play};

const PATHS: [&str; 4] = [
    "/v1/accounts/A-1",
    "/v1/accounts/A-1/records?limit=3&debtor=A-1",
    "/v1/accounts/A-1/why-not?rule=bar",
    "/v1/accounts/A-2",
];

/// The account is kept by the second; the first is told where that is.
fn two() -> (Instance, Instance) {
    let known = play("2026-03-20T07:00:00Z");
    let (first, second) = (Instance::start([known.clone()]), Instance::start([known]));
    first.keeper.is_at_work.store(false, Ordering::SeqCst);
    *first.owners.0.lock().unwrap() = Some(second.url().into());
    (first, second)
}

#[test]
fn what_another_instance_has_is_asked_there_and_answered_alike() {
    let (first, second) = two();
    for path in PATHS {
        let (here, there) = (first.get(path), second.get(path));
        assert_eq!(
            (here.status, here.content_type, here.text),
            (there.status, there.content_type, there.text)
        );
    }
}

#[test]
fn a_partition_that_is_nowhere_is_said_to_move() {
    let (first, second) = two();
    second.keeper.is_at_work.store(false, Ordering::SeqCst);
    for path in PATHS {
        // The second knows of nobody: it says so, and the first hands that back.
        first.get(path).check_problem(503, "moving", "Partition 3");
        second.get(path).check_problem(503, "moving", "Partition 3");
    }
    *first.owners.0.lock().unwrap() = None;
    first.get(PATHS[0]).check_problem(503, "moving", "Partition 3");
}

#[test]
fn a_question_does_not_go_round_between_two_who_each_think_that_the_other_has_it() {
    let (first, second) = two();
    second.keeper.is_at_work.store(false, Ordering::SeqCst);
    *second.owners.0.lock().unwrap() = Some(first.url().into());
    first.get(PATHS[0]).check_problem(503, "moving", "Partition 3");
    let handed_on = get(&format!("{}{}", first.url(), PATHS[0]), &[("weir-handed-on", "1")]);
    handed_on.check_problem(503, "moving", "Partition 3");
}

#[test]
fn an_owner_that_is_gone_is_told_of_and_its_successor_answers() {
    let (first, second) = two();
    drop(second);
    first.get(PATHS[0]).check_problem(503, "owner-silent", "another one takes over");
    let third = Instance::start([play("2026-03-20T07:00:00Z")]);
    *first.owners.0.lock().unwrap() = Some(format!("{}/", third.url()).into());
    assert_eq!(first.get(PATHS[0]).status, 200);
}
