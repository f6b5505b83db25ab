//! What a cycle does to the customer, and takes back.

use super::{bars, check, says, three_stages};
use crate::event::{Body, Outcome};
use crate::plan::{DebtClassBy, Plan};
use crate::policy::{Measure, MessageClass};
use crate::record::RecordKind;
use crate::testing::*;

fn b1() -> Option<Body> {
    Some(invoice("B1", 10_00, "2026-03-01"))
}

fn paid() -> Option<Body> {
    Some(payment("P1", 10_00, &["B1"]))
}

#[test]
fn each_measure_makes_a_command_and_a_cure_takes_back_what_can_be() {
    let fee = Measure::Fee { code: "late".to_owned(), amount: decimal("5.00") };
    let hard = stage("hard", "0d", vec![order("slow"), fee, task("calls"), order("bar"), sms("hard")]);
    let plan = Plan { on_cure: vec![sms("thanks")], ..plan(vec![hard]) };
    check(
        policy_of(plan),
        vec![
            ("2026-03-01", b1(), "+slow, fee late 5.00 USD, task calls, +bar, hard", ""),
            ("2026-03-02", paid(), "-un-bar, -un-slow, cancel calls, thanks", "clear 0.00"),
        ],
    );
}

#[test]
fn a_task_that_was_done_is_not_cancelled() {
    for (outcomes, commands) in [
        (vec![], "cancel calls"),
        (vec![Outcome::Accepted], "cancel calls"),
        (vec![Outcome::Done], ""),
        (vec![Outcome::Failed], ""),
        // A report that comes late tells nothing new.
        (vec![Outcome::Done, Outcome::Accepted], ""),
    ] {
        let mut life = Life::new(policy_of(plan(vec![stage("call", "0d", vec![task("calls")])])));
        life.at("2026-03-01", b1().unwrap());
        for outcome in outcomes {
            let id = life.commands[0].id;
            life.at("2026-03-01", report(id, outcome));
        }
        assert_eq!(life.at("2026-03-02", paid().unwrap()), commands);
    }
}

#[test]
fn thanks_are_sent_only_where_anything_was() {
    let plan = Plan { on_cure: vec![sms("thanks")], ..plan(vec![says("remind", "3d")]) };
    check(
        policy_of(plan),
        vec![("2026-03-01", b1(), "", "active none 10.00"), ("2026-03-02", paid(), "", "clear 0.00")],
    );
}

#[test]
fn thanks_are_sent_once_a_cycle_and_ids_differ_from_cycle_to_cycle() {
    let life = check(
        policy_of(three_stages()),
        vec![
            ("2026-03-01", b1(), "remind", ""),
            ("2026-03-02", paid(), "thanks", "clear 0.00"),
            ("2026-03-03", Some(reversal("P1", None)), "remind", "active remind 10.00"),
            ("2026-03-04", Some(undo_reversal("P1", None)), "thanks", "clear 0.00"),
        ],
    );
    assert_eq!(life.debtor.profiles[0].cycles_opened, 2);
}

#[test]
fn an_order_is_in_force_until_its_last_holder_lets_go() {
    // Invoices that name no service hold all of them, those of a line only that line.
    let plan = Plan { debt_class: DebtClassBy::Service, ..plan(vec![bars("bar", "0d")]) };
    let of_line = |id: &str, line: &str| {
        let line = line.to_owned();
        Some(invoice_with(id, 10_00, "2026-03-02", |invoice| invoice.service = Some(line.into())))
    };
    check(
        policy_of(plan),
        vec![
            ("2026-02-01", Some(with_services(&["a", "b", "alarm!"])), "", ""),
            ("2026-03-01", of_line("B2", "a"), "", ""),
            ("2026-03-02", b1(), "bar, +bar(a), bar, +bar(b)", ""),
            ("2026-03-03", paid(), "-un-bar(b)", ""),
            ("2026-03-04", Some(payment("P2", 10_00, &["B2"])), "-un-bar(a)", ""),
        ],
    );
    let plan = Plan { debt_class: DebtClassBy::Service, ..self::plan(vec![bars("bar", "0d")]) };
    check(
        policy_of(plan),
        vec![
            ("2026-02-01", Some(with_services(&["a", "b"])), "", ""),
            ("2026-03-01", b1(), "bar, +bar(a b)", ""),
            ("2026-03-02", of_line("B2", "a"), "bar", ""),
            ("2026-03-03", paid(), "-un-bar(b)", ""),
            ("2026-03-04", Some(payment("P2", 10_00, &["B2"])), "-un-bar(a)", ""),
        ],
    );
}

