//! Where the servers are installed, whether they are the ones this clone wants, and Java to run them.
//!
//! Installing them is left to `loadtest/broker/install.sh`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::BrokerError;

/// A server as its pom describes it.
pub(super) struct Package {
    /// What messages call it.
    pub(super) server: &'static str,
    /// The start of its folder's name in the cache.
    pub(super) folder: &'static str,
    /// The pom it is fetched by, which is also the mark of a whole install.
    pub(super) pom: &'static str,
}

impl Package {
    /// The version the pom asks for.
    pub(super) fn version(&self) -> &'static str {
        self.pom
            .split_once("<server.version>")
            .and_then(|(_, rest)| rest.split_once("</server.version>"))
            .map_or("unknown", |(version, _)| version)
    }

    /// The folder it is installed in.
    pub(super) fn find(&self) -> Result<PathBuf, BrokerError> {
        let server = self.server;
        let cache = cache_folder().ok_or(BrokerError::NoCacheFolder { server })?;
        let folder = cache.join(format!("{}-{}", self.folder, self.version()));
        if self.is_whole(&folder) { Ok(folder) } else { Err(BrokerError::NotInstalled { server, folder }) }
    }

    /// The script puts the pom there last: without it an install is half done, and with another it
    /// is out of date.
    fn is_whole(&self, folder: &Path) -> bool {
        fs::read(folder.join("pom.xml")).is_ok_and(|pom| pom == self.pom.as_bytes())
    }
}

fn cache_folder() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty());
    let cache = set("XDG_CACHE_HOME").map(PathBuf::from);
    cache.or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache"))).map(|cache| cache.join("weir"))
}

/// Java's launcher and the options that go before the class to run.
pub(super) struct Java {
    launcher: PathBuf,
    options: Vec<OsString>,
}

impl Java {
    /// A small Java that is quick to start.
    ///
    /// Compiling with the first compiler only saves a quarter of the start and costs throughput: a
    /// load test undoes it with `-XX:TieredStopAtLevel=4`.
    pub(super) fn new(temporary: &Path) -> Self {
        let home = env::var_os("JAVA_HOME").map(|home| PathBuf::from(home).join("bin/java"));
        let launcher = home.filter(|path| path.is_file()).unwrap_or_else(|| "java".into());
        let mut java = Self { launcher, options: Vec::new() };
        java.option("-Xmx512m");
        java.option("-XX:+UseSerialGC");
        java.option("-XX:TieredStopAtLevel=1");
        java.option("-XX:+ExitOnOutOfMemoryError");
        // Java's statistics go to /tmp whatever the temporary folder is, and outlast a kill.
        java.option("-XX:-UsePerfData");
        java.property("java.io.tmpdir", temporary);
        java
    }

    /// Adds an option. Java takes the last of two that contradict each other.
    pub(super) fn option(&mut self, option: impl Into<OsString>) {
        self.options.push(option.into());
    }

    /// Adds a system property.
    pub(super) fn property(&mut self, name: &str, value: impl AsRef<OsStr>) {
        let mut option = OsString::from(format!("-D{name}="));
        option.push(value);
        self.options.push(option);
    }

    /// The whole command line with what is to run.
    pub(super) fn command<A: Into<OsString>>(&self, run: impl IntoIterator<Item = A>) -> Vec<OsString> {
        let before = [self.launcher.clone().into_os_string()].into_iter().chain(self.options.clone());
        before.chain(run.into_iter().map(Into::into)).collect()
    }

    /// Runs a command-line tool to its end, for what it prints.
    pub(super) fn run<A: AsRef<OsStr>>(
        &self,
        tool: &'static str,
        arguments: &[A],
    ) -> Result<String, BrokerError> {
        let ran = Command::new(&self.launcher)
            .args(&self.options)
            .arg(tool)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(|source| BrokerError::Spawn { server: tool, source })?;
        let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
        if ran.status.success() {
            return Ok(printed);
        }
        let output = printed + &String::from_utf8_lossy(&ran.stderr);
        Err(BrokerError::Tool { tool, status: ran.status, output })
    }
}
