use super::super::samples::{self, PARTITIONS, batch, event, fired, payments, swept, took};
use super::*;

/// What is read, in this order.
enum Seen {
    /// A payment of this id and debtor, at this offset.
    Event(&'static str, &'static str, i64),
    Batch(i64, Vec<Step>),
}

/// Nothing lay before this offset when the tap began.
const START: i64 = 10;

fn causes(of: &[&str], seen: Vec<Seen>) -> Causes {
    let of = of.iter().map(|id| (*id).to_owned()).collect();
    let mut causes = Causes::new(PARTITIONS, of, HashMap::from([(payments(), START)]));
    seen.into_iter().for_each(|seen| see(&mut causes, seen));
    causes
}

fn see(causes: &mut Causes, seen: Seen) {
    match seen {
        Seen::Event(id, debtor, offset) => {
            let item = event(id, debtor, offset);
            let What::Event(_, event) = &item.what else { panic!("it is an event") };
            causes.see_event(&item.place, event);
            causes.read_to(&item.place.source, offset + 1);
        }
        Seen::Batch(now, steps) => causes.see_batch(batch(now, steps)),
    }
}

fn led(events: &[&str], due: &[i64]) -> Led {
    Led {
        events: events.iter().map(|id| (*id).to_owned()).collect(),
        due: due.iter().map(|due| Timestamp(*due)).collect(),
        ..Led::default()
    }
}

fn not_seen() -> Led {
    Led { may_be_others: true, ..Led::default() }
}

/// What led to a decision on A-1 in the batch of moment 100.
#[track_caller]
fn check(seen: Vec<Seen>, expected: Standing) {
    let mut causes = causes(&[], seen);
    assert_eq!(causes.standing(&samples::decision("A-1", 100, 1)), expected);
    // Asked again it says the same.
    assert_eq!(causes.standing(&samples::command(0, "A-1", 100)), expected);
}

#[test]
fn what_the_batch_took_of_the_debtor_led_to_what_was_decided_in_it() {
    use Seen::{Batch, Event};
    let taken = || Batch(100, vec![took(10, 12)]);
    check(
        vec![Event("E-1", "A-1", 10), Event("E-2", "A-2", 11), taken()],
        Standing::Known(led(&["E-1"], &[])),
    );
    // Whichever comes first.
    check(
        vec![taken(), Event("E-1", "A-1", 10), Event("E-2", "A-2", 11)],
        Standing::Known(led(&["E-1"], &[])),
    );
    check(vec![Event("E-1", "A-1", 10), taken()], Standing::Awaited);
    check(vec![Event("E-1", "A-1", 10), Event("E-2", "A-2", 11)], Standing::Awaited);
    // Of several each may have been it, and an event of the next batch none of them.
    check(
        vec![
            Event("E-1", "A-1", 10),
            Event("E-2", "A-1", 11),
            Event("E-3", "A-1", 12),
            taken(),
            Batch(101, vec![took(12, 13)]),
        ],
        Standing::Known(led(&["E-1", "E-2"], &[])),
    );
}

#[test]
fn a_timer_or_another_policy_leads_to_decisions_too() {
    use Seen::{Batch, Event};
    check(vec![Batch(100, vec![fired("A-1", 7), fired("A-2", 8)])], Standing::Known(led(&[], &[7])));
    check(
        vec![Event("E-1", "A-1", 10), Batch(100, vec![took(10, 11), fired("A-1", 7)])],
        Standing::Known(led(&["E-1"], &[7])),
    );
    let renewed = Led { new_policy: true, ..Led::default() };
    assert!(renewed.is_certain() && !led(&["E-1"], &[7]).is_certain());
    check(vec![Batch(100, vec![swept("A-1"), swept("A-2")])], Standing::Known(renewed));
}

