//! One run: a seed makes a world, everything happens, and the end is looked at.

use crate::broker;
use crate::checks;
use crate::faults::{Fault, Plan};
use crate::fibers::{Runner, Turn, WORLD};
use crate::process::{self, Process};
use crate::publisher;
use crate::scenario::Scenario;
use crate::upstream::Upstream;
use crate::world::World;
use engine::faults::Mutation;
use std::sync::{Arc, Mutex, PoisonError};

/// What a run is to be.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A rule of the engine that is broken on purpose.
    pub mutation: Option<Mutation>,
    /// Only these faults of the seed's plan, by number; all of them where it is none.
    pub only: Option<Vec<usize>>,
    /// Whether everything that goes wrong is told as it happens.
    pub tells: bool,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// What was to go wrong, in words; a fault's place is its number.
    pub faults: Vec<String>,
    /// What is not as it must be; empty where all is well.
    pub deviations: Vec<String>,
    /// How many inputs were decided.
    pub inputs: u64,
    /// How many timers fired.
    pub timers: u64,
    /// How many commands went out.
    pub commands: u64,
    /// How many inputs the core failed over, which were set aside.
    pub poisoned: u64,
    /// How many calls of log and store there were.
    pub effects: u64,
    /// A hash of whose turn it was and when, from the first to the last: the same run has the same.
    pub trace: u64,
}

/// A run that has so many turns goes round in circles.
const MOST_TURNS: u64 = 3_000_000;

/// Runs a seed.
#[must_use]
pub fn run(seed: u64, options: &Options) -> Outcome {
    let scenario = Scenario::of(seed, options.mutation);
    let plan = match &options.only {
        Some(kept) => scenario.plan.only(kept),
        None => scenario.plan.clone(),
    };
    let faults = plan.faults.iter().map(Fault::to_string).collect();
    let mut outcome = Outcome {
        seed,
        faults,
        deviations: Vec::new(),
        inputs: 0,
        timers: 0,
        commands: 0,
        poisoned: 0,
        effects: 0,
        trace: 0,
    };
    let (processes, days, has_breaker) = (scenario.processes, scenario.days, scenario.has_breaker);
    let operator = scenario.operator;
    let making = scenario.making;
    let world = match World::new(crate::world::Making { tells: options.tells, ..making }, &plan) {
        Ok(world) => Arc::new(world),
        Err(error) => {
            outcome.deviations.push(error.to_string());
            return outcome;
        }
    };
    if world.is_published() {
        // Before anybody runs: a partition that is new begins with it.
        if let Err(error) = publisher::publish(&world, 0, false) {
            outcome.deviations.push(error.to_string());
        }
        world.log.write_markers();
    }
    let upstream = Upstream::new(world.clone(), operator, days, &plan, has_breaker);
    if let Err(what) = play(&world, upstream, processes) {
        outcome.deviations.push(what);
    }
    let findings = checks::check(&world);
    outcome.deviations.extend(findings.deviations);
    outcome.deviations.extend(world.endings().into_iter().filter(|ending| !is_expected(ending, &plan)));
    outcome.inputs = findings.verdict.inputs;
    outcome.timers = findings.verdict.timers;
    outcome.commands = findings.verdict.commands;
    outcome.poisoned = findings.verdict.poisoned;
    outcome.effects = world.effects();
    outcome.trace = world.fibers.trace();
    outcome
}

/// The first of so many seeds that notices a mutation.
#[must_use]
pub fn notice(mutation: Mutation, from: u64, most: u64) -> Option<Outcome> {
    let options = Options { mutation: Some(mutation), ..Options::default() };
    (from..from.saturating_add(most))
        .map(|seed| run(seed, &options))
        .find(|outcome| !outcome.deviations.is_empty())
}

/// Gives everyone their turns until the world says that it is over.
fn play(world: &Arc<World>, upstream: Upstream, processes: usize) -> Result<(), String> {
    let mut runner = Runner::new(world.fibers.clone());
    for _ in 0..processes {
        world.processes(|all| all.push(Process::new()));
    }
    for process in 0..processes {
        process::start(world, process);
    }
    let of_broker = world.clone();
    world.fibers.start(WORLD, "the broker", Box::new(move || broker::run(&of_broker)));
    let end: Arc<Mutex<Option<Result<(), String>>>> = Arc::default();
    let of_upstream = end.clone();
    let live = move || {
        let result = upstream.run();
        *of_upstream.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    };
    world.fibers.start(WORLD, "upstream", Box::new(live));
    for _ in 0..MOST_TURNS {
        match runner.turn() {
            Turn::Ran => {}
            Turn::Crashed(process) => kill(world, &mut runner, process, false),
            Turn::Panicked(what) => return Err(format!("a thread panicked: {what}")),
            Turn::Stuck => return Err("nobody can go on".to_owned()),
        }
        for (process, loses_its_disk) in world.to_kill() {
            kill(world, &mut runner, process, loses_its_disk);
        }
        if let Some(result) = end.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return result;
        }
    }
    Err("it goes round in circles".to_owned())
}

fn kill(world: &Arc<World>, runner: &mut Runner, process: usize, loses_its_disk: bool) {
    if world.process(process, |process| process.is_up) != Some(true) {
        return;
    }
    // The disk first: what a store does when its thread is unwound, no kill lets it do.
    process::was_killed(world, process);
    runner.kill(process);
    if loses_its_disk {
        world.process(process, |process| process.stores = state::MemoryStores::new());
    }
    process::went_down(world, process);
}

/// Whether a process may end in this way, given what went wrong.
fn is_expected(ending: &str, plan: &Plan) -> bool {
    let is_planned = |wanted: fn(&Fault) -> bool| plan.faults.iter().any(wanted);
    let offset_moved =
        |fault: &Fault| matches!(fault, Fault::After(_, crate::faults::Happening::OffsetIsMoved(_)));
    let made_anew =
        |fault: &Fault| matches!(fault, Fault::After(_, crate::faults::Happening::TopicIsMadeAnew { .. }));
    let remade = ["was deleted and made anew", "there is no topic"];
    let joining = ["cannot join", "a newer member has this instance id"];
    (ending.contains("the offsets were moved by hand") && is_planned(offset_moved))
        || (remade.iter().any(|part| ending.contains(part)) && is_planned(made_anew))
        || joining.iter().any(|part| ending.contains(part))
}
