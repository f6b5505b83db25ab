//! Debt over time, as a drawing: a line of steps, with a mark where a stage was entered. The same stands in a table.
//!
//! It is drawn here and not in the browser: it needs no script, reads without one, and prints. What was owed when, the
//! API works out, and from when on that is known: before that nothing is drawn. The line ends where the account stands
//! now, by what it owes by itself.

use crate::answers::{Account, OwedFrom, OwedOverTime};
use decision::money::{Decimal, MinorUnits};
use decision::time::Timestamp;

/// How wide and high the drawing is, and where its plot begins, in its own units.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 8.0;
const RIGHT: f64 = 712.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 204.0;

/// What is known of the debt over time.
#[derive(Debug)]
pub(crate) enum Told {
    /// There was one: it is drawn.
    Drawn(Chart),
    /// There never was one.
    Never,
    /// There was none since this moment, on the customer's wall clock; what was before is not known.
    NoneSince(String),
    /// Nothing but what is owed now.
    Unknown,
}

/// The drawing.
#[derive(Debug)]
pub(crate) struct Chart {
    /// The line, as SVG writes a path.
    pub(crate) line: String,
    /// The area under it.
    pub(crate) area: String,
    /// Where stages were entered.
    pub(crate) marks: Vec<Mark>,
    /// The most that was owed.
    pub(crate) most: String,
    /// Where that lies.
    pub(crate) most_y: String,
    /// When the drawing begins and ends, on the customer's wall clock.
    pub(crate) from: String,
    pub(crate) to: String,
    /// Whether what lies before it is not known.
    pub(crate) is_cut: bool,
    /// The same as rows: when, what was owed, the stages that were entered; the last one is now.
    pub(crate) rows: Vec<Point>,
}

/// A stage that was entered.
#[derive(Debug)]
pub(crate) struct Mark {
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) stage: String,
    /// On which side of the mark its name stands: `start`, `end`.
    pub(crate) anchor: &'static str,
    pub(crate) text_x: String,
}

/// What was owed from a moment on.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    at: i64,
    pub(crate) local: String,
    value: i64,
    pub(crate) owed: String,
    pub(crate) entered: Vec<String>,
}

/// The debt of an account up to now.
pub(crate) fn told(owed: Option<&OwedOverTime>, account: &Account) -> Told {
    let drawn = owed.zip(now(account)).and_then(|(owed, now)| Some((owed, points(owed, now)?)));
    let Some((owed, points)) = drawn else { return Told::Unknown };
    if points.iter().any(|point| point.value > 0) {
        return drawing(points, !owed.is_whole).map_or(Told::Unknown, Told::Drawn);
    }
    if owed.is_whole { Told::Never } else { Told::NoneSince(owed.known_from.local.clone()) }
}

/// What is owed now in all; none where that cannot be read.
fn now(account: &Account) -> Option<Point> {
    let owed: Vec<&str> = account.profiles.iter().map(|profile| profile.real_debt.as_str()).collect();
    let (value, decimals) = owed.iter().try_fold((0_i64, 0), |(sum, _), owed| {
        let (value, decimals) = minor_units(owed)?;
        Some((sum.checked_add(value)?, decimals))
    })?;
    let owed = match owed.as_slice() {
        [only] => (*only).to_owned(),
        _ => MinorUnits(value).in_major(decimals),
    };
    let local = account.as_of.local.clone();
    Some(Point { at: micros(&account.as_of.at)?, local, value, owed, entered: Vec::new() })
}

/// All that is known, up to now; none where that is only now.
fn points(owed: &OwedOverTime, now: Point) -> Option<Vec<Point>> {
    let point = |point: &OwedFrom| {
        let (value, _) = minor_units(&point.real_debt)?;
        let (local, owed) = (point.local.clone(), point.real_debt.clone());
        Some(Point { at: micros(&point.at)?, local, value, owed, entered: point.entered.clone() })
    };
    let mut points = owed.points.iter().map(point).collect::<Option<Vec<_>>>()?;
    points.retain(|point| point.at < now.at);
    points.push(now);
    (points.len() > 1).then_some(points)
}

fn drawing(points: Vec<Point>, is_cut: bool) -> Option<Chart> {
    let (first, last) = (points.first()?, points.last()?);
    let most = points.iter().max_by_key(|point| point.value)?;
    let span = as_float(last.at.saturating_sub(first.at)).max(1.0);
    let x = |at: i64| LEFT + (RIGHT - LEFT) * as_float(at.saturating_sub(first.at)) / span;
    let part = |value: i64| as_float(value) / as_float(most.value.max(1));
    let y = |value: i64| BOTTOM - (BOTTOM - TOP) * part(value).clamp(0.0, 1.0);
    let mut line = format!("M{:.1} {:.1}", x(first.at), y(first.value));
    for point in points.iter().skip(1) {
        line += &format!("H{:.1}V{:.1}", x(point.at), y(point.value));
    }
    let area = format!("{line}V{BOTTOM:.1}H{:.1}Z", x(first.at));
    let entered = points.iter().flat_map(|point| point.entered.iter().map(|stage| (x(point.at), stage)));
    let marks = entered.enumerate().map(|(at, (x, stage))| mark(at, x, stage.clone())).collect();
    Some(Chart {
        marks,
        line,
        area,
        most: most.owed.clone(),
        most_y: format!("{:.1}", y(most.value)),
        from: first.local.clone(),
        to: last.local.clone(),
        is_cut,
        rows: points,
    })
}

