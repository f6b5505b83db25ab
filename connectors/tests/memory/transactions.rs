//! What readers see of open, committed and aborted transactions, and whom fencing stops.

use super::{at, record, texts};
use bytes::Bytes;
use connectors::memory::{MemoryLog, MemoryProducer};
use engine::log::{CommitError, Log, LogError, Membership, Producer, Reader};
use std::collections::BTreeMap;
use std::time::Duration;

/// A step of a history; the first text is the producer's transactional id.
enum Step {
    /// Appends outside any transaction.
    Append(&'static str),
    Begin(&'static str),
    Send(&'static str, &'static str),
    Commit(&'static str),
    Abort(&'static str),
    /// A new producer of the id fences the old one.
    Fence(&'static str),
    /// The transaction time-out strikes.
    Expire(&'static str),
}
use Step::{Abort, Append, Begin, Commit, Expire, Fence, Send};

/// What the partition shows after a history.
struct Shows {
    committed: &'static [&'static str],
    position: i64,
    last_stable: i64,
    end: i64,
}

#[track_caller]
fn check(history: &[Step], shows: &Shows) {
    let log = MemoryLog::new();
    log.create_topic("out", 1);
    let member = log.join(&["out".into()]).unwrap();
    let member = engine::log::Consumer::membership(&member);
    let mut producers: BTreeMap<&str, MemoryProducer> = BTreeMap::new();
    for step in history {
        match step {
            Append(text) => {
                let text = Some(Bytes::from_static(text.as_bytes()));
                log.append("out", 0, text.clone(), text, 1).unwrap();
            }
            Begin(id) => {
                let producer = producers.entry(id).or_insert_with(|| {
                    let mut producer = log.producer(id).unwrap();
                    producer.fence().unwrap();
                    producer
                });
                producer.begin().unwrap();
            }
            Send(id, text) => {
                let producer = producers.get_mut(id).unwrap();
                producer.send(&record("out", text)).unwrap();
            }
            Commit(id) => {
                let producer = producers.get_mut(id).unwrap();
                producer.commit(Vec::new(), &member);
                producer.wait(Duration::ZERO).unwrap().unwrap();
            }
            Abort(id) => producers.get_mut(id).unwrap().abort().unwrap(),
            Fence(id) => {
                let mut producer = log.producer(id).unwrap();
                producer.fence().unwrap();
                producers.insert(id, producer);
            }
            Expire(id) => log.expire_transaction(id),
        }
    }
    let mut reader = log.reader().unwrap();
    reader.seek(&at("out", 0), 0).unwrap();
    let chunk = reader.read(Duration::ZERO).unwrap();
    assert_eq!(texts(&chunk.records), shows.committed);
    assert_eq!(chunk.position, shows.position, "position");
    assert_eq!(log.last_stable_offset("out", 0), Some(shows.last_stable));
    assert_eq!(log.end_offsets(&[at("out", 0)]).unwrap(), [shows.end]);
}

#[test]
fn readers_see_committed_records_up_to_the_first_open_transaction() {
    // What is open is hidden, and so is what came after it, committed or not.
    check(
        &[Append("a"), Begin("p"), Send("p", "b"), Append("c"), Begin("q"), Send("q", "d"), Commit("q")],
        &Shows { committed: &["a"], position: 1, last_stable: 1, end: 5 },
    );
    // A commit shows everything, and its marker takes an offset.
    check(
        &[Begin("p"), Send("p", "a"), Send("p", "b"), Commit("p")],
        &Shows { committed: &["a", "b"], position: 3, last_stable: 3, end: 3 },
    );
    // An abort hides its records, and the position passes them and the marker.
    check(
        &[Begin("p"), Send("p", "a"), Append("b"), Send("p", "c"), Abort("p")],
        &Shows { committed: &["b"], position: 4, last_stable: 4, end: 4 },
    );
    // The next transaction of the same producer has nothing of the aborted one.
    check(
        &[Begin("p"), Send("p", "a"), Abort("p"), Begin("p"), Send("p", "b"), Commit("p")],
        &Shows { committed: &["b"], position: 4, last_stable: 4, end: 4 },
    );
    // A transaction that wrote nothing leaves no marker.
    check(
        &[Append("a"), Begin("p"), Commit("p"), Begin("p"), Abort("p")],
        &Shows { committed: &["a"], position: 1, last_stable: 1, end: 1 },
    );
    // Fencing and the time-out abort what is open.
    check(
        &[Begin("p"), Send("p", "a"), Fence("p"), Begin("p"), Send("p", "b"), Expire("p"), Append("c")],
        &Shows { committed: &["c"], position: 5, last_stable: 5, end: 5 },
    );
}

#[test]
fn a_zombie_is_refused_at_its_next_call_whatever_it_is() {
    let log = MemoryLog::new();
    log.create_topic("out", 1);
    let consumer = log.join(&["out".into()]).unwrap();
    let member = engine::log::Consumer::membership(&consumer);
    let zombie = || {
        let mut zombie = log.producer("p").unwrap();
        zombie.fence().unwrap();
        zombie.begin().unwrap();
        zombie.send(&record("out", "zombie")).unwrap();
        log.producer("p").unwrap().fence().unwrap();
        zombie
    };
    let fenced = |result: Result<(), LogError>| {
        assert!(matches!(result, Err(LogError::Fenced { .. })), "{result:?}");
    };
    fenced(zombie().send(&record("out", "again")));
    fenced(zombie().abort());
    let mut commits = zombie();
    commits.commit(vec![(at("out", 0), 7)], &member);
    let ended = commits.wait(Duration::ZERO);
    assert!(matches!(ended, Some(Err(CommitError::Fenced(_)))), "{ended:?}");
    assert!(commits.begin().is_err(), "a fenced producer is beyond use");
    assert_eq!(log.committed_records("out", 0), []);
    assert_eq!(member.committed(&[at("out", 0)]).unwrap(), [None]);
}

#[test]
fn the_offsets_of_a_transaction_are_the_groups_once_it_commits() {
    let log = MemoryLog::new();
    log.create_topic("in", 1);
    log.create_topic("out", 2);
    let consumer = log.join(&["in".into()]).unwrap();
    let member = engine::log::Consumer::membership(&consumer);
    let mut producer = log.producer("p").unwrap();
    producer.fence().unwrap();

    producer.begin().unwrap();
    producer.send(&record("out", "a")).unwrap();
    producer.abort().unwrap();
    assert_eq!(member.committed(&[at("in", 0)]).unwrap(), [None]);

    producer.begin().unwrap();
    producer.send(&record("out", "b")).unwrap();
    let mut other = record("out", "c");
    other.target = at("out", 1);
    producer.send(&other).unwrap();
    producer.send(&record("out", "d")).unwrap();
    producer.commit(vec![(at("in", 0), 5)], &member);
    let committed = producer.wait(Duration::ZERO).unwrap().unwrap();
    assert_eq!(committed.last_offsets, BTreeMap::from([(at("out", 0), 3), (at("out", 1), 0)]));
    assert_eq!(member.committed(&[at("in", 0)]).unwrap(), [Some(5)]);
    assert_eq!(log.group_offset("in", 0), Some(5));
}

#[test]
fn calls_out_of_order_are_refused() {
    let log = MemoryLog::new();
    log.create_topic("out", 1);
    let refused = |result: Result<(), LogError>| {
        assert!(matches!(result, Err(LogError::Refused { .. })), "{result:?}");
    };
    let mut producer = log.producer("p").unwrap();
    refused(producer.begin());
    producer.fence().unwrap();
    refused(producer.send(&record("out", "a")));
    producer.begin().unwrap();
    refused(producer.begin());
    refused(producer.send(&record("nowhere", "a")));
    assert!(producer.wait(Duration::ZERO).is_none());
    refused(log.reader().unwrap().seek(&at("out", 1), 0));
    refused(log.reader().unwrap().read(Duration::ZERO).map(|_| ()));
    refused(log.end_offsets(&[at("nowhere", 0)]).map(|_| ()));
}
