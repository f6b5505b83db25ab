//! Rejects: what lies in their topic, read by people, and sent again to where it came from.
//!
//! Why a record was rejected is said where that is done (`task`); who may send one again is the
//! caller's business.

use crate::log::{CommitError, Log, LogError, NewRecord, Stretch, TopicPartition};
use crate::partition::partition_of;
use crate::writing::{self, Failure};
use bytes::Bytes;
use decision::Event;
use decision::time::Timestamp;
use schemas::{Decoder, InputTopic, OutputTopic, Registry, Reject, Schemas, TopicNames, WireError};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::sync::Arc;

/// How often an aborted resend is tried.
const TRIES: u32 = 3;

/// Of rejects that are sought, those that lie no further apart are read in one go, with what lies between them: to begin
/// anew takes as long as to read some hundred of them.
const NEAR: i64 = 500;

/// Where a reject lies in the topic of rejects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The partition.
    pub partition: u32,
    /// The offset.
    pub offset: i64,
}

/// A reject, as it lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Where it lies.
    pub place: Place,
    /// Why: a stable word.
    pub reason: String,
    /// Why, for a person.
    pub detail: String,
    /// The topic it came from; empty where it is no record.
    pub topic: String,
    /// The partition and the offset it came from.
    pub came_from: Place,
    /// Its own time there.
    pub timestamp: Option<Timestamp>,
    /// When it was rejected.
    pub rejected_at: Timestamp,
    /// The event's id, where it could be read.
    pub event_id: Option<String>,
    /// The account, where that could be read.
    pub account_id: Option<String>,
    /// The debtor, where that could be read.
    pub debtor_id: Option<String>,
    /// The key as it came.
    pub key: Option<Bytes>,
    /// The value as it came.
    pub value: Option<Bytes>,
    /// Whether the core knows the event's id: sent again as it is, it changes nothing.
    pub is_id_remembered: bool,
}

/// Which rejects are meant: those that have all that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The topic that they came from.
    pub topic: Option<String>,
    /// Their reason.
    pub reason: Option<String>,
    /// The earliest moment at which they were rejected.
    pub since: Option<Timestamp>,
    /// The account or debtor that they are about.
    pub account: Option<String>,
}

impl Filter {
    fn lets(&self, rejected: &Rejected) -> bool {
        let is = |wanted: &Option<String>, has: &str| wanted.as_ref().is_none_or(|wanted| *wanted == has);
        let about = [&rejected.account_id, &rejected.debtor_id];
        is(&self.topic, &rejected.topic)
            && is(&self.reason, &rejected.reason)
            && self.since.is_none_or(|since| rejected.rejected_at >= since)
            && self.account.as_ref().is_none_or(|account| about.contains(&&Some(account.clone())))
    }
}

/// The rejects that a filter lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The newest, in the order in which they were rejected.
    pub rejects: Vec<Rejected>,
    /// How many older ones there are beside them.
    pub older: u64,
    /// Whether all that the topic holds was looked at.
    pub is_whole: bool,
}

/// What became of a reject that was to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resent {
    /// It lies in its topic again, at this place.
    To(TopicPartition),
    /// It is no record: a timer, or what a debtor was to be told.
    NoRecord,
    /// Its topic is no input.
    NoInput,
    /// The core knows the event's id: it would change nothing.
    Known,
}

/// Why rejects cannot be read or sent.
#[derive(Debug, thiserror::Error)]
pub enum RejectsError {
    /// There is no such topic.
    #[error("there is no topic {0}")]
    NoTopic(Arc<str>),
    /// Nothing lies there.
    #[error("no reject lies in partition {} at offset {}", .0.partition, .0.offset)]
    NotThere(Place),
    /// What lies there is no reject that can be read.
    #[error("the reject in partition {} at offset {} cannot be read", place.partition, place.offset)]
    Unreadable {
        /// Where it lies.
        place: Place,
        /// In which way.
        #[source]
        source: WireError,
    },
    /// Whoever asked does not wait any longer. Nothing is sent.
    #[error("the rejects were not read in time")]
    TooSlow,
    /// The log cannot be reached, or refuses. Nothing is sent.
    #[error("the log does not do it")]
    Log(#[from] LogError),
    /// The log aborts it again and again. Nothing is sent.
    #[error("nothing is sent: {0}")]
    Aborted(String),
    /// Whether it was sent is not known.
    #[error(
        "whether all is sent or nothing is not known: {0}. To send it again does no harm: an event whose \
         id was seen changes nothing"
    )]
    Unknown(String),
}

