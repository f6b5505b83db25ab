//! `weir tap`: decoded events, and the decisions and commands that they led to, as they come.
//!
//! It only reads, outside any group. What is wanted is [`wanted`]'s business, what led to what [`causes`]', in
//! which order it is told [`order`]'s; here are the topics, the clock and the ways to end.

mod causes;
mod item;
mod json;
mod order;
#[cfg(test)]
mod samples;
mod stream;
mod text;
mod wanted;

use crate::cli::{Output, TapArguments, TapFrom};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::{signals, versions};
use connectors::kafka::{KafkaLog, KafkaTail};
use connectors::registry::SchemaRegistry;
use decision::time::Timestamp;
use engine::Clock;
use engine::log::{Log, LogError, TopicPartition};
use miette::{Context, IntoDiagnostic, miette};
use order::Told;
use schemas::Registry;
use std::io::{BufWriter, ErrorKind, Write};
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use stream::{Followed, Stream};
use text::Words;
use wanted::Wanted;

/// How long one read waits: it bounds how late a signal is heard.
const READ_WAIT: Duration = Duration::from_millis(50);

/// How many records one read brings at most.
const AT_MOST: usize = 2_000;

/// How long, and how often, it is asked where partitions end.
const PATIENCE: Duration = Duration::from_secs(10);
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// It is told so often how far it is with what lies in the log.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// The same trouble is told so often at most.
const TROUBLE_EVERY: Duration = Duration::from_secs(10);

/// Says something beside what is shown: to whoever still listens.
macro_rules! tell {
    ($($words:tt)*) => {
        let _ = writeln!(std::io::stderr(), $($words)*);
    };
}

/// Follows the topics until told to stop.
pub(crate) fn run(arguments: &TapArguments) -> miette::Result<ExitCode> {
    let config = Config::load(&arguments.config).map_err(|problem| *problem)?;
    let is_stopped = signals::stop_flag()?;
    let clock = SystemClock::new();
    if let TapFrom::Moment(at) = arguments.from
        && at > clock.now()
    {
        return Err(miette!(help = "without --from it begins now", "{at} is still to come"));
    }
    let wanted = Wanted::of(arguments);
    let registry: Arc<dyn Registry> = Arc::new(SchemaRegistry::connect(&config.registry).into_diagnostic()?);
    let log = KafkaLog::new(config.kafka.clone()).into_diagnostic()?;
    let at = || format!("the topics at {} cannot be followed", config.kafka.brokers);
    let (partitions, followed) =
        followed(&log, &config, &wanted, start_of(arguments.from, clock.now())).wrap_err_with(at)?;
    let starts: Vec<_> = followed.iter().map(|part| (part.source.clone(), part.start)).collect();
    let tail = log.tail(&starts).into_diagnostic().wrap_err_with(at)?;
    let policies = versions::of_config(&config, &log, &registry, clock.now()).ok().flatten();
    let words = Words::new(policies.map(|(_, policies)| policies));
    tell!("following {} partitions at {}; Ctrl-C ends it", followed.len(), config.kafka.brokers);
    let stream = Stream::new(wanted, registry, config.topics.clone(), partitions, &followed);
    let printer = Printer {
        out: BufWriter::new(std::io::stdout()),
        words,
        output: arguments.output,
        left: arguments.count.unwrap_or(u64::MAX),
        told: 0,
    };
    let mut tap = Tap { tail, stream, printer, trouble: None, progress_at: Duration::ZERO };
    tap.follow(arguments.length.unwrap_or(Duration::MAX), &is_stopped)?;
    let (told, read, unreadable) = (tap.printer.told, tap.stream.read, tap.stream.unreadable);
    tell!("told {told} of {read} records read; {unreadable} of them could not be decoded");
    Ok(ExitCode::SUCCESS)
}

/// From where partitions are read.
#[derive(Clone, Copy)]
enum Start {
    End,
    Beginning,
    /// In milliseconds since 1970.
    Time(i64),
}

fn start_of(from: TapFrom, now: Timestamp) -> Start {
    let millis = |at: Timestamp| at.0.div_euclid(1_000);
    match from {
        TapFrom::Now => Start::End,
        TapFrom::Begin => Start::Beginning,
        TapFrom::Ago(time) => {
            let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
            Start::Time(millis(now.plus_micros(micros.saturating_neg())).max(0))
        }
        TapFrom::Moment(at) => Start::Time(millis(at).max(0)),
    }
}

/// How many partitions the input topics have, and every partition that is followed.
fn followed(
    log: &KafkaLog,
    config: &Config,
    wanted: &Wanted,
    start: Start,
) -> miette::Result<(NonZeroU32, Vec<Followed>)> {
    let (inputs, outputs) = wanted.topics();
    let inputs = inputs.into_iter().map(|topic| config.topics.input(topic));
    let outputs = outputs.into_iter().map(|topic| config.topics.output(topic));
    // The accounts' topic says how many partitions there are, whichever are followed.
    let accounts = config.topics.input(schemas::InputTopic::Accounts);
    let names: Vec<Arc<str>> = inputs.chain(outputs).cloned().collect();
    let all: Vec<Arc<str>> = std::iter::once(accounts).chain(&names).cloned().collect();
    let counts = log.partitions(&all).into_diagnostic()?;
    let mut counted = Vec::new();
    for (name, count) in all.iter().zip(counts) {
        let absent = || {
            miette!(
                help = "the names are those of [topics] in the configuration; `weir topics create` makes what is missing",
                "there is no topic {name}"
            )
        };
        counted.push(count.and_then(NonZeroU32::new).ok_or_else(absent)?);
    }
    let partitions = counted.first().copied().unwrap_or(NonZeroU32::MIN);
    let of_topic = |(topic, count): (&Arc<str>, &NonZeroU32)| {
        let topic = Arc::clone(topic);
        (0..count.get()).map(move |partition| TopicPartition { topic: Arc::clone(&topic), partition })
    };
    let sources: Vec<_> = names.iter().zip(counted.iter().skip(1)).flat_map(of_topic).collect();
    let begun = Instant::now();
    loop {
        match bounds(log, &sources, start) {
            // While a partition's leader changes nobody says where it ends.
            Err(LogError::Unavailable { .. }) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(AGAIN_AFTER)
            }
            found => return Ok((partitions, found.into_diagnostic()?)),
        }
    }
}

