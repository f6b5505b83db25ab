//! When each account owed what, by its invoices, payments and payments that bounced.

use super::{ENTRY_CENTS, number, place};
use std::collections::HashMap;

/// Something about what an account owes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    pub(super) account: u32,
    pub(super) at: i64,
    pub(super) what: Moved,
    pub(super) offset: i64,
}

/// What it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moved {
    /// So many cents are owed since a day: its number in a list.
    Invoice(i64, u16),
    /// So many cents are paid, by a payment with an id of this hash.
    Payment(u64, i64),
    /// That payment bounced.
    Reversal(u64),
}

/// In which topic it is told: those of one are in order. Of one moment they count in this order.
fn topic(what: Moved) -> u8 {
    match what {
        Moved::Invoice(..) => 0,
        Moved::Payment(..) => 1,
        Moved::Reversal(_) => 2,
    }
}

/// What a cycle did, in the order in which each topic must tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Remind,
    Thanks,
    Bar,
    Suspend,
    Resume,
    Unbar,
}

impl Step {
    pub(super) const ALL: [Self; 6] =
        [Self::Remind, Self::Thanks, Self::Bar, Self::Suspend, Self::Resume, Self::Unbar];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Remind => "remind",
            Self::Thanks => "thanks",
            Self::Bar => "bar",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Unbar => "unbar_outgoing",
        }
    }
}

/// What opened a debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opener {
    Invoice,
    Reversal,
}

/// A debt that must open a cycle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Debt {
    pub(super) account: u32,
    /// The number of its cycle, from 1; 0 where none was opened.
    pub(super) cycle: u32,
    pub(super) opened_at: i64,
    pub(super) opener: Opener,
    /// The offset of that.
    pub(super) opened_by: i64,
    pub(super) cents: i64,
    pub(super) due: u16,
    /// When it was paid; never, where this is the end of time.
    pub(super) paid_at: i64,
    pub(super) paid_by: i64,
    /// How near two events of it lie that are told in different topics.
    pub(super) nearest: i64,
    /// From when to when such events lie.
    pub(super) span: (i64, i64),
    /// The steps that were made.
    came: [Came; 6],
}

/// When a step was made, by the processor's word, and the offset of its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Came {
    at: i64,
    offset: i64,
}

/// No step was made so early.
const NOT_YET: Came = Came { at: i64::MIN, offset: 0 };

impl Debt {
    /// When a step was made, by the processor's word; none where it was not.
    pub(super) fn came(&self, step: Step) -> Option<i64> {
        self.came.get(step as usize).filter(|came| **came != NOT_YET).map(|came| came.at)
    }

    /// The offset of a step's command.
    pub(super) fn offset(&self, step: Step) -> i64 {
        self.came.get(step as usize).map_or(0, |came| came.offset)
    }

    /// A step is made.
    pub(super) fn come(&mut self, step: Step, at: i64, offset: i64) {
        if let Some(came) = self.came.get_mut(step as usize) {
            *came = Came { at, offset };
        }
    }

    pub(super) fn is_paid(&self) -> bool {
        self.paid_at != i64::MAX
    }
}

/// The debts of a partition, account by account.
#[derive(Debug, Default)]
pub(super) struct Debts {
    pub(super) all: Vec<Debt>,
    /// Of each account where its debts begin.
    begin: Vec<u32>,
}

impl Debts {
    /// Works them out, for so many accounts.
    pub(super) fn of(mut moves: Vec<Move>, accounts: usize) -> Self {
        moves.sort_by_key(|one| (one.account, one.at, topic(one.what)));
        let mut debts = Self::default();
        for of_account in moves.chunk_by(|before, after| before.account == after.account) {
            let Some(account) = of_account.first().map(|one| one.account) else { continue };
            debts.begin.resize(place(account) + 1, number(debts.all.len()));
            Ledger::default().run(of_account, &mut debts.all);
        }
        debts.begin.resize(accounts + 1, number(debts.all.len()));
        debts
    }

    /// Where an account's debts lie.
    pub(super) fn range(&self, account: u32) -> std::ops::Range<usize> {
        let begin = |at: usize| self.begin.get(at).map_or(self.all.len(), |begin| place(*begin));
        begin(place(account))..begin(place(account) + 1)
    }

    /// Where the debt of an account's cycle lies.
    pub(super) fn find(&self, account: u32, cycle: u64) -> Option<usize> {
        let range = self.range(account);
        // Cycles are only ever behind their debts: one was not opened.
        let from = range.start.checked_add(usize::try_from(cycle.checked_sub(1)?).ok()?)?;
        let mut later = self.all.get(from..range.end)?.iter();
        later.position(|debt| u64::from(debt.cycle) == cycle).map(|behind| from + behind)
    }

    /// The debts of an account from this one to that opened no cycle: those after them have other numbers.
    pub(super) fn skip(&mut self, from: usize, to: usize) {
        let Some(account) = self.all.get(from).map(|debt| debt.account) else { return };
        let end = self.range(account).end;
        let skipped = number(to - from);
        for (at, debt) in self.all.iter_mut().enumerate().take(end).skip(from) {
            debt.cycle = if at < to { 0 } else { debt.cycle.saturating_sub(skipped) };
        }
    }
}

/// What an account owes.
#[derive(Default)]
struct Ledger {
    owed: i64,
    due: u16,
    paid: HashMap<u64, i64>,
    is_open: bool,
    cycles: u32,
    last: Option<(i64, u8)>,
}

