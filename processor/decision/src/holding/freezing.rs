//! What holds freeze, and what is paid of those that are paid off.
//!
//! A debtor may have thousands of invoices and hundreds of holds: the invoices are gone through
//! once, never once a hold.

use super::is_paid_off;
use crate::debt::{Debt, Invoice};
use crate::hold::{Covered, Hold};
use crate::ids::InvoiceId;
use crate::money::MinorUnits;
use crate::places::{OldestFirst, Places};
use crate::time::{Date, Timestamp};

/// What the holds freeze of each invoice, in the order of the debt's invoices: never more than is
/// outstanding.
pub(crate) fn frozen(debt: &Debt, holds: &[Hold]) -> Vec<MinorUnits> {
    frozen_at(debt, holds, &places(debt, holds))
}

/// The same, where the places of what the holds ask for are known.
pub(crate) fn frozen_at(debt: &Debt, holds: &[Hold], places: &Places) -> Vec<MinorUnits> {
    shares(debt, holds, places).by_invoice
}

/// The places of the invoices that the holds ask for. While no invoice is added or forgotten they
/// hold for fewer of these holds, too.
pub(crate) fn places(debt: &Debt, holds: &[Hold]) -> Places {
    Places::of(&debt.invoices, holds.iter().flat_map(named))
}

/// What is frozen, as both sides see it: the sums are the same.
pub(crate) struct Shares {
    /// Of each invoice, in the order of the debt's invoices.
    pub(crate) by_invoice: Vec<MinorUnits>,
    /// By each hold, in the order of the holds.
    pub(crate) by_hold: Vec<MinorUnits>,
}

/// Shares the open debt out to the holds: first to those that name invoices, then to the others,
/// each kind in the order made, and to each the oldest due first.
pub(crate) fn shares(debt: &Debt, holds: &[Hold], places: &Places) -> Shares {
    let by_hold = vec![MinorUnits::ZERO; holds.len()];
    if holds.is_empty() {
        return Shares { by_invoice: vec![MinorUnits::ZERO; debt.invoices.len()], by_hold };
    }
    let open = Open::for_holds(debt, places, holds.iter());
    let shares = Shares { by_invoice: vec![MinorUnits::ZERO; debt.invoices.len()], by_hold };
    let mut sharing = Sharing { debt, shares };
    for (place, hold) in holds.iter().enumerate().filter(|(_, hold)| !hold.invoices.is_empty()) {
        sharing.freeze_named(place, hold, &open);
    }
    if holds.iter().any(|hold| hold.invoices.is_empty()) {
        sharing.freeze_oldest(holds, &open);
    }
    sharing.shares
}

/// The invoices whose places a hold asks for.
fn named(hold: &Hold) -> impl Iterator<Item = &InvoiceId> {
    let covered = hold.covers.iter().chain(&hold.covers_up_to);
    hold.invoices.iter().chain(covered.map(|covered| &covered.invoice))
}

/// The open debt while it is shared out.
struct Sharing<'a> {
    debt: &'a Debt,
    shares: Shares,
}

impl Sharing<'_> {
    /// What is open of the invoice at this place and not frozen yet.
    fn left(&self, at: usize) -> MinorUnits {
        let invoice = self.debt.invoices.get(at).zip(self.shares.by_invoice.get(at));
        invoice.map(|(invoice, frozen)| invoice.outstanding().minus(*frozen)).unwrap_or_default()
    }

    /// Freezes as much of the invoice at this place as is left of both; answers how much.
    fn freeze(&mut self, invoice: usize, hold: usize, unspent: MinorUnits) -> MinorUnits {
        let amount = self.left(invoice).min(unspent).or_zero();
        let shares = [self.shares.by_invoice.get_mut(invoice), self.shares.by_hold.get_mut(hold)];
        for share in shares.into_iter().flatten() {
            *share = share.plus(amount);
        }
        amount
    }

    /// Freezes the invoices that the hold names.
    fn freeze_named(&mut self, place: usize, hold: &Hold, open: &Open<'_>) {
        let mut named: Vec<usize> = hold.invoices.iter().filter_map(|id| open.place(id)).collect();
        named.sort_by_key(|at| self.debt.invoices.get(*at).map(age));
        let mut unspent = open.unpaid(hold);
        for at in named {
            unspent = unspent.minus(self.freeze(at, place, unspent));
        }
    }

    /// Lets the holds that name no invoice freeze the oldest: each goes on where the one before it
    /// stopped.
    fn freeze_oldest(&mut self, holds: &[Hold], open: &Open<'_>) {
        let invoices = &self.debt.invoices;
        let mut oldest = OldestFirst::of(invoices, |at, _| self.left(at).is_positive());
        let mut next = oldest.next(invoices);
        for (place, hold) in holds.iter().enumerate().filter(|(_, hold)| hold.invoices.is_empty()) {
            let mut unspent = open.unpaid(hold);
            while let Some(at) = next {
                let is_last = self.left(at) > unspent;
                unspent = unspent.minus(self.freeze(at, place, unspent));
                if is_last {
                    break;
                }
                next = oldest.next(invoices);
            }
        }
    }
}

