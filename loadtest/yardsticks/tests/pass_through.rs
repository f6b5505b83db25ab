//! The pass-through on a real Kafka: each input counts once, whatever happens to the process.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use connectors::admin::{KafkaAdmin, NewTopicSpec};
use connectors::kafka::{KafkaLog, KafkaMembership, KafkaSettings};
use engine::log::{Log, Membership, TopicPartition};
use loadtest::broker::{Kafka, KafkaOptions};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use yardsticks::pass_through::{INPUTS, OUTPUT};

const PARTITIONS: u32 = 3;
const LONG: Duration = Duration::from_secs(180);
const GLANCE: Duration = Duration::from_millis(20);

fn brokers() -> &'static str {
    static KAFKA: OnceLock<Kafka> = OnceLock::new();
    KAFKA.get_or_init(|| Kafka::start(&KafkaOptions::default()).unwrap()).bootstrap()
}

/// Two cores are too few for a broker, several processes and several tests at once.
static TURN: Mutex<()> = Mutex::new(());

/// Topics of one test, and what was sent to them.
struct Site {
    _turn: MutexGuard<'static, ()>,
    prefix: &'static str,
    folder: tempfile::TempDir,
    sender: ThreadedProducer<rdkafka::producer::DefaultProducerContext>,
    onlooker: KafkaMembership,
    /// Every partition of the inputs.
    inputs: Vec<TopicPartition>,
    /// By key, the timestamps.
    sent: BTreeMap<String, Vec<i64>>,
    /// Before that of the first record.
    began: i64,
}

impl Site {
    fn new(prefix: &'static str) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let admin = KafkaAdmin::new(&KafkaSettings::new(brokers(), "test")).unwrap();
        let spec = |name: &&str| NewTopicSpec {
            name: format!("{prefix}.{name}"),
            partitions: PARTITIONS,
            replication: None,
            config: BTreeMap::new(),
        };
        admin.create_topics(&INPUTS.iter().map(spec).collect::<Vec<_>>()).unwrap();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers()).set("partitioner", "murmur2_random").set("linger.ms", "2");
        let folder = tempfile::tempdir().unwrap();
        let sender = config.create().unwrap();
        let log = KafkaLog::new(KafkaSettings::new(brokers(), prefix)).unwrap();
        let onlooker = log.onlooker().unwrap();
        let all_of = |topic: &&str| {
            let topic: Arc<str> = format!("{prefix}.{topic}").into();
            (0..PARTITIONS).map(move |partition| TopicPartition { topic: Arc::clone(&topic), partition })
        };
        let inputs = INPUTS.iter().flat_map(all_of).collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let began = i64::try_from(now).unwrap() - 3_600_000;
        Self { _turn: turn, prefix, folder, sender, onlooker, inputs, sent: BTreeMap::new(), began }
    }

    /// Sends so many events of so many debtors, in turn over all topics.
    fn send(&mut self, events: u64, debtors: u64) {
        for number in 0..events {
            let topic = format!("{}.{}", self.prefix, INPUTS[usize::try_from(number % 4).unwrap()]);
            let key = format!("A-{}", number * 7 % debtors);
            let timestamp = self.began + i64::try_from(number).unwrap();
            let record = BaseRecord::to(&topic).key(&key).payload("an event").timestamp(timestamp);
            self.sender.send(record).map_err(|(error, _)| error).unwrap();
            self.sent.entry(key).or_default().push(timestamp);
        }
        self.sender.flush(LONG).unwrap();
        self.began += i64::try_from(events).unwrap();
    }

    fn start(&self, name: &str, further: &[&str]) -> Process {
        let log = self.folder.path().join(name);
        let file = File::create(&log).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_yardsticks"))
            .args(["pass-through", "--brokers", brokers(), "--registry", "http://127.0.0.1:1"])
            .args(["--prefix", self.prefix, "--application-id", self.prefix, "--state-dir", "none"])
            .args(further)
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        Process { child, log }
    }

    /// How many records of the inputs the group has committed.
    fn committed(&self) -> u64 {
        let offsets = self.onlooker.committed(&self.inputs).unwrap();
        offsets.into_iter().flatten().map(|offset| u64::try_from(offset).unwrap()).sum()
    }

    fn wait_until_committed(&self, count: u64, processes: &mut [&mut Process]) {
        let deadline = Instant::now() + LONG;
        while self.committed() < count {
            processes.iter_mut().for_each(|process| process.check());
            let said = || processes.iter().map(|process| process.said()).collect::<String>();
            assert!(Instant::now() < deadline, "{} of {count} were committed: {}", self.committed(), said());
            std::thread::sleep(GLANCE);
        }
    }

    fn all(&self) -> u64 {
        self.sent.values().map(|of_key| u64::try_from(of_key.len()).unwrap()).sum()
    }

    /// The committed records that came out, partition by partition: offset, key and timestamp.
    fn came_out(&self) -> Vec<Vec<(i64, String, i64)>> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", brokers())
            .set("group.id", self.prefix)
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .create()
            .unwrap();
        let topic = format!("{}.{OUTPUT}", self.prefix);
        let mut list = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            list.add_partition_offset(&topic, i32::try_from(partition).unwrap(), Offset::Beginning).unwrap();
        }
        consumer.assign(&list).unwrap();
        let mut records = vec![Vec::new(); usize::try_from(PARTITIONS).unwrap()];
        let (mut ended, deadline) = (0, Instant::now() + LONG);
        while ended < PARTITIONS {
            assert!(Instant::now() < deadline, "{topic} could not be read to its end");
            match consumer.poll(Duration::from_millis(500)) {
                None => {}
                Some(Err(KafkaError::PartitionEOF(_))) => ended += 1,
                Some(Err(error)) => panic!("{error}"),
                Some(Ok(message)) => {
                    assert_eq!(message.payload().unwrap().len(), 300);
                    let key = String::from_utf8(message.key().unwrap().to_vec()).unwrap();
                    let timestamp = message.timestamp().to_millis().unwrap();
                    let of_partition = &mut records[usize::try_from(message.partition()).unwrap()];
                    of_partition.push((message.offset(), key, timestamp));
                }
            }
        }
        records
    }

    /// Where each input is a transaction of its own, each comes out as one record of its key and timestamp.
    #[track_caller]
    fn check_each_once(&self) {
        let mut came: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for (_, key, timestamp) in self.came_out().into_iter().flatten() {
            came.entry(key).or_default().push(timestamp);
        }
        // Of one key the inputs lie in four topics, and come in no order among these.
        came.values_mut().for_each(|timestamps| timestamps.sort_unstable());
        assert_eq!(came, self.sent);
    }
}

struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    #[track_caller]
    fn check(&mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "it ended: {}", self.said());
    }

    #[track_caller]
    fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + LONG;
        while !self.said().contains("ready") {
            self.check();
            assert!(Instant::now() < deadline, "it is not ready: {}", self.said());
            std::thread::sleep(GLANCE);
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM. Answers what it says it has done.
    #[track_caller]
    fn terminate(&mut self) -> serde_json::Value {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let deadline = Instant::now() + LONG;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end: {}", self.said());
            std::thread::sleep(GLANCE);
        };
        assert!(status.success(), "{status}: {}", self.said());
        serde_json::from_str(self.said().lines().last().unwrap()).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

#[test]
fn a_transaction_has_one_record_for_each_key_and_all_offsets_are_committed() {
    let mut site = Site::new("keys");
    site.send(20_000, 90);
    let mut process = site.start("log", &["--batch-inputs", "500"]);
    process.wait_until_ready();
    site.wait_until_committed(20_000, &mut [&mut process]);
    let done = process.terminate();
    assert_eq!(site.committed(), 20_000);
    assert_eq!(done["inputs"], 20_000);
    let (mut records, mut keys) = (0, BTreeSet::new());
    for partition in site.came_out() {
        let (mut before, mut of_transaction) = (-1, BTreeSet::new());
        for (offset, key, timestamp) in partition {
            // Between two transactions lies the marker of the first.
            if offset != before + 1 {
                of_transaction.clear();
            }
            before = offset;
            assert!(of_transaction.insert(key.clone()), "{key} comes twice in the transaction at {offset}");
            assert!(site.sent[&key].contains(&timestamp), "{key} has {timestamp} of none of its inputs");
            keys.insert(key);
            records += 1;
        }
    }
    assert_eq!(keys, site.sent.keys().cloned().collect());
    assert_eq!(done["records"], records);
    // Batches of 500 of some thirty debtors each: far fewer records than inputs.
    assert!(records < 10_000, "{records}");
}

#[test]
fn killed_and_started_again_it_loses_nothing_and_doubles_nothing() {
    let mut site = Site::new("killed");
    site.send(900, 40);
    let mut first = site.start("first", &["--batch-inputs", "1"]);
    site.wait_until_committed(150, &mut [&mut first]);
    first.kill();
    let committed = site.committed();
    assert!(committed < 900, "it was done before it was killed");
    let mut second = site.start("second", &["--batch-inputs", "1"]);
    second.wait_until_ready();
    site.wait_until_committed(site.all(), &mut [&mut second]);
    second.terminate();
    site.check_each_once();
}

#[test]
fn partitions_go_to_a_second_process_and_come_back() {
    let mut site = Site::new("shared");
    let each = ["--batch-inputs", "1", "--instance=", "--session-timeout-ms", "6000"];
    site.send(600, 40);
    let mut first = site.start("first", &each);
    first.wait_until_ready();
    site.wait_until_committed(60, &mut [&mut first]);
    let mut second = site.start("second", &each);
    second.wait_until_ready();
    site.send(600, 40);
    site.wait_until_committed(900, &mut [&mut first, &mut second]);
    // It leaves the group, and the first one takes all partitions again.
    let done = second.terminate();
    assert!(done["inputs"].as_u64().unwrap() > 0, "the second one had nothing to do");
    site.send(300, 40);
    site.wait_until_committed(site.all(), &mut [&mut first]);
    first.terminate();
    site.check_each_once();
}
