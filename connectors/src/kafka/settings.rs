//! How the clients are set up: what may be chosen, what Weir sets itself, and why.

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How to reach Kafka, and how to behave there.
#[derive(Clone)]
pub struct KafkaSettings {
    /// `bootstrap.servers`: hosts and ports, with commas between them.
    pub brokers: String,
    /// `client.id`: how brokers' logs and quotas name this process.
    pub client_id: String,
    /// `group.id`.
    pub group_id: String,
    /// `group.instance.id`: with it the member is static, and a process that comes back within the
    /// session time-out takes its place at once.
    pub group_instance_id: Option<String>,
    /// How the group gives partitions to its members.
    pub group_protocol: GroupProtocol,
    /// How long a member may be silent before the group gives its partitions to others. The
    /// classic protocol only; under the newer one the broker says so.
    pub session_timeout: Duration,
    /// How often a member is heard of, and so how long it takes to hear of a rebalance. The classic
    /// protocol only.
    pub heartbeat_interval: Duration,
    /// How long a member may take to let go what was revoked, and how long it may go without
    /// polling (`max.poll.interval.ms`).
    pub rebalance_timeout: Duration,
    /// How long a transaction may stay open before the broker aborts it. It bounds how long a dead
    /// process hides what others wrote to the same partitions.
    pub transaction_timeout: Duration,
    /// How long one blocking call may take.
    pub request_timeout: Duration,
    /// How long records wait for more of their batch. A commit waits for them in turn.
    pub linger: Duration,
    /// `security.protocol`, `ssl.*`, `sasl.*`, as librdkafka names them.
    pub security: BTreeMap<String, String>,
    /// Further librdkafka properties, for all clients.
    pub properties: BTreeMap<String, String>,
    /// Further librdkafka properties, for what reads.
    pub consumer_properties: BTreeMap<String, String>,
    /// Further librdkafka properties, for what writes.
    pub producer_properties: BTreeMap<String, String>,
    /// Where librdkafka's statistics go; none by default, since they cost.
    pub statistics: Option<Statistics>,
}

/// How the group gives partitions to its members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupProtocol {
    /// The classic protocol with the `range` assignor: partition *i* of every topic to the same
    /// member, and all partitions from everyone at each rebalance.
    #[default]
    Classic,
    /// KIP-848 with the broker's `range` assignor.
    Consumer,
}

/// Takes a client's name and its statistics, as librdkafka's JSON.
pub type Report = Arc<dyn Fn(&str, &[u8]) + Send + Sync>;

/// Where statistics go, and how often.
#[derive(Clone)]
pub struct Statistics {
    /// How often.
    pub every: Duration,
    /// Where.
    pub report: Report,
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A property that Weir sets itself.
    #[error("the Kafka property {property} cannot be set: {reason}")]
    Owned {
        /// Its name.
        property: String,
        /// Why.
        reason: &'static str,
    },
    /// A property in `security` that is about something else.
    #[error("{property} is no security property (security.*, ssl.*, sasl.*)")]
    NotSecurity {
        /// Its name.
        property: String,
    },
    /// librdkafka refuses.
    #[error("the Kafka client refuses its settings: {reason}")]
    Refused {
        /// What it says.
        reason: String,
    },
}

const HAS_A_SETTING: &str = "it has a setting of its own";
const COMMIT: &str = "the commit protocol rests on it";
const ASSIGNMENT: &str = "co-partitioning rests on it";

