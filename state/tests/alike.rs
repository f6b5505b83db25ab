//! Every store answers what the one in memory answers, whatever was applied and wherever it lies: gathered,
//! written, or in part each.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use bytes::Bytes;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use engine::lists::finding::Cursor;
use engine::lists::{List, ListKey, ListKind, Position};
use engine::store::{HistoryLine, Store, StoreBatch, Stores, TimerKey};
use proptest::collection::vec;
use proptest::prelude::*;
use state::{Gathering, MemoryStores, RocksStores, Sizes, WriteBehind};
use std::ops::RangeInclusive;

/// Few of each, so that they meet.
const DEBTORS: [&str; 4] = ["a", "ab", "b", "z"];
const KINDS: [ListKind; 2] = [ListKind::Stage, ListKind::Account];
const NAMES: [&str; 3] = ["", "a", "ab"];
const NUMBERS: RangeInclusive<i64> = 1..=6;

#[derive(Clone, Debug)]
enum Step {
    Apply(Box<StoreBatch>),
    Flush,
    Clear,
    Reopen,
}

fn debtor() -> impl Strategy<Value = DebtorId> {
    prop::sample::select(&DEBTORS[..]).prop_map(DebtorId::from)
}

fn form() -> impl Strategy<Value = Bytes> {
    (0..1_000_u32).prop_map(|number| Bytes::from(format!("form {number}")))
}

fn timer() -> impl Strategy<Value = TimerKey> {
    (NUMBERS, debtor()).prop_map(|(due, debtor)| TimerKey { due: Timestamp(due), debtor })
}

fn line() -> impl Strategy<Value = (DebtorId, HistoryLine)> {
    // A line that comes again is the same line.
    (debtor(), NUMBERS).prop_map(|(debtor, sequence)| {
        (debtor, HistoryLine { sequence, record: Bytes::from(format!("line {sequence}")) })
    })
}

fn list() -> impl Strategy<Value = List> {
    (prop::sample::select(&KINDS[..]), prop::sample::select(&NAMES[..]))
        .prop_map(|(kind, name)| List::new(kind, name))
}

fn listed() -> impl Strategy<Value = ListKey> {
    (list(), -2..=1_i64, debtor())
        .prop_map(|(list, rank, debtor)| ListKey { list, position: Position { rank, debtor } })
}

/// What becomes of the lists, seldom all of it.
fn lists() -> impl Strategy<Value = StoreBatch> {
    let cleared = prop::bool::weighted(0.05);
    (cleared, vec(listed(), 0..4), vec(listed(), 0..4), prop::option::weighted(0.1, 1..3_u32)).prop_map(
        |(lists_cleared, listed_no_more, listed, lists_version)| StoreBatch {
            lists_cleared,
            listed_no_more,
            listed,
            lists_version,
            ..StoreBatch::default()
        },
    )
}

fn batch() -> impl Strategy<Value = StoreBatch> {
    (
        lists(),
        vec((debtor(), prop::option::weighted(0.7, form())), 0..3),
        vec(timer(), 0..3),
        vec(timer(), 0..3),
        vec((NUMBERS, prop::option::weighted(0.6, form())), 0..3),
        vec(line(), 0..3),
        prop::option::of(form()),
    )
        .prop_map(|(lists, debtors, timers_removed, timers_added, waiting, history, meta)| StoreBatch {
            debtors,
            timers_removed,
            timers_added,
            waiting,
            history,
            meta,
            ..lists
        })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => batch().prop_map(|batch| Step::Apply(Box::new(batch))),
        3 => Just(Step::Flush),
        1 => Just(Step::Clear),
        1 => Just(Step::Reopen),
    ]
}

