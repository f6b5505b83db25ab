//! The broker and the registry, started once for all tests of a binary. They end with it: their
//! keeper's pipe closes.

use loadtest::broker::{Kafka, KafkaOptions, Registry};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// How long a member may be silent, in the tests that wait for it: the least that a broker takes.
pub const SESSION_TIMEOUT_MS: &str = "6000";

/// Under the newer group protocol the broker says how long a member may be silent, 45 s at the least
/// by default, and how often it is heard of, 5 s by default.
const PROPERTIES: &[(&str, &str)] = &[
    ("group.consumer.min.session.timeout.ms", SESSION_TIMEOUT_MS),
    ("group.consumer.session.timeout.ms", SESSION_TIMEOUT_MS),
    ("group.consumer.min.heartbeat.interval.ms", "1000"),
    ("group.consumer.heartbeat.interval.ms", "1000"),
];

/// The servers, and where they are.
pub struct Servers {
    pub bootstrap: String,
    pub url: String,
    kafka: Mutex<Kafka>,
    registry: Mutex<Registry>,
}

/// The servers of this test binary.
pub fn servers() -> &'static Servers {
    static SERVERS: OnceLock<Servers> = OnceLock::new();
    SERVERS.get_or_init(|| {
        let kafka =
            Kafka::start(&KafkaOptions { properties: PROPERTIES, ..KafkaOptions::default() }).unwrap();
        let registry = Registry::start().unwrap();
        Servers {
            bootstrap: kafka.bootstrap().to_owned(),
            url: registry.url().to_owned(),
            kafka: Mutex::new(kafka),
            registry: Mutex::new(registry),
        }
    })
}

impl Servers {
    /// The broker, to be ended and started again. Whoever does so has no other test beside it.
    pub fn kafka(&self) -> MutexGuard<'_, Kafka> {
        self.kafka.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The registry, likewise.
    pub fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
