//! What a seed is: how large the world, who lives in it, under which policy, and what goes wrong.

use crate::broker::TRANSACTION;
use crate::faults::Plan;
use crate::world::Making;
use decision::time::{Timestamp, Zone};
use decision::{Policies, Policy};
use engine::faults::{Faults, Mutation, Poison};
use loadtest::generate::{DEMO_POLICY, Operator, PerMille, Profile};
use state::Gathering;
use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A run before it begins.
pub(crate) struct Scenario {
    pub(crate) plan: Plan,
    pub(crate) making: Making,
    pub(crate) operator: Operator,
    pub(crate) processes: usize,
    pub(crate) days: u32,
    pub(crate) has_breaker: bool,
}

impl Scenario {
    pub(crate) fn of(seed: u64, mutation: Option<Mutation>) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        let partitions = NonZeroU32::new(dice.u32(1..=3)).unwrap_or(NonZeroU32::MIN);
        let processes = dice.usize(1..=3);
        let days = dice.u32(8..=20);
        let profile = profile(&mut dice, seed);
        let start = Zone::utc().start_of(profile.start);
        let (policies, has_breaker) = policies(&mut dice);
        let drafts = if seed % 5 == 2 { drafts(has_breaker) } else { Arc::default() };
        let poison = match seed % 10 {
            4 => Some(poison(start, 6)),
            // Until nothing but timers is left.
            9 => Some(poison(start, days + 15)),
            _ => None,
        };
        let settings = settings(&mut dice, Faults { mutation, poison, ..Faults::default() });
        let plan = Plan::of(&mut dice, days, partitions.get(), processes);
        let making = Making {
            seed: dice.u64(..),
            partitions,
            policies,
            drafts,
            settings,
            start,
            are_static: dice.bool(),
            are_split: dice.bool(),
            // From each batch by itself to more than a partition has.
            gathering: Gathering { entries: 1 << dice.u32(0..=8), bytes: usize::MAX },
            tells: false,
        };
        Self { plan, making, operator: Operator::new(profile), processes, days, has_breaker }
    }
}

/// Few subscribers, who owe much and use little: what is rare among many happens to each of them.
fn profile(dice: &mut fastrand::Rng, seed: u64) -> Profile {
    let mut profile = Profile::demo();
    profile.seed = seed;
    profile.subscribers = dice.u32(4..=9);
    profile.people.prepaid = PerMille::new(150);
    profile.usage.per_day_milli = 700;
    profile.usage.busiest_per_day = 4;
    profile.billing.every_days = dice.u16(5..=12);
    profile.billing.opening_debt = PerMille::new(700);
    profile.billing.opening_overdue_days = 1..=12;
    profile.paying.on_time = PerMille::new(300);
    profile.paying.late = PerMille::new(350);
    profile.trouble.repeated = PerMille::new(40);
    profile
}

/// What the core fails over, where it does, until it is mended after so many days.
fn poison(start: Timestamp, days: u32) -> Poison {
    Poison {
        event: "-poison",
        once: "-once",
        due: "3",
        bytes: "-unreadable",
        sealed: "-sealed",
        until: start.plus_micros(i64::from(days) * 86_400_000_000),
    }
}

/// Small sizes, so that batches fill, caches overflow and queues are paused in a short run.
fn settings(dice: &mut fastrand::Rng, faults: Faults) -> engine::Settings {
    engine::Settings {
        batch_inputs: dice.usize(1..=30),
        timers_per_batch: dice.usize(1..=8),
        swept_per_batch: dice.usize(1..=5),
        clock_lead: Duration::from_secs(60),
        queued_records: dice.usize(2..=60),
        poll_records: dice.usize(1..=20),
        cached_debtors: dice.usize(1..=12),
        commit_timeout: TRANSACTION.saturating_add(Duration::from_secs(5)),
        oldest_state: Duration::from_secs(12 * 3_600),
        faults,
        ..engine::Settings::default()
    }
}

/// What the demo's policy may say of commands besides.
const COMMANDS: [&str; 4] = [
    "",
    "commands:\n  provision: { report_within: 10m, retries: 2, then: { task: { queue: failed } } }\n",
    "commands:\n  rates: { sms: 2/s, email: 1/s, provision: 1/s }\n",
    "commands:\n  rates: { sms: 3/s, provision: 1/s }\n  \
     breaker: { more_than: 1.1x, over: 1h, against: 7d, at_least: 2 }\n",
];

/// The demo's policy: as it is, or with time-outs, rates or a breaker; alone, or until another version
/// comes to hold. The second answer is whether it has a breaker.
fn policies(dice: &mut fastrand::Rng) -> (Arc<Policies>, bool) {
    static ALL: OnceLock<Vec<Arc<Policies>>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let alone = COMMANDS.iter().map(|commands| vec![version(commands, None)]);
        let changing = COMMANDS
            .iter()
            .map(|commands| vec![version(commands, None), version(commands, Some("2026-03-12"))]);
        let policies = alone.chain(changing).map(Policies::new);
        policies.map(|policies| Arc::new(policies.expect("there is a version"))).collect()
    });
    let which = dice.usize(0..all.len());
    let policies = all.get(which).expect("one of them").clone();
    (policies, which % COMMANDS.len() == COMMANDS.len() - 1)
}

/// What is published in a world whose processes go by that: versions of one policy, one of them from a date on.
fn drafts(has_breaker: bool) -> Arc<[Arc<Policy>]> {
    static ALL: OnceLock<[Arc<[Arc<Policy>]>; 2]> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let of = |commands| {
            let dated = |date| version(commands, Some(date));
            Arc::from([version(commands, None), dated("2026-03-12"), dated("2026-01-01"), version("", None)])
        };
        [of(COMMANDS[1]), of(COMMANDS[3])]
    });
    all.get(usize::from(has_breaker)).cloned().unwrap_or_default()
}

/// The same policy by waking hours, and by hours in which one who is cut off can still call.
fn in_windows(text: &str) -> String {
    let windows =
        "windows:\n  waking: { mon-sun: \"09:00-21:00\" }\n  office: { mon-fri: \"08:00-16:00\" }\n";
    let reminders = text.replace("class: reminder,", "class: reminder, window: waking,");
    let bars = reminders.replace("- stage: bar\n", "- stage: bar\n        window: office\n");
    format!("{bars}\n{windows}")
}

fn version(commands: &str, holds_from: Option<&str>) -> Arc<Policy> {
    let mut text = format!("{DEMO_POLICY}\n{commands}");
    if !commands.is_empty() {
        text = in_windows(&text);
    }
    if let Some(date) = holds_from {
        text = text.replacen("version: \"1\"", &format!("version: \"2\"\neffective_from: {date}"), 1);
    }
    policy::parse("demo.policy.yaml", &text).expect("the demo's policy is sound").policy
}
