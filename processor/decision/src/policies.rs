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
    /// All that are at hand, also those that hold no more.
    versions: Vec<Arc<Policy>>,
    /// Which of them holds from when, earliest first; at least one.
    reigns: Vec<Reign>,
}

/// A version that holds from a moment on, until the next one does.
#[derive(Clone, Debug)]
struct Reign {
    from: Timestamp,
    version: Arc<Policy>,
}

/// A version that was published while the work goes on.
#[derive(Clone, Debug)]
pub struct Published {
    /// It. Where its `effective_from` lies after `at` it holds from then, else at once.
    pub version: Arc<Policy>,
    /// When it was published.
    pub at: Timestamp,
    /// Whether what was to hold later is withdrawn.
    pub withdraws_later: bool,
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
        let reign = |version: &Arc<Policy>| Reign { from: from(version), version: version.clone() };
        let reigns: Vec<Reign> = versions.iter().map(reign).collect();
        if versions.is_empty() { Err(NoPolicy) } else { Ok(Self { versions, reigns }) }
    }

    /// The versions that were published, in that order. One that holds at once takes the place of all
    /// that held until then, whatever a clock says: it holds where it is known.
    ///
    /// # Errors
    /// When there is none.
    pub fn published(publications: &[Published]) -> Result<Self, NoPolicy> {
        let (mut versions, mut reigns): (Vec<Arc<Policy>>, Vec<Reign>) = (Vec::new(), Vec::new());
        for publication in publications {
            let Published { version, at, withdraws_later } = publication;
            if *withdraws_later {
                reigns.retain(|reign| reign.from <= *at);
            }
            let later = version.effective_from.filter(|from| from > at);
            if later.is_none() {
                reigns.retain(|reign| reign.from > *at);
            }
            reigns.push(Reign { from: later.unwrap_or(Timestamp::EARLIEST), version: version.clone() });
            // Stable: of two that hold from the same moment, the one that was published last does.
            reigns.sort_by_key(|reign| reign.from);
            if !versions.iter().any(|known| known.identity.hash == version.identity.hash) {
                versions.push(version.clone());
            }
        }
        if versions.is_empty() { Err(NoPolicy) } else { Ok(Self { versions, reigns }) }
    }

    /// The version that holds at a moment; before any does, the first: whoever starts with such a
    /// list should say so.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> &Arc<Policy> {
        let holding = self.reigns.partition_point(|reign| reign.from <= now);
        #[expect(clippy::indexing_slicing, reason = "there is at least one")]
        &self.reigns[holding.saturating_sub(1)].version
    }

    /// The version of this hash, where it is at hand.
    #[must_use]
    pub fn by_hash(&self, hash: &PolicyHash) -> Option<&Arc<Policy>> {
        self.versions.iter().find(|version| version.identity.hash == *hash)
    }

    /// From when the first version holds; none where one holds from the beginning.
    #[must_use]
    pub fn begins(&self) -> Option<Timestamp> {
        self.reigns.first().map(|reign| reign.from).filter(|from| *from > Timestamp::EARLIEST)
    }

    /// What holds after a moment, with when it begins, earliest first.
    pub fn later(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, &Arc<Policy>)> {
        let later = self.reigns.iter().filter(move |reign| reign.from > now);
        later.map(|reign| (reign.from, &reign.version))
    }

    /// The next moment at which another version holds.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        self.later(now).next().map(|(from, _)| from)
    }

    /// All versions that are at hand: those of files by the moment from which they hold, those that were
    /// published in that order.
    #[must_use]
    pub fn versions(&self) -> &[Arc<Policy>] {
        &self.versions
    }
}

/// A time for which a published version held, holds, or is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which publication it was, from 0.
    pub publication: usize,
    /// From when, as the publisher's clock said it.
    pub from: Timestamp,
    /// Until when; none where nothing else is to hold after it.
    pub until: Option<Timestamp>,
}

/// When each of these publications held, in order, and when those that are to come will.
#[must_use]
pub fn times(publications: &[Published]) -> Vec<Held> {
    let mut times: Vec<Held> = Vec::new();
    for (last, publication) in publications.iter().enumerate() {
        let known = publications.get(..=last).unwrap_or_default();
        let Ok(policies) = Policies::published(known) else { continue };
        let until = publications.get(last.saturating_add(1)).map(|next| next.at);
        let begins = [(publication.at, policies.at(publication.at))].into_iter();
        for (from, version) in begins.chain(policies.later(publication.at)) {
            let is_it = |known: &Published| Arc::ptr_eq(&known.version, version);
            let Some(which) = known.iter().rposition(is_it) else { continue };
            let goes_on = times.last().is_some_and(|before| before.publication == which);
            if goes_on || until.is_some_and(|until| from >= until) {
                continue;
            }
            if let Some(before) = times.last_mut() {
                before.until = Some(from);
            }
            times.push(Held { publication: which, from, until: None });
        }
    }
    times
}

