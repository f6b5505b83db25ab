//! A processor is started before what waits: how long and how much it takes until nothing does.

use crate::client::{Distance, Stand};
use crate::error::RunError;
use crate::processes::{Cost, cost};
use crate::site::Site;
use crate::subject::{Choice, Subject};
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often it is looked at how far the processor is.
const GLANCE: Duration = Duration::from_millis(10);
/// How long it may take for a backlog, or to be back.
const DONE_WITHIN: Duration = Duration::from_secs(900);
/// Where much waits it may take longer, but not for ever: five thousand a second are slower than anyone was seen.
const FOR_EACH: Duration = Duration::from_micros(200);
/// What is taken before counts as the start: a Java program is slow until it is compiled.
const WARM_PART: f64 = 0.1;
const MILLION: f64 = 1e6;

/// A processor, and where it works.
pub(crate) struct Workplace<'w> {
    pub(crate) choice: &'w Choice,
    pub(crate) site: &'w Site,
    pub(crate) folder: &'w Path,
    /// What Weir's stores may use of memory, in bytes.
    pub(crate) store_memory: u64,
    /// The broker's process.
    pub(crate) broker: Option<u32>,
}

impl Workplace<'_> {
    /// Starts it, and waits until it is ready.
    pub(crate) fn start(&self) -> Result<Subject, RunError> {
        let started = Subject::start(self.choice, self.site, self.folder, self.store_memory)?;
        started.ok_or_else(|| RunError::failed("start nobody")("a processor is to be measured"))
    }

    /// Starts it before all that waits, and measures until nothing does.
    pub(crate) fn drain(&self) -> Result<(Subject, Drained), RunError> {
        let distance = self.site.distance()?;
        let before = Look {
            at: Instant::now(),
            stand: distance.ask()?,
            processor: Cost::default(),
            broker: self.broker.map(cost),
        };
        let (committed_at, mut subject) =
            self.started_until(|stand| stand.committed > before.stand.committed)?;
        let within = patience(before.stand.lag());
        let deadline = Instant::now() + within;
        let mut drain = Drain::new(before, self.look(&distance, &subject)?);
        while !drain.is_over() {
            subject.check()?;
            if Instant::now() > deadline {
                return Err(subject.slow("did not take what waited", within));
            }
            std::thread::sleep(GLANCE);
            drain.add(self.look(&distance, &subject)?);
        }
        Ok((subject, drain.drained(committed_at)))
    }

    fn look(&self, distance: &Distance, subject: &Subject) -> Result<Look, RunError> {
        let stand = distance.ask()?;
        let (processor, broker) = (cost(subject.id()), self.broker.map(cost));
        Ok(Look { at: Instant::now(), stand, processor, broker })
    }

    /// Starts it, and looks meanwhile until something is so. Answers when that was.
    pub(crate) fn started_until(
        &self,
        is_so: impl Fn(Stand) -> bool + Send + Sync,
    ) -> Result<(Instant, Subject), RunError> {
        let distance = self.site.distance()?;
        let gives_up = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let watching = scope.spawn(|| {
                let deadline = Instant::now() + DONE_WITHIN;
                loop {
                    if is_so(distance.ask()?) {
                        return Ok(Some(Instant::now()));
                    }
                    if gives_up.load(Ordering::Relaxed) || Instant::now() > deadline {
                        return Ok(None);
                    }
                    std::thread::sleep(GLANCE);
                }
            });
            let started = self.start();
            gives_up.store(started.is_err(), Ordering::Relaxed);
            let at = joined(watching.join())?;
            let mut subject = started?;
            subject.check()?;
            at.map_or_else(|| Err(subject.slow("did not come to work", DONE_WITHIN)), Ok)
                .map(|at| (at, subject))
        })
    }

    /// Waits until it has taken all.
    pub(crate) fn wait_until_done(
        &self,
        distance: &Distance,
        mut subject: Subject,
    ) -> Result<Subject, RunError> {
        let deadline = Instant::now() + DONE_WITHIN;
        while distance.ask()?.lag() > 0 {
            subject.check()?;
            if Instant::now() > deadline {
                return Err(subject.slow("did not take what waited", DONE_WITHIN));
            }
            std::thread::sleep(GLANCE);
        }
        Ok(subject)
    }
}

/// How long it may take until nothing waits.
fn patience(waiting: i64) -> Duration {
    let waiting = u32::try_from(waiting.max(0)).unwrap_or(u32::MAX);
    DONE_WITHIN.max(FOR_EACH.saturating_mul(waiting))
}

/// What was seen at a moment.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: Instant,
    stand: Stand,
    processor: Cost,
    broker: Option<Cost>,
}

/// A backlog that is being taken: the looks that its figures come from.
struct Drain {
    /// Before the processor was there.
    before: Look,
    /// The first that found a tenth taken.
    warm: Look,
    last: Look,
    most_resident_bytes: u64,
}

impl Drain {
    fn new(before: Look, first: Look) -> Self {
        // All was taken while it started: then the start is all there is to tell of.
        let warm = if first.stand.lag() > 0 { first } else { before };
        Self { before, warm, last: first, most_resident_bytes: first.processor.resident_bytes }
    }

    fn add(&mut self, look: Look) {
        let begun = self.before.stand.committed;
        let (taken, waited) = (self.warm.stand.committed - begun, look.stand.end - begun);
        if look.stand.lag() > 0 && (taken as f64) < waited as f64 * WARM_PART {
            self.warm = look;
        }
        self.last = look;
        self.most_resident_bytes = self.most_resident_bytes.max(look.processor.resident_bytes);
    }

