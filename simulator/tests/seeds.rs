//! Some thousand worlds in every test run: in none of them anything is lost, doubled or early.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use simulator::{Options, run, shrink};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The seeds of a test run. More, and others, with `./x sim`.
const SEEDS: u64 = 3_000;

/// Runs these seeds on all cores; answers the first that fails, with the fewest faults.
fn first_failure(from: u64, count: u64) -> Option<String> {
    let (next, failed) = (AtomicU64::new(0), Mutex::new(None::<u64>));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                loop {
                    let seed = from + next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + count || failed.lock().unwrap().is_some() {
                        return;
                    }
                    if !run(seed, &Options::default()).deviations.is_empty() {
                        let mut failed = failed.lock().unwrap();
                        *failed = Some(failed.map_or(seed, |other| other.min(seed)));
                    }
                }
            });
        }
    });
    let seed = failed.into_inner().unwrap()?;
    let (kept, outcome) = shrink(seed, &Options::default());
    let only: Vec<String> = kept.iter().map(usize::to_string).collect();
    let only = if only.is_empty() { "none".to_owned() } else { only.join(",") };
    Some(format!(
        "seed {seed} fails: {:#?}\nwith {:#?}\nsee it again: ./x sim --seeds 1 --from {seed} --only {only} --tell",
        outcome.deviations, outcome.faults
    ))
}

#[test]
fn in_no_world_is_anything_lost_doubled_or_early() {
    if let Some(told) = first_failure(0, SEEDS) {
        panic!("{told}");
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in [1, 7, 40, 41] {
        let (first, again) = (run(seed, &Options::default()), run(seed, &Options::default()));
        assert_eq!(first.trace, again.trace, "of seed {seed}");
        assert!(first.effects > 1_000, "too little happened: {first:?}");
    }
}

#[test]
fn worlds_are_busy_enough_to_show_anything() {
    let (mut inputs, mut timers, mut commands, mut poisoned) = (0, 0, 0, 0);
    for seed in 5_000..5_120 {
        let outcome = run(seed, &Options::default());
        inputs += outcome.inputs;
        timers += outcome.timers;
        commands += outcome.commands;
        poisoned += outcome.poisoned;
    }
    assert!(inputs > 12_000 && timers > 2_000 && commands > 3_600, "{inputs} {timers} {commands}");
    assert!(poisoned > 20, "the core failed only over {poisoned} inputs");
}
