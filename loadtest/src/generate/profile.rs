//! What kind of operator it is: how many subscribers, and how often they do what.
//!
//! Only proportions stand here; who each subscriber is and what happens to it follow from them and
//! the seed.

use decision::time::Date;
use std::ops::RangeInclusive;

/// How often something happens, in thousandths. Integers, so that every platform agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PerMille(u16);

impl PerMille {
    /// Never.
    pub const NEVER: Self = Self(0);
    /// Every time.
    pub const ALWAYS: Self = Self(1_000);

    /// So many of a thousand; more than all is all.
    #[must_use]
    pub const fn new(of_a_thousand: u16) -> Self {
        Self(if of_a_thousand > 1_000 { 1_000 } else { of_a_thousand })
    }

    /// How many of a thousand.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// An operator to be made up.
#[derive(Clone, Debug)]
pub struct Profile {
    /// What all chance comes from: the same profile gives the same events.
    pub seed: u64,
    /// How many accounts there are.
    pub subscribers: u32,
    /// The first day, which begins at 00:00 UTC.
    pub start: Date,
    /// Who the subscribers are.
    pub people: People,
    /// How balances move.
    pub usage: Usage,
    /// How invoices are issued.
    pub billing: Billing,
    /// How they are paid.
    pub paying: Paying,
    /// What goes wrong, and what people order.
    pub trouble: Trouble,
}

/// Who the subscribers are. What is left of a thousand is the most usual: a consumer, postpaid, in
/// the first market and language.
#[derive(Clone, Debug)]
pub struct People {
    /// Business customers.
    pub business: PerMille,
    /// Very important customers.
    pub vip: PerMille,
    /// Those who pay before use.
    pub prepaid: PerMille,
    /// Those who do both.
    pub hybrid: PerMille,
    /// Those of the second market: euro with two decimals and Paris time, where the first has the
    /// Tunisian dinar with three decimals and Tunis time.
    pub abroad: PerMille,
    /// Those who are addressed in English, where the others are in French.
    pub english: PerMille,
    /// Those who want no text messages.
    pub opted_out: PerMille,
    /// Those with a line that may never be cut off: an alarm, a lift.
    pub with_alarm: PerMille,
    /// Those whose account lists no services at all.
    pub without_services: PerMille,
    /// Those whose snapshot comes hours or days after other events.
    pub late_snapshot: PerMille,
    /// Those whose data change on a day: an opt-out, a language, a credit limit, a segment.
    pub changing: PerMille,
}

/// How balances move.
#[derive(Clone, Debug)]
pub struct Usage {
    /// How often an account uses something on a day, in thousandths, over all accounts. Spread as
    /// Zipf has it: the second busiest half as often as the busiest, the third a third.
    pub per_day_milli: u64,
    /// The most that one account does so on a day, however busy.
    pub busiest_per_day: u64,
    /// What a prepaid account has at first, in major units.
    pub opening_balance: RangeInclusive<i64>,
    /// Prepaid accounts below their own low mark that top up soon; the others let it wait, and some
    /// run dry.
    pub tops_up_soon: PerMille,
    /// After how many days a balance with a period begins anew.
    pub period_days: u16,
    /// Data bundles that lapse for some days before they begin anew.
    pub lapses: PerMille,
    /// Data bundles that change to a larger one on a day.
    pub upgraded: PerMille,
    /// Balances that are corrected by hand on a day.
    pub corrected: PerMille,
}

/// How invoices are issued, to postpaid and hybrid accounts.
#[derive(Clone, Debug)]
pub struct Billing {
    /// After how many days an account has its next invoice.
    pub every_days: u16,
    /// How many days it has to pay.
    pub due_in_days: u16,
    /// Accounts that bring an invoice from before the first day, past due.
    pub opening_debt: PerMille,
    /// By how many days such an invoice is past due at first.
    pub opening_overdue_days: RangeInclusive<i64>,
    /// Invoices that come as a draft first.
    pub drafted: PerMille,
    /// Invoices that are lowered by a credit note some days later.
    pub credited: PerMille,
    /// Credit notes that are taken back.
    pub credit_undone: PerMille,
}

/// How invoices are paid. What is left of a thousand never is.
#[derive(Clone, Debug)]
pub struct Paying {
    /// Paid some hours before the invoice itself comes.
    pub before_invoice: PerMille,
    /// Paid by the due date.
    pub on_time: PerMille,
    /// Paid after it.
    pub late: PerMille,
    /// Paid in part about the due date; half of these pay the rest later.
    pub in_part: PerMille,
    /// By how many days late payments are late.
    pub late_by_days: RangeInclusive<i64>,
    /// Payments that name their invoice, of those that need not.
    pub names_invoice: PerMille,
    /// Payments of a little more than is owed.
    pub rounded_up: PerMille,
    /// Payments that bounce some days later; most are paid again.
    pub bounced: PerMille,
    /// Payments that a bank and a terminal network both report, under one receipt.
    pub reported_twice: PerMille,
}

/// What goes wrong, and what people order.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// Events that come again, as they were, within three days.
    pub repeated: PerMille,
    /// Accounts of which something wrong is said on a day: another currency, an unknown balance, an
    /// amount of zero, a snapshot without its contract number, a payment nobody made.
    pub wrong: PerMille,
    /// Accounts with invoices that are exempted on a day, for some days.
    pub exempted: PerMille,
    /// Commands that fail, by their receivers' reports.
    pub commands_failed: PerMille,
    /// Commands that expire.
    pub commands_expired: PerMille,
}

