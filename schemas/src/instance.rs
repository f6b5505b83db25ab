//! What an instance says of itself, as it lies in its topic.
//!
//! When it says so, and what is made of what others say, is the engine's business.

use decision::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A word of an instance: which partitions it works on, and where it is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Where its HTTP API is reached: the record's key.
    pub url: String,
    /// The partitions, from 0, whose task is at work there.
    pub partitions: Vec<u32>,
    /// When it said so by its own clock: for people only.
    pub at: Timestamp,
    /// Whether it ends, and works on nothing from now on.
    #[serde(default)]
    pub leaves: bool,
}
