#![allow(unreachable_pub, reason = "a module shared by several test binaries")]
//! What the tests of the whole engine share: a log with topics, a clock, upstream events, and the
//! oracle at the end.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod kafka;
#[cfg(feature = "faults")]
pub mod listed;
pub mod versions;
pub mod windows;

use bytes::Bytes;
use connectors::memory::{CommitFate, Faults, MemoryLog};
use decision::event::Body;
use decision::time::{Timestamp, Zone};
use decision::{Policies, Published};
use engine::controls::Said;
use engine::log::LogRecord;
use engine::partition::partition_of;
use engine::store::Stores;
use engine::verdicts::{Verdict, Verdicts};
use engine::versions::{Compile, Publications, Versions};
use engine::{Clock, ClockGuard, Instance, InstanceError, Reading, Shared, Status, Topology};
use loadtest::generate::{DEMO_POLICY, Operator, Profile};
use loadtest::oracle::replay::{self, Oracle};
use loadtest::oracle::{Partition, Seen};
use schemas::{
    Decoder, Encoder, InputTopic, Journal, OutputTopic, Publication, Registry, Schemas, SingleTopic,
    StaticRegistry, TopicNames,
};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How many partitions each topic has.
pub const PARTITIONS: u32 = 3;

/// A clock that stands until it is moved.
pub struct HandClock {
    now: AtomicI64,
    started: Instant,
    skipped_ms: AtomicU64,
}

impl HandClock {
    pub fn new(now: Timestamp) -> Self {
        Self { now: AtomicI64::new(now.0), started: Instant::now(), skipped_ms: AtomicU64::new(0) }
    }

    /// The clock that only goes forward does so at once.
    pub fn skip(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap();
        self.skipped_ms.fetch_add(millis, Ordering::SeqCst);
    }

    pub fn set(&self, now: Timestamp) {
        self.now.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    fn ticks(&self) -> Duration {
        self.started.elapsed() + Duration::from_millis(self.skipped_ms.load(Ordering::SeqCst))
    }
}

/// A synthetic operator, a log in memory, and time that passes when it is told to.
pub struct World {
    pub log: MemoryLog,
    pub names: TopicNames,
    pub registry: Arc<StaticRegistry>,
    pub schemas: Schemas,
    pub policies: Arc<Policies>,
    /// Whether its instances go by what is published; else whether files replace it.
    source: Source,
    pub clock: Arc<HandClock>,
    pub operator: Operator,
    pub settings: engine::Settings,
    encoder: Encoder,
}

impl World {
    pub fn new(seed: u64, subscribers: u32) -> Self {
        let profile = Profile { seed, subscribers, ..Profile::demo() };
        let log = MemoryLog::new();
        let names = TopicNames::default();
        for topic in names.inputs().iter().chain(names.outputs()) {
            log.create_topic(topic, PARTITIONS);
        }
        for topic in SingleTopic::ALL {
            log.create_topic(names.single(*topic), 1);
        }
        let registry = Arc::new(StaticRegistry::new());
        let schemas = Schemas::for_topics(&*registry, &names).unwrap();
        let schemas = schemas.and_inputs(&*registry, &names).unwrap();
        let start = Zone::utc().start_of(profile.start);
        Self {
            log,
            names,
            registry,
            schemas,
            policies: Arc::new(policy::parse("demo.policy.yaml", DEMO_POLICY).unwrap().policy.into()),
            source: Source::Files { replace_published: false },
            clock: Arc::new(HandClock::new(start)),
            operator: Operator::new(profile),
            settings: engine::Settings {
                oldest_state: Duration::MAX,
                clock_lead: Duration::MAX,
                ..engine::Settings::default()
            },
            encoder: Encoder::new(schemas),
        }
    }

    /// Instances that start from now on go by what is published.
    pub fn goes_by_published(&mut self) {
        self.source = Source::Published;
    }

    /// Instances that start from now on go by files.
    pub fn goes_by_files(&mut self, replace_published: bool) {
        self.source = Source::Files { replace_published };
    }

    fn versions(&self, log: &MemoryLog) -> Versions {
        let policies = self.policies.clone();
        match self.source {
            Source::Files { replace_published } => Versions::Files { policies, replace_published },
            Source::Published => Versions::Published(self.publications(log).into()),
        }
    }

    fn publications(&self, log: &MemoryLog) -> Publications {
        Publications::read(log, &self.names, self.registry.clone(), compile()).unwrap()
    }

    /// What happens on the next day comes in, and the clock stands at its end.
    pub fn live_a_day(&mut self) {
        let mut last = self.clock.now();
        for event in self.operator.next_day() {
            last = last.max(event.occurred_at);
            self.tell(&event);
        }
        self.clock.set(last);
    }

