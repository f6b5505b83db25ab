//! Where invoices lie among a debt's, by id and by age, for debts of thousands of them: they are gone
//! through once, however many are asked for.
//!
//! Nothing here is kept: an index is made for the work at hand, and ends with it.

use crate::debt::Invoice;
use crate::ids::InvoiceId;
use crate::time::Date;
use std::cmp::Ordering;

/// Where the invoices lie that are asked for by their ids. It holds until an invoice is added or
/// forgotten.
#[derive(Debug)]
pub(crate) struct Places {
    /// By the ids' keys and then the ids themselves, the place of each that is known.
    sought: Vec<(Key, InvoiceId, Option<usize>)>,
}

impl Places {
    /// The places of these invoices.
    pub(crate) fn of<'a>(invoices: &[Invoice], ids: impl Iterator<Item = &'a InvoiceId>) -> Self {
        let mut sought: Vec<_> = ids.map(|id| (Key::of(id), id.clone(), None)).collect();
        sought.sort_unstable();
        sought.dedup();
        let mut sieve = Sieve::default();
        for (key, ..) in &sought {
            sieve.put(*key);
        }
        let mut places = Self { sought };
        let mut left = places.sought.len();
        // The newest first: they are the ones most asked for.
        for (at, invoice) in invoices.iter().enumerate().rev() {
            if left == 0 {
                break;
            }
            let key = Key::of(&invoice.id);
            if !sieve.may_hold(key) {
                continue;
            }
            let found = places.find(key, &invoice.id);
            if let Some((_, _, place)) = found.and_then(|found| places.sought.get_mut(found)) {
                *place = Some(at);
                left = left.saturating_sub(1);
            }
        }
        places
    }

    /// Where the invoice lies, where it is known and was asked for.
    pub(crate) fn get(&self, id: &InvoiceId) -> Option<usize> {
        let found = self.find(Key::of(id), id)?;
        self.sought.get(found).and_then(|(_, _, place)| *place)
    }

    fn find(&self, key: Key, id: &InvoiceId) -> Option<usize> {
        self.sought.binary_search_by(|(of, sought, _)| of.cmp(&key).then_with(|| sought.cmp(id))).ok()
    }
}

/// The last bytes of an id, in which ids mostly differ: quicker to compare than the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u64);

impl Key {
    fn of(id: &InvoiceId) -> Self {
        let bytes = id.as_str().as_bytes();
        Self(match bytes.last_chunk() {
            Some(last) => u64::from_le_bytes(*last),
            None => bytes.iter().fold(0, |all, byte| (all << 8) | u64::from(*byte)),
        })
    }
}

/// Tells most keys that were not put in from those that were, without looking for them.
struct Sieve {
    marks: [u64; 256],
}

impl Default for Sieve {
    fn default() -> Self {
        Self { marks: [0; 256] }
    }
}

impl Sieve {
    fn put(&mut self, key: Key) {
        let (word, mark) = Self::place(key);
        if let Some(marks) = self.marks.get_mut(word) {
            *marks |= mark;
        }
    }

    fn may_hold(&self, key: Key) -> bool {
        let (word, mark) = Self::place(key);
        self.marks.get(word).is_some_and(|marks| marks & mark != 0)
    }

    fn place(key: Key) -> (usize, u64) {
        // Fibonacci hashing: the uppermost bits depend on all of the others.
        let mixed = key.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (usize::try_from(mixed >> 56).unwrap_or(0), 1 << ((mixed >> 50) & 63))
    }
}

/// The places of open invoices, the oldest due first. They are put in order only as far as they are
/// asked for: a payment pays a few of thousands.
pub(crate) struct OldestFirst {
    aged: Vec<Aged>,
    /// How many of them are in order.
    sorted: usize,
    /// How many were given.
    given: usize,
}

/// An invoice's place and dates. Of two with the same dates the ids decide.
#[derive(Clone, Copy)]
struct Aged {
    due: Date,
    issued: Date,
    at: usize,
}

/// So many are put in order at first, and four times as many whenever more are asked for.
const FIRST_SORTED: usize = 64;

