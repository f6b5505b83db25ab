//! A published version of the policy, as it lies in its topic.
//!
//! What its text means is `policy`'s business, which version holds when `decision`'s, and how tasks come to
//! know of it the engine's.

use decision::ids::{EventId, PolicyHash};
use decision::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A version of the policy that was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Counts the publications from 1, without a gap.
    pub revision: i64,
    /// The id of the control that says so to every partition.
    pub event_id: EventId,
    /// The policy's name.
    pub policy_name: String,
    /// Its version: a label.
    pub policy_version: String,
    /// The hash of its content: its identity.
    pub policy_hash: PolicyHash,
    /// The name of its file.
    pub file: String,
    /// What the file says.
    pub text: String,
    /// The files that the policy names, such as calendars.
    #[serde(default)]
    pub beside: Vec<FileBeside>,
    /// Whether what was published before and was to hold later is withdrawn.
    #[serde(default)]
    pub withdraws_later: bool,
    /// When it was published.
    pub published_at: Timestamp,
    /// Who published it.
    pub by: String,
    /// In which role.
    pub role: String,
    /// Why.
    pub why: String,
}

/// A file that a policy names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileBeside {
    /// As the policy names it.
    pub name: String,
    /// What it says.
    pub text: String,
}

impl Publication {
    /// The key of its record: the revision in twenty digits, so that none takes another's place.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{:020}", self.revision)
    }
}
