//! A billing run that comes weeks late: invoices long past due for many consumers at once, so that far more are about
//! to be barred than usual, and the breaker holds their orders until a person has looked.
//!
//! It is of one region, whose accounts lie in one partition, so that all others go on as ever.

use super::PARTITIONS;
use decision::Event;
use decision::account::{AttributeValue, PaymentMode};
use decision::event::{Body, InvoiceIssued, Payment, PaymentStatus};
use decision::ids::AccountId;
use decision::money::{Currency, MinorUnits};
use decision::time::{Date, Timestamp, Zone};
use engine::partition::partition_of;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// The partition of the region's accounts.
const REGION: u32 = 0;

/// The day on which the first such run comes: its bars are due two days later.
const FIRST_AFTER_DAYS: i32 = 12;

/// When the bars of the first run are due.
pub(crate) const BARS_AFTER_DAYS: u32 = 14;

/// The next one comes so much later, for whoever has released what was held.
const AGAIN_AFTER_DAYS: i32 = 60;

/// How long its invoices are past due when they come.
const OVERDUE_DAYS: i32 = 14;

/// Microseconds in a day.
const DAY_MICROS: i64 = 86_400_000_000;

/// The accounts of the region, and when the next run comes.
pub(crate) struct LateRuns {
    next: Date,
    run: u32,
    consumers: BTreeMap<AccountId, Currency>,
}

impl LateRuns {
    /// None yet, of an operator that begins on this day.
    pub(crate) fn after(start: Date) -> Self {
        Self { next: start.plus_days(FIRST_AFTER_DAYS), run: 0, consumers: BTreeMap::new() }
    }

    /// Remembers whom an event tells of, where that is a consumer of the region who gets invoices.
    pub(crate) fn note(&mut self, event: &Event) {
        let Body::Account(told) = &event.body else { return };
        let kind = told.attributes.get("customer_type");
        let is_consumer = kind == Some(&AttributeValue::String("consumer".to_owned()));
        let is_billed = told.payment_mode != PaymentMode::Prepaid && !told.closed;
        match told.currency.filter(|_| is_consumer && is_billed && is_of_the_region(event.debtor())) {
            Some(currency) => {
                self.consumers.insert(event.account_id.clone(), currency);
            }
            None => {
                self.consumers.remove(&event.account_id);
            }
        }
    }

    /// What billing tells once the next run's day has come, and how most of it is paid in the weeks after.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<Event> {
        if now < Zone::utc().start_of(self.next) {
            return Vec::new();
        }
        self.run = self.run.saturating_add(1);
        let (run, today) = (self.run, self.next);
        self.next = today.plus_days(AGAIN_AFTER_DAYS);
        let events = |(number, (account, currency)): (i64, (&AccountId, &Currency))| {
            let bill = Bill { account, currency: *currency, run, number };
            [Some(bill.issued(today, now)), bill.paid(now)].into_iter().flatten()
        };
        (0..).zip(&self.consumers).flat_map(events).collect()
    }
}

fn is_of_the_region(debtor: &str) -> bool {
    NonZeroU32::new(PARTITIONS).is_some_and(|count| partition_of(debtor.as_bytes(), count) == REGION)
}

/// An invoice of such a run.
struct Bill<'a> {
    account: &'a AccountId,
    currency: Currency,
    run: u32,
    /// Which of the run's it is: amounts and days of payment go by it.
    number: i64,
}

impl Bill<'_> {
    fn id(&self, kind: &str) -> String {
        format!("{kind}-{}-late-{}", self.account, self.run)
    }

    fn amount(&self) -> MinorUnits {
        let unit = 10_i64.saturating_pow(u32::from(self.currency.exponent()));
        let major = self.number.rem_euclid(30).saturating_add(20);
        MinorUnits(unit.saturating_mul(major))
    }

    fn issued(&self, today: Date, at: Timestamp) -> Event {
        let due = today.plus_days(OVERDUE_DAYS.saturating_neg());
        let invoice = InvoiceIssued {
            id: self.id("I").into(),
            amount: self.amount(),
            currency: self.currency,
            issued: due.plus_days(-3),
            due,
            service: None,
            provider: None,
            kind: Some("usage".to_owned()),
            draft: false,
        };
        self.event("billing", at, Body::Invoice(invoice))
    }

    /// Nine in ten pay, a week to a month later.
    fn paid(&self, issued: Timestamp) -> Option<Event> {
        let days = self.number.rem_euclid(25).saturating_add(7);
        let at = issued.plus_micros(DAY_MICROS.saturating_mul(days));
        let payment = Payment {
            id: self.id("P").into(),
            amount: self.amount(),
            currency: self.currency,
            invoices: vec![self.id("I").into()],
            receipt: None,
            channel: Some("bank".to_owned()),
            status: PaymentStatus::Confirmed,
        };
        let event = self.event("bank", at, Body::Payment(payment));
        (self.number.rem_euclid(10) != 9).then_some(event)
    }

    fn event(&self, source: &str, at: Timestamp, body: Body) -> Event {
        Event {
            event_id: self.id(source).into(),
            account_id: self.account.clone(),
            debtor_id: None,
            occurred_at: at,
            source: source.to_owned(),
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadtest::generate::{Operator, Profile};

    #[test]
    fn a_late_run_bills_the_regions_consumers_once_and_most_pay_in_the_weeks_after() {
        let profile = Profile::demo();
        let mut runs = LateRuns::after(profile.start);
        let day = |days| Zone::utc().start_of(profile.start.plus_days(days));
        Operator::new(profile.clone()).events(day(2)).for_each(|event| runs.note(&event));
        assert!(runs.due(day(11)).is_empty(), "not yet");
        let told = runs.due(day(FIRST_AFTER_DAYS));
        let bills: Vec<_> = told.iter().filter(|event| matches!(event.body, Body::Invoice(_))).collect();
        assert!((150..300).contains(&bills.len()), "{}", bills.len());
        assert!(bills.iter().all(|bill| is_of_the_region(bill.debtor())));
        let paid = told.len() - bills.len();
        assert!(paid * 10 >= bills.len() * 8 && paid < bills.len(), "{paid} of {}", bills.len());
        assert!(runs.due(day(30)).is_empty(), "each run comes once");
        let again = runs.due(day(FIRST_AFTER_DAYS + AGAIN_AFTER_DAYS));
        let ids =
            |events: &[Event]| -> Vec<_> { events.iter().map(|event| event.event_id.clone()).collect() };
        assert!(again.len() == told.len() && ids(&again).iter().all(|id| !ids(&told).contains(id)));
    }
}
