//! The versions of the policy that an instance decides by: out of files, or as they were published.
//!
//! Publications lie in a topic of one partition, each under its number, its revision. A control tells every
//! partition of each, and a task goes by it from there on; what was published is read here when a task
//! first hears of it (`docs/decisions/0024-versions-are-published-by-a-topic.md`). Which version holds when is
//! `decision`'s business; what their texts mean whoever gives [`Compile`] knows.

use crate::log::{Log, LogError, LogRecord, TopicPartition};
use crate::to_end::ToEnd;
use decision::ids::EventId;
use decision::policies::NoPolicy;
use decision::{Policies, Policy, Published};
use schemas::{Decoder, Publication, Registry, Schemas, SingleTopic, TopicNames, WireError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Makes a policy of what was published; says why not, where it cannot.
pub type Compile = Box<dyn Fn(&Publication) -> Result<Arc<Policy>, String> + Send + Sync>;

/// The versions that an instance decides by.
#[derive(Clone)]
pub enum Versions {
    /// Those of files, as long as the process runs.
    Files {
        /// They.
        policies: Arc<Policies>,
        /// Whether they replace what was published: a partition that went by that goes by files then.
        replace_published: bool,
    },
    /// Those that were published: shared with whoever tells of them.
    Published(Arc<Publications>),
}

impl From<Arc<Policies>> for Versions {
    /// Those of files, which do not replace what was published.
    fn from(policies: Arc<Policies>) -> Self {
        Self::Files { policies, replace_published: false }
    }
}

/// What a task knows, and decides by.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// The versions.
    pub(crate) policies: Arc<Policies>,
    /// Which publications they are of: all up to this one. None where they come from files.
    pub(crate) revision: Option<i64>,
}

/// Why publications cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PublicationsError {
    /// The log did not answer.
    #[error(transparent)]
    Log(#[from] LogError),
    /// There is no such topic.
    #[error("there is no topic {0}")]
    NoTopic(Arc<str>),
    /// The topic has several partitions: nobody could say which publication was the last.
    #[error("the topic {topic} has {found} partitions, and must have one")]
    NotSingle {
        /// The topic.
        topic: Arc<str>,
        /// How many it has.
        found: u32,
    },
    /// A record cannot be read.
    #[error("the record of {topic} at offset {offset} cannot be read")]
    Unreadable {
        /// The topic.
        topic: Arc<str>,
        /// Its offset.
        offset: i64,
        /// In which way.
        #[source]
        source: WireError,
    },
    /// A publication is missing.
    #[error("the topic {topic} holds publication {found} after {last}: what lies between is missing")]
    Gap {
        /// The topic.
        topic: Arc<str>,
        /// The last one that is there.
        last: i64,
        /// The one that follows.
        found: i64,
    },
    /// A publication cannot be used by this program.
    #[error("publication {revision} of the policy cannot be used by this version of Weir: {reason}")]
    Unusable {
        /// Its number.
        revision: i64,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing was published.
    #[error("no version of the policy was published")]
    Nothing(#[from] NoPolicy),
    /// What was published last is of a transaction that is still open.
    #[error("the topic {0} has a transaction open: what lies beyond cannot be read yet")]
    Open(Arc<str>),
}

impl PublicationsError {
    /// Whether it may pass by itself.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Log(LogError::Unavailable { .. }) | Self::Open(_) => true,
            Self::Unreadable { source, .. } => source.is_retryable(),
            Self::Log(LogError::Refused { .. } | LogError::Fenced { .. } | LogError::Fatal { .. })
            | Self::NoTopic(_)
            | Self::NotSingle { .. }
            | Self::Gap { .. }
            | Self::Unusable { .. }
            | Self::Nothing(_) => false,
        }
    }
}

/// What was published, as far as it was read.
pub struct Publications {
    source: TopicPartition,
    compile: Compile,
    read: Mutex<Read>,
}

struct Read {
    decoder: Decoder,
    /// The offset of the next record to read; none before the first reading.
    next: Option<i64>,
    /// In the order of their numbers, from 1, without a gap.
    publications: Vec<(Publication, Published)>,
    /// What was made of all up to a number, so that tasks share it.
    made: BTreeMap<i64, Arc<Policies>>,
}

impl Publications {
    /// Reads all that was published by now.
    ///
    /// # Errors
    /// When the topic is not as it must be, or cannot be read.
    pub fn read<L: Log>(
        log: &L,
        names: &TopicNames,
        registry: Arc<dyn Registry>,
        compile: Compile,
    ) -> Result<Self, PublicationsError> {
        let topic = names.single(SingleTopic::Policies).clone();
        match log.partitions(std::slice::from_ref(&topic))?.first().copied().flatten() {
            None | Some(0) => return Err(PublicationsError::NoTopic(topic)),
            Some(1) => {}
            Some(found) => return Err(PublicationsError::NotSingle { topic, found }),
        }
        let decoder = Decoder::new(registry, &Schemas::none());
        let read = Read { decoder, next: None, publications: Vec::new(), made: BTreeMap::new() };
        let publications =
            Self { source: TopicPartition { topic, partition: 0 }, compile, read: Mutex::new(read) };
        publications.read_on(log)?;
        Ok(publications)
    }

