//! What is to happen to one subscriber, and when.

use super::ledger::Entry;
use super::purse::Turn;
use decision::time::Timestamp;
use std::collections::BTreeMap;

/// One thing to happen.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// Its snapshot is told as it stands.
    Tell,
    /// Its data change, and are told.
    Change,
    /// A balance moves.
    Purse(Turn),
    /// Something is booked on its debt.
    Ledger(Entry),
    /// It is exempted, or no longer.
    Exempt(bool),
    /// Something wrong is said of it.
    Wrong,
}

/// The deeds to come, in order of time; those of one moment in the order in which they were noted.
#[derive(Clone, Debug, Default)]
pub(super) struct Diary {
    deeds: BTreeMap<(Timestamp, u32), Deed>,
    noted: u32,
}

impl Diary {
    pub(super) fn note(&mut self, at: Timestamp, deed: Deed) {
        self.deeds.insert((at, self.noted), deed);
        self.noted = self.noted.wrapping_add(1);
    }

    /// Takes out the next deed, where it is due before `end`.
    pub(super) fn next_before(&mut self, end: Timestamp) -> Option<(Timestamp, Deed)> {
        let entry = self.deeds.first_entry()?;
        let at = entry.key().0;
        (at < end).then(|| (at, entry.remove()))
    }
}
