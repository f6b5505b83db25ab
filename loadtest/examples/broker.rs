//! Starts a Kafka and a schema registry, says where they are as shell assignments, and ends them
//! when its input ends. For tests that take their broker from the environment, and for trying
//! things by hand.

use loadtest::broker::{BrokerError, Kafka, KafkaOptions, Registry};
use std::io::Read;

fn main() -> Result<(), BrokerError> {
    let mut kafka = Kafka::start(&KafkaOptions::default())?;
    let mut registry = Registry::start()?;
    println!("KAFKA_BOOTSTRAP={}", kafka.bootstrap());
    println!("WEIR_TEST_REGISTRY={}", registry.url());
    let mut rest = Vec::new();
    // Whoever started this holds the other end; when it is gone nobody needs the servers.
    let _ = std::io::stdin().read_to_end(&mut rest);
    registry.stop()?;
    kafka.stop()
}
