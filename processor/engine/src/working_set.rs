//! The debtors that a task has decoded: each as all decided batches leave it, committed or not.
//!
//! It is only a cache of what the store, and the batch in flight, say. After any failure it is
//! emptied, and the store tells.

use decision::Debtor;
use decision::ids::DebtorId;
use std::collections::HashMap;

/// The decoded debtors of a task.
#[derive(Debug, Default)]
pub(crate) struct WorkingSet {
    debtors: HashMap<DebtorId, Entry>,
    most: usize,
}

#[derive(Debug)]
struct Entry {
    debtor: Debtor,
    /// The batch that used it last.
    used: i64,
}

impl WorkingSet {
    pub(crate) fn new(most: usize) -> Self {
        Self { debtors: HashMap::new(), most }
    }

    /// The debtor, used by `batch`.
    pub(crate) fn get(&mut self, id: &str, batch: i64) -> Option<&mut Debtor> {
        let entry = self.debtors.get_mut(id)?;
        entry.used = batch;
        Some(&mut entry.debtor)
    }

    /// Keeps a debtor, used by `batch`.
    pub(crate) fn put(&mut self, debtor: Debtor, batch: i64) -> &mut Debtor {
        let id = debtor.id.clone();
        let entry = self.debtors.entry(id);
        &mut entry.insert_entry(Entry { debtor, used: batch }).into_mut().debtor
    }

    /// The debtor as it is, where it is decoded.
    pub(crate) fn peek(&self, id: &str) -> Option<&Debtor> {
        self.debtors.get(id).map(|entry| &entry.debtor)
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
        assert!(set.peek("d5").is_some());
        assert!(set.peek("d0").is_none());
    }
}
