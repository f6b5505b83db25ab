//! Sweeping: another version of the policy holds, and every debtor is decided anew under it.

use super::Task;
use crate::caution::InputId;
use crate::error::TaskError;
use crate::log::Log;
use crate::metrics as names;
use crate::store::{Store, Stores};
use decision::Input;
use decision::ids::{DebtorId, PolicyHash};
use decision::time::Timestamp;
use schemas::PutOff;
use std::time::Duration;

impl<L: Log, S: Stores> Task<L, S> {
    /// Decides a few debtors anew, where another version of the policy came to hold.
    pub(super) fn sweep(&mut self) -> Result<(), TaskError> {
        let holds = self.hash_at(self.wall_clock());
        if holds != *self.sweep.policy_hash() && !self.begin_sweep(holds) {
            return Ok(());
        }
        let most = self.paced(self.shared.settings.swept_per_batch, Duration::ZERO);
        let room = most.saturating_sub(self.open.swept);
        let Some(after) = self.sweep.after().cloned() else { return Ok(()) };
        if room == 0 || self.is_full() || self.put_off.is_full() {
            return Ok(());
        }
        self.begin_batch_if_clean();
        // A batch that began before the version held decides by the one before.
        if self.hash_at(self.open.moment.now) != *self.sweep.policy_hash() {
            return Ok(());
        }
        let ids = self.store.debtors_after(&after, room)?;
        for id in &ids {
            self.decide_anew(id)?;
        }
        let is_last = ids.len() < room;
        self.open.leaves_some |= !is_last;
        if is_last {
            tracing::info!(partition = self.partition, "every debtor was decided by the version that holds");
        }
        self.sweep.came_to(ids.last().filter(|_| !is_last).cloned());
        Ok(())
    }

    /// Begins a sweep, where the store knows everyone who was decided by the version before: those
    /// who come later are decided by the new one anyway.
    fn begin_sweep(&mut self, holds: PolicyHash) -> bool {
        let is_settled = self.committing.is_none();
        let is_new = !self.open.is_dirty() || self.hash_at(self.open.moment.now) == holds;
        if is_settled && is_new {
            tracing::info!(partition = self.partition, policy_hash = %holds, "another version of the policy holds");
            self.sweep.begin(holds);
        }
        is_settled && is_new
    }

    fn decide_anew(&mut self, id: &DebtorId) -> Result<(), TaskError> {
        let anew = PutOff { debtor_id: id.clone(), due: None };
        let known = self.knows(id)?;
        if known == Ok(false) {
            return Ok(());
        }
        let decided = match (known, self.caution.comes(|| InputId::Due(anew.clone()))) {
            (Err(how), _) | (Ok(_), Some(how)) => Err(how),
            (Ok(_), None) => self.decide(id.as_str(), Input::Due)?,
        };
        match decided {
            Ok(decisions) => {
                self.open.swept(id);
                metrics::counter!(names::SWEPT_DEBTORS).increment(1);
                self.write(decisions)
            }
            Err(how) => self.put_off(anew, &how),
        }
    }

    fn hash_at(&self, now: Timestamp) -> PolicyHash {
        self.known.policies.at(now).identity.hash.clone()
    }
}
