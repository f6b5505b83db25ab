//! How a task stops going on, and what is done about it.

use crate::log::LogError;
use crate::store::StoreError;
use crate::versions::PublicationsError;
use schemas::WireError;

/// Why a task cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// Another task of this partition lives: this one lets go.
    #[error("partition {partition} is another's now: {reason}")]
    Fenced {
        /// The partition.
        partition: u32,
        /// What the log says.
        reason: String,
    },
    /// Something failed that the one recovery path mends: drop what is not committed, fence, catch
    /// up, go on.
    #[error("partition {partition} starts anew: {reason}")]
    Recover {
        /// The partition.
        partition: u32,
        /// What happened.
        reason: String,
    },
    /// The group's committed offsets are not those of the state: somebody moved one of them.
    #[error(
        "partition {partition}: the group committed offset {committed:?} of {topic}, the state says \
         {stored}; the offsets were moved by hand, or the changelog belongs to another group. Put \
         the offsets back, or start a new group with empty topics"
    )]
    OffsetsDiffer {
        /// The partition.
        partition: u32,
        /// The input topic.
        topic: String,
        /// What the group says.
        committed: Option<i64>,
        /// What the state says.
        stored: i64,
    },
    /// Topics and state do not belong together.
    #[error("partition {partition}: {refusal}")]
    Refused {
        /// The partition.
        partition: u32,
        /// In which way.
        refusal: Refusal,
    },
    /// A record of the changelog cannot be read.
    #[error("partition {partition}: the changelog's record at offset {offset} cannot be read: {reason}")]
    Changelog {
        /// The partition.
        partition: u32,
        /// Its offset.
        offset: i64,
        /// In which way.
        reason: String,
    },
    /// Something that is to be written cannot be encoded.
    #[error("partition {partition}: something that was decided cannot be written")]
    Encode {
        /// The partition.
        partition: u32,
        /// What, and in which way.
        #[source]
        source: schemas::EncodeError,
    },
    /// Something in the task's thread panicked.
    #[error("partition {partition}: {reason}")]
    Panicked {
        /// The partition.
        partition: u32,
        /// What was said, and where.
        reason: String,
    },
    /// The core fails again and again: not an input is at fault, but the program or the policy.
    #[error(
        "partition {partition}: the core fails again and again: {reason}. The program or the policy is at \
         fault, not an event: nothing more is set aside"
    )]
    Misbehaves {
        /// The partition.
        partition: u32,
        /// What happened last.
        reason: String,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A client is beyond use: the process ends.
    #[error(transparent)]
    Fatal(LogError),
    /// The task was told to stop.
    #[error("stopped")]
    Stopped,
}

/// In which way topics and state do not belong together, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The changelog does not hold what the group has committed.
    #[error(
        "the changelog {changelog} is not the one that the group's offsets were committed with: {reason}. \
         The state in the folder was left as it is. Put the changelog back from a copy, with its offsets. \
         Without one, begin anew: another `group`, an empty changelog and an empty state folder; then \
         everything that the input topics still hold is decided again, and its commands go out again"
    )]
    ChangelogLost {
        /// The changelog.
        changelog: String,
        /// What shows it.
        reason: String,
    },
    /// An input topic was made anew.
    #[error(
        "the input topic {topic} was deleted and made anew after it was read up to offset {next}: nobody \
         knows what of the old one was not read. Where nothing is missing, or was written again, start \
         once with `accept_remade_inputs = true` in [engine]: the new topic is read from its start"
    )]
    InputRemade {
        /// The topic.
        topic: String,
        /// Where its reading stood.
        next: i64,
    },
    /// An input topic no longer holds what comes next.
    #[error(
        "the input topic {topic} was read up to offset {next}, and holds {start} to {end}: records are gone \
         that were not read, since they were kept for too short a time or the brokers lost them. Where nothing \
         is missing, or was written again, start once with `accept_remade_inputs = true` in [engine]: the \
         topic is read on from what it holds"
    )]
    InputLost {
        /// The topic.
        topic: String,
        /// Where its reading stood.
        next: i64,
        /// The first offset that it holds.
        start: i64,
        /// Where it ends.
        end: i64,
    },
    /// The partition goes by what was published, and this instance by files.
    #[error(
        "the partition goes by publication {revision} of the policy, and this instance by files: from partition \
         to partition another version would hold. Say `published = true` in [policy], or, to leave what was \
         published for files, on the one instance that there is, `replace_published = true`"
    )]
    GoesByPublished {
        /// The last publication that it knows.
        revision: i64,
    },
    /// The publication that the partition goes by is not there.
    #[error(
        "the partition goes by publication {revision} of the policy, and {topic} holds {last} of them: put the \
         topic back from a copy, or publish again, one after the other, what is missing"
    )]
    PublicationLost {
        /// The publication.
        revision: i64,
        /// The topic.
        topic: String,
        /// How many it holds.
        last: i64,
    },
    /// What was published cannot be used.
    #[error(
        "the publications of the policy cannot be gone by: {reason}. Where a newer release has published, roll out that \
         release: every publication must be read by all that run"
    )]
    Publications {
        /// What is wrong with them.
        reason: String,
    },
    /// The number of partitions is another.
    #[error(
        "the topics have {now} partitions, and had {before} when the state was written: keys would no longer \
         lie where their state is. Kafka takes no partitions back: make topics of {before} partitions \
         under another `prefix`, with what these hold, or begin anew with another `group` and empty topics"
    )]
    PartitionsChanged {
        /// How many there were.
        before: u32,
        /// How many there are.
        now: u32,
    },
}

impl TaskError {
    /// What it means that something stored does not read: that it is damaged, unless only the registry is
    /// out of reach, in which its schema lies.
    pub(crate) fn from_stored(
        partition: u32,
        what: &'static str,
        whose: impl std::fmt::Display,
        error: &WireError,
    ) -> Self {
        let reason = format!("{whose}: {error}");
        if error.is_retryable() {
            return Self::Recover { partition, reason: format!("cannot read {what} of the store: {reason}") };
        }
        Self::Store(StoreError::Damaged { what, reason })
    }

    /// What it means that publications of the policy cannot be had.
    pub(crate) fn from_publications(partition: u32, error: PublicationsError) -> Self {
        if error.is_retryable() {
            return Self::Recover { partition, reason: in_full(&error) };
        }
        match error {
            PublicationsError::Log(error) => Self::from_log(partition, error),
            error @ (PublicationsError::NoTopic(_)
            | PublicationsError::NotSingle { .. }
            | PublicationsError::Unreadable { .. }
            | PublicationsError::Gap { .. }
            | PublicationsError::Unusable { .. }
            | PublicationsError::Nothing(_)
            | PublicationsError::Open(_)) => {
                let refusal = Refusal::Publications { reason: in_full(&error) };
                Self::Refused { partition, refusal }
            }
        }
    }

    /// What an error of the log means for the task.
    pub(crate) fn from_log(partition: u32, error: LogError) -> Self {
        match error {
            LogError::Fenced { reason, .. } => Self::Fenced { partition, reason },
            LogError::Fatal { .. } => Self::Fatal(error),
            LogError::Unavailable { .. } | LogError::Refused { .. } => {
                Self::Recover { partition, reason: error.to_string() }
            }
        }
    }
}

/// An error with all its causes.
pub(crate) fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
