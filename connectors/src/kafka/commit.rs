//! The commit of a transaction, by a thread of the producer's own.
//!
//! It does what librdkafka asks for in order, and says how it ended; what to do then is the
//! engine's business.

use super::error::{is_fenced, told};
use super::membership::KafkaMembership;
use super::partitions;
use super::producer::Native;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use engine::log::{CommitError, Committed, TopicPartition};
use rdkafka::Offset;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long to wait before a call that librdkafka says may be tried again: it says so at once when
/// the coordinator is out of reach.
const RETRY_AFTER: Duration = Duration::from_millis(10);

/// What is to be committed.
struct Job {
    offsets: Vec<(TopicPartition, i64)>,
    member: KafkaMembership,
}

/// The commits of one producer, one at a time.
pub(super) struct Commits {
    jobs: Sender<Job>,
    outcomes: Receiver<Result<Committed, CommitError>>,
    is_under_way: bool,
}

impl Commits {
    /// Starts the thread. It ends with this.
    pub(super) fn start(
        native: &Arc<Native>,
        transactional_id: &str,
        timeout: Duration,
    ) -> std::io::Result<Self> {
        let (jobs, asked) = bounded::<Job>(1);
        let (answer, outcomes) = bounded(1);
        let native = Arc::clone(native);
        thread::Builder::new().name(format!("commit {transactional_id}")).spawn(move || {
            for job in asked {
                if answer.send(commit(&native, &job, timeout)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { jobs, outcomes, is_under_way: false })
    }

    pub(super) fn begin(&mut self, offsets: Vec<(TopicPartition, i64)>, member: KafkaMembership) {
        // A thread that is gone is told of by `wait`.
        let _ = self.jobs.send(Job { offsets, member });
        self.is_under_way = true;
    }

    pub(super) fn wait(&mut self, wait: Duration) -> Option<Result<Committed, CommitError>> {
        if !self.is_under_way {
            return None;
        }
        let outcome = match self.outcomes.recv_timeout(wait) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout) => return None,
            Err(RecvTimeoutError::Disconnected) => {
                Err(CommitError::Unknown("the committing thread has ended".to_owned()))
            }
        };
        self.is_under_way = false;
        Some(outcome)
    }
}

fn commit(native: &Native, job: &Job, timeout: Duration) -> Result<Committed, CommitError> {
    let deadline = Instant::now() + timeout;
    // The offsets go first: their two round trips pass while the records are in flight.
    send_offsets(native, job, deadline)?;
    drain(native, deadline);
    if let Some((code, reason)) = native.client().fatal_error() {
        return Err(fatal(code, reason));
    }
    if native.in_flight_count() > 0 {
        let reason = format!("{} records were not delivered in time", native.in_flight_count());
        return Err(give_up(native, reason, deadline));
    }
    if let Some(undelivered) = native.context().reports().failure.take() {
        return Err(give_up(native, undelivered.told, deadline));
    }
    end(native, deadline)?;
    let mut reports = native.context().reports();
    let last_offsets = reports.end();
    if reports.is_offset_unknown {
        // A retried batch that the broker had, and of which it no longer knew the offset. The
        // records are committed; where, a fresh look at the log tells.
        let reason = "committed, but where its records lie was not told".to_owned();
        return Err(CommitError::Unknown(reason));
    }
    Ok(Committed { last_offsets })
}

fn send_offsets(native: &Native, job: &Job, deadline: Instant) -> Result<(), CommitError> {
    if job.offsets.is_empty() {
        return Ok(());
    }
    let at = job.offsets.iter().map(|(partition, offset)| (partition, Offset::Offset(*offset)));
    let offsets = match partitions::at(at) {
        Ok(offsets) => offsets,
        Err(error) => return Err(give_up(native, error.to_string(), deadline)),
    };
    loop {
        // Asked for each time: a generation that was fetched before a rebalance is refused.
        let Some(member) = job.member.metadata() else {
            return Err(give_up(native, "the consumer has left the group".to_owned(), deadline));
        };
        match native.send_offsets_to_transaction(&offsets, &member, left(deadline)) {
            Ok(()) => return Ok(()),
            Err(error) if may_retry(&error) && Instant::now() < deadline => thread::sleep(RETRY_AFTER),
            Err(error) => return Err(not_committed(native, &error, deadline)),
        }
    }
}

/// Takes delivery reports until nothing is in flight, or nothing that is will ever be reported: a
/// fatal error, of a fenced producer for one, leaves its records in the queue.
///
/// `commit_transaction` would do so itself, by polls of 100 ms that go on to their end.
fn drain(native: &Native, deadline: Instant) {
    while native.in_flight_count() > 0 && Instant::now() < deadline {
        native.serve(Duration::from_millis(20));
        if native.client().fatal_error().is_some() {
            return;
        }
    }
}

/// Ends the transaction.
fn end(native: &Native, deadline: Instant) -> Result<(), CommitError> {
    loop {
        match native.commit_transaction(left(deadline)) {
            Ok(()) => return Ok(()),
            // librdkafka goes on with the same commit.
            Err(error) if may_retry(&error) && Instant::now() < deadline => thread::sleep(RETRY_AFTER),
            Err(error) if requires_abort(&error) => return Err(not_committed(native, &error, deadline)),
            Err(error) => {
                return Err(beyond_use(native, &error).unwrap_or_else(|| CommitError::Unknown(told(&error))));
            }
        }
    }
}

/// The transaction is not committed: says so, once it is aborted or the producer is known to be
/// beyond use.
fn not_committed(native: &Native, error: &KafkaError, deadline: Instant) -> CommitError {
    beyond_use(native, error).unwrap_or_else(|| give_up(native, told(error), deadline))
}

/// Aborts the transaction, for `reason`.
fn give_up(native: &Native, reason: String, deadline: Instant) -> CommitError {
    native.context().reports().end();
    // An abort that the time left is too short for would leave the producer of no use.
    let time = left(deadline).max(Duration::from_secs(5));
    match abort(native, time) {
        Ok(()) => CommitError::Aborted(reason),
        Err(error) => beyond_use(native, &error).unwrap_or_else(|| {
            CommitError::Unknown(format!("{reason}; and the abort failed: {}", told(&error)))
        }),
    }
}

/// Aborts the open transaction.
///
/// librdkafka waits for the reports of what it drops to be taken, by another thread than this one.
pub(super) fn abort(native: &Native, timeout: Duration) -> Result<(), KafkaError> {
    let deadline = Instant::now() + timeout;
    let has_ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !has_ended.load(Ordering::Acquire) {
                native.serve(Duration::from_millis(1));
            }
        });
        let aborted = loop {
            match native.abort_transaction(left(deadline)) {
                Err(error) if may_retry(&error) && Instant::now() < deadline => thread::sleep(RETRY_AFTER),
                ended => break ended,
            }
        };
        has_ended.store(true, Ordering::Release);
        aborted
    })
}

/// How the producer came to be beyond use, if it is.
fn beyond_use(native: &Native, error: &KafkaError) -> Option<CommitError> {
    if let Some((code, reason)) = native.client().fatal_error() {
        return Some(fatal(code, reason));
    }
    if let KafkaError::Transaction(error) = error
        && error.is_fatal()
    {
        return Some(fatal(error.code(), error.string()));
    }
    None
}

fn fatal(code: RDKafkaErrorCode, reason: String) -> CommitError {
    if is_fenced(code) { CommitError::Fenced(reason) } else { CommitError::Fatal(reason) }
}

fn may_retry(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Transaction(error) if error.is_retriable() && !error.is_fatal())
}

fn requires_abort(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Transaction(error) if error.txn_requires_abort())
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}
