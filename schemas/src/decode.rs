//! From framed bytes to the core's types, by the schema that each value was written with.
//!
//! Fields go by name: those we do not know are skipped, those that are absent and optional have
//! their default. What cannot be is refused with a [`WireError`] that names field and value.

use crate::avsc::RecordSchema;
use crate::encode::Schemas;
use crate::error::WireError;
use crate::instance::Instance;
use crate::journal::{Journal, TaskState};
use crate::line::HistoryLine;
use crate::publication::Publication;
use crate::registry::{Registry, RegistryError};
use crate::reject::Reject;
use crate::topic::{InputTopic, OutputTopic};
use crate::waiting::Waiting;
use crate::wire::account::AccountWire;
use crate::wire::commands::{FeeWire, HandoverWire, MessageWire, ProvisioningWire, TaskWire};
use crate::wire::control::ControlWire;
use crate::wire::events::{AdjustmentWire, BalanceWire, InvoiceWire, PaymentWire, ReportWire, ReversalWire};
use crate::{fit, framing, positional};
use decision::command::Command;
use decision::{Debtor, Event};
use serde::Deserialize;
use serde_avro_fast::Schema;
use serde_avro_fast::de::read::SliceRead;
use serde_avro_fast::de::{DeserializerConfig, DeserializerState};
use std::fmt;
use std::io::BufRead;
use std::sync::Arc;

/// The most elements that a list of a record may have: a value's length is bounded by the log,
/// but a list of nothings is not bounded by its length.
const LONGEST_LIST: usize = 1_000_000;

/// Reads records. One for each thread that reads: it remembers the schemas it has met.
pub struct Decoder {
    registry: Arc<dyn Registry>,
    /// For each record, the schemas it was written with, by id. Few: a scan finds one fastest.
    met: Vec<Vec<(u32, Met)>>,
}

/// Whose a line of history is, and which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct LinePlace<'v> {
    /// The debtor whose state made it.
    pub debtor_id: &'v str,
    /// Counts the debtor's records from 1, without a gap.
    pub sequence: i64,
}

/// A schema that a value was written with.
enum Met {
    /// One of ours.
    Own(&'static Schema),
    /// Another's, or an earlier one of ours.
    Other(Box<Schema>),
    /// One that cannot be read as the record it should be, and why.
    Unfit(String),
}

/// A schema by which a value can be read.
#[derive(Clone, Copy)]
struct Known<'s> {
    schema: &'s Schema,
    /// Whether it is the very one that we have.
    is_own: bool,
}