#[test]
fn a_later_stage_of_the_same_order_holds_it_too() {
    let stages = vec![bars("one", "0d"), bars("two", "10d")];
    check(
        policy_of(plan(stages)),
        vec![
            ("2026-03-01", b1(), "one, +bar", ""),
            ("2026-03-11", None, "two", ""),
            ("2026-03-12", paid(), "-un-bar", "clear 0.00"),
        ],
    );
}

#[test]
fn where_no_services_are_listed_each_profile_holds_for_itself() {
    let plan = Plan { debt_class: DebtClassBy::Service, ..plan(vec![bars("bar", "0d")]) };
    let of_line = invoice_with("B2", 10_00, "2026-03-02", |invoice| invoice.service = Some("a".into()));
    check(
        policy_of(plan),
        vec![
            ("2026-03-01", b1(), "bar, +bar", ""),
            ("2026-03-02", Some(of_line), "bar, +bar", ""),
            ("2026-03-03", paid(), "-un-bar", ""),
            ("2026-03-04", Some(payment("P2", 10_00, &["B2"])), "-un-bar", ""),
        ],
    );
}

#[test]
fn services_that_are_always_on_are_never_touched() {
    let life = check(
        policy_of(three_stages()),
        vec![
            ("2026-02-01", Some(with_services(&["alarm!"])), "", ""),
            ("2026-03-01", b1(), "remind", ""),
            ("2026-03-11", None, "bar", "active bar 10.00"),
            ("2026-03-12", paid(), "thanks", ""),
        ],
    );
    assert_eq!(life.reasons(RecordKind::MeasureDropped), ["every service is always on"]);
}

#[test]
fn a_service_that_came_later_is_not_barred_and_one_that_went_is_freed() {
    check(
        policy_of(three_stages()),
        vec![
            ("2026-02-01", Some(with_services(&["a", "b"])), "", ""),
            ("2026-03-01", b1(), "remind", ""),
            ("2026-03-11", None, "bar, +bar(a b)", ""),
            ("2026-03-12", Some(with_services(&["b", "c"])), "", ""),
            ("2026-03-13", paid(), "-un-bar(a b), thanks", ""),
        ],
    );
}

#[test]
fn an_opt_out_passes_to_the_fallback_and_drops_only_reminders() {
    use MessageClass::{Reminder, Service, Statutory};
    for (class, opt_outs, command) in [
        (Reminder, &[][..], "m@email"),
        (Reminder, &["email"], "m"),
        (Reminder, &["email", "sms"], "m@letter"),
        (Reminder, &["email", "sms", "letter"], ""),
        (Statutory, &["email", "sms", "letter"], "m@email"),
        (Service, &["email", "sms", "letter"], "m@email"),
        (Statutory, &["email"], "m"),
    ] {
        let m = message("m", class, &["email", "sms", "letter"]);
        let mut life = Life::new(policy_of(plan(vec![stage("only", "0d", vec![m])])));
        let opted = account(|account| account.opt_outs = opt_outs.iter().map(|out| (*out).into()).collect());
        life.at("2026-02-01", opted);
        assert_eq!(life.at("2026-03-01", b1().unwrap()), command, "{class:?} {opt_outs:?}");
    }
}

#[test]
fn a_text_that_cannot_be_rendered_is_dropped_and_recorded() {
    let broken = stage("only", "0d", vec![sms("broken"), sms("sound")]);
    let life = check(policy_of(plan(vec![broken])), vec![("2026-03-01", b1(), "sound", "")]);
    assert_eq!(life.reasons(RecordKind::MeasureDropped), ["the template cannot be rendered"]);
}

#[test]
fn an_observed_plan_records_all_and_sends_nothing() {
    let plan = Plan { observe: true, ..three_stages() };
    let life = check(
        policy_of(plan),
        vec![
            ("2026-03-01", b1(), "", "active remind 10.00"),
            ("2026-03-11", None, "", "active bar 10.00"),
            ("2026-03-12", paid(), "", "clear 0.00"),
        ],
    );
    let observed = life.reasons(RecordKind::MeasureObserved);
    assert_eq!(observed, ["observe", "observe", "observe", "lift", "observe"]);
}

#[test]
fn a_message_goes_in_the_account_s_language_to_its_address() {
    let mut life = Life::new(policy_of(three_stages()));
    let known = account(|account| {
        account.language = Some("uz".into());
        account.contacts.insert("sms".into(), "+998".to_owned());
    });
    life.at("2026-02-01", known);
    life.at("2026-03-01", b1().unwrap());
    let crate::command::Action::Message(message) = &life.commands[0].action else { panic!("a message") };
    assert_eq!((message.language.as_str(), message.address.as_deref()), ("uz", Some("+998")));
    assert_eq!(message.text, "10.00 remind");
}
