//! From looks and latencies to the figures of seconds and steps.

use super::{Percentiles, Second, Step};
use crate::matching::Latencies;
use crate::processes::Cost;
use crate::watching::Look;
use hdrhistogram::Histogram;

/// A lag that grows by less than this part of the rate is noise.
const GROWTH: f64 = 0.02;
/// So many seconds' worth of events may wait at a step's end, growing or not.
const WAITING_SECONDS: f64 = 0.5;

/// Whether a processor keeps up: its lag does not grow, or what waits is nothing much.
fn is_sustained(rate: u32, growth_per_second: f64, lag_at_end: i64) -> bool {
    let rate = f64::from(rate);
    growth_per_second < rate * GROWTH || lag_at_end as f64 <= rate * WAITING_SECONDS
}

/// Seconds of a run, from the one that begins at this moment. Where a look took longer than a second, what it saw
/// stands for all the seconds since the one before.
pub(crate) fn seconds(looks: &[Look], latencies: &[Latencies], zero_us: u64) -> Vec<Second> {
    let first = zero_us / 1_000_000;
    looks
        .windows(2)
        .filter_map(|pair| {
            let [before, now] = pair else { return None };
            // A look at the beginning of a second tells of the one before.
            let (from, to) = (before.at_us / 1_000_000, now.at_us / 1_000_000);
            let number = to.checked_sub(1)?.checked_sub(first)?;
            Some(one_second(number, before, now, &between(latencies, from.max(first), to)))
        })
        .collect()
}

/// All that was due in these seconds.
fn between(latencies: &[Latencies], from: u64, to: u64) -> Latencies {
    let mut all = Latencies::new();
    for second in from..to {
        if let Some(found) = usize::try_from(second).ok().and_then(|place| latencies.get(place)) {
            all.add(found);
        }
    }
    all
}

fn one_second(number: u64, before: &Look, now: &Look, latencies: &Latencies) -> Second {
    let span = seconds_between(before, now);
    let cores =
        |before: Option<Cost>, now: Option<Cost>| Some((now?.cpu_seconds - before?.cpu_seconds) / span);
    let commits = now.commits.as_ref().zip(before.commits.as_ref()).map(|(now, before)| now.since(before));
    Second {
        second: number,
        sent: now.sent.saturating_sub(before.sent) as f64 / span,
        taken: (now.stand.committed - before.stand.committed) as f64 / span,
        lag: now.stand.lag(),
        latest_send_ms: now.latest_us as f64 / 1_000.0,
        processor_cores: cores(before.processor, now.processor),
        broker_cores: cores(before.broker, now.broker),
        loadtest_cores: cores(Some(before.loadtest), Some(now.loadtest)).unwrap_or(0.0),
        processor_bytes: now.processor.map(|cost| cost.resident_bytes),
        broker_bytes: now.broker.map(|cost| cost.resident_bytes),
        commit_mean_ms: commits.as_ref().and_then(|commits| commits.mean_ms()),
        commit_p99_ms: commits.as_ref().and_then(|commits| commits.bound_ms(0.99)),
        events: percentiles(&latencies.events),
        timers: percentiles(&latencies.timers),
    }
}

/// A step of the rate, from what was seen between two moments.
pub(crate) fn step(
    rate: u32,
    span_us: (u64, u64),
    zero_us: u64,
    looks: &[Look],
    latencies: &[Latencies],
) -> Option<Step> {
    let (from_us, to_us) = span_us;
    // A look takes some milliseconds: the one at the end belongs to it.
    let within: Vec<&Look> =
        looks.iter().filter(|look| (from_us..to_us + 500_000).contains(&look.at_us)).collect();
    let (first, last) = (within.first()?, within.last()?);
    let seconds = seconds_between(first, last);
    let taken = (last.stand.committed - first.stand.committed) as f64;
    let growth = growth(&within);
    let us_per_event = |before: Option<Cost>, now: Option<Cost>, events: f64| {
        let used = now?.cpu_seconds - before?.cpu_seconds;
        (events > 0.0).then_some(used * 1e6 / events)
    };
    let sent = last.sent.saturating_sub(first.sent);
    let all = between(latencies, from_us / 1_000_000, to_us / 1_000_000);
    let commits = last.commits.as_ref().zip(first.commits.as_ref()).map(|(now, before)| now.since(before));
    Some(Step {
        rate,
        from_second: (from_us - zero_us) / 1_000_000,
        to_second: (to_us - zero_us) / 1_000_000,
        sent,
        taken_per_second: taken / seconds,
        lag_growth_per_second: growth,
        lag_at_end: last.stand.lag(),
        // Without a processor nobody takes anything, and nobody falls behind.
        sustained: last.processor.is_none() || is_sustained(rate, growth, last.stand.lag()),
        latest_send_ms: within.iter().skip(1).map(|look| look.latest_us).max().unwrap_or(0) as f64 / 1_000.0,
        processor_us_per_event: us_per_event(first.processor, last.processor, taken),
        broker_us_per_event: us_per_event(first.broker, last.broker, sent as f64),
        loadtest_us_per_event: us_per_event(Some(first.loadtest), Some(last.loadtest), sent as f64)
            .unwrap_or(0.0),
        events: percentiles(&all.events),
        timers: percentiles(&all.timers),
        commit_mean_ms: commits.as_ref().and_then(|commits| commits.mean_ms()),
        commit_p99_ms: commits.as_ref().and_then(|commits| commits.bound_ms(0.99)),
        processor_bytes: last.processor.map(|cost| cost.resident_bytes),
    })
}

