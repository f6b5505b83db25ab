//! What the store costs, in microseconds: batched writes, cold and warm point reads, and timer scans
//! from a cursor and over tombstones.
//!
//! Two figures each, the median and the least: on a busy machine only the least is the store's own.
//! `cargo run --release -p state --example store_cost [folder]`. The folder decides which disk is
//! measured; by default it is a temporary one. Nothing here is a load test of Weir.

use bytes::Bytes;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use engine::store::{HistoryLine, Store, StoreBatch, StoreError, Stores, TimerKey};
use state::{RocksStores, Sizes};
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

const DEBTORS: u64 = 100_000;
const BATCH: u64 = 1_000;
const FORM_BYTES: u64 = 300;
const TOMBSTONES: u64 = 100_000;
const ROUNDS: u64 = 50;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let temporary = tempfile::tempdir()?;
    let folder = std::env::args().nth(1).map_or(temporary.path().to_path_buf(), PathBuf::from);
    let stores = RocksStores::new(folder, Sizes::of_bytes(256 * 1024 * 1024));
    let mut store = stores.open(0)?;

    println!("{DEBTORS} debtors of {FORM_BYTES} bytes, batches of {BATCH}; median and least");
    let fill = (0..DEBTORS).step_by(steps(BATCH)).map(|first| batch(first, first + BATCH, false));
    print("write a debtor (batched)", BATCH, apply_all(&mut store, fill)?);
    let rewrite = (0..ROUNDS).map(|round| scattered(round, false));
    print("write a debtor again (batched)", BATCH, apply_all(&mut store, rewrite)?);
    let full = (0..ROUNDS).map(|round| scattered(round, true));
    print("write a debtor, its timer and a line", BATCH, apply_all(&mut store, full)?);
    let started = Instant::now();
    store.flush()?;
    println!("{:<42} {:>10.0} µs", "flush of the rest, once", started.elapsed().as_secs_f64() * 1e6);

    drop(store);
    let mut store = stores.open(0)?;
    print("read a debtor, first since opening", BATCH, all_reads(&store, 0..1)?);
    for round in 0..DEBTORS / BATCH {
        reads(&store, round).1?;
    }
    print("read a debtor, warm", BATCH, all_reads(&store, 0..ROUNDS)?);
    print("read a debtor that is not there", BATCH, all_reads(&store, DEBTORS..DEBTORS + ROUNDS)?);

    timers(&mut store)?;
    Ok(())
}

/// Tombstones of timers that have fired, and one that is due after them.
fn timers(store: &mut impl Store) -> Result<(), StoreError> {
    let timer = |n: u64| TimerKey { due: Timestamp(micros(n)), debtor: id(n) };
    let cursor = timer(TOMBSTONES);
    let all: Vec<TimerKey> = (0..=TOMBSTONES).map(timer).collect();
    for some in all.chunks(steps(BATCH)) {
        store.apply(&StoreBatch { timers_added: some.to_vec(), ..StoreBatch::default() })?;
    }
    for some in all.chunks(steps(BATCH)) {
        let timers_removed = some.iter().filter(|each| **each != cursor).cloned().collect();
        store.apply(&StoreBatch { timers_removed, ..StoreBatch::default() })?;
    }
    let first = TimerKey::before_all_at(Timestamp::EARLIEST);
    print("next timer, from the cursor", 1, next_timer(store, &cursor)?);
    print("next timer, over 100,000 tombstones", 1, next_timer(store, &first)?);
    store.flush()?;
    print("once flushed, from the cursor", 1, next_timer(store, &cursor)?);
    print("once flushed, over what is left of them", 1, next_timer(store, &first)?);
    Ok(())
}

fn next_timer(store: &impl Store, from: &TimerKey) -> Result<Cost, StoreError> {
    let until = Timestamp(micros(TOMBSTONES));
    cost((0..ROUNDS).map(|_| timed(|| store.timers(from, until, 1))))
}

