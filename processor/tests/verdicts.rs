//! What a person says of what the breaker holds comes to every partition or to none, whatever breaks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use connectors::memory::{CommitFate, Faults, MemoryLog};
use decision::event::{Body, Order};
use decision::time::Timestamp;
use engine::controls::{ControlError, Said, Written};
use engine::log::{Consumer, Log, Polled, Producer};
use engine::verdicts::{Verdict, Verdicts};
use schemas::{Decoder, InputTopic, Schemas, StaticRegistry, TopicNames};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PARTITIONS: u32 = 3;

/// A log with the topic of controls, and what meets the commits on it.
struct Scene {
    log: MemoryLog,
    names: TopicNames,
    registry: Arc<StaticRegistry>,
}

/// What becomes of commits, one after the other; the last word holds from then on.
struct Fates(Vec<CommitFate>);

impl Faults for Fates {
    fn commit(&mut self, _: &str) -> CommitFate {
        if self.0.len() > 1 { self.0.remove(0) } else { self.0[0] }
    }
}

struct Ticking(Instant);

impl engine::Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }

    fn ticks(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Scene {
    fn new(fates: &[CommitFate]) -> Self {
        let (log, names) = (MemoryLog::new(), TopicNames::default());
        log.create_topic(names.input(InputTopic::Controls), PARTITIONS);
        log.set_faults(Fates(fates.to_vec()));
        Self { log, names, registry: Arc::new(StaticRegistry::new()) }
    }

    fn say(&self, verdict: &Verdict) -> Result<Written, ControlError> {
        let mut verdicts = Verdicts::new(&self.log, "weir", &self.names, self.registry.clone()).unwrap();
        verdicts.write(verdict, Timestamp(1_700_000_000_000_000))
    }

    /// The ids and orders that lie in each partition.
    fn controls(&self) -> Vec<Vec<(String, Order)>> {
        let schemas = Schemas::of_input(&*self.registry, &self.names, InputTopic::Controls).unwrap();
        let mut decoder = Decoder::new(self.registry.clone(), &schemas);
        let topic = self.names.input(InputTopic::Controls);
        let mut read = |partition| {
            let records = self.log.committed_records(topic, partition).into_iter();
            let controls = records.map(|record| {
                let (key, value) = (record.key.as_deref(), record.value.as_deref());
                let event = decoder.event(InputTopic::Controls, key, value).unwrap();
                let Body::Control(control) = event.body else { panic!("{event:?}") };
                assert_eq!((&*control.by, &*control.role), ("anna", "admin"));
                assert_eq!(control.why.as_deref(), Some("checked"));
                (event.event_id.to_string(), control.order)
            });
            controls.collect()
        };
        (0..PARTITIONS).map(&mut read).collect()
    }
}

fn verdict(event_id: &str, drops: bool) -> Verdict {
    let text = str::to_owned;
    let (by, role, why, source) = (text("anna"), text("admin"), text("checked"), text("test"));
    Verdict { said: Said { event_id: text(event_id), by, role, why, source }, drops }
}

/// Under these fates the verdict is written, and lies so often in each partition.
#[track_caller]
fn check(fates: &[CommitFate], times: usize) {
    for (drops, order) in [(false, Order::ReleaseHeld), (true, Order::DropHeld)] {
        let scene = Scene::new(fates);
        let written = scene.say(&verdict("e-1", drops)).unwrap();
        let every = vec![("e-1".to_owned(), order.clone()); times];
        assert_eq!(scene.controls(), vec![every; PARTITIONS as usize], "{fates:?}");
        assert_eq!(written.offsets.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    }
}

#[test]
fn a_verdict_lies_in_every_partition_under_one_id_whatever_becomes_of_a_commit() {
    check(&[CommitFate::Ends], 1);
    check(&[CommitFate::Aborts, CommitFate::Ends], 1);
    check(&[CommitFate::OpenUnknown, CommitFate::Ends], 1);
    // It lies there twice: a partition knows the second by its id.
    check(&[CommitFate::CommittedUnknown, CommitFate::Ends], 2);
}

#[test]
fn what_is_given_up_lies_in_no_partition_and_what_is_not_known_is_told_as_such() {
    let scene = Scene::new(&[CommitFate::Aborts]);
    let error = scene.say(&verdict("e-1", false)).unwrap_err();
    assert!(matches!(error, ControlError::Aborted(_)), "{error:?}");
    assert_eq!(scene.controls(), vec![vec![]; PARTITIONS as usize]);
    let scene = Scene::new(&[CommitFate::CommittedUnknown]);
    let error = scene.say(&verdict("e-1", false)).unwrap_err();
    assert!(matches!(error, ControlError::Unknown { .. }), "{error:?}");
    assert!(error.to_string().contains("under its id, «e-1»"), "{error}");
    // An outcome that was lost once stays unknown, however the later tries end.
    let scene = Scene::new(&[CommitFate::CommittedUnknown, CommitFate::Aborts]);
    let error = scene.say(&verdict("e-1", false)).unwrap_err();
    assert!(matches!(error, ControlError::Unknown { .. }), "{error:?}");
}

#[test]
fn what_no_partition_would_take_is_not_written() {
    let scene = Scene::new(&[CommitFate::Ends]);
    let good = verdict("e-1", false);
    let with = |change: &dyn Fn(&mut Said)| {
        let mut verdict = good.clone();
        change(&mut verdict.said);
        verdict
    };
    let rows = [
        (with(&|said| said.by = String::new()), "who gave it"),
        (with(&|said| said.role = " ".to_owned()), "in which role"),
        (with(&|said| said.why = String::new()), "why"),
        (with(&|said| said.event_id = String::new()), "no partition would accept"),
        (with(&|said| said.event_id = "e\n1".to_owned()), "no partition would accept"),
        (with(&|said| said.event_id = "e".repeat(257)), "no partition would accept"),
    ];
    for (verdict, expected) in rows {
        let error = scene.say(&verdict).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert_eq!(scene.controls(), vec![vec![]; PARTITIONS as usize]);
    let elsewhere = scene.names.clone().with_input(InputTopic::Controls, "blue.controls");
    let error = Scene { names: elsewhere, ..scene }.say(&good).unwrap_err();
    assert_eq!(error.to_string(), "there is no topic blue.controls");
}

#[test]
fn a_partition_has_taken_it_once_the_groups_offset_lies_beyond_it() {
    let scene = Scene::new(&[CommitFate::Ends]);
    let written = scene.say(&verdict("e-1", false)).unwrap();
    let controls = scene.names.input(InputTopic::Controls).clone();
    let mut consumer = scene.log.join(std::slice::from_ref(&controls)).unwrap();
    let Polled::Assigned(assigned) = consumer.poll(1, Duration::ZERO).unwrap() else { panic!() };
    consumer.assign(&assigned).unwrap();
    let verdicts = Verdicts::new(&scene.log, "weir", &scene.names, scene.registry.clone()).unwrap();
    let clock = Ticking(Instant::now());
    let missing = |wait| verdicts.wait_until_taken(&written, wait, &clock).unwrap();
    assert_eq!(missing(Duration::ZERO), [0, 1, 2], "the group has committed nothing");
    let mut producer = scene.log.producer("weir-0").unwrap();
    producer.fence().unwrap();
    let mut commit = |offsets: &BTreeMap<u32, i64>| {
        producer.begin().unwrap();
        let at = |(partition, offset): (&u32, &i64)| (assigned[*partition as usize].clone(), *offset);
        producer.commit(offsets.iter().map(at).collect(), &consumer.membership());
        producer.wait(Duration::ZERO).unwrap().unwrap();
    };
    let offset = written.offsets[&0];
    commit(&BTreeMap::from([(0, offset + 1), (1, offset)]));
    assert_eq!(missing(Duration::ZERO), [1, 2], "the control itself is the next of partition 1");
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| verdicts.wait_until_taken(&written, Duration::from_secs(60), &clock));
        commit(&BTreeMap::from([(1, offset + 1), (2, offset + 1)]));
        assert!(waits.join().unwrap().unwrap().is_empty());
    });
}
