//! What a person orders: a plan, a pause, a jump, an end.

use super::{bars, check, check_on, says, three_stages};
use crate::cycle::DebtClass;
use crate::event::{Body, ByHandMeasure, Order, Outcome};
use crate::plan::{Notice, OnResegment, Plan, Stage};
use crate::policy::{MessageClass, PlanGroup, Policy};
use crate::record::RecordKind;
use crate::testing::*;

fn pause(until: Option<&str>) -> Body {
    control(Order::Pause { until: until.map(moment) })
}

fn jump(stage: &str) -> Body {
    control(Order::Jump(stage.into()))
}

#[test]
fn a_pause_holds_the_cycle_and_its_days_do_not_count() {
    let mut life = check(
        policy_of(three_stages()),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", "active remind 10.00"),
            ("2026-03-05T10:00", Some(pause(Some("2026-03-08T10:00"))), "", "held remind 10.00"),
            ("2026-03-08T09:59", None, "", "held remind 10.00"),
            ("2026-03-08T10:00", None, "", "active remind 10.00"),
            ("2026-03-13T23:59", None, "", "active remind 10.00"),
            ("2026-03-14", None, "bar, +bar", "active bar 10.00"),
        ],
    );
    life.at("2026-03-15", control(Order::Resume));
    assert_eq!(life.rejected, Some("not_paused"));
    life.at("2026-03-15", pause(Some("2026-03-15")));
    assert_eq!(life.rejected, Some("already_over"));
    assert_eq!(life.reasons(RecordKind::CycleHeld), ["a person paused it"]);
}

#[test]
fn a_pause_is_days_on_the_wall_whatever_the_clocks_do() {
    let mut life = Life::new(policy_of(three_stages()));
    let denver = crate::time::Zone::find("America/Denver");
    life.at("2026-03-01", account(|account| account.time_zone = denver.clone()));
    life.at("2026-03-02", invoice("B1", 10_00, "2026-03-02"));
    // From the 7th to the 9th, at midnight there: two days on the wall, 47 hours.
    life.at("2026-03-07T07:00", pause(Some("2026-03-09T06:00")));
    life.until("2026-03-09T06:00");
    assert_eq!(life.next_due(), "2026-03-14T06:00:00Z", "midnight there, two days later than the 12th");
}

#[test]
fn a_second_pause_replaces_the_first() {
    check(
        policy_of(three_stages()),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-05", Some(pause(Some("2026-03-20"))), "", "held remind 10.00"),
            ("2026-03-06", Some(pause(Some("2026-03-07"))), "", "held remind 10.00"),
            ("2026-03-07", None, "", "active remind 10.00"),
            ("2026-03-12T23:59", None, "", ""),
            ("2026-03-13", None, "bar, +bar", ""),
        ],
    );
}

#[test]
fn a_cycle_that_opens_in_a_pause_is_held_at_once() {
    check(
        policy_of(three_stages()),
        vec![
            ("2026-03-01", Some(pause(None)), "", "clear 0.00"),
            ("2026-03-02", Some(invoice("B1", 10_00, "2026-03-02")), "", "held none 10.00"),
            ("2026-03-10", Some(control(Order::Resume)), "remind", "active remind 10.00"),
            ("2026-03-19T23:59", None, "", ""),
            ("2026-03-20", None, "bar, +bar", "active bar 10.00"),
        ],
    );
}

#[test]
fn a_pause_that_ended_in_an_outage_ended_at_its_own_time() {
    let mut life = Life::new(policy_of(three_stages()));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    life.at("2026-03-05", pause(Some("2026-03-07")));
    assert_eq!(life.catch_up("2026-03-12T12:00"), "");
    assert_eq!(life.next_due(), "2026-03-13T00:00:00Z");
    let mut life = Life::new(policy_of(three_stages()));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    life.at("2026-03-05", pause(Some("2026-03-07")));
    assert_eq!(life.catch_up("2026-03-13T12:00"), "bar, +bar");
}

