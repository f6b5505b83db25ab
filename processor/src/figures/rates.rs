//! What an instance did between two readings: how much a second, and how long its commits took.

use super::buckets::Buckets;
use super::reading::{Figures, Reading};

/// What was done a second, and the commits of that time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rates {
    pub(crate) events: f64,
    pub(crate) commands: f64,
    pub(crate) alerts: f64,
    pub(crate) rejects: f64,
    pub(crate) commits: f64,
    /// How long the commits of that time took, in seconds; none where instances count them differently.
    pub(crate) commit_seconds: Option<Buckets>,
}

impl Rates {
    /// What was done from one reading to the next; none where no time has passed.
    pub(crate) fn between(earlier: &Reading, later: &Reading) -> Option<Self> {
        let seconds = later.at.saturating_sub(earlier.at).as_secs_f64();
        if seconds <= 0.0 {
            return None;
        }
        let (before, now) = (&earlier.figures, &later.figures);
        // A process that was started anew counts from 0: all that it has counted is new.
        let nothing = Figures::default();
        let before = if is_another_process(before, now) { &nothing } else { before };
        let rate = |count: fn(&Figures) -> f64| (count(now) - count(before)) / seconds;
        Some(Self {
            events: rate(|figures| figures.events),
            commands: rate(|figures| figures.commands),
            alerts: rate(|figures| figures.alerts),
            rejects: rate(|figures| figures.rejects),
            commits: rate(|figures| figures.commits),
            commit_seconds: Some(now.commit_seconds.since(&before.commit_seconds)),
        })
    }

    /// What both did.
    pub(crate) fn and(self, other: &Self) -> Self {
        let commit_seconds = self.commit_seconds.as_ref().zip(other.commit_seconds.as_ref());
        Self {
            events: self.events + other.events,
            commands: self.commands + other.commands,
            alerts: self.alerts + other.alerts,
            rejects: self.rejects + other.rejects,
            commits: self.commits + other.commits,
            commit_seconds: commit_seconds.and_then(|(one, other)| one.and(other)),
        }
    }

    /// What did nothing, to which others are added.
    pub(crate) fn none() -> Self {
        Self { commit_seconds: Some(Buckets::default()), ..Self::default() }
    }
}

/// Whether counts went back, which those of one process never do.
fn is_another_process(before: &Figures, now: &Figures) -> bool {
    let counts: [fn(&Figures) -> f64; 6] = [
        |figures| figures.events,
        |figures| figures.commands,
        |figures| figures.alerts,
        |figures| figures.rejects,
        |figures| figures.commits,
        |figures| figures.commit_seconds.count(),
    ];
    counts.iter().any(|count| count(now) < count(before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn reading(milliseconds: u64, [events, commands, rejects, commits]: [f64; 4]) -> Reading {
        let commit_seconds = Buckets::new(vec![(1.0, commits), (f64::INFINITY, commits)]);
        let figures = Figures { events, commands, rejects, commits, commit_seconds, ..Figures::default() };
        Reading { at: Duration::from_millis(milliseconds), waits_for: None, figures }
    }

    #[track_caller]
    fn check(earlier: (u64, [f64; 4]), later: (u64, [f64; 4]), expected: Option<[f64; 5]>) {
        let rates = Rates::between(&reading(earlier.0, earlier.1), &reading(later.0, later.1));
        let told = rates.map(|rates| {
            let commits = rates.commit_seconds.unwrap().count();
            [rates.events, rates.commands, rates.rejects, rates.commits, commits]
        });
        assert_eq!(told, expected, "{earlier:?} {later:?}");
    }

    #[test]
    fn a_rate_is_what_came_by_the_time_between() {
        check(
            (1_000, [100.0, 10.0, 1.0, 50.0]),
            (3_000, [300.0, 30.0, 1.0, 90.0]),
            Some([100.0, 10.0, 0.0, 20.0, 40.0]),
        );
        check((1_000, [1.0; 4]), (1_500, [1.0; 4]), Some([0.0; 5]));
        check((1_000, [1.0; 4]), (1_000, [2.0; 4]), None);
        check((2_000, [1.0; 4]), (1_000, [2.0; 4]), None);
    }

    #[test]
    fn a_process_that_was_started_anew_counts_from_nothing_on() {
        check(
            (0, [900.0, 90.0, 9.0, 500.0]),
            (2_000, [20.0, 4.0, 0.0, 10.0]),
            Some([10.0, 2.0, 0.0, 5.0, 10.0]),
        );
        // One count that went back is enough, and the others are of that process too.
        check((0, [5.0, 90.0, 0.0, 2.0]), (1_000, [20.0, 4.0, 0.0, 3.0]), Some([20.0, 4.0, 0.0, 3.0, 3.0]));
    }

    #[test]
    fn what_instances_did_is_added_up() {
        let one = Rates::between(&reading(0, [0.0; 4]), &reading(1_000, [1.0, 2.0, 3.0, 4.0])).unwrap();
        let sum = Rates::none().and(&one).and(&one);
        assert_eq!((sum.events, sum.commands, sum.rejects, sum.commits), (2.0, 4.0, 6.0, 8.0));
        assert_eq!(sum.commit_seconds.unwrap().count(), 8.0);
    }
}
