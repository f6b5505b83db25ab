//! Rebalances, answered when the engine says so, and not in librdkafka's callback.
//!
//! librdkafka waits for `assign` and `unassign` as long as it takes, from whatever thread, and
//! sends heartbeats meanwhile; the broker expels the member when `max.poll.interval.ms` has passed
//! since the rebalance began.

use super::context::Diagnostics;
use super::event::GroupClient;
use super::settings::GroupProtocol;
use engine::log::{Polled, TopicPartition};
use rdkafka::ClientContext;
use rdkafka::TopicPartitionList;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;
use std::collections::{BTreeSet, VecDeque};

/// The context of a consumer whose events are taken from its queue.
///
/// rust-rdkafka itself polls the consumer only while it closes it; then everything is let go.
pub(super) struct GroupContext {
    pub(super) diagnostics: Diagnostics,
    pub(super) protocol: GroupProtocol,
}

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.diagnostics.log(level, facility, message);
    }

    fn stats_raw(&self, json: &[u8]) {
        self.diagnostics.report(json);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.diagnostics.error(error, reason);
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(&self, client: &BaseConsumer<Self>, _: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        let answer =
            if is_incremental(client) { client.incremental_unassign(partitions) } else { client.unassign() };
        if let Err(error) = answer {
            tracing::warn!(%error, "cannot let partitions go while closing");
        }
    }
}

/// Whether rebalances give and take some partitions (KIP-848), and not all of them (`range`).
///
/// librdkafka could be asked, but that is a round trip to its main thread.
pub(super) fn is_incremental(client: &GroupClient) -> bool {
    match client.context().protocol {
        GroupProtocol::Classic => false,
        GroupProtocol::Consumer => true,
    }
}

/// The rebalances that were heard of and not answered.
#[derive(Debug, Default)]
pub(super) struct Rebalances {
    heard: VecDeque<Polled>,
    /// What the engine was told to let go, all of it.
    revoked: Vec<TopicPartition>,
    /// What of it is still held.
    held: BTreeSet<TopicPartition>,
}

/// What is to be done about a rebalance.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The engine is to be told.
    Tell(Polled),
    /// The client is to be told at once that everything was let go: the engine never had it.
    LetGo(Vec<TopicPartition>),
}

impl Rebalances {
    /// A rebalance was heard of.
    pub(super) fn hear(&mut self, rebalance: Polled) {
        self.heard.push_back(rebalance);
    }

    /// What is next. Nothing is, while the engine still holds what it was told to let go.
    ///
    /// A new rebalance may overtake the answer to the last one: when a subscribed topic changes,
    /// librdkafka joins again without waiting, and may be given the same partitions.
    pub(super) fn next(&mut self, is_incremental: bool) -> Option<Next> {
        if !self.held.is_empty() {
            return None;
        }
        match self.heard.pop_front()? {
            Polled::Assigned(partitions) => {
                let is_overtaken = matches!(self.heard.front(), Some(Polled::Revoked(_) | Polled::Lost(_)));
                if is_overtaken && !is_incremental {
                    self.heard.pop_front();
                    return Some(Next::LetGo(partitions));
                }
                Some(Next::Tell(Polled::Assigned(partitions)))
            }
            Polled::Revoked(none) | Polled::Lost(none) if none.is_empty() => Some(Next::LetGo(none)),
            taken @ (Polled::Revoked(_) | Polled::Lost(_)) => {
                if let Polled::Revoked(partitions) | Polled::Lost(partitions) = &taken {
                    self.revoked.clone_from(partitions);
                    self.held = partitions.iter().cloned().collect();
                }
                Some(Next::Tell(taken))
            }
            // These are not rebalances, and were not heard of here.
            other @ (Polled::Records(_) | Polled::End { .. } | Polled::Stuck { .. }) => {
                Some(Next::Tell(other))
            }
        }
    }

    /// The engine has let these go. Returns what the client is to be told was let go, once that is
    /// all of it; nothing if a later assignment has overtaken that answer, which would else be
    /// thrown away by it.
    pub(super) fn let_go(
        &mut self,
        partitions: &[TopicPartition],
        is_incremental: bool,
    ) -> Option<Vec<TopicPartition>> {
        if self.held.is_empty() {
            return None;
        }
        for partition in partitions {
            self.held.remove(partition);
        }
        if !self.held.is_empty() {
            return None;
        }
        let revoked = std::mem::take(&mut self.revoked);
        (self.heard.is_empty() || is_incremental).then_some(revoked)
    }

    /// Whether the client waits for an answer.
    pub(super) fn is_unanswered(&self) -> bool {
        !self.held.is_empty() || !self.heard.is_empty()
    }
}
