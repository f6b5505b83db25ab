//! The whole engine on the in-memory log: what comes out is what `decision` says, whatever breaks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use bytes::Bytes;
use connectors::memory::CommitFate;
use decision::command::Action;
use decision::money::Decimal;
use decision::policy::{Breaker, CommandRules};
use decision::time::{Period, Timestamp, Zone};
use decision::{Policies, Policy};
use engine::store::{Store, Stores};
use schemas::{Decoder, HistoryLine, InputTopic, OutputTopic, Step, TASK_STATE_KEY, Waiting};
use state::{MemoryStores, RocksStores, Sizes};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use support::versions::version;
use support::windows::{in_the_afternoon, with_a_window};
use support::{Every, PARTITIONS, Running, World};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// How long a day may take the engine, with faults and all.
const PATIENCE: Duration = Duration::from_secs(5);

fn rocks(folder: &std::path::Path) -> RocksStores {
    RocksStores::new(folder, Sizes::of_bytes(16 << 20))
}

#[test]
fn outputs_are_what_decision_says_and_the_journal_says_every_input_once() {
    let mut world = World::new(1, 300);
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.live(60, PATIENCE);
    world.let_time_pass(10);
    world.wait_until_done();
    running.stop().unwrap();
    let verdict = world.check_well();
    assert!(verdict.timers > 50, "too little fell due by itself: {verdict:?}");
    assert!(verdict.rejects > 0, "the operator's mistakes are rejected: {verdict:?}");
}

#[test]
fn a_commit_whose_outcome_is_lost_aborted_or_open_changes_nothing_that_comes_out() {
    for (seed, fate) in
        [(2, CommitFate::CommittedUnknown), (3, CommitFate::OpenUnknown), (4, CommitFate::Aborts)]
    {
        let mut world = World::new(seed, 200);
        let count = Arc::new(AtomicU32::new(0));
        world.log.set_faults(Every { nth: 7, fate, count: count.clone() });
        let running = world.start(world.log.clone(), MemoryStores::new());
        world.live(40, PATIENCE);
        world.let_time_pass(5);
        world.wait_until_done();
        running.stop().unwrap();
        assert!(count.load(Ordering::Relaxed) > 50, "there were too few commits to meet {fate:?}");
        world.check_well();
    }
}

#[test]
fn applying_a_batch_before_it_is_committed_is_found_out() {
    let mut world = World::new(3, 200);
    world.settings.faults.mutation = Some(engine::faults::Mutation::ApplyBeforeCommit);
    let count = Arc::new(AtomicU32::new(0));
    world.log.set_faults(Every { nth: 7, fate: CommitFate::OpenUnknown, count });
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.live(40, Duration::from_millis(50));
    // A task whose state is ahead of the log may not come to the end: that is noticed as well, but
    // it is the oracle that is asked here, about what went out.
    std::thread::sleep(Duration::from_secs(2));
    let _ = running.stop();
    let told: Vec<String> = world.verdict().deviations.iter().map(ToString::to_string).collect();
    let is_about_outputs = |told: &String| told.contains("must be") || told.contains("the state is not");
    assert!(told.iter().any(is_about_outputs), "the oracle saw nothing wrong: {told:?}");
}

#[test]
fn a_second_instance_takes_over_and_gives_back_without_a_trace_in_the_outputs() {
    let mut world = World::new(5, 200);
    let first = world.start(world.log.clone(), MemoryStores::new());
    world.live(10, PATIENCE);
    let second = world.start(world.log.clone(), MemoryStores::new());
    for _ in 0..200 {
        world.live(1, PATIENCE);
        if second.status.committed().0 > 100 {
            break;
        }
    }
    let (inputs, _) = second.status.committed();
    assert!(inputs > 100, "the second instance was given nothing to do");
    second.stop().unwrap();
    world.live(10, PATIENCE);
    world.wait_until_done();
    first.stop().unwrap();
    world.check_well();
}

#[test]
fn state_and_history_come_back_after_a_restart_and_after_their_loss() {
    let mut world = World::new(6, 200);
    let folder = tempfile::tempdir().unwrap();
    for (round, days) in [(0, 25), (1, 10), (2, 10)] {
        let running = world.start(world.log.clone(), rocks(folder.path()));
        world.live(days, PATIENCE);
        world.wait_until_done();
        running.stop().unwrap();
        if round == 1 {
            std::fs::remove_dir_all(folder.path()).unwrap();
        }
    }
    world.check_well();
    check_history(&world, &rocks(folder.path()));
}

