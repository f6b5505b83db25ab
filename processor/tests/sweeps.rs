//! Sweeps: once another version of the policy holds, every debtor is decided anew, once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use bytes::Bytes;
use connectors::memory::CommitFate;
use decision::Policies;
use decision::time::{Period, Zone};
use schemas::{Decoder, InputTopic, OutputTopic, Step};
use state::MemoryStores;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;
use support::versions::version;
use support::{Every, PARTITIONS, World};

/// How long a day may take the engine, with faults and all.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often each debtor was decided anew.
fn swept(world: &World) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for step in world.journal().into_iter().flat_map(|batch| batch.steps) {
        if let Step::Swept(swept) = step {
            *counts.entry(swept.debtor_id.to_string()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn from_the_date_of_a_new_version_on_every_debtor_is_decided_anew_once_whatever_breaks() {
    let mut world = World::new(8, 200);
    let zone = Zone::utc();
    let change = zone.after(engine::Clock::now(&*world.clock), Period::Days(15));
    let versions = vec![version("1", None), version("2", Some(change))];
    world.policies = Arc::new(Policies::new(versions).unwrap());
    world.settings.swept_per_batch = 5;
    let count = Arc::new(AtomicU32::new(0));
    world.log.set_faults(Every { nth: 7, fate: CommitFate::CommittedUnknown, count });
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.live(40, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    world.check_well();
    let swept = swept(&world);
    assert!(swept.len() > 150, "only {} debtors were decided anew", swept.len());
    assert!(swept.values().all(|count| *count == 1), "{swept:?}");
}

#[test]
fn a_version_that_is_new_at_a_start_sweeps_the_partition_and_a_stop_does_not_begin_it_again() {
    let mut world = World::new(9, 200);
    let stores = MemoryStores::new();
    world.policies = Arc::new(version("1", None).into());
    let running = world.start(world.log.clone(), stores.clone());
    world.live(20, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    assert!(swept(&world).is_empty());
    let versions = vec![version("1", None), version("2", None)];
    world.policies = Arc::new(Policies::new(versions).unwrap());
    world.settings.swept_per_batch = 1;
    for _ in 0..3 {
        let running = world.start(world.log.clone(), stores.clone());
        world.live(1, PATIENCE);
        running.stop().unwrap();
    }
    world.settings.swept_per_batch = 100;
    let running = world.start(world.log.clone(), stores);
    world.live(10, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    world.check_well();
    let swept = swept(&world);
    assert!(swept.len() > 150 && swept.values().all(|count| *count == 1), "{swept:?}");
}

/// How many debtors were decided anew in the first batch of each partition that decided any so.
fn first_swept(world: &World) -> Vec<usize> {
    let mut decoder = Decoder::new(world.registry.clone(), &world.schemas);
    let topic = world.names.output(OutputTopic::Journal);
    let mut swept_in = |partition| {
        let batches = world.log.committed_records(topic, partition);
        let mut counts = batches.iter().map(|record| {
            let steps = decoder.journal(record.value.as_ref().unwrap()).unwrap().steps;
            steps.iter().filter(|step| matches!(step, Step::Swept(_))).count()
        });
        counts.find(|count| *count > 0).unwrap()
    };
    (0..PARTITIONS).map(&mut swept_in).collect()
}

#[test]
fn a_sweep_takes_a_small_share_of_a_batch_while_events_come_and_the_whole_where_none_do() {
    for events_come in [true, false] {
        let mut world = World::new(11, 900);
        let change = Zone::utc().after(engine::Clock::now(&*world.clock), Period::Days(15));
        world.policies =
            Arc::new(Policies::new(vec![version("1", None), version("2", Some(change))]).unwrap());
        let running = world.start(world.log.clone(), MemoryStores::new());
        world.live(3, PATIENCE);
        world.wait_until_done();
        std::thread::sleep(Duration::from_millis(if events_come { 0 } else { 1_200 }));
        for round in 0..40 {
            for key in 0..20 {
                if events_come {
                    let (key, value) = (format!("somebody {key}"), Bytes::from_static(b"no Avro"));
                    let now = engine::Clock::now(&*world.clock);
                    world.append(InputTopic::Reports, Some(key.into()), Some(value), now);
                }
            }
            std::thread::sleep(Duration::from_millis(5));
            if round == 10 {
                world.clock.set(change);
            }
        }
        world.wait_until_done();
        running.stop().unwrap();
        world.check_well();
        // An eighth of 200. A machine that stands still for a second may have let one partition take all.
        let first = first_swept(&world);
        let expected = if events_come { 25 } else { 200 };
        assert!(first.contains(&expected), "{first:?} with events: {events_come}");
    }
}
