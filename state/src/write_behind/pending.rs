//! What is gathered: of everything the last form alone.

use super::Gathering;
use bytes::Bytes;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use engine::lists::{List, ListKey, Position};
use engine::partition::shard_of;
use engine::store::{HistoryLine, StoreBatch, TimerKey};
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

/// Batches that were applied, as one.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// The last form of each debtor; none of one that is gone. Copies: a form that came shares its
    /// memory with a whole batch.
    debtors: HashMap<DebtorId, Option<Vec<u8>>, RandomState>,
    /// The debtors that went, with their history, whether or not they have come again.
    removed: BTreeSet<DebtorId>,
    /// Whether each timer is set, or removed.
    timers: BTreeMap<TimerKey, bool>,
    waiting: BTreeMap<i64, Option<Bytes>>,
    history: Vec<(DebtorId, HistoryLine)>,
    /// Whether all lists behind are forgotten.
    lists_cleared: bool,
    /// Whether each line of a list is there, or removed.
    listed: BTreeMap<ListKey, bool>,
    lists_version: Option<u32>,
    meta: Option<Bytes>,
    /// Of all forms; more than there are, where a longer one replaced a shorter.
    bytes: usize,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        let is_nothing_said = self.meta.is_none() && self.lists_version.is_none() && !self.lists_cleared;
        self.entries() == 0 && is_nothing_said
    }

    pub(super) fn is_more_than(&self, most: Gathering) -> bool {
        self.entries() >= most.entries || self.bytes >= most.bytes
    }

    fn entries(&self) -> usize {
        let all = [self.debtors.len(), self.timers.len(), self.waiting.len(), self.history.len()];
        let all = all.into_iter().chain([self.listed.len()]);
        all.fold(self.removed.len(), usize::saturating_add)
    }

    /// Takes a batch that comes after all that is here.
    pub(super) fn gather(&mut self, batch: &StoreBatch) {
        for (id, form) in &batch.debtors {
            match form {
                Some(form) => self.keep(id, form),
                None => self.remove(id),
            }
        }
        self.timers.extend(batch.timers_removed.iter().map(|timer| (timer.clone(), false)));
        self.timers.extend(batch.timers_added.iter().map(|timer| (timer.clone(), true)));
        for (sequence, form) in &batch.waiting {
            self.waiting.insert(*sequence, form.as_deref().map(|form| copy(&mut self.bytes, form)));
        }
        for (id, line) in &batch.history {
            let record = copy(&mut self.bytes, &line.record);
            self.history.push((id.clone(), HistoryLine { sequence: line.sequence, record }));
        }
        self.gather_lists(batch);
        if let Some(meta) = &batch.meta {
            self.meta = Some(Bytes::copy_from_slice(meta));
        }
    }

    fn gather_lists(&mut self, batch: &StoreBatch) {
        if batch.lists_cleared {
            self.listed.clear();
            self.lists_cleared = true;
            self.lists_version = None;
        }
        self.listed.extend(batch.listed_no_more.iter().map(|line| (line.clone(), false)));
        self.listed.extend(batch.listed.iter().map(|line| (line.clone(), true)));
        self.lists_version = batch.lists_version.or(self.lists_version);
    }

    fn keep(&mut self, id: &DebtorId, form: &[u8]) {
        if let Some(Some(known)) = self.debtors.get_mut(id) {
            self.bytes = self.bytes.saturating_add(form.len().saturating_sub(known.len()));
            known.clear();
            known.extend_from_slice(form);
            return;
        }
        self.bytes = self.bytes.saturating_add(form.len());
        self.debtors.insert(id.clone(), Some(form.to_vec()));
    }

    fn remove(&mut self, id: &DebtorId) {
        self.debtors.insert(id.clone(), None);
        self.history.retain(|(of, _)| of != id);
        self.removed.insert(id.clone());
    }

    /// All of it as one batch, in the order in which stores keep debtors. Nothing stays.
    pub(super) fn take(&mut self) -> StoreBatch {
        let mut batch = StoreBatch::default();
        // First those that went: one that has come again begins anew.
        batch.debtors.extend(std::mem::take(&mut self.removed).into_iter().map(|id| (id, None)));
        let forms = self.debtors.drain().filter_map(|(id, form)| Some((id, Some(Bytes::from(form?)))));
        let mut forms: Vec<_> = forms.collect();
        forms.sort_by_cached_key(|(id, _)| (shard_of(id.as_str().as_bytes()), id.clone()));
        batch.debtors.append(&mut forms);
        for (timer, is_set) in std::mem::take(&mut self.timers) {
            if is_set { batch.timers_added.push(timer) } else { batch.timers_removed.push(timer) }
        }
        batch.lists_cleared = std::mem::take(&mut self.lists_cleared);
        for (line, is_there) in std::mem::take(&mut self.listed) {
            if is_there { batch.listed.push(line) } else { batch.listed_no_more.push(line) }
        }
        batch.lists_version = self.lists_version.take();
        batch.waiting = std::mem::take(&mut self.waiting).into_iter().collect();
        batch.history = std::mem::take(&mut self.history);
        batch.meta = self.meta.take();
        self.bytes = 0;
        batch
    }

    /// How many debtors changed, or went.
    pub(super) fn debtors(&self) -> usize {
        self.debtors.len()
    }

    pub(super) fn meta(&self) -> Option<&Bytes> {
        self.meta.as_ref()
    }

    /// What is known of a debtor here: its form, or that it is gone.
    pub(super) fn debtor(&self, id: &str) -> Option<Option<&[u8]>> {
        self.debtors.get(id).map(Option::as_deref)
    }

    /// Whether the debtor went, with all that the store behind has of its history.
    pub(super) fn is_removed(&self, id: &str) -> bool {
        self.removed.contains(id)
    }

    /// The timers that are set here, in order, and those that are removed, from `cursor` on up to and
    /// including `until`.
    pub(super) fn timers(
        &self,
        cursor: &TimerKey,
        until: Timestamp,
    ) -> (impl Iterator<Item = &TimerKey>, BTreeSet<&TimerKey>) {
        let due = || self.timers.range(cursor.clone()..).take_while(move |(timer, _)| timer.due <= until);
        let removed = due().filter(|(_, is_set)| !**is_set).map(|(timer, _)| timer).collect();
        (due().filter(|(_, is_set)| **is_set).map(|(timer, _)| timer), removed)
    }

    /// What is known of a waiting command here: its form, or that it waits no more.
    pub(super) fn waiting(&self, sequence: i64) -> Option<&Option<Bytes>> {
        self.waiting.get(&sequence)
    }

    /// What is known here of the waiting commands after this sequence, in order: their forms, or that they wait no more.
    /// At most so many, and whether there are more.
    pub(super) fn waiting_after(&self, sequence: i64, at_most: usize) -> (Vec<(i64, Option<Bytes>)>, bool) {
        let mut after = self.waiting.range((Bound::Excluded(sequence), Bound::Unbounded));
        let some = after.by_ref().take(at_most).map(|(sequence, form)| (*sequence, form.clone())).collect();
        (some, after.next().is_some())
    }

    /// What is known here of the version of the lists: it, or that there is none.
    pub(super) fn lists_version(&self) -> Option<Option<u32>> {
        (self.lists_cleared || self.lists_version.is_some()).then_some(self.lists_version)
    }

    /// What is known of a list here: which lines are there, and which were removed, in order; and whether all that is
    /// behind of it is forgotten.
    pub(super) fn list(&self, list: &List) -> (Vec<(Position, bool)>, bool) {
        let first = ListKey { list: list.clone(), position: Position::first() };
        let lines = self.listed.range(first..).take_while(|(line, _)| line.list == *list);
        let lines = lines.map(|(line, is_there)| (line.position.clone(), *is_there));
        (lines.collect(), self.lists_cleared)
    }

    /// The lines of a debtor that are here; a line that came twice as it came last.
    pub(super) fn history(&self, id: &str) -> Vec<HistoryLine> {
        let lines = self.history.iter().filter(|(of, _)| of.as_str() == id);
        let lines: BTreeMap<i64, &HistoryLine> = lines.map(|(_, line)| (line.sequence, line)).collect();
        lines.into_values().cloned().collect()
    }
}

fn copy(bytes: &mut usize, form: &[u8]) -> Bytes {
    *bytes = bytes.saturating_add(form.len());
    Bytes::copy_from_slice(form)
}
