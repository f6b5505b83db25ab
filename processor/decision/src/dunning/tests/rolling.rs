//! Rolling plans, messages before the due date, versions of a policy.

use super::{bars, check, check_on, says, three_stages};
use crate::event::Order;
use crate::ids::InvoiceId;
use crate::plan::{Anchor, BeforeDue, DebtClassBy, OnResegment, Plan, RunningCycles};
use crate::policies::Policies;
use crate::policy::{PlanGroup, Policy};
use crate::record::RecordKind;
use crate::testing::*;
use std::sync::Arc;

fn rolling() -> Plan {
    Plan { rolling: true, ..plan(vec![says("remind", "0d"), says("letter", "10d")]) }
}

#[test]
fn a_rolling_plan_chases_each_new_bill_from_the_start() {
    let life = check(
        policy_of(rolling()),
        vec![
            ("2026-01-05", Some(invoice("B1", 100_00, "2026-01-05")), "remind", ""),
            ("2026-01-15", None, "letter", ""),
            ("2026-02-05", Some(invoice("B2", 70_00, "2026-02-05")), "remind", ""),
            ("2026-02-15", None, "letter", ""),
            ("2026-04-01", None, "", "active letter 170.00"),
        ],
    );
    let owned = |at: usize| life.debtor.profiles[0].cycles[at].owned.clone();
    assert_eq!((owned(0), owned(1)), (vec![InvoiceId::from("B1")], vec![InvoiceId::from("B2")]));
}

#[test]
fn a_rolling_cycle_ends_with_the_debt_of_its_own_invoices() {
    let mut life = check(
        policy_of(Plan { on_cure: vec![sms("thanks")], ..rolling() }),
        vec![
            ("2026-01-05", Some(invoice("B1", 100_00, "2026-01-05")), "remind", ""),
            ("2026-02-05", Some(invoice("B2", 70_00, "2026-02-05")), "letter, remind", ""),
            ("2026-02-06", Some(payment("P1", 70_00, &["B2"])), "thanks", "active letter 100.00"),
            ("2026-02-07", Some(payment("P2", 99_99, &["B1"])), "", "active letter 0.01"),
            ("2026-02-08", Some(payment("P3", 1, &["B1"])), "thanks", "clear 0.00"),
        ],
    );
    assert_eq!(life.reasons(RecordKind::CycleEnded).len(), 2);
    // An invoice that is open again belongs to no cycle any more: it is chased from the start.
    assert_eq!(life.at("2026-02-09", reversal("P1", None)), "remind");
}

#[test]
fn cycles_of_a_rolling_plan_that_move_to_another_each_end_with_what_they_own() {
    let named = |name: &str, plan: Plan| Plan { name: name.into(), ..plan };
    let mapped = ["remind", "letter"].map(|stage| (stage.into(), stage.into())).into();
    let whole = Plan {
        rolling: false,
        on_resegment: OnResegment::Map,
        maps_from: [("rolling".into(), mapped)].into(),
        ..rolling()
    };
    let mut policy = policy_of_plans(vec![("everyone", None, named("rolling", rolling()))]);
    policy.plans.insert("whole".into(), named("whole", whole));
    let both = PlanGroup { standard: "rolling".into(), plans: vec!["rolling".into(), "whole".into()] };
    policy.groups.insert("everyone".into(), both);
    let mut life = check(
        policy,
        vec![
            ("2026-01-05", Some(invoice("B1", 100_00, "2026-01-05")), "remind", ""),
            ("2026-01-06", Some(invoice("B2", 70_00, "2026-01-06")), "remind", ""),
            ("2026-01-07", Some(control(Order::AssignPlan("whole".into()))), "", "active remind 170.00"),
            ("2026-01-08", Some(payment("P1", 70_00, &["B2"])), "", "active remind 100.00"),
        ],
    );
    assert_eq!(life.reasons(RecordKind::CycleEnded), ["cured"], "that of B2");
    life.at("2026-01-09", payment("P2", 100_00, &["B1"]));
    assert_eq!(life.state("2026-01-09"), "clear 0.00");
}

fn announcing() -> Plan {
    let before_due =
        |before: &str, text: &str| BeforeDue { before: period(before), measures: vec![sms(text)] };
    Plan { before_due: vec![before_due("3d", "soon"), before_due("1d", "tomorrow")], ..three_stages() }
}