#[test]
fn what_was_not_seen_is_said_and_not_waited_for() {
    use Seen::{Batch, Event};
    // Its batch lies before the tap began.
    check(vec![Batch(101, vec![])], Standing::Known(not_seen()));
    // Its events do; or some of them.
    check(vec![Batch(100, vec![took(8, 10)])], Standing::Known(not_seen()));
    let some = Led { may_be_others: true, ..led(&["E-1"], &[]) };
    check(vec![Event("E-1", "A-1", 10), Batch(100, vec![took(8, 11)])], Standing::Known(some));
    // The batch took nothing of this debtor that can be told.
    check(vec![Event("E-2", "A-2", 10), Batch(100, vec![took(10, 11)])], Standing::Known(not_seen()));
}

#[test]
fn a_reject_names_its_event_and_waits_until_it_was_read() {
    let mut causes = causes(&[], vec![]);
    let known = Standing::Known(led(&["E-bad"], &[]));
    assert_eq!(causes.standing(&samples::reject("A-1", 100, 12)), Standing::Awaited);
    assert_eq!(causes.standing(&samples::reject("A-1", 100, 9)), known, "it lies before the tap began");
    see(&mut causes, Seen::Event("E-bad", "A-1", 12));
    assert_eq!(causes.standing(&samples::reject("A-1", 100, 12)), known);
}

#[test]
fn an_event_and_what_cannot_be_read_wait_for_nothing() {
    assert_eq!(causes(&[], vec![]).standing(&event("E-1", "A-1", 10)), Standing::First);
}

#[test]
fn of_others_than_the_wanted_nothing_is_remembered_but_of_their_debtors() {
    use Seen::{Batch, Event};
    let seen = || {
        vec![
            Event("E-1", "A-1", 10),
            Event("E-2", "A-2", 11),
            Batch(100, vec![took(10, 12), fired("A-2", 7)]),
        ]
    };
    let known = |of: &[&str], debtor| causes(of, seen()).known(&samples::decision(debtor, 100, 1));
    assert_eq!(known(&["A-1"], "A-1"), Some(led(&["E-1"], &[])));
    assert_eq!(known(&["A-1"], "A-2"), Some(not_seen()));
    assert_eq!(known(&["A-2"], "A-2"), Some(led(&["E-2"], &[7])));
    // A-9 pays for A-1, which is all that is asked for.
    let mut causes = causes(&["A-1"], vec![]);
    let mut paid = event("E-0", "A-1", 10);
    let What::Event(_, of_other) = &mut paid.what else { panic!("it is an event") };
    of_other.debtor_id = Some("A-9".into());
    causes.see_event(&paid.place.clone(), of_other);
    see(&mut causes, Event("E-1", "A-9", 11));
    see(&mut causes, Batch(100, vec![took(10, 12)]));
    assert_eq!(causes.known(&samples::decision("A-9", 100, 1)), Some(led(&["E-0", "E-1"], &[])));
}

#[test]
fn the_oldest_is_forgotten_once_there_is_too_much() {
    let mut causes = causes(&[], vec![]);
    (causes.most, causes.most_inputs) = (2, 5);
    for (id, offset) in [("E-1", 10), ("E-2", 11), ("E-3", 12)] {
        see(&mut causes, Seen::Event(id, "A-1", offset));
    }
    see(&mut causes, Seen::Batch(100, vec![took(10, 12)]));
    see(&mut causes, Seen::Batch(101, vec![took(12, 13)]));
    let partly = Led { may_be_others: true, ..led(&["E-2"], &[]) };
    assert_eq!(causes.known(&samples::decision("A-1", 100, 1)), Some(partly));
    assert_eq!(causes.known(&samples::decision("A-1", 101, 2)), Some(led(&["E-3"], &[])));
    see(&mut causes, Seen::Batch(102, vec![]));
    assert_eq!(causes.known(&samples::decision("A-1", 100, 1)), Some(not_seen()));
    assert_eq!((causes.batches.len(), causes.by_age.len()), (2, 2));
}
