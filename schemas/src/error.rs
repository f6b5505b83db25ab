//! What may be wrong with a value on the wire, and what may go wrong in writing one.
//!
//! An event that reads well and is declined all the same is `decision`'s rejection, not an error.

use std::fmt;

/// Why a record of a topic could not be read as what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The record has no value.
    #[error("the record has no value")]
    NoValue,
    /// The record's key is not the debtor's id, so that it may lie in another's partition.
    #[error("the record's key is {key}, and must be the debtor's id, «{debtor}»")]
    KeyDiffers {
        /// The key, written for a person.
        key: String,
        /// The debtor that the value names.
        debtor: String,
    },
    /// The value does not begin with a schema id.
    #[error("the value is not framed (a zero byte and four of a schema id): {length} bytes{begin}",
            begin = first_byte.map(|byte| format!(", the first is 0x{byte:02x}")).unwrap_or_default())]
    NotFramed {
        /// How long the value is.
        length: usize,
        /// How it begins.
        first_byte: Option<u8>,
    },
    /// The registry has no such schema. Definitive.
    #[error("the schema registry has no schema of id {id}")]
    UnknownSchemaId {
        /// The id.
        id: u32,
    },
    /// The registry did not answer. Not the record's fault: try again.
    #[error("the schema of id {id} is not known here, and the registry is out of reach: {reason}")]
    RegistryUnavailable {
        /// The id.
        id: u32,
        /// What the registry's client says.
        reason: String,
    },
    /// The schema it was written with cannot be read as this record.
    #[error("the schema of id {id} is no «{record}»: {reason}")]
    UnfitSchema {
        /// The id.
        id: u32,
        /// The record that is wanted.
        record: &'static str,
        /// In which way.
        reason: String,
    },
    /// The value does not read with its schema.
    #[error("cannot decode a «{record}»{place}: {reason}", place = place_of(field))]
    Undecodable {
        /// The record that is wanted.
        record: &'static str,
        /// The field at which it stopped; empty where the record as a whole is at fault.
        field: String,
        /// What is wrong.
        reason: String,
    },
    /// A field reads well, and its value cannot be.
    #[error("field «{field}» is «{value}»: {fault}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        fault: Fault,
    },
}

fn place_of(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(" at «{field}»") }
}

impl WireError {
    /// The error's name, stable, for metrics, rejects and programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoValue => "no_value",
            Self::KeyDiffers { .. } => "key_differs",
            Self::NotFramed { .. } => "not_framed",
            Self::UnknownSchemaId { .. } => "unknown_schema_id",
            Self::RegistryUnavailable { .. } => "registry_unavailable",
            Self::UnfitSchema { .. } => "unfit_schema",
            Self::Undecodable { .. } => "undecodable",
            Self::Invalid { fault, .. } => fault.code(),
        }
    }

    /// Whether trying again later may help: then nothing is wrong with the record itself.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::RegistryUnavailable { .. })
    }
}

/// What is wrong with a field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An id or a name is empty.
    Empty,
    /// An id or a name is longer than [`Fault::LONGEST_ID`] bytes.
    TooLong,
    /// An id or a name holds a control character.
    ControlCharacter,
    /// A number has a fraction, or is written as text that is none.
    NotWhole,
    /// An amount is beyond the largest that is booked.
    AmountOutOfRange,
    /// A number does not fit its field.
    NumberOutOfRange,
    /// A moment lies outside the years that calendars know.
    MomentOutOfCalendar,
    /// A text that is no moment.
    NotAMoment,
    /// A date that no calendar has.
    ImpossibleDate,
    /// A text that is no day.
    NotADay,
    /// No ISO 4217 currency code.
    UnknownCurrency,
    /// No zone of the IANA table.
    UnknownTimeZone,
    /// No word of a closed list.
    UnknownWord {
        /// The list.
        expected: &'static [&'static str],
    },
    /// No command id.
    NotACommandId,
    /// The order needs this field, and it is absent.
    Missing {
        /// The order.
        order: &'static str,
    },
}

impl Fault {
    /// The longest an id or a name may be, in bytes: it becomes a part of keys.
    pub const LONGEST_ID: usize = 256;

    /// The fault's name, stable, for metrics, rejects and programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_id",
            Self::TooLong => "id_too_long",
            Self::ControlCharacter => "control_character",
            Self::NotWhole => "not_a_whole_number",
            Self::AmountOutOfRange => "amount_out_of_range",
            Self::NumberOutOfRange => "number_out_of_range",
            Self::MomentOutOfCalendar => "moment_out_of_calendar",
            Self::NotAMoment => "not_a_moment",
            Self::ImpossibleDate => "impossible_date",
            Self::NotADay => "not_a_day",
            Self::UnknownCurrency => "unknown_currency",
            Self::UnknownTimeZone => "unknown_time_zone",
            Self::UnknownWord { .. } => "unknown_word",
            Self::NotACommandId => "not_a_command_id",
            Self::Missing { .. } => "field_missing",
        }
    }

    /// This fault of this field, with the value as it came.
    pub(crate) fn of(self, field: &'static str, value: impl fmt::Display) -> WireError {
        let mut value = value.to_string();
        if let Some((cut, _)) = value.char_indices().nth(LONGEST_QUOTED) {
            value.truncate(cut);
            value.push('…');
        }
        WireError::Invalid { field, value, fault: self }
    }
}

/// The most characters of a faulty value that an error repeats: the reject carries it whole.
const LONGEST_QUOTED: usize = 120;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it may not be empty"),
            Self::TooLong => write!(f, "it may have at most {} bytes", Self::LONGEST_ID),
            Self::ControlCharacter => f.write_str("it may not hold a control character"),
            Self::NotWhole => f.write_str("a whole number of the smallest unit is wanted"),
            Self::AmountOutOfRange => f.write_str("an amount is at most 10^15, either way"),
            Self::NumberOutOfRange => f.write_str("the number does not fit"),
            Self::MomentOutOfCalendar => {
                f.write_str("a moment in UTC microseconds, in the years 0 to 9998, is wanted")
            }
            Self::NotAMoment => f.write_str(
                "a moment with its offset, such as 2026-03-10T09:00:00Z, or UTC microseconds, is wanted",
            ),
            Self::NotADay => f.write_str("a day such as 2026-03-10, or days since 1970-01-01, is wanted"),
            Self::ImpossibleDate => f.write_str("days since 1970-01-01, in the years 0 to 9998, are wanted"),
            Self::UnknownCurrency => f.write_str("an ISO 4217 code, such as UZS, is wanted"),
            Self::UnknownTimeZone => {
                f.write_str("a zone of the IANA table, such as Asia/Tashkent, is wanted")
            }
            Self::UnknownWord { expected } => {
                write!(f, "one of these is wanted: {}", expected.join(", "))
            }
            Self::NotACommandId => f.write_str("32 hexadecimal digits are wanted"),
            Self::Missing { order } => write!(f, "the order «{order}» needs it"),
        }
    }
}

/// Why a record could not be written. A fault of Weir's own, never of what came in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The value does not fit its schema.
    #[error("cannot encode a «{record}»: {reason}")]
    Unfit {
        /// The record.
        record: &'static str,
        /// What the library says.
        reason: String,
    },
    /// The ids of input records were not asked for.
    #[error("no schema id is known for «{record}»: ask for the ids of input topics as well")]
    NoSchemaId {
        /// The record.
        record: &'static str,
    },
}