/// The store's history of every debtor must end in the last lines of the records topic.
#[track_caller]
fn check_history(world: &World, stores: &RocksStores) {
    let mut decoder = Decoder::new(world.registry.clone(), &world.schemas);
    for partition in 0..PARTITIONS {
        let store = stores.open(partition).unwrap();
        let records = world.log.committed_records(world.names.output(OutputTopic::Records), partition);
        assert!(!records.is_empty());
        for record in records.iter().rev().take(50) {
            let id = std::str::from_utf8(record.key.as_ref().unwrap()).unwrap();
            let line = decoder.record(record.value.as_ref().unwrap()).unwrap();
            let history = store.history(id, 200).unwrap();
            let kept = history.iter().find(|kept| kept.sequence == line.sequence);
            assert_eq!(kept.map(|kept| &kept.record), record.value.as_ref(), "of {id}, {}", line.sequence);
        }
    }
}

#[test]
fn what_cannot_be_read_is_rejected_with_its_bytes_and_the_rest_goes_on() {
    let mut world = World::new(7, 100);
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.live_a_day();
    let at = Timestamp(1);
    let key = Some(Bytes::from_static(b"somebody"));
    let malformed = Some(Bytes::from_static(b"no Avro"));
    let unknown_schema = Some(Bytes::from_static(&[0, 0, 0, 255, 255, 1, 2, 3]));
    let first = world.append(InputTopic::Payments, key.clone(), malformed.clone(), at);
    let second = world.append(InputTopic::Invoices, key.clone(), unknown_schema.clone(), at);
    world.live(30, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    world.check_well();
    let mut decoder = Decoder::new(world.registry.clone(), &world.schemas);
    for ((partition, offset), topic, value) in
        [(first, InputTopic::Payments, malformed), (second, InputTopic::Invoices, unknown_schema)]
    {
        let rejects = world.log.committed_records(world.names.output(OutputTopic::Rejects), partition);
        let found = rejects.iter().any(|record| {
            let reject = decoder.reject(record.value.as_ref().unwrap()).unwrap();
            *reject.topic == **world.names.input(topic)
                && reject.offset == offset
                && reject.value.map(|bytes| bytes.to_vec()) == value.as_ref().map(|bytes| bytes.to_vec())
        });
        assert!(found, "the record at {offset} of {topic:?} is not among the rejects");
    }
}

#[test]
fn a_clock_that_is_set_ahead_lets_nothing_fall_due_until_the_log_bears_it_out() {
    let mut world = World::new(10, 200);
    world.settings.clock_lead = Duration::from_secs(60);
    let running = world.start(world.log.clone(), MemoryStores::new());
    let bear_out = |world: &World, at: Timestamp| {
        let key = Some(Bytes::from_static(b"somebody"));
        world.append(InputTopic::Reports, key, Some(Bytes::from_static(b"no Avro")), at);
    };
    for _ in 0..30 {
        world.live(1, PATIENCE);
        bear_out(&world, engine::Clock::now(&*world.clock));
    }
    world.wait_until_done();
    let before = engine::Clock::now(&*world.clock);
    let fired = |world: &World| {
        let steps = world.journal().into_iter().flat_map(|batch| batch.steps);
        steps.filter(|step| matches!(step, Step::Fired(_))).count()
    };
    let fired_before = fired(&world);
    assert!(fired_before > 50, "{fired_before} timers fired");
    let ahead = Zone::utc().after(before, Period::Days(60));
    world.clock.set(ahead);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(fired(&world), fired_before, "the clock alone says that it is later");
    bear_out(&world, ahead);
    world.wait_until_done();
    assert!(fired(&world) > fired_before, "the log says so too");
    running.stop().unwrap();
    world.check_well();
}

/// The demo's policy under these rules for commands.
fn under(rates: &[(&str, u32)], breaker: Option<Breaker>) -> Arc<Policies> {
    let policy = Arc::into_inner(version("1", None)).unwrap();
    let rates = rates.iter().map(|(kind, rate)| ((*kind).to_owned(), *rate)).collect();
    let commands = CommandRules { rates, breaker, ..policy.commands };
    Arc::new(Policy { commands, ..policy }.into())
}

/// How many commands wait.
fn waiting(world: &World) -> usize {
    let topic = world.names.output(OutputTopic::Debtors);
    let mut last = BTreeMap::new();
    for partition in 0..PARTITIONS {
        for record in world.log.committed_records(topic, partition) {
            if let Some(sequence) = Waiting::read_key(record.key.as_ref().unwrap()) {
                last.insert((partition, sequence), record.value.is_some());
            }
        }
    }
    last.into_values().filter(|waits| *waits).count()
}

/// Lets time pass, second by second, until at most so many commands wait.
#[track_caller]
fn tick_until_waiting(world: &World, at_most: usize) {
    for _ in 0..400 {
        if waiting(world) <= at_most {
            return;
        }
        world.tick(1);
    }
    panic!("{} commands still wait", waiting(world));
}

/// The most commands of a kind that were sent in one second, over all partitions.
fn most_in_a_second(world: &World, kind: &str) -> i64 {
    let mut decoder = Decoder::new(world.registry.clone(), &world.schemas);
    let topic = world.names.output(OutputTopic::Debtors);
    let mut sent: BTreeMap<(i64, u32), i64> = BTreeMap::new();
    for partition in 0..PARTITIONS {
        for record in world.log.committed_records(topic, partition) {
            if record.key.as_deref() != Some(TASK_STATE_KEY) {
                continue;
            }
            let state = decoder.task_state(record.value.as_ref().unwrap()).unwrap();
            for spent in state.rates.iter().filter(|spent| *spent.kind == *kind) {
                let most = sent.entry((spent.second, partition)).or_default();
                *most = spent.sent.max(*most);
            }
        }
    }
    let mut seconds: BTreeMap<i64, i64> = BTreeMap::new();
    for ((second, _), count) in sent {
        *seconds.entry(second).or_default() += count;
    }
    seconds.into_values().max().unwrap_or(0)
}

#[test]
fn what_is_over_a_rate_waits_and_goes_later_whatever_breaks_and_through_restarts() {
    let mut world = World::new(11, 200);
    world.policies = under(&[("sms", 30), ("email", 12), ("provision", 15)], None);
    let count = Arc::new(AtomicU32::new(0));
    world.log.set_faults(Every { nth: 7, fate: CommitFate::CommittedUnknown, count });
    let folder = tempfile::tempdir().unwrap();
    let mut most_waiting = 0;
    for _ in 0..3 {
        let running = world.start(world.log.clone(), rocks(folder.path()));
        for _ in 0..15 {
            world.live(1, PATIENCE);
            world.tick(1);
            most_waiting = most_waiting.max(waiting(&world));
        }
        running.stop().unwrap();
    }
    std::fs::remove_dir_all(folder.path()).unwrap();
    let running = world.start(world.log.clone(), rocks(folder.path()));
    tick_until_waiting(&world, 0);
    world.wait_until_done();
    running.stop().unwrap();
    assert!(most_waiting > 20, "only {most_waiting} commands had to wait");
    for (kind, rate) in [("sms", 30), ("email", 12), ("provision", 15)] {
        let most = most_in_a_second(&world, kind);
        assert!(most > 0 && most <= rate, "{most} commands by {kind} left in one second");
    }
    world.check_well();
}

#[test]
fn what_waits_for_its_rate_leaves_in_its_window_only_whatever_breaks_and_through_restarts() {
    let mut world = World::new(13, 200);
    world.policies = in_the_afternoon();
    let count = Arc::new(AtomicU32::new(0));
    world.log.set_faults(Every { nth: 7, fate: CommitFate::CommittedUnknown, count });
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let running = world.start(world.log.clone(), rocks(folder.path()));
        for _ in 0..8 {
            world.live(1, PATIENCE);
            let day = engine::Clock::now(&*world.clock).0.div_euclid(DAY) + 1;
            // In the afternoon what waited is decided, more than may leave; then it is night.
            world.clock.set(Timestamp(day * DAY + 13 * HOUR));
            world.tick(3);
            world.clock.set(Timestamp(day * DAY + 23 * HOUR + HOUR / 2));
            world.tick(3);
        }
        running.stop().unwrap();
    }
    world.check_well();
    let (windows, policy) = (with_a_window(&world), world.policies.versions()[0].clone());
    let (mut returned, mut messages, mut orders) = (0, 0, 0);
    for batch in world.journal() {
        for step in &batch.steps {
            returned += usize::from(matches!(step, Step::Returned(_)));
            let Step::Let(gone) = step else { continue };
            let Some((zone, is_order)) = windows.get(&gone.command_id) else { continue };
            let opens = policy.windows["late"].next_open(zone, batch.now);
            assert_eq!(opens, Some(batch.now), "{} left while its window was shut", gone.command_id);
            *if *is_order { &mut orders } else { &mut messages } += 1;
        }
    }
    assert!(
        returned > 20 && messages > 5 && orders > 5,
        "too little waited: {returned} messages went back, {messages} and {orders} orders left"
    );
}

