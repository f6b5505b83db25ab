//! Figures from a real broker, for docs/performance.md: run by `./x bench`, in release.
//!
//! One process, six partitions, the broker on the same machine. It prints what it measured.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#![cfg(feature = "faults")]

mod support;

use decision::event::Body;
use decision::time::Timestamp;
use loadtest::generate::{Operator, Profile};
use schemas::{Decoder, OutputTopic};
use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::kafka::{Heard, Process, Site, follow_topic};

/// Events a second while latency is measured: far from what the machine could do.
const STEADY_RATE: u64 = 1_000;

#[test]
#[ignore = "measures for minutes; ./x bench runs it"]
fn figures() {
    let mut site = Site::new("figures");
    let mut operator = Operator::new(Profile { subscribers: 5_000, ..Profile::test(21) });
    let mut process = site.start(&[]);
    process.wait_until_ready();
    let burst = burst(&mut site, &mut operator, &process);
    let steady = steady(&mut site, &mut operator);
    let commits = commit_times(&process);
    let restart = kill_to_commit(&mut site, &mut operator, &mut process);
    process.terminate();
    let verdict = site.check_well();
    println!("\n{burst}\n{steady}\n{commits}\n{restart}\nall outputs as the oracle says: {verdict:?}");
}

/// CPU of the process for each event, over events that come as fast as the broker takes them.
fn burst(site: &mut Site, operator: &mut Operator, process: &Process) -> String {
    let mut events = 0_u32;
    let (began, cpu) = (Instant::now(), process.cpu_seconds());
    for _ in 0..10 {
        for event in operator.next_day() {
            site.tell(&event);
            events += 1;
        }
    }
    site.wait_until_done(Duration::from_secs(300));
    // The wait's own two seconds of silence are not the process's.
    let took = began.elapsed().saturating_sub(Duration::from_secs(2));
    let cpu = process.cpu_seconds() - cpu;
    format!(
        "burst: {events} events in {:.1} s; CPU {:.1} µs an event (user and system, librdkafka's threads included)",
        took.as_secs_f64(),
        cpu * 1e6 / f64::from(events)
    )
}

/// Event to command: from when an event was handed to the producer to when its first command was
/// read by a read-committed consumer.
fn steady(site: &mut Site, operator: &mut Operator) -> String {
    let records = site.names.output(OutputTopic::Records).clone();
    let follower = follow_topic(&records);
    let mut sent: BTreeMap<String, Timestamp> = BTreeMap::new();
    let mut events = 0_u64;
    let began = Instant::now();
    for _ in 0..3 {
        for mut event in operator.next_day() {
            let intended = began + Duration::from_micros(events * 1_000_000 / STEADY_RATE);
            std::thread::sleep(intended.saturating_duration_since(Instant::now()));
            if let Body::Invoice(issued) = &mut event.body {
                sent.insert(issued.id.to_string(), now());
            }
            site.tell(&event);
            events += 1;
        }
    }
    site.wait_until_done(Duration::from_secs(120));
    let mut decoder = Decoder::new(site.registry.clone(), &site.schemas);
    let mut latencies = Vec::new();
    for Heard { at, value, .. } in follower.stop() {
        let line = decoder.record(&value).unwrap();
        let invoice = line.figures.iter().find(|figure| figure.name == "invoice");
        let is_booking = line.kind == "invoice_booked";
        if let Some(since) = invoice.filter(|_| is_booking).and_then(|figure| sent.get(&figure.value)) {
            latencies.push(at.micros_since(*since));
        }
    }
    latencies.sort_unstable();
    let at = |percent: usize| latencies.get(latencies.len() * percent / 100).copied().unwrap_or(0);
    format!(
        "event to output at {STEADY_RATE} events/s: {} pairs, p50 {:.1} ms, p99 {:.1} ms",
        latencies.len(),
        Duration::from_micros(at(50).unsigned_abs()).as_secs_f64() * 1e3,
        Duration::from_micros(at(99).unsigned_abs()).as_secs_f64() * 1e3
    )
}

/// From the process's own histogram.
fn commit_times(process: &Process) -> String {
    let metrics = process.get("/metrics");
    let mut buckets = Vec::new();
    for line in metrics.lines().filter(|line| line.starts_with("weir_commit_seconds_bucket")) {
        let bound = line.split("le=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let count: u64 = line.rsplit(' ').next().unwrap().parse().unwrap();
        buckets.push((bound, count));
    }
    let total = buckets.last().map_or(0, |(_, count)| *count);
    let bound = |percent: u64| {
        let found = buckets.iter().find(|(_, count)| *count * 100 >= total * percent);
        found.map_or_else(String::new, |(bound, _)| bound.clone())
    };
    format!("commit: {total} commits, p50 ≤ {} s, p99 ≤ {} s (buckets of /metrics)", bound(50), bound(99))
}

fn kill_to_commit(site: &mut Site, operator: &mut Operator, process: &mut Process) -> String {
    let mut times = Vec::new();
    for _ in 0..5 {
        for event in operator.next_day() {
            site.tell(&event);
        }
        site.flush();
        process.kill();
        let killed = Instant::now();
        for event in operator.next_day() {
            site.tell(&event);
        }
        *process = site.start(&[]);
        process.wait_for("committed, not applied", Duration::from_secs(120));
        times.push(killed.elapsed());
    }
    times.sort();
    site.wait_until_done(Duration::from_secs(300));
    format!("kill to next commit, same folder, five times: {times:?}")
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_micros()).unwrap())
}
