//! The contract of every log, kept by the in-memory one.

use crate::contract;
use connectors::memory::MemoryLog;
use std::sync::Arc;
use std::time::Duration;

/// An in-memory log of the test's own.
struct InMemory(MemoryLog);

impl contract::Setting for InMemory {
    type Log = MemoryLog;

    fn process(&self, instance: Option<&str>) -> MemoryLog {
        instance.map_or_else(|| self.0.clone(), |instance| self.0.as_instance(instance))
    }

    fn topic(&self, name: &str, partitions: u32) -> Arc<str> {
        self.0.create_topic(name, partitions);
        name.into()
    }

    fn silence(&self) -> Duration {
        Duration::ZERO
    }
}

fn in_memory(_: &str) -> InMemory {
    InMemory(MemoryLog::new())
}

contract!(in_memory);
