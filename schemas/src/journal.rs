//! The journal's record and the task's: what a committed batch was, and where it left the task.
//!
//! What makes them is the engine's business; whoever replays a partition reads them.

use decision::ids::{CommandId, DebtorId, EventId, PolicyHash, ServiceId};
use decision::policy::PolicyIdentity;
use decision::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use twox_hash::xxhash3_128;

/// What one committed batch of a task was: enough to replay a partition's decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// The partition, from 0.
    pub partition: u32,
    /// Counts the partition's batches from 1, without a gap.
    pub batch: i64,
    /// The clock that the batch was decided at.
    pub now: Timestamp,
    /// Up to when the log was known to have been read. At most `now`.
    pub horizon: Timestamp,
    /// The policy's name.
    pub policy_name: Arc<str>,
    /// Its version: a label.
    pub policy_version: Arc<str>,
    /// The hash of its content: its identity.
    pub policy_hash: PolicyHash,
    /// Which publications were known: all up to this one. None where the versions came from files.
    #[serde(default)]
    pub policy_revision: Option<i64>,
    /// What was done, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Where each input topic stands after the batch.
    pub positions: Vec<Position>,
    /// A hash of the debtors changed by the batch, as they are afterwards.
    #[serde(with = "serde_bytes")]
    pub state_hash: [u8; 16],
}

/// The hash of the debtors changed by a batch: XXH3 of 128 bits, high half first, of their stored forms by
/// id in ascending order, each after its length in eight bytes, lowest first. It tells what went wrong, not
/// what somebody forged: whoever can write to the journal can write a hash as well.
#[must_use]
pub fn state_hash<'a>(stored: impl Iterator<Item = &'a [u8]>) -> [u8; 16] {
    let mut hasher = xxhash3_128::Hasher::new();
    for bytes in stored {
        hasher.write(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.write(bytes);
    }
    hasher.finish_128().to_be_bytes()
}

impl Journal {
    /// The policy that held.
    #[must_use]
    pub fn policy(&self) -> PolicyIdentity {
        PolicyIdentity {
            name: self.policy_name.clone(),
            version: self.policy_version.clone(),
            hash: self.policy_hash.clone(),
        }
    }

    /// The key of this record: the partition in decimal digits.
    #[must_use]
    pub fn key(&self) -> String {
        self.partition.to_string()
    }
}

/// One thing that was done in a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Records were taken.
    #[serde(rename = "weir.Taken")]
    Taken(Taken),
    /// A timer fired.
    #[serde(rename = "weir.Fired")]
    Fired(Fired),
    /// A debtor was decided anew under another version of the policy.
    #[serde(rename = "weir.Swept")]
    Swept(Swept),
    /// A command that this batch decided was not sent: it waits.
    #[serde(rename = "weir.Kept")]
    Kept(Kept),
    /// A command is for fewer services than it was: what takes the others back came first.
    #[serde(rename = "weir.Reduced")]
    Reduced(Reduced),
    /// A command was dropped: one that waited, or one that would have taken such a one back.
    #[serde(rename = "weir.Dropped")]
    Dropped(Dropped),
    /// A message that waited went back to its debtor, since its window is shut.
    #[serde(rename = "weir.Returned")]
    Returned(Returned),
    /// A command that waited was sent.
    #[serde(rename = "weir.Let")]
    Let(Let),
    /// A record that was taken was not decided: the core failed over it.
    #[serde(rename = "weir.Poisoned")]
    Poisoned(Poisoned),
    /// A timer, or a debtor to be decided anew, was not decided: the core failed over it.
    #[serde(rename = "weir.Postponed")]
    Postponed(Postponed),
    /// The debtor was not told of the step before this one: the core failed over it.
    #[serde(rename = "weir.Untold")]
    Untold(Untold),
}

/// Records taken from an input topic, in the order of offsets, rejected ones included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The input topic.
    pub topic: Arc<str>,
    /// Where the topic stood before: the `next` before this one. Another value is a gap.
    pub previous: i64,
    /// The offset of the first record taken.
    pub first: i64,
    /// Where the topic stands after.
    pub next: i64,
    /// How many records were taken.
    pub count: i64,
}

/// A timer that fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// Whose it was.
    pub debtor_id: DebtorId,
    /// When it was due.
    pub due: Timestamp,
}

/// A debtor that was decided anew, since another version of the policy holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swept {
    /// Who.
    pub debtor_id: DebtorId,
}

/// A command that was not sent, and waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The command.
    pub command_id: CommandId,
    /// Whether the breaker holds it; else its rate was used up.
    pub is_held: bool,
}

/// A command that waited, and was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Let {
    /// The command.
    pub command_id: CommandId,
}

/// A message that waited, and waits with its debtor from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The command.
    pub command_id: CommandId,
    /// When its window opens.
    pub opens: Timestamp,
}

/// A command that is for fewer services than it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reduced {
    /// The command.
    pub command_id: CommandId,
    /// The services that are left.
    pub services: Vec<ServiceId>,
}

/// A command that was dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// The command.
    pub command_id: CommandId,
    /// Whether a person dropped it; else what takes it back came before it was sent.
    pub by_person: bool,
}

/// A record that was taken, and not decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poisoned {
    /// The input topic.
    pub topic: Arc<str>,
    /// The record's offset.
    pub offset: i64,
    /// How the core failed, and where.
    pub failure: String,
}

