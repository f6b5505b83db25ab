//! What a processor says of itself at `/metrics`: how long its commits took.

use std::time::Duration;

/// A histogram as Prometheus writes it, all labels added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Commits {
    pub(crate) count: f64,
    pub(crate) sum_seconds: f64,
    /// By upper bound in seconds: how many were at or below it.
    pub(crate) buckets: Vec<(f64, f64)>,
}

/// Asks for the commits so far; none where it does not answer.
pub(crate) fn commits(url: &str) -> Option<Commits> {
    let agent =
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(2))).build().new_agent();
    let text = agent.get(url).call().ok()?.body_mut().read_to_string().ok()?;
    Some(parse(&text))
}

fn parse(text: &str) -> Commits {
    let mut commits = Commits::default();
    for line in text.lines() {
        let Some(rest) = line.strip_prefix("weir_commit_seconds_") else { continue };
        let Some(value) = line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()) else {
            continue;
        };
        if rest.starts_with("count") {
            commits.count += value;
        } else if rest.starts_with("sum") {
            commits.sum_seconds += value;
        } else if let Some(bound) = bound(rest) {
            match commits.buckets.iter_mut().find(|(known, _)| (*known - bound).abs() < f64::EPSILON) {
                Some((_, count)) => *count += value,
                None => commits.buckets.push((bound, value)),
            }
        }
    }
    commits.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    commits
}

fn bound(rest: &str) -> Option<f64> {
    let text = rest.strip_prefix("bucket")?.split_once("le=\"")?.1.split_once('"')?.0;
    if text == "+Inf" { None } else { text.parse().ok() }
}

impl Commits {
    /// Those since an earlier question.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let before = |bound: f64| {
            let found = earlier.buckets.iter().find(|(known, _)| (*known - bound).abs() < f64::EPSILON);
            found.map_or(0.0, |(_, count)| *count)
        };
        Self {
            count: self.count - earlier.count,
            sum_seconds: self.sum_seconds - earlier.sum_seconds,
            buckets: self.buckets.iter().map(|(bound, count)| (*bound, count - before(*bound))).collect(),
        }
    }

    /// The mean, in milliseconds.
    pub(crate) fn mean_ms(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum_seconds * 1_000.0 / self.count)
    }

    /// The upper bound of the bucket that this part of all lies in or below, in milliseconds; none where it
    /// lies beyond the last.
    pub(crate) fn bound_ms(&self, part: f64) -> Option<f64> {
        let wanted = self.count * part;
        let found = self.buckets.iter().find(|(_, count)| self.count > 0.0 && *count >= wanted);
        found.map(|(bound, _)| bound * 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "# HELP weir_commit_seconds x\nweir_commit_seconds_bucket{partition=\"0\",le=\"0.005\"} 8\n\
        weir_commit_seconds_bucket{partition=\"0\",le=\"0.05\"} 9\nweir_commit_seconds_bucket{partition=\"0\",le=\"+Inf\"} 10\n\
        weir_commit_seconds_sum{partition=\"0\"} 0.5\nweir_commit_seconds_count{partition=\"0\"} 10\n\
        weir_commit_seconds_bucket{partition=\"1\",le=\"0.005\"} 2\nweir_commit_seconds_bucket{partition=\"1\",le=\"0.05\"} 2\n\
        weir_commit_seconds_sum{partition=\"1\"} 0.1\nweir_commit_seconds_count{partition=\"1\"} 2\nweir_commits_total 12\n";

    #[test]
    fn all_partitions_add_up_and_quantiles_are_bounds_of_buckets() {
        let commits = parse(FIRST);
        assert_eq!((commits.count, commits.buckets.clone()), (12.0, vec![(0.005, 10.0), (0.05, 11.0)]));
        assert_eq!(commits.mean_ms(), Some(50.0));
        assert_eq!(
            (commits.bound_ms(0.5), commits.bound_ms(0.9), commits.bound_ms(0.99)),
            (Some(5.0), Some(50.0), None)
        );
    }

    #[test]
    fn what_came_since_is_what_is_more() {
        let earlier = Commits { count: 2.0, sum_seconds: 0.2, buckets: vec![(0.005, 1.0)] };
        let since = parse(FIRST).since(&earlier);
        assert_eq!((since.count, since.buckets), (10.0, vec![(0.005, 9.0), (0.05, 11.0)]));
        assert_eq!(Commits::default().mean_ms(), None);
    }
}
