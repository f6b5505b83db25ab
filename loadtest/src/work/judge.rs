//! Whether the plan's commands had to come, once all that came is known.
//!
//! Where an event lies within the processor's lag of another, or of a stage's moment, the rules leave open what
//! comes: either is right, and is counted.

use super::debts::{Debt, Opener, Step};
use super::finding::{Fault, Left};
use super::lag::Lags;
use super::plan::Plan;
use super::{BAR_AFTER, SUSPEND_AFTER};
use std::collections::BTreeMap;

/// What must be with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Must,
    /// Its moment is near a payment.
    May,
    /// Its moment is near the end of the inputs, or after it.
    AtTheEnd,
    MustNot,
}

/// What is wrong with a step of a debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The debt's place.
    pub(super) debt: usize,
    pub(super) step: Step,
    pub(super) fault: Fault,
}

/// Judges all debts. `doubts` are what is wrong with some of them unless they are uncertain; those that are not are
/// kept in it.
pub(super) struct Judge<'p> {
    pub(super) plan: &'p Plan,
    pub(super) lags: &'p Lags,
    /// When the last event came.
    pub(super) end: i64,
    pub(super) left: Left,
    pub(super) wrong: Vec<Wrong>,
}

impl Judge<'_> {
    /// Judges every debt; takes out of the doubts those that the order of events explains.
    pub(super) fn run<T>(&mut self, doubts: &mut BTreeMap<usize, Vec<T>>) {
        let (mut account, mut is_astray) = (u32::MAX, false);
        let plan = self.plan;
        for (at, debt) in plan.debts.all.iter().enumerate() {
            if debt.account != account {
                (account, is_astray) = (debt.account, false);
            }
            let before = self.wrong.len();
            let mut left = self.left;
            self.judge(at, debt, &mut left);
            let is_odd = self.wrong.len() > before || doubts.contains_key(&at);
            // What was once taken in another order is booked otherwise from then on.
            if is_odd && (is_astray || self.is_uncertain(debt)) {
                is_astray = true;
                self.wrong.truncate(before);
                doubts.remove(&at);
                self.left.cycles += 1;
                self.check_undone(at, debt);
            } else {
                self.left = left;
            }
        }
    }

    /// Whether two of its events may have been taken in either order.
    fn is_uncertain(&self, debt: &Debt) -> bool {
        debt.nearest < self.lags.between(debt.span.0, debt.span.1)
    }

    fn judge(&mut self, at: usize, debt: &Debt, left: &mut Left) {
        self.say(at, Step::Remind, debt, Due::Must, left);
        if debt.cycle == 0 {
            // Nothing else can be told of it: the rest is named by a cycle.
            return;
        }
        let reminded = debt.came(Step::Remind).unwrap_or(debt.opened_at);
        let bar = self.stage(debt, reminded + BAR_AFTER);
        self.say(at, Step::Bar, debt, bar, left);
        let is_barred = debt.came(Step::Bar).is_some();
        let suspend = if is_barred || bar == Due::Must {
            let barred = debt.came(Step::Bar).unwrap_or(reminded + BAR_AFTER);
            self.stage(debt, barred + SUSPEND_AFTER)
        } else {
            Due::MustNot
        };
        self.say(at, Step::Suspend, debt, suspend, left);
        let cure = if debt.is_paid() { Due::Must } else { Due::MustNot };
        self.say(at, Step::Thanks, debt, cure, left);
        for (undone, step, due) in [(Step::Resume, Step::Suspend, suspend), (Step::Unbar, Step::Bar, bar)] {
            if debt.came(step).is_some() {
                self.say(at, undone, debt, cure, left);
            } else if due != Due::Must {
                self.say(at, undone, debt, Due::MustNot, left);
            }
        }
    }

    /// What must be with a stage whose moment this is.
    fn stage(&self, debt: &Debt, moment: i64) -> Due {
        let last = if debt.is_paid() { debt.paid_at } else { self.end };
        let lags = self.lags;
        let near = lags.near(debt.opened_at).max(lags.near(moment)).max(lags.near(last));
        if moment.saturating_add(near) <= last {
            Due::Must
        } else if !debt.is_paid() {
            Due::AtTheEnd
        } else if moment.saturating_sub(near) >= last {
            Due::MustNot
        } else {
            Due::May
        }
    }

    fn say(&mut self, debt: usize, step: Step, of: &Debt, due: Due, left: &mut Left) {
        let has_come = of.came(step).is_some();
        let fault = match due {
            Due::Must if !has_come => Fault::Missing,
            Due::MustNot if has_come => Fault::NotAskedFor,
            Due::Must | Due::MustNot => return,
            Due::May => {
                left.stages += 1;
                return;
            }
            Due::AtTheEnd => {
                left.at_the_end += u64::from(has_come);
                return;
            }
        };
        self.wrong.push(Wrong { debt, step, fault });
    }

    /// Whatever the order was: what was done is undone at the cure, and nothing else is.
    fn check_undone(&mut self, at: usize, debt: &Debt) {
        let is_cured = debt.came(Step::Thanks).is_some();
        for (undone, step) in [(Step::Resume, Step::Suspend), (Step::Unbar, Step::Bar)] {
            let due = if is_cured && debt.came(step).is_some() { Due::Must } else { Due::MustNot };
            let mut left = Left::default();
            self.say(at, undone, debt, due, &mut left);
        }
    }
}

impl Wrong {
    /// The topic and offset that it is told by: of what is missing those of the event that asks for it.
    pub(super) fn origin(&self, debt: &Debt) -> (&'static str, i64) {
        if self.fault != Fault::Missing {
            let topic = match self.step {
                Step::Remind | Step::Thanks => "messages",
                Step::Bar | Step::Suspend | Step::Resume | Step::Unbar => "provisioning",
            };
            return (topic, debt.offset(self.step));
        }
        match (self.step, debt.opener) {
            (Step::Thanks | Step::Resume | Step::Unbar, _) => ("payments", debt.paid_by),
            (Step::Remind | Step::Bar | Step::Suspend, Opener::Invoice) => ("invoices", debt.opened_by),
            (Step::Remind | Step::Bar | Step::Suspend, Opener::Reversal) => ("reversals", debt.opened_by),
        }
    }
}
