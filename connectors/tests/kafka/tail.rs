//! What follows many partitions at once: from where, what of it, and as whom.

use crate::cluster::Cluster;
use crate::contract::{Setting, at, commit, fenced, record, send};
use connectors::kafka::{KafkaLog, KafkaTail, Tailed};
use engine::log::{Log, Producer, TopicPartition};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

/// Reads on until each partition was read to this offset; answers the texts of each.
fn read_to(tail: &mut KafkaTail, ends: &[(TopicPartition, i64)]) -> BTreeMap<TopicPartition, Vec<String>> {
    let begun = Instant::now();
    let mut texts: BTreeMap<TopicPartition, Vec<String>> = BTreeMap::new();
    let mut read: BTreeMap<TopicPartition, i64> = BTreeMap::new();
    while ends.iter().any(|(source, end)| read.get(source).is_none_or(|read| read < end)) {
        assert!(begun.elapsed() < PATIENCE, "read to {read:?} of {ends:?}");
        for tailed in tail.poll(100, Duration::from_millis(100)).unwrap() {
            match tailed {
                Tailed::Record(record) => {
                    let text = String::from_utf8_lossy(record.value.as_deref().unwrap()).into_owned();
                    read.insert(record.source.clone(), record.offset + 1);
                    texts.entry(record.source).or_default().push(text);
                }
                Tailed::End { source, offset } => drop(read.insert(source, offset)),
                Tailed::Trouble(what) => panic!("{what}"),
            }
        }
    }
    texts
}

/// Two partitions of one topic and one of another; in the first lies what was committed and what was aborted.
fn filled(cluster: &Cluster, log: &KafkaLog) -> [TopicPartition; 3] {
    let (first, other) = (cluster.topic("first", 2), cluster.topic("other", 1));
    let sources = [at(&first, 0), at(&first, 1), at(&other, 0)];
    let mut producer = fenced(log, &writer_of(&sources));
    send(&mut producer, &sources[0], &["a", "b"]);
    producer.send(&record(sources[1].clone(), "c")).unwrap();
    commit(&mut producer, vec![], &log.onlooker().unwrap()).unwrap();
    send(&mut producer, &sources[0], &["never"]);
    producer.abort().unwrap();
    send(&mut producer, &sources[2], &["d"]);
    commit(&mut producer, vec![], &log.onlooker().unwrap()).unwrap();
    sources
}

/// The producer's id of one test: those that run beside it fence none of it.
fn writer_of(sources: &[TopicPartition]) -> String {
    format!("{}-writer", sources[0].topic)
}

#[test]
fn committed_records_of_many_partitions_come_from_where_each_is_followed_and_as_they_are_written() {
    let cluster = Cluster::of_test("tail");
    let log = cluster.process(None);
    let sources = filled(&cluster, &log);
    let starts = [(sources[0].clone(), 1), (sources[1].clone(), 0), (sources[2].clone(), 0)];
    let mut tail = log.tail(&starts).unwrap();
    // Past the markers, and past what was aborted.
    let ends = log.end_offsets(&sources).unwrap();
    let ends: Vec<_> = sources.iter().cloned().zip(ends).collect();
    let texts = read_to(&mut tail, &ends);
    assert_eq!(sources.iter().map(|source| texts[source].join(" ")).collect::<Vec<_>>(), ["b", "c", "d"]);

    let mut producer = fenced(&log, &writer_of(&sources));
    send(&mut producer, &sources[1], &["e"]);
    assert!(
        tail.poll(100, cluster.silence()).unwrap().iter().all(|told| !matches!(told, Tailed::Record(_))),
        "it is not committed yet"
    );
    commit(&mut producer, vec![], &log.onlooker().unwrap()).unwrap();
    assert_eq!(read_to(&mut tail, &[(sources[1].clone(), ends[1].1 + 1)])[&sources[1]], ["e"]);
}

#[test]
fn a_time_is_found_in_each_partition_and_the_end_where_nothing_is_as_late() {
    let cluster = Cluster::of_test("tail-times");
    let log = cluster.process(None);
    let sources = filled(&cluster, &log);
    // All records of the contract are of this time.
    let offsets = |millis| log.offsets_at(&sources, millis).unwrap();
    assert_eq!(offsets(1_700_000_000_000), [0, 0, 0]);
    let ends = log.end_offsets(&sources).unwrap();
    assert!(offsets(4_000_000_000_000) == ends && ends.iter().all(|end| *end > 0), "{ends:?}");
}

#[test]
fn what_retention_took_is_passed_over() {
    let cluster = Cluster::of_test("tail-gone");
    let log = cluster.process(None);
    let sources = filled(&cluster, &log);
    // As far beyond what there is as what was taken lies before it.
    let mut tail = log.tail(&[(sources[2].clone(), 1_000)]).unwrap();
    let end = log.end_offsets(&sources).unwrap()[2];
    assert_eq!(read_to(&mut tail, &[(sources[2].clone(), end)])[&sources[2]], ["d"]);
}
