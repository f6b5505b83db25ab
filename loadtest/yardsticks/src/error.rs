//! Why a yardstick could not do its work.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::io;

/// Why a yardstick could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum YardstickError {
    /// A client could not do what it was asked, by rust-rdkafka's word.
    #[error("cannot {operation}")]
    Kafka {
        /// What it was asked.
        operation: String,
        /// Why.
        #[source]
        source: KafkaError,
    },
    /// A client could not do what it was asked, by librdkafka's own word.
    #[error("cannot {operation}: {reason} ({code:?})")]
    Client {
        /// What it was asked.
        operation: String,
        /// Which fault it is.
        code: RDKafkaErrorCode,
        /// Why.
        reason: String,
    },
    /// The topics are not as they must be.
    #[error("{0}")]
    Topics(String),
    /// A call of the client does not come back: only a new process helps.
    #[error("a commit has not come back for {after:?}: the client is of no more use")]
    Stuck {
        /// How long was waited.
        after: std::time::Duration,
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
    /// A thread could not be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
}

impl YardstickError {
    /// For an error of rust-rdkafka.
    pub(crate) fn kafka(operation: impl Into<String>) -> impl FnOnce(KafkaError) -> Self {
        let operation = operation.into();
        |source| Self::Kafka { operation, source }
    }

    /// Whether it says that what a member held is another's by now, or is about to be: the group has a rebalance, or
    /// whoever came after has taken the transactional id.
    pub(crate) fn is_of_the_group(&self) -> bool {
        match self {
            Self::Client { code, .. } => matches!(
                code,
                RDKafkaErrorCode::IllegalGeneration
                    | RDKafkaErrorCode::UnknownMemberId
                    | RDKafkaErrorCode::RebalanceInProgress
                    | RDKafkaErrorCode::Fenced
                    | RDKafkaErrorCode::ProducerFenced
                    | RDKafkaErrorCode::InvalidProducerEpoch
            ),
            Self::Kafka { .. }
            | Self::Topics(_)
            | Self::Stuck { .. }
            | Self::Failed { .. }
            | Self::Thread(_) => false,
        }
    }

    /// Whether the client is of no more use.
    pub(crate) fn is_fatal(&self) -> bool {
        match self {
            Self::Client { code, .. } => {
                matches!(code, RDKafkaErrorCode::Fatal | RDKafkaErrorCode::FencedInstanceId)
            }
            Self::Kafka { .. }
            | Self::Topics(_)
            | Self::Stuck { .. }
            | Self::Failed { .. }
            | Self::Thread(_) => true,
        }
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
