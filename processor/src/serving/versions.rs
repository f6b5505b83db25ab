//! The versions of the policy that this process goes by, as the API tells of them: those of files, or those that were
//! published, as far as this process has heard of them.
//!
//! Which holds when is `decision`'s business, what they say `api`'s.

use api::accounts::Unread;
use api::policies::{Held, Known, Published, Version};
use decision::Policies;
use decision::policies::times;
use decision::time::Timestamp;
use engine::{Clock, Versions};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// What this process goes by. Before it has looked that is not known.
#[derive(Default)]
pub(crate) struct GoesBy {
    known: OnceLock<(Versions, Arc<dyn Clock>)>,
    /// It has looked, and nothing was published yet.
    is_awaited: AtomicBool,
}

impl GoesBy {
    /// From now on these are told of.
    pub(crate) fn is(&self, versions: Versions, clock: Arc<dyn Clock>) {
        let _ = self.known.set((versions, clock));
    }

    /// Nothing was published yet.
    pub(crate) fn nothing_yet(&self) {
        self.is_awaited.store(true, Ordering::Relaxed);
    }
}

impl api::policies::Versions for GoesBy {
    fn versions(&self) -> Result<Known, Unread> {
        let Some((versions, clock)) = self.known.get() else {
            let none = Known { now: Timestamp::EARLIEST, versions: Vec::new() };
            return if self.is_awaited.load(Ordering::Relaxed) { Ok(none) } else { Err(Unread::NotBegun) };
        };
        let versions = match versions {
            Versions::Files { policies, replace_published: _ } => of_files(policies),
            Versions::Published(publications) => published(&publications.all()),
        };
        Ok(Known { now: clock.now(), versions })
    }
}

/// Those of files, each until the next holds. Of two from the same moment the later one holds.
fn of_files(policies: &Policies) -> Vec<Version> {
    let all = policies.versions();
    let ends = all.iter().skip(1).map(|next| next.effective_from).chain([None]);
    let version = |((number, policy), until): ((i64, &Arc<decision::Policy>), Option<Timestamp>)| {
        let held = Held { from: policy.effective_from, until };
        // The last one has no end, and what ends when it begins never holds.
        let is_ever = number == last(all) || held.from != held.until;
        let held = is_ever.then_some(held).into_iter().collect();
        Version { number, policy: policy.clone(), held, published: None }
    };
    (1..).zip(all).zip(ends).map(version).collect()
}

fn last(all: &[Arc<decision::Policy>]) -> i64 {
    i64::try_from(all.len()).unwrap_or(i64::MAX)
}

/// Those that were published.
fn published(all: &[(schemas::Publication, Arc<decision::Policy>)]) -> Vec<Version> {
    let times = times(&crate::publishing::published(all));
    let version =
        |(place, (publication, policy)): (usize, &(schemas::Publication, Arc<decision::Policy>))| {
            let held = times.iter().filter(|held| held.publication == place);
            Version {
                number: publication.revision,
                policy: policy.clone(),
                held: held.map(|held| Held { from: Some(held.from), until: held.until }).collect(),
                published: Some(Published {
                    at: publication.published_at,
                    by: publication.by.clone(),
                    role: publication.role.clone(),
                    why: publication.why.clone(),
                    withdraws_later: publication.withdraws_later,
                }),
            }
        };
    all.iter().enumerate().map(version).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::policies::Versions as _;
    use decision::Policy;
    use schemas::Publication;

    fn policy(from: Option<i64>) -> Arc<Policy> {
        let text = "policy: p\nversion: \"1\"\ntime_zone: UTC\ncurrency: USD\nlanguage: en\n";
        let policy = Arc::into_inner(policy::parse("p.policy.yaml", text).unwrap().policy).unwrap();
        Arc::new(Policy { effective_from: from.map(Timestamp), ..policy })
    }

    /// When a version holds: its number, from when and until when.
    type Time = (i64, Option<i64>, Option<i64>);

    fn told(versions: &[Version]) -> Vec<Time> {
        let micros = |at: Option<Timestamp>| at.map(|at| at.0);
        let all = versions.iter().flat_map(|version| version.held.iter().map(move |held| (version, held)));
        all.map(|(version, held)| (version.number, micros(held.from), micros(held.until))).collect()
    }

    #[track_caller]
    fn check(from: &[Option<i64>], expected: &[Time]) {
        let policies = Policies::new(from.iter().copied().map(policy).collect()).unwrap();
        assert_eq!(told(&of_files(&policies)), expected, "{from:?}");
    }

    #[test]
    fn versions_of_files_hold_each_until_the_next_does() {
        check(&[None], &[(1, None, None)]);
        check(&[Some(5)], &[(1, Some(5), None)]);
        let three = [(1, None, Some(5)), (2, Some(5), Some(9)), (3, Some(9), None)];
        check(&[Some(9), None, Some(5)], &three);
        // Both hold from the beginning: the later one does.
        check(&[None, None], &[(2, None, None)]);
    }

    #[test]
    fn a_publication_is_told_with_who_published_it_and_when_it_held() {
        let publication = |revision, at| Publication {
            revision,
            published_at: Timestamp(at),
            by: "anna".to_owned(),
            why: "spring".to_owned(),
            ..schemas::sample::publication()
        };
        let all = [(publication(1, 10), policy(None)), (publication(2, 20), policy(Some(30)))];
        let versions = published(&all);
        assert_eq!(told(&versions), [(1, Some(10), Some(30)), (2, Some(30), None)]);
        let first = versions[0].published.as_ref().unwrap();
        assert_eq!((first.by.as_str(), first.why.as_str(), first.at), ("anna", "spring", Timestamp(10)));
    }

    #[test]
    fn before_it_is_known_there_is_no_answer_and_before_anything_was_published_an_empty_one() {
        let goes_by = GoesBy::default();
        assert!(matches!(goes_by.versions(), Err(Unread::NotBegun)));
        goes_by.nothing_yet();
        assert!(goes_by.versions().unwrap().versions.is_empty());
        let clock = Arc::new(crate::clock::SystemClock::new());
        goes_by.is(Arc::new(Policies::from(policy(None))).into(), clock);
        assert_eq!(told(&goes_by.versions().unwrap().versions), [(1, None, None)]);
    }
}
