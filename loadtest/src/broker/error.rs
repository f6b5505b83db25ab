//! Why a test server could not be had, with the end of its log where that tells more.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Why a test server could not be started, stopped or used.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// The environment names no place for the cache the servers are installed in.
    #[error("no cache folder to look for {server} in: neither XDG_CACHE_HOME nor HOME is set")]
    NoCacheFolder {
        /// The server that was wanted.
        server: &'static str,
    },
    /// The server, in the version this clone wants, is not on this machine.
    #[error(
        "{server} is not installed in {folder}; run loadtest/broker/install.sh",
        folder = folder.display()
    )]
    NotInstalled {
        /// The server that was wanted.
        server: &'static str,
        /// Where it should have been.
        folder: PathBuf,
    },
    /// No loopback port could be found.
    #[error("cannot find {count} free ports on the loopback address")]
    NoFreePorts {
        /// How many were wanted.
        count: usize,
    },
    /// A folder or file the server runs on could not be made.
    #[error("cannot prepare {path} for {server}", path = path.display())]
    Prepare {
        /// The server being started.
        server: &'static str,
        /// What could not be made.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The operating system would not start a process.
    #[error("cannot start a process for {server}")]
    Spawn {
        /// The server or tool being started.
        server: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// One of Kafka's command-line tools failed.
    #[error("{tool} failed ({status}); its output:\n{output}")]
    Tool {
        /// The tool's class.
        tool: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// What it printed.
        output: String,
    },
    /// The server ended by itself when it should have been starting.
    #[error("{server} ended while it started ({status}); the end of its log:\n{log}")]
    Ended {
        /// The server being started.
        server: &'static str,
        /// How its process ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// The server runs and does not answer.
    #[error("{server} did not answer at {address} within {within:?}; the end of its log:\n{log}")]
    Silent {
        /// The server being started.
        server: &'static str,
        /// Where it was asked.
        address: String,
        /// How long it was waited for.
        within: Duration,
        /// The end of its log.
        log: String,
    },
    /// The state of the server's process could not be read.
    #[error("cannot learn whether {server} still runs")]
    Wait {
        /// The server asked about.
        server: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The server in use was started by someone else, whose it is to stop.
    #[error("cannot {operation} {server} at {address}: {variable} names it, it is not ours")]
    NotOurs {
        /// What was asked for.
        operation: &'static str,
        /// The server it was asked of.
        server: &'static str,
        /// Where that server is.
        address: String,
        /// The environment variable that names it.
        variable: &'static str,
    },
}

/// As a person reads it: a test that returns an error has it printed this way, and a log in one
/// escaped line helps nobody.
impl fmt::Debug for BrokerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")?;
        self.source().map_or(Ok(()), |source| write!(formatter, ": {source}"))
    }
}
