//! When stages are entered, waited for and left.

use super::{bars, check, says, three_stages};
use crate::event::{DisputeOutcome, Order};
use crate::plan::{Anchor, CatchUp, OnPartCure, Plan, Stage};
use crate::testing::*;

#[test]
fn stages_come_at_their_days_and_the_last_one_stays() {
    let life = check(
        policy_of(three_stages()),
        vec![
            ("2026-03-10T08:00", Some(invoice("B1", 10_00, "2026-03-10")), "remind", "active remind 10.00"),
            ("2026-03-19T23:59", None, "", ""),
            ("2026-03-20", None, "bar, +bar", "active bar 10.00"),
            ("2026-03-30", None, "to agency 10.00 USD", "active agency 10.00"),
            ("2027-03-30", None, "", "active agency 10.00"),
        ],
    );
    assert_eq!(life.next_due(), "");
}

#[test]
fn days_are_those_of_the_account_s_zone() {
    let mut life = Life::new(policy_of(three_stages()));
    let tashkent = crate::time::Zone::find("Asia/Tashkent");
    life.at("2026-03-01", account(|account| account.time_zone = tashkent));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-10"));
    assert_eq!(life.next_due(), "2026-03-09T19:00:00Z");
}

fn with_gaps(catch_up: CatchUp) -> Plan {
    let gap = |stage: Stage, gap: &str| Stage { min_gap: period(gap), ..stage };
    let stages = vec![
        says("remind", "0d"),
        says("letter", "1d"),
        gap(bars("bar", "2d"), "3d"),
        gap(says("agency", "3d"), "24h"),
    ];
    Plan { catch_up, ..plan(stages) }
}

#[test]
fn after_an_outage_sequential_enters_each_in_turn_and_gaps_really_go_by() {
    let mut life = Life::new(policy_of(with_gaps(CatchUp::Sequential)));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-08"));
    assert_eq!(life.catch_up("2026-03-20T10:00"), "remind, letter");
    assert_eq!(life.next_due(), "2026-03-23T10:00:00Z");
    assert_eq!(life.until("2026-03-23T10:00"), "bar, +bar");
    assert_eq!(life.until("2026-03-24T10:00"), "agency");
}

#[test]
fn after_an_outage_severest_enters_the_furthest_but_skips_no_gap() {
    let mut life = Life::new(policy_of(with_gaps(CatchUp::Severest)));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-08"));
    assert_eq!(life.catch_up("2026-03-20T10:00"), "letter");
    assert_eq!(life.until("2026-03-23T10:00"), "bar, +bar");
    let no_gaps = Plan { catch_up: CatchUp::Severest, ..three_stages() };
    let mut life = Life::new(policy_of(no_gaps));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-08"));
    assert_eq!(life.catch_up("2026-03-20T10:00"), "bar, +bar");
}

#[test]
fn severest_skips_what_it_passes_though_the_log_lags() {
    let mut life = Life::new(policy_of(Plan { catch_up: CatchUp::Severest, ..three_stages() }));
    let b1 = invoice("B1", 10_00, "2026-03-01");
    assert_eq!(life.lagging("2026-03-20T10:00", "2026-03-20T09:00", b1), "bar, +bar");
    let mut life = Life::new(policy_of(three_stages()));
    let b1 = invoice("B1", 10_00, "2026-03-01");
    assert_eq!(life.lagging("2026-03-20T10:00", "2026-03-20T09:00", b1), "remind, bar, +bar");
}

#[test]
fn a_stage_waits_for_enough_debt_and_the_days_count() {
    let enough = Stage { if_debt: Some(decimal("100.00")), ..bars("bar", "10d") };
    check(
        policy_of(plan(vec![says("remind", "0d"), enough, says("agency", "12d")])),
        vec![
            ("2026-03-01", Some(invoice("B1", 60_00, "2026-03-01")), "remind", ""),
            ("2026-03-20", None, "", "active remind 60.00"),
            ("2026-03-21", Some(invoice("B2", 39_99, "2026-03-21")), "", ""),
            ("2026-03-22", Some(invoice("B3", 1, "2026-03-25")), "", ""),
            ("2026-03-25", None, "bar, +bar, agency", "active agency 100.00"),
        ],
    );
}

#[test]
fn a_stage_waits_for_enough_open_invoices() {
    let two = Stage { if_invoices: Some(2), ..bars("bar", "10d") };
    check(
        policy_of(plan(vec![says("remind", "0d"), two])),
        vec![
            ("2026-03-01", Some(invoice("B1", 60_00, "2026-03-01")), "remind", ""),
            ("2026-03-02", Some(invoice("B2", 60_00, "2026-03-02")), "", ""),
            ("2026-03-03", Some(payment("P1", 60_00, &["B2"])), "", ""),
            ("2026-03-20", None, "", "active remind 60.00"),
            ("2026-03-21", Some(invoice("B3", 1, "2026-03-22")), "", ""),
            ("2026-03-22", None, "bar, +bar", ""),
        ],
    );
}

