//! Where a run takes place: broker, registry, topics and schemas.

use crate::client::Distance;
use crate::error::RunError;
use connectors::admin::{KafkaAdmin, NewTopicSpec};
use connectors::kafka::KafkaSettings;
use connectors::registry::{RegistrySettings, SchemaRegistry};
use loadtest::broker::{Kafka, KafkaOptions, Registry as RegistryServer};
use schemas::{InputTopic, OutputTopic, Registry, Schemas, TopicNames};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A broker that is measured is no broker of a test: all of Java's compilers, and a heap that is not always full.
const JVM_OPTIONS: &[&str] = &["-Xmx1g", "-Xms1g", "-XX:TieredStopAtLevel=4"];

/// How long a new topic may take to be known.
const SETTLE: Duration = Duration::from_millis(500);

/// Where a run takes place.
pub(crate) struct Site {
    /// `HOST:PORT` of the brokers.
    pub(crate) brokers: String,
    /// The registry's URL.
    pub(crate) registry_url: String,
    /// What stands before the topics' names, without the point.
    pub(crate) prefix: String,
    pub(crate) partitions: u32,
    pub(crate) names: TopicNames,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) schemas: Schemas,
    /// The group of the processor: several runs on one broker must not share one.
    pub(crate) group: String,
    /// The file by which our own broker's process is found.
    pub(crate) broker_folder: Option<PathBuf>,
    // Held so that they end with the run.
    _servers: Option<Servers>,
}

/// Broker and registry: ours, which end with this, or those that were there.
pub(crate) struct Servers {
    pub(crate) brokers: String,
    pub(crate) registry_url: String,
    /// The file by which our own broker's process is found.
    pub(crate) broker_folder: Option<PathBuf>,
    _kafka: Option<Kafka>,
    _registry: Option<RegistryServer>,
}

impl Servers {
    /// Starts what is not there.
    pub(crate) fn open(brokers: Option<String>, registry: Option<String>) -> Result<Self, RunError> {
        let options = KafkaOptions { jvm_options: JVM_OPTIONS, ..KafkaOptions::default() };
        let kafka = if brokers.is_none() { Some(Kafka::start(&options)?) } else { None };
        let own_registry = if registry.is_none() { Some(RegistryServer::start()?) } else { None };
        let own = kafka.as_ref().map(|kafka| kafka.bootstrap().to_owned());
        Ok(Self {
            brokers: brokers.or(own).unwrap_or_default(),
            registry_url: registry
                .or(own_registry.as_ref().map(|registry| registry.url().to_owned()))
                .unwrap_or_default(),
            broker_folder: kafka.as_ref().and_then(|kafka| Some(kafka.log()?.parent()?.to_owned())),
            _kafka: kafka,
            _registry: own_registry,
        })
    }
}

/// What a site is to be.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) brokers: Option<String>,
    pub(crate) registry: Option<String>,
    pub(crate) prefix: String,
    pub(crate) partitions: u32,
}

impl Site {
    /// Starts what is not there, and makes the topics.
    pub(crate) fn open(wanted: Wanted) -> Result<Self, RunError> {
        let servers = Servers::open(wanted.brokers, wanted.registry)?;
        let site = Self::on(&servers, &wanted.prefix, wanted.partitions)?;
        Ok(Self { _servers: Some(servers), ..site })
    }

    /// Makes the topics on servers that others hold.
    pub(crate) fn on(servers: &Servers, prefix: &str, partitions: u32) -> Result<Self, RunError> {
        let (brokers, registry_url) = (servers.brokers.clone(), servers.registry_url.clone());
        let names = names(prefix);
        create_topics(&brokers, &names, partitions)?;
        let settings = RegistrySettings { auto_register: true, ..RegistrySettings::new(&registry_url) };
        let registry = SchemaRegistry::connect(&settings)
            .map_err(RunError::failed(format!("reach the registry {registry_url}")))?;
        let schemas = Schemas::for_topics(&registry, &names)
            .and_then(|schemas| schemas.and_inputs(&registry, &names))
            .map_err(RunError::failed("register the schemas"))?;
        let site = Self {
            brokers,
            registry_url,
            prefix: prefix.to_owned(),
            partitions,
            names,
            registry: Arc::new(registry),
            schemas,
            group: group_of(prefix),
            broker_folder: servers.broker_folder.clone(),
            _servers: None,
        };
        site.check_empty()?;
        Ok(site)
    }

    /// The input topics that a run's processor reads, and that events are sent to.
    pub(crate) fn inputs(&self) -> Vec<&str> {
        self.names.inputs().iter().map(|name| &**name).collect()
    }

    /// The topics of the commands that are matched to events.
    pub(crate) fn commands(&self) -> [&str; 2] {
        [OutputTopic::Messages, OutputTopic::Provisioning].map(|topic| &**self.names.output(topic))
    }

    /// Asks how far the processor is.
    pub(crate) fn distance(&self) -> Result<Distance, RunError> {
        Distance::new(&self.brokers, &self.group, &self.inputs(), self.partitions)
    }

    fn check_empty(&self) -> Result<(), RunError> {
        let stand = self.distance()?.ask()?;
        if stand.end == 0 {
            return Ok(());
        }
        Err(RunError::NotEmpty { prefix: self.prefix.clone(), records: stand.end })
    }
}

/// What the broker is: by its version where it is ours, which has a folder; else by its address.
pub(crate) fn broker_version(brokers: &str, folder: Option<&Path>) -> String {
    match folder {
        Some(_) => format!("Apache Kafka {}, one node", Kafka::version()),
        None => brokers.to_owned(),
    }
}

/// The group of a processor that reads the topics of a prefix.
pub(crate) fn group_of(prefix: &str) -> String {
    format!("loadtest-{prefix}")
}

/// The topics' names, under a prefix of one's own.
pub(crate) fn names(prefix: &str) -> TopicNames {
    let renamed = |name: &str| name.replacen("weir.", &format!("{prefix}."), 1);
    let mut names = TopicNames::default();
    for topic in InputTopic::ALL {
        names = names.with_input(*topic, &renamed(topic.spec().name));
    }
    for topic in OutputTopic::ALL {
        names = names.with_output(*topic, &renamed(topic.spec().name));
    }
    names
}

fn create_topics(brokers: &str, names: &TopicNames, partitions: u32) -> Result<(), RunError> {
    let compacted = names.output(OutputTopic::Debtors);
    let topics: Vec<NewTopicSpec> = names
        .inputs()
        .iter()
        .chain(names.outputs())
        .map(|name| {
            let policy = if name == compacted { "compact" } else { "delete" };
            let config = BTreeMap::from([("cleanup.policy".to_owned(), policy.to_owned())]);
            NewTopicSpec { name: name.to_string(), partitions, replication: None, config }
        })
        .collect();
    let admin = KafkaAdmin::new(&KafkaSettings::new(brokers, "loadtest"))
        .map_err(RunError::failed(format!("administer {brokers}")))?;
    admin.create_topics(&topics).map_err(RunError::failed("make the topics"))?;
    // A topic that was just made is not at once known everywhere.
    std::thread::sleep(SETTLE);
    Ok(())
}
