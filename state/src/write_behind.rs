//! What was applied and is not in the store behind yet: gathered, so that a debtor who changes with every
//! batch is written to it once in a while.
//!
//! It promises what a store promises: what was applied is read back at once, whichever of the two has it;
//! and since all that is gathered is written as one batch, with where the store stands after it, a crash
//! loses batches from the newest on and never a part of one.

mod merged;
mod pending;

use bytes::Bytes;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use engine::lists::List;
use engine::lists::finding::Cursor;
use engine::store::{
    HistoryLine, Keeping, Look, ReadError, Store, StoreBatch, StoreError, StoreReader, Stores, TimerKey,
};
use merged::Merged;
use pending::Pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much is gathered before it is written. What is written at once, a task waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gathering {
    /// Debtors, timers, waiting commands and lines of history.
    pub entries: usize,
    /// The bytes of their forms.
    pub bytes: usize,
}

impl Default for Gathering {
    /// Some ten milliseconds of writing, and as many debtors as a busy partition changes in a second.
    fn default() -> Self {
        Self { entries: 8_000, bytes: 4 << 20 }
    }
}

/// Stores before which what was applied is gathered.
#[derive(Clone, Debug)]
pub struct WriteBehind<S> {
    behind: S,
    most: Gathering,
}

impl<S> WriteBehind<S> {
    /// In front of these stores, as much as this is gathered.
    #[must_use]
    pub fn new(behind: S, most: Gathering) -> Self {
        Self { behind, most }
    }
}

impl<S: Stores> Stores for WriteBehind<S> {
    type Store = WriteBehindStore<S::Store>;

    fn open(&self, partition: u32) -> Result<Self::Store, StoreError> {
        let behind = self.behind.open(partition)?;
        Ok(WriteBehindStore { behind, most: self.most, pending: Gathered::default() })
    }

    fn discard(&self, partition: u32) -> Result<(), StoreError> {
        self.behind.discard(partition)
    }
}

/// A store, and what was applied and is not in it yet.
#[derive(Debug)]
pub struct WriteBehindStore<S> {
    behind: S,
    most: Gathering,
    pending: Gathered,
}

/// What is gathered, which others read as well. They hold it for as long as a look into memory takes; the task also
/// while it writes it.
#[derive(Clone, Debug, Default)]
struct Gathered(Arc<Mutex<Pending>>);

impl Gathered {
    fn look(&self) -> MutexGuard<'_, Pending> {
        // Each change of it is whole, or the store is not used again.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a debtor here: its form, or that it is gone.
    fn debtor(&self, id: &str) -> Option<Option<Bytes>> {
        self.look().debtor(id).map(|form| form.map(Bytes::copy_from_slice))
    }

    /// The lines of a debtor before this sequence, newest first: those that are here, and those behind.
    fn history<E>(
        &self,
        id: &str,
        before: i64,
        at_most: usize,
        behind: impl FnOnce() -> Result<Vec<HistoryLine>, E>,
    ) -> Result<Vec<HistoryLine>, E> {
        let (mut lines, is_removed) = {
            let pending = self.look();
            (pending.history(id), pending.is_removed(id))
        };
        lines.retain(|line| line.sequence < before);
        if !is_removed {
            // What is written behind in the meantime is in both.
            let behind = behind()?;
            let is_behind = |line: &HistoryLine| lines.iter().all(|newer| newer.sequence != line.sequence);
            let behind: Vec<_> = behind.into_iter().filter(is_behind).collect();
            lines.extend(behind);
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.sequence));
        lines.truncate(at_most.min(crate::HISTORY_LINES as usize));
        Ok(lines)
    }
}

impl Gathered {
    /// The waiting commands after this sequence, in order, at most so many: those that are here, and those behind of
    /// which nothing is known here. What is written behind meanwhile is in both.
    fn waiting_after<E>(
        &self,
        sequence: i64,
        at_most: usize,
        behind: impl Fn(i64, usize) -> Result<Vec<(i64, Bytes)>, E>,
    ) -> Result<Vec<(i64, Bytes)>, E> {
        let (mut waiting, mut after) = (Vec::new(), sequence);
        while waiting.len() < at_most {
            let wanted = at_most.saturating_sub(waiting.len());
            // The task waits for as long as this takes.
            let (here, has_more) = self.look().waiting_after(after, at_most);
            let last = here.last().map(|(sequence, _)| *sequence).filter(|_| has_more);
            waiting.extend(waiting_with(here, wanted, last, |at_most| behind(after, at_most))?);
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
        Ok(waiting)
    }
}

/// Those that are here, and those behind of which nothing is known here, up to the last of which something is known.
fn waiting_with<E>(
    here: Vec<(i64, Option<Bytes>)>,
    at_most: usize,
    up_to: Option<i64>,
    behind: impl FnOnce(usize) -> Result<Vec<(i64, Bytes)>, E>,
) -> Result<Vec<(i64, Bytes)>, E> {
    // So many more are asked for as wait no more.
    let removed = here.iter().filter(|(_, form)| form.is_none()).count();
    let mut waiting = behind(at_most.saturating_add(removed))?;
    let is_here = |sequence: &i64| here.binary_search_by_key(sequence, |(sequence, _)| *sequence).is_ok();
    waiting.retain(|(sequence, _)| up_to.is_none_or(|last| *sequence <= last) && !is_here(sequence));
    waiting.extend(here.into_iter().filter_map(|(sequence, form)| Some((sequence, form?))));
    waiting.sort_by_key(|(sequence, _)| *sequence);
    waiting.truncate(at_most);
    Ok(waiting)
}

impl<S: Store> WriteBehindStore<S> {
    fn write(&mut self) -> Result<(), StoreError> {
        // Whoever reads beside the task waits until it is behind: it is always in one of the two.
        let mut pending = self.pending.look();
        if pending.is_empty() {
            return Ok(());
        }
        self.behind.apply(&pending.take())
    }
}

impl<S: Store> Store for WriteBehindStore<S> {
    fn meta(&self) -> Result<Option<Bytes>, StoreError> {
        let pending = self.pending.look().meta().cloned();
        match pending {
            Some(meta) => Ok(Some(meta)),
            None => self.behind.meta(),
        }
    }

