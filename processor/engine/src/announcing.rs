//! An instance says which partitions it works on, and hears what the others say: so whoever is asked about an
//! account finds the instance that can answer (`docs/decisions/0025-instances-say-what-they-work-on.md`).
//!
//! By which rule an owner is told from a former one is `owners`'; what is asked of it, and how, is the HTTP API's.
//! Nothing that is decided rests on this: where the log, the registry or the topic fails, that is told once,
//! tried again, and meanwhile nobody is found.

mod hearing;
mod namesakes;
mod speaking;

use crate::log::{Log, LogError, TopicPartition};
use crate::owners::{Known, Owners};
use crate::settings::Clock;
use crate::threads::{Thread, Threads};
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use hearing::Hearing;
use namesakes::Namesakes;
use schemas::{EncodeError, Registry, RegistryError, SingleTopic, TopicNames, WireError};
use speaking::Speaking;
use std::convert::Infallible;
use std::io;
use std::mem::Discriminant;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How often an instance says what it works on, where nothing changes. Six that are missed are silence
/// ([`crate::owners::GONE_AFTER`]).
pub const HEARTBEAT: Duration = Duration::from_secs(10);

/// How long stopping may take, whatever the log does.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// How long after a failure it is tried again first; twice as long after each further one, up to a heartbeat.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// Tells which partitions this instance works on now.
pub type AtWork = Arc<dyn Fn() -> Vec<u32> + Send + Sync>;

/// What announcing is done with.
pub struct Around<L> {
    /// The log.
    pub log: Arc<L>,
    /// What its topics are called.
    pub names: TopicNames,
    /// Where the schema of what is said comes from.
    pub registry: Arc<dyn Registry>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// How threads start and wait.
    pub threads: Arc<dyn Threads>,
}

/// An instance among the others. To drop it is to stop it.
pub struct Announcing {
    fleet: Fleet,
    threads: Arc<dyn Threads>,
    running: Vec<Box<dyn Thread>>,
    /// Nothing is ever sent: the threads end once it is gone.
    stop: Option<Sender<Infallible>>,
    /// Nothing ever comes: it is disconnected once the threads have ended.
    ended: Receiver<Infallible>,
}

/// All instances, as far as they are heard. Clones hear the same.
#[derive(Clone)]
pub struct Fleet {
    owners: Arc<RwLock<Owners>>,
    namesakes: Arc<Namesakes>,
    clock: Arc<dyn Clock>,
}

impl Fleet {
    /// Where the instance is reached that works on a partition, perhaps this one; none where nobody is known to.
    #[must_use]
    pub fn owner_of(&self, partition: u32) -> Option<Arc<str>> {
        let now = self.clock.ticks();
        self.owners.read().unwrap_or_else(PoisonError::into_inner).owner_of(partition, now).cloned()
    }

    /// Whether another process says that it is reached at this instance's address.
    #[must_use]
    pub fn has_namesake(&self) -> bool {
        self.namesakes.has_any(self.clock.ticks())
    }

    /// All instances that are there, in the order of their urls, this one among them.
    #[must_use]
    pub fn instances(&self) -> Vec<Known> {
        self.owners.read().unwrap_or_else(PoisonError::into_inner).all(self.clock.ticks())
    }
}

