//! One processor in one round: a backlog, a kill, a restart, a restore; then a load at half of what it can do.

use super::figures::Figures;
use super::{Contestant, Plan, StateIn};
use crate::backlog::{Feed, Workplace, joined, rate, topics};
use crate::error::RunError;
use crate::report::Report;
use crate::run::{self, run};
use crate::site::{Servers, Site};
use crate::subject::Subject;
use crate::verify::Verification;
use loadtest::load::Schedule;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a load goes before a processor is killed under it, and how long it goes on.
const BEFORE_KILL: Duration = Duration::from_secs(5);
const WITH_KILL: Duration = Duration::from_secs(15);
/// At one event a minute for each account there are always some without a debt, whatever the number of accounts.
const SECONDS_AN_EVENT: f64 = 60.0;
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
        let ground = &self.plan.ground;
        let folder = ground.temporary()?;
        let site = Site::on(self.servers, &self.prefix("backlog"), ground.partitions)?;
        let place = Workplace {
            choice: &self.contestant.choice,
            site: &site,
            folder: folder.path(),
            store_memory: ground.store_memory,
            broker: self.broker,
        };
        let done = self.with_backlog(&place, &mut outcome.figures);
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

    fn with_backlog(&self, place: &Workplace<'_>, figures: &mut Figures) -> Result<(), RunError> {
        let events = self.plan.events;
        // Events that come later have a schedule of the same length behind them.
        let size = self.plan.size;
        let a_second = rate(f64::from(size.accounts.get()) / SECONDS_AN_EVENT);
        let mut feed = Feed::new(place.site, &self.plan.profile, size, events, a_second)?;
        (self.say)(&format!("telling it {} accounts", size.accounts));
        // By themselves, and taken before anything else waits: snapshots come by a topic of their own, and whoever
        // reads all topics at once would take some after the first events of their accounts.
        feed.accounts()?;
        place.drain()?.0.stop()?;
        (self.say)(&format!("{events} events wait"));
        feed.backlog(events)?;
        let (subject, drained) = place.drain()?;
        let saturation = drained.a_second;
        figures.saturation = Some(saturation);
        // Microseconds an event are seconds a million events.
        figures.saturated_cpu = Some(drained.processor_us);
        figures.saturated_broker_cpu = drained.broker_us;
        (self.say)(&format!("saturated at {saturation:.0} events a second; killing it at half of that"));
        let subject = self.kill(place, &mut feed, subject, figures)?;
        subject.stop()?;
        let state = place.folder.join("state");
        figures.state_mib = Some(topics::bytes_in(&state) as f64 / MIB);
        let broker_folder = self.servers.broker_folder.as_deref();
        figures.topics_mib = broker_folder.map(|folder| topics::bytes_of(place.site, folder) as f64 / MIB);
        self.start_again(place, &mut feed, figures)
    }

    /// What is wrong in the topics of a processor that had a backlog, was killed, and came back from nothing.
    fn verified(&self, site: &Site) -> Result<Option<String>, RunError> {
        let verified = run::verification(&self.contestant.choice, self.replay_memory(), site, self.say)?;
        Ok(verified.and_then(|verified| self.wrong("backlog, kill and restore", &verified)))
    }

    /// What the replay of a journal may take; none where there is nothing to verify.
    fn replay_memory(&self) -> Option<u64> {
        self.contestant.decides().then(|| crate::report::free_memory() / 2)
    }

    fn wrong(&self, part: &str, verified: &Verification) -> Option<String> {
        verified.fault().map(|fault| format!("round {}, {part}: {fault}", self.round + 1))
    }

    /// Kills it under a load, and starts it again at once.
    fn kill(
        &self,
        place: &Workplace<'_>,
        feed: &mut Feed,
        subject: Subject,
        figures: &mut Figures,
    ) -> Result<Subject, RunError> {
        let half = half_of(figures.saturation.unwrap_or(1.0), feed.highest_rate());
        let distance = place.site.distance()?;
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
            let (at, subject) = place.started_until(|stand| stand.committed > before)?;
            figures.kill_to_commit_s = Some(at.saturating_duration_since(killed).as_secs_f64());
            joined(sending.join())?;
            place.wait_until_done(&distance, subject)
        })
    }

    /// On the folder that it had, and from nothing.
    fn start_again(
        &self,
        place: &Workplace<'_>,
        feed: &mut Feed,
        figures: &mut Figures,
    ) -> Result<(), RunError> {
        (self.say)("starting it again, on its folder");
        let restart = self.back_at_work(place, feed)?;
        figures.restart_s = Some(restart);
        if self.contestant.state != StateIn::Log {
            return Ok(());
        }
        (self.say)("starting it again, from nothing");
        let state = place.folder.join("state");
        std::fs::remove_dir_all(&state).map_err(RunError::failed(format!("empty {}", state.display())))?;
        let from_nothing = self.back_at_work(place, feed)?;
        figures.from_nothing_s = Some(from_nothing);
        figures.restore_s = restore(restart, from_nothing, self.plan.size.accounts.get());
        Ok(())
    }

    /// How long it takes from its start until it has taken a few events that waited.
    fn back_at_work(&self, place: &Workplace<'_>, feed: &mut Feed) -> Result<f64, RunError> {
        feed.backlog(WITNESSES)?;
        let began = Instant::now();
        let (at, subject) = place.started_until(|stand| stand.lag() <= 0)?;
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
            partitions: self.plan.ground.partitions,
            linger: Duration::from_millis(5),
            store_memory: self.plan.ground.store_memory,
            answers: self.contestant.answers.clone(),
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
        let is_well = !self.contestant.decides() || commands.are_as_expected();
        (!is_well).then(|| {
            format!(
                "round {round}: {} commands are missing, {} were passed over, {} unexpected, {} events lost",
                commands.missing, tally.passed_over, tally.unexpected, commands.lost
            )
        })
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

#[cfg(test)]
mod tests {
    use super::*;

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
