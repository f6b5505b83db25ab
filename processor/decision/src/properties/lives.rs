//! Random lives: the policies, the events that come, and how a life is lived.

use crate::calendar::{Hours, Window};
use crate::event::{
    BalanceReason, Body, DisputeOutcome, Event, HoldKind, Instalment, NamedTask, Order, Outcome,
    PaymentStatus,
};
use crate::ids::CommandId;
use crate::money::MinorUnits;
use crate::plan::{
    Anchor, BeforeDue, CatchUp, DebtClassBy, IfTask, Notice, OnPartCure, OnResegment, Plan, Stage,
};
use crate::policy::{Cap, CommandRules, Delivery, HoldBounds, HoldRules, MessageClass, Policy};
use crate::testing::*;
use crate::threshold::{Deliver, Lines, OnFirst, Threshold, Watch};
use crate::time::{Timestamp, Weekday};
use crate::{Debtor, Input, Moment, view};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;

pub(super) const DAY: i64 = 86_400_000_000;

/// One step of a life: how long after the one before, and how far the log is read by then.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) wait: i64,
    pub(super) lag: i64,
    pub(super) timers_first: bool,
    pub(super) event_id: u16,
    pub(super) occurred: i64,
    pub(super) what: What,
}

/// What comes; reports point to one of the commands made so far.
#[derive(Clone, Debug)]
pub(super) enum What {
    Body(Body),
    Report(usize, Outcome),
}

pub(super) fn a_policy() -> impl Strategy<Value = fn() -> Policy> {
    prop_oneof![
        Just((|| rich_policy(CatchUp::Sequential, OnPartCure::Stay, DebtClassBy::All)) as fn() -> Policy),
        Just(
            (|| rich_policy(CatchUp::Severest, OnPartCure::StepDown, DebtClassBy::Service)) as fn() -> Policy
        ),
        Just(
            (|| rich_policy(CatchUp::Sequential, OnPartCure::StepDown, DebtClassBy::Provider))
                as fn() -> Policy
        ),
        Just(moving_policy as fn() -> Policy),
    ]
}

/// A plan whose second stage waits for the notice of its first, two messages.
pub(super) fn noticed_policy() -> Policy {
    let notice = |of: &str| Some(Notice { of: of.into(), at_least: period("1d") });
    let letter = message("letter", MessageClass::Statutory, &["letter", "email"]);
    let stages = vec![
        stage("remind", "0d", vec![message("remind", MessageClass::Statutory, &["sms"]), letter]),
        Stage { notice: notice("remind"), ..stage("bar", "0d", vec![order("bar"), sms("bar")]) },
        Stage { notice: notice("bar"), ..stage("cut", "1d", vec![order("cut")]) },
    ];
    policy_of(plan(stages))
}

/// Two plans of one group, a running cycle of one being mapped to the other and begun anew on the
/// way back: one rolls, the other lifts what cuts off while it is held; notices, windows, tasks.
fn moving_policy() -> Policy {
    let mut policy = rich_policy(CatchUp::Sequential, OnPartCure::Stay, DebtClassBy::All);
    let notice = Notice { of: "remind".into(), at_least: period("1d") };
    let asked = IfTask { queue: "call".into(), results: vec!["refused".to_owned()] };
    let office = Hours { from: "09:00:00".parse().unwrap(), until: Some("12:00:00".parse().unwrap()) };
    let days = [Weekday::Mon, Weekday::Thu].map(|day| (day, office));
    let window = Some(Arc::new(Window { name: "office".into(), hours: days.into(), skipped: None }));
    let stages = vec![
        stage("remind", "0d", vec![sms("remind"), task("call")]),
        Stage { notice: Some(notice), window, ..stage("bar", "3d", vec![order("bar")]) },
        Stage { if_task: Some(asked), ..stage("agency", "6d", vec![order("cut")]) },
    ];
    let mapping = [("remind", "remind"), ("bar", "bar"), ("cut", "agency")];
    let mapping = mapping.map(|(from, to)| (from.into(), to.into())).into();
    let before = BeforeDue { before: period("2d"), measures: vec![sms("soon")] };
    let held = Plan {
        name: "held".into(),
        lift_measures: true,
        on_resegment: OnResegment::Map,
        maps_from: [("plan".into(), mapping)].into(),
        before_due: vec![before],
        ..plan(stages.clone())
    };
    let rolling =
        Plan { name: "rolling".into(), rolling: true, on_resegment: OnResegment::Restart, ..plan(stages) };
    for plan in [held, rolling] {
        if let Some(group) = policy.groups.get_mut("everyone") {
            group.plans.push(plan.name.clone());
        }
        policy.plans.insert(plan.name.clone(), plan);
    }
    policy
}

