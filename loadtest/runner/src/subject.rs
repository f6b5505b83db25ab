//! The processor that is measured: Weir, a peer, or none.

use crate::error::RunError;
use crate::site::Site;
use loadtest::load::YARDSTICK_POLICY;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a processor may take to start.
const START_WITHIN: Duration = Duration::from_secs(120);
/// How long it may take to end in good order.
const STOP_WITHIN: Duration = Duration::from_secs(60);
/// How often it is looked at meanwhile.
const GLANCE: Duration = Duration::from_millis(20);
/// As much of its log as helps.
const LINES_SHOWN: usize = 30;

/// Which processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Weir: the path of its binary.
    Weir(PathBuf),
    /// Another, by its command line (`loadtest/peers/README.md`).
    Peer(String),
    /// None: only what the load costs the broker.
    Nobody,
}

/// A processor at work.
pub(crate) struct Subject {
    pub(crate) name: String,
    /// Where it serves its metrics, where it is Weir.
    pub(crate) metrics: Option<String>,
    child: Child,
    log: PathBuf,
}

impl Subject {
    /// Starts it, with a folder for its state, and waits until it is ready.
    pub(crate) fn start(
        choice: &Choice,
        site: &Site,
        folder: &Path,
        store_memory: u64,
    ) -> Result<Option<Self>, RunError> {
        let log = folder.join("processor.log");
        match choice {
            Choice::Nobody => Ok(None),
            Choice::Weir(binary) => {
                let config = write_config(site, folder, store_memory)?;
                let mut command = Command::new(binary);
                command.arg("run").arg("--config").arg(config);
                let child = spawn(command, &log)?;
                let mut subject = Self { name: "weir".to_owned(), metrics: None, child, log };
                subject.wait_until_weir_is_ready()?;
                Ok(Some(subject))
            }
            Choice::Peer(line) => {
                let mut command = Command::new("sh");
                // The shell gives way to the command, so that its process is the one that is measured.
                command.args(["-c", &format!("exec {line} \"$@\""), "peer"]);
                command.args(["--brokers", &site.brokers, "--registry", &site.registry_url]);
                command.args(["--prefix", &site.prefix, "--application-id", &site.group, "--state-dir"]);
                command.arg(folder.join("state"));
                let child = spawn(command, &log)?;
                let mut subject = Self { name: "the peer".to_owned(), metrics: None, child, log };
                subject.wait_for("be ready", |log| log.contains("ready").then_some(()))?;
                Ok(Some(subject))
            }
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// That it still runs.
    pub(crate) fn check(&mut self) -> Result<(), RunError> {
        let ended = self.child.try_wait().map_err(RunError::failed(format!("ask after {}", self.name)))?;
        let Some(status) = ended else { return Ok(()) };
        let tail = tail(&self.logged());
        Err(RunError::Ended { name: self.name.clone(), status, log: self.log.clone(), tail })
    }

    /// Ends it in good order.
    pub(crate) fn stop(mut self) -> Result<(), RunError> {
        self.check()?;
        let id = Pid::from_child(&self.child);
        kill_process(id, Signal::TERM).map_err(RunError::failed(format!("stop {}", self.name)))?;
        let deadline = Instant::now() + STOP_WITHIN;
        while Instant::now() < deadline {
            let ended = self.child.try_wait().map_err(RunError::failed(format!("wait for {}", self.name)))?;
            if ended.is_some() {
                return Ok(());
            }
            std::thread::sleep(GLANCE);
        }
        Err(self.slow("did not end", STOP_WITHIN))
    }

    /// SIGKILL: it is gone at once, and knows nothing of it.
    pub(crate) fn kill(mut self) -> Result<(), RunError> {
        self.check()?;
        let killed = self.child.kill().and_then(|()| self.child.wait());
        killed.map(drop).map_err(RunError::failed(format!("kill {}", self.name)))
    }

    /// That it is too slow.
    pub(crate) fn slow(&self, wanted: &str, within: Duration) -> RunError {
        RunError::Slow { name: self.name.clone(), wanted: wanted.to_owned(), within, log: self.log.clone() }
    }

    fn wait_until_weir_is_ready(&mut self) -> Result<(), RunError> {
        let address = self.wait_for("say where it listens", |log| {
            Some(log.split_once("\"http\":\"")?.1.split_once('"')?.0.to_owned())
        })?;
        let probe = format!("http://{address}/readyz");
        self.metrics = Some(format!("http://{address}/metrics"));
        self.wait_for("be ready", |_| ureq::get(&probe).call().is_ok().then_some(()))
    }

    fn wait_for<T>(&mut self, what: &str, found: impl Fn(&str) -> Option<T>) -> Result<T, RunError> {
        let deadline = Instant::now() + START_WITHIN;
        loop {
            self.check()?;
            if let Some(found) = found(&self.logged()) {
                return Ok(found);
            }
            if Instant::now() > deadline {
                return Err(self.slow(&format!("did not {what}"), START_WITHIN));
            }
            std::thread::sleep(GLANCE);
        }
    }

    fn logged(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // It has ended long since, unless the run was cut short.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn spawn(mut command: Command, log: &Path) -> Result<Child, RunError> {
    let operation = || format!("start {command:?}", command = command.get_program());
    let (operation, file) = (operation(), File::create(log));
    let file = file.map_err(RunError::failed(format!("write {}", log.display())))?;
    let errors = file.try_clone().map_err(RunError::failed(format!("write {}", log.display())))?;
    command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn().map_err(RunError::failed(operation))
}

/// Weir's configuration. Everything else is as it is by default, or as the environment says.
fn write_config(site: &Site, folder: &Path, store_memory: u64) -> Result<PathBuf, RunError> {
    let (brokers, url, prefix, group) = (&site.brokers, &site.registry_url, &site.prefix, &site.group);
    let text = format!(
        "[kafka]\nbrokers = \"{brokers}\"\ngroup = \"{group}\"\ngroup_instance_id = \"only\"\n\
         [registry]\nurl = \"{url}\"\n\
         [topics]\nprefix = \"{prefix}.\"\n\
         [state]\nfolder = \"state\"\nmemory_bytes = {store_memory}\n\
         [policy]\nfile = \"yardstick.policy.yaml\"\n\
         [http]\nlisten = \"127.0.0.1:0\"\n\
         [log]\nformat = \"json\"\n"
    );
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(RunError::failed(format!("write {}", path.display())))?;
        Ok(path)
    };
    write("yardstick.policy.yaml", YARDSTICK_POLICY)?;
    write("weir.toml", &text)
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let from = lines.len().saturating_sub(LINES_SHOWN);
    lines.get(from..).unwrap_or_default().join("\n")
}
