//! What a tap shows: an event, a decision, a command, a reject, or what cannot be read; each with its place.
//!
//! Which of them are shown, and in which order, is not known here.

use decision::Event;
use decision::command::Command;
use decision::time::Timestamp;
use engine::log::{LogRecord, TopicPartition};
use schemas::{
    Decoder, HistoryLine, InputTopic, Journal, OutputTopic, Registry, Schemas, TopicNames, WireError,
};
use std::fmt;
use std::sync::Arc;

/// Where a record lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) source: TopicPartition,
    pub(super) offset: i64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} offset {}", self.source.topic, self.source.partition, self.offset)
    }
}

/// One thing that a tap may show.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) place: Place,
    /// When it came into the log; for what the log tells no time of, what the record itself says.
    pub(super) logged_at: Timestamp,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// With the topic that it came in, which is its kind.
    Event(InputTopic, Box<Event>),
    Decision(HistoryLine),
    /// With the topic, as well.
    Command(OutputTopic, Box<Command>),
    Reject(Rejected),
    Unreadable(Unreadable),
}

/// A reject, but for the bytes of the event.
#[derive(Debug)]
pub(super) struct Rejected {
    pub(super) reason: String,
    pub(super) detail: String,
    pub(super) rejected_at: Timestamp,
    pub(super) event_id: Option<String>,
    pub(super) account_id: Option<String>,
    pub(super) debtor_id: Option<String>,
    /// Where the event lies; none for what is no record.
    pub(super) from: Option<Place>,
}

/// What cannot be read.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) topic: Topic,
    pub(super) problem: String,
    /// Its key, where that is text.
    pub(super) key: Option<String>,
}

/// A topic, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    In(InputTopic),
    Out(OutputTopic),
}

impl Item {
    /// The account that it is about, where that is known.
    pub(super) fn account(&self) -> Option<&str> {
        match &self.what {
            What::Event(_, event) => Some(event.account_id.as_str()),
            What::Decision(line) => Some(&line.account_id),
            What::Command(_, command) => Some(command.account_id.as_str()),
            What::Reject(rejected) => rejected.account_id.as_deref(),
            What::Unreadable(_) => None,
        }
    }

    /// The debtor whose it is: of what cannot be read, what its key says.
    pub(super) fn debtor(&self) -> Option<&str> {
        match &self.what {
            What::Event(_, event) => Some(event.debtor()),
            What::Decision(line) => Some(&line.debtor_id),
            What::Command(_, command) => Some(command.debtor_id.as_str()),
            What::Reject(rejected) => rejected.debtor_id.as_deref(),
            What::Unreadable(unreadable) => unreadable.key.as_deref(),
        }
    }
}

/// What a record is.
pub(super) enum Read {
    /// Something that may be shown.
    Item(Item),
    /// What a batch was.
    Journal(Journal),
    /// Of a topic that is not followed.
    Nothing,
}

/// Reads records by the topic that they lie in.
pub(super) struct Reading {
    decoder: Decoder,
    names: TopicNames,
}

impl Reading {
    pub(super) fn new(registry: Arc<dyn Registry>, names: TopicNames) -> Self {
        Self { decoder: Decoder::new(registry, &Schemas::none()), names }
    }

    /// What a record is. It never fails: what cannot be read is an item as well.
    pub(super) fn read(&mut self, record: &LogRecord) -> Read {
        let Some(topic) = self.topic(&record.source.topic) else { return Read::Nothing };
        let what = match self.decoded(topic, record) {
            Ok(Decoded::Journal(journal)) => return Read::Journal(journal),
            Ok(Decoded::Nothing) => return Read::Nothing,
            Ok(Decoded::What(what)) => what,
            Err(error) => What::Unreadable(Unreadable {
                topic,
                problem: error.to_string(),
                key: record.key.as_deref().and_then(|key| String::from_utf8(key.to_vec()).ok()),
            }),
        };
        let place = Place { source: record.source.clone(), offset: record.offset };
        let logged_at = record.timestamp.map_or_else(|| own_time(&what), Timestamp);
        Read::Item(Item { place, logged_at, what })
    }

    fn topic(&self, name: &Arc<str>) -> Option<Topic> {
        let output = || {
            let place = self.names.outputs().iter().position(|known| known == name)?;
            OutputTopic::ALL.get(place).copied()
        };
        self.names.find_input(name).map(Topic::In).or_else(|| output().map(Topic::Out))
    }

    fn decoded(&mut self, topic: Topic, record: &LogRecord) -> Result<Decoded, WireError> {
        let output = match topic {
            Topic::In(input) => {
                let event = self.decoder.event(input, record.key.as_deref(), record.value.as_deref())?;
                return Ok(Decoded::What(What::Event(input, Box::new(event))));
            }
            Topic::Out(output) => output,
        };
        let value = record.value.as_deref().ok_or(WireError::NoValue)?;
        Ok(match output {
            OutputTopic::Messages
            | OutputTopic::Provisioning
            | OutputTopic::Tasks
            | OutputTopic::Fees
            | OutputTopic::Handovers => match self.decoder.command(output, value)? {
                Some(command) => Decoded::What(What::Command(output, Box::new(command))),
                None => Decoded::Nothing,
            },
            OutputTopic::Records => Decoded::What(What::Decision(self.decoder.record(value)?)),
            OutputTopic::Rejects => Decoded::What(What::Reject(rejected(self.decoder.reject(value)?))),
            OutputTopic::Journal => Decoded::Journal(self.decoder.journal(value)?),
            // The state: not followed.
            OutputTopic::Debtors => Decoded::Nothing,
        })
    }
}

/// What a value is, once decoded.
enum Decoded {
    What(What),
    Journal(Journal),
    Nothing,
}

fn rejected(reject: schemas::Reject<'_>) -> Rejected {
    let key = reject.key.and_then(|key| String::from_utf8(key.to_vec()).ok());
    let from = (!reject.topic.is_empty()).then(|| Place {
        source: TopicPartition { topic: Arc::from(&*reject.topic), partition: reject.partition },
        offset: reject.offset,
    });
    Rejected {
        reason: reject.reason.into_owned(),
        detail: reject.detail.into_owned(),
        rejected_at: reject.rejected_at,
        event_id: reject.event_id.map(Into::into),
        account_id: reject.account_id.map(Into::into),
        // Of an event that could not be read, the key is all that is known.
        debtor_id: reject.debtor_id.map(Into::into).or(key),
        from,
    }
}

fn own_time(what: &What) -> Timestamp {
    match what {
        What::Event(_, event) => event.occurred_at,
        What::Decision(line) => line.at,
        What::Command(_, command) => command.at,
        What::Reject(rejected) => rejected.rejected_at,
        What::Unreadable(_) => Timestamp(0),
    }
}
