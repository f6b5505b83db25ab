//! What one decision costs, in nanoseconds: of an ordinary account (2 balances, 3 invoices), and of a
//! large one (5,000 open invoices, 200 holds, half of which name invoices).
//!
//! `cargo run --release -p decision --example decide_cost [words of the cases to measure]`. Each figure
//! is the median of many short rounds; ordinary and large take turns, so that what else runs on the
//! machine bears on both. Decoding, encoding and the store are not here: see docs/performance.md.
#![expect(clippy::inconsistent_digit_grouping, reason = "100_00 reads as 100.00, in cents")]

use decision::account::{PaymentMode, Service, Snapshot};
use decision::calendar::{Hours, Window};
use decision::debt::Invoice;
use decision::event::{
    BalanceChange, BalanceReason, Body, Control, Event, HoldKind, HoldOrder, Instalment, InvoiceIssued,
    Order, Outcome, Payment, PaymentStatus, Report,
};
use decision::ids::{CommandId, Language, TemplateName};
use decision::money::{Currency, Decimal, MinorUnits};
use decision::plan::{
    Anchor, BeforeDue, CatchUp, CountDate, DebtClassBy, Notice, OnPartCure, OnResegment, Plan, RunningCycles,
    Stage,
};
use decision::policy::{
    CommandRules, Condition, Defaults, Delivery, HoldRules, Measure, MessageClass, MessageMeasure, PlanGroup,
    Policy, PolicyIdentity, ProvisionMeasure, Retention, Segment, Text, TextValues, Texts, Unit,
};
use decision::threshold::{Deliver, Direction, Line, Lines, OnFirst, Threshold, Watch};
use decision::time::{Date, Period, Timestamp, Weekday, Zone};
use decision::{Debtor, Decisions, Input, Moment, Policies, decide};
use jiff::civil::time;
use litemap::LiteMap;
use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const INVOICES: i64 = 5_000;
const HOLDS: i64 = 200;
/// Debtors of a round: few, so that they stay in the caches, as those of a hot partition do.
const ORDINARY_ROUND: usize = 32;
const LARGE_ROUND: usize = 2;
const ROUNDS: usize = 300;
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

type Fallible<T> = Result<T, Box<dyn Error>>;

fn main() -> Fallible<()> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let world = World::new()?;
    let (ordinary, large) = (world.ordinary()?, world.large()?);
    println!(
        "{:<44} {:>10} {:>12} {:>8}   least",
        "nanoseconds a decision, median", "ordinary", "large", "times"
    );
    for (name, body) in cases() {
        if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let (mut of_ordinary, mut of_large) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            of_ordinary.push(world.round(&ordinary, ORDINARY_ROUND, body.as_ref()));
            of_large.push(world.round(&large, LARGE_ROUND, body.as_ref()));
        }
        let ([ordinary, least], [large, least_large]) = (figures(of_ordinary), figures(of_large));
        let times = large / ordinary;
        println!("{name:<44} {ordinary:>10.0} {large:>12.0} {times:>8.1}   {least:.0}, {least_large:.0}");
    }
    Ok(())
}

/// What comes; none for a timer.
fn cases() -> Vec<(&'static str, Option<Body>)> {
    vec![
        ("balance that crosses nothing", Some(balance(150_00))),
        ("balance that crosses a line", Some(balance(40_00))),
        ("payment of a part", Some(payment(5_00))),
        ("payment of much", Some(payment(60_00))),
        ("invoice", Some(invoice("new", 25_00, 20))),
        ("report", Some(report())),
        ("promise", Some(hold("promise", &HoldKind::Promise, Vec::new()))),
        ("timer", None),
    ]
}

/// The median and the least.
fn figures(mut nanos: Vec<f64>) -> [f64; 2] {
    nanos.sort_by(f64::total_cmp);
    [nanos.len() / 2, 0].map(|at| nanos.get(at).copied().unwrap_or(f64::NAN))
}

struct World {
    policies: Policies,
    now: Timestamp,
}

impl World {
    fn new() -> Fallible<Self> {
        let zone = Zone::find("Europe/Vienna").ok_or("the zone is not in the table")?;
        let now = zone.start_of(today()).plus_micros(10 * HOUR);
        Ok(Self { policies: policy(zone)?.into(), now })
    }

