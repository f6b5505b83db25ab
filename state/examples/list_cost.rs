//! What lists cost, in milliseconds: pages of a third of a million accounts, which is what each of three instances has
//! of a million, in eight partitions; alone, and beside a thread that applies batches as fast as it can.
//!
//! A page is who stands on the lists and the stored forms of the first fifty; decoding them, and HTTP, are not in it.
//! `cargo run --release -p state --example list_cost [folder]`. Nothing here is a load test of Weir.

use bytes::Bytes;
use decision::ids::DebtorId;
use engine::lists::finding::{Wanted, find};
use engine::lists::{List, ListKey, ListKind, Position};
use engine::store::{Store, StoreBatch, StoreError, StoreReader, Stores};
use state::{Gathering, RocksStores, Sizes, WriteBehind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ACCOUNTS: u64 = 333_334;
const PARTITIONS: u32 = 8;
const BATCH: usize = 500;
const PAGES: usize = 400;
const PAGE: usize = 50;
const FORM_BYTES: usize = 900;
const PATIENCE: usize = 5_000;

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let temporary = tempfile::tempdir()?;
    let folder = std::env::args().nth(1).map_or(temporary.path().to_path_buf(), PathBuf::from);
    let stores =
        WriteBehind::new(RocksStores::new(folder, Sizes::of_bytes(512 * 1024 * 1024)), Gathering::default());
    let mut all = Vec::new();
    let mut last = vec![0; usize::try_from(ACCOUNTS)?];
    for partition in 0..PARTITIONS {
        let mut store = stores.open(partition)?;
        let ids: Vec<u64> = (0..ACCOUNTS).filter(|id| part(*id) == partition).collect();
        for some in ids.chunks(BATCH) {
            store.apply(&changes(some, &mut last, 1))?;
        }
        store.flush()?;
        all.push((store, ids));
    }
    println!(
        "{ACCOUNTS} accounts in {PARTITIONS} partitions, a fifth of them with work; pages of {PAGE}; median, 99 of 100, most"
    );
    let readers: Vec<_> = all.iter().map(|(store, _)| store.reader()).collect();
    pages("alone", &readers)?;
    let quiet = apply_for(&mut all, &mut last, Duration::from_secs(10), 2)?;
    let is_over = Arc::new(AtomicBool::new(false));
    let beside = std::thread::spawn({
        let is_over = is_over.clone();
        move || -> Result<(Vec<f64>, _), Failed> {
            let mut round = 1_000;
            let mut times = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                times.extend(apply_for(&mut all, &mut last, Duration::from_millis(500), round)?);
                round += 1_000;
            }
            Ok((times, all))
        }
    });
    pages("beside a thread that writes", &readers)?;
    is_over.store(true, Ordering::Relaxed);
    let (beside, _stores) = beside.join().map_err(|_| "the writer has failed")??;
    print("a batch of some 500 debtors that change, nobody reads", quiet);
    print("a batch of some 500 debtors that change, while pages are read", beside);
    Ok(())
}

