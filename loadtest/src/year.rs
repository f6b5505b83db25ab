//! A year of a mobile operator, for files: who tries a policy has something to try it on before there is an
//! export of the real customers.
//!
//! It speaks of what the starter policy names: its balances, attributes and currency. Unlike
//! [`crate::generate`] it is made account by account, and needs no more memory for a million of them than for
//! one; nothing goes wrong in it but what customers do.

#![expect(clippy::inconsistent_digit_grouping, reason = "100_00 reads as 100.00, in cents")]

use crate::generate::{PerMille, dice::Dice};
use decision::Event;
use decision::account::{AttributeValue, PaymentMode, Service, Snapshot};
use decision::event::{
    BalanceChange, BalanceReason, Body, Control, HoldKind, HoldOrder, InvoiceIssued, Order, Payment,
    PaymentStatus, Reversal,
};
use decision::ids::{AccountId, EventId};
use decision::money::{Currency, MinorUnits};
use decision::time::{Date, Timestamp, Zone};

/// One minute, in microseconds.
const MINUTE: i64 = 60_000_000;
/// One gigabyte, in bytes.
const GIGABYTE: i64 = 1_000_000_000;
/// The days from an invoice to its due day.
const DUE_IN_DAYS: i32 = 20;
/// So many months have an invoice.
const MONTHS: i32 = 12;
/// The days from one invoice to the next: twelve of them make most of a year.
const MONTH_DAYS: i32 = 30;

/// Which year, of whom.
#[derive(Clone, Copy, Debug)]
pub struct Year {
    /// What all chance comes from: the same seed gives the same events.
    pub seed: u64,
    /// How many accounts there are.
    pub accounts: u32,
    /// Its first day, by UTC.
    pub start: Date,
}

impl Year {
    /// All events: account after account, each one's by their time.
    pub fn events(self) -> impl Iterator<Item = Event> {
        (0..self.accounts).flat_map(move |number| self.of_account(number))
    }

    /// What happens to one account.
    fn of_account(self, number: u32) -> Vec<Event> {
        let mut dice = Dice::of(self.seed, &[u64::from(number)]);
        let customer = Customer::draw(&mut dice);
        let mut diary = Diary {
            account: format!("A-{:07}", u64::from(number) + 1).as_str().into(),
            start: self.start,
            events: Vec::new(),
        };
        diary.note(0, 9 * 60, Body::Account(customer.snapshot(number, &mut dice)));
        match customer {
            Customer::Prepaid => prepaid(&mut diary, &mut dice),
            Customer::Consumer | Customer::Business | Customer::Essential => {
                let habit = Habit::draw(customer, &mut dice);
                postpaid(&mut diary, customer, habit, &mut dice);
            }
        }
        diary.finish()
    }
}

/// What kind of customer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Customer {
    Prepaid,
    Consumer,
    Business,
    Essential,
}

impl Customer {
    fn draw(dice: &mut Dice) -> Self {
        match dice.below(1_000) {
            0..=299 => Self::Prepaid,
            300..=369 => Self::Business,
            370..=373 => Self::Essential,
            _ => Self::Consumer,
        }
    }

    fn snapshot(self, number: u32, dice: &mut Dice) -> Snapshot {
        let text = |text: &str| AttributeValue::String(text.to_owned());
        let kind = if self == Self::Business { "business" } else { "consumer" };
        let attributes = [
            ("customer_type".to_owned(), text(kind)),
            ("essential".to_owned(), AttributeValue::Boolean(self == Self::Essential)),
        ];
        let phone = format!("+1555{number:07}");
        let contacts = [
            ("email".into(), format!("customer{number}@example.com")),
            ("letter".into(), format!("{number} Example Street")),
            ("push".into(), format!("device-{number}")),
            ("sms".into(), phone.clone()),
        ];
        let is_prepaid = self == Self::Prepaid;
        let service = Service {
            id: phone.as_str().into(),
            kind: Some("mobile".to_owned()),
            provider: None,
            always_on: false,
        };
        Snapshot {
            payment_mode: if is_prepaid { PaymentMode::Prepaid } else { PaymentMode::Postpaid },
            currency: Some(usd()),
            language: Some(dice.pick(["en", "en", "ru"]).into()),
            time_zone: Some(Zone::utc()),
            credit_limit: (!is_prepaid).then_some(MinorUnits(100_00)),
            contacts: contacts.into_iter().collect(),
            opt_outs: if dice.chance(PerMille::new(30)) { vec!["sms".into()] } else { Vec::new() },
            services: vec![service],
            attributes: attributes.into_iter().collect(),
            closed: false,
        }
    }

