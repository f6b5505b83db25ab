//! Measures the parts. `bench [PART…]` prints what each costs in time; `bench --instructions FILE` compares
//! the instructions of each with the figures of a file, and `bench --land FILE` writes them.

mod counted;

use bench::{CASES, Case, Fault, Part};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

/// The one that Weir's own binary has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often each is run: the median counts.
const ROUNDS: usize = 11;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["--count", name] => find(name).and_then(counted::run_once).map(|()| true),
        ["--instructions", file] => counted::compare(Path::new(file)),
        ["--land", file] => counted::land(Path::new(file)).map(|()| true),
        names => measure(names).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::from(2)
        }
    }
}

fn find(name: &str) -> Result<&'static Case, Fault> {
    CASES.iter().find(|case| case.name == name).ok_or_else(|| format!("there is no part {name}").into())
}

fn measure(names: &[&str]) -> Result<(), Fault> {
    for name in names {
        find(name)?;
    }
    for case in CASES.iter().filter(|case| names.is_empty() || names.contains(&case.name)) {
        let mut part = (case.begin)()?;
        let mut all = Vec::new();
        for _ in 0..ROUNDS {
            part.prepare()?;
            let began = Instant::now();
            let count = measured(&mut *part)?;
            #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
            all.push(began.elapsed().as_secs_f64() * 1e6 / count as f64);
        }
        all.sort_by(f64::total_cmp);
        let median = all.get(ROUNDS / 2).copied().unwrap_or_default();
        let least = all.first().copied().unwrap_or_default();
        println!(
            "{:<10} {median:>7.3} µs a {}, at the least {least:>7.3}; {:>9.0} a core-second",
            case.name,
            case.per,
            1e6 / median
        );
    }
    Ok(())
}

/// What callgrind counts, and nothing else.
#[inline(never)]
pub(crate) fn measured(part: &mut dyn Part) -> Result<u64, Fault> {
    part.run()
}
