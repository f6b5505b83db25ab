//! What a task that catches up has read and not yet written.
//!
//! A debtor that changed many times lies in the changelog as often, until that is compacted. What is
//! gathered before it is written is written once: only the last form counts.

use crate::store::HistoryLine;
use bytes::Bytes;
use decision::ids::DebtorId;
use std::collections::BTreeMap;

/// As much as is gathered before it is written. All partitions of a process may catch up at once.
const FULL_BYTES: usize = 4 << 20;

/// What an entry takes besides its bytes, about.
const ENTRY_BYTES: usize = 100;

/// What was read since the last write.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Debtors in order, with their last form; none of one that is gone.
    pub(super) debtors: BTreeMap<DebtorId, Option<Bytes>>,
    /// Commands that wait, by sequence; none of one that waits no more.
    pub(super) waiting: BTreeMap<i64, Option<Bytes>>,
    /// Lines of history.
    pub(super) history: Vec<(DebtorId, HistoryLine)>,
    bytes: usize,
}

impl Gathered {
    /// Whether it is to be written.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= FULL_BYTES
    }

    /// Takes a debtor's form.
    pub(super) fn debtor(&mut self, id: DebtorId, form: Option<Bytes>) {
        self.grow(form.as_ref());
        if let Some(Some(before)) = self.debtors.insert(id, form) {
            self.bytes = self.bytes.saturating_sub(ENTRY_BYTES).saturating_sub(before.len());
        }
    }

    /// Takes a waiting command's form.
    pub(super) fn waiting(&mut self, sequence: i64, form: Option<Bytes>) {
        self.grow(form.as_ref());
        self.waiting.insert(sequence, form);
    }

    /// Takes a line of history.
    pub(super) fn history(&mut self, id: DebtorId, line: HistoryLine) {
        self.grow(Some(&line.record));
        self.history.push((id, line));
    }

    fn grow(&mut self, form: Option<&Bytes>) {
        let bytes = form.map_or(0, Bytes::len);
        self.bytes = self.bytes.saturating_add(bytes).saturating_add(ENTRY_BYTES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debtor_is_gathered_once_with_its_last_form() {
        let mut gathered = Gathered::default();
        let form = |byte| Bytes::from(vec![byte; FULL_BYTES / 8]);
        for byte in 0..20 {
            gathered.debtor("A-1".into(), Some(form(byte)));
            assert!(!gathered.is_full(), "the forms before do not count");
        }
        assert_eq!(gathered.debtors.get(&DebtorId::from("A-1")), Some(&Some(form(19))));
        for account in 2..=8 {
            gathered.debtor(format!("A-{account}").as_str().into(), Some(form(0)));
        }
        assert!(gathered.is_full());
    }

    #[test]
    fn what_has_no_form_is_not_gathered_without_end() {
        let mut gathered = Gathered::default();
        let mut account = 0;
        while !gathered.is_full() {
            gathered.debtor(format!("A-{account}").as_str().into(), None);
            account += 1;
        }
        assert!(account < 100_000, "{account}");
    }
}
