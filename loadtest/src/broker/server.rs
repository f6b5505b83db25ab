//! A server of ours: its folder, its ports, and the way from started to answering.
//!
//! What is particular to Kafka or the registry is theirs.

use std::collections::hash_map::RandomState;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::BrokerError;
use super::folder::Folder;
use super::keeper::Kept;

/// How often a server that starts is asked whether it answers.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// A server that was asked to stop is killed after this long. Both take half a second.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// As much of a log as helps: Kafka shuts down with some fifty lines after the one that says why.
const LOG_LINES_SHOWN: usize = 100;

/// What it takes to start a server, and to start it again.
pub(super) struct Launch {
    /// What messages call it.
    pub(super) server: &'static str,
    /// Its command line.
    pub(super) command: Vec<OsString>,
    /// Where clients reach it.
    pub(super) address: String,
    /// Whether it answers there.
    pub(super) answers: fn(&str) -> bool,
    /// How long it may take to.
    pub(super) start_within: Duration,
}

/// A server of ours, running or not.
pub(super) struct Server {
    launch: Launch,
    process: Option<Kept>,
    // After the process, so that it is dropped after it: nothing writes to a folder being removed.
    folder: Folder,
}

impl Server {
    /// Starts a server in its folder and waits until it answers.
    pub(super) fn start(launch: Launch, folder: Folder) -> Result<Self, BrokerError> {
        let mut server = Self { launch, process: None, folder };
        server.launch()?;
        Ok(server)
    }

    /// Ends it in good order. It may be started again.
    pub(super) fn stop(&mut self) -> Result<(), BrokerError> {
        self.end(|process| process.stop(STOP_WITHIN))
    }

    /// Ends it as a crash would. It may be started again.
    pub(super) fn kill(&mut self) -> Result<(), BrokerError> {
        self.end(Kept::kill)
    }

    /// Stops it if it runs, and starts it on the same folders and ports.
    pub(super) fn restart(&mut self) -> Result<(), BrokerError> {
        self.stop()?;
        self.launch()
    }

    /// Where it writes its log.
    pub(super) fn log(&self) -> PathBuf {
        log_in(self.folder.path())
    }

    fn launch(&mut self) -> Result<(), BrokerError> {
        let server = self.launch.server;
        let process = Kept::start(&self.launch.command, self.folder.path(), &self.log())
            .map_err(|source| BrokerError::Spawn { server, source })?;
        let process = self.process.insert(process);

        let Launch { address, answers, start_within, .. } = &self.launch;
        let deadline = Instant::now() + *start_within;
        while !answers(address) {
            let log = || last_lines(&log_in(self.folder.path()));
            if let Some(status) = process.ended().map_err(|source| BrokerError::Wait { server, source })? {
                return Err(BrokerError::Ended { server, status, log: log() });
            }
            if Instant::now() > deadline {
                let (address, within) = (address.clone(), *start_within);
                return Err(BrokerError::Silent { server, address, within, log: log() });
            }
            thread::sleep(ASK_EVERY);
        }
        Ok(())
    }

    fn end(&mut self, way: impl FnOnce(Kept) -> std::io::Result<()>) -> Result<(), BrokerError> {
        let server = self.launch.server;
        self.process.take().map_or(Ok(()), way).map_err(|source| BrokerError::Wait { server, source })
    }
}

/// A server to use: ours, or one that someone else runs.
pub(super) enum Held {
    /// Started here, and ended here.
    Ours(Server),
    /// Named by an environment variable.
    Theirs {
        /// What messages call it.
        server: &'static str,
        /// The variable that names it.
        variable: &'static str,
        /// Where it is.
        address: String,
    },
}

impl Held {
    /// The server an environment variable names, if it names one.
    pub(super) fn named_by(variable: &'static str, server: &'static str) -> Option<Self> {
        let address = env::var(variable).ok().filter(|address| !address.is_empty())?;
        Some(Self::Theirs { server, variable, address })
    }

    pub(super) fn address(&self) -> &str {
        match self {
            Self::Ours(server) => &server.launch.address,
            Self::Theirs { address, .. } => address,
        }
    }

