//! One fixed example of every record: for golden files, benchmarks, documentation and tests.
//!
//! Random ones are the tests' business; these never change without a new schema version.

use crate::avsc::RecordSchema;
use crate::encode::{Encoder, topic_of};
use crate::error::EncodeError;
use crate::instance::Instance;
use crate::journal::{
    BreakerState, Counted, Dropped, Fired, Journal, Kept, Let, Poisoned, Position, Postponed, PutOff,
    Reduced, Returned, Spent, Step, Swept, Taken, TaskState, TopicId, Untold, Verdict,
};
use crate::publication::{FileBeside, Publication};
use crate::reject::Reject;
use crate::topic::InputTopic;
use crate::waiting::Waiting;
use decision::account::{AttributeValue, PaymentMode, Service, Snapshot};
use decision::command::{Action, Cancelled, Command, InWindow, Message, Origin, Provision};
use decision::debtor::Managers;
use decision::event::{
    Adjustment, BalanceChange, BalanceReason, Body, Control, HoldKind, HoldOrder, Instalment, InvoiceIssued,
    Order, Outcome, Payment, PaymentStatus, Report, Reversal,
};
use decision::ids::CommandId;
use decision::money::{Currency, MinorUnits, Money};
use decision::policy::{MessageClass, PolicyIdentity};
use decision::record::{Figure, Record, RecordKind};
use decision::time::{Date, Timestamp, Zone};
use decision::{Debtor, Event};
use serde_bytes::Bytes;

/// 2026-11-21T09:00:00Z.
const NOW: Timestamp = Timestamp(1_795_251_600_000_000);

fn uzs() -> Currency {
    #[expect(clippy::expect_used, reason = "ISO 4217 has it")]
    Currency::parse("UZS").expect("a currency")
}

fn day(days_after: i32) -> Date {
    Date::default().plus_days(20_778 + days_after)
}

/// A command's id: a fixed one, whatever ids are made of.
#[must_use]
pub fn command_id() -> CommandId {
    #[expect(clippy::expect_used, reason = "32 hexadecimal digits")]
    "00112233445566778899aabbccddeeff".parse().expect("a command id")
}

/// A policy's identity.
#[must_use]
pub fn policy() -> PolicyIdentity {
    PolicyIdentity {
        name: "mass-market".into(),
        version: "2026.12".into(),
        hash: "9f86d081884c7d659a2feaa0c55ad015".into(),
    }
}

/// One event of each kind, in the order of the input topics.
#[must_use]
pub fn events() -> Vec<Event> {
    let bodies = [
        Body::Account(snapshot()),
        Body::Balance(balance_change()),
        Body::Invoice(InvoiceIssued {
            id: "B1".into(),
            amount: MinorUnits(12_000_000),
            currency: uzs(),
            issued: day(0),
            due: day(20),
            service: Some("998901234567".into()),
            provider: Some("northnet".into()),
            kind: Some("usage".into()),
            draft: false,
        }),
        Body::Adjustment(Adjustment {
            id: "N1".into(),
            invoice: "B1".into(),
            amount: MinorUnits(-500_000),
            currency: uzs(),
            reason: Some("billed twice".into()),
            undo: false,
        }),
        Body::Payment(Payment {
            id: "P1".into(),
            amount: MinorUnits(11_500_000),
            currency: uzs(),
            invoices: vec!["B1".into()],
            receipt: Some("R-77".into()),
            channel: Some("terminal".into()),
            status: PaymentStatus::Unconfirmed,
        }),
        Body::Reversal(Reversal {
            payment: "P1".into(),
            amount: Some(MinorUnits(1_500_000)),
            reason: Some("charge-back".into()),
            undo: false,
        }),
        Body::Control(instalments()),
        Body::Report(Report {
            command_id: command_id(),
            outcome: Outcome::Failed,
            detail: Some("number not in service".into()),
        }),
    ];
    bodies.into_iter().map(event).collect()
}

/// The event of the kind that a topic carries.
#[must_use]
pub fn event_of(topic: InputTopic) -> Event {
    events().swap_remove(topic.index())
}

fn event(body: Body) -> Event {
    Event {
        event_id: "0198f6a2-4c1e-7000-8000-000000000001".into(),
        account_id: "A-1000001".into(),
        debtor_id: Some("A-1".into()),
        occurred_at: NOW,
        source: "ocs".into(),
        body,
    }
}

