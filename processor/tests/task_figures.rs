//! What an event costs a whole task: decode, decide, encode, the changelog and the store, on the
//! in-memory log. Run by `./x bench`, in release; it prints what it measured (docs/performance.md).
//!
//! Of an ordinary account (two balances, three invoices), and of one with 5,000 open invoices and 200
//! holds: how much more the second one costs an event is what matters.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use bytes::Bytes;
use decision::account::{AttributeValue, PaymentMode, Snapshot};
use decision::event::{
    BalanceChange, BalanceReason, Body, Control, HoldKind, HoldOrder, InvoiceIssued, Order, Payment,
    PaymentStatus,
};
use decision::ids::EventId;
use decision::money::{Currency, MinorUnits};
use decision::time::Date;
use decision::{Event, Policies};
use engine::Clock;
use schemas::Encoder;
use state::{RocksStores, Sizes};
use std::sync::Arc;
use support::World;

const POLICY: &str = include_str!("figures.policy.yaml");

/// How often all is measured: the median counts.
const ROUNDS: usize = 5;

/// What is measured: so many events on each of so many accounts, small and large.
struct Case {
    name: &'static str,
    body: fn(u32) -> Body,
    ordinary: (u32, u32),
    large: u32,
    /// The most events in one commit.
    together: usize,
}

#[test]
#[ignore = "measures for a minute; ./x bench runs it"]
fn what_an_event_costs_a_task() {
    let balances = Case {
        name: "balance that crosses nothing",
        body: usage,
        ordinary: (100, 200),
        large: 20_000,
        together: 2_000,
    };
    // Each is remembered: an account with thousands of payments would be no ordinary one.
    let payments =
        Case { name: "payment", body: payment, ordinary: (1_000, 10), large: 400, together: 2_000 };
    // A debtor is encoded once a commit: a large one costs most where its events come one by one.
    let alone = |name, body| Case { name, body, ordinary: (200, 5), large: 100, together: 1 };
    let cases = [
        balances,
        payments,
        alone("balance that crosses nothing, each in a commit of its own", usage),
        alone("payment, each in a commit of its own", payment),
    ];
    for Case { name, body, ordinary: (accounts, each), large, together } in cases {
        let ordinary = median(|| cost(accounts, (3, 0), each, body, together));
        let large = median(|| cost(1, (5_000, 200), large, body, together));
        let times = large / ordinary;
        println!(
            "{name}: {ordinary:.1} µs an event on ordinary accounts, {large:.1} µs on the large one, {times:.1} times"
        );
    }
}

fn median(measure: impl Fn() -> f64) -> f64 {
    let mut all: Vec<f64> = (0..ROUNDS).map(|_| measure()).collect();
    all.sort_by(f64::total_cmp);
    all[ROUNDS / 2]
}

/// The CPU time of the process for each of the events, in microseconds.
fn cost(
    accounts: u32,
    (invoices, holds): (u32, u32),
    each: u32,
    body: fn(u32) -> Body,
    together: usize,
) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(1, 1);
    world.policies = Arc::new(Policies::from(policy::parse("figures.policy.yaml", POLICY).unwrap().policy));
    let mut feed = Feed { encoder: Encoder::new(world.schemas), events: 0 };
    for account in 0..accounts {
        let account = format!("A-{account}");
        feed.tell(&world, &account, Body::Account(snapshot()));
        for number in 0..invoices {
            feed.tell(&world, &account, Body::Invoice(invoice(number)));
        }
        for number in 0..holds {
            feed.tell(&world, &account, hold(number));
        }
        feed.tell(&world, &account, usage(0));
    }
    let stores = || RocksStores::new(folder.path(), Sizes::of_bytes(64 << 20));
    let running = world.start(world.log.clone(), stores());
    world.wait_until_done();
    running.stop().unwrap();
    // Nobody works while the events come in: what is measured is the instance that finds them.
    for number in 1..=each {
        for account in 0..accounts {
            feed.tell(&world, &format!("A-{account}"), body(number));
        }
    }
    world.settings.batch_inputs = together;
    let before = cpu_micros();
    let running = world.start(world.log.clone(), stores());
    world.wait_until_done();
    let cpu = cpu_micros() - before;
    running.stop().unwrap();
    cpu / f64::from(accounts * each)
}

/// Where events come from.
struct Feed {
    encoder: Encoder,
    events: u32,
}

impl Feed {
    fn tell(&mut self, world: &World, account: &str, body: Body) {
        self.events += 1;
        let event = Event {
            event_id: EventId::from(format!("e-{}", self.events)),
            account_id: account.into(),
            debtor_id: None,
            occurred_at: world.clock.now(),
            source: "figures".to_owned(),
            body,
        };
        let mut value = Vec::new();
        let (topic, key) = self.encoder.event(&event, &mut value).unwrap();
        let key = Bytes::copy_from_slice(key);
        world.append(topic, Some(key), Some(value.into()), event.occurred_at);
    }
}

fn euros() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn day() -> Date {
    Date::parse("2026-01-01").unwrap()
}

fn snapshot() -> Snapshot {
    Snapshot {
        payment_mode: PaymentMode::Hybrid,
        currency: Some(euros()),
        language: None,
        time_zone: None,
        credit_limit: None,
        contacts: [("sms".into(), "+21612345678".to_owned())].into_iter().collect(),
        opt_outs: Vec::new(),
        services: Vec::new(),
        attributes: [("contract_no".to_owned(), AttributeValue::String("C-1".to_owned()))]
            .into_iter()
            .collect(),
        closed: false,
    }
}

fn invoice(number: u32) -> InvoiceIssued {
    InvoiceIssued {
        id: format!("B{number}").into(),
        amount: MinorUnits(100_000),
        currency: euros(),
        issued: day(),
        due: day().plus_days(i32::try_from(number % 700).unwrap()),
        service: None,
        provider: None,
        kind: None,
        draft: false,
    }
}

/// Every other one names an invoice.
fn hold(number: u32) -> Body {
    let named = number.is_multiple_of(2).then(|| format!("B{number}").into());
    let order = HoldOrder {
        id: format!("H{number}").into(),
        kind: HoldKind::Dispute,
        amount: Some(MinorUnits(5_000)),
        invoices: named.into_iter().collect(),
        until: None,
    };
    Body::Control(Control {
        by: "anna".to_owned(),
        role: "agent".to_owned(),
        why: None,
        order: Order::Hold(order),
    })
}

fn usage(number: u32) -> Body {
    Body::Balance(BalanceChange {
        name: if number.is_multiple_of(2) { "main" } else { "data" }.into(),
        value: MinorUnits(1_000_000 - i64::from(number)),
        limit: None,
        currency: None,
        valid_until: None,
        version: None,
        reason: BalanceReason::Usage,
    })
}

fn payment(number: u32) -> Body {
    Body::Payment(Payment {
        id: format!("P{number}").into(),
        amount: MinorUnits(1),
        currency: euros(),
        invoices: Vec::new(),
        receipt: None,
        channel: None,
        status: PaymentStatus::Confirmed,
    })
}

/// The time that the threads of the process have run, in microseconds.
fn cpu_micros() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let ran = |task: std::io::Result<std::fs::DirEntry>| {
        let stat = std::fs::read_to_string(task.unwrap().path().join("schedstat")).ok()?;
        stat.split_whitespace().next()?.parse::<f64>().ok()
    };
    tasks.filter_map(ran).sum::<f64>() / 1e3
}
