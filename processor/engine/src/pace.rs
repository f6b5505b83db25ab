//! How much of what can wait a batch takes beside live events: timers that are due, and debtors to be
//! decided anew. As much as leaves the events about as fast as they are without.
//!
//! A million timers may fall due in one moment. Fired as fast as the machine can, they fill every batch and
//! every core, and an event waits behind them for a second. So a batch takes a share of them which halves
//! when batches take much longer than they usually do, and grows by a little while they do not. Where no
//! events come, nobody waits, and all is taken. This is how a sender finds out what a network bears.

use std::time::Duration;

/// The share that is begun with, until it is known what the machine bears.
const FIRST: u32 = 125;

/// The least share: something always goes on.
const LEAST: u32 = 10;

/// Everything that a batch may take.
const ALL: u32 = 1_000;

/// After so long without an event nobody waits.
const QUIET: Duration = Duration::from_secs(1);

/// How many times what it usually takes a batch may take.
const BEARABLE: u32 = 2;

/// So late a timer is fired as fast as can be, whoever waits; half as late, at least at half the share.
const LATEST: Duration = Duration::from_secs(30 * 60);

/// The pace of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// The share of what a batch may take, in thousandths, while events come.
    share: u32,
    /// What a batch with events takes, from its first input to the end of its commit, where nothing that
    /// can wait was left for the next; none before there was one.
    usual: Option<Duration>,
    /// When the last batch with events ended.
    last_event: Option<Duration>,
}

/// What there was to do in a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// When its first input was taken, by the clock that only goes forward.
    pub(crate) began: Duration,
    /// Whether it holds events.
    pub(crate) has_events: bool,
    /// Whether some of what can wait was left for the next one.
    pub(crate) leaves_some: bool,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self { share: FIRST, usual: None, last_event: None }
    }

    /// How many of at most `most` a batch takes at this tick, where the first is `late`; at least one.
    pub(crate) fn of(&self, most: usize, ticks: Duration, late: Duration) -> usize {
        let is_quiet = self.last_event.is_none_or(|last| ticks.saturating_sub(last) >= QUIET);
        let share = if is_quiet { ALL } else { self.share.max(share_when(late)) };
        let part = most.saturating_mul(usize::try_from(share).unwrap_or(usize::MAX)) / 1_000;
        part.clamp(1, most.max(1))
    }

    /// A batch was committed, at this tick.
    pub(crate) fn committed(&mut self, load: Load, ticks: Duration) {
        if !load.has_events {
            return;
        }
        self.last_event = Some(ticks);
        let took = ticks.saturating_sub(load.began);
        if !load.leaves_some {
            // A batch counts for a thirty-second, so that one that stood still does not move it by much.
            let usual = self.usual.unwrap_or(took);
            self.usual = Some(usual.saturating_mul(31).saturating_add(took) / 32);
            return;
        }
        let is_bearable = self.usual.is_none_or(|usual| took <= usual.saturating_mul(BEARABLE));
        self.share = if is_bearable {
            self.share.saturating_add(self.share / 20).saturating_add(1).min(ALL)
        } else {
            (self.share / 2).max(LEAST)
        };
    }
}

/// The least share for what is so late.
fn share_when(late: Duration) -> u32 {
    let thousandths = late.as_millis().saturating_mul(u128::from(ALL)) / LATEST.as_millis();
    u32::try_from(thousandths).map_or(ALL, |share| share.min(ALL))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 500;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn load(began: Duration, leaves_some: bool) -> Load {
        Load { began, has_events: true, leaves_some }
    }

    /// A pace, batches with events usually taking 10 ms, and the tick at which the last ended.
    fn usually_10_ms() -> (Pace, Duration) {
        let (mut pace, mut now) = (Pace::new(), ms(0));
        for _ in 0..100 {
            pace.committed(load(now, false), now + ms(10));
            now += ms(10);
        }
        (pace, now)
    }

    /// Takes batches that leave some, each as long as this.
    fn takes(pace: &mut Pace, now: &mut Duration, batches: usize, took: Duration) {
        for _ in 0..batches {
            pace.committed(load(*now, true), *now + took);
            *now += took;
        }
    }

    #[test]
    fn where_no_events_come_all_is_taken() {
        let pace = Pace::new();
        assert_eq!(pace.of(MOST, ms(0), ms(0)), MOST, "none came yet");
        let (mut pace, now) = usually_10_ms();
        assert_eq!(pace.of(MOST, now, ms(0)), 62);
        assert_eq!(pace.of(MOST, now + ms(999), ms(0)), 62);
        assert_eq!(pace.of(MOST, now + ms(1_000), ms(0)), MOST);
        let timers_alone = Load { began: now, has_events: false, leaves_some: true };
        pace.committed(timers_alone, now + ms(1_000));
        assert_eq!(pace.of(MOST, now + ms(1_000), ms(0)), MOST, "a batch without events is no event");
    }

    #[test]
    fn the_share_grows_while_batches_take_no_longer() {
        let (mut pace, mut now) = usually_10_ms();
        takes(&mut pace, &mut now, 20, ms(20));
        let after_20 = pace.of(MOST, now, ms(0));
        assert!((160..=190).contains(&after_20), "{after_20}");
        takes(&mut pace, &mut now, 100, ms(20));
        assert_eq!(pace.of(MOST, now, ms(0)), MOST);
    }

    #[test]
    fn it_halves_where_they_take_much_longer_and_something_always_goes_on() {
        let (mut pace, mut now) = usually_10_ms();
        takes(&mut pace, &mut now, 1, ms(21));
        assert_eq!(pace.of(MOST, now, ms(0)), 31);
        takes(&mut pace, &mut now, 100, ms(200));
        assert_eq!(pace.of(MOST, now, ms(0)), 5);
        assert_eq!(pace.of(1, now, ms(0)), 1);
        takes(&mut pace, &mut now, 1, ms(20));
        assert_eq!(pace.share, LEAST + 1, "what is usual was not learnt from batches that leave some");
    }

    #[test]
    fn what_is_usual_follows_slowly() {
        let (mut pace, now) = usually_10_ms();
        pace.committed(load(now, false), now + ms(330));
        assert_eq!(pace.usual, Some(ms(20)));
    }

    #[test]
    fn before_it_is_known_what_is_usual_nothing_is_too_long() {
        let (mut pace, mut now) = (Pace::new(), ms(0));
        takes(&mut pace, &mut now, 100, ms(900));
        assert_eq!(pace.of(MOST, now, ms(0)), MOST);
    }

    #[test]
    fn what_is_very_late_goes_whoever_waits() {
        let (mut pace, mut now) = usually_10_ms();
        takes(&mut pace, &mut now, 100, ms(200));
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let cases = [(0, 5), (3, 50), (15, 250), (30, 500), (100_000, 500)];
        for (late, taken) in cases {
            assert_eq!(pace.of(MOST, now, minutes(late)), taken, "{late} minutes late");
        }
        assert_eq!(pace.of(MOST, now, Duration::MAX), MOST);
    }
}
