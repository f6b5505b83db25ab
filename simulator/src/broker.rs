//! What the broker does by itself: markers, time-outs, and requests that arrive late.

use crate::world::World;
use connectors::memory::CommitFate;
use engine::log::Producer;
use std::sync::Arc;
use std::time::Duration;

/// How long the group waits for a member of which it hears nothing.
pub(crate) const SESSION: Duration = Duration::from_secs(10);

/// How long a transaction may stay open.
pub(crate) const TRANSACTION: Duration = Duration::from_secs(15);

/// Runs as a fiber of the world.
pub(crate) fn run(world: &Arc<World>) {
    loop {
        world.fibers.sleep(Duration::from_micros(2_000 + world.fibers.below(40_000)));
        world.log.write_markers();
        for (id, mut producer) in world.arrived() {
            world.tell(|| format!("the late commit of {id} arrives"));
            world.set_fate(&id, CommitFate::Ends);
            // Fenced meanwhile, it comes to nothing; and nobody hears of it either way.
            let _ = producer.wait(Duration::ZERO);
            world.set_fate(&id, CommitFate::Hangs);
        }
        for id in world.open_for(TRANSACTION) {
            world.tell(|| format!("the transaction of {id} is too old"));
            world.log.expire_transaction(&id);
        }
        expire_members(world);
    }
}

fn expire_members(world: &World) {
    let now = world.fibers.now();
    let count = world.processes(|all| all.len());
    for number in 0..count {
        let is_paused = world.fibers.paused_until(number).is_some();
        let silent = world.process(number, |process| process.silent(now, is_paused, SESSION));
        for membership in silent.into_iter().flatten() {
            world.tell(|| format!("the group has not heard of p{number} for too long"));
            world.log.expire_member(&membership);
        }
    }
}
