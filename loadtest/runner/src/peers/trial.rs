//! One processor in one round: a backlog, a kill, a restart, a restore; then a load at half of what it can do.

use super::feed::Feed;
use super::figures::Figures;
use super::{Contestant, Plan, StateIn, rate, topics};
use crate::client::{Distance, Stand};
use crate::error::RunError;
use crate::processes::{Cost, cost};
use crate::report::Report;
use crate::run::{self, run};
use crate::site::{Servers, Site};
use crate::subject::Subject;
use crate::verify::Verification;
use loadtest::load::Schedule;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often it is looked at how far the processor is.
const GLANCE: Duration = Duration::from_millis(10);
/// How long it may take for a backlog, or to be back.
const DONE_WITHIN: Duration = Duration::from_secs(900);
/// What is taken before counts as the start: a Java program is slow until it is compiled.
const WARM_PART: f64 = 0.1;
/// How long a load goes before a processor is killed under it, and how long it goes on.
const BEFORE_KILL: Duration = Duration::from_secs(5);
const WITH_KILL: Duration = Duration::from_secs(15);
/// How many events show that a processor is back: some in each partition.
const WITNESSES: u64 = 500;
const MILLION: f64 = 1e6;
const MIB: f64 = 1_048_576.0;

/// A processor's part of a round.
pub(super) struct Trial<'t> {
    pub(super) plan: &'t Plan,
    pub(super) contestant: &'t Contestant,
    pub(super) servers: &'t Servers,
    /// The broker's process.
    pub(super) broker: Option<u32>,
    pub(super) round: usize,
    pub(super) is_over: &'t AtomicBool,
    pub(super) say: &'t dyn Fn(&str),
}

/// What came of it: as far as it went.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) figures: Figures,
    /// Outputs that are not as they should be.
    pub(super) findings: Vec<String>,
    /// Why it went no further.
    pub(super) error: Option<RunError>,
}

