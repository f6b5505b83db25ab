//! The load test's command line. What it does is the library's.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

mod cli;
mod cli_peers;
mod cli_scale;

use clap::Parser;
use cli::{Cli, Command, GenerateArguments, RunArguments, VerifyArguments, weir_beside_this};
use decision::time::Timestamp;
use loadtest::load::Work;
use loadtest_runner::generate::{Order, generate};
use loadtest_runner::report::{Report, page};
use loadtest_runner::run::{Plan, run};
use loadtest_runner::verify::{self, Verification};
use loadtest_runner::{Choice, RunError};
use miette::{IntoDiagnostic, WrapErr};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What came out was not what should have: not wrong use, and told apart from it by scripts.
const WRONG: u8 = 1;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Generate(arguments) => print_load(&arguments),
        Command::Run(arguments) => make_run(&arguments),
        Command::Verify(arguments) => verify_topics(&arguments),
        Command::Peers(arguments) => cli_peers::run(&arguments),
        Command::Scale(arguments) => cli_scale::run(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("{error:?}");
        ExitCode::from(2)
    })
}

fn print_load(arguments: &GenerateArguments) -> miette::Result<ExitCode> {
    let load = &arguments.load;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let order = Order {
        profile: load.what.profile(load.what.shared_work).into_diagnostic()?,
        size: load.size(),
        rate: arguments.rate,
        length: load.length,
        began: Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX)),
    };
    let mut out = match &arguments.out {
        Some(path) => {
            let file = File::create(path)
                .into_diagnostic()
                .wrap_err_with(|| format!("cannot write {}", path.display()))?;
            Some(BufWriter::new(file))
        }
        None => None,
    };
    let counts = generate(&order, out.as_mut().map(|out| out as &mut dyn Write)).into_diagnostic()?;
    if let Some(mut out) = out {
        out.flush().into_diagnostic()?;
    }
    for (kind, count) in &counts.kinds {
        println!("{:12} {count:>12}", kind.as_str());
    }
    println!("{:12} {:>12}", "events", counts.events());
    println!("{:12} {:>12}  (without the stages that timers enter)", "commands", counts.expected);
    Ok(ExitCode::SUCCESS)
}

fn make_run(arguments: &RunArguments) -> miette::Result<ExitCode> {
    let load = &arguments.load;
    let choice = match (&arguments.weir, &arguments.peer) {
        (Some(binary), _) => Choice::Weir(binary.clone()),
        (None, Some(line)) => Choice::Peer(line.clone()),
        (None, None) if arguments.none => Choice::Nobody,
        (None, None) => Choice::Weir(weir_beside_this()?),
    };
    let shared_work = load.what.shared_work || arguments.peer.is_some();
    let plan = Plan {
        name: load.what.profile.clone(),
        profile: load.what.profile(shared_work).into_diagnostic()?,
        shared_work,
        size: load.size(),
        rates: arguments.rates(),
        step: load.length,
        preload_rate: arguments.preload_rate,
        choice,
        brokers: arguments.brokers.clone(),
        broker_process: arguments.broker_process,
        registry: arguments.registry.clone(),
        prefix: arguments.prefix.clone(),
        partitions: arguments.partitions,
        linger: Duration::from_millis(arguments.linger_ms),
        store_memory: arguments.store_memory << 20,
        answers: arguments.answers(),
        folder: arguments.state.clone(),
        verify: (!arguments.no_verify).then(|| arguments.replay.bytes()),
    };
    let is_over = until_told()?;
    let report = run(&plan, &is_over, &|text| eprintln!("▸ {text}")).map_err(told)?;
    write_report(arguments, &report)?;
    print_summary(&report);
    let kept_up = report.steps.first().is_some_and(|step| step.sustained);
    // Beyond saturation payments meet stages that they should not: what comes then is not certain.
    let is_certain = report.steps.iter().all(|step| step.sustained);
    let is_unlike = is_certain && kept_up && !report.commands.are_as_expected();
    // What the rules leave open beyond saturation, the verification lets pass by itself.
    let is_wrong = is_unlike || report.verification.as_ref().is_some_and(|found| !found.is_right());
    Ok(if is_wrong { ExitCode::from(WRONG) } else { ExitCode::SUCCESS })
}