/// Properties that are not to be had by the back door.
const OWNED: &[(&str, &str)] = &[
    ("bootstrap.servers", HAS_A_SETTING),
    ("metadata.broker.list", HAS_A_SETTING),
    ("client.id", HAS_A_SETTING),
    ("group.id", HAS_A_SETTING),
    ("group.instance.id", HAS_A_SETTING),
    ("group.protocol", HAS_A_SETTING),
    ("session.timeout.ms", HAS_A_SETTING),
    ("heartbeat.interval.ms", HAS_A_SETTING),
    ("max.poll.interval.ms", HAS_A_SETTING),
    ("transaction.timeout.ms", HAS_A_SETTING),
    ("linger.ms", HAS_A_SETTING),
    ("queue.buffering.max.ms", HAS_A_SETTING),
    ("statistics.interval.ms", HAS_A_SETTING),
    ("transactional.id", "it is the partition's"),
    ("group.remote.assignor", ASSIGNMENT),
    ("partition.assignment.strategy", ASSIGNMENT),
    ("partitioner", ASSIGNMENT),
    ("acks", COMMIT),
    ("request.required.acks", COMMIT),
    ("auto.offset.reset", COMMIT),
    ("enable.auto.commit", COMMIT),
    ("enable.auto.offset.store", COMMIT),
    ("enable.idempotence", COMMIT),
    ("enable.partition.eof", COMMIT),
    ("isolation.level", COMMIT),
    ("message.timeout.ms", COMMIT),
    ("delivery.timeout.ms", COMMIT),
];

impl KafkaSettings {
    /// The settings for these brokers and this group, the rest as it usually is best.
    #[must_use]
    pub fn new(brokers: &str, group_id: &str) -> Self {
        Self {
            brokers: brokers.to_owned(),
            client_id: group_id.to_owned(),
            group_id: group_id.to_owned(),
            group_instance_id: None,
            group_protocol: GroupProtocol::Classic,
            session_timeout: Duration::from_secs(45),
            // Kafka's usual 3 s would be what a scale-out waits before anything happens.
            heartbeat_interval: Duration::from_secs(1),
            rebalance_timeout: Duration::from_secs(120),
            transaction_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(15),
            linger: Duration::from_millis(1),
            security: BTreeMap::new(),
            properties: BTreeMap::new(),
            consumer_properties: BTreeMap::new(),
            producer_properties: BTreeMap::new(),
            statistics: None,
        }
    }

