//! What was put off: timers, and debtors to be decided anew, over which the core failed.
//!
//! How they are tried again is `task::poison`'s business.

use decision::time::Timestamp;
use schemas::PutOff;
use std::collections::BTreeSet;

/// The most that is put off in a partition: it goes into the task's record with every batch. Where it
/// is full no more timers fire, and no more debtors are decided anew.
const MOST: usize = 100;

/// How long after it failed something is tried again: an hour.
const TRY_AFTER_MICROS: i64 = 3_600_000_000;

/// What was put off.
#[derive(Debug, Default)]
pub(crate) struct PutOffs {
    all: BTreeSet<PutOff>,
    /// When it is tried again; none where it was not tried since the task began.
    again_at: Option<Timestamp>,
}

impl PutOffs {
    pub(crate) fn new(all: Vec<PutOff>) -> Self {
        Self { all: all.into_iter().collect(), again_at: None }
    }

    pub(crate) fn list(&self) -> Vec<PutOff> {
        self.all.iter().cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn contains(&self, what: &PutOff) -> bool {
        self.all.contains(what)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.all.len() >= MOST
    }

    pub(crate) fn insert(&mut self, what: PutOff, now: Timestamp) {
        self.again_at.get_or_insert(now.plus_micros(TRY_AFTER_MICROS));
        self.all.insert(what);
    }

    pub(crate) fn remove(&mut self, what: &PutOff) {
        self.all.remove(what);
    }

    /// Whether it is time to try it again: at once after a start, which may be of another release.
    pub(crate) fn is_time(&self, now: Timestamp) -> bool {
        !self.all.is_empty() && self.again_at.is_none_or(|at| at <= now)
    }

    pub(crate) fn tried(&mut self, now: Timestamp) {
        self.again_at = Some(now.plus_micros(TRY_AFTER_MICROS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> PutOff {
        PutOff { debtor_id: "d".into(), due: Some(Timestamp(5)) }
    }

    #[test]
    fn what_was_put_off_is_tried_at_the_start_and_then_every_hour() {
        let start = Timestamp(7);
        let mut all = PutOffs::new(vec![one()]);
        assert!(all.is_time(start));
        all.tried(start);
        assert!(!all.is_time(start.plus_micros(TRY_AFTER_MICROS - 1)));
        assert!(all.is_time(start.plus_micros(TRY_AFTER_MICROS)));
        all.remove(&one());
        assert!(!all.is_time(start.plus_micros(TRY_AFTER_MICROS)), "there is nothing to try");
    }

    #[test]
    fn what_is_put_off_while_the_task_runs_is_tried_an_hour_later() {
        let now = Timestamp(7);
        let mut all = PutOffs::new(Vec::new());
        all.insert(one(), now);
        assert!(!all.is_time(now.plus_micros(TRY_AFTER_MICROS - 1)));
        assert!(all.is_time(now.plus_micros(TRY_AFTER_MICROS)));
    }
}
