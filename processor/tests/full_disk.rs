//! A disk that is full, for real: no file of this process can grow any more.
//!
//! The limit on the size of files holds for the whole process, so this test is alone in it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use state::{RocksStores, Sizes};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use support::{Running, World};

/// What a process gets that writes beyond its limit, unless it takes it: the write then fails.
const SIGXFSZ: i32 = 25;

/// A file as large as this can be made, and nothing that holds state.
const NEARLY_NOTHING: u64 = 4096;

fn no_file_grows(beyond: Option<u64>) {
    let limit = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: beyond.or(limit.maximum), ..limit }).unwrap();
}

/// Days pass until this is so.
#[track_caller]
fn live_until(world: &mut World, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not come to that");
        world.live(1, Duration::from_millis(100));
    }
}

fn is_ready(running: &Running) -> bool {
    running.status.is_ready()
}

#[test]
fn a_full_disk_stops_the_task_until_there_is_room_and_nothing_is_lost() {
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))).unwrap();
    let mut world = World::new(11, 400);
    let folder = tempfile::tempdir().unwrap();
    // The least memory there is, so that much is written in the background.
    let stores = || RocksStores::new(folder.path(), Sizes::of_bytes(0));
    let running = world.start(world.log.clone(), stores());
    live_until(&mut world, || running.status.committed().0 > 1_000);
    assert!(is_ready(&running));

    no_file_grows(Some(NEARLY_NOTHING));
    live_until(&mut world, || !is_ready(&running));
    // It waits, and neither ends nor comes to work again; the probe that may end it says that it lives.
    std::thread::sleep(Duration::from_secs(2));
    assert!(!is_ready(&running) && running.status.is_alive(running.ticks()));
    no_file_grows(None);

    world.wait_until_done();
    assert!(is_ready(&running));
    running.stop().unwrap();
    // What is on the disk is what the outputs say: the next process goes on from it.
    let running = world.start(world.log.clone(), stores());
    world.live(10, Duration::from_secs(5));
    world.wait_until_done();
    running.stop().unwrap();
    world.check_well();
}
