//! What is paid after the day of a promise, or of a part, while nobody has noted yet that it is
//! over: it was not paid in time, so it does not count for it (domain.md, section 5: holds that ended
//! in the gap ended at their own time).

use super::ending::ends;
use super::freezing::{Open, places};
use super::is_paid_off;
use crate::debt::Debt;
use crate::debtor::Debtor;
use crate::hold::Hold;
use crate::ids::HoldId;
use crate::money::MinorUnits;
use crate::places::Places;
use crate::scribe::Scribe;
use crate::time::Timestamp;

/// A hold whose day was over when something happened, and what was owed then of what it is about.
pub(crate) struct Late {
    hold: HoldId,
    owed: MinorUnits,
}

/// The promises and instalment plans whose day was over at this moment.
pub(crate) fn late_at(debtor: &Debtor, moment: Timestamp, scribe: &Scribe<'_>) -> Vec<Late> {
    // Nothing is over before something is due.
    let may_be_over = debtor.next_due.is_some_and(|due| due <= moment);
    if !may_be_over || !debtor.holds.iter().any(|hold| is_paid_off(hold.kind)) {
        return Vec::new();
    }
    let places = places(&debtor.debt, &debtor.holds);
    let open = open_for(&debtor.debt, &places, &debtor.holds);
    let today = scribe.zone.date_of(moment);
    ends(debtor, &places)
        .filter(|(hold, ..)| is_paid_off(hold.kind))
        .filter(|(_, _, end)| end.is_some_and(|(when, _)| when.has_come(moment, today)))
        .map(|(hold, ..)| Late { hold: hold.id.clone(), owed: open.owed(hold) })
        .collect()
}

/// Notes that what fell since then fell too late for these holds.
pub(crate) fn count_no_more(debtor: &mut Debtor, late: &[Late]) {
    if late.is_empty() {
        return;
    }
    let places = places(&debtor.debt, &debtor.holds);
    let open = open_for(&debtor.debt, &places, &debtor.holds);
    let fell = |hold: &Hold| {
        let late = late.iter().find(|late| late.hold == hold.id)?;
        Some(late.owed.minus(open.owed(hold)).or_zero())
    };
    let fallen: Vec<_> = debtor.holds.iter().map(fell).collect();
    for (hold, fell) in debtor.holds.iter_mut().zip(fallen) {
        let mut left = fell.unwrap_or_default();
        for covered in hold.covers_up_to.iter_mut().chain(&mut hold.covers) {
            let part = covered.outstanding.min(left);
            covered.outstanding = covered.outstanding.minus(part);
            left = left.minus(part);
        }
    }
}

fn open_for<'a>(debt: &'a Debt, places: &'a Places, holds: &'a [Hold]) -> Open<'a> {
    Open::for_holds(debt, places, holds.iter().filter(|hold| is_paid_off(hold.kind)))
}
