//! What every store keeps to: one suite, run on disk and in memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

#[path = "contract/lists.rs"]
mod lists;

use bytes::Bytes;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use engine::store::{HistoryLine, ReadError, Store, StoreBatch, StoreError, Stores, TimerKey};
use lists::{
    lists_are_kept_apart_and_in_order, lists_that_are_cleared_are_empty_and_say_nothing_of_their_version,
};
use state::{HISTORY_LINES, MemoryStores, RocksStores, Sizes};

/// Runs each function below against every store, as tests of the same names: on disk, in memory, and with
/// what was applied gathered before it, so little that some of it lies on either side, or all of it.
macro_rules! contract {
    ($($name:ident),+ $(,)?) => {
        mod on_disk {
            $(#[test]
            fn $name() {
                let folder = tempfile::tempdir().unwrap();
                super::$name(&state::RocksStores::new(folder.path(), state::Sizes::of_bytes(0)));
            })+
        }
        mod in_memory {
            $(#[test]
            fn $name() {
                super::$name(&state::MemoryStores::new());
            })+
        }
        mod gathered {
            $(#[test]
            fn $name() {
                for entries in [1, 2, 3, 7, usize::MAX] {
                    let most = state::Gathering { entries, bytes: usize::MAX };
                    super::$name(&state::WriteBehind::new(state::MemoryStores::new(), most));
                }
            })+
        }
        mod gathered_on_disk {
            $(#[test]
            fn $name() {
                let folder = tempfile::tempdir().unwrap();
                let stores = state::RocksStores::new(folder.path(), state::Sizes::of_bytes(0));
                super::$name(&state::WriteBehind::new(stores, state::Gathering { entries: 3, bytes: 5 }));
            })+
        }
    };
}

contract! {
    an_empty_store_has_nothing,
    a_batch_reads_back_as_written,
    a_removed_debtor_is_gone_with_its_history,
    later_entries_of_a_batch_win,
    partitions_have_nothing_in_common,
    timers_come_in_the_order_of_their_keys,
    timers_before_the_cursor_are_not_seen,
    timers_are_taken_up_to_and_including_a_moment,
    a_scan_goes_on_at_its_cursor,
    a_cursor_without_a_debtor_comes_before_all_of_its_moment,
    a_timer_removed_and_added_in_one_batch_is_there,
    a_timer_added_twice_and_removed_once_is_gone,
    history_comes_newest_first,
    history_keeps_the_newest_lines,
    history_written_again_is_the_same,
    a_cleared_store_is_empty_and_takes_batches,
    a_closed_store_opens_with_all_of_it,
    an_open_store_is_not_opened_again,
    debtors_are_counted_about,
    debtors_are_listed_once_each_from_anyone_on,
    waiting_commands_come_in_the_order_of_their_sequences,
    history_is_read_beside_the_store_from_any_place_on,
    lists_are_kept_apart_and_in_order,
    lists_that_are_cleared_are_empty_and_say_nothing_of_their_version,
    who_reads_beside_a_store_does_not_keep_it_open,
    who_reads_beside_a_store_reads_on_after_it_was_cleared,
}

fn id(text: &str) -> DebtorId {
    DebtorId::from(text)
}

fn timer(due: i64, debtor: &str) -> TimerKey {
    TimerKey { due: Timestamp(due), debtor: id(debtor) }
}

fn line(sequence: i64) -> HistoryLine {
    HistoryLine { sequence, record: Bytes::from(format!("record {sequence}")) }
}

fn lines(debtor: &str, sequences: impl IntoIterator<Item = i64>) -> StoreBatch {
    let history = sequences.into_iter().map(|sequence| (id(debtor), line(sequence))).collect();
    StoreBatch { history, ..StoreBatch::default() }
}

fn debtor(name: &str, form: Option<&'static str>) -> StoreBatch {
    let form = form.map(|form| Bytes::from_static(form.as_bytes()));
    StoreBatch { debtors: vec![(id(name), form)], ..StoreBatch::default() }
}

fn timers(timers_added: Vec<TimerKey>) -> StoreBatch {
    StoreBatch { timers_added, ..StoreBatch::default() }
}

