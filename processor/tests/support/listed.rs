//! Every list that can be asked for, held against the debtors.

use decision::Debtor;
use decision::money::Currency;
use engine::Reading;
use engine::lists::{List, ListKey, ListKind, Position};
use engine::reading::Asked;
use std::collections::{BTreeMap, BTreeSet};

/// What is asked by these lists, in pages of so many.
pub fn asked(on: Vec<Vec<List>>, at_most: usize) -> Asked {
    Asked { on, currency: None, min_debt: 0, from: Position::first(), at_most, patience: usize::MAX }
}

/// All who come, page by page.
pub fn all(reading: &Reading, partitions: &[u32], mut asked: Asked) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let page = reading.listed(partitions, &asked).unwrap();
        assert!(page.lines.len() <= asked.at_most);
        ids.extend(page.lines.into_iter().map(|(position, _)| position.debtor.to_string()));
        let Some(next) = page.next else { return ids };
        assert!(next > asked.from, "it goes on");
        asked.from = next;
    }
}

/// Holds every list, each two of them together, and what bounds there are, against what the debtors say.
#[track_caller]
pub fn check(reading: &Reading, partitions: &[u32], debtors: &BTreeMap<String, Debtor>) {
    let lines: BTreeSet<ListKey> = debtors.values().flat_map(engine::lists::lines_of).collect();
    let mut on: BTreeMap<&List, Vec<&Position>> = BTreeMap::new();
    for line in &lines {
        on.entry(&line.list).or_default().push(&line.position);
    }
    let ids = |positions: &[&Position]| -> Vec<String> {
        positions.iter().map(|position| position.debtor.to_string()).collect()
    };
    for (list, positions) in &on {
        for at_most in [7, 1_000] {
            let found = all(reading, partitions, asked(vec![vec![(*list).clone()]], at_most));
            assert_eq!(found, ids(positions), "{list:?}");
        }
    }
    let kinds = [ListKind::Work, ListKind::Segment, ListKind::Hold, ListKind::Manager, ListKind::Stage];
    let by_debt: Vec<_> = on.iter().filter(|(list, _)| kinds.contains(&list.kind)).collect();
    assert!(by_debt.len() > 3, "there is too little to ask for: {:?}", on.keys());
    for (one, positions) in &by_debt {
        for (other, others) in &by_debt {
            let both: Vec<_> =
                positions.iter().copied().filter(|position| others.contains(position)).collect();
            let sides = vec![vec![(**one).clone()], vec![(**other).clone()]];
            if one.kind != other.kind {
                assert_eq!(all(reading, partitions, asked(sides, 20)), ids(&both), "{one:?} and {other:?}");
            }
            let either: BTreeSet<&Position> = positions.iter().chain(others.iter()).copied().collect();
            let either: Vec<_> = either.into_iter().collect();
            let side = vec![vec![(**one).clone(), (**other).clone()]];
            let found = all(reading, partitions, asked(side, 20));
            if one.kind == other.kind {
                assert_eq!(found, ids(&either), "{one:?} or {other:?}");
            }
        }
    }
    check_what_is_not_kept(reading, partitions, debtors);
    let work: Vec<&Position> = on.iter().find(|(list, _)| list.kind == ListKind::Work).unwrap().1.clone();
    let middle = -work[work.len() / 2].rank;
    let owing: Vec<_> = work.iter().copied().filter(|position| -position.rank >= middle).collect();
    let found = all(reading, partitions, Asked { min_debt: middle, ..asked(Vec::new(), 9) });
    assert_eq!(found, ids(&owing), "owing {middle}");
    let of = |code: &str| Some(Currency::parse(code).unwrap());
    let euros = |position: &&&Position| debtors[position.debtor.as_str()].currency == of("EUR");
    let euros: Vec<&Position> = work.iter().filter(euros).copied().collect();
    for (currency, expected) in [("EUR", ids(&euros)), ("UZS", Vec::new())] {
        let found = all(reading, partitions, Asked { currency: of(currency), ..asked(Vec::new(), 9) });
        assert_eq!(found, expected, "{currency}");
    }
}

/// What no list is kept of is found as well, by looking.
#[track_caller]
fn check_what_is_not_kept(reading: &Reading, partitions: &[u32], debtors: &BTreeMap<String, Debtor>) {
    let plans = debtors.values().flat_map(|debtor| &debtor.profiles).flat_map(|profile| &profile.cycles);
    let plans: BTreeSet<&str> = plans.map(|cycle| cycle.plan.as_str()).collect();
    assert!(!plans.is_empty(), "nobody is worked on");
    for plan in plans {
        let list = List::new(ListKind::Plan, plan);
        let has = |debtor: &&Debtor| {
            let mut cycles = debtor.profiles.iter().flat_map(|profile| &profile.cycles);
            cycles.any(|cycle| cycle.plan.as_str() == plan)
        };
        let mut expected: Vec<_> = debtors.values().filter(has).collect();
        expected.sort_by_key(|debtor| (Position::rank(debtor.owed), debtor.id.clone()));
        let expected: Vec<String> = expected.into_iter().map(|debtor| debtor.id.to_string()).collect();
        for patience in [usize::MAX, 1] {
            let found = all(reading, partitions, Asked { patience, ..asked(vec![vec![list.clone()]], 3) });
            assert_eq!(found, expected, "{plan} with a patience of {patience}");
        }
    }
}
