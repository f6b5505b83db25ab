//! What always holds, whatever comes: any events, with ids that collide, moments out of order and
//! absurd amounts. Most of it is checked by [`crate::testing`] after every decision.

use crate::event::{
    BalanceReason, Body, DisputeOutcome, Event, HoldKind, Instalment, Order, Outcome, PaymentStatus,
};
use crate::ids::CommandId;
use crate::money::MinorUnits;
use crate::plan::{Anchor, CatchUp, DebtClassBy, OnPartCure, Plan, Stage};
use crate::policy::{HoldBounds, HoldRules, MessageClass, Policy};
use crate::record::RecordKind;
use crate::testing::*;
use crate::threshold::{Deliver, Lines, OnFirst, Threshold, Watch};
use crate::time::Timestamp;
use crate::{Debtor, Input, Moment, view};
use proptest::collection::vec;
use proptest::prelude::*;

const DAY: i64 = 86_400_000_000;

/// One step of a life: how long after the one before, and how far the log is read by then.
#[derive(Clone, Debug)]
struct Step {
    wait: i64,
    lag: i64,
    timers_first: bool,
    event_id: u16,
    occurred: i64,
    what: What,
}

/// What comes; reports point to one of the commands made so far.
#[derive(Clone, Debug)]
enum What {
    Body(Body),
    Report(usize, Outcome),
}

fn a_policy() -> impl Strategy<Value = fn() -> Policy> {
    prop_oneof![
        Just((|| rich_policy(CatchUp::Sequential, OnPartCure::Stay, DebtClassBy::All)) as fn() -> Policy),
        Just(
            (|| rich_policy(CatchUp::Severest, OnPartCure::StepDown, DebtClassBy::Service)) as fn() -> Policy
        ),
        Just(
            (|| rich_policy(CatchUp::Sequential, OnPartCure::StepDown, DebtClassBy::Provider))
                as fn() -> Policy
        ),
    ]
}

fn rich_policy(catch_up: CatchUp, on_part_cure: OnPartCure, debt_class: DebtClassBy) -> Policy {
    let gap =
        Stage { min_gap: period("2d"), ..stage("bar", "5d", vec![sms("bar"), order("bar"), task("call")]) };
    let reminder = message("remind", MessageClass::Reminder, &["sms", "email"]);
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
        Threshold { max_age: Some(period("1h")), ..rule("data", "data", falling(&["10"])) },
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
    Policy { thresholds: rules, holds, ..policy_of(plan) }
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
    proptest::sample::select(&[0, 1, 2, 3, 4][..]).prop_map(|which| {
        control(match which {
            0 => Order::Exempt(true),
            1 => Order::Exempt(false),
            2 => Order::Rearm("low".into()),
            3 => Order::Rearm("none".into()),
            _ => Order::Close,
        })
    })
}