    /// An event comes in, as an upstream system would send it.
    pub fn tell(&mut self, event: &decision::Event) -> (u32, i64) {
        let mut value = Vec::new();
        let (topic, key) = self.encoder.event(event, &mut value).unwrap();
        let key = Bytes::copy_from_slice(key);
        self.append(topic, Some(key), Some(value.into()), event.occurred_at)
    }

    /// Days pass, each once what came in on the one before is decided and the engine is at rest, or
    /// `patience` is at its end: however slow the machine, the engine gets to see every day.
    pub fn live(&mut self, days: usize, patience: Duration) {
        for _ in 0..days {
            self.live_a_day();
            let deadline = Instant::now() + patience;
            let mut quiet = (self.journal_ends(), Instant::now());
            while Instant::now() < deadline && quiet.1.elapsed() < Duration::from_millis(8) {
                std::thread::sleep(Duration::from_millis(2));
                let journal = self.journal_ends();
                if !self.lags().is_empty() || journal != quiet.0 {
                    quiet = (journal, Instant::now());
                }
            }
        }
    }

    /// Days pass on which nothing comes in: what falls due is done by timers alone. A task at rest
    /// looks at the clock ten times a second.
    pub fn let_time_pass(&self, days: usize) {
        for _ in 0..days {
            self.clock.set(self.clock.now().plus_micros(86_400_000_000));
            std::thread::sleep(Duration::from_millis(150));
        }
    }

    pub fn append(
        &self,
        topic: InputTopic,
        key: Option<Bytes>,
        value: Option<Bytes>,
        at: Timestamp,
    ) -> (u32, i64) {
        let count = NonZeroU32::new(PARTITIONS).unwrap();
        let partition = key.as_ref().map_or(0, |key| partition_of(key, count));
        let offset = self.log.append(self.names.input(topic), partition, key, value, at.0).unwrap();
        (partition, offset)
    }

    /// A control that is about no account comes to every partition.
    pub fn tell_everyone(&self, event_id: &str, body: Body) {
        let event = decision::Event {
            event_id: event_id.into(),
            account_id: "*".into(),
            debtor_id: None,
            occurred_at: self.clock.now(),
            source: "test".to_owned(),
            body,
        };
        let mut value = Vec::new();
        let (topic, key) = Encoder::new(self.schemas)
            .event(&event, &mut value)
            .map(|(topic, key)| (topic, key.to_vec()))
            .unwrap();
        for partition in 0..PARTITIONS {
            let (key, value) = (Some(key.clone().into()), Some(value.clone().into()));
            self.log.append(self.names.input(topic), partition, key, value, event.occurred_at.0).unwrap();
        }
    }

    /// The reasons of all rejects.
    pub fn rejects(&self) -> Vec<String> {
        let mut decoder = Decoder::new(self.registry.clone(), &self.schemas);
        let topic = self.names.output(OutputTopic::Rejects);
        let records = (0..PARTITIONS).flat_map(|partition| self.log.committed_records(topic, partition));
        records
            .map(|record| decoder.reject(record.value.as_ref().unwrap()).unwrap().reason.to_string())
            .collect()
    }

    /// All that the journal of every partition says.
    pub fn journal(&self) -> Vec<Journal> {
        let mut decoder = Decoder::new(self.registry.clone(), &self.schemas);
        let topic = self.names.output(OutputTopic::Journal);
        let records = (0..PARTITIONS).flat_map(|partition| self.log.committed_records(topic, partition));
        records.map(|record| decoder.journal(record.value.as_ref().unwrap()).unwrap()).collect()
    }

    /// A person says what becomes of what the breaker holds.
    pub fn judge(&self, event_id: &str, drops: bool) {
        let text = str::to_owned;
        let (by, role, why, source) = (text("anna"), text("admin"), text("checked"), text("test"));
        let said = Said { event_id: text(event_id), by, role, why, source };
        let verdict = Verdict { said, drops };
        let mut verdicts = Verdicts::new(&self.log, "test", &self.names, self.registry.clone()).unwrap();
        verdicts.write(&verdict, self.clock.now()).unwrap();
    }

    /// The clock moves on by about so many seconds, one after the other, slowly enough to be seen; not
    /// by whole ones, so that it does not always stand at the same tenth.
    pub fn tick(&self, seconds: i64) {
        for _ in 0..seconds {
            self.clock.set(self.clock.now().plus_micros(1_170_000));
            std::thread::sleep(Duration::from_millis(120));
        }
    }

    /// Starts an instance on these stores.
    pub fn start<S: Stores>(&self, log: MemoryLog, stores: S) -> Running {
        let status = Arc::new(Status::default());
        let shared = Shared {
            topology: Topology::find(&log, self.names.clone()).unwrap(),
            versions: self.versions(&log),
            log,
            stores,
            settings: self.settings.clone(),
            schemas: self.schemas,
            registry: self.registry.clone() as Arc<dyn Registry>,
            clock: self.clock.clone(),
            threads: Arc::new(engine::OsThreads),
            guard: ClockGuard::new(self.settings.clock_lead),
            status: status.clone(),
            group: "test".to_owned(),
        };
        let instance = Instance::join(Arc::new(shared)).unwrap();
        let reading = instance.reading();
        let is_stopped = Arc::new(AtomicBool::new(false));
        let flag = is_stopped.clone();
        let thread = std::thread::spawn(move || instance.run(&flag));
        Running { is_stopped, thread, status, reading, clock: self.clock.clone() }
    }