impl Trial<'_> {
    pub(super) fn run(&mut self) -> Outcome {
        let mut outcome = Outcome::default();
        outcome.error = self.go(&mut outcome).err();
        outcome
    }

    fn go(&mut self, outcome: &mut Outcome) -> Result<(), RunError> {
        let folder = match &self.plan.folder {
            Some(folder) => tempfile::tempdir_in(folder),
            None => tempfile::tempdir(),
        };
        let folder = folder.map_err(RunError::failed("make a folder"))?;
        let site = Site::on(self.servers, &self.prefix("backlog"), self.plan.partitions)?;
        let done = self.with_backlog(&site, folder.path(), &mut outcome.figures);
        let verified = done.and_then(|()| self.verified(&site));
        topics::remove(&site.brokers, &site.prefix)?;
        outcome.findings.extend(verified?);
        if self.is_over.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Some(saturation) = outcome.figures.saturation else { return Ok(()) };
        self.at_half(saturation, outcome)
    }

    /// A name of its own for each part of the comparison.
    fn prefix(&self, part: &str) -> String {
        format!("r{}-{}-{part}", self.round + 1, self.contestant.name)
    }

    fn with_backlog(&self, site: &Site, folder: &Path, figures: &mut Figures) -> Result<(), RunError> {
        let events = self.plan.events;
        (self.say)(&format!("{} accounts and {events} events wait", self.plan.size.accounts));
        // Events that come later have a schedule of the same length behind them.
        let mut feed = Feed::new(site, &self.plan.profile, self.plan.size, events)?;
        feed.accounts()?;
        feed.backlog(events)?;
        let subject = self.drain(site, folder, figures)?;
        let Some(saturation) = figures.saturation else { return subject.stop() };
        (self.say)(&format!("saturated at {saturation:.0} events a second; killing it at half of that"));
        let subject = self.kill(site, folder, &mut feed, subject, figures)?;
        subject.stop()?;
        let state = folder.join("state");
        figures.state_mib = Some(topics::bytes_in(&state) as f64 / MIB);
        let broker_folder = self.servers.broker_folder.as_deref();
        figures.topics_mib = broker_folder.map(|folder| topics::bytes_of(site, folder) as f64 / MIB);
        self.start_again(site, folder, &mut feed, figures)
    }

    /// What is wrong in the topics of a processor that had a backlog, was killed, and came back from nothing.
    fn verified(&self, site: &Site) -> Result<Option<String>, RunError> {
        let verified = run::verification(&self.contestant.choice, self.replay_memory(), site, self.say)?;
        Ok(verified.and_then(|verified| self.wrong("backlog, kill and restore", &verified)))
    }

    /// What the replay of a journal may take; none where there is nothing to verify.
    fn replay_memory(&self) -> Option<u64> {
        self.contestant.decides.then(|| crate::report::free_memory() / 2)
    }

    fn wrong(&self, part: &str, verified: &Verification) -> Option<String> {
        let first = verified.findings().into_iter().next().unwrap_or_default();
        let round = self.round + 1;
        (!verified.is_right())
            .then(|| format!("round {round}, {part}: wrong: {} {first}", verified.summary()))
    }

    fn start(&self, site: &Site, folder: &Path) -> Result<Subject, RunError> {
        let started = Subject::start(&self.contestant.choice, site, folder, self.plan.store_memory)?;
        started.ok_or_else(|| RunError::failed("start nobody")("a processor is to be compared"))
    }

    /// Starts it before all that waits, and measures until nothing does.
    fn drain(&self, site: &Site, folder: &Path, figures: &mut Figures) -> Result<Subject, RunError> {
        let distance = site.distance()?;
        let mut subject = self.start(site, folder)?;
        let deadline = Instant::now() + DONE_WITHIN;
        let mut first = self.look(&distance, &subject)?;
        let last = loop {
            let look = self.look(&distance, &subject)?;
            if look.stand.lag() <= 0 {
                break look;
            }
            if (first.stand.committed as f64) < look.stand.end as f64 * WARM_PART {
                first = look;
            }
            subject.check()?;
            if Instant::now() > deadline {
                return Err(subject.slow("did not take what waited", DONE_WITHIN));
            }
            std::thread::sleep(GLANCE);
        };
        let drained = Drained::between(&first, &last);
        figures.saturation = Some(drained.a_second);
        figures.saturated_cpu = Some(drained.processor_cpu);
        figures.saturated_broker_cpu = drained.broker_cpu;
        Ok(subject)
    }

    fn look(&self, distance: &Distance, subject: &Subject) -> Result<Look, RunError> {
        let stand = distance.ask()?;
        let (processor, broker) = (cost(subject.id()), self.broker.map(cost));
        Ok(Look { at: Instant::now(), stand, processor, broker })
    }

    /// Kills it under a load, and starts it again at once.
    fn kill(
        &self,
        site: &Site,
        folder: &Path,
        feed: &mut Feed,
        subject: Subject,
        figures: &mut Figures,
    ) -> Result<Subject, RunError> {
        let half = half_of(figures.saturation.unwrap_or(1.0), feed.highest_rate());
        let distance = site.distance()?;
        std::thread::scope(|scope| {
            let sending = scope.spawn(|| feed.paced(half, WITH_KILL));
            std::thread::sleep(BEFORE_KILL);
            if sending.is_finished() {
                // It cannot be done yet: something went wrong, and nothing more would come to be committed.
                joined(sending.join())?;
                return Err(RunError::failed("send a load")("it ended too early"));
            }
            subject.kill()?;
            let killed = Instant::now();
            let before = distance.ask()?.committed;
            let (at, subject) = self.started_until(site, folder, |stand| stand.committed > before)?;
            figures.kill_to_commit_s = Some(at.saturating_duration_since(killed).as_secs_f64());
            joined(sending.join())?;
            self.wait_until_done(&distance, subject)
        })
    }

    /// Starts it, and looks meanwhile until something is so. Answers when that was.
    fn started_until(
        &self,
        site: &Site,
        folder: &Path,
        is_so: impl Fn(Stand) -> bool + Send + Sync,
    ) -> Result<(Instant, Subject), RunError> {
        let distance = site.distance()?;
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
            let started = self.start(site, folder);
            gives_up.store(started.is_err(), Ordering::Relaxed);
            let at = joined(watching.join())?;
            let mut subject = started?;
            subject.check()?;
            at.map_or_else(|| Err(subject.slow("did not come to work", DONE_WITHIN)), Ok)
                .map(|at| (at, subject))
        })
    }

    fn wait_until_done(&self, distance: &Distance, mut subject: Subject) -> Result<Subject, RunError> {
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

    /// On the folder that it had, and from nothing.
    fn start_again(
        &self,
        site: &Site,
        folder: &Path,
        feed: &mut Feed,
        figures: &mut Figures,
    ) -> Result<(), RunError> {
        (self.say)("starting it again, on its folder");
        let restart = self.back_at_work(site, folder, feed)?;
        figures.restart_s = Some(restart);
        if self.contestant.state != StateIn::Log {
            return Ok(());
        }
        (self.say)("starting it again, from nothing");
        let state = folder.join("state");
        std::fs::remove_dir_all(&state).map_err(RunError::failed(format!("empty {}", state.display())))?;
        let from_nothing = self.back_at_work(site, folder, feed)?;
        figures.from_nothing_s = Some(from_nothing);
        figures.restore_s = restore(restart, from_nothing, self.plan.size.accounts.get());
        Ok(())
    }

    /// How long it takes from its start until it has taken a few events that waited.
    fn back_at_work(&self, site: &Site, folder: &Path, feed: &mut Feed) -> Result<f64, RunError> {
        feed.backlog(WITNESSES)?;
        let began = Instant::now();
        let (at, subject) = self.started_until(site, folder, |stand| stand.lag() <= 0)?;
        subject.stop()?;
        Ok(at.saturating_duration_since(began).as_secs_f64())
    }

    /// A load at half of what it can do, on topics of its own, as `loadtest run` makes it.
    fn at_half(&self, saturation: f64, outcome: &mut Outcome) -> Result<(), RunError> {
        let schedule = Schedule::new(self.plan.profile.clone(), self.plan.size)?;
        let half = half_of(saturation, schedule.highest_rate());
        (self.say)(&format!("half load: {half} events a second"));
        let prefix = self.prefix("half");
        let plan = run::Plan {
            name: self.plan.name.clone(),
            profile: self.plan.profile.clone(),
            shared_work: true,
            size: self.plan.size,
            rates: vec![half],
            step: self.plan.step,
            preload_rate: rate(saturation),
            choice: self.contestant.choice.clone(),
            brokers: Some(self.servers.brokers.clone()),
            broker_process: self.broker,
            registry: Some(self.servers.registry_url.clone()),
            prefix: prefix.clone(),
            partitions: self.plan.partitions,
            linger: Duration::from_millis(5),
            store_memory: self.plan.store_memory,
            expects_commands: self.contestant.decides,
            folder: None,
            verify: self.replay_memory(),
        };
        let report = run(&plan, self.is_over, &|_| {});
        topics::remove(&self.servers.brokers, &prefix)?;
        let report = report?;
        at_half_load(&report, &mut outcome.figures);
        outcome.findings.extend(self.finding(&report));
        Ok(())
    }

    /// Whether what came out is what should have. Without a decision there is nothing to be wrong.
    fn finding(&self, report: &Report) -> Option<String> {
        let round = self.round + 1;
        let step = report.steps.first()?;
        // Beyond saturation too: what the rules leave open there it lets pass by itself.
        if let Some(wrong) =
            report.verification.as_ref().and_then(|verified| self.wrong("half load", verified))
        {
            return Some(wrong);
        }
        if !step.sustained {
            return Some(format!("round {round}: half of its saturation was not kept up with"));
        }
        let (commands, tally) = (&report.commands, &report.commands.tally);
        let is_well = !self.contestant.decides || commands.are_as_expected();
        (!is_well).then(|| {
            format!(
                "round {round}: {} commands are missing, {} were passed over, {} unexpected, {} events lost",
                commands.missing, tally.passed_over, tally.unexpected, commands.lost
            )
        })
    }
}