    /// What its invoices ask for, in cents.
    fn bill(self, dice: &mut Dice) -> i64 {
        match self {
            Self::Prepaid | Self::Consumer => dice.between(8_00..=75_00),
            Self::Business => dice.between(60_00..=900_00),
            Self::Essential => dice.between(500_00..=4_000_00),
        }
    }
}

/// How it pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// By the due day.
    Prompt,
    /// Some days or weeks after it.
    Late,
    /// When something was cut off, as a rule.
    Hard,
    /// Not any more, from this invoice on.
    NoMore(i32),
}

impl Habit {
    fn draw(customer: Customer, dice: &mut Dice) -> Self {
        match (customer, dice.below(1_000)) {
            (Customer::Essential, 0..=499) | (_, 0..=719) => Self::Prompt,
            (Customer::Essential, _) | (_, 720..=919) => Self::Late,
            (_, 920..=969) => Self::Hard,
            _ => Self::NoMore(i32::try_from(dice.between(1..=10)).unwrap_or(1)),
        }
    }

    /// How many days after the due day this invoice is paid; below zero before it, none never.
    fn delay(self, invoice: i32, dice: &mut Dice) -> Option<i64> {
        Some(match self {
            Self::Prompt => dice.between(-18..=0),
            Self::Late => dice.between(-5..=28),
            Self::Hard => dice.between(5..=75),
            Self::NoMore(from) if invoice >= from => return None,
            Self::NoMore(_) => dice.between(-10..=30),
        })
    }
}

/// The events of one account.
struct Diary {
    account: AccountId,
    start: Date,
    events: Vec<(Timestamp, Body)>,
}

impl Diary {
    /// Something happens at this minute of this day, counted from the first.
    fn note(&mut self, day: i32, minute: i64, body: Body) {
        let at = Zone::utc().start_of(self.start.plus_days(day)).plus_micros(minute.saturating_mul(MINUTE));
        self.events.push((at, body));
    }

    fn finish(mut self) -> Vec<Event> {
        // Stable: of one minute what was noted first comes first.
        self.events.sort_by_key(|(at, _)| *at);
        let account = self.account;
        let event = |(number, (occurred_at, body)): (usize, (Timestamp, Body))| Event {
            event_id: EventId::from(format!("{account}-{}", number + 1)),
            account_id: account.clone(),
            debtor_id: None,
            occurred_at,
            source: "example".to_owned(),
            body,
        };
        self.events.into_iter().enumerate().map(event).collect()
    }
}

fn usd() -> Currency {
    #[expect(clippy::expect_used, reason = "ISO 4217 has it")]
    Currency::parse("USD").expect("a currency")
}

/// Money that is topped up and used, and a bundle of data a month.
fn prepaid(diary: &mut Diary, dice: &mut Dice) {
    let mut main = dice.between(3_00..=25_00);
    let mut versions = 0;
    let mut day = i32::try_from(dice.between(1..=6)).unwrap_or(1);
    while day < MONTHS * MONTH_DAYS {
        let minute = dice.between(7 * 60..=22 * 60);
        let runs_low = main < 4_00 && dice.chance(PerMille::new(700));
        if runs_low {
            main += dice.pick([5_00, 10_00, 20_00]);
        } else {
            main = (main - dice.between(50..=4_00)).max(0);
        }
        versions += 1;
        let reason = if runs_low { BalanceReason::TopUp } else { BalanceReason::Usage };
        diary.note(day, minute, balance("main", main, None, (versions, None), reason));
        day += i32::try_from(dice.between(3..=8)).unwrap_or(5);
    }
    let first = i32::try_from(dice.between(1..=28)).unwrap_or(1);
    for month in 0..MONTHS {
        bundle(diary, first + month * MONTH_DAYS, dice);
    }
}

