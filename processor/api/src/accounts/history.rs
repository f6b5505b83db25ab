//! The lines of an account's history, a page at a time.

use super::Looked;
use decision::Debtor;
use schemas::{FigureLine, HistoryLine};
use serde::Serialize;
use utoipa::ToSchema;
use whatif::customer::{Customer, When};

/// How many lines of a debtor are kept beside its state.
pub(crate) const KEPT: usize = 200;

/// A page of an account's history, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryPage {
    /// The zone of the customer's wall clock.
    time_zone: &'static str,
    /// The lines.
    items: Vec<Line>,
    /// What `before` is to be for the next page; none after the last.
    next: Option<i64>,
}

/// A line: what was decided, when, why, and under which policy.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HistoryLine)]
pub struct Line {
    /// Counts the debtor's lines from 1, without a gap.
    sequence: i64,
    /// When it was decided.
    when: When,
    /// What was decided, in a word for programs: `stage_entered`, `payment_booked`.
    kind: String,
    /// The same with its figures, in words.
    words: String,
    /// Why, in a word or a short sentence.
    reason: String,
    /// The account it is about.
    account_id: String,
    /// The figures it rests on, in the order in which a person reads them.
    figures: Vec<Figure>,
    /// The version of the policy that held: a label.
    policy_version: String,
    /// The hash of that policy's content.
    policy_hash: String,
    /// The id of the event with which it was decided; none where it fell due by itself.
    event_id: Option<String>,
}

/// A figure that a decision rests on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Figure {
    /// What it is.
    name: String,
    /// Its value, written for a person: money in major units.
    value: String,
}

impl HistoryPage {
    /// These lines as a page of so many; whoever asked for one more knows whether there are more.
    pub(super) fn of(mut lines: Vec<HistoryLine>, limit: usize, debtor: &Debtor, looked: &Looked) -> Self {
        let customer = Customer::of(debtor, looked.policies.at(looked.moment.now));
        let is_more = lines.len() > limit;
        lines.truncate(limit);
        let next = lines.last().filter(|_| is_more).map(|line| line.sequence);
        let items = Line::all(lines, debtor, looked);
        Self { time_zone: customer.zone.name(), items, next }
    }
}

impl Line {
    /// These lines of a debtor's, as they are told.
    pub(crate) fn all(lines: Vec<HistoryLine>, debtor: &Debtor, looked: &Looked) -> Vec<Self> {
        let customer = Customer::of(debtor, looked.policies.at(looked.moment.now));
        lines.into_iter().map(|line| Self::of(line, &customer)).collect()
    }

    fn of(line: HistoryLine, customer: &Customer) -> Self {
        let words = whatif::words::line(&line);
        let figure = |figure: FigureLine| Figure { name: figure.name, value: figure.value };
        Self {
            sequence: line.sequence,
            when: customer.when(line.at),
            kind: line.kind,
            words,
            reason: line.reason,
            account_id: line.account_id,
            figures: line.figures.into_iter().map(figure).collect(),
            policy_version: line.policy_version,
            policy_hash: line.policy_hash,
            event_id: line.event_id,
        }
    }
}