/// Where each partition is read from, and where it ends now.
fn bounds(log: &KafkaLog, sources: &[TopicPartition], start: Start) -> Result<Vec<Followed>, LogError> {
    let ends = log.end_offsets(sources)?;
    let starts = match start {
        Start::End => ends.clone(),
        Start::Beginning => log.start_offsets(sources)?,
        Start::Time(millis) => log.offsets_at(sources, millis)?,
    };
    let bounds = sources.iter().zip(starts.into_iter().zip(ends));
    Ok(bounds.map(|(source, (start, end))| Followed { source: source.clone(), start, end }).collect())
}

/// A tap at work.
struct Tap<W: Write> {
    tail: KafkaTail,
    stream: Stream,
    printer: Printer<W>,
    /// What was told of trouble last, and when.
    trouble: Option<(String, Duration)>,
    /// When it was told last how far the reading of what lies in the log is.
    progress_at: Duration,
}

impl<W: Write> Tap<W> {
    /// Follows for so long, or until a signal, or until enough was told, or until nobody reads it.
    fn follow(&mut self, length: Duration, is_stopped: &AtomicBool) -> miette::Result<()> {
        let clock = SystemClock::new();
        while !is_stopped.load(Ordering::Relaxed) {
            let left = length.saturating_sub(clock.ticks());
            if left.is_zero() {
                break;
            }
            let read = self.tail.poll(AT_MOST, READ_WAIT.min(left)).into_diagnostic()?;
            let now = clock.ticks();
            for tailed in read {
                if let Some(what) = self.stream.take(tailed, now) {
                    self.tell_trouble(what, now);
                }
            }
            self.tell_progress(now);
            let told = self.stream.release(now);
            if !self.printer.print(&told)? {
                return Ok(());
            }
        }
        let told = self.stream.release_all();
        self.printer.print(&told).map(|_| ())
    }

    /// Nothing is told of what lies in the log before all of it was read, which may take long.
    fn tell_progress(&mut self, now: Duration) {
        if self.stream.is_catching_up(now) && now.saturating_sub(self.progress_at) > PROGRESS_EVERY {
            tell!("{} records read of what lies in the log, and it goes on", self.stream.read);
            self.progress_at = now;
        }
    }

    fn tell_trouble(&mut self, what: String, now: Duration) {
        let is_news = self
            .trouble
            .as_ref()
            .is_none_or(|(last, at)| *last != what || now.saturating_sub(*at) > TROUBLE_EVERY);
        if is_news {
            tell!("{what}; it goes on with the others meanwhile");
            self.trouble = Some((what, now));
        }
    }
}

/// Prints items, one a line.
struct Printer<W: Write> {
    out: W,
    words: Words,
    output: Output,
    /// How many may still be told, and how many were.
    left: u64,
    told: u64,
}

impl<W: Write> Printer<W> {
    /// Prints these; answers whether more are wanted: not once there are enough, or nobody reads them any more.
    fn print(&mut self, items: &[Told]) -> miette::Result<bool> {
        match self.write(items) {
            Ok(()) => Ok(self.left > 0),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(error).into_diagnostic().wrap_err("cannot write what the tap shows"),
        }
    }

    fn write(&mut self, items: &[Told]) -> std::io::Result<()> {
        for item in items {
            if self.left == 0 {
                break;
            }
            let line = match self.output {
                Output::Text => self.words.line(item),
                Output::Json => json::line(item, &self.words.of(&item.item)),
            };
            writeln!(self.out, "{line}")?;
            self.left -= 1;
            self.told += 1;
        }
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tap_that_begins_so_long_ago_begins_at_that_time() {
        let at = |from| match start_of(from, Timestamp(10_000_000)) {
            Start::End => "end".to_owned(),
            Start::Beginning => "beginning".to_owned(),
            Start::Time(millis) => millis.to_string(),
        };
        assert_eq!(at(TapFrom::Now), "end");
        assert_eq!(at(TapFrom::Begin), "beginning");
        assert_eq!(at(TapFrom::Ago(Duration::from_secs(3))), "7000");
        assert_eq!(at(TapFrom::Ago(Duration::from_secs(30))), "0", "nothing is older");
        assert_eq!(at(TapFrom::Moment(Timestamp(5_000_000))), "5000");
    }

    /// Whoever reads what is printed has gone.
    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn printer<W: Write>(out: W, left: u64) -> Printer<W> {
        Printer { out, words: Words::new(None), output: Output::Text, left, told: 0 }
    }

    fn told() -> Vec<Told> {
        (0..3).map(|offset| Told { item: samples::event("E", "A-1", offset), led: None }).collect()
    }

    #[test]
    fn it_ends_once_enough_was_told_or_nobody_reads_any_more() {
        let mut printer = printer(Vec::new(), 4);
        assert!(printer.print(&told()).unwrap());
        assert!(!printer.print(&told()).unwrap());
        assert_eq!((printer.told, String::from_utf8(printer.out).unwrap().lines().count()), (4, 4));
        assert!(!self::printer(Gone, 4).print(&told()).unwrap());
    }
}