fn without(timers_removed: Vec<TimerKey>) -> StoreBatch {
    StoreBatch { timers_removed, ..StoreBatch::default() }
}

#[track_caller]
fn with<S: Stores>(stores: &S, batches: &[StoreBatch]) -> S::Store {
    let mut store = stores.open(7).unwrap();
    for batch in batches {
        store.apply(batch).unwrap();
    }
    store
}

#[track_caller]
fn check_debtor(store: &impl Store, name: &str, form: Option<&'static str>) {
    let read = store.debtor(name).unwrap();
    assert_eq!(read.as_deref(), form.map(str::as_bytes), "{name}");
    assert_eq!(store.reader().debtor(name).unwrap(), read, "{name}, beside");
}

#[track_caller]
fn check_timers(store: &impl Store, from: &TimerKey, until: i64, expected: &[TimerKey]) {
    assert_eq!(store.timers(from, Timestamp(until), usize::MAX).unwrap(), expected);
}

#[track_caller]
fn check_history(store: &impl Store, name: &str, expected: impl IntoIterator<Item = i64>) {
    let read = store.history(name, usize::MAX).unwrap();
    assert_eq!(read, expected.into_iter().map(line).collect::<Vec<_>>(), "{name}");
    assert_eq!(store.reader().history(name, i64::MAX, usize::MAX).unwrap(), read, "{name}, beside");
}

fn first() -> TimerKey {
    TimerKey::before_all_at(Timestamp::EARLIEST)
}

/// Timers of many moments, and many of one, in their order.
fn many_timers() -> Vec<TimerKey> {
    let moments = [i64::MIN, -1, 0, 1, 255, 256, i64::MAX];
    let debtors = ["a", "ab", "b", "21", "x\0", "x", "zoë"];
    let of = |due| debtors.map(|debtor| timer(due, debtor));
    let mut all: Vec<TimerKey> = moments.into_iter().flat_map(of).collect();
    all.sort();
    all
}

fn an_empty_store_has_nothing(stores: &impl Stores) {
    let store = with(stores, &[]);
    assert_eq!(store.meta().unwrap(), None);
    check_debtor(&store, "a", None);
    check_timers(&store, &first(), i64::MAX, &[]);
    check_history(&store, "a", []);
    assert_eq!(store.approximate_debtors(), 0);
}

fn a_batch_reads_back_as_written(stores: &impl Stores) {
    let batch = StoreBatch {
        debtors: vec![(id("a"), Some(Bytes::from_static(b"A"))), (id("a\0b"), Some(Bytes::new()))],
        timers_removed: vec![timer(9, "never there")],
        timers_added: vec![timer(-5, "a"), timer(3, "zoë")],
        waiting: vec![(7, Some(Bytes::from_static(b"command")))],
        history: vec![(id("a"), line(1)), (id("ab"), line(2))],
        meta: Some(Bytes::from_static(b"here")),
        ..StoreBatch::default()
    };
    let mut store = with(stores, &[batch]);
    for flushed in [false, true] {
        assert_eq!(store.meta().unwrap().as_deref(), Some(&b"here"[..]), "flushed: {flushed}");
        check_debtor(&store, "a", Some("A"));
        check_debtor(&store, "a\0b", Some(""));
        check_debtor(&store, "ab", None);
        check_timers(&store, &first(), i64::MAX, &[timer(-5, "a"), timer(3, "zoë")]);
        check_history(&store, "a", [1]);
        check_history(&store, "ab", [2]);
        assert_eq!(store.waiting(7).unwrap().as_deref(), Some(&b"command"[..]), "flushed: {flushed}");
        store.flush().unwrap();
    }
}

fn a_removed_debtor_is_gone_with_its_history(stores: &impl Stores) {
    let mut removal = debtor("a", None);
    removal.history = vec![(id("a"), line(1))];
    let (a, b) = (debtor("a", Some("A")), debtor("b", Some("B")));
    let mut store = with(stores, &[lines("a", 1..=3), lines("b", 1..=2), a, b]);
    store.flush().unwrap();
    store.apply(&removal).unwrap();
    check_debtor(&store, "a", None);
    check_debtor(&store, "b", Some("B"));
    check_history(&store, "a", [1]);
    check_history(&store, "b", [2, 1]);
}

