//! What librdkafka's errors mean to the engine: out of reach, refused, fenced, or beyond use.

use engine::log::{LogError, TopicPartition};
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// A partition as people write it.
pub(super) fn name(partition: &TopicPartition) -> String {
    format!("{}-{}", partition.topic, partition.partition)
}

/// Trying again does not help.
pub(crate) fn refused(operation: &str, reason: &str) -> LogError {
    LogError::Refused { operation: operation.to_owned(), reason: reason.to_owned() }
}

/// Trying again may help.
pub(super) fn unavailable(operation: &str, reason: &str) -> LogError {
    LogError::Unavailable { operation: operation.to_owned(), reason: reason.to_owned() }
}

/// What a failed call means.
pub(crate) fn failed(operation: &str, error: &KafkaError) -> LogError {
    let reason = told(error);
    if let KafkaError::Transaction(native) = error {
        let code = native.code();
        if native.is_fatal() || is_fenced(code) {
            return beyond_use(operation, code, reason);
        }
        if native.is_retriable() {
            return unavailable(operation, &reason);
        }
    }
    match error.rdkafka_error_code() {
        Some(code) => of_code(operation, code, reason),
        None => refused(operation, &reason),
    }
}

/// What an error code means where it is not known to be fatal.
pub(crate) fn of_code(operation: &str, code: RDKafkaErrorCode, reason: String) -> LogError {
    if is_fenced(code) || code == RDKafkaErrorCode::Fatal {
        beyond_use(operation, code, reason)
    } else if may_pass(code) {
        unavailable(operation, &reason)
    } else {
        refused(operation, &reason)
    }
}

/// The client is beyond use; the code says whether because a newer one lives.
pub(super) fn beyond_use(operation: &str, code: RDKafkaErrorCode, reason: String) -> LogError {
    let operation = operation.to_owned();
    if is_fenced(code) {
        LogError::Fenced { operation, reason }
    } else {
        LogError::Fatal { operation, reason }
    }
}

/// The error that has put the client beyond use, if one has: calls that fail for it say no more
/// than "fatal" or "wrong state".
pub(super) fn fatal<C: ClientContext>(operation: &str, client: &Client<C>) -> Option<LogError> {
    let (code, reason) = client.fatal_error()?;
    Some(beyond_use(operation, code, reason))
}

/// What the error says. rust-rdkafka's own text for a transaction's error is its code alone.
pub(super) fn told(error: &KafkaError) -> String {
    if let KafkaError::Transaction(native) = error { native.string() } else { error.to_string() }
}

/// A newer producer of the transactional id lives, or a newer member with the instance id.
///
/// A stale epoch on produce is among them: librdkafka tells it apart from an epoch that the
/// coordinator has bumped for a time-out, and asks for an abort in that case instead.
pub(super) fn is_fenced(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::Fenced
            | RDKafkaErrorCode::ProducerFenced
            | RDKafkaErrorCode::InvalidProducerEpoch
            | RDKafkaErrorCode::FencedInstanceId
    )
}

/// Whether the condition may pass by itself.
fn may_pass(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::BrokerNotAvailable
            | RDKafkaErrorCode::ConcurrentTransactions
            | RDKafkaErrorCode::CoordinatorLoadInProgress
            | RDKafkaErrorCode::CoordinatorNotAvailable
            | RDKafkaErrorCode::FencedLeaderEpoch
            | RDKafkaErrorCode::IllegalGeneration
            | RDKafkaErrorCode::InProgress
            | RDKafkaErrorCode::LeaderNotAvailable
            | RDKafkaErrorCode::LogTruncation
            | RDKafkaErrorCode::MessageTimedOut
            | RDKafkaErrorCode::NetworkException
            | RDKafkaErrorCode::NotCoordinator
            | RDKafkaErrorCode::NotLeaderForPartition
            | RDKafkaErrorCode::OffsetNotAvailable
            | RDKafkaErrorCode::OperationTimedOut
            | RDKafkaErrorCode::Outdated
            | RDKafkaErrorCode::PollExceeded
            | RDKafkaErrorCode::PreviousInProgress
            | RDKafkaErrorCode::QueueFull
            | RDKafkaErrorCode::RebalanceInProgress
            | RDKafkaErrorCode::RequestTimedOut
            | RDKafkaErrorCode::Resolve
            | RDKafkaErrorCode::Retry
            | RDKafkaErrorCode::StaleMemberEpoch
            | RDKafkaErrorCode::TimedOutQueue
            | RDKafkaErrorCode::UnknownMemberId
            | RDKafkaErrorCode::UnstableOffsetCommit
            | RDKafkaErrorCode::WaitingForCoordinator
    )
}
