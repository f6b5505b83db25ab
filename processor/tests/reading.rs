//! What is read beside the tasks is what was applied last, in the partitions that are at work, and in no other.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use bytes::Bytes;
use decision::Debtor;
use decision::ids::DebtorId;
use engine::Reading;
use engine::reading::NotRead;
use loadtest::generate::Operator;
use schemas::{Decoder, HistoryLine, OutputTopic, TASK_STATE_KEY};
use state::{Gathering, HISTORY_LINES, MemoryStores, RocksStores, Sizes, WriteBehind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::{PARTITIONS, Running, World};

const PATIENCE: Duration = Duration::from_secs(5);

/// What the changelog and the records say: of each debtor its last state and its history.
struct Truth {
    debtors: BTreeMap<String, Debtor>,
    history: BTreeMap<String, Vec<HistoryLine>>,
}

fn truth(world: &World) -> Truth {
    let mut decoder = Decoder::new(world.registry.clone(), &world.schemas);
    let mut truth = Truth { debtors: BTreeMap::new(), history: BTreeMap::new() };
    for partition in 0..PARTITIONS {
        let read = |topic| world.log.committed_records(world.names.output(topic), partition);
        for record in read(OutputTopic::Debtors) {
            let key: Bytes = record.key.unwrap();
            if key.first() == TASK_STATE_KEY.first() {
                continue;
            }
            let id = String::from_utf8(key.to_vec()).unwrap();
            match record.value {
                Some(form) => drop(truth.debtors.insert(id, decoder.debtor(&form).unwrap())),
                None => drop(truth.debtors.remove(&id)),
            }
        }
        for record in read(OutputTopic::Records) {
            let line = decoder.record(&record.value.unwrap()).unwrap();
            truth.history.entry(line.debtor_id.clone()).or_default().push(line);
        }
    }
    truth
}

#[track_caller]
fn check_all(reading: &Reading, truth: &Truth) {
    assert!(truth.debtors.len() > 50, "there is too little to read: {}", truth.debtors.len());
    for (id, expected) in &truth.debtors {
        let looked = reading.debtor(&DebtorId::from(id.as_str())).unwrap();
        assert_eq!(looked.debtor.as_ref(), Some(expected));
        assert!(looked.moment.horizon <= looked.moment.now);
        let lines = reading.history(&DebtorId::from(id.as_str()), None, usize::MAX).unwrap();
        let all = truth.history.get(id).map(Vec::as_slice).unwrap_or_default();
        let expected: Vec<_> = all.iter().rev().take(HISTORY_LINES as usize).cloned().collect();
        assert_eq!(lines, expected, "{id}");
    }
    support::listed::check(reading, &reading.at_work(), &truth.debtors);
    let nobody = reading.debtor(&DebtorId::from("nobody")).unwrap();
    assert_eq!(nobody.debtor, None);
    assert!(reading.history(&DebtorId::from("nobody"), None, 9).unwrap().is_empty());
}

fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_debtor_and_its_history_are_read_as_they_were_applied_last_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    // So little is gathered that some of it lies on either side.
    let few = Gathering { entries: 50, bytes: usize::MAX };
    let stores = || WriteBehind::new(RocksStores::new(folder.path(), Sizes::of_bytes(16 << 20)), few);
    let mut world = World::new(7, 200);
    let running = world.start(world.log.clone(), stores());
    world.live(30, PATIENCE);
    world.wait_until_done();
    let truth = truth(&world);
    assert_eq!(running.reading.at_work(), (0..PARTITIONS).collect::<Vec<_>>());
    check_all(&running.reading, &truth);
    let pages = |id: &str| {
        let first = running.reading.history(&DebtorId::from(id), None, 3).unwrap();
        let last = first.last().unwrap().sequence;
        (first, running.reading.history(&DebtorId::from(id), Some(last), 3).unwrap())
    };
    let (id, all) = truth.history.iter().find(|(_, lines)| lines.len() > 6).unwrap();
    let (first, second) = pages(id);
    let newest: Vec<_> = all.iter().rev().cloned().collect();
    assert_eq!((first.as_slice(), second.as_slice()), (&newest[..3], &newest[3..6]));

    let reading = running.reading.clone();
    running.stop().unwrap();
    assert_eq!(reading.at_work(), Vec::<u32>::new());
    let id = DebtorId::from(id.as_str());
    assert!(matches!(reading.debtor(&id), Err(NotRead::NotHere { .. })), "its task has stopped");

    let running = world.start(world.log.clone(), stores());
    wait_until("at work again", || running.reading.at_work().len() == PARTITIONS as usize);
    check_all(&running.reading, &truth);
    running.stop().unwrap();
}

