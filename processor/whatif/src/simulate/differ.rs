//! The debtors that come off differently under two policies, as CSV: a line each.

use super::life::Outcome;
use decision::ids::DebtorId;
use std::io::{self, Write};

/// What is told of each side, with what is put before its name.
const COLUMNS: [&str; 14] = [
    "segment",
    "plan",
    "stage",
    "status",
    "alerts",
    "messages",
    "tasks",
    "cut_off",
    "restored",
    "cut_off_at_end",
    "fees",
    "handed_over",
    "recovered",
    "owed",
];

/// Writes the names of the columns: the debtor, its currency, then all of the policy held against, then all of the
/// one that is tried. Amounts are in major units.
pub(super) fn write_header(out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    let sides = ["against", "tried"].into_iter();
    let columns = sides.flat_map(|side| COLUMNS.iter().map(move |column| format!("{side}_{column}")));
    writer.write_record(["account".to_owned(), "currency".to_owned()].into_iter().chain(columns))?;
    writer.flush()
}

/// Writes a debtor's line.
pub(super) fn write(
    debtor: &DebtorId,
    against: &Outcome,
    tried: &Outcome,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    let currency = tried.currency.code().to_owned();
    let sides = [against, tried].into_iter().flat_map(fields);
    writer.write_record([debtor.to_string(), currency].into_iter().chain(sides))?;
    writer.flush()
}

fn fields(outcome: &Outcome) -> [String; COLUMNS.len()] {
    let text = |name: Option<&str>| name.unwrap_or_default().to_owned();
    let amount = |sum: decision::money::MinorUnits| sum.in_major(outcome.currency.exponent());
    [
        text(outcome.segment.as_ref().map(AsRef::as_ref)),
        text(outcome.plan.as_ref().map(AsRef::as_ref)),
        text(outcome.stage.as_ref().map(AsRef::as_ref)),
        outcome.status.to_owned(),
        outcome.alerts.to_string(),
        outcome.messages.to_string(),
        outcome.tasks.to_string(),
        outcome.cut_off.to_string(),
        outcome.restored.to_string(),
        outcome.is_cut_off.to_string(),
        amount(outcome.fees),
        outcome.handed_over.to_string(),
        amount(outcome.recovered),
        amount(outcome.owed),
    ]
}
