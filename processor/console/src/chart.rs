//! Debt over time, as a drawing: a line of steps, with a mark where a stage was entered. The same stands in a table.
//!
//! It is drawn here and not in the browser: it needs no script, reads without one, and prints.

use crate::answers::{Row, When};
use decision::time::Timestamp;
use std::collections::BTreeMap;

/// How wide and high the drawing is, and where its plot begins, in its own units.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 8.0;
const RIGHT: f64 = 712.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 204.0;

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
    /// The same as rows: when, what was owed, the stage that was entered.
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
    value: f64,
    pub(crate) owed: String,
    pub(crate) entered: Option<String>,
}

/// The drawing of a life up to now; none where its history says of no debt.
pub(crate) fn chart(rows: &[Row], now: &When) -> Option<Chart> {
    let points = points(rows);
    let (first, last) = (points.first()?, points.last()?);
    let end = micros(&now.at).unwrap_or(last.at).max(last.at);
    let most = points.iter().max_by(|a, b| a.value.total_cmp(&b.value))?;
    if most.value <= 0.0 {
        return None;
    }
    let span = as_float(end.saturating_sub(first.at)).max(1.0);
    let x = |at: i64| LEFT + (RIGHT - LEFT) * as_float(at.saturating_sub(first.at)) / span;
    let y = |value: f64| BOTTOM - (BOTTOM - TOP) * (value / most.value).clamp(0.0, 1.0);
    let mut line = format!("M{:.1} {:.1}", x(first.at), y(first.value));
    for point in points.iter().skip(1) {
        line += &format!("H{:.1}V{:.1}", x(point.at), y(point.value));
    }
    line += &format!("H{RIGHT:.1}");
    let area = format!("{line}V{BOTTOM:.1}H{:.1}Z", x(first.at));
    let entered = points.iter().filter_map(|point| Some((x(point.at), point.entered.clone()?)));
    let marks = entered.enumerate().map(|(at, (x, stage))| mark(at, x, stage)).collect();
    Some(Chart {
        marks,
        line,
        area,
        most: most.owed.clone(),
        most_y: format!("{:.1}", y(most.value)),
        from: first.local.clone(),
        to: now.local.clone(),
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

/// What is owed in all, wherever it or a stage changed. Of parts of the debt each keeps what was said of it last.
fn points(rows: &[Row]) -> Vec<Point> {
    let mut owed: BTreeMap<&str, f64> = BTreeMap::new();
    let mut stages: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    let mut points: Vec<Point> = Vec::new();
    // As many decimals as the currency has.
    let mut decimals = 0;
    for row in rows {
        let Some(at) = micros(&row.at) else { continue };
        let mut entered = None;
        for debt in &row.debts {
            let text = debt.real_debt.as_deref().unwrap_or_default();
            if let Ok(value) = text.parse() {
                decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
                owed.insert(&debt.debt_class, value);
            }
            let stage = debt.stage.as_deref();
            if stages.insert(&debt.debt_class, stage) != Some(stage) {
                entered = stage.or(entered);
            }
        }
        if owed.is_empty() {
            continue;
        }
        let value = owed.values().sum::<f64>();
        let is_news =
            entered.is_some() || points.last().is_none_or(|last| (last.value - value).abs() >= 0.000_5);
        if is_news {
            let owed = format!("{value:.decimals$}");
            let entered = entered.map(ToOwned::to_owned);
            points.push(Point { at, local: row.local.clone(), value, owed, entered });
        }
    }
    points
}

fn micros(at: &str) -> Option<i64> {
    Timestamp::parse(at).map(|at| at.0)
}

/// A length of time for drawing: what is lost is less than a pixel.
#[expect(clippy::cast_precision_loss, reason = "a drawing needs no microseconds")]
fn as_float(micros: i64) -> f64 {
    micros as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(day: u8, debt: Option<&str>, stage: Option<&str>) -> Row {
        let at = format!("2026-03-{day:02}T09:00:00Z");
        serde_json::from_value(serde_json::json!({
            "at": at, "local": format!("2026-03-{day:02} 09:00"),
            "debts": [{ "debt_class": "all", "real_debt": debt, "stage": stage }],
        }))
        .unwrap()
    }

    #[test]
    fn debt_is_drawn_in_steps_with_the_stages_marked() {
        let rows = [
            row(1, None, None),
            row(2, Some("40.00"), None),
            row(3, Some("40.00"), Some("remind")),
            row(4, Some("40.00"), Some("remind")),
            row(6, Some("10.00"), Some("remind")),
        ];
        let now = When { at: "2026-03-10T09:00:00Z".to_owned(), local: "2026-03-10 09:00".to_owned() };
        let chart = chart(&rows, &now).unwrap();
        assert_eq!(chart.line, "M8.0 64.0H96.0V64.0H360.0V169.0H712.0");
        assert_eq!(chart.marks.iter().map(|mark| mark.stage.as_str()).collect::<Vec<_>>(), ["remind"]);
        assert_eq!(
            chart.rows.iter().map(|row| row.owed.as_str()).collect::<Vec<_>>(),
            ["40.00", "40.00", "10.00"]
        );
        assert!(super::chart(&[row(1, None, None)], &now).is_none(), "nothing is known of a debt");
        assert!(super::chart(&[row(1, Some("0.00"), None)], &now).is_none(), "there never was one");
    }
}
