//! What a test may put in the way of a call: a log out of reach, a commit that hangs or whose
//! outcome is lost.

/// A call that reaches the log, for [`Faults`] to judge. Producers are named by transactional id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call<'a> {
    /// `Log::join`.
    Join,
    /// `Log::append`.
    Append,
    /// `Log::partitions`.
    Partitions,
    /// `Log::end_offsets`.
    EndOffsets,
    /// `Log::start_offsets`.
    StartOffsets,
    /// `Consumer::poll`.
    Poll,
    /// `Membership::committed`.
    Committed,
    /// `Producer::fence`.
    Fence(&'a str),
    /// `Producer::send`.
    Send(&'a str),
    /// `Producer::abort`.
    Abort(&'a str),
    /// `Reader::seek` and `Reader::start_offset`.
    Seek,
    /// `Reader::read`.
    Read,
}

/// What becomes of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitFate {
    /// It ends as it should.
    Ends,
    /// It goes on; the same question is asked at the next wait.
    Hangs,
    /// The log aborts it, and the producer goes on.
    Aborts,
    /// It is committed, and the producer does not get to know.
    CommittedUnknown,
    /// It stays open, and the producer does not get to know.
    OpenUnknown,
}

/// Judges the calls to an in-memory log. The log's lock is held: it must not call the log.
pub trait Faults: Send {
    /// Whether the log is out of reach for this call, which then changes nothing.
    fn unreachable(&mut self, call: Call<'_>) -> bool {
        let _ = call;
        false
    }

    /// What becomes of the commit of this transactional id, once the group has taken its offsets.
    fn commit(&mut self, transactional_id: &str) -> CommitFate {
        let _ = transactional_id;
        CommitFate::Ends
    }
}

/// Nothing goes wrong.
#[derive(Debug, Default)]
pub(super) struct NoFaults;

impl Faults for NoFaults {}
