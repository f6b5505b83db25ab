//! The engine's partitions as librdkafka's lists, and back.

use super::error::{name, refused};
use engine::log::{LogError, TopicPartition};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};

/// The partition's number, as Kafka writes it.
pub(super) fn number(partition: &TopicPartition) -> Result<i32, LogError> {
    i32::try_from(partition.partition)
        .map_err(|_| refused(&format!("name {}", name(partition)), "Kafka has no such partition"))
}

/// The partitions, each at `offset`.
pub(super) fn list(partitions: &[TopicPartition], offset: Offset) -> Result<TopicPartitionList, LogError> {
    at(partitions.iter().map(|partition| (partition, offset)))
}

/// Partitions and offsets.
pub(super) fn at<'a>(
    partitions: impl IntoIterator<Item = (&'a TopicPartition, Offset)>,
) -> Result<TopicPartitionList, LogError> {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in partitions {
        list.add_partition_offset(&partition.topic, number(partition)?, offset)
            .map_err(|error| refused(&format!("name {}", name(partition)), &error.to_string()))?;
    }
    Ok(list)
}

/// What the list says of a partition.
pub(super) fn find<'a>(
    list: &'a TopicPartitionList,
    partition: &TopicPartition,
) -> Option<TopicPartitionListElem<'a>> {
    let number = i32::try_from(partition.partition).ok()?;
    list.find_partition(&partition.topic, number)
}

/// A partition as Kafka names it; none for the number that stands for "any".
pub(super) fn of_native(topic: &str, partition: i32) -> Option<TopicPartition> {
    let partition = u32::try_from(partition).ok()?;
    Some(TopicPartition { topic: topic.into(), partition })
}
