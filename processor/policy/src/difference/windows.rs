//! What becomes of windows, and of the calendars that they skip days of. A calendar that no window
//! has does nothing, and nothing is said of it.

use super::Change;
use super::order::by_name;
use super::teller::Teller;
use super::uses::Uses;
use crate::words;
use decision::calendar::{Calendar, Skipped, Window};
use decision::ids::WindowName;
use decision::time::Weekday;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
                let hours = words::runs(|day| words::hours(new, day));
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
        let (was, is) = (words::hours(old, day), words::hours(new, day));
        (was != is).then_some((was, is))
    };
    for (days, (was, is)) in words::runs(both) {
        of.optional(&days, was, is);
    }
    let of_old = words::skips(old.skipped.as_ref());
    for (was, is) in of_old.into_iter().zip(words::skips(skipped.as_ref())) {
        of.yes_no(&format!("skips {}", was.0), was.1, is.1);
    }
    days(of, old.skipped.as_ref(), skipped.as_ref());
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
