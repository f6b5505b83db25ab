//! Wire types: each record as it lies in its topic, and the checked way to and from the core's
//! types.
//!
//! Framing, schema ids and the choice of a topic are [`crate::encode`]'s and [`crate::decode`]'s.

pub(crate) mod account;
pub(crate) mod commands;
pub(crate) mod control;
pub(crate) mod events;
pub(crate) mod read_command;

use crate::error::{Fault, WireError};
use crate::value::{Number, Text, Word, Words};
use decision::event::{Body, Event};
use decision::ids::{AccountId, DebtorId, EventId};
use decision::money::{Currency, LARGEST_AMOUNT, MinorUnits};
use decision::time::{Date, Timestamp};

/// Declares the wire type of an input record: the header that every event carries, then its own
/// fields, in the order of its `.avsc`. A parameter stands for what is written differently in files.
macro_rules! wire_event {
    ($(#[$doc:meta])* $name:ident<$life:lifetime $(, $param:ident = $default:ty)?> {
        $($(#[$attr:meta])* $field:ident: $type:ty),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub(crate) struct $name<$life $(, $param = $default)?> {
            #[serde(borrow, default)]
            event_id: $crate::value::Text<$life>,
            #[serde(borrow)]
            account_id: $crate::value::Text<$life>,
            #[serde(borrow, default)]
            debtor_id: Option<$crate::value::Text<$life>>,
            occurred_at: $crate::value::Number,
            #[serde(borrow, default)]
            source: $crate::value::Text<$life>,
            $($(#[$attr])* $field: $type),+
        }

        impl<$life $(, $param)?> $name<$life $(, $param)?> {
            /// The header of this event, with a body of this kind.
            #[allow(clippy::too_many_arguments, reason = "one argument a field of the record")]
            fn under(event: &$life decision::Event, $($field: $type),+) -> Self {
                Self {
                    event_id: event.event_id.as_str().into(),
                    account_id: event.account_id.as_str().into(),
                    debtor_id: event.debtor_id.as_ref().map(|id| id.as_str().into()),
                    occurred_at: $crate::value::Number::Whole(event.occurred_at.0),
                    source: event.source.as_str().into(),
                    $($field),+
                }
            }
        }

        impl<$life $(, $param)?> $crate::wire::FromFile for $name<$life $(, $param)?> {
            fn complete(&mut self, place: &dyn std::fmt::Display) {
                if self.event_id.as_str().is_empty() {
                    self.event_id = place.to_string().into();
                }
                if self.source.as_str().is_empty() {
                    self.source = $crate::wire::FILE_SOURCE.into();
                }
            }
        }
    };
}
pub(crate) use wire_event;

/// The source of an event of a file that names none.
pub(crate) const FILE_SOURCE: &str = "file";

/// An event in a file, which need not say all that one in a topic must.
pub(crate) trait FromFile {
    /// Gives it an id after its place, and a source, where it names none.
    fn complete(&mut self, place: &dyn std::fmt::Display);
}

/// What every event carries, as it lies in the record.
pub(crate) struct Header<'a> {
    pub(crate) event_id: Text<'a>,
    pub(crate) account_id: Text<'a>,
    pub(crate) debtor_id: Option<Text<'a>>,
    pub(crate) occurred_at: Number,
    pub(crate) source: Text<'a>,
}

impl Header<'_> {
    /// The event of this header, once checked, and this body.
    pub(crate) fn with(self, body: Body) -> Result<Event, WireError> {
        Ok(Event {
            event_id: name::<EventId>("event_id", &self.event_id)?,
            account_id: name::<AccountId>("account_id", &self.account_id)?,
            debtor_id: optional_name::<DebtorId>("debtor_id", self.debtor_id.as_ref())?,
            occurred_at: moment("occurred_at", &self.occurred_at)?,
            source: self.source.into_owned(),
            body,
        })
    }
}

/// The header of a wire type, moved out of it.
macro_rules! header {
    ($wire:expr) => {
        $crate::wire::Header {
            event_id: $wire.event_id,
            account_id: $wire.account_id,
            debtor_id: $wire.debtor_id,
            occurred_at: $wire.occurred_at,
            source: $wire.source,
        }
    };
}
pub(crate) use header;

/// A checked id or name.
pub(crate) fn name<T>(field: &'static str, text: &Text<'_>) -> Result<T, WireError>
where
    T: for<'t> From<&'t str>,
{
    let text = text.as_str();
    let fault = if text.is_empty() {
        Fault::Empty
    } else if text.len() > Fault::LONGEST_ID {
        Fault::TooLong
    } else if text.bytes().any(|byte| byte.is_ascii_control()) {
        Fault::ControlCharacter
    } else {
        return Ok(T::from(text));
    };
    Err(fault.of(field, text.escape_default()))
}

/// A checked id or name, where there is one.
pub(crate) fn optional_name<T>(field: &'static str, text: Option<&Text<'_>>) -> Result<Option<T>, WireError>
where
    T: for<'t> From<&'t str>,
{
    text.map(|text| name(field, text)).transpose()
}

/// Checked ids or names.
pub(crate) fn names<T>(field: &'static str, texts: &[Text<'_>]) -> Result<Vec<T>, WireError>
where
    T: for<'t> From<&'t str>,
{
    texts.iter().map(|text| name(field, text)).collect()
}

/// A whole number.
pub(crate) fn whole(field: &'static str, number: &Number) -> Result<i64, WireError> {
    match number {
        Number::Whole(number) => Ok(*number),
        Number::Other(text) => Err(Fault::NotWhole.of(field, text)),
    }
}

/// A checked amount.
pub(crate) fn amount(field: &'static str, number: &Number) -> Result<MinorUnits, WireError> {
    let amount = whole(field, number)?;
    if amount.unsigned_abs() > LARGEST_AMOUNT.unsigned_abs() {
        return Err(Fault::AmountOutOfRange.of(field, amount));
    }
    Ok(MinorUnits(amount))
}

/// A checked amount, where there is one.
pub(crate) fn optional_amount(
    field: &'static str,
    number: Option<&Number>,
) -> Result<Option<MinorUnits>, WireError> {
    number.map(|number| amount(field, number)).transpose()
}

/// A checked moment: microseconds, or in files its text.
pub(crate) fn moment(field: &'static str, number: &Number) -> Result<Timestamp, WireError> {
    let moment = match number {
        Number::Whole(micros) => Timestamp(*micros),
        Number::Other(text) => Timestamp::parse(text).ok_or_else(|| Fault::NotAMoment.of(field, text))?,
    };
    if moment.is_in_calendar() { Ok(moment) } else { Err(Fault::MomentOutOfCalendar.of(field, moment.0)) }
}

/// A checked moment, where there is one.
pub(crate) fn optional_moment(
    field: &'static str,
    number: Option<&Number>,
) -> Result<Option<Timestamp>, WireError> {
    number.map(|number| moment(field, number)).transpose()
}

/// A checked day: counted from 1970 on, or in files its text.
pub(crate) fn date(field: &'static str, number: &Number) -> Result<Date, WireError> {
    let days = match number {
        Number::Whole(days) => *days,
        Number::Other(text) => {
            let date = Date::parse(text).filter(|date| Date::from_days(date.days()).is_some());
            return date.ok_or_else(|| Fault::NotADay.of(field, text));
        }
    };
    let date = i32::try_from(days).ok().and_then(Date::from_days);
    date.ok_or_else(|| Fault::ImpossibleDate.of(field, days))
}

/// A checked currency.
pub(crate) fn currency(field: &'static str, code: &Text<'_>) -> Result<Currency, WireError> {
    Currency::parse(code.as_str()).map_err(|unknown| Fault::UnknownCurrency.of(field, unknown.code))
}

/// A checked currency, where there is one.
pub(crate) fn optional_currency(
    field: &'static str,
    code: Option<&Text<'_>>,
) -> Result<Option<Currency>, WireError> {
    code.map(|code| currency(field, code)).transpose()
}

/// A checked word of a closed list.
pub(crate) fn word<T: Words>(field: &'static str, word: Word<T>) -> Result<T, WireError> {
    match word {
        Word::Known(value) => Ok(value),
        Word::Unknown(text) => Err(Fault::UnknownWord { expected: T::WORDS }.of(field, text)),
    }
}

/// The text of an id, on its way out.
pub(crate) fn out<'a>(id: &'a impl AsRef<str>) -> Text<'a> {
    id.as_ref().into()
}

/// The text of an id, on its way out, where there is one.
pub(crate) fn optional_out<'a>(id: Option<&'a impl AsRef<str>>) -> Option<Text<'a>> {
    id.map(out)
}