    pub(super) fn log(&self) -> Option<PathBuf> {
        match self {
            Self::Ours(server) => Some(server.log()),
            Self::Theirs { .. } => None,
        }
    }

    /// A server that is not ours goes on: its owner has use for it.
    pub(super) fn stop(&mut self) -> Result<(), BrokerError> {
        match self {
            Self::Ours(server) => server.stop(),
            Self::Theirs { .. } => Ok(()),
        }
    }

    pub(super) fn kill(&mut self) -> Result<(), BrokerError> {
        self.ours("kill")?.kill()
    }

    pub(super) fn restart(&mut self) -> Result<(), BrokerError> {
        self.ours("restart")?.restart()
    }

    fn ours(&mut self, operation: &'static str) -> Result<&mut Server, BrokerError> {
        match self {
            Self::Ours(server) => Ok(server),
            Self::Theirs { server, variable, address } => {
                Err(BrokerError::NotOurs { operation, server, address: address.clone(), variable })
            }
        }
    }
}

/// A new folder for a server to run in.
pub(super) fn temporary_folder(server: &'static str) -> Result<Folder, BrokerError> {
    Folder::new().map_err(|source| BrokerError::Prepare { server, path: env::temp_dir(), source })
}

/// Writes a file the server reads.
pub(super) fn write(server: &'static str, path: &Path, content: &str) -> Result<(), BrokerError> {
    fs::write(path, content).map_err(|source| BrokerError::Prepare { server, path: path.to_owned(), source })
}

/// Different ports nobody listens on.
///
/// They lie below the range systems take outgoing ports from (32768 and up on Linux), since a
/// server that is down for a while must find its port free again: a client that keeps trying to
/// reconnect can be given that very port as its own, and then holds a connection to itself.
/// They are drawn at random because test processes look for theirs at the same time.
pub(super) fn free_ports<const COUNT: usize>() -> Result<[u16; COUNT], BrokerError> {
    const FIRST: u16 = 20_000;
    const RANGE: u16 = 10_000;
    const DRAWS: usize = 1_000;

    // All are held until the last is found, so that none is found twice.
    let held: Vec<(u16, TcpListener)> = (0..DRAWS)
        .map(|_| {
            let [high, low, ..] = RandomState::new().build_hasher().finish().to_be_bytes();
            FIRST + u16::from_be_bytes([high, low]) % RANGE
        })
        .filter_map(|port| Some((port, TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?)))
        .take(COUNT)
        .collect();
    let ports: Vec<u16> = held.iter().map(|(port, _)| *port).collect();
    ports.try_into().map_err(|_| BrokerError::NoFreePorts { count: COUNT })
}

fn log_in(folder: &Path) -> PathBuf {
    folder.join("log")
}

fn last_lines(path: &Path) -> String {
    let log = fs::read(path).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = log.lines().collect();
    let shown = lines.len().saturating_sub(LOG_LINES_SHOWN);
    lines.get(shown..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn free_ports_are_different_and_can_be_listened_on() {
        let ports = free_ports::<20>().expect("twenty ports");
        assert_eq!(ports.iter().collect::<BTreeSet<_>>().len(), 20);
        for port in ports {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
        }
    }

    #[test]
    fn the_server_of_someone_else_is_neither_stopped_nor_killed_nor_restarted() {
        let address = String::from("kafka.example:9092");
        let mut theirs = Held::Theirs { server: "Kafka", variable: "KAFKA_BOOTSTRAP", address };
        assert!(theirs.stop().is_ok());
        for refused in [theirs.kill(), theirs.restart()] {
            assert!(matches!(refused, Err(BrokerError::NotOurs { .. })), "{refused:?}");
        }
    }

    #[test]
    fn only_the_end_of_a_long_log_is_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        let lines: Vec<String> = (0..300).map(|line| line.to_string()).collect();
        fs::write(&log, lines.join("\n")).expect("a log");
        let shown = last_lines(&log);
        assert!(shown.starts_with("200\n") && shown.ends_with("\n299"), "{shown}");
    }
}
