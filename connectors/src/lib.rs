//! Logs: Kafka through rdkafka, the schema registry, and an in-memory log.
