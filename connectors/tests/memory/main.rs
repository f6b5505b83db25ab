//! The in-memory log's rules, a table each.
//!
//! That Kafka keeps the same rules is `contract`'s business.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, as it should"
)]

#[path = "../contract/mod.rs"]
mod contract;
mod faults;
mod group;
mod honest;
mod retention;
mod transactions;

use bytes::Bytes;
use engine::log::{NewRecord, TopicPartition};

/// Names a partition.
fn at(topic: &str, partition: u32) -> TopicPartition {
    TopicPartition { topic: topic.into(), partition }
}

/// A record whose key and value are the same text.
fn record(topic: &str, text: &str) -> NewRecord {
    NewRecord {
        target: at(topic, 0),
        key: Bytes::copy_from_slice(text.as_bytes()),
        value: Some(Bytes::copy_from_slice(text.as_bytes())),
        timestamp: 1,
    }
}

/// The texts of records.
fn texts(records: &[engine::log::LogRecord]) -> Vec<String> {
    records
        .iter()
        .map(|record| {
            let value = record.value.as_deref().unwrap_or(b"-");
            String::from_utf8_lossy(value).into_owned()
        })
        .collect()
}
