//! A steady load, told by a thread of its own, so that whoever measures has its hands free.

use super::{Site, producer_config};
use engine::partition::partition_of;
use loadtest::generate::Operator;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use schemas::Encoder;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Events that are being told.
pub struct Load {
    is_stopped: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<u64>,
}

impl Load {
    /// Begins to tell an operator's events, so many a second.
    pub fn start(site: &Site, mut operator: Operator, a_second: u64) -> Self {
        let producer: ThreadedProducer<DefaultProducerContext> =
            producer_config().set("linger.ms", "2").create().unwrap();
        let (names, mut encoder) = (site.names.clone(), Encoder::new(site.schemas));
        let partitions = NonZeroU32::new(site.partitions).unwrap();
        let is_stopped = Arc::new(AtomicBool::new(false));
        let flag = is_stopped.clone();
        let thread = std::thread::spawn(move || {
            let (began, mut told, mut value) = (Instant::now(), 0, Vec::new());
            while !flag.load(Ordering::Relaxed) {
                for event in operator.next_day() {
                    if flag.load(Ordering::Relaxed) {
                        break;
                    }
                    let intended = began + Duration::from_micros(told * 1_000_000 / a_second);
                    std::thread::sleep(intended.saturating_duration_since(Instant::now()));
                    value.clear();
                    let (topic, key) = encoder.event(&event, &mut value).unwrap();
                    let partition = partition_of(key, partitions);
                    let record = BaseRecord::to(names.input(topic))
                        .key(key)
                        .payload(&value)
                        .partition(i32::try_from(partition).unwrap());
                    producer.send(record).map_err(|(error, _)| error).unwrap();
                    told += 1;
                }
            }
            producer.flush(Duration::from_secs(60)).unwrap();
            told
        });
        Self { is_stopped, thread }
    }

    /// Ends it; answers how many events were told.
    pub fn stop(self) -> u64 {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