impl Known<'_> {
    /// A value of our own schema. Where it cannot be read so, the schema tells better why.
    fn by_position<'v, T: Deserialize<'v> + PartialEq + fmt::Debug>(self, datum: &'v [u8]) -> Option<T> {
        if !self.is_own {
            return None;
        }
        let value = positional::read(datum).ok()?;
        debug_assert_eq!(
            T::deserialize(reader(self.schema, datum).deserializer()).ok().as_ref(),
            Some(&value)
        );
        Some(value)
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let met: usize = self.met.iter().map(Vec::len).sum();
        f.debug_struct("Decoder").field("schemas_met", &met).finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder that knows our own schemas by these ids, and asks this registry for others.
    #[must_use]
    pub fn new(registry: Arc<dyn Registry>, schemas: &Schemas) -> Self {
        let own = |schema: &RecordSchema| {
            let id = schemas.id(*schema);
            id.map(|id| (id, Met::Own(schema.parsed()))).into_iter().collect()
        };
        Self { registry, met: RecordSchema::ALL.iter().map(own).collect() }
    }

    /// The event of a record of an input topic.
    ///
    /// # Errors
    /// When it cannot be read ([`WireError::is_retryable`] tells whether later it may), or when
    /// its key is not the debtor it names.
    pub fn event(
        &mut self,
        topic: InputTopic,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<Event, WireError> {
        let value = value.ok_or(WireError::NoValue)?;
        let schema = topic.schema();
        let event = match topic {
            InputTopic::Accounts => self.read_theirs::<AccountWire<'_>>(schema, value)?.check(),
            InputTopic::Balances => self.read_theirs::<BalanceWire<'_>>(schema, value)?.check(),
            InputTopic::Invoices => self.read_theirs::<InvoiceWire<'_>>(schema, value)?.check(),
            InputTopic::Adjustments => self.read_theirs::<AdjustmentWire<'_>>(schema, value)?.check(),
            InputTopic::Payments => self.read_theirs::<PaymentWire<'_>>(schema, value)?.check(),
            InputTopic::Reversals => self.read_theirs::<ReversalWire<'_>>(schema, value)?.check(),
            InputTopic::Controls => self.read_theirs::<ControlWire<'_>>(schema, value)?.check(),
            InputTopic::Reports => self.read_theirs::<ReportWire<'_>>(schema, value)?.check(),
        }?;
        if key == Some(event.debtor().as_bytes()) {
            return Ok(event);
        }
        let key = key.map_or_else(|| "absent".to_owned(), |key| format!("«{}»", key.escape_ascii()));
        Err(WireError::KeyDiffers { key, debtor: event.debtor().to_owned() })
    }

    /// A debtor, from its stored form.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn debtor(&mut self, value: &[u8]) -> Result<Debtor, WireError> {
        let wanted = RecordSchema::Debtor;
        let (id, datum) = framing::split(value)?;
        let met = self.written_with(wanted, id)?;
        met.by_position(datum).map_or_else(|| read_datum(wanted, met.schema, datum), Ok)
    }

    /// Where a task stands.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn task_state(&mut self, value: &[u8]) -> Result<TaskState, WireError> {
        self.read(RecordSchema::TaskState, value)
    }

    /// A command that waits.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn waiting(&mut self, value: &[u8]) -> Result<Waiting, WireError> {
        self.read(RecordSchema::Waiting, value)
    }

    /// A journal record.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn journal(&mut self, value: &[u8]) -> Result<Journal, WireError> {
        self.read(RecordSchema::Journal, value)
    }

    /// A version of the policy that was published.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn publication(&mut self, value: &[u8]) -> Result<Publication, WireError> {
        self.read(RecordSchema::Publication, value)
    }

    /// What an instance says of itself.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn instance(&mut self, value: &[u8]) -> Result<Instance, WireError> {
        self.read(RecordSchema::Instance, value)
    }

    /// A line of history.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn record(&mut self, value: &[u8]) -> Result<HistoryLine, WireError> {
        self.read(RecordSchema::Record, value)
    }

    /// Whose line of history it is, and which. The rest is passed over.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn record_place<'v>(&mut self, value: &'v [u8]) -> Result<LinePlace<'v>, WireError> {
        self.read(RecordSchema::Record, value)
    }

    /// A reject.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn reject<'v>(&mut self, value: &'v [u8]) -> Result<Reject<'v>, WireError> {
        self.read(RecordSchema::Reject, value)
    }

    /// A command; none where the topic carries no commands.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn command(&mut self, topic: OutputTopic, value: &[u8]) -> Result<Option<Command>, WireError> {
        let schema = topic.schema();
        match topic {
            OutputTopic::Messages => self.read::<MessageWire<'_>>(schema, value)?.command(),
            OutputTopic::Provisioning => self.read::<ProvisioningWire<'_>>(schema, value)?.command(),
            OutputTopic::Tasks => self.read::<TaskWire<'_>>(schema, value)?.command(),
            OutputTopic::Fees => self.read::<FeeWire<'_>>(schema, value)?.command(),
            OutputTopic::Handovers => self.read::<HandoverWire<'_>>(schema, value)?.command(),
            OutputTopic::Records | OutputTopic::Rejects | OutputTopic::Journal | OutputTopic::Debtors => {
                return Ok(None);
            }
        }
        .map(Some)
    }

    /// Reads what Weir itself has written.
    fn read<'v, T: Deserialize<'v>>(
        &mut self,
        wanted: RecordSchema,
        value: &'v [u8],
    ) -> Result<T, WireError> {
        let (id, datum) = framing::split(value)?;
        let schema = self.written_with(wanted, id)?.schema;
        read_datum(wanted, schema, datum)
    }

    /// Reads what others have written: where it cannot be read, the field is named. That takes a
    /// second reading, slow and large as code, which our own records can do without.
    fn read_theirs<'v, T: Deserialize<'v> + PartialEq + fmt::Debug>(
        &mut self,
        wanted: RecordSchema,
        value: &'v [u8],
    ) -> Result<T, WireError> {
        let (id, datum) = framing::split(value)?;
        let met = self.written_with(wanted, id)?;
        if let Some(value) = met.by_position(datum) {
            return Ok(value);
        }
        read_datum(wanted, met.schema, datum).map_err(|error| explain::<T>(error, met.schema, datum))
    }

    /// The schema of this id, met before or asked for now.
    fn written_with(&mut self, wanted: RecordSchema, id: u32) -> Result<Known<'_>, WireError> {
        #[expect(clippy::indexing_slicing, reason = "one list a schema, by construction")]
        let met = &mut self.met[wanted as usize];
        let known = met.iter().position(|(known, _)| *known == id);
        let place = match known {
            Some(place) => place,
            None => {
                met.push((id, ask(&*self.registry, wanted, id)?));
                met.len() - 1
            }
        };
        match met.get(place) {
            Some((_, Met::Own(schema))) => Ok(Known { schema, is_own: true }),
            Some((_, Met::Other(schema))) => Ok(Known { schema, is_own: false }),
            Some((_, Met::Unfit(reason))) => {
                let (record, reason) = (wanted.name(), reason.clone());
                Err(WireError::UnfitSchema { id, record, reason })
            }
            // Found or pushed just above.
            None => Err(WireError::UnknownSchemaId { id }),
        }
    }
}