#[test]
fn a_pause_that_is_read_after_an_outage_holds_only_from_when_it_was_ordered() {
    let mut life = Life::new(policy_of(three_stages()));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    life.at("2026-03-02", deferral("H1", None, &[], "2026-03-03"));
    life.lagging("2026-03-06", "2026-03-02", pause(Some("2026-03-07")));
    assert_eq!(life.catch_up("2026-03-06"), "");
    assert_eq!(life.state("2026-03-06"), "held remind 10.00");
    life.until("2026-03-07");
    // Two days of the deferral, one of the pause.
    assert_eq!(life.next_due(), "2026-03-14T00:00:00Z");
}

#[test]
fn where_the_clock_is_not_paused_held_days_count() {
    check(
        policy_of(Plan { pause_clock: false, ..three_stages() }),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-05", Some(pause(Some("2026-03-08"))), "", "held remind 10.00"),
            ("2026-03-11", None, "bar, +bar", "active bar 10.00"),
            ("2026-03-12", Some(pause(None)), "", "held bar 10.00"),
            ("2026-03-25", Some(control(Order::Resume)), "to agency 10.00 USD", "active agency 10.00"),
        ],
    );
}

#[test]
fn what_cuts_off_is_lifted_while_held_and_put_on_again() {
    check(
        policy_of(Plan { lift_measures: true, ..three_stages() }),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-11", None, "bar, +bar", ""),
            ("2026-03-12", Some(pause(None)), "-un-bar", "held bar 10.00"),
            ("2026-03-14", Some(control(Order::Resume)), "+bar", "active bar 10.00"),
            ("2026-03-15", Some(payment("P1", 10_00, &[])), "-un-bar, thanks", "clear 0.00"),
        ],
    );
}

#[test]
fn what_is_lifted_while_held_is_not_lifted_again_at_the_end() {
    check(
        policy_of(Plan { lift_measures: true, ..three_stages() }),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-11", None, "bar, +bar", ""),
            ("2026-03-12", Some(pause(None)), "-un-bar", "held bar 10.00"),
            ("2026-03-15", Some(payment("P1", 10_00, &[])), "thanks", "clear 0.00"),
        ],
    );
}

#[test]
fn a_jump_enters_its_stage_at_once_and_later_stages_keep_their_distance() {
    let mut life = check(
        policy_of(three_stages()),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-04T10:00", Some(jump("bar")), "bar, +bar", "active bar 10.00"),
            ("2026-03-14T09:59", None, "", ""),
            ("2026-03-14T10:00", None, "to agency 10.00 USD", "active agency 10.00"),
        ],
    );
    assert_eq!(life.reasons(RecordKind::StageEntered)[1], "a person jumped to it");
    life.at("2026-03-15", jump("nowhere"));
    assert_eq!(life.rejected, Some("unknown_stage"));
}

#[test]
fn a_jump_back_lifts_what_lies_beyond_and_repeats_nothing() {
    check(
        policy_of(three_stages()),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-11", None, "bar, +bar", ""),
            ("2026-03-15", Some(jump("remind")), "-un-bar", "active remind 10.00"),
            ("2026-03-24T23:59", None, "", ""),
            ("2026-03-25", None, "bar, +bar", "active bar 10.00"),
        ],
    );
}

#[test]
fn a_jump_in_a_pause_keeps_the_distance_from_its_end() {
    check(
        policy_of(three_stages()),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-03", Some(pause(None)), "", "held remind 10.00"),
            ("2026-03-05", Some(jump("bar")), "bar, +bar", "held bar 10.00"),
            ("2026-03-08", Some(control(Order::Resume)), "", "active bar 10.00"),
            ("2026-03-17T23:59", None, "", ""),
            ("2026-03-18", None, "to agency 10.00 USD", ""),
        ],
    );
}

#[test]
fn after_a_jump_back_the_gap_to_the_next_stage_goes_by_anew() {
    let letter = Stage { min_gap: period("3d"), ..says("letter", "0d") };
    let mut life = Life::new(policy_of(plan(vec![says("remind", "0d"), letter])));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    assert_eq!(life.until("2026-03-04"), "letter");
    assert_eq!(life.at("2026-03-20T10:00", jump("remind")), "");
    assert_eq!(life.until("2026-03-23T09:59"), "");
    assert_eq!(life.until("2026-03-23T10:00"), "letter");
}

