//! How Weir grows, as one page that needs nothing else: what an event costs, by number of accounts.

use super::table::{faults, rows, settings, verified};
use super::{Growth, Measured};
use crate::backlog::Drained;
use crate::report::chart::{Across, Chart, Scale, Series};
use crate::report::grid;
use crate::report::html::{escaped, framed};
use std::fmt::Write;

/// The page.
#[must_use]
pub fn page(growth: &Growth) -> String {
    let mut body = chart(growth).draw();
    body.push_str(&table(growth));
    for said in verified(growth) {
        let _ = writeln!(body, "<p class=note>{}</p>", escaped(&said));
    }
    for fault in faults(growth) {
        let _ = writeln!(body, "<p class=bad>{}</p>", escaped(&fault));
    }
    let conditions = grid::conditions(&growth.machine, &growth.versions);
    let _ = writeln!(body, "<p class=note>{}</p>", escaped(&conditions));
    framed("Weir by number of accounts", &settings(growth), &body, growth)
}

fn chart(growth: &Growth) -> Chart<'static> {
    let line = |name, of: fn(&Measured) -> Option<Drained>| {
        let point = |measured: &Measured| {
            (f64::from(measured.accounts), of(measured).map(|drained| drained.processor_us))
        };
        Series { name, points: growth.sizes.iter().map(point).collect() }
    };
    Chart {
        title: "CPU of the process for an event, by number of accounts",
        unit: "µs",
        scale: Scale::Linear,
        across: Across::Log,
        series: vec![line("cold", |found| found.cold), line("hot", |found| found.hot)],
        marks: Vec::new(),
    }
}

fn table(growth: &Growth) -> String {
    let mut out = String::from("<table>\n");
    for row in rows(growth) {
        let cells: String = row.iter().map(|cell| format!("<td>{}", escaped(cell))).collect();
        let _ = writeln!(out, "<tr>{cells}</tr>");
    }
    out.push_str("</table>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale::table::tests::two;

    #[test]
    fn the_page_draws_cold_and_hot_and_tells_what_went_wrong() {
        let page = page(&two());
        // A line each, with a dot where there is a figure.
        assert_eq!((page.matches("<path").count(), page.matches("<circle").count()), (2, 2), "{page}");
        for wanted in [
            "<td>10000",
            ">100,000</text>",
            "weir ended / with &lt;this&gt;",
            "all checked.",
            "\"hot_skew\":0.8",
        ] {
            assert!(page.contains(wanted), "{wanted}: {page}");
        }
    }
}
