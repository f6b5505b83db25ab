//! What holds of the wire format: round trips, two libraries that agree, evolution, refusals.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop short")]

mod evolution;
mod generators;
mod refusals;
mod round_trips;
mod table;

use schemas::{Decoder, Encoder, RecordSchema, Schemas, StaticRegistry, TopicNames};
use std::sync::Arc;

/// A registry, and an encoder and a decoder over it.
struct Codec {
    registry: Arc<StaticRegistry>,
    encoder: Encoder,
    decoder: Decoder,
}

impl Codec {
    fn new() -> Self {
        let registry = Arc::new(StaticRegistry::new());
        let names = TopicNames::default();
        let schemas = Schemas::new(&*registry).unwrap().and_inputs(&*registry, &names).unwrap();
        let decoder = Decoder::new(registry.clone(), &schemas);
        Self { registry, encoder: Encoder::new(schemas), decoder }
    }

    /// Reads a framed value as this record, and says what it is.
    fn read(&mut self, schema: RecordSchema, value: &[u8]) -> Result<String, schemas::WireError> {
        use schemas::{InputTopic, OutputTopic};
        if let Some(topic) = InputTopic::ALL.iter().find(|topic| topic.schema() == schema) {
            let event = self.decoder.event(*topic, Some(b"A-1"), Some(value))?;
            return Ok(format!("{event:?}"));
        }
        for topic in OutputTopic::ALL.iter().filter(|topic| topic.schema() == schema) {
            if let Some(command) = self.decoder.command(*topic, value)? {
                return Ok(format!("{command:?}"));
            }
        }
        Ok(match schema.name() {
            "record" => format!("{:?}", self.decoder.record(value)?),
            "reject" => format!("{:?}", self.decoder.reject(value)?),
            "journal" => format!("{:?}", self.decoder.journal(value)?),
            "debtor" => format!("{:?}", self.decoder.debtor(value)?),
            "publication" => format!("{:?}", self.decoder.publication(value)?),
            "instance" => format!("{:?}", self.decoder.instance(value)?),
            "waiting" => format!("{:?}", self.decoder.waiting(value)?),
            "task_state" => format!("{:?}", self.decoder.task_state(value)?),
            other => panic!("no way to read a {other}"),
        })
    }
}
