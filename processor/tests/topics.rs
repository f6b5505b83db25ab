//! Topics and state that do not belong together: refused with what to do, or built anew where that is
//! safe (docs/decisions/0011-whose-state-it-is.md).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use connectors::memory::{Call, Faults};
use engine::Clock;
use engine::store::{Store, StoreError, Stores};
use schemas::{InputTopic, OutputTopic};
use state::{MemoryStore, MemoryStores};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use support::{PARTITIONS, World};

const PATIENCE: Duration = Duration::from_secs(5);

/// An instance that goes so far ahead in time has looked at the topics again.
const LOOKED_AT_WITHIN: Duration = Duration::from_secs(6);

/// A log of which nothing can be polled, or all.
struct Unread(bool);

impl Faults for Unread {
    fn unreachable(&mut self, call: Call<'_>) -> bool {
        self.0 && call == Call::Poll
    }
}

/// A world that has lived for a while, and stands still; and what its stores hold.
fn lived(seed: u64) -> (World, MemoryStores) {
    let (mut world, stores) = (World::new(seed, 150), MemoryStores::new());
    live_on(&mut world, &stores);
    (world, stores)
}

fn live_on(world: &mut World, stores: &MemoryStores) {
    let running = world.start(world.log.clone(), stores.clone());
    world.live(25, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
}

fn make_anew(world: &World, topic: &Arc<str>) {
    world.log.delete_topic(topic);
    world.log.create_topic(topic, PARTITIONS);
}

fn changelog(world: &World) -> Arc<str> {
    world.names.output(OutputTopic::Debtors).clone()
}

fn are_empty(stores: &MemoryStores) -> bool {
    (0..PARTITIONS).all(|partition| stores.open(partition).unwrap().meta().unwrap().is_none())
}

/// The instance ends by itself, with these words.
#[track_caller]
fn check_refused(world: &World, stores: impl Stores, parts: &[&str]) {
    let error = world.start(world.log.clone(), stores).ended().unwrap_err().to_string();
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in {error:?}");
    }
}

#[test]
fn a_changelog_made_anew_is_refused_and_the_folder_stays_as_it_was() {
    let (world, stores) = lived(31);
    make_anew(&world, &changelog(&world));
    let words = ["weir.debtors is not the one", "The state in the folder was left as it is", "begin anew"];
    check_refused(&world, stores.clone(), &words);
    assert!(!are_empty(&stores));
    // It is refused where there is no folder as well.
    check_refused(&world, MemoryStores::new(), &words);
}

#[test]
fn a_changelog_made_anew_that_a_task_has_written_to_is_refused() {
    let (world, stores) = lived(32);
    let written = |partition| world.log.committed_records(&changelog(&world), partition);
    let all: Vec<_> = (0..PARTITIONS).map(written).collect();
    make_anew(&world, &changelog(&world));
    // What was written before anybody noticed: a part of the whole, and the word of the task.
    for record in all.iter().filter_map(|records| records.last()) {
        let (key, value) = (record.key.clone(), record.value.clone());
        world.log.append(&changelog(&world), record.source.partition, key, value, 0).unwrap();
    }
    let words = ["weir.debtors is not the one", "made anew while it was written to"];
    check_refused(&world, stores.clone(), &["weir.debtors is not the one"]);
    assert!(!are_empty(&stores));
    check_refused(&world, MemoryStores::new(), &words);
}

#[test]
fn a_state_folder_of_another_cluster_is_replaced_by_what_the_changelog_says() {
    let (_, stores) = lived(33);
    // Another cluster: the same names, other topics. Nothing was ever read there.
    let mut world = World::new(34, 150);
    for topic in world.names.inputs().iter().chain(world.names.outputs()) {
        make_anew(&world, topic);
    }
    live_on(&mut world, &stores);
    world.check_well();

    // And where it goes on from what another folder holds.
    let (_, foreign) = lived(35);
    live_on(&mut world, &foreign);
    world.check_well();
}

#[test]
fn an_input_topic_made_anew_is_refused_until_a_person_accepts_it() {
    let (mut world, stores) = lived(36);
    make_anew(&world, &world.names.input(InputTopic::Payments).clone());
    let words = ["weir.payments was deleted and made anew", "accept_remade_inputs = true"];
    check_refused(&world, stores.clone(), &words);
    assert!(!are_empty(&stores));

    world.settings.accept_remade_inputs = true;
    live_on(&mut world, &stores);
    let payments = world.names.input(InputTopic::Payments);
    let read = (0..PARTITIONS).filter_map(|partition| world.log.group_offset(payments, partition)).max();
    assert!(read > Some(0), "the new topic is read: {read:?}");
    // Accepted once, it is known.
    world.settings.accept_remade_inputs = false;
    live_on(&mut world, &stores);
}

/// A topic is made anew under an instance at work, with so many records; answers what that says as it ends.
fn ended_by(topic: InputTopic, records: usize) -> String {
    let (mut world, stores) = (World::new(38, 150), MemoryStores::new());
    let running = world.start(world.log.clone(), stores.clone());
    world.live(10, PATIENCE);
    world.wait_until_done();
    let name = world.names.input(topic).clone();
    world.log.delete_topic(&name);
    world.log.create_topic(&name, PARTITIONS);
    for partition in (0..PARTITIONS).cycle().take(records) {
        world.log.append(&name, partition, None, None, world.clock.now().0).unwrap();
    }
    world.clock.skip(LOOKED_AT_WITHIN);
    running.ended().unwrap_err().to_string()
}

