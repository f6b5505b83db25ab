//! A whole task: records are decoded and decided, the batch is encoded, committed to the log in memory
//! and applied to RocksDB. Timers fire in the day's own time.

use crate::codec::Codecs;
use crate::day::{Day, policies};
use crate::{Fault, Part};
use bytes::Bytes;
use connectors::memory::{MemoryConsumer, MemoryLog};
use decision::time::Timestamp;
use engine::log::{Consumer, Log, LogRecord, Polled, TopicPartition};
use engine::task::Task;
use engine::{Clock, ClockGuard, OsThreads, Settings, Shared, Status, Topology};
use schemas::{Encoder, InputTopic, TopicNames};
use state::{Gathering, RocksStores, Sizes, WriteBehind};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

/// How many records come at once.
const AT_ONCE: usize = 2_000;
/// How many times in a run.
const TIMES: usize = 10;
const MEMORY_BYTES: u64 = 64 << 20;

/// The day's own time: it passes when the day says so.
struct DayClock(AtomicI64);

impl Clock for DayClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }

    fn ticks(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(0))
    }
}

struct Working {
    _folder: tempfile::TempDir,
    /// It keeps the partitions assigned.
    _consumer: MemoryConsumer,
    day: Day,
    encoder: Encoder,
    names: TopicNames,
    clock: Arc<DayClock>,
    task: Task<MemoryLog, WriteBehind<RocksStores>>,
    /// The next offset of each input topic.
    next: HashMap<InputTopic, i64>,
    chunks: Vec<(Timestamp, Vec<LogRecord>)>,
}

pub(crate) fn task() -> Result<Box<dyn Part>, Fault> {
    let (folder, log, names) = (tempfile::tempdir()?, MemoryLog::new(), TopicNames::default());
    for topic in names.inputs().iter().chain(names.outputs()) {
        log.create_topic(topic, 1);
    }
    let (codecs, clock) = (Codecs::new()?, Arc::new(DayClock(AtomicI64::new(0))));
    let settings = Settings { clock_lead: Duration::MAX, oldest_state: Duration::MAX, ..Settings::default() };
    let shared = Shared {
        topology: Topology::find(&log, names.clone())?,
        log: log.clone(),
        stores: WriteBehind::new(
            RocksStores::new(folder.path(), Sizes::of_bytes(MEMORY_BYTES)),
            Gathering::default(),
        ),
        guard: ClockGuard::new(settings.clock_lead),
        settings,
        versions: policies()?.into(),
        schemas: codecs.schemas,
        registry: codecs.registry.clone(),
        clock: clock.clone(),
        threads: Arc::new(OsThreads),
        status: Arc::new(Status::default()),
        group: "bench".to_owned(),
    };
    let mut consumer = log.join(names.inputs())?;
    loop {
        if let Polled::Assigned(partitions) = consumer.poll(1, Duration::ZERO)? {
            consumer.assign(&partitions)?;
            break;
        }
    }
    let task = Task::recover_from(&Arc::new(shared), 0, consumer.membership(), &AtomicBool::new(false))?;
    let mut working = Working {
        _folder: folder,
        _consumer: consumer,
        day: Day::begin()?,
        encoder: codecs.encoder,
        names,
        clock,
        task,
        next: HashMap::new(),
        chunks: Vec::new(),
    };
    working.warm()?;
    Ok(Box::new(working))
}

impl Working {
    /// All accounts are told, and some of the day has passed.
    fn warm(&mut self) -> Result<(), Fault> {
        for _ in 0..(Day::accounts() + 100_000) / (AT_ONCE * TIMES) {
            self.prepare()?;
            self.run()?;
        }
        Ok(())
    }

    fn chunk(&mut self) -> Result<(Timestamp, Vec<LogRecord>), Fault> {
        let mut now = Timestamp(0);
        let mut records = Vec::with_capacity(AT_ONCE);
        for event in self.day.next(AT_ONCE)? {
            let mut value = Vec::new();
            let (topic, key) = self.encoder.event(&event, &mut value)?;
            let next = self.next.entry(topic).or_insert(0);
            let source = TopicPartition { topic: self.names.input(topic).clone(), partition: 0 };
            now = now.max(event.occurred_at);
            records.push(LogRecord {
                source,
                offset: *next,
                timestamp: Some(event.occurred_at.0),
                key: Some(Bytes::copy_from_slice(key)),
                value: Some(value.into()),
            });
            *next += 1;
        }
        Ok((now, records))
    }
}

impl Part for Working {
    fn prepare(&mut self) -> Result<(), Fault> {
        self.chunks.clear();
        for _ in 0..TIMES {
            let chunk = self.chunk()?;
            self.chunks.push(chunk);
        }
        Ok(())
    }

    fn run(&mut self) -> Result<u64, Fault> {
        let mut count = 0;
        for (now, records) in self.chunks.drain(..) {
            self.clock.0.store(now.0, Ordering::Relaxed);
            self.task.take(&records)?;
            count += records.len() as u64;
            // As many turns as it takes: a commit ends, another begins, timers fire.
            for _ in 0..4 {
                let turn = self.task.turn(true)?;
                if let Some(asked) = turn.wants_ends {
                    let ends = self.task.positions().to_vec();
                    self.task.ends(asked, Some(ends));
                }
            }
        }
        Ok(count)
    }
}
