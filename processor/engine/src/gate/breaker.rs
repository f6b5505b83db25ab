//! The breaker: holds what cuts off once far more accounts than usual are about to be cut.
//!
//! Each partition counts for itself: accounts are spread evenly, so each sees its part of what is
//! usual and of what is not. What becomes of the orders it holds is the [`super::Gate`]'s business.

use super::rates::Share;
use decision::policy::Breaker as Rule;
use decision::time::Timestamp;
use schemas::{BreakerState, Counted, Verdict};

/// How many spans the time whose orders are counted is cut into: it moves on by one of them, and so
/// is up to one of them short.
const RECENT_SPANS: i64 = 6;

/// How many spans the time that shows what is usual is cut into.
const EARLIER_SPANS: i64 = 24;

/// The breaker of a partition.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    state: BreakerState,
}

impl Breaker {
    pub(crate) fn new(state: BreakerState) -> Self {
        Self { state }
    }

    /// Where it stands, to be remembered; nothing where it never counted.
    pub(crate) fn state(&self) -> Option<&BreakerState> {
        self.state.since.is_some().then_some(&self.state)
    }

    /// Whether it holds orders now.
    pub(crate) fn is_open(&self) -> bool {
        self.state.opened_at.is_some()
    }

    /// What a person said last of the orders it held.
    pub(crate) fn verdict(&self) -> Option<&Verdict> {
        self.state.verdict.as_ref()
    }

    /// What a person said when orders were released last.
    pub(crate) fn released(&self) -> Option<&Verdict> {
        let last = self.verdict().filter(|last| !last.drops);
        last.or(self.state.released.as_ref())
    }

    /// An order that cuts off is about to go: whether it is held. One that is not held is counted.
    pub(crate) fn holds(&mut self, rule: &Rule, share: Share) -> bool {
        let now = share.now;
        self.state.since.get_or_insert(now);
        if self.is_open() {
            return true;
        }
        self.age(rule, now);
        let count = sum(&self.state.recent).saturating_add(1);
        if count > at_least(rule, share) && self.is_more_than_usual(rule, count, now) {
            tracing::error!(
                partition = share.partition,
                orders = count,
                "the breaker is open: far more accounts than usual are about to be cut off. The orders wait until a \
                 person says what becomes of them: `weir held release`, or `weir held drop`"
            );
            self.state.opened_at = Some(now);
            return true;
        }
        add(&mut self.state.recent, floor(now, span(rule.over.nominal_micros(), RECENT_SPANS)), 1);
        false
    }

    /// A person releases or drops what it holds; none where that was said already.
    pub(crate) fn judge(&mut self, verdict: Verdict, rule: Option<&Rule>, now: Timestamp) -> bool {
        if self.verdict().is_some_and(|last| last.event_id == verdict.event_id) {
            return false;
        }
        self.state.since.get_or_insert(now);
        self.state.opened_at = None;
        if !verdict.drops {
            // What went so far was as it should be: it counts as usual, and the count begins anew.
            for counted in std::mem::take(&mut self.state.recent) {
                self.put_earlier(&counted, rule);
            }
            self.state.released = Some(verdict.clone());
        }
        self.state.verdict = Some(verdict);
        true
    }

    /// Orders older than the time whose orders are counted show what is usual, and then nothing.
    fn age(&mut self, rule: &Rule, now: Timestamp) {
        let (over, against) = (rule.over.nominal_micros(), rule.against.nominal_micros());
        let is_recent = |counted: &Counted| now.micros_since(counted.from) < over;
        let (recent, old) = std::mem::take(&mut self.state.recent).into_iter().partition(is_recent);
        self.state.recent = recent;
        let old: Vec<Counted> = old;
        for counted in &old {
            self.put_earlier(counted, Some(rule));
        }
        let width = span(against, EARLIER_SPANS);
        self.state.earlier.retain(|counted| now.micros_since(counted.from) < against.saturating_add(width));
    }

    fn put_earlier(&mut self, counted: &Counted, rule: Option<&Rule>) {
        let width = rule.map_or(1, |rule| span(rule.against.nominal_micros(), EARLIER_SPANS));
        add(&mut self.state.earlier, floor(counted.from, width), counted.count);
    }

