//! By which versions of the policy a task goes on: those that it knew.

use super::Recovery;
use crate::error::{Refusal, TaskError};
use crate::log::Log;
use crate::store::Stores;
use crate::versions::{Known, Versions};
use schemas::SingleTopic;

impl<L: Log, S: Stores> Recovery<'_, L, S> {
    /// The versions that the task knew. One that went by files, or is new, begins with the last publication,
    /// where the instance goes by those.
    pub(super) fn known(&self) -> Result<Known, TaskError> {
        let revision = self.state.as_ref().and_then(|state| state.policy_revision);
        match (&self.shared.versions, revision) {
            (Versions::Files { replace_published: false, .. }, Some(revision)) => {
                Err(self.refuse(Refusal::GoesByPublished { revision }))
            }
            (Versions::Files { policies, .. }, _) => Ok(Known { policies: policies.clone(), revision: None }),
            (Versions::Published(publications), revision) => {
                let known = publications
                    .known(&self.shared.log, revision)
                    .map_err(|error| TaskError::from_publications(self.partition, error))?;
                let known = known.ok_or_else(|| {
                    let topic = self.shared.topology.names().single(SingleTopic::Policies).to_string();
                    let (revision, last) = (revision.unwrap_or(1), publications.last());
                    self.refuse(Refusal::PublicationLost { revision, topic, last })
                })?;
                self.check_it_is_the_same(&known, revision)?;
                Ok(known)
            }
        }
    }

    /// What was published under the numbers that the task knew must be what it went by.
    fn check_it_is_the_same(&self, known: &Known, revision: Option<i64>) -> Result<(), TaskError> {
        let Some(state) = self.state.as_ref().filter(|_| revision.is_some()) else { return Ok(()) };
        let holds = &known.policies.at(state.clock).identity.hash;
        if *holds == state.policy_hash {
            return Ok(());
        }
        let reason = format!(
            "the version {} held at {}, and what is published now says {holds}: the topic was made anew with others",
            state.policy_hash, state.clock
        );
        Err(self.refuse(Refusal::Publications { reason }))
    }
}