fn rich_policy(catch_up: CatchUp, on_part_cure: OnPartCure, debt_class: DebtClassBy) -> Policy {
    let reminder = while_awake(message("remind", MessageClass::Reminder, &["sms", "email"]));
    let notice = message("bar", MessageClass::Statutory, &["sms", "email", "letter"]);
    let gap = Stage { min_gap: period("2d"), ..stage("bar", "5d", vec![notice, order("bar"), task("call")]) };
    let last = Stage {
        if_invoices: Some(2),
        if_debt: Some(decimal("1.00")),
        ..stage("cut", "9d", vec![order("bar"), order("cut")])
    };
    let plan = Plan {
        catch_up,
        on_part_cure,
        debt_class,
        anchor: if catch_up == CatchUp::Severest { Anchor::Entry } else { Anchor::Oldest },
        days_before_entry: period("1d"),
        entry: Some(decimal("0.50")),
        on_cure: vec![sms("thanks")],
        ..plan(vec![stage("remind", "1d", vec![reminder]), gap, last])
    };
    let steps = Lines {
        every: Some(line("1.00")),
        hysteresis: decimal("0.50"),
        cooldown: Some(period("24h")),
        ..falling(&["10.00", "5.00"])
    };
    let first = Lines { on_first: OnFirst::Fire, deliver: Deliver::Severest, ..rising(&["50%", "100%"]) };
    let soon =
        Threshold { watch: Watch::Expiry { before: period("3d") }, ..rule("soon", "data", falling(&[])) };
    let rules = vec![
        rule("low", "main", steps),
        rule("cap", "spend", first),
        Threshold {
            max_age: Some(period("1h")),
            measures: vec![while_awake(message("data", MessageClass::Reminder, &["sms", "email"]))],
            ..rule("data", "data", falling(&["10"]))
        },
        soon,
    ];
    let bounds = HoldBounds {
        at_most: Some(4),
        per: Some(period("30d")),
        no_longer_than: Some(period("20d")),
        no_more_than: Some(decimal("2.50")),
        beyond: Some("manager".to_owned()).filter(|_| catch_up == CatchUp::Severest),
    };
    let holds = HoldRules { promise: Some(bounds.clone()), dispute: Some(bounds), ..HoldRules::default() };
    // One of the policies tries nothing again, and caps nothing.
    let commands = if debt_class == DebtClassBy::All { CommandRules::default() } else { rich_commands() };
    let policy = Policy { thresholds: rules, commands, holds, ..policy_of(plan) };
    let mut policy = served_by(policy, "everyone", "desk", &["anna", "boris"]);
    policy.managers.values_mut().for_each(|group| group.change.push("manager".to_owned()));
    policy
}

fn rich_commands() -> CommandRules {
    let delivery = |report_within, retries, then| Delivery {
        report_within: Some(period(report_within)),
        retries,
        then: Some(then),
    };
    let cap = |channel: &str, at_most, per| Cap { channel: channel.into(), at_most, per: period(per) };
    CommandRules {
        message: delivery("24h", 1, message("help", MessageClass::Service, &["letter"])),
        provision: delivery("10m", 2, task("failed")),
        caps: vec![cap("sms", 3, "7d"), cap("sms", 1, "1h"), cap("email", 2, "2d"), cap("letter", 1, "1d")],
        ..CommandRules::default()
    }
}

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![
        24 => 1..300_i64,
        1 => Just(0),
        1 => -300..0_i64,
        1 => prop_oneof![Just(i64::MAX), Just(i64::MIN), Just(1_000_000_000_000_000), Just(-1_000_000_000_000_000)],
    ]
}

