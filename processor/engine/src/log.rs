//! The log, as the engine sees it: topics, one group, transactions. Narrow on purpose.
//!
//! What is behind it (Kafka through rdkafka, the in-memory log) is `connectors`' business. All
//! calls block at most as long as they say; none of them knows what a record means.

use crate::to_end;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// One partition of one topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition, from 0.
    pub partition: u32,
}

/// A record as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// Where it was read.
    pub source: TopicPartition,
    /// Its offset there.
    pub offset: i64,
    /// When it was appended or made, in UTC microseconds, where the log tells.
    pub timestamp: Option<i64>,
    /// Its key.
    pub key: Option<Bytes>,
    /// Its value; none is a tombstone.
    pub value: Option<Bytes>,
}

/// A record to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    /// Where to.
    pub target: TopicPartition,
    /// Its key.
    pub key: Bytes,
    /// Its value; none is a tombstone.
    pub value: Option<Bytes>,
    /// Its time, in UTC microseconds.
    pub timestamp: i64,
}

/// Offsets of one partition that are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The partition.
    pub source: TopicPartition,
    /// The first of them.
    pub from: i64,
    /// The first beyond them.
    pub to: i64,
}

/// A log. One a process; its parts share the connection's settings.
pub trait Log: Send + Sync + 'static {
    /// Reads the input topics as a member of the group.
    type Consumer: Consumer<Membership = Self::Membership>;
    /// Writes in transactions.
    type Producer: Producer<Membership = Self::Membership>;
    /// Reads one partition from where it is told, outside any group.
    type Reader: Reader;
    /// The member that this process is in the group; cheap to clone, usable from any thread.
    type Membership: Membership;

    /// Joins the group for these topics.
    ///
    /// # Errors
    /// When the log cannot be reached or refuses.
    fn join(&self, topics: &[Arc<str>]) -> Result<Self::Consumer, LogError>;

    /// The group as whoever is not in it sees it: it asks for committed offsets and joins nothing,
    /// and a transaction that brings no offsets may be committed with it.
    ///
    /// # Errors
    /// When the client cannot be made.
    fn onlooker(&self) -> Result<Self::Membership, LogError>;

    /// A producer of this transactional id. It does nothing before [`Producer::fence`].
    ///
    /// # Errors
    /// When the client cannot be made.
    fn producer(&self, transactional_id: &str) -> Result<Self::Producer, LogError>;

    /// A reader of committed records.
    ///
    /// # Errors
    /// When the client cannot be made.
    fn reader(&self) -> Result<Self::Reader, LogError>;

    /// A reader that stays at the end of a partition for as long as the process runs: as [`Log::reader`], which
    /// is made for who reads to the end and goes, and asks the log more often than is good for ever.
    ///
    /// # Errors
    /// When the client cannot be made.
    fn follower(&self) -> Result<Self::Reader, LogError> {
        self.reader()
    }

    /// Reads the committed records of these stretches, at most one of each partition: in order within a partition, and
    /// across partitions as they come. It ends when all is read, or `tell` breaks it off; what is of an open transaction
    /// is waited for some two seconds, and left out then. `tell` is called without a record from time to time while none
    /// comes, so that it can look at the time.
    ///
    /// # Errors
    /// When the log cannot be reached, or an offset is no longer there.
    fn read_stretches(&self, stretches: &[Stretch], tell: &mut Tell<'_>) -> Result<(), LogError>
    where
        Self: Sized,
    {
        to_end::one_after_the_other(self, stretches, tell)
    }

    /// Appends one record outside any transaction, and waits at most `wait` until the log has it on all its
    /// replicas in sync. Makes no topic. One at a time: a second caller waits for the first.
    ///
    /// # Errors
    /// [`LogError::Refused`] where there is no such partition, or the record is not taken; else it may be tried
    /// again. The record may have been appended all the same, as one whose acknowledgement was lost.
    fn append(&self, record: &NewRecord, wait: Duration) -> Result<(), LogError>;

    /// How many partitions each topic has; none where there is no such topic.
    ///
    /// # Errors
    /// When the log cannot be reached.
    fn partitions(&self, topics: &[Arc<str>]) -> Result<Vec<Option<u32>>, LogError>;

    /// The id that each topic got when it was made, which another one of the same name has not; none
    /// where there is no such topic, or the log gives topics no ids.
    ///
    /// # Errors
    /// When the log cannot be reached.
    fn topic_ids(&self, topics: &[Arc<str>]) -> Result<Vec<Option<Arc<str>>>, LogError>;

    /// The offset after the last record of each, those of open and aborted transactions counted
    /// (the high watermark, as a read-uncommitted client sees it). Asked afresh at every call.
    ///
    /// # Errors
    /// When the log cannot be reached, or has no such partition.
    fn end_offsets(&self, partitions: &[TopicPartition]) -> Result<Vec<i64>, LogError>;

    /// The first offset that each still holds.
    ///
    /// # Errors
    /// As above.
    fn start_offsets(&self, partitions: &[TopicPartition]) -> Result<Vec<i64>, LogError>;
}

