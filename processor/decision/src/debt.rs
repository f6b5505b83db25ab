//! What a debtor owes, as state: invoices, payments, adjustments, and what waits for them.
//!
//! How money moves between them is [`crate::booking`]'s business; how a debt is worked on
//! [`crate::dunning`]'s.

use crate::event::{Adjustment, PaymentStatus, Reversal};
use crate::ids::{AdjustmentId, InvoiceId, PaymentId, Provider, Receipt, ServiceId};
use crate::money::MinorUnits;
use crate::time::{Date, Timestamp};
use serde::{Deserialize, Serialize};

/// All that a debtor owes and has paid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Debt {
    /// Its invoices, in the order they were booked.
    pub invoices: Vec<Invoice>,
    /// Its payments, in the order they were booked.
    pub payments: Vec<BookedPayment>,
    /// Its adjustments, in the order they were booked.
    pub adjustments: Vec<BookedAdjustment>,
    /// Adjustments that name an invoice not seen yet.
    pub waiting_adjustments: Vec<WaitingAdjustment>,
    /// Reversals that name a payment not seen yet.
    pub waiting_reversals: Vec<WaitingReversal>,
}

/// An open item, or a closed one that is still remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Its id.
    pub id: InvoiceId,
    /// What it asks for as issued, in minor units.
    pub amount: MinorUnits,
    /// The sum of its adjustments in force; below zero lowers it.
    pub adjusted: MinorUnits,
    /// What payments and credit have paid of it.
    pub paid: MinorUnits,
    /// When it was issued.
    pub issued: Date,
    /// Until when it is to be paid.
    pub due: Date,
    /// The service it bills.
    pub service: Option<ServiceId>,
    /// The provider it bills for.
    pub provider: Option<Provider>,
    /// The operator's own kind.
    pub kind: Option<String>,
    /// When it was booked.
    pub booked_at: Timestamp,
    /// When nothing was left of it, while that holds.
    pub closed_at: Option<Timestamp>,
    /// Whether a person closed the cycle that worked on it: no further one does.
    pub kept_out: bool,
    /// Which messages before its due date it has had, by how long before: `3d`.
    pub announced: Vec<String>,
}

impl Invoice {
    /// What is asked for after adjustments; below zero where more was credited than asked.
    #[must_use]
    pub fn asked(&self) -> MinorUnits {
        self.amount.plus(self.adjusted)
    }

    /// What is left to pay of it, never below zero.
    #[must_use]
    pub fn outstanding(&self) -> MinorUnits {
        self.asked().minus(self.paid).or_zero()
    }
}

/// A payment as booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedPayment {
    /// Its id.
    pub id: PaymentId,
    /// Its receipt's number.
    pub receipt: Option<Receipt>,
    /// What was paid, in minor units.
    pub amount: MinorUnits,
    /// What was taken back of it.
    pub reversed: MinorUnits,
    /// What of it pays nothing yet: credit.
    pub credit: MinorUnits,
    /// What it pays, in the order in which it came to pay it; nothing of what was taken back again.
    pub allocations: Vec<Allocation>,
    /// The invoices it names that have not been seen: while there are such, its credit waits.
    pub waits_for: Vec<InvoiceId>,
    /// When it stops waiting.
    pub waits_until: Option<Timestamp>,
    /// What is known of it.
    pub status: PaymentStatus,
    /// When it was booked.
    pub booked_at: Timestamp,
}

impl BookedPayment {
    /// What is left of it to reverse.
    #[must_use]
    pub fn left(&self) -> MinorUnits {
        self.amount.minus(self.reversed)
    }
}

/// A part of a payment, or of an adjustment's credit, that pays an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// The invoice.
    pub invoice: InvoiceId,
    /// How much, in minor units.
    pub amount: MinorUnits,
}

/// An adjustment as booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedAdjustment {
    /// Its id.
    pub id: AdjustmentId,
    /// The invoice it changes.
    pub invoice: InvoiceId,
    /// By how much, in minor units; below zero lowers the debt.
    pub amount: MinorUnits,
    /// Whether it was taken back.
    pub undone: bool,
    /// When it was booked.
    pub booked_at: Timestamp,
}

/// An adjustment that waits for its invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingAdjustment {
    /// The adjustment.
    pub adjustment: Adjustment,
    /// When it stops waiting, and is dropped with a record.
    pub until: Timestamp,
}

/// A reversal that waits for its payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingReversal {
    /// The reversal.
    pub reversal: Reversal,
    /// When it stops waiting, and is rejected.
    pub until: Timestamp,
}