/// Each instance answers for what is at work in it, and the two together for all.
#[test]
fn a_partition_that_moves_is_read_where_it_is_at_work() {
    let mut world = World::new(8, 200);
    let first = world.start(world.log.clone(), MemoryStores::new());
    world.live(10, PATIENCE);
    let second = world.start(world.log.clone(), MemoryStores::new());
    let both = |one: &Running, other: &Running| {
        let (one, other) = (one.reading.at_work(), other.reading.at_work());
        one.len() + other.len() == PARTITIONS as usize && !one.is_empty() && !other.is_empty()
    };
    wait_until("both at work", || both(&first, &second));
    world.wait_until_done();
    for id in truth(&world).debtors.keys().map(|id| DebtorId::from(id.as_str())) {
        let partition = first.reading.partition_of(id.as_str());
        for running in [&first, &second] {
            let is_at_work = running.reading.at_work().contains(&partition);
            let read = running.reading.debtor(&id);
            match read {
                Ok(looked) => assert!(is_at_work && looked.debtor.is_some(), "{id}"),
                Err(NotRead::NotHere { partition: of }) => assert!(!is_at_work && of == partition, "{id}"),
                Err(error) => panic!("{id}: {error}"),
            }
        }
    }
    first.stop().unwrap();
    wait_until("the other has all", || second.reading.at_work().len() == PARTITIONS as usize);
    check_all(&second.reading, &truth(&world));
    second.stop().unwrap();
}

/// Readers that never rest do not change what comes out, and see no state twice or out of order.
#[test]
fn reading_all_the_time_changes_nothing_that_comes_out_and_never_goes_back() {
    let mut world = World::new(9, 100);
    let few = Gathering { entries: 20, bytes: usize::MAX };
    let running = world.start(world.log.clone(), WriteBehind::new(MemoryStores::new(), few));
    let is_over = Arc::new(AtomicBool::new(false));
    let same = Operator::new(world.operator.profile().clone()).next_day();
    let ids: BTreeSet<DebtorId> = same.iter().map(|event| DebtorId::from(event.debtor())).collect();
    let ids: Vec<DebtorId> = ids.into_iter().collect();
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (reading, is_over, ids) = (running.reading.clone(), is_over.clone(), ids.clone());
            std::thread::spawn(move || read_on(&reading, &ids, &is_over))
        })
        .collect();
    world.live(40, PATIENCE);
    world.let_time_pass(5);
    world.wait_until_done();
    is_over.store(true, Ordering::SeqCst);
    let reads: usize = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
    check_all(&running.reading, &truth(&world));
    running.stop().unwrap();
    world.check_well();
    assert!(reads > 1_000, "only {reads} reads");
}

fn read_on(reading: &Reading, ids: &[DebtorId], is_over: &AtomicBool) -> usize {
    let mut made: BTreeMap<&DebtorId, i64> = BTreeMap::new();
    let mut reads = 0;
    while !is_over.load(Ordering::SeqCst) {
        for id in ids {
            let Ok(looked) = reading.debtor(id) else { continue };
            let Some(debtor) = looked.debtor else { continue };
            let before = made.insert(id, debtor.records_made);
            assert!(before.is_none_or(|before| before <= debtor.records_made), "{id} went back");
            // The history was read later, so it is at least as far.
            let lines = reading.history(id, None, 1).unwrap();
            let newest = lines.first().map_or(0, |line| line.sequence);
            assert!(newest >= debtor.records_made, "{id}: {newest} < {}", debtor.records_made);
            reads += 1;
        }
    }
    reads
}
