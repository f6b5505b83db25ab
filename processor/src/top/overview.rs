//! How the instances stand, all together: what is shown of each, of all, and of every partition.
//!
//! How it is written is the business of `grid`, `text`, `screen` and `json`.

use crate::figures::rates::Rates;
use crate::figures::reading::{Partition, Reading, State};
use api::instances::{LONG_LAG_SECONDS, LONG_LATENESS_SECONDS};
use std::collections::BTreeSet;

/// An instance that is asked again and again.
#[derive(Debug)]
pub(super) struct Watched {
    name: String,
    /// What it answered last, however long ago.
    last: Option<Reading>,
    rates: Option<Rates>,
    /// Why the last question was not answered.
    trouble: Option<String>,
}

impl Watched {
    /// One that was not asked yet.
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), last: None, rates: None, trouble: None }
    }

    /// It answered, or it did not, and why.
    pub(super) fn heard(&mut self, answer: Result<Reading, String>) {
        match answer {
            Ok(reading) => {
                self.rates = self.last.as_ref().and_then(|last| Rates::between(last, &reading));
                self.last = Some(reading);
                self.trouble = None;
            }
            Err(trouble) => {
                self.rates = None;
                self.trouble = Some(trouble);
            }
        }
    }

    fn standing(&self) -> Standing {
        match (&self.trouble, &self.last) {
            (Some(trouble), _) => Standing::NoAnswer(trouble.clone()),
            (None, None) => Standing::Asked,
            (None, Some(last)) => last.waits_for.clone().map_or(Standing::Ready, Standing::Waits),
        }
    }

    /// What it answered, where it did just now.
    fn answer(&self) -> Option<&Reading> {
        self.last.as_ref().filter(|_| self.trouble.is_none())
    }
}

/// How an instance stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Standing {
    Ready,
    /// It is not ready, and waits for this.
    Waits(String),
    /// It does not answer, and why.
    NoAnswer(String),
    /// It has not answered yet.
    Asked,
}

/// What is shown of an instance.
#[derive(Debug)]
pub(super) struct InstanceRow {
    pub(super) name: String,
    pub(super) standing: Standing,
    /// None where it does not answer.
    pub(super) work: Option<Work>,
}

/// What an instance does, or all of them.
#[derive(Clone, Debug)]
pub(super) struct Work {
    /// None before the second answer.
    pub(super) rates: Option<Rates>,
    pub(super) queued: f64,
    /// How many partitions are its own, are at work, and read what their stores lack.
    pub(super) partitions: usize,
    pub(super) at_work: usize,
    pub(super) restoring: usize,
    /// The largest lead of a clock over the time that is believed, in seconds.
    pub(super) clock_lead_seconds: f64,
}

/// What is shown of a partition that is an instance's.
#[derive(Clone, Debug)]
pub(super) struct PartitionRow {
    pub(super) number: u32,
    pub(super) instance: String,
    pub(super) shown: Partition,
}

impl PartitionRow {
    /// Whether nothing of it needs anybody's eye.
    pub(super) fn is_well(&self) -> bool {
        let shown = &self.shown;
        self.is_at_work()
            && !shown.is_breaker_open()
            && shown.held <= 0.0
            && shown.put_off <= 0.0
            && !self.is_late()
            && !self.is_behind()
    }

    /// Whether its task is at work, as far as its instance says.
    pub(super) fn is_at_work(&self) -> bool {
        match self.shown.state() {
            State::AtWork | State::Unknown => true,
            State::Restoring { .. } | State::StoreFails | State::ComesBack => false,
        }
    }

    /// Whether its timers are too late.
    pub(super) fn is_late(&self) -> bool {
        self.shown.late_seconds > LONG_LATENESS_SECONDS
    }

    /// Whether it is too far behind the newest input.
    pub(super) fn is_behind(&self) -> bool {
        self.shown.lag_seconds.is_some_and(|lag| lag > LONG_LAG_SECONDS)
    }
}

/// How all stands.
#[derive(Debug)]
pub(super) struct Overview {
    pub(super) instances: Vec<InstanceRow>,
    pub(super) total: Work,
    /// By their numbers; one that two instances show is there twice.
    pub(super) partitions: Vec<PartitionRow>,
}

impl Overview {
    pub(super) fn of(watched: &[Watched]) -> Self {
        let instances: Vec<InstanceRow> = watched.iter().map(row).collect();
        let mut partitions: Vec<PartitionRow> = watched.iter().flat_map(partitions_of).collect();
        partitions.sort_by_key(|row| row.number);
        let total = total(instances.iter().filter_map(|instance| instance.work.as_ref()));
        Self { instances, total, partitions }
    }

    /// Whether every instance answers, and is ready.
    pub(super) fn is_ready(&self) -> bool {
        self.instances.iter().all(|instance| instance.standing == Standing::Ready)
    }

    /// How many different partitions there are here: one that moves may be shown by two instances.
    pub(super) fn different_partitions(&self) -> usize {
        self.partitions.iter().map(|row| row.number).collect::<BTreeSet<_>>().len()
    }
}

fn row(watched: &Watched) -> InstanceRow {
    let work = watched.answer().map(|reading| Work {
        rates: watched.rates.clone(),
        ..work(reading.figures.partitions.values(), reading.figures.clock_lead_seconds)
    });
    InstanceRow { name: watched.name.clone(), standing: watched.standing(), work }
}

fn work<'p>(partitions: impl Iterator<Item = &'p Partition> + Clone, clock_lead_seconds: f64) -> Work {
    let count = |is_so: fn(State) -> bool| partitions.clone().filter(|one| is_so(one.state())).count();
    Work {
        rates: None,
        queued: partitions.clone().map(|partition| partition.queued).sum(),
        partitions: partitions.clone().count(),
        at_work: count(|state| state == State::AtWork),
        restoring: count(|state| matches!(state, State::Restoring { .. })),
        clock_lead_seconds,
    }
}

fn partitions_of(watched: &Watched) -> impl Iterator<Item = PartitionRow> {
    let partitions = watched.answer().map(|reading| &reading.figures.partitions);
    partitions.into_iter().flatten().map(|(number, shown)| PartitionRow {
        number: *number,
        instance: watched.name.clone(),
        shown: shown.clone(),
    })
}

fn total<'w>(all: impl Iterator<Item = &'w Work> + Clone) -> Work {
    let mut known = all.clone().filter_map(|work| work.rates.as_ref()).peekable();
    let rates = known.peek().is_some().then(|| known.fold(Rates::none(), Rates::and));
    Work {
        rates,
        queued: all.clone().map(|work| work.queued).sum(),
        partitions: all.clone().map(|work| work.partitions).sum(),
        at_work: all.clone().map(|work| work.at_work).sum(),
        restoring: all.clone().map(|work| work.restoring).sum(),
        clock_lead_seconds: all.map(|work| work.clock_lead_seconds).fold(0.0, f64::max),
    }
}

#[cfg(test)]
mod tests;
