//! Figures of several rounds: what an operation cost, the median and how far rounds lay apart, as a table.

use loadtest::rounds::median;
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use std::fmt::{self, Display};
use std::time::Instant;

/// One round of a measurement: how much was done, and what that took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Round {
    /// How many operations.
    pub operations: u64,
    /// CPU time of the whole process, all threads of libraries included, in seconds.
    pub cpu_seconds: f64,
    /// How long it took.
    pub seconds: f64,
}

/// Measures from its beginning to its end.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    cpu_seconds: f64,
    began: Instant,
}

impl Stopwatch {
    /// Begins now.
    #[must_use]
    pub fn start() -> Self {
        Self { cpu_seconds: process_cpu_seconds(), began: Instant::now() }
    }

    /// Ends, after so many operations.
    #[must_use]
    pub fn stop(self, operations: u64) -> Round {
        let seconds = self.began.elapsed().as_secs_f64();
        Round { operations, cpu_seconds: process_cpu_seconds() - self.cpu_seconds, seconds }
    }
}

/// User and system time of this process so far, to the nanosecond.
fn process_cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// What an operation costs, over several rounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Which operation.
    pub what: String,
    /// How many rounds.
    pub rounds: usize,
    /// How many operations a round.
    pub operations: u64,
    /// CPU time an operation, in microseconds: the median of the rounds.
    pub cpu_us: f64,
    /// The least of them.
    pub cpu_us_least: f64,
    /// The most.
    pub cpu_us_most: f64,
    /// Operations a second: the median.
    pub a_second: f64,
    /// What else there is to say, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<(String, f64)>,
}

impl Row {
    /// The row of these rounds; none of none.
    #[must_use]
    pub fn of(what: &str, rounds: &[Round]) -> Option<Self> {
        let each = |figure: fn(&Round) -> f64| -> Vec<f64> { rounds.iter().map(figure).collect() };
        let costs = each(|round| round.cpu_seconds * 1e6 / round.operations.max(1) as f64);
        Some(Self {
            what: what.to_owned(),
            rounds: rounds.len(),
            operations: rounds.first()?.operations,
            cpu_us: median(&costs)?,
            cpu_us_least: costs.iter().copied().min_by(f64::total_cmp)?,
            cpu_us_most: costs.iter().copied().max_by(f64::total_cmp)?,
            a_second: median(&each(|round| round.operations as f64 / round.seconds.max(1e-9)))?,
            further: Vec::new(),
        })
    }

    /// The row with one figure more.
    #[must_use]
    pub fn and(mut self, name: &str, figure: f64) -> Self {
        self.further.push((name.to_owned(), figure));
        self
    }
}

/// A measurement: on what, and its rows.
#[derive(Clone, Debug, Serialize)]
pub struct Table {
    /// What was measured.
    pub title: String,
    /// How, by name.
    pub settings: Vec<(String, String)>,
    /// The figures.
    pub rows: Vec<Row>,
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings: Vec<String> =
            self.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
        writeln!(f, "{} ({})", self.title, settings.join(", "))?;
        let width = self.rows.iter().map(|row| row.what.chars().count()).max().unwrap_or(0);
        writeln!(f, "{:width$}  {:>8}  {:>17}  {:>11}", "", "CPU µs", "least to most", "a second")?;
        for row in &self.rows {
            let span = format!("{:.2} to {:.2}", row.cpu_us_least, row.cpu_us_most);
            write!(f, "{:width$}  {:>8.2}  {span:>17}  {:>11.0}", row.what, row.cpu_us, row.a_second)?;
            for (name, figure) in &row.further {
                write!(f, "  {name} {figure:.1}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(operations: u64, cpu_seconds: f64, seconds: f64) -> Round {
        Round { operations, cpu_seconds, seconds }
    }

    #[test]
    fn a_row_has_the_median_of_its_rounds_and_how_far_they_lie_apart() {
        let rounds = [round(1_000, 0.004, 0.5), round(1_000, 0.001, 0.1), round(1_000, 0.002, 0.2)];
        let row = Row::of("put", &rounds).unwrap();
        assert_eq!((row.rounds, row.operations), (3, 1_000));
        assert!((row.cpu_us - 2.0).abs() < 1e-9 && (row.a_second - 5_000.0).abs() < 1e-6, "{row:?}");
        assert!((row.cpu_us_least - 1.0).abs() < 1e-9 && (row.cpu_us_most - 4.0).abs() < 1e-9, "{row:?}");
        assert_eq!(Row::of("put", &[]), None);
    }

    #[test]
    fn a_table_names_its_settings_and_a_row_says_all_it_has() {
        let row = Row::of("get, hot", &[round(10, 0.000_03, 0.001)]).unwrap().and("bytes", 12.34);
        let table = Table {
            title: "RocksDB alone".to_owned(),
            settings: vec![("entries".to_owned(), "10".to_owned())],
            rows: vec![row],
        };
        let text = table.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "RocksDB alone (entries 10)");
        assert_eq!(lines[2], "get, hot      3.00       3.00 to 3.00        10000  bytes 12.3");
        let json = serde_json::to_value(&table).unwrap();
        assert_eq!(json["rows"][0]["further"][0][0], "bytes");
    }

    #[test]
    fn the_stopwatch_counts_the_work_of_all_threads_and_no_sleep() {
        let watch = Stopwatch::start();
        let work = || {
            let began = Instant::now();
            let mut sum = 0_u64;
            while began.elapsed().as_millis() < 150 {
                sum = std::hint::black_box(sum.wrapping_add(1));
            }
        };
        std::thread::spawn(work).join().unwrap();
        let worked = watch.stop(1).cpu_seconds;
        assert!(worked > 0.01, "{worked}");
        let watch = Stopwatch::start();
        std::thread::sleep(std::time::Duration::from_millis(200));
        let round = watch.stop(1);
        assert!(round.seconds >= 0.2 && round.cpu_seconds < round.seconds, "{round:?}");
    }
}
