//! Holidays from an iCalendar file (RFC 5545): its all-day events, the yearly ones every year.
//!
//! Appointments, tasks and alarms are no holidays; what cannot be understood for certain is said
//! and not guessed. Which window leaves a holiday out is not known here.

mod rule;

use decision::time::Date;
use jiff::civil;
use rule::Rule;
use std::collections::BTreeSet;

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Holidays {
    /// The days.
    pub(crate) days: BTreeSet<Date>,
    /// What was passed over, being no whole days.
    pub(crate) appointments: usize,
    /// What is wrong, each with its line.
    pub(crate) wrong: Vec<Wrong>,
}

/// What is wrong at a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The line, from 1.
    pub(crate) line: usize,
    /// What.
    pub(crate) what: String,
}

/// A yearly event without an end goes on through this year.
const LAST_YEAR: i16 = 2_100;

/// No holiday lasts longer, in days.
const LONGEST_DAYS: i32 = 366;

/// More days than any list of holidays has, though each be written for every year.
const MOST_DAYS: usize = 20_000;

/// Reads a file.
pub(crate) fn read(text: &str) -> Holidays {
    let mut holidays = Holidays::default();
    let mut open: Vec<String> = Vec::new();
    let mut event: Option<Event> = None;
    let mut is_calendar = false;
    for line in unfolded(text) {
        match (line.name.as_str(), line.value.to_ascii_uppercase()) {
            ("BEGIN", what) => {
                is_calendar |= open.is_empty() && what == "VCALENDAR";
                if what == "VEVENT" && event.is_none() {
                    event = Some(Event { line: line.at, lines: Vec::new() });
                }
                open.push(what);
            }
            ("END", what) => {
                if open.pop().as_ref() != Some(&what) {
                    holidays.say(line.at, format!("`END:{what}` ends nothing that began"));
                    return holidays;
                }
                if what == "VEVENT"
                    && let Some(event) = event.take()
                {
                    holidays.add(&event);
                }
            }
            // An alarm within an event has a start and a length of its own.
            _ if open.last().is_some_and(|inside| inside == "VEVENT") => {
                event.iter_mut().for_each(|event| event.lines.push(line.clone()));
            }
            // All else says nothing of days.
            _ => {}
        }
    }
    if !is_calendar {
        holidays.say(1, "this is no iCalendar file: it does not begin with `BEGIN:VCALENDAR`".to_owned());
    } else if let Some(left) = open.pop() {
        holidays.say(text.lines().count(), format!("the file ends before `END:{left}`"));
    }
    holidays
}

impl Holidays {
    fn say(&mut self, line: usize, what: String) {
        self.wrong.push(Wrong { line, what });
    }

    fn add(&mut self, event: &Event) {
        if event.is_appointment() {
            self.appointments += 1;
            return;
        }
        match event.days() {
            Ok(days) if self.days.len() + days.len() > MOST_DAYS => {
                self.say(event.line, format!("with this event there are more than {MOST_DAYS} holidays"));
            }
            Ok(days) => self.days.extend(days),
            Err(wrong) => self.wrong.push(wrong),
        }
    }
}

/// One line, put together of those it was folded into: `NAME;PARAMETER=…:VALUE`.
#[derive(Clone, Debug)]
struct Line {
    /// The first of its lines in the file, from 1.
    at: usize,
    name: String,
    parameters: String,
    value: String,
}

fn unfolded(text: &str) -> Vec<Line> {
    let mut whole: Vec<(usize, String)> = Vec::new();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), whole.last_mut()) {
            (Some(rest), Some((_, before))) => before.push_str(rest),
            _ => whole.push((at + 1, line.to_owned())),
        }
    }
    whole.into_iter().filter_map(|(at, line)| split(at, &line)).collect()
}

fn split(at: usize, line: &str) -> Option<Line> {
    let mut quoted = false;
    let colon = line.char_indices().find(|(_, letter)| {
        quoted ^= *letter == '"';
        *letter == ':' && !quoted
    });
    let (head, value) = line.split_at_checked(colon?.0)?;
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    Some(Line {
        at,
        name: name.trim().to_ascii_uppercase(),
        parameters: parameters.to_ascii_uppercase(),
        value: value.strip_prefix(':')?.trim().to_owned(),
    })
}