fn a_step() -> impl Strategy<Value = Step> {
    let outcome =
        proptest::sample::select(&[Outcome::Accepted, Outcome::Done, Outcome::Failed, Outcome::Expired][..]);
    let what = prop_oneof![
        3 => an_invoice().prop_map(What::Body),
        3 => a_payment().prop_map(What::Body),
        2 => an_adjustment().prop_map(What::Body),
        2 => a_reversal().prop_map(What::Body),
        3 => a_balance().prop_map(What::Body),
        1 => a_snapshot().prop_map(What::Body),
        1 => a_control().prop_map(What::Body),
        3 => a_hold().prop_map(What::Body),
        1 => an_outcome().prop_map(What::Body),
        1 => (any::<usize>(), outcome).prop_map(|(command, outcome)| What::Report(command, outcome)),
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

/// Lives a life, each decision checked; answers all that was decided and where it ended.
fn live(policy: Policy, is_known: bool, steps: &[Step]) -> (Vec<crate::Decisions>, Debtor) {
    let mut life = if is_known { Life::new(policy) } else { Life::unknown(policy) };
    let mut decided = Vec::new();
    let mut now = moment("2026-01-01");
    for step in steps {
        let until = now.plus_micros(step.wait);
        while let Some(due) = life.debtor.next_due.filter(|due| step.timers_first && *due <= until) {
            now = now.max(due);
            decided.push(life.decide(Input::Due, Moment { now, horizon: due }));
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
        decided.push(life.take_event(&event, Moment { now, horizon }));
        let profiles = view::profiles(&life.debtor, Moment { now, horizon: now }, &life.policies);
        for profile in profiles {
            assert!(MinorUnits::ZERO <= profile.conditional_debt, "{profile:?}");
            assert!(profile.conditional_debt <= profile.real_debt, "{profile:?}");
        }
    }
    (decided, life.debtor)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_the_invariants_hold_and_a_replay_is_identical(
        policy in a_policy(),
        is_known in proptest::bool::weighted(0.8),
        steps in vec(a_step(), 1..60),
    ) {
        let first = live(policy(), is_known, &steps);
        let again = live(policy(), is_known, &steps);
        prop_assert_eq!(first, again);
    }

    #[test]
    fn an_order_that_was_undone_or_never_given_is_not_in_force(
        policy in a_policy(),
        is_known in proptest::bool::weighted(0.8),
        steps in vec(a_step(), 1..60),
    ) {
        let (decided, debtor) = live(policy(), is_known, &steps);
        let commands = decided.iter().flat_map(|decisions| &decisions.commands);
        let mut on: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
        for command in commands {
            let crate::command::Action::Provision(order) = &command.action else { continue };
            let profile = match &command.origin {
                crate::command::Origin::Cycle { debt_class, .. } => debt_class.clone(),
                crate::command::Origin::Threshold { .. }
                | crate::command::Origin::BeforeDue { .. }
                | crate::command::Origin::ByHand => continue,
            };
            let operation = order.operation.as_str();
            let operation = operation.strip_prefix("un-").unwrap_or(operation);
            let targets: Vec<String> = match order.services.as_slice() {
                [] => vec![format!("{operation} {profile}")],
                services => services.iter().map(|service| format!("{operation} of {service}")).collect(),
            };
            for target in targets {
                let was_as_expected = if order.is_undo { on.remove(&target) } else { on.insert(target.clone()) };
                prop_assert!(was_as_expected, "{} twice: {target}", order.operation);
            }
        }
        let has_cycle = debtor.profiles.iter().any(|profile| !profile.cycles.is_empty());
        prop_assert!(has_cycle || on.is_empty(), "no cycle is open, and in force are {on:?}");
    }
    #[test]
    fn a_hold_ends_alike_whether_its_end_is_looked_at_in_time_or_late(
        policy in a_policy(),
        steps in vec(a_step(), 1..40),
    ) {
        let (_, debtor) = live(policy(), true, &steps);
        let waking = debtor.next_due.unwrap_or_default();
        let end = waking.plus_micros(100 * DAY);
        let policies: crate::Policies = policy().into();
        let ended = |decisions: crate::Decisions| {
            let is_end = |kind| RECORDS_OF_ENDS.contains(&kind);
            let ends = decisions.records.into_iter().filter(move |record| is_end(record.kind));
            let id = |record: &crate::record::Record| record.figures.first().map(|figure| figure.value.clone());
            ends.map(move |record| (record.kind, record.reason.clone(), id(&record))).collect::<Vec<_>>()
        };
        let (mut in_time, mut late) = (debtor.clone(), debtor);
        let mut ended_in_time = Vec::new();
        while let Some(due) = in_time.next_due.filter(|due| *due <= end) {
            let now = due.max(waking);
            let moment = Moment { now, horizon: now };
            ended_in_time.extend(ended(crate::decide(&mut in_time, Input::Due, moment, &policies)));
        }
        let moment = Moment { now: end, horizon: end };
        let ended_late = ended(crate::decide(&mut late, Input::Due, moment, &policies));
        prop_assert_eq!(ended_in_time, ended_late);
        prop_assert_eq!(in_time.holds, late.holds);
    }
}

/// What a record of a hold's end may be.
const RECORDS_OF_ENDS: &[RecordKind] = &[
    RecordKind::HoldEnded,
    RecordKind::PromiseKept,
    RecordKind::PromiseBroken,
    RecordKind::InstalmentsBroken,
];
