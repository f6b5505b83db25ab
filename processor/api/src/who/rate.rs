//! How often one person may ask: so often a second in the long run, and twice that at once.
//!
//! Each instance counts for itself. A question that is handed on is counted by both that have it: nothing tells one
//! that another instance sent from one that says so.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many people are remembered before those are forgotten who have asked nothing lately.
const REMEMBERED: usize = 10_000;

/// How often each person has asked.
pub(crate) struct Rate {
    /// What one question takes.
    each: Duration,
    /// What may have been taken at once.
    burst: Duration,
    /// For each person when all that they have asked is paid for.
    paid_at: Mutex<HashMap<Arc<str>, Instant>>,
}

impl Rate {
    /// So many questions a second.
    pub(crate) fn per_second(count: NonZeroU32) -> Self {
        let each = Duration::from_secs(1) / count.get();
        // Twice a second's questions, whatever was lost where a second does not divide.
        let burst = each.saturating_mul(count.get().saturating_mul(2));
        Self { each, burst, paid_at: Mutex::default() }
    }

    /// Counts a question of this person.
    ///
    /// # Errors
    /// After how long it may be asked, where they ask too often: it is not counted then.
    pub(crate) fn take(&self, name: &Arc<str>, now: Instant) -> Result<(), Duration> {
        let mut paid_at = self.paid_at.lock().unwrap_or_else(PoisonError::into_inner);
        let paid = paid_at.get(name).map_or(now, |at| (*at).max(now)) + self.each;
        let ahead = paid.saturating_duration_since(now);
        if ahead > self.burst {
            return Err(ahead.saturating_sub(self.burst));
        }
        if paid_at.len() >= REMEMBERED {
            paid_at.retain(|_, at| *at > now);
        }
        paid_at.insert(name.clone(), paid);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_a_seconds_questions_may_come_at_once_and_then_one_as_each_is_paid_for() {
        let rate = Rate::per_second(NonZeroU32::new(3).unwrap());
        let (anna, bert): (Arc<str>, Arc<str>) = ("anna".into(), "bert".into());
        let start = Instant::now();
        // Milliseconds, who, how many are asked, how many are answered.
        let rows = [
            (0, &anna, 9, 6),
            (100, &anna, 1, 0),
            (200, &bert, 7, 6),
            (334, &anna, 2, 1),
            (10_000, &anna, 9, 6),
        ];
        for (at, who, asked, answered) in rows {
            let now = start + Duration::from_millis(at);
            let taken = (0..asked).filter(|_| rate.take(who, now).is_ok()).count();
            assert_eq!(taken, answered, "{who} at {at} ms");
        }
        let now = start + Duration::from_secs(10);
        let waits = rate.take(&anna, now).unwrap_err();
        assert!(waits <= Duration::from_millis(334), "{waits:?}");
    }
}
