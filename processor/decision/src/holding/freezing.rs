//! What holds freeze, and what is paid of those that are paid off.
//!
//! A debtor may have thousands of invoices and hundreds of holds: the invoices are gone through
//! once, never once a hold.

use super::is_paid_off;
use crate::debt::{Debt, Invoice};
use crate::hold::{Covered, Hold};
use crate::ids::InvoiceId;
use crate::money::MinorUnits;
use crate::time::{Date, Timestamp};

/// What the holds freeze of each invoice, in the order of the debt's invoices: never more than is
/// outstanding.
pub(crate) fn frozen(debt: &Debt, holds: &[Hold]) -> Vec<MinorUnits> {
    shares(debt, holds).by_invoice
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
pub(crate) fn shares(debt: &Debt, holds: &[Hold]) -> Shares {
    let by_hold = vec![MinorUnits::ZERO; holds.len()];
    if holds.is_empty() {
        return Shares { by_invoice: vec![MinorUnits::ZERO; debt.invoices.len()], by_hold };
    }
    let open = Open::for_holds(debt, holds.iter());
    let mut sharing = Sharing {
        left: debt.invoices.iter().map(Invoice::outstanding).collect(),
        shares: Shares { by_invoice: vec![MinorUnits::ZERO; debt.invoices.len()], by_hold },
    };
    for (place, hold) in holds.iter().enumerate().filter(|(_, hold)| !hold.invoices.is_empty()) {
        sharing.freeze_named(debt, place, hold, &open);
    }
    if holds.iter().any(|hold| hold.invoices.is_empty()) {
        sharing.freeze_oldest(debt, holds, &open);
    }
    sharing.shares
}

/// The invoices whose places a hold asks for.
fn named(hold: &Hold) -> impl Iterator<Item = &InvoiceId> {
    let covered = hold.covers.iter().chain(&hold.covers_up_to);
    hold.invoices.iter().chain(covered.map(|covered| &covered.invoice))
}

/// The open debt while it is shared out.
struct Sharing {
    /// What is open of each invoice and not frozen yet.
    left: Vec<MinorUnits>,
    shares: Shares,
}

impl Sharing {
    /// Freezes as much of the invoice at this place as is left of both; answers how much.
    fn freeze(&mut self, invoice: usize, unspent: MinorUnits) -> MinorUnits {
        let Some(left) = self.left.get_mut(invoice) else { return MinorUnits::ZERO };
        let amount = (*left).min(unspent).or_zero();
        *left = left.minus(amount);
        if let Some(share) = self.shares.by_invoice.get_mut(invoice) {
            *share = share.plus(amount);
        }
        amount
    }

    /// Freezes the invoices that the hold names.
    fn freeze_named(&mut self, debt: &Debt, place: usize, hold: &Hold, open: &Open<'_>) {
        let places = hold.invoices.iter().filter_map(|id| open.place(id));
        let item = |at: usize| debt.invoices.get(at).map(|invoice| Item::of(at, invoice));
        let mut items: Vec<Item> = places.filter_map(item).collect();
        items.sort_unstable();
        let mut share = MinorUnits::ZERO;
        let unpaid = open.unpaid(hold);
        for item in items {
            share = share.plus(self.freeze(item.at, unpaid.minus(share)));
        }
        if let Some(by_hold) = self.shares.by_hold.get_mut(place) {
            *by_hold = share;
        }
    }

    /// Lets the holds that name no invoice freeze the oldest. Each goes on where the one before it
    /// stopped, so that all of them together freeze as one would.
    fn freeze_oldest(&mut self, debt: &Debt, holds: &[Hold], open: &Open<'_>) {
        let all: MinorUnits = self.left.iter().copied().sum();
        let mut rest = all;
        for (hold, share) in holds.iter().zip(&mut self.shares.by_hold) {
            if hold.invoices.is_empty() {
                *share = open.unpaid(hold).min(rest);
                rest = rest.minus(*share);
            }
        }
        let invoices = debt.invoices.iter().zip(&self.left).enumerate();
        let is_open = invoices.filter(|(_, (_, left))| left.is_positive());
        let mut items: Vec<Item> = is_open.map(|(at, (invoice, _))| Item::of(at, invoice)).collect();
        self.freeze_so_much(&mut items, all.minus(rest));
    }

    /// Freezes so much of the oldest of these invoices. They are halved, not sorted: the older half
    /// is frozen whole or holds all that is to be frozen, and the other half follows or is left.
    fn freeze_so_much(&mut self, mut items: &mut [Item<'_>], mut unspent: MinorUnits) {
        while unspent.is_positive() && items.len() > 1 {
            let middle = items.len().div_euclid(2);
            items.select_nth_unstable(middle);
            let (older, younger) = items.split_at_mut(middle);
            let of_older: MinorUnits = older.iter().filter_map(|item| self.left.get(item.at)).copied().sum();
            if of_older > unspent {
                items = older;
                continue;
            }
            for item in older {
                unspent = unspent.minus(self.freeze(item.at, unspent));
            }
            items = younger;
        }
        for item in items {
            unspent = unspent.minus(self.freeze(item.at, unspent));
        }
    }
}

/// An invoice by its age: the oldest due first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Item<'a> {
    due: Date,
    issued: Date,
    id: &'a str,
    /// Its place among the debt's invoices.
    at: usize,
}

impl<'a> Item<'a> {
    fn of(at: usize, invoice: &'a Invoice) -> Self {
        Self { due: invoice.due, issued: invoice.issued, id: invoice.id.as_str(), at }
    }
}

/// A debt's invoices as holds ask for them: by the ids that they name, and in sums from the first
/// one on.
pub(crate) struct Open<'a> {
    debt: &'a Debt,
    /// The ids that are asked for, in order, and where each lies.
    places: Vec<(&'a str, Option<usize>)>,
    /// What is open of each invoice and of all before it, where that is asked for.
    totals: Vec<MinorUnits>,
}

impl<'a> Open<'a> {
    /// The debt, with the places of these invoices.
    pub(crate) fn of(debt: &'a Debt, named: impl Iterator<Item = &'a InvoiceId>) -> Self {
        let mut places: Vec<_> = named.map(|id| (id.as_str(), None)).collect();
        places.sort_unstable();
        places.dedup();
        if !places.is_empty() {
            let sieve = Sieve::of(&places);
            let invoices = debt.invoices.iter().enumerate();
            for (at, invoice) in invoices.filter(|(_, invoice)| sieve.may_hold(invoice.id.as_str())) {
                let found = places.binary_search_by_key(&invoice.id.as_str(), |(id, _)| id);
                if let Some((_, place)) = found.ok().and_then(|found| places.get_mut(found)) {
                    *place = Some(at);
                }
            }
        }
        Self { debt, places, totals: Vec::new() }
    }

    /// The debt, with all that these holds ask for.
    pub(crate) fn for_holds(debt: &'a Debt, holds: impl Iterator<Item = &'a Hold> + Clone) -> Self {
        let mut open = Self::of(debt, holds.clone().flat_map(named));
        if holds.clone().any(|hold| hold.covers_up_to.is_some()) {
            let mut total = MinorUnits::ZERO;
            let so_far = |invoice: &Invoice| {
                total = total.plus(invoice.outstanding());
                total
            };
            open.totals = debt.invoices.iter().map(so_far).collect();
        }
        open
    }

    /// Where the invoice lies among the debt's.
    pub(crate) fn place(&self, id: &InvoiceId) -> Option<usize> {
        let found = self.places.binary_search_by_key(&id.as_str(), |(id, _)| id).ok()?;
        self.places.get(found).and_then(|(_, place)| *place)
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
        // Where the newest is closed and forgotten, what was booked by then tells as much.
        let booked_by_then = || {
            let count = self.debt.invoices.partition_point(|invoice| invoice.booked_at <= made_at);
            count.checked_sub(1)
        };
        let last = self.place(&newest.invoice).or_else(booked_by_then);
        last.and_then(|last| self.totals.get(last)).copied().unwrap_or_default()
    }
}

/// Tells most ids that are not looked for from those that are by their last bytes alone. A debtor's
/// thousands of invoices are gone through at every event: comparing texts would be most of it.
struct Sieve {
    bits: [u64; 64],
}

impl Sieve {
    fn of(places: &[(&str, Option<usize>)]) -> Self {
        let mut bits = [0_u64; 64];
        for (id, _) in places {
            let (word, bit) = Self::spot(id);
            if let Some(word) = bits.get_mut(word) {
                *word |= bit;
            }
        }
        Self { bits }
    }

    /// Whether the id may be looked for; where not, it is not.
    fn may_hold(&self, id: &str) -> bool {
        let (word, bit) = Self::spot(id);
        self.bits.get(word).is_some_and(|word| word & bit != 0)
    }

    /// One of the 4,096 bits: ids that differ in their last bytes only are spread over all.
    fn spot(id: &str) -> (usize, u64) {
        let tail = id.as_bytes().last_chunk::<8>().map_or_else(
            || id.bytes().fold(0_u64, |tail, byte| tail.rotate_left(8) ^ u64::from(byte)),
            |tail| u64::from_be_bytes(*tail),
        );
        // Fibonacci hashing: 2^64 over the golden ratio.
        let hash = tail.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let word = usize::try_from(hash >> 58).unwrap_or(0);
        (word, 1_u64.rotate_left(u32::try_from((hash >> 52) & 63).unwrap_or(0)))
    }
}
