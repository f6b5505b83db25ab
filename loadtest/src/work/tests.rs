//! Lives of one account, from what went in to what is said of what came out.

use super::{Asked, Event, Fault, Ids, Inputs, Left, Made, Outputs, SECOND, Told, What};
use crate::load::Work;
use schemas::OutputTopic;
use std::cell::Cell;

const AT: i64 = 1_000 * SECOND;

fn event(id: &'static str, at_s: i64, what: What<'static>) -> Event<'static> {
    Event { id, account: "A", at: AT + at_s * SECOND, what }
}

fn invoice(at_s: i64, cents: i64) -> Event<'static> {
    event("i", at_s, What::Invoice { cents, due: "2026-03-05".to_owned() })
}

fn payment(id: &'static str, at_s: i64, cents: i64) -> Event<'static> {
    event(id, at_s, What::Payment { id, cents })
}

fn money(id: &'static str, at_s: i64, value: i64) -> Event<'static> {
    event(id, at_s, What::Balance { name: "main", value, limit: None, version: None, valid_until: None })
}

/// Something that comes so late that the inputs do not end before.
fn until(at_s: i64) -> Event<'static> {
    event("end", at_s, What::Nothing)
}

thread_local! {
    static NEXT: Cell<u128> = const { Cell::new(1) };
}

fn message(at_s: i64, made: Made<'static>, template: &'static str, text: &'static str) -> Told<'static> {
    let class = if template == "reminder" { "statutory" } else { "service" };
    let asked = Asked::Message {
        template: template.into(),
        channel: "sms".into(),
        class,
        language: "en".into(),
        address: Some("+1".into()),
        text: text.into(),
        lines: Vec::new(),
    };
    told(at_s, made, asked)
}

fn told(at_s: i64, made: Made<'static>, asked: Asked<'static>) -> Told<'static> {
    let requested_at = AT + at_s * SECOND;
    let id = NEXT.replace(NEXT.get() + 1);
    Told {
        id,
        account: "A".into(),
        debtor: "A".into(),
        requested_at,
        policy: "yardstick".into(),
        made,
        asked,
    }
}

fn cycle(cycle: u64, stage: Option<&'static str>) -> Made<'static> {
    Made::Plan { class: "all".into(), plan: "seconds".into(), cycle, stage: stage.map(Into::into) }
}

fn remind(at_s: i64) -> Told<'static> {
    message(at_s, cycle(1, Some("remind")), "reminder", "You owe 20.00 EUR since 2026-03-05.")
}

fn thanks(at_s: i64) -> Told<'static> {
    message(at_s, cycle(1, None), "thanks", "Thank you for your payment.")
}

fn order(at_s: i64, stage: Option<&'static str>, operation: &'static str) -> Told<'static> {
    let is_undo = operation == "unbar_outgoing" || operation == "resume";
    let asked = Asked::Order { operation: operation.into(), is_undo, services: vec!["S".into()] };
    told(at_s, cycle(1, stage), asked)
}

fn bar(at_s: i64) -> Told<'static> {
    order(at_s, Some("bar"), "bar_outgoing")
}

fn suspend(at_s: i64) -> Told<'static> {
    order(at_s, Some("suspend"), "suspend")
}

fn alert(at_s: i64, line: &'static str, text: &'static str) -> Told<'static> {
    let mut told = message(at_s, Made::Rule("low-balance".into()), "low-balance", text);
    if let Asked::Message { lines, .. } = &mut told.asked {
        lines.push(line.into());
    }
    told
}

/// What is found, and what is left open: stages, cycles, at the end.
#[track_caller]
fn check(events: &[Event<'_>], commands: &[Told<'_>], expected: &[Fault], open: (u64, u64, u64)) {
    let mut inputs = Inputs::new(3, Work::Whole);
    let account = What::Account { address: Some("+1"), services: vec!["S"] };
    inputs.take(0, &event("s", -9, account));
    // Topic by topic, as they are read.
    for payments in [false, true] {
        for (offset, event) in (0..).zip(events) {
            if matches!(event.what, What::Payment { .. } | What::Reversal { .. }) == payments {
                inputs.take(offset, event);
            }
        }
    }
    let (mut outputs, mut ids) = (inputs.close(), Ids::default());
    for topic in Outputs::TOPICS {
        for (offset, told) in (0..).zip(commands) {
            let is_order = matches!(told.asked, Asked::Order { .. });
            if is_order == (topic == OutputTopic::Provisioning) {
                outputs.take(&mut ids, topic, offset, Some(b"A"), told);
            }
        }
    }
    let judged = outputs.close();
    let found: Vec<Fault> = judged.findings.iter().map(|finding| finding.fault).collect();
    assert_eq!(found, expected, "{:?}", judged.findings);
    assert!(judged.findings.iter().all(|finding| finding.account == "A" && finding.partition == 3));
    let (stages, cycles, at_the_end) = open;
    assert_eq!(judged.left_open, Left { stages, cycles, at_the_end, snapshots: 0 });
}

