//! `./x sim`: runs seeds of the simulator, and shrinks what fails.

use clap::Parser;
use engine::faults::Mutation;
use simulator::{Options, Outcome, notice, run, shrink};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Runs the real engine in simulated worlds where things go wrong, and says what is not as it must be.
#[derive(Debug, Parser)]
#[command(name = "./x sim", after_help = "Example: ./x sim --seeds 10000 --from 1")]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only these faults of a seed's plan, by number: `--only 2,5`; `--only none` leaves all out.
    #[arg(long)]
    only: Option<String>,
    /// A rule of the engine to break on purpose; `list` names them all.
    #[arg(long)]
    mutation: Option<String>,
    /// Tell everything that goes wrong as it happens.
    #[arg(long)]
    tell: bool,
    /// Go on after a seed that fails.
    #[arg(long)]
    all: bool,
    /// Break every rule that can be broken, one after the other, and print the table of docs/simulator.md:
    /// the first seed that notices, and what it says.
    #[arg(long)]
    mutations: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.mutation.as_deref() == Some("list") {
        for mutation in Mutation::ALL {
            println!("{:28} {}", mutation.word(), mutation.what());
        }
        return ExitCode::SUCCESS;
    }
    if arguments.mutations {
        return table(&arguments);
    }
    let options = match options(&arguments) {
        Ok(options) => options,
        Err(what) => {
            eprintln!("{what}");
            return ExitCode::from(2);
        }
    };
    if arguments.tell {
        // What the engine itself says, by its levels, with no time: it has none of its own.
        tracing_subscriber::fmt().without_time().with_env_filter("info").with_writer(std::io::stdout).init();
    }
    let failed = run_all(&arguments, &options);
    for outcome in &failed {
        report(outcome, &options, arguments.mutation.as_deref());
    }
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn options(arguments: &Arguments) -> Result<Options, String> {
    let mutation = match &arguments.mutation {
        None => None,
        Some(word) => Some(
            *Mutation::ALL
                .iter()
                .find(|known| known.word() == word)
                .ok_or_else(|| format!("there is no mutation {word}; `--mutation list` names them all"))?,
        ),
    };
    let numbers = |text: &String| -> Result<Vec<usize>, String> {
        if text == "none" {
            return Ok(Vec::new());
        }
        let number = |part: &str| part.trim().parse().map_err(|_| format!("{part} is no number of a fault"));
        text.split(',').map(number).collect()
    };
    let only = arguments.only.as_ref().map(numbers).transpose()?;
    Ok(Options { mutation, only, tells: arguments.tell })
}

/// Prints which seed notices each mutation first.
fn table(arguments: &Arguments) -> ExitCode {
    println!("| mutation | what it breaks | seeds until noticed | what is said |");
    println!("|---|---|---|---|");
    let mut missed = 0;
    for mutation in Mutation::ALL {
        let noticed = notice(*mutation, arguments.from, arguments.seeds);
        let (seeds, said) = match &noticed {
            Some(outcome) => {
                let seeds = outcome.seed.saturating_sub(arguments.from).saturating_add(1);
                let said: String =
                    outcome.deviations.iter().flat_map(|said| said.chars()).take(110).collect();
                (seeds.to_string(), said.replace('|', "/").replace('\0', ""))
            }
            None => {
                missed += 1;
                (format!("not in {}", arguments.seeds), String::new())
            }
        };
        println!("| `{}` |{} | {seeds} | {said} |", mutation.word(), mutation.what());
    }
    if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the seeds on all cores; answers those that failed, the first in order.
fn run_all(arguments: &Arguments, options: &Options) -> Vec<Outcome> {
    let (next, stop, began) = (AtomicU64::new(0), AtomicBool::new(false), Instant::now());
    let failed: Mutex<Vec<Outcome>> = Mutex::default();
    let counts: Mutex<[u64; 5]> = Mutex::default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= arguments.seeds || stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let outcome = run(arguments.from.saturating_add(at), options);
                    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
                    let of_run = [1, outcome.inputs, outcome.timers, outcome.commands, outcome.effects];
                    for (sum, of_run) in counts.iter_mut().zip(of_run) {
                        *sum = sum.saturating_add(of_run);
                    }
                    if !outcome.deviations.is_empty() {
                        stop.store(!arguments.all, Ordering::Relaxed);
                        failed.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
                    }
                }
            });
        }
    });
    let [runs, inputs, timers, commands, effects] = *counts.lock().unwrap_or_else(PoisonError::into_inner);
    println!(
        "{runs} runs in {:.1} s: {inputs} inputs, {timers} timers, {commands} commands, {effects} calls of log and store",
        began.elapsed().as_secs_f64()
    );
    let mut failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.sort_by_key(|outcome| outcome.seed);
    failed
}

/// Tells of a failing seed, with the fewest faults, and how to see it again.
fn report(outcome: &Outcome, options: &Options, mutation: Option<&str>) {
    let quiet = Options { tells: false, ..options.clone() };
    let (kept, found) = shrink(outcome.seed, &quiet);
    println!("seed {} fails with {} of {} faults:", outcome.seed, kept.len(), outcome.faults.len());
    for (number, fault) in kept.iter().zip(&found.faults) {
        println!("  {number}: {fault}");
    }
    for deviation in found.deviations.iter().take(6) {
        let short: String = deviation.chars().take(400).collect();
        println!("  ! {short}");
    }
    let only: Vec<String> = kept.iter().map(usize::to_string).collect();
    let only = if only.is_empty() { "none".to_owned() } else { only.join(",") };
    let mutation = mutation.map(|word| format!(" --mutation {word}")).unwrap_or_default();
    println!("  ./x sim --seeds 1 --from {} --only {only}{mutation} --tell", outcome.seed);
}