#[test]
fn an_input_topic_made_anew_under_a_task_ends_the_process_whether_its_place_is_there_or_not() {
    for records in [0, 10_000] {
        let error = ended_by(InputTopic::Payments, records);
        assert!(error.contains("weir.payments was deleted and made anew"), "{records}: {error}");
    }
}

#[test]
fn nothing_falls_due_by_the_ends_of_a_topic_made_anew() {
    let (mut world, stores) = (World::new(42, 150), MemoryStores::new());
    let running = world.start(world.log.clone(), stores);
    world.live(20, PATIENCE);
    world.wait_until_done();
    let orders = world.names.output(OutputTopic::Provisioning);
    let given = || -> i64 {
        (0..PARTITIONS).map(|partition| world.log.last_stable_offset(orders, partition).unwrap()).sum()
    };
    // The topics were just looked at, and are in five seconds only, but for who asks where they end.
    world.clock.skip(LOOKED_AT_WITHIN);
    std::thread::sleep(Duration::from_millis(200));
    let before = given();
    // Nobody reads meanwhile: a place that is not there yet would tell.
    world.log.set_faults(Unread(true));
    make_anew(&world, world.names.input(InputTopic::Payments));
    for partition in (0..PARTITIONS).cycle().take(10_000) {
        let payments = world.names.input(InputTopic::Payments);
        world.log.append(payments, partition, None, None, world.clock.now().0).unwrap();
    }
    world.log.set_faults(Unread(false));
    world.clock.set(world.clock.now().plus_micros(30 * 86_400_000_000));
    let error = running.ended().unwrap_err().to_string();
    assert!(error.contains("weir.payments was deleted and made anew"), "{error}");
    assert_eq!(given(), before, "what was unpaid for thirty days more");
}

#[test]
fn a_changelog_made_anew_under_a_task_ends_the_process() {
    let (mut world, stores) = (World::new(39, 150), MemoryStores::new());
    let running = world.start(world.log.clone(), stores);
    world.live(10, PATIENCE);
    world.wait_until_done();
    make_anew(&world, &changelog(&world));
    world.clock.skip(LOOKED_AT_WITHIN);
    let error = running.ended().unwrap_err().to_string();
    assert!(error.contains("weir.debtors is not the one"), "{error}");
}

#[test]
fn an_input_that_lost_what_was_not_read_is_refused_until_a_person_accepts_it() {
    let (mut world, stores) = lived(40);
    let payments = world.names.input(InputTopic::Payments).clone();
    let next = world.log.group_offset(&payments, 1).unwrap();
    for _ in 0..3 {
        world.log.append(&payments, 1, None, None, world.clock.now().0).unwrap();
    }
    world.log.truncate_before(&payments, 1, next + 2);
    let holds = format!("read up to offset {next}, and holds {} to {}", next + 2, next + 3);
    check_refused(&world, stores.clone(), &["weir.payments was", &holds, "accept_remade_inputs = true"]);

    world.settings.accept_remade_inputs = true;
    live_on(&mut world, &stores);
    assert!(world.log.group_offset(&payments, 1) > Some(next + 2));
}

#[test]
fn an_input_that_loses_what_was_not_read_under_a_task_ends_the_process() {
    let (mut world, stores) = (World::new(41, 150), MemoryStores::new());
    let running = world.start(world.log.clone(), stores);
    world.live(10, PATIENCE);
    world.wait_until_done();
    let payments = world.names.input(InputTopic::Payments).clone();
    world.log.set_faults(Unread(true));
    for _ in 0..3 {
        world.log.append(&payments, 1, None, None, world.clock.now().0).unwrap();
    }
    world.log.truncate_before(&payments, 1, i64::MAX);
    world.log.set_faults(Unread(false));
    let error = running.ended().unwrap_err().to_string();
    assert!(error.contains("records are gone that were not read"), "{error}");
}

/// Stores of which only those from a partition on can be opened.
struct From(u32, MemoryStores);

impl Stores for From {
    type Store = MemoryStore;

    fn open(&self, partition: u32) -> Result<MemoryStore, StoreError> {
        if partition < self.0 {
            let (path, reason) = (PathBuf::from("elsewhere"), "it is not here".to_owned());
            return Err(StoreError::Open { path, reason });
        }
        self.1.open(partition)
    }

    fn discard(&self, partition: u32) -> Result<(), StoreError> {
        self.1.discard(partition)
    }
}

#[test]
fn more_partitions_than_before_are_refused_also_by_whoever_has_only_new_ones() {
    let (world, stores) = lived(37);
    for topic in world.names.inputs().iter().chain(world.names.outputs()) {
        world.log.add_partitions(topic, PARTITIONS + 1);
    }
    let words = ["the topics have 4 partitions, and had 3 when the state was written"];
    check_refused(&world, stores, &words);
    check_refused(&world, From(PARTITIONS, MemoryStores::new()), &words);
}
