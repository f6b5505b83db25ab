//! What every store keeps to with its lists.

use super::{id, with};
use engine::lists::finding::Cursor;
use engine::lists::{List, ListKey, ListKind, Position};
use engine::store::{Store, StoreBatch, Stores};

fn on(kind: ListKind, name: &str, rank: i64, debtor: &str) -> ListKey {
    ListKey { list: List::new(kind, name), position: Position { rank, debtor: id(debtor) } }
}

/// Who stands on a list, and where.
#[track_caller]
fn check_list(store: &impl Store, kind: ListKind, name: &str, expected: &[(i64, &str)]) {
    let mut found = Vec::new();
    let mut look = |cursors: &mut [Box<dyn Cursor + '_>]| {
        for cursor in cursors {
            cursor.seek(&Position::first())?;
            while let Some(at) = cursor.at().cloned() {
                found.push((at.rank, at.debtor.to_string()));
                cursor.advance()?;
            }
        }
        Ok(())
    };
    store.reader().look_into(&[List::new(kind, name)], &mut look).unwrap();
    let found: Vec<_> = found.iter().map(|(rank, debtor)| (*rank, debtor.as_str())).collect();
    assert_eq!(found, expected, "{kind:?} {name}");
}

pub(super) fn lists_are_kept_apart_and_in_order(stores: &impl Stores) {
    let all = vec![
        on(ListKind::Stage, "bar", -5, "b"),
        on(ListKind::Stage, "bar", i64::MIN, "z"),
        on(ListKind::Stage, "bar", -5, "a"),
        on(ListKind::Stage, "bar", i64::MAX, "\u{10ffff}"),
        on(ListKind::Stage, "bars", -9, "c"),
        on(ListKind::Stage, "", -9, "d"),
        on(ListKind::Plan, "bar", -9, "e"),
    ];
    let mut store = with(stores, &[StoreBatch { listed: all, ..StoreBatch::default() }]);
    let of_bar = [(i64::MIN, "z"), (-5, "a"), (-5, "b"), (i64::MAX, "\u{10ffff}")];
    check_list(&store, ListKind::Stage, "bar", &of_bar);
    check_list(&store, ListKind::Stage, "", &[(-9, "d")]);
    check_list(&store, ListKind::Plan, "bar", &[(-9, "e")]);
    check_list(&store, ListKind::Plan, "ba", &[]);
    // A line that goes and comes in one batch is there.
    let goes = vec![on(ListKind::Stage, "bar", -5, "a"), on(ListKind::Stage, "bar", -5, "b")];
    let comes = vec![on(ListKind::Stage, "bar", -5, "b"), on(ListKind::Stage, "bar", -6, "a")];
    store.apply(&StoreBatch { listed_no_more: goes, listed: comes, ..StoreBatch::default() }).unwrap();
    let of_bar = [(i64::MIN, "z"), (-6, "a"), (-5, "b"), (i64::MAX, "\u{10ffff}")];
    check_list(&store, ListKind::Stage, "bar", &of_bar);
}

pub(super) fn lists_that_are_cleared_are_empty_and_say_nothing_of_their_version(stores: &impl Stores) {
    let listed = vec![on(ListKind::Stage, "bar", -5, "a"), on(ListKind::Account, "m", 0, "a")];
    let mut store = with(stores, &[StoreBatch { listed, ..StoreBatch::default() }]);
    assert_eq!(store.lists_version().unwrap(), None);
    store.apply(&StoreBatch { lists_version: Some(7), ..StoreBatch::default() }).unwrap();
    let listed = vec![on(ListKind::Stage, "bar", -6, "b")];
    store.apply(&StoreBatch { lists_cleared: true, listed, ..StoreBatch::default() }).unwrap();
    check_list(&store, ListKind::Stage, "bar", &[(-6, "b")]);
    check_list(&store, ListKind::Account, "m", &[]);
    assert_eq!(store.lists_version().unwrap(), None);
    store.apply(&StoreBatch { lists_version: Some(8), ..StoreBatch::default() }).unwrap();
    store.flush().unwrap();
    drop(store);
    let store = stores.open(7).unwrap();
    assert_eq!(store.lists_version().unwrap(), Some(8));
    check_list(&store, ListKind::Stage, "bar", &[(-6, "b")]);
}
