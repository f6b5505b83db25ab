//! Holds at work: what they freeze, when they end, what is paid of a promise (domain.md, section 4).
//!
//! Whether a frozen debt holds a cycle is [`crate::dunning`]'s business.

use crate::debt::Debt;
use crate::debtor::Debtor;
use crate::hold::Hold;
use crate::money::MinorUnits;
use crate::scribe::Scribe;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// The moments up to the horizon at which a hold is over by itself.
pub(crate) fn ends(_debtor: &Debtor, _scribe: &Scribe<'_>) -> BTreeSet<Timestamp> {
    BTreeSet::new()
}

/// What the holds freeze of each invoice, in the order of the debt's invoices: never more than is
/// outstanding.
pub(crate) fn frozen(debt: &Debt, _holds: &[Hold]) -> Vec<MinorUnits> {
    vec![MinorUnits::ZERO; debt.invoices.len()]
}
