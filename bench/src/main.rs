//! Measures the parts: `bench` prints what each costs; `bench --count PART` runs one once inside
//! [`measured`], for callgrind.

use bench::{CASES, Case, Fault, Part};
use std::process::ExitCode;
use std::time::Instant;

/// How often each is run: the median counts.
const ROUNDS: usize = 11;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["--count", name] => find(name).and_then(count),
        names => measure(names),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn find(name: &str) -> Result<&'static Case, Fault> {
    CASES.iter().find(|case| case.name == name).ok_or_else(|| format!("there is no part {name}").into())
}

fn measure(names: &[&str]) -> Result<(), Fault> {
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
        println!("{:<10} {median:>8.3} µs a {}, {:>9.0} a core-second", case.name, case.per, 1e6 / median);
    }
    Ok(())
}

fn count(case: &'static Case) -> Result<(), Fault> {
    let mut part = (case.begin)()?;
    part.prepare()?;
    println!("{}", measured(&mut *part)?);
    Ok(())
}

/// What callgrind counts, and nothing else.
#[inline(never)]
fn measured(part: &mut dyn Part) -> Result<u64, Fault> {
    part.run()
}