    /// Whether so many are more than so many times the usual number, in whole numbers:
    /// `count > more_than · earlier · over / time`.
    fn is_more_than_usual(&self, rule: &Rule, count: i64, now: Timestamp) -> bool {
        let (over, against) = (rule.over.nominal_micros(), rule.against.nominal_micros());
        let known_for = self.state.since.map_or(0, |since| now.micros_since(since));
        let time = known_for.min(against).saturating_sub(over).max(over);
        let times = rule.more_than.cut_to(3).0;
        let usual = i128::from(sum(&self.state.earlier)).saturating_mul(i128::from(over));
        let count = i128::from(count).saturating_mul(1_000).saturating_mul(i128::from(time));
        count > usual.saturating_mul(i128::from(times))
    }
}

/// A partition's part of the least number that stops anything.
fn at_least(rule: &Rule, share: Share) -> i64 {
    i64::from(rule.at_least.div_ceil(share.partitions.get()))
}

fn span(time: i64, parts: i64) -> i64 {
    time.checked_div(parts).unwrap_or(1).max(1)
}

fn floor(moment: Timestamp, width: i64) -> Timestamp {
    Timestamp(moment.0.div_euclid(width).saturating_mul(width))
}

fn sum(counted: &[Counted]) -> i64 {
    counted.iter().fold(0, |sum, counted| sum.saturating_add(counted.count))
}

fn add(counted: &mut Vec<Counted>, from: Timestamp, count: i64) {
    match counted.iter_mut().find(|counted| counted.from == from) {
        Some(counted) => counted.count = counted.count.saturating_add(count),
        None => counted.push(Counted { from, count }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use decision::money::Decimal;
    use decision::time::Period;
    use std::num::NonZeroU32;

    const HOUR: i64 = 3_600_000_000;

    fn rule() -> Rule {
        Rule {
            more_than: Decimal::parse("3").unwrap(),
            over: Period::Exact(HOUR),
            against: Period::Days(7),
            at_least: 10,
        }
    }

    fn share(partitions: u32, now: i64) -> Share {
        Share { partition: 0, partitions: NonZeroU32::new(partitions).unwrap(), now: Timestamp(now) }
    }

    /// How many of so many orders at one moment are let through.
    fn let_through(breaker: &mut Breaker, orders: usize, now: i64) -> usize {
        (0..orders).filter(|_| !breaker.holds(&rule(), share(1, now))).count()
    }

    fn verdict(id: &str, drops: bool) -> Verdict {
        let (by, role) = ("anna".to_owned(), "admin".to_owned());
        Verdict { event_id: id.into(), up_to: 0, drops, by, role, why: None }
    }

    #[test]
    fn no_more_than_the_least_number_goes_where_nothing_is_usual_yet() {
        let mut breaker = Breaker::default();
        assert_eq!(let_through(&mut breaker, 10, 0), 10);
        assert!(!breaker.is_open());
        assert_eq!(let_through(&mut breaker, 5, HOUR / 2), 0);
        assert!(breaker.is_open());
        assert_eq!(let_through(&mut breaker, 5, 100 * HOUR), 0, "it waits for a person");
    }

    #[test]
    fn three_times_the_usual_goes_and_not_one_more() {
        let mut breaker = Breaker::default();
        for hour in 0..7 * 24 {
            assert_eq!(let_through(&mut breaker, 8, hour * HOUR), 8, "in hour {hour}");
        }
        let now = 7 * 24 * HOUR;
        assert_eq!(let_through(&mut breaker, 100, now), 24, "eight an hour is usual");
        assert!(breaker.is_open());
    }

    #[test]
    fn each_partition_has_its_part_of_the_least_number_rounded_up() {
        let mut breaker = Breaker::default();
        let gone = (0..20).filter(|_| !breaker.holds(&rule(), share(3, 0))).count();
        assert_eq!(gone, 4);
    }

    #[test]
    fn after_a_release_the_count_begins_anew_and_after_a_drop_it_goes_on() {
        let mut released = Breaker::default();
        let_through(&mut released, 11, 0);
        assert!(released.judge(verdict("e1", false), Some(&rule()), Timestamp(1)));
        assert!(!released.is_open());
        assert!(let_through(&mut released, 11, 2) >= 10);
        let mut dropped = Breaker::default();
        let_through(&mut dropped, 11, 0);
        dropped.judge(verdict("e1", true), Some(&rule()), Timestamp(1));
        assert_eq!(let_through(&mut dropped, 11, 2), 0);
    }

    #[test]
    fn a_verdict_that_comes_again_changes_nothing() {
        let mut breaker = Breaker::default();
        let_through(&mut breaker, 11, 0);
        assert!(breaker.judge(verdict("e1", true), Some(&rule()), Timestamp(1)));
        let_through(&mut breaker, 1, 2);
        assert!(!breaker.judge(verdict("e1", true), Some(&rule()), Timestamp(3)));
        assert!(breaker.is_open());
    }
}