#[test]
fn without_a_cycle_there_is_nothing_to_jump_in_or_to_close() {
    let mut life = Life::new(policy_of(three_stages()));
    for order in [Order::Jump("bar".into()), Order::Close] {
        life.at("2026-03-01", control(order));
        assert_eq!(life.rejected, Some("no_open_cycle"));
    }
}

#[test]
fn a_closed_cycle_lifts_what_it_put_on_and_its_invoices_stay_out_for_good() {
    let mut life = check(
        policy_of(three_stages()),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-11", None, "bar, +bar", ""),
            ("2026-03-12", Some(control(Order::Close)), "-un-bar", "clear 10.00"),
            ("2026-06-01", None, "", "clear 10.00"),
            ("2026-06-02", Some(invoice("B2", 1, "2026-06-02")), "remind", "active remind 10.01"),
            ("2026-06-03", Some(payment("P1", 1, &["B2"])), "thanks", "clear 10.00"),
        ],
    );
    let reason = "closed by a person";
    assert_eq!(life.reasons(RecordKind::CycleEnded), [reason, "cured"]);
    life.at("2026-06-04", reversal("P1", None));
    assert_eq!(life.state("2026-06-04"), "active remind 10.01", "B2 was not closed by a person");
}

/// Two plans in one group, and one in a group of its own for hospitals.
fn groups(soft: impl FnOnce(Plan) -> Plan) -> Policy {
    let named = |name: &str, plan: Plan| Plan { name: name.into(), ..plan };
    let hospital = Is(|account, _| account.closed);
    let mut policy = policy_of_plans(vec![
        ("hospital", Some(hospital), named("gentle", plan(vec![says("letter", "0d")]))),
        ("everyone", None, named("hard", three_stages())),
    ]);
    let soft = soft(named("soft", plan(vec![says("call", "0d"), bars("late", "30d")])));
    policy.plans.insert("soft".into(), soft);
    let both = PlanGroup { standard: "hard".into(), plans: vec!["hard".into(), "soft".into()] };
    policy.groups.insert("everyone".into(), both);
    policy
}

fn assign(plan: &str) -> Body {
    control(Order::AssignPlan(plan.into()))
}

#[test]
fn a_plan_of_the_account_s_group_is_assigned_and_one_of_another_is_not() {
    let mut life = Life::new(groups(|soft| soft));
    for (plan, rejected) in [("gentle", Some("plan_of_another_group")), ("x", Some("unknown_plan"))] {
        life.at("2026-03-01", assign(plan));
        assert_eq!(life.rejected, rejected, "{plan}");
    }
    life.at("2026-03-01", assign("soft"));
    assert_eq!(life.rejected, None);
    assert_eq!(life.at("2026-03-02", invoice("B1", 10_00, "2026-03-02")), "call");
    let mut unknown = Life::unknown(groups(|soft| soft));
    unknown.at("2026-03-01", assign("soft"));
    assert_eq!(unknown.rejected, Some("no_segment"));
}

#[test]
fn keep_lets_the_old_plan_work_to_the_end_of_the_cycle() {
    check(
        groups(|soft| soft),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-02", Some(assign("soft")), "", "active remind 10.00"),
            ("2026-03-11", None, "bar, +bar", "active bar 10.00"),
            ("2026-03-12", Some(payment("P1", 10_00, &[])), "-un-bar, thanks", "clear 0.00"),
            ("2026-03-13", Some(invoice("B2", 10_00, "2026-03-13")), "call", "active call 10.00"),
        ],
    );
}

#[test]
fn map_goes_on_in_the_mapped_stage_lifts_what_is_not_there_and_sends_nothing_again() {
    let mapping = |soft: Plan| {
        let stages = [("remind", "call"), ("bar", "call")];
        let stages = stages.map(|(from, to)| (from.into(), to.into())).into();
        Plan { on_resegment: OnResegment::Map, maps_from: [("hard".into(), stages)].into(), ..soft }
    };
    check(
        groups(mapping),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-11", None, "bar, +bar", "active bar 10.00"),
            ("2026-03-12", Some(assign("soft")), "-un-bar", "active call 10.00"),
            ("2026-03-30T23:59", None, "", ""),
            ("2026-03-31", None, "late, +bar", "active late 10.00"),
        ],
    );
}

