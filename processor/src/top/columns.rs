//! The columns of the two tables: what stands in each, and in which order rows come by it.

use super::grid::{Grid, Title};
use super::overview::{InstanceRow, Overview, PartitionRow, Standing, Work};
use super::words::{self, NOTHING};
use crate::figures::reading::State;
use std::cmp::Ordering;

/// A column of the table of partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Partition,
    Instance,
    State,
    Lag,
    Late,
    Queued,
    Held,
    Breaker,
    Waiting,
    PutOff,
    Revision,
    Debtors,
}

impl Column {
    /// All, as they stand from the left: what is needed most comes first.
    pub(super) const ALL: [Self; 12] = [
        Self::Partition,
        Self::Instance,
        Self::State,
        Self::Lag,
        Self::Late,
        Self::Queued,
        Self::Held,
        Self::Breaker,
        Self::Waiting,
        Self::PutOff,
        Self::Revision,
        Self::Debtors,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Partition => "PART",
            Self::Instance => "INSTANCE",
            Self::State => "STATE",
            Self::Lag => "LAG",
            Self::Late => "LATE",
            Self::Queued => "QUEUED",
            Self::Held => "HELD",
            Self::Breaker => "BREAKER",
            Self::Waiting => "WAITING",
            Self::PutOff => "PUT OFF",
            Self::Revision => "REVISION",
            Self::Debtors => "DEBTORS",
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Self::Instance | Self::State | Self::Breaker)
    }

    fn cell(self, row: &PartitionRow) -> String {
        let shown = &row.shown;
        match self {
            Self::Partition => row.number.to_string(),
            Self::Instance => row.instance.clone(),
            Self::State => words::state(shown.state()),
            Self::Lag => shown.lag_seconds.map_or_else(|| NOTHING.to_owned(), words::time),
            Self::Late => words::time(shown.late_seconds),
            Self::Queued => words::count(shown.queued),
            Self::Held => words::count(shown.held),
            Self::Breaker if shown.is_breaker_open() => "OPEN".to_owned(),
            Self::Breaker => "closed".to_owned(),
            Self::Waiting => words::count(shown.waiting),
            Self::PutOff => words::count(shown.put_off),
            Self::Revision => words::count(shown.revision),
            Self::Debtors => words::count(shown.debtors),
        }
    }

    /// Whether what stands there needs an eye.
    pub(super) fn needs_an_eye(self, row: &PartitionRow) -> bool {
        match self {
            Self::State => !row.is_at_work(),
            Self::Lag => row.is_behind(),
            Self::Late => row.is_late(),
            Self::Held => row.shown.held > 0.0,
            Self::Breaker => row.shown.is_breaker_open(),
            Self::PutOff => row.shown.put_off > 0.0,
            Self::Partition
            | Self::Instance
            | Self::Queued
            | Self::Waiting
            | Self::Revision
            | Self::Debtors => false,
        }
    }

    /// Which of two rows comes first: by number and name as they are, by figures what is most, and so first to be
    /// looked at. Rows that are alike come by their numbers.
    pub(super) fn compare(self, one: &PartitionRow, other: &PartitionRow) -> Ordering {
        let most = |figure: fn(&PartitionRow) -> f64| figure(other).total_cmp(&figure(one));
        let order = match self {
            Self::Partition => Ordering::Equal,
            Self::Instance => one.instance.cmp(&other.instance),
            Self::State => most(|row| trouble(row.shown.state())),
            Self::Lag => most(|row| row.shown.lag_seconds.unwrap_or(0.0)),
            Self::Late => most(|row| row.shown.late_seconds),
            Self::Queued => most(|row| row.shown.queued),
            Self::Held => most(|row| row.shown.held),
            Self::Breaker => most(|row| row.shown.breaker_open),
            Self::Waiting => most(|row| row.shown.waiting),
            Self::PutOff => most(|row| row.shown.put_off),
            Self::Revision => most(|row| row.shown.revision),
            Self::Debtors => most(|row| row.shown.debtors),
        };
        order.then_with(|| one.number.cmp(&other.number)).then_with(|| one.instance.cmp(&other.instance))
    }
}

/// How much a state asks to be looked at; of those that restore, those first that have most to read.
fn trouble(state: State) -> f64 {
    match state {
        State::StoreFails => f64::INFINITY,
        State::Restoring { records, .. } => records.max(1.0),
        State::ComesBack => 0.5,
        State::Unknown => 0.25,
        State::AtWork => 0.0,
    }
}

