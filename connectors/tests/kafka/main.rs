//! The contract, and what only Kafka has, on a real broker.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, as it should"
)]

mod cluster;
mod commits;
#[path = "../contract/mod.rs"]
mod contract;
mod figures;
mod pauses;
mod protocols;
mod tail;
mod topics;

use cluster::Cluster;

contract!(Cluster::of_test);
