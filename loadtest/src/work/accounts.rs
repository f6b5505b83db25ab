//! Which account is which: ids to numbers and back, for some ten million of them.

use super::{hash, number, place};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The accounts of a partition. All ids lie in one text; a map of theirs would take four times as much.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    by_hash: HashMap<u64, u32>,
    ids: String,
    /// Where each id ends.
    ends: Vec<u32>,
}

impl Accounts {
    /// The number of an account, which it has from now on.
    pub(super) fn number(&mut self, id: &str) -> u32 {
        let mut key = hash(id);
        loop {
            match self.by_hash.entry(key) {
                Entry::Vacant(vacant) => {
                    let new = number(self.ends.len());
                    vacant.insert(new);
                    self.ids.push_str(id);
                    self.ends.push(number(self.ids.len()));
                    return new;
                }
                Entry::Occupied(found) => {
                    let found = *found.get();
                    if self.id(found) == id {
                        return found;
                    }
                    // Two ids with one hash: the next is looked at.
                    key = key.wrapping_add(1);
                }
            }
        }
    }

    /// The number of an account, where it has one.
    pub(super) fn find(&self, id: &str) -> Option<u32> {
        let mut key = hash(id);
        loop {
            let found = *self.by_hash.get(&key)?;
            if self.id(found) == id {
                return Some(found);
            }
            key = key.wrapping_add(1);
        }
    }

    /// The id of an account.
    pub(super) fn id(&self, account: u32) -> &str {
        let end = |account: usize| self.ends.get(account).map_or(0, |end| place(*end));
        let from = place(account).checked_sub(1).map_or(0, end);
        self.ids.get(from..end(place(account))).unwrap_or_default()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_keeps_its_number_and_its_id() {
        let mut accounts = Accounts::default();
        let ids = ["A-1", "", "A-10", "B"];
        for round in 0..2 {
            for (at, id) in ids.iter().enumerate() {
                assert_eq!(accounts.number(id), number(at), "{id} in round {round}");
            }
        }
        for (at, id) in ids.iter().enumerate() {
            assert_eq!((accounts.id(number(at)), accounts.find(id)), (*id, Some(number(at))));
        }
        assert_eq!((accounts.find("A"), accounts.len()), (None, 4));
    }
}