/// All that can be asked of both, with every place to begin at and every number to stop at.
fn compare(one: &mut impl Store, other: &mut impl Store) {
    assert_eq!(one.meta().unwrap(), other.meta().unwrap());
    for debtor in DEBTORS {
        assert_eq!(one.debtor(debtor).unwrap(), other.debtor(debtor).unwrap(), "{debtor}");
        for at_most in [1, 2, usize::MAX] {
            let lines = other.history(debtor, at_most).unwrap();
            assert_eq!(one.history(debtor, at_most).unwrap(), lines, "{at_most} lines of {debtor}");
        }
    }
    compare_lists(one, other);
    for number in NUMBERS {
        assert_eq!(one.waiting(number).unwrap(), other.waiting(number).unwrap(), "{number}");
    }
    for at_most in [1, 2, 3, usize::MAX] {
        for after in 0..=*NUMBERS.end() {
            let waiting = other.waiting_after(after, at_most).unwrap();
            assert_eq!(one.waiting_after(after, at_most).unwrap(), waiting, "{at_most} after {after}");
            let beside = one.reader().waiting_after(after, at_most).unwrap();
            assert_eq!(beside, waiting, "{at_most} after {after}, beside it");
        }
        for due in NUMBERS {
            let cursor = TimerKey { due: Timestamp(due), debtor: DebtorId::from("ab") };
            for until in NUMBERS.map(Timestamp) {
                let timers = other.timers(&cursor, until, at_most).unwrap();
                let found = one.timers(&cursor, until, at_most).unwrap();
                assert_eq!(found, timers, "{at_most} from {cursor:?} until {until:?}");
            }
        }
    }
}

/// The lines of a list from every place on, by going there and by going on from there.
fn compare_lists(one: &impl Store, other: &impl Store) {
    assert_eq!(one.lists_version().unwrap(), other.lists_version().unwrap());
    for kind in KINDS {
        for name in NAMES {
            let list = List::new(kind, name);
            assert_eq!(lines(one, &list), lines(other, &list), "{list:?}");
        }
    }
}

/// From each place on: what comes there, and all that follows.
fn lines(store: &impl Store, list: &List) -> Vec<Vec<Position>> {
    let places = (-3..=2_i64)
        .flat_map(|rank| ["", "a", "aa", "z"].map(|debtor| Position { rank, debtor: debtor.into() }));
    let mut all = Vec::new();
    let mut look = |cursors: &mut [Box<dyn Cursor + '_>]| {
        let [cursor] = cursors else { panic!("one list, one cursor") };
        for place in places.clone() {
            let mut found = Vec::new();
            cursor.seek(&place)?;
            while let Some(at) = cursor.at() {
                found.push(at.clone());
                cursor.advance()?;
            }
            all.push(found);
        }
        Ok(())
    };
    store.reader().look_into(std::slice::from_ref(list), &mut look).unwrap();
    all
}

/// Takes the steps with these stores and with those in memory, and compares after each.
fn check(stores: &impl Stores, steps: &[Step]) {
    let reference = MemoryStores::new();
    let (mut store, mut expected) = (stores.open(0).unwrap(), reference.open(0).unwrap());
    for step in steps {
        match step {
            Step::Apply(batch) => {
                store.apply(batch).unwrap();
                expected.apply(batch).unwrap();
            }
            Step::Flush => {
                store.flush().unwrap();
                expected.flush().unwrap();
            }
            Step::Clear => {
                store.clear().unwrap();
                expected.clear().unwrap();
            }
            // What is flushed stays; what is not may be lost, from the newest batch on.
            Step::Reopen => {
                store.flush().unwrap();
                drop(store);
                store = stores.open(0).unwrap();
            }
        }
        compare(&mut store, &mut expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn what_is_gathered_is_as_if_it_were_written(
        entries in 1..12_usize,
        steps in vec(step(), 1..24),
    ) {
        let most = Gathering { entries, bytes: usize::MAX };
        check(&WriteBehind::new(MemoryStores::new(), most), &steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn what_is_on_disk_is_as_in_memory(steps in vec(step(), 1..24)) {
        let folder = tempfile::tempdir().unwrap();
        check(&RocksStores::new(folder.path(), Sizes::of_bytes(0)), &steps);
    }
}
