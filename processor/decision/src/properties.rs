//! What always holds, whatever comes: any events, with ids that collide, moments out of order and
//! absurd amounts. Most of it is checked by [`crate::testing`] after every decision.

use crate::command::{Action, Command, Message, Origin};
use crate::event::{BalanceReason, Body, Event, Order, Outcome, PaymentStatus};
use crate::ids::CommandId;
use crate::money::MinorUnits;
use crate::plan::{Anchor, CatchUp, DebtClassBy, OnPartCure, Plan, Stage};
use crate::policy::{Cap, CommandRules, Delivery, MessageClass, Policy};
use crate::record::{Record, RecordKind};
use crate::testing::*;
use crate::threshold::{Deliver, Lines, OnFirst, Threshold, Watch};
use crate::time::{Timestamp, Zone};
use crate::{Debtor, Input, Moment, view};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

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
    // One of the policies tries nothing again, and caps nothing.
    let commands = if debt_class == DebtClassBy::All { CommandRules::default() } else { rich_commands() };
    Policy { thresholds: rules, commands, ..policy_of(plan) }
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
const PAYMENTS: &[&str] = &["P1", "P2", "P3"];

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
    (pick(PAYMENTS), amount(), vec(pick(INVOICES), 0..3), receipt, 0..40_u8).prop_map(
        |(id, amount, invoices, receipt, odd)| {
            payment_with(id, amount, &invoices, |payment| {
                payment.receipt = receipt.map(Into::into);
                if odd == 0 {
                    payment.status = PaymentStatus::Unconfirmed;
                }
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
        let mut on = Orders::default();
        for decisions in &decided {
            // What failed is told before anything is ordered.
            for record in decisions.records.iter().filter(|record| record.reason == NOT_DONE) {
                on.forget(record);
            }
            for command in &decisions.commands {
                if let Err(twice) = on.take(command) {
                    prop_assert!(false, "{twice}");
                }
            }
        }
        let has_cycle = debtor.profiles.iter().any(|profile| !profile.cycles.is_empty());
        prop_assert!(has_cycle || on.targets.is_empty(), "no cycle is open, and in force are {:?}", on.targets);
    }

    #[test]
    fn no_message_but_a_statutory_one_is_over_a_cap(
        policy in a_policy(),
        steps in vec(a_step(), 1..60),
    ) {
        let caps = policy().commands.caps;
        let (decided, _) = live(policy(), true, &steps);
        let mut sent: Vec<(Timestamp, Message)> = Vec::new();
        for command in decided.iter().flat_map(|decisions| &decisions.commands) {
            let Action::Message(message) = &command.action else { continue };
            for cap in caps.iter().filter(|cap| cap.channel == message.channel) {
                let counts = |(at, earlier): &&(Timestamp, Message)| {
                    earlier.channel == cap.channel && Zone::utc().after(*at, cap.per) > command.at
                };
                let before = u32::try_from(sent.iter().filter(counts).count()).unwrap();
                let is_over = before >= cap.at_most && message.class != MessageClass::Statutory;
                prop_assert!(!is_over, "{before} by {} within {}, and then {command:?}", cap.channel, cap.per);
            }
            sent.push((command.at, message.clone()));
        }
    }
}

const NOT_DONE: &str = "every try failed: it is not in force";

/// What is ordered and neither undone nor failed: operations, each of a service or of a profile.
#[derive(Default)]
struct Orders {
    targets: BTreeSet<String>,
    profiles: BTreeMap<String, String>,
}

impl Orders {
    /// Takes a command; an error where it orders what is on, or undoes what is not.
    fn take(&mut self, command: &Command) -> Result<(), String> {
        let (Action::Provision(order), Origin::Cycle { debt_class, .. }) = (&command.action, &command.origin)
        else {
            return Ok(());
        };
        // A further try orders what the first did.
        if command.first_id.is_some() {
            return Ok(());
        }
        self.profiles.insert(command.id.to_string(), debt_class.clone());
        let operation = order.operation.as_str();
        let operation = operation.strip_prefix("un-").unwrap_or(operation);
        let services: Vec<&str> = order.services.iter().map(|service| service.as_str()).collect();
        for target in targets(operation, &services, debt_class) {
            let was_as_expected = if order.is_undo {
                self.targets.remove(&target)
            } else {
                self.targets.insert(target.clone())
            };
            if !was_as_expected {
                return Err(format!("{} twice: {target}", order.operation));
            }
        }
        Ok(())
    }

    /// Takes the record of an order that was not done.
    fn forget(&mut self, record: &Record) {
        assert_eq!(record.kind, RecordKind::MeasureDropped);
        let figure = |name| record.figures.iter().find(|figure| figure.name == name);
        let id = figure("first_id").or_else(|| figure("command_id")).unwrap();
        let services: Vec<&str> = figure("services").unwrap().value.split_terminator(", ").collect();
        for target in targets(&figure("operation").unwrap().value, &services, &self.profiles[&id.value]) {
            assert!(self.targets.remove(&target), "it failed and was not ordered: {target}");
        }
    }
}

fn targets(operation: &str, services: &[&str], profile: &str) -> Vec<String> {
    match services {
        [] => vec![format!("{operation} {profile}")],
        services => services.iter().map(|service| format!("{operation} of {service}")).collect(),
    }
}
