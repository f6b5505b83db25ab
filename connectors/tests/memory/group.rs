//! Who gets which partitions, when they are handed over, and whose commits are stale.

use super::{at, record, texts};
use bytes::Bytes;
use connectors::memory::{MemoryConsumer, MemoryLog};
use engine::log::{CommitError, Consumer, Log, LogError, Polled, Producer, TopicPartition};
use std::time::Duration;

/// Two input topics of four partitions.
fn inputs() -> MemoryLog {
    let log = MemoryLog::new();
    log.create_topic("a", 4);
    log.create_topic("b", 4);
    log
}

fn join(log: &MemoryLog) -> MemoryConsumer {
    log.join(&["a".into(), "b".into()]).unwrap()
}

fn poll(consumer: &mut MemoryConsumer) -> Polled {
    consumer.poll(100, Duration::ZERO).unwrap()
}

fn nothing() -> Polled {
    Polled::Records(Vec::new())
}

/// These partitions of both topics.
fn both(partitions: &[u32]) -> Vec<TopicPartition> {
    let of = |topic| partitions.iter().map(move |partition| at(topic, *partition));
    of("a").chain(of("b")).collect()
}

/// Polls the assignment that must be there, and takes it.
#[track_caller]
fn takes(consumer: &mut MemoryConsumer, partitions: &[u32]) {
    let assigned = both(partitions);
    assert_eq!(poll(consumer), Polled::Assigned(assigned.clone()));
    consumer.assign(&assigned).unwrap();
}

#[test]
fn every_member_gets_the_same_partitions_of_all_topics() {
    for (members, expected) in [
        (1, vec![vec![0, 1, 2, 3]]),
        (2, vec![vec![0, 1], vec![2, 3]]),
        (3, vec![vec![0, 1], vec![2], vec![3]]),
        (5, vec![vec![0], vec![1], vec![2], vec![3], vec![]]),
    ] {
        let log = inputs();
        let mut consumers: Vec<MemoryConsumer> = (0..members).map(|_| join(&log)).collect();
        // The first has been alone; it lets go, and then all are told.
        takes(&mut consumers[0], &[0, 1, 2, 3]);
        if members > 1 {
            assert_eq!(poll(&mut consumers[0]), Polled::Revoked(both(&[0, 1, 2, 3])));
            consumers[0].unassign(&both(&[0, 1, 2, 3])).unwrap();
            for (consumer, expected) in consumers.iter_mut().zip(&expected) {
                takes(consumer, expected);
            }
        }
        for consumer in &mut consumers {
            assert_eq!(poll(consumer), nothing(), "of {members}");
        }
    }
}

#[test]
fn a_newcomer_gets_partitions_once_all_of_them_were_let_go() {
    let log = inputs();
    let mut old = join(&log);
    takes(&mut old, &[0, 1, 2, 3]);
    let mut new = join(&log);
    assert_eq!(poll(&mut new), nothing());
    assert_eq!(poll(&mut old), Polled::Revoked(both(&[0, 1, 2, 3])));
    assert_eq!(poll(&mut old), nothing());
    assert_eq!(poll(&mut new), nothing());
    old.unassign(&both(&[0, 1])).unwrap();
    assert_eq!(poll(&mut new), nothing(), "half is not all");
    old.unassign(&both(&[2, 3])).unwrap();
    takes(&mut new, &[2, 3]);
    takes(&mut old, &[0, 1]);
}

#[test]
fn a_member_that_leaves_gives_its_partitions_to_the_others() {
    let log = inputs();
    let mut one = join(&log);
    takes(&mut one, &[0, 1, 2, 3]);
    let mut two = join(&log);
    poll(&mut one);
    one.unassign(&both(&[0, 1, 2, 3])).unwrap();
    takes(&mut one, &[0, 1]);
    takes(&mut two, &[2, 3]);
    one.close();
    assert_eq!(poll(&mut two), Polled::Revoked(both(&[2, 3])));
    two.unassign(&both(&[2, 3])).unwrap();
    takes(&mut two, &[0, 1, 2, 3]);
    assert!(matches!(one.poll(1, Duration::ZERO), Err(LogError::Fenced { .. })));
}