/// What was seen at a moment.
struct Look {
    at: Instant,
    stand: Stand,
    processor: Cost,
    broker: Option<Cost>,
}

/// What taking a backlog cost, between two looks.
struct Drained {
    a_second: f64,
    processor_cpu: f64,
    broker_cpu: Option<f64>,
}

impl Drained {
    fn between(first: &Look, last: &Look) -> Self {
        let taken = (last.stand.committed - first.stand.committed).max(1) as f64;
        let seconds = last.at.saturating_duration_since(first.at).as_secs_f64().max(1e-3);
        let cpu = |first: Cost, last: Cost| (last.cpu_seconds - first.cpu_seconds) * MILLION / taken;
        Self {
            a_second: taken / seconds,
            processor_cpu: cpu(first.processor, last.processor),
            broker_cpu: first.broker.zip(last.broker).map(|(first, last)| cpu(first, last)),
        }
    }
}

/// Half of what it can do; or what there are accounts enough for, where that is less.
fn half_of(saturation: f64, highest: NonZeroU32) -> NonZeroU32 {
    rate(saturation / 2.0).min(highest)
}

/// What a restore adds to a start, for a million accounts.
fn restore(restart: f64, from_nothing: f64, accounts: u32) -> Option<f64> {
    let longer = (from_nothing - restart).max(0.0);
    (accounts > 0).then(|| longer * MILLION / f64::from(accounts))
}

