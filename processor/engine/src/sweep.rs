//! The sweep: once another version of the policy holds, every debtor is decided anew, a few with
//! each batch.
//!
//! What a version changes for a debtor is `decision`'s business; how the sweep is recovered and
//! replayed: `docs/decisions/0008-a-new-version-sweeps-the-partition.md`.

use decision::ids::{DebtorId, PolicyHash};

/// How far a partition's debtors were decided under the version that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sweep {
    /// The hash of that version.
    policy_hash: PolicyHash,
    /// The last debtor that was decided, nobody's id before the first; none where all were.
    after: Option<DebtorId>,
}

impl Sweep {
    /// Every debtor was decided under this version, but for those after `after`.
    pub(crate) fn new(policy_hash: PolicyHash, after: Option<DebtorId>) -> Self {
        Self { policy_hash, after }
    }

    /// The version that it is about.
    pub(crate) fn policy_hash(&self) -> &PolicyHash {
        &self.policy_hash
    }

    /// The last debtor that was decided, while the sweep goes on.
    pub(crate) fn after(&self) -> Option<&DebtorId> {
        self.after.as_ref()
    }

    /// Another version holds: from the first debtor on.
    pub(crate) fn begin(&mut self, policy_hash: PolicyHash) {
        *self = Self { policy_hash, after: Some("".into()) };
    }

    /// Another version came to hold, and may be followed by the one before at once: whoever was decided in
    /// between is decided anew even so.
    pub(crate) fn forget(&mut self) {
        *self = Self { policy_hash: "".into(), after: None };
    }

    /// Debtors were decided, up to and including this one; there are no more where it is none.
    pub(crate) fn came_to(&mut self, after: Option<DebtorId>) {
        self.after = after;
    }
}