fn later_entries_of_a_batch_win(stores: &impl Stores) {
    let forms = ["one", "two"].map(|form| (id("a"), Some(Bytes::from_static(form.as_bytes()))));
    let batch = StoreBatch { debtors: forms.to_vec(), ..StoreBatch::default() };
    check_debtor(&with(stores, &[batch]), "a", Some("two"));
}

fn partitions_have_nothing_in_common(stores: &impl Stores) {
    let mut one = stores.open(1).unwrap();
    let mut other = stores.open(2).unwrap();
    one.apply(&debtor("a", Some("one"))).unwrap();
    other.apply(&debtor("a", Some("other"))).unwrap();
    other.clear().unwrap();
    check_debtor(&one, "a", Some("one"));
    check_debtor(&other, "a", None);
}

fn timers_come_in_the_order_of_their_keys(stores: &impl Stores) {
    let expected = many_timers();
    let mut added = expected.clone();
    added.reverse();
    let mut store = with(stores, &[timers(added)]);
    check_timers(&store, &first(), i64::MAX, &expected);
    store.flush().unwrap();
    check_timers(&store, &first(), i64::MAX, &expected);
}

fn timers_before_the_cursor_are_not_seen(stores: &impl Stores) {
    let all = many_timers();
    let store = with(stores, &[timers(all.clone())]);
    for from in 0..all.len() {
        check_timers(&store, &all[from], i64::MAX, &all[from..]);
    }
    assert_eq!(store.timers(&all[1], Timestamp::LATEST, 2).unwrap(), &all[1..3]);
    assert_eq!(store.timers(&all[1], Timestamp::LATEST, 0).unwrap(), &[]);
}

fn timers_are_taken_up_to_and_including_a_moment(stores: &impl Stores) {
    let all = [timer(-7, "a"), timer(5, "a"), timer(6, "a"), timer(i64::MAX, "a")];
    let store = with(stores, &[timers(all.to_vec())]);
    for (until, count) in [(i64::MIN, 0), (-8, 0), (-7, 1), (4, 1), (5, 2), (6, 3), (i64::MAX, 4)] {
        check_timers(&store, &first(), until, &all[..count]);
    }
    // The cursor may lie behind the moment that is asked for.
    check_timers(&store, &timer(6, "a"), 5, &[]);
}

fn a_scan_goes_on_at_its_cursor(stores: &impl Stores) {
    let expected = many_timers();
    let mut store = with(stores, &[timers(expected.clone())]);
    let (mut taken, mut cursor) = (Vec::new(), first());
    loop {
        let some = store.timers(&cursor, Timestamp::LATEST, 4).unwrap();
        let Some(last) = some.last() else { break };
        cursor = last.clone();
        taken.extend(some.iter().cloned());
        store.apply(&without(some)).unwrap();
    }
    assert_eq!(taken, expected);
}

fn a_cursor_without_a_debtor_comes_before_all_of_its_moment(stores: &impl Stores) {
    let mut of_moment: Vec<TimerKey> = (0..500).map(|n| timer(10, &format!("d{n}"))).collect();
    of_moment.sort();
    let mut added = of_moment.clone();
    added.push(timer(9, "before"));
    let store = with(stores, &[timers(added)]);
    check_timers(&store, &TimerKey::before_all_at(Timestamp(10)), 10, &of_moment);
}

fn a_timer_removed_and_added_in_one_batch_is_there(stores: &impl Stores) {
    let mut again = timers(vec![timer(1, "a")]);
    again.timers_removed = vec![timer(1, "a")];
    let store = with(stores, &[timers(vec![timer(1, "a")]), again]);
    check_timers(&store, &first(), i64::MAX, &[timer(1, "a")]);
}

fn a_timer_added_twice_and_removed_once_is_gone(stores: &impl Stores) {
    let added = timers(vec![timer(1, "a")]);
    let mut store = with(stores, std::slice::from_ref(&added));
    store.flush().unwrap();
    store.apply(&added).unwrap();
    store.apply(&without(vec![timer(1, "a")])).unwrap();
    store.flush().unwrap();
    check_timers(&store, &first(), i64::MAX, &[]);
}