#[test]
fn map_keeps_on_what_the_new_plan_has_as_well() {
    let mapping = |soft: Plan| {
        let stages = [("bar", "late")].map(|(from, to)| (from.into(), to.into())).into();
        Plan { on_resegment: OnResegment::Map, maps_from: [("hard".into(), stages)].into(), ..soft }
    };
    check(
        groups(mapping),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-11", None, "bar, +bar", "active bar 10.00"),
            ("2026-03-12", Some(assign("soft")), "", "active late 10.00"),
            ("2026-03-13", Some(payment("P1", 10_00, &[])), "-un-bar", "clear 0.00"),
        ],
    );
}

#[test]
fn a_notice_that_the_old_plan_gave_serves_the_plan_mapped_to() {
    let mapping = |soft: Plan| {
        let notice = Notice { of: "call".into(), at_least: period("2d") };
        let bar = Stage { notice: Some(notice), ..bars("late", "9d") };
        let stages = vec![stage("call", "0d", vec![sms("remind")]), says("letter", "1d"), bar];
        let mapped = [("remind", "letter")].map(|(from, to)| (from.into(), to.into())).into();
        let maps_from = [("hard".into(), mapped)].into();
        Plan { stages, on_resegment: OnResegment::Map, maps_from, ..soft }
    };
    let mut life = Life::new(groups(mapping));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    life.at("2026-03-01T10:00", report(life.newest("remind"), Outcome::Done));
    assert_eq!(life.at("2026-03-02", assign("soft")), "");
    assert_eq!(life.until("2026-03-10"), "late, +bar");
}

#[test]
fn a_move_is_not_lost_where_a_payment_that_waited_pays_in_the_same_moment() {
    let mut life = Life::new(groups(|soft| Plan { on_resegment: OnResegment::Restart, ..soft }));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    life.at("2026-03-02", payment("P1", 5_00, &["LOST"]));
    // The wait is over on the 5th, and nothing has looked at it by then.
    assert_eq!(life.lagging("2026-03-06", "2026-03-06", assign("soft")), "call");
    assert_eq!(life.state("2026-03-06"), "active call 5.00");
}

#[test]
fn a_cycle_that_does_not_roll_works_on_all_there_is_beside_a_rolling_plan() {
    let rolling = |soft: Plan| Plan { rolling: true, ..soft };
    check(
        groups(rolling),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-02", Some(assign("soft")), "", "active remind 10.00"),
            ("2026-03-05", Some(invoice("B2", 10_00, "2026-03-05")), "", "active remind 20.00"),
            ("2026-03-11", None, "bar, +bar", ""),
            ("2026-03-12", Some(payment("P1", 20_00, &[])), "-un-bar, thanks", "clear 0.00"),
        ],
    );
}

#[test]
fn a_cycle_mapped_to_a_rolling_plan_owns_what_there_is_and_new_bills_are_chased_from_the_start() {
    let mapping = |soft: Plan| {
        let stages = [("remind", "call")].map(|(from, to)| (from.into(), to.into())).into();
        let maps_from = [("hard".into(), stages)].into();
        Plan { rolling: true, on_resegment: OnResegment::Map, maps_from, ..soft }
    };
    check(
        groups(mapping),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-02", Some(assign("soft")), "", "active call 10.00"),
            ("2026-03-05", Some(invoice("B2", 10_00, "2026-03-05")), "call", "active call 20.00"),
            ("2026-03-06", Some(payment("P1", 10_00, &["B1"])), "", "active call 10.00"),
        ],
    );
}

#[test]
fn restart_begins_the_cycle_anew() {
    let mut life = check(
        groups(|soft| Plan { on_resegment: OnResegment::Restart, ..soft }),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-11", None, "bar, +bar", "active bar 10.00"),
            ("2026-03-12", Some(assign("soft")), "-un-bar, call", "active call 10.00"),
        ],
    );
    let numbers: Vec<i64> = life.debtor.profiles[0].cycles.iter().map(|cycle| cycle.number).collect();
    assert_eq!(numbers, [2], "another cycle, whose ids are its own");
    life.until("2026-03-20");
}

