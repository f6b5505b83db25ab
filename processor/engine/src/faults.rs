//! What is broken on purpose, so that tests show that they would notice.
//!
//! Only a build with the feature `faults` breaks anything: in any other, [`Faults::breaks`] is false
//! when it is compiled. To try another mutation, add it to [`Mutation`] and ask for it at the place that
//! it breaks; `./x sim --mutation NAME` runs it (docs/simulator.md).

use decision::Input;
use decision::time::Timestamp;
use std::time::Duration;

/// What is broken on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Sleep this long between the end of a transaction and the apply, so that a kill lands there.
    pub pause_before_apply: Option<Duration>,
    /// A rule that does not hold.
    pub mutation: Option<Mutation>,
    /// What the core fails over.
    pub poison: Option<Poison>,
}

/// What the core fails over, in tests: it panics where it meets one of these texts, once it has changed
/// the debtor. An empty text is met nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poison {
    /// In the id of an event that is decided.
    pub event: &'static str,
    /// In the id of an event that is decided for the first time: tried on a copy, all goes well.
    pub once: &'static str,
    /// At the end of the id of a debtor of whom something is due, or who is told of a command.
    pub due: &'static str,
    /// In a record that is decoded.
    pub bytes: &'static str,
    /// In the id of an event of the batch that is sealed, which no trial shows.
    pub sealed: &'static str,
    /// From this moment on the core is mended, and fails over nothing any more.
    pub until: Timestamp,
}

impl Default for Poison {
    fn default() -> Self {
        Self { event: "", once: "", due: "", bytes: "", sealed: "", until: Timestamp::LATEST }
    }
}

impl Poison {
    /// Whether the core fails over this input.
    #[must_use]
    pub fn is_in(&self, debtor_id: &str, input: &Input<'_>, is_tried: bool, now: Timestamp) -> bool {
        let is = match input {
            Input::Event(event) => {
                is_within(event.event_id.as_str(), self.event)
                    || (!is_tried && is_within(event.event_id.as_str(), self.once))
            }
            Input::Due | Input::Passage { .. } => !self.due.is_empty() && debtor_id.ends_with(self.due),
        };
        is && now < self.until
    }

    /// Whether sealing a batch fails that holds this event.
    #[must_use]
    pub fn is_in_a_batch(&self, event_id: &str, now: Timestamp) -> bool {
        is_within(event_id, self.sealed) && now < self.until
    }

    /// Whether the decoder fails over these bytes.
    #[must_use]
    pub fn is_in_bytes(&self, bytes: &[u8], now: Timestamp) -> bool {
        let wanted = self.bytes.as_bytes();
        !wanted.is_empty() && now < self.until && bytes.windows(wanted.len()).any(|part| part == wanted)
    }
}

fn is_within(text: &str, part: &str) -> bool {
    !part.is_empty() && text.contains(part)
}

impl Faults {
    /// Whether this rule is broken.
    #[must_use]
    pub fn breaks(&self, mutation: Mutation) -> bool {
        cfg!(feature = "faults") && self.mutation == Some(mutation)
    }

    /// What the core fails over.
    #[must_use]
    pub fn poison(&self) -> Option<&Poison> {
        if cfg!(feature = "faults") { self.poison.as_ref() } else { None }
    }
}

macro_rules! mutations {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal,)+) => {
        /// A rule of the engine that can be broken, each in one place.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mutation {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Mutation {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// What it is called on a command line.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// What it does, in words.
            #[must_use]
            pub fn what(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),+),)+
                }
            }
        }
    };
}

mutations! {
    /// A batch reaches the store, and the disk, before its transaction is committed.
    ApplyBeforeCommit = "apply-before-commit",
    /// A restore ends where a read brings nothing, not at the high watermark.
    RestoreToStableOffset = "restore-to-stable-offset",
    /// After a commit of unknown outcome the batch is sent again by a new producer, without catching up.
    NoCatchUpAfterUnknown = "no-catch-up-after-unknown",
    /// A commit of unknown outcome counts as done.
    UnknownIsDone = "unknown-is-done",
    /// An aborted transaction counts as done.
    AbortedIsDone = "aborted-is-done",
    /// The group's committed offsets are believed where the state says something else.
    GroupOffsetsOverStored = "group-offsets-over-stored",
    /// The producer is fenced only after the state and the offsets were read.
    FenceLast = "fence-last",
    /// A timer fires although its debtor waits for another moment by now.
    TimersWithoutGeneration = "timers-without-generation",
    /// What is due is done without asking how far the log was read.
    TimersBeforeTheLog = "timers-before-the-log",
    /// The timers' cursor is put at the clock, beyond timers that are set for earlier.
    CursorAtTheClock = "cursor-at-the-clock",
    /// An input topic that was made anew is taken for the one that was there before.
    RemadeInputTaken = "remade-input-taken",
    /// A restore passes over tombstones.
    TombstonesIgnored = "tombstones-ignored",
    /// A state is caught up however old it is, tombstones that are gone or not.
    OldStateKept = "old-state-kept",
    /// A task begins once its partition of any input topic is assigned.
    TaskBeforeAllTopics = "task-before-all-topics",
    /// The journal tells the timers of a batch before its records.
    JournalOutOfStep = "journal-out-of-step",
    /// Records that come again are decided again.
    RepeatsTaken = "repeats-taken",
    /// Records that were read for an earlier life of a task are taken by the next.
    EarlierReadingTaken = "earlier-reading-taken",
    /// The end of a partition counts as read before the records that are on their way.
    EndBeforeRecords = "end-before-records",
    /// The clock of a task may go back.
    ClockGoesBack = "clock-goes-back",
    /// The wall clock is believed whatever the log says.
    ClockBelieved = "clock-believed",
    /// Commands that wait are not found again after a restart.
    WaitingForgotten = "waiting-forgotten",
    /// The history is not caught up after a restart.
    HistoryNotCaughtUp = "history-not-caught-up",
    /// A store that failed is opened again and used as it is, without catching up.
    NoCatchUpAfterStoreFailed = "no-catch-up-after-store-failed",
    /// The store says that it stands further in the changelog than what it holds.
    PositionAhead = "position-ahead",
    /// The offsets of a transaction are those of the batch before.
    OffsetsOneBehind = "offsets-one-behind",
    /// What of a rate was used up is forgotten with a restart.
    RatesForgotten = "rates-forgotten",
    /// Each partition takes a rate for its own.
    RatesOfEachPartition = "rates-of-each-partition",
    /// A sweep that was under way counts as done after a restart.
    SweepForgotten = "sweep-forgotten",
    /// Which publications of the policy a task knows is forgotten with a restart.
    RevisionForgotten = "revision-forgotten",
    /// A debtor stays on the lists that it was on.
    ListedForGood = "listed-for-good",
    /// What comes after the control that tells of a publication is decided by the one before, with it.
    AdoptsWithinABatch = "adopts-within-a-batch",
    /// What a task asks on its first turn about the ends of the log is never asked.
    FirstQuestionLost = "first-question-lost",
    /// The journal does not tell of an event over which the core failed.
    PoisonUntold = "poison-untold",
    /// The debtor is kept as a failure of the core has left it.
    PoisonHalfDone = "poison-half-done",
    /// A timer over which the core failed is not tried again.
    PutOffForgotten = "put-off-forgotten",
}
