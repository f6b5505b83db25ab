//! The topics that an instance reads and writes, and how many partitions they have.

use crate::log::{Log, LogError, TopicPartition};
use schemas::{InputTopic, OutputTopic, TopicNames};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

/// The topics by what they are for, all found and counted.
#[derive(Clone, Debug)]
pub struct Topology {
    names: TopicNames,
    counts: BTreeMap<OutputTopic, NonZeroU32>,
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

/// The output topics of which a task writes its own partition, whatever the key.
const OWN: [OutputTopic; 3] = [OutputTopic::Records, OutputTopic::Journal, OutputTopic::Debtors];

impl Topology {
    /// Finds the topics by these names and checks that they fit together.
    ///
    /// # Errors
    /// When one is absent, or their partition counts do not fit.
    pub fn find<L: Log>(log: &L, names: TopicNames) -> Result<Self, TopologyError> {
        let all: Vec<Arc<str>> = names.inputs().iter().chain(names.outputs()).cloned().collect();
        // A topic without partitions is one that is being made: as good as absent.
        let counts: Vec<Option<NonZeroU32>> =
            log.partitions(&all)?.into_iter().map(|count| count.and_then(NonZeroU32::new)).collect();
        let wanted = counts.iter().flatten().next().copied().unwrap_or(NonZeroU32::MIN);
        let mut counted = BTreeMap::new();
        for (name, count) in all.iter().zip(counts) {
            let absent = || TopologyError::Absent { topic: name.to_string(), partitions: wanted.get() };
            counted.insert(name.clone(), count.ok_or_else(absent)?);
        }
        let count_of = |name: &Arc<str>| counted.get(name).copied().unwrap_or(wanted);
        let own = OWN.iter().map(|topic| names.output(*topic));
        for name in names.inputs().iter().chain(own) {
            if count_of(name) != wanted {
                return Err(TopologyError::Unequal {
                    topic: name.to_string(),
                    found: count_of(name).get(),
                    first: names.input(InputTopic::Accounts).to_string(),
                    wanted: wanted.get(),
                });
            }
        }
        if wanted.get() > MOST_PARTITIONS {
            return Err(TopologyError::TooMany { found: wanted.get(), most: MOST_PARTITIONS });
        }
        let counts = OutputTopic::ALL.iter().map(|topic| (*topic, count_of(names.output(*topic)))).collect();
        Ok(Self { names, counts, partitions: wanted })
    }

    /// How many partitions each input topic has.
    #[must_use]
    pub fn partitions(&self) -> NonZeroU32 {
        self.partitions
    }

    /// What the topics are called.
    #[must_use]
    pub fn names(&self) -> &TopicNames {
        &self.names
    }

    /// The input topic of this name.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<InputTopic> {
        self.names.find_input(name)
    }

    /// This partition of every input topic, in order.
    #[must_use]
    pub fn input_partitions(&self, partition: u32) -> Vec<TopicPartition> {
        let of = |topic: &Arc<str>| TopicPartition { topic: topic.clone(), partition };
        self.names.inputs().iter().map(of).collect()
    }

    /// Where a task writes a debtor's record: its own partition, or the debtor's, where the topic
    /// has another number of them.
    #[must_use]
    pub fn target(&self, topic: OutputTopic, own: u32, key: &[u8]) -> TopicPartition {
        let count = self.counts.get(&topic).copied().unwrap_or(self.partitions);
        let partition =
            if count == self.partitions { own } else { crate::partition::partition_of(key, count) };
        TopicPartition { topic: self.names.output(topic).clone(), partition }
    }
}
