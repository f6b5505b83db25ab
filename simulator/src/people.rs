//! What people do to topics and offsets while the group stands still, and what Weir has to say to it.

use crate::broker::SESSION;
use crate::upstream::Upstream;
use schemas::InputTopic;
use std::sync::Arc;
use std::time::Duration;

/// Longer than any process needs to find out that a topic is not the one that it was.
const NOTICED_WITHIN: Duration = Duration::from_secs(9);

impl Upstream {
    /// The group is empty, as the tool demands; nothing may go on by the wrong offset; then it is put
    /// back.
    pub(crate) fn move_an_offset(&self, by: i64) {
        let world = &self.world;
        let count = world.processes(|all| all.len());
        self.stand_still(count);
        let partition = u32::try_from(world.fibers.below(u64::from(world.partitions.get()))).unwrap_or(0);
        let topic = world.names.input(InputTopic::Payments).clone();
        let was = world.log.group_offset(&topic, partition);
        let Some(was) = was.filter(|was| by != 0 && !world.is_remade(&topic) && was.saturating_add(by) >= 0)
        else {
            return self.want_all(count);
        };
        world.log.set_group_offset(&topic, partition, was.saturating_add(by));
        self.want_all(count);
        world.fibers.sleep(Duration::from_secs(4));
        self.stand_still(count);
        world.log.set_group_offset(&topic, partition, was);
        self.want_all(count);
    }

    fn kill_all(&self, count: usize) {
        for process in 0..count {
            self.world.process(process, |process| process.is_wanted = false);
            self.world.kill(process, false);
        }
        self.world.fibers.sleep(Duration::from_millis(1));
    }

    pub(crate) fn want_all(&self, count: usize) {
        for process in 0..count {
            self.want(process);
        }
    }

    /// An input topic is deleted and made anew. Nobody may go on with it before a person has accepted that
    /// what was not read of the old one is lost.
    ///
    /// Who makes a topic anew under running processes does not write to it at once: in a topic that has
    /// grown beyond the old one within seconds nothing but its id would show that it is another.
    pub(crate) fn make_anew(&self, which: usize, is_running: bool) {
        let world = &self.world;
        let count = world.processes(|all| all.len());
        let Some(topic) = world.names.inputs().get(which).cloned() else { return };
        // Once in a run: processes that were started with a person's word take the next one as well.
        if world.accepts_lost_inputs() {
            return;
        }
        if !is_running {
            self.stand_still(count);
        }
        let read_before = self.read_to(&topic);
        for partition in 0..world.partitions.get() {
            world.archive(&topic, partition);
        }
        world.log.delete_topic(&topic);
        if world.fibers.below(2) == 0 {
            world.fibers.sleep(Duration::from_micros(world.fibers.below(3_000_000)));
        }
        world.log.create_topic(&topic, world.partitions.get());
        if !is_running {
            self.want_all(count);
        }
        world.fibers.sleep(NOTICED_WITHIN);
        self.bear_out();
        if !is_running
            && read_before.iter().zip(self.read_to(&topic)).any(|(before, now)| *before > 0 && now > 0)
        {
            world.ended(format!("a process goes on with {topic}, which is another now"));
        }
        self.stand_still(count);
        // What was read before and committed after counts as well.
        let read_to: Vec<i64> = read_before
            .into_iter()
            .zip(self.read_to(&topic))
            .map(|(before, after)| before.max(after))
            .collect();
        world.was_made_anew(&topic, &read_to);
        world.accept_lost_inputs();
        self.want_all(count);
    }

    /// What the group has committed of each partition of an input topic.
    fn read_to(&self, topic: &Arc<str>) -> Vec<i64> {
        let partitions = 0..self.world.partitions.get();
        partitions.map(|partition| self.world.log.group_offset(topic, partition).unwrap_or(0)).collect()
    }

    /// All processes are killed, and what they had open is over.
    fn stand_still(&self, count: usize) {
        self.kill_all(count);
        self.world.fibers.sleep(SESSION.saturating_mul(2));
    }
}
