//! A log that is out of reach, and commits that hang or whose outcome is lost.

use super::{at, record, texts};
use connectors::memory::{Call, CommitFate, Faults, MemoryLog};
use engine::log::{CommitError, Consumer, Log, LogError, Membership, Producer};
use std::collections::VecDeque;
use std::time::Duration;

/// Commits end as the list says, and well after that.
struct Fates(VecDeque<CommitFate>);

impl Faults for Fates {
    fn commit(&mut self, _: &str) -> CommitFate {
        self.0.pop_front().unwrap_or(CommitFate::Ends)
    }
}

struct OutOfReach;

impl Faults for OutOfReach {
    fn unreachable(&mut self, call: Call<'_>) -> bool {
        call != Call::Partitions
    }
}

/// What the commit says, what is committed in the end, and the group's offset.
#[track_caller]
fn check(fates: &[CommitFate], says: &str, committed: &[&str], offset: Option<i64>) {
    let log = MemoryLog::new();
    log.create_topic("out", 1);
    let member = log.join(&["out".into()]).unwrap().membership();
    log.set_faults(Fates(fates.iter().copied().collect()));
    let mut producer = log.producer("p").unwrap();
    producer.fence().unwrap();
    producer.begin().unwrap();
    producer.send(&record("out", "a")).unwrap();
    producer.commit(vec![(at("out", 0), 1)], &member);
    let said = match producer.wait(Duration::ZERO) {
        None => "goes on",
        Some(Ok(_)) => "committed",
        Some(Err(CommitError::Aborted(_))) => "aborted",
        Some(Err(CommitError::Unknown(_))) => "unknown",
        Some(Err(CommitError::Fenced(_) | CommitError::Fatal(_))) => "beyond use",
    };
    assert_eq!(said, says);
    assert_eq!(producer.begin().is_ok(), matches!(says, "committed" | "aborted"));
    assert_eq!(texts(&log.committed_records("out", 0)), committed);
    assert_eq!(log.group_offset("out", 0), offset);
    // Whatever was said, the next producer of the id settles it.
    log.producer("p").unwrap().fence().unwrap();
    assert_eq!(texts(&log.committed_records("out", 0)), committed);
    assert_eq!(member.committed(&[at("out", 0)]).unwrap(), [offset]);
}

#[test]
fn a_commit_ends_as_the_faults_say_and_a_fence_settles_the_rest() {
    use CommitFate::{Aborts, CommittedUnknown, Ends, Hangs, OpenUnknown};
    check(&[], "committed", &["a"], Some(1));
    check(&[Hangs, Ends], "committed", &["a"], Some(1));
    check(&[Hangs, Hangs], "goes on", &[], None);
    check(&[Hangs, Aborts], "aborted", &[], None);
    check(&[Aborts], "aborted", &[], None);
    check(&[CommittedUnknown], "unknown", &["a"], Some(1));
    check(&[OpenUnknown], "unknown", &[], None);
}

#[test]
fn offsets_that_a_transaction_brings_are_waited_for_by_members_and_by_no_onlooker() {
    let log = MemoryLog::new();
    log.create_topic("out", 1);
    let member = log.join(&["out".into()]).unwrap().membership();
    log.set_faults(Fates([CommitFate::Hangs].into()));
    let mut producer = log.producer("p").unwrap();
    producer.fence().unwrap();
    producer.begin().unwrap();
    producer.commit(vec![(at("out", 0), 1)], &member);
    let told = member.committed(&[at("out", 0)]);
    assert!(matches!(told, Err(LogError::Unavailable { .. })), "{told:?}");
    let onlooker = log.onlooker().unwrap();
    assert_eq!(onlooker.committed(&[at("out", 0)]).unwrap(), [None]);
    assert!(producer.wait(Duration::ZERO).unwrap().is_ok());
    assert_eq!(member.committed(&[at("out", 0)]).unwrap(), [Some(1)]);
    assert_eq!(onlooker.committed(&[at("out", 0)]).unwrap(), [Some(1)]);
}

#[test]
fn a_log_out_of_reach_changes_nothing() {
    let log = MemoryLog::new();
    log.create_topic("out", 1);
    let mut consumer = log.join(&["out".into()]).unwrap();
    log.set_faults(OutOfReach);
    assert_eq!(log.partitions(&["out".into()]).unwrap(), [Some(1)]);
    let polled = consumer.poll(1, Duration::ZERO);
    assert!(matches!(polled, Err(LogError::Unavailable { .. })), "{polled:?}");
    assert!(log.producer("p").unwrap().fence().is_err());
    log.set_faults(Fates(VecDeque::new()));
    let polled = consumer.poll(1, Duration::ZERO).unwrap();
    assert_eq!(polled, engine::log::Polled::Assigned(vec![at("out", 0)]));
}
