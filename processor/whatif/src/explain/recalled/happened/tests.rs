//! Each kind of record, and the event that it shows.

use super::*;
use decision::time::Timestamp;
use schemas::FigureLine;

/// A record of this kind, its figures as `name=value`.
pub(in crate::explain::recalled) fn line(kind: &str, reason: &str, figures: &str) -> HistoryLine {
    let figure = |figure: &str| {
        let (name, value) = figure.split_once('=').unwrap();
        FigureLine { name: name.to_owned(), value: value.to_owned() }
    };
    HistoryLine {
        kind: kind.to_owned(),
        account_id: "A-1".to_owned(),
        debtor_id: "A-1".to_owned(),
        sequence: 1,
        at: Timestamp::parse("2026-03-15T04:00:00Z").unwrap(),
        reason: reason.to_owned(),
        figures: figures.split(' ').filter(|figure| !figure.is_empty()).map(figure).collect(),
        policy_name: "soft".to_owned(),
        policy_version: "1".to_owned(),
        policy_hash: "1".to_owned(),
        event_id: None,
    }
}

#[track_caller]
fn check(kind: &str, reason: &str, figures: &str, expected: &str) {
    let happened = Happened::default().hear(&line(kind, reason, figures));
    assert_eq!(happened.as_deref().unwrap_or(""), expected, "{kind}: {reason}");
}

#[test]
fn what_a_record_shows_that_happened_is_told_in_the_words_of_events() {
    let usage = "rule=low balance=main value=40.00 lines=50.00";
    check("alert", "usage", usage, "balance main: 40.00");
    check("alert", "limit_changed", usage, "balance main: 40.00, limit changed");
    check("alert", "expires_soon", usage, "");
    check("alert_suppressed", "cooldown", usage, "balance main: 40.00");
    check("alert_stale", "max_age", usage, "balance main: 40.00");
    check("recovered", "all announced lines are armed again", usage, "balance main: 40.00");
    let invoice = "invoice=B1 amount=50.00 due=2026-03-10";
    check("invoice_booked", "issued", invoice, "invoice B1: 50.00, due 2026-03-10");
    check("invoice_booked", "draft: no debt yet", invoice, "draft of an invoice B1: 50.00, due 2026-03-10");
    let adjusted = "adjustment=N1 invoice=B1 amount=-5.00";
    check("invoice_adjusted", "goodwill", adjusted, "adjustment N1 of invoice B1: -5.00");
    let undone = "adjustment=N1 invoice=B1 amount=-5.00 undone=-5.00";
    check("invoice_adjusted", "undone", undone, "undo of adjustment N1 of invoice B1: -5.00");
    check(
        "payment_waiting",
        "adjustment of an invoice not seen yet",
        adjusted,
        "adjustment N1 of invoice B1: -5.00",
    );
    let paid = "payment=P1 amount=20.00";
    check("payment_booked", "confirmed", paid, "payment P1: 20.00");
    check("payment_booked", "the invoice it names did not come", paid, "");
    check("payment_waiting", "names an invoice not seen yet", paid, "payment P1: 20.00");
    check("payment_waiting", "reversal of a payment not seen yet", "payment=P1", "reversal of payment P1");
    check("payment_reversed", "bounced", paid, "reversal of payment P1: 20.00");
    check("payment_reversed", "undone", paid, "undo of the reversal of payment P1: 20.00");
    check("payment_reversed", "undone while it waited", "payment=P1", "undo of the reversal of payment P1");
    check("duplicate", "event_id", "event_id=E-1 source=bank", "event E-1, which was known");
    check("segment_changed", "attributes", "from=a to=b", "account");
    check("segment_changed", "policy", "from=a to=b", "");
    check("command_reported", "failed", "command_id=00", "report: failed");
}

#[test]
fn what_a_person_orders_is_told_with_who_ordered_it() {
    let promise = "hold=H1 kind=promise amount=50.00 until=2026-03-20 by=anna";
    check("hold_made", "promise", promise, "promise H1: 50.00, until 2026-03-20 (by anna)");
    let receipt = "hold=P1 kind=unconfirmed_payment amount=50.00";
    check("hold_made", "unconfirmed_payment", receipt, "payment P1: 50.00, not confirmed");
    check("hold_ended", "refused", receipt, "payment P1: 50.00, refused");
    check("hold_ended", "withdrawn", "hold=H1 by=anna", "dispute H1 withdrawn (by anna)");
    check("hold_ended", "expired", "hold=H1", "");
    for (reason, figures, expected) in [
        ("exempt", "by=anna", "exempt (by anna)"),
        ("exemption lifted", "by=anna", "no longer exempt (by anna)"),
        ("assign_plan", "by=anna plan=mild", "plan mild assigned (by anna)"),
        ("pause", "by=anna", "pause (by anna)"),
        ("pause", "by=anna until=2026-03-20T00:00:00Z", "pause until 2026-03-20T00:00:00Z (by anna)"),
        ("resume", "by=anna", "resume (by anna)"),
        ("jump", "by=anna stage=bar", "jump to bar (by anna)"),
        ("close", "by=anna", "close (by anna)"),
        ("rearm", "by=anna rule=low", "re-arm low (by anna)"),
        ("task_result", "by=anna queue=calls result=paid", "task calls: paid (by anna)"),
        ("take_task", "by=anna queue=calls", "task calls taken (by anna)"),
        ("put_back_task", "by=anna queue=calls", "task calls put back (by anna)"),
        ("do", "by=anna", "by hand (by anna)"),
        ("undo", "by=anna operation=bar", "undo of bar (by anna)"),
        ("assign_manager", "by=anna manager=olga", "manager olga (by anna)"),
        ("dispute upheld", "by=anna hold=H1", "dispute H1 upheld (by anna)"),
        ("release_held", "by=anna", "release of what is held (by anna)"),
    ] {
        check("control_applied", reason, figures, expected);
    }
    check("measure_dropped", "drop_held", "by=anna", "drop of what is held (by anna)");
}

#[test]
fn what_follows_from_something_else_is_no_event() {
    let told = [
        "alert",
        "alert_suppressed",
        "alert_stale",
        "recovered",
        "invoice_booked",
        "invoice_adjusted",
        "payment_booked",
        "payment_waiting",
        "payment_reversed",
        "duplicate",
        "hold_made",
        "hold_ended",
        "segment_changed",
        "control_applied",
        "command_reported",
    ];
    let figures = "plan=soft stage=bar template=low channel=sms queue=calls hold=H1 from=a to=b";
    for kind in RecordKind::ALL.iter().map(|kind| kind.as_str()).filter(|kind| !told.contains(kind)) {
        check(kind, "its time has come", figures, "");
    }
}

#[test]
fn a_record_that_lacks_a_figure_shows_nothing() {
    for kind in RecordKind::ALL.iter().filter(|kind| !matches!(kind, RecordKind::CommandReported)) {
        check(kind.as_str(), "usage", "", if *kind == RecordKind::ControlApplied { "usage" } else { "" });
    }
}
