//! The debtors that a task has decoded: each as all decided batches leave it, committed or not.
//!
//! It is only a cache of what the store, and the batch in flight, say. After any failure it is
//! emptied, and the store tells.

use crate::lists::{self, ListKey, Listed};
use decision::Debtor;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// The decoded debtors of a task.
#[derive(Debug, Default)]
pub(crate) struct WorkingSet {
    debtors: HashMap<DebtorId, Entry, RandomState>,
    most: usize,
}

/// A debtor, decoded.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) debtor: Debtor,
    /// The batch that used it last.
    used: i64,
    /// The batch that changed it last; 0 where none has since it was decoded.
    changed: i64,
    /// When it was due before that batch.
    due_before: Option<Timestamp>,
    /// The lists that it is on by the last batch that was sealed.
    listed: Box<[Listed]>,
}

impl Entry {
    /// Notes that `batch` has changed it, when it was due at `due_before`. Answers whether this is the
    /// batch's first change of it.
    pub(crate) fn changes(&mut self, batch: i64, due_before: Option<Timestamp>) -> bool {
        if self.changed == batch {
            return false;
        }
        self.changed = batch;
        self.due_before = due_before;
        true
    }

    /// Brings the lists that it is on up to what it is now: the lines that go, and those that come. Mostly there are
    /// none.
    pub(crate) fn list(&mut self, removed: &mut Vec<ListKey>, added: &mut Vec<ListKey>) {
        if lists::are_of(&self.listed, &self.debtor) {
            return;
        }
        let now = lists::all_of(&self.debtor);
        let (goes, comes) = lists::change(&self.debtor.id, &self.listed, &now);
        removed.extend(goes);
        added.extend(comes);
        self.listed = now;
    }

    /// When it was due before the batch that changed it last.
    pub(crate) fn due_before(&self) -> Option<Timestamp> {
        self.due_before
    }
}

impl WorkingSet {
    pub(crate) fn new(most: usize) -> Self {
        Self { debtors: HashMap::default(), most }
    }

    /// The debtor, used by `batch`.
    pub(crate) fn get(&mut self, id: &str, batch: i64) -> Option<&mut Entry> {
        let entry = self.debtors.get_mut(id)?;
        entry.used = batch;
        Some(entry)
    }

    /// Keeps a debtor, used by `batch`: as all batches before it left it, or, where it is known already, changed.
    pub(crate) fn put(&mut self, debtor: Debtor, batch: i64) {
        if let Some(entry) = self.debtors.get_mut(debtor.id.as_str()) {
            entry.debtor = debtor;
            entry.used = batch;
            return;
        }
        let (id, due_before, listed) = (debtor.id.clone(), debtor.next_due, lists::all_of(&debtor));
        self.debtors.insert(id, Entry { debtor, used: batch, changed: 0, due_before, listed });
    }

    /// The debtor as it is, where it is decoded.
    pub(crate) fn peek(&self, id: &str) -> Option<&Debtor> {
        self.debtors.get(id).map(|entry| &entry.debtor)
    }

    /// The debtor, with what is known of its last change.
    pub(crate) fn entry(&mut self, id: &str) -> Option<&mut Entry> {
        self.debtors.get_mut(id)
    }

    /// Whether the debtor is decoded.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.debtors.contains_key(id)
    }

    /// Lets go of debtors until there is room: those not used by the current batch, the longest
    /// unused first. Called between batches, when all of them are encoded.
    pub(crate) fn make_room(&mut self, current: i64) {
        if self.debtors.len() <= self.most {
            return;
        }
        let mut ages: Vec<i64> = self.debtors.values().map(|entry| entry.used).collect();
        ages.sort_unstable();
        // A quarter goes at once, so that this is not done at every batch.
        let surplus = self.debtors.len().saturating_sub(self.most).saturating_add(self.most / 4);
        let newest_to_go = ages.get(surplus).copied().unwrap_or(current).min(current.saturating_sub(1));
        self.debtors.retain(|_, entry| entry.used > newest_to_go);
    }

    /// How many debtors are decoded.
    pub(crate) fn len(&self) -> usize {
        self.debtors.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_by_letting_the_longest_unused_go_and_never_the_current() {
        let mut set = WorkingSet::new(4);
        for number in 0..6_i64 {
            set.put(Debtor::new(format!("d{number}").into()), number);
        }
        set.make_room(5);
        assert!(set.len() <= 4);
        assert!(set.has("d5"));
        assert!(!set.has("d0"));
    }

    #[test]
    fn what_a_debtor_was_due_at_before_a_batch_is_what_its_first_change_says() {
        let mut set = WorkingSet::new(4);
        set.put(Debtor::new("d".into()), 7);
        let (soon, later) = (Some(Timestamp(10)), Some(Timestamp(20)));
        assert!(set.get("d", 7).unwrap().changes(7, soon));
        // Another form of it, as after a decision on a copy.
        set.put(Debtor::new("d".into()), 7);
        assert!(!set.get("d", 7).unwrap().changes(7, later));
        assert_eq!(set.entry("d").unwrap().due_before(), soon);
        assert!(set.get("d", 8).unwrap().changes(8, later));
        assert_eq!(set.entry("d").unwrap().due_before(), later);
    }
}
