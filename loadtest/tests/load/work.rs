//! The model of the work, held against what the decision core makes of a generated load, and against that with
//! one thing wrong in it.

use super::core::Core;
use decision::command::{Action, Command, Origin};
use decision::event::Body;
use decision::time::Timestamp;
use decision::{Event, Input};
use loadtest::load::{Events, Profile, Schedule, Size, Work};
use loadtest::work::{self, Fault, Ids, Inputs, Judged, Outputs, Told};
use schemas::{InputTopic, OutputTopic};
use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::time::Duration;

const SECOND: i64 = 1_000_000;

fn topic(event: &Event) -> InputTopic {
    match event.body {
        Body::Account(_) => InputTopic::Accounts,
        Body::Balance(_) => InputTopic::Balances,
        Body::Invoice(_) => InputTopic::Invoices,
        Body::Payment(_) => InputTopic::Payments,
        Body::Reversal(_) => InputTopic::Reversals,
        Body::Adjustment(_) | Body::Control(_) | Body::Report(_) => panic!("{event:?}"),
    }
}

/// All that a profile sends in some minutes, in order, and until when.
fn sent(name: &str, rate: u32, seed: u64) -> (Vec<Event>, Timestamp) {
    let profile = Profile::parse(name, Profile::shipped(name).unwrap()).unwrap();
    let accounts = NonZeroU32::new(12_000).unwrap();
    let mut schedule = Schedule::new(profile, Size { accounts, seed }).unwrap();
    let events = Events::new(Timestamp(1_790_000_000_000_000)).unwrap();
    let (fast, rate) = (NonZeroU32::new(10_000).unwrap(), NonZeroU32::new(rate).unwrap());
    let (mut all, mut end) = (Vec::new(), schedule.begin_preload(0, fast));
    for phase in 0..3 {
        match phase {
            0 => {}
            1 => end = schedule.begin_arming(end, fast, end + 30_000_000),
            _ => end = schedule.begin_step(end, rate, Duration::from_secs(110)).unwrap(),
        }
        all.extend(schedule.by_ref().map(|planned| events.event(&planned)));
    }
    (all, events.at(end))
}

/// While a processor does nothing, in microseconds since the first event; in which order it then takes the topics.
#[derive(Clone, Copy)]
struct Pause {
    from: i64,
    to: i64,
    is_backwards: bool,
}

/// What the core makes of it. What comes within the pause is decided at its end, topic after topic.
fn decided(sent: &[Event], end: Timestamp, pause: Option<Pause>) -> Vec<Command> {
    let mut core = Core::new();
    let began = sent[0].occurred_at.0;
    let in_pause = |event: &Event| {
        let since = event.occurred_at.0 - began;
        pause.is_some_and(|pause| (pause.from..pause.to).contains(&since))
    };
    let before = |event: &&Event| pause.is_none_or(|pause| event.occurred_at.0 - began < pause.from);
    let take = |core: &mut Core, event: &Event, at: Timestamp| {
        core.advance(at);
        core.decide(&event.debtor().into(), &Input::Event(event), at);
    };
    for event in sent.iter().take_while(before) {
        take(&mut core, event, event.occurred_at);
    }
    let mut late: Vec<&Event> = sent.iter().filter(|event| in_pause(event)).collect();
    if pause.is_some_and(|pause| pause.is_backwards) {
        // The worst order there is: payments before their invoices.
        late.sort_by_key(|event| std::cmp::Reverse(topic(event)));
    } else {
        late.sort_by_key(|event| topic(event));
    }
    // Nobody fires timers in a pause: all that was due comes after what waited.
    let after = pause.map_or(0, |pause| began + pause.to);
    for event in late {
        core.decide(&event.debtor().into(), &Input::Event(event), Timestamp(after));
    }
    for event in sent.iter().filter(|event| !before(event) && !in_pause(event)) {
        take(&mut core, event, event.occurred_at);
    }
    core.advance(end);
    core.commands
}