/// By how much the lag grows in a second: the slope of the line through it.
fn growth(looks: &[&Look]) -> f64 {
    let count = looks.len() as f64;
    let at = |look: &Look| look.at_us as f64 / 1e6;
    let mean_at = looks.iter().map(|look| at(look)).sum::<f64>() / count;
    let mean_lag = looks.iter().map(|look| look.stand.lag() as f64).sum::<f64>() / count;
    let (mut together, mut apart) = (0.0, 0.0);
    for look in looks {
        let distance = at(look) - mean_at;
        together += distance * (look.stand.lag() as f64 - mean_lag);
        apart += distance * distance;
    }
    if apart > 0.0 { together / apart } else { 0.0 }
}

fn seconds_between(before: &Look, now: &Look) -> f64 {
    (now.at_us.saturating_sub(before.at_us) as f64 / 1e6).max(1e-6)
}

fn percentiles(histogram: &Histogram<u32>) -> Percentiles {
    let ms = |micros: u64| micros as f64 / 1_000.0;
    Percentiles {
        count: histogram.len(),
        p50: ms(histogram.value_at_quantile(0.5)),
        p99: ms(histogram.value_at_quantile(0.99)),
        p999: ms(histogram.value_at_quantile(0.999)),
        max: ms(histogram.max()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Stand;

    /// Looks at full seconds from 10 on: the lag at each, with 1,000 events sent a second.
    fn looks(lags: &[i64]) -> Vec<Look> {
        let look = |(number, lag): (u64, &i64)| {
            let end = i64::try_from(number * 1_000).unwrap();
            let cpu = |a_second: f64| Cost { cpu_seconds: a_second * number as f64, resident_bytes: number };
            Look {
                at_us: (10 + number) * 1_000_000 + 3_000,
                sent: number * 1_000,
                latest_us: number * 100,
                stand: Stand { end, committed: end - lag },
                processor: Some(cpu(0.5)),
                broker: None,
                loadtest: cpu(0.1),
                commits: None,
            }
        };
        (0..).zip(lags).map(look).collect()
    }

    #[track_caller]
    fn check(lags: &[i64], growth: f64, sustained: bool) {
        let looks = looks(lags);
        let to = 10 + lags.len() as u64 - 1;
        let step = step(1_000, (10_000_000, to * 1_000_000), 10_000_000, &looks, &[]).unwrap();
        assert!(
            (step.lag_growth_per_second - growth).abs() < 1.0,
            "{lags:?}: {}",
            step.lag_growth_per_second
        );
        assert_eq!(step.sustained, sustained, "{lags:?}");
    }

    #[test]
    fn a_rate_is_kept_up_with_while_the_lag_does_not_grow() {
        check(&[10, 10, 10, 10, 10], 0.0, true);
        check(&[0, 200, 400, 600, 800], 200.0, false);
        // It grows, but what waits is less than half a second's worth.
        check(&[0, 100, 200, 300, 400], 100.0, true);
        // Much waits, and it is being worked off.
        check(&[900, 800, 700, 650, 600], -75.0, true);
    }

    #[test]
    fn a_step_costs_what_its_processes_used_for_each_event() {
        let mut latencies = vec![Latencies::new(); 15];
        latencies[11].events.record(7_000).unwrap();
        latencies[14].events.record(90_000).unwrap();
        let step = step(1_000, (10_000_000, 14_000_000), 10_000_000, &looks(&[10; 6]), &latencies).unwrap();
        assert_eq!((step.sent, step.from_second, step.to_second), (4_000, 0, 4));
        assert!((step.processor_us_per_event.unwrap() - 500.0).abs() < 1.0);
        assert!((step.loadtest_us_per_event - 100.0).abs() < 1.0);
        assert_eq!((step.broker_us_per_event, step.latest_send_ms), (None, 0.4));
        // What was due after the step is not its own.
        assert_eq!(step.events.count, 1);
        assert!((step.events.p99 - 7.0).abs() < 0.01);
    }

    #[test]
    fn a_second_has_what_was_due_in_it_and_what_a_look_at_its_end_saw() {
        let mut latencies = vec![Latencies::new(); 15];
        latencies[12].events.record(5_000).unwrap();
        let seconds = seconds(&looks(&[0, 0, 0, 40, 40]), &latencies, 11_000_000);
        let numbers: Vec<u64> = seconds.iter().map(|second| second.second).collect();
        assert_eq!(numbers, [0, 1, 2]);
        assert_eq!((seconds[1].lag, seconds[1].events.count, seconds[0].events.count), (40, 1, 0));
        assert!(
            (seconds[1].taken - 960.0).abs() < 1.0
                && (seconds[1].processor_cores.unwrap() - 0.5).abs() < 0.01
        );
    }
    #[test]
    fn a_look_that_takes_long_stands_for_all_the_seconds_that_it_took() {
        let mut latencies = vec![Latencies::new(); 15];
        for second in [10, 11, 12, 13] {
            latencies[second].events.record(5_000).unwrap();
        }
        let mut looks = looks(&[0, 0, 0, 0, 0]);
        looks.drain(1..3);
        let seconds = seconds(&looks, &latencies, 10_000_000);
        let counts: Vec<(u64, u64)> =
            seconds.iter().map(|second| (second.second, second.events.count)).collect();
        assert_eq!(counts, [(2, 3), (3, 1)]);
        assert!((seconds[0].sent - 1_000.0).abs() < 1.0);
    }
}