fn history_comes_newest_first(stores: &impl Stores) {
    let store = with(stores, &[lines("a", [1]), lines("b", [1, 2]), lines("a", [2, 3])]);
    check_history(&store, "a", [3, 2, 1]);
    check_history(&store, "b", [2, 1]);
    check_history(&store, "", []);
    assert_eq!(store.history("a", 2).unwrap(), [line(3), line(2)]);
    assert_eq!(store.history("a", 0).unwrap(), []);
}

fn history_keeps_the_newest_lines(stores: &impl Stores) {
    let kept = i64::from(HISTORY_LINES);
    // In one batch, and line by line across flushes.
    let mut store = with(stores, &[lines("a", 1..=kept + 50)]);
    check_history(&store, "a", (51..=kept + 50).rev());
    for sequence in kept + 51..=kept + 60 {
        store.apply(&lines("a", [sequence])).unwrap();
        store.flush().unwrap();
    }
    check_history(&store, "a", (61..=kept + 60).rev());
}

fn history_written_again_is_the_same(stores: &impl Stores) {
    let newest = i64::from(HISTORY_LINES) + 10;
    let mut store = with(stores, &[lines("a", 1..=newest)]);
    // A restore reads from an earlier place and writes the same lines once more.
    for sequence in 5..=newest {
        store.apply(&lines("a", [sequence])).unwrap();
    }
    check_history(&store, "a", (11..=newest).rev());
}

fn a_cleared_store_is_empty_and_takes_batches(stores: &impl Stores) {
    let mut batch = debtor("a", Some("A"));
    batch.timers_added = vec![timer(1, "a")];
    batch.history = vec![(id("a"), line(1))];
    batch.meta = Some(Bytes::from_static(b"here"));
    let mut store = with(stores, &[batch]);
    store.flush().unwrap();
    store.clear().unwrap();
    assert_eq!(store.meta().unwrap(), None);
    check_debtor(&store, "a", None);
    check_timers(&store, &first(), i64::MAX, &[]);
    check_history(&store, "a", []);
    store.apply(&debtor("b", Some("B"))).unwrap();
    store.flush().unwrap();
    store.flush().unwrap();
    drop(store);
    let store = stores.open(7).unwrap();
    check_debtor(&store, "a", None);
    check_debtor(&store, "b", Some("B"));
}

fn a_closed_store_opens_with_all_of_it(stores: &impl Stores) {
    let mut batch = debtor("a", Some("A"));
    batch.meta = Some(Bytes::from_static(b"here"));
    let mut store = with(stores, &[batch]);
    store.flush().unwrap();
    drop(store);
    let store = stores.open(7).unwrap();
    check_debtor(&store, "a", Some("A"));
    assert_eq!(store.meta().unwrap().as_deref(), Some(&b"here"[..]));
}

fn an_open_store_is_not_opened_again(stores: &impl Stores) {
    let store = with(stores, &[]);
    let error = stores.open(7).err().unwrap();
    assert!(matches!(&error, StoreError::Open { path, .. } if path.ends_with("p-00007")), "{error}");
    drop(store);
    stores.open(7).unwrap();
}

fn debtors_are_counted_about(stores: &impl Stores) {
    let names = (0..100).map(|n| (id(&format!("d{n}")), Some(Bytes::from_static(b"form"))));
    let batch = StoreBatch { debtors: names.collect(), ..StoreBatch::default() };
    let store = with(stores, &[batch]);
    assert!((90..=110).contains(&store.approximate_debtors()));
}

#[test]
fn stores_can_be_shared_by_the_threads_of_a_process() {
    fn shared<S: Stores>(_: &S) {}
    shared(&MemoryStores::new());
    shared(&RocksStores::new("unused", Sizes::of_bytes(0)));
}