#[test]
fn messages_before_the_due_date_go_out_in_time_and_open_no_cycle() {
    check(
        policy_of(announcing()),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-10")), "", "clear 0.00"),
            ("2026-03-06T23:59", None, "", "clear 0.00"),
            ("2026-03-07", None, "soon", "clear 0.00"),
            ("2026-03-09", None, "tomorrow", "clear 0.00"),
            ("2026-03-10", None, "remind", "active remind 10.00"),
        ],
    );
}

#[test]
fn an_invoice_that_comes_late_is_announced_at_once_but_not_on_its_due_day() {
    check(
        policy_of(announcing()),
        vec![
            ("2026-03-08T10:00", Some(invoice("B1", 10_00, "2026-03-10")), "soon", ""),
            ("2026-03-09T23:59", Some(invoice("B2", 10_00, "2026-03-10")), "tomorrow, soon, tomorrow", ""),
            ("2026-03-10", Some(invoice("B3", 10_00, "2026-03-10")), "remind", ""),
        ],
    );
}

#[test]
fn what_is_paid_exempt_or_paused_is_not_announced() {
    let mut life = check(
        policy_of(announcing()),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-10")), "", ""),
            ("2026-03-06", Some(payment("P1", 10_00, &[])), "", ""),
            ("2026-03-08", None, "", ""),
            ("2026-03-08", Some(control(Order::Exempt(true))), "", ""),
            ("2026-03-08", Some(invoice("B2", 10_00, "2026-03-10")), "", ""),
            ("2026-03-08T12:00", Some(control(Order::Exempt(false))), "soon", ""),
        ],
    );
    let pause = Order::Pause { until: Some(moment("2026-03-09T12:00")) };
    check_on(
        &mut life,
        vec![
            ("2026-03-08T13:00", Some(control(pause)), "", ""),
            ("2026-03-09T11:59", None, "", ""),
            ("2026-03-09T12:00", None, "tomorrow", ""),
        ],
    );
}

/// The first version, and one from the 8th of March on with a bar after five days.
fn versions(running_cycles: RunningCycles) -> Policies {
    let next = Plan { running_cycles, ..plan(vec![says("remind", "0d"), bars("bar", "5d")]) };
    let next =
        Policy { identity: identity("2"), effective_from: Some(moment("2026-03-08")), ..policy_of(next) };
    Policies::new(vec![Arc::new(policy_of(three_stages())), Arc::new(next)]).unwrap()
}

