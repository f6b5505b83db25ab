//! What an instance shows of its partitions while it catches up, once it has nothing to do, and when it has let go.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use engine::Clock as _;
use engine::metrics as names;
use metrics::{Counter, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use state::MemoryStores;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::{PARTITIONS, World};

/// Every value that a gauge was set to, by metric and partition.
type Values = BTreeMap<(String, String), Vec<f64>>;

/// Keeps them.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Values>>);

impl Kept {
    fn of(&self, name: &str, partition: u32) -> Vec<f64> {
        let kept = self.0.lock().unwrap();
        kept.get(&(name.to_owned(), partition.to_string())).cloned().unwrap_or_default()
    }
}

struct One(Kept, (String, String));

impl GaugeFn for One {
    fn increment(&self, _: f64) {}

    fn decrement(&self, _: f64) {}

    fn set(&self, value: f64) {
        self.0.0.lock().unwrap().entry(self.1.clone()).or_default().push(value);
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let partition = key.labels().find(|label| label.key() == "partition");
        let partition = partition.map_or(String::new(), |label| label.value().to_owned());
        Gauge::from_arc(Arc::new(One(self.clone(), (key.name().to_owned(), partition))))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn how_far_a_partition_is_behind_is_shown_until_nothing_is_to_be_done_and_whether_it_is_at_work_until_let_go()
{
    let kept = Kept::default();
    metrics::set_global_recorder(kept.clone()).unwrap();
    let mut world = World::new(11, 300);
    world.live_a_day();
    // Nobody was at work for two hours.
    world.clock.set(world.clock.now().plus_micros(2 * 3_600_000_000));
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.wait_until_done();
    let lags = |partition| kept.of(names::INPUT_LAG_SECONDS, partition);
    let until = Instant::now() + Duration::from_secs(10);
    while (0..PARTITIONS).any(|partition| lags(partition).last() != Some(&0.0)) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    for partition in 0..PARTITIONS {
        let lags = lags(partition);
        let most = lags.iter().copied().fold(0.0, f64::max);
        assert!((7_200.0..100_000.0).contains(&most), "{partition}: {most}");
        assert_eq!(lags.last(), Some(&0.0), "{partition}");
        assert_eq!(kept.of(names::TASK_STATE, partition).last(), Some(&names::AT_WORK), "{partition}");
    }
    running.stop().unwrap();
    for partition in 0..PARTITIONS {
        let states = kept.of(names::TASK_STATE, partition);
        assert_eq!(states.last(), Some(&0.0), "{partition}");
        assert!(states.iter().all(|state| [0.0, names::COMES_BACK, names::AT_WORK].contains(state)));
    }
}
