//! What becomes of windows, and of the calendars that they skip days of. A calendar that no window
//! has does nothing, and nothing is said of it.

use super::order::by_name;
use super::teller::Teller;
use super::uses::Uses;
use super::{Change, words};
use decision::calendar::{Calendar, Hours, Skipped, Window};
use decision::ids::WindowName;
use decision::time::Weekday;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// So many holidays are named; a file of a hundred years has more than anyone reads.
const NAMED_DAYS: usize = 3;

pub(super) fn windows(
    changes: &mut Vec<Change>,
    uses: &Uses<'_>,
    old: &BTreeMap<WindowName, Arc<Window>>,
    new: &BTreeMap<WindowName, Arc<Window>>,
) {
    for (name, old, new) in by_name(old, new) {
        let mut of = Teller::new(changes, format!("window {name}"), uses.window(name));
        match (old, new) {
            (Some(old), Some(new)) => window(&mut of, old, new),
            (None, Some(new)) => {
                let hours = runs(|day| hours_of(new, day));
                let hours = hours.iter().map(|(days, hours)| format!("{days} {hours}"));
                of.say(format!("is new ({})", words::list(hours)));
            }
            (_, None) => of.say("is gone".to_owned()),
        }
    }
}

fn window(of: &mut Teller<'_>, old: &Window, new: &Window) {
    let Window { name: _, hours: _, skipped } = new;
    let both = |day| {
        let (was, is) = (hours_of(old, day), hours_of(new, day));
        (was != is).then_some((was, is))
    };
    for (days, (was, is)) in runs(both) {
        of.optional(&days, was, is);
    }
    let of_old = skips(old.skipped.as_ref());
    for (was, is) in of_old.into_iter().zip(skips(skipped.as_ref())) {
        of.yes_no(&format!("skips {}", was.0), was.1, is.1);
    }
    days(of, old.skipped.as_ref(), skipped.as_ref());
}

/// The hours of one day, where it has some.
fn hours_of(window: &Window, day: Weekday) -> Option<String> {
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
fn runs<T: PartialEq>(of_day: impl Fn(Weekday) -> Option<T>) -> Vec<(String, T)> {
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
        let (first, last) = (words::weekday(first), words::weekday(last));
        (if first == last { first.to_owned() } else { format!("{first}-{last}") }, said)
    };
    runs.into_iter().map(named).collect()
}

/// What is skipped of a calendar; without one, nothing is.
fn skips(skipped: Option<&Skipped>) -> [(&'static str, bool); 3] {
    let (weekend, holiday, day_before_holiday) = match skipped {
        Some(Skipped { calendar: _, weekend, holiday, day_before_holiday }) => {
            (*weekend, *holiday, *day_before_holiday)
        }
        None => (false, false, false),
    };
    [("the weekend", weekend), ("holidays", holiday), ("the day before holidays", day_before_holiday)]
}

/// The days of the calendar. Where a window has one for the first or the last time, what it skips
/// says enough.
fn days(of: &mut Teller<'_>, old: Option<&Skipped>, new: Option<&Skipped>) {
    let (Some(old), Some(new)) = (old, new) else { return };
    let Calendar { weekend, holidays } = &*new.calendar;
    let weekdays = |days: &BTreeSet<Weekday>| words::list(days.iter().map(|day| words::weekday(*day)));
    of.field("weekend", weekdays(&old.calendar.weekend), weekdays(weekend));
    let (is, was) = (holidays, &old.calendar.holidays);
    for (dates, end) in [(is.difference(was), "new"), (was.difference(is), "gone")] {
        let dates: Vec<String> = dates.map(ToString::to_string).collect();
        let (named, more) = dates.split_at(dates.len().min(NAMED_DAYS));
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        if !named.is_empty() {
            let (noun, verb) = if dates.len() == 1 { ("holiday", "is") } else { ("holidays", "are") };
            of.say(format!("{noun} {}{more} {verb} {end}", named.join(", ")));
        }
    }
}
