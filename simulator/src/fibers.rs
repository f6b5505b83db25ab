//! Fibers: the threads of the simulated processes. One runs at a time; which one, and what time it is
//! then, is said here, from the seed alone.
//!
//! A fiber runs until it comes to an effect (a call of the log, the store or the clock) or waits; then
//! another may have its turn. Where nobody can go on, time passes until somebody can.

use engine::threads::{Mail, Thread, Threads};
use generator::{Generator, Gn};
use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A simulated process, by number.
pub(crate) type ProcessId = usize;

/// What is no process: the broker, the people and the upstream systems around them.
pub(crate) const WORLD: ProcessId = usize::MAX;

/// A fiber's stack, in machine words: a mebibyte, of which only what is touched costs memory.
const STACK_WORDS: usize = 1 << 17;

type Body = Box<dyn FnOnce() + Send>;

/// The fibers of a run, as they and the world see each other. Clones share them.
#[derive(Clone)]
pub(crate) struct Fibers {
    table: Arc<Mutex<Table>>,
}

struct Table {
    /// How long the run has lasted, by its own clock.
    now: Duration,
    dice: fastrand::Rng,
    fibers: BTreeMap<u64, Fiber>,
    started: Vec<(u64, Body)>,
    next: u64,
    /// Counts what may have changed something for somebody who waits.
    changes: u64,
    running: u64,
    /// Processes that do not run before a moment.
    paused: BTreeMap<ProcessId, Duration>,
    /// The fiber that asked for the death of its process.
    crashed: Option<ProcessId>,
    /// Whose turn it was, and when, as a hash.
    trace: u64,
}

struct Fiber {
    name: String,
    process: ProcessId,
    waits: Waits,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// For its turn.
    Turn,
    /// For a moment, or for something to change after so many changes.
    Until { moment: Duration, changes: Option<u64> },
}

/// What a turn came to.
pub(crate) enum Turn {
    /// A fiber ran.
    Ran,
    /// A process is to die: one of its fibers came to where it crashes.
    Crashed(ProcessId),
    /// A fiber panicked: which, and what it said.
    Panicked(String),
    /// Nobody can ever go on.
    Stuck,
}

/// Owns the stacks of the fibers and gives them their turns.
pub(crate) struct Runner {
    fibers: Fibers,
    stacks: BTreeMap<u64, Generator<'static, (), ()>>,
}

impl Fibers {
    pub(crate) fn new(seed: u64) -> Self {
        let table = Table {
            now: Duration::from_secs(1),
            dice: fastrand::Rng::with_seed(seed),
            fibers: BTreeMap::new(),
            started: Vec::new(),
            next: 0,
            changes: 0,
            running: 0,
            paused: BTreeMap::new(),
            crashed: None,
            trace: 0,
        };
        Self { table: Arc::new(Mutex::new(table)) }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the run has lasted.
    pub(crate) fn now(&self) -> Duration {
        self.table().now
    }

    /// A number below this one, by chance.
    pub(crate) fn below(&self, end: u64) -> u64 {
        self.table().dice.u64(0..end.max(1))
    }

    /// Starts a fiber of a process.
    pub(crate) fn start(&self, process: ProcessId, name: &str, body: Body) -> u64 {
        let mut table = self.table();
        let id = table.next;
        table.next += 1;
        table.fibers.insert(id, Fiber { name: name.to_owned(), process, waits: Waits::Turn });
        table.started.push((id, body));
        id
    }

    /// The process does not run for a while, wherever its fibers are.
    pub(crate) fn pause(&self, process: ProcessId, time: Duration) {
        let mut table = self.table();
        let until = table.now.saturating_add(time);
        table.paused.insert(process, until);
    }

    /// Nobody is paused any more.
    pub(crate) fn resume_all(&self) {
        self.table().paused.clear();
    }

    /// When a process that is paused goes on.
    pub(crate) fn paused_until(&self, process: ProcessId) -> Option<Duration> {
        let table = self.table();
        table.paused.get(&process).copied().filter(|until| *until > table.now)
    }

    /// An effect took this long: others may have their turn before the fiber goes on.
    pub(crate) fn pass(&self, time: Duration) {
        let mut table = self.table();
        table.now = table.now.saturating_add(time);
        table.changes += 1;
        table.wait(Waits::Turn);
        drop(table);
        give_turn();
    }

    /// The fiber does nothing for a while.
    pub(crate) fn sleep(&self, time: Duration) {
        let mut table = self.table();
        let moment = table.now.saturating_add(time);
        table.wait(Waits::Until { moment, changes: None });
        drop(table);
        give_turn();
    }

    /// The fiber waits until something is so, but at most for a while.
    pub(crate) fn wait_until(&self, wait: Duration, is_so: &dyn Fn() -> bool) {
        let until = self.now().saturating_add(wait);
        while !is_so() {
            let mut table = self.table();
            if table.now >= until {
                return;
            }
            let changes = Some(table.changes);
            table.wait(Waits::Until { moment: until, changes });
            drop(table);
            give_turn();
        }
    }

    /// The process of the running fiber dies here: the fiber never goes on.
    pub(crate) fn crash(&self, process: ProcessId) {
        let mut table = self.table();
        table.crashed = Some(process);
        table.wait(Waits::Until { moment: Duration::MAX, changes: None });
        drop(table);
        give_turn();
    }

    /// Whose turn it was and when, from the beginning of the run, as a hash.
    pub(crate) fn trace(&self) -> u64 {
        self.table().trace
    }

    /// The fibers that there are, for a report of who waits for ever.
    pub(crate) fn names(&self) -> String {
        let names: Vec<String> = self.table().fibers.values().map(|fiber| fiber.name.clone()).collect();
        names.join(", ")
    }
}

impl Table {
    fn wait(&mut self, waits: Waits) {
        let running = self.running;
        if let Some(fiber) = self.fibers.get_mut(&running) {
            fiber.waits = waits;
        }
    }

