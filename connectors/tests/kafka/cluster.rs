//! A real cluster, with topics and a group of the test's own.

use crate::contract;
use connectors::admin::{Creation, KafkaAdmin, NewTopicSpec};
use connectors::kafka::{KafkaLog, KafkaSettings};
use loadtest::broker::{Kafka, KafkaOptions};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

/// One broker for all tests; it ends with their process.
static BROKER: OnceLock<Kafka> = OnceLock::new();

/// The cluster, and the names that no other test has.
pub(crate) struct Cluster {
    settings: KafkaSettings,
    admin: KafkaAdmin,
}

impl Cluster {
    /// The cluster for the test of this name.
    pub(crate) fn of_test(test: &str) -> Self {
        let broker = BROKER.get_or_init(|| Kafka::start(&KafkaOptions::default()).unwrap());
        // A broker that is not ours keeps the topics of earlier runs.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
        let settings = KafkaSettings::new(broker.bootstrap(), &format!("{test}-{now}"));
        let admin = KafkaAdmin::new(&settings).unwrap();
        Self { settings, admin }
    }

    /// Administers it.
    pub(crate) fn admin(&self) -> &KafkaAdmin {
        &self.admin
    }

    /// How this test's clients are set up.
    pub(crate) fn settings(&self) -> KafkaSettings {
        self.settings.clone()
    }
}

impl contract::Setting for Cluster {
    type Log = KafkaLog;

    fn process(&self, instance: Option<&str>) -> KafkaLog {
        let group_instance_id = instance.map(str::to_owned);
        KafkaLog::new(KafkaSettings { group_instance_id, ..self.settings() }).unwrap()
    }

    fn topic(&self, name: &str, partitions: u32) -> Arc<str> {
        let name = format!("{}-{name}", self.settings.group_id);
        let spec =
            NewTopicSpec { name: name.clone(), partitions, replication: None, config: BTreeMap::new() };
        assert_eq!(self.admin.create_topics(&[spec]).unwrap(), [Creation::Made]);
        // The controller has made it; the broker that a consumer asks may not have heard of it yet.
        while self.admin.describe_topics(&[&name]).unwrap() == [None] {
            std::thread::sleep(Duration::from_millis(10));
        }
        name.into()
    }

    fn silence(&self) -> Duration {
        // Longer than a fetch waits for records.
        Duration::from_millis(1_200)
    }
}