    /// Refuses what is Weir's own to set.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        for property in self.security.keys() {
            let is_security = ["security.", "ssl.", "sasl.", "enable.ssl."]
                .iter()
                .any(|prefix| property.starts_with(prefix));
            if !is_security {
                return Err(SettingsError::NotSecurity { property: property.clone() });
            }
        }
        let maps = [&self.properties, &self.consumer_properties, &self.producer_properties];
        for property in maps.into_iter().flat_map(BTreeMap::keys) {
            if let Some((_, reason)) = OWNED.iter().find(|(owned, _)| owned == property) {
                return Err(SettingsError::Owned { property: property.clone(), reason });
            }
        }
        Ok(())
    }

    /// A client that asks for metadata and end offsets, those of open transactions counted.
    pub(super) fn query_config(&self) -> ClientConfig {
        let mut config = self.config();
        config.set("isolation.level", "read_uncommitted");
        config
    }

    /// A client for administration.
    pub(crate) fn admin_config(&self) -> ClientConfig {
        self.config()
    }

    /// A member of the group.
    pub(super) fn member_config(&self) -> ClientConfig {
        // So much of each partition is held back while its task has enough to do. The others' records are
        // polled at once.
        let mut config = self.reading_config(2_048);
        // One fetch brings so much of each partition, compressed, however little there is room for. 1 MiB by
        // default: of six partitions that may be a hundred thousand records at once. The other name is
        // librdkafka's second one for the same.
        if ["fetch.message.max.bytes", "max.partition.fetch.bytes"]
            .iter()
            .all(|name| config.get(name).is_none())
        {
            config.set("fetch.message.max.bytes", "262144");
        }
        config.set("max.poll.interval.ms", millis(self.rebalance_timeout));
        if let Some(instance) = &self.group_instance_id {
            config.set("group.instance.id", instance);
        }
        match self.group_protocol {
            GroupProtocol::Classic => {
                config
                    .set("partition.assignment.strategy", "range")
                    .set("session.timeout.ms", millis(self.session_timeout))
                    .set("heartbeat.interval.ms", millis(self.heartbeat_interval));
            }
            // librdkafka refuses the others' names here: they are the broker's to set.
            GroupProtocol::Consumer => {
                config.set("group.protocol", "consumer").set("group.remote.assignor", "range");
            }
        }
        config
    }

    /// A reader outside the group. librdkafka wants a group id of whoever assigns partitions to
    /// itself; ours does, since nothing is committed, and asks for no further permission.
    pub(super) fn reader_config(&self) -> ClientConfig {
        // All partitions of a process may be restored at once, and each reader fetches ahead.
        let mut config = self.reading_config(8_192);
        // The end of a partition is told by a fetch that brings nothing, and this long it waits
        // for more. A reader lives while a task restores, and that is waiting for the end.
        config.set("fetch.wait.max.ms", "10");
        config
    }

    /// A reader that stays at the end of a small topic for as long as the process runs. Its fetches wait there
    /// for librdkafka's half second; what comes meanwhile ends the wait.
    pub(super) fn follower_config(&self) -> ClientConfig {
        self.reading_config(1_024)
    }

    /// What follows many partitions for somebody who watches: as a reader, without its haste.
    pub(super) fn tail_config(&self) -> ClientConfig {
        let mut config = self.reading_config(16_384);
        // Whoever watches wants the first record that is left, where retention was faster.
        config.set("auto.offset.reset", "earliest");
        config
    }

    /// A producer of this transactional id.
    pub(super) fn producer_config(&self, transactional_id: &str) -> ClientConfig {
        let mut config = self.config();
        config
            .set("transactional.id", transactional_id)
            .set("enable.idempotence", "true")
            .set("transaction.timeout.ms", millis(self.transaction_timeout))
            .set("linger.ms", millis(self.linger))
            // The engine computes each record's partition; whoever writes beside it should come to
            // the same one.
            .set("partitioner", "murmur2_random")
            // What a transaction waits when the last one's markers are still being written
            // (CONCURRENT_TRANSACTIONS) and librdkafka has no shorter wait of its own. 100 by default.
            .set("retry.backoff.ms", "5")
            // It must not be longer than a transaction may be; librdkafka checks only what is set.
            .set("socket.timeout.ms", millis(self.transaction_timeout.min(Duration::from_secs(60))));
        extend(&mut config, &self.producer_properties);
        config
    }

    /// What appends single records outside any transaction.
    pub(super) fn appender_config(&self) -> ClientConfig {
        let mut config = self.config();
        config
            // Each record once and in order, on all replicas in sync.
            .set("enable.idempotence", "true")
            // There is no company to wait for.
            .set("linger.ms", "0")
            // A producer makes topics by default, where the broker lets it: with as many partitions as the
            // broker likes, and kept for as long.
            .set("allow.auto.create.topics", "false");
        extend(&mut config, &self.producer_properties);
        config
    }

    /// What fetches as much ahead, in KiB, of each partition alone or of all that are polled together.
    fn reading_config(&self, ahead: u32) -> ClientConfig {
        let mut config = self.config();
        config
            .set("group.id", &self.group_id)
            .set("isolation.level", "read_committed")
            // Offsets are committed with the transaction that they belong to, and only so.
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // Records that are gone are a fault to be told, not a reason to start elsewhere.
            .set("auto.offset.reset", "error")
            // How a position gets past markers and aborted records.
            .set("enable.partition.eof", "true")
            // After a full queue the next fetch waits a whole second by default, with partitions
            // idle long after the queue was emptied.
            .set("fetch.queue.backoff.ms", "20")
            // 64 MiB by default.
            .set("queued.max.messages.kbytes", ahead.to_string());
        extend(&mut config, &self.consumer_properties);
        config
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        // rust-rdkafka would take the level from the `log` crate, which is not in use.
        config.set_log_level(RDKafkaLogLevel::Info);
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", &self.client_id)
            // Load balancers drop idle connections without a word.
            .set("socket.keepalive.enable", "true")
            // Small requests follow one another on one connection: Nagle's algorithm would hold each back
            // until the one before is acknowledged. Kafka's own clients have it off always.
            .set("socket.nagle.disable", "true");
        if let Some(statistics) = &self.statistics {
            config.set("statistics.interval.ms", millis(statistics.every));
        }
        extend(&mut config, &self.security);
        extend(&mut config, &self.properties);
        config
    }
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

