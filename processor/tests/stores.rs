//! Stores that fail, are damaged, or of another version: what the instance does about it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use bytes::Bytes;
use connectors::memory::{Call, Faults};
use decision::time::Timestamp;
use engine::store::{Store, StoreBatch, StoreError, Stores};
use state::{MemoryStore, MemoryStores, RocksStores, Sizes};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::ThreadId;
use std::time::{Duration, Instant};
use support::{PARTITIONS, World};

const PATIENCE: Duration = Duration::from_secs(5);

fn rocks(folder: &Path) -> RocksStores {
    RocksStores::new(folder, Sizes::of_bytes(16 << 20))
}

#[track_caller]
fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not come to that");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Stores of which one cannot be opened while the switch is on.
#[derive(Clone)]
struct OneIsOut {
    inner: MemoryStores,
    is_out: Arc<AtomicBool>,
}

impl Stores for OneIsOut {
    type Store = MemoryStore;

    fn open(&self, partition: u32) -> Result<MemoryStore, StoreError> {
        if partition == 1 && self.is_out.load(Ordering::SeqCst) {
            let (path, reason) = (PathBuf::from("p-00001"), "the volume is not there".to_owned());
            return Err(StoreError::Open { path, reason });
        }
        self.inner.open(partition)
    }

    fn discard(&self, partition: u32) -> Result<(), StoreError> {
        self.inner.discard(partition)
    }
}

#[test]
fn one_store_that_fails_keeps_its_partition_waiting_and_no_other() {
    let mut world = World::new(21, 200);
    let stores = OneIsOut { inner: MemoryStores::new(), is_out: Arc::new(AtomicBool::new(true)) };
    let running = world.start(world.log.clone(), stores.clone());
    world.live(20, Duration::from_millis(50));
    wait_until(|| running.status.partitions() == (u64::from(PARTITIONS), u64::from(PARTITIONS) - 1));
    assert!(running.status.committed().0 > 100, "the other partitions go on");
    assert!(!running.status.is_ready() && running.status.is_alive(running.ticks()));

    stores.is_out.store(false, Ordering::SeqCst);
    world.wait_until_done();
    assert!(running.status.is_ready());
    running.stop().unwrap();
    world.check_well();
}

#[test]
fn with_too_little_room_on_the_disk_nothing_is_committed_and_it_can_be_stopped() {
    let mut world = World::new(22, 200);
    let folder = tempfile::tempdir().unwrap();
    let running = world.start(world.log.clone(), rocks(folder.path()).with_least_free(u64::MAX));
    world.live(5, Duration::from_millis(50));
    wait_until(|| running.status.partitions().0 == u64::from(PARTITIONS));
    std::thread::sleep(Duration::from_millis(1_500));
    assert!(!running.status.is_ready() && running.status.is_alive(running.ticks()));
    assert_eq!(running.status.committed(), (0, 0));
    running.stop().unwrap();

    // Elsewhere there is room.
    let running = world.start(world.log.clone(), rocks(folder.path()));
    world.live(35, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    world.check_well();
}

/// Stores that count how often one was opened.
#[derive(Clone, Default)]
struct Counted {
    inner: MemoryStores,
    opened: Arc<AtomicUsize>,
}

impl Stores for Counted {
    type Store = MemoryStore;

    fn open(&self, partition: u32) -> Result<MemoryStore, StoreError> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        self.inner.open(partition)
    }

    fn discard(&self, partition: u32) -> Result<(), StoreError> {
        self.inner.discard(partition)
    }
}

#[test]
fn a_disk_that_does_not_keep_up_holds_commits_back_and_only_after_long_counts_as_failed() {
    let (mut world, stores) = (World::new(24, 200), Counted::default());
    let opened = || stores.opened.load(Ordering::SeqCst);
    let running = world.start(world.log.clone(), stores.clone());
    world.live(15, PATIENCE);
    world.wait_until_done();
    stores.inner.fall_behind(true);
    let before = running.status.committed();
    world.live(5, Duration::from_millis(50));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(running.status.committed(), before, "nothing is committed that must wait for the disk");
    assert!(running.status.is_ready(), "it waits, and nothing has failed");

    let waiting = opened();
    world.clock.skip(Duration::from_secs(31));
    wait_until(|| opened() >= waiting + PARTITIONS as usize);
    wait_until(|| running.status.is_ready());
    assert_eq!(running.status.committed(), before);
    stores.inner.fall_behind(false);
    world.live(10, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    world.check_well();
}

#[test]
fn a_damaged_store_is_built_anew_from_the_changelog() {
    let mut world = World::new(23, 200);
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let running = world.start(world.log.clone(), rocks(folder.path()));
        world.live(15, PATIENCE);
        world.wait_until_done();
        running.stop().unwrap();
        damage(&folder.path().join("p-00001"), round == 0);
    }
    world.check_well();
}

