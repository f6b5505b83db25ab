//! The figures of a trial, and how each is called and shown.

use loadtest::rounds::median;
use serde::Serialize;

/// What was measured of one processor in one round, or the medians of all. What was not measured is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// How many events a second it took while enough waited.
    pub saturation: Option<f64>,
    /// CPU seconds of the process for a million events, meanwhile.
    pub saturated_cpu: Option<f64>,
    /// CPU seconds of the broker for them.
    pub saturated_broker_cpu: Option<f64>,
    /// At how many events a second the latency was measured: half of its saturation.
    pub half: Option<f64>,
    /// From event to command at that rate, in milliseconds: the median.
    pub p50_ms: Option<f64>,
    /// Of a hundred 99 took no longer.
    pub p99_ms: Option<f64>,
    /// Of a thousand 999 took no longer.
    pub p999_ms: Option<f64>,
    /// CPU seconds of the process for a million events, at that rate.
    pub half_cpu: Option<f64>,
    /// CPU seconds of the broker for them.
    pub half_broker_cpu: Option<f64>,
    /// The most that was resident of it at that rate, in MiB.
    pub resident_mib: Option<f64>,
    /// From its death until the group's offsets went on, in seconds, where it was started again at once.
    pub kill_to_commit_s: Option<f64>,
    /// From its start, on the folder that it had, until all was taken that waited.
    pub restart_s: Option<f64>,
    /// The same from an empty folder.
    pub from_nothing_s: Option<f64>,
    /// How much longer that takes for a million accounts.
    pub restore_s: Option<f64>,
    /// What its folder takes of the disk, in MiB.
    pub state_mib: Option<f64>,
    /// What its topics take of the broker's disk, those that it reads apart, in MiB.
    pub topics_mib: Option<f64>,
}

/// A figure of them: its name, its unit, and where it is found.
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// Whether less is better; where neither is, it has no ratios.
    pub better: Option<Better>,
    /// Where it is.
    pub get: fn(&Figures) -> Option<f64>,
    set: fn(&mut Figures) -> &mut Option<f64>,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The more the better.
    More,
    /// The less the better.
    Less,
}

macro_rules! figure {
    ($name:literal, $unit:literal, $better:expr, $field:ident) => {
        Figure {
            name: $name,
            unit: $unit,
            better: $better,
            get: |figures| figures.$field,
            set: |figures| &mut figures.$field,
        }
    };
}

const LESS: Option<Better> = Some(Better::Less);

/// All of them, in the order in which they are shown.
pub const FIGURES: &[Figure] = &[
    figure!("throughput at saturation", "events/s", Some(Better::More), saturation),
    figure!("CPU at saturation, process", "s/million", LESS, saturated_cpu),
    figure!("CPU at saturation, broker", "s/million", LESS, saturated_broker_cpu),
    figure!("half load", "events/s", None, half),
    figure!("event to command, p50", "ms", LESS, p50_ms),
    figure!("event to command, p99", "ms", LESS, p99_ms),
    figure!("event to command, p99.9", "ms", LESS, p999_ms),
    figure!("CPU at half load, process", "s/million", LESS, half_cpu),
    figure!("CPU at half load, broker", "s/million", LESS, half_broker_cpu),
    figure!("resident memory", "MiB", LESS, resident_mib),
    figure!("kill to commit", "s", LESS, kill_to_commit_s),
    figure!("start on its folder", "s", LESS, restart_s),
    figure!("start from nothing", "s", LESS, from_nothing_s),
    figure!("restore", "s/million accounts", LESS, restore_s),
    figure!("disk, folder", "MiB", LESS, state_mib),
    figure!("disk, topics", "MiB", LESS, topics_mib),
];

impl Figures {
    /// The median of each over the rounds that have it.
    #[must_use]
    pub fn medians(rounds: &[Self]) -> Self {
        let mut medians = Self::default();
        for figure in FIGURES {
            let all: Vec<f64> = rounds.iter().filter_map(figure.get).collect();
            *(figure.set)(&mut medians) = median(&all);
        }
        medians
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_is_listed_once_and_found_where_it_is_set() {
        let mut figures = Figures::default();
        for (figure, number) in FIGURES.iter().zip(1..) {
            assert_eq!((figure.get)(&figures), None, "{} is listed twice", figure.name);
            *(figure.set)(&mut figures) = Some(f64::from(number));
            assert_eq!((figure.get)(&figures), Some(f64::from(number)), "{}", figure.name);
        }
        let json = serde_json::to_value(figures).unwrap();
        let missing: Vec<&String> = json
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, value)| value.is_null())
            .map(|(name, _)| name)
            .collect();
        assert!(missing.is_empty(), "not listed: {missing:?}");
    }

    #[test]
    fn a_median_is_of_the_rounds_that_have_the_figure() {
        let round = |p50_ms, half| Figures { p50_ms, half, ..Figures::default() };
        let rounds = [round(Some(9.0), None), round(Some(1.0), Some(5.0)), round(Some(4.0), None)];
        let medians = Figures::medians(&rounds);
        assert_eq!((medians.p50_ms, medians.half, medians.p99_ms), (Some(4.0), Some(5.0), None));
    }
}
