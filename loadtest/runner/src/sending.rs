//! Open loop: each event goes out at its own moment, whatever became of those before.
//!
//! Where the target takes long, what comes after is late, and that counts: latency begins at the moment that was
//! intended, so nothing hides when something stalls.

use crate::clock::Clock;
use loadtest::load::Planned;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is sent in one go at the most before the clock is looked at again.
const BURST: usize = 64;
/// The least that is slept: below it a sleep costs more than it waits.
const LEAST_SLEEP_US: u64 = 300;

/// Where events go.
pub(crate) trait Target {
    /// Why one could not be sent.
    type Error;

    /// Sends one. It may take its time; that is measured.
    ///
    /// # Errors
    /// When it cannot be sent at all.
    fn send(&mut self, planned: &Planned) -> Result<(), Self::Error>;
}

/// What was sent so far, for whoever watches.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// How many events.
    pub(crate) sent: AtomicU64,
    /// How late the latest of them went out, in microseconds; whoever watches sets it back.
    pub(crate) latest_us: AtomicU64,
}

/// Sends what a schedule plans, each at its moment. Ends early where `is_over` says so.
///
/// # Errors
/// When the target fails.
pub(crate) fn send_all<T: Target>(
    planned: impl Iterator<Item = Planned>,
    clock: &Clock,
    target: &mut T,
    progress: &Progress,
    is_over: &dyn Fn() -> bool,
) -> Result<(), T::Error> {
    let mut in_burst = 0;
    let mut now = clock.now_us();
    for planned in planned {
        if planned.at_us > now || in_burst == BURST {
            now = clock.now_us();
            in_burst = 0;
            if is_over() {
                return Ok(());
            }
        }
        if planned.at_us > now {
            clock.wait_until(planned.at_us.max(now + LEAST_SLEEP_US));
            now = clock.now_us();
        }
        target.send(&planned)?;
        progress.sent.fetch_add(1, Ordering::Relaxed);
        progress.latest_us.fetch_max(now.saturating_sub(planned.at_us), Ordering::Relaxed);
        in_burst += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::{Matcher, Said};
    use loadtest::load::{Profile, Schedule, Size};
    use std::convert::Infallible;
    use std::num::NonZeroU32;
    use std::time::Duration;

    /// Answers at once what is expected, but for one long stall.
    struct Stalling {
        clock: Clock,
        matcher: Matcher,
        stalls_at_us: Option<u64>,
    }

    const STALL: Duration = Duration::from_millis(400);

    impl Target for Stalling {
        type Error = Infallible;

        fn send(&mut self, planned: &Planned) -> Result<(), Infallible> {
            if self.stalls_at_us.is_some_and(|at| planned.at_us >= at) {
                self.stalls_at_us = None;
                std::thread::sleep(STALL);
            }
            for expectation in planned.expectations() {
                self.matcher.expect(expectation);
                let line = expectation.expected.line().unwrap_or("").to_owned();
                for rule in ["low-balance", "data-low"] {
                    let said = Said::Alert(rule.to_owned(), line.clone());
                    self.matcher.on_command("A-00000000", &said, 0, self.clock.now_us());
                }
            }
            Ok(())
        }
    }

    fn run(stalls_at_us: Option<u64>) -> (Matcher, u64) {
        // One account whose every event crosses a line or nearly, so that there is much to measure.
        let text = "about = \"x\"\n[people]\nprepaid_permille = 1000\nskew = 0.0\n[mix]\nmoney = 1\ndata = 0\n\
                    [money]\nopening_cents = [300, 300]\nuse_cents = [150, 200]\ntop_up_cents = [900]\n";
        let profile = Profile::parse("test", text).unwrap();
        let one = NonZeroU32::new(1).unwrap();
        let mut schedule = Schedule::new(profile, Size { accounts: one, seed: 1 }).unwrap();
        schedule.begin_step(0, NonZeroU32::new(2_000).unwrap(), Duration::from_secs(1)).unwrap();
        let clock = Clock::start();
        let mut target = Stalling { clock, matcher: Matcher::default(), stalls_at_us };
        let progress = Progress::default();
        let Ok(()) = send_all(&mut schedule, &clock, &mut target, &progress, &|| false);
        (target.matcher, progress.sent.load(Ordering::Relaxed))
    }

    #[test]
    fn a_stall_is_measured_by_all_that_should_have_been_sent_in_it() {
        let (steady, _) = run(None);
        let (stalled, sent) = run(Some(300_000));
        let share_above = |matcher: &Matcher| {
            let events = &matcher.seconds()[0].events;
            let above = events.iter_recorded().filter(|value| value.value_iterated_to() > 100_000);
            above.map(|value| value.count_since_last_iteration() as f64).sum::<f64>() / events.len() as f64
        };
        // Of 400 ms in a second three quarters wait for more than 100 ms. Who counts from when an event
        // really went out would see one slow event.
        assert!(share_above(&stalled) > 0.2, "{}", share_above(&stalled));
        assert!(share_above(&steady) < share_above(&stalled), "{}", share_above(&steady));
        // None is left out to catch up.
        assert_eq!(sent, 2_000);
    }
}