/// Damages what says which files there are, which is seen at once; or the files, which is seen as they
/// are read.
fn damage(store: &Path, at_once: bool) {
    let mut damaged = 0;
    for entry in std::fs::read_dir(store).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if (at_once && name.starts_with("MANIFEST")) || (!at_once && name.ends_with(".sst")) {
            let length = std::fs::metadata(&path).unwrap().len();
            let mut bytes = std::fs::read(&path).unwrap();
            // The ends of tables say what they hold: those stay, or the damage is seen at once as well.
            let until = if at_once { length } else { length / 3 };
            bytes[..usize::try_from(until).unwrap()].fill(0x5a);
            std::fs::write(&path, bytes).unwrap();
            damaged += 1;
        }
    }
    assert!(damaged > 0);
}

/// A debtor of whom the changelog knows nothing any more: its tombstone is gone.
const GONE: &str = "A-gone";

/// An instance is at work on this disk for so many days.
fn work(world: &mut World, disk: &MemoryStores, days: usize) {
    let running = world.start(world.log.clone(), disk.clone());
    world.live(days, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
}

/// Lives for two days on a disk, and leaves one there who is gone.
fn left_behind(world: &mut World, disk: &MemoryStores) {
    work(world, disk, 2);
    let mut store = disk.open(0).unwrap();
    let form = Some(Bytes::from_static(b"an old form"));
    store.apply(&StoreBatch { debtors: vec![(GONE.into(), form)], ..StoreBatch::default() }).unwrap();
}

/// Whether whoever is gone is still there once the disk is at work again, at this time of its clock.
fn is_there(world: &World, disk: &MemoryStores, at: Timestamp) -> bool {
    world.clock.set(at);
    let running = world.start(world.log.clone(), disk.clone());
    wait_until(|| running.status.is_ready());
    running.stop().unwrap();
    disk.open(0).unwrap().debtor(GONE).unwrap().is_some()
}

#[test]
fn a_disk_that_is_too_old_is_built_anew_even_if_the_clock_does_not_say_so() {
    // How many days others work meanwhile, how many days later its own clock says it is, and whether the
    // disk is taken as it is.
    let cases = [(0, 0, true), (2, 2, true), (0, 7, false), (0, -2, true), (0, -7, false), (9, 0, false)];
    for (days, later, is_taken) in cases {
        let mut world = World::new(22, 60);
        world.settings.oldest_state = Duration::from_secs(5 * 86_400);
        let disk = MemoryStores::new();
        left_behind(&mut world, &disk);
        let left = engine::Clock::now(&*world.clock);
        work(&mut world, &MemoryStores::new(), days);
        let at = left.plus_micros(later * 86_400_000_000);
        assert_eq!(is_there(&world, &disk, at), is_taken, "{days} days, {later} later");
    }
}

/// Every third place that a thread looks for in the log is out of reach: of a task that comes to work, the
/// first of the history, once it has written what the changelog says.
#[derive(Default)]
struct NoHistory {
    sought: HashMap<ThreadId, u32>,
    refused: Arc<AtomicUsize>,
}

impl Faults for NoHistory {
    fn unreachable(&mut self, call: Call<'_>) -> bool {
        if call != Call::Seek {
            return false;
        }
        let sought = self.sought.entry(std::thread::current().id()).or_default();
        *sought += 1;
        let is_third = sought.is_multiple_of(3);
        self.refused.fetch_add(usize::from(is_third), Ordering::SeqCst);
        is_third
    }
}

/// Nothing goes wrong any more.
struct Nothing;

impl Faults for Nothing {}

#[test]
fn a_disk_that_is_too_old_is_so_still_if_whoever_caught_up_with_it_came_no_further() {
    let mut world = World::new(22, 60);
    world.settings.oldest_state = Duration::from_secs(5 * 86_400);
    let disk = MemoryStores::new();
    left_behind(&mut world, &disk);
    let left = engine::Clock::now(&*world.clock);
    work(&mut world, &MemoryStores::new(), 9);

    world.clock.set(left);
    let refused = Arc::new(AtomicUsize::new(0));
    world.log.set_faults(NoHistory { refused: refused.clone(), ..NoHistory::default() });
    let running = world.start(world.log.clone(), disk.clone());
    wait_until(|| refused.load(Ordering::SeqCst) > 2 * PARTITIONS as usize);
    running.stop().unwrap();
    world.log.set_faults(Nothing);
    assert!(disk.open(0).unwrap().debtor(GONE).unwrap().is_some());
    assert!(!is_there(&world, &disk, left));
}
