//! Publishing: a version of the policy into its topic, and a control to every partition that tells of it, in
//! one transaction.
//!
//! Whether the policy is sound is the caller's business, and who may publish; what tasks make of it is
//! `task::adopting`'s.

use crate::controls::{ControlError, Controls, Said, Written};
use crate::log::{CommitError, Log, LogError, NewRecord, TopicPartition};
use crate::settings::Clock;
use crate::versions::{Compile, Publications, PublicationsError};
use crate::writing::{self, Failure};
use bytes::Bytes;
use decision::event::Order;
use decision::time::Timestamp;
use decision::{Policies, Policy, Published};
use schemas::{FileBeside, Publication, Registry, Schemas, SingleTopic, TopicNames};
use std::sync::Arc;
use std::time::Duration;

/// How often it is tried: what is aborted, or of unknown outcome, was a coordinator that moved.
const TRIES: u32 = 3;

/// What is to be published.
#[derive(Clone, Debug)]
pub struct ToPublish {
    /// Who publishes it.
    pub said: Said,
    /// The policy that the texts mean.
    pub policy: Arc<Policy>,
    /// The name of its file.
    pub file: String,
    /// What the file says.
    pub text: String,
    /// The files that it names.
    pub beside: Vec<FileBeside>,
    /// Whether what was to hold later is withdrawn.
    pub withdraws_later: bool,
    /// The last publication that whoever wants it has seen: where another came meanwhile, it is not published.
    /// None where that does not matter.
    pub based_on: Option<i64>,
}

/// What is to be done to publish something.
#[derive(Clone, Copy)]
enum Plan {
    /// Nothing: an earlier try has done it.
    Done(i64),
    /// It holds already: every partition is told again.
    TellAgain(i64),
    /// It is published under this number.
    Publish(i64),
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was published.
    Published {
        /// Its number.
        revision: i64,
        /// Where the control lies that tells of it.
        written: Written,
    },
    /// It says what holds already, and nothing else was to come: nothing was published, and every partition
    /// is told once more of what was. One that knows it does nothing.
    HoldsAlready {
        /// The publication that does.
        revision: i64,
        /// Where the control lies that tells of it.
        written: Written,
    },
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// What is there cannot be read.
    #[error("what was published before cannot be read")]
    Publications(#[from] PublicationsError),
    /// The control cannot be written.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The id of its control is that of another publication.
    #[error(
        "«{event_id}» is the id of publication {revision}, which is of another version, or withdraws other things"
    )]
    IdInUse {
        /// The id.
        event_id: String,
        /// The publication.
        revision: i64,
    },
    /// Somebody else published meanwhile.
    #[error("publication {revision} came meanwhile: what it changes was not seen")]
    Overtaken {
        /// The last publication there is.
        revision: i64,
    },
    /// The first version holds from a later moment on.
    #[error("no version of the policy would hold until {from}")]
    NothingHolds {
        /// From when one would.
        from: Timestamp,
    },
}

impl From<LogError> for PublishError {
    fn from(error: LogError) -> Self {
        Self::Control(ControlError::Log(error))
    }
}

/// Publishes versions of the policy.
pub struct Publisher<'l, L> {
    controls: Controls<'l, L>,
    publications: Publications,
    source: TopicPartition,
    group: String,
}

impl<'l, L: Log> Publisher<'l, L> {
    /// Publishes for the instances of this group.
    ///
    /// # Errors
    /// When the registry does not know the schemas, or what was published before cannot be read.
    pub fn new(
        log: &'l L,
        group: &str,
        names: &TopicNames,
        registry: Arc<dyn Registry>,
        compile: Compile,
    ) -> Result<Self, PublishError> {
        let schemas = Schemas::of_publications(&*registry, names).map_err(ControlError::Registry)?;
        let publications = Publications::read(log, names, registry.clone(), compile)?;
        let topic = names.single(SingleTopic::Policies).clone();
        Ok(Self {
            controls: Controls::new(log, names, registry, schemas),
            publications,
            source: TopicPartition { topic, partition: 0 },
            group: group.to_owned(),
        })
    }

    /// What was published before, as far as it was read.
    #[must_use]
    pub fn publications(&self) -> &Publications {
        &self.publications
    }

