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

    /// Publishes a version. To publish again under the same event id does no harm.
    ///
    /// # Errors
    /// When nothing is published; or, as [`ControlError::Unknown`], when nobody can say.
    pub fn publish(&mut self, wanted: &ToPublish, at: Timestamp) -> Result<Outcome, PublishError> {
        let log = self.controls.log;
        let onlooker = log.onlooker()?;
        // One id for all: of two people who publish at the same time one waits for the other, or is told
        // that somebody else published. It begins as those of the tasks do, so that the same right covers it.
        let transactional_id = format!("{}-publisher", self.group);
        let mut failed = ControlError::Aborted("it was not tried".to_owned());
        for _ in 0..TRIES {
            let producer = match writing::begin(log, &transactional_id) {
                Ok(producer) => producer,
                Err(error) if matches!(failed, ControlError::Unknown { .. }) => {
                    tracing::debug!(%error, "whether it was published cannot be asked");
                    break;
                }
                Err(error) => return Err(error.into()),
            };
            // Nobody else writes from here on: what is read now is all that there is.
            if !self.publications.read_on(log)? {
                return Err(PublicationsError::Open(self.source.topic.clone()).into());
            }
            if let Some(revision) = self.told_by(&wanted.said) {
                return Ok(Outcome::Published { revision, written: self.controls.written_by_now()? });
            }
            let holds = self.holds_already(wanted, at);
            let (revision, records) = match holds {
                Some(revision) => (revision, self.tell_again(&wanted.said, at)?),
                None => self.records(wanted, at)?,
            };
            match writing::commit(producer, &records, &onlooker) {
                Ok(committed) => {
                    let written = self.controls.written(&committed);
                    return Ok(match holds {
                        Some(_) => Outcome::HoldsAlready { revision, written },
                        None => Outcome::Published { revision, written },
                    });
                }
                Err(Failure::Commit(CommitError::Aborted(reason))) => failed = ControlError::Aborted(reason),
                Err(Failure::Commit(
                    error @ (CommitError::Unknown(_) | CommitError::Fenced(_) | CommitError::Fatal(_)),
                )) => {
                    let (reason, event_id) = (error.to_string(), wanted.said.event_id.clone());
                    failed = ControlError::Unknown { reason, event_id };
                }
                Err(Failure::Before(error)) => return Err(error.into()),
            }
        }
        Err(failed.into())
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

    /// The publication that an earlier try made.
    fn told_by(&self, said: &Said) -> Option<i64> {
        let all = self.publications.all();
        let told = all.iter().find(|(publication, _)| *publication.event_id.as_str() == said.event_id);
        told.map(|(publication, _)| publication.revision)
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

    /// The number of the publication, with the records that make it.
    fn records(&mut self, wanted: &ToPublish, at: Timestamp) -> Result<(i64, Vec<NewRecord>), PublishError> {
        let ToPublish { said, policy, file, text, beside, withdraws_later } = wanted;
        self.check_one_holds(policy, *withdraws_later, at)?;
        let revision = self.publications.last().saturating_add(1);
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
        Ok((revision, records))
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