fn pick(names: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(names)
}

const INVOICES: &[&str] = &["B1", "B2", "B3", "B4"];
const PAYMENTS: &[&str] = &["P1", "P2", "P3", "P4", "P5"];

fn an_invoice() -> impl Strategy<Value = Body> {
    let kinds = (proptest::option::of(pick(&["a", "b"])), proptest::option::of(pick(&["x", "y"])), 0..60_u8);
    (pick(INVOICES), amount(), -20..20_i32, kinds).prop_map(|(id, amount, days, (service, provider, odd))| {
        invoice_with(id, amount, "2026-01-15", |invoice| {
            invoice.due = invoice.due.plus_days(days);
            invoice.service = service.map(Into::into);
            invoice.provider = provider.map(Into::into);
            invoice.draft = odd == 0;
            if odd == 1 {
                invoice.currency = currency("EUR");
            }
        })
    })
}

fn a_payment() -> impl Strategy<Value = Body> {
    let receipt = proptest::option::weighted(0.2, pick(&["R1", "R2"]));
    (pick(PAYMENTS), amount(), vec(pick(INVOICES), 0..3), receipt, 0..8_u8).prop_map(
        |(id, amount, invoices, receipt, status)| {
            payment_with(id, amount, &invoices, |payment| {
                payment.receipt = receipt.map(Into::into);
                payment.status = match status {
                    0 | 1 => PaymentStatus::Unconfirmed,
                    2 => PaymentStatus::Refused,
                    _ => PaymentStatus::Confirmed,
                };
            })
        },
    )
}

fn an_adjustment() -> impl Strategy<Value = Body> {
    (pick(&["A1", "A2", "A3"]), pick(INVOICES), amount(), any::<bool>(), 0..4_u8).prop_map(
        |(id, invoice, amount, lowers, odd)| match odd {
            0 => undo_adjustment(id, invoice),
            _ => adjustment(id, invoice, if lowers { amount.saturating_neg() } else { amount }),
        },
    )
}

fn a_reversal() -> impl Strategy<Value = Body> {
    (pick(PAYMENTS), proptest::option::of(amount()), 0..3_u8).prop_map(|(payment, amount, odd)| match odd {
        0 => undo_reversal(payment, amount),
        _ => reversal(payment, amount),
    })
}

/// Ids of holds; one is a payment's as well.
const HOLDS: &[&str] = &["H1", "H2", "H3", "H4", "H5", "P2"];

fn a_hold() -> impl Strategy<Value = Body> {
    let named = vec(pick(INVOICES), 0..3);
    let until = proptest::option::weighted(0.8, 0..40_i32);
    let parts = vec((0..40_i32, amount()), 0..4);
    let asked = proptest::option::weighted(0.6, amount());
    (pick(HOLDS), 0..4_u8, asked, named, until, parts, 0..4_i32).prop_map(
        |(id, kind, asked, named, until, parts, grace_days)| {
            let day = |days| date("2026-01-10").plus_days(days);
            let parts = parts
                .into_iter()
                .map(|(days, amount)| Instalment { due: day(days), amount: MinorUnits(amount) });
            let kind = match kind {
                0 => HoldKind::Dispute,
                1 => HoldKind::Promise,
                2 => HoldKind::Deferral,
                _ => HoldKind::Instalments { parts: parts.collect(), grace_days },
            };
            hold(id, kind, |order| {
                order.amount = asked.map(MinorUnits);
                order.invoices = named.into_iter().map(Into::into).collect();
                order.until = until.map(day);
            })
        },
    )
}

fn an_outcome() -> impl Strategy<Value = Body> {
    let outcomes = [DisputeOutcome::Upheld, DisputeOutcome::Rejected, DisputeOutcome::Withdrawn];
    (pick(HOLDS), proptest::sample::select(outcomes.to_vec())).prop_map(|(id, how)| outcome(id, how))
}

