//! How wide the terminal is, and what a moment on the command line means.

use decision::time::{Date, Timestamp, Zone};
use miette::miette;

/// The width of a text that no terminal shows, in columns.
const WIDTH_ELSEWHERE: u16 = 160;

/// The least width in which a table can be read.
const LEAST_WIDTH: u16 = 60;

/// How wide a table may be, in columns: as wide as the terminal that it goes to, if it goes to one.
pub(crate) fn width() -> u16 {
    let width =
        terminal_size::terminal_size_of(std::io::stdout()).map_or(WIDTH_ELSEWHERE, |(width, _)| width.0);
    width.max(LEAST_WIDTH)
}

/// A moment, or the beginning of a day in this zone.
pub(crate) fn moment(text: &str, zone: &Zone) -> miette::Result<Timestamp> {
    let day = || Date::parse(text).map(|day| zone.start_of(day));
    let moment = Timestamp::parse(text).or_else(day).filter(|moment| moment.is_in_calendar());
    moment.ok_or_else(|| {
        miette!("«{text}» is no moment: write a day, 2026-12-31, or a moment, 2026-12-31T09:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_beginning_where_the_policy_is_and_a_moment_is_itself() {
        let zone = Zone::find("Asia/Tashkent").unwrap();
        let at = |text: &str| moment(text, &zone).map(|moment| moment.to_string());
        assert_eq!(at("2026-12-31").unwrap(), "2026-12-30T19:00:00Z");
        assert_eq!(at("2026-12-31T09:00:00+01:00").unwrap(), "2026-12-31T08:00:00Z");
        for text in ["", "tomorrow", "2026-13-01", "31.12.2026"] {
            assert!(at(text).is_err(), "{text}");
        }
    }
}
