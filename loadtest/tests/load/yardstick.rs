//! The policy of the comparison, held against what the schedule expects of every processor.

use super::core::Core;
use decision::Input;
use decision::command::{Action, Command, Origin};
use decision::time::Timestamp;
use loadtest::load::{Events, Expected, Profile, Schedule, Size};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

#[test]
fn the_policy_passes_its_own_tests_without_a_warning() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let loaded =
        policy::load(&folder.join("yardstick.policy.yaml")).unwrap_or_else(|report| panic!("{report:?}"));
    assert!(loaded.warnings.is_none(), "{:?}", loaded.warnings);
    let run = policy::tests::run(&folder.join("yardstick.tests.yaml"))
        .unwrap_or_else(|reports| panic!("{reports:?}"));
    let failures: Vec<_> = run.tests.iter().filter(|test| test.failure.is_some()).collect();
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(run.passed() >= 6);
}

/// What a command is, in the words of what is expected; a stage that a timer enters is expected of no event.
fn told(command: &Command) -> String {
    let account = command.account_id.to_string();
    match (&command.origin, &command.action) {
        (Origin::Threshold { rule }, Action::Message(message)) => {
            format!("{account} {rule} {}", message.lines.join(" "))
        }
        (_, Action::Message(message)) => format!("{account} {}", message.template),
        (_, Action::Provision(order)) => format!("{account} {}", order.operation),
        other => panic!("{other:?}"),
    }
}

fn expected(account: &str, expected: Expected) -> String {
    let what = match expected {
        Expected::LowBalance(_) => "low-balance",
        Expected::DataLow(_) => "data-low",
        Expected::DataExpires => "data-expires",
        Expected::Remind => "reminder",
        Expected::Unbar => "unbar_outgoing",
        Expected::Resume => "resume",
        Expected::Thanks => "thanks",
    };
    match expected {
        Expected::LowBalance(_) | Expected::DataLow(_) | Expected::DataExpires => {
            format!("{account} {what} {}", expected.line().unwrap_or(""))
        }
        Expected::Remind | Expected::Unbar | Expected::Resume | Expected::Thanks => {
            format!("{account} {what}")
        }
    }
}

/// Runs a profile for two virtual minutes; answers how many of each command came.
#[track_caller]
fn check(name: &str, rate: u32) -> BTreeMap<String, usize> {
    let profile = Profile::parse(name, Profile::shipped(name).unwrap()).unwrap();
    let accounts = NonZeroU32::new(12_000).unwrap();
    let mut schedule = Schedule::new(profile, Size { accounts, seed: 17 }).unwrap();
    let begin = Timestamp(1_790_000_000_000_000);
    let events = Events::new(begin).unwrap();
    let (mut core, mut wanted) = (Core::new(), Vec::new());
    let (fast, rate) = (NonZeroU32::new(10_000).unwrap(), NonZeroU32::new(rate).unwrap());
    let mut end = schedule.begin_preload(0, fast);
    for phase in 0..3 {
        match phase {
            0 => {}
            1 => end = schedule.begin_arming(end, fast, end + 30_000_000),
            _ => end = schedule.begin_step(end, rate, Duration::from_secs(120)).unwrap(),
        }
        for planned in schedule.by_ref() {
            let event = events.event(&planned);
            core.advance(event.occurred_at);
            let account = event.account_id.to_string();
            wanted.extend(planned.expectations().map(|one| (one.since_us, expected(&account, one.expected))));
            core.decide(&event.debtor().into(), &Input::Event(&event), event.occurred_at);
        }
    }
    // To the very end of the last slot: what is due there is due.
    core.advance(events.at(end));
    let (bar, suspend) = (" bar_outgoing", " suspend");
    let mut came: Vec<String> = core.commands.iter().map(told).collect();
    let mut counts = BTreeMap::new();
    for told in &came {
        *counts.entry(told.split(' ').nth(1).unwrap().to_owned()).or_default() += 1;
    }
    came.retain(|told| !told.ends_with(bar) && !told.ends_with(suspend));
    // Each account's own order matters, theirs among each other does not.
    let by_account = |told: &String| told.split(' ').next().map(str::to_owned);
    came.sort_by_key(by_account);
    wanted.sort_by_key(|(since, told)| (by_account(told), *since));
    let wanted: Vec<String> = wanted.into_iter().map(|(_, told)| told).collect();
    let first = came.iter().zip(&wanted).position(|(came, wanted)| came != wanted);
    let around = |of: &[String]| first.map(|at| of[at.saturating_sub(3)..(at + 3).min(of.len())].to_vec());
    assert_eq!(first, None, "{name}: came {:?}, wanted {:?}", around(&came), around(&wanted));
    assert_eq!(came.len(), wanted.len(), "{name}");
    // What comes twice is no rejection, and nothing else is wrong.
    assert_eq!(core.rejections, BTreeMap::new(), "{name}");
    counts
}

#[test]
fn what_the_schedule_expects_is_what_the_policy_decides() {
    for (name, rate) in
        [("mixed", 1_000), ("prepaid-rush", 2_000), ("payday", 400), ("month-end-invoicing", 400)]
    {
        let counts = check(name, rate);
        assert!(counts["low-balance"] > 100 && counts["data-low"] > 100, "{name}: {counts:?}");
        if name != "prepaid-rush" {
            for plan in ["reminder", "bar_outgoing", "suspend", "resume", "unbar_outgoing", "thanks"] {
                assert!(counts[plan] > 20, "{name}: {counts:?}");
            }
        }
    }
}

#[test]
fn timers_that_are_due_at_once_are_told_of_at_that_moment() {
    let counts = check("midnight-timers", 1_000);
    assert_eq!(counts["data-expires"], 9_600);
}
