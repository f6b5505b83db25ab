//! The versions of a policy that are at hand: which one holds at a moment, and which one a running
//! cycle was opened under (domain.md, section 9).
//!
//! Where versions come from is not known here.

use crate::ids::PolicyHash;
use crate::policy::Policy;
use crate::time::Timestamp;
use std::sync::Arc;

/// The versions of a policy, at least one.
#[derive(Clone, Debug)]
pub struct Policies {
    /// By the moment from which they hold, earliest first.
    versions: Vec<Arc<Policy>>,
}

/// There is no policy at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no policy")]
pub struct NoPolicy;

impl Policies {
    /// These versions. Of two that hold from the same moment, the later one in the list holds.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(mut versions: Vec<Arc<Policy>>) -> Result<Self, NoPolicy> {
        // Stable: those of one moment keep their order, and the last of them is found.
        versions.sort_by_key(|version| from(version));
        if versions.is_empty() { Err(NoPolicy) } else { Ok(Self { versions }) }
    }

    /// The version that holds at a moment; before any does, the first: whoever starts with such a
    /// list should say so.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> &Arc<Policy> {
        let holding = self.versions.partition_point(|version| from(version) <= now);
        #[expect(clippy::indexing_slicing, reason = "there is at least one")]
        &self.versions[holding.saturating_sub(1)]
    }

    /// The version of this hash, where it is at hand.
    #[must_use]
    pub fn by_hash(&self, hash: &PolicyHash) -> Option<&Arc<Policy>> {
        self.versions.iter().find(|version| version.identity.hash == *hash)
    }

    /// The next moment at which another version holds.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        self.versions.iter().map(|version| from(version)).find(|from| *from > now)
    }

    /// All versions, by the moment from which they hold.
    #[must_use]
    pub fn versions(&self) -> &[Arc<Policy>] {
        &self.versions
    }
}

fn from(version: &Policy) -> Timestamp {
    version.effective_from.unwrap_or(Timestamp::EARLIEST)
}

impl From<Arc<Policy>> for Policies {
    fn from(policy: Arc<Policy>) -> Self {
        Self { versions: vec![policy] }
    }
}

impl From<Policy> for Policies {
    fn from(policy: Policy) -> Self {
        Arc::new(policy).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{identity, moment, policy};

    fn version(name: &str, effective_from: Option<&str>) -> Arc<Policy> {
        Arc::new(Policy { identity: identity(name), effective_from: effective_from.map(moment), ..policy() })
    }

    #[test]
    fn the_newest_version_whose_moment_has_come_holds() {
        let march = version("march", Some("2026-03-01"));
        let policies = Policies::new(vec![march, version("first", None)]).unwrap();
        let at = |text| policies.at(moment(text)).identity.version.to_string();
        assert_eq!(at("2026-02-28T23:59"), "first");
        assert_eq!(at("2026-03-01"), "march");
        assert_eq!(policies.next_change(moment("2026-02-28T23:59")), Some(moment("2026-03-01")));
        assert_eq!(policies.next_change(moment("2026-03-01")), None);
        assert!(policies.by_hash(&"first".into()).is_some() && policies.by_hash(&"other".into()).is_none());
    }

    #[test]
    fn of_two_versions_of_one_moment_the_later_one_holds() {
        let policies = Policies::new(vec![version("one", None), version("two", None)]).unwrap();
        assert_eq!(&*policies.at(Timestamp(0)).identity.version, "two");
        assert_eq!(Policies::new(Vec::new()).unwrap_err(), NoPolicy);
    }
}
