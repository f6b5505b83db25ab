//! Moments, dates, periods and time zones, over `jiff` and its bundled zone table.
//!
//! Nothing here reads a clock: every moment is an argument. Windows and calendars build on this.

use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

/// A moment: UTC microseconds since 1970.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The earliest moment there is.
    pub const EARLIEST: Self = Self(i64::MIN);
    /// The latest moment there is: what never comes.
    pub const LATEST: Self = Self(i64::MAX);

    /// The moment `micros` microseconds later.
    #[must_use]
    pub fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// How many microseconds this moment is after `earlier`; below zero where it is before.
    #[must_use]
    pub fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads `2026-03-10T09:00:00Z` or `2026-03-10T14:00:00+05:00`, as RFC 3339 has it: only with its
    /// offset is a text a moment. What is finer than a microsecond is cut off.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|moment| Self(moment.as_microsecond()))
    }

    /// Whether the moment lies in the years that calendars know (0 to 9998).
    #[must_use]
    pub fn is_in_calendar(self) -> bool {
        (EARLIEST_SECOND..LATEST_SECOND).contains(&self.seconds())
    }

    fn seconds(self) -> i64 {
        self.0.div_euclid(MICROS)
    }

    fn clamped(self) -> jiff::Timestamp {
        let seconds = self.seconds().clamp(EARLIEST_SECOND, LATEST_SECOND);
        let micros = i32::try_from(self.0.rem_euclid(MICROS)).unwrap_or(0);
        // Both parts are in range by the two lines above.
        jiff::Timestamp::new(seconds, micros.saturating_mul(1_000)).unwrap_or_default()
    }
}

/// 0000-01-01T00:00:00Z, with room for any offset.
const EARLIEST_SECOND: i64 = -62_167_219_200;
/// 9998-12-31T00:00:00Z, with room for any offset.
const LATEST_SECOND: i64 = 253_370_678_400;

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.clamped(), f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A calendar day: days since 1970-01-01, as Avro's `date` has it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(i32);

impl Date {
    /// The day `days` days after 1970-01-01, where calendars know it (years 0 to 9998).
    #[must_use]
    pub fn from_days(days: i32) -> Option<Self> {
        let seconds = i64::from(days).checked_mul(86_400)?;
        (EARLIEST_SECOND..LATEST_SECOND).contains(&seconds).then_some(Self(days))
    }

    /// Reads `2026-03-10`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<civil::Date>().ok().map(Self::from_civil)
    }

    /// The day of the week it is.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        match self.civil().weekday() {
            civil::Weekday::Monday => Weekday::Mon,
            civil::Weekday::Tuesday => Weekday::Tue,
            civil::Weekday::Wednesday => Weekday::Wed,
            civil::Weekday::Thursday => Weekday::Thu,
            civil::Weekday::Friday => Weekday::Fri,
            civil::Weekday::Saturday => Weekday::Sat,
            civil::Weekday::Sunday => Weekday::Sun,
        }
    }

    /// This time of the day.
    #[must_use]
    pub fn at(self, time: civil::Time) -> civil::DateTime {
        self.civil().to_datetime(time)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn days(self) -> i32 {
        self.0
    }

    /// The day `days` later.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    fn from_civil(date: civil::Date) -> Self {
        let since = date.since(civil::Date::constant(1970, 1, 1)).unwrap_or_default();
        Self(since.get_days())
    }

    pub(crate) fn civil(self) -> civil::Date {
        let span = jiff::Span::new().try_days(self.0).unwrap_or_default();
        civil::Date::constant(1970, 1, 1).saturating_add(span)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.civil(), f)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weekday {
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

/// A length of time as a policy writes it: calendar days, or an exact span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// Calendar days in the account's zone (`30d`): the wall clock shows the same time after them.
    Days(i32),
    /// An exact span in microseconds (`24h`, `15m`, `30s`).
    Exact(i64),
}

impl Period {
    /// No time at all.
    pub const NONE: Self = Self::Days(0);