#[test]
fn an_account_that_moves_to_another_segment_takes_that_group_s_standard_plan() {
    let mut life = check(
        groups(|soft| soft),
        vec![
            ("2026-03-01", Some(assign("soft")), "", "clear 0.00"),
            ("2026-03-02", Some(account(|account| account.closed = true)), "", "clear 0.00"),
            ("2026-03-03", Some(invoice("B1", 10_00, "2026-03-03")), "letter", "active letter 10.00"),
            ("2026-03-04", Some(payment("P1", 10_00, &[])), "", "clear 0.00"),
            ("2026-03-05", Some(account(|account| account.closed = false)), "", "clear 0.00"),
            ("2026-03-06", Some(invoice("B2", 10_00, "2026-03-06")), "remind", "active remind 10.00"),
        ],
    );
    assert_eq!(life.debtor.assigned_plan, None, "an assignment holds within its group");
    check_on(&mut life, vec![("2026-03-07", Some(assign("hard")), "", "active remind 10.00")]);
    assert_eq!(life.debtor.profiles[0].debt_class, DebtClass::All);
}

fn do_bar() -> Body {
    let bar = ByHandMeasure::Provision { operation: "bar".into(), undo: "un-bar".into(), cuts_off: true };
    control(Order::Do(bar))
}

#[test]
fn what_a_person_put_on_by_hand_no_cycle_s_end_lifts() {
    check(
        policy_of(three_stages()),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-05", Some(do_bar()), "+bar", "active remind 10.00"),
            ("2026-03-11", None, "bar", "active bar 10.00"),
            ("2026-03-12", Some(payment("P1", 10_00, &[])), "thanks", "clear 0.00"),
            ("2026-03-13", Some(control(Order::Undo("bar".into()))), "-un-bar", "clear 0.00"),
        ],
    );
}

#[test]
fn what_a_person_takes_back_by_hand_is_off_whoever_put_it_on_and_stays_off() {
    let mut life = Life::new(policy_of(three_stages()));
    life.at("2026-02-01", with_services(&["a", "b!"]));
    check_on(
        &mut life,
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-11", None, "bar, +bar(a)", ""),
            ("2026-03-12", Some(control(Order::Undo("bar".into()))), "-un-bar(a)", "active bar 10.00"),
            ("2026-03-13", Some(payment("P1", 10_00, &[])), "thanks", "clear 0.00"),
        ],
    );
}

#[test]
fn a_measure_by_hand_is_declined_where_it_would_change_nothing() {
    let undo = || control(Order::Undo("bar".into()));
    let mut unknown = Life::unknown(policy_of(three_stages()));
    unknown.at("2026-03-01", do_bar());
    assert_eq!(unknown.rejected, Some("no_snapshot"));
    let mut life = Life::new(policy_of(three_stages()));
    for (body, rejected) in [
        (undo(), Some("not_in_force")),
        (do_bar(), None),
        (do_bar(), Some("in_force_already")),
        (undo(), None),
        (undo(), Some("not_in_force")),
    ] {
        life.at("2026-03-01", body);
        assert_eq!(life.rejected, rejected);
    }
    life.at("2026-03-02", with_services(&["alarm!"]));
    life.at("2026-03-03", do_bar());
    assert_eq!(life.rejected, Some("always_on"));
}

#[test]
fn a_message_and_a_task_by_hand_go_out_once() {
    let message = ByHandMeasure::Message {
        template: "sorry".into(),
        channel: "sms".into(),
        class: MessageClass::Service,
    };
    check(
        policy_of(three_stages()),
        vec![
            ("2026-03-01", Some(control(Order::Do(message))), "sorry", "clear 0.00"),
            (
                "2026-03-02",
                Some(control(Order::Do(ByHandMeasure::Task { queue: "calls".into() }))),
                "task calls",
                "",
            ),
        ],
    );
}