/// A timer, or a debtor to be decided anew, that is tried again later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Postponed {
    /// Whose it is.
    pub debtor_id: DebtorId,
    /// When the timer was due; none where the debtor was to be decided anew.
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// How the core failed, and where.
    pub failure: String,
}

/// What was put off, as the task's record knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PutOff {
    /// Whose it is.
    pub debtor_id: DebtorId,
    /// When the timer was due; none where the debtor was to be decided anew.
    #[serde(default)]
    pub due: Option<Timestamp>,
}

/// A command whose debtor does not know what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untold {
    /// The command.
    pub command_id: CommandId,
    /// How the core failed, and where.
    pub failure: String,
}

/// Where one input topic stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The input topic.
    pub topic: Arc<str>,
    /// The offset of the next record to be read.
    pub next: i64,
}

/// Where a task stands after a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskState {
    /// The partition, from 0.
    pub partition: u32,
    /// The last batch: the number of its journal record.
    pub batch: i64,
    /// The task's clock. It never goes back.
    pub clock: Timestamp,
    /// Up to when the log is known to have been read.
    pub horizon: Timestamp,
    /// The hash of the policy that held.
    pub policy_hash: PolicyHash,
    /// Where each input topic stands: the offsets that the group has committed.
    pub positions: Vec<Position>,
    /// The timer cursor's moment: every timer before the cursor has fired.
    #[serde(default)]
    pub timers_due: Option<Timestamp>,
    /// The timer cursor's debtor.
    #[serde(default)]
    pub timers_debtor: Option<DebtorId>,
    /// The hash of the policy version that every debtor was decided under, or is being.
    #[serde(default)]
    pub swept_policy_hash: Option<PolicyHash>,
    /// While that goes on: the last debtor that was decided; nobody's id before the first.
    #[serde(default)]
    pub swept_after: Option<DebtorId>,
    /// How many commands have ever waited: the sequence of the last one.
    #[serde(default)]
    pub waited: i64,
    /// What of each rate was used up.
    #[serde(default)]
    pub rates: Vec<Spent>,
    /// Where the breaker stands, where it ever counted.
    #[serde(default)]
    pub breaker: Option<BreakerState>,
    /// The offset of the next changelog record to apply; none in the changelog itself.
    #[serde(default)]
    pub changelog_next: Option<i64>,
    /// The id of the changelog topic that this state was built from, where the log tells it.
    #[serde(default)]
    pub changelog_topic_id: Option<String>,
    /// The offset of the next record of the records topic that the store's history does not have;
    /// none in the changelog itself.
    #[serde(default)]
    pub records_next: Option<i64>,
    /// How many partitions the input topics had.
    #[serde(default)]
    pub partitions: Option<u32>,
    /// The ids of the input topics that the positions are of, where the log tells them.
    #[serde(default)]
    pub topic_ids: Vec<TopicId>,
    /// What the core failed over and is tried again, at every start and every hour.
    #[serde(default)]
    pub put_off: Vec<PutOff>,
    /// Which publications are known: all up to this one. None where the versions come from files.
    #[serde(default)]
    pub policy_revision: Option<i64>,
}

/// Which topic it is that has a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicId {
    /// The name.
    pub topic: Arc<str>,
    /// The id that the topic got when it was made.
    pub id: Arc<str>,
}

/// What of a rate was used up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The kind of command: a channel, or `provision`, `task`, `fee`, `handover`.
    pub kind: Arc<str>,
    /// In which second, counted from 1970.
    pub second: i64,
    /// How many were sent in it.
    pub sent: i64,
}

/// Where the breaker of a partition stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerState {
    /// When it first counted.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Since when it holds orders, while it does.
    #[serde(default)]
    pub opened_at: Option<Timestamp>,
    /// The cutting-off orders let through in the time whose orders are counted.
    pub recent: Vec<Counted>,
    /// Those before, which show what is usual.
    pub earlier: Vec<Counted>,
    /// What a person said last of the orders it held.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// What a person said when orders were released last: those may still wait for their window.
    #[serde(default)]
    pub released: Option<Verdict>,
}

/// How many orders were let through in a span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// When the span begins.
    pub from: Timestamp,
    /// How many.
    pub count: i64,
}

/// What a person said of the orders that the breaker held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The event that said so: seen again, it changes nothing.
    pub event_id: EventId,
    /// The sequence of the last order that it is about.
    pub up_to: i64,
    /// Whether they are dropped; else they are released.
    pub drops: bool,
    /// Who said so.
    pub by: String,
    /// In which role.
    pub role: String,
    /// Why.
    #[serde(default)]
    pub why: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_state_is_that_of_its_forms_in_their_order() {
        let hash = |forms: &[&[u8]]| state_hash(forms.iter().copied());
        // XXH3-128 of no bytes, as its specification has it.
        assert_eq!(hash(&[]), 0x99aa_06d3_0147_98d8_6001_c324_468d_497f_u128.to_be_bytes());
        let others: [&[&[u8]]; 4] = [&[b"ab"], &[b"a", b"b"], &[b"b", b"a"], &[b"a", b"b", b""]];
        for (place, one) in others.iter().enumerate() {
            for other in others.iter().skip(place + 1) {
                assert_ne!(hash(one), hash(other), "{one:?} {other:?}");
            }
        }
    }
}
