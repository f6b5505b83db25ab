//! The events of one measurement: backlogs as fast as the broker takes them, and some more at a pace.
//!
//! All come from one schedule, so that what follows knows what came before: versions, debts, ids.

use crate::client::{Losses, sender};
use crate::clock::Clock;
use crate::error::RunError;
use crate::sending::{Progress, Target, send_all};
use crate::site::Site;
use crate::target::KafkaTarget;
use loadtest::load::{Events, Profile, Schedule, Size};
use std::num::NonZeroU32;
use std::time::Duration;

/// How long the sender waits to fill a batch, as Kafka's own clients do.
const LINGER: Duration = Duration::from_millis(5);
/// How much may wait to be sent. The broker is to have the machine's memory: whoever sends ten million events as fast
/// as they are taken can wait.
const WAITING_KIB: u32 = 262_144;
/// How long all that was sent may take to be in the log.
const FLUSH_WITHIN: Duration = Duration::from_secs(300);
/// How long a pause lies between two parts: the schedule's moments only go on.
const PAUSE_US: u64 = 1_000_000;

/// Sends the events of a measurement.
pub(crate) struct Feed {
    schedule: Schedule,
    target: KafkaTarget,
    clock: Clock,
    losses: Losses,
    /// Where the schedule stands.
    at_us: u64,
    backlog_rate: NonZeroU32,
}

impl Feed {
    /// For so many events, beside one for each account. A second of the backlogs' own time has so many of them, or as
    /// many as there are accounts enough for.
    pub(crate) fn new(
        site: &Site,
        profile: &Profile,
        size: Size,
        events: u64,
        a_second: NonZeroU32,
    ) -> Result<Self, RunError> {
        let schedule = Schedule::new(profile.clone(), size)?;
        let backlog_rate = a_second.min(schedule.highest_rate());
        // What waits has happened: its moments lie before now.
        let span = Duration::from_secs_f64(events as f64 / f64::from(backlog_rate.get()));
        let clock = Clock::started_before(span + Duration::from_secs(2));
        let losses = Losses::default();
        let sender = sender(&site.brokers, LINGER, WAITING_KIB, losses.clone())?;
        // Which command answers which event is not asked here: with a backlog nobody could say when a stage is due. So
        // nobody remembers what is expected either, which would be something for each event.
        let target = KafkaTarget::new(site, sender, Events::new(clock.began())?, None);
        Ok(Self { schedule, target, clock, losses, at_us: 0, backlog_rate })
    }

    /// From now on so much is a few accounts' doing: 0 makes all alike.
    pub(crate) fn set_skew(&mut self, skew: f64) {
        self.schedule.set_skew(skew);
    }

    /// Tells all accounts.
    pub(crate) fn accounts(&mut self) -> Result<(), RunError> {
        // All in the schedule's first second: it is over before anything else happens.
        self.at_us = self.schedule.begin_preload(0, NonZeroU32::MAX) + PAUSE_US;
        self.rush()
    }

    /// Sends so many events as fast as the broker takes them.
    pub(crate) fn backlog(&mut self, events: u64) -> Result<(), RunError> {
        let length = Duration::from_secs_f64(events as f64 / f64::from(self.backlog_rate.get()));
        self.at_us = self.schedule.begin_step(self.at_us, self.backlog_rate, length)?;
        self.rush()
    }

    /// Sends at a rate for so long, each event at its moment.
    pub(crate) fn paced(&mut self, a_second: NonZeroU32, length: Duration) -> Result<(), RunError> {
        let from = self.clock.now_us().max(self.at_us);
        self.at_us = self.schedule.begin_step(from, a_second, length)?;
        let progress = Progress::default();
        send_all(&mut self.schedule, &self.clock, &mut self.target, &progress, &|| false)?;
        self.flush()
    }

    /// The most events a second for which there are accounts enough.
    pub(crate) fn highest_rate(&self) -> NonZeroU32 {
        self.schedule.highest_rate()
    }

    fn rush(&mut self) -> Result<(), RunError> {
        for planned in &mut self.schedule {
            self.target.send(&planned)?;
        }
        self.flush()
    }

    fn flush(&self) -> Result<(), RunError> {
        self.target.flush(FLUSH_WITHIN)?;
        match self.losses.count() {
            0 => Ok(()),
            count => Err(RunError::failed("send all events")(format!("the cluster did not take {count}"))),
        }
    }
}

/// A rate that is one.
pub(crate) fn rate(a_second: f64) -> NonZeroU32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
    let whole = a_second.clamp(1.0, f64::from(u32::MAX)) as u32;
    NonZeroU32::new(whole).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_never_none() {
        assert_eq!((rate(0.2).get(), rate(1_234.9).get(), rate(1e12).get()), (1, 1_234, u32::MAX));
    }
}
