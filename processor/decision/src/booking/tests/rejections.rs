//! What is declined, and what is known already.

use super::{check_known, check_rejected};
use crate::testing::*;

#[test]
fn amounts_that_cannot_be_booked_are_rejected() {
    for (amount, code) in [
        (0, "amount_not_positive"),
        (-1, "amount_not_positive"),
        (i64::MIN, "amount_not_positive"),
        (1_000_000_000_000_001, "amount_too_large"),
        (i64::MAX, "amount_too_large"),
    ] {
        check_rejected(vec![invoice("B1", amount, "2026-01-01")], code);
        check_rejected(vec![payment("P1", amount, &[])], code);
        check_rejected(vec![payment("P1", 5, &[]), reversal("P1", Some(amount))], code);
    }
    check_rejected(vec![adjustment("A1", "B1", 0)], "amount_not_positive");
    check_rejected(vec![adjustment("A1", "B1", i64::MIN)], "amount_too_large");
    check_rejected(vec![adjustment("A1", "B1", i64::MAX)], "amount_too_large");
}

#[test]
fn more_than_there_is_can_be_neither_credited_nor_reversed() {
    let b1 = || invoice("B1", 100, "2026-01-01");
    check_rejected(vec![b1(), adjustment("A1", "B1", -101)], "more_than_invoiced");
    check_rejected(
        vec![b1(), adjustment("A1", "B1", -60), adjustment("A2", "B1", -41)],
        "more_than_invoiced",
    );
    let p1 = || payment("P1", 100, &[]);
    check_rejected(vec![p1(), reversal("P1", Some(101))], "more_than_paid");
    check_rejected(vec![p1(), reversal("P1", Some(60)), reversal("P1", Some(41))], "more_than_paid");
    check_rejected(vec![p1(), reversal("P1", None), reversal("P1", None)], "more_than_paid");
    check_rejected(vec![p1(), reversal("P1", Some(60)), undo_reversal("P1", Some(61))], "unknown_reversal");
    check_rejected(vec![p1(), undo_reversal("P1", None)], "unknown_reversal");
    check_rejected(vec![undo_reversal("P1", None)], "unknown_payment");
    check_rejected(vec![b1(), undo_adjustment("A1", "B1")], "unknown_adjustment");
}

#[test]
fn an_id_that_is_booked_with_another_content_is_rejected() {
    let b1 = |amount| invoice("B1", amount, "2026-01-01");
    check_rejected(vec![b1(100), b1(101)], "invoice_differs");
    check_rejected(vec![b1(100), invoice("B1", 100, "2026-01-02")], "invoice_differs");
    let for_line = |invoice: &mut crate::event::InvoiceIssued| invoice.service = Some("a".into());
    check_rejected(vec![b1(100), invoice_with("B1", 100, "2026-01-01", for_line)], "invoice_differs");
    check_rejected(vec![payment("P1", 1, &[]), payment("P1", 2, &[])], "payment_differs");
    let a1 = |amount| adjustment("A1", "B1", amount);
    check_rejected(vec![b1(100), a1(-10), a1(-20)], "adjustment_differs");
    check_rejected(vec![a1(-10), a1(-20)], "adjustment_differs");
    check_rejected(vec![b1(100), a1(-10), adjustment("A1", "B2", -10)], "adjustment_differs");
}

#[test]
fn what_says_what_is_booked_already_is_known() {
    let b1 = || invoice("B1", 100, "2026-01-01");
    let by_receipt = |id: &str| payment_with(id, 10, &[], |payment| payment.receipt = Some("R1".into()));
    check_known(vec![b1(), b1()], "invoice");
    check_known(vec![payment("P1", 10, &[]), payment("P1", 10, &["B1"])], "payment");
    check_known(vec![by_receipt("P1"), by_receipt("P2")], "receipt");
    check_known(vec![b1(), adjustment("A1", "B1", -10), adjustment("A1", "B1", -10)], "adjustment");
    check_known(vec![adjustment("A1", "B1", -10), adjustment("A1", "B1", -10)], "adjustment");
    let undone = || undo_adjustment("A1", "B1");
    check_known(vec![b1(), adjustment("A1", "B1", -10), undone(), undone()], "adjustment undone");
    check_known(vec![b1(), adjustment("A1", "B1", -10), undone(), adjustment("A1", "B1", -10)], "adjustment");
}

#[test]
fn an_event_id_seen_again_changes_nothing_whether_it_was_accepted_or_rejected() {
    let mut life = Life::new(policy());
    let now = moment("2026-01-01");
    let mut take = |id: &str, body| {
        let event = event(id, now, body);
        life.take_event(&event, crate::Moment { now, horizon: now });
        (life.debt(), life.rejected)
    };
    assert_eq!(take("e", payment("P1", 10, &[])), ("credit 10".to_owned(), None));
    assert_eq!(take("e", payment("P2", 10, &[])), ("credit 10".to_owned(), None));
    assert_eq!(take("f", payment("P2", 0, &[])), ("credit 10".to_owned(), Some("amount_not_positive")));
    assert_eq!(take("f", payment("P2", 10, &[])), ("credit 10".to_owned(), None));
    assert_eq!(take("g", payment("P2", 10, &[])), ("credit 20".to_owned(), None));
}

#[test]
fn money_of_another_currency_is_rejected() {
    let euros = || currency("EUR");
    let b1 = || invoice("B1", 100, "2026-01-01");
    let in_euros = invoice_with("B2", 1, "2026-01-01", |invoice| invoice.currency = euros());
    check_rejected(vec![b1(), in_euros], "currency_differs");
    let paid = payment_with("P1", 1, &[], |payment| payment.currency = euros());
    check_rejected(vec![b1(), paid], "currency_differs");
    check_rejected(vec![b1(), account(|account| account.currency = Some(euros()))], "currency_differs");
    let mut life = Life::unknown(policy());
    life.at("2026-01-01", balance_with("main", 1, |change| change.currency = Some(euros())));
    life.at("2026-01-02", b1());
    assert_eq!(life.rejected, Some("currency_differs"), "the first money was a balance in euros");
}

#[test]
fn a_snapshot_without_what_the_policy_requires_is_rejected() {
    use crate::account::{AttributeKind, AttributeValue};
    let mut policy = policy();
    policy.attributes.push(crate::policy::AttributeRule {
        name: "contract".to_owned(),
        kind: AttributeKind::String,
        required: true,
        default: None,
    });
    let mut life = Life::unknown(policy);
    let mut check = |value: Option<AttributeValue>, code| {
        let attribute = value.map(|value| ("contract".to_owned(), value));
        life.at("2026-01-01", account(|account| account.attributes.extend(attribute)));
        assert_eq!(life.rejected, code);
    };
    check(None, Some("attribute_missing"));
    check(Some(AttributeValue::Long(7)), Some("attribute_type"));
    check(Some(AttributeValue::String("C-1".to_owned())), None);
}
