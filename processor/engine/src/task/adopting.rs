//! Adopting: a version of the policy was published, and the task goes by it from the control on that says so.
//!
//! What was published is [`crate::versions`]' business; that every debtor is decided anew then, [`super::sweeping`]'s.

use super::Task;
use super::deciding::source_of;
use crate::error::TaskError;
use crate::faults::Mutation;
use crate::log::{Log, LogRecord};
use crate::store::Stores;
use crate::versions::{Known, Versions};
use decision::Event;
use schemas::Reject;

impl<L: Log, S: Stores> Task<L, S> {
    /// A control says that a version was published. The batch ends with it: what comes after is decided by
    /// another one, and a batch has one policy.
    pub(super) fn hear_of_publication(
        &mut self,
        event: &Event,
        record: &LogRecord,
        revision: i64,
    ) -> Result<(), TaskError> {
        let is_there = match &self.shared.versions {
            Versions::Files { .. } => Err("this instance goes by files"),
            Versions::Published(publications) => publications
                .has(&self.shared.log, revision, &event.event_id)
                .map_err(|error| TaskError::from_publications(self.partition, error))?
                .then(|| publications.up_to(revision))
                .flatten()
                .ok_or("it was not published with this control"),
        };
        let policies = match is_there {
            Ok(policies) => policies,
            Err(why) => {
                let detail = format!("publication {revision} of the policy is not known here: {why}");
                let reject = Reject::unpublished(source_of(record), event, detail, self.open.moment.now);
                return self.reject(record.key.clone().unwrap_or_default(), &reject);
            }
        };
        // A partition begins with the last one: it comes by the controls of those before later.
        if self.known.revision.is_none_or(|known| known < revision) {
            self.open.adopts = Some(Known { policies, revision: Some(revision) });
        }
        Ok(())
    }

    /// What is decided from now on is decided by this.
    pub(super) fn adopt(&mut self, known: Known) {
        let version = &known.policies.at(self.open.moment.now).identity;
        tracing::info!(
            partition = self.partition, revision = known.revision,
            policy = %version.name, version = %version.version, hash = %version.hash,
            "another publication of the policy is known"
        );
        if self.known.policies.at(self.open.moment.now).identity.hash != version.hash {
            self.sweep.forget();
        }
        self.known = known;
    }

    /// A batch that ends with such a control is committed before anything else is taken.
    pub(super) fn settle_if_adopting(&mut self) -> Result<(), TaskError> {
        if self.open.adopts.is_some() && !self.breaks(Mutation::AdoptsWithinABatch) {
            self.settle()?;
        }
        Ok(())
    }
}
