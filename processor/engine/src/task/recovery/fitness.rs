//! Whether a stored state can be brought up to date by the changelog, or is built anew from its start.

use super::Recovery;
use crate::error::TaskError;
use crate::faults::Mutation;
use crate::log::Log;
use crate::store::{Store, StoreBatch, Stores};
use schemas::OutputTopic;

/// Why a state is not caught up with the changelog.
const TOO_OLD: &str = "it is older than half of the changelog's delete.retention.ms";

impl<L: Log, S: Stores> Recovery<'_, L, S> {
    /// Wipes a state that the changelog can no longer bring up to date: one that is too old for
    /// the tombstones, that lies beyond the changelog's end, or that was built from another changelog.
    pub(super) fn rebuild_if_unfit(&mut self, member: &L::Membership) -> Result<(), TaskError> {
        let Some(state) = &self.state else { return Ok(()) };
        let age = self.shared.clock.now().micros_since(state.clock);
        let oldest = i64::try_from(self.shared.settings.oldest_state.as_micros()).unwrap_or(i64::MAX);
        let changelog = self.own(OutputTopic::Debtors);
        let end = self.end_of(&changelog)?;
        let next = state.changelog_next.unwrap_or(0);
        // A clock so far behind the state's says nothing of its age.
        let is_too_old = age.abs() > oldest && !self.breaks(Mutation::OldStateKept);
        let reason = if self.origin.is_another_changelog(state) {
            "it was built from another changelog"
        } else if next > end {
            "it lies beyond the changelog's end"
        } else if is_too_old {
            TOO_OLD
        } else {
            return Ok(());
        };
        if self.origin.is_another_changelog(state) || next > end {
            // It may be the only copy there is.
            self.check_that_the_changelog_replaces_it(member)?;
        }
        self.begin_anew(reason)
    }

    fn begin_anew(&mut self, reason: &str) -> Result<(), TaskError> {
        tracing::warn!(partition = self.partition, reason, "the state is rebuilt from the changelog's start");
        self.store.clear()?;
        (self.state, self.stood) = (None, None);
        Ok(())
    }

    /// Catches up with the changelog; from its start where what it says of the time shows that the state was
    /// too old, whatever this machine's clock says: a tombstone in between may be gone.
    pub(super) fn catch_up_or_rebuild(&mut self) -> Result<(), TaskError> {
        self.catch_up()?;
        let came_to = self.state.as_ref().map(|state| state.clock);
        let Some((came_to, stood)) = came_to.zip(self.stood) else { return Ok(()) };
        let oldest = i64::try_from(self.shared.settings.oldest_state.as_micros()).unwrap_or(i64::MAX);
        if came_to.micros_since(stood) > oldest && !self.breaks(Mutation::OldStateKept) {
            self.begin_anew(TOO_OLD)?;
            return self.catch_up();
        }
        self.stood = None;
        self.apply(StoreBatch::default())
    }
}
