//! What the breaker holds, over several partitions.
//!
//! To find it, all that waits is gone through. Pages ask for it every few seconds: what was read is remembered for as long
//! as nothing else waits, or for a while.

use super::{NotRead, Reading, Shown, not_read};
use crate::settings::Clock;
use decision::command::Command;
use schemas::Decoder;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// An order that the breaker holds.
#[derive(Debug)]
pub struct Held {
    /// Its partition.
    pub partition: u32,
    /// It, as it will be sent if a person releases it.
    pub command: Command,
}

/// What the breaker holds.
#[derive(Debug, Default)]
pub struct Holding {
    /// The orders, those of each partition in the order in which they came to wait.
    pub orders: Vec<Held>,
    /// Whether there are more.
    pub has_more: bool,
}

/// How many waiting commands are read at once.
const AT_ONCE: usize = 500;

/// How many are looked at in each partition: what waits for its rate lies among what is held.
const PATIENCE: usize = 20_000;

/// How many orders of a partition are remembered: as many as a page shows.
const REMEMBERED: usize = 200;

/// However often other commands wait, no more than one part in so many of a core goes into reading what is held.
const SHARE: u32 = 20;

/// What was read last of what a partition holds.
#[derive(Default)]
pub(super) struct LastRead(Mutex<Option<Remembered>>);

struct Remembered {
    /// Up to which sequence had been judged, and how often other commands had come to wait.
    as_of: (i64, u64),
    /// Until when it is good, by the clock that only goes forward, whatever waits by then.
    good_until: Duration,
    first: FirstHeld,
}

/// The first orders that a partition holds.
#[derive(Clone, Default)]
struct FirstHeld {
    orders: Vec<Command>,
    has_more: bool,
}

impl Reading {
    /// What the breaker holds in these partitions, at most so many of each. What a person has said of it by now is seen; what
    /// came to be held since may be seen a little later.
    ///
    /// # Errors
    /// When one of the partitions is not at work here, or cannot be read.
    pub fn held(&self, partitions: &[u32], at_most: usize) -> Result<Holding, NotRead> {
        let mut holding = Holding::default();
        for partition in partitions {
            let first = self.held_in(*partition, at_most)?;
            holding.has_more |= first.has_more;
            let held = first.orders.into_iter().map(|command| Held { partition: *partition, command });
            holding.orders.extend(held);
        }
        Ok(holding)
    }

    fn held_in(&self, partition: u32, at_most: usize) -> Result<FirstHeld, NotRead> {
        let shown = self.shown(partition)?;
        let judged = shown.judged.load(Ordering::Relaxed);
        if at_most > REMEMBERED {
            return self.read_held(&shown, partition, judged, at_most);
        }
        let changes = || shown.waiting_changes.load(Ordering::Acquire);
        let read = || self.read_held(&shown, partition, judged, REMEMBERED);
        let first = shown.held.remembered(judged, changes, &*self.clock, read)?;
        Ok(first.cut(at_most))
    }

    fn read_held(
        &self,
        shown: &Shown,
        partition: u32,
        judged: i64,
        at_most: usize,
    ) -> Result<FirstHeld, NotRead> {
        let mut decoder = self.decoder();
        // What was released, and waits for its rate or its window, or is being dropped, is held no more.
        let (mut first, mut after, mut looked) = (FirstHeld::default(), judged, 0_usize);
        loop {
            let waiting = shown.reader.waiting_after(after, AT_ONCE);
            let waiting = waiting.map_err(|error| not_read(partition, error))?;
            looked = looked.saturating_add(waiting.len());
            let is_last = waiting.len() < AT_ONCE;
            for (sequence, form) in waiting {
                after = sequence;
                let Some(command) = held(&mut decoder, partition, &form)? else { continue };
                if first.orders.len() >= at_most {
                    first.has_more = true;
                    return Ok(first);
                }
                first.orders.push(command);
            }
            if is_last {
                return Ok(first);
            }
            if looked >= PATIENCE {
                first.has_more = true;
                return Ok(first);
            }
        }
    }
}

impl LastRead {
    /// What was read last where that is good still, else what is read now. Whoever asks meanwhile waits for that, and reads
    /// nothing.
    fn remembered(
        &self,
        judged: i64,
        changes: impl FnOnce() -> u64,
        clock: &dyn Clock,
        read: impl FnOnce() -> Result<FirstHeld, NotRead>,
    ) -> Result<FirstHeld, NotRead> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Before anything is read: what changes meanwhile is read at the next look.
        let as_of = (judged, changes());
        let began = clock.ticks();
        let is_good = |known: &&Remembered| {
            known.as_of == as_of || (known.as_of.0 == judged && began < known.good_until)
        };
        if let Some(known) = last.as_ref().filter(is_good) {
            return Ok(known.first.clone());
        }
        let first = read()?;
        let now = clock.ticks();
        let good_until = now.saturating_add(now.saturating_sub(began).saturating_mul(SHARE));
        *last = Some(Remembered { as_of, good_until, first: first.clone() });
        Ok(first)
    }
}

impl FirstHeld {
    fn cut(mut self, at_most: usize) -> Self {
        self.has_more |= self.orders.len() > at_most;
        self.orders.truncate(at_most);
        self
    }
}

/// The command of a stored form, where the breaker holds it.
fn held(decoder: &mut Decoder, partition: u32, form: &[u8]) -> Result<Option<Command>, NotRead> {
    let unread = |source| NotRead::Form { partition, source };
    let waiting = decoder.waiting(form).map_err(unread)?;
    if !waiting.is_held {
        return Ok(None);
    }
    // What goes to no topic of commands is none.
    let Some(topic) = waiting.output() else { return Ok(None) };
    decoder.command(topic, &waiting.value).map_err(unread)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use decision::time::Timestamp;
    use std::cell::Cell;
    use std::sync::atomic::AtomicU64;

    #[derive(Default)]
    struct Seconds(AtomicU64);

    impl Clock for Seconds {
        fn now(&self) -> Timestamp {
            Timestamp::EARLIEST
        }

        fn ticks(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn what_is_held_is_read_again_once_it_has_changed_and_a_verdict_is_seen_at_once() {
        let (last, clock, reads) = (LastRead::default(), Seconds::default(), Cell::new(0));
        // To read it takes a second.
        let check = |seconds: u64, judged: i64, changes: u64, expected: u64| {
            clock.0.fetch_add(seconds, Ordering::Relaxed);
            let read = || {
                reads.set(reads.get() + 1);
                clock.0.fetch_add(1, Ordering::Relaxed);
                Ok(FirstHeld::default())
            };
            last.remembered(judged, || changes, &clock, read).unwrap();
            assert_eq!(reads.take(), expected, "{seconds} s later, {changes} changes, judged up to {judged}");
        };
        check(0, 0, 0, 1);
        check(0, 0, 0, 0);
        check(10_000, 0, 0, 0);
        check(0, 0, 1, 1);
        // What changes all the time is read one second in twenty.
        check(0, 0, 2, 0);
        check(19, 0, 3, 0);
        check(1, 0, 3, 1);
        check(0, 0, 4, 0);
        check(0, 7, 4, 1);
        check(0, 7, 4, 0);
        check(0, 8, 4, 1);
    }
}
