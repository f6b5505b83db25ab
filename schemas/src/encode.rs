//! From the core's types to framed bytes: what Weir writes, and, for whoever plays an upstream
//! system, what it reads.
//!
//! Schemas are parsed once a process and ids are asked for once, at the start: writing a record
//! only writes.

use crate::avsc::RecordSchema;
use crate::error::EncodeError;
use crate::instance::Instance;
use crate::journal::{Journal, TaskState};
use crate::line::LineWire;
use crate::publication::Publication;
use crate::registry::{Registry, RegistryError};
use crate::reject::Reject;
use crate::topic::{InputTopic, OutputTopic, SingleTopic, TopicNames};
use crate::waiting::Waiting;
use crate::wire::account::AccountWire;
use crate::wire::commands::CommandWire;
use crate::wire::control::ControlWire;
use crate::wire::events::{AdjustmentWire, BalanceWire, InvoiceWire, PaymentWire, ReportWire, ReversalWire};
use crate::{framing, positional};
use decision::command::Command;
use decision::event::Body;
use decision::record::Record;
use decision::{Debtor, Event};
use serde::Serialize;
use serde_avro_fast::ser::{SerializerConfig, SerializerState};

/// The ids under which the registry knows our schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schemas {
    ids: [Option<u32>; RecordSchema::ALL.len()],
}

impl Schemas {
    /// No id: for who only reads, and asks the registry for each that it meets.
    #[must_use]
    pub fn none() -> Self {
        Self { ids: [None; RecordSchema::ALL.len()] }
    }

    /// Asks for the ids of everything Weir writes, under the topics' own names.
    ///
    /// # Errors
    /// When the registry cannot be reached, or refuses a schema.
    pub fn new(registry: &dyn Registry) -> Result<Self, RegistryError> {
        Self::for_topics(registry, &TopicNames::default())
    }

    /// Asks for the ids of everything Weir writes, under these names. Subjects are `TOPIC-value`;
    /// the records beside the debtors go by `TOPIC-weir.TaskState` and `TOPIC-weir.Waiting`.
    ///
    /// # Errors
    /// When the registry cannot be reached, or refuses a schema.
    pub fn for_topics(registry: &dyn Registry, names: &TopicNames) -> Result<Self, RegistryError> {
        let mut schemas = Self { ids: [None; RecordSchema::ALL.len()] };
        for (subject, schema) in names.subjects_written() {
            schemas.learn(registry, &subject, schema)?;
        }
        Ok(schemas)
    }

    /// Asks for the ids of what Weir reads as well: for whoever plays an upstream system, and publishes.
    ///
    /// # Errors
    /// When the registry cannot be reached, or refuses a schema.
    pub fn and_inputs(mut self, registry: &dyn Registry, names: &TopicNames) -> Result<Self, RegistryError> {
        for topic in InputTopic::ALL {
            let subject = TopicNames::subject_of(names.input(*topic));
            self.learn(registry, &subject, topic.schema())?;
        }
        for topic in SingleTopic::ALL {
            let subject = TopicNames::subject_of(names.single(*topic));
            self.learn(registry, &subject, topic.schema())?;
        }
        Ok(self)
    }

    /// Asks for the id of one input topic's record alone: for whoever writes nothing else.
    ///
    /// # Errors
    /// When the registry cannot be reached, or refuses the schema.
    pub fn of_input(
        registry: &dyn Registry,
        names: &TopicNames,
        topic: InputTopic,
    ) -> Result<Self, RegistryError> {
        let mut schemas = Self::none();
        schemas.learn(registry, &TopicNames::subject_of(names.input(topic)), topic.schema())?;
        Ok(schemas)
    }

    /// Asks for the ids of what `weir policy publish` writes: the publication, and the control that goes
    /// with it.
    ///
    /// # Errors
    /// When the registry cannot be reached, or refuses a schema.
    pub fn of_publications(registry: &dyn Registry, names: &TopicNames) -> Result<Self, RegistryError> {
        let topic = SingleTopic::Policies;
        let mut schemas = Self::of_input(registry, names, InputTopic::Controls)?;
        schemas.learn(registry, &TopicNames::subject_of(names.single(topic)), topic.schema())?;
        Ok(schemas)
    }

