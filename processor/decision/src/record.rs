//! Records: the history of what was decided, and why.
//!
//! Where records are kept and shown is not known here.

use crate::ids::{AccountId, DebtorId, EventId};
use crate::policy::PolicyIdentity;
use crate::time::Timestamp;

/// One line of history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What was decided.
    pub kind: RecordKind,
    /// The account it is about.
    pub account_id: AccountId,
    /// The debtor whose state made it.
    pub debtor_id: DebtorId,
    /// Counts the debtor's records, from 1, without a gap: its place in the history.
    pub sequence: i64,
    /// When it was decided.
    pub at: Timestamp,
    /// The policy it was decided under.
    pub policy: PolicyIdentity,
    /// Why, in a word or a short sentence.
    pub reason: String,
    /// The figures it rests on, in the order in which a person reads them.
    pub figures: Vec<Figure>,
    /// The event with which it was decided; none where it came by itself.
    pub event_id: Option<EventId>,
}

/// One figure that a decision rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// Its value, written for a person: money in major units.
    pub value: String,
}

impl Figure {
    /// A figure of this name and value.
    pub fn new(name: &'static str, value: impl ToString) -> Self {
        Self { name, value: value.to_string() }
    }
}

macro_rules! record_kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal),+ $(,)?) => {
        /// What was decided.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum RecordKind {
            $($(#[$doc])* $kind),+
        }

        impl RecordKind {
            /// Every kind there is.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The word for it in policy tests and on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $word),+
                }
            }

            /// The kind of this word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$kind),)+
                    _ => None,
                }
            }
        }
    };
}

record_kinds! {
    /// A threshold fired and its alert was sent.
    Alert = "alert",
    /// A threshold fired within its rule's cooldown.
    AlertSuppressed = "alert_suppressed",
    /// A threshold fired by an event older than the rule's `max_age`.
    AlertStale = "alert_stale",
    /// All announced lines of a rule are armed again.
    Recovered = "recovered",
    /// An invoice was booked.
    InvoiceBooked = "invoice_booked",
    /// An invoice's amount was changed.
    InvoiceAdjusted = "invoice_adjusted",
    /// A payment was booked.
    PaymentBooked = "payment_booked",
    /// A payment, an adjustment or a reversal waits for what it names.
    PaymentWaiting = "payment_waiting",
    /// A payment was taken back, or that undone.
    PaymentReversed = "payment_reversed",
    /// An event came again.
    Duplicate = "duplicate",
    /// A hold was made.
    HoldMade = "hold_made",
    /// A hold ended.
    HoldEnded = "hold_ended",
    /// A promise was kept.
    PromiseKept = "promise_kept",
    /// A promise was broken.
    PromiseBroken = "promise_broken",
    /// An instalment plan was broken.
    InstalmentsBroken = "instalments_broken",
    /// An account is in another segment than before.
    SegmentChanged = "segment_changed",
    /// A plan was assigned.
    PlanAssigned = "plan_assigned",
    /// An account has another personal manager than before.
    ManagerAssigned = "manager_assigned",
    /// A cycle was opened.
    CycleOpened = "cycle_opened",
    /// A cycle is held.
    CycleHeld = "cycle_held",
    /// A cycle goes on.
    CycleResumed = "cycle_resumed",
    /// A cycle ended.
    CycleEnded = "cycle_ended",
    /// A stage was entered.
    StageEntered = "stage_entered",
    /// A stage was left, backwards.
    StageLeft = "stage_left",
    /// A command was requested.
    MeasureRequested = "measure_requested",
    /// A measure waits for its window.
    MeasureDelayed = "measure_delayed",
    /// A measure was over a cap.
    MeasureCapped = "measure_capped",
    /// A measure was dropped.
    MeasureDropped = "measure_dropped",
    /// A measure would have been requested, were it not observed only.
    MeasureObserved = "measure_observed",
    /// A measure is held by the breaker.
    MeasureHeld = "measure_held",
    /// A command that was not done yet was cancelled.
    MeasureCancelled = "measure_cancelled",
    /// A measure in force was lifted.
    MeasureLifted = "measure_lifted",
    /// A command's receiver reported.
    CommandReported = "command_reported",
    /// A control was applied.
    ControlApplied = "control_applied",
    /// An event was rejected.
    EventRejected = "event_rejected",
    /// Another policy holds from here.
    PolicyChanged = "policy_changed",
}
