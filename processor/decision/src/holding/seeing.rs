//! Holds as a person sees them.

use super::ending::end_time;
use super::freezing::{Open, places, shares};
use crate::debtor::Debtor;
use crate::event::Instalment;
use crate::hold::Hold;
use crate::money::MinorUnits;
use crate::scribe::Scribe;
use crate::view::{HoldView, PartView};

/// The holds in force, in the order they were made.
pub(crate) fn views(debtor: &Debtor, scribe: &Scribe<'_>) -> Vec<HoldView> {
    let places = places(&debtor.debt, &debtor.holds);
    let open = Open::for_holds(&debtor.debt, &places, debtor.holds.iter());
    let by_hold = shares(&debtor.debt, &debtor.holds, &places).by_hold;
    let view = |(hold, freezes): (&Hold, _)| {
        let paid = open.paid(hold);
        HoldView {
            id: hold.id.clone(),
            kind: hold.kind,
            amount: hold.amount,
            paid,
            freezes,
            invoices: hold.invoices.clone(),
            until: hold.until,
            ends_at: end_time(hold, paid, &scribe.zone),
            is_upheld: hold.is_upheld,
            parts: parts(hold, paid),
            by: hold.by.clone(),
            made_at: hold.made_at,
        }
    };
    debtor.holds.iter().zip(by_hold).map(view).collect()
}

/// The parts of an instalment plan of which so much is paid.
fn parts(hold: &Hold, paid: MinorUnits) -> Vec<PartView> {
    let mut left = paid;
    let view = |part: &Instalment| {
        let paid = left.min(part.amount);
        left = left.minus(paid);
        PartView { due: part.due, amount: part.amount, paid }
    };
    hold.parts.iter().map(view).collect()
}
