//! What waits for a processor, and what taking it costs: the part of a measurement that all comparisons share.
//!
//! Which processors are measured, how often and with how many accounts, is the business of `peers` and `scale`.

mod drain;
mod feed;
pub(crate) mod topics;

pub use drain::Drained;
pub(crate) use drain::{Workplace, joined};
pub(crate) use feed::{Feed, rate};

use crate::error::RunError;
use crate::processes;
use crate::site::Servers;
use std::path::PathBuf;
use tempfile::TempDir;

/// Where processors are measured, one after the other, and what they may use.
#[derive(Clone, Debug)]
pub struct Ground {
    /// How many partitions each topic has.
    pub partitions: u32,
    /// What Weir's stores may use of memory, in bytes.
    pub store_memory: u64,
    /// A broker that is there already.
    pub brokers: Option<String>,
    /// That broker's process, if it is on this machine.
    pub broker_process: Option<u32>,
    /// A registry that is there already.
    pub registry: Option<String>,
    /// Where states lie while they are measured; a temporary folder where none is given.
    pub folder: Option<PathBuf>,
}

impl Ground {
    /// Starts what is not there. Answers the broker's process as well, where it is known.
    pub(crate) fn open(&self) -> Result<(Servers, Option<u32>), RunError> {
        let servers = Servers::open(self.brokers.clone(), self.registry.clone())?;
        let own = servers.broker_folder.as_deref().and_then(processes::java_in);
        let broker = self.broker_process.or(own);
        Ok((servers, broker))
    }

    /// A folder for one processor, which goes with what is answered.
    pub(crate) fn temporary(&self) -> Result<TempDir, RunError> {
        let folder = match &self.folder {
            Some(folder) => tempfile::tempdir_in(folder),
            None => tempfile::tempdir(),
        };
        folder.map_err(RunError::failed("make a folder"))
    }
}
