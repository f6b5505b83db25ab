//! What is made for readers from the table of topics and the schemas: `docs/topics.md`, and
//! `docs/asyncapi.json` for programs.
//!
//! Where these lie is `examples/pages.rs`' business, and that they are current its test's.

mod asyncapi;
mod avro;
mod topics;
mod words;

pub use asyncapi::asyncapi;
pub use topics::topics_page;

use crate::avsc::RecordSchema;
use crate::topic::{Direction, TOPICS, TopicNames, TopicSpec};

/// A record in its topic: the topic's own, or one that lies beside that.
#[derive(Clone, Copy, Debug)]
struct Carried {
    topic: &'static TopicSpec,
    schema: RecordSchema,
    key: &'static str,
    about: &'static str,
}

impl Carried {
    /// Every record that a topic carries, its own first.
    fn by(topic: &'static TopicSpec) -> impl Iterator<Item = Self> {
        let own = Self { topic, schema: topic.schema, key: topic.key, about: topic.about };
        let beside = topic.beside.iter().map(move |beside| Self {
            topic,
            schema: beside.schema,
            key: beside.key,
            about: beside.about,
        });
        std::iter::once(own).chain(beside)
    }

    /// Every record of every topic, in the table's order.
    fn all() -> impl Iterator<Item = Self> {
        TOPICS.iter().flat_map(Self::by)
    }

    fn is_beside(&self) -> bool {
        self.schema != self.topic.schema
    }

    /// The subject of its schema, where the topics have their own names.
    fn subject(&self, full_name: &str) -> String {
        if self.is_beside() {
            TopicNames::default().subject_beside_debtors(full_name)
        } else {
            TopicNames::subject_of(self.topic.name)
        }
    }
}

/// Which way a topic goes, seen from Weir.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Weir reads it.
    In,
    /// Weir writes it, for others.
    Out,
    /// Weir writes it, and reads it back itself.
    State,
}

impl Way {
    fn of(topic: &TopicSpec) -> Self {
        match topic.direction {
            Direction::In => Self::In,
            Direction::Out if topic.compacted || topic.single => Self::State,
            Direction::Out => Self::Out,
        }
    }
}

/// What is kept of a topic, in words.
fn kept(topic: &TopicSpec) -> String {
    match topic.kept_for {
        Some(time) => format!("for {} minutes", time.as_secs() / 60),
        None if topic.compacted => "the last of each key".to_owned(),
        None => "for a time".to_owned(),
    }
}

/// What is kept of a topic, as Kafka has it.
fn cleanup_policy(topic: &TopicSpec) -> &'static str {
    if topic.compacted { "compact" } else { "delete" }
}
