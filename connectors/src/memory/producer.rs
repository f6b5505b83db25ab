//! A producer of one transactional id.

use super::broker::{Broker, Shared, misused};
use super::consumer::MemoryMembership;
use super::faults::{Call, CommitFate};
use super::transactions::Claim;
use engine::log::{CommitError, Committed, LogError, NewRecord, Producer, TopicPartition};
use std::sync::Arc;
use std::time::Duration;

/// Writes in transactions. To drop it is to crash: what it has open stays open until the next
/// producer of its id fences it, or the transaction expires.
#[derive(Debug)]
pub struct MemoryProducer {
    shared: Arc<Shared>,
    transactional_id: String,
    claim: Option<Claim>,
    commit: Commit,
}

/// How far a commit has come.
#[derive(Debug)]
enum Commit {
    /// None is under way.
    Idle,
    /// The group has taken the offsets; what becomes of it is not decided.
    Hangs,
    /// It has ended, and `wait` has not said so yet.
    Ended(Result<Committed, CommitError>),
    /// It has ended so that only a new producer goes on.
    Beyond,
}

impl MemoryProducer {
    pub(super) fn new(shared: &Arc<Shared>, transactional_id: &str) -> Self {
        Self {
            shared: Arc::clone(shared),
            transactional_id: transactional_id.to_owned(),
            claim: None,
            commit: Commit::Idle,
        }
    }

    /// The claim of a fenced producer that no commit keeps busy.
    fn claim(&self, operation: &str) -> Result<&Claim, LogError> {
        match (&self.claim, &self.commit) {
            (Some(claim), Commit::Idle) => Ok(claim),
            (None, _) => Err(misused(operation, "the producer has not fenced")),
            (_, Commit::Hangs | Commit::Ended(_)) => Err(misused(operation, "a commit is under way")),
            (_, Commit::Beyond) => Err(misused(operation, "the producer is beyond use")),
        }
    }

    /// Asks what becomes of the commit, and does it.
    fn decide(&self, broker: &mut Broker, claim: &Claim) -> Commit {
        let unknown = || {
            let reason = "the log's answer was lost".to_owned();
            Commit::Ended(Err(CommitError::Unknown(reason)))
        };
        match broker.faults.commit(&self.transactional_id) {
            CommitFate::Ends => Commit::Ended(end(broker, claim)),
            CommitFate::Hangs => Commit::Hangs,
            CommitFate::Aborts => {
                Commit::Ended(Err(abort(broker, claim, "a record was not delivered in time")))
            }
            CommitFate::CommittedUnknown => match end(broker, claim) {
                Ok(_) => unknown(),
                Err(error) => Commit::Ended(Err(error)),
            },
            CommitFate::OpenUnknown => unknown(),
        }
    }
}

impl Producer for MemoryProducer {
    type Membership = MemoryMembership;

    fn fence(&mut self) -> Result<(), LogError> {
        let id = self.transactional_id.as_str();
        let claim = self.shared.change(|broker| {
            broker.reach(Call::Fence(id), "fence")?;
            let (transactions, mut places) = broker.transactions();
            Ok(transactions.fence(id, &mut places))
        })?;
        self.claim = Some(claim);
        self.commit = Commit::Idle;
        Ok(())
    }

    fn begin(&mut self) -> Result<(), LogError> {
        let claim = self.claim("begin a transaction")?;
        self.shared.change(|broker| {
            let (transactions, mut places) = broker.transactions();
            transactions.begin(claim, &mut places)
        })
    }

    fn send(&mut self, record: &NewRecord) -> Result<(), LogError> {
        let claim = self.claim("send a record")?;
        self.shared.change(|broker| {
            broker.reach(Call::Send(&self.transactional_id), "send a record")?;
            broker.transactions.send(claim, record.clone(), &mut broker.topics)
        })
    }

    fn commit(&mut self, offsets: Vec<(TopicPartition, i64)>, member: &MemoryMembership) {
        let claim = match self.claim("commit") {
            Ok(claim) => claim.clone(),
            Err(error) => {
                self.commit = Commit::Ended(Err(CommitError::Fatal(error.to_string())));
                return;
            }
        };
        self.commit = self.shared.change(|broker| {
            // Without offsets the group is not asked.
            let refused = |id: Option<_>| match id {
                Some(id) => broker.group.check(id).err(),
                None => Some("whoever only looks on commits no offsets"),
            };
            if !offsets.is_empty()
                && let Some(reason) = refused(member.id())
            {
                return Commit::Ended(Err(abort(broker, &claim, reason)));
            }
            match broker.transactions.add_offsets(&claim, offsets) {
                Ok(()) => self.decide(broker, &claim),
                Err(error) => Commit::Ended(Err(failed(&error))),
            }
        });
    }

    fn wait(&mut self, wait: Duration) -> Option<Result<Committed, CommitError>> {
        if let (Commit::Hangs, Some(claim)) = (&self.commit, &self.claim) {
            let decided = self.shared.attempt(wait, |broker| match self.decide(broker, claim) {
                Commit::Hangs => None,
                decided @ (Commit::Idle | Commit::Ended(_) | Commit::Beyond) => Some(decided),
            });
            self.commit = decided?;
            // The commit is there for others to see.
            self.shared.change(|_| ());
        }
        match std::mem::replace(&mut self.commit, Commit::Idle) {
            Commit::Ended(result) => {
                if let Err(CommitError::Unknown(_) | CommitError::Fatal(_) | CommitError::Fenced(_)) = &result
                {
                    self.commit = Commit::Beyond;
                }
                Some(result)
            }
            other @ (Commit::Idle | Commit::Hangs | Commit::Beyond) => {
                self.commit = other;
                None
            }
        }
    }

    fn abort(&mut self) -> Result<(), LogError> {
        let claim = self.claim("abort")?;
        self.shared.change(|broker| {
            broker.reach(Call::Abort(&self.transactional_id), "abort")?;
            let (transactions, mut places) = broker.transactions();
            transactions.abort(claim, &mut places)
        })
    }
}

/// Commits what is open.
fn end(broker: &mut Broker, claim: &Claim) -> Result<Committed, CommitError> {
    let (transactions, mut places) = broker.transactions();
    transactions
        .commit(claim, &mut places)
        .map(|last_offsets| Committed { last_offsets })
        .map_err(|error| failed(&error))
}

/// Aborts what is open, for `reason`; or tells why it could not.
fn abort(broker: &mut Broker, claim: &Claim, reason: &str) -> CommitError {
    let (transactions, mut places) = broker.transactions();
    match transactions.abort(claim, &mut places) {
        Ok(()) => CommitError::Aborted(reason.to_owned()),
        Err(error) => failed(&error),
    }
}

fn failed(error: &LogError) -> CommitError {
    match error {
        LogError::Fenced { .. } => CommitError::Fenced(error.to_string()),
        LogError::Unavailable { .. } | LogError::Refused { .. } | LogError::Fatal { .. } => {
            CommitError::Fatal(error.to_string())
        }
    }
}
