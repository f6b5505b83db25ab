//! The topics that an instance reads and writes, and how many partitions they have.

use crate::log::{Log, LogError, TopicPartition};
use schemas::{InputTopic, OutputTopic};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

/// The topics by what they are for, all found and counted.
#[derive(Clone, Debug)]
pub struct Topology {
    inputs: Vec<(InputTopic, Arc<str>)>,
    outputs: BTreeMap<OutputTopic, (Arc<str>, NonZeroU32)>,
    partitions: NonZeroU32,
}

/// The topics do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// A topic is not there.
    #[error("there is no topic {topic}; create it with {partitions} partitions")]
    Absent {
        /// The topic.
        topic: String,
        /// How many partitions the others have.
        partitions: u32,
    },
    /// An input topic, or one that a task writes its own partition of, has another number of
    /// partitions than the rest.
    #[error(
        "topic {topic} has {found} partitions, {first} has {wanted}: all input topics, the journal, \
         the records and the changelog need the same number; make it so before the start"
    )]
    Unequal {
        /// The topic.
        topic: String,
        /// How many it has.
        found: u32,
        /// The topic it is compared with.
        first: String,
        /// How many that has.
        wanted: u32,
    },
    /// More partitions than one process may hold.
    #[error("{found} partitions: a process holds at most {most}, since each has a producer of six threads")]
    TooMany {
        /// How many there are.
        found: u32,
        /// How many there may be.
        most: u32,
    },
    /// The log did not answer.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// The most partitions of a topic: a transactional producer costs six threads, and one process
/// must be able to hold all of them.
pub const MOST_PARTITIONS: u32 = 64;

impl Topology {
    /// Finds the topics by these names and checks that they fit together.
    ///
    /// # Errors
    /// When one is absent, or their partition counts do not fit.
    pub fn find<L: Log>(
        log: &L,
        input_name: impl Fn(InputTopic) -> String,
        output_name: impl Fn(OutputTopic) -> String,
    ) -> Result<Self, TopologyError> {
        let inputs: Vec<(InputTopic, Arc<str>)> =
            InputTopic::ALL.iter().map(|topic| (*topic, input_name(*topic).into())).collect();
        let outputs: Vec<(OutputTopic, Arc<str>)> =
            OutputTopic::ALL.iter().map(|topic| (*topic, output_name(*topic).into())).collect();
        let names: Vec<Arc<str>> = inputs
            .iter()
            .map(|(_, name)| name.clone())
            .chain(outputs.iter().map(|(_, name)| name.clone()))
            .collect();
        // A topic without partitions is one that is being made: as good as absent.
        let counts = log.partitions(&names)?;
        let counts: Vec<Option<NonZeroU32>> =
            counts.into_iter().map(|count| count.and_then(NonZeroU32::new)).collect();
        let wanted = counts.iter().flatten().next().copied().unwrap_or(NonZeroU32::MIN);
        let mut counted = BTreeMap::new();
        for (name, count) in names.iter().zip(counts) {
            let Some(count) = count else {
                return Err(TopologyError::Absent { topic: name.to_string(), partitions: wanted.get() });
            };
            counted.insert(name.clone(), count);
        }
        let count_of = |name: &Arc<str>| counted.get(name).copied().unwrap_or(wanted);
        let first = names.first().cloned().unwrap_or_else(|| "".into());
        let own = outputs.iter().filter(|(topic, _)| topic.is_own_partition());
        for name in inputs.iter().map(|(_, name)| name).chain(own.map(|(_, name)| name)) {
            if count_of(name) != wanted {
                return Err(TopologyError::Unequal {
                    topic: name.to_string(),
                    found: count_of(name).get(),
                    first: first.to_string(),
                    wanted: wanted.get(),
                });
            }
        }
        if wanted.get() > MOST_PARTITIONS {
            return Err(TopologyError::TooMany { found: wanted.get(), most: MOST_PARTITIONS });
        }
        let outputs =
            outputs.into_iter().map(|(topic, name)| (topic, (name.clone(), count_of(&name)))).collect();
        Ok(Self { inputs, outputs, partitions: wanted })
    }

    /// How many partitions each input topic has.
    #[must_use]
    pub fn partitions(&self) -> NonZeroU32 {
        self.partitions
    }

    /// The names of the input topics.
    #[must_use]
    pub fn input_names(&self) -> Vec<Arc<str>> {
        self.inputs.iter().map(|(_, name)| name.clone()).collect()
    }

    /// The place of an input topic of this name among them, and what it is.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<(usize, InputTopic)> {
        let at = self.inputs.iter().position(|(_, known)| **known == *name)?;
        self.inputs.get(at).map(|(topic, _)| (at, *topic))
    }

    /// This partition of every input topic, in order.
    #[must_use]
    pub fn input_partitions(&self, partition: u32) -> Vec<TopicPartition> {
        let of = |(_, name): &(InputTopic, Arc<str>)| TopicPartition { topic: name.clone(), partition };
        self.inputs.iter().map(of).collect()
    }

    /// Where a task writes a debtor's record: its own partition, or the debtor's, where the topic
    /// has another number of them.
    #[must_use]
    pub fn target(&self, topic: OutputTopic, own: u32, key: &[u8]) -> TopicPartition {
        let (name, count) = match self.outputs.get(&topic) {
            Some((name, count)) => (name.clone(), *count),
            // Every output topic was found at the start.
            None => (topic.default_name().into(), self.partitions),
        };
        let partition =
            if count == self.partitions { own } else { crate::partition::partition_of(key, count) };
        TopicPartition { topic: name, partition }
    }
}
