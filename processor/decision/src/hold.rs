//! Holds, as state: the reasons to freeze a part of the debt (domain.md, section 4).
//!
//! How a hold is made, what it freezes and when it ends is [`crate::holding`]'s business.

use crate::event::Instalment;
use crate::ids::{HoldId, InvoiceId, Receipt};
use crate::money::MinorUnits;
use crate::time::{Date, Timestamp};
use serde::{Deserialize, Serialize};

/// A hold that freezes, from its making to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its id: a control's, or that of the unconfirmed payment.
    pub id: HoldId,
    /// What it is.
    pub kind: HoldReason,
    /// How much it freezes at most, in minor units.
    pub amount: MinorUnits,
    /// The invoices it names; empty where it names none.
    pub invoices: Vec<InvoiceId>,
    /// Of a promise or an instalment plan that names invoices: what was open of them when it was
    /// made. By how much that has fallen since is what was paid of it.
    pub covers: Vec<Covered>,
    /// Of one that names none: the newest invoice there was, and what was open of it and of all
    /// before it. A list of them all might be thousands long.
    pub covers_up_to: Option<Covered>,
    /// The parts of an instalment plan, by due date; of others none.
    pub parts: Vec<Instalment>,
    /// How many days a part may be late.
    pub grace_days: i32,
    /// Of a dispute: the customer was right, and it goes on freezing until its adjustment comes.
    pub is_upheld: bool,
    /// Of a dispute: by how much adjustments have lowered its invoices since it was made.
    pub adjusted: MinorUnits,
    /// Through which day it holds.
    pub until: Option<Date>,
    /// When it ends by itself, where no day says so.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who made it: a person, or the system that told of the payment.
    pub by: String,
    /// Of an unconfirmed payment: its receipt's number.
    pub receipt: Option<Receipt>,
}

/// An invoice that a hold is about, as it was when the hold was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// The invoice.
    pub invoice: InvoiceId,
    /// What was outstanding of it, in minor units.
    pub outstanding: MinorUnits,
}

/// Why a part of the debt is frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// The customer contests it.
    Dispute,
    /// The customer promises to pay.
    Promise,
    /// The operator grants time.
    Deferral,
    /// It is paid in parts.
    Instalments,
    /// The customer shows a receipt; the bank has not spoken.
    UnconfirmedPayment,
}

impl HoldReason {
    /// The word for it in policies and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dispute => "dispute",
            Self::Promise => "promise",
            Self::Deferral => "deferral",
            Self::Instalments => "instalments",
            Self::UnconfirmedPayment => "unconfirmed_payment",
        }
    }
}

/// A hold that was made once: the policy may bound how many there are in a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerHold {
    /// Its id: never used again.
    pub id: HoldId,
    /// What it was.
    pub kind: HoldReason,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was noted that it is over: it is remembered from then on.
    pub ended_at: Timestamp,
}
