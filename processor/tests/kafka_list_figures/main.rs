//! What pages of lists cost over HTTP, and what they cost the alerts beside them: three processes of one group on a real
//! broker, and as many accounts as `WEIR_FIGURES_ACCOUNTS` says. Run by hand in release ([decision
//! 28](../../../docs/decisions/0028-lists-are-kept-with-the-state.md)); it prints what it measured.
//!
//! Two people who ask without rest may take as much of a small machine as the tasks do: `WEIR_FIGURES_REST_MS` lets them
//! look at each page for so long. What the store alone takes for a page is measured by `state/examples/list_cost.rs`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#![cfg(feature = "faults")]

mod alerts;
mod asking;
mod crowd;
#[path = "../support/mod.rs"]
mod support;

use alerts::{Alerts, Balances};
use asking::{Asked, millis};
use crowd::Crowd;
use decision::time::Timestamp;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::kafka::{Process, SESSION_TIMEOUT_MS, Site};

const POLICY: &str = include_str!("lists.policy.yaml");
const CURRENCY: &str = "EUR";
const PARTITIONS: u32 = 12;
const PROCESSES: u32 = 3;
const ASKERS: u32 = 2;
/// Events of balances a second: far from what the machine could do. Half of them are to lead to alerts.
const RATE: u64 = 500;
/// Accounts whose balances move, each every ten seconds.
const WATCHED: u32 = 5_000;
/// Two fifths of a small pod of 1 GiB.
const STORE_MEMORY: &str = "429496729";
/// How long the group may take until each process has its share.
const SHARED: Duration = Duration::from_secs(120);

/// A number of the environment, or else this one.
fn setting<T: FromStr>(name: &str, default: T) -> T {
    let said = std::env::var(name).ok();
    said.map_or(default, |said| said.parse().unwrap_or_else(|_| panic!("{name} is «{said}», and no number")))
}

#[test]
#[ignore = "measures for many minutes, in release; see decision 28"]
fn pages_of_lists_beside_alerts() {
    let accounts: u32 = setting("WEIR_FIGURES_ACCOUNTS", 1_000_000);
    let time = Duration::from_secs(setting("WEIR_FIGURES_SECONDS", 60));
    let mut site = Site::of("lists", POLICY, PARTITIONS);
    if let Ok(binary) = std::env::var("WEIR_FIGURES_BIN") {
        site.binary = binary.into();
    }
    let mut processes: Vec<Process> = (0..PROCESSES).map(|number| start(&site, number)).collect();
    wait_until_shared(&mut processes);
    let watched = watched(accounts);
    let loaded = Crowd { accounts }.load(&site, &watched);
    let urls: Vec<String> = processes.iter().map(Process::api).collect();

    let mut balances = Balances::new(&site, watched, RATE);
    let worked = || processes.iter().map(Process::cpu_seconds).sum::<f64>();
    let (began, alone, done) = (worked(), balances.measure(&site, time), worked());
    row("nobody asks: alerts", &alone.times, "-");
    let (beside, asked) = measure_asked(&site, &mut balances, &urls, accounts, time);
    let cpu = format!(
        "CPU of the processes: {:.1} s where nobody asks, {:.1} s beside",
        done - began,
        worked() - done
    );
    row("two ask: alerts", &beside.times, "-");
    site.wait_until_done(SHARED);
    let seldom = [asking::counts(&urls[0]), asking::counts(&urls[1]), asking::csv(&urls[0], 10_000)];
    let killed = kill_one(&mut processes, &urls);
    print(accounts, &loaded, [("nobody asks", &alone), ("two ask", &beside)], &asked);
    println!("{cpu}, of {} s each\n{}\none of three is killed: {killed}", time.as_secs(), seldom.join("\n"));
    let problems: Vec<_> = asked.iter().flat_map(|asked| &asked.problems).collect();
    assert!(problems.is_empty(), "what was answered to a question while all were at work: {problems:?}");
    assert_eq!(alone.missing + beside.missing, 0, "alerts that did not come");
}

/// The accounts whose balances move, from all over: of every segment, some that owe and some that do not.
fn watched(accounts: u32) -> Vec<u32> {
    let apart = (accounts / WATCHED).max(1);
    (0..WATCHED.min(accounts)).map(|at| at * apart + at % apart.min(7)).collect()
}