    /// Publishes a version. To publish the same again under the same event id does no harm.
    ///
    /// # Errors
    /// When nothing is published; or, as [`ControlError::Unknown`], when nobody can say.
    pub fn publish(&mut self, wanted: &ToPublish, at: Timestamp) -> Result<Outcome, PublishError> {
        let mut failed = None;
        for _ in 0..TRIES {
            match self.attempt(wanted, at) {
                Ok(outcome) => return Ok(outcome),
                // The next try finds out whether it was, since the fence ends it.
                Err(PublishError::Control(
                    error @ (ControlError::Aborted(_) | ControlError::Unknown { .. }),
                )) => failed = Some(error),
                // What was tried before may be done: what goes wrong now says nothing of that.
                Err(error) if matches!(failed, Some(ControlError::Unknown { .. })) => {
                    tracing::warn!(%error, "whether it was published cannot be asked");
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Err(failed.unwrap_or_else(|| ControlError::Aborted("it was not tried".to_owned())).into())
    }

    fn attempt(&mut self, wanted: &ToPublish, at: Timestamp) -> Result<Outcome, PublishError> {
        let log = self.controls.log;
        let onlooker = log.onlooker()?;
        // One id for all: of two people who publish at the same time the second one ends what the first one has
        // open. It begins as those of the tasks do, so that the same right covers it.
        let producer = writing::begin(log, &format!("{}-publisher", self.group))?;
        // Nobody else writes from here on: what is read now is all that there is.
        self.read_whole()?;
        let said = &wanted.said;
        let plan = self.plan(wanted, at)?;
        let records = match plan {
            Plan::Done(revision) => {
                let unknown = |error: ControlError| ControlError::Unknown {
                    reason: error.to_string(),
                    event_id: said.event_id.clone(),
                };
                let written = self.controls.written_by_now().map_err(unknown)?;
                return Ok(Outcome::Published { revision, written });
            }
            Plan::TellAgain(_) => self.tell_again(said, at)?,
            Plan::Publish(revision) => self.records(wanted, revision, at)?,
        };
        let committed = writing::commit(producer, &records, &onlooker).map_err(|failure| match failure {
            Failure::Before(error) => ControlError::Log(error),
            Failure::Commit(CommitError::Aborted(reason)) => ControlError::Aborted(reason),
            Failure::Commit(
                error @ (CommitError::Unknown(_) | CommitError::Fenced(_) | CommitError::Fatal(_)),
            ) => ControlError::Unknown { reason: error.to_string(), event_id: said.event_id.clone() },
        })?;
        let written = self.controls.written(&committed);
        Ok(match plan {
            Plan::TellAgain(revision) => Outcome::HoldsAlready { revision, written },
            Plan::Done(revision) | Plan::Publish(revision) => Outcome::Published { revision, written },
        })
    }

    /// Whether it could be published, were it tried now: the publication that holds already, if one does.
    ///
    /// # Errors
    /// As [`Publisher::publish`] would refuse it.
    pub fn check(&self, wanted: &ToPublish, at: Timestamp) -> Result<Option<i64>, PublishError> {
        self.read_whole()?;
        Ok(match self.plan(wanted, at)? {
            Plan::Done(revision) | Plan::TellAgain(revision) => Some(revision),
            Plan::Publish(_) => None,
        })
    }

    fn read_whole(&self) -> Result<(), PublicationsError> {
        let is_whole = self.publications.read_on(self.controls.log)?;
        if is_whole { Ok(()) } else { Err(PublicationsError::Open(self.source.topic.clone())) }
    }

    /// What is to be done, as far as is known now.
    fn plan(&self, wanted: &ToPublish, at: Timestamp) -> Result<Plan, PublishError> {
        let all = self.publications.all();
        let said = &wanted.said;
        if let Some((told, _)) = all.iter().find(|(told, _)| *told.event_id.as_str() == said.event_id) {
            let is_it = told.policy_hash == wanted.policy.identity.hash
                && told.withdraws_later == wanted.withdraws_later;
            let (event_id, revision) = (said.event_id.clone(), told.revision);
            return if is_it {
                Ok(Plan::Done(revision))
            } else {
                Err(PublishError::IdInUse { event_id, revision })
            };
        }
        let last = self.publications.last();
        if wanted.based_on.is_some_and(|based_on| based_on != last) {
            return Err(PublishError::Overtaken { revision: last });
        }
        if let Some(revision) = self.holds_already(wanted, at) {
            return Ok(Plan::TellAgain(revision));
        }
        self.check_one_holds(&wanted.policy, wanted.withdraws_later, self.not_before_the_last(at))?;
        Ok(Plan::Publish(last.saturating_add(1)))
    }

    /// The moment of a publication: those that follow one another have moments that do, whatever clocks say.
    fn not_before_the_last(&self, at: Timestamp) -> Timestamp {
        self.publications.all().last().map_or(at, |(last, _)| last.published_at.max(at))
    }

    /// Waits until every partition has taken what was published. Answers those that have not when the time
    /// is over.
    ///
    /// # Errors
    /// When the log refuses.
    pub fn wait_until_taken(
        &self,
        written: &Written,
        wait: Duration,
        clock: &dyn Clock,
    ) -> Result<Vec<u32>, LogError> {
        self.controls.wait_until_taken(written, wait, clock)
    }

    /// The publication that says the same and holds, where nothing else is to come.
    fn holds_already(&self, wanted: &ToPublish, at: Timestamp) -> Option<i64> {
        let known = self.publications.up_to(self.publications.last())?;
        let hash = &wanted.policy.identity.hash;
        if known.at(at).identity.hash != *hash || known.next_change(at).is_some() {
            return None;
        }
        let all = self.publications.all();
        let same = all.iter().rev().find(|(publication, _)| publication.policy_hash == *hash);
        same.map(|(publication, _)| publication.revision)
    }

    /// The control that tells of the last publication, once more: one that was lost with its topic, or was
    /// rejected by an instance that went by files, is mended so.
    fn tell_again(&mut self, said: &Said, at: Timestamp) -> Result<Vec<NewRecord>, ControlError> {
        let all = self.publications.all();
        let last = all.last().map(|(publication, _)| publication);
        let event_id = last.map_or("", |last| last.event_id.as_str()).to_owned();
        let revision = last.map_or(0, |last| last.revision);
        let said = Said { event_id, ..said.clone() };
        self.controls.records(&said.event(Order::AdoptPolicy { revision }, at)?)
    }

    /// The records that make a publication of this number.
    fn records(
        &mut self,
        wanted: &ToPublish,
        revision: i64,
        at: Timestamp,
    ) -> Result<Vec<NewRecord>, PublishError> {
        let ToPublish { said, policy, file, text, beside, withdraws_later, based_on: _ } = wanted;
        let at = self.not_before_the_last(at);
        let publication = Publication {
            revision,
            event_id: said.event_id.as_str().into(),
            policy_name: policy.identity.name.to_string(),
            policy_version: policy.identity.version.to_string(),
            policy_hash: policy.identity.hash.clone(),
            file: file.clone(),
            text: text.clone(),
            beside: beside.clone(),
            withdraws_later: *withdraws_later,
            published_at: at,
            by: said.by.clone(),
            role: said.role.clone(),
            why: said.why.clone(),
        };
        let mut records = self.controls.records(&said.event(Order::AdoptPolicy { revision }, at)?)?;
        let mut value = Vec::new();
        self.controls.encoder.publication(&publication, &mut value).map_err(ControlError::Encode)?;
        records.push(NewRecord {
            target: self.source.clone(),
            key: Bytes::from(publication.key()),
            value: Some(value.into()),
            timestamp: at.0,
        });
        Ok(records)
    }

    fn check_one_holds(
        &self,
        policy: &Arc<Policy>,
        withdraws_later: bool,
        at: Timestamp,
    ) -> Result<(), PublishError> {
        let published = |version: &Arc<Policy>, withdraws_later, at| Published {
            version: version.clone(),
            withdraws_later,
            at,
        };
        let all = self.publications.all();
        let before =
            all.iter().map(|(known, version)| published(version, known.withdraws_later, known.published_at));
        let all: Vec<_> = before.chain([published(policy, withdraws_later, at)]).collect();
        let from = Policies::published(&all).map_err(PublicationsError::Nothing)?.begins();
        from.map_or(Ok(()), |from| Err(PublishError::NothingHolds { from }))
    }
}
