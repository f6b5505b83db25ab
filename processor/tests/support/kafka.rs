//! A site for the tests on a real Kafka: broker, registry, topics, the process under test, an
//! upstream producer, and a consumer of committed records that has nothing to do with the engine.

#![allow(unused_imports, reason = "each test binary uses its own part")]

mod load;
mod process;
mod reading;
mod servers;

pub use load::Load;
pub use process::Process;
pub use reading::{Follower, Heard, follow_topic, producer_config, read_topic, topic_records};
pub use servers::{SESSION_TIMEOUT_MS, servers};

use connectors::admin::{KafkaAdmin, NewTopicSpec};
use connectors::kafka::{KafkaLog, KafkaMembership, KafkaSettings};
use connectors::registry::{RegistrySettings, SchemaRegistry};
use decision::ids::EventId;
use decision::{Event, Policies, Published};
use engine::log::{Log, Membership, TopicPartition};
use engine::partition::partition_of;
use engine::versions::Publications;
use loadtest::generate::DEMO_POLICY;
use loadtest::oracle::Partition;
use loadtest::oracle::replay::{Oracle, Verdict};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};
use schemas::{Encoder, InputTopic, OutputTopic, Publication, Registry, Schemas, SingleTopic, TopicNames};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many partitions each topic has, unless a site is made with others.
pub const PARTITIONS: u32 = 6;

/// One group with topics of its own.
pub struct Site {
    pub folder: tempfile::TempDir,
    pub names: TopicNames,
    pub registry: Arc<dyn Registry>,
    pub schemas: Schemas,
    pub policies: Arc<Policies>,
    /// The binary that runs: the test's own unless another one is to be measured.
    pub binary: PathBuf,
    /// How many partitions each topic has.
    pub partitions: u32,
    prefix: String,
    producer: ThreadedProducer<DefaultProducerContext>,
    encoder: Encoder,
    /// Where the policy comes from, as the configuration says it.
    pub policy: String,
    /// Further lines of the configuration.
    pub settings: String,
    /// Offsets of the inputs at which the marker of a transaction lies.
    markers: RefCell<BTreeSet<(String, i32, i64)>>,
    /// How many processes were started: each has a log of its own.
    started: AtomicUsize,
}

impl Site {
    /// Makes topics and a folder for one test, under the demo's policy.
    pub fn new(name: &str) -> Self {
        Self::under(name, DEMO_POLICY)
    }

    /// Makes topics and a folder for one test, under a policy.
    pub fn under(name: &str, policy: &str) -> Self {
        Self::of(name, policy, PARTITIONS)
    }

