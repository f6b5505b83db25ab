//! What is forgotten, and what a reader that comes too late is told.

use super::{at, texts};
use bytes::Bytes;
use connectors::memory::MemoryLog;
use engine::log::{Consumer, Log, LogError, Polled, Producer, Reader};
use std::thread;
use std::time::Duration;

fn filled(keys: &[(&'static str, Option<&'static str>)]) -> MemoryLog {
    let log = MemoryLog::new();
    log.create_topic("t", 1);
    for (key, value) in keys {
        let key = Some(Bytes::from_static(key.as_bytes()));
        let value = value.map(|value| Bytes::from_static(value.as_bytes()));
        log.append("t", 0, key, value, 1).unwrap();
    }
    log
}

#[test]
fn truncation_moves_the_start_and_refuses_who_comes_too_late() {
    let log = filled(&[("a", Some("0")), ("b", Some("1")), ("c", Some("2"))]);
    log.truncate_before("t", 0, 2);
    let mut reader = log.reader().unwrap();
    assert_eq!(reader.start_offset(&at("t", 0)).unwrap(), 2);
    assert_eq!(log.start_offsets(&[at("t", 0)]).unwrap(), [2]);
    assert_eq!(texts(&log.committed_records("t", 0)), ["2"]);
    reader.seek(&at("t", 0), 0).unwrap();
    let read = reader.read(Duration::ZERO);
    assert!(matches!(read, Err(LogError::Refused { .. })), "{read:?}");
    log.truncate_before("t", 0, 100);
    assert_eq!(reader.start_offset(&at("t", 0)).unwrap(), 3, "not beyond");
}

#[test]
fn compaction_keeps_the_newest_record_of_each_key_and_the_offsets() {
    let keys = [("a", Some("0")), ("b", Some("1")), ("a", Some("2")), ("b", None), ("c", Some("4"))];
    let log = filled(&keys);
    let mut open = log.producer("p").unwrap();
    open.fence().unwrap();
    open.begin().unwrap();
    open.send(&super::record("t", "c")).unwrap();
    log.compact("t", 0, false);
    assert_eq!(texts(&log.committed_records("t", 0)), ["2", "-", "4"]);
    log.compact("t", 0, true);
    assert_eq!(texts(&log.committed_records("t", 0)), ["2", "4"]);
    open.abort().unwrap();
    log.compact("t", 0, true);
    let mut reader = log.reader().unwrap();
    reader.seek(&at("t", 0), 0).unwrap();
    let chunk = reader.read(Duration::ZERO).unwrap();
    assert_eq!(chunk.records.last().map(|last| last.offset), Some(4));
    assert_eq!(chunk.position, 7, "past the aborted record and its marker");
}

#[test]
fn a_read_waits_for_what_another_thread_brings() {
    let log = filled(&[]);
    let mut reader = log.reader().unwrap();
    reader.seek(&at("t", 0), 0).unwrap();
    let writer = log.clone();
    let appends = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        writer.append("t", 0, None, None, 1).unwrap();
    });
    let chunk = reader.read(Duration::from_secs(30)).unwrap();
    assert_eq!(chunk.position, 1);
    appends.join().unwrap();
    assert!(reader.read(Duration::ZERO).unwrap().records.is_empty());
}

#[test]
fn what_was_read_before_a_topic_that_is_gone_is_not_lost_with_it() {
    let log = filled(&[("a", Some("0")), ("b", Some("1"))]);
    log.create_topic("u", 1);
    let mut consumer = log.join(&["t".into(), "u".into()]).unwrap();
    let Polled::Assigned(all) = consumer.poll(1, Duration::ZERO).unwrap() else { panic!("not assigned") };
    consumer.assign(&all).unwrap();
    for partition in &all {
        consumer.start(partition, 0).unwrap();
    }
    log.delete_topic("u");
    let mut read = Vec::new();
    for _ in 0..4 {
        if let Ok(Polled::Records(records)) = consumer.poll(10, Duration::ZERO) {
            read.extend(texts(&records));
        }
    }
    assert_eq!(read, ["0", "1"]);
}
