//! Logs: Kafka through rdkafka, the schema registry, and an in-memory log.
//!
//! What records mean is not known here: keys and values are bytes.

pub mod admin;
pub mod kafka;
pub mod memory;
pub mod registry;
