//! A single Apache Kafka broker that is also its own controller (KRaft).
//!
//! It is a real one: transactions, fencing and group protocols behave as in production. What
//! differs is what one broker and a short life ask for, and is listed in `server_properties`.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::BrokerError;
use super::installed::{Java, Package};
use super::server::{Held, Launch, Server, free_ports, temporary_folder, write};

const PACKAGE: Package =
    Package { server: "Kafka", folder: "kafka", pom: include_str!("../../broker/kafka/pom.xml") };

const LOGGING: &str = include_str!("../../broker/kafka/log4j2.properties");

/// Names a broker to use instead of starting one.
const VARIABLE: &str = "KAFKA_BOOTSTRAP";

/// Any 16 bytes in Base64 do: a cluster of one broker meets no other.
const CLUSTER_ID: &str = "WeirTestBrokerWeirTesQ";

/// How the broker is to be run.
#[derive(Debug, Clone)]
pub struct KafkaOptions<'a> {
    /// Broker properties, which override our own.
    pub properties: &'a [(&'a str, &'a str)],
    /// Options of the Java machine, which override our own: `-Xmx2g`, `-XX:TieredStopAtLevel=4`.
    pub jvm_options: &'a [&'a str],
    /// How long it may take to answer. It takes some 7 s on two busy cores, and after a kill the
    /// 4 s more until the controller gives up the broker's last session.
    pub start_within: Duration,
}

impl Default for KafkaOptions<'_> {
    fn default() -> Self {
        Self { properties: &[], jvm_options: &[], start_within: Duration::from_secs(90) }
    }
}

/// A Kafka broker for tests. Dropping it ends it and removes its folders.
pub struct Kafka(Held);

impl Kafka {
    /// Starts a broker and waits until it answers.
    ///
    /// Where `KAFKA_BOOTSTRAP` is set, that broker is used as it is, and the options have no effect.
    pub fn start(options: &KafkaOptions<'_>) -> Result<Self, BrokerError> {
        if let Some(theirs) = Held::named_by(VARIABLE, PACKAGE.server) {
            return Ok(Self(theirs));
        }
        let installed = PACKAGE.find()?;
        let folder = temporary_folder(PACKAGE.server)?;
        let [broker, controller] = free_ports()?;
        let mut java = java(&installed, folder.path(), options);

        let logging = folder.path().join("log4j2.properties");
        write(PACKAGE.server, &logging, LOGGING)?;
        java.property("log4j2.configurationFile", &logging);
        let configuration = folder.path().join("server.properties");
        let content = server_properties(broker, controller, folder.path(), options.properties);
        write(PACKAGE.server, &configuration, &content)?;
        format_folders(&java, &configuration)?;

        let command = java.command(["kafka.Kafka".into(), configuration.into_os_string()]);
        let address = format!("127.0.0.1:{broker}");
        let launch =
            Launch { server: PACKAGE.server, command, address, answers, start_within: options.start_within };
        Ok(Self(Held::Ours(Server::start(launch, folder)?)))
    }

    /// The version that is started.
    #[must_use]
    pub fn version() -> &'static str {
        PACKAGE.version()
    }

    /// What clients take as `bootstrap.servers`.
    pub fn bootstrap(&self) -> &str {
        self.0.address()
    }

    /// Runs one of Kafka's own command-line tools on this broker, for what it prints: its class,
    /// like `org.apache.kafka.tools.TopicCommand`, and arguments other than the broker's address.
    pub fn tool(&self, class: &'static str, arguments: &[&str]) -> Result<String, BrokerError> {
        let folder = temporary_folder(class)?;
        let java = java(&PACKAGE.find()?, folder.path(), &KafkaOptions::default());
        java.run(class, &[&["--bootstrap-server", self.bootstrap()], arguments].concat())
    }

    /// Where the broker writes its log; `None` for a broker that is not ours.
    pub fn log(&self) -> Option<PathBuf> {
        self.0.log()
    }

    /// Ends the broker in good order, keeping its folders. A broker that is not ours is left alone.
    pub fn stop(&mut self) -> Result<(), BrokerError> {
        self.0.stop()
    }

    /// Ends the broker as a crash would, keeping its folders.
    pub fn kill(&mut self) -> Result<(), BrokerError> {
        self.0.kill()
    }

    /// Starts the broker again on the same folders and ports, after stopping it if it runs.
    pub fn restart(&mut self) -> Result<(), BrokerError> {
        self.0.restart()
    }
}