/// An instance of its own folder, whose API others reach.
fn start(site: &Site, number: u32) -> Process {
    let (name, folder) = (format!("place-{number}"), format!("state-{number}"));
    site.start(&[
        ("WEIR__KAFKA__GROUP_INSTANCE_ID", &name),
        ("WEIR__KAFKA__SESSION_TIMEOUT_MS", SESSION_TIMEOUT_MS),
        ("WEIR__STATE__FOLDER", &folder),
        ("WEIR__STATE__MEMORY_BYTES", STORE_MEMORY),
        ("WEIR__API__LISTEN", "127.0.0.1:0"),
        ("WEIR__API__URL", "http://127.0.0.1:{port}"),
        ("WEIR__LOG__LEVEL", "info"),
        // What is asked here is more than people ask.
        ("WEIR__API__RATE_PER_SECOND", "100000"),
    ])
}

fn wait_until_shared(processes: &mut [Process]) {
    let (began, share) = (Instant::now(), u64::from(PARTITIONS / PROCESSES));
    while processes.iter().any(|process| process.running_tasks() != share) {
        for process in &mut *processes {
            assert!(
                process.is_running() && began.elapsed() < SHARED,
                "they do not share:\n{}",
                process.log()
            );
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The same stream of balances once more, while lists are asked for.
fn measure_asked(
    site: &Site,
    balances: &mut Balances,
    urls: &[String],
    accounts: u32,
    time: Duration,
) -> (Alerts, Vec<Asked>) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ask = |first| {
            scope.spawn({
                let is_over = &is_over;
                move || asking::one_after_the_other(urls, accounts, first, is_over)
            })
        };
        let askers: Vec<_> = (0..ASKERS).map(ask).collect();
        let alerts = balances.measure(site, time);
        is_over.store(true, Ordering::Relaxed);
        (alerts, askers.into_iter().map(|asker| asker.join().unwrap()).collect())
    })
}

/// SIGKILL for the last of them; answers what the others told until the list was right again.
fn kill_one(processes: &mut Vec<Process>, urls: &[String]) -> String {
    let (left, _) = urls.split_at(urls.len() - 1);
    let page = |url: &String| {
        asking::first_page(url).unwrap_or_else(|said| panic!("{}: {}", said.status, said.text))
    };
    let before = page(&left[0]);
    assert!(left.iter().all(|url| page(url) == before), "all tell the same page");
    let mut victim = processes.pop().unwrap();
    victim.kill();
    asking::until_right_again(left, &before, Instant::now())
}

fn print(
    accounts: u32,
    loaded: &[(&'static str, u64, Duration)],
    alerts: [(&str, &Alerts); 2],
    asked: &[Asked],
) {
    println!("\n{accounts} accounts in {PARTITIONS} partitions, {PROCESSES} processes; in milliseconds\n");
    println!(
        "| what | how many | median | 99 of 100 | worst | lines a page, or what is amiss |\n|---|---|---|---|---|---|"
    );
    for (when, alerts) in alerts {
        let name = format!("an alert of {RATE} events a second, {when}");
        row(&name, &alerts.times, &format!("{} of {} missing", alerts.missing, alerts.crossed));
    }
    let kinds: std::collections::BTreeSet<usize> =
        asked.iter().flat_map(|asked| asked.answers.keys().copied()).collect();
    for kind in kinds {
        let of_kind = || asked.iter().filter_map(|asked| asked.answers.get(&kind));
        let times: Vec<Duration> = of_kind().flat_map(|answers| answers.times.iter().copied()).collect();
        let lines: usize = of_kind().map(|answers| answers.lines).sum();
        row(asking::word(kind), &times, &(lines / times.len().max(1)).to_string());
    }
    let events: u64 = loaded.iter().map(|(_, count, _)| count).sum();
    let took: Duration = loaded.iter().map(|(_, _, took)| *took).sum();
    println!(
        "\nloading: {events} events in {:.0} s, {:.0} a second",
        took.as_secs_f64(),
        events as f64 / took.as_secs_f64()
    );
}

fn row(name: &str, times: &[Duration], lines: &str) {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = |percent: usize| sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied();
    let [median, most, worst] = [50, 99, 100].map(|percent| millis(at(percent).unwrap_or_default()));
    println!("| {name} | {} | {median} | {most} | {worst} | {lines} |", sorted.len());
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_micros()).unwrap())
}
