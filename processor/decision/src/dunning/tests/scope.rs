//! Which invoices count, and when a cycle opens and ends.

use super::{bars, check, check_on, says, three_stages};
use crate::event::{InvoiceIssued, Order};
use crate::plan::{CountDate, DebtClassBy, Plan};
use crate::record::RecordKind;
use crate::testing::*;

#[test]
fn a_cycle_opens_at_the_entry_amount_and_ends_at_the_exit_amount() {
    let plan = Plan {
        entry: Some(decimal("50.00")),
        exit: decimal("5.00"),
        on_cure: vec![sms("thanks")],
        ..plan(vec![says("remind", "0d")])
    };
    check(
        policy_of(plan),
        vec![
            ("2026-03-01", Some(invoice("B1", 49_99, "2026-03-01")), "", "clear 49.99"),
            ("2026-03-02", Some(invoice("B2", 1, "2026-03-02")), "remind", "active remind 50.00"),
            ("2026-03-03", Some(payment("P1", 44_99, &[])), "", "active remind 5.01"),
            ("2026-03-04", Some(payment("P2", 1, &[])), "thanks", "clear 5.00"),
            ("2026-03-05", Some(adjustment("A1", "B1", 44_99)), "", "clear 49.99"),
            ("2026-03-06", Some(adjustment("A2", "B1", 1)), "remind", "active remind 50.00"),
        ],
    );
}

#[test]
fn without_an_entry_amount_anything_above_the_exit_opens() {
    let plan = Plan { exit: decimal("5.00"), ..plan(vec![says("remind", "0d")]) };
    check(
        policy_of(plan),
        vec![
            ("2026-03-01", Some(invoice("B1", 5_00, "2026-03-01")), "", "clear 5.00"),
            ("2026-03-02", Some(adjustment("A1", "B1", 1)), "remind", "active remind 5.01"),
        ],
    );
}

#[test]
fn an_entry_below_the_exit_opens_no_cycle_that_would_end_at_once() {
    let plan =
        Plan { entry: Some(decimal("5.00")), exit: decimal("10.00"), ..plan(vec![says("remind", "0d")]) };
    let life = check(
        policy_of(plan),
        vec![
            ("2026-03-01", Some(invoice("B1", 7_00, "2026-03-01")), "", "clear 7.00"),
            ("2026-03-02", Some(invoice("B2", 7_00, "2026-03-02")), "remind", "active remind 14.00"),
        ],
    );
    assert_eq!(life.reasons(RecordKind::CycleOpened).len(), 1);
}

#[test]
fn the_days_before_entry_and_the_count_date_say_when_an_invoice_counts() {
    let issued_early = |invoice: &mut InvoiceIssued| invoice.issued = date("2026-02-20");
    let b1 = || Some(invoice_with("B1", 10_00, "2026-03-10", issued_early));
    let with = |count_date, days: &str| Plan {
        count_date,
        days_before_entry: period(days),
        ..plan(vec![says("remind", "5d")])
    };
    check(
        policy_of(with(CountDate::Due, "5d")),
        vec![
            ("2026-03-01", b1(), "", "clear 0.00"),
            ("2026-03-14T23:59", None, "", "clear 0.00"),
            ("2026-03-15", None, "remind", "active remind 10.00"),
        ],
    );
    check(
        policy_of(with(CountDate::Issued, "12d")),
        vec![
            ("2026-03-01", b1(), "", "clear 0.00"),
            ("2026-03-03T23:59", None, "", "clear 0.00"),
            ("2026-03-04", None, "remind", "active remind 10.00"),
        ],
    );
}

#[test]
fn only_what_the_plan_includes_counts() {
    let no_deposits =
        Is(|_, invoice| invoice.is_some_and(|invoice| invoice.kind.as_deref() != Some("deposit")));
    let plan = Plan { include: Some(Box::new(no_deposits)), ..plan(vec![says("remind", "0d")]) };
    let deposit =
        invoice_with("B1", 10_00, "2026-03-01", |invoice| invoice.kind = Some("deposit".to_owned()));
    check(
        policy_of(plan),
        vec![
            ("2026-03-01", Some(deposit), "", "clear 0.00"),
            ("2026-03-02", Some(invoice("B2", 20_00, "2026-03-02")), "remind", "active remind 20.00"),
            ("2026-03-03", Some(payment("P1", 20_00, &["B2"])), "", "clear 0.00"),
        ],
    );
}

fn of_service(id: &str, amount: i64, due: &str, service: &str) -> crate::event::Body {
    invoice_with(id, amount, due, |invoice| invoice.service = Some(service.into()))
}

