//! Instances say which partitions they work on, and find each other by that: over the in-memory log, with a clock that
//! stands until it is moved. By which rule an owner is told from a former one has its tables in `engine::owners`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use bytes::Bytes;
use connectors::memory::{Call, Faults, MemoryLog};
use decision::time::Timestamp;
use engine::announcing::{Announcing, Around, HEARTBEAT};
use engine::owners::{GONE_AFTER, RECALLED_FOR};
use engine::threads::{Mail, Thread, Threads};
use engine::{Clock, OsThreads};
use schemas::{
    Decoder, Encoder, Instance, Registry, RegistryError, Schemas, SingleTopic, StaticRegistry, TopicNames,
};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const A: &str = "http://a:8080";
const B: &str = "http://b:8080";

/// How long something may take that has to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A clock that stands until it is moved; no two words are of the same moment.
#[derive(Default)]
struct HandClock(AtomicU64, AtomicU64);

impl HandClock {
    fn skip(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        let asked = self.1.fetch_add(1, Ordering::SeqCst);
        Timestamp(1_700_000_000_000_000 + i64::try_from(asked).unwrap())
    }

    fn ticks(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Threads that do not wait for what takes long.
struct Hasty;

impl Threads for Hasty {
    fn start(&self, name: String, body: Box<dyn FnOnce() + Send>) -> std::io::Result<Box<dyn Thread>> {
        OsThreads.start(name, body)
    }

    fn sleep(&self, wait: Duration) {
        OsThreads.sleep(wait);
    }

    fn wait_for(&self, mail: &dyn Mail, wait: Duration) {
        let is_long = wait > Duration::from_secs(2);
        OsThreads.wait_for(mail, if is_long { Duration::from_millis(20) } else { wait });
    }
}

/// A registry that takes the schema once it may.
#[derive(Default)]
struct Strict {
    inner: StaticRegistry,
    takes: AtomicBool,
}

impl Registry for Strict {
    fn id_of(&self, subject: &str, schema_json: &str) -> Result<u32, RegistryError> {
        if self.takes.load(Ordering::SeqCst) {
            return self.inner.id_of(subject, schema_json);
        }
        Err(RegistryError::Refused { subject: subject.to_owned(), reason: "it is not registered".to_owned() })
    }

    fn schema(&self, id: u32) -> Result<String, RegistryError> {
        self.inner.schema(id)
    }
}

/// A log on which nothing can be appended while it is out of reach.
#[derive(Clone, Default)]
struct OutOfReach(Arc<AtomicBool>);

impl Faults for OutOfReach {
    fn unreachable(&mut self, call: Call<'_>) -> bool {
        call == Call::Append && self.0.load(Ordering::SeqCst)
    }
}

/// A log with the topic of instances, and what all of them share.
struct Scene {
    log: MemoryLog,
    names: TopicNames,
    registry: Arc<Strict>,
    clock: Arc<HandClock>,
    out_of_reach: OutOfReach,
}

/// An instance, and what it works on.
struct Member {
    announcing: Announcing,
    at_work: Arc<Mutex<Vec<u32>>>,
    /// How often it was looked what that is.
    looks: Arc<AtomicU64>,
}

impl Scene {
    fn new() -> Self {
        let scene = Self::without_a_topic();
        scene.log.create_topic(&scene.topic(), 1);
        scene
    }

    fn without_a_topic() -> Self {
        let log = MemoryLog::new();
        let out_of_reach = OutOfReach::default();
        log.set_faults(out_of_reach.clone());
        let registry = Arc::new(Strict::default());
        registry.takes.store(true, Ordering::SeqCst);
        let clock = Arc::new(HandClock::default());
        Self { log, names: TopicNames::default(), registry, clock, out_of_reach }
    }

    fn topic(&self) -> Arc<str> {
        self.names.single(SingleTopic::Instances).clone()
    }

    fn member(&self, url: &str, partitions: &[u32]) -> Member {
        let at_work = Arc::new(Mutex::new(partitions.to_vec()));
        let looks = Arc::new(AtomicU64::new(0));
        let around = Around {
            log: Arc::new(self.log.clone()),
            names: self.names.clone(),
            registry: self.registry.clone(),
            clock: self.clock.clone(),
            threads: Arc::new(Hasty),
        };
        let (tells, counts) = (at_work.clone(), looks.clone());
        let tell = move || {
            counts.fetch_add(1, Ordering::SeqCst);
            tells.lock().unwrap().clone()
        };
        let announcing = Announcing::start(around, url.to_owned(), Arc::new(tell)).unwrap();
        Member { announcing, at_work, looks }
    }

    /// Something that somebody else has written.
    fn write(&self, value: Option<Bytes>) {
        self.log.append(&self.topic(), 0, None, value, 0).unwrap();
    }

    /// A word of an instance that is not there.
    fn say(&self, url: &str, partitions: &[u32]) {
        let schemas = Schemas::of_instances(&self.registry.inner, &self.names).unwrap();
        let partitions = partitions.to_vec();
        let instance = Instance { url: url.to_owned(), partitions, at: Timestamp(0), leaves: false };
        let mut value = Vec::new();
        Encoder::new(schemas).instance(&instance, &mut value).unwrap();
        self.write(Some(value.into()));
    }

    /// What was said under a url, in order; `leaves` where it leaves.
    fn said(&self, url: &str) -> Vec<String> {
        let mut decoder = Decoder::new(self.registry.clone(), &Schemas::none());
        let records = self.log.committed_records(&self.topic(), 0);
        let words = records.iter().filter_map(|record| decoder.instance(record.value.as_deref()?).ok());
        let told = |word: Instance| {
            if word.leaves { "leaves".to_owned() } else { format!("{:?}", word.partitions) }
        };
        words.filter(|word| word.url == url).map(told).collect()
    }
}

impl Member {
    fn works_on(&self, partitions: &[u32]) {
        *self.at_work.lock().unwrap() = partitions.to_vec();
    }

    /// Waits until it was looked what it works on, since now.
    fn is_looked_at(&self) {
        let looks = self.looks.load(Ordering::SeqCst);
        // The second look begins when whatever followed from the first is done.
        becomes("it is looked at", || self.looks.load(Ordering::SeqCst) >= looks + 2, &true);
    }

    #[track_caller]
    fn finds(&self, partition: u32, owner: Option<&str>) {
        let owner = owner.map(Arc::from);
        becomes("the owner", || self.announcing.fleet().owner_of(partition), &owner);
    }

    /// Whom it knows: their urls and partitions, and whether they were heard since it began.
    #[track_caller]
    fn knows(&self, all: &[(&str, &[u32], bool)]) {
        let all: Vec<_> = all
            .iter()
            .map(|(url, partitions, heard)| (Arc::from(*url), partitions.to_vec(), *heard))
            .collect();
        let known = || -> Vec<(Arc<str>, Vec<u32>, bool)> {
            let known = self.announcing.fleet().instances().into_iter();
            known.map(|known| (known.url, known.partitions, known.heard_ago.is_some())).collect()
        };
        becomes("who is there", known, &all);
    }
}

/// Waits until something is as it should be.
#[track_caller]
fn becomes<T: PartialEq + std::fmt::Debug>(what: &str, is: impl Fn() -> T, wanted: &T) {
    let begun = Instant::now();
    loop {
        let found = is();
        if found == *wanted {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} is {found:?}, and not {wanted:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn two_instances_find_each_other_and_themselves() {
    let scene = Scene::new();
    let (a, b) = (scene.member(A, &[1, 0]), scene.member(B, &[2]));
    for member in [&a, &b] {
        member.finds(0, Some(A));
        member.finds(1, Some(A));
        member.finds(2, Some(B));
        member.finds(3, None);
    }
    // The first word of each names nothing.
    assert_eq!(scene.said(A), ["[]", "[0, 1]"]);
    // Each is heard again at every heartbeat, and not before.
    scene.clock.skip(HEARTBEAT);
    a.knows(&[(A, &[0, 1], true), (B, &[2], true)]);
    becomes("what was said", || scene.said(A), &["[]", "[0, 1]", "[0, 1]"].map(str::to_owned).to_vec());
}

#[test]
fn a_partition_that_moves_is_found_where_it_is_however_long_the_former_owner_repeats_itself() {
    let scene = Scene::new();
    let (a, b) = (scene.member(A, &[0]), scene.member(B, &[1]));
    a.finds(0, Some(A));
    b.finds(1, Some(B));
    // A is slow to notice.
    b.works_on(&[0, 1]);
    a.finds(0, Some(B));
    for _ in 0..3 {
        let said = scene.said(A).len();
        scene.clock.skip(HEARTBEAT);
        becomes("the heartbeat of A", || scene.said(A).len(), &(said + 1));
        b.is_looked_at();
        a.finds(0, Some(B));
        assert_eq!(b.announcing.fleet().owner_of(0).as_deref(), Some(B));
    }
    a.works_on(&[]);
    becomes("what A said last", || scene.said(A).pop(), &Some("[]".to_owned()));
    a.finds(0, Some(B));
    // And back, at once.
    a.works_on(&[0]);
    a.finds(0, Some(A));
    b.finds(0, Some(A));
    b.finds(1, Some(B));
}

#[test]
fn one_that_leaves_says_so_and_is_gone_at_once() {
    let scene = Scene::new();
    let (mut a, b) = (scene.member(A, &[0]), scene.member(B, &[1]));
    b.finds(0, Some(A));
    let begun = Instant::now();
    a.announcing.stop();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(scene.said(A), ["[]", "[0]", "leaves"]);
    b.finds(0, None);
    b.finds(1, Some(B));
    // To stop it twice, or to drop it then, says nothing more.
    a.announcing.stop();
    drop(a);
    assert_eq!(scene.said(A).len(), 3);
    drop(b);
    assert_eq!(scene.said(B).pop().as_deref(), Some("leaves"));
}

#[test]
fn one_that_falls_silent_is_gone_after_a_minute() {
    let scene = Scene::new();
    let b = scene.member(B, &[1]);
    b.finds(1, Some(B));
    scene.say(A, &[]);
    scene.say(A, &[0]);
    b.finds(0, Some(A));
    let step = HEARTBEAT / 2;
    for _ in 0..11 {
        scene.clock.skip(step);
        b.is_looked_at();
        assert_eq!(b.announcing.fleet().owner_of(0).as_deref(), Some(A));
    }
    assert_eq!(step * 12, GONE_AFTER);
    scene.clock.skip(step);
    b.finds(0, None);
    b.knows(&[(B, &[1], true)]);
    // Its heartbeats have kept B.
    b.finds(1, Some(B));
}

#[test]
fn one_that_starts_late_knows_at_once_what_was_said_and_soon_who_still_lives() {
    let scene = Scene::new();
    scene.say("http://dead:8080", &[]);
    scene.say("http://dead:8080", &[0]);
    let a = scene.member(A, &[1]);
    a.finds(1, Some(A));
    scene.clock.skip(GONE_AFTER);
    a.is_looked_at();
    let b = scene.member(B, &[]);
    b.finds(0, Some("http://dead:8080"));
    b.finds(1, Some(A));
    for _ in 0..3 {
        scene.clock.skip(HEARTBEAT);
        a.is_looked_at();
        b.is_looked_at();
    }
    assert!(RECALLED_FOR < HEARTBEAT * 3);
    b.finds(0, None);
    b.knows(&[(A, &[1], true), (B, &[], true)]);
}

#[test]
fn what_is_no_word_of_an_instance_is_passed_over() {
    let scene = Scene::new();
    let a = scene.member(A, &[0]);
    a.finds(0, Some(A));
    let begin = |id: u32| [&[0][..], &id.to_be_bytes()].concat();
    let id = scene.registry.inner.id_of("", schemas::RecordSchema::Instance.json()).unwrap();
    let other = scene.registry.inner.id_of("", schemas::RecordSchema::Publication.json()).unwrap();
    let negative = [begin(id), vec![2, b'x', 2, 1, 0, 0, 0]].concat();
    let cut = [begin(id), vec![40, b'x']].concat();
    let garbage =
        [b"no word".to_vec(), Vec::new(), begin(99), begin(other), begin(id), negative, cut].map(Bytes::from);
    for value in garbage.map(Some).into_iter().chain([None]) {
        scene.write(value);
    }
    scene.say(B, &[]);
    scene.say(B, &[1]);
    a.finds(1, Some(B));
    scene.clock.skip(HEARTBEAT);
    a.knows(&[(A, &[0], true), (B, &[1], true)]);
}

#[test]
fn without_the_topic_it_goes_on_and_tries_again_at_each_heartbeat() {
    let scene = Scene::without_a_topic();
    let a = scene.member(A, &[0]);
    a.is_looked_at();
    assert_eq!(a.announcing.fleet().owner_of(0), None);
    scene.log.create_topic(&scene.topic(), 1);
    a.is_looked_at();
    assert_eq!(scene.said(A), [""; 0]);
    scene.clock.skip(HEARTBEAT);
    a.finds(0, Some(A));
    assert_eq!(scene.said(A), ["[]", "[0]"]);
    // One that is removed, and made anew later, is spoken and heard in again.
    scene.log.delete_topic(&scene.topic());
    scene.clock.skip(HEARTBEAT);
    a.is_looked_at();
    scene.log.create_topic(&scene.topic(), 1);
    scene.clock.skip(GONE_AFTER);
    a.finds(0, Some(A));
    a.works_on(&[0, 1]);
    a.finds(1, Some(A));
}

#[test]
fn without_the_schema_it_says_nothing_and_hears_the_others() {
    let scene = Scene::new();
    scene.say(B, &[]);
    scene.say(B, &[1]);
    scene.registry.takes.store(false, Ordering::SeqCst);
    let mut a = scene.member(A, &[0]);
    a.finds(1, Some(B));
    a.is_looked_at();
    assert_eq!(scene.said(A), [""; 0]);
    a.announcing.stop();
    assert_eq!(scene.said(A), [""; 0], "nobody leaves who was never there");
    let a = scene.member(A, &[0]);
    a.is_looked_at();
    scene.registry.takes.store(true, Ordering::SeqCst);
    scene.clock.skip(HEARTBEAT);
    a.finds(0, Some(A));
}

#[test]
fn what_was_lost_and_came_back_while_the_log_was_out_of_reach_begins_anew() {
    let scene = Scene::new();
    let (a, b) = (scene.member(A, &[0, 5]), scene.member(B, &[1]));
    a.finds(1, Some(B));
    b.finds(0, Some(A));
    scene.out_of_reach.0.store(true, Ordering::SeqCst);
    a.works_on(&[5]);
    a.is_looked_at();
    scene.say(B, &[0, 1]);
    a.finds(0, Some(B));
    a.works_on(&[0, 5]);
    a.is_looked_at();
    assert_eq!(scene.said(A), ["[]", "[0, 5]"]);
    scene.out_of_reach.0.store(false, Ordering::SeqCst);
    scene.clock.skip(HEARTBEAT);
    let all = ["[]", "[0, 5]", "[5]", "[0, 5]"].map(str::to_owned).to_vec();
    becomes("what A said", || scene.said(A), &all);
    a.finds(0, Some(A));
    b.finds(0, Some(A));
}

#[test]
fn stopping_takes_no_longer_than_it_may_where_the_log_is_out_of_reach() {
    let scene = Scene::new();
    let mut a = scene.member(A, &[0]);
    a.finds(0, Some(A));
    scene.out_of_reach.0.store(true, Ordering::SeqCst);
    a.works_on(&[1]);
    a.is_looked_at();
    let begun = Instant::now();
    a.announcing.stop();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(scene.said(A), ["[]", "[0]"]);
}

#[test]
fn two_instances_with_one_url_hear_that_and_one_that_is_begun_anew_does_not() {
    let scene = Scene::new();
    let has_namesake = |member: &Member| member.announcing.fleet().has_namesake();
    let says_more = |members: &[&Member]| {
        for _ in 0..3 {
            scene.clock.skip(HEARTBEAT);
            members.iter().for_each(|member| member.is_looked_at());
        }
    };
    let one = scene.member(A, &[0]);
    one.finds(0, Some(A));
    // The last word of a process that was here before.
    scene.say(A, &[0]);
    scene.say(B, &[1]);
    one.finds(1, Some(B));
    says_more(&[&one]);
    assert!(!has_namesake(&one), "it hears itself");

    let other = scene.member(A, &[1]);
    says_more(&[&one, &other]);
    for member in [&one, &other] {
        becomes("it has a namesake", || has_namesake(member), &true);
    }
    drop(other);
    scene.clock.skip(GONE_AFTER);
    becomes("it has a namesake", || has_namesake(&one), &false);

    drop(one);
    let anew = scene.member(A, &[0]);
    anew.finds(0, Some(A));
    says_more(&[&anew]);
    assert!(!has_namesake(&anew), "it hears itself");
}
