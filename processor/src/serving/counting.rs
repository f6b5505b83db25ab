//! How many accounts there are of each kind that the policy names; counted anew only when that has grown old.

use api::lists::counts::{Count, CountedBy};
use decision::Policies;
use decision::policy::{Measure, Policy};
use engine::Reading;
use engine::lists::{List, ListKind, status};
use engine::reading::NotRead;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long counts are good for at the least.
const GOOD_FOR: Duration = Duration::from_secs(2);

/// However many there are, no more than one part in so many of a core goes into counting.
const SHARE: u32 = 20;

/// The kinds of holds.
const HOLDS: [&str; 5] = ["dispute", "promise", "deferral", "instalments", "unconfirmed_payment"];

/// What was counted last. While somebody counts, others are told what was counted before.
#[derive(Default)]
pub(super) struct Counting {
    last: Mutex<Option<Counted>>,
    /// Held by whoever counts.
    turn: Mutex<()>,
}

#[derive(Clone)]
struct Counted {
    partitions: Vec<u32>,
    good_until: Instant,
    counts: Vec<Count>,
}

impl Counting {
    /// The accounts of these partitions.
    pub(super) fn of(&self, reading: &Reading, partitions: &[u32]) -> Result<Vec<Count>, NotRead> {
        let began = Instant::now();
        let last = self.last().filter(|last| last.partitions == partitions);
        if let Some(last) = last.as_ref().filter(|last| began < last.good_until) {
            return Ok(last.counts.clone());
        }
        let _turn = match (self.turn.try_lock(), last) {
            (Ok(turn), _) => turn,
            (Err(_), Some(last)) => return Ok(last.counts),
            // Nobody has counted these yet.
            (Err(_), None) => self.turn.lock().unwrap_or_else(PoisonError::into_inner),
        };
        if let Some(last) =
            self.last().filter(|last| last.partitions == partitions && began < last.good_until)
        {
            return Ok(last.counts);
        }
        let begins = Instant::now();
        let known = reading.policies().map(|policies| known(&policies)).unwrap_or_default();
        let lists: Vec<List> = known.iter().map(|(by, name)| List::new(kind(*by), name)).collect();
        let numbers = reading.counted(partitions, &lists)?;
        let counts =
            known.into_iter().zip(numbers).map(|((by, name), accounts)| Count { by, name, accounts });
        let counts: Vec<Count> = counts.collect();
        let good_for = begins.elapsed().saturating_mul(SHARE).max(GOOD_FOR);
        let counted =
            Counted { partitions: partitions.to_vec(), good_until: Instant::now() + good_for, counts };
        let counts = counted.counts.clone();
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted);
        Ok(counts)
    }

    fn last(&self) -> Option<Counted> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn kind(by: CountedBy) -> ListKind {
    match by {
        CountedBy::Work => ListKind::Work,
        CountedBy::Stage => ListKind::Stage,
        CountedBy::Status => ListKind::Status,
        CountedBy::Segment => ListKind::Segment,
        CountedBy::Hold => ListKind::Hold,
        CountedBy::Queue => ListKind::Queue,
    }
}

/// All that the versions of a policy name: accounts may be at a stage of a former one.
fn known(policies: &Policies) -> BTreeSet<(CountedBy, String)> {
    let mut known =
        BTreeSet::from([(CountedBy::Work, String::new()), (CountedBy::Status, status(true).to_owned())]);
    known.extend(HOLDS.map(|hold| (CountedBy::Hold, hold.to_owned())));
    for policy in policies.versions() {
        let stages = policy.plans.values().flat_map(|plan| &plan.stages);
        known.extend(stages.map(|stage| (CountedBy::Stage, stage.name.to_string())));
        known.extend(policy.segments.iter().map(|segment| (CountedBy::Segment, segment.name.to_string())));
        known.extend(queues(policy).map(|queue| (CountedBy::Queue, queue)));
    }
    known
}

/// The queues that a policy gives tasks to.
fn queues(policy: &Policy) -> impl Iterator<Item = String> {
    let of_plans = policy.plans.values().flat_map(|plan| {
        let of_stages = plan.stages.iter().flat_map(|stage| &stage.measures);
        let before = plan.before_due.iter().flat_map(|before| &before.measures);
        of_stages.chain(before).chain(&plan.on_cure)
    });
    let of_rules = policy.thresholds.iter().flat_map(|rule| &rule.measures);
    let in_the_end = [&policy.commands.message, &policy.commands.provision]
        .into_iter()
        .filter_map(|delivery| delivery.then.as_ref());
    of_plans.chain(of_rules).chain(in_the_end).filter_map(|measure| match measure {
        Measure::Task { queue, .. } => Some(queue.to_string()),
        Measure::Message(_) | Measure::Provision(_) | Measure::Fee { .. } | Measure::Handover { .. } => None,
    })
}
