//! Tables of figures, for a terminal and for a document: what is measured stands on the left, who or what on top.

use super::{Machine, Versions};
use std::fmt::Write;

/// So many columns are words; the others are numbers, which stand at the right.
const WORDS: usize = 2;

/// What stands for a figure that was not measured.
pub(crate) const NONE: &str = "–";

/// For a terminal. The first row is the head.
pub(crate) fn text(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in rows {
        for ((place, cell), width) in row.iter().enumerate().zip(&widths) {
            let _ =
                if place < WORDS { write!(out, "{cell:width$}  ") } else { write!(out, "{cell:>width$}  ") };
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    out
}

/// For a document. The first row is the head.
pub(crate) fn markdown(rows: &[Vec<String>]) -> String {
    let mut out = String::new();
    let mut rows = rows.iter();
    if let Some(head) = rows.next() {
        let _ = writeln!(out, "| {} |", head.join(" | "));
        let rules: Vec<&str> =
            (0..head.len()).map(|place| if place < WORDS { "---" } else { "---:" }).collect();
        let _ = writeln!(out, "| {} |", rules.join(" | "));
    }
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out
}

/// On what it was measured, in a line.
pub(crate) fn conditions(machine: &Machine, versions: &Versions) -> String {
    format!(
        "{}, {} cores, {} GiB; kernel {}. Commit {}; {}; {}; librdkafka {}.",
        machine.cpu,
        machine.cores,
        machine.memory_bytes >> 30,
        machine.kernel,
        versions.commit,
        versions.processor,
        versions.broker,
        versions.librdkafka
    )
}

/// With three digits that say something.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// What went wrong, in one line: some faults are the end of a log.
pub(crate) fn one_line(fault: &str) -> String {
    fault.replace('\n', " / ")
}

/// What went wrong, as a part of a document; nothing where nothing did.
pub(crate) fn what_went_wrong(faults: &[String]) -> String {
    if faults.is_empty() {
        String::new()
    } else {
        format!("\nWhat went wrong:\n\n- {}\n", faults.join("\n- "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, shown: &str) {
        assert_eq!(number(value), shown);
    }

    #[test]
    fn numbers_have_the_digits_that_say_something() {
        check(53_412.7, "53413");
        check(12.34, "12.3");
        check(0.854, "0.85");
    }

    #[test]
    fn words_stand_at_the_left_and_numbers_at_the_right() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [row(["", "unit", "a"]), row(["size", "MiB", "1024"])];
        assert_eq!(text(&rows), "      unit     a\nsize  MiB   1024\n");
        assert_eq!(markdown(&rows), "|  | unit | a |\n| --- | --- | ---: |\n| size | MiB | 1024 |\n");
    }
}
