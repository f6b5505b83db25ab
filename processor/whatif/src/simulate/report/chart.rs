//! Charts as SVG: they need nothing but a browser, and print as they look.

use decision::time::Date;
use std::fmt::Write as _;

/// The size of a chart, and what is kept free for its scales, in its own units.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 26.0;

/// Colours in an order that means something, from mild to severe; told apart by the colour-blind, and in print.
const ORDERED: [&str; 7] = ["#f2d16b", "#e8a33d", "#d9702e", "#bf3f35", "#8f2a56", "#5b2a6e", "#2f2350"];
/// Two sides.
const TRIED: &str = "#0072b2";
const AGAINST: &str = "#8a8a8a";

/// One line or layer of a chart.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    /// What it is.
    pub(super) name: String,
    /// Its values, one for each day.
    pub(super) values: Vec<f64>,
}

/// Layers over time, each on top of the one before. The highest value of the scale may be given, so that two charts
/// can be compared.
pub(super) fn stacked(title: &str, dates: &[Date], layers: &[Layer], most: f64) -> String {
    let frame = Frame { points: dates.len(), most };
    let mut svg = frame.begin(title, dates);
    let mut below = vec![0.0; dates.len()];
    for (place, layer) in layers.iter().enumerate() {
        let above: Vec<f64> = below.iter().zip(&layer.values).map(|(below, value)| below + value).collect();
        let points = above.iter().enumerate().map(|(at, value)| frame.point(at, *value));
        let back = below.iter().enumerate().rev().map(|(at, value)| frame.point(at, *value));
        let outline: Vec<_> = points.chain(back).collect();
        // Writing to a text does not fail.
        let _ = write!(
            svg,
            r#"<polygon points="{}" fill="{}"><title>{}</title></polygon>"#,
            outline.join(" "),
            ordered(place, layers.len()),
            escaped(&layer.name)
        );
        below = above;
    }
    svg + "</svg>"
}

/// The highest sum of the layers on any day.
pub(super) fn highest(layers: &[Layer]) -> f64 {
    let days = layers.iter().map(|layer| layer.values.len()).max().unwrap_or(0);
    let sum = |day: usize| layers.iter().filter_map(|layer| layer.values.get(day)).sum::<f64>();
    (0..days).map(sum).fold(0.0, f64::max)
}

/// Both sides as lines over time.
pub(super) fn lines(title: &str, dates: &[Date], tried: &[f64], against: Option<&[f64]>) -> String {
    let both = tried.iter().chain(against.into_iter().flatten());
    let frame = Frame { points: dates.len(), most: both.copied().fold(0.0, f64::max) };
    let mut svg = frame.begin(title, dates);
    let sides = [(against, AGAINST, "5 4", "against"), (Some(tried), TRIED, "none", "tried")];
    for (values, colour, dashes, name) in sides {
        let Some(values) = values else { continue };
        let points: Vec<_> = values.iter().enumerate().map(|(at, value)| frame.point(at, *value)).collect();
        let _ = write!(
            svg,
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray="{dashes}"><title>{name}</title></polyline>"#,
            points.join(" ")
        );
    }
    svg + "</svg>"
}

/// What the colours of layers mean.
pub(super) fn legend(layers: &[Layer]) -> String {
    let item = |(place, layer): (usize, &Layer)| {
        format!(
            r#"<li><span style="background:{}"></span>{}</li>"#,
            ordered(place, layers.len()),
            escaped(&layer.name)
        )
    };
    format!("<ul class=\"legend\">{}</ul>", layers.iter().enumerate().map(item).collect::<String>())
}

/// What the colours of both sides mean.
pub(super) fn legend_of_sides() -> String {
    format!(
        r#"<ul class="legend"><li><span style="background:{TRIED}"></span>tried</li><li><span class="dashed" style="border-color:{AGAINST}"></span>against</li></ul>"#
    )
}

/// The colour of a layer among so many: the whole order is used, however few there are.
pub(super) fn ordered(place: usize, of: usize) -> &'static str {
    let last = ORDERED.len() - 1;
    let at = if of <= 1 { last / 2 } else { place * last / (of - 1) };
    ORDERED.get(at.min(last)).copied().unwrap_or("#000")
}

