//! Calendars and windows: the days that are no working days, and the hours that shift an action.

use super::{Checker, Section};
use crate::file::{CalendarFile, DayWord, SkipWord, WindowFile};
use crate::ics;
use crate::report::Finding;
use crate::yaml::{Spanned, Table};
use decision::calendar::{Calendar, Hours, Skipped, Window};
use decision::ids::WindowName;
use decision::policy::Defaults;
use decision::time::{Date, Timestamp, Weekday, Zone};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The calendars of a policy, by name.
pub(super) type Calendars = BTreeMap<String, Arc<Calendar>>;

/// Whoever waits longer for a window, in days, waits for a mistake.
const LONGEST_WAIT_DAYS: i32 = 366;

impl Checker<'_> {
    pub(super) fn calendars(&mut self, calendars: &Table<CalendarFile>) -> Calendars {
        calendars.iter().map(|(name, calendar)| (name.value.clone(), self.calendar(calendar))).collect()
    }

    fn calendar(&mut self, calendar: &CalendarFile) -> Arc<Calendar> {
        let mut weekend = BTreeSet::new();
        for day in &calendar.weekend {
            if !weekend.insert(weekday(day.value)) {
                let message = "the weekend names this day twice";
                self.error("duplicate-name", day.span, message, "name it once");
            }
        }
        let mut holidays: BTreeSet<Date> = calendar.holidays.iter().map(|day| day.value.0).collect();
        if let Some(file) = &calendar.ics {
            holidays.extend(self.holidays_of(file));
        }
        Arc::new(Calendar { weekend, holidays })
    }

    /// The holidays of a file beside the policy.
    fn holidays_of(&mut self, name: &Spanned<String>) -> BTreeSet<Date> {
        let text = match self.files.text(name) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("the file `{}` cannot be read: {error}", name.value);
                let help = "write its path as seen from the policy file";
                self.error("cannot-read", name.span, message, help);
                return BTreeSet::new();
            }
        };
        let found = ics::read(text);
        for wrong in &found.wrong {
            let message = format!("`{}`, line {}: {}", name.value, wrong.line, wrong.what);
            self.error(
                "calendar-file",
                name.span,
                message,
                "mend the file, or write these days as `holidays`",
            );
        }
        if found.appointments > 0 {
            let message = format!(
                "`{}` has events with a time of day: {} of them, which are no holidays",
                name.value, found.appointments
            );
            let finding = Finding::warning("calendar-file", name.span, message);
            self.say(finding.with_help("write those that are holidays as whole days"));
        } else if found.days.is_empty() && found.wrong.is_empty() {
            let message = format!("`{}` has no holidays", name.value);
            let finding = Finding::warning("calendar-file", name.span, message);
            self.say(finding.with_help("name a file with all-day events, or leave it out"));
        }
        found.days
    }

    pub(super) fn windows(
        &mut self,
        windows: &Table<Spanned<WindowFile>>,
        calendars: &Calendars,
        defaults: &Defaults,
    ) -> BTreeMap<WindowName, Arc<Window>> {
        let mut compiled = BTreeMap::new();
        for (name, file) in windows.iter() {
            let window = self.window(name, file, calendars);
            if !file.damaged {
                self.opens(name, &window, &defaults.zone);
            }
            compiled.insert(window.name.clone(), Arc::new(window));
        }
        compiled
    }

    fn window(
        &mut self,
        name: &Spanned<String>,
        window: &Spanned<WindowFile>,
        calendars: &Calendars,
    ) -> Window {
        self.some_text(name);
        self.skips(window);
        let mut hours: Vec<(Weekday, Hours)> = Vec::new();
        for (days, of_days) in &window.hours {
            let days_of_week: Vec<Weekday> = days.value.0.iter().map(|day| weekday(*day)).collect();
            if days_of_week.iter().any(|day| hours.iter().any(|(known, _)| known == day)) {
                let message = "a day here has hours already";
                self.error("duplicate-name", days.span, message, "give each day its hours once");
            }
            let of_day = Hours { from: of_days.value.from, until: of_days.value.until };
            hours.extend(days_of_week.into_iter().map(|day| (day, of_day)));
        }
        let skips = |word| window.skip.iter().any(|skip| skip.value == word);
        let calendar = window.calendar.as_ref().and_then(|name| calendars.get(&name.value));
        let skipped = calendar.map(|calendar| Skipped {
            calendar: Arc::clone(calendar),
            weekend: skips(SkipWord::Weekend),
            holiday: skips(SkipWord::Holiday),
            day_before_holiday: skips(SkipWord::DayBeforeHoliday),
        });
        Window { name: WindowName::from(name.as_str()), hours, skipped }
    }

    /// A calendar and what is skipped of it go together.
    fn skips(&mut self, window: &Spanned<WindowFile>) {
        match (&window.calendar, window.skip.first()) {
            (Some(calendar), skip) => {
                self.known(Section::Calendars, calendar);
                if skip.is_none() && !window.damaged {
                    let message = format!("nothing of the calendar `{}` is left out", calendar.value);
                    let help = "say what: `skip: [weekend, holiday, day_before_holiday]`";
                    self.error("contradiction", calendar.span, message, help);
                }
            }
            (None, Some(skip)) if !window.damaged => {
                let message = "`skip` without `calendar` leaves nothing out";
                self.error("contradiction", skip.span, message, "name the calendar whose days are skipped");
            }
            (None, _) => {}
        }
    }

    /// Whatever waits for a window must come to an end: on some day without holidays, and on each
    /// holiday, since those may follow one another.
    fn opens(&mut self, name: &Spanned<String>, window: &Window, zone: &Zone) {
        let holidays = window.skipped.iter().flat_map(|skipped| &skipped.calendar.holidays);
        let some_day = Date::from_days(0);
        let help = "give hours to a day that is not skipped";
        for start in some_day.into_iter().chain(holidays.copied()) {
            let from = zone.start_of(start);
            let latest = zone.start_of(start.plus_days(LONGEST_WAIT_DAYS));
            match window.next_open(zone, from) {
                None => {
                    let message = format!("the window `{}` never opens", name.value);
                    self.error("never-opens", name.span, message, help);
                    return;
                }
                Some(opens) if opens > latest => {
                    let message = shut(&name.value, start, opens, zone);
                    self.error("never-opens", name.span, message, help);
                    return;
                }
                Some(_) => {}
            }
        }
    }
}

fn shut(name: &str, start: Date, opens: Timestamp, zone: &Zone) -> String {
    format!("the window `{name}` is shut from {start} to {}: more than a year", zone.date_of(opens))
}

fn weekday(word: DayWord) -> Weekday {
    match word {
        DayWord::Mon => Weekday::Mon,
        DayWord::Tue => Weekday::Tue,
        DayWord::Wed => Weekday::Wed,
        DayWord::Thu => Weekday::Thu,
        DayWord::Fri => Weekday::Fri,
        DayWord::Sat => Weekday::Sat,
        DayWord::Sun => Weekday::Sun,
    }
}