const NONE: (u64, u64, u64) = (0, 0, 0);

#[test]
fn a_whole_life_of_a_debt_is_right_and_names_the_stage_it_undoes_or_none() {
    let events = [invoice(0, 2_000), payment("p", 70, 2_000), until(100)];
    for stages in [[None, None], [Some("suspend"), Some("bar")]] {
        let undone = [order(70, stages[0], "resume"), order(70, stages[1], "unbar_outgoing")];
        let done = [remind(0), bar(20), suspend(60), thanks(70)];
        check(&events, &[&done[..], &undone[..]].concat(), &[], NONE);
    }
    let undone = [order(70, Some("bar"), "resume"), order(70, None, "unbar_outgoing")];
    let done = [remind(0), bar(20), suspend(60), thanks(70)];
    check(&events, &[&done[..], &undone[..]].concat(), &[Fault::WrongField, Fault::Missing], NONE);
}

#[test]
fn a_stage_comes_where_its_moment_is_before_the_payment_and_only_there() {
    let paid = |at| [invoice(0, 2_000), payment("p", at, 2_000), until(100)];
    check(&paid(17), &[remind(0), thanks(17)], &[], NONE);
    check(&paid(17), &[remind(0), bar(20), thanks(17)], &[Fault::NotAskedFor, Fault::Missing], NONE);
    check(&paid(23), &[remind(0), thanks(23)], &[Fault::Missing], NONE);
    let unbar = |at| order(at, None, "unbar_outgoing");
    check(&paid(23), &[remind(0), bar(20), unbar(23), thanks(23)], &[], NONE);
    check(&paid(23), &[remind(0), bar(20), thanks(23)], &[Fault::Missing], NONE);
    check(&paid(23), &[remind(0), bar(20), unbar(23)], &[Fault::Missing], NONE);
    check(&paid(23), &[bar(20), unbar(23), thanks(23)], &[Fault::Missing], NONE);
}

#[test]
fn a_stage_near_a_payment_may_come_or_not_and_what_came_is_undone() {
    let paid = |at| [invoice(0, 2_000), payment("p", at, 2_000), until(100)];
    let unbar = order(22, None, "unbar_outgoing");
    check(&paid(22), &[remind(0), thanks(22)], &[], (1, 0, 0));
    check(&paid(22), &[remind(0), bar(20), unbar.clone(), thanks(22)], &[], (1, 0, 0));
    check(&paid(22), &[remind(0), bar(20), thanks(22)], &[Fault::Missing], (1, 0, 0));
    check(&paid(22), &[remind(0), unbar, thanks(22)], &[Fault::NotAskedFor], (1, 0, 0));
    // A lag of eight seconds: 15 is near 20 then, and 11 near 19.
    let late = [remind(8), bar(28), order(28, None, "unbar_outgoing"), thanks(28)];
    check(&[invoice(0, 2_000), payment("p", 26, 2_000), until(100)], &late, &[], (1, 0, 0));
}

#[test]
fn a_stage_comes_no_sooner_than_its_gap_after_the_one_before() {
    let events = [invoice(0, 2_000), until(100)];
    check(&events, &[remind(0), bar(19), suspend(60)], &[Fault::TooEarly], NONE);
    check(&events, &[remind(0), bar(20), suspend(59)], &[Fault::TooEarly], NONE);
    // Late is not wrong: how late is measured elsewhere.
    check(&events, &[remind(1), bar(23), suspend(64)], &[], NONE);
}

#[test]
fn what_is_due_as_the_inputs_end_may_have_come_or_not() {
    let events = |end| [invoice(0, 2_000), until(end)];
    check(&events(23), &[remind(0)], &[Fault::Missing], NONE);
    check(&events(21), &[remind(0)], &[], NONE);
    check(&events(21), &[remind(0), bar(20)], &[], (0, 0, 1));
    check(&events(63), &[remind(0), bar(20)], &[Fault::Missing], NONE);
    // It is not paid: nothing is undone.
    check(&events(21), &[remind(0), thanks(5)], &[Fault::NotAskedFor], NONE);
}

#[test]
fn a_payment_within_the_lag_of_its_invoice_may_have_been_taken_before_it() {
    // Paid two seconds after: then no cycle need have been opened, but one that was is whole.
    let events = [invoice(0, 2_000), payment("p", 2, 2_000), until(100)];
    check(&events, &[], &[], (0, 1, 0));
    check(&events, &[remind(0), thanks(2)], &[], NONE);
    check(
        &[invoice(0, 2_000), payment("p", 4, 2_000), until(100)],
        &[],
        &[Fault::Missing, Fault::Missing],
        NONE,
    );
}