    /// Asks for the id of what instances say of themselves. [`Schemas::for_topics`] does not: an instance works
    /// without it.
    ///
    /// # Errors
    /// When the registry cannot be reached, or refuses the schema.
    pub fn of_instances(registry: &dyn Registry, names: &TopicNames) -> Result<Self, RegistryError> {
        let (subject, schema) = names.subject_of_instances();
        let mut schemas = Self::none();
        schemas.learn(registry, &subject, schema)?;
        Ok(schemas)
    }

    /// The id of this record's schema, where it was asked for.
    #[must_use]
    pub fn id(&self, schema: RecordSchema) -> Option<u32> {
        self.ids.get(schema as usize).copied().flatten()
    }

    fn learn(
        &mut self,
        registry: &dyn Registry,
        subject: &str,
        schema: RecordSchema,
    ) -> Result<(), RegistryError> {
        let id = registry.id_of(subject, schema.json())?;
        if let Some(place) = self.ids.get_mut(schema as usize) {
            *place = Some(id);
        }
        Ok(())
    }
}

/// Writes records. One for each thread that writes: its buffers are used again and again.
///
/// Every method appends to `out`; where it fails, `out` is as it was.
pub struct Encoder {
    schemas: Schemas,
    configs: Vec<SerializerConfig<'static>>,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("schemas", &self.schemas).finish_non_exhaustive()
    }
}

impl Encoder {
    /// An encoder that writes these ids.
    #[must_use]
    pub fn new(schemas: Schemas) -> Self {
        let config = |schema: &RecordSchema| SerializerConfig::new(schema.parsed());
        Self { schemas, configs: RecordSchema::ALL.iter().map(config).collect() }
    }

