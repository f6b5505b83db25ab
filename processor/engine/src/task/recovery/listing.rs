//! Lists made anew out of the debtors, where those of the store are another version's, or none.

use super::Recovery;
use crate::error::TaskError;
use crate::lists;
use crate::log::Log;
use crate::store::{Store, StoreBatch, Stores};
use decision::ids::DebtorId;
use std::sync::atomic::Ordering;

/// How many debtors are read between two writes.
const AT_ONCE: usize = 1_000;

impl<L: Log, S: Stores> Recovery<'_, L, S> {
    /// Sees to it that the lists are of this version. Where this is cut off, it begins again the next time: that they
    /// are is written last.
    pub(super) fn make_lists(&mut self) -> Result<(), TaskError> {
        if self.store.lists_version()? == Some(lists::VERSION) {
            return Ok(());
        }
        self.store.apply(&StoreBatch { lists_cleared: true, ..StoreBatch::default() })?;
        let (mut after, mut count) = (DebtorId::from(""), 0_u64);
        loop {
            if self.is_stopped.load(Ordering::Relaxed) {
                return Err(TaskError::Stopped);
            }
            let ids = self.store.debtors_after(&after, AT_ONCE)?;
            let Some(last) = ids.last().cloned() else { break };
            let mut batch = StoreBatch::default();
            for id in ids {
                let form = self.store.debtor(id.as_str())?;
                let listed = self.marks(form.as_ref())?.listed;
                batch.listed.extend(lists::change(&id, &[], &listed).1);
                count = count.saturating_add(1);
            }
            self.store.apply(&batch)?;
            after = last;
        }
        if count > 0 {
            tracing::info!(
                partition = self.partition,
                debtors = count,
                "the lists of debtors were made anew"
            );
        }
        Ok(self.store.apply(&StoreBatch { lists_version: Some(lists::VERSION), ..StoreBatch::default() })?)
    }
}
