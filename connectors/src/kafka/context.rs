//! What the clients say besides: their logs go to `tracing`, their statistics where asked.

use super::settings::Statistics;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use std::sync::Arc;

/// Hands on a client's logs, errors and statistics, each with the client's name.
#[derive(Clone)]
pub(crate) struct Diagnostics {
    client: Arc<str>,
    statistics: Option<Statistics>,
}

impl Diagnostics {
    pub(crate) fn new(client: &str, statistics: Option<&Statistics>) -> Self {
        Self { client: client.into(), statistics: statistics.cloned() }
    }

    /// A line of the log, at a syslog level: from 0, the worst, to 7.
    pub(super) fn line(&self, level: i32, facility: &str, message: &str) {
        let client = &*self.client;
        match level {
            ..=3 => tracing::error!(target: "librdkafka", client, facility, "{message}"),
            4 => tracing::warn!(target: "librdkafka", client, facility, "{message}"),
            5 | 6 => tracing::info!(target: "librdkafka", client, facility, "{message}"),
            7.. => tracing::debug!(target: "librdkafka", client, facility, "{message}"),
        }
    }

    /// Statistics, as JSON.
    pub(super) fn report(&self, json: &[u8]) {
        if let Some(statistics) = &self.statistics {
            (statistics.report)(&self.client, json);
        }
    }
}

impl ClientContext for Diagnostics {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.line(level as i32, facility, message);
    }

    fn stats_raw(&self, json: &[u8]) {
        self.report(json);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(target: "librdkafka", client = &*self.client, %error, "{reason}");
    }
}

impl ConsumerContext for Diagnostics {}