    /// Writes a command. Comes back with its topic and its key, the debtor's id.
    ///
    /// # Errors
    /// When the command does not fit its schema.
    pub fn command<'c>(
        &mut self,
        command: &'c Command,
        out: &mut Vec<u8>,
    ) -> Result<(OutputTopic, &'c [u8]), EncodeError> {
        let wire = CommandWire::new(command);
        let topic = wire.topic();
        let schema = topic.schema();
        match &wire {
            CommandWire::Message(wire) => self.write_own(schema, wire, out),
            CommandWire::Provisioning(wire) => self.write_own(schema, wire, out),
            CommandWire::Task(wire) => self.write_own(schema, wire, out),
            CommandWire::Fee(wire) => self.write_own(schema, wire, out),
            CommandWire::Handover(wire) => self.write_own(schema, wire, out),
        }?;
        Ok((topic, command.debtor_id.as_str().as_bytes()))
    }

    /// Writes a line of history. Its key is the debtor's id.
    ///
    /// # Errors
    /// When the record does not fit its schema.
    pub fn record(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write_own(RecordSchema::Record, &LineWire::new(record), out)
    }

    /// Writes a reject. Its key is the rejected record's own, where it had one.
    ///
    /// # Errors
    /// When the reject does not fit its schema.
    pub fn reject(&mut self, reject: &Reject<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write(RecordSchema::Reject, reject, out)
    }

    /// Writes a journal record. Its key is [`Journal::key`].
    ///
    /// # Errors
    /// When the record does not fit its schema.
    pub fn journal(&mut self, journal: &Journal, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write(RecordSchema::Journal, journal, out)
    }

    /// Writes where a task stands. Its key is [`crate::TASK_STATE_KEY`].
    ///
    /// # Errors
    /// When the state does not fit its schema.
    pub fn task_state(&mut self, state: &TaskState, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write(RecordSchema::TaskState, state, out)
    }

    /// Writes a command that waits. Its key is [`Waiting::key`].
    ///
    /// # Errors
    /// When it does not fit its schema.
    pub fn waiting(&mut self, waiting: &Waiting, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write_own(RecordSchema::Waiting, waiting, out)
    }

    /// Writes a version of the policy that is published. Its key is [`Publication::key`].
    ///
    /// # Errors
    /// When it does not fit its schema.
    pub fn publication(&mut self, publication: &Publication, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write(RecordSchema::Publication, publication, out)
    }

    /// Writes what an instance says of itself. Its key is where it is reached.
    ///
    /// # Errors
    /// When it does not fit its schema.
    pub fn instance(&mut self, instance: &Instance, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write(RecordSchema::Instance, instance, out)
    }

    /// Writes a debtor: the stored form, the changelog's too. Its key is its id.
    ///
    /// # Errors
    /// When the debtor does not fit its schema.
    pub fn debtor(&mut self, debtor: &Debtor, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write_own(RecordSchema::Debtor, debtor, out)
    }

    /// Writes an event, as an upstream system would. Comes back with its topic and its key.
    ///
    /// # Errors
    /// When the ids of input records were not asked for ([`Schemas::and_inputs`]).
    pub fn event<'e>(
        &mut self,
        event: &'e Event,
        out: &mut Vec<u8>,
    ) -> Result<(InputTopic, &'e [u8]), EncodeError> {
        let topic = topic_of(event);
        let schema = topic.schema();
        match &event.body {
            Body::Account(body) => self.write(schema, &AccountWire::new(event, body), out),
            Body::Balance(body) => self.write(schema, &BalanceWire::new(event, body), out),
            Body::Invoice(body) => self.write(schema, &InvoiceWire::new(event, body), out),
            Body::Adjustment(body) => self.write(schema, &AdjustmentWire::new(event, body), out),
            Body::Payment(body) => self.write(schema, &PaymentWire::new(event, body), out),
            Body::Reversal(body) => self.write(schema, &ReversalWire::new(event, body), out),
            Body::Control(body) => self.write(schema, &ControlWire::new(event, body), out),
            Body::Report(body) => self.write(schema, &ReportWire::new(event, body), out),
        }?;
        Ok((topic, event.debtor().as_bytes()))
    }

    /// Writes a record whose type and schema are alike, place by place.
    fn write_own(
        &mut self,
        schema: RecordSchema,
        value: &impl Serialize,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        #[cfg(debug_assertions)]
        let begin = out.len();
        self.framed(schema, out, |_, out| positional::write(value, out).map_err(|error| error.to_string()))?;
        #[cfg(debug_assertions)]
        self.assert_written_by_schema(schema, value, out.get(begin..).unwrap_or_default());
        Ok(())
    }

    #[cfg(debug_assertions)]
    fn assert_written_by_schema(&mut self, schema: RecordSchema, value: &impl Serialize, written: &[u8]) {
        let mut by_schema = Vec::new();
        let outcome = self.write(schema, value, &mut by_schema);
        assert!(outcome.is_ok(), "{}: {outcome:?}", schema.name());
        assert!(by_schema == written, "{} is not written as its schema says", schema.name());
    }

    /// Writes a record by its schema.
    fn write(
        &mut self,
        schema: RecordSchema,
        value: &impl Serialize,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        self.framed(schema, out, |config, out| {
            // The buffer itself, not a reference to it: the library's own buffers are of that type, and
            // a second one would double the code of every record.
            let mut state = SerializerState::from_writer(std::mem::take(out), config);
            let written = value.serialize(state.serializer());
            *out = state.into_writer();
            written.map_err(|error| error.to_string())
        })
    }

    /// Writes the header of a record, then its value; nothing at all where that fails.
    fn framed(
        &mut self,
        schema: RecordSchema,
        out: &mut Vec<u8>,
        value: impl FnOnce(&mut SerializerConfig<'static>, &mut Vec<u8>) -> Result<(), String>,
    ) -> Result<(), EncodeError> {
        let (record, begin) = (schema.name(), out.len());
        framing::write_header(self.schemas.id(schema).ok_or(EncodeError::NoSchemaId { record })?, out);
        #[expect(clippy::indexing_slicing, reason = "one configuration a schema, by construction")]
        let config = &mut self.configs[schema as usize];
        value(config, out).map_err(|reason| {
            out.truncate(begin);
            EncodeError::Unfit { record, reason }
        })
    }
}

/// The topic that an event travels in.
#[must_use]
pub fn topic_of(event: &Event) -> InputTopic {
    match event.body {
        Body::Account(_) => InputTopic::Accounts,
        Body::Balance(_) => InputTopic::Balances,
        Body::Invoice(_) => InputTopic::Invoices,
        Body::Adjustment(_) => InputTopic::Adjustments,
        Body::Payment(_) => InputTopic::Payments,
        Body::Reversal(_) => InputTopic::Reversals,
        Body::Control(_) => InputTopic::Controls,
        Body::Report(_) => InputTopic::Reports,
    }
}

/// An event as an upstream system would write it: its topic, its key and its value.
///
/// # Errors
/// When the ids of input records were not asked for ([`Schemas::and_inputs`]).
pub fn encode_event(event: &Event, schemas: &Schemas) -> Result<(InputTopic, Vec<u8>, Vec<u8>), EncodeError> {
    let mut value = Vec::new();
    let (topic, key) = Encoder::new(*schemas).event(event, &mut value)?;
    Ok((topic, key.to_vec(), value))
}
