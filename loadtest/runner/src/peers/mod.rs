//! Several processors of the same work, one after the other on one broker, round by round.
//!
//! What happens to each in a round is `trial`'s business; how the figures are shown, `table`'s.

mod figures;
mod table;
mod trial;

pub use figures::{FIGURES, Figure, Figures};
pub use table::{markdown, text};

use crate::backlog::Ground;
use crate::error::RunError;
use crate::report::{self, Machine, Versions};
use crate::run::Answers;
use crate::site::{Servers, broker_version};
use crate::subject::Choice;
use loadtest::load::{Profile, Size};
use serde::Serialize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use trial::Trial;

/// A processor that takes part.
#[derive(Clone, Debug)]
pub struct Contestant {
    /// What it is called in the report.
    pub name: String,
    /// How it is started.
    pub choice: Choice,
    /// What it keeps, and where it lies.
    pub state: StateIn,
    /// What it answers events by.
    pub answers: Answers,
}

impl Contestant {
    /// Whether it decides, and so sends commands.
    fn decides(&self) -> bool {
        self.answers == Answers::Commands
    }
}

/// Where what a processor keeps lies, apart from its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateIn {
    /// In topics: from an empty folder all of it comes back.
    Log,
    /// In its folder alone.
    Folder,
    /// It keeps nothing.
    Nowhere,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Who takes part, in this order; each round begins with the next one.
    pub contestants: Vec<Contestant>,
    /// How many rounds.
    pub rounds: usize,
    /// How many events wait when a processor is started, beside one for each account.
    pub events: u64,
    /// The profile's name.
    pub name: String,
    /// What is sent: what all of them know.
    pub profile: Profile,
    /// How many accounts, and the seed.
    pub size: Size,
    /// How long the run at half of its saturation lasts.
    pub step: Duration,
    /// Where.
    pub ground: Ground,
}

/// What was measured of all.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// What it ran on.
    pub machine: Machine,
    /// What ran.
    pub versions: Versions,
    /// How.
    pub settings: Settings,
    /// Each processor, in the order of the plan.
    pub processors: Vec<Measured>,
}

/// How all were measured.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// How many rounds.
    pub rounds: usize,
    /// The profile's name.
    pub profile: String,
    /// How many events waited for each, beside one for each account.
    pub events: u64,
    /// How many accounts.
    pub accounts: u32,
    /// What all chance came from.
    pub seed: u64,
    /// How many partitions each topic had.
    pub partitions: u32,
    /// How long the runs at half of saturation lasted.
    pub step_seconds: f64,
    /// What Weir's stores could use of memory.
    pub store_memory_bytes: u64,
}

/// One processor.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// What it is called.
    pub name: String,
    /// How it was started.
    pub command: String,
    /// The median of each figure over all rounds that have it.
    pub medians: Figures,
    /// Round by round.
    pub rounds: Vec<Figures>,
    /// What went wrong, in the words of whoever noticed.
    pub faults: Vec<String>,
}

/// Measures all. `is_over` ends it after the processor at hand; `say` is told how far it is.
///
/// # Errors
/// When broker, registry or machine do not do their part. What a processor does wrong is in the comparison.
pub fn compare(plan: &Plan, is_over: &AtomicBool, say: &dyn Fn(&str)) -> Result<Comparison, RunError> {
    say("starting the broker");
    let (servers, broker) = plan.ground.open()?;
    let mut processors: Vec<Measured> = plan.contestants.iter().map(measured).collect();
    let turns = turns(plan.contestants.len(), plan.rounds);
    for (round, place) in turns {
        let (Some(contestant), Some(measured)) = (plan.contestants.get(place), processors.get_mut(place))
        else {
            continue;
        };
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let name = &contestant.name;
        let tell = |text: &str| say(&format!("round {} of {}, {name}: {text}", round + 1, plan.rounds));
        let mut trial = Trial { plan, contestant, servers: &servers, broker, round, is_over, say: &tell };
        let outcome = trial.run();
        if let Some(error) = outcome.error {
            let text = format!("round {}: {}", round + 1, error.whole());
            tell(&text);
            measured.faults.push(text);
        }
        measured.faults.extend(outcome.findings);
        measured.rounds.push(outcome.figures);
    }
    for processor in &mut processors {
        processor.medians = Figures::medians(&processor.rounds);
    }
    Ok(Comparison {
        machine: report::machine(),
        versions: versions(plan, &servers),
        settings: settings(plan),
        processors,
    })
}

/// Who is measured when: whoever comes first has another machine than whoever comes last, so all take turns at it.
fn turns(contestants: usize, rounds: usize) -> Vec<(usize, usize)> {
    let of_round =
        |round: usize| (0..contestants).map(move |turn| (round, (round + turn) % contestants.max(1)));
    (0..rounds).flat_map(of_round).collect()
}

fn measured(contestant: &Contestant) -> Measured {
    let command = match &contestant.choice {
        Choice::Weir(binary) => format!("{} run", binary.display()),
        Choice::Peer(line) => line.clone(),
        Choice::Nobody => "none".to_owned(),
    };
    let (medians, rounds, faults) = Default::default();
    Measured { name: contestant.name.clone(), command, medians, rounds, faults }
}

fn versions(plan: &Plan, servers: &Servers) -> Versions {
    let weir = plan.contestants.iter().find_map(|contestant| match &contestant.choice {
        Choice::Weir(binary) => Some(binary.as_path()),
        Choice::Peer(_) | Choice::Nobody => None,
    });
    report::versions(weir, &broker_version(&servers.brokers, servers.broker_folder.as_deref()))
}

fn settings(plan: &Plan) -> Settings {
    Settings {
        rounds: plan.rounds,
        profile: plan.name.clone(),
        events: plan.events,
        accounts: plan.size.accounts.get(),
        seed: plan.size.seed,
        partitions: plan.ground.partitions,
        step_seconds: plan.step.as_secs_f64(),
        store_memory_bytes: plan.ground.store_memory,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_begins_with_another_one_and_has_all() {
        let turns = turns(3, 2);
        assert_eq!(turns, [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (1, 0)]);
    }
}
