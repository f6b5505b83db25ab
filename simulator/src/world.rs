//! The world of a run: one log, several processes with a disk and a clock each, and a plan of what
//! goes wrong.

use crate::faults::{Effect, Fault, Plan, What};
use crate::fibers::{Fibers, ProcessId};
use crate::process::Process;
use crate::publisher::Told;
use bytes::Bytes;
use connectors::memory::{CommitFate, Faults, MemoryLog, MemoryProducer};
use decision::time::Timestamp;
use decision::{Policies, Policy};
use engine::log::{LogError, LogRecord, TopicPartition};
use engine::partition::partition_of;
use schemas::{InputTopic, Schemas, SingleTopic, StaticRegistry, TopicNames};
use state::Gathering;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a call may take at most before its client gives up.
const LONGEST_CALL: Duration = Duration::from_secs(4);

/// Everything of a run but its fibers' stacks.
pub(crate) struct World {
    pub(crate) fibers: Fibers,
    pub(crate) log: MemoryLog,
    pub(crate) names: TopicNames,
    pub(crate) registry: Arc<StaticRegistry>,
    pub(crate) schemas: Schemas,
    pub(crate) policies: Arc<Policies>,
    /// What is published in this world, one after the other; empty where its processes go by files.
    pub(crate) drafts: Arc<[Arc<Policy>]>,
    pub(crate) settings: engine::Settings,
    /// How much is gathered before it is written to a disk.
    pub(crate) gathering: Gathering,
    pub(crate) partitions: NonZeroU32,
    /// Whether members keep their place in the group over a restart.
    pub(crate) are_static: bool,
    /// Whether assignments come in parts.
    pub(crate) are_split: bool,
    pub(crate) tells: bool,
    fates: Fates,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    at_effects: BTreeMap<(Effect, u32), What>,
    counts: BTreeMap<Effect, u32>,
    /// What is true of the time of day, apart from how long the run has lasted.
    wall_offset: i64,
    processes: Vec<Process>,
    /// Since when each transactional id has a transaction open.
    open: BTreeMap<String, Duration>,
    /// Requests to commit that their producers have given up, and when they arrive.
    in_flight: Vec<(Duration, String, MemoryProducer)>,
    /// When each record of an input came in, by the true clock; in each life of its topic.
    came: BTreeMap<TopicPartition, Vec<BTreeMap<i64, i64>>>,
    /// What the true clock said when each record of the journal was sent.
    journaled: BTreeMap<(u32, i64), i64>,
    /// Committed records that compaction or retention took.
    archive: BTreeMap<TopicPartition, BTreeMap<i64, LogRecord>>,
    /// What was read of input topics that were made anew since.
    past: BTreeMap<TopicPartition, Vec<LogRecord>>,
    /// Whether a person accepts that something of the inputs is lost.
    accepts_lost_inputs: bool,
    /// What was published.
    published: Vec<Told>,
    /// Until when the disk of a process writes nothing.
    full_disks: BTreeMap<ProcessId, Duration>,
    endings: Vec<String>,
    /// The processes that somebody kills, and whether their disks are lost.
    to_kill: Vec<(ProcessId, bool)>,
}

/// What becomes of the commit that is asked about next, by transactional id.
#[derive(Clone, Default)]
struct Fates(Arc<Mutex<BTreeMap<String, CommitFate>>>);

impl Faults for Fates {
    fn commit(&mut self, transactional_id: &str) -> CommitFate {
        let fates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        fates.get(transactional_id).copied().unwrap_or(CommitFate::Hangs)
    }
}

/// What a world is made of.
pub(crate) struct Making {
    pub(crate) seed: u64,
    pub(crate) partitions: NonZeroU32,
    pub(crate) policies: Arc<Policies>,
    pub(crate) drafts: Arc<[Arc<Policy>]>,
    pub(crate) settings: engine::Settings,
    pub(crate) gathering: Gathering,
    pub(crate) start: Timestamp,
    pub(crate) are_static: bool,
    pub(crate) are_split: bool,
    pub(crate) tells: bool,
}