fn verify_topics(arguments: &VerifyArguments) -> miette::Result<ExitCode> {
    let is_peer = arguments.peer;
    let policies = match &arguments.policy {
        _ if is_peer => None,
        None => Some(verify::yardstick().map_err(told)?),
        Some(path) => Some(Arc::new(policy::load(path)?.policy.into())),
    };
    let work = if is_peer { Work::Shared } else { Work::Whole };
    let order = verify::Order {
        brokers: arguments.brokers.clone(),
        registry: arguments.registry.clone(),
        prefix: arguments.prefix.clone(),
        work: arguments.policy.is_none().then_some(work),
        policies,
        replay_memory: arguments.replay.bytes(),
    };
    let found = verify::verify(&order, &|text| eprintln!("▸ {text}")).map_err(told)?;
    if let Some(path) = &arguments.json {
        let json = serde_json::to_vec_pretty(&found).into_diagnostic()?;
        std::fs::write(path, json)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot write {}", path.display()))?;
    }
    print_verification(&found);
    Ok(if found.is_right() { ExitCode::SUCCESS } else { ExitCode::from(WRONG) })
}

fn print_verification(found: &Verification) {
    for line in found.findings() {
        println!("{line}");
    }
    println!("{}: {}", if found.is_right() { "verified" } else { "WRONG" }, found.summary());
}

/// Set once a signal says that it is enough; the second one ends the program at once.
fn until_told() -> miette::Result<Arc<AtomicBool>> {
    let is_over = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 2, is_over.clone()).into_diagnostic()?;
        signal_hook::flag::register(signal, is_over.clone()).into_diagnostic()?;
    }
    Ok(is_over)
}

fn told(error: RunError) -> miette::Report {
    miette::Report::from_err(error)
}

fn write_report(arguments: &RunArguments, report: &Report) -> miette::Result<()> {
    let json = serde_json::to_vec_pretty(report).into_diagnostic()?;
    write_files(&arguments.out, &[("report.html", page(report).into_bytes()), ("report.json", json)])
}

/// Writes what was measured into a folder, which is made.
fn write_files(folder: &Path, files: &[(&str, Vec<u8>)]) -> miette::Result<()> {
    std::fs::create_dir_all(folder)
        .and_then(|()| files.iter().try_for_each(|(name, text)| std::fs::write(folder.join(name), text)))
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot write to {}", folder.display()))
}

fn print_summary(report: &Report) {
    println!(
        "{:>8} {:>5} {:>9} {:>9} {:>8} {:>8} {:>8} {:>10} {:>9} {:>9}",
        "rate/s", "kept", "taken/s", "lag", "p50 ms", "p99 ms", "p99.9", "CPU µs/ev", "broker", "commit ms"
    );
    for step in &report.steps {
        println!(
            "{:>8} {:>5} {:>9.0} {:>9} {:>8.1} {:>8.1} {:>8.1} {:>10.2} {:>9.2} {:>9.2}",
            step.rate,
            if step.sustained { "yes" } else { "no" },
            step.taken_per_second,
            step.lag_at_end,
            step.events.p50,
            step.events.p99,
            step.events.p999,
            step.processor_us_per_event.unwrap_or(0.0),
            step.broker_us_per_event.unwrap_or(0.0),
            step.commit_mean_ms.unwrap_or(0.0)
        );
    }
    let (commands, tally) = (&report.commands, &report.commands.tally);
    println!(
        "{} commands for events, {} stages by timers; {} missing, {} passed over, {} unexpected, {} events lost",
        tally.matched, tally.timed, commands.missing, tally.passed_over, tally.unexpected, commands.lost
    );
    match &report.verification {
        Some(found) => print_verification(found),
        None => println!("not verified"),
    }
}
