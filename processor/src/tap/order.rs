//! In which order items are told: causes before effects.
//!
//! Topics come as they come. While a tap catches up with what lies in the log, items are sorted by their time
//! there; from then on an event is told at once, and what is decided waits a moment for what led to it. Waiting
//! is bounded in time and in number: what is not seen by then was perhaps never there.

use super::causes::{Causes, Led, Standing};
use super::item::{Item, What};
use decision::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// So long everything that was decided waits: what a transaction wrote to several topics comes within it.
const SETTLE: Duration = Duration::from_millis(200);

/// So long it waits at most.
const PATIENCE: Duration = Duration::from_secs(2);

/// So many items wait at most.
const MOST_HELD: usize = 100_000;

/// An item, and what led to it; none where nothing leads to such an item.
pub(super) struct Told {
    pub(super) item: Item,
    pub(super) led: Option<Led>,
}

/// By the time in the log; of one moment events first, then decisions, what they ask for, and rejects.
type Key = (Timestamp, u8, i64, u64);

/// The items that wait to be told.
pub(super) struct Order {
    held: BTreeMap<Key, Held>,
    arrived: u64,
    is_catching_up: bool,
    most: usize,
}

struct Held {
    item: Item,
    since: Duration,
}

impl Order {
    pub(super) fn new() -> Self {
        Self { held: BTreeMap::new(), arrived: 0, is_catching_up: true, most: MOST_HELD }
    }

    /// All that lay in the log was read.
    pub(super) fn is_caught_up(&mut self) {
        self.is_catching_up = false;
    }

    /// Takes an item that came now, by a clock that only goes forward.
    pub(super) fn take(&mut self, item: Item, now: Duration) {
        self.arrived += 1;
        let key = (item.logged_at, class(&item), sequence(&item), self.arrived);
        self.held.insert(key, Held { item, since: now });
    }

    /// What can be told by now, in order.
    pub(super) fn release(&mut self, causes: &mut Causes, now: Duration) -> Vec<Told> {
        let mut told = Vec::new();
        if !self.is_catching_up {
            self.release_ready(causes, now, &mut told);
        }
        while self.held.len() > self.most {
            let Some((_, held)) = self.held.pop_first() else { break };
            told.push(Told { led: causes.known(&held.item), item: held.item });
        }
        told
    }

    /// All that is left, at the end.
    pub(super) fn release_all(&mut self, causes: &mut Causes) -> Vec<Told> {
        let held = std::mem::take(&mut self.held).into_values();
        held.map(|held| Told { led: causes.known(&held.item), item: held.item }).collect()
    }

    fn release_ready(&mut self, causes: &mut Causes, now: Duration, told: &mut Vec<Told>) {
        // Whoever has something that waits has the later ones wait as well.
        let mut waiting = BTreeSet::new();
        let mut ready = Vec::new();
        for (key, held) in &self.held {
            let debtor = held.item.debtor().unwrap_or_default();
            let is_first = is_event(&held.item);
            if !is_first && waiting.contains(debtor) {
                continue;
            }
            let age = now.saturating_sub(held.since);
            let mut is_known = || !matches!(causes.standing(&held.item), Standing::Awaited);
            if is_first || age >= PATIENCE || (age >= SETTLE && is_known()) {
                ready.push(*key);
            } else {
                waiting.insert(debtor.to_owned());
            }
        }
        for key in ready {
            let Some(held) = self.held.remove(&key) else { continue };
            told.push(Told { led: causes.known(&held.item), item: held.item });
        }
    }
}

/// Whether an item may lead to others, and waits for none.
fn is_event(item: &Item) -> bool {
    match &item.what {
        What::Event(..) | What::Unreadable(_) => true,
        What::Decision(_) | What::Command(..) | What::Reject(_) => false,
    }
}

fn class(item: &Item) -> u8 {
    match &item.what {
        What::Event(..) | What::Unreadable(_) => 0,
        What::Decision(_) => 1,
        What::Command(..) => 2,
        What::Reject(_) => 3,
    }
}

/// A debtor's decisions are counted.
fn sequence(item: &Item) -> i64 {
    match &item.what {
        What::Decision(line) => line.sequence,
        What::Event(..) | What::Command(..) | What::Reject(_) | What::Unreadable(_) => 0,
    }
}

#[cfg(test)]
mod tests;