fn from(version: &Policy) -> Timestamp {
    version.effective_from.unwrap_or(Timestamp::EARLIEST)
}

impl From<Arc<Policy>> for Policies {
    /// This version alone: it holds from the beginning, whatever it says.
    fn from(version: Arc<Policy>) -> Self {
        let reign = Reign { from: from(&version), version: version.clone() };
        Self { versions: vec![version], reigns: vec![reign] }
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
    /// Publishes versions, each as `name published_at [from] [withdraws]`, and says what holds at a moment.
    #[track_caller]
    fn check(publications: &[(&str, &str, Option<&str>, bool)], at: &str, expected: &str) {
        let publication = |(name, at, from, withdraws): &(&str, &str, Option<&str>, bool)| Published {
            version: version(name, *from),
            at: moment(at),
            withdraws_later: *withdraws,
        };
        let publications: Vec<_> = publications.iter().map(publication).collect();
        let policies = Policies::published(&publications).unwrap();
        assert_eq!(&*policies.at(moment(at)).identity.version, expected, "at {at}");
    }

    #[test]
    fn what_was_published_holds_at_once_or_from_its_date_until_the_next_or_until_it_is_withdrawn() {
        let one = ("one", "2026-01-10", None, false);
        let dated = ("dated", "2026-01-20", Some("2026-02-01"), false);
        let two = ("two", "2026-01-25", None, false);
        // The first holds where it is known, also by a clock that is behind the publisher's.
        check(&[one], "2026-01-01", "one");
        check(&[one, dated], "2026-01-31", "one");
        check(&[one, dated], "2026-02-01", "dated");
        // What is published at once does not take away what is to come.
        check(&[one, dated, two], "2026-01-26", "two");
        check(&[one, dated, two], "2026-01-01", "two");
        check(&[one, dated, two], "2026-02-01", "dated");
        // A date that has passed is at once.
        check(&[one, ("late", "2026-02-10", Some("2026-02-01"), false)], "2026-01-05", "late");
        // Once it holds, another takes its place.
        check(&[one, dated, ("two", "2026-02-10", None, false)], "2026-02-10", "two");
        check(&[one, dated, ("two", "2026-02-10", None, false)], "2026-02-05", "two");
        // Of one date the one that was published last holds.
        check(&[one, dated, ("again", "2026-01-21", Some("2026-02-01"), false)], "2026-02-01", "again");
        // What is withdrawn does not come, whether by one that holds at once or later.
        check(&[one, dated, ("one", "2026-01-25", None, true)], "2026-02-01", "one");
        let later = ("later", "2026-01-25", Some("2026-03-01"), true);
        check(&[one, dated, later], "2026-02-01", "one");
        check(&[one, dated, later], "2026-03-01", "later");
    }

    #[test]
    fn the_times_of_publications_are_told_as_they_held_and_as_they_are_to_come() {
        let publication = |name, at: &str, from, withdraws_later| Published {
            version: version(name, from),
            at: moment(at),
            withdraws_later,
        };
        let all = [
            publication("one", "2026-01-10", None, false),
            publication("feb", "2026-01-20", Some("2026-02-01"), false),
            publication("mar", "2026-01-21", Some("2026-03-01"), false),
            publication("back", "2026-02-10", None, true),
            publication("apr", "2026-02-11", Some("2026-04-01"), false),
        ];
        let told: Vec<_> = times(&all).iter().map(|held| (held.publication, held.from, held.until)).collect();
        let (february, tenth, april) = (moment("2026-02-01"), moment("2026-02-10"), moment("2026-04-01"));
        let expected = [
            (0, moment("2026-01-10"), Some(february)),
            (1, february, Some(tenth)),
            // What was withdrawn never held.
            (3, tenth, Some(april)),
            (4, april, None),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_version_that_was_published_stays_at_hand_and_is_there_once() {
        let publication = |name, at: &str, withdraws_later| Published {
            version: version(name, None),
            at: moment(at),
            withdraws_later,
        };
        let all = [
            publication("one", "2026-01-10", false),
            publication("two", "2026-01-20", false),
            publication("one", "2026-01-30", true),
        ];
        let policies = Policies::published(&all).unwrap();
        let names: Vec<_> = policies.versions().iter().map(|version| &*version.identity.version).collect();
        assert_eq!(names, ["one", "two"]);
        assert!(policies.by_hash(&"two".into()).is_some());
        assert_eq!((policies.begins(), policies.next_change(moment("2026-01-30"))), (None, None));
        assert_eq!(Policies::published(&[]).unwrap_err(), NoPolicy);
    }
}