    /// Who has the next turn, time passing where nobody can go on; none where nobody ever can.
    fn choose(&mut self) -> Option<u64> {
        loop {
            let is_ready = |fiber: &Fiber| {
                let runs = self.paused.get(&fiber.process).is_none_or(|until| *until <= self.now);
                runs && match fiber.waits {
                    Waits::Turn => true,
                    Waits::Until { moment, changes } => {
                        moment <= self.now || changes.is_some_and(|seen| self.changes > seen)
                    }
                }
            };
            let ready: Vec<u64> =
                self.fibers.iter().filter(|(_, fiber)| is_ready(fiber)).map(|(id, _)| *id).collect();
            if !ready.is_empty() {
                let chosen = self.dice.usize(0..ready.len());
                return ready.get(chosen).copied();
            }
            let moments = self.fibers.values().map(|fiber| {
                let paused = self.paused.get(&fiber.process).copied().unwrap_or_default();
                match fiber.waits {
                    Waits::Turn => paused,
                    Waits::Until { moment, changes } if changes.is_none_or(|seen| self.changes <= seen) => {
                        moment.max(paused)
                    }
                    Waits::Until { .. } => paused,
                }
            });
            self.now = moments.min().filter(|moment| *moment < Duration::MAX)?;
        }
    }
}

impl Runner {
    pub(crate) fn new(fibers: Fibers) -> Self {
        Self { fibers, stacks: BTreeMap::new() }
    }

    /// Gives one fiber its turn.
    pub(crate) fn turn(&mut self) -> Turn {
        let mut table = self.fibers.table();
        for (id, body) in std::mem::take(&mut table.started) {
            self.stacks.insert(id, Gn::new_opt(STACK_WORDS, body));
        }
        let Some(id) = table.choose() else { return Turn::Stuck };
        table.running = id;
        table.trace = mixed(mixed(table.trace, id), u64::try_from(table.now.as_nanos()).unwrap_or(0));
        if let Some(fiber) = table.fibers.get_mut(&id) {
            fiber.waits = Waits::Turn;
        }
        drop(table);
        let Some(stack) = self.stacks.get_mut(&id) else { return Turn::Stuck };
        let panicked = catch_unwind(AssertUnwindSafe(|| stack.resume())).err();
        let is_done = panicked.is_some() || stack.is_done();
        let mut table = self.fibers.table();
        let mut name = String::new();
        if is_done {
            name = table.fibers.remove(&id).map(|fiber| fiber.name).unwrap_or_default();
            table.changes += 1;
        }
        let crashed = table.crashed.take();
        drop(table);
        if is_done {
            self.stacks.remove(&id);
        }
        match (panicked, crashed) {
            (Some(panic), _) => Turn::Panicked(format!("{name}: {}", said(&*panic))),
            (None, Some(process)) => Turn::Crashed(process),
            (None, None) => Turn::Ran,
        }
    }

    /// Ends all fibers of a process where they are, as a kill does.
    pub(crate) fn kill(&mut self, process: ProcessId) {
        let mut table = self.fibers.table();
        let dead: Vec<u64> =
            table.fibers.iter().filter(|(_, fiber)| fiber.process == process).map(|(id, _)| *id).collect();
        for id in &dead {
            table.fibers.remove(id);
            table.started.retain(|(started, _)| started != id);
        }
        table.paused.remove(&process);
        table.changes += 1;
        drop(table);
        for id in dead {
            self.stacks.remove(&id);
        }
    }
}

/// One more number of a hash.
fn mixed(hash: u64, number: u64) -> u64 {
    (hash ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

/// The running fiber goes on when its next turn comes.
#[expect(deprecated, reason = "a fiber yields from deep within the engine, which knows no scope")]
fn give_turn() {
    generator::yield_with(());
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}

/// The threads of one process.
pub(crate) struct FiberThreads {
    pub(crate) fibers: Fibers,
    pub(crate) process: ProcessId,
}

impl Threads for FiberThreads {
    fn start(&self, name: String, body: Body) -> io::Result<Box<dyn Thread>> {
        let name = format!("p{} {name}", self.process);
        let id = self.fibers.start(self.process, &name, body);
        Ok(Box::new(FiberThread { fibers: self.fibers.clone(), id }))
    }

    fn sleep(&self, wait: Duration) {
        self.fibers.sleep(wait);
    }

    fn wait_for(&self, mail: &dyn Mail, wait: Duration) {
        self.fibers.wait_until(wait, &|| mail.is_there());
    }
}

struct FiberThread {
    fibers: Fibers,
    id: u64,
}

impl Thread for FiberThread {
    fn join(self: Box<Self>) {
        let has_ended = || !self.fibers.table().fibers.contains_key(&self.id);
        self.fibers.wait_until(Duration::MAX, &has_ended);
    }
}
