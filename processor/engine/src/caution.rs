//! Caution: what a partition's worker knows of inputs over which the core failed. It outlives the
//! tasks that start anew for them.
//!
//! After a failure the next task takes what was lost one by one, each input in a transaction of its
//! own, and for a while decides everything on a copy of the debtor. How an input is set aside is
//! `task::poison`'s business; why so: `docs/decisions/0010-what-the-core-fails-over-is-set-aside.md`.

use decision::ids::DebtorId;
use schemas::PutOff;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// For how long everything is decided on a copy after a failure: the next one then costs no recovery.
const WARY: Duration = Duration::from_secs(600);

/// How often a task may fail without having decided anything well between. More is no input's fault.
const MOST_IN_A_ROW: u32 = 5;

/// Over how many debtors the core may fail within [`WARY`]. More is the program's fault, or the
/// policy's: to set aside all that comes then would empty the topics into the rejects.
const MOST_DEBTORS: usize = 100;

/// How many inputs are taken one by one after a failure, at least and at most.
const ONE_BY_ONE: (usize, usize) = (50, 10_000);

/// An input of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InputId {
    /// A record.
    Record {
        /// Its topic.
        topic: Arc<str>,
        /// Its offset.
        offset: i64,
    },
    /// A timer, or a debtor to be decided anew.
    Due(PutOff),
}

/// What is known of inputs over which the core failed.
#[derive(Debug, Default)]
pub(crate) struct Caution {
    wary_until: Option<Duration>,
    /// How many inputs are still taken one by one.
    left: usize,
    /// How many that were at first.
    asked: usize,
    /// The only input of the batch at hand, while they are taken one by one.
    lone: Option<InputId>,
    /// The input whose batch failed although it was alone in it, and how.
    condemned: Option<(InputId, String)>,
    in_a_row: u32,
    /// Whom the core failed over, since when.
    debtors: BTreeSet<DebtorId>,
    counted_from: Duration,
}

impl Caution {
    /// Whether everything is decided on a copy.
    pub(crate) fn is_wary(&self, ticks: impl FnOnce() -> Duration) -> bool {
        self.wary_until.is_some_and(|until| ticks() < until)
    }

    /// Whether each input goes into a batch of its own.
    pub(crate) fn takes_one_by_one(&self) -> bool {
        self.left > 0
    }

    /// An input comes. Answers how it failed, where it is not to be decided.
    pub(crate) fn comes(&mut self, input: impl FnOnce() -> InputId) -> Option<String> {
        if !self.takes_one_by_one() && self.condemned.is_none() {
            return None;
        }
        let input = input();
        if let Some((_, how)) = self.condemned.take_if(|(condemned, _)| *condemned == input) {
            return Some(how);
        }
        self.lone = Some(input).filter(|_| self.takes_one_by_one());
        None
    }

    /// A batch of so many inputs is committed.
    pub(crate) fn committed(&mut self, inputs: usize) {
        let is_decided = !self.takes_one_by_one() || self.lone.take().is_some();
        self.left = self.left.saturating_sub(inputs);
        if is_decided && inputs > 0 {
            self.in_a_row = 0;
        }
    }

    /// A task begins anew: what was at hand is not any more.
    pub(crate) fn begins_anew(&mut self) {
        self.lone = None;
    }

    /// A task failed, and with it so many inputs are lost that were decided. Answers whether it may be
    /// tried again.
    pub(crate) fn failed(&mut self, how: &str, lost: usize, ticks: Duration) -> bool {
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.wary_until = Some(ticks.saturating_add(WARY));
        if let Some(lone) = self.lone.take() {
            self.condemned = Some((lone, how.to_owned()));
        }
        let (least, most) = ONE_BY_ONE;
        // What failed was not met again among those: more are looked at.
        self.asked = lost.max(self.asked.saturating_mul(2)).clamp(least, most);
        self.left = self.asked;
        self.in_a_row <= MOST_IN_A_ROW
    }

