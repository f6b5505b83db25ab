//! A story as a table for a terminal.

use super::{DebtNow, End, Row, Story};
use crate::words;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use std::fmt::Write as _;

/// The story as a table of at most this width, in columns, and what comes next below it.
#[must_use]
pub fn table(story: &Story, width: u16) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table.set_header(["when", "event", "debt", "stage", "commands", "why"]);
    for row in &story.rows {
        table.add_row([
            row.local.clone(),
            event(row, story.earlier_records.is_some()),
            lines(row.debts.iter().map(debt)),
            lines(row.debts.iter().map(stage)),
            row.commands.join("\n"),
            row.told.join("\n"),
        ]);
    }
    let mut text = format!("{}, times in {}\n", story.debtor_id, story.time_zone);
    // Writing to a text does not fail.
    if let Some(earlier) = story.earlier_records.filter(|earlier| *earlier > 0) {
        let (records, are) =
            (words::count(earlier, "earlier record"), if earlier == 1 { "is" } else { "are" });
        let _ = writeln!(text, "… {records} {are} kept in the records topic, not here");
    }
    if !story.rows.is_empty() {
        let _ = writeln!(text, "{table}");
    }
    if story.left_out > 0 {
        let decisions = words::count(story.left_out, "decision");
        let _ = writeln!(text, "{decisions} left out: nothing changed (--all tells them)");
    }
    text + &end(&story.end)
}

/// What happened. The history does not say of what it names no event for whether that was due.
fn event(row: &Row, is_recalled: bool) -> String {
    match (&row.event, &row.rejected) {
        (Some(event), Some(rejected)) => format!("{event}\nrejected: {rejected}"),
        (Some(event), None) => event.clone(),
        (None, Some(rejected)) => format!("rejected: {rejected}"),
        (None, None) if is_recalled => String::new(),
        (None, None) => "(due)".to_owned(),
    }
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

/// What is owed; in brackets what of it counts, where holds freeze some; nothing where it is not known.
fn debt(debt: &DebtNow) -> String {
    match (&debt.real_debt, &debt.conditional_debt) {
        (Some(real), Some(conditional)) if real != conditional => format!("{real} ({conditional})"),
        (Some(owed), _) => owed.clone(),
        (None, _) => String::new(),
    }
}

fn stage(debt: &DebtNow) -> String {
    let stage = match (&debt.stage, debt.status.as_deref()) {
        (Some(stage), Some("held")) => format!("{stage}, held"),
        (Some(stage), _) => stage.clone(),
        (None, status) => status.unwrap_or_default().to_owned(),
    };
    if debt.debt_class == "all" { stage } else { format!("{}: {stage}", debt.debt_class) }
}

/// Where it stands, and what comes next.
fn end(end: &End) -> String {
    let mut text = format!("At {}:\n", end.local);
    for debt in &end.debts {
        let plan = debt.plan.as_ref().map_or("no plan".to_owned(), |plan| format!("plan {plan}"));
        let _ = writeln!(text, "  {}, {plan}: owes {}", stage(debt), self::debt(debt));
        if let Some(next) = &debt.next {
            let _ = writeln!(text, "  next, if nothing changes: {} at {}", next.stage, next.local);
        }
    }
    let credit = end.credit.iter().map(|credit| format!("credit {credit}"));
    for line in
        credit.chain(end.holds.iter().cloned()).chain(end.fired.iter().map(|fired| format!("fired: {fired}")))
    {
        let _ = writeln!(text, "  {line}");
    }
    match &end.next_due {
        Some(at) => {
            let _ = writeln!(text, "  looked at next: {at}");
        }
        None => text += "  nothing falls due by itself\n",
    }
    text
}
