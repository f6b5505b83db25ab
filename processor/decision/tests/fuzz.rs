//! No bytes make the core panic, or break what always holds. The long search is
//! `examples/fuzz_decide.rs`.

mod fuzzing;

use fuzzing::Search;

/// Searches some lives from a seed on.
fn search(seed: u64, lives: usize) -> Search {
    let mut search = Search::new(seed);
    for _ in 0..lives {
        if let Err(fault) = search.step() {
            let life: String = fault.life.iter().map(|byte| format!("{byte:02x}")).collect();
            panic!("{}\nfuzz_decide --life {life}", fault.what);
        }
    }
    search
}

#[test]
fn no_bytes_make_a_life_that_panics_or_breaks_what_always_holds() {
    for seed in 0..4 {
        let search = search(seed, 150);
        let (decisions, signs) = (search.decisions, search.signs());
        assert!(
            decisions > 3_000 && signs > 200,
            "the lives were dull: {decisions} decisions, {signs} signs"
        );
    }
}

#[test]
fn a_search_is_the_same_for_the_same_seed() {
    let [first, again] = [search(7, 20), search(7, 20)];
    assert_eq!((first.lives, first.digest()), (again.lives, again.digest()));
}