#[test]
fn by_the_oldest_anchor_stages_wait_when_the_oldest_invoice_is_paid() {
    check(
        policy_of(three_stages()),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-06", Some(invoice("B2", 20_00, "2026-03-06")), "", ""),
            ("2026-03-08", Some(payment("P1", 10_00, &["B1"])), "", "active remind 20.00"),
            ("2026-03-15", None, "", ""),
            ("2026-03-16", None, "bar, +bar", ""),
        ],
    );
}

#[test]
fn by_the_entry_anchor_stages_count_from_the_opening() {
    let plan = || Plan { anchor: Anchor::Entry, entry: Some(decimal("50.00")), ..three_stages() };
    check(
        policy_of(plan()),
        vec![
            ("2026-03-01", Some(invoice("B1", 40_00, "2026-03-01")), "", ""),
            ("2026-03-05T09:00", Some(invoice("B2", 40_00, "2026-03-05")), "remind", ""),
            ("2026-03-06", Some(payment("P1", 30_00, &["B1"])), "", "active remind 50.00"),
            ("2026-03-15T08:59", None, "", ""),
            ("2026-03-15T09:00", None, "bar, +bar", ""),
        ],
    );
    // After an outage the opening is when the debt was enough, not when that was noticed.
    let mut life = Life::new(policy_of(plan()));
    life.at("2026-03-01", invoice("B1", 60_00, "2026-03-10"));
    life.at("2026-03-01", invoice("B2", 60_00, "2026-03-18"));
    assert_eq!(life.catch_up("2026-03-20T10:00"), "remind, bar, +bar");
    assert_eq!(life.next_due(), "2026-03-30T00:00:00Z");
}

#[test]
fn by_the_entry_anchor_a_debt_that_a_hold_froze_opens_when_the_hold_ends() {
    let policy = || policy_of(Plan { anchor: Anchor::Entry, ..three_stages() });
    check(
        policy(),
        vec![
            ("2026-03-01", Some(invoice("B1", 40_00, "2026-03-05")), "", ""),
            ("2026-03-02", Some(dispute("D1", None, &[])), "", ""),
            ("2026-03-20T09:00", Some(outcome("D1", DisputeOutcome::Rejected)), "remind", ""),
            ("2026-03-30T08:59", None, "", ""),
            ("2026-03-30T09:00", None, "bar, +bar", ""),
        ],
    );
    // After an outage that is when it ended, not when that was noticed.
    let mut life = Life::new(policy());
    life.at("2026-03-01", invoice("B1", 40_00, "2026-03-05"));
    life.at("2026-03-02", deferral("H1", None, &[], "2026-03-08"));
    assert_eq!(life.catch_up("2026-03-12T10:00"), "remind");
    assert_eq!(life.next_due(), "2026-03-19T00:00:00Z");
}

#[test]
fn by_the_entry_anchor_a_debt_opens_when_an_exemption_is_lifted() {
    check(
        policy_of(Plan { anchor: Anchor::Entry, ..three_stages() }),
        vec![
            ("2026-03-01", Some(control(Order::Exempt(true))), "", ""),
            ("2026-03-02", Some(invoice("B1", 40_00, "2026-03-02")), "", "clear 40.00"),
            ("2026-03-20T09:00", Some(control(Order::Exempt(false))), "remind", "active remind 40.00"),
            ("2026-03-30T08:59", None, "", ""),
            ("2026-03-30T09:00", None, "bar, +bar", ""),
        ],
    );
}

#[test]
fn by_the_entry_anchor_a_debt_raised_anew_opens_when_it_is_raised() {
    let plan = || Plan { anchor: Anchor::Entry, ..three_stages() };
    check(
        policy_of(plan()),
        vec![
            ("2026-03-01", Some(invoice("B1", 40_00, "2026-03-01")), "remind", ""),
            ("2026-03-02", Some(payment("P1", 40_00, &[])), "thanks", ""),
            ("2026-06-01T09:00", Some(reversal("P1", None)), "remind", "active remind 40.00"),
            ("2026-06-11T09:00", None, "bar, +bar", ""),
        ],
    );
}

