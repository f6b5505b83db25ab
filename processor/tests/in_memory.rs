//! The whole engine on the in-memory log: what comes out is what `decision` says, whatever breaks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use bytes::Bytes;
use connectors::memory::{CommitFate, Faults};
use decision::time::Timestamp;
use engine::store::{Store, Stores};
use schemas::{Decoder, InputTopic, OutputTopic};
use state::{MemoryStores, RocksStores, Sizes};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use support::{PARTITIONS, World};

/// How long a day may take the engine, with faults and all.
const PATIENCE: Duration = Duration::from_secs(5);

fn rocks(folder: &std::path::Path) -> RocksStores {
    RocksStores::new(folder, Sizes::of_bytes(16 << 20))
}

/// What becomes of commits: every so-many-eth meets this fate.
struct Every {
    nth: u32,
    fate: CommitFate,
    count: Arc<AtomicU32>,
}

impl Faults for Every {
    fn commit(&mut self, _: &str) -> CommitFate {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if count.is_multiple_of(self.nth) { self.fate } else { CommitFate::Ends }
    }
}

#[test]
fn outputs_are_what_decision_says_and_the_journal_says_every_input_once() {
    let mut world = World::new(1, 300);
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.live(60, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    let verdict = world.check_well();
    assert!(verdict.rejects > 0, "the operator's mistakes are rejected: {verdict:?}");
}

#[test]
fn a_commit_whose_outcome_is_lost_aborted_or_open_changes_nothing_that_comes_out() {
    for (seed, fate) in
        [(2, CommitFate::CommittedUnknown), (3, CommitFate::OpenUnknown), (4, CommitFate::Aborts)]
    {
        let mut world = World::new(seed, 200);
        let count = Arc::new(AtomicU32::new(0));
        world.log.set_faults(Every { nth: 7, fate, count: count.clone() });
        let running = world.start(world.log.clone(), MemoryStores::new());
        world.live(40, PATIENCE);
        world.wait_until_done();
        running.stop().unwrap();
        assert!(count.load(Ordering::Relaxed) > 50, "there were too few commits to meet {fate:?}");
        world.check_well();
    }
}

#[test]
fn applying_a_batch_before_it_is_committed_is_found_out() {
    let mut world = World::new(3, 200);
    world.settings.faults.apply_before_commit = true;
    let count = Arc::new(AtomicU32::new(0));
    world.log.set_faults(Every { nth: 7, fate: CommitFate::OpenUnknown, count });
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.live(40, Duration::from_millis(50));
    // A task whose state is ahead of the log may not come to the end: that is noticed as well, but
    // it is the oracle that is asked here, about what went out.
    std::thread::sleep(Duration::from_secs(2));
    let _ = running.stop();
    let told: Vec<String> = world.verdict().deviations.iter().map(ToString::to_string).collect();
    let is_about_outputs = |told: &String| told.contains("must be") || told.contains("the state is not");
    assert!(told.iter().any(is_about_outputs), "the oracle saw nothing wrong: {told:?}");
}

#[test]
fn a_second_instance_takes_over_and_gives_back_without_a_trace_in_the_outputs() {
    let mut world = World::new(5, 200);
    let first = world.start(world.log.clone(), MemoryStores::new());
    world.live(10, PATIENCE);
    let second = world.start(world.log.clone(), MemoryStores::new());
    for _ in 0..200 {
        world.live(1, PATIENCE);
        if second.status.committed().0 > 100 {
            break;
        }
    }
    let (inputs, _) = second.status.committed();
    assert!(inputs > 100, "the second instance was given nothing to do");
    second.stop().unwrap();
    world.live(10, PATIENCE);
    world.wait_until_done();
    first.stop().unwrap();
    world.check_well();
}

#[test]
fn state_and_history_come_back_after_a_restart_and_after_their_loss() {
    let mut world = World::new(6, 200);
    let folder = tempfile::tempdir().unwrap();
    for (round, days) in [(0, 25), (1, 10), (2, 10)] {
        let running = world.start(world.log.clone(), rocks(folder.path()));
        world.live(days, PATIENCE);
        world.wait_until_done();
        running.stop().unwrap();
        if round == 1 {
            std::fs::remove_dir_all(folder.path()).unwrap();
        }
    }
    world.check_well();
    check_history(&world, &rocks(folder.path()));
}

/// The store's history of every debtor must end in the last lines of the records topic.
#[track_caller]
fn check_history(world: &World, stores: &RocksStores) {
    let mut decoder = Decoder::new(world.registry.clone(), &world.schemas);
    for partition in 0..PARTITIONS {
        let store = stores.open(partition).unwrap();
        let records = world.log.committed_records(world.names.output(OutputTopic::Records), partition);
        assert!(!records.is_empty());
        for record in records.iter().rev().take(50) {
            let id = std::str::from_utf8(record.key.as_ref().unwrap()).unwrap();
            let line = decoder.record(record.value.as_ref().unwrap()).unwrap();
            let history = store.history(id, 200).unwrap();
            let kept = history.iter().find(|kept| kept.sequence == line.sequence);
            assert_eq!(kept.map(|kept| &kept.record), record.value.as_ref(), "of {id}, {}", line.sequence);
        }
    }
}

#[test]
fn what_cannot_be_read_is_rejected_with_its_bytes_and_the_rest_goes_on() {
    let mut world = World::new(7, 100);
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.live_a_day();
    let at = Timestamp(1);
    let key = Some(Bytes::from_static(b"somebody"));
    let malformed = Some(Bytes::from_static(b"no Avro"));
    let unknown_schema = Some(Bytes::from_static(&[0, 0, 0, 255, 255, 1, 2, 3]));
    let first = world.append(InputTopic::Payments, key.clone(), malformed.clone(), at);
    let second = world.append(InputTopic::Invoices, key.clone(), unknown_schema.clone(), at);
    world.live(30, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    world.check_well();
    let mut decoder = Decoder::new(world.registry.clone(), &world.schemas);
    for ((partition, offset), topic, value) in
        [(first, InputTopic::Payments, malformed), (second, InputTopic::Invoices, unknown_schema)]
    {
        let rejects = world.log.committed_records(world.names.output(OutputTopic::Rejects), partition);
        let found = rejects.iter().any(|record| {
            let reject = decoder.reject(record.value.as_ref().unwrap()).unwrap();
            *reject.topic == **world.names.input(topic)
                && reject.offset == offset
                && reject.value.map(|bytes| bytes.to_vec()) == value.as_ref().map(|bytes| bytes.to_vec())
        });
        assert!(found, "the record at {offset} of {topic:?} is not among the rejects");
    }
}
