//! A histogram's buckets: what came between two readings, and the time that a share of it took at most.

use std::cmp::Ordering;

/// How many there were up to each bound, as Prometheus counts them: each bucket holds those before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Buckets(Vec<(f64, f64)>);

/// The value that a share of all does not exceed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quantile {
    /// In the histogram's unit.
    pub(crate) value: f64,
    /// It lies somewhere above, beyond the last bound.
    pub(crate) is_more: bool,
}

impl Buckets {
    /// Of bounds, each with how many there were up to it, in any order.
    pub(crate) fn new(mut counts: Vec<(f64, f64)>) -> Self {
        counts.sort_by(|one, other| one.0.total_cmp(&other.0));
        Self(counts)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, count)| *count)
    }

    /// What came since an earlier reading of the same process. The bounds of one process do not change.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        if !self.has_the_bounds_of(earlier) {
            return self.clone();
        }
        let pairs = self.0.iter().zip(&earlier.0);
        Self(pairs.map(|((bound, now), (_, before))| (*bound, now - before)).collect())
    }

    /// Those of both; none where their bounds differ, as between versions of Weir.
    pub(crate) fn and(&self, other: &Self) -> Option<Self> {
        if self.0.is_empty() {
            return Some(other.clone());
        }
        if other.0.is_empty() {
            return Some(self.clone());
        }
        let pairs = self.0.iter().zip(&other.0);
        let sum = || Self(pairs.map(|((bound, one), (_, other))| (*bound, one + other)).collect());
        self.has_the_bounds_of(other).then(sum)
    }

    fn has_the_bounds_of(&self, other: &Self) -> bool {
        self.0.iter().map(|(bound, _)| bound).eq(other.0.iter().map(|(bound, _)| bound))
    }

    /// The value that this share of all does not exceed, from 0 to 1, as if those of a bucket lay evenly in it;
    /// none where there are none.
    pub(crate) fn quantile(&self, share: f64) -> Option<Quantile> {
        let count = self.count();
        if count.partial_cmp(&0.0) != Some(Ordering::Greater) {
            return None;
        }
        let rank = share * count;
        let (mut lower, mut below) = (0.0, 0.0);
        for (bound, up_to) in &self.0 {
            if *up_to >= rank && *up_to > below {
                if bound.is_infinite() {
                    break;
                }
                let value = lower + (bound - lower) * ((rank - below) / (up_to - below)).max(0.0);
                return Some(Quantile { value, is_more: false });
            }
            if bound.is_finite() {
                (lower, below) = (*bound, *up_to);
            }
        }
        Some(Quantile { value: lower, is_more: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    #[track_caller]
    fn check(counts: &[(f64, f64)], share: f64, expected: Option<(f64, bool)>) {
        let found = Buckets::new(counts.to_vec()).quantile(share);
        assert_eq!(found.map(|found| (found.value, found.is_more)), expected, "{share} of {counts:?}");
    }

    #[test]
    fn a_share_lies_evenly_in_its_bucket_and_above_the_last_bound_nobody_knows_where() {
        check(&[], 0.5, None);
        check(&[(1.0, 0.0), (INF, 0.0)], 0.5, None);
        check(&[(1.0, 10.0), (2.0, 10.0), (INF, 10.0)], 0.5, Some((0.5, false)));
        check(&[(1.0, 0.0), (2.0, 10.0), (INF, 10.0)], 0.5, Some((1.5, false)));
        check(&[(1.0, 5.0), (2.0, 5.0), (4.0, 10.0), (INF, 10.0)], 0.75, Some((3.0, false)));
        check(&[(1.0, 5.0), (2.0, 10.0), (INF, 10.0)], 0.5, Some((1.0, false)));
        check(&[(1.0, 50.0), (2.0, 50.0), (INF, 100.0)], 0.99, Some((2.0, true)));
        // In whichever order they are told.
        check(&[(INF, 10.0), (2.0, 10.0), (1.0, 0.0)], 1.0, Some((2.0, false)));
    }

    #[test]
    fn what_came_between_two_readings_is_the_difference_of_their_buckets() {
        let earlier = Buckets::new(vec![(1.0, 90.0), (2.0, 100.0), (INF, 100.0)]);
        let later = Buckets::new(vec![(1.0, 90.0), (2.0, 110.0), (INF, 110.0)]);
        let between = later.since(&earlier);
        assert_eq!(between, Buckets::new(vec![(1.0, 0.0), (2.0, 10.0), (INF, 10.0)]));
        assert_eq!(between.count(), 10.0);
        // Other bounds are those of another process: all of it is new.
        assert_eq!(later.since(&Buckets::default()), later);
    }

    #[test]
    fn the_histograms_of_instances_are_added_where_their_bounds_are_the_same() {
        let one = Buckets::new(vec![(1.0, 1.0), (INF, 2.0)]);
        assert_eq!(one.and(&one), Some(Buckets::new(vec![(1.0, 2.0), (INF, 4.0)])));
        assert_eq!(one.and(&Buckets::default()), Some(one.clone()));
        assert_eq!(Buckets::default().and(&one), Some(one.clone()));
        assert_eq!(one.and(&Buckets::new(vec![(2.0, 1.0), (INF, 2.0)])), None);
    }
}
