//! The process under test: its log, its HTTP server, and the ways in which it ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// The process under test.
pub struct Process {
    pub(super) child: Child,
    pub(super) log: PathBuf,
}

impl Process {
    /// What it has logged since its start.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap()).into_owned()
    }

    /// Waits until it has logged this.
    #[track_caller]
    pub fn wait_for(&mut self, what: &str, within: Duration) {
        let deadline = Instant::now() + within;
        while !self.log().contains(what) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended with {ended:?} before «{what}»:\n{}", tail(&self.log()));
            assert!(Instant::now() < deadline, "«{what}» was not logged:\n{}", tail(&self.log()));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until every partition is at work.
    #[track_caller]
    pub fn wait_until_ready(&mut self) {
        self.wait_for("\"http\":\"", Duration::from_secs(60));
        let deadline = Instant::now() + Duration::from_secs(120);
        while !self.get("/readyz").starts_with("HTTP/1.1 200") {
            assert!(Instant::now() < deadline, "it is not ready:\n{}", tail(&self.log()));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether it has come so far as to say where it listens.
    pub fn has_begun(&self) -> bool {
        self.log().contains("\"http\":\"")
    }

    /// How many partitions it has at work; none for one that has not begun.
    pub fn running_tasks(&self) -> u64 {
        if !self.has_begun() {
            return 0;
        }
        let metrics = self.get("/metrics");
        let found = metrics.lines().find_map(|line| line.strip_prefix("weir_running_tasks "));
        found.map_or(0, |count| count.trim().parse().unwrap())
    }

    /// When it last set each of its partitions to work, by its log.
    pub fn set_to_work(&self) -> std::collections::BTreeMap<u32, String> {
        let log = self.log();
        let of_line = |line: &str| {
            let partition = line.split("\"partition\":").nth(1)?.split([',', '}']).next()?.parse().ok()?;
            let at = line.split("\"timestamp\":\"").nth(1)?.split('"').next()?.to_owned();
            Some((partition, at))
        };
        log.lines().filter(|line| line.contains("the task is at work")).filter_map(of_line).collect()
    }

    /// Where its API is.
    pub fn api(&self) -> String {
        let log = self.log();
        format!("http://{}", log.split("\"api\":\"").nth(1).unwrap().split('"').next().unwrap())
    }

    /// An answer of its HTTP server.
    pub fn get(&self, path: &str) -> String {
        let log = self.log();
        let address = log.split("\"http\":\"").nth(1).unwrap().split('"').next().unwrap();
        let mut stream = TcpStream::connect(address)
            .unwrap_or_else(|error| panic!("{address}: {error}; it said:\n{}", tail(&self.log())));
        write!(stream, "GET {path} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// User and system time of all its threads, in seconds.
    pub fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
        // Linux counts in hundredths of a second for every program.
        ticks / 100.0
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGSTOP: it does nothing more, and does not know it.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let told = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
    }

    /// Waits until it has ended by itself; answers how, which is its own business.
    #[track_caller]
    pub fn wait_until_ended(&mut self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it did not end:\n{}", tail(&self.log()));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// SIGTERM; answers how long it took to end, which it must do well.
    #[track_caller]
    pub fn terminate(mut self) -> Duration {
        let began = Instant::now();
        self.signal("-TERM");
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "it ended with {status}:\n{}", tail(&self.log()));
                return began.elapsed();
            }
            assert!(began.elapsed() < Duration::from_secs(60), "it did not end:\n{}", tail(&self.log()));
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