fn a_balance() -> impl Strategy<Value = Body> {
    let reason = proptest::sample::select(
        &[BalanceReason::Usage, BalanceReason::TopUp, BalanceReason::PeriodRoll, BalanceReason::LimitChanged]
            [..],
    );
    let value = prop_oneof![6 => 0..2_000_i64, 1 => amount()];
    let limit = proptest::option::weighted(0.3, prop_oneof![4 => 1..2_000_i64, 1 => amount()]);
    let version = proptest::option::weighted(0.3, 0..9_i64);
    let valid = proptest::option::weighted(0.2, 0..60_i64);
    (pick(&["main", "spend", "data", "none"]), value, limit, version, valid, reason).prop_map(
        |(name, value, limit, version, valid, reason)| {
            balance_with(name, value, |change| {
                change.limit = limit.map(MinorUnits);
                change.version = version;
                change.valid_until = valid.map(|days| moment("2026-01-01").plus_micros(days * DAY));
                change.reason = reason;
            })
        },
    )
}

fn a_snapshot() -> impl Strategy<Value = Body> {
    let services = pick(&["", "a", "a b", "a@x b@y!", "b!"]);
    (services, any::<bool>(), proptest::option::of(amount()), 0..60_u8).prop_map(
        |(services, opted_out, limit, odd)| {
            let services: Vec<&str> = services.split_whitespace().collect();
            let Body::Account(mut snapshot) = with_services(&services) else { unreachable!() };
            snapshot.credit_limit = limit.map(MinorUnits);
            snapshot.opt_outs = if opted_out { vec!["sms".into(), "email".into()] } else { Vec::new() };
            if odd == 0 {
                snapshot.currency = Some(currency("EUR"));
            }
            Body::Account(snapshot)
        },
    )
}

fn a_control() -> impl Strategy<Value = Body> {
    let until =
        proptest::option::of((0..80 * DAY).prop_map(|micros| moment("2026-01-01").plus_micros(micros)));
    let plan = pick(&["plan", "held", "rolling", "none"]);
    let stage = pick(&["remind", "bar", "cut", "agency", "none"]);
    let result = pick(&["refused", "promised"]);
    let manager = pick(&["anna", "boris", "carla"]);
    let order = prop_oneof![
        2 => any::<bool>().prop_map(Order::Exempt),
        1 => pick(&["low", "none"]).prop_map(|rule| Order::Rearm(rule.into())),
        3 => plan.prop_map(|plan| Order::AssignPlan(plan.into())),
        3 => until.prop_map(|until| Order::Pause { until }),
        2 => Just(Order::Resume),
        3 => stage.prop_map(|stage| Order::Jump(stage.into())),
        1 => Just(Order::Close),
        1 => manager.prop_map(|manager| Order::AssignManager(manager.into())),
        2 => result.prop_map(|result| Order::TaskResult { task: NamedTask::newest("call"), result: result.into() }),
        2 => Just(Order::TakeTask(NamedTask::newest("call"))),
        1 => Just(Order::PutBackTask(NamedTask::newest("call"))),
    ];
    order.prop_map(control)
}

pub(super) fn a_step() -> impl Strategy<Value = Step> {
    let outcome =
        proptest::sample::select(&[Outcome::Accepted, Outcome::Done, Outcome::Failed, Outcome::Expired][..]);
    let what = prop_oneof![
        3 => an_invoice().prop_map(What::Body),
        3 => a_payment().prop_map(What::Body),
        2 => an_adjustment().prop_map(What::Body),
        2 => a_reversal().prop_map(What::Body),
        3 => a_balance().prop_map(What::Body),
        1 => a_snapshot().prop_map(What::Body),
        2 => a_control().prop_map(What::Body),
        3 => a_hold().prop_map(What::Body),
        1 => an_outcome().prop_map(What::Body),
        4 => (any::<usize>(), outcome).prop_map(|(command, outcome)| What::Report(command, outcome)),
    ];
    let wait = prop_oneof![3 => 0..3 * DAY, 2 => 0..DAY / 24, 1 => Just(0), 1 => Just(450 * DAY)];
    let lag = prop_oneof![4 => Just(0), 1 => 0..5 * DAY, 1 => Just(i64::MAX)];
    let occurred = prop_oneof![30 => -3 * DAY..DAY, 1 => any::<i64>()];
    (wait, lag, any::<bool>(), any::<u16>(), occurred, what).prop_map(
        |(wait, lag, timers_first, event_id, occurred, what)| Step {
            wait,
            lag,
            timers_first,
            event_id,
            occurred,
            what,
        },
    )
}