/// Asks the registry for a schema. Whether it fits is found out once, for all its values.
fn ask(registry: &dyn Registry, wanted: RecordSchema, id: u32) -> Result<Met, WireError> {
    let json = match registry.schema(id) {
        Ok(json) => json,
        Err(RegistryError::UnknownId { .. }) => return Err(WireError::UnknownSchemaId { id }),
        Err(error @ (RegistryError::Unavailable { .. } | RegistryError::Refused { .. })) => {
            return Err(WireError::RegistryUnavailable { id, reason: error.to_string() });
        }
    };
    if let Some(fault) = fit::fault_of(&json, wanted) {
        return Ok(Met::Unfit(fault));
    }
    Ok(match json.parse() {
        Ok(schema) => Met::Other(Box::new(schema)),
        Err(error) => Met::Unfit(error.to_string()),
    })
}

/// Reads a datum to its last byte.
fn read_datum<'v, T: Deserialize<'v>>(
    wanted: RecordSchema,
    schema: &Schema,
    datum: &'v [u8],
) -> Result<T, WireError> {
    let undecodable = |reason| WireError::Undecodable { record: wanted.name(), field: String::new(), reason };
    let mut state = reader(schema, datum);
    let value = T::deserialize(state.deserializer()).map_err(|error| undecodable(error.to_string()))?;
    match state.into_reader().fill_buf().map_or(0, <[u8]>::len) {
        0 => Ok(value),
        left => Err(undecodable(format!("{left} bytes are left over: it was written with another schema"))),
    }
}

fn reader<'s, 'v>(schema: &'s Schema, datum: &'v [u8]) -> DeserializerState<'s, SliceRead<'v>> {
    let mut config = DeserializerConfig::new(schema);
    config.max_seq_size = LONGEST_LIST;
    DeserializerState::with_config(SliceRead::new(datum), config)
}

/// Reads a faulty datum a second time, slowly, to name the field at which it stops.
#[cold]
fn explain<'v, T: Deserialize<'v>>(error: WireError, schema: &Schema, datum: &'v [u8]) -> WireError {
    let mut state = reader(schema, datum);
    let place = match serde_path_to_error::deserialize::<_, T>(state.deserializer()) {
        Err(error) => error.path().to_string(),
        // It reads, and bytes are left over.
        Ok(_) => return error,
    };
    if place == "." {
        return error;
    }
    let WireError::Undecodable { record, reason, .. } = error else { return error };
    WireError::Undecodable { record, field: place, reason }
}
