//! What was done, in numbers.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Counts what was committed.
#[derive(Debug)]
pub(crate) struct Tally(Mutex<Counts>);

#[derive(Debug)]
struct Counts {
    inputs: u64,
    records: u64,
    commit_us: Histogram<u32>,
}

/// What was committed, and how long that took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Done {
    /// Records read.
    pub inputs: u64,
    /// Records written: one for each key that changed, in each transaction.
    pub records: u64,
    /// Transactions.
    pub transactions: u64,
    /// A transaction from its beginning to its end: the median.
    pub commit_p50_ms: f64,
    /// Of a hundred 99 took no longer.
    pub commit_p99_ms: f64,
}

/// A minute: whatever takes longer counts as that.
const LONGEST_US: u64 = 60_000_000;

impl Tally {
    pub(crate) fn new() -> Result<Self, hdrhistogram::CreationError> {
        let commit_us = Histogram::new_with_bounds(1, LONGEST_US, 3)?;
        Ok(Self(Mutex::new(Counts { inputs: 0, records: 0, commit_us })))
    }

    /// A transaction was committed.
    pub(crate) fn add(&self, inputs: usize, records: usize, took: Duration) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.inputs += inputs as u64;
        counts.records += records as u64;
        counts.commit_us.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LONGEST_US));
    }

    /// All so far.
    pub(crate) fn done(&self) -> Done {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ms = |part| counts.commit_us.value_at_quantile(part) as f64 / 1_000.0;
        Done {
            inputs: counts.inputs,
            records: counts.records,
            transactions: counts.commit_us.len(),
            commit_p50_ms: ms(0.5),
            commit_p99_ms: ms(0.99),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_committed_adds_up() {
        let tally = Tally::new().unwrap();
        for (inputs, records, millis) in [(10, 4, 5), (7, 7, 5), (1, 1, 400)] {
            tally.add(inputs, records, Duration::from_millis(millis));
        }
        let done = tally.done();
        assert_eq!((done.inputs, done.records, done.transactions), (18, 12, 3));
        assert!(
            (done.commit_p50_ms - 5.0).abs() < 0.01 && (done.commit_p99_ms - 400.0).abs() < 1.0,
            "{done:?}"
        );
    }
}
