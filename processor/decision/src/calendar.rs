//! Windows and calendars: when something may be done, on the wall clock of the account's zone
//! (domain.md, section 7).
//!
//! They shift an action forward to the next allowed moment, never back. What waits for a window is
//! its caller's business.

use crate::ids::WindowName;
use crate::time::{Date, Timestamp, Weekday, Zone};
use jiff::civil::Time;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Which days are no working days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// The days of the weekend.
    pub weekend: BTreeSet<Weekday>,
    /// The holidays.
    pub holidays: BTreeSet<Date>,
}

/// The hours in which something may be done, by day of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its name in the policy.
    pub name: WindowName,
    /// The hours of each day of the week that has some.
    pub hours: Vec<(Weekday, Hours)>,
    /// The days that it leaves out, whatever the hours.
    pub skipped: Option<Skipped>,
}

/// From a time of day to a later one. The last minute is outside: `09:00-21:00` ends with 20:59.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// From when.
    pub from: Time,
    /// Until when; until midnight where absent.
    pub until: Option<Time>,
}

/// The days of a calendar that a window leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The calendar.
    pub calendar: Arc<Calendar>,
    /// Whether the days of the weekend are left out.
    pub weekend: bool,
    /// Whether the holidays are.
    pub holiday: bool,
    /// Whether the day before each holiday is.
    pub day_before_holiday: bool,
}

/// A window that does not open for so many days never does: the longest run of free days is
/// shorter by far.
const LONGEST_SHUT_DAYS: i32 = 3_660;

impl Window {
    /// The first moment from `from` on at which it is open: `from` itself, where it is open then.
    /// None where it never opens again.
    #[must_use]
    pub fn next_open(&self, zone: &Zone, from: Timestamp) -> Option<Timestamp> {
        let today = zone.date_of(from);
        (0..LONGEST_SHUT_DAYS).find_map(|days| self.open_on(today.plus_days(days), zone, from))
    }

    /// The first moment of a day, and not before `from`, at which it is open.
    fn open_on(&self, date: Date, zone: &Zone, from: Timestamp) -> Option<Timestamp> {
        if self.skipped.as_ref().is_some_and(|skipped| skipped.leaves_out(date)) {
            return None;
        }
        let weekday = date.weekday();
        let of_day = self.hours.iter().filter(|(day, _)| *day == weekday);
        let opening = |(_, hours): &(Weekday, Hours)| {
            let begins = zone.moment_of(date.at(hours.from));
            let ends = hours
                .until
                .map_or_else(|| zone.start_of(date.plus_days(1)), |until| zone.moment_of(date.at(until)));
            let opens = begins.max(from);
            (opens < ends).then_some(opens)
        };
        of_day.filter_map(opening).min()
    }
}

impl Skipped {
    fn leaves_out(&self, date: Date) -> bool {
        let Calendar { weekend, holidays } = &*self.calendar;
        (self.weekend && weekend.contains(&date.weekday()))
            || (self.holiday && holidays.contains(&date))
            || (self.day_before_holiday && holidays.contains(&date.plus_days(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{date, moment};

    fn window(hours: &[(Weekday, &str, Option<&str>)], skipped: Option<Skipped>) -> Window {
        let time = |text: &str| text.parse::<Time>().unwrap();
        let hours = hours
            .iter()
            .map(|(day, from, until)| (*day, Hours { from: time(from), until: until.map(time) }))
            .collect();
        Window { name: "window".into(), hours, skipped }
    }

    /// Monday to Friday from 8 to 16, not on the 8th of July 2026, a Wednesday, nor the day before.
    fn office() -> Window {
        let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat];
        let hours: Vec<_> = days.iter().map(|day| (*day, "08:00:00", Some("16:00:00"))).collect();
        let calendar =
            Calendar { weekend: [Weekday::Sat, Weekday::Sun].into(), holidays: [date("2026-07-08")].into() };
        let skipped =
            Skipped { calendar: Arc::new(calendar), weekend: true, holiday: true, day_before_holiday: true };
        window(&hours, Some(skipped))
    }

    #[track_caller]
    fn check(window: &Window, from: &str, opens: &str) {
        let found = window.next_open(&Zone::utc(), moment(from));
        assert_eq!(found.map(|at| at.to_string()), Some(moment(opens).to_string()), "from {from}");
    }

    #[test]
    fn a_window_opens_with_its_first_minute_and_is_shut_with_its_last() {
        check(&office(), "2026-07-01T07:59", "2026-07-01T08:00");
        check(&office(), "2026-07-01T08:00", "2026-07-01T08:00");
        check(&office(), "2026-07-01T15:59", "2026-07-01T15:59");
        check(&office(), "2026-07-01T16:00", "2026-07-02T08:00");
    }

    #[test]
    fn the_weekend_a_holiday_and_the_day_before_it_are_left_out() {
        check(&office(), "2026-07-03T16:00", "2026-07-06T08:00");
        check(&office(), "2026-07-06T16:00", "2026-07-09T08:00");
    }

    #[test]
    fn hours_until_midnight_hold_to_the_days_end() {
        let night = window(&[(Weekday::Wed, "22:00:00", None)], None);
        check(&night, "2026-07-01T23:59", "2026-07-01T23:59");
        check(&night, "2026-07-02T00:00", "2026-07-08T22:00");
    }

    #[test]
    fn hours_are_the_wall_clocks_on_the_days_the_clocks_change() {
        let zone = Zone::find("America/Denver").unwrap();
        let sunday = window(&[(Weekday::Sun, "02:30:00", Some("08:00:00"))], None);
        // 02:30 is skipped on 2026-03-08: the clock shows 03:30 then, which is 09:30 UTC.
        let opens = sunday.next_open(&zone, moment("2026-03-08T00:00"));
        assert_eq!(opens, Some(moment("2026-03-08T09:30")));
    }

    #[test]
    fn a_window_without_hours_never_opens() {
        assert_eq!(window(&[], None).next_open(&Zone::utc(), moment("2026-07-01")), None);
    }
}
