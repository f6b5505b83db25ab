//! Line charts as SVG: a few lines over the seconds of a run, or over something that grows by powers of ten.

use std::fmt::Write;

/// The drawing's size, and the room that is left for words.
const WIDTH: f64 = 920.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;
/// The room that half of a large number takes.
const HALF_A_NUMBER: f64 = 36.0;

/// How values are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From 0 up.
    Linear,
    /// By powers of ten.
    Log,
}

/// What runs from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Across {
    /// Seconds, from 0 on.
    Seconds,
    /// Anything by powers of ten. There are few points, and each is marked.
    Log,
}

/// One line.
pub(crate) struct Series<'a> {
    pub(crate) name: &'a str,
    /// By what runs across; a gap where there is none.
    pub(crate) points: Vec<(f64, Option<f64>)>,
}

/// A chart.
pub(crate) struct Chart<'a> {
    pub(crate) title: &'a str,
    /// What stands beside the numbers.
    pub(crate) unit: &'a str,
    pub(crate) scale: Scale,
    pub(crate) across: Across,
    pub(crate) series: Vec<Series<'a>>,
    /// Where steps begin, with what is written there.
    pub(crate) marks: Vec<(f64, String)>,
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

    /// How far along the axis a value lies, from 0 to 1.
    fn part(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => value / self.most,
            Scale::Log => (value.max(self.least) / self.least).ln() / (self.most / self.least).ln(),
        }
    }

    /// Where a value lies, from the top.
    fn y(&self, value: f64) -> f64 {
        TOP + (1.0 - self.part(value)) * (HEIGHT - TOP - BOTTOM)
    }
}

/// What runs across, with its marks.
struct Width {
    axis: Axis,
    right: f64,
    ticks: Vec<(f64, String)>,
}

impl Width {
    fn new(across: Across, values: impl Iterator<Item = f64> + Clone) -> Self {
        match across {
            Across::Seconds => {
                let last = values.fold(1.0, f64::max);
                let step = nice_step(last.max(5.0) * 0.5).max(1.0);
                let mut ticks = Vec::new();
                let mut at = 0.0;
                while at <= last {
                    ticks.push((at, format!("{} s", number(at))));
                    at += step;
                }
                let axis = Axis { scale: Scale::Linear, least: 0.0, most: last, ticks: Vec::new() };
                Self { axis, right: RIGHT, ticks }
            }
            Across::Log => {
                let axis = Axis::new(Scale::Log, values);
                let ticks = axis.ticks.iter().map(|tick| (*tick, number(*tick))).collect();
                // The last of them stands at the end, and half of it beyond.
                Self { axis, right: RIGHT.max(HALF_A_NUMBER), ticks }
            }
        }
    }

    /// Where a value lies, from the left.
    fn x(&self, value: f64) -> f64 {
        LEFT + self.axis.part(value) * (WIDTH - LEFT - self.right)
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
    pub(crate) fn draw(&self) -> String {
        let mut out = String::new();
        let values =
            self.series.iter().flat_map(|series| series.points.iter().filter_map(|(_, value)| *value));
        let axis = Axis::new(self.scale, values);
        let places = self.series.iter().flat_map(|series| series.points.iter().map(|(at, _)| *at));
        let width = Width::new(self.across, places);
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
        let bottom = HEIGHT - BOTTOM;
        for (at, text) in &width.ticks {
            let _ = write!(out, "<text class=x x={:.1} y={:.1}>{text}</text>", width.x(*at), HEIGHT - 8.0);
        }
        for (at, text) in &self.marks {
            let x = width.x(*at);
            let _ = write!(out, "<line class=mark x1={x:.1} x2={x:.1} y1={TOP} y2={bottom} />");
            let _ = write!(out, "<text class=mark x={:.1} y={:.1}>{text}</text>", x + 3.0, TOP + 9.0);
        }
        for (number, series) in self.series.iter().enumerate() {
            let (x, y) = (|at| width.x(at), |value| axis.y(value));
            let _ = write!(out, "<path class=s{number} d=\"{}\" />", path(&series.points, x, y));
            if self.across == Across::Log {
                for (at, value) in series.points.iter().filter_map(|(at, value)| Some((*at, (*value)?))) {
                    let _ = write!(out, "<circle class=s{number} cx={:.1} cy={:.1} r=3 />", x(at), y(value));
                }
            }
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
pub(crate) fn number(value: f64) -> String {
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

    #[test]
    fn powers_of_ten_lie_as_far_from_each_other_across_and_are_all_named() {
        let width = Width::new(Across::Log, [20_000.0, 10_000.0, 10_000_000.0].into_iter());
        let names: Vec<&str> = width.ticks.iter().map(|(_, name)| &**name).collect();
        assert_eq!(names, ["10,000", "100,000", "1,000,000", "10,000,000"]);
        let places: Vec<f64> = width.ticks.iter().map(|(at, _)| width.x(*at)).collect();
        let steps: Vec<f64> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps.iter().all(|step| (step - steps[0]).abs() < 1e-6), "{steps:?}");
        assert!((places[0] - LEFT).abs() < 1e-9 && places[3] <= WIDTH - HALF_A_NUMBER + 1e-9, "{places:?}");
        // Twice ten thousand lies at three tenths of a power.
        assert!(((width.x(20_000.0) - LEFT) / steps[0] - 2_f64.log10()).abs() < 1e-9);
    }

    #[test]
    fn seconds_run_from_nothing_and_have_no_dots() {
        let width = Width::new(Across::Seconds, [0.0, 30.0].into_iter());
        let names: Vec<&str> = width.ticks.iter().map(|(_, name)| &**name).collect();
        assert_eq!(names, ["0 s", "5 s", "10 s", "15 s", "20 s", "25 s", "30 s"]);
        assert!((width.x(30.0) - (WIDTH - RIGHT)).abs() < 1e-9);
        let points = vec![(1.0, Some(2.0)), (30.0, Some(4.0))];
        let chart = |across| Chart {
            title: "a",
            unit: "µs",
            scale: Scale::Linear,
            across,
            series: vec![Series { name: "b", points: points.clone() }],
            marks: Vec::new(),
        };
        assert_eq!(chart(Across::Seconds).draw().matches("<circle").count(), 0);
        assert_eq!(chart(Across::Log).draw().matches("<circle").count(), 2);
    }
}
