//! The accounts that lists are made of, and how they are told in bulk.
//!
//! They are told kind by kind, and each kind is decided before the next comes: so nobody's invoice is there before they are.

use crate::support::kafka::{Site, producer_config};
use crate::{CURRENCY, now};
use decision::Event;
use decision::account::{AttributeValue, PaymentMode, Snapshot};
use decision::event::{
    BalanceChange, BalanceReason, Body, Control, HoldKind, HoldOrder, InvoiceIssued, Order,
};
use decision::ids::EventId;
use decision::money::{Currency, MinorUnits};
use decision::time::{Date, Zone};
use engine::partition::partition_of;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;
use schemas::{Encoder, TopicNames};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One in so many accounts has an overdue invoice.
const OWES: u32 = 3;
/// One in so many of those disputes it: at every stage and in every segment, as these go by other numbers.
const DISPUTES: u32 = 11;
/// How many days ago the invoices came to be due: each puts its account at another stage.
const OVERDUE_DAYS: [i32; 3] = [5, 25, 45];
/// How long one kind of event may take until all are decided.
const LONG: Duration = Duration::from_secs(1_200);

/// How many events any teller has told: an id that was seen changes nothing.
static TOLD: AtomicU64 = AtomicU64::new(0);

/// Tells events to the input topics, gathered as `linger_ms` lets them be.
pub(crate) struct Teller {
    producer: ThreadedProducer<DefaultProducerContext>,
    encoder: Encoder,
    names: TopicNames,
    partitions: NonZeroU32,
    value: Vec<u8>,
    told: u64,
}

impl Teller {
    pub(crate) fn new(site: &Site, linger_ms: u32) -> Self {
        let producer = producer_config()
            .set("linger.ms", linger_ms.to_string())
            .set("batch.size", "1000000")
            .set("queue.buffering.max.messages", "200000")
            .create()
            .unwrap();
        let (names, partitions) = (site.names.clone(), NonZeroU32::new(site.partitions).unwrap());
        Self { producer, encoder: Encoder::new(site.schemas), names, partitions, value: Vec::new(), told: 0 }
    }

    pub(crate) fn tell(&mut self, account: &str, body: Body) {
        self.told += 1;
        let number = TOLD.fetch_add(1, Ordering::Relaxed);
        let event = Event {
            event_id: EventId::from(format!("e-{number}").as_str()),
            account_id: account.into(),
            debtor_id: None,
            occurred_at: now(),
            source: "figures".to_owned(),
            body,
        };
        self.value.clear();
        let (topic, key) = self.encoder.event(&event, &mut self.value).unwrap();
        let partition = i32::try_from(partition_of(key, self.partitions)).unwrap();
        let mut record =
            BaseRecord::to(self.names.input(topic)).key(key).payload(&self.value).partition(partition);
        while let Err((error, again)) = self.producer.send(record) {
            let is_full = matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
            assert!(is_full, "{error}");
            record = again;
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn flush(&self) {
        self.producer.flush(Duration::from_secs(60)).unwrap();
    }
}

/// So many accounts.
pub(crate) struct Crowd {
    pub(crate) accounts: u32,
}

impl Crowd {
    /// Tells all of them, and the balances of those whose alerts are measured. Answers how many events of each kind there
    /// were, and how long they took until the last was decided and committed.
    pub(crate) fn load(&self, site: &Site, watched: &[u32]) -> Vec<(&'static str, u64, Duration)> {
        let all = 0..self.accounts;
        let owing = all.clone().filter(|account| account % OWES == 0);
        let disputing = owing.clone().filter(|account| account / OWES % DISPUTES == 4);
        vec![
            tell_all(site, "snapshots", all.map(|account| (account, snapshot(account)))),
            tell_all(site, "invoices", owing.map(|account| (account, invoice(account)))),
            tell_all(site, "disputes", disputing.map(|account| (account, dispute()))),
            tell_all(site, "balances", watched.iter().map(|account| (*account, money(HIGH)))),
        ]
    }
}

/// Tells one kind of event; what the wait needs to be sure that nothing more happens is not counted.
fn tell_all(
    site: &Site,
    what: &'static str,
    events: impl Iterator<Item = (u32, Body)>,
) -> (&'static str, u64, Duration) {
    let (mut teller, began) = (Teller::new(site, 20), Instant::now());
    for (account, body) in events {
        teller.tell(&name(account), body);
    }
    teller.flush();
    let sent = began.elapsed();
    site.wait_until_done(LONG);
    let took = began.elapsed().saturating_sub(Duration::from_secs(2));
    println!(
        "{} {what}: in the log after {:.1} s, decided after {:.1} s",
        teller.told,
        sent.as_secs_f64(),
        took.as_secs_f64()
    );
    (what, teller.told, took)
}

pub(crate) fn name(account: u32) -> String {
    format!("A-{account:07}")
}

/// The number by which an account is reached.
pub(crate) fn phone(account: u32) -> String {
    format!("+4917{account:08}")
}

/// Above the line.
pub(crate) const HIGH: i64 = 1_000;
/// Below the line.
pub(crate) const LOW: i64 = 100;

pub(crate) fn money(value: i64) -> Body {
    Body::Balance(BalanceChange {
        name: "main".into(),
        value: MinorUnits(value),
        limit: None,
        currency: Some(euros()),
        valid_until: None,
        version: None,
        reason: if value == HIGH { BalanceReason::TopUp } else { BalanceReason::Usage },
    })
}

fn euros() -> Currency {
    Currency::parse(CURRENCY).unwrap()
}

fn snapshot(account: u32) -> Body {
    let kind = match account % 10 {
        0 => "vip",
        1 | 2 => "business",
        _ => "consumer",
    };
    Body::Account(Snapshot {
        payment_mode: PaymentMode::Hybrid,
        currency: Some(euros()),
        language: None,
        time_zone: None,
        credit_limit: None,
        contacts: [("sms".into(), phone(account))].into_iter().collect(),
        opt_outs: Vec::new(),
        services: Vec::new(),
        attributes: [("customer_type".to_owned(), AttributeValue::String(kind.to_owned()))]
            .into_iter()
            .collect(),
        closed: false,
    })
}

fn invoice(account: u32) -> Body {
    let today: Date = Zone::utc().date_of(now());
    let due = today.plus_days(-OVERDUE_DAYS[usize::try_from(account / OWES % 3).unwrap()]);
    // From 20 to 5,020: neighbours owe quite different amounts, and many the same.
    let amount = 2_000 + i64::from(account.wrapping_mul(2_654_435_761) % 500_000);
    Body::Invoice(InvoiceIssued {
        id: "B1".into(),
        amount: MinorUnits(amount),
        currency: euros(),
        issued: due.plus_days(-14),
        due,
        service: None,
        provider: None,
        kind: None,
        draft: false,
    })
}

/// Of all that is owed.
fn dispute() -> Body {
    let order = Order::Hold(HoldOrder {
        id: "H1".into(),
        kind: HoldKind::Dispute,
        amount: None,
        invoices: Vec::new(),
        until: None,
    });
    Body::Control(Control { by: "anna".to_owned(), role: "agent".to_owned(), why: None, order })
}
