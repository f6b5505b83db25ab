//! A list of a database, read from any place on.

use crate::beside::odd_key;
use crate::open::{failure, family_of};
use crate::{families, keys};
use engine::lists::finding::Cursor;
use engine::lists::{List, Position};
use engine::store::StoreError;
use rocksdb::{DB, DBRawIterator, ReadOptions, Snapshot};
use std::path::Path;

/// A cursor over one list.
pub(crate) struct ListScan<'db> {
    scan: DBRawIterator<'db>,
    path: &'db Path,
    list: List,
    /// How many bytes all its keys begin with.
    begins: usize,
    at: Option<Position>,
}

impl<'db> ListScan<'db> {
    /// The list as it was at this moment.
    pub(crate) fn new(db: &'db DB, moment: &'db Snapshot<'db>, list: &List) -> Result<Self, StoreError> {
        let begin = keys::list_begin(list);
        let begins = begin.len();
        let mut bounds = ReadOptions::default();
        // Long lists are gone through once: they are not to push the debtors at work out of the cache.
        bounds.fill_cache(false);
        bounds.set_iterate_lower_bound(begin);
        bounds.set_iterate_upper_bound(keys::list_end(list));
        let scan = moment.raw_iterator_cf_opt(family_of(db, families::LISTS)?, bounds);
        Ok(Self { scan, path: db.path(), list: list.clone(), begins, at: None })
    }

    fn look(&mut self) -> Result<(), StoreError> {
        self.at = match self.scan.key() {
            Some(key) => {
                let position = keys::read_listed(key, self.begins);
                Some(position.ok_or_else(|| odd_key(self.path, "a line of a list", key))?)
            }
            None => None,
        };
        self.scan.status().map_err(|error| failure(self.path, "read a list", &error))
    }
}

impl Cursor for ListScan<'_> {
    fn seek(&mut self, to: &Position) -> Result<(), StoreError> {
        self.scan.seek(keys::listed(&self.list, to));
        self.look()
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        if self.scan.valid() {
            self.scan.next();
        }
        self.look()
    }

    fn at(&self) -> Option<&Position> {
        self.at.as_ref()
    }
}