/// Names of stages near each other stand on three lines.
fn mark(at: usize, x: f64, stage: String) -> Mark {
    let line = u8::try_from(at % 3).unwrap_or_default();
    let is_left = x > WIDTH * 0.75;
    let (anchor, text_x) = if is_left { ("end", x - 5.0) } else { ("start", x + 5.0) };
    let y = 18.0 + 17.0 * f64::from(line);
    Mark { x: format!("{x:.1}"), y: format!("{y:.1}"), stage, anchor, text_x: format!("{text_x:.1}") }
}

/// How wide and high the drawing is, as SVG says it.
pub(crate) fn view_box() -> String {
    format!("0 0 {WIDTH} {HEIGHT}")
}

/// An amount in major units as minor ones, and how many decimals it has.
fn minor_units(amount: &str) -> Option<(i64, u8)> {
    let decimals = amount.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let decimals = u8::try_from(decimals).ok()?;
    Some((Decimal::parse(amount).ok()?.scaled_to(decimals)?.0, decimals))
}

fn micros(at: &str) -> Option<i64> {
    Timestamp::parse(at).map(|at| at.0)
}

/// A length of time or an amount for drawing: what is lost is less than a pixel.
#[expect(clippy::cast_precision_loss, reason = "a drawing needs no microseconds")]
fn as_float(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What is told of an account that owes so much on 10 March; a point is a day in March, what was owed from it on, and
    /// the stage that was entered.
    fn said(now: &[&str], is_whole: bool, points: &[(u8, &str, Option<&str>)]) -> Told {
        let when = |day: u8| json!({ "at": format!("2026-03-{day:02}T09:00:00Z"), "local": format!("2026-03-{day:02} 09:00") });
        let point = |(day, owed, stage): &(u8, &str, Option<&str>)| {
            let mut point = when(*day);
            point["real_debt"] = json!(owed);
            point["entered"] = json!(stage.iter().collect::<Vec<_>>());
            point
        };
        let known_from = when(points.first().map_or(10, |(day, ..)| *day));
        let points: Vec<_> = points.iter().map(point).collect();
        let owed = json!({ "known_from": known_from, "is_whole": is_whole, "points": points });
        let mut account = crate::tests::account();
        account.as_of = serde_json::from_value(when(10)).unwrap();
        let profiles = now.iter().map(|owed| {
            let mut profile = crate::tests::account().profiles.remove(0);
            profile.real_debt = (*owed).to_owned();
            profile
        });
        account.profiles = profiles.collect();
        told(Some(&serde_json::from_value(owed).unwrap()), &account)
    }

    fn drawn(told: Told) -> Chart {
        match told {
            Told::Drawn(chart) => chart,
            Told::Never | Told::NoneSince(_) | Told::Unknown => panic!("{told:?}"),
        }
    }

    /// The rows of the table beside the drawing.
    fn rows(chart: &Chart) -> Vec<String> {
        let row = |row: &Point| format!("{} {} {}", row.local, row.owed, row.entered.join(", "));
        chart.rows.iter().map(|point| row(point).trim_end().to_owned()).collect()
    }

    #[test]
    fn debt_is_drawn_in_steps_with_the_stages_marked_up_to_what_is_owed_now() {
        let points = [
            (2, "40.00", None),
            (3, "40.00", Some("remind")),
            (6, "10.00", None),
            (8, "25.00", Some("warn")),
        ];
        let chart = drawn(said(&["25.00"], true, &points));
        assert_eq!(chart.line, "M8.0 64.0H96.0V64.0H360.0V169.0H536.0V116.5H712.0V116.5");
        assert_eq!(
            chart.marks.iter().map(|mark| mark.stage.as_str()).collect::<Vec<_>>(),
            ["remind", "warn"]
        );
        let expected = [
            "2026-03-02 09:00 40.00",
            "2026-03-03 09:00 40.00 remind",
            "2026-03-06 09:00 10.00",
            "2026-03-08 09:00 25.00 warn",
            "2026-03-10 09:00 25.00",
        ];
        assert_eq!((rows(&chart), chart.is_cut), (expected.map(str::to_owned).to_vec(), false));
    }

    #[test]
    fn the_line_ends_with_what_the_account_owes_by_itself_whatever_was_known_a_moment_ago() {
        let chart = drawn(said(&["50.00", "0.50"], false, &[(9, "40.00", None)]));
        assert_eq!(rows(&chart), ["2026-03-09 09:00 40.00", "2026-03-10 09:00 50.50"]);
        assert_eq!((chart.most.as_str(), chart.is_cut), ("50.50", true));
    }

    #[test]
    fn no_debt_is_said_only_where_that_is_known() {
        let nothing = [(1, "0.00", None)];
        assert!(matches!(said(&["0.00"], true, &nothing), Told::Never));
        let since = said(&["0.00"], false, &nothing);
        assert!(matches!(since, Told::NoneSince(since) if since == "2026-03-01 09:00"));
        // Of a debt of which only is known what it is now, nothing is drawn.
        assert!(matches!(said(&["12.00"], false, &[(10, "12.00", None)]), Told::Unknown));
        assert!(matches!(told(None, &crate::tests::account()), Told::Unknown));
    }
}
