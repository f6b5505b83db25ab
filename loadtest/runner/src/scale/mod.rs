//! How Weir grows with the number of accounts: the same events, all else alike, for one number after the other.
//!
//! What happens with one number is `size`'s business; how the figures are shown, `table`'s and `page`'s.

mod page;
mod size;
mod table;

pub use page::page;
pub use table::{markdown, text};

use crate::backlog::{Drained, Ground};
use crate::error::RunError;
use crate::report::{self, Machine, Versions};
use crate::site::broker_version;
use crate::subject::Choice;
use loadtest::load::Profile;
use serde::Serialize;
use size::Stages;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Weir's binary.
    pub weir: PathBuf,
    /// How many accounts, one after the other.
    pub accounts: Vec<NonZeroU32>,
    /// How many events wait each time that it is started.
    pub events: u64,
    /// The profile's name.
    pub name: String,
    /// What is sent.
    pub profile: Profile,
    /// Whether that is only what every processor knows.
    pub shared_work: bool,
    /// What all chance comes from.
    pub seed: u64,
    /// Whether what came out is verified.
    pub verify: bool,
    /// Where.
    pub ground: Ground,
}

/// What was measured, from the fewest accounts to the most.
#[derive(Clone, Debug, Serialize)]
pub struct Growth {
    /// What it ran on.
    pub machine: Machine,
    /// What ran.
    pub versions: Versions,
    /// How.
    pub settings: Settings,
    /// By number of accounts.
    pub sizes: Vec<Measured>,
}

/// How all were measured.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// The profile's name.
    pub profile: String,
    /// Whether only the work that every processor knows was sent.
    pub shared_work: bool,
    /// How many events waited, cold and hot.
    pub events: u64,
    /// By which exponent of Zipf's law some were busier than others, hot; cold, all were alike.
    pub hot_skew: f64,
    /// What all chance came from.
    pub seed: u64,
    /// How many partitions each topic had.
    pub partitions: u32,
    /// What Weir's stores could use of memory.
    pub store_memory_bytes: u64,
    /// Settings of Weir that were given by the environment.
    pub environment: Vec<String>,
}

/// What was measured with so many accounts, as far as it went.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Measured {
    /// How many accounts.
    pub accounts: u32,
    /// A snapshot of each, from an empty folder.
    pub fill: Option<Drained>,
    /// What its folder took of the disk then, in bytes.
    pub state_bytes: Option<u64>,
    /// Events of all accounts alike, on that folder.
    pub cold: Option<Drained>,
    /// Events of whom the profile has busy, after those.
    pub hot: Option<Drained>,
    /// What the verification checked.
    pub verified: Option<String>,
    /// What went wrong, in the words of whoever noticed.
    pub faults: Vec<String>,
}

/// Measures all. `is_over` ends it after what is at hand; `say` is told how far it is.
///
/// # Errors
/// When broker or registry do not come up. What goes wrong with some number of accounts is told with its figures.
pub fn measure(plan: &Plan, is_over: &AtomicBool, say: &dyn Fn(&str)) -> Result<Growth, RunError> {
    say("starting the broker");
    let (servers, broker) = plan.ground.open()?;
    let choice = Choice::Weir(plan.weir.clone());
    let mut sizes = Vec::new();
    for accounts in &plan.accounts {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let tell = |text: &str| say(&format!("{accounts} accounts: {text}"));
        let (accounts, servers, choice) = (*accounts, &servers, &choice);
        sizes.push(Stages { plan, choice, accounts, servers, broker, is_over, say: &tell }.measure());
    }
    let broker = broker_version(&servers.brokers, servers.broker_folder.as_deref());
    Ok(Growth {
        machine: report::machine(),
        versions: report::versions(Some(&plan.weir), &broker),
        settings: settings(plan),
        sizes,
    })
}

fn settings(plan: &Plan) -> Settings {
    Settings {
        profile: plan.name.clone(),
        shared_work: plan.shared_work,
        events: plan.events,
        hot_skew: plan.profile.skew,
        seed: plan.seed,
        partitions: plan.ground.partitions,
        store_memory_bytes: plan.ground.store_memory,
        environment: report::environment(),
    }
}
