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
            return match self.decoder.event(*topic, Some(b"A-1"), Some(value)) {
                Ok(event) => Ok(format!("{event:?}")),
                Err(error) => Err(error),
            };
        }
        Ok(match schema {
            RecordSchema::Record => format!("{:?}", self.decoder.record(value)?),
            RecordSchema::Reject => format!("{:?}", self.decoder.reject(value)?),
            RecordSchema::Journal => format!("{:?}", self.decoder.journal(value)?),
            RecordSchema::Debtor => format!("{:?}", self.decoder.debtor(value)?),
            RecordSchema::TaskState => format!("{:?}", self.decoder.task_state(value)?),
            other => {
                let topic = OutputTopic::ALL.iter().find(|topic| topic.schema() == other).unwrap();
                format!("{:?}", self.decoder.command(*topic, value)?)
            }
        })
    }
}