/// Applies batches of debts that change, for a time. Answers how long each took.
fn apply_for(
    all: &mut [(impl Store, Vec<u64>)],
    last: &mut [u64],
    time: Duration,
    first: u64,
) -> Result<Vec<f64>, StoreError> {
    let (began, mut round, mut times) = (Instant::now(), first, Vec::new());
    while began.elapsed() < time {
        for (store, ids) in &mut *all {
            let some: Vec<u64> =
                ids.iter().copied().filter(|id| hash(*id + round).is_multiple_of(80)).collect();
            let batch = changes(&some, last, round);
            let started = Instant::now();
            store.apply(&batch)?;
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        round += 1;
    }
    Ok(times)
}

/// Debtors as they are told in a round: the lines of the round that changed them last go, and those of this one come.
fn changes(ids: &[u64], last: &mut [u64], round: u64) -> StoreBatch {
    let mut batch = StoreBatch::default();
    for id in ids {
        batch
            .debtors
            .push((name(*id), Some(Bytes::from(vec![u8::try_from(round % 250).unwrap_or(0); FORM_BYTES]))));
        if let Some(last) = usize::try_from(*id).ok().and_then(|at| last.get_mut(at)) {
            if *last > 0 {
                batch.listed_no_more.extend(lines(*id, *last));
            }
            *last = round;
        }
        batch.listed.extend(lines(*id, round));
    }
    batch
}

/// A fifth have work: in one of five segments, seven stages; a tenth of them are held; each has a number.
fn lines(id: u64, round: u64) -> Vec<ListKey> {
    let key = |kind, name: &str, rank| ListKey {
        list: List::new(kind, name),
        position: Position { rank, debtor: self::name(id) },
    };
    let mut lines = vec![key(ListKind::Number, &format!("49170{id:07}"), 0)];
    if !hash(id).is_multiple_of(5) {
        return lines;
    }
    let rank = -i64::try_from(hash(id ^ (round << 32)) % 500_000).unwrap_or(0);
    lines.push(key(ListKind::Work, "", rank));
    lines.push(key(ListKind::Segment, &format!("segment-{}", hash(id + 1) % 5), rank));
    lines.push(key(ListKind::Stage, &format!("stage-{}", hash(id + 2) % 7), rank));
    if hash(id + 3).is_multiple_of(10) {
        lines.push(key(ListKind::Status, "held", rank));
    }
    lines
}

/// Pages of several questions.
fn pages(when: &str, readers: &[Arc<dyn StoreReader>]) -> Result<(), StoreError> {
    let side = |kind, name: &str| vec![List::new(kind, name)];
    let questions = [
        ("all with work", vec![side(ListKind::Work, "")]),
        ("a stage", vec![side(ListKind::Stage, "stage-3")]),
        (
            "a stage in a segment",
            vec![side(ListKind::Stage, "stage-3"), side(ListKind::Segment, "segment-1")],
        ),
        (
            "held, in a stage in a segment",
            vec![
                side(ListKind::Segment, "segment-1"),
                side(ListKind::Stage, "stage-3"),
                side(ListKind::Status, "held"),
            ],
        ),
        (
            "two long lists with nobody on both",
            vec![side(ListKind::Stage, "stage-3"), side(ListKind::Stage, "stage-4")],
        ),
        ("a number", vec![side(ListKind::Number, "491700000017")]),
    ];
    for (what, on) in questions {
        let mut times = Vec::new();
        for page in 0..PAGES {
            // From the first account, and from the middle of the list.
            let rank = if page % 2 == 0 { i64::MIN } else { -250_000 };
            let from = Position { rank, debtor: "".into() };
            let wanted =
                Wanted { on: on.clone(), from, last_rank: i64::MAX, at_most: PAGE, patience: PATIENCE };
            let started = Instant::now();
            read(readers, &wanted)?;
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        print(&format!("{what}, {when}"), times);
    }
    Ok(())
}

fn read(readers: &[Arc<dyn StoreReader>], wanted: &Wanted) -> Result<(), StoreError> {
    let lists: Vec<List> = wanted.on.iter().flatten().cloned().collect();
    let mut all = Vec::new();
    for reader in readers {
        let looked = reader.look_into(&lists, &mut |cursors| {
            let found = find(wanted, cursors)?;
            all.extend(found.positions.into_iter().map(|position| (position, reader)));
            Ok(())
        });
        looked.map_err(of_reading)?;
    }
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (position, reader) in all.into_iter().take(PAGE) {
        std::hint::black_box(reader.debtor(position.debtor.as_str()).map_err(of_reading)?);
    }
    Ok(())
}

fn of_reading(error: engine::store::ReadError) -> StoreError {
    StoreError::Failed { operation: "read", reason: error.to_string() }
}

fn print(what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |part: usize| times.get((times.len() * part / 100).min(times.len().saturating_sub(1)));
    let at = |part| at(part).copied().unwrap_or(0.0);
    println!("{what:<66} {:>8.2} {:>8.2} {:>8.2} ms", at(50), at(99), at(100));
}

fn name(id: u64) -> DebtorId {
    DebtorId::from(format!("A-{id:07}"))
}

fn part(id: u64) -> u32 {
    u32::try_from(hash(id + 9) % u64::from(PARTITIONS)).unwrap_or(0)
}

/// Scatters, and repeats.
fn hash(number: u64) -> u64 {
    let mut hash = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
