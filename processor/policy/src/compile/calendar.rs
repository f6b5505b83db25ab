//! Calendars and windows: checked where they are declared, though nothing uses them yet.

use super::{Checker, Section};
use crate::file::{CalendarFile, SkipWord, WindowFile};
use crate::yaml::{Spanned, Table};

impl Checker<'_> {
    pub(super) fn calendars(&mut self, calendars: &Table<CalendarFile>) {
        for (_, calendar) in calendars.iter() {
            for (at, day) in calendar.weekend.iter().enumerate() {
                if calendar.weekend.iter().take(at).any(|before| before.value == day.value) {
                    self.error(
                        "duplicate-name",
                        day.span,
                        "the weekend names this day twice",
                        "name it once",
                    );
                }
            }
        }
    }

    pub(super) fn windows(&mut self, windows: &Table<Spanned<WindowFile>>, calendars: &Table<CalendarFile>) {
        for (name, window) in windows.iter() {
            self.window(name, window, calendars);
        }
    }

    fn window(
        &mut self,
        name: &Spanned<String>,
        window: &Spanned<WindowFile>,
        calendars: &Table<CalendarFile>,
    ) {
        if let Some(calendar) = &window.calendar {
            self.known(Section::Calendars, calendar);
        } else if let Some(skip) = window.skip.first() {
            let message = "`skip` without `calendar` leaves nothing out";
            self.error("contradiction", skip.span, message, "name the calendar whose days are skipped");
        }
        let mut open = Vec::new();
        for (days, _) in &window.hours {
            if days.0.iter().any(|day| open.contains(day)) {
                self.error(
                    "duplicate-name",
                    days.span,
                    "a day here has hours already",
                    "give each day its hours once",
                );
            }
            open.extend(&days.0);
        }
        let skips_weekend = window.skip.iter().any(|skip| skip.value == SkipWord::Weekend);
        let named = window.calendar.as_ref().filter(|_| skips_weekend);
        let calendar = named.and_then(|named| calendars.iter().find(|(name, _)| name.value == named.value));
        let weekend = calendar.map_or(&[][..], |(_, calendar)| calendar.weekend.as_slice());
        let closed = open.iter().all(|day| weekend.iter().any(|free| free.value == *day));
        if closed && !window.damaged {
            let message = format!("the window `{}` never opens", name.value);
            self.error("never-opens", name.span, message, "give hours to a day that is not skipped");
        }
    }
}