/// Java as the broker runs on it, with what is needed to find its classes.
fn java(installed: &Path, folder: &Path, options: &KafkaOptions<'_>) -> Java {
    let mut java = Java::new(folder);
    for option in options.jvm_options {
        java.option(option);
    }
    java.option("-cp");
    java.option(installed.join("libs/*"));
    java
}

/// Kafka takes the last of two properties alike, so those of the test come after ours.
fn server_properties(broker: u16, controller: u16, folder: &Path, extra: &[(&str, &str)]) -> String {
    let addresses = format!("PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}");
    let quorum = format!("127.0.0.1:{controller}");
    let data = folder.join("data");
    let data = data.to_string_lossy();
    let ours = [
        ("process.roles", "broker,controller"),
        ("node.id", "1"),
        ("listeners", &addresses),
        ("advertised.listeners", &addresses),
        ("inter.broker.listener.name", "PLAINTEXT"),
        ("controller.listener.names", "CONTROLLER"),
        ("controller.quorum.bootstrap.servers", &quorum),
        ("log.dirs", &data),
        // A test that misspells a topic should fail, not make one with one partition.
        ("auto.create.topics.enable", "false"),
        // There is one broker to hold the internal topics, and of their partitions the default
        // of 50 takes seconds to make.
        ("offsets.topic.replication.factor", "1"),
        ("offsets.topic.num.partitions", "4"),
        ("transaction.state.log.replication.factor", "1"),
        ("transaction.state.log.min.isr", "1"),
        // Retention goes by the records' own times, and tests write old ones: they would vanish.
        ("log.retention.ms", "-1"),
        ("transaction.state.log.num.partitions", "4"),
        ("share.coordinator.state.topic.replication.factor", "1"),
        ("share.coordinator.state.topic.min.isr", "1"),
        ("share.coordinator.state.topic.num.partitions", "1"),
        // A group waits 3 s for more first members otherwise.
        ("group.initial.rebalance.delay.ms", "0"),
        // A broker started again after a kill is let in when its last session has run out.
        // With the default of 9 s that doubles the time such a test takes.
        ("broker.session.timeout.ms", "4000"),
        ("broker.heartbeat.interval.ms", "1000"),
        // 128 MiB by default, a quarter of the heap, for compacting topics larger than a test's.
        ("log.cleaner.dedupe.buffer.size", "16777216"),
    ];
    ours.iter().chain(extra).map(|(name, value)| format!("{name}={value}\n")).collect()
}

/// Gives the folders the identity and the controller's first vote that Kafka starts from.
fn format_folders(java: &Java, configuration: &Path) -> Result<(), BrokerError> {
    let arguments = ["format", "--standalone", "--cluster-id", CLUSTER_ID, "--config"].map(OsStr::new);
    let arguments = [&arguments, [configuration.as_os_str()].as_slice()].concat();
    java.run("kafka.tools.StorageTool", &arguments).map(drop)
}

/// Whether a broker answers the request every client begins with. It listens for clients only once
/// the controller has let it in, so from then on it also leads its partitions.
fn answers(address: &str) -> bool {
    ask_api_versions(address).unwrap_or(false)
}

fn ask_api_versions(address: &str) -> std::io::Result<bool> {
    const PATIENCE: Duration = Duration::from_secs(2);
    // ApiVersions is key 18, version 0; then a correlation id, and -1 for no client id.
    const REQUEST: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff];

    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.write_all(&REQUEST)?;
    let mut head = [0; 10];
    connection.read_exact(&mut head)?;
    // The length, the correlation id, and the error code.
    let [_, _, _, _, id @ .., error_high, error_low] = head;
    Ok(id == [0, 0, 0, 7] && [error_high, error_low] == [0, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_poms() {
        assert!(PACKAGE.version().starts_with("4."), "{}", PACKAGE.version());
    }

    #[test]
    fn a_property_of_the_test_comes_after_ours() {
        let written = server_properties(1, 2, Path::new("/data"), &[("auto.create.topics.enable", "true")]);
        let values: Vec<&str> =
            written.lines().filter_map(|line| line.strip_prefix("auto.create.topics.enable=")).collect();
        assert_eq!(values, ["false", "true"]);
    }
}
