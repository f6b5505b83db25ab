//! Calendars and windows, as the file declares them.

use super::Day;
use crate::yaml::{NonEmpty, Spanned};
use jiff::civil::Time;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;

/// Which days are no working days.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarFile {
    /// The days of the weekend.
    #[serde(default)]
    pub(crate) weekend: Vec<Spanned<DayWord>>,
    /// The holidays.
    #[serde(default)]
    pub(crate) holidays: Vec<Spanned<Day>>,
    /// A file of holidays beside this one, as iCalendar: each of its all-day events is one.
    pub(crate) ics: Option<Spanned<String>>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DayWord {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// The days of the week, by their words and in their order.
const DAYS: [(&str, DayWord); 7] = [
    ("mon", DayWord::Mon),
    ("tue", DayWord::Tue),
    ("wed", DayWord::Wed),
    ("thu", DayWord::Thu),
    ("fri", DayWord::Fri),
    ("sat", DayWord::Sat),
    ("sun", DayWord::Sun),
];

impl DayWord {
    fn parse(word: &str) -> Option<Self> {
        DAYS.iter().find(|(known, _)| *known == word).map(|(_, day)| *day)
    }
}

/// What a window leaves out of its calendar's days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SkipWord {
    /// The days of the weekend.
    Weekend,
    /// The holidays.
    Holiday,
    /// The day before each holiday.
    DayBeforeHoliday,
}

/// The hours in which something may be done, by days: `mon-fri: "09:00-21:00"`.
#[derive(Debug)]
pub(crate) struct WindowFile {
    /// The days, each with its hours.
    pub(crate) hours: Vec<(Spanned<Days>, Spanned<Hours>)>,
    /// The calendar of what it skips.
    pub(crate) calendar: Option<Spanned<String>>,
    /// What it leaves out of the calendar's days.
    pub(crate) skip: Vec<Spanned<SkipWord>>,
}

/// Days of the week: one, or a run of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Days(pub(crate) Vec<DayWord>);

impl Days {
    fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (DayWord::parse(first)?, DayWord::parse(last)?);
        let days = DAYS.iter().map(|(_, day)| *day).filter(|day| (first..=last).contains(day));
        let days: Vec<_> = days.collect();
        (!days.is_empty()).then_some(Self(days))
    }
}

/// From a time of day to a later one; the last minute is outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hours {
    /// From when.
    pub(crate) from: Time,
    /// Until when; `None` until midnight.
    pub(crate) until: Option<Time>,
}

impl Hours {
    fn parse(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let from = time_of_day(from)?;
        if until == "24:00" {
            return Some(Self { from, until: None });
        }
        let until = time_of_day(until)?;
        (from < until).then_some(Self { from, until: Some(until) })
    }
}

fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format!("«{text}» are no hours of one day\nwrite them as \"09:00-21:00\""))
        })
    }
}

/// A key of a window.
enum WindowKey {
    Calendar,
    Skip,
    Days(Days),
}

impl<'de> Deserialize<'de> for WindowKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const KNOWN: &[&str] = &["mon-sun", "mon-fri", "sat-sun", "mon", "calendar", "skip"];
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        match &*text {
            "calendar" => Ok(Self::Calendar),
            "skip" => Ok(Self::Skip),
            days => Days::parse(days).map(Self::Days).ok_or_else(|| D::Error::unknown_field(days, KNOWN)),
        }
    }
}

impl<'de> Deserialize<'de> for WindowFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(WindowVisitor)
    }
}

struct WindowVisitor;

impl<'de> Visitor<'de> for WindowVisitor {
    type Value = WindowFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a window")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WindowFile, A::Error> {
        let mut window = WindowFile { hours: Vec::new(), calendar: None, skip: Vec::new() };
        while let Some(key) = map.next_key::<Spanned<WindowKey>>()? {
            match key.value {
                WindowKey::Calendar => window.calendar = map.next_value()?,
                WindowKey::Skip => window.skip = map.next_value::<NonEmpty<_>>()?.0,
                WindowKey::Days(days) => {
                    let days = Spanned { value: days, span: key.span, damaged: false };
                    window.hours.push((days, map.next_value()?));
                }
            }
        }
        Ok(window)
    }
}

impl JsonSchema for WindowFile {
    fn schema_name() -> Cow<'static, str> {
        "WindowFile".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The hours in which something may be done, by days of the week.",
            "type": "object",
            "properties": {
                "calendar": { "type": "string", "description": "The calendar of what it skips." },
                "skip": generator.subschema_for::<Vec<SkipWord>>(),
            },
            "patternProperties": {
                "^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$": {
                    "type": "string",
                    "pattern": "^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$",
                },
            },
            "additionalProperties": false,
        })
    }
}
