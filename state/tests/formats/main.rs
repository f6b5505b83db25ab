//! Every format of the store that ever landed is read: a folder written by it lies in `history`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(unreachable_pub, reason = "a module shared with an example")]

mod content;

use content::{IDS, PARTITION, batch, timer};
use decision::time::Timestamp;
use engine::store::{Keeping, Store, Stores, TimerKey};
use state::{FORMAT_VERSION, RocksStores, Sizes};
use std::fs;
use std::path::{Path, PathBuf};

fn fixture(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("history").join(format!("v{version}"))
}

fn stores(folder: &Path) -> RocksStores {
    RocksStores::new(folder, Sizes::of_bytes(0)).with_least_free(0)
}

/// A copy to work on: whoever opens a database writes to it.
fn copy(version: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join(format!("p-{PARTITION:05}"));
    fs::create_dir(&to).unwrap();
    let files = fs::read_dir(fixture(version)).unwrap_or_else(|error| panic!("format {version}: {error}"));
    for file in files {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    folder
}

#[track_caller]
fn check(store: &impl Store) {
    let expected = batch();
    assert_eq!(store.meta().unwrap(), expected.meta);
    for (id, form) in &expected.debtors {
        assert_eq!(store.debtor(id.as_str()).unwrap(), *form, "{id}");
    }
    let from = TimerKey::before_all_at(Timestamp(i64::MIN));
    let timers = store.timers(&from, Timestamp::LATEST, 99).unwrap();
    assert_eq!(timers, (-2..=2).map(timer).collect::<Vec<_>>());
    let waiting: Vec<_> =
        store.waiting_after(0, 99).unwrap().into_iter().map(|(n, form)| (n, Some(form))).collect();
    assert_eq!(waiting, expected.waiting);
    for id in IDS {
        let lines = store.history(id, 99).unwrap();
        let newest_first: Vec<i64> = lines.iter().map(|line| line.sequence).collect();
        assert_eq!(newest_first, [2, 1], "{id}");
    }
}

#[test]
fn every_format_that_ever_landed_is_read_and_written_on() {
    for version in 1..=FORMAT_VERSION {
        let folder = copy(version);
        let stores = stores(folder.path());
        let mut store = stores.open(PARTITION).unwrap();
        check(&store);
        assert_eq!(store.keeps().unwrap(), Keeping::Now);
        store.apply(&batch()).unwrap();
        drop(store);
        check(&stores.open(PARTITION).unwrap());
    }
}

#[test]
fn the_fixture_of_a_format_is_what_this_version_writes() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = stores(folder.path()).open(PARTITION).unwrap();
    store.apply(&batch()).unwrap();
    check(&store);
    // The next one is not there before it is made: `cargo run -p state --example format`.
    assert!(fixture(FORMAT_VERSION).is_dir() && !fixture(FORMAT_VERSION + 1).exists());
}
