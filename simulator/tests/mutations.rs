//! The simulator notices every rule of the engine that is broken on purpose (docs/simulator.md).
#![allow(clippy::unwrap_used, reason = "tests")]

use engine::faults::Mutation;
use simulator::notice;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// By how many seeds each must be noticed.
const MOST: u64 = 1_500;

#[test]
fn every_rule_that_is_broken_on_purpose_is_noticed() {
    let (next, missed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                while let Some(mutation) = Mutation::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if notice(*mutation, 0, MOST).is_none() {
                        missed.lock().unwrap().push(mutation.word());
                    }
                }
            });
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "nobody notices {missed:?}");
}

#[test]
fn the_page_names_every_mutation() {
    let page = include_str!("../../docs/simulator.md");
    for mutation in Mutation::ALL {
        assert!(page.contains(&format!("`{}`", mutation.word())), "{} is not there", mutation.word());
    }
}
