//! What an instance's metrics say: read out of their text, with what was done a second between two readings.
//!
//! `weir top` asks instances for that text, and the API reads its own process's; how they show the figures is not
//! known here.

mod buckets;
mod exposition;
pub(crate) mod rates;
pub(crate) mod reading;

pub(crate) use buckets::{Buckets, Quantile};

/// A count, which metrics have as a number with a fraction; none where it is no number.
pub(crate) fn count(count: f64) -> Option<i64> {
    format!("{count:.0}").parse().ok()
}
