//! Looks for bytes that make the core panic, or break what always holds.
//!
//! ```text
//! cargo run --profile fuzz -p decision --example fuzz_decide -- --for 60s --seed 7
//! cargo run --profile fuzz -p decision --example fuzz_decide -- --lives 10000 --seed 7
//! cargo run --profile fuzz -p decision --example fuzz_decide -- --life 00ff…
//! ```
//!
//! The profile `fuzz` is a release build that checks every overflow and assertion. By `--lives` a run
//! is the same each time, and ends with a digest: two builds that decide alike print the same. A fault
//! is printed with the bytes of its life, as few as will do: `--life` lives it again, and tells all.

#[path = "../tests/fuzzing/mod.rs"]
mod fuzzing;

use decision::time::Period;
use std::process::ExitCode;
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    run().map_or_else(
        |fault| {
            eprintln!("{fault}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn run() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).map(String::as_str)
    };
    if let Some(life) = value("--life") {
        let lived = fuzzing::live(&bytes_of(life)?, Some(&|what| println!("{what}")))?;
        println!("{} decisions, nothing found", lived.decisions);
        return Ok(());
    }
    let number = |name| value(name).map(|text| text.parse::<u64>().map_err(|_| format!("{name}: no number")));
    let seed = number("--seed").transpose()?.unwrap_or(0);
    let lives = number("--lives").transpose()?;
    let time = value("--for").unwrap_or("60s");
    let time = Period::parse(time).ok_or("--for takes 60s, 10m or 2h")?.nominal_micros();
    let time = Duration::from_micros(u64::try_from(time).unwrap_or(0));
    search(seed, lives, time)
}

#[expect(clippy::disallowed_methods, reason = "it is the search that ends by the clock, not the core")]
fn search(seed: u64, lives: Option<u64>, time: Duration) -> Result<(), String> {
    // Each fault is told once, at the end.
    std::panic::set_hook(Box::new(|_| {}));
    let started = Instant::now();
    let mut search = fuzzing::Search::new(seed);
    while lives.map_or_else(|| started.elapsed() < time, |lives| search.lives < lives) {
        search.step().map_err(|fault| {
            let life: String = fault.life.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{}\n--life {life}", fault.what)
        })?;
    }
    let (lives, decisions, signs) = (search.lives, search.decisions, search.signs());
    println!("{lives} lives, {decisions} decisions, {signs} different signs; nothing found");
    println!("digest {:016x}", search.digest());
    Ok(())
}

fn bytes_of(hex: &str) -> Result<Vec<u8>, String> {
    let digits: Option<Vec<u32>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.ok_or("--life takes hexadecimal digits")?;
    let bytes = digits.as_chunks().0.iter().map(|[high, low]| u8::try_from(high * 16 + low));
    bytes.collect::<Result<_, _>>().map_err(|error| error.to_string())
}
