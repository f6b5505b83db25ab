//! Topics and state that do not belong together: refused with what to do, or built anew where that is
//! safe (docs/decisions/0011-whose-state-it-is.md).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use engine::store::{Store, StoreError, Stores};
use schemas::{InputTopic, OutputTopic};
use state::{MemoryStore, MemoryStores};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use support::{PARTITIONS, World};

const PATIENCE: Duration = Duration::from_secs(5);

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
fn a_changelog_made_anew_while_a_task_writes_is_refused_at_the_next_start() {
    let (mut world, stores) = (World::new(32, 150), MemoryStores::new());
    let running = world.start(world.log.clone(), stores.clone());
    world.live(10, PATIENCE);
    world.wait_until_done();
    // The log in memory lets it write on as if nothing were; a broker may do so as well.
    make_anew(&world, &changelog(&world));
    world.live(10, PATIENCE);
    running.stop().unwrap();
    check_refused(&world, stores.clone(), &["weir.debtors is not the one"]);
    assert!(!are_empty(&stores));
    check_refused(&world, MemoryStores::new(), &["made anew while it was written to"]);
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