/// A month's bundle of data: it begins, and is used up to somewhere.
fn bundle(diary: &mut Diary, day: i32, dice: &mut Dice) {
    let size = dice.pick([5, 10, 20]) * GIGABYTE;
    let ends = Zone::utc().start_of(diary.start.plus_days(day + MONTH_DAYS));
    let version = |use_of_month: i64| i64::from(day) * 10 + use_of_month;
    let change = |used: i64, number: i64, reason| {
        balance("data", used, Some(size), (version(number), Some(ends)), reason)
    };
    diary.note(day, 0, change(0, 0, BalanceReason::PeriodRoll));
    let mut used = 0;
    for number in 1..=3 {
        used = (used + dice.between(size / 8..=size / 2)).min(size);
        let at = day + i32::try_from(number).unwrap_or(1) * 8;
        diary.note(at, dice.between(7 * 60..=23 * 60), change(used, number, BalanceReason::Usage));
    }
}

fn balance(
    name: &str,
    value: i64,
    limit: Option<i64>,
    (version, valid_until): (i64, Option<Timestamp>),
    reason: BalanceReason,
) -> Body {
    Body::Balance(BalanceChange {
        name: name.into(),
        value: MinorUnits(value),
        limit: limit.map(MinorUnits),
        currency: limit.is_none().then(usd),
        valid_until,
        version: Some(version),
        reason,
    })
}

/// An invoice a month, and how it is paid.
fn postpaid(diary: &mut Diary, customer: Customer, habit: Habit, dice: &mut Dice) {
    // Everyone has a billing day of its own.
    let first = i32::try_from(dice.below(28)).unwrap_or(0);
    for month in 0..MONTHS {
        let (day, amount) = (first + month * MONTH_DAYS, customer.bill(dice));
        let (issued, due) = (diary.start.plus_days(day), diary.start.plus_days(day + DUE_IN_DAYS));
        let id = format!("B-{}-{}", diary.account, month + 1);
        let invoice = InvoiceIssued {
            id: id.as_str().into(),
            amount: MinorUnits(amount),
            currency: usd(),
            issued,
            due,
            service: None,
            provider: None,
            kind: Some("usage".to_owned()),
            draft: false,
        };
        // The first ones come after the account itself.
        diary.note(day, 10 * 60 + 30, Body::Invoice(invoice));
        let bill = Bill { id, amount, due_day: day + DUE_IN_DAYS };
        match habit.delay(month, dice) {
            Some(delay) => paid(diary, &bill, delay, dice),
            None if dice.chance(PerMille::new(60)) => promised(diary, &bill, 6, dice),
            None => {}
        }
    }
}

/// An invoice that is to be paid.
struct Bill {
    id: String,
    amount: i64,
    due_day: i32,
}

/// It is paid so many days after its due day; some promise that first, pay in two parts, or bounce.
fn paid(diary: &mut Diary, bill: &Bill, delay: i64, dice: &mut Dice) {
    let day = bill.due_day + i32::try_from(delay).unwrap_or(0);
    if delay > 10 && dice.chance(PerMille::new(80)) {
        promised(diary, bill, i32::try_from(delay).unwrap_or(0) - 8, dice);
    }
    let in_parts = delay > 3 && dice.chance(PerMille::new(120));
    let first = if in_parts { bill.amount / 2 } else { bill.amount };
    payment(diary, bill, ("1", first), day, dice);
    if in_parts {
        let later = i32::try_from(dice.between(2..=20)).unwrap_or(2);
        payment(diary, bill, ("2", bill.amount - first), day + later, dice);
    } else if dice.chance(PerMille::new(6)) {
        // The bank takes it back, and most pay again.
        let reversal = Reversal {
            payment: format!("P-{}-1", bill.id).as_str().into(),
            amount: None,
            reason: Some("returned".to_owned()),
            undo: false,
        };
        diary.note(day + 3, 6 * 60, Body::Reversal(reversal));
        if dice.chance(PerMille::new(800)) {
            payment(diary, bill, ("2", bill.amount), day + 12, dice);
        }
    }
}