fn apply_all(store: &mut impl Store, batches: impl Iterator<Item = StoreBatch>) -> Result<Cost, StoreError> {
    cost(batches.map(|batch| timed(|| store.apply(&batch))))
}

fn all_reads(store: &impl Store, rounds: std::ops::Range<u64>) -> Result<Cost, StoreError> {
    cost(rounds.map(|round| reads(store, round)))
}

/// A thousand debtors, spread over all of them.
fn reads(store: &impl Store, round: u64) -> (f64, Result<(), StoreError>) {
    let ids: Vec<DebtorId> = (0..BATCH).map(|n| spread(round, n)).collect();
    let read = |id: &DebtorId| store.debtor(id.as_str()).map(|form| drop(black_box(form)));
    timed(|| ids.iter().try_for_each(read))
}

/// Debtors all over the key space, others in each round; from round `DEBTORS` on there are none.
fn spread(round: u64, n: u64) -> DebtorId {
    let beyond = round / DEBTORS * DEBTORS;
    id(beyond + (n * 7_919 + round * 104_729) % DEBTORS)
}

fn scattered(round: u64, with_more: bool) -> StoreBatch {
    let mut batch = batch(0, BATCH, with_more);
    for (n, (id, _)) in (0..).zip(&mut batch.debtors) {
        *id = spread(round, n);
    }
    for (line, (id, _)) in batch.history.iter_mut().zip(&batch.debtors) {
        line.0 = id.clone();
        line.1.sequence = micros(round);
    }
    for (timer, (id, _)) in batch.timers_added.iter_mut().zip(&batch.debtors) {
        // Far after the timers that are scanned.
        *timer =
            TimerKey { due: Timestamp(micros(1 << 40).saturating_add(micros(round))), debtor: id.clone() };
    }
    batch
}

fn batch(first: u64, end: u64, with_more: bool) -> StoreBatch {
    let debtors: Vec<_> = (first..end).map(|n| (id(n), Some(form(n)))).collect();
    let mut batch = StoreBatch { meta: Some(Bytes::from_static(b"a position")), ..StoreBatch::default() };
    if with_more {
        let timer = |id: &DebtorId| TimerKey { due: Timestamp::EARLIEST, debtor: id.clone() };
        let line = |n| HistoryLine { sequence: 0, record: form(n) };
        batch.timers_added = debtors.iter().map(|(id, _)| timer(id)).collect();
        batch.history = (first..).zip(&debtors).map(|(n, (id, _))| (id.clone(), line(n))).collect();
    }
    batch.debtors = debtors;
    batch
}

/// Half of it compresses, as stored forms do.
fn form(n: u64) -> Bytes {
    let noise = |i: u64| (n ^ (i << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    (0..FORM_BYTES).map(|i| if i % 2 == 0 { noise(i).first().copied().unwrap_or(0) } else { 7 }).collect()
}

fn id(n: u64) -> DebtorId {
    DebtorId::from(format!("4917{n:09}"))
}

fn timed<T, E>(work: impl FnOnce() -> Result<T, E>) -> (f64, Result<T, E>) {
    let started = Instant::now();
    let done = work();
    (started.elapsed().as_secs_f64() * 1e6, done)
}

/// The median and the least of some timings, in microseconds.
type Cost = (f64, f64);

fn cost<T, E>(timings: impl Iterator<Item = (f64, Result<T, E>)>) -> Result<Cost, E> {
    let mut micros = Vec::new();
    for (took, done) in timings {
        done?;
        micros.push(took);
    }
    micros.sort_by(f64::total_cmp);
    let at = |place: usize| micros.get(place).copied().unwrap_or(f64::NAN);
    Ok((at(micros.len() / 2), at(0)))
}

#[expect(clippy::cast_precision_loss, reason = "small counts, for printing")]
fn print(what: &str, parts: u64, (median_micros, least_micros): Cost) {
    let part = |micros: f64| micros / parts as f64;
    println!("{what:<42} {:>10.2} {:>10.2} µs", part(median_micros), part(least_micros));
}

fn steps(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn micros(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
