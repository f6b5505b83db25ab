//! What the API asks of rejects, in the engine's words: the topic of rejects, read and sent from by whoever is asked.
//!
//! Who may ask, and how many at once, is `api`'s business.

use api::rejects::told::{
    CameFrom, Reject, RejectDetails, RejectPage, ResendOutcome, Resent as Told, SentTo,
};
use api::rejects::{Filter, NotDone, Place};
use engine::Clock;
use engine::log::Log;
use engine::rejects::{self, Rejected, Rejects, RejectsError, Resent};
use schemas::files::write_line;
use schemas::{Registry, TopicNames};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, TryLockError};
use std::time::Instant;

/// How many of the newest offsets of each partition a list is made of: a reject has about a kilobyte, and more than
/// some thousands nobody reads.
const NEWEST: i64 = 10_000;

/// How many bytes of a key or a value are told.
const MOST_BYTES: usize = 4_096;

/// Reads rejects, and sends them again.
pub(crate) struct Declined<L> {
    pub(crate) log: Arc<L>,
    /// The group whose instances rejected them.
    pub(crate) group: String,
    pub(crate) names: TopicNames,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Of two who send at once one would be fenced off.
    pub(crate) sending: Mutex<()>,
}

impl<L: Log> Declined<L> {
    fn rejects<'d>(&'d self, is_over: &'d dyn Fn() -> bool) -> Rejects<'d, L> {
        Rejects::new(&*self.log, &self.group, &self.names, self.registry.clone()).bounded(NEWEST, is_over)
    }

    fn send(&self, places: &[Place], even_known: bool, deadline: Instant) -> Result<Vec<Told>, RejectsError> {
        let is_over = || Instant::now() >= deadline;
        let mut rejects = self.rejects(&is_over);
        let places: Vec<_> = places.iter().copied().map(to_engine).collect();
        let found = rejects.several(&places)?;
        if is_over() {
            return Err(RejectsError::TooSlow);
        }
        let there: Vec<Rejected> = found.iter().flatten().cloned().collect();
        let mut outcomes = rejects.resend(&there, even_known, self.clock.now())?.into_iter();
        // One outcome comes for each that is there, in their order.
        Ok(found
            .into_iter()
            .map(|found| found.map_or_else(absent, |found| became(&found, outcomes.next())))
            .collect())
    }
}

/// What became of a reject that was read.
fn became(rejected: &Rejected, resent: Option<Resent>) -> Told {
    let (outcome, sent_to) = match resent {
        Some(Resent::To(to)) => {
            (ResendOutcome::Sent, Some(SentTo { topic: to.topic.to_string(), partition: to.partition }))
        }
        Some(Resent::Known) => (ResendOutcome::Known, None),
        Some(Resent::NoRecord) | None => (ResendOutcome::NoRecord, None),
        Some(Resent::NoInput) => (ResendOutcome::NoInput, None),
    };
    Told { outcome, sent_to, account_id: rejected.account_id.clone() }
}

/// What became of one that is not to be had.
fn absent(error: RejectsError) -> Told {
    let outcome = match not_done(&error) {
        NotDone::NotThere => ResendOutcome::NotThere,
        NotDone::Silent | NotDone::Failed | NotDone::Unknown => ResendOutcome::Unreadable,
    };
    Told { outcome, sent_to: None, account_id: None }
}

impl<L: Log> api::rejects::Rejects for Declined<L> {
    fn list(&self, filter: &Filter, most: usize, deadline: Instant) -> Result<RejectPage, NotDone> {
        let filter = rejects::Filter {
            topic: filter.topic.clone(),
            reason: filter.reason.clone(),
            since: filter.since,
            account: filter.account.clone(),
        };
        let is_over = || Instant::now() >= deadline;
        let listed = self.rejects(&is_over).list(&filter, most).map_err(|error| not_done(&error))?;
        let items = listed.rejects.iter().rev().map(told_of).collect();
        Ok(RejectPage { items, older: listed.older, whole: listed.is_whole })
    }

    fn one(&self, place: Place, deadline: Instant) -> Result<RejectDetails, NotDone> {
        let is_over = || Instant::now() >= deadline;
        let mut rejects = self.rejects(&is_over);
        let rejected = rejects.one(to_engine(place)).map_err(|error| not_done(&error))?;
        let event = rejects.event(&rejected).and_then(Result::ok);
        Ok(RejectDetails {
            reject: told_of(&rejected),
            event: event.and_then(|event| serde_json::from_str(&write_line(&event)).ok()),
            key_hex: rejected.key.as_deref().map(hex),
            value_hex: rejected.value.as_deref().map(hex),
        })
    }

    fn resend(&self, places: &[Place], even_known: bool, deadline: Instant) -> Result<Vec<Told>, NotDone> {
        let _sending = match self.sending.try_lock() {
            Ok(sending) => sending,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(NotDone::Silent),
        };
        self.send(places, even_known, deadline).map_err(|error| not_done(&error))
    }
}

fn to_engine(place: Place) -> rejects::Place {
    rejects::Place { partition: place.partition, offset: place.offset }
}

fn not_done(error: &RejectsError) -> NotDone {
    let not_done = match error {
        RejectsError::NotThere(_) => return NotDone::NotThere,
        RejectsError::TooSlow | RejectsError::Log(_) | RejectsError::Aborted(_) => NotDone::Silent,
        RejectsError::NoTopic(_) | RejectsError::Unreadable { .. } => NotDone::Failed,
        RejectsError::Unknown(_) => NotDone::Unknown,
    };
    tracing::warn!(error = error as &dyn std::error::Error, "rejects were asked for in vain");
    not_done
}

fn told_of(rejected: &Rejected) -> Reject {
    let came_from = CameFrom {
        topic: rejected.topic.clone(),
        partition: rejected.came_from.partition,
        offset: rejected.came_from.offset,
    };
    Reject {
        partition: rejected.place.partition,
        offset: rejected.place.offset,
        reason: rejected.reason.clone(),
        detail: rejected.detail.clone(),
        came_from: Some(came_from).filter(|from| !from.topic.is_empty()),
        rejected_at: rejected.rejected_at.to_string(),
        logged_at: rejected.timestamp.map(|at| at.to_string()),
        event_id: rejected.event_id.clone(),
        account_id: rejected.account_id.clone(),
        debtor_id: rejected.debtor_id.clone(),
        id_is_known: rejected.is_id_remembered,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(MOST_BYTES).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
