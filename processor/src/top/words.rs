//! Figures as people read them at a glance.

use crate::figures::reading::State;
use crate::figures::{Buckets, Quantile};

/// What stands where nothing is known.
pub(super) const NOTHING: &str = "–";

/// A count: `12,345`.
pub(super) fn count(count: f64) -> String {
    let digits = format!("{:.0}", count.abs());
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len().saturating_sub(index)).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if count < 0.0 { format!("-{grouped}") } else { grouped }
}

/// How much a second: `0`, `3.5`, `12,345`.
pub(super) fn rate(rate: f64) -> String {
    if rate > 0.0 && rate < 10.0 { format!("{rate:.1}") } else { count(rate) }
}

/// A length of time given in seconds: `3.2 ms`, `250 ms`, `4.5 s`, `90 s`, `12 min`, `3.4 h`.
pub(super) fn time(seconds: f64) -> String {
    let milliseconds = seconds * 1_000.0;
    match seconds {
        seconds if seconds <= 0.0 => "0".to_owned(),
        _ if milliseconds < 9.95 => format!("{milliseconds:.1} ms"),
        _ if milliseconds < 999.5 => format!("{milliseconds:.0} ms"),
        seconds if seconds < 9.95 => format!("{seconds:.1} s"),
        seconds if seconds < 119.5 => format!("{seconds:.0} s"),
        seconds if seconds < 7_170.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.1} h", seconds / 3_600.0),
    }
}

/// The time that a share of commits took at most.
pub(super) fn commit_time(commits: Option<&Buckets>, share: f64) -> String {
    match commits.and_then(|commits| commits.quantile(share)) {
        Some(Quantile { value, is_more: true }) => format!("> {}", time(value)),
        Some(Quantile { value, is_more: false }) => time(value),
        None => NOTHING.to_owned(),
    }
}

/// How a partition's task stands.
pub(super) fn state(state: State) -> String {
    match state {
        State::AtWork => "at work".to_owned(),
        State::Restoring { records, seconds } if seconds > 0.0 => {
            format!("restoring {}, {}", count(records), time(seconds))
        }
        State::Restoring { records, .. } => format!("restoring {}", count(records)),
        State::StoreFails => "store fails".to_owned(),
        State::ComesBack => "comes back".to_owned(),
        State::Unknown => NOTHING.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(told: String, expected: &str) {
        assert_eq!(told, expected);
    }

    #[test]
    fn counts_are_grouped_and_small_rates_have_a_tenth() {
        for (number, expected) in
            [(0.0, "0"), (999.0, "999"), (1_000.0, "1,000"), (1_234_567.0, "1,234,567"), (-1_000.0, "-1,000")]
        {
            check(count(number), expected);
        }
        for (number, expected) in
            [(0.0, "0"), (0.25, "0.2"), (9.9, "9.9"), (10.4, "10"), (12_345.6, "12,346")]
        {
            check(rate(number), expected);
        }
    }

    #[test]
    fn times_have_the_unit_in_which_they_are_short() {
        for (seconds, expected) in [
            (0.0, "0"),
            (-1.0, "0"),
            (0.000_5, "0.5 ms"),
            (0.009_9, "9.9 ms"),
            (0.012, "12 ms"),
            (0.1, "100 ms"),
            (0.999_9, "1.0 s"),
            (9.96, "10 s"),
            (119.0, "119 s"),
            (120.0, "2 min"),
            (7_200.0, "2.0 h"),
        ] {
            check(time(seconds), expected);
        }
    }

    #[test]
    fn commits_beyond_the_last_bound_took_more_and_none_took_nothing() {
        let commits = Buckets::new(vec![(0.5, 50.0), (1.0, 98.0), (f64::INFINITY, 100.0)]);
        check(commit_time(Some(&commits), 0.5), "500 ms");
        check(commit_time(Some(&commits), 0.99), "> 1.0 s");
        check(commit_time(None, 0.5), NOTHING);
        check(commit_time(Some(&Buckets::default()), 0.5), NOTHING);
    }

    #[test]
    fn a_task_that_restores_says_what_is_left() {
        check(state(State::Restoring { records: 12_300.0, seconds: 14.2 }), "restoring 12,300, 14 s");
        check(state(State::Restoring { records: 12_300.0, seconds: 0.0 }), "restoring 12,300");
        check(state(State::AtWork), "at work");
    }
}