/// Orders invoices as holds freeze them: the oldest due first.
fn age(invoice: &Invoice) -> (Date, Date, &InvoiceId) {
    (invoice.due, invoice.issued, &invoice.id)
}

/// A debt's invoices as holds ask for them: by the ids that they name, and in sums from the first
/// one on.
pub(crate) struct Open<'a> {
    debt: &'a Debt,
    places: &'a Places,
    /// What is open of all invoices up to a place, by the places for which that is asked.
    totals: Vec<(usize, MinorUnits)>,
}

impl<'a> Open<'a> {
    /// The debt, with the places of what is asked for.
    pub(crate) fn of(debt: &'a Debt, places: &'a Places) -> Self {
        Self { debt, places, totals: Vec::new() }
    }

    /// The debt, with all that these holds ask for.
    pub(crate) fn for_holds(
        debt: &'a Debt,
        places: &'a Places,
        holds: impl Iterator<Item = &'a Hold>,
    ) -> Self {
        let mut open = Self::of(debt, places);
        let last = holds.filter_map(|hold| open.last_covered(hold.covers_up_to.as_ref()?, hold.made_at));
        let mut totals: Vec<_> = last.map(|last| (last, MinorUnits::ZERO)).collect();
        totals.sort_unstable();
        totals.dedup();
        let (mut total, mut from) = (MinorUnits::ZERO, 0);
        for (last, up_to) in &mut totals {
            let since = debt.invoices.get(from..=*last).unwrap_or_default();
            total = total.plus(since.iter().map(Invoice::outstanding).sum());
            (*up_to, from) = (total, last.saturating_add(1));
        }
        open.totals = totals;
        open
    }

    /// Where the invoice lies among the debt's.
    pub(crate) fn place(&self, id: &InvoiceId) -> Option<usize> {
        let place = self.places.get(id);
        let is_it = |at| self.debt.invoices.get(at).is_some_and(|invoice: &Invoice| invoice.id == *id);
        debug_assert!(place.is_none_or(is_it), "the places are of another time");
        place
    }

    /// What is outstanding of the invoice; nothing of one that is not known.
    pub(crate) fn outstanding(&self, id: &InvoiceId) -> MinorUnits {
        let invoice = self.place(id).and_then(|at| self.debt.invoices.get(at));
        invoice.map(Invoice::outstanding).unwrap_or_default()
    }

    /// What is paid of a promise or an instalment plan: by how much the debt that it is about has
    /// fallen since it was made, up to its amount. Of other holds nothing.
    pub(crate) fn paid(&self, hold: &Hold) -> MinorUnits {
        if !is_paid_off(hold.kind) {
            return MinorUnits::ZERO;
        }
        let then = match &hold.covers_up_to {
            Some(covered) => covered.outstanding,
            None => hold.covers.iter().map(|covered| covered.outstanding).sum(),
        };
        then.minus(self.owed(hold)).or_zero().min(hold.amount)
    }

    /// What is open now of the debt that a promise or an instalment plan is about.
    pub(crate) fn owed(&self, hold: &Hold) -> MinorUnits {
        match &hold.covers_up_to {
            Some(covered) => self.total_up_to(covered, hold.made_at),
            None => hold.covers.iter().map(|covered| self.outstanding(&covered.invoice)).sum(),
        }
    }

    /// What a hold may freeze still: its amount, without what is paid of it.
    fn unpaid(&self, hold: &Hold) -> MinorUnits {
        hold.amount.minus(self.paid(hold))
    }

    fn total_up_to(&self, newest: &Covered, made_at: Timestamp) -> MinorUnits {
        let total_at = |last: usize| {
            let found = self.totals.binary_search_by_key(&last, |(at, _)| *at).ok()?;
            self.totals.get(found).map(|(_, total)| *total)
        };
        self.last_covered(newest, made_at).and_then(total_at).unwrap_or_default()
    }

    /// The place of the last invoice that a hold is about, which is about all up to `newest`.
    fn last_covered(&self, newest: &Covered, made_at: Timestamp) -> Option<usize> {
        // Where the newest is closed and forgotten, what was booked by then tells as much.
        let booked_by_then = || {
            let count = self.debt.invoices.partition_point(|invoice| invoice.booked_at <= made_at);
            count.checked_sub(1)
        };
        self.place(&newest.invoice).or_else(booked_by_then)
    }
}