fn debtors_are_listed_once_each_from_anyone_on(stores: &impl Stores) {
    let mut store = stores.open(0).unwrap();
    assert_eq!(store.debtors_after(&id(""), 10).unwrap(), []);
    let names = ["a", "ab", "a\u{1}", "b", "7", "zz"];
    for name in names {
        store.apply(&debtor(name, Some("form"))).unwrap();
    }
    let all = store.debtors_after(&id(""), 100).unwrap();
    let mut sorted = all.clone();
    sorted.sort();
    let mut wanted = names.map(id).to_vec();
    wanted.sort();
    assert_eq!(sorted, wanted);
    let mut one_by_one = Vec::new();
    let mut after = id("");
    while let Some(next) = store.debtors_after(&after, 1).unwrap().pop() {
        one_by_one.push(next.clone());
        // Who is removed meanwhile is a place to go on from all the same.
        store.apply(&debtor(next.as_str(), None)).unwrap();
        after = next;
    }
    assert_eq!(one_by_one, all);
}

fn waiting_commands_come_in_the_order_of_their_sequences(stores: &impl Stores) {
    let mut store = stores.open(0).unwrap();
    let form = |sequence: i64| Bytes::from(format!("command {sequence}"));
    let waiting = [1, 2, 3, 256, 257, i64::MAX].map(|sequence| (sequence, Some(form(sequence)))).to_vec();
    store.apply(&StoreBatch { waiting, ..StoreBatch::default() }).unwrap();
    let waiting = vec![(2, None), (3, Some(Bytes::from_static(b"less"))), (4, Some(form(4))), (4, None)];
    store.apply(&StoreBatch { waiting, ..StoreBatch::default() }).unwrap();
    let after = |sequence, at_most| {
        let found = store.waiting_after(sequence, at_most).unwrap();
        assert_eq!(store.reader().waiting_after(sequence, at_most).unwrap(), found, "beside it");
        found.into_iter().map(|(sequence, _)| sequence).collect::<Vec<_>>()
    };
    assert_eq!(after(0, 10), [1, 3, 256, 257, i64::MAX]);
    assert_eq!(after(1, 2), [3, 256]);
    assert_eq!(after(i64::MAX, 2), [0_i64; 0]);
    assert_eq!(store.waiting(3).unwrap(), Some(Bytes::from_static(b"less")));
    assert_eq!(store.waiting(2).unwrap(), None);
}

fn history_is_read_beside_the_store_from_any_place_on(stores: &impl Stores) {
    let mut store = with(stores, &[lines("a", 1..=4), lines("ab", 1..=9)]);
    let reader = store.reader();
    let read = |before, at_most| {
        let lines = reader.history("a", before, at_most).unwrap();
        lines.into_iter().map(|line| line.sequence).collect::<Vec<_>>()
    };
    assert_eq!(read(i64::MAX, 2), [4, 3]);
    assert_eq!(read(3, 2), [2, 1]);
    assert_eq!(read(3, 1), [2]);
    assert!(read(1, 9).is_empty());
    assert!(read(i64::MIN, 9).is_empty());
    assert_eq!(read(7, 9), [4, 3, 2, 1]);
    // What is applied later is read as well.
    store.apply(&lines("a", [5])).unwrap();
    assert_eq!(read(i64::MAX, 2), [5, 4]);
    assert_eq!(read(5, 2), [4, 3]);
}

fn who_reads_beside_a_store_does_not_keep_it_open(stores: &impl Stores) {
    let store = with(stores, &[debtor("a", Some("1")), lines("a", [1])]);
    let reader = store.reader();
    assert!(reader.debtor("a").unwrap().is_some());
    drop(store);
    let is_closed = |reader: &dyn engine::store::StoreReader| {
        ["a", "nobody"].into_iter().all(|id| {
            matches!(reader.debtor(id), Err(ReadError::Closed))
                && matches!(reader.history(id, i64::MAX, 9), Err(ReadError::Closed))
        })
    };
    assert!(is_closed(&*reader));
    let store = stores.open(7).unwrap();
    assert!(is_closed(&*reader), "it is of a store that is closed");
    assert!(store.reader().debtor("nobody").unwrap().is_none());
}

fn who_reads_beside_a_store_reads_on_after_it_was_cleared(stores: &impl Stores) {
    let mut store = with(stores, &[debtor("a", Some("1"))]);
    let reader = store.reader();
    store.clear().unwrap();
    assert_eq!(reader.debtor("a").unwrap(), None);
    store.apply(&debtor("a", Some("2"))).unwrap();
    assert_eq!(reader.debtor("a").unwrap().as_deref(), Some(&b"2"[..]));
}