/// Reads rejects, and sends them again.
pub struct Rejects<'l, L> {
    log: &'l L,
    group: String,
    names: TopicNames,
    decoder: Decoder,
    bounds: Bounds<'l>,
}

/// How much is read for one question.
struct Bounds<'l> {
    /// The newest so many offsets of each partition, where not all of them.
    newest: Option<i64>,
    /// Whether it has taken too long already.
    is_over: &'l dyn Fn() -> bool,
}

impl<'l, L: Log> Rejects<'l, L> {
    /// The rejects of the instances of this group.
    #[must_use]
    pub fn new(log: &'l L, group: &str, names: &TopicNames, registry: Arc<dyn Registry>) -> Self {
        let decoder = Decoder::new(registry, &Schemas::none());
        let bounds = Bounds { newest: None, is_over: &|| false };
        Self { log, group: group.to_owned(), names: names.clone(), decoder, bounds }
    }

    /// For whoever does not wait for long: lists are made of the newest so many offsets of each partition, and what is
    /// over is given up with [`RejectsError::TooSlow`].
    #[must_use]
    pub fn bounded(self, newest: i64, is_over: &'l dyn Fn() -> bool) -> Self {
        Self { bounds: Bounds { newest: Some(newest), is_over }, ..self }
    }

    /// The newest rejects that the filter lets through, at most so many.
    ///
    /// # Errors
    /// When the log cannot be read, or something in the topic is no reject.
    pub fn list(&mut self, filter: &Filter, most: usize) -> Result<Listed, RejectsError> {
        let (stretches, is_whole) = self.as_far_back_as_is_looked()?;
        let mut newest = BTreeMap::new();
        let mut older = 0_u64;
        self.read(&stretches, &mut |place, read| {
            let rejected = read?;
            if filter.lets(&rejected) {
                newest.insert((rejected.rejected_at, place), rejected);
            }
            if newest.len() > most {
                newest.pop_first();
                older = older.saturating_add(1);
            }
            Ok(())
        })?;
        Ok(Listed { rejects: newest.into_values().collect(), older, is_whole })
    }

    /// One reject.
    ///
    /// # Errors
    /// When none lies there, or it cannot be read.
    pub fn one(&mut self, place: Place) -> Result<Rejected, RejectsError> {
        self.several(&[place])?.pop().unwrap_or(Err(RejectsError::NotThere(place)))
    }

    /// Several rejects, in the order of their places, each of which is named once.
    ///
    /// # Errors
    /// When the log cannot be read. Of each: when none lies there, or it cannot be read.
    pub fn several(&mut self, places: &[Place]) -> Result<Vec<Result<Rejected, RejectsError>>, RejectsError> {
        let mut sought = self.that_may_be_there(places)?;
        let mut found = BTreeMap::new();
        while !sought.is_empty() {
            let stretches: Vec<_> = sought.iter_mut().filter_map(Sought::near_ones).collect();
            sought.retain(|sought| !sought.offsets.is_empty());
            self.read(&stretches, &mut |place, read| {
                if places.contains(&place) {
                    found.insert(place, read);
                }
                Ok(())
            })?;
        }
        let of = |place: &Place| found.remove(place).unwrap_or(Err(RejectsError::NotThere(*place)));
        Ok(places.iter().map(of).collect())
    }

