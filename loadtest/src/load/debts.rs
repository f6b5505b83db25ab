//! How a debt goes on: reminded, barred, suspended, paid at last.
//!
//! When its stages are entered is the processor's doing, a lag after the moments worked out here. So that what must
//! come out is certain all the same, no payment comes near such a moment.

use super::SECOND;
use super::profile::{Debts, Payday};
use crate::generate::dice::Dice;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How long after `remind` the stage `bar` is entered.
pub const BAR_AFTER_US: u64 = 20 * SECOND;
/// How long after `bar` the stage `suspend` is entered.
pub const SUSPEND_AFTER_US: u64 = 40 * SECOND;
/// How far payments keep from the moments of stages.
pub const DISTANCE_US: u64 = 3 * SECOND;

/// Seconds after the invoice in which a payment meets no stage but the reminder.
const EARLY: (u64, u64) = (DISTANCE_US, BAR_AFTER_US - DISTANCE_US);
/// Those in which it meets `bar`.
const BARRED: (u64, u64) = (BAR_AFTER_US + DISTANCE_US, BAR_AFTER_US + SUSPEND_AFTER_US - DISTANCE_US);
/// Those in which it meets `suspend`.
const SUSPENDED: (u64, u64) =
    (BAR_AFTER_US + SUSPEND_AFTER_US + DISTANCE_US, BAR_AFTER_US + SUSPEND_AFTER_US + 10 * DISTANCE_US);
/// After its payment, a bounce.
const BOUNCE: (u64, u64) = (DISTANCE_US, 3 * DISTANCE_US);

/// How long a debt lasts on the average, in microseconds.
pub(super) fn mean_us(debts: &Debts) -> u64 {
    let middle = |(from, to): (u64, u64)| from.midpoint(to);
    let spans = [
        (debts.late, middle(BARRED)),
        (debts.very_late, middle(SUSPENDED)),
        (debts.partial, middle(BARRED)),
        (debts.bounced, middle(EARLY) + middle(BOUNCE) + middle(BARRED)),
    ];
    let apart: u64 = spans.iter().map(|(share, _)| u64::from(share.get())).sum();
    let sum: u64 = spans.iter().map(|(share, span)| u64::from(share.get()) * span).sum();
    (sum + 1_000_u64.saturating_sub(apart) * middle(EARLY)) / 1_000
}

/// How an invoice is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Before anything but the reminder.
    OnTime,
    /// After `bar`.
    Late,
    /// After `suspend`.
    VeryLate,
    /// A part on time, the rest after `bar`.
    Partial,
    /// On time, but the payment bounces; then after `bar`.
    Bounced,
}

impl Fate {
    /// What becomes of an invoice.
    pub(super) fn draw(debts: &Debts, dice: &mut Dice) -> Self {
        let mut drawn = dice.below(1_000);
        let shares = [
            (debts.late, Self::Late),
            (debts.very_late, Self::VeryLate),
            (debts.partial, Self::Partial),
            (debts.bounced, Self::Bounced),
        ];
        for (share, fate) in shares {
            let share = u64::from(share.get());
            if drawn < share {
                return fate;
            }
            drawn -= share;
        }
        Self::OnTime
    }
}

/// What the customer does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// Pays a part.
    PayPart,
    /// Pays all, with only the reminder come.
    Pay,
    /// Pays all, and that will bounce.
    PayInVain,
    /// The payment bounces.
    Bounce,
    /// Pays all, once barred.
    PayBarred,
    /// Pays all, once suspended.
    PaySuspended,
}

/// What is to be done about debts, and when.
#[derive(Clone, Debug, Default)]
pub(super) struct Dues {
    /// The earliest on top: moment, account, act.
    heap: BinaryHeap<Reverse<(u64, u32, Act)>>,
    payday_us: Option<u64>,
}

impl Dues {
    pub(super) fn new(payday: Option<Payday>) -> Self {
        let payday_us = payday.map(|payday| u64::try_from(payday.every.as_micros()).unwrap_or(u64::MAX));
        Self { heap: BinaryHeap::new(), payday_us }
    }

    /// An invoice was issued.
    pub(super) fn on_invoice(&mut self, at_us: u64, account: u32, fate: Fate, dice: &mut Dice) {
        match fate {
            Fate::OnTime => self.push(at_us, EARLY, account, Act::Pay, dice),
            Fate::Late => self.push(at_us, BARRED, account, Act::PayBarred, dice),
            Fate::VeryLate => self.push(at_us, SUSPENDED, account, Act::PaySuspended, dice),
            Fate::Partial => {
                self.push(at_us, EARLY, account, Act::PayPart, dice);
                self.push(at_us, BARRED, account, Act::PayBarred, dice);
            }
            Fate::Bounced => self.push(at_us, EARLY, account, Act::PayInVain, dice),
        }
    }

    /// A payment was made that bounces.
    pub(super) fn on_vain_payment(&mut self, at_us: u64, account: u32, dice: &mut Dice) {
        self.push(at_us, BOUNCE, account, Act::Bounce, dice);
    }

    /// It bounced: the debt begins anew.
    pub(super) fn on_bounce(&mut self, at_us: u64, account: u32, dice: &mut Dice) {
        self.push(at_us, BARRED, account, Act::PayBarred, dice);
    }

    /// What is to be done by now, the earliest first.
    pub(super) fn due(&mut self, now_us: u64) -> Option<(u32, Act)> {
        let Reverse((at, _, _)) = self.heap.peek()?;
        if *at > now_us {
            return None;
        }
        self.heap.pop().map(|Reverse((_, account, act))| (account, act))
    }