    /// Reads `30d`, `24h`, `15m` or `30s`; at most ten years.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let unit = text.chars().last()?;
        let digits = text.strip_suffix(unit)?;
        if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let count: i64 = digits.parse().ok()?;
        let seconds = match unit {
            'd' => {
                let days = i32::try_from(count).ok()?;
                return (days <= 3_660).then_some(Self::Days(days));
            }
            'h' => count.checked_mul(3_600)?,
            'm' => count.checked_mul(60)?,
            's' => count,
            _ => return None,
        };
        (seconds <= 3_660 * 86_400).then(|| Self::Exact(seconds.saturating_mul(MICROS)))
    }

    /// Whether it is no time at all.
    #[must_use]
    pub fn is_none(self) -> bool {
        matches!(self, Self::Days(0) | Self::Exact(0))
    }

    /// The same time backwards.
    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Days(days) => Self::Days(days.saturating_neg()),
            Self::Exact(micros) => Self::Exact(micros.saturating_neg()),
        }
    }

    /// Its length in microseconds, a day taken as 24 hours: for comparing periods, not for dates.
    #[must_use]
    pub fn nominal_micros(self) -> i64 {
        match self {
            Self::Days(days) => i64::from(days).saturating_mul(86_400).saturating_mul(MICROS),
            Self::Exact(micros) => micros,
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => write!(f, "{days}d"),
            Self::Exact(micros) => {
                let seconds = micros.div_euclid(MICROS);
                match (seconds.rem_euclid(3_600), seconds.rem_euclid(60)) {
                    (0, _) => write!(f, "{}h", seconds.div_euclid(3_600)),
                    (_, 0) => write!(f, "{}m", seconds.div_euclid(60)),
                    _ => write!(f, "{seconds}s"),
                }
            }
        }
    }
}

/// A time zone of the IANA table.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: &'static str,
    rules: TimeZone,
}

/// Every zone of the table, read once: a zone is then found by its name and shared.
static ZONES: LazyLock<BTreeMap<&'static str, TimeZone>> = LazyLock::new(|| {
    let table = jiff::tz::TimeZoneDatabase::bundled();
    let mut zones = BTreeMap::new();
    for name in table.available() {
        if let Ok(zone) = table.get(name.as_str()) {
            zones.insert(&*name.as_str().to_owned().leak(), zone);
        }
    }
    zones
});

impl Zone {
    /// The zone of an IANA name, such as `Asia/Tashkent`; `None` where the table has none.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        ZONES.get_key_value(name).map(|(name, rules)| Self { name, rules: rules.clone() })
    }

    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC", rules: TimeZone::UTC }
    }

    /// Its IANA name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The first moment of `date` here. Where midnight is skipped by a change of clocks, the
    /// first moment after it.
    #[must_use]
    pub fn start_of(&self, date: Date) -> Timestamp {
        self.moment_of(date.civil().to_datetime(civil::Time::midnight()))
    }

    /// The first moment of `date` here, and `period` later. What [`Zone::after`] answers of it, in
    /// fewer questions to the table.
    #[must_use]
    pub fn after_start_of(&self, date: Date, period: Period) -> Timestamp {
        let midnight = |date: Date| date.civil().to_datetime(civil::Time::midnight());
        match period {
            Period::Days(days) if days != 0 => {
                let start = self.rules.to_ambiguous_timestamp(midnight(date));
                match start.offset() {
                    // After days the wall clock shows midnight again.
                    AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
                        self.moment_of(midnight(date.plus_days(days)))
                    }
                    AmbiguousOffset::Gap { .. } => self.after(self.start_of(date), period),
                }
            }
            Period::Days(_) | Period::Exact(_) => self.after(self.start_of(date), period),
        }
    }

    /// `period` before the first moment of `date` here.
    #[must_use]
    pub fn before_start_of(&self, date: Date, period: Period) -> Timestamp {
        self.after_start_of(date, period.negated())
    }

    /// The moment at which clocks here show `local`; the later one where it is skipped, the
    /// earlier one where it comes twice.
    #[must_use]
    pub fn moment_of(&self, local: civil::DateTime) -> Timestamp {
        match self.rules.to_ambiguous_timestamp(local).compatible() {
            Ok(moment) => Timestamp(moment.as_microsecond()),
            Err(_) => Timestamp::LATEST,
        }
    }

    /// What clocks here show at `moment`.
    #[must_use]
    pub fn local(&self, moment: Timestamp) -> civil::DateTime {
        self.rules.to_datetime(moment.clamped())
    }

    /// The day it is here at `moment`.
    #[must_use]
    pub fn date_of(&self, moment: Timestamp) -> Date {
        Date::from_civil(self.local(moment).date())
    }

    /// `moment` and `period` later: after days the wall clock shows the same time.
    #[must_use]
    pub fn after(&self, moment: Timestamp, period: Period) -> Timestamp {
        match period {
            Period::Days(0) => moment,
            Period::Days(days) => {
                let span = jiff::Span::new().try_days(days).unwrap_or_default();
                self.moment_of(self.local(moment).saturating_add(span))
            }
            Period::Exact(micros) => moment.plus_micros(micros),
        }
    }

    /// `moment` and `period` earlier.
    #[must_use]
    pub fn before(&self, moment: Timestamp, period: Period) -> Timestamp {
        self.after(moment, period.negated())
    }
}

