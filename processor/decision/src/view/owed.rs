//! What a debtor owes at a moment by the invoices that its state has, and when more of them come to count. Nothing is
//! decided here.
//!
//! The plan is that of the cycle that is open now, wherever one is; the debtor's attributes are those of now.

use crate::Moment;
use crate::cycle::DebtClass;
use crate::debtor::Debtor;
use crate::dunning::{self, owing};
use crate::money::MinorUnits;
use crate::policies::Policies;
use crate::scribe::Scribe;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// What each part of the debt is, frozen or not; at least one part.
#[must_use]
pub fn real_debts(debtor: &Debtor, at: Timestamp, policies: &Policies) -> Vec<(DebtClass, MinorUnits)> {
    let mut scribe = scribe(debtor, at, policies);
    // What is real does not ask what is frozen.
    let frozen = vec![MinorUnits::ZERO; debtor.debt.invoices.len()];
    let classes = classes(debtor, &scribe).into_iter();
    classes
        .map(|class| {
            let real = owing::of_class(debtor, &class, &frozen, &mut scribe).real;
            (class, real)
        })
        .collect()
}

/// When its invoices come to count, each by its date alone: before and after that moment.
#[must_use]
pub fn entries(debtor: &Debtor, at: Timestamp, policies: &Policies) -> BTreeSet<Timestamp> {
    let mut scribe = scribe(debtor, at, policies);
    let classes = classes(debtor, &scribe);
    classes.iter().flat_map(|class| owing::entries_of_class(debtor, class, &mut scribe)).collect()
}

fn scribe<'a>(debtor: &Debtor, at: Timestamp, policies: &'a Policies) -> Scribe<'a> {
    Scribe::new(debtor, Moment { now: at, horizon: at }, policies)
}

fn classes(debtor: &Debtor, scribe: &Scribe<'_>) -> Vec<DebtClass> {
    let classes = dunning::debt_classes(debtor, scribe.policy);
    if classes.is_empty() { vec![DebtClass::All] } else { classes }
}