impl Announcing {
    /// Begins to say what this instance works on, which is reached at `url`, and to hear what others say. Nothing
    /// need be there yet: neither the log, nor the topic, nor the schema.
    ///
    /// # Errors
    /// When the machine gives no more threads.
    pub fn start<L: Log>(around: Around<L>, url: String, at_work: AtWork) -> io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let (ends, ended) = bounded(0);
        let owners = Arc::new(RwLock::new(Owners::default()));
        let namesakes = Arc::new(Namesakes::of(url.clone()));
        let fleet = Fleet {
            owners: Arc::clone(&owners),
            namesakes: Arc::clone(&namesakes),
            clock: Arc::clone(&around.clock),
        };
        let mut announcing = Self {
            fleet,
            threads: Arc::clone(&around.threads),
            running: Vec::new(),
            stop: Some(stop),
            ended,
        };
        let topic = Arc::clone(around.names.single(SingleTopic::Instances));
        let place = TopicPartition { topic, partition: 0 };
        let hearing = Hearing::new(&around, place.clone(), (owners, Arc::clone(&namesakes)));
        let speaking = Speaking::new(&around, place, (url, namesakes), at_work);
        let (stopped_too, ends_too) = (stopped.clone(), ends.clone());
        announcing.run("hear instances", move || {
            hearing.run(&stopped_too);
            drop(ends_too);
        })?;
        announcing.run("announce", move || {
            speaking.run(&stopped);
            drop(ends);
        })?;
        Ok(announcing)
    }

    fn run(&mut self, name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.running.push(self.threads.start(name.to_owned(), Box::new(body))?);
        Ok(())
    }

    /// What is heard of all instances: for whoever asks while this says and hears.
    #[must_use]
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// Says that this instance leaves, and ends; where the log does not answer, it ends without a word, and is
    /// gone for the others once it was silent for long enough. Takes two seconds at most.
    pub fn stop(&mut self) {
        if self.stop.take().is_none() {
            return;
        }
        self.threads.wait_for(&self.ended, STOP_WITHIN);
        if is_over(&self.ended) {
            self.running.drain(..).for_each(Thread::join);
        } else {
            tracing::warn!(
                "the log or the registry does not answer: whether the others know that it leaves is open"
            );
        }
    }
}

impl Drop for Announcing {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whether the other side of a channel is gone on which nothing is ever sent.
fn is_over(channel: &Receiver<Infallible>) -> bool {
    matches!(channel.try_recv(), Err(TryRecvError::Disconnected))
}

/// Why nothing can be said, or heard. What is told says what to do.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// The topic is missing: it was made by an earlier version of Weir, or by nobody.
    #[error("there is no topic {0}: make it with `weir topics create`")]
    NoTopic(Arc<str>),
    /// The log does not do it.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The schema has no id, and gets none.
    #[error(
        "{error}: register schemas/avsc/instance.avsc under {subject}, or set `auto_register` in [registry]"
    )]
    Schema {
        /// Under which subject.
        subject: String,
        /// What the registry says.
        error: RegistryError,
    },
    /// What is to be said does not fit its schema.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// What was said cannot be read yet, since the registry does not say how.
    #[error(transparent)]
    Decode(#[from] WireError),
}

impl Trouble {
    /// Whether it may pass soon; else a person has to do something, and it is tried again at the next heartbeat.
    fn may_pass(&self) -> bool {
        match self {
            Self::Log(LogError::Unavailable { .. }) | Self::Decode(_) => true,
            Self::Schema { error, .. } => matches!(error, RegistryError::Unavailable { .. }),
            Self::NoTopic(_)
            | Self::Log(LogError::Refused { .. } | LogError::Fenced { .. } | LogError::Fatal { .. })
            | Self::Encode(_) => false,
        }
    }
}

/// Failures in a row: told once each kind, and waited for longer and longer.
#[derive(Debug, Default)]
struct Failures {
    count: u32,
    told: Option<Discriminant<Trouble>>,
}

impl Failures {
    /// It has failed once more. Says how long to wait.
    fn add(&mut self, what: &str, trouble: &Trouble) -> Duration {
        let kind = std::mem::discriminant(trouble);
        if self.told.replace(kind) == Some(kind) {
            tracing::debug!(%trouble, "{what}");
        } else {
            tracing::warn!(%trouble, "{what}; it is tried again, and nothing else waits for it");
        }
        self.count = self.count.saturating_add(1);
        if !trouble.may_pass() {
            return HEARTBEAT;
        }
        let doublings = self.count.saturating_sub(1).min(8);
        FIRST_RETRY.saturating_mul(1 << doublings).min(HEARTBEAT)
    }

    /// It goes well.
    fn end(&mut self, what: &str) {
        if self.told.is_some() {
            tracing::info!("{what}");
        }
        *self = Self::default();
    }
}

/// Whether the topic is missing: what fails then is not to be told as whatever the log said of it.
fn or_no_topic<L: Log>(log: &L, place: &TopicPartition, error: LogError) -> Trouble {
    match log.partitions(std::slice::from_ref(&place.topic)) {
        Ok(found) if found.first().copied().flatten().is_none() => Trouble::NoTopic(Arc::clone(&place.topic)),
        Ok(_) | Err(_) => Trouble::Log(error),
    }
}