impl OldestFirst {
    /// Those of the invoices that are picked, by their places.
    pub(crate) fn of(invoices: &[Invoice], is_picked: impl Fn(usize, &Invoice) -> bool) -> Self {
        let mut aged = Vec::with_capacity(invoices.len());
        let picked = invoices.iter().enumerate().filter(|(at, invoice)| is_picked(*at, invoice));
        aged.extend(picked.map(|(at, invoice)| Aged { due: invoice.due, issued: invoice.issued, at }));
        Self { aged, sorted: 0, given: 0 }
    }

    /// The place of the next, among the same invoices.
    pub(crate) fn next(&mut self, invoices: &[Invoice]) -> Option<usize> {
        if self.given == self.sorted {
            self.sort_more(invoices);
        }
        let next = self.aged.get(self.given)?;
        self.given = self.given.saturating_add(1);
        Some(next.at)
    }

    fn sort_more(&mut self, invoices: &[Invoice]) {
        let id = |aged: &Aged| invoices.get(aged.at).map(|invoice| &invoice.id);
        let by_age = |a: &Aged, b: &Aged| -> Ordering {
            (a.due, a.issued).cmp(&(b.due, b.issued)).then_with(|| id(a).cmp(&id(b)))
        };
        let Some(unsorted) = self.aged.get_mut(self.sorted..) else { return };
        let more = self.sorted.saturating_mul(3).max(FIRST_SORTED).min(unsorted.len());
        if more < unsorted.len() {
            unsorted.select_nth_unstable_by(more, by_age);
        }
        if let Some(next) = unsorted.get_mut(..more) {
            next.sort_unstable_by(by_age);
        }
        self.sorted = self.sorted.saturating_add(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::MinorUnits;
    use crate::testing::{date, moment};

    fn invoice(id: String, days: i32) -> Invoice {
        Invoice {
            id: id.into(),
            amount: MinorUnits(100),
            adjusted: MinorUnits::ZERO,
            paid: MinorUnits::ZERO,
            issued: date("2026-01-01"),
            due: date("2026-01-01").plus_days(days),
            service: None,
            provider: None,
            kind: None,
            booked_at: moment("2026-01-01"),
            closed_at: None,
            kept_out: false,
            announced: Vec::new(),
        }
    }

    #[test]
    fn each_id_is_found_where_it_lies_and_no_other() {
        let invoices: Vec<Invoice> = (0..1_000).map(|n| invoice(format!("B{n}"), 0)).collect();
        let sought: Vec<InvoiceId> =
            (0..1_000).step_by(3).map(|n| format!("B{n}").into()).chain(["B".into(), "C7".into()]).collect();
        let places = Places::of(&invoices, sought.iter().chain(sought.first()));
        for (at, invoice) in invoices.iter().enumerate() {
            assert_eq!(places.get(&invoice.id), (at % 3 == 0).then_some(at), "{invoice:?}");
        }
        assert_eq!((places.get(&"B".into()), places.get(&"C7".into())), (None, None));
    }

    #[test]
    fn the_oldest_due_come_first_and_of_one_day_by_their_ids() {
        for count in [0, 1, 63, 64, 65, 256, 257, 1_000] {
            let invoices: Vec<Invoice> =
                (0..count).map(|n| invoice(format!("B{:04}", n * 379 % 1_009), n * 7 % 5)).collect();
            let mut sorted: Vec<&Invoice> = invoices.iter().collect();
            sorted.sort_by_key(|invoice| (invoice.due, &invoice.id));
            let mut oldest = OldestFirst::of(&invoices, |_, _| true);
            let given: Vec<&Invoice> =
                std::iter::from_fn(|| oldest.next(&invoices)).map(|at| &invoices[at]).collect();
            assert_eq!(given, sorted);
        }
    }

    #[test]
    fn only_those_that_are_picked_are_given() {
        let invoices: Vec<Invoice> = (0..40).map(|n| invoice(format!("B{n}"), n)).collect();
        let mut odd = OldestFirst::of(&invoices, |at, _| at % 2 == 1);
        assert_eq!(std::iter::from_fn(|| odd.next(&invoices)).collect::<Vec<_>>().len(), 20);
    }
}