/// The table of these partitions.
pub(super) fn of_partitions(rows: &[&PartitionRow]) -> Grid {
    let title = |column: Column| Title { text: column.title(), is_number: !column.is_text() };
    let cells = |row: &&PartitionRow| Column::ALL.iter().map(|column| column.cell(row)).collect();
    Grid::new(Column::ALL.map(title).to_vec(), rows.iter().map(cells).collect())
}

/// The titles of the table of instances, as they stand from the left.
const OF_INSTANCES: [&str; 11] = [
    "INSTANCE",
    "STANDING",
    "AT WORK",
    "EVENTS/S",
    "COMMIT P50",
    "P99",
    "QUEUED",
    "COMMANDS/S",
    "REJECTS/S",
    "COMMITS/S",
    "RESTORING",
];

/// The table of instances, with a line for all of them at the end where there are several.
pub(super) fn of_instances(overview: &Overview) -> Grid {
    let titles = OF_INSTANCES.iter().enumerate().map(|(index, text)| Title { text, is_number: index > 1 });
    let mut rows: Vec<Vec<String>> = overview.instances.iter().map(instance).collect();
    if overview.instances.len() > 1 {
        let heads = ["all".to_owned(), String::new()];
        rows.push(heads.into_iter().chain(figures(&overview.total)).collect());
    }
    Grid::new(titles.collect(), rows)
}

fn instance(row: &InstanceRow) -> Vec<String> {
    let heads = [row.name.clone(), word(&row.standing).to_owned()];
    let figures = row.work.as_ref().map_or_else(|| std::array::from_fn(|_| NOTHING.to_owned()), figures);
    heads.into_iter().chain(figures).collect()
}

fn word(standing: &Standing) -> &'static str {
    match standing {
        Standing::Ready => "ready",
        Standing::Waits(_) => "not ready",
        Standing::NoAnswer(_) => "no answer",
        Standing::Asked => "asked",
    }
}

fn figures(work: &Work) -> [String; 9] {
    let rates = work.rates.as_ref();
    let rate = |count: Option<f64>| count.map_or_else(|| NOTHING.to_owned(), words::rate);
    let commits = rates.and_then(|rates| rates.commit_seconds.as_ref());
    [
        format!("{}/{}", work.at_work, work.partitions),
        rate(rates.map(|rates| rates.events)),
        words::commit_time(commits, 0.5),
        words::commit_time(commits, 0.99),
        words::count(work.queued),
        rate(rates.map(|rates| rates.commands)),
        rate(rates.map(|rates| rates.rejects)),
        rate(rates.map(|rates| rates.commits)),
        work.restoring.to_string(),
    ]
}

/// A clock that is less ahead than this is as good as any, in seconds: between two records it is always some
/// milliseconds ahead.
const LONG_LEAD: f64 = 1.0;

/// What is to be said of an instance beside its figures: what it waits for, why it gives no answer, that its clock
/// is not believed.
pub(super) fn remarks(row: &InstanceRow) -> Vec<String> {
    let standing = match &row.standing {
        Standing::Waits(why) | Standing::NoAnswer(why) => Some(format!("{}: {why}", row.name)),
        Standing::Ready | Standing::Asked => None,
    };
    let lead = row.work.as_ref().map(|work| work.clock_lead_seconds).filter(|lead| *lead >= LONG_LEAD);
    let clock = lead.map(|lead| {
        let (name, lead) = (&row.name, words::time(lead));
        format!("{name}: its clock is {lead} ahead of the log, and nothing newer falls due")
    });
    standing.into_iter().chain(clock).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::samples;

    /// The numbers of the partitions in the order of a column.
    #[track_caller]
    fn check(column: Column, expected: &[u32]) {
        let overview = Overview::of(&samples::watched());
        let mut rows: Vec<&PartitionRow> = overview.partitions.iter().collect();
        rows.sort_by(|one, other| column.compare(one, other));
        let numbers: Vec<u32> = rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, expected, "{}", column.title());
    }

    #[test]
    fn what_is_to_be_looked_at_comes_first() {
        check(Column::Partition, &[0, 1, 2, 3]);
        check(Column::Instance, &[0, 1, 2, 3]);
        check(Column::State, &[3, 2, 0, 1]);
        check(Column::Lag, &[1, 0, 2, 3]);
        check(Column::Late, &[0, 1, 2, 3]);
        check(Column::Queued, &[1, 0, 2, 3]);
        check(Column::Held, &[1, 0, 2, 3]);
        check(Column::Breaker, &[1, 0, 2, 3]);
    }
}
