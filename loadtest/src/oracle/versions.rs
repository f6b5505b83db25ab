//! By which versions of the policy each batch must be decided: those of files, or those that were published,
//! from the control on that tells of each.

use decision::ids::EventId;
use decision::{Policies, Published};
use schemas::Journal;
use schemas::reject::UNKNOWN_PUBLICATION;
use std::sync::Arc;

/// All versions that there are.
#[derive(Clone)]
pub(super) struct All {
    /// Those of files.
    pub(super) files: Arc<Policies>,
    /// What was published, by its number from 1, each with the id of the control that tells of it.
    pub(super) published: Arc<[(EventId, Published)]>,
}

/// The versions that a partition knows, as its journal says and its controls tell.
pub(super) struct Versions {
    all: All,
    /// The last publication that the batches are to be decided by; none where they go by files, or begin.
    known: Option<i64>,
    /// What a control of the batch tells of: the batch must end with it.
    told: Option<i64>,
}

impl Versions {
    pub(super) fn new(all: All) -> Self {
        Self { all, known: None, told: None }
    }

    /// A batch begins: what it must be decided by.
    pub(super) fn begin(&mut self, batch: &Journal) -> Result<Arc<Policies>, String> {
        let (number, said) = (batch.batch, batch.policy_revision);
        let known = self.told.take().or(self.known);
        self.known = said;
        if let (Some(known), Some(said)) = (known, said)
            && known != said
        {
            return Err(format!(
                "batch {number} was decided by publication {said}, publication {known} was told"
            ));
        }
        let policies = match said {
            Some(revision) => self.up_to(revision),
            None => self.of_files(batch),
        };
        let is_it = |policies: &Arc<Policies>| policies.at(batch.now).identity.hash == batch.policy_hash;
        policies.filter(is_it).ok_or_else(|| {
            let hash = &batch.policy_hash;
            format!("batch {number} was decided by the policy {hash}, which does not hold or is not at hand")
        })
    }

    /// All versions, where the one that holds at the batch's time is the one that it names; else that one
    /// alone, which was there before the others came.
    fn of_files(&self, batch: &Journal) -> Option<Arc<Policies>> {
        let files = &self.all.files;
        if files.at(batch.now).identity.hash == batch.policy_hash {
            return Some(files.clone());
        }
        let named = files.by_hash(&batch.policy_hash)?;
        Some(Arc::new(named.clone().into()))
    }

    fn up_to(&self, revision: i64) -> Option<Arc<Policies>> {
        let count = usize::try_from(revision).ok()?;
        let published: Vec<_> =
            self.all.published.get(..count)?.iter().map(|(_, published)| published.clone()).collect();
        Policies::published(&published).ok().map(Arc::new)
    }

    /// A control tells of a publication: why it is rejected, if it is.
    pub(super) fn hear(&mut self, revision: i64, event_id: &EventId) -> Option<&'static str> {
        let place = revision.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        let told = place.and_then(|place| self.all.published.get(place)).map(|(event_id, _)| event_id);
        let Some(known) = self.known.filter(|_| told == Some(event_id)) else {
            return Some(UNKNOWN_PUBLICATION);
        };
        if known < revision {
            self.told = Some(revision);
        }
        None
    }

    /// Something is decided: not with the batch that ended with such a control.
    pub(super) fn decides(&self) -> Result<(), String> {
        match self.told {
            Some(told) => {
                Err(format!("something was decided after publication {told} was told, with that batch"))
            }
            None => Ok(()),
        }
    }
}
