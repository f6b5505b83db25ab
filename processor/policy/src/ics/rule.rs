//! The rules by which a holiday comes back: every year, on its date or on a weekday of a month.

use super::date;
use jiff::civil::{Date, Weekday};

/// A rule of years.
#[derive(Debug)]
pub(super) struct Rule {
    /// Every so many years.
    interval: i16,
    /// The month, where it names one.
    month: Option<i8>,
    /// The day of the month, where it names one.
    day: Option<i8>,
    /// The how-many-eth such weekday of the month, from its end below zero.
    weekday: Option<(i8, Weekday)>,
    /// The last day that may come.
    until: Option<Date>,
    /// How many come.
    count: Option<usize>,
}

/// The weekdays by their words.
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

impl Rule {
    /// Reads `FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO`.
    ///
    /// # Errors
    /// What of it is not read.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let text = text.to_ascii_uppercase();
        let mut is_yearly = false;
        let mut rule = Self { interval: 1, month: None, day: None, weekday: None, until: None, count: None };
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let read = match name {
                "FREQ" => {
                    is_yearly = value == "YEARLY";
                    is_yearly.then_some(())
                }
                "INTERVAL" => {
                    value.parse().ok().filter(|years| *years > 0).map(|years| rule.interval = years)
                }
                "COUNT" => value.parse().ok().map(|count| rule.count = Some(count)),
                "UNTIL" => date(value).map(|until| rule.until = Some(until)),
                "BYMONTH" => value
                    .parse()
                    .ok()
                    .filter(|month| (1..=12).contains(month))
                    .map(|month| rule.month = Some(month)),
                "BYMONTHDAY" => {
                    value.parse().ok().filter(|day| (1..=31).contains(day)).map(|day| rule.day = Some(day))
                }
                "BYDAY" => weekday(value).map(|weekday| rule.weekday = Some(weekday)),
                // The week's first day says nothing of years.
                "WKST" => Some(()),
                _ => None,
            };
            read.ok_or_else(|| format!("`{part}` is no part of a rule of years that is read"))?;
        }
        if !is_yearly {
            return Err("only rules with `FREQ=YEARLY` are read".to_owned());
        }
        if rule.weekday.is_some() && (rule.month.is_none() || rule.day.is_some()) {
            return Err("`BYDAY` goes with `BYMONTH`, and not with `BYMONTHDAY`".to_owned());
        }
        Ok(rule)
    }

    /// The days of the rule from `first` on, which is one of them; the last in `last_year`.
    pub(super) fn dates(&self, first: Date, last_year: i16) -> Vec<Date> {
        let most = self.count.unwrap_or(usize::MAX);
        let years = (first.year()..=last_year).step_by(usize::from(self.interval.unsigned_abs()));
        // A year that has no such day, as of 29 February, is passed over.
        let later = years.filter_map(|year| self.in_year(year, first)).filter(|date| *date > first);
        let within = later.take_while(|date| self.until.is_none_or(|until| *date <= until));
        [first].into_iter().chain(within).take(most.max(1)).collect()
    }

    fn in_year(&self, year: i16, first: Date) -> Option<Date> {
        let month = self.month.unwrap_or(first.month());
        match self.weekday {
            Some((nth, weekday)) => Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok(),
            None => Date::new(year, month, self.day.unwrap_or(first.day())).ok(),
        }
    }
}

/// Reads `1MO`, `+2TU`, `-1FR`.
fn weekday(text: &str) -> Option<(i8, Weekday)> {
    let (nth, word) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let nth = nth.parse().ok().filter(|nth| *nth != 0 && (-5..=5).contains(nth))?;
    WEEKDAYS.iter().find(|(known, _)| *known == word).map(|(_, weekday)| (nth, *weekday))
}
