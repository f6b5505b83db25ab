//! How long partitions stand still when a process is killed or joins, under each group protocol, on a
//! real broker: run by `./x bench`, in release, for docs/performance.md and decision 12.
//!
//! Up to three processes, six partitions, a steady load. What is measured is what upstream and
//! downstream see: the time in which a partition has written no journal record.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#![cfg(feature = "faults")]

mod support;

use decision::time::Timestamp;
use loadtest::generate::{Operator, Profile};
use schemas::OutputTopic;
use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::kafka::{Follower, Load, PARTITIONS, Process, SESSION_TIMEOUT_MS, Site, follow_topic};

/// How often all is measured: medians are told.
const ROUNDS: usize = 3;

/// Events a second: each partition commits every 10 ms or so.
const RATE: u64 = 600;

/// How long all works well before something is done to it.
const CALM: Duration = Duration::from_secs(2);

/// A way to run the group.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    protocol: &'static str,
    is_static: bool,
}

const WAYS: [Way; 4] = [
    Way { name: "classic, static", protocol: "classic", is_static: true },
    Way { name: "classic, dynamic", protocol: "classic", is_static: false },
    Way { name: "consumer, static", protocol: "consumer", is_static: true },
    Way { name: "consumer, dynamic", protocol: "consumer", is_static: false },
];

/// Pauses in milliseconds, by what happened.
type Pauses = BTreeMap<&'static str, Vec<i64>>;

#[test]
#[ignore = "measures for minutes; ./x bench runs it"]
fn pauses_of_partitions() {
    // For a look at some of them: a part of their names.
    let wanted = std::env::var("WEIR_FIGURES_WAY").unwrap_or_default();
    let ways: Vec<Way> = WAYS.into_iter().filter(|way| way.name.contains(&wanted)).collect();
    let all: Vec<Pauses> = ways.iter().enumerate().map(|(number, way)| measured(number, *way)).collect();
    let mut table = String::from("\n| what, in ms: median (longest) |");
    ways.iter().for_each(|way| table.push_str(&format!(" {} |", way.name)));
    table.push_str(&format!("\n|---|{}\n", "---|".repeat(ways.len())));
    let names: Vec<&str> = all[0].keys().copied().collect();
    for name in names {
        table.push_str(&format!("| {name} |"));
        for pauses in &all {
            table.push_str(&format!(" {} |", told(pauses.get(name).map_or(&[][..], Vec::as_slice))));
        }
        table.push('\n');
    }
    println!("{table}session time-out {SESSION_TIMEOUT_MS} ms, heartbeats every second, {ROUNDS} rounds");
}

fn told(pauses: &[i64]) -> String {
    let mut sorted = pauses.to_vec();
    sorted.sort_unstable();
    match sorted.last() {
        None => "none".to_owned(),
        Some(longest) => format!("{} ({longest})", sorted[sorted.len() / 2]),
    }
}

fn measured(number: usize, way: Way) -> Pauses {
    let mut pauses = Pauses::new();
    for round in 0..ROUNDS {
        let site = Site::new(&format!("group-{number}-{round}"));
        let mut group = Group::start(site, way);
        group.scale_out("1 → 2", &mut pauses);
        group.scale_out("2 → 3", &mut pauses);
        group.kill_and_restart(&mut pauses);
        group.kill(&mut pauses);
        group.end();
    }
    println!("{}: {pauses:?}", way.name);
    pauses
}

/// Processes under load.
struct Group {
    site: Site,
    way: Way,
    processes: Vec<Process>,
    load: Load,
    journal: Follower,
}

impl Group {
    fn start(site: Site, way: Way) -> Self {
        let journal = follow_topic(site.names.output(OutputTopic::Journal));
        let operator = Operator::new(Profile { subscribers: 3_000, ..Profile::test(51) });
        let load = Load::start(&site, operator, RATE);
        let mut group = Self { site, way, processes: Vec::new(), load, journal };
        let first = group.process(0);
        group.processes.push(first);
        group.wait_until_shared();
        group
    }

    fn process(&self, place: usize) -> Process {
        let (id, folder) = (format!("place-{place}"), format!("state-{place}"));
        let mut environment = vec![
            ("WEIR__KAFKA__GROUP_INSTANCE_ID", if self.way.is_static { id.as_str() } else { "" }),
            ("WEIR__STATE__FOLDER", folder.as_str()),
            ("WEIR__KAFKA__GROUP_PROTOCOL", self.way.protocol),
        ];
        if self.way.protocol == "classic" {
            environment.push(("WEIR__KAFKA__SESSION_TIMEOUT_MS", SESSION_TIMEOUT_MS));
        }
        self.site.start(&environment)
    }