fn payment(diary: &mut Diary, bill: &Bill, (part, amount): (&str, i64), day: i32, dice: &mut Dice) {
    let payment = Payment {
        id: format!("P-{}-{part}", bill.id).as_str().into(),
        amount: MinorUnits(amount),
        currency: usd(),
        invoices: if dice.chance(PerMille::new(500)) { vec![bill.id.as_str().into()] } else { Vec::new() },
        receipt: None,
        channel: Some(dice.pick(["card", "bank", "shop"]).to_owned()),
        status: PaymentStatus::Confirmed,
    };
    diary.note(day, dice.between(8 * 60..=21 * 60), Body::Payment(payment));
}

/// The customer calls so many days after the due day, and promises to pay within ten more.
fn promised(diary: &mut Diary, bill: &Bill, after: i32, dice: &mut Dice) {
    let day = bill.due_day + after.max(3);
    let hold = HoldOrder {
        id: format!("H-{}", bill.id).as_str().into(),
        kind: HoldKind::Promise,
        amount: Some(MinorUnits(bill.amount)),
        invoices: Vec::new(),
        until: Some(diary.start.plus_days(day + 10)),
    };
    let control = Control {
        by: dice.pick(["anna", "boris"]).to_owned(),
        role: "agent".to_owned(),
        why: None,
        order: Order::Hold(hold),
    };
    diary.note(day, dice.between(9 * 60..=17 * 60), Body::Control(control));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn year(accounts: u32) -> Year {
        Year { seed: 7, accounts, start: Date::parse("2026-01-01").unwrap() }
    }

    #[test]
    fn the_same_seed_gives_the_same_year_and_another_another() {
        let events = |seed| Year { seed, ..year(20) }.events().collect::<Vec<_>>();
        assert_eq!(events(7), events(7));
        assert_ne!(events(7), events(8));
    }

    #[test]
    fn every_id_is_told_once_and_each_account_comes_with_its_snapshot() {
        let events: Vec<_> = year(300).events().collect();
        let ids: BTreeSet<_> = events.iter().map(|event| event.event_id.as_str()).collect();
        assert_eq!(ids.len(), events.len());
        let lives = events.chunk_by(|one, other| one.account_id == other.account_id);
        let firsts = lives.filter(|life| matches!(life[0].body, Body::Account(_))).count();
        assert_eq!(firsts, 300);
        assert!(
            events
                .chunk_by(|one, other| one.account_id == other.account_id)
                .all(|life| life.is_sorted_by_key(|event| event.occurred_at))
        );
    }

    #[test]
    fn there_is_something_of_everything_and_twelve_invoices_for_whoever_pays_later() {
        let events: Vec<_> = year(300).events().collect();
        let count = |is: fn(&Body) -> bool| events.iter().filter(|event| is(&event.body)).count();
        let invoices = count(|body| matches!(body, Body::Invoice(_)));
        let postpaid = count(
            |body| matches!(body, Body::Account(account) if account.payment_mode == PaymentMode::Postpaid),
        );
        assert_eq!(invoices, 12 * postpaid);
        assert!((150..280).contains(&postpaid), "{postpaid} of 300 pay later");
        for (what, count) in [
            ("balances", count(|body| matches!(body, Body::Balance(_)))),
            ("payments", count(|body| matches!(body, Body::Payment(_)))),
            ("promises", count(|body| matches!(body, Body::Control(_)))),
            ("reversals", count(|body| matches!(body, Body::Reversal(_)))),
        ] {
            assert!(count > 0, "there are no {what}");
        }
    }
}
