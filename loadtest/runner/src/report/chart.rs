//! Line charts as SVG: a few lines over the seconds of a run.

use std::fmt::Write;

/// The drawing's size, and the room that is left for words.
const WIDTH: f64 = 920.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;

/// How values are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// From 0 up.
    Linear,
    /// By powers of ten.
    Log,
}

/// One line.
pub(super) struct Series<'a> {
    pub(super) name: &'a str,
    /// By second; a gap where there is none.
    pub(super) points: Vec<(f64, Option<f64>)>,
}

/// A chart.
pub(super) struct Chart<'a> {
    pub(super) title: &'a str,
    /// What stands beside the numbers.
    pub(super) unit: &'a str,
    pub(super) scale: Scale,
    pub(super) series: Vec<Series<'a>>,
    /// Where steps begin, with what is written there.
    pub(super) marks: Vec<(f64, String)>,
}

/// The range that a chart shows, and its lines across.
struct Axis {
    scale: Scale,
    least: f64,
    most: f64,
    ticks: Vec<f64>,
}

impl Axis {
    fn new(scale: Scale, values: impl Iterator<Item = f64> + Clone) -> Self {
        let most = values.clone().fold(0.0, f64::max);
        match scale {
            Scale::Linear => {
                let step = nice_step(most.max(1e-9));
                let count = (most / step).ceil().max(1.0);
                let ticks = (0..=5)
                    .map(|number| f64::from(number) * step)
                    .filter(|tick| *tick <= count * step * 1.001);
                Self { scale, least: 0.0, most: count * step, ticks: ticks.collect() }
            }
            Scale::Log => {
                let least = values.filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
                let least = if least.is_finite() { 10_f64.powf(least.log10().floor()) } else { 1.0 };
                let most = 10_f64.powf(most.max(least * 10.0).log10().ceil());
                let mut ticks = vec![least];
                while let Some(last) = ticks.last().copied().filter(|last| *last < most * 0.999) {
                    ticks.push(last * 10.0);
                }
                Self { scale, least, most, ticks }
            }
        }
    }

    /// Where a value lies, from the top.
    fn y(&self, value: f64) -> f64 {
        let part = match self.scale {
            Scale::Linear => value / self.most,
            Scale::Log => (value.max(self.least) / self.least).ln() / (self.most / self.least).ln(),
        };
        TOP + (1.0 - part) * (HEIGHT - TOP - BOTTOM)
    }
}

/// A fifth of this, rounded up to 1, 2 or 5 and zeros.
fn nice_step(most: f64) -> f64 {
    let fifth = most / 5.0;
    let power = 10_f64.powf(fifth.log10().floor());
    let digit = fifth / power;
    let nice = [1.0, 2.0, 5.0].into_iter().find(|nice| digit <= nice * 1.000_001).unwrap_or(10.0);
    nice * power
}

impl Chart<'_> {
    /// The chart as a figure of a page.
    pub(super) fn draw(&self) -> String {
        let mut out = String::new();
        let values =
            self.series.iter().flat_map(|series| series.points.iter().filter_map(|(_, value)| *value));
        let axis = Axis::new(self.scale, values);
        let last =
            self.series.iter().flat_map(|series| &series.points).map(|(at, _)| *at).fold(1.0, f64::max);
        let x = |at: f64| LEFT + at / last * (WIDTH - LEFT - RIGHT);
        // Writing to a string does not fail.
        let _ = write!(out, "<figure><figcaption>{}<span class=legend>", self.title);
        for (number, series) in self.series.iter().enumerate() {
            let _ = write!(out, " <span class=s{number}>{}</span>", series.name);
        }
        let _ = write!(
            out,
            "</span></figcaption><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=img aria-label=\"{}\">",
            self.title
        );
        for tick in &axis.ticks {
            let (y, right, text) = (axis.y(*tick), WIDTH - RIGHT, number(*tick));
            let _ = write!(out, "<line class=grid x1={LEFT} x2={right} y1={y:.1} y2={y:.1} />");
            let _ =
                write!(out, "<text class=y x={:.1} y={:.1}>{text} {}</text>", LEFT - 6.0, y + 4.0, self.unit);
        }
        let (bottom, step) = (HEIGHT - BOTTOM, nice_step(last.max(5.0) * 0.5).max(1.0));
        let mut at = 0.0;
        while at <= last {
            let _ = write!(out, "<text class=x x={:.1} y={:.1}>{} s</text>", x(at), HEIGHT - 8.0, number(at));
            at += step;
        }
        for (at, text) in &self.marks {
            let x = x(*at);
            let _ = write!(out, "<line class=mark x1={x:.1} x2={x:.1} y1={TOP} y2={bottom} />");
            let _ = write!(out, "<text class=mark x={:.1} y={:.1}>{text}</text>", x + 3.0, TOP + 9.0);
        }
        for (number, series) in self.series.iter().enumerate() {
            let _ = write!(
                out,
                "<path class=s{number} d=\"{}\" />",
                path(&series.points, x, |value| axis.y(value))
            );
        }
        out.push_str("</svg></figure>\n");
        out
    }
}

fn path(points: &[(f64, Option<f64>)], x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) -> String {
    let mut out = String::new();
    let mut pen_is_down = false;
    for (at, value) in points {
        let Some(value) = value else {
            pen_is_down = false;
            continue;
        };
        let _ = write!(out, "{}{:.1} {:.1}", if pen_is_down { 'L' } else { 'M' }, x(*at), y(*value));
        pen_is_down = true;
    }
    out
}

/// A number as people read it: no more digits than tell.
pub(super) fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude >= 10_000.0 {
        let text = format!("{value:.0}");
        return grouped(&text);
    }
    let digits = if magnitude == 0.0 || magnitude >= 100.0 {
        0
    } else if magnitude >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn grouped(text: &str) -> String {
    let mut out = String::new();
    for (place, digit) in text.chars().enumerate() {
        if place > 0 && (text.len() - place).is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_tell() {
        let cases = [
            (0.0, "0"),
            (0.034, "0.03"),
            (7.5, "7.5"),
            (41.26, "41.3"),
            (100.0, "100"),
            (52_000.0, "52,000"),
            (1_234_567.0, "1,234,567"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_line_has_a_gap_where_there_is_no_value() {
        let points = [(0.0, Some(1.0)), (1.0, Some(2.0)), (2.0, None), (3.0, Some(3.0))];
        assert_eq!(path(&points, |x| x, |y| y), "M0.0 1.0L1.0 2.0M3.0 3.0");
    }

    #[test]
    fn axes_end_at_round_numbers_that_hold_all_values() {
        let linear = Axis::new(Scale::Linear, [3.0, 47.0].into_iter());
        assert_eq!((linear.most, linear.ticks), (50.0, vec![0.0, 10.0, 20.0, 30.0, 40.0, 50.0]));
        let log = Axis::new(Scale::Log, [0.0, 3.0, 470.0].into_iter());
        assert_eq!((log.least, log.most, log.ticks.len()), (1.0, 1_000.0, 4));
        assert!(log.y(1_000.0) < log.y(10.0) && (log.y(0.0) - (HEIGHT - BOTTOM)).abs() < 1e-9);
    }
}