#[test]
fn an_expired_member_loses_its_partitions_and_comes_back() {
    let log = inputs();
    let mut slow = join(&log);
    takes(&mut slow, &[0, 1, 2, 3]);
    let mut other = join(&log);
    log.expire_member(&slow.membership());
    // The group does not wait for it: nothing has to be let go.
    takes(&mut other, &[0, 1, 2, 3]);
    // It had been told to let go before, and that is what it still has to do.
    assert_eq!(poll(&mut slow), Polled::Revoked(both(&[0, 1, 2, 3])));
    slow.unassign(&both(&[0, 1, 2, 3])).unwrap();
    assert_eq!(poll(&mut slow), nothing());
    assert_eq!(poll(&mut other), Polled::Revoked(both(&[0, 1, 2, 3])));
    other.unassign(&both(&[0, 1, 2, 3])).unwrap();
    takes(&mut slow, &[0, 1]);
    takes(&mut other, &[2, 3]);

    log.expire_member(&slow.membership());
    assert_eq!(poll(&mut slow), Polled::Lost(both(&[0, 1])));
    assert_eq!(poll(&mut other), Polled::Revoked(both(&[2, 3])));
    slow.unassign(&both(&[0, 1])).unwrap();
    other.unassign(&both(&[2, 3])).unwrap();
    takes(&mut slow, &[0, 1]);
    takes(&mut other, &[2, 3]);
}

#[test]
fn a_static_member_comes_back_to_its_place_and_nobody_notices() {
    let log = inputs();
    let (first, second) = (log.as_instance("weir-0"), log.as_instance("weir-1"));
    let mut zero = join(&first);
    takes(&mut zero, &[0, 1, 2, 3]);
    let mut one = join(&second);
    poll(&mut zero);
    zero.unassign(&both(&[0, 1, 2, 3])).unwrap();
    takes(&mut zero, &[0, 1]);
    takes(&mut one, &[2, 3]);

    zero.close();
    assert_eq!(poll(&mut one), nothing(), "its place is kept");
    let mut back = join(&first);
    takes(&mut back, &[0, 1]);
    assert_eq!(poll(&mut one), nothing());

    // One that crashed is replaced just so, and is fenced if it was not dead.
    let mut twin = join(&first);
    takes(&mut twin, &[0, 1]);
    assert!(matches!(back.poll(1, Duration::ZERO), Err(LogError::Fenced { .. })));
    log.expire_instance("weir-0");
    assert_eq!(poll(&mut one), Polled::Revoked(both(&[2, 3])));
    one.unassign(&both(&[2, 3])).unwrap();
    takes(&mut one, &[0, 1, 2, 3]);
}

#[test]
fn the_commit_of_a_member_with_a_stale_generation_aborts_and_may_be_done_again() {
    let log = inputs();
    log.create_topic("out", 1);
    let mut consumer = join(&log);
    takes(&mut consumer, &[0, 1, 2, 3]);
    let member = consumer.membership();
    assert_eq!(member.generation(), Some(1));
    let mut producer = log.producer("p").unwrap();
    producer.fence().unwrap();
    producer.begin().unwrap();
    producer.send(&record("out", "early")).unwrap();

    // A rebalance that waits for this member lets it end what is open.
    let mut other = join(&log);
    producer.commit(vec![(at("a", 0), 3)], &member);
    assert!(producer.wait(Duration::ZERO).unwrap().is_ok());

    log.expire_member(&member);
    assert_eq!(member.generation(), None);
    producer.begin().unwrap();
    producer.send(&record("out", "late")).unwrap();
    producer.commit(vec![(at("a", 0), 9)], &member);
    let ended = producer.wait(Duration::ZERO);
    assert!(matches!(ended, Some(Err(CommitError::Aborted(_)))), "{ended:?}");
    assert_eq!(log.group_offset("a", 0), Some(3));
    assert_eq!(texts(&log.committed_records("out", 0)), ["early"]);

    // It joins again, and then the same batch goes through.
    poll(&mut consumer);
    consumer.unassign(&both(&[0, 1, 2, 3])).unwrap();
    poll(&mut other);
    assert_eq!(poll(&mut other), Polled::Revoked(both(&[0, 1, 2, 3])), "after its assignment");
    other.unassign(&both(&[0, 1, 2, 3])).unwrap();
    producer.begin().unwrap();
    producer.commit(vec![(at("a", 0), 9)], &member);
    assert!(producer.wait(Duration::ZERO).unwrap().is_ok());
    assert_eq!(log.group_offset("a", 0), Some(9));
}