    /// Waits until every input was decided and committed, and every timer that is due was fired.
    #[track_caller]
    pub fn wait_until_done(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut quiet_since = Instant::now();
        let mut journal_before = self.journal_ends();
        while quiet_since.elapsed() < Duration::from_millis(400) {
            assert!(Instant::now() < deadline, "the engine did not come to the end: {}", self.lags());
            std::thread::sleep(Duration::from_millis(10));
            let journal = self.journal_ends();
            if !self.lags().is_empty() || journal != journal_before {
                quiet_since = Instant::now();
                journal_before = journal;
            }
        }
    }

    fn journal_ends(&self) -> Vec<Option<i64>> {
        let journal = self.names.output(OutputTopic::Journal);
        (0..PARTITIONS).map(|partition| self.log.last_stable_offset(journal, partition)).collect()
    }

    fn lags(&self) -> String {
        let mut lags = String::new();
        for topic in self.names.inputs() {
            for partition in 0..PARTITIONS {
                let end = self.log.last_stable_offset(topic, partition).unwrap_or(0);
                let committed = self.log.group_offset(topic, partition).unwrap_or(0);
                // What lies beyond may be the marker of a transaction: nobody commits past it alone.
                let beyond = |record: &LogRecord| record.offset >= committed;
                if committed < end && self.log.committed_records(topic, partition).last().is_some_and(beyond)
                {
                    lags += &format!("{topic}/{partition} stands at {committed} of {end}; ");
                }
            }
        }
        lags
    }

    /// All committed records of a partition.
    pub fn partition(&self, number: u32) -> Partition {
        let read = |topic: &str| {
            let records = self.log.committed_records(topic, number).into_iter();
            records.map(|record| Seen::new(record.offset, record.key, record.value)).collect()
        };
        Partition::read(number, PARTITIONS, &self.names, read)
    }

    /// What the oracle says of everything that went in and came out.
    pub fn verdict(&self) -> replay::Verdict {
        let own = |key: &[u8], count: u32| partition_of(key, NonZeroU32::new(count).unwrap());
        let registry: Arc<dyn Registry> = self.registry.clone();
        let published = self.publications(&self.log).all().into_iter().map(|(publication, version)| {
            let Publication { event_id, published_at: at, withdraws_later, .. } = publication;
            (event_id, Published { version, at, withdraws_later })
        });
        let mut oracle = Oracle::new(self.policies.clone(), self.names.clone(), registry, self.schemas, own)
            .and_published(published);
        oracle.check_all((0..PARTITIONS).map(|number| self.partition(number)))
    }

    /// Everything must be as the oracle says, and something must have happened.
    #[track_caller]
    pub fn check_well(&self) -> replay::Verdict {
        let verdict = self.verdict();
        let told: Vec<String> = verdict.deviations.iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
        assert!(verdict.commands > 100 && verdict.timers > 0, "too little happened: {verdict:?}");
        verdict
    }
}

/// Where the versions of a world's instances come from.
enum Source {
    Files { replace_published: bool },
    Published,
}

/// What is published in tests is a version of the demo's policy, by its label; where it has a date, the
/// moment in microseconds stands behind an `@`.
pub fn compile() -> Compile {
    Box::new(|publication| {
        let (label, from) = publication.text.split_once('@').unwrap_or((&publication.text, ""));
        Ok(versions::version(label, from.parse().ok().map(Timestamp)))
    })
}

/// What becomes of commits: every so-many-eth meets this fate.
pub struct Every {
    pub nth: u32,
    pub fate: CommitFate,
    pub count: Arc<AtomicU32>,
}

impl Faults for Every {
    fn commit(&mut self, _: &str) -> CommitFate {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if count.is_multiple_of(self.nth) { self.fate } else { CommitFate::Ends }
    }
}

/// An instance at work.
pub struct Running {
    is_stopped: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), InstanceError>>,
    pub status: Arc<Status>,
    /// What may be read of the partitions that are at work there.
    pub reading: Arc<Reading>,
    clock: Arc<HandClock>,
}

impl Running {
    /// What its clock that only goes forward says.
    pub fn ticks(&self) -> Duration {
        self.clock.ticks()
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub fn ended(self) -> Result<(), InstanceError> {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.thread.is_finished() {
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        self.thread.join().unwrap()
    }

    /// Whether it has ended, in whatever way.
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Stops it as SIGTERM does.
    pub fn stop(self) -> Result<(), InstanceError> {
        self.is_stopped.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}
