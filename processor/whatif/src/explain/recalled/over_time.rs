//! What was owed over time, worked out backwards: from what is owed now, past one booking after the other.
//!
//! Records say what was booked, and what was open after it, but not how much of that counted: an invoice comes into a
//! plan's scope by time alone. So the invoices are taken back to what they were, and counted as decisions count them
//! ([`view::owed`]). It is known as far back as the records reach that are kept, say enough to be undone (`undone`), and
//! agree with it where they tell the debt themselves. Before that nothing is said: another plan, other attributes or
//! an invoice forgotten since may have been what counted.

use super::undone::Past;
use super::{figure, kind_of};
use crate::customer::When;
use crate::explain::{DebtNow, Facts};
use decision::money::MinorUnits;
use decision::record::RecordKind;
use decision::time::Timestamp;
use decision::view;
use schemas::HistoryLine;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What was owed over time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = StoryOwed)]
pub struct OwedOverTime {
    /// From when on it is known.
    pub known_from: When,
    /// Whether that is the beginning: before it nothing was decided.
    pub is_whole: bool,
    /// From when on how much was owed, oldest first; the first is of `known_from`, and there is one wherever it changed
    /// or a stage was entered.
    pub points: Vec<OwedFrom>,
}

/// What was owed from a moment on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StoryOwedFrom)]
pub struct OwedFrom {
    /// The moment.
    #[serde(with = "crate::moment")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The same on the customer's wall clock.
    pub local: String,
    /// What was owed in all, frozen or not, in major units.
    pub real_debt: String,
    /// The stages that were entered then, in order; mostly none.
    pub entered: Vec<String>,
}

/// Works it out from the records in order; `told` are the debts that they tell themselves, by their moment.
pub(super) fn owed(
    facts: &Facts<'_>,
    in_order: &[&HistoryLine],
    told: &BTreeMap<Timestamp, &[DebtNow]>,
) -> OwedOverTime {
    let lines = without_gaps(in_order, facts.debtor.records_made);
    let now = facts.moment.now;
    let entries = view::owed::entries(facts.debtor, now, facts.policies);
    let mut past = Past::now(facts.debtor, facts.customer.exponent);
    let mut owed = BTreeMap::from([(now, real_debt(facts, &past, now))]);
    let (mut until, mut is_whole) = (now, facts.debtor.records_made == 0);
    let mut first = lines.len();
    // To count thousands of invoices is dear, and most of two hundred records are alerts.
    let mut has_moved = false;
    for records in lines.chunk_by(|one, next| one.at == next.at).rev() {
        let Some(at) = records.first().map(|line| line.at) else { continue };
        if told.get(&at).is_some_and(|told| !agrees(facts, &past, at, told)) {
            break;
        }
        let between = entries.iter().copied().filter(|entry| (at..until).contains(entry));
        let is_same = !has_moved && !entries.iter().any(|entry| at < *entry && *entry <= until);
        let same = owed.first_key_value().map(|(_, real)| *real).filter(|_| is_same);
        for from in between.chain([at]) {
            owed.entry(from).or_insert_with(|| same.unwrap_or_else(|| real_debt(facts, &past, from)));
        }
        has_moved = records.iter().any(|line| may_change_it(line));
        until = at;
        let begins = first.saturating_sub(records.len());
        let mut each = (begins..first).rev();
        let is_undone = each.all(|at| {
            let record = lines.get(at).zip(lines.get(..at));
            record.is_some_and(|(line, earlier)| past.undo(line, earlier).is_some())
        });
        first = begins;
        is_whole = is_undone && records.first().is_some_and(|line| line.sequence == 1);
        if !is_undone {
            break;
        }
    }
    OwedOverTime { known_from: facts.customer.when(until), is_whole, points: points(facts, &owed, lines) }
}

/// Whether what was owed before a record may be another amount than after it.
fn may_change_it(line: &HistoryLine) -> bool {
    use RecordKind as Kind;
    !matches!(
        kind_of(line),
        Some(
            Kind::Alert
                | Kind::AlertSuppressed
                | Kind::AlertStale
                | Kind::Recovered
                | Kind::CommandReported
                | Kind::MeasureRequested
        )
    )
}

/// The last records of which none is missing, up to the debtor's last.
fn without_gaps<'a, 'b>(in_order: &'a [&'b HistoryLine], last: i64) -> &'a [&'b HistoryLine] {
    let numbers = (0..).map(|back| last.saturating_sub(back));
    let kept =
        in_order.iter().rev().zip(numbers).take_while(|(line, number)| line.sequence == *number).count();
    in_order.get(in_order.len().saturating_sub(kept)..).unwrap_or_default()
}

/// What is owed in all by the invoices of this past.
fn real_debt(facts: &Facts<'_>, past: &Past, at: Timestamp) -> MinorUnits {
    view::owed::real_debts(&past.debtor, at, facts.policies).into_iter().map(|(_, real)| real).sum()
}

/// Whether it is what the records of that moment tell, as far as they do.
fn agrees(facts: &Facts<'_>, past: &Past, at: Timestamp, told: &[DebtNow]) -> bool {
    let known = view::owed::real_debts(&past.debtor, at, facts.policies);
    let owed =
        |class: &str| known.iter().find(|(known, _)| known.to_string() == class).map(|(_, real)| *real);
    told.iter().all(|debt| {
        let real = facts.amount(owed(&debt.debt_class).unwrap_or_default());
        debt.real_debt.as_ref().is_none_or(|told| *told == real)
    })
}

/// The moments at which it changed, or a stage was entered.
fn points(
    facts: &Facts<'_>,
    owed: &BTreeMap<Timestamp, MinorUnits>,
    lines: &[&HistoryLine],
) -> Vec<OwedFrom> {
    let mut entered: BTreeMap<Timestamp, Vec<String>> = BTreeMap::new();
    for line in lines.iter().filter(|line| kind_of(line) == Some(RecordKind::StageEntered)) {
        entered.entry(line.at).or_default().extend(figure(line, "stage").map(str::to_owned));
    }
    let mut last = None;
    let mut point = |(at, real): (&Timestamp, &MinorUnits)| {
        let entered = entered.remove(at).unwrap_or_default();
        let is_news = last.replace(*real) != Some(*real) || !entered.is_empty();
        let told = || (facts.local(*at), facts.amount(*real));
        is_news.then(told).map(|(local, real_debt)| OwedFrom { at: *at, local, real_debt, entered })
    };
    owed.iter().filter_map(&mut point).collect()
}

#[cfg(test)]
mod tests;
