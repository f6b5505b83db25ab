use super::super::samples::{self, PARTITIONS, batch, payments, took};
use super::*;
use std::collections::HashMap;

fn causes() -> Causes {
    Causes::new(PARTITIONS, BTreeSet::new(), HashMap::from([(payments(), 0)]))
}

fn see_event(causes: &mut Causes, item: &Item) {
    let What::Event(_, event) = &item.what else { panic!("it is an event") };
    causes.see_event(&item.place, event);
    causes.read_to(&item.place.source, item.place.offset + 1);
}

fn live() -> Order {
    let mut order = Order::new();
    order.is_caught_up();
    order
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What each item is, whose, and of which moment.
fn named(told: &[Told]) -> Vec<String> {
    let name = |told: &Told| {
        let what = match &told.item.what {
            What::Event(..) => "event",
            What::Decision(_) => "decision",
            What::Command(..) => "command",
            What::Reject(_) => "reject",
            What::Unreadable(_) => "unreadable",
        };
        format!("{what} {} {}", told.item.debtor().unwrap(), told.item.logged_at.0)
    };
    told.iter().map(name).collect()
}

#[test]
fn an_event_is_told_at_once_and_what_it_led_to_once_that_is_known() {
    let (mut order, mut causes) = (live(), causes());
    // What was decided comes first.
    order.take(samples::command(0, "A-1", 100), millis(0));
    order.take(samples::decision("A-1", 100, 1), millis(1));
    assert!(order.release(&mut causes, millis(150)).is_empty(), "the rest may still come");
    assert!(order.release(&mut causes, millis(500)).is_empty(), "what led to it may still come");
    let event = samples::event("E-1", "A-1", 5);
    see_event(&mut causes, &event);
    order.take(event, millis(600));
    assert_eq!(named(&order.release(&mut causes, millis(600))), ["event A-1 5"]);
    causes.see_batch(batch(100, vec![took(5, 6)]));
    let told = order.release(&mut causes, millis(700));
    assert_eq!(named(&told), ["decision A-1 100", "command A-1 100"]);
    assert!(told.iter().all(|told| told.led.as_ref().unwrap().events == ["E-1"]));
}

#[test]
fn nothing_waits_for_ever_and_nobody_for_others() {
    let (mut order, mut causes) = (live(), causes());
    order.take(samples::decision("A-1", 100, 1), millis(0));
    causes.see_batch(batch(50, vec![samples::fired("A-2", 49), samples::fired("A-1", 49)]));
    order.take(samples::decision("A-2", 50, 1), millis(100));
    // Known, but of one who still has something that waits.
    order.take(samples::decision("A-1", 50, 2), millis(100));
    let mut later = samples::decision("A-1", 50, 3);
    later.logged_at = Timestamp(200);
    order.take(later, millis(100));
    assert_eq!(named(&order.release(&mut causes, millis(400))), ["decision A-2 50", "decision A-1 50"]);
    let told = order.release(&mut causes, millis(2_000));
    assert_eq!(named(&told), ["decision A-1 100", "decision A-1 200"], "the first one's time is over");
    assert!(told[0].led.as_ref().unwrap().may_be_others);
}

#[test]
fn what_lies_in_the_log_already_is_told_by_its_time_there() {
    let (mut order, mut causes) = (Order::new(), causes());
    order.take(samples::decision("A-1", 100, 2), millis(0));
    order.take(samples::decision("A-1", 100, 1), millis(0));
    order.take(samples::reject("A-1", 100, 0), millis(0));
    order.take(samples::command(0, "A-1", 100), millis(0));
    let event = samples::event("E-1", "A-1", 100);
    see_event(&mut causes, &event);
    order.take(event, millis(0));
    order.take(samples::event("E-0", "A-2", 7), millis(0));
    assert!(order.release(&mut causes, millis(60_000)).is_empty(), "earlier ones may still come");
    causes.see_batch(batch(100, vec![took(100, 101)]));
    order.is_caught_up();
    let told = order.release(&mut causes, millis(60_000));
    let all = [
        "event A-2 7",
        "event A-1 100",
        "decision A-1 100",
        "decision A-1 100",
        "command A-1 100",
        "reject A-1 100",
    ];
    assert_eq!(named(&told), all);
    assert_eq!(told[4].led.as_ref().unwrap().events, ["E-1"]);
}

#[test]
fn more_than_can_be_held_is_told_oldest_first() {
    let (mut order, mut causes) = (Order::new(), causes());
    order.most = 2;
    for offset in [3, 1, 4, 2] {
        order.take(samples::event("E", "A-1", offset), millis(0));
    }
    assert_eq!(named(&order.release(&mut causes, millis(0))), ["event A-1 1", "event A-1 2"]);
    assert_eq!(named(&order.release_all(&mut causes)), ["event A-1 3", "event A-1 4"]);
}