fn snapshot() -> Snapshot {
    Snapshot {
        payment_mode: PaymentMode::Hybrid,
        currency: Some(uzs()),
        language: Some("uz".into()),
        time_zone: Zone::find("Asia/Tashkent"),
        credit_limit: Some(MinorUnits(50_000_000)),
        contacts: [("sms".into(), "+998901234567".to_owned())].into_iter().collect(),
        opt_outs: vec!["voice".into()],
        services: vec![Service {
            id: "998901234567".into(),
            kind: Some("mobile".into()),
            provider: Some("northnet".into()),
            always_on: false,
        }],
        attributes: [
            ("contract_no".to_owned(), AttributeValue::String("C-1".into())),
            ("since".to_owned(), AttributeValue::Date(day(-700))),
            ("tenure".to_owned(), AttributeValue::Long(23)),
            ("vip".to_owned(), AttributeValue::Boolean(true)),
        ]
        .into_iter()
        .collect(),
        closed: false,
    }
}

fn balance_change() -> BalanceChange {
    BalanceChange {
        name: "main".into(),
        value: MinorUnits(4_990_000),
        limit: Some(MinorUnits(10_000_000)),
        currency: Some(uzs()),
        valid_until: Some(NOW.plus_micros(30 * 86_400_000_000)),
        version: Some(42),
        reason: BalanceReason::TopUp,
    }
}

fn instalments() -> Control {
    let parts = [0, 30].map(|days| Instalment { due: day(days), amount: MinorUnits(6_000_000) });
    Control {
        by: "anna".into(),
        role: "manager".into(),
        why: Some("asked by telephone".into()),
        order: Order::Hold(HoldOrder {
            id: "I1".into(),
            kind: HoldKind::Instalments { parts: parts.to_vec(), grace_days: 2 },
            amount: None,
            invoices: vec!["B1".into()],
            until: None,
        }),
    }
}

/// How many kinds of command there are; the cancellations come after them.
const COMMAND_KINDS: usize = 5;

/// One command of each kind, then both cancellations.
#[must_use]
pub fn commands() -> Vec<Command> {
    let actions = [
        Action::Message(Message {
            template: "reminder".into(),
            channel: "sms".into(),
            class: MessageClass::Statutory,
            language: "uz".into(),
            address: Some("+998901234567".into()),
            text: "Qarzingiz 120 000,00 so'm".into(),
            lines: vec!["100.00".into(), "50.00".into()],
            lines_crossed: 2,
            sms_parts: 1,
        }),
        Action::Provision(Provision {
            operation: "bar_outgoing".into(),
            is_undo: false,
            cuts_off: true,
            services: vec!["998901234567".into()],
        }),
        Action::Task {
            queue: "calls".into(),
            due: Some(NOW.plus_micros(2 * 86_400_000_000)),
            managers: Some(Managers { group: "desk".into(), manager: Some("anna".into()) }),
        },
        Action::Fee { code: "late".into(), amount: money(500_000) },
        Action::Handover { to: "agency".into(), debt: money(12_000_000) },
        Action::Cancel { cancelled: command_id(), what: Cancelled::Message("reminder".into()) },
        Action::Cancel { cancelled: command_id(), what: Cancelled::Task("calls".into()) },
    ];
    let origins = [
        Origin::Threshold { rule: "low-balance".into() },
        Origin::Cycle {
            debt_class: "provider:northnet".into(),
            plan: "soft".into(),
            cycle: 3,
            stage: Some("bar".into()),
        },
        Origin::BeforeDue {
            debt_class: "provider:northnet".into(),
            plan: "soft".into(),
            invoice: "B1".into(),
        },
        Origin::ByHand,
    ];
    let command = |(action, origin): (Action, &Origin)| Command {
        id: command_id(),
        account_id: "A-1000001".into(),
        debtor_id: "A-1".into(),
        at: NOW,
        policy: policy(),
        first_id: Some(command_id()),
        origin: origin.clone(),
        action,
        window: None,
    };
    actions.into_iter().zip(origins.iter().cycle()).map(command).collect()
}

fn money(minor_units: i64) -> Money {
    Money { minor_units: MinorUnits(minor_units), currency: uzs() }
}

