//! Writing records in one transaction, for people: outside any task, by a producer of its own.
//!
//! What is written, and what is said where it goes wrong, is the business of who asks.

use crate::log::{CommitError, Committed, Log, LogError, NewRecord, Producer};
use std::time::Duration;

/// Longer than a log takes to end a transaction, or to give it up.
const COMMIT_WITHIN: Duration = Duration::from_secs(60);

/// How one try ended without being known to be committed.
pub(crate) enum Failure {
    /// It did not come to the commit.
    Before(LogError),
    /// The commit did not end well.
    Commit(CommitError),
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        Self::Before(error)
    }
}

/// One try, by a producer of its own: what the last try of this id left open has ended then.
pub(crate) fn attempt<L: Log>(
    log: &L,
    transactional_id: &str,
    records: &[NewRecord],
    onlooker: &L::Membership,
) -> Result<Committed, Failure> {
    commit(begin(log, transactional_id)?, records, onlooker)
}

/// A producer that is the only one of its id: what another one left open has ended.
pub(crate) fn begin<L: Log>(log: &L, transactional_id: &str) -> Result<L::Producer, LogError> {
    let mut producer = log.producer(transactional_id)?;
    producer.fence()?;
    Ok(producer)
}

/// Writes the records in one transaction.
pub(crate) fn commit<P: Producer>(
    mut producer: P,
    records: &[NewRecord],
    onlooker: &P::Membership,
) -> Result<Committed, Failure> {
    producer.begin()?;
    for record in records {
        if let Err(error) = producer.send(record) {
            // What cannot be aborted now, the log aborts later: it is never committed.
            let _ = producer.abort();
            return Err(Failure::Before(error));
        }
    }
    producer.commit(Vec::new(), onlooker);
    let too_long = || CommitError::Unknown("the commit does not end".to_owned());
    producer.wait(COMMIT_WITHIN).unwrap_or_else(|| Err(too_long())).map_err(Failure::Commit)
}
