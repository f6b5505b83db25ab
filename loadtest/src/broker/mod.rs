//! Real servers for tests: an Apache Kafka broker, and a schema registry with Confluent's API.
//!
//! Each is started in a temporary folder on free loopback ports, and neither server nor folder
//! outlives the process that started it. `loadtest/broker/install.sh` puts them on the machine; nothing is fetched here.
//!
//! What is sent through them is not this module's business: it has no Kafka client.

mod error;
mod folder;
mod installed;
mod kafka;
mod keeper;
mod registry;
mod server;

pub use error::BrokerError;
pub use kafka::{Kafka, KafkaOptions};
pub use registry::Registry;
