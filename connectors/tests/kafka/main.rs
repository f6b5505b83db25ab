//! The contract, and what only Kafka has, on the broker that `KAFKA_BOOTSTRAP` names.
//!
//! Without the variable the tests say that they were left out, and pass.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, as it should"
)]

mod cluster;
mod commits;
#[path = "../contract/mod.rs"]
mod contract;

use cluster::Cluster;

contract!(Cluster::of_test);
