//! What a crash leaves: whole batches from the oldest on, and no less than what was flushed.
//!
//! A process of its own applies batches and aborts. It is this test binary again, told by its
//! environment what to do.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use bytes::Bytes;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use engine::lists::finding::Cursor;
use engine::lists::{List, ListKey, ListKind, Position};
use engine::store::{HistoryLine, Store, StoreBatch, StoreError, Stores, TimerKey};
use state::{MemoryStores, RocksStores, Sizes};
use std::path::Path;
use std::process::Command;

const PARTITION: u32 = 3;
const FOLDER: &str = "WEIR_TEST_CRASH_FOLDER";
const FLUSH_AT: &str = "WEIR_TEST_CRASH_FLUSH_AT";
const ABORT_AT: &str = "WEIR_TEST_CRASH_ABORT_AT";

/// Batch `n` leaves a trace in every column family: a new debtor, the changed debtor `all`, one
/// timer for the one before, one waiting command for the one before, a line of history, and where the
/// store stands.
fn batch(n: i64) -> StoreBatch {
    let number = Bytes::from(n.to_be_bytes().to_vec());
    // Large and unlike each other, so that memtables fill and are flushed in the background.
    let form: Vec<u8> = (0..20_000_i64).map(|i| (i * n).to_le_bytes()[0]).collect();
    StoreBatch {
        debtors: vec![
            (DebtorId::from(format!("d{n}")), Some(Bytes::from(form))),
            (DebtorId::from("all"), Some(number.clone())),
        ],
        timers_removed: vec![timer(n - 1)],
        timers_added: vec![timer(n)],
        waiting: vec![(n - 1, None), (n, Some(number.clone()))],
        history: vec![(DebtorId::from("all"), HistoryLine { sequence: n, record: number.clone() })],
        listed_no_more: vec![listed(n - 1)],
        listed: vec![listed(n)],
        meta: Some(number),
        ..StoreBatch::default()
    }
}

fn listed(n: i64) -> ListKey {
    ListKey { list: list(), position: Position { rank: n, debtor: DebtorId::from("all") } }
}

fn list() -> List {
    List::new(ListKind::Work, "")
}

/// The ranks on the list.
fn ranks(store: &impl Store) -> Vec<i64> {
    let mut ranks = Vec::new();
    let mut look = |cursors: &mut [Box<dyn Cursor + '_>]| {
        for cursor in cursors {
            cursor.seek(&Position::first())?;
            while let Some(at) = cursor.at() {
                ranks.push(at.rank);
                cursor.advance()?;
            }
        }
        Ok(())
    };
    store.reader().look_into(&[list()], &mut look).unwrap();
    ranks
}

fn timer(n: i64) -> TimerKey {
    TimerKey { due: Timestamp(n), debtor: DebtorId::from("all") }
}

fn number(bytes: Option<Bytes>) -> i64 {
    bytes.map_or(0, |bytes| i64::from_be_bytes(bytes.as_ref().try_into().unwrap()))
}

/// Up to which batch the store has all of each, and nothing of the next.
#[track_caller]
fn whole_batches(store: &impl Store, applied: i64) -> i64 {
    let stands_at = number(store.meta().unwrap());
    assert_eq!(number(store.debtor("all").unwrap()), stands_at);
    let timers = store.timers(&TimerKey::before_all_at(Timestamp(0)), Timestamp::LATEST, 9).unwrap();
    let expected = if stands_at == 0 { vec![] } else { vec![timer(stands_at)] };
    assert_eq!(timers, expected);
    assert_eq!(ranks(store), if stands_at == 0 { vec![] } else { vec![stands_at] });
    let waiting = store.waiting_after(0, 9).unwrap();
    assert_eq!(waiting.iter().map(|(n, _)| *n).sum::<i64>(), stands_at);
    let lines = store.history("all", 3).unwrap();
    assert_eq!(lines.first().map_or(0, |line| line.sequence), stands_at);
    for n in 1..=applied {
        let found = store.debtor(&format!("d{n}")).unwrap().is_some();
        assert_eq!(found, n <= stands_at, "debtor {n} of a store that stands at {stands_at}");
    }
    stands_at
}