/// What is told of what is read, record by record; none while none comes.
pub type Tell<'t> = dyn FnMut(Option<LogRecord>) -> ControlFlow<()> + 't;

/// What a poll brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// Records, in order within each partition; perhaps none.
    Records(Vec<LogRecord>),
    /// A partition was read to its end, which lies at this offset: what is between it and the last
    /// record are markers and aborted records. Told once at each end that is reached.
    End {
        /// The partition.
        source: TopicPartition,
        /// The offset of the next record that it will hold, if no transaction is open on it.
        offset: i64,
    },
    /// A started partition cannot be read further: what lies at its position is gone, or never was there.
    /// Nothing more comes of it until it is started again, which a client that cannot refuses as
    /// [`LogError::Fatal`].
    Stuck {
        /// The partition.
        source: TopicPartition,
        /// What the client says.
        reason: String,
    },
    /// These partitions are this member's now. [`Consumer::assign`] must follow.
    Assigned(Vec<TopicPartition>),
    /// These partitions are to be let go. [`Consumer::unassign`] must follow, once the open
    /// transactions on them have ended; until then no other member gets them.
    Revoked(Vec<TopicPartition>),
    /// These partitions are gone already (the session timed out): what is open on them is to be
    /// dropped. [`Consumer::unassign`] must follow.
    Lost(Vec<TopicPartition>),
}

/// Reads the input topics as a member of the group. One thread polls.
pub trait Consumer: Send {
    /// See [`Log::Membership`].
    type Membership: Membership;

    /// Waits up to `wait` for something, and brings at most about `at_most` records.
    ///
    /// # Errors
    /// [`LogError::Fatal`] when the client is beyond use; others may be tried again.
    fn poll(&mut self, at_most: usize, wait: Duration) -> Result<Polled, LogError>;

    /// Takes the assigned partitions, all of them paused: each is read once [`Consumer::start`]
    /// says from where.
    ///
    /// # Errors
    /// When the client refuses.
    fn assign(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError>;

    /// Lets the revoked or lost partitions go.
    ///
    /// # Errors
    /// When the client refuses.
    fn unassign(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError>;

    /// Begins to read an assigned partition from `offset`, which is the offset of the next record.
    ///
    /// # Errors
    /// When the partition is not assigned, or the client refuses.
    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), LogError>;

    /// Stops reading partitions for a while; what was read already may still come.
    ///
    /// # Errors
    /// When the client refuses.
    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError>;

    /// Goes on reading paused partitions where it stopped.
    ///
    /// # Errors
    /// When the client refuses.
    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError>;

    /// The member that this consumer is.
    fn membership(&self) -> Self::Membership;

    /// Leaves without waiting for a time-out, or, as a static member, stays known to the group.
    fn close(&mut self);
}

/// The member that this process is in the group, or an onlooker.
pub trait Membership: Clone + Send + Sync {
    /// The group's committed offsets; none where it has committed none. A member waits for those that
    /// a transaction brings which is still open: it goes on from what it is told. An onlooker does not,
    /// and is told what is committed by now.
    ///
    /// # Errors
    /// When the log cannot be reached.
    fn committed(&self, partitions: &[TopicPartition]) -> Result<Vec<Option<i64>>, LogError>;
}

/// Writes in transactions, as the only living producer of its transactional id.
///
/// The order of calls: `fence` once; then `begin`, `send`…, `commit` and `wait` until it has ended,
/// and again. After an error other than [`CommitError::Aborted`] only a new producer goes on.
pub trait Producer: Send {
    /// See [`Log::Membership`].
    type Membership: Membership;