    /// Waits until each has its share at work, and then for a while.
    fn wait_until_shared(&self) {
        let share = u64::from(PARTITIONS) / u64::try_from(self.processes.len()).unwrap();
        let deadline = Instant::now() + Duration::from_secs(120);
        while self.processes.iter().any(|process| process.running_tasks() != share) {
            let logs = || self.processes.iter().map(Process::log).collect::<Vec<_>>().join("\n\n");
            assert!(Instant::now() < deadline, "they do not share:\n{}", logs());
            std::thread::sleep(Duration::from_millis(50));
        }
        std::thread::sleep(CALM);
    }

    /// Who has a partition: whoever was last to set it to work.
    fn owners(&self) -> BTreeMap<u32, usize> {
        let mut last = BTreeMap::new();
        for (number, process) in self.processes.iter().enumerate() {
            for (partition, at) in process.set_to_work() {
                let entry = last.entry(partition).or_insert((String::new(), 0));
                *entry = entry.clone().max((at, number));
            }
        }
        last.into_iter().map(|(partition, (_, owner))| (partition, owner)).collect()
    }

    fn scale_out(&mut self, name: &'static str, pauses: &mut Pauses) {
        let (before, begun) = (self.owners(), now());
        let newcomer = self.process(self.processes.len());
        self.processes.push(newcomer);
        self.wait_until_shared();
        let after = self.owners();
        let (stays, moves) = match name {
            "1 → 2" => ("1 → 2 processes, partitions that stay", "1 → 2 processes, partitions that move"),
            _ => ("2 → 3 processes, partitions that stay", "2 → 3 processes, partitions that move"),
        };
        for partition in 0..PARTITIONS {
            let (from, until) = self.longest_gap(partition, begun);
            let name = if before[&partition] == after[&partition] { stays } else { moves };
            pauses.entry(name).or_default().push(until.micros_since(from) / 1_000);
        }
    }

    /// From the kill to the next commit of each of its partitions, and how long the others' stood still.
    fn kill_and_restart(&mut self, pauses: &mut Pauses) {
        let (owners, killed) = (self.owners(), now());
        self.processes[0].kill();
        self.processes[0] = self.process(0);
        self.wait_until_shared();
        self.tell_kill(&owners, killed, "killed and started again: to its next commit", pauses);
    }

    fn kill(&mut self, pauses: &mut Pauses) {
        let (owners, killed) = (self.owners(), now());
        self.processes[0].kill();
        let killed_process = self.processes.remove(0);
        self.wait_until_shared();
        drop(killed_process);
        self.tell_kill(&owners, killed, "killed for good: to the others' commit of its partitions", pauses);
    }

    fn tell_kill(
        &self,
        owners: &BTreeMap<u32, usize>,
        killed: Timestamp,
        name: &'static str,
        pauses: &mut Pauses,
    ) {
        let others = match name {
            "killed and started again: to its next commit" => "killed and started again: pause of the others",
            _ => "killed for good: pause of the others",
        };
        for partition in 0..PARTITIONS {
            let (from, until) = self.longest_gap(partition, killed);
            if owners[&partition] == 0 {
                pauses.entry(name).or_default().push(until.micros_since(killed) / 1_000);
            } else {
                pauses.entry(others).or_default().push(until.micros_since(from) / 1_000);
            }
        }
    }

    /// The longest time after this moment in which a partition wrote no journal record.
    fn longest_gap(&self, partition: u32, after: Timestamp) -> (Timestamp, Timestamp) {
        let heard = self.journal.heard();
        let own = heard.iter().filter(|heard| heard.partition == i32::try_from(partition).unwrap());
        let moments: Vec<Timestamp> = own.map(|heard| heard.at).collect();
        let gaps = moments.windows(2).map(|two| (two[0], two[1])).filter(|(_, until)| *until > after);
        gaps.max_by_key(|(from, until)| until.micros_since(*from)).unwrap()
    }

    fn end(self) {
        self.load.stop();
        self.site.wait_until_done(Duration::from_secs(120));
        self.processes.into_iter().for_each(|process| {
            process.terminate();
        });
        self.journal.stop();
        self.site.check_well();
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_micros()).unwrap())
}