/// The other process. As a test of its own it has nothing to do.
#[test]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let told = |name| std::env::var(name).unwrap().parse::<i64>().unwrap();
    let mut store = RocksStores::new(folder, small()).open(PARTITION).unwrap();
    let from = number(store.meta().unwrap());
    for n in from + 1..=told(ABORT_AT) {
        store.apply(&batch(n)).unwrap();
        if n == told(FLUSH_AT) {
            store.flush().unwrap();
        }
    }
    std::process::abort();
}

/// The least memory there is: flushes come by themselves as well.
fn small() -> Sizes {
    Sizes::of_bytes(0)
}

#[track_caller]
fn crash(folder: &Path, flush_at: i64, abort_at: i64) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "child", "--nocapture"]).env(FOLDER, folder);
    child.env(FLUSH_AT, flush_at.to_string()).env(ABORT_AT, abort_at.to_string());
    let output = child.output().unwrap();
    // Aborted, and not ended by a failed test.
    assert_eq!(output.status.code(), None, "{}", String::from_utf8_lossy(&output.stderr));
}

/// Crashes and reopens on one folder; each row goes on where the last one left the store.
#[track_caller]
fn check(rows: &[(i64, i64)]) -> Vec<i64> {
    let folder = tempfile::tempdir().unwrap();
    let stores = RocksStores::new(folder.path(), small());
    let mut left = Vec::new();
    for (flush_at, abort_at) in rows {
        crash(folder.path(), *flush_at, *abort_at);
        let store = stores.open(PARTITION).unwrap();
        let stands_at = whole_batches(&store, *abort_at);
        let least = (*flush_at).max(left.last().copied().unwrap_or(0));
        assert!((least..=*abort_at).contains(&stands_at), "{stands_at} after {rows:?}");
        left.push(stands_at);
    }
    left
}

#[test]
fn a_crash_before_any_flush_leaves_an_empty_store() {
    assert_eq!(check(&[(0, 0), (0, 5), (0, 1)]), [0, 0, 0]);
}

#[test]
fn a_crash_leaves_what_was_flushed() {
    assert_eq!(check(&[(4, 4), (0, 9), (6, 8), (12, 20)]), [4, 4, 6, 12]);
}

#[test]
fn a_crash_between_flushes_in_the_background_leaves_whole_batches() {
    let left = check(&[(10, 200), (0, 450), (0, 801)]);
    // Without a flush in the background this would show nothing.
    assert!(left[0] > 10 && left[2] > left[0], "{left:?}");
}

#[test]
fn in_memory_a_crash_leaves_what_was_flushed_and_as_many_batches_as_it_is_told() {
    let rows = [(0, 5, 0, 0), (0, 5, 3, 3), (4, 6, 0, 4), (4, 6, 1, 5), (4, 6, 9, 6)];
    for (flush_at, applied, kept, expected) in rows {
        let stores = MemoryStores::new();
        let mut store = stores.open(PARTITION).unwrap();
        for n in 1..=applied {
            store.apply(&batch(n)).unwrap();
            if n == flush_at {
                store.flush().unwrap();
            }
        }
        assert_eq!(stores.unflushed(PARTITION), usize::try_from(applied - flush_at).unwrap());
        stores.crash(PARTITION, kept);
        let error = store.apply(&batch(applied + 1)).unwrap_err();
        assert!(matches!(error, StoreError::Failed { .. }), "{error}");
        let again = stores.open(PARTITION).unwrap();
        // The dead process's handle ends late, and must not touch its successor's store.
        drop(store);
        assert_eq!(whole_batches(&again, applied), expected);
    }
}