    /// An input over which the core failed is set aside. Answers whether that may go on.
    pub(crate) fn found(&mut self, debtor: DebtorId, ticks: Duration) -> bool {
        self.lone = None;
        self.asked = 0;
        self.wary_until = Some(ticks.saturating_add(WARY));
        if ticks.saturating_sub(self.counted_from) > WARY {
            self.debtors.clear();
            self.counted_from = ticks;
        }
        self.debtors.insert(debtor);
        self.debtors.len() <= MOST_DEBTORS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(offset: i64) -> InputId {
        InputId::Record { topic: "t".into(), offset }
    }

    const NOW: Duration = Duration::from_secs(1_000);

    #[test]
    fn what_fails_alone_in_its_batch_is_condemned_once() {
        let mut caution = Caution::default();
        assert_eq!(caution.comes(|| record(1)), None);
        assert!(caution.failed("so", 3, NOW), "in a batch of many nobody is to blame");
        for offset in [1, 2] {
            assert_eq!(caution.comes(|| record(offset)), None);
            caution.committed(1);
        }
        assert_eq!(caution.comes(|| record(3)), None);
        assert!(caution.failed("thus", 1, NOW));
        assert_eq!(caution.comes(|| record(4)), None, "another one is not to blame");
        caution.committed(1);
        assert_eq!(caution.comes(|| record(3)), Some("thus".to_owned()));
        assert_eq!(caution.comes(|| record(3)), None);
    }

    #[test]
    fn what_was_at_hand_when_the_task_began_anew_for_another_reason_is_not_to_blame() {
        let mut caution = Caution::default();
        caution.failed("so", 1, NOW);
        assert_eq!(caution.comes(|| record(1)), None);
        caution.begins_anew();
        caution.failed("while it read the changelog", 0, NOW);
        assert_eq!(caution.comes(|| record(1)), None);
    }

    #[test]
    fn inputs_are_taken_one_by_one_for_as_many_as_were_lost_and_twice_as_many_the_next_time() {
        let mut caution = Caution::default();
        for most in [80, 160, 320] {
            caution.failed("so", 80, NOW);
            caution.committed(most - 1);
            assert!(caution.takes_one_by_one());
            caution.committed(1);
            assert!(!caution.takes_one_by_one());
        }
        caution.found("d".into(), NOW);
        caution.failed("so", 80, NOW);
        caution.committed(80);
        assert!(!caution.takes_one_by_one(), "once something was found it begins anew");
    }

    #[test]
    fn a_task_that_fails_again_and_again_and_decides_nothing_is_given_up() {
        let mut caution = Caution::default();
        for _ in 0..5 {
            assert!(caution.failed("so", 0, NOW));
        }
        assert!(!caution.failed("so", 0, NOW));
        let mut caution = Caution::default();
        for offset in 0..20 {
            assert!(caution.failed("so", 0, NOW));
            assert_eq!(caution.comes(|| record(offset)), None);
            caution.committed(1);
        }
    }

    #[test]
    fn setting_aside_one_input_after_the_other_is_not_going_on() {
        let mut caution = Caution::default();
        let mut failures = 0;
        for offset in 0.. {
            if !caution.failed("so", 0, NOW) {
                break;
            }
            failures += 1;
            if caution.comes(|| record(offset)).is_some() {
                caution.found("d".into(), NOW);
                caution.committed(1);
                let _ = caution.comes(|| record(offset + 1));
            }
        }
        assert_eq!(failures, 5);
    }

    #[test]
    fn a_copy_is_used_for_ten_minutes_after_the_last_failure() {
        let mut caution = Caution::default();
        assert!(!caution.is_wary(|| NOW));
        caution.failed("so", 0, NOW);
        let after = |seconds| NOW + Duration::from_secs(seconds);
        assert!(caution.is_wary(|| after(599)) && !caution.is_wary(|| after(600)));
        caution.found("d".into(), after(500));
        assert!(caution.is_wary(|| after(1_099)) && !caution.is_wary(|| after(1_100)));
    }

    #[test]
    fn a_hundred_debtors_in_ten_minutes_are_set_aside_and_no_more() {
        let mut caution = Caution::default();
        let debtor = |number: u32| DebtorId::from(format!("d{number}"));
        for number in 0..100 {
            assert!(caution.found(debtor(number), NOW));
            assert!(caution.found(debtor(number), NOW), "each counts once");
        }
        assert!(!caution.found(debtor(100), NOW));
        assert!(caution.found(debtor(101), NOW + Duration::from_secs(601)), "later they count anew");
    }
}
