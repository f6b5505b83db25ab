//! Single values as people write them: amounts, lengths of time, dates, codes. Each says what is
//! wrong with a text that is none, and how it would be right.

use decision::money::{Currency, Decimal};
use decision::threshold::Line;
use decision::time::{Date, Period, Zone};
use jiff::civil;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

macro_rules! values {
    ($($(#[$doc:meta])* $name:ident($inner:ty) = $read:expr, $wrong:literal, $schema:tt;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) struct $name(pub(crate) $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <Cow<'de, str>>::deserialize(deserializer)?;
                let read: fn(&str) -> Option<$inner> = $read;
                match read(&text) {
                    Some(value) => Ok(Self(value)),
                    None => Err(D::Error::custom(format!(concat!("«{}» ", $wrong), text))),
                }
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

values! {
    /// An amount in major units, or a count.
    Amount(Decimal) = |text| Decimal::parse(text).ok(),
        "is no amount\nwrite it in digits, as 100.00",
        { "type": ["number", "string"], "pattern": r"^-?[0-9]+(\.[0-9]+)?$" };
    /// A line of a threshold: an amount, or a part of the limit.
    LineText(Line) = line,
        "is no line\nwrite an amount as 100.00, or a part of the limit as \"80%\"",
        { "type": ["number", "string"], "pattern": r"^-?[0-9]+(\.[0-9]+)?%?$" };
    /// A length of time.
    Length(Period) = Period::parse,
        "is no length of time\nwrite it as 30d, 24h, 15m or 30s",
        { "type": "string", "pattern": "^[0-9]+[dhms]$" };
    /// A day.
    Day(Date) = Date::parse,
        "is no date\nwrite it as 2026-03-10",
        { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" };
    /// A moment: a date, a date with a time, or one with its offset.
    Moment(When) = When::parse,
        "is no moment\nwrite it as 2026-03-10, 2026-03-10T09:00 or 2026-03-10T09:00:00Z",
        { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$" };
    /// Until when: through a day, or up to a moment.
    Deadline(Until) = Until::parse,
        "is no moment\nwrite it as 2026-03-10, 2026-03-10T09:00 or 2026-03-10T09:00:00Z",
        { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$" };
    /// A currency.
    CurrencyCode(Currency) = |text| Currency::parse(text).ok(),
        "is no ISO 4217 currency code\nwrite three capitals, as EUR",
        { "type": "string", "pattern": "^[A-Z]{3}$" };
    /// A time zone.
    ZoneName(Zone) = Zone::find,
        "is no known time zone\nwrite an IANA name, as Asia/Tashkent",
        { "type": "string" };
    /// How many a second at most.
    Rate(u32) = |text| text.strip_suffix("/s")?.parse().ok(),
        "is no rate\nwrite it as 500/s",
        { "type": "string", "pattern": "^[0-9]+/s$" };
    /// How many times as many.
    Multiple(Decimal) = |text| Decimal::parse(text.strip_suffix('x')?).ok(),
        "is no multiple\nwrite it as 3x",
        { "type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?x$" };
}

fn line(text: &str) -> Option<Line> {
    match text.strip_suffix('%') {
        Some(percent) => Decimal::parse(percent).ok().map(Line::Percent),
        None => Decimal::parse(text).ok().map(Line::Amount),
    }
}

/// A moment as written: on the wall clock of a zone that is known later, or exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum When {
    /// What the wall clock shows.
    Local(civil::DateTime),
    /// A moment with its offset.
    Exact(decision::time::Timestamp),
}

impl When {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > 40 || !text.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Some(Self::Exact(decision::time::Timestamp(moment.as_microsecond())));
        }
        if let Ok(local) = text.parse::<civil::DateTime>() {
            return Some(Self::Local(local));
        }
        text.parse::<civil::Date>().ok().map(|date| Self::Local(date.to_datetime(civil::Time::midnight())))
    }

    /// The moment, in a zone.
    pub(crate) fn in_zone(self, zone: &Zone) -> decision::time::Timestamp {
        match self {
            Self::Local(local) => zone.moment_of(local),
            Self::Exact(moment) => moment,
        }
    }
}

/// Until when something holds. A date alone includes that day (domain.md, section 4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Until {
    /// Through a day.
    Through(Date),
    /// Up to a moment.
    Moment(When),
}

impl Until {
    fn parse(text: &str) -> Option<Self> {
        // A date is ten letters; jiff's reader of dates takes those of longer texts too.
        if text.len() == 10
            && let Some(date) = Date::parse(text)
        {
            return Some(Self::Through(date));
        }
        When::parse(text).map(Self::Moment)
    }

    /// The first moment after it, in a zone.
    pub(crate) fn end_in_zone(self, zone: &Zone) -> decision::time::Timestamp {
        match self {
            Self::Through(date) => zone.start_of(date.plus_days(1)),
            Self::Moment(when) => when.in_zone(zone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn until_a_day_includes_it_and_until_a_moment_does_not() {
        let zone = Zone::find("Asia/Tashkent").unwrap();
        for (text, end) in [
            ("2026-03-10", "2026-03-10T19:00:00Z"),
            ("2026-03-10T00:00", "2026-03-09T19:00:00Z"),
            ("2026-03-10T09:00", "2026-03-10T04:00:00Z"),
            ("2026-03-10T09:00:00Z", "2026-03-10T09:00:00Z"),
        ] {
            assert_eq!(Until::parse(text).unwrap().end_in_zone(&zone).to_string(), end, "{text}");
        }
        assert_eq!(Until::parse("soon"), None);
    }
}