fn stepping() -> Plan {
    let stages = vec![
        says("remind", "0d"),
        Stage { if_debt: Some(decimal("50.00")), ..bars("bar", "10d") },
        Stage { if_invoices: Some(2), ..stage("agency", "20d", vec![sms("agency"), task("calls")]) },
    ];
    Plan { on_part_cure: OnPartCure::StepDown, on_cure: vec![sms("thanks")], ..plan(stages) }
}

#[test]
fn a_part_payment_steps_down_to_what_the_real_debt_still_meets() {
    let life = check(
        policy_of(stepping()),
        vec![
            ("2026-03-01", Some(invoice("B1", 60_00, "2026-03-01")), "remind", ""),
            ("2026-03-02", Some(invoice("B2", 30_00, "2026-03-02")), "", ""),
            ("2026-03-21", None, "bar, +bar, agency, task calls", "active agency 90.00"),
            ("2026-03-22", Some(payment("P1", 1, &["B1"])), "", "active agency 89.99"),
            // One invoice is left, of enough for the bar: the task is not needed any more.
            ("2026-03-23", Some(payment("P2", 30_00, &["B2"])), "cancel calls", "active bar 59.99"),
            ("2026-03-24", Some(payment("P3", 10_00, &[])), "-un-bar", "active remind 49.99"),
            // Entered again, a stage does its measures again, under new ids.
            ("2026-03-25", Some(adjustment("A1", "B1", 1)), "bar, +bar", "active bar 50.00"),
            ("2026-03-26", Some(payment("P4", 50_00, &[])), "-un-bar, thanks", "clear 0.00"),
        ],
    );
    assert_eq!(life.debtor.profiles[0].cycles_opened, 1);
}

#[test]
fn a_payment_that_waited_steps_down_when_it_pays() {
    check(
        policy_of(stepping()),
        vec![
            ("2026-03-01", Some(invoice("B1", 60_00, "2026-03-01")), "remind", ""),
            ("2026-03-11", None, "bar, +bar", ""),
            ("2026-03-12", Some(payment("P1", 20_00, &["B9"])), "", "active bar 60.00"),
            ("2026-03-15", None, "-un-bar", "active remind 40.00"),
        ],
    );
    check(
        policy_of(stepping()),
        vec![
            ("2026-03-01", Some(invoice("B1", 60_00, "2026-03-01")), "remind", ""),
            ("2026-03-11", None, "bar, +bar", ""),
            ("2026-03-12", Some(payment("P1", 20_00, &["B9"])), "", "active bar 60.00"),
            ("2026-03-13", Some(invoice("B9", 5_00, "2026-09-01")), "-un-bar", "active remind 45.00"),
        ],
    );
}

#[test]
fn a_payment_of_the_oldest_steps_down_to_the_age_of_the_next() {
    let plan = Plan { on_part_cure: OnPartCure::StepDown, ..three_stages() };
    check(
        policy_of(plan),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-06", Some(invoice("B2", 20_00, "2026-03-06")), "", ""),
            ("2026-03-11", None, "bar, +bar", ""),
            ("2026-03-12", Some(payment("P1", 10_00, &["B1"])), "-un-bar", "active remind 20.00"),
            ("2026-03-16", None, "bar, +bar", "active bar 20.00"),
        ],
    );
}

#[test]
fn the_days_of_a_hold_that_goes_on_make_no_debt_older_when_it_steps_down() {
    let pause = control(Order::Pause { until: None });
    check(
        policy_of(stepping()),
        vec![
            ("2026-03-01", Some(invoice("B1", 60_00, "2026-03-01")), "remind", ""),
            ("2026-03-05", Some(invoice("B2", 60_00, "2026-03-05")), "", ""),
            ("2026-03-11", None, "bar, +bar", "active bar 120.00"),
            ("2026-03-12", Some(pause), "", "held bar 120.00"),
            // Twelve days past due, of which five do not count.
            ("2026-03-17", Some(payment("P1", 60_00, &["B1"])), "-un-bar", "held remind 60.00"),
            ("2026-03-18", Some(control(Order::Resume)), "", "active remind 60.00"),
            ("2026-03-20T23:59", None, "", ""),
            ("2026-03-21", None, "bar, +bar", "active bar 60.00"),
        ],
    );
}

#[test]
fn by_default_a_part_payment_keeps_the_stage() {
    check(
        policy_of(three_stages()),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-06", Some(invoice("B2", 20_00, "2026-03-06")), "", ""),
            ("2026-03-11", None, "bar, +bar", ""),
            ("2026-03-12", Some(payment("P1", 10_00, &["B1"])), "", "active bar 20.00"),
            ("2026-03-25", None, "", ""),
            ("2026-03-26", None, "to agency 20.00 USD", ""),
        ],
    );
}
