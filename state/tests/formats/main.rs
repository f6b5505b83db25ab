//! Every format of the store that ever landed is read: a folder written by it lies in `history`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(unreachable_pub, reason = "a module shared with an example")]

mod content;

use content::{IDS, PARTITION, batch, list, timer};
use decision::time::Timestamp;
use engine::lists::Position;
use engine::lists::finding::Cursor;
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

/// A store of the first format has no lists: they are made of its debtors.
#[track_caller]
fn check_lists(store: &impl Store, has_some: bool) {
    assert_eq!(store.lists_version().unwrap(), has_some.then_some(7));
    let mut ids = Vec::new();
    let mut look = |cursors: &mut [Box<dyn Cursor + '_>]| {
        for cursor in cursors {
            cursor.seek(&Position::first())?;
            while let Some(at) = cursor.at() {
                ids.push(at.debtor.to_string());
                cursor.advance()?;
            }
        }
        Ok(())
    };
    store.reader().look_into(&[list()], &mut look).unwrap();
    let mut expected = if has_some { IDS.to_vec() } else { Vec::new() };
    expected.sort_unstable();
    assert_eq!(ids, expected);
}

#[test]
fn every_format_that_ever_landed_is_read_and_written_on() {
    for version in 1..=FORMAT_VERSION {
        let folder = copy(version);
        let stores = stores(folder.path());
        let mut store = stores.open(PARTITION).unwrap();
        check(&store);
        check_lists(&store, version > 1);
        assert_eq!(store.keeps().unwrap(), Keeping::Now);
        store.apply(&batch()).unwrap();
        drop(store);
        let store = stores.open(PARTITION).unwrap();
        check(&store);
        check_lists(&store, true);
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
