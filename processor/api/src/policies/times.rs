//! Which version of the policy held when, and which holds.

use super::told::{PolicyTime, PolicyVersion, PolicyVersions, Publication, VersionState};
use super::{Held, Known, Version};
use decision::Policy;
use decision::time::Timestamp;
use whatif::customer::{Customer, When};

/// How much of a hash is told: enough to tell versions apart.
const HASH_TOLD: usize = 12;

/// All versions, the newest first.
pub(super) fn all(known: &Known) -> PolicyVersions {
    let clock = known.versions.last().map(|newest| Clock::of(&newest.policy));
    PolicyVersions {
        as_of: clock.as_ref().map(|clock| clock.when(known.now)),
        time_zone: clock.map(|clock| clock.0.zone.name().to_owned()),
        holds: holding(known),
        items: known.versions.iter().rev().map(|version| line(known, version)).collect(),
    }
}

/// A version, without what it says.
pub(super) fn line(known: &Known, version: &Version) -> PolicyVersion {
    let newest = known.versions.last().unwrap_or(version);
    let clock = Clock::of(&newest.policy);
    let identity = &version.policy.identity;
    let hash = identity.hash.as_str();
    let published = version.published.as_ref().map(|published| Publication {
        at: clock.when(published.at),
        by: published.by.clone(),
        role: published.role.clone(),
        why: published.why.clone(),
        withdraws_later: published.withdraws_later,
    });
    let time = |held: &Held| PolicyTime {
        from: held.from.map(|at| clock.when(at)),
        until: held.until.map(|at| clock.when(at)),
    };
    PolicyVersion {
        number: version.number,
        name: identity.name.to_string(),
        version: identity.version.to_string(),
        hash: hash.get(..HASH_TOLD).unwrap_or(hash).to_owned(),
        state: state(known, version),
        effective_from: version.policy.effective_from.map(|at| clock.when(at)),
        held: version.held.iter().map(time).collect(),
        published,
    }
}

/// The wall clock of a policy's zone.
struct Clock(Customer);

impl Clock {
    fn of(policy: &Policy) -> Self {
        let defaults = &policy.defaults;
        Self(Customer { zone: defaults.zone.clone(), exponent: defaults.currency.exponent() })
    }

    fn when(&self, at: Timestamp) -> When {
        self.0.when(at)
    }
}

fn state(known: &Known, version: &Version) -> VersionState {
    if holding(known) == Some(version.number) {
        return VersionState::Holds;
    }
    match version.held.last() {
        None => VersionState::Never,
        Some(last) if begin(last) > known.now => VersionState::ToCome,
        Some(_) => VersionState::Past,
    }
}

/// The number of the version that holds: the one that began last; before any has, the first that is to. So it is for
/// the tasks as well, which go by one always.
fn holding(known: &Known) -> Option<i64> {
    let times = known
        .versions
        .iter()
        .flat_map(|version| version.held.iter().map(move |held| (begin(held), version.number)));
    let begun = times.clone().filter(|(from, _)| *from <= known.now).max();
    begun.or_else(|| times.min()).map(|(_, number)| number)
}

fn begin(held: &Held) -> Timestamp {
    held.from.unwrap_or(Timestamp::EARLIEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const POLICY: &str = "policy: p\nversion: \"1\"\ntime_zone: UTC\ncurrency: USD\nlanguage: en\n";

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    /// From when and until when a version held, in seconds.
    type Time = (Option<i64>, Option<i64>);

    /// The states of versions that held at these times, at a moment.
    #[track_caller]
    fn check(times: &[&[Time]], now: i64, holds: Option<i64>, states: &[VersionState]) {
        let policy = policy::parse("p.policy.yaml", POLICY).unwrap().policy;
        let version = |(number, times): (i64, &&[Time])| Version {
            number,
            policy: Arc::clone(&policy),
            held: times
                .iter()
                .map(|(from, until)| Held { from: from.map(at), until: until.map(at) })
                .collect(),
            published: None,
        };
        let known = Known { now: at(now), versions: (1..).zip(times).map(version).collect() };
        let told = all(&known);
        assert_eq!(told.holds, holds, "at {now}");
        let found: Vec<_> = told.items.iter().rev().map(|version| version.state).collect();
        assert_eq!(found, states, "at {now}");
    }

    #[test]
    fn a_version_holds_from_its_time_on_until_another_does() {
        use VersionState::{Holds, Past, ToCome};
        let two: [&[_]; 2] = [&[(None, Some(10))], &[(Some(10), None)]];
        check(&two, 9, Some(1), &[Holds, ToCome]);
        check(&two, 10, Some(2), &[Past, Holds]);
    }

    #[test]
    fn a_version_that_came_back_holds_and_one_that_was_withdrawn_never_did() {
        use VersionState::{Holds, Never, Past, ToCome};
        let back: [&[_]; 3] = [&[(Some(1), Some(5)), (Some(9), None)], &[(Some(5), Some(9))], &[]];
        check(&back, 6, Some(2), &[ToCome, Holds, Never]);
        check(&back, 9, Some(1), &[Holds, Past, Never]);
    }

    #[test]
    fn before_any_version_the_first_holds_and_without_one_none() {
        check(&[&[(Some(5), None)]], 4, Some(1), &[VersionState::Holds]);
        check(&[], 4, None, &[]);
    }
}
