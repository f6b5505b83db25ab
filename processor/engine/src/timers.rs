//! The timers of a task: those in the store, read from a cursor, and those not there yet.

use crate::store::{Store, StoreError, TimerKey};
use decision::time::Timestamp;
use std::collections::BTreeSet;

/// What a task knows of its timers beside the store.
#[derive(Debug)]
pub(crate) struct Timers {
    /// Every timer of the store before it has fired: where reading begins.
    cursor: TimerKey,
    /// Whether the timer at the cursor has fired as well, though the store may still hold it.
    is_cursor_fired: bool,
    /// Timers of batches that the store does not know yet.
    ahead: BTreeSet<TimerKey>,
    /// The earliest timer that the store may hold, as last read; none where it must be read.
    earliest: Option<Timestamp>,
}

impl Timers {
    pub(crate) fn new(cursor: TimerKey) -> Self {
        Self { cursor, is_cursor_fired: false, ahead: BTreeSet::new(), earliest: None }
    }

    /// Where reading begins.
    pub(crate) fn cursor(&self) -> &TimerKey {
        &self.cursor
    }

    /// A timer was set by a decision.
    pub(crate) fn set(&mut self, timer: TimerKey) {
        self.earliest = self.earliest.map(|earliest| earliest.min(timer.due));
        if timer <= self.cursor {
            self.cursor = timer.clone();
            self.is_cursor_fired = false;
        }
        self.ahead.insert(timer);
    }

    /// The store knows these timers now.
    pub(crate) fn applied(&mut self, timers: &[TimerKey]) {
        for timer in timers {
            self.ahead.remove(timer);
        }
    }

    /// The moment of the earliest timer, where there is one. It may be of a timer that no longer
    /// counts; it is never later than the earliest that does.
    pub(crate) fn next(&mut self, store: &impl Store) -> Result<Option<Timestamp>, StoreError> {
        if self.earliest.is_none() {
            let in_store = self.read(store, Timestamp::LATEST, 1)?;
            let ahead = self.ahead.first().map(|timer| timer.due);
            let in_store = in_store.first().map(|timer| timer.due);
            self.earliest = Some(in_store.into_iter().chain(ahead).min().unwrap_or(Timestamp::LATEST));
        }
        Ok(self.earliest.filter(|earliest| *earliest < Timestamp::LATEST))
    }

    /// Takes the timers due up to and including `until`, earliest first, at most `at_most`. The
    /// caller asks each debtor whether its timer still counts.
    pub(crate) fn take(
        &mut self,
        store: &impl Store,
        until: Timestamp,
        at_most: usize,
    ) -> Result<Vec<TimerKey>, StoreError> {
        let mut due = self.read(store, until, at_most)?;
        due.extend(self.ahead.iter().take_while(|timer| timer.due <= until).take(at_most).cloned());
        due.sort();
        due.dedup();
        due.truncate(at_most);
        if let Some(last) = due.last() {
            self.cursor = last.clone();
            self.is_cursor_fired = true;
        }
        for timer in &due {
            self.ahead.remove(timer);
        }
        self.earliest = None;
        Ok(due)
    }

    /// The store's timers from the cursor on, without the one that has fired.
    fn read(
        &self,
        store: &impl Store,
        until: Timestamp,
        at_most: usize,
    ) -> Result<Vec<TimerKey>, StoreError> {
        let fired = usize::from(self.is_cursor_fired);
        let mut timers = store.timers(&self.cursor, until, at_most.saturating_add(fired))?;
        timers.retain(|timer| !self.is_cursor_fired || *timer != self.cursor);
        timers.truncate(at_most);
        Ok(timers)
    }
}