    /// Whether more is to be done by now.
    pub(super) fn is_due(&self, now_us: u64) -> bool {
        self.heap.peek().is_some_and(|Reverse((at, ..))| *at <= now_us)
    }

    fn push(&mut self, since: u64, (from, to): (u64, u64), account: u32, act: Act, dice: &mut Dice) {
        let drawn = since + from + dice.below(to - from);
        let at = self.payday_us.map_or(drawn, |every| gathered(drawn, every, since + from, since + to));
        self.heap.push(Reverse((at, account, act)));
    }
}

/// The payday before a moment, or the one after it where that is too early.
fn gathered(at: u64, every: u64, from: u64, to: u64) -> u64 {
    let before = at - at % every;
    if before >= from { before } else { (before + every).clamp(from, to) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::PerMille;
    use std::time::Duration;

    /// All that is done about one debt: when after its invoice, and what.
    fn life(fate: Fate, payday: Option<Payday>, seed: u64) -> Vec<(u64, Act)> {
        let (mut dues, mut dice) = (Dues::new(payday), Dice::of(seed, &[]));
        let invoice = 1_000 * SECOND + seed * 777_777;
        dues.on_invoice(invoice, 1, fate, &mut dice);
        let mut done = Vec::new();
        while let Some(Reverse((at, ..))) = dues.heap.peek().copied() {
            let (account, act) = dues.due(at).unwrap();
            match act {
                Act::PayInVain => dues.on_vain_payment(at, account, &mut dice),
                Act::Bounce => dues.on_bounce(at, account, &mut dice),
                Act::PayPart | Act::Pay | Act::PayBarred | Act::PaySuspended => {}
            }
            done.push((at - invoice, act));
        }
        done
    }

    #[track_caller]
    fn check(fate: Fate, acts: &[Act]) {
        let paydays = [None, Some(Payday { every: Duration::from_secs(10) })];
        for (seed, payday) in (0..2_000).flat_map(|seed| paydays.map(|payday| (seed, payday))) {
            let life = life(fate, payday, seed);
            assert_eq!(life.iter().map(|(_, act)| *act).collect::<Vec<_>>(), acts, "{fate:?} by {seed}");
            let mut opened = 0;
            for (at, act) in life {
                if act == Act::Bounce {
                    opened = at;
                    continue;
                }
                for stage in [0, BAR_AFTER_US, BAR_AFTER_US + SUSPEND_AFTER_US] {
                    let distance = at.abs_diff(opened + stage);
                    assert!(
                        distance >= DISTANCE_US,
                        "{fate:?} by {seed}: {act:?} is {distance} µs from a stage"
                    );
                }
                let (barred, suspended) =
                    (at > opened + BAR_AFTER_US, at > opened + BAR_AFTER_US + SUSPEND_AFTER_US);
                assert_eq!(barred, matches!(act, Act::PayBarred | Act::PaySuspended), "{act:?} at {at}");
                assert_eq!(suspended, act == Act::PaySuspended, "{act:?} at {at}");
            }
        }
    }

    #[test]
    fn payments_keep_their_distance_from_stages_and_meet_those_of_their_fate() {
        check(Fate::OnTime, &[Act::Pay]);
        check(Fate::Late, &[Act::PayBarred]);
        check(Fate::VeryLate, &[Act::PaySuspended]);
        check(Fate::Partial, &[Act::PayPart, Act::PayBarred]);
        check(Fate::Bounced, &[Act::PayInVain, Act::Bounce, Act::PayBarred]);
    }

    #[test]
    fn the_mean_is_that_of_the_lives_lived() {
        let debts = Debts {
            late: PerMille::new(200),
            very_late: PerMille::new(80),
            partial: PerMille::new(60),
            bounced: PerMille::new(20),
        };
        let mut dice = Dice::of(2, &[]);
        let last = |seed| life(Fate::draw(&debts, &mut dice), None, seed).last().map_or(0, |(at, _)| *at);
        let sum: u64 = (0..5_000).map(last).sum();
        let (found, wanted) = (sum / 5_000, mean_us(&debts));
        assert!(found.abs_diff(wanted) < SECOND, "{found} µs, not {wanted}");
    }

    #[test]
    fn on_paydays_payments_come_in_the_same_moments() {
        let payday = Some(Payday { every: Duration::from_secs(10) });
        let (mut dues, mut dice) = (Dues::new(payday), Dice::of(3, &[]));
        for number in 0..500 {
            dues.on_invoice(u64::from(number) * 20_000, number, Fate::OnTime, &mut dice);
        }
        let at = |Reverse((at, ..)): &Reverse<(u64, u32, Act)>| *at;
        assert!(dues.heap.iter().all(|due| at(due) % (10 * SECOND) == 0), "some come between");
    }

    #[test]
    fn fates_have_the_shares_of_the_profile() {
        let debts = Debts {
            late: PerMille::new(200),
            very_late: PerMille::new(80),
            partial: PerMille::new(60),
            bounced: PerMille::new(20),
        };
        let mut dice = Dice::of(9, &[]);
        let fates: Vec<Fate> = (0..100_000).map(|_| Fate::draw(&debts, &mut dice)).collect();
        let wanted = [
            (Fate::OnTime, 640),
            (Fate::Late, 200),
            (Fate::VeryLate, 80),
            (Fate::Partial, 60),
            (Fate::Bounced, 20),
        ];
        for (fate, permille) in wanted {
            let found = fates.iter().filter(|other| **other == fate).count();
            // Five standard deviations of the widest share are some 760.
            assert!(found.abs_diff(permille * 100) < 760, "{fate:?}: {found}");
        }
    }
}