/// What the model says of it.
fn judged(sent: &[Event], commands: &[Command]) -> Judged {
    let mut inputs = Inputs::new(0, Work::Whole);
    for wanted in Inputs::TOPICS {
        let of_topic = sent.iter().filter(|event| topic(event) == wanted);
        for (offset, event) in (0..).zip(of_topic) {
            inputs.take(offset, &work::Event::from(event));
        }
    }
    let (mut outputs, mut ids) = (inputs.close(), Ids::default());
    for wanted in Outputs::TOPICS {
        let of_topic = commands.iter().filter(|command| OutputTopic::of_command(command) == wanted);
        for (offset, command) in (0..).zip(of_topic) {
            let key = command.debtor_id.as_str().as_bytes();
            outputs.take(&mut ids, wanted, offset, Some(key), &Told::from(command));
        }
    }
    outputs.close()
}

#[track_caller]
fn check_well(judged: &Judged, name: &str) {
    let told: Vec<String> = judged.findings.iter().map(ToString::to_string).collect();
    assert_eq!(judged.found(), 0, "{name}: {judged:?}\n{}", told.join("\n"));
    assert_eq!(judged.right, judged.commands, "{name}");
}

#[test]
fn what_the_core_decides_of_a_load_is_what_the_model_demands() {
    for (name, rate) in [
        ("mixed", 1_000),
        ("prepaid-rush", 2_000),
        ("payday", 400),
        ("month-end-invoicing", 400),
        ("midnight-timers", 1_000),
    ] {
        let (sent, end) = sent(name, rate, 18);
        let judged = judged(&sent, &decided(&sent, end, None));
        check_well(&judged, name);
        assert!(judged.commands > 500 && judged.repeated > 20, "{name}: {judged:?}");
        // Without any lag nothing is uncertain but what is due as the events end.
        assert_eq!((judged.left_open.stages, judged.left_open.cycles), (0, 0), "{name}: {judged:?}");
    }
}

#[test]
fn what_a_long_lag_leaves_open_is_let_pass_and_counted() {
    let (sent, end) = sent("payday", 400, 3);
    for (length, is_backwards) in [(8, false), (30, true)] {
        let pause = Pause { from: 50 * SECOND, to: (50 + length) * SECOND, is_backwards };
        let judged = judged(&sent, &decided(&sent, end, Some(pause)));
        check_well(&judged, &format!("{length} s, backwards {is_backwards}"));
        assert!(judged.left_open.stages > 100, "{judged:?}");
        assert!(!is_backwards || judged.left_open.cycles > 5, "{judged:?}");
        assert!(judged.longest_lag_us > (length - 1) * SECOND, "{judged:?}");
    }
}

/// What a command is, so that each kind is spoilt.
fn kind(command: &Command) -> String {
    match (&command.origin, &command.action) {
        (Origin::Threshold { rule }, _) => rule.to_string(),
        (_, Action::Message(message)) => message.template.to_string(),
        (_, Action::Provision(order)) => order.operation.to_string(),
        other => panic!("{other:?}"),
    }
}

const KINDS: [&str; 8] =
    ["low-balance", "data-low", "reminder", "thanks", "bar_outgoing", "suspend", "resume", "unbar_outgoing"];

/// A load, and all that comes of it.
fn unspoilt() -> &'static (Vec<Event>, Vec<Command>) {
    static LOAD: OnceLock<(Vec<Event>, Vec<Command>)> = OnceLock::new();
    LOAD.get_or_init(|| {
        let (sent, end) = sent("mixed", 600, 5);
        let commands = decided(&sent, end, None);
        check_well(&judged(&sent, &commands), "unspoilt");
        (sent, commands)
    })
}

/// Spoils one command of each kind, and says what must be found of it, and nothing else.
#[track_caller]
fn check_each(spoil: impl Fn(&mut Vec<Command>, usize) -> Option<Fault>) {
    let (sent, commands) = unspoilt();
    for wanted in KINDS {
        // One in the middle, so that there are others before and after it.
        let places: Vec<usize> = (0..commands.len()).filter(|at| kind(&commands[*at]) == wanted).collect();
        let place = places[places.len() / 3];
        let account = commands[place].account_id.to_string();
        let mut spoilt = commands.clone();
        let Some(fault) = spoil(&mut spoilt, place) else { continue };
        let judged = judged(sent, &spoilt);
        let found: Vec<Fault> = judged.findings.iter().map(|finding| finding.fault).collect();
        assert_eq!(found, [fault], "{wanted}: {judged:?}");
        assert_eq!(judged.findings[0].account, account, "{wanted}");
        assert!(!judged.findings[0].about.is_empty(), "{wanted}");
    }
}