    /// Fences every earlier producer of this id and ends what it had open. Blocks until done.
    ///
    /// # Errors
    /// When the log cannot be reached in time, or refuses.
    fn fence(&mut self) -> Result<(), LogError>;

    /// Begins a transaction.
    ///
    /// # Errors
    /// When this producer is fenced or beyond use.
    fn begin(&mut self) -> Result<(), LogError>;

    /// Hands a record to the open transaction. Does not wait for the log.
    ///
    /// # Errors
    /// When the record cannot be taken (too large, no such topic), or the producer is beyond use.
    fn send(&mut self, record: &NewRecord) -> Result<(), LogError>;

    /// Adds the group's offsets to the open transaction and begins to commit it. Does not wait.
    ///
    /// `offsets` are of the next records to read. The member's metadata is fetched for this call;
    /// without offsets the member does not matter.
    fn commit(&mut self, offsets: Vec<(TopicPartition, i64)>, member: &Self::Membership);

    /// Waits up to `wait` for the end of the commit; none while it goes on.
    fn wait(&mut self, wait: Duration) -> Option<Result<Committed, CommitError>>;

    /// Aborts the open transaction, after which `begin` may follow.
    ///
    /// # Errors
    /// When this producer is fenced or beyond use.
    fn abort(&mut self) -> Result<(), LogError>;
}

/// A transaction that has ended well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The offset of the last record that it wrote to each partition.
    pub last_offsets: BTreeMap<TopicPartition, i64>,
}

/// How a commit did not end well.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The transaction was aborted and this producer goes on: the same records may be sent again
    /// (the group's generation was stale, or a record could not be delivered in time).
    #[error("the transaction was aborted: {0}")]
    Aborted(String),
    /// A newer producer of this id lives: the partition is another's.
    #[error("fenced by a newer producer: {0}")]
    Fenced(String),
    /// Whether the transaction was committed is not known. Never guess: a new producer, `fence`,
    /// and the log tells.
    #[error("the outcome of the commit is not known: {0}")]
    Unknown(String),
    /// The client is beyond use.
    #[error("the client is beyond use: {0}")]
    Fatal(String),
}

/// Reads one partition's committed records from where it is told.
pub trait Reader: Send {
    /// Goes to `offset` of a partition. Only that partition is read from here.
    ///
    /// # Errors
    /// When the log cannot be reached, or has no such partition.
    fn seek(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), LogError>;

    /// The first offset that the partition still holds.
    ///
    /// # Errors
    /// When the log cannot be reached, or has no such partition.
    fn start_offset(&mut self, partition: &TopicPartition) -> Result<i64, LogError>;

    /// Waits up to `wait` for records.
    ///
    /// # Errors
    /// When the log cannot be reached, or the offset is no longer there.
    fn read(&mut self, wait: Duration) -> Result<Chunk, LogError>;
}

/// What one read brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Committed records, in order.
    pub records: Vec<LogRecord>,
    /// The next offset that would be read: beyond the markers of transactions and the records of
    /// aborted ones as well. It reaches the high watermark once no transaction is open.
    pub position: i64,
}

/// What went wrong with the log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It cannot be reached, or did not answer in time; trying again may help.
    #[error("cannot {operation}: {reason}")]
    Unavailable {
        /// What was to be done, and to what.
        operation: String,
        /// What the client says.
        reason: String,
    },
    /// It refuses; trying again does not help.
    #[error("cannot {operation}: {reason}")]
    Refused {
        /// What was to be done, and to what.
        operation: String,
        /// What the client says.
        reason: String,
    },
    /// A newer producer of this transactional id lives, or a newer member with this instance id.
    #[error("cannot {operation}: fenced ({reason})")]
    Fenced {
        /// What was to be done, and to what.
        operation: String,
        /// What the client says.
        reason: String,
    },
    /// The client is beyond use: the process must end.
    #[error("cannot {operation}: the client is beyond use ({reason})")]
    Fatal {
        /// What was to be done, and to what.
        operation: String,
        /// What the client says.
        reason: String,
    },
}