/// What comes where commands are mostly done, within some hours.
pub(super) fn a_step_of_reports() -> impl Strategy<Value = Step> {
    let done = (0..DAY / 2, any::<u16>(), any::<usize>()).prop_map(|(wait, event_id, command)| Step {
        wait,
        lag: 0,
        timers_first: true,
        event_id,
        occurred: 0,
        what: What::Report(command, Outcome::Done),
    });
    prop_oneof![1 => a_step(), 2 => done]
}

/// A decision of a life, as a property looks at it.
pub(super) struct Seen<'a> {
    /// The event that it was about; none where something fell due.
    pub(super) event: Option<&'a Event>,
    pub(super) moment: Moment,
    pub(super) decisions: &'a crate::Decisions,
    /// The debtor before it.
    pub(super) before: &'a Debtor,
    /// The life after it.
    pub(super) life: &'a Life,
}

/// Lives a life, each decision checked; answers all that was decided and where it ended.
pub(super) fn live(policy: Policy, is_known: bool, steps: &[Step]) -> (Vec<crate::Decisions>, Debtor) {
    let mut decided = Vec::new();
    let debtor = watch(policy, is_known, steps, |seen| decided.push(seen.decisions.clone()));
    (decided, debtor)
}

/// Lives a life, and shows each decision.
pub(super) fn watch(
    policy: Policy,
    is_known: bool,
    steps: &[Step],
    mut look: impl FnMut(Seen<'_>),
) -> Debtor {
    let is_served = policy.segments.iter().any(|segment| segment.managers.is_some());
    let mut life = if is_known { Life::new(policy) } else { Life::unknown(policy) };
    let mut now = moment("2026-01-01");
    for step in steps {
        let until = now.plus_micros(step.wait);
        while let Some(due) = life.debtor.next_due.filter(|due| step.timers_first && *due <= until) {
            now = now.max(due);
            let moment = Moment { now, horizon: due };
            let before = life.debtor.clone();
            let decisions = life.decide(Input::Due, moment);
            look(Seen { event: None, moment, decisions: &decisions, before: &before, life: &life });
        }
        now = until;
        let horizon = if step.lag == i64::MAX { Timestamp::EARLIEST } else { now.plus_micros(-step.lag) };
        let body = match &step.what {
            What::Body(body) => body.clone(),
            What::Report(command, outcome) => {
                let made = life.commands.len().max(1);
                let id = life.commands.get(command % made).map(|command| command.id);
                report(id.unwrap_or_else(|| CommandId::of(&["none"], &[])), *outcome)
            }
        };
        let occurred = Timestamp(now.0.saturating_add(step.occurred));
        let event: Event = event(&format!("e-{}", step.event_id % 500), occurred, body);
        let moment = Moment { now, horizon };
        let before = life.debtor.clone();
        let decisions = life.take_event(&event, moment);
        look(Seen { event: Some(&event), moment, decisions: &decisions, before: &before, life: &life });
        let is_in_care = view::segment(&life.debtor).is_some() && is_served;
        assert_eq!(view::manager(&life.debtor).is_some(), is_in_care, "{:?}", life.debtor.managers);
        let profiles = view::profiles(&life.debtor, Moment { now, horizon: now }, &life.policies);
        for profile in profiles {
            assert!(MinorUnits::ZERO <= profile.conditional_debt, "{profile:?}");
            assert!(profile.conditional_debt <= profile.real_debt, "{profile:?}");
        }
    }
    life.debtor
}
