//! `weir simulate`: a policy tried on many accounts.
//!
//! Playing and counting is `whatif`'s business; this is what it is tried on, and how it is shown.

use crate::cli::{Output, SimulateArguments};
use crate::events::Events;
use crate::life::{reports, unreadable};
use crate::{terminal, versions};
use decision::time::Timestamp;
use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic, WrapErr};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use whatif::simulate::report::{Report, page, text};
use whatif::simulate::{Job, Progress, SimulateError, simulate};

/// Simulates, and tells what came of it.
pub(crate) fn run(arguments: &SimulateArguments) -> miette::Result<ExitCode> {
    let job = job(arguments)?;
    let mut csv = arguments.csv.as_deref().map(create).transpose()?;
    let mut from = Events::of(&arguments.events, arguments.config.as_deref())?;
    let mut bar = Bar::new(&from);
    let differences = csv.as_mut().map(|(_, out)| out as &mut dyn Write);
    let simulated = simulate(&job, &mut *from.source, differences, &mut |progress| bar.show(progress));
    bar.end();
    let simulated = match simulated {
        Err(SimulateError::Faulty(faulty)) => return Err(unreadable(&faulty)),
        other => other.into_diagnostic()?,
    };
    if let Some((path, mut out)) = csv {
        out.flush().into_diagnostic().wrap_err_with(|| format!("cannot write {}", path.display()))?;
    }
    if simulated.faulty.count > 0 {
        eprintln!("passed over, {}", simulated.faulty);
    }
    let report = Report::new(&job, &simulated);
    if let Some(path) = &arguments.html {
        let context = || format!("cannot write {}", path.display());
        std::fs::write(path, page(&report)).into_diagnostic().wrap_err_with(context)?;
    }
    let told = match arguments.output {
        Output::Text => text::tables(&report, terminal::width(), arguments.days),
        Output::Json => format!("{}\n", report.json()),
    };
    write!(std::io::stdout(), "{told}").into_diagnostic()?;
    Ok(ExitCode::SUCCESS)
}

fn job(arguments: &SimulateArguments) -> miette::Result<Job> {
    let policy = versions::of_files(&arguments.policy)?;
    let zone = policy.at(Timestamp::EARLIEST).defaults.zone.clone();
    let against =
        if arguments.against.is_empty() { None } else { Some(versions::of_files(&arguments.against)?) };
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(Job {
        policy,
        against,
        until: terminal::moment(&arguments.until, &zone)?,
        reports: reports(arguments.reports),
        skip_faulty: arguments.skip_faulty,
        threads: arguments.threads.map_or_else(cores, usize::from),
        folder: arguments.scratch.clone(),
    })
}

fn create(path: &Path) -> miette::Result<(PathBuf, BufWriter<File>)> {
    let context = || format!("cannot write {}", path.display());
    let file = File::create(path).into_diagnostic().wrap_err_with(context)?;
    Ok((path.to_owned(), BufWriter::new(file)))
}

/// The progress, on standard error where someone looks at it.
struct Bar {
    bar: ProgressBar,
    is_playing: bool,
}

impl Bar {
    fn new(from: &Events) -> Self {
        let bar = match (from.total, from.are_bytes) {
            (Some(total), true) => ProgressBar::new(total)
                .with_style(style("reading  {bar:40} {bytes} of {total_bytes}, {eta} left")),
            (Some(total), false) => ProgressBar::new(total)
                .with_style(style("reading  {bar:40} {pos} of {len} records, {eta} left")),
            // The length of a pipe is not known: then only what was read is shown.
            (None, _) => ProgressBar::no_length().with_style(style("reading  {bytes}")),
        };
        Self { bar, is_playing: false }
    }

    fn show(&mut self, progress: Progress) {
        match progress {
            Progress::Reading(bytes) => self.bar.set_position(bytes),
            Progress::Playing { done, of } => {
                if !self.is_playing {
                    self.is_playing = true;
                    self.bar.reset();
                    self.bar.set_style(style("playing  {bar:40} {percent} %, {eta} left"));
                    self.bar.set_length(of.try_into().unwrap_or(u64::MAX));
                }
                self.bar.set_position(done.try_into().unwrap_or(u64::MAX));
            }
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// A style of the bar. The templates are fixed; one that were wrong would be shown as it is.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