impl World {
    pub(crate) fn new(making: Making, plan: &Plan) -> Result<Self, schemas::RegistryError> {
        let log = MemoryLog::new();
        let names = TopicNames::default();
        for topic in names.inputs().iter().chain(names.outputs()) {
            log.create_topic(topic, making.partitions.get());
        }
        for topic in SingleTopic::ALL {
            log.create_topic(names.single(*topic), 1);
        }
        log.hold_markers();
        let fates = Fates::default();
        log.set_faults(fates.clone());
        let registry = Arc::new(StaticRegistry::new());
        let schemas = Schemas::for_topics(&*registry, &names)?;
        let schemas = schemas.and_inputs(&*registry, &names)?;
        let at_effects = plan.faults.iter().filter_map(|fault| match fault {
            Fault::At(effect, nth, what) => Some(((*effect, *nth), *what)),
            Fault::After(..) => None,
        });
        let state =
            State { at_effects: at_effects.collect(), wall_offset: making.start.0, ..State::default() };
        Ok(Self {
            fibers: Fibers::new(making.seed),
            log,
            names,
            registry,
            schemas,
            policies: making.policies,
            drafts: making.drafts,
            settings: making.settings,
            gathering: making.gathering,
            partitions: making.partitions,
            are_static: making.are_static,
            are_split: making.are_split,
            tells: making.tells,
            fates,
            state: Mutex::new(state),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether its processes go by what is published.
    pub(crate) fn is_published(&self) -> bool {
        !self.drafts.is_empty()
    }

    /// What was published.
    pub(crate) fn published<T>(&self, of: impl FnOnce(&mut Vec<Told>) -> T) -> T {
        of(&mut self.state().published)
    }

    /// Tells what happens, where somebody wants to follow.
    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        if self.tells {
            let now = self.fibers.now();
            println!("{:>10.6} {} {}", now.as_secs_f64(), self.wall(), what());
        }
    }

    /// The true time of day.
    pub(crate) fn wall(&self) -> Timestamp {
        let ticks = i64::try_from(self.fibers.now().as_micros()).unwrap_or(i64::MAX);
        Timestamp(self.state().wall_offset.saturating_add(ticks))
    }

    /// It is this time at the least: what lies between has passed.
    pub(crate) fn pass_to(&self, moment: Timestamp) {
        let ahead = moment.micros_since(self.wall()).max(0);
        let mut state = self.state();
        state.wall_offset = state.wall_offset.saturating_add(ahead);
    }

    pub(crate) fn processes<T>(&self, of: impl FnOnce(&mut Vec<Process>) -> T) -> T {
        of(&mut self.state().processes)
    }

    pub(crate) fn process<T>(&self, process: ProcessId, of: impl FnOnce(&mut Process) -> T) -> Option<T> {
        self.state().processes.get_mut(process).map(of)
    }

    /// No effect goes wrong any more.
    pub(crate) fn calm(&self) {
        let mut state = self.state();
        state.at_effects.clear();
        state.full_disks.clear();
    }

    /// The disk of a process writes nothing for so long.
    pub(crate) fn fill_disk(&self, process: ProcessId, time: Duration) {
        let until = self.fibers.now().saturating_add(time);
        self.state().full_disks.insert(process, until);
    }

    /// Whether the disk of a process writes nothing now.
    pub(crate) fn is_disk_full(&self, process: ProcessId) -> bool {
        let now = self.fibers.now();
        self.state().full_disks.get(&process).is_some_and(|until| now < *until)
    }

    /// A process comes to an effect: what goes wrong there, if anything. It does not come back where
    /// the process dies before.
    pub(crate) fn before(&self, process: ProcessId, effect: Effect) -> Option<What> {
        let mut state = self.state();
        let count = state.counts.entry(effect).or_default();
        let nth = *count;
        *count += 1;
        let what = state.at_effects.get(&(effect, nth)).copied();
        drop(state);
        let what = what?;
        self.tell(|| format!("p{process}: at {effect:?} {nth}: {what:?}"));
        match what {
            What::CrashesBefore => self.fibers.crash(process),
            What::Stalls(time) => {
                self.fibers.pause(process, time);
                self.fibers.pass(Duration::ZERO);
            }
            What::CrashesAfter
            | What::Fails
            | What::FailsFor(_)
            | What::ReplyIsLost
            | What::StallsAfter(_)
            | What::TakesLong(_)
            | What::ArrivesLate(_)
            | What::IsAborted
            | What::ComesAgain(_)
            | What::BringsNothing => {}
        }
        Some(what)
    }

    /// The effect is done: it took a while, and others have their turn.
    pub(crate) fn after(&self, process: ProcessId, what: Option<What>) {
        match what {
            Some(What::CrashesAfter) => self.fibers.crash(process),
            Some(What::StallsAfter(time)) => self.fibers.pause(process, time),
            _ => {}
        }
        // Most calls are quick, and some are not.
        let longest = if self.fibers.below(20) == 0 { 20_000 } else { 150 };
        let micros = 1 + self.fibers.below(longest);
        self.fibers.pass(Duration::from_micros(micros));
    }

    /// Does a call of the log, with what goes wrong at it.
    pub(crate) fn call<T>(
        &self,
        process: ProcessId,
        effect: Effect,
        do_it: impl FnOnce(Option<What>) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let what = self.before(process, effect);
        let lost = |reason: &str| LogError::Unavailable {
            operation: format!("{effect:?}").to_lowercase(),
            reason: reason.to_owned(),
        };
        let outcome = if what == Some(What::Fails) { Err(lost("it is out of reach")) } else { do_it(what) };
        self.after(process, what);
        if let Some(What::TakesLong(time)) = what {
            self.fibers.sleep(time.min(LONGEST_CALL));
        }
        if what == Some(What::ReplyIsLost) && outcome.is_ok() {
            return Err(lost("the reply was lost"));
        }
        outcome
    }

    /// What becomes of a commit when the log is asked next.
    pub(crate) fn set_fate(&self, transactional_id: &str, fate: CommitFate) {
        let mut fates = self.fates.0.lock().unwrap_or_else(PoisonError::into_inner);
        fates.insert(transactional_id.to_owned(), fate);
    }

    /// A transaction began, or has ended.
    pub(crate) fn transaction(&self, transactional_id: &str, is_open: bool) {
        let now = self.fibers.now();
        let mut state = self.state();
        if is_open {
            state.open.insert(transactional_id.to_owned(), now);
        } else {
            state.open.remove(transactional_id);
        }
    }

    /// The transactions that are open for longer than this.
    pub(crate) fn open_for(&self, longer: Duration) -> Vec<String> {
        let now = self.fibers.now();
        let mut state = self.state();
        let old = state.open.extract_if(.., |_, since| now.saturating_sub(*since) > longer);
        old.map(|(id, _)| id).collect()
    }

    /// A request to commit is on its way, and its producer does not wait for it.
    pub(crate) fn send_off(&self, arrives_in: Duration, id: &str, producer: MemoryProducer) {
        let at = self.fibers.now().saturating_add(arrives_in);
        self.state().in_flight.push((at, id.to_owned(), producer));
    }

    /// The requests that have arrived by now.
    pub(crate) fn arrived(&self) -> Vec<(String, MemoryProducer)> {
        let now = self.fibers.now();
        let mut state = self.state();
        let arrived = state.in_flight.extract_if(.., |(at, ..)| *at <= now);
        arrived.map(|(_, id, producer)| (id, producer)).collect()
    }

    /// A record comes in from upstream.
    pub(crate) fn append(&self, topic: InputTopic, partition: u32, key: Bytes, value: Bytes) {
        let at = self.wall();
        let name = self.names.input(topic).clone();
        let appended = self.log.append(&name, partition, Some(key), Some(value), at.0);
        if let Ok(offset) = appended {
            let source = TopicPartition { topic: name, partition };
            let mut state = self.state();
            let lives = state.came.entry(source).or_default();
            if lives.is_empty() {
                lives.push(BTreeMap::new());
            }
            if let Some(life) = lives.last_mut() {
                life.insert(offset, at.0);
            }
        }
    }

    /// An input topic was deleted and made anew: of the old one there is what was read, up to these
    /// offsets.
    pub(crate) fn was_made_anew(&self, topic: &Arc<str>, read_to: &[i64]) {
        let mut state = self.state();
        for (partition, read_to) in (0_u32..).zip(read_to) {
            let source = TopicPartition { topic: topic.clone(), partition };
            let mut old = state.archive.remove(&source).unwrap_or_default();
            drop(old.split_off(read_to));
            state.past.entry(source.clone()).or_default().extend(old.into_values());
            let lives = state.came.entry(source).or_default();
            if let Some(life) = lives.last_mut() {
                drop(life.split_off(read_to));
            }
            // One of which nothing was read leaves no trace.
            if *read_to > 0 {
                lives.push(BTreeMap::new());
            }
        }
    }

    /// Whether an input topic was made anew in this run.
    pub(crate) fn is_remade(&self, topic: &Arc<str>) -> bool {
        self.state().past.keys().any(|source| source.topic == *topic)
    }

    /// A person accepts that something of the inputs is lost.
    pub(crate) fn accept_lost_inputs(&self) {
        self.state().accepts_lost_inputs = true;
    }

    /// Whether a person has accepted that.
    pub(crate) fn accepts_lost_inputs(&self) -> bool {
        self.state().accepts_lost_inputs
    }

    /// How the engine is set for a process that starts now.
    pub(crate) fn settings(&self) -> engine::Settings {
        engine::Settings { accept_remade_inputs: self.accepts_lost_inputs(), ..self.settings.clone() }
    }

    /// Where a key's records lie.
    pub(crate) fn home(&self, key: &[u8]) -> u32 {
        partition_of(key, self.partitions)
    }

    /// When the records of an input came in, in each life of its topic.
    pub(crate) fn came(&self, source: &TopicPartition) -> Vec<BTreeMap<i64, i64>> {
        self.state().came.get(source).cloned().unwrap_or_default()
    }

    /// A record of the journal is being sent, to this offset.
    pub(crate) fn journaled(&self, partition: u32, offset: i64) {
        let wall = self.wall();
        self.state().journaled.insert((partition, offset), wall.0);
    }

    /// What the true clock said when this record of the journal was sent.
    pub(crate) fn sent_at(&self, partition: u32, offset: i64) -> Option<i64> {
        self.state().journaled.get(&(partition, offset)).copied()
    }

    /// Keeps what a partition holds, before something of it goes.
    pub(crate) fn archive(&self, topic: &str, partition: u32) {
        let records = self.log.committed_records(topic, partition);
        let source = TopicPartition { topic: topic.into(), partition };
        let mut state = self.state();
        let archive = state.archive.entry(source).or_default();
        archive.extend(records.into_iter().map(|record| (record.offset, record)));
    }

    /// Every committed record that a partition has ever held, but what was lost unread with a topic that was
    /// made anew.
    pub(crate) fn records(&self, topic: &str, partition: u32) -> Vec<LogRecord> {
        self.archive(topic, partition);
        let source = TopicPartition { topic: topic.into(), partition };
        let state = self.state();
        let past = state.past.get(&source).into_iter().flatten();
        let archived = state.archive.get(&source).into_iter().flat_map(BTreeMap::values);
        past.chain(archived).cloned().collect()
    }

    /// A process ended by itself, with this error.
    pub(crate) fn ended(&self, what: String) {
        self.tell(|| what.clone());
        self.state().endings.push(what);
    }

    /// Somebody kills a process, and takes its disk as well.
    pub(crate) fn kill(&self, process: ProcessId, loses_its_disk: bool) {
        self.state().to_kill.push((process, loses_its_disk));
    }

    /// Who is to be killed now.
    pub(crate) fn to_kill(&self) -> Vec<(ProcessId, bool)> {
        std::mem::take(&mut self.state().to_kill)
    }

    /// How processes ended by themselves, each way once.
    pub(crate) fn endings(&self) -> BTreeSet<String> {
        self.state().endings.iter().cloned().collect()
    }

    /// How many effects of all kinds there were.
    pub(crate) fn effects(&self) -> u64 {
        self.state().counts.values().map(|count| u64::from(*count)).sum()
    }

    /// The input partitions of which the group has not committed everything.
    pub(crate) fn lags(&self) -> Vec<String> {
        let mut lags = Vec::new();
        for topic in self.names.inputs() {
            for partition in 0..self.partitions.get() {
                let end = self.log.last_stable_offset(topic, partition).unwrap_or(0);
                let committed = self.log.group_offset(topic, partition).unwrap_or(0);
                // What the group has committed of a topic that was made anew says nothing of the new one.
                let is_of_another = end > 0 && committed > end;
                if committed < end || is_of_another {
                    lags.push(format!("{topic}/{partition} stands at {committed} of {end}"));
                }
            }
        }
        lags
    }
}