#[test]
fn each_debt_class_has_a_cycle_of_its_own() {
    let plan = Plan { debt_class: DebtClassBy::Service, ..three_stages() };
    check(
        policy_of(plan),
        vec![
            ("2026-02-01", Some(with_services(&["a", "b", "alarm!"])), "", "clear 0.00"),
            ("2026-03-01", Some(of_service("B1", 10_00, "2026-03-01", "a")), "remind", ""),
            (
                "2026-03-05",
                Some(of_service("B2", 20_00, "2026-03-05", "b")),
                "remind",
                "service:a active remind 10.00 | service:b active remind 20.00",
            ),
            ("2026-03-11", None, "bar, +bar(a)", ""),
            ("2026-03-15", None, "bar, +bar(b)", ""),
            (
                "2026-03-16",
                Some(payment("P1", 10_00, &["B1"])),
                "-un-bar(a), thanks",
                "service:a clear 0.00 | service:b active bar 20.00",
            ),
            ("2026-03-16", Some(of_service("B3", 5_00, "2026-03-01", "alarm")), "remind, bar", ""),
        ],
    );
}

#[test]
fn a_provider_s_debt_bars_only_that_provider_s_services() {
    let plan = Plan { debt_class: DebtClassBy::Provider, ..three_stages() };
    let of = |provider: &str| {
        let provider = provider.to_owned();
        invoice_with("B1", 10_00, "2026-03-01", |invoice| invoice.provider = Some(provider.into()))
    };
    check(
        policy_of(plan),
        vec![
            ("2026-02-01", Some(with_services(&["a@x", "b@y", "c@x", "d@x!"])), "", ""),
            ("2026-03-01", Some(of("x")), "remind", ""),
            ("2026-03-11", None, "bar, +bar(a c)", "active bar 10.00"),
            ("2026-03-12", Some(payment("P1", 10_00, &[])), "-un-bar(a c), thanks", ""),
        ],
    );
}

#[test]
fn a_profile_of_another_kind_of_debt_class_opens_no_cycle_beside_the_new_ones() {
    let by_service = || Plan {
        name: "by-service".into(),
        debt_class: DebtClassBy::Service,
        ..plan(vec![says("letter", "0d")])
    };
    let is_closed = Is(|account, _| account.closed);
    let plans =
        vec![("closed", Some(is_closed), by_service()), ("everyone", None, plan(vec![says("remind", "0d")]))];
    check(
        policy_of_plans(plans),
        vec![
            ("2026-03-01", Some(of_service("B1", 10_00, "2026-03-01", "a")), "remind", "active remind 10.00"),
            ("2026-03-02", Some(payment("P1", 10_00, &[])), "", "clear 0.00"),
            ("2026-03-03", Some(account(|account| account.closed = true)), "", ""),
            ("2026-03-04", Some(of_service("B2", 20_00, "2026-03-04", "a")), "letter", ""),
        ],
    );
}

#[test]
fn an_exempt_account_has_no_cycle() {
    check(
        policy_of(three_stages()),
        vec![
            ("2026-02-01", Some(control(Order::Exempt(true))), "", "clear 0.00"),
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "", "clear 10.00"),
            ("2026-03-30", None, "", "clear 10.00"),
            (
                "2026-03-31",
                Some(control(Order::Exempt(false))),
                "remind, bar, +bar, to agency 10.00 USD",
                "active agency 10.00",
            ),
            ("2026-04-01", Some(control(Order::Exempt(true))), "-un-bar", "clear 10.00"),
        ],
    );
}

#[test]
fn before_the_snapshot_all_is_booked_and_nothing_sent() {
    let mut life = Life::unknown(policy_of(three_stages()));
    check_on(
        &mut life,
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "", ""),
            ("2026-03-15", Some(payment("P1", 4_00, &[])), "", ""),
            ("2026-03-16", Some(account(|_| {})), "remind, bar, +bar", "active bar 6.00"),
            ("2026-03-21", None, "to agency 6.00 USD", ""),
        ],
    );
}

#[test]
fn a_debt_that_is_paid_before_the_snapshot_is_never_worked_on() {
    let mut life = Life::unknown(policy_of(plan(vec![bars("bar", "0d")])));
    check_on(
        &mut life,
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "", ""),
            ("2026-03-15", Some(payment("P1", 10_00, &[])), "", ""),
            ("2026-03-16", Some(account(|_| {})), "", "clear 0.00"),
        ],
    );
}

#[test]
fn where_no_plan_applies_what_is_due_is_owed_all_the_same() {
    let mut life = Life::unknown(policy_of(three_stages()));
    life.at("2026-01-01", invoice("B1", 10000, "2026-01-02"));
    assert_eq!(life.state("2026-01-01T23:59:59"), "clear 0.00");
    assert_eq!(life.state("2026-01-02"), "clear 100.00");
    life.at("2026-01-02", payment("P1", 4000, &[]));
    assert_eq!(life.state("2026-01-02"), "clear 60.00");
}