    /// Makes topics of so many partitions and a folder for one test, under a policy.
    pub fn of(name: &str, policy: &str, partitions: u32) -> Self {
        let servers = servers();
        let mut names = TopicNames::default();
        for topic in InputTopic::ALL {
            names = names.with_input(*topic, &topic.spec().name.replace("weir.", &format!("{name}.")));
        }
        for topic in OutputTopic::ALL {
            names = names.with_output(*topic, &topic.spec().name.replace("weir.", &format!("{name}.")));
        }
        for topic in SingleTopic::ALL {
            names = names.with_single(*topic, &topic.spec().name.replace("weir.", &format!("{name}.")));
        }
        create_topics(&servers.bootstrap, &names, partitions);
        let (registry, schemas) = register(&names);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("demo.policy.yaml"), policy).unwrap();
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &servers.bootstrap).set("linger.ms", "2");
        Self {
            folder,
            names,
            registry,
            schemas,
            policies: Arc::new(::policy::parse("demo.policy.yaml", policy).unwrap().policy.into()),
            binary: env!("CARGO_BIN_EXE_weir").into(),
            partitions,
            prefix: format!("{name}."),
            producer: client.create().unwrap(),
            encoder: Encoder::new(schemas),
            policy: "file = \"demo.policy.yaml\"".to_owned(),
            settings: String::new(),
            markers: RefCell::default(),
            started: AtomicUsize::new(0),
        }
    }

    pub fn state_folder(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn write_config(&self) -> PathBuf {
        let servers = servers();
        let path = self.folder.path().join("weir.toml");
        let (brokers, url, prefix) = (&servers.bootstrap, &servers.url, &self.prefix);
        let text = format!(
            "[kafka]\nbrokers = \"{brokers}\"\ngroup = \"{prefix}group\"\ngroup_instance_id = \"only\"\n\
             [registry]\nurl = \"{url}\"\n[topics]\nprefix = \"{prefix}\"\n[state]\nfolder = \"state\"\n\
             memory_bytes = 67108864\n[policy]\n{}\n[http]\nlisten = \"127.0.0.1:0\"\n\
             [log]\nlevel = \"info,engine=debug\"\nformat = \"json\"\n{}",
            self.policy, self.settings
        );
        // In one step: a process that was started just before may be reading it.
        let new = path.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, &path).unwrap();
        path
    }

    /// Starts an instance of this name, with a folder of its own, whose API others reach.
    pub fn instance(&self, name: &str) -> Process {
        let folder = format!("state-{name}");
        self.start(&[
            ("WEIR__KAFKA__GROUP_INSTANCE_ID", name),
            ("WEIR__STATE__FOLDER", &folder),
            ("WEIR__API__LISTEN", "127.0.0.1:0"),
            ("WEIR__API__URL", "http://127.0.0.1:{port}"),
            // What is asked in tests is more than people ask.
            ("WEIR__API__RATE_PER_SECOND", "100000"),
        ])
    }

    /// Starts the process, with these environment variables.
    pub fn start(&self, environment: &[(&str, &str)]) -> Process {
        let config = self.write_config();
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let log = self.folder.path().join(format!("weir-{number}.log"));
        let file = File::create(&log).unwrap();
        let child = Command::new(&self.binary)
            .args(["run", "--config"])
            .arg(config)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stderr(file.try_clone().unwrap())
            .stdout(file)
            .spawn()
            .unwrap();
        Process { child, log }
    }

    /// Runs a command of the binary to its end, with the same configuration.
    pub fn command(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--config").arg(self.write_config());
        command.envs(environment.iter().copied()).stdin(Stdio::null()).output().unwrap()
    }

    /// Begins a command of the binary, whose output is read while it runs.
    pub fn begin(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--config").arg(self.write_config());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Deletes a topic, and makes one of the same name.
    pub fn make_anew(&self, topic: &Arc<str>) {
        let brokers = &servers().bootstrap;
        let admin = KafkaAdmin::new(&KafkaSettings::new(brokers, "admin")).unwrap();
        let topics = std::slice::from_ref(topic);
        admin.delete_topics(&[topic]).unwrap();
        wait_for_topics(brokers, topics, None);
        admin.create_topics(&[spec(&self.names, topic, self.partitions)]).unwrap();
        wait_for_topics(brokers, topics, Some(self.partitions));
        let log = KafkaLog::new(KafkaSettings::new(brokers, "admin")).unwrap();
        let at = |partition| TopicPartition { topic: topic.clone(), partition };
        let all: Vec<TopicPartition> = (0..self.partitions).map(at).collect();
        // Of a topic that was just made, a broker may not know yet that it leads it.
        while log.end_offsets(&all).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends an event, as an upstream system would.
    pub fn tell(&mut self, event: &Event) {
        let mut value = Vec::new();
        let (topic, key) = self.encoder.event(event, &mut value).unwrap();
        self.tell_bytes(topic, key, &value);
    }

    /// Sends bytes to an input topic; answers where they lie is not asked for.
    pub fn tell_bytes(&self, topic: InputTopic, key: &[u8], value: &[u8]) {
        let partition = partition_of(key, NonZeroU32::new(self.partitions).unwrap());
        let mut record = BaseRecord::to(self.names.input(topic))
            .key(key)
            .payload(value)
            .partition(i32::try_from(partition).unwrap());
        // A full queue is waited for: the broker takes what it can.
        while let Err((error, again)) = self.producer.send(record) {
            assert!(error.to_string().contains("QueueFull"), "{error}");
            record = again;
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The encoded form of an event.
    pub fn encode(&mut self, event: &Event) -> (InputTopic, Vec<u8>, Vec<u8>) {
        let mut value = Vec::new();
        let (topic, key) = self.encoder.event(event, &mut value).unwrap();
        (topic, key.to_vec(), value)
    }

    /// Waits until all that was told is in the log.
    pub fn flush(&self) {
        self.producer.flush(Duration::from_secs(60)).unwrap();
    }

    /// Waits until every input was decided and committed, and nothing more happens.
    #[track_caller]
    pub fn wait_until_done(&self, within: Duration) {
        self.flush();
        let deadline = Instant::now() + within;
        let group = format!("{}group", self.prefix);
        let client: BaseConsumer = reading::client(&group).create().unwrap();
        let log = KafkaLog::new(KafkaSettings::new(&servers().bootstrap, &group)).unwrap();
        let onlooker = log.onlooker().unwrap();
        let mut quiet = (self.journal_ends(&client), Instant::now());
        loop {
            let lag = self.lag(&client, &onlooker);
            let journal = self.journal_ends(&client);
            if lag > 0 || journal != quiet.0 {
                quiet = (journal, Instant::now());
            } else if quiet.1.elapsed() > Duration::from_secs(2) {
                return;
            }
            assert!(Instant::now() < deadline, "{lag} records of {} are still to be decided", self.prefix);
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// How many records of the input topics the group has not committed.
    fn lag(&self, client: &BaseConsumer, onlooker: &KafkaMembership) -> i64 {
        let all_of = |topic: &Arc<str>| {
            let topic = Arc::clone(topic);
            (0..self.partitions).map(move |partition| TopicPartition { topic: Arc::clone(&topic), partition })
        };
        let places: Vec<TopicPartition> = self.names.inputs().iter().flat_map(all_of).collect();
        let committed = onlooker.committed(&places).unwrap();
        let lag_of = |(place, committed): (&TopicPartition, Option<i64>)| {
            let partition = i32::try_from(place.partition).unwrap();
            let (low, high) =
                client.fetch_watermarks(&place.topic, partition, Duration::from_secs(30)).unwrap();
            let at = committed.unwrap_or(low);
            let is_marker = high - at == 1 && self.is_marker(&place.topic, partition, at);
            if is_marker { 0 } else { high - at }
        };
        places.iter().zip(committed).map(lag_of).sum()
    }

    /// Whether no record lies at the last offset of a partition of an input, but the marker of the
    /// transaction that wrote what is before it: nobody commits past that alone.
    fn is_marker(&self, topic: &str, partition: i32, offset: i64) -> bool {
        let place = (topic.to_owned(), partition, offset);
        if self.markers.borrow().contains(&place) {
            return true;
        }
        let consumer: BaseConsumer = reading::client("peek").create().unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(offset)).unwrap();
        consumer.assign(&list).unwrap();
        let polled = consumer.poll(Duration::from_secs(30));
        let is_marker = matches!(polled, Some(Err(KafkaError::PartitionEOF(_))));
        if is_marker {
            self.markers.borrow_mut().insert(place);
        }
        is_marker
    }

    fn journal_ends(&self, client: &BaseConsumer) -> Vec<i64> {
        let journal = self.names.output(OutputTopic::Journal);
        let end = |partition: u32| {
            let partition = i32::try_from(partition).unwrap();
            client.fetch_watermarks(journal, partition, Duration::from_secs(30)).unwrap().1
        };
        (0..self.partitions).map(end).collect()
    }

    /// All committed records of every topic, by a consumer that shares nothing with the engine.
    pub fn read_all(&self) -> Vec<Partition> {
        let mut partitions: Vec<Partition> = (0..self.partitions)
            .map(|number| Partition { number, count: self.partitions, ..Partition::default() })
            .collect();
        for topic in InputTopic::ALL {
            for (partition, records) in read_topic(self.names.input(*topic)).into_iter().enumerate() {
                partitions[partition].inputs.insert(*topic, records);
            }
        }
        for topic in OutputTopic::ALL {
            for (partition, records) in read_topic(self.names.output(*topic)).into_iter().enumerate() {
                partitions[partition].outputs.insert(*topic, records);
            }
        }
        partitions
    }

    /// What the oracle says of everything that went in and came out.
    pub fn verdict(&self) -> Verdict {
        let own = |key: &[u8], count: u32| partition_of(key, NonZeroU32::new(count).unwrap());
        let (policies, names) = (self.policies.clone(), self.names.clone());
        let mut oracle = Oracle::new(policies, names, self.registry.clone(), self.schemas, own)
            .and_published(self.published());
        oracle.check_all(self.read_all())
    }

    /// What was published, each with the id of its control.
    fn published(&self) -> Vec<(EventId, Published)> {
        let log = KafkaLog::new(KafkaSettings::new(&servers().bootstrap, "oracle")).unwrap();
        let compile = |publication: &Publication| {
            Ok(::policy::parse(&publication.file, &publication.text).unwrap().policy)
        };
        let all =
            Publications::read(&log, &self.names, self.registry.clone(), Box::new(compile)).unwrap().all();
        let published = all.into_iter().map(|(publication, version)| {
            let Publication { event_id, published_at: at, withdraws_later, .. } = publication;
            (event_id, Published { version, at, withdraws_later })
        });
        published.collect()
    }

    /// Everything must be as the oracle says.
    #[track_caller]
    pub fn check_well(&self) -> Verdict {
        let verdict = self.verdict();
        let told: Vec<String> = verdict.deviations.iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
        verdict
    }
}

/// Registers every schema there is: what the process writes, and what upstream does.
fn register(names: &TopicNames) -> (Arc<dyn Registry>, Schemas) {
    let settings = RegistrySettings { auto_register: true, ..RegistrySettings::new(&servers().url) };
    let registry: Arc<dyn Registry> = Arc::new(SchemaRegistry::connect(&settings).unwrap());
    let schemas = Schemas::for_topics(&*registry, names).unwrap().and_inputs(&*registry, names).unwrap();
    (registry, schemas)
}

/// How a topic is made: as the table of topics says.
fn spec(names: &TopicNames, topic: &str, partitions: u32) -> NewTopicSpec {
    let single = SingleTopic::ALL.iter().find(|single| *topic == **names.single(**single));
    let is_changelog = *topic == **names.output(OutputTopic::Debtors);
    let is_compacted = is_changelog || single.is_some_and(|single| single.spec().compacted);
    let policy = if is_compacted { "compact" } else { "delete" };
    let mut config = BTreeMap::from([("cleanup.policy".to_owned(), policy.to_owned())]);
    if let Some(time) = single.and_then(|single| single.spec().kept_for) {
        config
            .extend(["retention.ms", "segment.ms"].map(|key| (key.to_owned(), time.as_millis().to_string())));
    }
    NewTopicSpec {
        name: topic.to_owned(),
        partitions: if single.is_some() { 1 } else { partitions },
        replication: Some(1),
        config,
    }
}

fn create_topics(brokers: &str, names: &TopicNames, partitions: u32) {
    let all: Vec<Arc<str>> = names.inputs().iter().chain(names.outputs()).cloned().collect();
    let singles: Vec<Arc<str>> = SingleTopic::ALL.iter().map(|topic| names.single(*topic).clone()).collect();
    let topics: Vec<NewTopicSpec> =
        all.iter().chain(&singles).map(|topic| spec(names, topic, partitions)).collect();
    KafkaAdmin::new(&KafkaSettings::new(brokers, "admin")).unwrap().create_topics(&topics).unwrap();
    wait_for_topics(brokers, &all, Some(partitions));
    wait_for_topics(brokers, &singles, Some(1));
}

/// Waits until the topics have so many partitions, or are gone: a topic that was just made is not at once
/// known, and led, everywhere.
#[track_caller]
fn wait_for_topics(brokers: &str, topics: &[Arc<str>], partitions: Option<u32>) {
    let deadline = Instant::now() + Duration::from_secs(30);
    let log = KafkaLog::new(KafkaSettings::new(brokers, "admin")).unwrap();
    while log.partitions(topics).unwrap().iter().any(|count| *count != partitions) {
        assert!(Instant::now() < deadline, "{topics:?} should have {partitions:?} partitions");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether anything lies in a folder.
pub fn is_there(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}