fn at_half_load(report: &Report, figures: &mut Figures) {
    let Some(step) = report.steps.first() else { return };
    figures.half = Some(f64::from(step.rate));
    if step.events.count > 0 {
        figures.p50_ms = Some(step.events.p50);
        figures.p99_ms = Some(step.events.p99);
        figures.p999_ms = Some(step.events.p999);
    }
    // Microseconds an event are seconds a million events.
    figures.half_cpu = step.processor_us_per_event;
    figures.half_broker_cpu = step.broker_us_per_event;
    let most = report.seconds.iter().filter_map(|second| second.processor_bytes).max();
    figures.resident_mib = most.map(|bytes| bytes as f64 / MIB);
}

fn joined<T>(ended: std::thread::Result<Result<T, RunError>>) -> Result<T, RunError> {
    match ended {
        Ok(outcome) => outcome,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_costs_what_was_used_for_each_event_between_two_looks() {
        let began = Instant::now();
        let look = |seconds: f64, committed, cpu_seconds, broker: Option<f64>| Look {
            at: began + Duration::from_secs_f64(seconds),
            stand: Stand { end: 3_000_000, committed },
            processor: Cost { cpu_seconds, resident_bytes: 0 },
            broker: broker.map(|cpu_seconds| Cost { cpu_seconds, resident_bytes: 0 }),
        };
        let drained =
            Drained::between(&look(2.0, 1_000_000, 5.0, Some(1.0)), &look(12.0, 3_000_000, 13.0, Some(4.0)));
        assert!((drained.a_second - 200_000.0).abs() < 1.0, "{}", drained.a_second);
        assert!((drained.processor_cpu - 4.0).abs() < 1e-9, "{}", drained.processor_cpu);
        assert!((drained.broker_cpu.unwrap() - 1.5).abs() < 1e-9);
        // Nothing at all was seen to be taken: no division by it.
        let drained = Drained::between(&look(2.0, 9, 5.0, None), &look(2.0, 9, 5.0, None));
        assert!(drained.a_second.is_finite() && drained.broker_cpu.is_none());
    }

    #[test]
    fn half_a_load_is_no_more_than_there_are_accounts_for() {
        let highest = NonZeroU32::new(1_000).unwrap();
        assert_eq!((half_of(700.0, highest).get(), half_of(70_000.0, highest).get()), (350, 1_000));
    }

    #[test]
    fn a_restore_is_what_a_start_from_nothing_takes_longer() {
        assert_eq!(restore(1.0, 3.0, 500_000), Some(4.0));
        assert_eq!(restore(3.0, 1.0, 500_000), Some(0.0));
    }
}