    /// Reads what was published since. False where something lies there that is of an open transaction.
    ///
    /// # Errors
    /// When the topic cannot be read, or what it holds is not to be used.
    pub fn read_on<L: Log>(&self, log: &L) -> Result<bool, PublicationsError> {
        // Nobody waits for another's reading: what two have read is taken once.
        let mut reader = log.reader()?;
        let mut to_end = ToEnd::begin(log, &mut reader, &self.source, self.with(|read| read.next))?;
        let mut records = Vec::new();
        while let Some(more) = to_end.next_records(&mut reader)? {
            records.extend(more);
        }
        self.with(|read| {
            for record in &records {
                if read.next.is_none_or(|next| record.offset >= next) {
                    self.take(read, record)?;
                    read.next = Some(record.offset.saturating_add(1));
                }
            }
            read.next = Some(to_end.position().max(read.next.unwrap_or(0)));
            Ok(to_end.is_whole())
        })
    }

    fn take(&self, read: &mut Read, record: &LogRecord) -> Result<(), PublicationsError> {
        let unreadable = |source| PublicationsError::Unreadable {
            topic: self.source.topic.clone(),
            offset: record.offset,
            source,
        };
        let Some(value) = record.value.as_deref() else {
            tracing::warn!(offset = record.offset, "a publication was deleted: whoever goes by it finds out");
            return Ok(());
        };
        let publication = read.decoder.publication(value).map_err(unreadable)?;
        let last = read.last();
        if publication.revision <= last {
            tracing::warn!(publication.revision, "a publication is there twice: the first one counts");
            return Ok(());
        }
        if publication.revision > last.saturating_add(1) {
            let (topic, found) = (self.source.topic.clone(), publication.revision);
            return Err(PublicationsError::Gap { topic, last, found });
        }
        let revision = publication.revision;
        let version = (self.compile)(&publication)
            .map_err(|reason| PublicationsError::Unusable { revision, reason })?;
        let Publication { published_at: at, withdraws_later, .. } = publication;
        read.publications.push((publication, Published { version, at, withdraws_later }));
        Ok(())
    }

    /// All publications that were read, with the version that each is.
    #[must_use]
    pub fn all(&self) -> Vec<(Publication, Arc<Policy>)> {
        let version = |(publication, published): &(Publication, Published)| {
            (publication.clone(), published.version.clone())
        };
        self.with(|read| read.publications.iter().map(version).collect())
    }

    /// The number of the last publication that was read; 0 before the first.
    #[must_use]
    pub fn last(&self) -> i64 {
        self.with(|read| read.last())
    }

    /// The versions as all publications up to this one make them; none where it was not read, or there is
    /// none at all.
    #[must_use]
    pub fn up_to(&self, revision: i64) -> Option<Arc<Policies>> {
        self.with(|read| read.up_to(revision))
    }

    /// Whether there is a publication of this number, told by this control. What a control names was
    /// committed with it: where it is not there once all is read, it never was.
    pub(crate) fn has<L: Log>(
        &self,
        log: &L,
        revision: i64,
        event_id: &EventId,
    ) -> Result<bool, PublicationsError> {
        if self.last() < revision && !self.read_on(log)? && self.last() < revision {
            return Err(PublicationsError::Open(self.source.topic.clone()));
        }
        let is_it =
            |publication: &Publication| publication.revision == revision && publication.event_id == *event_id;
        Ok(self.with(|read| read.publications.iter().any(|(publication, _)| is_it(publication))))
    }

    /// What a task begins by that goes by this publication, or, where it goes by none yet, by the last.
    pub(crate) fn known<L: Log>(
        &self,
        log: &L,
        revision: Option<i64>,
    ) -> Result<Option<Known>, PublicationsError> {
        let is_read = revision.is_some_and(|revision| revision <= self.last());
        let is_whole = is_read || self.read_on(log)?;
        let wanted = revision.unwrap_or_else(|| self.last());
        match self.up_to(wanted) {
            // Which is the last is not known before all is read.
            Some(_) if revision.is_none() && !is_whole => {
                Err(PublicationsError::Open(self.source.topic.clone()))
            }
            Some(policies) => Ok(Some(Known { policies, revision: Some(wanted) })),
            None if is_whole => Ok(None),
            None => Err(PublicationsError::Open(self.source.topic.clone())),
        }
    }

    fn with<T>(&self, of: impl FnOnce(&mut Read) -> T) -> T {
        of(&mut self.read.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Read {
    fn last(&self) -> i64 {
        self.publications.last().map_or(0, |(publication, _)| publication.revision)
    }

    fn up_to(&mut self, revision: i64) -> Option<Arc<Policies>> {
        if let Some(made) = self.made.get(&revision) {
            return Some(made.clone());
        }
        let count = usize::try_from(revision).ok()?;
        let publications: Vec<Published> =
            self.publications.get(..count)?.iter().map(|(_, published)| published.clone()).collect();
        let made = Arc::new(Policies::published(&publications).ok()?);
        self.made.insert(revision, made.clone());
        Some(made)
    }
}