/// The reasons of all records of history of a kind.
fn reasons(world: &World, kind: &str) -> Vec<String> {
    let mut decoder = Decoder::new(world.registry.clone(), &world.schemas);
    let topic = world.names.output(OutputTopic::Records);
    let records = (0..PARTITIONS).flat_map(|partition| world.log.committed_records(topic, partition));
    let lines = records.map(|record| decoder.record(record.value.as_ref().unwrap()).unwrap());
    lines.filter(|line: &HistoryLine| line.kind == kind).map(|line| line.reason).collect()
}

/// Whoever reads beside the tasks sees what is held, and what it does to whom.
#[track_caller]
fn check_seen(world: &World, running: &Running) {
    let partitions: Vec<u32> = (0..PARTITIONS).collect();
    let all = running.reading.held(&partitions, usize::MAX).unwrap();
    assert_eq!((all.orders.len(), all.has_more), (waiting(world), false));
    for held in &all.orders {
        assert!(matches!(&held.command.action, Action::Provision(order) if order.cuts_off), "{held:?}");
        assert_eq!(held.partition, running.reading.partition_of(held.command.debtor_id.as_str()));
    }
    let few = running.reading.held(&partitions, 1).unwrap();
    assert!(few.orders.len() <= partitions.len() && few.has_more == (few.orders.len() < all.orders.len()));
}

