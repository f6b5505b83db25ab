//! A report as tables for a terminal.

use super::{Figure, ORDER, Report, Section, SectionRow, in_major};
use crate::words::{count, grouped};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use std::fmt::Write as _;

/// The report as tables of at most this width, in columns; each day where it is asked for, else months.
#[must_use]
pub fn tables(report: &Report, width: u16, each_day: bool) -> String {
    let mut text = head(report);
    let times = if each_day { &report.days } else { &report.months };
    for section in report.sections.iter().chain([times, &report.ages]) {
        if section.rows.is_empty() {
            continue;
        }
        let is_grid = std::ptr::eq(section, times) || std::ptr::eq(section, &report.ages);
        let table = if is_grid { grid(section, width) } else { table(section, report, width) };
        // Writing to a text does not fail.
        let _ = write!(text, "\n{}\n{table}\n", section.title);
    }
    text
}

fn head(report: &Report) -> String {
    let accounts = count(report.accounts, "account");
    let mut text = format!("{accounts}, {}, through {}\n", count(report.events, "event"), report.until);
    if report.left_out > 0 {
        let events = count(report.left_out, "event");
        let _ = writeln!(text, "{events} left out: later than that, or reports of other commands");
    }
    if report.faulty > 0 {
        let _ = writeln!(text, "{} passed over: unreadable", count(report.faulty, "event"));
    }
    let _ = writeln!(text, "tried: {}", report.tried);
    if let (Some(against), Some(differing)) = (&report.against, report.differing) {
        let _ = writeln!(text, "against: {against}\nwith another outcome: {}", count(differing, "account"));
    }
    text
}

fn table(section: &Section, report: &Report, width: u16) -> Table {
    let mut table = empty(width);
    let sides: &[&str] =
        if report.against.is_some() { &["against", "tried", "difference"] } else { &["count"] };
    table.set_header(section.keys.iter().chain(sides));
    for row in &section.rows {
        let mut cells = row.keys.clone();
        if let Some(against) = row.against {
            cells.extend([told(against), told(row.tried), difference(against, row.tried)]);
        } else {
            cells.push(told(row.tried));
        }
        table.add_row(cells);
    }
    align(&mut table, section.keys.len());
    table
}

fn empty(width: u16) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table
}

/// The columns after the first ones are numbers.
fn align(table: &mut Table, keys: usize) {
    for column in table.column_iter_mut().skip(keys) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

/// A section of two keys as a grid: a line for each of the first, a column for each of the second. Where the sides
/// differ a cell tells both.
fn grid(section: &Section, width: u16) -> Table {
    let mut columns: Vec<&str> = Vec::new();
    let mut lines: Vec<(&str, Vec<&SectionRow>)> = Vec::new();
    for row in &section.rows {
        let [line, column] = row.keys.as_slice() else { continue };
        if !columns.contains(&column.as_str()) {
            columns.push(column);
        }
        match lines.last_mut() {
            Some((last, rows)) if *last == line => rows.push(row),
            Some(_) | None => lines.push((line, vec![row])),
        }
    }
    columns.sort_by_key(|column| ORDER.iter().position(|known| known == column));
    let mut table = empty(width);
    table.set_header(section.keys.iter().take(1).chain(&columns));
    for (line, rows) in lines {
        let cell = |column: &&str| {
            let of_column = rows.iter().filter(|row| row.keys.last().is_some_and(|key| key == column));
            // One for each currency.
            of_column.map(|row| both(row)).collect::<Vec<_>>().join("\n")
        };
        table.add_row([line.to_owned()].into_iter().chain(columns.iter().map(cell)));
    }
    align(&mut table, 1);
    table
}

fn both(row: &SectionRow) -> String {
    match row.against {
        Some(against) if against != row.tried => format!("{} → {}", told(against), told(row.tried)),
        Some(_) | None => told(row.tried),
    }
}

/// A figure in words.
pub(crate) fn told(figure: Figure) -> String {
    match figure {
        Figure::Count(count) => grouped(&count.to_string()),
        Figure::Amounts(amounts, currency) => {
            format!(
                "{}: {} {currency}",
                grouped(&amounts.count.to_string()),
                grouped(&in_major(amounts.sum, currency))
            )
        }
        Figure::Money(sum, currency) => format!("{} {currency}", grouped(&in_major(sum, currency))),
    }
}

/// How much more there is than before, with its sign; nothing where it is the same.
pub(super) fn difference(before: Figure, now: Figure) -> String {
    match (before, now) {
        (Figure::Count(before), Figure::Count(now)) => {
            signed(i128::from(now) - i128::from(before), |more| more.to_string())
        }
        (Figure::Amounts(before, currency), Figure::Amounts(now, _)) => {
            signed(now.sum - before.sum, |more| format!("{} {currency}", in_major(more, currency)))
        }
        (Figure::Money(before, currency), Figure::Money(now, _)) => {
            signed(now - before, |more| format!("{} {currency}", in_major(more, currency)))
        }
        // One row's figures are of one kind.
        (Figure::Count(_) | Figure::Amounts(..) | Figure::Money(..), _) => String::new(),
    }
}

fn signed(more: i128, told: impl Fn(i128) -> String) -> String {
    match more {
        0 => String::new(),
        1.. => format!("+{}", grouped(&told(more))),
        i128::MIN..=-1 => format!("−{}", grouped(&told(more.saturating_neg()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_its_sign() {
        let count = |before, now| difference(Figure::Count(before), Figure::Count(now));
        assert_eq!([count(2_000, 500), count(500, 2_000), count(7, 7)], ["−1,500", "+1,500", ""]);
    }
}