fn extend(config: &mut ClientConfig, properties: &BTreeMap<String, String>) {
    for (property, value) in properties {
        config.set(property, value);
    }
}

impl fmt::Debug for KafkaSettings {
    /// Leaves out the values of properties, among which are passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaSettings")
            .field("brokers", &self.brokers)
            .field("client_id", &self.client_id)
            .field("group_id", &self.group_id)
            .field("group_instance_id", &self.group_instance_id)
            .field("group_protocol", &self.group_protocol)
            .field("security", &self.security.keys())
            .field("properties", &self.properties.keys())
            .field("consumer_properties", &self.consumer_properties.keys())
            .field("producer_properties", &self.producer_properties.keys())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(property: &str) -> KafkaSettings {
        let mut settings = KafkaSettings::new("localhost:9092", "weir");
        settings.properties.insert(property.to_owned(), "1".to_owned());
        settings
    }

    #[test]
    fn properties_that_the_protocol_rests_on_cannot_be_set() {
        assert!(matches!(with("isolation.level").check(), Err(SettingsError::Owned { .. })));
        assert!(with("queued.min.messages").check().is_ok());
        let mut settings = with("queued.min.messages");
        settings.security.insert("client.id".to_owned(), "x".to_owned());
        assert!(matches!(settings.check(), Err(SettingsError::NotSecurity { .. })));
    }

    #[test]
    fn how_much_a_fetch_brings_is_the_users_to_set_by_either_name() {
        let fetched = |settings: &KafkaSettings| {
            let config = settings.member_config();
            ["fetch.message.max.bytes", "max.partition.fetch.bytes"]
                .map(|name| config.get(name).map(str::to_owned))
        };
        let ours = KafkaSettings::new("localhost:9092", "weir");
        assert_eq!(fetched(&ours), [Some("262144".to_owned()), None]);
        assert_eq!(fetched(&with("max.partition.fetch.bytes")), [None, Some("1".to_owned())]);
        assert_eq!(fetched(&with("fetch.message.max.bytes")), [Some("1".to_owned()), None]);
    }

    #[test]
    fn passwords_are_not_shown() {
        let mut settings = KafkaSettings::new("localhost:9092", "weir");
        settings.security.insert("sasl.password".to_owned(), "secret".to_owned());
        assert!(!format!("{settings:?}").contains("secret"));
    }

    #[test]
    fn librdkafka_takes_every_kind_of_client_with_tls_and_each_sasl_mechanism() {
        let mut settings = KafkaSettings::new("localhost:9092", "weir");
        settings.group_instance_id = Some("weir-0".to_owned());
        for mechanism in ["PLAIN", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI"] {
            settings.security = BTreeMap::from([
                ("security.protocol".to_owned(), "SASL_SSL".to_owned()),
                ("sasl.mechanism".to_owned(), mechanism.to_owned()),
                ("sasl.username".to_owned(), "weir".to_owned()),
                ("sasl.password".to_owned(), "secret".to_owned()),
            ]);
            if mechanism == "GSSAPI" {
                settings.security.insert("sasl.kerberos.kinit.cmd".to_owned(), "true".to_owned());
            }
            let classic = settings.member_config().create::<rdkafka::consumer::BaseConsumer>();
            assert!(classic.is_ok(), "{mechanism}: {:?}", classic.err());
        }
        settings.security.clear();
        settings.group_protocol = GroupProtocol::Consumer;
        let reading = [settings.member_config(), settings.reader_config(), settings.tail_config()];
        for config in reading.into_iter().chain([settings.follower_config(), settings.query_config()]) {
            let client = config.create::<rdkafka::consumer::BaseConsumer>();
            assert!(client.is_ok(), "{:?}", client.err());
        }
        for config in [settings.producer_config("weir-0"), settings.appender_config()] {
            let producer = config.create::<rdkafka::producer::BaseProducer>();
            assert!(producer.is_ok(), "{:?}", producer.err());
        }
    }
}