#[test]
fn a_debt_that_opened_no_cycle_leaves_its_number_to_the_next() {
    let second = Event { id: "i2", ..invoice(50, 900) };
    let events = [invoice(0, 2_000), payment("p", 2, 2_000), second, payment("q", 59, 900), until(100)];
    let told = message(50, cycle(1, Some("remind")), "reminder", "You owe 9.00 EUR since 2026-03-05.");
    let done = |at| message(at, cycle(1, None), "thanks", "Thank you for your payment.");
    check(&events, &[told.clone(), done(59)], &[], (0, 1, 0));
    // Where the first was paid too late for that, its cycle is missing.
    let events = [&events[..1], &[payment("p", 9, 2_000)], &events[2..]].concat();
    check(&events, &[told, done(59)], &[Fault::Missing], NONE);
}

#[test]
fn a_reminder_tells_the_debt_and_a_cycle_that_there_is_not_is_told_of() {
    let events = [invoice(0, 2_100), payment("p", 9, 2_100), until(100)];
    check(&events, &[remind(0), thanks(9)], &[Fault::WrongField], NONE);
    let events = [invoice(0, 2_000), payment("p", 9, 2_000), until(100)];
    let second = message(9, cycle(2, None), "thanks", "Thank you for your payment.");
    check(&events, &[remind(0), thanks(9), second], &[Fault::NotAskedFor], NONE);
}

#[test]
fn a_payment_of_a_part_changes_nothing_and_one_that_bounces_opens_another_cycle() {
    let back = event("r", 40, What::Reversal { payment: "q" });
    let events = [invoice(0, 2_000), payment("p", 9, 800), payment("q", 30, 1_200), back, until(55)];
    let again = message(40, cycle(2, Some("remind")), "reminder", "You owe 12.00 EUR since 2026-03-05.");
    let commands = [remind(0), thanks(30), again, bar(20), order(30, None, "unbar_outgoing")];
    check(&events, &commands, &[], NONE);
    check(&events, &[&commands[..2], &commands[3..]].concat(), &[Fault::Missing], NONE);
}

#[test]
fn an_event_that_comes_again_changes_nothing() {
    let moves = [money("a", 0, 900), money("b", 1, 400), money("c", 2, 900), money("b", 3, 400), until(9)];
    check(&moves, &[alert(1, "5.00", "Your balance is 4.00 EUR.")], &[], NONE);
    let twice =
        [alert(1, "5.00", "Your balance is 4.00 EUR."), alert(3, "5.00", "Your balance is 4.00 EUR.")];
    check(&moves, &twice, &[Fault::Twice], NONE);
}

#[test]
fn every_field_that_is_compared_is() {
    let moves = [money("a", 0, 900), money("b", 1, 400), until(9)];
    let right = || alert(1, "5.00", "Your balance is 4.00 EUR.");
    check(&moves, &[right()], &[], NONE);
    let spoilt: [fn(&mut Told<'_>); 2] =
        [|told| told.debtor = "B".into(), |told| told.policy = "other".into()];
    for spoil in spoilt {
        let mut told = right();
        spoil(&mut told);
        check(&moves, &[told], &[Fault::WrongField], NONE);
    }
    // Without its rule it is no alert, and its template is that of none.
    let told = Told { made: Made::Other, ..right() };
    check(&moves, &[told], &[Fault::WrongField, Fault::NotAskedFor, Fault::Missing], NONE);
    let fields: [fn(&mut Asked<'_>); 5] = [
        |asked| {
            if let Asked::Message { template, .. } = asked {
                *template = "thanks".into()
            }
        },
        |asked| {
            if let Asked::Message { channel, .. } = asked {
                *channel = "email".into()
            }
        },
        |asked| {
            if let Asked::Message { class, .. } = asked {
                *class = "reminder"
            }
        },
        |asked| {
            if let Asked::Message { language, .. } = asked {
                *language = "uz".into()
            }
        },
        |asked| {
            if let Asked::Message { address, .. } = asked {
                *address = Some("+2".into())
            }
        },
    ];
    for spoil in fields {
        let mut told = right();
        spoil(&mut told.asked);
        check(&moves, &[told], &[Fault::WrongField], NONE);
    }
    let spoilt: [fn(&mut Told<'_>); 2] = [
        |told| {
            if let Made::Plan { class, .. } = &mut told.made {
                *class = "service:1".into()
            }
        },
        |told| {
            if let Made::Plan { plan, .. } = &mut told.made {
                *plan = "days".into()
            }
        },
    ];
    for spoil in spoilt {
        let mut told = remind(0);
        spoil(&mut told);
        check(&[invoice(0, 2_000), until(9)], &[told], &[Fault::WrongField], NONE);
    }
}
