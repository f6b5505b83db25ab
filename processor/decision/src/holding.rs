//! Holds at work: how they are made, what they freeze, when they end, what is paid of a promise
//! (domain.md, section 4). A `check_…` declines before anything changes; what follows cannot fail.
//!
//! Whether a frozen debt holds a cycle is [`crate::dunning`]'s business.

mod bounds;
mod ending;
mod freezing;
mod late;
mod making;
mod outcomes;
mod receipts;
mod seeing;
mod telling;
#[cfg(test)]
mod tests;

pub(crate) use ending::{end_holds, forget_old, next_end};
pub(crate) use freezing::{frozen, frozen_at, places};
pub(crate) use late::{count_no_more, late_at};
pub(crate) use making::{check_hold, make_hold};
pub(crate) use outcomes::{check_outcome, end_dispute, on_adjusted};
pub(crate) use receipts::{check_refusal, check_unconfirmed, confirm, hold_unconfirmed, refuse};
pub(crate) use seeing::views;

use crate::debtor::Debtor;
use crate::hold::HoldReason;
use crate::money::MinorUnits;
/// The most holds that freeze a debtor's debt at one time.
pub(crate) const MOST_HOLDS: usize = 1_000;

/// The most holds that are over and still remembered: a newer one pushes out the oldest.
const MOST_REMEMBERED: usize = 1_000;

/// Whether the hold is one that is paid off: it freezes what is still unpaid of it.
fn is_paid_off(kind: HoldReason) -> bool {
    match kind {
        HoldReason::Promise | HoldReason::Instalments => true,
        HoldReason::Dispute | HoldReason::Deferral | HoldReason::UnconfirmedPayment => false,
    }
}

/// All that is open of the debtor's invoices.
fn open_debt(debtor: &Debtor) -> MinorUnits {
    debtor.debt.invoices.iter().map(crate::debt::Invoice::outstanding).sum()
}