impl Ledger {
    fn run(mut self, moves: &[Move], debts: &mut Vec<Debt>) {
        for one in moves {
            self.book(one.what);
            let gap = self.gap(one);
            if self.is_open {
                if let Some(open) = debts.last_mut() {
                    (open.nearest, open.span.1) = (open.nearest.min(gap), one.at);
                    if self.owed <= 0 {
                        (open.paid_at, open.paid_by) = (one.at, one.offset);
                        self.is_open = false;
                    }
                }
            } else if self.owed >= ENTRY_CENTS {
                self.is_open = true;
                self.cycles += 1;
                // What came right before it may have been taken after it: then that debt is uncertain too.
                if let Some(before) = debts.last_mut().filter(|debt| debt.account == one.account) {
                    (before.nearest, before.span.1) = (before.nearest.min(gap), one.at);
                }
                debts.push(self.open(one, gap));
            }
        }
    }

    fn book(&mut self, what: Moved) {
        match what {
            Moved::Invoice(cents, due) => (self.owed, self.due) = (self.owed + cents, due),
            Moved::Payment(id, cents) => {
                self.owed -= cents;
                self.paid.insert(id, cents);
            }
            Moved::Reversal(id) => self.owed += self.paid.remove(&id).unwrap_or(0),
        }
    }

    /// How far from what came before it, where that is told in another topic.
    fn gap(&mut self, one: &Move) -> i64 {
        let topic = topic(one.what);
        let before = self.last.replace((one.at, topic));
        before.filter(|(_, other)| *other != topic).map_or(i64::MAX, |(at, _)| one.at - at)
    }

    fn open(&self, one: &Move, nearest: i64) -> Debt {
        let opener = if let Moved::Invoice(..) = one.what { Opener::Invoice } else { Opener::Reversal };
        Debt {
            account: one.account,
            cycle: self.cycles,
            opened_at: one.at,
            opener,
            opened_by: one.offset,
            cents: self.owed,
            due: self.due,
            paid_at: i64::MAX,
            paid_by: 0,
            nearest,
            span: (one.at.saturating_sub(if nearest == i64::MAX { 0 } else { nearest }), one.at),
            came: [NOT_YET; 6],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Debts as cycle, cents, opened, paid, and the nearest two events.
    type Row = (u32, i64, i64, Option<i64>, Option<i64>);

    #[track_caller]
    fn check(moves: &[(i64, Moved)], expected: &[Row]) {
        let moves = moves.iter().map(|(at, what)| Move { account: 2, at: *at, what: *what, offset: *at });
        let debts = Debts::of(moves.collect(), 4);
        let found: Vec<Row> = debts.all[debts.range(2)]
            .iter()
            .map(|debt| {
                let some = |time: i64| (time != i64::MAX).then_some(time);
                (debt.cycle, debt.cents, debt.opened_at, some(debt.paid_at), some(debt.nearest))
            })
            .collect();
        assert_eq!(found, expected);
        assert!(debts.range(0).is_empty() && debts.range(1).is_empty() && debts.range(3).is_empty());
    }

    #[test]
    fn a_debt_of_five_opens_a_cycle_and_what_is_paid_ends_it() {
        use Moved::{Invoice, Payment};
        check(&[(0, Invoice(499, 0))], &[]);
        check(&[(0, Invoice(500, 0))], &[(1, 500, 0, None, None)]);
        check(
            &[(0, Invoice(2_000, 0)), (10, Payment(1, 2_000)), (40, Invoice(900, 0)), (70, Payment(2, 900))],
            &[(1, 2_000, 0, Some(10), Some(10)), (2, 900, 40, Some(70), Some(30))],
        );
    }

    #[test]
    fn a_part_payment_leaves_the_debt_and_its_cycle_as_it_is() {
        use Moved::{Invoice, Payment};
        check(
            &[(0, Invoice(2_000, 0)), (9, Payment(1, 800)), (30, Payment(2, 1_200))],
            &[(1, 2_000, 0, Some(30), Some(9))],
        );
    }

    #[test]
    fn a_payment_that_bounces_opens_another_cycle_of_what_is_owed_again() {
        use Moved::{Invoice, Payment, Reversal};
        check(
            &[
                (0, Invoice(2_000, 0)),
                (9, Payment(1, 800)),
                (20, Payment(2, 1_200)),
                (25, Reversal(2)),
                (60, Payment(3, 1_200)),
            ],
            &[(1, 2_000, 0, Some(20), Some(5)), (2, 1_200, 25, Some(60), Some(5))],
        );
        // Of a payment that nobody has seen nothing bounces.
        check(&[(25, Reversal(2))], &[]);
    }

    #[test]
    fn debts_that_opened_no_cycle_leave_their_numbers_to_those_after_them() {
        let moves = (0..8).map(|at: i64| {
            let what = if at % 2 == 0 { Moved::Invoice(900, 0) } else { Moved::Payment(hash_of(at), 900) };
            Move { account: 0, at, what, offset: at }
        });
        let mut debts = Debts::of(moves.collect(), 1);
        debts.skip(1, 3);
        let cycles: Vec<u32> = debts.all.iter().map(|debt| debt.cycle).collect();
        assert_eq!(cycles, [1, 0, 0, 2]);
        assert_eq!([0, 1, 2, 3, 4].map(|cycle| debts.find(0, cycle)), [None, Some(0), Some(3), None, None]);
    }

    fn hash_of(at: i64) -> u64 {
        at.unsigned_abs()
    }
}
