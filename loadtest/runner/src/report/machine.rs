//! What a run ran on: figures of one machine are not those of another.

use serde::Serialize;
use std::path::Path;
use std::process::Command;

/// The machine.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// What its processors are called.
    pub cpu: String,
    /// How many of them there are to use.
    pub cores: usize,
    /// How much memory it has.
    pub memory_bytes: u64,
    /// Its system.
    pub kernel: String,
}

/// What ran.
#[derive(Clone, Debug, Serialize)]
pub struct Versions {
    /// The processor, by its own word.
    pub processor: String,
    /// The broker.
    pub broker: String,
    /// librdkafka, which the load test sends and reads with.
    pub librdkafka: String,
    /// The commit of the clone that the load test was started in; with a `+` where files differ from it.
    pub commit: String,
}

#[cfg(test)]
impl Machine {
    /// One to show in tests.
    pub(crate) fn some() -> Self {
        let (cpu, kernel) = ("A processor".to_owned(), "6.1".to_owned());
        Self { cpu, cores: 2, memory_bytes: 24 << 30, kernel }
    }
}

#[cfg(test)]
impl Versions {
    /// Some to show in tests.
    pub(crate) fn some() -> Self {
        Self {
            processor: "weir 0.1.0".to_owned(),
            broker: "a broker".to_owned(),
            librdkafka: "2.12.1".to_owned(),
            commit: "abc".to_owned(),
        }
    }
}

/// The machine that this runs on.
#[must_use]
pub fn machine() -> Machine {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".to_owned());
    Machine {
        cpu,
        cores: std::thread::available_parallelism().map_or(0, std::num::NonZeroUsize::get),
        memory_bytes: memory("MemTotal"),
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
    }
}

/// How much memory could be had now, in bytes.
#[must_use]
pub fn free_memory() -> u64 {
    memory("MemAvailable")
}

/// A figure of the system's memory, in bytes.
fn memory(name: &str) -> u64 {
    let figure = field(&std::fs::read_to_string("/proc/meminfo").unwrap_or_default(), name);
    figure.and_then(|text| text.split(' ').next()?.parse::<u64>().ok()).unwrap_or(0) * 1_024
}

/// What runs: the processor's binary is asked, where it is Weir.
#[must_use]
pub fn versions(weir: Option<&Path>, broker: &str) -> Versions {
    let processor = weir.and_then(|binary| said(Command::new(binary).arg("--version")));
    let commit = said(Command::new("git").args(["rev-parse", "--short=12", "HEAD"]));
    let is_changed =
        said(Command::new("git").args(["status", "--porcelain"])).is_some_and(|said| !said.is_empty());
    let mark = if is_changed { "+" } else { "" };
    Versions {
        processor: processor.unwrap_or_else(|| "unknown".to_owned()),
        broker: broker.to_owned(),
        librdkafka: rdkafka::util::get_rdkafka_version().1,
        commit: commit.map_or_else(|| "unknown".to_owned(), |commit| format!("{commit}{mark}")),
    }
}

/// Weir's settings that were given by the environment, as others may read them.
#[must_use]
pub fn environment() -> Vec<String> {
    let settings = std::env::vars().filter(|(name, _)| name.starts_with("WEIR__"));
    settings.map(|(name, value)| format!("{name}={}", shown(&name, &value))).collect()
}

fn shown(name: &str, value: &str) -> String {
    let is_secret = ["PASSWORD", "TOKEN", "SECRET"].iter().any(|word| name.contains(word));
    if is_secret { "(set)".to_owned() } else { value.to_owned() }
}

fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