    fn is_over(&self) -> bool {
        self.last.stand.lag() <= 0
    }

    fn drained(&self, committed_at: Instant) -> Drained {
        let (first, last) = (&self.warm, &self.last);
        let since_start = |at: Instant| at.saturating_duration_since(self.before.at).as_secs_f64();
        let events = (last.stand.committed - first.stand.committed).max(1);
        let seconds = last.at.saturating_duration_since(first.at).as_secs_f64().max(1e-3);
        let cpu = |first: Cost, last: Cost| (last.cpu_seconds - first.cpu_seconds) * MILLION / events as f64;
        Drained {
            first_commit_s: since_start(committed_at),
            all_taken_s: since_start(last.at),
            events,
            seconds,
            a_second: events as f64 / seconds,
            processor_us: cpu(first.processor, last.processor),
            broker_us: first.broker.zip(last.broker).map(|(first, last)| cpu(first, last)),
            resident_bytes: self.most_resident_bytes,
        }
    }
}

/// What taking a backlog took and cost. All but the first two and the last is of what was taken after the first tenth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Drained {
    /// From the processor's start until its group's offsets went on, in seconds.
    pub first_commit_s: f64,
    /// From the processor's start until all was taken, in seconds.
    pub all_taken_s: f64,
    /// How many events were measured.
    pub events: i64,
    /// How long they took.
    pub seconds: f64,
    /// How many it took a second.
    pub a_second: f64,
    /// CPU time of the process for each, in microseconds; so also its seconds for a million.
    pub processor_us: f64,
    /// CPU time of the broker for each.
    pub broker_us: Option<f64>,
    /// The most that was resident of the process at any look.
    pub resident_bytes: u64,
}

/// What a thread came to.
pub(crate) fn joined<T>(ended: std::thread::Result<Result<T, RunError>>) -> Result<T, RunError> {
    match ended {
        Ok(outcome) => outcome,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks at these seconds: how much was committed of what lies there, and CPU seconds of processor and broker.
    fn looks(end: i64, seen: &[(f64, i64, f64, Option<f64>)]) -> Vec<Look> {
        let began = Instant::now();
        let look = |(seconds, committed, cpu_seconds, broker): &(f64, i64, f64, Option<f64>)| Look {
            at: began + Duration::from_secs_f64(*seconds),
            stand: Stand { end, committed: *committed },
            processor: Cost { cpu_seconds: *cpu_seconds, resident_bytes: committed.unsigned_abs() },
            broker: broker.map(|cpu_seconds| Cost { cpu_seconds, resident_bytes: 0 }),
        };
        seen.iter().map(look).collect()
    }

    fn drained(end: i64, seen: &[(f64, i64, f64, Option<f64>)]) -> Drained {
        let looks = looks(end, seen);
        let mut drain = Drain::new(looks[0], looks[1]);
        for look in looks.get(2..).unwrap_or_default() {
            assert!(!drain.is_over());
            drain.add(*look);
        }
        assert!(drain.is_over());
        drain.drained(looks[1].at)
    }

    #[test]
    fn a_backlog_costs_what_was_used_for_each_event_after_the_first_tenth() {
        let drained = drained(
            3_000_000,
            &[
                (0.0, 0, 0.0, Some(0.5)),
                (1.0, 200_000, 3.0, Some(0.8)),
                (2.0, 1_000_000, 5.0, Some(1.0)),
                (12.0, 3_000_000, 13.0, Some(4.0)),
            ],
        );
        assert!((drained.a_second - 200_000.0).abs() < 1.0, "{drained:?}");
        assert!((drained.processor_us - 4.0).abs() < 1e-9, "{drained:?}");
        assert!((drained.broker_us.unwrap() - 1.5).abs() < 1e-9, "{drained:?}");
        assert!((drained.first_commit_s - 1.0).abs() < 1e-9 && (drained.all_taken_s - 12.0).abs() < 1e-9);
        assert_eq!((drained.events, drained.resident_bytes), (2_000_000, 3_000_000));
    }

    #[test]
    fn a_tenth_is_one_of_what_waited_and_not_of_what_had_been_taken_before() {
        let drained = drained(
            1_100_000,
            &[
                (0.0, 1_000_000, 0.0, None),
                (1.0, 1_001_000, 1.0, None),
                (2.0, 1_020_000, 2.0, None),
                (4.0, 1_100_000, 6.0, None),
            ],
        );
        assert_eq!(drained.events, 80_000);
        assert!((drained.processor_us - 50.0).abs() < 1e-9 && drained.broker_us.is_none(), "{drained:?}");
    }

    #[test]
    fn what_was_taken_before_the_first_look_is_measured_with_the_start() {
        let fast = drained(9, &[(0.0, 0, 0.0, None), (2.0, 9, 0.9, None)]);
        assert_eq!((fast.events, fast.a_second), (9, 4.5));
        // Nothing at all was seen to be taken: no division by it.
        let none = drained(9, &[(0.0, 9, 0.0, None), (0.0, 9, 0.0, None)]);
        assert!(none.a_second.is_finite() && none.processor_us.abs() < 1e-9);
    }

    #[test]
    fn a_backlog_has_the_more_time_the_more_waits() {
        assert_eq!(patience(2_000_000), DONE_WITHIN);
        assert_eq!(patience(10_000_000), Duration::from_secs(2_000));
        assert_eq!(patience(-3), DONE_WITHIN);
    }
}
