//! A command that waits to be sent, as it lies in the changelog.
//!
//! Why it waits, and when it goes, is the engine's business.

use crate::topic::OutputTopic;
use decision::command::InWindow;
use decision::ids::Operation;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A command that was decided and waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Its place among all commands of the partition that ever waited, from 1.
    pub sequence: i64,
    /// The topic it goes to, by its name before any renaming.
    pub topic: Arc<str>,
    /// Whether the breaker holds it.
    pub is_held: bool,
    /// Of a provisioning order: the operation that takes it back.
    #[serde(default)]
    pub undo: Option<Operation>,
    /// Where it may leave in certain hours only: what is asked again when its turn comes.
    #[serde(default)]
    pub window: Option<Box<InWindow>>,
    /// The command's record, as it will be sent.
    #[serde(with = "serde_bytes")]
    pub value: Vec<u8>,
}

/// What the keys of waiting commands begin with. No debtor's id holds a control character.
const PREFIX: &str = "\0waiting/";

impl Waiting {
    /// The key of the waiting command of this sequence: keys sort as sequences do.
    #[must_use]
    pub fn key(sequence: i64) -> String {
        format!("{PREFIX}{sequence:020}")
    }

    /// The topic that it goes to; none where no topic is called so.
    #[must_use]
    pub fn output(&self) -> Option<OutputTopic> {
        OutputTopic::ALL.iter().find(|topic| *topic.spec().name == *self.topic).copied()
    }

    /// The sequence of a key; none where it is not one.
    #[must_use]
    pub fn read_key(key: &[u8]) -> Option<i64> {
        std::str::from_utf8(key).ok()?.strip_prefix(PREFIX)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_and_sort_as_sequences_do() {
        let sequences = [1, 9, 10, i64::MAX];
        let keys = sequences.map(Waiting::key);
        assert!(keys.is_sorted());
        assert_eq!(keys.map(|key| Waiting::read_key(key.as_bytes())), sequences.map(Some));
        for other in [&b"A-1"[..], crate::TASK_STATE_KEY, b"\0waiting/x", b"\xff"] {
            assert_eq!(Waiting::read_key(other), None);
        }
    }
}
