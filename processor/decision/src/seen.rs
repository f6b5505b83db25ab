//! Which events a debtor has seen, so that one that comes again changes nothing.
//!
//! An id is kept as a 64-bit hash: two different ids of one debtor collide once in 10^16 cases.
//! The memory is bounded twice: by the dedup window, and by [`MOST_REMEMBERED`]. Changes of a balance that
//! carry a version, the most frequent events, are told apart by it for good; of their ids only the last
//! few are kept (`docs/decisions/0015-of-versioned-changes-the-last-ids.md`).

use crate::ids::EventId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The most event ids remembered of one debtor: a newer one pushes out the oldest day's oldest.
pub const MOST_REMEMBERED: usize = 512;

/// How many ids of balance changes with a version are remembered of one debtor: the last ones.
pub const MOST_REMEMBERED_WITH_VERSION: usize = 16;

/// Bytes of an id's hash.
const HASH_LENGTH: usize = 8;

/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// The events seen within the dedup window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeenEvents {
    days: Vec<SeenDay>,
}

/// The events seen on one UTC day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct SeenDay {
    /// Days since 1970.
    day: i32,
    /// Hashes of the ids, eight bytes each, in the order they came: one copy to encode.
    #[serde(with = "serde_bytes")]
    ids: Vec<u8>,
}

impl SeenDay {
    fn contains(&self, id: SeenId) -> bool {
        self.ids.as_chunks::<HASH_LENGTH>().0.contains(&id.0)
    }
}

/// The last events of a debtor that a version tells apart, and the day of the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeenLately(SeenDay);

impl SeenLately {
    /// Whether the id is among them; not where even the newest is older than the window.
    pub(crate) fn contains(&self, id: SeenId, now: Timestamp, window_micros: i64) -> bool {
        self.0.day >= oldest_kept(now, window_micros) && self.0.contains(id)
    }

    /// Remembers the id in the place of the oldest.
    pub(crate) fn remember(&mut self, id: SeenId, now: Timestamp) {
        const MOST_BYTES: usize = MOST_REMEMBERED_WITH_VERSION * HASH_LENGTH;
        let day = &mut self.0;
        if day.ids.len() >= MOST_BYTES {
            day.ids.drain(..day.ids.len().saturating_sub(MOST_BYTES - HASH_LENGTH));
        }
        day.ids.extend_from_slice(&id.0);
        day.day = day_of(now);
    }
}

/// An event's id, as it is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeenId([u8; HASH_LENGTH]);

impl From<&EventId> for SeenId {
    fn from(id: &EventId) -> Self {
        let hash = blake3::hash(id.as_str().as_bytes());
        Self(hash.as_bytes().first_chunk().copied().unwrap_or_default())
    }
}

impl SeenEvents {
    /// Whether the id was seen in the last `window_micros`, the first day of them whole.
    pub(crate) fn contains(&self, id: SeenId, now: Timestamp, window_micros: i64) -> bool {
        let oldest_kept = oldest_kept(now, window_micros);
        self.days.iter().any(|day| day.day >= oldest_kept && day.contains(id))
    }

    /// Remembers the id, and forgets what is older than `window_micros`.
    pub(crate) fn remember(&mut self, id: SeenId, now: Timestamp, window_micros: i64) {
        self.forget_old(now, window_micros);
        self.make_room();
        let today = day_of(now);
        match self.days.last_mut() {
            Some(last) if last.day == today => last.ids.extend_from_slice(&id.0),
            _ => self.days.push(SeenDay { day: today, ids: id.0.to_vec() }),
        }
    }

    /// Forgets what is older than `window_micros`.
    pub(crate) fn forget_old(&mut self, now: Timestamp, window_micros: i64) {
        let oldest_kept = oldest_kept(now, window_micros);
        self.days.retain(|day| day.day >= oldest_kept);
    }

    /// How many ids are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        let bytes = self.days.iter().fold(0, |sum: usize, day| sum.saturating_add(day.ids.len()));
        bytes.div_euclid(HASH_LENGTH)
    }

    /// Whether none is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    fn make_room(&mut self) {
        if self.len() < MOST_REMEMBERED {
            return;
        }
        if let Some(oldest) = self.days.first_mut() {
            oldest.ids.drain(..HASH_LENGTH.min(oldest.ids.len()));
        }
        self.days.retain(|day| !day.ids.is_empty());
    }
}

/// The first day whose ids are remembered.
fn oldest_kept(now: Timestamp, window_micros: i64) -> i32 {
    day_of(now.plus_micros(window_micros.saturating_neg()))
}

fn day_of(moment: Timestamp) -> i32 {
    i32::try_from(moment.0.div_euclid(DAY)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> SeenId {
        SeenId::from(&EventId::from(format!("e-{number}")))
    }

    /// Whether the id is remembered on this day, by a window of eight.
    fn knows(seen: &SeenEvents, number: usize, day: i64) -> bool {
        seen.contains(id(number), Timestamp(day * DAY), 8 * DAY)
    }

    #[test]
    fn an_id_is_remembered_for_the_window_and_no_longer() {
        let mut seen = SeenEvents::default();
        seen.remember(id(1), Timestamp(0), 8 * DAY);
        assert!(knows(&seen, 1, 8), "whatever else came");
        assert!(!knows(&seen, 1, 9), "though nothing else came");
        seen.remember(id(2), Timestamp(8 * DAY), 8 * DAY);
        assert!(knows(&seen, 1, 8));
        seen.remember(id(3), Timestamp(9 * DAY), 8 * DAY);
        assert!(!knows(&seen, 1, 8), "it is forgotten");
        assert!(knows(&seen, 2, 9));
    }

    #[test]
    fn the_number_of_ids_is_bounded_and_the_oldest_goes_first() {
        let mut seen = SeenEvents::default();
        for number in 0..=MOST_REMEMBERED {
            seen.remember(id(number), Timestamp(0), 8 * DAY);
        }
        assert_eq!(seen.len(), MOST_REMEMBERED);
        assert!(!knows(&seen, 0, 0));
        assert!(knows(&seen, 1, 0));
    }

    #[test]
    fn of_events_with_a_version_the_last_ids_are_remembered_within_the_window() {
        let mut seen = SeenLately::default();
        for number in 0..=MOST_REMEMBERED_WITH_VERSION {
            seen.remember(id(number), Timestamp(3 * DAY));
        }
        let knows = |number, day| seen.contains(id(number), Timestamp(day * DAY), 8 * DAY);
        assert!(!knows(0, 3), "it has made room");
        assert!(knows(1, 3) && knows(MOST_REMEMBERED_WITH_VERSION, 11));
        assert!(!knows(MOST_REMEMBERED_WITH_VERSION, 12), "the window is over");
        assert!(!SeenLately::default().contains(id(1), Timestamp(0), 8 * DAY));
    }
}