/// An event, by its lines.
struct Event {
    line: usize,
    lines: Vec<Line>,
}

type Read<T> = Result<T, Wrong>;

impl Event {
    fn get(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }

    fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Line> {
        self.lines.iter().filter(move |line| line.name == name)
    }

    /// Whether it begins at a time of day.
    fn is_appointment(&self) -> bool {
        self.get("DTSTART").is_some_and(|start| start.value.contains(['T', 't']))
    }

    /// The days it takes. A cancelled event takes none.
    fn days(&self) -> Read<Vec<Date>> {
        if self.get("STATUS").is_some_and(|status| status.value.eq_ignore_ascii_case("CANCELLED")) {
            return Ok(Vec::new());
        }
        if let Some(line) = self.get("RECURRENCE-ID") {
            return Err(line.wrong("one day of a series is moved: write that day as an event of its own"));
        }
        let Some(start) = self.get("DTSTART") else {
            return Err(Wrong { line: self.line, what: "the event has no `DTSTART`".to_owned() });
        };
        let first = start.date()?;
        let length = self.length(first)?;
        let mut begins = match self.get("RRULE") {
            Some(line) => Rule::read(&line.value).map_err(|what| line.wrong(what))?.dates(first, LAST_YEAR),
            None => vec![first],
        };
        for line in self.all("RDATE") {
            begins.extend(line.dates()?);
        }
        for line in self.all("EXDATE") {
            let left_out = line.dates()?;
            begins.retain(|begin| !left_out.contains(begin));
        }
        let days = begins.iter().filter_map(|begin| Date::parse(&begin.to_string()));
        Ok(days.flat_map(|begin| (0..length).map(move |days| begin.plus_days(days))).collect())
    }

    /// How many days it takes: `DTEND` is the day after the last.
    fn length(&self, first: civil::Date) -> Read<i32> {
        let (line, days) = match (self.get("DTEND"), self.get("DURATION")) {
            (Some(end), _) => (end, first.until(end.date()?).map_or(0, |span| span.get_days())),
            (None, Some(duration)) => (duration, duration.days()?),
            (None, None) => return Ok(1),
        };
        match days {
            // Some programs write the first day as the end of an event of one day.
            0 => Ok(1),
            1..=LONGEST_DAYS => Ok(days),
            _ => Err(line.wrong("the event does not end, from its start, within a year")),
        }
    }
}

impl Line {
    fn wrong(&self, what: impl Into<String>) -> Wrong {
        Wrong { line: self.at, what: what.into() }
    }

    fn date(&self) -> Read<civil::Date> {
        date(&self.value).ok_or_else(|| self.wrong(format!("`{}` is no day, as 20260101", self.value)))
    }

    fn dates(&self) -> Read<Vec<civil::Date>> {
        if self.parameters.contains("VALUE=PERIOD") {
            return Err(self.wrong("periods are not read: write days"));
        }
        let no_day = |text: &str| self.wrong(format!("`{text}` is no day, as 20260101"));
        self.value.split(',').map(|text| date(text).ok_or_else(|| no_day(text))).collect()
    }

    /// A length in whole days: `P1D`, `P2W`.
    fn days(&self) -> Read<i32> {
        let count = |unit: char, days: i32| {
            let digits = self.value.strip_prefix('P')?.strip_suffix(unit)?;
            digits.parse::<u8>().ok().map(|count| i32::from(count) * days)
        };
        count('D', 1)
            .or_else(|| count('W', 7))
            .ok_or_else(|| self.wrong(format!("`{}` is no number of days, as P1D", self.value)))
    }
}

/// Reads `20260310`, and the day of `20260310T000000Z`.
fn date(text: &str) -> Option<civil::Date> {
    let (day, _) = text.trim().split_once(['T', 't']).unwrap_or((text.trim(), ""));
    if day.len() != 8 || !day.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| day.get(from..to).and_then(|digits| digits.parse::<i16>().ok());
    let (month, of_month) = (i8::try_from(number(4, 6)?).ok()?, i8::try_from(number(6, 8)?).ok()?);
    civil::Date::new(number(0, 4)?, month, of_month).ok()
}

#[cfg(test)]
mod tests;