impl Zone {
    /// How far clocks here went on from `from` to `to`, in microseconds: what a change of clocks
    /// adds or takes is no time.
    #[must_use]
    pub fn wall_micros(&self, from: Timestamp, to: Timestamp) -> i64 {
        let on_the_wall = |moment| {
            let local = self.local(moment);
            // As if it were UTC: only the difference of two of them means anything.
            TimeZone::UTC.to_timestamp(local).map_or(0, |moment| moment.as_microsecond())
        };
        let micros = |from: i64, to: i64| to.saturating_sub(from);
        micros(on_the_wall(from), on_the_wall(to))
    }

    /// The moment at which clocks here have gone on by so many microseconds since `from`.
    #[must_use]
    pub fn plus_wall_micros(&self, from: Timestamp, micros: i64) -> Timestamp {
        if micros == 0 {
            return from;
        }
        let span = jiff::Span::new().try_microseconds(micros).unwrap_or_default();
        self.moment_of(self.local(from).saturating_add(span))
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::find(&name).ok_or_else(|| serde::de::Error::custom(format!("«{name}» is no known time zone")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[track_caller]
    fn check(zone: &str, day: &str, period: &str, expected: &str) {
        let zone = Zone::find(zone).unwrap();
        let start = zone.start_of(date(day));
        let moment = zone.after(start, Period::parse(period).unwrap());
        assert_eq!(moment.to_string(), expected);
    }

    #[test]
    fn days_keep_the_wall_clock_and_hours_do_not() {
        check("America/Denver", "2026-03-07", "2d", "2026-03-09T06:00:00Z");
        check("America/Denver", "2026-03-07", "48h", "2026-03-09T07:00:00Z");
        check("Asia/Tashkent", "2026-03-10", "5d", "2026-03-14T19:00:00Z");
        check("UTC", "2026-03-10", "0d", "2026-03-10T00:00:00Z");
    }

    #[test]
    fn time_on_the_wall_counts_no_change_of_clocks() {
        let zone = Zone::find("America/Denver").unwrap();
        let (before, after) = (zone.start_of(date("2026-03-07")), zone.start_of(date("2026-03-09")));
        assert_eq!(zone.wall_micros(before, after), 2 * 86_400 * MICROS);
        assert_eq!(zone.plus_wall_micros(before, 2 * 86_400 * MICROS), after);
        assert_eq!(zone.plus_wall_micros(after, -2 * 86_400 * MICROS), before);
    }

    #[test]
    fn a_midnight_that_is_skipped_is_the_first_moment_after_it() {
        // Clocks in Beirut go from 00:00 to 01:00 on the last Sunday of March.
        check("Asia/Beirut", "2026-03-29", "0d", "2026-03-28T22:00:00Z");
    }

    #[test]
    fn days_after_a_days_start_are_the_same_however_they_are_asked_for() {
        for name in ["UTC", "Asia/Beirut", "America/St_Johns", "Pacific/Apia", "Europe/Vienna"] {
            let zone = Zone::find(name).unwrap();
            // Six years in which clocks were changed at midnight, and a day was left out.
            for day in (0..2_200).map(|days| date("2009-12-01").plus_days(days)) {
                for period in ["0d", "1d", "30d", "24h"].map(|text| Period::parse(text).unwrap()) {
                    let expected = zone.after(zone.start_of(day), period);
                    assert_eq!(zone.after_start_of(day, period), expected, "{name} {day} {period}");
                }
            }
        }
    }

    #[test]
    fn periods_read_back_as_they_are_written() {
        for text in ["30d", "24h", "15m", "90s", "0d"] {
            assert_eq!(Period::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "d", "1w", "-1d", "1.5h", "99999d", "٣d", "1é"] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_survives_its_days() {
        let day = date("2026-11-21");
        assert_eq!(Date::from_days(day.days()), Some(day));
        assert_eq!(day.to_string(), "2026-11-21");
        assert_eq!(Date::from_days(i32::MAX), None);
    }

    #[test]
    fn moments_at_the_ends_of_time_do_not_panic() {
        let zone = Zone::find("Pacific/Kiritimati").unwrap();
        for moment in [Timestamp::EARLIEST, Timestamp::LATEST] {
            let _ = (zone.date_of(moment), zone.after(moment, Period::Days(9)), moment.to_string());
        }
    }
}