impl Profile {
    /// A lively operator of 2,000 subscribers for demonstrations: balances are low, bundles short,
    /// and debts old enough to move on from the first day.
    #[must_use]
    pub fn demo() -> Self {
        let mut profile = Self::test(2_026);
        profile.subscribers = 2_000;
        profile.usage.per_day_milli = 6_000;
        profile.usage.opening_balance = 1..=12;
        profile.usage.period_days = 10;
        profile.billing.every_days = 10;
        profile.billing.due_in_days = 3;
        profile.billing.opening_debt = PerMille::new(250);
        profile.paying.late_by_days = 1..=12;
        profile
    }

    /// A quieter one of 1,000 subscribers for tests, with something of everything.
    #[must_use]
    pub fn test(seed: u64) -> Self {
        Self {
            seed,
            subscribers: 1_000,
            // A Monday; clocks in Paris change four weeks later.
            start: Date::from_days(20_514).unwrap_or_default(),
            people: People::default(),
            usage: Usage::default(),
            billing: Billing::default(),
            paying: Paying::default(),
            trouble: Trouble::default(),
        }
    }
}

impl Default for People {
    fn default() -> Self {
        Self {
            business: PerMille::new(110),
            vip: PerMille::new(40),
            prepaid: PerMille::new(450),
            hybrid: PerMille::new(100),
            abroad: PerMille::new(300),
            english: PerMille::new(350),
            opted_out: PerMille::new(40),
            with_alarm: PerMille::new(30),
            without_services: PerMille::new(20),
            late_snapshot: PerMille::new(30),
            changing: PerMille::new(3),
        }
    }
}

impl Default for Usage {
    fn default() -> Self {
        Self {
            per_day_milli: 3_000,
            busiest_per_day: 2_000,
            opening_balance: 2..=30,
            tops_up_soon: PerMille::new(700),
            period_days: 30,
            lapses: PerMille::new(100),
            upgraded: PerMille::new(2),
            corrected: PerMille::new(2),
        }
    }
}

impl Default for Billing {
    fn default() -> Self {
        Self {
            every_days: 30,
            due_in_days: 14,
            opening_debt: PerMille::new(80),
            opening_overdue_days: 1..=40,
            drafted: PerMille::new(20),
            credited: PerMille::new(25),
            credit_undone: PerMille::new(100),
        }
    }
}

impl Default for Paying {
    fn default() -> Self {
        Self {
            before_invoice: PerMille::new(20),
            on_time: PerMille::new(620),
            late: PerMille::new(200),
            in_part: PerMille::new(70),
            late_by_days: 1..=25,
            names_invoice: PerMille::new(600),
            rounded_up: PerMille::new(30),
            bounced: PerMille::new(15),
            reported_twice: PerMille::new(10),
        }
    }
}

impl Default for Trouble {
    fn default() -> Self {
        Self {
            repeated: PerMille::new(10),
            wrong: PerMille::new(4),
            exempted: PerMille::new(1),
            commands_failed: PerMille::new(30),
            commands_expired: PerMille::new(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_all_is_all() {
        assert_eq!(PerMille::new(1_200), PerMille::ALWAYS);
        assert_eq!(PerMille::new(20).get(), 20);
    }

    #[test]
    fn the_first_day_is_the_monday_it_is_said_to_be() {
        assert_eq!(Profile::test(1).start.to_string(), "2026-03-02");
    }
}
