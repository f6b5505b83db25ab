//! What processes cost: CPU time and memory, as the kernel counts them.

use std::path::Path;

/// Linux counts CPU time in hundredths of a second for every program.
const TICKS_A_SECOND: f64 = 100.0;
/// The size of a page of memory on the machines that this runs on.
const PAGE_BYTES: u64 = 4_096;

/// What a process and all that it started cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    /// User and system time, in seconds, of all threads.
    pub(crate) cpu_seconds: f64,
    /// Resident memory.
    pub(crate) resident_bytes: u64,
}

/// What a process and its descendants cost so far; nothing of those that have ended.
pub(crate) fn cost(root: u32) -> Cost {
    let all = stats();
    let mut family = vec![root];
    // Parents come before their children in the order of starting nearly always; twice makes sure.
    for _ in 0..2 {
        for stat in &all {
            if family.contains(&stat.parent) && !family.contains(&stat.id) {
                family.push(stat.id);
            }
        }
    }
    sum(all.iter().filter(|stat| family.contains(&stat.id)))
}

/// What this process alone costs so far, without what it started.
pub(crate) fn own_cost() -> Cost {
    sum(stat_of(std::process::id()).iter())
}

fn sum<'a>(stats: impl Iterator<Item = &'a Stat>) -> Cost {
    let mut cost = Cost::default();
    for stat in stats {
        cost.cpu_seconds += stat.ticks / TICKS_A_SECOND;
        cost.resident_bytes += stat.resident_pages * PAGE_BYTES;
    }
    cost
}

/// The Java process whose command line names this folder.
pub(crate) fn java_in(folder: &Path) -> Option<u32> {
    let folder = folder.to_str()?;
    stats()
        .into_iter()
        .find(|stat| stat.name == "java" && command_line(stat.id).contains(folder))
        .map(|stat| stat.id)
}

fn command_line(id: u32) -> String {
    let bytes = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One process, from `/proc/ID/stat`.
#[derive(Clone, Debug, PartialEq)]
struct Stat {
    id: u32,
    name: String,
    parent: u32,
    ticks: f64,
    resident_pages: u64,
}

fn stats() -> Vec<Stat> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    ids.filter_map(stat_of).collect()
}

fn stat_of(id: u32) -> Option<Stat> {
    parse(&std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

fn parse(text: &str) -> Option<Stat> {
    // The name stands in parentheses and may hold any.
    let (id, rest) = text.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
    Some(Stat {
        id: id.parse().ok()?,
        name: name.to_owned(),
        parent: fields.get(1)?.parse().ok()?,
        ticks: fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?,
        resident_pages: number(21)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_kernel_is_read_whatever_the_program_is_called() {
        let line =
            "42 (a) (b) S 7 42 42 0 -1 4194560 1 0 0 0 150 50 3 4 20 0 1 0 9 1000 256 18446744073709551615";
        let wanted = Stat { id: 42, name: "a) (b".to_owned(), parent: 7, ticks: 200.0, resident_pages: 256 };
        assert_eq!(parse(line), Some(wanted));
        assert_eq!(parse("42 (a"), None);
    }

    #[test]
    fn work_costs_this_process_time_and_it_has_memory() {
        let before = own_cost();
        let began = std::time::Instant::now();
        let mut sum = 0_u64;
        while began.elapsed().as_millis() < 300 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let after = own_cost();
        assert!(after.cpu_seconds > before.cpu_seconds, "{before:?} {after:?}");
        assert!(after.resident_bytes > 1_000_000);
    }

    #[test]
    fn what_a_process_started_counts_as_its_own_and_not_as_ours() {
        let mut shell = std::process::Command::new("sh").args(["-c", "sleep 5 & wait"]).spawn().unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        let alone = || sum(stat_of(shell.id()).iter()).resident_bytes;
        while cost(shell.id()).resident_bytes <= alone() {
            assert!(std::time::Instant::now() < deadline, "the shell's child is not counted");
        }
        assert!(cost(std::process::id()).resident_bytes > own_cost().resident_bytes);
        // Only the shell is ours to end; its child goes by itself.
        shell.kill().unwrap();
        shell.wait().unwrap();
    }
}