    /// Decides once for each of some copies of a debtor: nanoseconds a decision.
    #[expect(clippy::cast_precision_loss, reason = "small counts, for printing")]
    fn round(&self, debtor: &Debtor, count: usize, body: Option<&Body>) -> f64 {
        let mut debtors = vec![debtor.clone(); count];
        for debtor in &mut debtors {
            // A copy has no room left; what grew in memory, or was read there, mostly has.
            debtor.debt.invoices.reserve(8);
            debtor.debt.payments.reserve(8);
        }
        let mut decided: Vec<Decisions> = Vec::with_capacity(count);
        let event = body.map(|body| event("new", self.now, body.clone()));
        let due = debtor.next_due.unwrap_or(self.now);
        #[expect(clippy::disallowed_methods, reason = "it is the clock that measures, not the core")]
        let started = Instant::now();
        for debtor in &mut debtors {
            let (input, moment) = match &event {
                // The log is never read quite up to now.
                Some(event) => {
                    (Input::Event(event), Moment { now: self.now, horizon: self.now.plus_micros(-SECOND) })
                }
                None => (Input::Due, Moment { now: due.plus_micros(SECOND), horizon: due }),
            };
            decided.push(decide(debtor, input, moment, &self.policies));
        }
        let took = started.elapsed();
        black_box((debtors, decided));
        took.as_nanos() as f64 / count as f64
    }

    /// Two balances, and three invoices: one is reminded of, one is new, one is not due yet.
    fn ordinary(&self) -> Fallible<Debtor> {
        let mut debtor = self.account()?;
        for (id, days) in [("INV-2026-0000001", -8), ("INV-2026-0000002", -1), ("INV-2026-0000003", 12)] {
            self.take(&mut debtor, id, invoice(id, 30_00, days))?;
        }
        Ok(debtor)
    }

    fn large(&self) -> Fallible<Debtor> {
        let mut debtor = self.account()?;
        for number in 0..INVOICES {
            // Out of the order of their dates, as several services bill them.
            let days = i32::try_from(number.wrapping_mul(7_919).rem_euclid(300))?;
            let id = invoice_id(number);
            self.take(&mut debtor, &id, invoice(&id, 30_00, 20 - days))?;
        }
        for number in 0..HOLDS {
            let part = Instalment { due: today().plus_days(20), amount: MinorUnits(20_00) };
            let kind = match number / 2 % 4 {
                0 => HoldKind::Dispute,
                1 => HoldKind::Promise,
                2 => HoldKind::Deferral,
                _ => HoldKind::Instalments { parts: vec![part], grace_days: 2 },
            };
            let named = [number * 23, number * 24 + 1].map(|at| invoice_id(at).as_str().into());
            let named = if number % 2 == 0 { named.to_vec() } else { Vec::new() };
            let id = format!("hold-{number}");
            self.take(&mut debtor, &id, hold(&id, &kind, named))?;
        }
        let of_holds = usize::try_from(HOLDS)?;
        if debtor.holds.len() != of_holds || debtor.profiles.iter().all(|profile| profile.cycles.is_empty()) {
            return Err("the large account is not what it should be".into());
        }
        Ok(debtor)
    }

    fn account(&self) -> Fallible<Debtor> {
        let mut debtor = Debtor::new("491700000001".into());
        self.take(&mut debtor, "snapshot", Body::Account(snapshot()))?;
        self.take(&mut debtor, "main", balance(160_00))?;
        self.take(&mut debtor, "data", named_balance("data", 5_000_000_000, Some(20_000_000_000)))?;
        for number in 0..20_i64 {
            self.take(&mut debtor, &format!("usage-{number}"), balance(160_00 - number))?;
        }
        Ok(debtor)
    }

    fn take(&self, debtor: &mut Debtor, id: &str, body: Body) -> Fallible<()> {
        let at = self.now.plus_micros(-HOUR);
        let event = event(id, at, body);
        let decisions = decide(debtor, Input::Event(&event), Moment { now: at, horizon: at }, &self.policies);
        decisions.rejection.map_or(Ok(()), |rejection| Err(rejection.to_string().into()))
    }
}

fn invoice_id(number: i64) -> String {
    format!("INV-2026-{number:07}")
}

fn today() -> Date {
    Date::from_days(20_600).unwrap_or_default()
}

fn event(id: &str, at: Timestamp, body: Body) -> Event {
    Event {
        event_id: format!("0198c7f2-5f0e-7d9a-b1a3-{id:>12}").into(),
        account_id: "491700000001".into(),
        debtor_id: None,
        occurred_at: at,
        source: "billing".to_owned(),
        body,
    }
}

