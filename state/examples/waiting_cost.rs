//! What it costs a task that somebody reads the waiting commands beside it, with 20,000 of them gathered before the store:
//! how long a look takes, and how long the longest of the task's own batches waits.
//!
//! `cargo run --release -p state --example waiting_cost`. Nothing here is a load test of Weir.

use bytes::Bytes;
use engine::store::{Store, StoreBatch, Stores};
use state::{Gathering, MemoryStores, WriteBehind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const GATHERED: i64 = 20_000;
const AT_ONCE: usize = 500;
const FORM_BYTES: usize = 600;
const FOR: Duration = Duration::from_secs(5);

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let most = Gathering { entries: usize::MAX, bytes: usize::MAX };
    let mut store = WriteBehind::new(MemoryStores::new(), most).open(0)?;
    let form = Bytes::from(vec![7; FORM_BYTES]);
    let waiting = (1..=GATHERED).map(|sequence| (sequence, Some(form.clone()))).collect();
    store.apply(&StoreBatch { waiting, ..StoreBatch::default() })?;
    let reader = store.reader();
    // Nothing lies behind: a look is copying what is gathered, under the lock that the task needs.
    let mut looks = Vec::new();
    for _ in 0..200 {
        let began = Instant::now();
        reader.waiting_after(0, AT_ONCE)?;
        looks.push(began.elapsed());
    }
    tell("a look at 500 of 20,000 that are gathered", looks);
    let one = StoreBatch { waiting: vec![(1, Some(form))], ..StoreBatch::default() };
    let mut apply = |what: &str| -> Result<(), Failed> {
        let (begun, mut times) = (Instant::now(), Vec::new());
        while begun.elapsed() < FOR {
            let began = Instant::now();
            store.apply(&one)?;
            times.push(began.elapsed());
            std::thread::sleep(Duration::from_micros(200));
        }
        tell(what, times);
        Ok(())
    };
    apply("a batch of one command, nobody reads")?;
    let is_over = Arc::new(AtomicBool::new(false));
    let reads = std::thread::spawn({
        let is_over = is_over.clone();
        move || {
            let mut after = 0;
            while !is_over.load(Ordering::Relaxed) {
                let some = reader.waiting_after(after, AT_ONCE).unwrap_or_default();
                after = some.last().map_or(0, |(sequence, _)| *sequence);
            }
        }
    });
    apply("a batch of one command, while all that waits is gone through again and again")?;
    is_over.store(true, Ordering::Relaxed);
    reads.join().map_err(|_| "the reader has failed")?;
    Ok(())
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: usize| times.get(times.len().saturating_sub(1) * part / 100).copied().unwrap_or_default();
    println!("{what}: median {:.1?}, 99 of 100 {:.1?}, most {:.1?}", at(50), at(99), at(100));
}