#[test]
fn a_command_that_is_left_out_is_missing() {
    check_each(|commands, at| {
        commands.remove(at);
        Some(Fault::Missing)
    });
}

#[test]
fn a_command_that_comes_again_is_told_by_its_id_and_by_what_it_says() {
    check_each(|commands, at| {
        commands.insert(at + 1, commands[at].clone());
        Some(Fault::SameId)
    });
    check_each(|commands, at| {
        let again = Command { id: decision::ids::CommandId::of(&["another"], &[]), ..commands[at].clone() };
        commands.insert(at + 1, again);
        Some(Fault::Twice)
    });
}

#[test]
fn a_text_or_an_operation_or_a_receiver_that_is_wrong_is_found() {
    check_each(|commands, at| {
        if let Action::Message(message) = &mut commands[at].action {
            message.text.push('!');
        } else if let Action::Provision(order) = &mut commands[at].action {
            order.services.clear();
        }
        Some(Fault::WrongField)
    });
    check_each(|commands, at| {
        // An order has none.
        let Action::Message(message) = &mut commands[at].action else { return None };
        message.address = None;
        Some(Fault::WrongField)
    });
}

#[test]
fn commands_of_another_account_are_found() {
    let (sent, mut commands) = (&unspoilt().0, unspoilt().1.clone());
    let place = commands.iter().position(|command| kind(command) == "low-balance").unwrap();
    commands[place].account_id = "A-99999999".into();
    commands[place].debtor_id = "A-99999999".into();
    let judged = judged(sent, &commands);
    let found: Vec<Fault> = judged.findings.iter().map(|finding| finding.fault).collect();
    assert_eq!(found, [Fault::NotAskedFor, Fault::Missing], "{judged:?}");
}

#[test]
fn commands_that_change_places_are_out_of_order() {
    check_each(|commands, at| {
        // The next of its account in the same sequence.
        let (account, wanted) = (commands[at].account_id.clone(), kind(&commands[at]));
        let topic = OutputTopic::of_command(&commands[at]);
        let is_alert = wanted == "low-balance" || wanted == "data-low";
        let next = (at + 1..commands.len()).find(|other| {
            let other = &commands[*other];
            let is_plan = matches!(other.origin, Origin::Cycle { .. });
            other.account_id == account
                && OutputTopic::of_command(other) == topic
                && if is_alert { kind(other) == wanted } else { is_plan }
        })?;
        commands.swap(at, next);
        // A suspension before its bar would be too early as well.
        (wanted != "bar_outgoing").then_some(Fault::OutOfOrder)
    });
}

/// What this process takes of memory, in MiB.
fn memory_mib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
}

#[test]
#[ignore = "measures: --ignored --nocapture, alone"]
fn a_partition_of_many_accounts_and_events_takes_little_memory() {
    let profile = Profile::parse("mixed", Profile::shipped("mixed").unwrap()).unwrap();
    let (accounts, fast) = (NonZeroU32::new(1_700_000).unwrap(), NonZeroU32::new(50_000).unwrap());
    let mut schedule = Schedule::new(profile, Size { accounts, seed: 1 }).unwrap();
    let events = Events::new(Timestamp(1_790_000_000_000_000)).unwrap();
    let (before, began) = (memory_mib("VmRSS"), std::time::Instant::now());
    let mut inputs = Inputs::new(0, Work::Whole);
    let (mut end, mut count) = (schedule.begin_preload(0, fast), 0);
    for phase in 0..2 {
        if phase == 1 {
            end = schedule.begin_step(end, fast, Duration::from_secs(66)).unwrap();
        }
        for planned in schedule.by_ref() {
            inputs.take(count, &work::Event::from(&events.event(&planned)));
            count += 1;
        }
    }
    let taken = memory_mib("VmHWM") - before;
    let judged = inputs.close().close();
    let whole = memory_mib("VmHWM") - before;
    println!(
        "{count} events of {accounts} accounts, to {end} µs: {taken} MiB, at the end {whole} MiB, {:?}",
        began.elapsed()
    );
    assert_eq!(judged.events, count.unsigned_abs());
    assert!(whole < 1_500, "{whole} MiB");
}
