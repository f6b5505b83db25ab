//! Instructions, as callgrind counts them: what noise does not move, held against the last landed figures.

use crate::measured;
use bench::{CASES, Case, Fault};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// How much more a part may take than it did, in percent.
const MOST_MORE_PERCENT: u64 = 10;

/// Runs a part once, for callgrind: it collects within [`measured`] alone.
pub(crate) fn run_once(case: &Case) -> Result<(), Fault> {
    let mut part = (case.begin)()?;
    part.prepare()?;
    println!("{}", measured(&mut *part)?);
    Ok(())
}

/// Counts every part and compares with the figures in `landed`. Answers whether none takes too much more.
pub(crate) fn compare(landed: &Path) -> Result<bool, Fault> {
    let landed: BTreeMap<String, u64> = toml::from_str(&std::fs::read_to_string(landed)?)?;
    println!("{:<10} {:>9} {:>9} {:>7}   instructions", "part", "landed", "now", "change");
    let mut is_well = true;
    for case in &CASES {
        let now = count(case)?;
        let Some(before) = landed.get(case.name) else {
            println!("{:<10} {:>9} {now:>9} {:>7}   a {}", case.name, "-", "new", case.per);
            continue;
        };
        let is_too_much = is_too_much(*before, now);
        let mark = if is_too_much { ": TOO MUCH" } else { "" };
        println!(
            "{:<10} {before:>9} {now:>9} {:>6}%   a {}{mark}",
            case.name,
            percent(*before, now),
            case.per
        );
        is_well &= !is_too_much;
    }
    Ok(is_well)
}

/// Counts every part and writes the figures to `landed`.
pub(crate) fn land(landed: &Path) -> Result<(), Fault> {
    let mut text = String::from(
        "# Instructions each part takes, by callgrind: `./x bench instructions --land` writes them, `./x bench\n\
         # instructions` fails where one is a tenth above.\n",
    );
    for case in &CASES {
        text += &format!("{} = {} # a {}\n", case.name, count(case)?, case.per);
    }
    std::fs::write(landed, text)?;
    Ok(())
}

fn is_too_much(before: u64, now: u64) -> bool {
    now.saturating_mul(100) > before.saturating_mul(100 + MOST_MORE_PERCENT)
}

#[expect(clippy::cast_possible_wrap, reason = "instructions of one event")]
fn percent(before: u64, now: u64) -> i64 {
    (now as i64 - before as i64) * 100 / (before.max(1) as i64)
}

/// The instructions for each of what a part does.
fn count(case: &Case) -> Result<u64, Fault> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("callgrind.out");
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*bench::measured*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe()?)
        .args(["--count", case.name])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run valgrind (./x setup installs it): {error}"))?;
    if !run.status.success() {
        return Err(format!("{}: {}", case.name, String::from_utf8_lossy(&run.stderr)).into());
    }
    let times: u64 = String::from_utf8(run.stdout)?.trim().parse()?;
    let profile = std::fs::read_to_string(&out)?;
    let total = profile.lines().find_map(|line| line.strip_prefix("totals: "));
    let total: u64 = total.ok_or("callgrind wrote no total")?.trim().parse()?;
    if total == 0 {
        return Err("callgrind collected nothing: what is measured has another name".into());
    }
    Ok(total / times.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_may_take_a_tenth_more_and_not_an_instruction_beyond() {
        for (before, now, expected) in
            [(1_000, 900, false), (1_000, 1_100, false), (1_000, 1_101, true), (0, 1, true)]
        {
            assert_eq!(is_too_much(before, now), expected, "{before} {now}");
        }
        assert_eq!((percent(1_000, 1_100), percent(1_000, 950)), (10, -5));
    }

    #[test]
    fn every_part_has_landed_and_nothing_else_has() {
        let landed: BTreeMap<String, u64> =
            toml::from_str(include_str!("../landed.toml")).unwrap_or_default();
        let mut names: Vec<&str> = CASES.iter().map(|case| case.name).collect();
        names.sort_unstable();
        assert!(landed.keys().eq(names.iter()), "{landed:?}");
    }
}
