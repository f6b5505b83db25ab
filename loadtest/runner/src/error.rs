//! Why a run could not be made.

use decision::money::UnknownCurrency;
use loadtest::broker::BrokerError;
use loadtest::load::{LoadError, ProfileError};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Why a run could not be made, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The profile cannot be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The profile, the rate and the number of accounts do not go together.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// There is no broker or registry.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The events could not be made.
    #[error("cannot write events")]
    Currency(#[from] UnknownCurrency),
    /// A client could not do what it was asked.
    #[error("cannot {operation}")]
    Kafka {
        /// What it was asked.
        operation: String,
        /// Why.
        #[source]
        source: rdkafka::error::KafkaError,
    },
    /// Something else failed.
    #[error("cannot {operation}")]
    Failed {
        /// What.
        operation: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Earlier events lie in the input topics: their accounts are known, and nothing would be as expected.
    #[error("the topics {prefix}.* hold {records} records already; give another --prefix, or remove them")]
    NotEmpty {
        /// The topics' prefix.
        prefix: String,
        /// How many records.
        records: i64,
    },
    /// The processor ended when it should have been at work.
    #[error("{name} ended ({status}); the end of its log {log}:\n{tail}", log = log.display())]
    Ended {
        /// What it is called.
        name: String,
        /// How.
        status: ExitStatus,
        /// Where it logged.
        log: PathBuf,
        /// The end of that.
        tail: String,
    },
    /// The processor is not ready, or not done, in time.
    #[error("{name} {wanted} within {within:?}; its log is {log}", log = log.display())]
    Slow {
        /// What it is called.
        name: String,
        /// What it should have done.
        wanted: String,
        /// How long that was waited for.
        within: Duration,
        /// Where it logged.
        log: PathBuf,
    },
    /// The accounts were not taken up before the timers fell due.
    #[error(
        "the timers fell due before all of them were taken up; give a later moment in the profile, or a lower --preload-rate"
    )]
    TimersTooEarly,
}

impl RunError {
    /// For an error of a client.
    pub(crate) fn kafka(operation: impl Into<String>) -> impl FnOnce(rdkafka::error::KafkaError) -> Self {
        let operation = operation.into();
        |source| Self::Kafka { operation, source }
    }

    /// It and all its causes.
    pub(crate) fn whole(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(found) = cause {
            text.push_str(": ");
            text.push_str(&found.to_string());
            cause = found.source();
        }
        text
    }

    /// For any other error.
    pub(crate) fn failed<E>(operation: impl Into<String>) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let operation = operation.into();
        |source| Self::Failed { operation, source: source.into() }
    }
}