fn snapshot() -> Snapshot {
    let service = |id: &str| Service {
        id: id.into(),
        kind: Some("mobile".to_owned()),
        provider: None,
        always_on: false,
    };
    Snapshot {
        payment_mode: PaymentMode::Postpaid,
        currency: None,
        language: Some("de".into()),
        time_zone: None,
        credit_limit: Some(MinorUnits(200_00)),
        contacts: LiteMap::from_iter([
            ("sms".into(), "+491700000001".to_owned()),
            ("email".into(), "somebody@example.com".to_owned()),
        ]),
        opt_outs: Vec::new(),
        services: vec![service("line-1"), service("line-2")],
        attributes: LiteMap::new(),
        closed: false,
    }
}

fn balance(value: i64) -> Body {
    named_balance("main", value, None)
}

fn named_balance(name: &str, value: i64, limit: Option<i64>) -> Body {
    Body::Balance(BalanceChange {
        name: name.into(),
        value: MinorUnits(value),
        limit: limit.map(MinorUnits),
        currency: None,
        valid_until: None,
        version: None,
        reason: BalanceReason::Usage,
    })
}

fn invoice(id: &str, amount: i64, due_in_days: i32) -> Body {
    let due = today().plus_days(due_in_days);
    Body::Invoice(InvoiceIssued {
        id: id.into(),
        amount: MinorUnits(amount),
        currency: euro(),
        issued: due.plus_days(-14),
        due,
        service: Some("line-1".into()),
        provider: None,
        kind: None,
        draft: false,
    })
}

fn payment(amount: i64) -> Body {
    Body::Payment(Payment {
        id: "PAY-2026-0000001".into(),
        amount: MinorUnits(amount),
        currency: euro(),
        invoices: Vec::new(),
        receipt: None,
        channel: Some("bank".to_owned()),
        status: PaymentStatus::Confirmed,
    })
}

fn hold(id: &str, kind: &HoldKind, invoices: Vec<decision::ids::InvoiceId>) -> Body {
    let has_parts = matches!(kind, HoldKind::Instalments { .. });
    let order = HoldOrder {
        id: id.into(),
        kind: kind.clone(),
        amount: (!has_parts).then_some(MinorUnits(20_00)),
        invoices,
        until: (!has_parts).then(|| today().plus_days(20)),
    };
    let (by, role) = ("anna".to_owned(), "manager".to_owned());
    Body::Control(Control { by, role, why: None, order: Order::Hold(order) })
}

fn report() -> Body {
    let command_id = CommandId::of(&["of another system"], &[]);
    Body::Report(Report { command_id, outcome: Outcome::Done, detail: None })
}

fn euro() -> Currency {
    #[expect(clippy::expect_used, reason = "ISO 4217 lists it")]
    Currency::parse("EUR").expect("a currency")
}

fn policy(zone: Zone) -> Fallible<Policy> {
    let plan = plan()?;
    let of_group = PlanGroup { standard: plan.name.clone(), plans: vec![plan.name.clone()] };
    let delivery = Delivery { report_within: Some(Period::Exact(DAY)), retries: 1, then: None };
    Ok(Policy {
        identity: PolicyIdentity {
            name: "cost".into(),
            version: "1".into(),
            hash: "0123456789abcdef".into(),
        },
        effective_from: None,
        defaults: Defaults { zone, currency: euro(), language: "de".into() },
        attributes: Vec::new(),
        balances: BTreeMap::from([("main".into(), Unit::Money), ("data".into(), Unit::Bytes)]),
        thresholds: thresholds()?,
        segments: vec![Segment {
            name: "private".into(),
            when: Some(Box::new(IsPostpaid)),
            group: "private".into(),
            managers: None,
        }],
        groups: BTreeMap::from([("private".into(), of_group)]),
        managers: BTreeMap::new(),
        plans: BTreeMap::from([(plan.name.clone(), plan)]),
        windows: BTreeMap::new(),
        holds: HoldRules::default(),
        commands: CommandRules { message: delivery.clone(), provision: delivery, ..CommandRules::default() },
        retention: Retention::default(),
        observe: false,
        texts: Arc::new(Short),
    })
}