/// A line of history.
#[must_use]
pub fn record() -> Record {
    Record {
        kind: RecordKind::StageEntered,
        account_id: "A-1000001".into(),
        debtor_id: "A-1".into(),
        sequence: 7,
        at: NOW,
        policy: policy(),
        reason: "15 days past due".into(),
        figures: vec![Figure::new("real_debt", "120000.00"), Figure::new("stage", "bar")],
        event_id: Some("E-1".into()),
    }
}

/// A reject.
#[must_use]
pub fn reject() -> Reject<'static> {
    Reject {
        reason: "amount_not_positive".into(),
        detail: "the amount must be above zero".into(),
        topic: "weir.payments".into(),
        partition: 3,
        offset: 1_234,
        timestamp: Some(NOW),
        rejected_at: NOW,
        event_id: Some("0198f6a2-4c1e-7000-8000-000000000001".into()),
        account_id: Some("A-1000001".into()),
        debtor_id: Some("A-1".into()),
        key: Some(Bytes::new(b"A-1")),
        value: Some(Bytes::new(b"\0\0\0\0\x05whatever came")),
    }
}

fn positions() -> Vec<Position> {
    let position = |topic: &InputTopic| Position { topic: topic.spec().name.into(), next: 1_235 };
    InputTopic::ALL.iter().map(position).collect()
}

fn failure() -> String {
    "a panic at processor/decision/src/decide.rs:7:5: it must not come to this".to_owned()
}

/// A journal record.
#[must_use]
pub fn journal() -> Journal {
    let policy = policy();
    let (topic, due) = ("weir.payments".into(), NOW.plus_micros(-1));
    let taken = Taken { topic, previous: 1_230, first: 1_231, next: 1_235, count: 3 };
    Journal {
        partition: 3,
        batch: 99,
        now: NOW,
        horizon: NOW.plus_micros(-1_000),
        policy_name: policy.name,
        policy_version: policy.version,
        policy_hash: policy.hash,
        policy_revision: Some(4),
        steps: vec![
            Step::Taken(taken),
            Step::Fired(Fired { debtor_id: "A-1".into(), due }),
            Step::Swept(Swept { debtor_id: "A-1".into() }),
            Step::Kept(Kept { command_id: command_id(), is_held: true }),
            Step::Let(Let { command_id: command_id() }),
            Step::Untold(Untold { command_id: command_id(), failure: failure() }),
            Step::Poisoned(Poisoned { topic: "weir.payments".into(), offset: 1_232, failure: failure() }),
            Step::Postponed(Postponed { debtor_id: "A-3".into(), due: Some(due), failure: failure() }),
            Step::Postponed(Postponed { debtor_id: "A-4".into(), due: None, failure: failure() }),
            Step::Reduced(Reduced { command_id: command_id(), services: vec!["998901234567".into()] }),
            Step::Dropped(Dropped { command_id: command_id(), by_person: true }),
            Step::Returned(Returned { command_id: command_id(), opens: NOW.plus_micros(1) }),
        ],
        positions: positions(),
        state_hash: *b"0123456789abcdef",
    }
}

/// Where a task stands.
#[must_use]
pub fn task_state() -> TaskState {
    TaskState {
        partition: 3,
        batch: 99,
        clock: NOW,
        horizon: NOW.plus_micros(-1_000),
        policy_hash: policy().hash,
        positions: positions(),
        timers_due: Some(NOW.plus_micros(-1)),
        timers_debtor: Some("A-1".into()),
        swept_policy_hash: Some(policy().hash),
        swept_after: Some("A-1".into()),
        waited: 12,
        rates: vec![Spent { kind: "sms".into(), second: NOW.0.div_euclid(1_000_000), sent: 7 }],
        breaker: Some(breaker()),
        changelog_next: Some(2_000),
        records_next: None,
        changelog_topic_id: Some("cZ4kmEaMQ9GzDRaAyh4nmQ".into()),
        partitions: Some(6),
        topic_ids: vec![TopicId { topic: "weir.payments".into(), id: "Nd0QRzQ2S3yW1mT8v5bK9A".into() }],
        put_off: vec![PutOff { debtor_id: "A-3".into(), due: Some(NOW) }],
        policy_revision: Some(4),
    }
}