#[test]
fn the_breaker_holds_what_cuts_off_until_a_control_in_every_partition_releases_or_drops_it() {
    let mut world = World::new(12, 300);
    let (more_than, over, against) =
        (Decimal::parse("3").unwrap(), Period::Exact(3_600_000_000), Period::Days(7));
    world.policies = under(&[], Some(Breaker { more_than, over, against, at_least: 3 }));
    let stores = MemoryStores::new();
    let mut running = world.start(world.log.clone(), stores.clone());
    let mut held = 0;
    for _ in 0..60 {
        world.live(1, PATIENCE);
        held = waiting(&world);
        if held > 3 {
            break;
        }
    }
    world.wait_until_done();
    assert!(held > 3, "only {held} orders are held");
    running.stop().unwrap();
    running = world.start(world.log.clone(), stores.clone());
    world.live(5, PATIENCE);
    assert!(waiting(&world) >= 3, "what is held waits for a person, over a restart too");
    world.wait_until_done();
    check_seen(&world, &running);
    world.judge("release-1", false);
    world.wait_until_done();
    assert_eq!(waiting(&world), 0);
    check_seen(&world, &running);
    let released = reasons(&world, "control_applied");
    assert!(released.iter().filter(|reason| *reason == "release_held").count() >= 3, "{released:?}");
    for _ in 0..60 {
        world.live(1, PATIENCE);
        if waiting(&world) > 0 {
            break;
        }
    }
    world.wait_until_done();
    assert!(waiting(&world) > 0, "nothing more was held");
    world.judge("drop-1", true);
    world.wait_until_done();
    assert_eq!(waiting(&world), 0);
    running.stop().unwrap();
    let dropped = reasons(&world, "measure_dropped");
    assert!(dropped.contains(&"drop_held".to_owned()), "{dropped:?}");
    assert!(reasons(&world, "measure_held").len() > 3);
    world.check_well();
}