/// As the engine does when a version comes to hold: every debtor is decided once.
fn sweep(life: &mut Life, at: &str) -> String {
    let before = life.commands.len();
    life.until(at);
    let now = moment(at);
    life.decide(crate::Input::Due, crate::Moment { now, horizon: now });
    let commands = life.commands[before..].iter();
    commands.map(|command| command.policy.version.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_running_cycle_stays_with_the_version_it_was_opened_under() {
    let mut life = Life::new(versions(RunningCycles::Stay));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    assert_eq!(sweep(&mut life, "2026-03-08"), "");
    assert_eq!(life.until("2026-03-10T23:59"), "");
    assert_eq!(life.until("2026-03-11"), "bar, +bar");
    assert!(life.commands.iter().all(|command| *command.policy.version == *"1"), "each names its version");
    life.at("2026-03-12", payment("P1", 10_00, &[]));
    assert_eq!(life.at("2026-03-13", invoice("B2", 10_00, "2026-03-13")), "remind");
    assert_eq!(life.until("2026-03-18"), "bar, +bar", "a new cycle is under the new version");
}

#[test]
fn a_running_cycle_moves_where_the_new_version_says_so() {
    let mut life = Life::new(versions(RunningCycles::Move));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    assert_eq!(sweep(&mut life, "2026-03-08"), "2 2", "the bar is due at once, under the new version");
    assert_eq!(life.state("2026-03-08"), "active bar 10.00");
    assert_eq!(life.reasons(RecordKind::PolicyChanged), ["running cycles move to the new version"]);
}

#[test]
fn a_cycle_whose_stage_is_gone_falls_back_to_the_nearest_before_it() {
    let mut life = Life::new(policy_of(three_stages()));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    assert_eq!(life.until("2026-03-11"), "bar, +bar");
    let later =
        Policy { identity: identity("2"), ..policy_of(plan(vec![says("remind", "0d"), says("x", "90d")])) };
    life.policies = later.into();
    life.at("2026-03-12", balance("main", 1));
    let now = moment("2026-03-12");
    life.decide(crate::Input::Due, crate::Moment { now, horizon: now });
    assert_eq!(life.state("2026-03-12"), "active remind 10.00");
    assert_eq!(life.commands.last().map(|command| &*command.policy.version), Some("2"));
    let reason = "the version that the cycle was opened under is not at hand";
    assert_eq!(life.reasons(RecordKind::PolicyChanged), [reason]);
}

/// A plan that counts from the opening of its cycle.
fn from_entry() -> Plan {
    Plan { anchor: Anchor::Entry, ..three_stages() }
}

#[test]
fn a_debt_that_was_frozen_opens_its_cycle_when_the_hold_is_over_however_late_that_is_looked_at() {
    let frozen = |life: &mut Life| {
        life.at("2026-03-01", invoice("B1", 10_00, "2026-03-20"));
        life.at("2026-03-02", deferral("D1", None, &[], "2026-03-31"));
    };
    let mut life = Life::new(policy_of(from_entry()));
    frozen(&mut life);
    assert_eq!(life.until("2026-03-31T23:59"), "");
    assert_eq!(life.until("2026-04-01"), "remind");
    assert_eq!(life.next_due(), "2026-04-11T00:00:00Z", "ten days from the first of April");
    let mut late = Life::new(policy_of(from_entry()));
    frozen(&mut late);
    assert_eq!(late.catch_up("2026-04-05T12:00"), "remind");
    assert_eq!(late.next_due(), "2026-04-11T00:00:00Z", "though looked at on the fifth");
}

#[test]
fn what_opens_a_cycle_by_a_move_or_the_end_of_an_exemption_opens_it_now() {
    let mut life = Life::new(policy_of(from_entry()));
    life.at("2026-03-01", control(Order::Exempt(true)));
    life.at("2026-03-02", invoice("B1", 10_00, "2026-03-02"));
    assert_eq!(life.at("2026-03-20T10:00", control(Order::Exempt(false))), "remind");
    assert_eq!(life.next_due(), "2026-03-30T10:00:00Z");
}

#[test]
fn what_a_cycle_was_only_observed_to_do_is_not_in_force_once_it_goes_live() {
    let live = Plan { running_cycles: RunningCycles::Move, ..three_stages() };
    let live =
        Policy { identity: identity("2"), effective_from: Some(moment("2026-03-12")), ..policy_of(live) };
    let observed = Policy { observe: true, ..policy_of(three_stages()) };
    let mut life = Life::new(Policies::new(vec![Arc::new(observed), Arc::new(live)]).unwrap());
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    assert_eq!(life.until("2026-03-11"), "");
    assert_eq!(sweep(&mut life, "2026-03-12"), "");
    assert_eq!(life.state("2026-03-12"), "active bar 10.00");
    assert_eq!(life.at("2026-03-13", payment("P1", 10_00, &[])), "", "nothing to undo, nobody to thank");
}

#[test]
fn a_cycle_that_stays_observed_holds_nothing_against_a_live_one() {
    let by_service = |observe| {
        let plan = plan(vec![bars("bar", "0d")]);
        Policy { observe, ..policy_of(Plan { debt_class: DebtClassBy::Service, ..plan }) }
    };
    let live =
        Policy { identity: identity("2"), effective_from: Some(moment("2026-03-05")), ..by_service(false) };
    let mut life = Life::new(Policies::new(vec![Arc::new(by_service(true)), Arc::new(live)]).unwrap());
    life.at("2026-03-01", with_services(&["S1", "S2"]));
    let of_s1 = |invoice: &mut crate::event::InvoiceIssued| invoice.service = Some("S1".into());
    assert_eq!(life.at("2026-03-02", invoice_with("B1", 10_00, "2026-03-02", of_s1)), "");
    assert_eq!(life.at("2026-03-06", invoice("B2", 10_00, "2026-03-06")), "bar, +bar(S1 S2)");
    assert_eq!(life.at("2026-03-07", payment("P1", 10_00, &["B1"])), "");
}
