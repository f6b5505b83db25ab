//! Who this process is in the group: what a commit names, and whom to ask for the group's offsets.
//!
//! What a member polls is `member`'s.

use super::context::Diagnostics;
use super::error::{failed, name, refused};
use super::event::GroupClient;
use super::partitions;
use super::rebalances::GroupContext;
use super::settings::KafkaSettings;
use engine::log::{LogError, Membership, TopicPartition};
use rdkafka::consumer::{Consumer as _, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a broker is left alone after it has answered that it is no coordinator.
const BEFORE_NEXT: Duration = Duration::from_millis(20);

/// The member that this process is in the group, or an onlooker.
#[derive(Clone)]
pub struct KafkaMembership {
    client: Arc<GroupClient>,
    timeout: Duration,
}

impl KafkaMembership {
    /// The member that this client is.
    pub(super) fn of(client: &Arc<GroupClient>, settings: &KafkaSettings) -> Self {
        Self { client: Arc::clone(client), timeout: settings.request_timeout }
    }

    /// A client that knows the group's name, and never subscribes.
    pub(super) fn onlooker(settings: &KafkaSettings) -> Result<Self, LogError> {
        let operation = format!("look at the group {}", settings.group_id);
        let diagnostics =
            Diagnostics::new(&format!("{} onlooker", settings.client_id), settings.statistics.as_ref());
        let client: GroupClient = settings
            .reader_config()
            // Read committed, the answer would wait for a moment at which no transaction brings an
            // offset of any partition asked for: in a group at work there may be none for minutes.
            .set("isolation.level", "read_uncommitted")
            .create_with_context(GroupContext { diagnostics, protocol: settings.group_protocol })
            .map_err(|error| failed(&operation, &error))?;
        Ok(Self { client: Arc::new(client), timeout: settings.request_timeout })
    }

    /// The member's id and generation as they are now; none once it has left.
    pub(super) fn metadata(&self) -> Option<ConsumerGroupMetadata> {
        if self.client.closed() {
            return None;
        }
        self.client.group_metadata()
    }
}

impl Membership for KafkaMembership {
    fn committed(&self, partitions: &[TopicPartition]) -> Result<Vec<Option<i64>>, LogError> {
        let operation = "ask for the committed offsets";
        let list = partitions::list(partitions, Offset::Invalid)?;
        let begun = Instant::now();
        let found = loop {
            let left = self.timeout.saturating_sub(begun.elapsed());
            // A member is read committed and asks for stable offsets: the broker has it wait for those of
            // an open transaction, until the time-out. What is not committed is told to nobody.
            match self.client.committed_offsets(list.clone(), left) {
                Ok(found) => break found,
                Err(error) if is_of_coordinator(&error) && begun.elapsed() < self.timeout => {}
                Err(error) => return Err(failed(operation, &error)),
            }
            std::thread::sleep(BEFORE_NEXT);
        };
        partitions.iter().map(|partition| committed(&found, partition)).collect()
    }
}

/// Whether the broker that was asked is not the group's coordinator, or not yet. For one that is still to be
/// found the client waits; this it answers at once.
fn is_of_coordinator(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::NotCoordinator
                | RDKafkaErrorCode::CoordinatorNotAvailable
                | RDKafkaErrorCode::CoordinatorLoadInProgress
        )
    )
}

fn committed(list: &TopicPartitionList, partition: &TopicPartition) -> Result<Option<i64>, LogError> {
    let operation = || format!("ask for the committed offset of {}", name(partition));
    let Some(found) = partitions::find(list, partition) else {
        return Err(refused(&operation(), "it was not answered"));
    };
    found.error().map_err(|error: KafkaError| failed(&operation(), &error))?;
    match found.offset() {
        Offset::Offset(offset) => Ok(Some(offset)),
        Offset::Invalid | Offset::Beginning | Offset::End | Offset::Stored | Offset::OffsetTail(_) => {
            Ok(None)
        }
    }
}
