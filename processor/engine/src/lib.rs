//! The processor's engine: tasks, batches, commit, timers, restore, rebalancing.
//!
//! It carries decisions out and makes none. It knows the log and the store only by two narrow
//! traits: neither rdkafka nor RocksDB is here.

pub mod log;
pub mod partition;
pub mod store;