#[test]
fn an_assigned_partition_is_read_from_where_it_was_started_and_while_not_paused() {
    let log = inputs();
    for text in ["0", "1", "2", "3"] {
        let text = Some(Bytes::from_static(text.as_bytes()));
        log.append("a", 0, text.clone(), text.clone(), 1).unwrap();
        log.append("b", 0, text.clone(), text, 1).unwrap();
    }
    let mut consumer = join(&log);
    assert!(consumer.start(&at("a", 0), 0).is_err(), "not assigned yet");
    takes(&mut consumer, &[0, 1, 2, 3]);
    assert_eq!(poll(&mut consumer), nothing(), "not started yet");

    let read = |consumer: &mut MemoryConsumer, at_most| {
        let polled = consumer.poll(at_most, Duration::ZERO).unwrap();
        let Polled::Records(records) = polled else {
            panic!("{polled:?}");
        };
        records
            .iter()
            .map(|record| format!("{}{}", record.source.topic, record.offset))
            .collect::<Vec<_>>()
            .join(" ")
    };
    consumer.start(&at("a", 0), 2).unwrap();
    assert_eq!(read(&mut consumer, 1), "a2");
    consumer.pause(&[at("a", 0)]).unwrap();
    assert_eq!(read(&mut consumer, 10), "");
    consumer.start(&at("b", 0), 0).unwrap();
    assert_eq!(read(&mut consumer, 2), "b0 b1");
    consumer.resume(&[at("a", 0)]).unwrap();
    assert_eq!(read(&mut consumer, 2), "a3 b2", "by turns");
    assert_eq!(read(&mut consumer, 2), "b3");
    consumer.start(&at("b", 0), 3).unwrap();
    assert_eq!(read(&mut consumer, 2), "b3", "as often as wished");
    assert!(matches!(consumer.poll(2, Duration::ZERO), Ok(Polled::End { .. })));
}

#[test]
fn the_end_of_a_partition_is_told_once_each_time_it_is_reached() {
    let log = inputs();
    let mut consumer = join(&log);
    takes(&mut consumer, &[0, 1, 2, 3]);
    let end = |offset| Polled::End { source: at("a", 0), offset };
    consumer.start(&at("a", 0), 0).unwrap();
    assert_eq!(poll(&mut consumer), end(0), "of an empty partition");
    assert_eq!(poll(&mut consumer), nothing());

    let mut producer = log.producer("p").unwrap();
    producer.fence().unwrap();
    producer.begin().unwrap();
    producer.send(&record("a", "x")).unwrap();
    assert_eq!(poll(&mut consumer), nothing(), "an open transaction moves no end");
    producer.abort().unwrap();
    assert_eq!(poll(&mut consumer), end(2), "past the aborted record and its marker");
    log.append("a", 0, None, None, 1).unwrap();
    assert!(matches!(poll(&mut consumer), Polled::Records(records) if records.len() == 1));
    assert_eq!(poll(&mut consumer), end(3));
    assert_eq!(poll(&mut consumer), nothing());
}
