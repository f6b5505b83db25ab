use super::super::item::{Place, Topic};
use super::super::samples;
use super::*;
use schemas::InputTopic;

/// The line of an item, by no policy, led to by these.
#[track_caller]
fn check(item: Item, led: Option<Led>, expected: &str) {
    assert_eq!(Words::new(None).line(&Told { item, led }), expected);
}

fn by(events: &[&str]) -> Led {
    Led { events: events.iter().map(|id| (*id).to_owned()).collect(), ..Led::default() }
}

#[test]
fn each_item_is_one_line_with_what_led_to_it() {
    check(
        samples::event("E-1", "A-1", 1_000_000),
        None,
        "1970-01-01T00:00:01.000Z  event       A-1         payment P1: 115000.00, not confirmed  [E-1]",
    );
    check(
        samples::decision("A-1", 1_234_000, 1),
        Some(by(&["E-1"])),
        "1970-01-01T00:00:01.234Z    decision  A-1         stage entered: 15 days past due (real debt 120000.00, stage bar)  ← E-1",
    );
    check(
        samples::command(1, "A-1", 0),
        Some(Led { due: vec![Timestamp(0)], ..Led::default() }),
        "1970-01-01T00:00:00.000Z    command   A-1         provisioning: bar_outgoing, again  ← due 1970-01-01T00:00:00.000Z",
    );
    check(
        samples::reject("A-1", 0, 12),
        Some(by(&["E-bad"])),
        "1970-01-01T00:00:00.000Z    reject    A-1         amount_not_positive: the amount must be above zero  ← E-bad at weir.payments/0 offset 12",
    );
}

#[test]
fn what_cannot_be_read_has_its_place_and_gives_no_orders_to_the_terminal() {
    let unreadable = Unreadable {
        topic: Topic::In(InputTopic::Payments),
        problem: "it is\nno \u{1b}[31mrecord".to_owned(),
        key: Some("A-1".to_owned()),
    };
    let place = Place { source: samples::payments(), offset: 17 };
    let item = Item { place, logged_at: Timestamp(0), what: What::Unreadable(unreadable) };
    check(
        item,
        None,
        "1970-01-01T00:00:00.000Z  unreadable  A-1         it is\u{fffd}no \u{fffd}[31mrecord  at weir.payments/0 offset 17",
    );
}

#[test]
fn who_pays_is_named_where_that_is_another() {
    let mut item = samples::decision("A-1", 0, 1);
    let What::Decision(line) = &mut item.what else { panic!("it is a decision") };
    line.debtor_id = "D-9".to_owned();
    assert_eq!(whose(&item), "A-1 (debtor D-9)");
}

#[test]
fn where_it_is_not_known_which_one_it_was_all_are_named() {
    let check = |causes: Led, expected: &str| assert_eq!(led(Some(&causes)), format!("  ← {expected}"));
    let unsure = |events: &[&str]| Led { may_be_others: true, ..by(events) };
    check(by(&["E-1", "E-2"]), "one of E-1, E-2");
    check(unsure(&["E-1"]), "one of E-1, what was not seen");
    check(unsure(&[]), "not seen");
    check(Led { new_policy: true, ..Led::default() }, "another version of the policy");
    check(by(&["1", "2", "3", "4", "5", "6", "7"]), "one of 1, 2, 3, 4, 5, 2 more");
}