fn breaker() -> BreakerState {
    BreakerState {
        since: Some(NOW),
        opened_at: Some(NOW),
        recent: vec![Counted { from: NOW, count: 7 }],
        earlier: vec![Counted { from: NOW.plus_micros(-86_400_000_000), count: 300 }],
        verdict: Some(verdict(true)),
        released: Some(Verdict { up_to: 9, ..verdict(false) }),
    }
}

fn verdict(drops: bool) -> Verdict {
    Verdict {
        event_id: "0198f6a2-4c1e-7000-8000-000000000002".into(),
        up_to: 11,
        drops,
        by: "anna".to_owned(),
        role: "admin".to_owned(),
        why: Some("a wrong tariff".to_owned()),
    }
}

/// A command that waits.
#[must_use]
pub fn waiting() -> Waiting {
    let tried = debtor().under_way.into_iter().next();
    let window = tried.zip(Zone::find("Asia/Tashkent")).map(|(tried, zone)| InWindow { zone, tried });
    Waiting {
        sequence: 12,
        topic: "weir.provisioning".into(),
        is_held: true,
        undo: Some("unbar_outgoing".into()),
        window: window.map(Box::new),
        value: b"\0\0\0\0\x05an order".to_vec(),
    }
}

/// A version of the policy that was published.
#[must_use]
pub fn publication() -> Publication {
    let PolicyIdentity { name, version, hash } = policy();
    Publication {
        revision: 4,
        event_id: "0198f6a2-4c1e-7000-8000-000000000003".into(),
        policy_name: name.to_string(),
        policy_version: version.to_string(),
        policy_hash: hash,
        file: "mobile.policy.yaml".to_owned(),
        text: "policy: mobile\n".to_owned(),
        beside: vec![FileBeside { name: "holidays.ics".to_owned(), text: "BEGIN:VCALENDAR\n".to_owned() }],
        withdraws_later: true,
        published_at: NOW,
        by: "anna".to_owned(),
        role: "manager".to_owned(),
        why: "bar four days later".to_owned(),
    }
}

/// What an instance says of itself.
#[must_use]
pub fn instance() -> Instance {
    Instance { url: "http://weir-0.weir:8080".to_owned(), partitions: vec![0, 3, 11], at: NOW, leaves: false }
}

/// A debtor in which every part of the state has something.
#[must_use]
pub fn debtor() -> Debtor {
    read_debtor(include_str!("../samples/debtor.json"))
}

/// The debtor that is met most: a prepaid account, two balances, nothing owed; about 300 bytes.
#[must_use]
pub fn hot_debtor() -> Debtor {
    read_debtor(include_str!("../samples/hot_debtor.json"))
}

fn read_debtor(json: &str) -> Debtor {
    #[expect(clippy::expect_used, reason = "compiled in, and a test reads it")]
    serde_json::from_str(json).expect("the sample debtor reads")
}

/// The framed bytes of a record's example.
///
/// # Errors
/// When the encoder was not given the ids of input records.
pub fn encoded(schema: RecordSchema, encoder: &mut Encoder) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    for event in events() {
        if topic_of(&event).schema() == schema {
            encoder.event(&event, &mut out)?;
        }
    }
    for command in commands().iter().take(COMMAND_KINDS) {
        let mut written = Vec::new();
        let (topic, _) = encoder.command(command, &mut written)?;
        if topic.schema() == schema {
            out = written;
        }
    }
    if schema == RecordSchema::Record {
        encoder.record(&record(), &mut out)?;
    } else if schema == RecordSchema::Reject {
        encoder.reject(&reject(), &mut out)?;
    } else if schema == RecordSchema::Journal {
        encoder.journal(&journal(), &mut out)?;
    } else if schema == RecordSchema::Debtor {
        encoder.debtor(&debtor(), &mut out)?;
    } else if schema == RecordSchema::TaskState {
        encoder.task_state(&task_state(), &mut out)?;
    } else if schema == RecordSchema::Waiting {
        encoder.waiting(&waiting(), &mut out)?;
    } else if schema == RecordSchema::Publication {
        encoder.publication(&publication(), &mut out)?;
    } else if schema == RecordSchema::Instance {
        encoder.instance(&instance(), &mut out)?;
    }
    Ok(out)
}
