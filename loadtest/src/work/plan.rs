//! The plan's commands as they come: which debt's cycle each is of, and what is wrong with it at once.
//!
//! What had to come and did not is `judge`'s business.

use super::debts::{Debt, Debts, Step};
use super::finding::Fault;
use super::lag::Lags;
use super::{BAR_AFTER, SUSPEND_AFTER, money};

/// A step's command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<'c> {
    pub(super) account: u32,
    pub(super) cycle: u64,
    pub(super) step: Step,
    pub(super) requested_at: i64,
    pub(super) offset: i64,
    pub(super) text: &'c str,
}

/// What is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    Wrong(Fault, String),
    /// It is wrong, unless the events of this debt may have been taken in another order.
    Perhaps(usize, Fault, String),
}

/// The debts, and what was made of them.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) debts: Debts,
    /// The days on which invoices were due, as they are told.
    pub(super) days: Vec<String>,
}

impl Plan {
    /// What the reminder of a debt says.
    fn reminder(&self, debt: &Debt) -> String {
        let day = self.days.get(usize::from(debt.due)).map_or("", String::as_str);
        format!("You owe {} EUR since {day}.", money(debt.cents))
    }

    /// A step was made.
    pub(super) fn take(&mut self, said: &Said<'_>, lags: &mut Lags) -> Verdict {
        let Some(mut at) = self.debts.find(said.account, said.cycle) else {
            let detail = "the account has no such cycle".to_owned();
            return match self.debts.range(said.account).last() {
                Some(last) => Verdict::Perhaps(last, Fault::NotAskedFor, detail),
                None => Verdict::Wrong(Fault::NotAskedFor, detail),
            };
        };
        let mut verdict = Verdict::Right;
        if said.step == Step::Remind {
            match self.reminded(at, said) {
                Ok(of) => at = of,
                Err(detail) => verdict = Verdict::Perhaps(at, Fault::WrongField, detail),
            }
        }
        if said.step == Step::Thanks && said.text != "Thank you for your payment." {
            verdict = Verdict::Wrong(Fault::WrongField, format!("its text is «{}»", said.text));
        }
        if let Some(debt) = self.debts.all.get(at)
            && debt.came(said.step).is_some()
        {
            return Verdict::Wrong(Fault::Twice, format!("it was at {} before", debt.offset(said.step)));
        }
        if let Some(later) = self.later(at, said) {
            verdict = Verdict::Wrong(Fault::OutOfOrder, format!("{later} came before it"));
        }
        let Some(debt) = self.debts.all.get_mut(at) else { return verdict };
        if let Some(due) = moment(debt, said.step) {
            lags.saw(due, said.requested_at);
            // Before a stage's moment it must not come; an event is known by others' clocks.
            if matches!(said.step, Step::Bar | Step::Suspend) && said.requested_at < due {
                let early = due - said.requested_at;
                verdict = Verdict::Wrong(Fault::TooEarly, format!("{early} µs before its time"));
            }
        }
        debt.come(said.step, said.requested_at, said.offset);
        verdict
    }

    /// The debt that a reminder is of. Where the cycle's own says something else and a later one just that, those
    /// between have opened none.
    fn reminded(&mut self, at: usize, said: &Said<'_>) -> Result<usize, String> {
        let wanted = self.debts.all.get(at).map(|debt| self.reminder(debt)).unwrap_or_default();
        if said.text == wanted {
            return Ok(at);
        }
        let range = at..self.debts.range(said.account).end;
        let untouched = |debt: &&Debt| Step::ALL.iter().all(|step| debt.came(*step).is_none());
        let mut ahead = self.debts.all.get(range).unwrap_or_default().iter().take_while(untouched);
        match ahead.position(|debt| self.reminder(debt) == said.text) {
            Some(skipped) => {
                self.debts.skip(at, at + skipped);
                Ok(at + skipped)
            }
            None => Err(format!("its text is «{}», it must be «{wanted}»", said.text)),
        }
    }

    /// A step of the same topic that has come and must come later.
    fn later(&self, at: usize, said: &Said<'_>) -> Option<String> {
        let is_message = |step: Step| matches!(step, Step::Remind | Step::Thanks);
        let of_topic = |step: &&Step| is_message(**step) == is_message(said.step);
        let range = at..self.debts.range(said.account).end;
        let debts = self.debts.all.get(range)?.iter().enumerate();
        let mut steps = debts.flat_map(|(behind, debt)| {
            let after = move |step: &&Step| behind > 0 || **step > said.step;
            Step::ALL.iter().filter(of_topic).filter(after).map(move |step| (debt, *step))
        });
        let found = steps.find(|(debt, step)| debt.came(*step).is_some());
        found.map(|(debt, step)| format!("{} of cycle {}", step.as_str(), debt.cycle))
    }
}

/// The moment that a step was meant for, where it is known.
fn moment(debt: &Debt, step: Step) -> Option<i64> {
    match step {
        Step::Remind => Some(debt.opened_at),
        Step::Bar => debt.came(Step::Remind).map(|at| at + BAR_AFTER),
        Step::Suspend => debt.came(Step::Bar).map(|at| at + SUSPEND_AFTER),
        Step::Thanks | Step::Resume | Step::Unbar => debt.is_paid().then_some(debt.paid_at),
    }
}
