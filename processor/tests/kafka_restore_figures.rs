//! How fast a process is back: on the folder that it had, and from nothing, on a real broker. Run by
//! `./x bench`, in release, for docs/performance.md.
//!
//! One process with six partitions; then two, of which one dies, so that the other restores three
//! partitions from nothing while its own three go on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#![cfg(feature = "faults")]

mod support;

use decision::time::Timestamp;
use loadtest::generate::{Operator, Profile};
use schemas::OutputTopic;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::kafka::{Load, PARTITIONS, Process, SESSION_TIMEOUT_MS, Site, follow_topic, topic_records};

const LONG: Duration = Duration::from_secs(600);

/// Two fifths of a small pod of 1 GiB.
const STORE_MEMORY: (&str, &str) = ("WEIR__STATE__MEMORY_BYTES", "429496729");

const ROUNDS: usize = 3;

#[test]
#[ignore = "measures for minutes; ./x bench runs it"]
fn restart_and_restore() {
    // Few debtors and many days: a debtor lies in the changelog many times, as before its compaction.
    // Many debtors and one day: nearly each record is a debtor of its own, as after it.
    for (name, subscribers, days) in [("many-days", 60_000, 5), ("one-day", 400_000, 1)] {
        println!("{subscribers} subscribers, {days} days:");
        restart_and_restore_of(name, subscribers, days);
    }
}

fn restart_and_restore_of(name: &str, subscribers: u32, days: usize) {
    let mut site = Site::new(name);
    let mut operator = Operator::new(Profile { subscribers, ..Profile::test(61) });
    let mut process = site.start(&[STORE_MEMORY]);
    process.wait_until_ready();
    let mut events = 0;
    for _ in 0..days {
        for event in operator.next_day() {
            site.tell(&event);
            events += 1;
        }
    }
    site.wait_until_done(LONG);
    process.terminate();
    println!(
        "{events} events; changelog {} records, history {} records",
        topic_records(site.names.output(OutputTopic::Debtors)),
        topic_records(site.names.output(OutputTopic::Records))
    );
    for round in 0..ROUNDS {
        let (took, process) = started(&site);
        println!(
            "restart on the same folder, {round}: at work after {:.2} s; {}",
            took.as_secs_f64(),
            parts(&process)
        );
        process.terminate();
    }
    for round in 0..ROUNDS {
        std::fs::remove_dir_all(site.state_folder()).unwrap();
        let (took, process) = started(&site);
        let restored = restored(&process);
        println!(
            "restore from nothing, {round}: at work after {:.2} s, {restored:.0} records, {:.0} records/s, CPU {:.1} µs a record; the slowest partition {} ms",
            took.as_secs_f64(),
            restored / took.as_secs_f64(),
            process.cpu_seconds() * 1e6 / restored,
            longest(&process)
        );
        process.terminate();
    }
    beside_running_ones(&mut site, operator);
    site.check_well();
}

/// Starts the process; answers how long it took until all its partitions were at work.
fn started(site: &Site) -> (Duration, Process) {
    let began = Instant::now();
    let mut process = site.start(&[STORE_MEMORY]);
    process.wait_for("\"http\":\"", LONG);
    while process.running_tasks() < u64::from(PARTITIONS) {
        assert!(began.elapsed() < LONG, "it does not come to work");
        std::thread::sleep(Duration::from_millis(10));
    }
    (began.elapsed(), process)
}

/// All records that it has read while catching up.
fn restored(process: &Process) -> f64 {
    let metrics = process.get("/metrics");
    let lines = metrics.lines().filter(|line| line.starts_with("weir_restored_records_total{"));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}

/// How long the partition took that took longest, in milliseconds, by the log.
fn longest(process: &Process) -> u64 {
    told(process, "caught up with the changelog", "took_ms").into_iter().max().unwrap()
}

/// How long the parts of a partition's way back took: the median of the partitions, and the longest.
fn parts(process: &Process) -> String {
    let part = |name: &str| {
        let all = told(process, "that took", name);
        format!("{name} {} ({})", all[all.len() / 2], all[all.len() - 1])
    };
    ["fence_ms", "topics_ms", "open_ms", "read_ms", "offsets_ms"].map(part).join(", ")
}

/// The figures of this name in the lines of the log that say this, in order.
fn told(process: &Process, line: &str, name: &str) -> Vec<u64> {
    let log = process.log();
    let figure = |line: &str| -> u64 {
        let text = line.split(&format!("\"{name}\":")).nth(1).unwrap().split([',', '}']).next().unwrap();
        text.trim_matches('"').parse().unwrap()
    };
    let lines = log.lines().filter(|found| found.contains(&format!("\"{line}\"")));
    let mut all: Vec<u64> = lines.map(figure).collect();
    all.sort_unstable();
    all
}

/// One of two dies; the other has nothing of the partitions that come to it.
fn beside_running_ones(site: &mut Site, operator: Operator) {
    let member = |place: &str, folder: &str| {
        site.start(&[
            STORE_MEMORY,
            ("WEIR__KAFKA__GROUP_INSTANCE_ID", place),
            ("WEIR__STATE__FOLDER", folder),
            ("WEIR__KAFKA__SESSION_TIMEOUT_MS", SESSION_TIMEOUT_MS),
        ])
    };
    let share = |process: &Process, count: u64| {
        let began = Instant::now();
        while !process.has_begun() || process.running_tasks() != count {
            assert!(began.elapsed() < LONG, "it does not come to work");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let mut dies = member("dies", "state");
    share(&dies, u64::from(PARTITIONS));
    let stays = member("stays", "state-stays");
    share(&stays, u64::from(PARTITIONS) / 2);
    let own: Vec<u32> = stays.set_to_work().keys().copied().collect();
    let journal = follow_topic(site.names.output(OutputTopic::Journal));
    let load = Load::start(site, operator, 600);
    std::thread::sleep(Duration::from_secs(5));
    let calm = now();
    std::thread::sleep(Duration::from_secs(5));
    let killed = now();
    dies.kill();
    share(&stays, u64::from(PARTITIONS));
    let restored = now();
    std::thread::sleep(Duration::from_secs(2));
    load.stop();
    site.wait_until_done(LONG);
    let heard = journal.stop();
    let gaps = |from: Timestamp, until: Timestamp| {
        let mut gaps = Vec::new();
        for partition in &own {
            let is_own =
                |heard: &&support::kafka::Heard| heard.partition == i32::try_from(*partition).unwrap();
            let at: Vec<Timestamp> = heard.iter().filter(is_own).map(|heard| heard.at).collect();
            let within = at.windows(2).filter(|two| two[1] > from && two[0] < until);
            gaps.extend(within.map(|two| two[1].micros_since(two[0]) / 1_000));
        }
        gaps.sort_unstable();
        let percent = |percent: usize| gaps[(gaps.len() - 1) * percent / 100];
        format!(
            "p50 {} ms, p99 {} ms, longest {:?}",
            percent(50),
            percent(99),
            &gaps[gaps.len().saturating_sub(6)..]
        )
    };
    println!("between commits of a partition that stays, before the kill: {}", gaps(calm, killed));
    println!(
        "between commits of a partition that stays, from the kill until the others' {} partitions were restored {:.1} s later: {}",
        own.len(),
        Duration::from_micros(restored.micros_since(killed).unsigned_abs()).as_secs_f64(),
        gaps(killed, restored)
    );
    println!("of that, restoring: the slowest partition {} ms", longest(&stays));
    stays.terminate();
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_micros()).unwrap())
}
