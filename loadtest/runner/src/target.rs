//! Kafka as what events are sent to: Avro, keyed by the account, through librdkafka.

use crate::client::Sender;
use crate::clock::Clock;
use crate::error::RunError;
use crate::matching::Matcher;
use crate::sending::Target;
use crate::site::Site;
use loadtest::load::{Events, Planned};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer};
use schemas::{Encoder, TopicNames};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a full queue is left alone.
const FULL: Duration = Duration::from_millis(1);

/// Where events go, and who, if anyone, is told first what is expected of them.
pub(crate) struct KafkaTarget {
    sender: Sender,
    encoder: Encoder,
    events: Events,
    names: TopicNames,
    matcher: Option<Arc<Mutex<Matcher>>>,
    intended: Option<Clock>,
    value: Vec<u8>,
}

impl KafkaTarget {
    pub(crate) fn new(
        site: &Site,
        sender: Sender,
        events: Events,
        matcher: Option<Arc<Mutex<Matcher>>>,
    ) -> Self {
        let (encoder, names) = (Encoder::new(site.schemas), site.names.clone());
        Self { sender, encoder, events, names, matcher, intended: None, value: Vec::new() }
    }

    /// Gives each record the moment at which it was to be sent by this clock, instead of that at which it is.
    pub(crate) fn stamped_as_intended(self, clock: Clock) -> Self {
        Self { intended: Some(clock), ..self }
    }

    /// Waits until all that was sent is in the log.
    pub(crate) fn flush(&self, within: Duration) -> Result<(), RunError> {
        self.sender.flush(within).map_err(RunError::kafka("send all events"))
    }
}

impl Target for KafkaTarget {
    type Error = RunError;

    fn send(&mut self, planned: &Planned) -> Result<(), RunError> {
        if let Some(matcher) = &self.matcher {
            for expectation in planned.expectations() {
                matcher.lock().unwrap_or_else(PoisonError::into_inner).expect(expectation);
            }
        }
        let event = self.events.event(planned);
        self.value.clear();
        let (topic, key) =
            self.encoder.event(&event, &mut self.value).map_err(RunError::failed("write an event"))?;
        let mut record = BaseRecord::to(self.names.input(topic)).key(key).payload(&self.value);
        record.timestamp = self.intended.map(|clock| clock.to_wall(planned.at_us).0 / 1_000);
        loop {
            match self.sender.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => {
                    record = again;
                    std::thread::sleep(FULL);
                }
                Err((error, _)) => return Err(RunError::kafka("send an event")(error)),
            }
        }
    }
}
