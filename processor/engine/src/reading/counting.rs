//! How many stand on lists, over several partitions.

use super::{NotRead, Reading, not_read};
use crate::lists::{List, Position};
use decision::Policies;
use std::sync::{Arc, PoisonError};

/// How many lines are gone through before the store may be closed.
const AT_ONCE: usize = 10_000;

impl Reading {
    /// How many stand on each of these lists in these partitions. All their lines are gone through: it takes a second
    /// for some millions of them, and waits for no task.
    ///
    /// # Errors
    /// When one of the partitions is not at work here, or cannot be read.
    pub fn counted(&self, partitions: &[u32], lists: &[List]) -> Result<Vec<u64>, NotRead> {
        let mut counts = vec![0_u64; lists.len()];
        for partition in partitions {
            for (list, count) in lists.iter().zip(&mut counts) {
                *count = count.saturating_add(self.counted_in(*partition, list)?);
            }
        }
        Ok(counts)
    }

    /// Some thousand lines at a time: whoever closes the store waits no longer than that.
    fn counted_in(&self, partition: u32, list: &List) -> Result<u64, NotRead> {
        let (mut count, mut from) = (0_u64, Some(Position::first()));
        while let Some(begin) = from.take() {
            let shown = self.shown(partition)?;
            let looked = shown.reader.look_into(std::slice::from_ref(list), &mut |cursors| {
                let Some(cursor) = cursors.first_mut() else { return Ok(()) };
                cursor.seek(&begin)?;
                for _ in 0..AT_ONCE {
                    if cursor.at().is_none() {
                        return Ok(());
                    }
                    count = count.saturating_add(1);
                    cursor.advance()?;
                }
                from = cursor.at().cloned();
                Ok(())
            });
            looked.map_err(|error| not_read(partition, error))?;
        }
        Ok(count)
    }

    /// The versions of the policy that the partitions at work here go by; those of one stand for all, which adopt them
    /// within moments of each other. None while nothing is at work here.
    #[must_use]
    pub fn policies(&self) -> Option<Arc<Policies>> {
        let at_work = self.at_work.read().unwrap_or_else(PoisonError::into_inner);
        let shown = at_work.values().next()?;
        let known = shown.known.read().unwrap_or_else(PoisonError::into_inner);
        Some(known.policies.clone())
    }
}
