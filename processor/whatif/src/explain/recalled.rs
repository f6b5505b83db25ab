//! A debtor's life, told from its history instead of being played: by the records of what was decided.
//!
//! History names no events. What its records show of them is put into words in `happened`, which commands they
//! tell of in `sent`, and what they say of the debt in `owed`. What was owed between them is worked out in [`over_time`].
//! Where a history lies is not known here.

mod happened;
pub mod over_time;
mod owed;
mod sent;
mod undone;

use super::{Around, Facts, Row, Story};
use crate::words;
use decision::debtor::Debtor;
use decision::record::RecordKind;
use decision::{Moment, Policies};
use happened::Happened;
use owed::Owed;
use schemas::HistoryLine;

/// Tells a debtor's life from its last records, and where it stands at `moment`. The records may come in any order:
/// their numbers say it. There is one row for all that was decided at one moment, since nothing tells apart what
/// was decided together and what in one batch.
///
/// A row's debt is what its own records say of it; the stage, the plan and whether the cycle is held stay from the
/// records before, which tell of every change of them. What the records do not say is left empty.
#[must_use]
pub fn recalled(debtor: &Debtor, lines: &[HistoryLine], moment: Moment, policies: &Policies) -> Story {
    let facts = Facts::of(debtor, moment, policies);
    let mut in_order: Vec<&HistoryLine> = lines.iter().collect();
    in_order.sort_unstable_by_key(|line| line.sequence);
    let before = in_order.first().map_or(debtor.records_made, |first| first.sequence.saturating_sub(1));
    let mut recall =
        Recall { facts: &facts, happened: Happened::default(), owed: Owed::new(before == 0), last: before };
    let rows: Vec<Row> =
        in_order.chunk_by(|one, next| one.at == next.at).filter_map(|lines| recall.row(lines)).collect();
    let told = rows.iter().map(|row| (row.at, row.debts.as_slice())).collect();
    let owed = over_time::owed(&facts, &in_order, &told);
    Story {
        debtor_id: debtor.id.to_string(),
        time_zone: facts.customer.zone.name().into(),
        earlier_records: Some(u64::try_from(before).unwrap_or(0)),
        owed: Some(owed),
        rows,
        left_out: 0,
        end: facts.end(),
    }
}

/// What is remembered from row to row.
struct Recall<'a> {
    facts: &'a Facts<'a>,
    happened: Happened,
    owed: Owed,
    /// The number of the last record.
    last: i64,
}

impl Recall<'_> {
    /// The row of the records of one moment; none where there are none.
    fn row(&mut self, lines: &[&HistoryLine]) -> Option<Row> {
        let at = lines.first()?.at;
        self.owed.begin_row();
        let mut events = Vec::new();
        for line in lines {
            if line.sequence != self.last.saturating_add(1) {
                // What the records between them changed is not known.
                self.owed.forget();
            }
            self.last = line.sequence;
            self.owed.hear(line, self.facts.policies);
            events.extend(self.happened.hear(line).filter(|event| !events.contains(event)));
        }
        let debts = self.owed.debts();
        // A rejected event changes nothing and leaves one record. Beside others it is one that waited, or one of
        // several events, and then is told with its kind.
        let rejected = match lines {
            [only] if kind_of(only) == Some(RecordKind::EventRejected) => Some(only.reason.clone()),
            _ => None,
        };
        let is_why = |line: &&&HistoryLine| match kind_of(line) {
            Some(RecordKind::MeasureRequested) => false,
            Some(RecordKind::EventRejected) => rejected.is_none(),
            _ => true,
        };
        let around = Around { at, customer: &self.facts.customer, debts: &debts };
        let told = |line: &&HistoryLine| {
            let figures = line.figures.iter().map(|figure| (figure.name.as_str(), figure.value.as_str()));
            around.say(&line.kind, &line.reason, &figures.collect::<Vec<_>>())
        };
        Some(Row {
            at,
            local: self.facts.local(at),
            event: (!events.is_empty()).then(|| events.join("; ")),
            commands: sent::commands(lines, self.facts.policies),
            why: lines.iter().filter(is_why).map(|line| words::line(line)).collect(),
            told: lines.iter().filter(is_why).map(told).collect(),
            rejected,
            debts,
        })
    }
}

/// What was decided; none where a newer Weir wrote it, which knows more kinds.
fn kind_of(line: &HistoryLine) -> Option<RecordKind> {
    RecordKind::parse(&line.kind)
}

/// A figure of a record, by its name.
fn figure<'a>(line: &'a HistoryLine, name: &str) -> Option<&'a str> {
    line.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value.as_str())
}

#[cfg(test)]
pub(super) mod tests;
