//! What every log promises: the same tests over the in-memory log and over Kafka.
//!
//! It is the proof that the in-memory log is honest. A test is a function over a [`Setting`], which
//! knows how to get at a log; `contract!` makes tests of them all.

mod group;
mod reading;
mod writing;

pub(crate) use group::*;
pub(crate) use reading::*;
pub(crate) use writing::*;

use bytes::Bytes;
use engine::log::{
    CommitError, Committed, Consumer, Log, LogRecord, NewRecord, Polled, Producer, Reader, Stretch,
    TopicPartition,
};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long something may take that has to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a test runs: topics and a group of its own.
pub(crate) trait Setting {
    /// The log.
    type Log: Log;

    /// A log as another process sees it, which joins the group as the static member `instance`.
    fn process(&self, instance: Option<&str>) -> Self::Log;

    /// Makes a topic, and returns its name in full.
    fn topic(&self, name: &str, partitions: u32) -> Arc<str>;

    /// How long to wait before it is believed that nothing comes.
    fn silence(&self) -> Duration;
}

/// Makes a test of each function of the contract, over the setting that `$setting` makes for the
/// test of this name.
#[macro_export]
macro_rules! contract {
    ($setting:expr) => {
        contract! {
            $setting;
            readers_see_what_is_committed_and_their_position_passes_the_rest
            an_open_transaction_pins_what_is_read_and_counts_in_the_end
            the_offsets_of_a_transaction_are_the_groups_once_it_commits
            whoever_looks_on_sees_the_groups_offsets_and_commits_records_without_any
            a_fenced_producer_commits_nothing
            a_fenced_producer_that_sends_again_is_told_at_its_commit_at_the_latest
            the_last_offset_of_each_partition_is_told
            a_record_of_no_transaction_is_there_once_it_is_acknowledged
            an_open_transaction_hides_what_is_appended_beside_it_until_it_ends
            a_record_for_what_is_not_there_is_refused_and_makes_no_topic
            tombstones_and_empty_values_are_told_apart
            what_is_not_there_is_refused
            each_topic_has_an_id_of_its_own_that_stays
            an_assigned_partition_is_read_from_where_it_was_started
            where_nothing_is_a_partition_is_read_no_further_and_nobody_waits_in_vain
            the_end_of_a_partition_is_told_past_its_markers
            a_paused_partition_goes_on_where_it_stopped
            stretches_of_partitions_are_read_to_their_ends_and_no_further
            a_newcomer_gets_the_same_partitions_of_all_topics_once_they_were_let_go
            the_partitions_of_a_member_that_leaves_go_to_the_others
            a_static_member_comes_back_to_its_place_and_nobody_notices
        }
    };
    ($setting:expr; $($test:ident)*) => {
        $(
            #[test]
            fn $test() {
                contract::$test(&$setting(stringify!($test)));
            }
        )*
    };
}

pub(crate) fn at(topic: &Arc<str>, partition: u32) -> TopicPartition {
    TopicPartition { topic: Arc::clone(topic), partition }
}

/// A record whose key and value are the same text.
pub(crate) fn record(target: TopicPartition, text: &str) -> NewRecord {
    let text = Bytes::copy_from_slice(text.as_bytes());
    NewRecord { target, key: text.clone(), value: Some(text), timestamp: 1_700_000_000_000_000 }
}

pub(crate) fn texts(records: &[LogRecord]) -> Vec<String> {
    let text = |record: &LogRecord| String::from_utf8_lossy(record.value.as_deref().unwrap_or(b"-")).into();
    records.iter().map(text).collect()
}

/// A producer that has fenced.
pub(crate) fn fenced<L: Log>(log: &L, transactional_id: &str) -> L::Producer {
    let mut producer = log.producer(transactional_id).unwrap();
    producer.fence().unwrap();
    producer
}

/// Begins a transaction and sends texts to a partition.
pub(crate) fn send(producer: &mut impl Producer, target: &TopicPartition, texts: &[&str]) {
    producer.begin().unwrap();
    for text in texts {
        producer.send(&record(target.clone(), text)).unwrap();
    }
}

/// Commits, and waits for the end.
pub(crate) fn commit<P: Producer>(
    producer: &mut P,
    offsets: Vec<(TopicPartition, i64)>,
    member: &P::Membership,
) -> Result<Committed, CommitError> {
    producer.commit(offsets, member);
    producer.wait(PATIENCE).expect("the commit does not end")
}

/// Reads a partition from `from` until the position reaches `to`, or for `patience`.
pub(crate) fn read<L: Log>(
    log: &L,
    source: &TopicPartition,
    from: i64,
    to: i64,
    patience: Duration,
) -> (Vec<LogRecord>, i64) {
    let mut reader = log.reader().unwrap();
    reader.seek(source, from).unwrap();
    let mut records = Vec::new();
    let begun = Instant::now();
    loop {
        let chunk = reader.read(patience.min(Duration::from_millis(100))).unwrap();
        records.extend(chunk.records);
        if chunk.position >= to || begun.elapsed() >= patience {
            return (records, chunk.position);
        }
    }
}

/// The end of one partition, open transactions counted.
pub(crate) fn end<L: Log>(log: &L, source: &TopicPartition) -> i64 {
    log.end_offsets(std::slice::from_ref(source)).unwrap()[0]
}

/// Waits until the partition ends at `to`: a commit has ended well before its markers are written.
#[track_caller]
pub(crate) fn ends_at<L: Log>(log: &L, source: &TopicPartition, to: i64) {
    let begun = Instant::now();
    while end(log, source) != to {
        assert!(begun.elapsed() < PATIENCE, "it ends at {}, and not at {to}", end(log, source));
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Polls until there is something other than no records, and whatever `passed` says may pass.
#[track_caller]
pub(crate) fn polls<C: Consumer>(consumer: &mut C, mut passes: impl FnMut(&Polled) -> bool) -> Polled {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match consumer.poll(1_000, Duration::from_millis(100)) {
            Ok(Polled::Records(records)) if records.is_empty() => {}
            Ok(polled) if passes(&polled) => {}
            Ok(polled) => return polled,
            // Others pass: a broker that is just being connected to.
            Err(error @ (engine::log::LogError::Fatal { .. } | engine::log::LogError::Fenced { .. })) => {
                panic!("{error}")
            }
            Err(_) => {}
        }
    }
    panic!("nothing came");
}

/// Polls for as long as it takes to believe that nothing comes but what `passes`.
#[track_caller]
pub(crate) fn is_silent<C: Consumer>(
    consumer: &mut C,
    silence: Duration,
    mut passes: impl FnMut(&Polled) -> bool,
) {
    let begun = Instant::now();
    loop {
        match consumer.poll(1_000, silence.min(Duration::from_millis(50))) {
            Ok(Polled::Records(records)) if records.is_empty() => {}
            Ok(polled) => assert!(passes(&polled), "{polled:?}"),
            Err(error) => panic!("{error}"),
        }
        if begun.elapsed() >= silence {
            return;
        }
    }
}

pub(crate) fn nothing(_: &Polled) -> bool {
    false
}

/// Polls an assignment, checks it, and takes it.
#[track_caller]
pub(crate) fn takes<C: Consumer>(consumer: &mut C, expected: &[TopicPartition]) {
    let Polled::Assigned(partitions) = polls(consumer, |polled| matches!(polled, Polled::End { .. })) else {
        panic!("something else came");
    };
    assert_eq!(partitions, expected);
    consumer.assign(&partitions).unwrap();
}
