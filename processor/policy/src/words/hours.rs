//! When a window is open, and what it leaves out.

use super::weekday;
use decision::calendar::{Hours, Skipped, Window};
use decision::time::Weekday;

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// The hours of one day, where it has some.
#[must_use]
pub fn hours(window: &Window, day: Weekday) -> Option<String> {
    let of_day = window.hours.iter().filter(|(known, _)| *known == day);
    let hours: Vec<String> = of_day.map(|(_, hours)| written(*hours)).collect();
    (!hours.is_empty()).then(|| hours.join(" and "))
}

fn written(hours: Hours) -> String {
    let Hours { from, until } = hours;
    let until = until.map_or("24:00".to_owned(), |until| until.strftime("%H:%M").to_string());
    format!("{}-{until}", from.strftime("%H:%M"))
}

/// Days that follow each other and have the same said of them, in one: `Mon-Thu`.
pub fn runs<T: PartialEq>(of_day: impl Fn(Weekday) -> Option<T>) -> Vec<(String, T)> {
    let mut runs: Vec<(Weekday, Weekday, T)> = Vec::new();
    let mut goes_on = false;
    for day in WEEK {
        let Some(said) = of_day(day) else {
            goes_on = false;
            continue;
        };
        match runs.last_mut().filter(|(_, _, before)| goes_on && *before == said) {
            Some((_, last, _)) => *last = day,
            None => runs.push((day, day, said)),
        }
        goes_on = true;
    }
    let named = |(first, last, said): (Weekday, Weekday, T)| {
        let (first, last) = (weekday(first), weekday(last));
        (if first == last { first.to_owned() } else { format!("{first}-{last}") }, said)
    };
    runs.into_iter().map(named).collect()
}

/// What is skipped of a calendar; without one, nothing is.
#[must_use]
pub fn skips(skipped: Option<&Skipped>) -> [(&'static str, bool); 3] {
    let (weekend, holiday, day_before_holiday) = match skipped {
        Some(Skipped { calendar: _, weekend, holiday, day_before_holiday }) => {
            (*weekend, *holiday, *day_before_holiday)
        }
        None => (false, false, false),
    };
    [("the weekend", weekend), ("holidays", holiday), ("the day before holidays", day_before_holiday)]
}