fn thresholds() -> Fallible<Vec<Threshold>> {
    let lines = |direction, listed: Vec<Line>| Lines {
        direction,
        listed,
        every: None,
        hysteresis: Decimal::ZERO,
        on_first: OnFirst::Silent,
        deliver: Deliver::All,
        cooldown: Some(Period::Exact(HOUR)),
        recovered: Vec::new(),
    };
    let rule = |id: &str, balance: &str, watch| Threshold {
        id: id.into(),
        balance: balance.into(),
        when: Some(Box::new(IsPostpaid)),
        watch,
        max_age: Some(Period::Exact(HOUR)),
        measures: vec![message("low", MessageClass::Service)],
        observe: false,
    };
    let amounts = ["100.00", "50.00", "10.00"].map(Decimal::parse).map(|amount| amount.map(Line::Amount));
    let amounts: Vec<Line> = amounts.into_iter().collect::<Result<_, _>>()?;
    let percents = ["80", "100"].map(Decimal::parse).map(|percent| percent.map(Line::Percent));
    let percents: Vec<Line> = percents.into_iter().collect::<Result<_, _>>()?;
    Ok(vec![
        rule("low", "main", Watch::Lines(lines(Direction::Falling, amounts))),
        rule("used", "data", Watch::Lines(lines(Direction::Rising, percents))),
        rule("soon", "data", Watch::Expiry { before: Period::Days(3) }),
    ])
}

fn plan() -> Fallible<Plan> {
    let stage = |name: &str, days, measures| Stage {
        name: name.into(),
        after: Period::Days(days),
        if_debt: None,
        if_invoices: None,
        if_task: None,
        min_gap: Period::NONE,
        notice: None,
        window: None,
        measures,
    };
    let order = |operation: &str, undo: &str| {
        let (operation, undo) = (operation.into(), undo.into());
        Measure::Provision(ProvisionMeasure { operation, undo, cuts_off: true })
    };
    let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    let office = Hours { from: time(9, 0, 0, 0), until: Some(time(16, 0, 0, 0)) };
    let hours = days.map(|day| (day, office)).into();
    let office = Arc::new(Window { name: "office".into(), hours, skipped: None });
    let notice = Notice { of: "notice".into(), at_least: Period::Days(5) };
    let stages = vec![
        stage("remind", 3, vec![message("remind", MessageClass::Reminder)]),
        stage("notice", 8, vec![message("notice", MessageClass::Statutory)]),
        Stage {
            min_gap: Period::Days(5),
            notice: Some(notice),
            window: Some(office),
            ..stage("bar", 20, vec![order("bar_outgoing", "unbar_outgoing")])
        },
        stage("suspend", 35, vec![order("suspend", "resume")]),
    ];
    let soon = BeforeDue { before: Period::Days(3), measures: vec![message("soon", MessageClass::Reminder)] };
    Ok(Plan {
        name: "private".into(),
        debt_class: DebtClassBy::All,
        include: Some(Box::new(IsPostpaid)),
        count_date: CountDate::Due,
        days_before_entry: Period::Days(1),
        anchor: Anchor::Oldest,
        entry: Some(Decimal::parse("10.00")?),
        exit: Decimal::ZERO,
        rolling: false,
        pause_clock: true,
        lift_measures: false,
        on_part_cure: OnPartCure::StepDown,
        on_resegment: OnResegment::Keep,
        maps_from: BTreeMap::new(),
        running_cycles: RunningCycles::Stay,
        catch_up: CatchUp::Sequential,
        observe: false,
        before_due: vec![soon],
        stages,
        on_cure: vec![message("thanks", MessageClass::Service)],
    })
}

fn message(template: &str, class: MessageClass) -> Measure {
    Measure::Message(MessageMeasure {
        template: template.into(),
        channel: "sms".into(),
        class,
        window: None,
        fallback: vec!["email".into()],
    })
}

/// The cheapest of conditions: what the policy's own language costs is not the core's.
#[derive(Debug)]
struct IsPostpaid;

impl Condition for IsPostpaid {
    fn holds(&self, account: &Snapshot, _: Option<&Invoice>) -> bool {
        account.payment_mode == PaymentMode::Postpaid
    }
}

/// A text of no template.
#[derive(Debug)]
struct Short;

impl Texts for Short {
    fn render(&self, _: &TemplateName, language: &Language, _: &TextValues<'_>) -> Result<Text, String> {
        Ok(Text { body: "Bitte zahlen Sie.".to_owned(), language: language.clone() })
    }
}
