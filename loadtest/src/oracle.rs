//! The oracle: what a partition's outputs must be, said by `decision` alone from the journal.
//!
//! It reads topics, and shares no code with the engine: [`coverage`] checks that the journal says
//! every input offset once and in order, [`replay`] decides again what the journal says was
//! decided, and compares commands, records, rejects and state, and [`pace`] that no more commands left in a
//! second than the policy's rates allow.

pub mod coverage;
mod gate;
pub mod lives;
pub mod pace;
pub mod replay;
mod versions;

use schemas::{InputTopic, OutputTopic, TopicNames};
use std::collections::BTreeMap;
use std::fmt;

/// A record of a topic, as a reader of committed records sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its offset.
    pub offset: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value.
    pub value: Option<Vec<u8>>,
}

impl Seen {
    /// A record at this offset.
    pub fn new(offset: i64, key: Option<impl AsRef<[u8]>>, value: Option<impl AsRef<[u8]>>) -> Self {
        Self {
            offset,
            key: key.map(|bytes| bytes.as_ref().to_vec()),
            value: value.map(|bytes| bytes.as_ref().to_vec()),
        }
    }
}

/// All committed records of one partition: of every input topic and every output topic, in order.
///
/// Where an input topic was deleted and made anew, and a person has accepted that, what was read of the
/// old one comes first: its offsets fall where another **life** of the topic begins.
#[derive(Clone, Debug, Default)]
pub struct Partition {
    /// Which partition.
    pub number: u32,
    /// How many there are.
    pub count: u32,
    /// What came in.
    pub inputs: BTreeMap<InputTopic, Vec<Seen>>,
    /// What went out.
    pub outputs: BTreeMap<OutputTopic, Vec<Seen>>,
}

impl Partition {
    /// A partition of so many, whose topics `read` gives by name.
    pub fn read(number: u32, count: u32, names: &TopicNames, read: impl Fn(&str) -> Vec<Seen>) -> Self {
        let inputs = InputTopic::ALL.iter().map(|topic| (*topic, read(names.input(*topic))));
        let outputs = OutputTopic::ALL.iter().map(|topic| (*topic, read(names.output(*topic))));
        Self { number, count, inputs: inputs.collect(), outputs: outputs.collect() }
    }

    /// The records of an input topic.
    #[must_use]
    pub fn input(&self, topic: InputTopic) -> &[Seen] {
        self.inputs.get(&topic).map_or(&[], Vec::as_slice)
    }

    /// The records of each life of an input topic; one life, where it was never made anew.
    #[must_use]
    pub fn lives(&self, topic: InputTopic) -> Vec<&[Seen]> {
        lives::of(self.input(topic))
    }

    /// The records of an output topic.
    #[must_use]
    pub fn output(&self, topic: OutputTopic) -> &[Seen] {
        self.outputs.get(&topic).map_or(&[], Vec::as_slice)
    }
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// In which partition.
    pub partition: u32,
    /// What is not as it must be.
    pub what: String,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partition {}: {}", self.partition, self.what)
    }
}