/// A text that may stand in HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Where points lie.
struct Frame {
    points: usize,
    most: f64,
}

impl Frame {
    fn x(&self, at: usize) -> f64 {
        let steps = self.points.saturating_sub(1).max(1);
        LEFT + (WIDTH - LEFT - RIGHT) * at as f64 / steps as f64
    }

    fn y(&self, value: f64) -> f64 {
        let most = if self.most > 0.0 { self.most } else { 1.0 };
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / most
    }

    fn point(&self, at: usize, value: f64) -> String {
        format!("{:.1},{:.1}", self.x(at), self.y(value))
    }

    /// The chart up to its scales.
    fn begin(&self, title: &str, dates: &[Date]) -> String {
        let mut svg = format!(
            r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{0}"><title>{0}</title>"#,
            escaped(title)
        );
        for value in steps(self.most) {
            let y = self.y(value);
            let _ = write!(
                svg,
                r#"<line x1="{LEFT}" x2="{:.1}" y1="{y:.1}" y2="{y:.1}" class="grid"/><text x="{:.1}" y="{:.1}" class="y">{}</text>"#,
                WIDTH - RIGHT,
                LEFT - 8.0,
                y + 4.0,
                short(value)
            );
        }
        for (at, label) in months(dates) {
            let x = self.x(at);
            let _ = write!(
                svg,
                r#"<line x1="{x:.1}" x2="{x:.1}" y1="{TOP}" y2="{0:.1}" class="grid"/><text x="{1:.1}" y="{2:.1}">{label}</text>"#,
                HEIGHT - BOTTOM,
                x + 3.0,
                HEIGHT - 8.0
            );
        }
        svg
    }
}

/// Round values from nought up to the highest, about five of them.
fn steps(most: f64) -> Vec<f64> {
    if most <= 0.0 {
        return vec![0.0];
    }
    let rough = most / 5.0;
    let magnitude = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].iter().map(|round| round * magnitude).find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    (0..=5).map(|number| f64::from(number) * step).take_while(|value| *value <= most).collect()
}

/// A number that is short enough for a scale: 1.5M.
fn short(value: f64) -> String {
    let (value, unit) = match value {
        value if value >= 1e9 => (value / 1e9, "G"),
        value if value >= 1e6 => (value / 1e6, "M"),
        value if value >= 1e4 => (value / 1e3, "k"),
        value => (value, ""),
    };
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}")
}

/// Where months begin, thinned out where there are too many for their names.
fn months(dates: &[Date]) -> Vec<(usize, String)> {
    let begins: Vec<_> = dates
        .iter()
        .enumerate()
        .filter_map(|(at, date)| date.to_string().strip_suffix("-01").map(|month| (at, month.to_owned())))
        .collect();
    let every = begins.len().div_ceil(14).max(1);
    begins.into_iter().step_by(every).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_have_round_steps_up_to_the_highest_value() {
        assert_eq!(steps(7.0), [0.0, 2.0, 4.0, 6.0]);
        assert_eq!(steps(1_000.0), [0.0, 200.0, 400.0, 600.0, 800.0, 1_000.0]);
        assert_eq!(steps(0.0), [0.0]);
    }

    #[test]
    fn scales_are_labelled_shortly() {
        assert_eq!(
            [0.0, 400.0, 9_999.0, 12_500.0, 2e6, 3.5e9].map(short),
            ["0", "400", "9999", "12.5k", "2M", "3.5G"]
        );
    }

    #[test]
    fn layers_lie_on_top_of_each_other_and_texts_are_escaped() {
        let dates: Vec<_> = (0..3).map(|day| Date::parse("2026-03-01").unwrap().plus_days(day)).collect();
        let layer = |name: &str, value| Layer { name: name.to_owned(), values: vec![value; 3] };
        let layers = [layer("<low>", 1.0), layer("high", 3.0)];
        assert!((highest(&layers) - 4.0).abs() < f64::EPSILON);
        let svg = stacked("a & b", &dates, &layers, 4.0);
        assert!(
            svg.contains("<title>&lt;low&gt;</title>") && svg.contains("a &amp; b") && !svg.contains("<low>")
        );
        // The second layer ends at the top of the frame, where its sum is.
        assert!(svg.contains("72.0,10.0"), "{svg}");
    }
}