    fn debtor(&self, id: &str) -> Result<Option<Bytes>, StoreError> {
        match self.pending.debtor(id) {
            Some(form) => Ok(form),
            None => self.behind.debtor(id),
        }
    }

    fn debtors_after(&mut self, id: &DebtorId, at_most: usize) -> Result<Vec<DebtorId>, StoreError> {
        // Their order is the store's own.
        self.write()?;
        self.behind.debtors_after(id, at_most)
    }

    fn timers(
        &self,
        cursor: &TimerKey,
        until: Timestamp,
        at_most: usize,
    ) -> Result<Vec<TimerKey>, StoreError> {
        let pending = self.pending.look();
        let (set, removed) = pending.timers(cursor, until);
        let mut timers = self.behind.timers(cursor, until, at_most.saturating_add(removed.len()))?;
        timers.retain(|timer| !removed.contains(timer));
        timers.extend(set.take(at_most).cloned());
        timers.sort();
        timers.dedup();
        timers.truncate(at_most);
        Ok(timers)
    }

    fn waiting(&self, sequence: i64) -> Result<Option<Bytes>, StoreError> {
        let pending = self.pending.look().waiting(sequence).cloned();
        match pending {
            Some(form) => Ok(form),
            None => self.behind.waiting(sequence),
        }
    }

    fn waiting_after(&self, sequence: i64, at_most: usize) -> Result<Vec<(i64, Bytes)>, StoreError> {
        self.pending
            .waiting_after(sequence, at_most, |after, at_most| self.behind.waiting_after(after, at_most))
    }

    fn history(&self, id: &str, at_most: usize) -> Result<Vec<HistoryLine>, StoreError> {
        self.pending.history(id, i64::MAX, at_most, || self.behind.history(id, at_most))
    }

    fn lists_version(&self) -> Result<Option<u32>, StoreError> {
        let pending = self.pending.look().lists_version();
        pending.map_or_else(|| self.behind.lists_version(), Ok)
    }

    fn keeps(&mut self) -> Result<Keeping, StoreError> {
        self.behind.keeps()
    }

    fn apply(&mut self, batch: &StoreBatch) -> Result<(), StoreError> {
        let is_enough = {
            let mut pending = self.pending.look();
            pending.gather(batch);
            pending.is_more_than(self.most)
        };
        if is_enough { self.write() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.write()?;
        self.behind.flush()
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        *self.pending.look() = Pending::default();
        self.behind.clear()
    }

    fn approximate_debtors(&self) -> u64 {
        let pending = u64::try_from(self.pending.look().debtors()).unwrap_or(u64::MAX);
        self.behind.approximate_debtors().saturating_add(pending)
    }

    fn reader(&self) -> Arc<dyn StoreReader> {
        Arc::new(WriteBehindReader { behind: self.behind.reader(), pending: self.pending.clone() })
    }
}

impl<S> Drop for WriteBehindStore<S> {
    /// What was gathered is gone with the store: the changelog has it, and nobody reads it here any more.
    fn drop(&mut self) {
        *self.pending.look() = Pending::default();
    }
}

/// Reads a store, and what is gathered before it, beside the task.
struct WriteBehindReader {
    behind: Arc<dyn StoreReader>,
    pending: Gathered,
}

impl StoreReader for WriteBehindReader {
    fn debtor(&self, id: &str) -> Result<Option<Bytes>, ReadError> {
        match self.pending.debtor(id) {
            Some(form) => Ok(form),
            None => self.behind.debtor(id),
        }
    }

    fn history(&self, id: &str, before: i64, at_most: usize) -> Result<Vec<HistoryLine>, ReadError> {
        self.pending.history(id, before, at_most, || self.behind.history(id, before, at_most))
    }

    fn waiting_after(&self, sequence: i64, at_most: usize) -> Result<Vec<(i64, Bytes)>, ReadError> {
        self.pending
            .waiting_after(sequence, at_most, |after, at_most| self.behind.waiting_after(after, at_most))
    }

    fn look_into(&self, lists: &[List], look: &mut Look<'_>) -> Result<(), ReadError> {
        // Of one moment. What is written behind before the lists there are opened is in both, and counts as it is here.
        let here: Vec<_> = {
            let pending = self.pending.look();
            lists.iter().map(|list| pending.list(list)).collect()
        };
        self.behind.look_into(lists, &mut |cursors| {
            let both = cursors.iter_mut().zip(&here).map(|(behind, (lines, is_cleared))| {
                let both: Box<dyn Cursor + '_> = Box::new(Merged::new(lines, behind, *is_cleared));
                both
            });
            look(&mut both.collect::<Vec<_>>())
        })
    }
}
