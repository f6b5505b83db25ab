//! Which days have come by a moment, of thousands of invoices' dates.
//!
//! To ask the zone is dear, and only of the days about that moment is it needed.

use crate::time::{Date, Period, Timestamp, Zone};
use std::cell::Cell;

/// Which days have come, and some time after their first moment has gone by, by a moment.
pub(super) struct Days<'a> {
    zone: &'a Zone,
    after: Period,
    until: Timestamp,
    /// The day that comes then, were clocks on UTC.
    about: i64,
    /// Whether each of the days about it has come, earliest first, once that was asked for.
    known: [Cell<Option<bool>>; DAYS_ABOUT],
}

/// No zone's clocks are further from UTC than this, nor does any leave out more, in days.
const FURTHEST_DAYS: i64 = 2;

/// How many days may be in doubt.
const DAYS_ABOUT: usize = 5;

impl<'a> Days<'a> {
    /// The days whose first moment lies `after` before `until`, or earlier.
    pub(super) fn new(after: Period, until: Timestamp, zone: &'a Zone) -> Self {
        let micros = until.micros_since(Timestamp(after.nominal_micros()));
        let about = micros.div_euclid(Period::Days(1).nominal_micros());
        Self { zone, after, until, about, known: Default::default() }
    }

    /// Whether this day is one of them.
    pub(super) fn have_come(&self, day: Date) -> bool {
        let ahead = i64::from(day.days()).saturating_sub(self.about);
        if ahead.abs() > FURTHEST_DAYS {
            return ahead < 0;
        }
        let ask = || self.zone.after_start_of(day, self.after) <= self.until;
        let at = usize::try_from(ahead.saturating_add(FURTHEST_DAYS)).unwrap_or(usize::MAX);
        let Some(known) = self.known.get(at) else { return ask() };
        let has_come = known.get().unwrap_or_else(ask);
        known.set(Some(has_come));
        has_come
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{date, moment, period};

    #[test]
    fn a_day_has_come_when_the_zone_says_so() {
        for name in ["UTC", "Pacific/Kiritimati", "Pacific/Apia", "America/St_Johns", "Asia/Beirut"] {
            let zone = Zone::find(name).unwrap();
            for hours in (0..2_000).step_by(7) {
                // Samoa left a day out in this year, and Newfoundland changed its clocks at midnight.
                let until = moment("2011-10-20").plus_micros(hours * 3_600_000_000);
                for after in ["0d", "1d", "30h"].map(period).into_iter().chain([Period::Days(-3)]) {
                    let days = Days::new(after, until, &zone);
                    for ahead in -6..=6 {
                        let day = zone.date_of(until).plus_days(ahead);
                        let expected = zone.after(zone.start_of(day), after) <= until;
                        assert_eq!(days.have_come(day), expected, "{name} {day} {after} by {until}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_horizon_that_was_lost_has_seen_no_day() {
        let zone = Zone::utc();
        let days = Days::new(Period::NONE, Timestamp::EARLIEST, &zone);
        assert!(!days.have_come(date("0000-01-01")) && !days.have_come(date("2026-01-01")));
    }
}