    /// The event that was rejected, where it can be read.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn event(&mut self, rejected: &Rejected) -> Option<Result<Event, WireError>> {
        let topic = self.names.find_input(&rejected.topic)?;
        Some(self.decoder.event(topic, rejected.key.as_deref(), rejected.value.as_deref()))
    }

    /// Sends records again as they came, each to the partition of its key in the topic it came from, all
    /// in one transaction. An event whose id is known is only sent where `even_known` says so.
    ///
    /// # Errors
    /// When nothing is sent; or, as [`RejectsError::Unknown`], when nobody can say.
    pub fn resend(
        &mut self,
        rejects: &[Rejected],
        even_known: bool,
        at: Timestamp,
    ) -> Result<Vec<Resent>, RejectsError> {
        let mut records = Vec::new();
        let mut outcomes = Vec::new();
        for rejected in rejects {
            outcomes.push(self.outcome(rejected, even_known)?);
            if let Some(Resent::To(target)) = outcomes.last() {
                let key = rejected.key.clone().unwrap_or_default();
                let (target, value) = (target.clone(), rejected.value.clone());
                records.push(NewRecord { target, key, value, timestamp: at.0 });
            }
        }
        if !records.is_empty() {
            self.write(&records)?;
        }
        Ok(outcomes)
    }

    /// What is to become of a reject.
    fn outcome(&mut self, rejected: &Rejected, even_known: bool) -> Result<Resent, RejectsError> {
        if rejected.topic.is_empty() {
            return Ok(Resent::NoRecord);
        }
        if rejected.is_id_remembered && !even_known {
            return Ok(Resent::Known);
        }
        let Some(input) = self.names.find_input(&rejected.topic) else { return Ok(Resent::NoInput) };
        let topic = self.names.input(input).clone();
        let count = self.partitions(&topic)?;
        let own = |key: &Bytes| partition_of(key, count);
        // What is about no account came to every partition, and goes back to the one that it came from.
        let is_of_all = self.is_about_no_account(input, rejected);
        let key = rejected.key.as_ref().filter(|_| !is_of_all);
        let partition = key.map_or(rejected.came_from.partition, own);
        Ok(Resent::To(TopicPartition { topic, partition }))
    }

    fn is_about_no_account(&mut self, topic: InputTopic, rejected: &Rejected) -> bool {
        let event = self.decoder.event(topic, rejected.key.as_deref(), rejected.value.as_deref());
        event.is_ok_and(|event| event.is_about_no_account())
    }

    fn write(&self, records: &[NewRecord]) -> Result<(), RejectsError> {
        let onlooker = self.log.onlooker()?;
        // It begins as those of the tasks do, so that the same right covers it. Of two people who send at
        // the same time one is told that nothing is sent, or that it is not known.
        let transactional_id = format!("{}-resend", self.group);
        let mut aborted = String::new();
        for _ in 0..TRIES {
            match writing::attempt(self.log, &transactional_id, records, &onlooker) {
                Ok(_) => return Ok(()),
                Err(Failure::Commit(CommitError::Aborted(reason))) => aborted = reason,
                Err(Failure::Commit(
                    error @ (CommitError::Unknown(_) | CommitError::Fenced(_) | CommitError::Fatal(_)),
                )) => return Err(RejectsError::Unknown(error.to_string())),
                Err(Failure::Before(error)) => return Err(RejectsError::Log(error)),
            }
        }
        Err(RejectsError::Aborted(aborted))
    }

    fn partitions(&self, topic: &Arc<str>) -> Result<NonZeroU32, RejectsError> {
        let counts = self.log.partitions(std::slice::from_ref(topic))?;
        let count = counts.first().copied().flatten().and_then(NonZeroU32::new);
        count.ok_or_else(|| RejectsError::NoTopic(topic.clone()))
    }

    /// All partitions of the topic of rejects, with the first offset of each and the one after its last.
    fn whole_topic(&self) -> Result<Vec<Stretch>, RejectsError> {
        let topic = self.names.output(OutputTopic::Rejects);
        let count = self.partitions(topic)?.get();
        let all: Vec<_> =
            (0..count).map(|partition| TopicPartition { topic: topic.clone(), partition }).collect();
        let (starts, ends) = (self.log.start_offsets(&all)?, self.log.end_offsets(&all)?);
        let bounds = all.into_iter().zip(starts).zip(ends);
        Ok(bounds.map(|((source, from), to)| Stretch { source, from, to }).collect())
    }

    /// What a list is made of, and whether that is all that the topic holds.
    fn as_far_back_as_is_looked(&self) -> Result<(Vec<Stretch>, bool), RejectsError> {
        let (mut stretches, mut is_whole) = (self.whole_topic()?, true);
        for stretch in &mut stretches {
            let newest = self.bounds.newest.map_or(stretch.from, |newest| stretch.to.saturating_sub(newest));
            is_whole &= newest <= stretch.from;
            stretch.from = stretch.from.max(newest);
        }
        stretches.retain(|stretch| stretch.from < stretch.to);
        Ok((stretches, is_whole))
    }

    /// Those of the places that lie within the bounds of their partition, of each partition.
    fn that_may_be_there(&self, places: &[Place]) -> Result<Vec<Sought>, RejectsError> {
        let sought = self.whole_topic()?.into_iter().map(|Stretch { source, from, to }| {
            let here = places.iter().filter(|place| place.partition == source.partition);
            let offsets = here.map(|place| place.offset).filter(|offset| (from..to).contains(offset));
            Sought { offsets: offsets.collect(), source }
        });
        Ok(sought.filter(|sought| !sought.offsets.is_empty()).collect())
    }

    /// Reads stretches of the topic, and tells each reject, or that what lies there cannot be read.
    fn read(
        &mut self,
        stretches: &[Stretch],
        tell: &mut dyn FnMut(Place, Result<Rejected, RejectsError>) -> Result<(), RejectsError>,
    ) -> Result<(), RejectsError> {
        let (is_over, decoder) = (self.bounds.is_over, &mut self.decoder);
        let mut end = Ok(());
        self.log.read_stretches(stretches, &mut |record| {
            let told = match record {
                _ if is_over() => Err(RejectsError::TooSlow),
                None => Ok(()),
                Some(record) => {
                    let place = Place { partition: record.source.partition, offset: record.offset };
                    let reject = decoder.reject(record.value.as_deref().unwrap_or_default());
                    let reject = reject.map(|reject| rejected(&reject, place));
                    tell(place, reject.map_err(|source| RejectsError::Unreadable { place, source }))
                }
            };
            end = told;
            if end.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        end
    }
}

/// Offsets of a partition at which rejects are sought.
struct Sought {
    source: TopicPartition,
    offsets: BTreeSet<i64>,
}

impl Sought {
    /// Takes out the first of them with those that lie near it.
    fn near_ones(&mut self) -> Option<Stretch> {
        let from = self.offsets.pop_first()?;
        let mut to = from.saturating_add(1);
        while let Some(next) = self.offsets.first().copied().filter(|next| next.saturating_sub(to) < NEAR) {
            self.offsets.pop_first();
            to = next.saturating_add(1);
        }
        Some(Stretch { source: self.source.clone(), from, to })
    }
}

fn rejected(reject: &Reject<'_>, place: Place) -> Rejected {
    let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
    let bytes = |bytes: Option<&[u8]>| bytes.map(Bytes::copy_from_slice);
    Rejected {
        place,
        reason: reject.reason.to_string(),
        detail: reject.detail.to_string(),
        topic: reject.topic.to_string(),
        came_from: Place { partition: reject.partition, offset: reject.offset },
        timestamp: reject.timestamp,
        rejected_at: reject.rejected_at,
        event_id: text(&reject.event_id),
        account_id: text(&reject.account_id),
        debtor_id: text(&reject.debtor_id),
        key: bytes(reject.key.map(|key| &**key)),
        value: bytes(reject.value.map(|value| &**value)),
        is_id_remembered: reject.is_id_remembered(),
    }
}
