//! Several processes in one group on a real Kafka: frozen, killed, doubled, added. What comes out is
//! what the oracle says, under both group protocols.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use loadtest::generate::{Operator, Profile};
use std::time::{Duration, Instant};
use support::kafka::{PARTITIONS, Process, SESSION_TIMEOUT_MS, Site};

const LONG: Duration = Duration::from_secs(180);

/// How the group is run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Classic,
    Consumer,
}

/// Starts a process with this place in the group, and a state folder of its own.
fn member(site: &Site, protocol: Protocol, place: &str) -> Process {
    member_on(site, protocol, place, &format!("state-{place}"))
}

fn member_on(site: &Site, protocol: Protocol, place: &str, folder: &str) -> Process {
    let mut environment = vec![("WEIR__KAFKA__GROUP_INSTANCE_ID", place), ("WEIR__STATE__FOLDER", folder)];
    match protocol {
        Protocol::Classic => environment.push(("WEIR__KAFKA__SESSION_TIMEOUT_MS", SESSION_TIMEOUT_MS)),
        Protocol::Consumer => environment.push(("WEIR__KAFKA__GROUP_PROTOCOL", "consumer")),
    }
    site.start(&environment)
}

/// Upstream goes on, while something is waited for.
#[track_caller]
fn tell_until(site: &mut Site, operator: &mut Operator, what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not come to this: {what}");
        for event in operator.next_day().iter().take(100) {
            site.tell(event);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn all() -> u64 {
    u64::from(PARTITIONS)
}

/// Two processes that share the partitions.
fn two(site: &mut Site, operator: &mut Operator, protocol: Protocol) -> (Process, Process) {
    let mut first = member(site, protocol, "first");
    first.wait_until_ready();
    let mut second = member(site, protocol, "second");
    second.wait_until_ready();
    tell_until(site, operator, "both work", || {
        first.running_tasks() == all() / 2 && second.running_tasks() == all() / 2
    });
    (first, second)
}

/// One is frozen for longer than its session; the other takes over; then it wakes, still believing that
/// all is as it was.
#[track_caller]
fn check_zombie(name: &str, protocol: Protocol) {
    let mut site = Site::new(name);
    let mut operator = Operator::new(Profile::test(31));
    let (mut first, second) = two(&mut site, &mut operator, protocol);
    first.freeze();
    tell_until(&mut site, &mut operator, "the other has all", || second.running_tasks() == all());
    site.wait_until_done(LONG);
    first.thaw();
    tell_until(&mut site, &mut operator, "they share again", || {
        first.running_tasks() == all() / 2 && second.running_tasks() == all() / 2
    });
    site.wait_until_done(LONG);
    assert!(first.is_running(), "the zombie went on as a member");
    first.terminate();
    second.terminate();
    site.check_well();
}

#[test]
fn a_zombie_of_the_classic_protocol_writes_nothing_and_is_taken_in_again() {
    check_zombie("zombie-classic", Protocol::Classic);
}

#[test]
fn a_zombie_of_the_newer_protocol_writes_nothing_and_is_taken_in_again() {
    check_zombie("zombie-consumer", Protocol::Consumer);
}

/// One is killed and comes back, then a third joins. Answers what the one that came back has logged.
#[track_caller]
fn check_life(name: &str, protocol: Protocol) -> String {
    let mut site = Site::new(name);
    let mut operator = Operator::new(Profile::test(32));
    let (mut first, second) = two(&mut site, &mut operator, protocol);
    first.kill();
    first = member(&site, protocol, "first");
    tell_until(&mut site, &mut operator, "it is back", || {
        first.has_begun() && first.running_tasks() == all() / 2 && second.running_tasks() == all() / 2
    });
    let third = member(&site, protocol, "third");
    tell_until(&mut site, &mut operator, "three share", || {
        let processes = [&first, &second, &third];
        third.has_begun() && processes.iter().all(|process| process.running_tasks() == all() / 3)
    });
    // One of them for good: the others have its partitions when its session has run out.
    drop(third);
    tell_until(&mut site, &mut operator, "two share again", || {
        first.running_tasks() == all() / 2 && second.running_tasks() == all() / 2
    });
    site.wait_until_done(LONG);
    let log = first.log();
    first.terminate();
    second.terminate();
    site.check_well();
    log
}

#[test]
fn kills_and_a_scale_out_under_the_classic_protocol_leave_nothing_twice_and_nothing_missing() {
    let log = check_life("life-classic", Protocol::Classic);
    assert!(!log.contains("the group still keeps this place"), "its place was free at once");
}

#[test]
fn under_the_newer_protocol_who_comes_back_waits_for_the_session_of_who_was_killed() {
    let log = check_life("life-consumer", Protocol::Consumer);
    assert!(log.contains("the group still keeps this place for the process before this one"), "{log}");
    assert!(log.contains("the group has given this place free"), "{log}");
}

#[test]
fn a_second_process_on_the_same_folder_ends_at_once_and_the_first_goes_on() {
    let mut site = Site::new("doubled");
    let mut operator = Operator::new(Profile::test(33));
    let mut first = member(&site, Protocol::Classic, "first");
    first.wait_until_ready();
    let mut second = member(&site, Protocol::Classic, "first");
    let status = second.wait_until_ended(Duration::from_secs(30));
    assert_eq!(status.code(), Some(2), "{}", second.log());
    // The report is broken into lines for people.
    let told: Vec<String> = second.log().split_whitespace().map(str::to_owned).collect();
    let told = told.iter().filter(|word| *word != "│").cloned().collect::<Vec<_>>().join(" ");
    assert!(told.contains("it is in use by another process"), "{told}");
    tell_until(&mut site, &mut operator, "the first has all", || first.running_tasks() == all());
    site.wait_until_done(LONG);
    assert!(first.is_running());
    first.terminate();
    site.check_well();
}

#[test]
fn of_two_processes_with_one_identity_the_older_ends_and_says_why() {
    let mut site = Site::new("identity");
    let mut operator = Operator::new(Profile::test(34));
    let mut older = member(&site, Protocol::Classic, "first");
    older.wait_until_ready();
    for event in operator.next_day() {
        site.tell(&event);
    }
    let newer = member_on(&site, Protocol::Classic, "first", "state-other");
    tell_until(&mut site, &mut operator, "the newer has all", || {
        newer.has_begun() && newer.running_tasks() == all()
    });
    let status = older.wait_until_ended(Duration::from_secs(60));
    let told = older.log();
    assert_eq!(status.code(), Some(2), "{told}");
    assert!(told.contains("fenced"), "{told}");
    site.wait_until_done(LONG);
    newer.terminate();
    site.check_well();
}
