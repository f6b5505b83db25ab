//! A simulated process: the real instance on simulated threads, with a disk and a clock of its own.

use crate::fibers::{FiberThreads, ProcessId, WORLD};
use crate::log::SimLog;
use crate::publisher;
use crate::store::SimStores;
use crate::world::World;
use connectors::memory::MemoryMembership;
use decision::time::Timestamp;
use engine::{Clock, ClockGuard, Instance, Shared, Status, Topology};
use state::{MemoryStores, WriteBehind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What there is of a process, whether it lives or not.
pub(crate) struct Process {
    /// Its disk.
    pub(crate) stores: MemoryStores,
    /// How far its clock is ahead of the true one, in microseconds.
    pub(crate) clock_ahead: i64,
    /// Whether it lives.
    pub(crate) is_up: bool,
    /// Whether it is to live: whoever looks after the processes starts it again.
    pub(crate) is_wanted: bool,
    /// Tells the living one to stop.
    pub(crate) stop: Arc<AtomicBool>,
    /// Counts its lives.
    pub(crate) life: u64,
    /// The members that it is, or was in an earlier life, in the group.
    pub(crate) members: Vec<Member>,
}

/// A member of the group, as the group hears of it.
pub(crate) struct Member {
    /// The life of the process that it belongs to.
    pub(crate) life: u64,
    /// It.
    pub(crate) membership: MemoryMembership,
    /// When the group last heard of it.
    pub(crate) heard: Duration,
}

impl Process {
    pub(crate) fn new() -> Self {
        Self {
            stores: MemoryStores::new(),
            clock_ahead: 0,
            is_up: false,
            is_wanted: true,
            stop: Arc::new(AtomicBool::new(false)),
            life: 0,
            members: Vec::new(),
        }
    }

    /// The members of which nothing was heard for too long.
    pub(crate) fn silent(
        &mut self,
        now: Duration,
        is_paused: bool,
        session: Duration,
    ) -> Vec<MemoryMembership> {
        let (life, is_up) = (self.life, self.is_up);
        let mut silent = Vec::new();
        self.members.retain_mut(|member| {
            let lives = is_up && member.life == life;
            if lives && !is_paused {
                member.heard = now;
            } else if now.saturating_sub(member.heard) > session {
                silent.push(member.membership.clone());
                member.heard = now;
                return lives;
            }
            true
        });
        silent
    }
}

struct ProcessClock {
    world: Arc<World>,
    process: ProcessId,
}

impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        let ahead = self.world.process(self.process, |process| process.clock_ahead).unwrap_or(0);
        self.world.wall().plus_micros(ahead)
    }

    fn ticks(&self) -> Duration {
        self.world.fibers.now()
    }
}

/// Starts a process, unless it lives.
pub(crate) fn start(world: &Arc<World>, process: ProcessId) {
    let stop = Arc::new(AtomicBool::new(false));
    let is_new = world.process(process, |known| {
        if known.is_up || !known.is_wanted {
            return false;
        }
        known.is_up = true;
        known.life += 1;
        known.stop = stop.clone();
        true
    });
    if is_new != Some(true) {
        return;
    }
    world.tell(|| format!("p{process} starts"));
    let of_fiber = world.clone();
    let live = move || {
        if let Err(reason) = live(&of_fiber, process, &stop) {
            of_fiber.ended(format!("p{process} ended: {reason}"));
        }
        went_down(&of_fiber, process);
    };
    world.fibers.start(process, &format!("p{process} main"), Box::new(live));
}

fn live(world: &Arc<World>, process: ProcessId, stop: &AtomicBool) -> Result<(), String> {
    let stores = world.process(process, |known| known.stores.clone()).unwrap_or_default();
    let log = SimLog::new(world.clone(), process);
    let versions = publisher::versions(world, &log).map_err(|error| error.to_string())?;
    let shared = Shared {
        topology: Topology::find(&log, world.names.clone()).map_err(|error| error.to_string())?,
        stores: WriteBehind::new(SimStores::new(world.clone(), process, stores), world.gathering),
        log,
        settings: world.settings(),
        versions,
        schemas: world.schemas,
        registry: world.registry.clone(),
        clock: Arc::new(ProcessClock { world: world.clone(), process }),
        threads: Arc::new(FiberThreads { fibers: world.fibers.clone(), process }),
        guard: ClockGuard::new(world.settings.clock_lead),
        status: Arc::new(Status::default()),
        group: "sim".to_owned(),
    };
    let instance = Instance::join(Arc::new(shared)).map_err(|error| error.to_string())?;
    instance.run(stop).map_err(|error| error.to_string())
}

/// A process has ended; whoever looks after it starts it again.
pub(crate) fn went_down(world: &Arc<World>, process: ProcessId) {
    world.process(process, |known| known.is_up = false);
    world.tell(|| format!("p{process} is down"));
    let delay = Duration::from_millis(100 + world.fibers.below(3_000));
    let of_fiber = world.clone();
    let again = move || {
        of_fiber.fibers.sleep(delay);
        start(&of_fiber, process);
    };
    world.fibers.start(WORLD, "who looks after the processes", Box::new(again));
}

/// What a kill leaves of a process: of what its stores did not flush the newest is lost.
pub(crate) fn was_killed(world: &Arc<World>, process: ProcessId) {
    world.tell(|| format!("p{process} is killed"));
    let stores = world.process(process, |known| known.stores.clone());
    for partition in 0..world.partitions.get() {
        let Some(stores) = &stores else { continue };
        let unflushed = u64::try_from(stores.unflushed(partition)).unwrap_or(u64::MAX);
        let kept = usize::try_from(world.fibers.below(unflushed.saturating_add(1))).unwrap_or(0);
        stores.crash(partition, kept);
    }
}

/// Tells a process to stop in good order.
pub(crate) fn stop(world: &World, process: ProcessId) {
    world.tell(|| format!("p{process} is told to stop"));
    world.process(process, |known| {
        known.is_wanted = false;
        known.stop.store(true, Ordering::SeqCst);
    });
}
