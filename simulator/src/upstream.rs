//! What goes on around the processes: upstream events day by day, and what people and machines do
//! between two days.

use crate::faults::{Fault, Happening, Plan};
use crate::fibers::WORLD;
use crate::process::{self, Process};
use crate::publisher;
use crate::receivers::Receivers;
use crate::world::World;
use bytes::Bytes;
use decision::event::{Body, Control, Event, Order};
use decision::time::Timestamp;
use loadtest::generate::Operator;
use schemas::{Encoder, InputTopic, OutputTopic};
use std::sync::Arc;
use std::time::Duration;

/// How long tombstones of the changelog are kept.
const TOMBSTONES: Duration = Duration::from_secs(24 * 3_600);

/// How long the engine may take to come to rest at the end of a run.
const LAST_PATIENCE: Duration = Duration::from_secs(240);

/// Nothing was committed for so long: longer than a partition waits for its turn under any rate.
const QUIET: Duration = Duration::from_millis(4_500);

/// For how many days a process is away.
const AWAY: u32 = 3;

const DAY_MICROS: i64 = 86_400_000_000;

/// The world around the processes.
pub(crate) struct Upstream {
    pub(crate) world: Arc<World>,
    pub(crate) operator: Operator,
    pub(crate) encoder: Encoder,
    pub(crate) days: u32,
    pub(crate) happenings: Vec<(u32, Happening)>,
    /// Whether people are asked about orders that are held.
    pub(crate) has_breaker: bool,
    receivers: Receivers,
    told: u32,
}

impl Upstream {
    pub(crate) fn new(
        world: Arc<World>,
        operator: Operator,
        days: u32,
        plan: &Plan,
        has_breaker: bool,
    ) -> Self {
        let happenings = plan.faults.iter().filter_map(|fault| match fault {
            Fault::After(day, happening) => Some((*day, *happening)),
            Fault::At(..) => None,
        });
        let encoder = Encoder::new(world.schemas);
        let receivers = Receivers::new(world.clone());
        let happenings = happenings.collect();
        Self { world, operator, encoder, days, happenings, has_breaker, receivers, told: 0 }
    }

    /// Lives all days, then lets everything come to rest, and stops it.
    ///
    /// # Errors
    /// Where it does not come to rest.
    pub(crate) fn run(mut self) -> Result<(), String> {
        for day in 0..self.days {
            self.live_a_day();
            self.publish(day);
            if self.has_breaker && day % 4 == 3 {
                self.ask_about_what_is_held(day);
            }
            let is_back =
                |(of, what): &(u32, Happening)| of.saturating_add(AWAY) == day && *what == Happening::IsAway;
            if self.happenings.iter().any(is_back) {
                self.happen(Happening::Compacts);
                self.happen(Happening::Starts);
            }
            let happenings: Vec<Happening> = self
                .happenings
                .iter()
                .filter(|(of, _)| *of == day)
                .map(|(_, happening)| *happening)
                .collect();
            for happening in happenings {
                self.world.tell(|| format!("{happening:?}"));
                self.happen(happening);
            }
        }
        self.come_to_rest()
    }

    /// In some worlds a version of the policy is published every few days, or one that is not there is told of.
    fn publish(&mut self, day: u32) {
        let world = &self.world;
        if !world.is_published() || day % 3 != 2 {
            return;
        }
        let drafts = u64::try_from(world.drafts.len()).unwrap_or(1);
        let place = usize::try_from(world.fibers.below(drafts)).unwrap_or(0);
        let withdraws_later = world.fibers.below(3) == 0;
        let delayed = if world.fibers.below(3) == 0 { publisher::delay(world) } else { Ok(()) };
        if let Err(error) = delayed.and_then(|()| publisher::publish(world, place, withdraws_later)) {
            world.ended(format!("nothing can be published: {error}"));
        }
        if world.fibers.below(4) == 0 {
            let next =
                world.published(|published| i64::try_from(published.len()).unwrap_or(0)).saturating_add(1);
            publisher::tell(world, "forged", next);
        }
    }

    fn live_a_day(&mut self) {
        let fibers = self.world.fibers.clone();
        // Some days come in as they are lived, others all at once.
        let is_at_once = fibers.below(3) == 0;
        for mut event in self.operator.next_day() {
            self.world.pass_to(event.occurred_at);
            self.mark(&mut event);
            self.tell(&event);
            if !is_at_once && fibers.below(2) == 0 {
                fibers.sleep(Duration::from_micros(fibers.below(20_000)));
            }
        }
        self.hear_of_commands();
        self.bear_out();
        fibers.sleep(Duration::from_micros(fibers.below(150_000)));
    }

    /// Some of the receivers report on time, others a day late.
    fn hear_of_commands(&mut self) {
        if self.world.fibers.below(2) == 0 {
            return;
        }
        for event in self.receivers.reports(&self.operator) {
            self.world.pass_to(event.occurred_at);
            self.tell(&event);
        }
    }

    /// In some worlds the core fails over an event now and then.
    fn mark(&self, event: &mut Event) {
        let Some(poison) = self.world.settings.faults.poison() else { return };
        let marks = [poison.event, poison.once, poison.bytes, poison.sealed];
        let chosen = usize::try_from(self.world.fibers.below(60)).unwrap_or(usize::MAX);
        if let Some(mark) = marks.get(chosen) {
            event.event_id = format!("{}{mark}", event.event_id.as_str()).into();
        }
    }

    fn tell(&mut self, event: &Event) {
        let mut value = Vec::new();
        let Ok((topic, key)) = self.encoder.event(event, &mut value) else { return };
        let (partition, key) = (self.world.home(key), Bytes::copy_from_slice(key));
        self.world.append(topic, partition, key, value.into());
    }

    /// Every partition hears what time it is, as something always happens somewhere.
    pub(crate) fn bear_out(&self) {
        for partition in 0..self.world.partitions.get() {
            let (key, value) = (Bytes::from_static(b"nobody"), Bytes::from_static(b"no Avro"));
            self.world.append(InputTopic::Reports, partition, key, value);
        }
    }

    /// A person releases, or drops, what is held in every partition.
    fn ask_about_what_is_held(&mut self, day: u32) {
        self.told += 1;
        let order = if self.told.is_multiple_of(3) { Order::DropHeld } else { Order::ReleaseHeld };
        let event = Event {
            event_id: format!("held-{day}-{}", self.told).into(),
            account_id: "all".into(),
            debtor_id: None,
            occurred_at: self.world.wall(),
            source: "people".to_owned(),
            body: Body::Control(Control {
                by: "anna".to_owned(),
                role: "manager".to_owned(),
                why: None,
                order,
            }),
        };
        for partition in 0..self.world.partitions.get() {
            let mut value = Vec::new();
            let Ok((topic, key)) = self.encoder.event(&event, &mut value) else { return };
            let key = Bytes::copy_from_slice(key);
            self.world.append(topic, partition, key, value.into());
        }
    }

    fn happen(&mut self, happening: Happening) {
        let world = self.world.clone();
        let up = || world.processes(|all| all.iter().position(|process| process.is_up));
        match happening {
            Happening::Starts => {
                let count = world.processes(|all| all.len());
                let down = world.processes(|all| all.iter().position(|process| !process.is_wanted));
                if down.is_none() && count < 3 {
                    world.processes(|all| all.push(Process::new()));
                }
                self.want(down.unwrap_or(count));
            }
            Happening::Stops => {
                // One at least goes on.
                let wanted = world.processes(|all| all.iter().filter(|process| process.is_wanted).count());
                if let Some(process) = up().filter(|_| wanted > 1) {
                    process::stop(&world, process);
                }
            }
            Happening::IsKilled => {
                if let Some(process) = up() {
                    world.kill(process, false);
                }
            }
            Happening::IsAway => {
                if let Some(process) = up() {
                    // Another one does its work meanwhile.
                    self.happen(Happening::Starts);
                    world.process(process, |process| process.is_wanted = false);
                    world.kill(process, false);
                }
            }
            Happening::LosesItsDisk => {
                if let Some(process) = up() {
                    world.kill(process, true);
                }
            }
            Happening::TakesOver(partition) => {
                if world.log.take_over(partition) {
                    // The one that had it hears of it with some heartbeat.
                    let (of_fiber, heartbeat) =
                        (world.clone(), Duration::from_micros(world.fibers.below(3_000_000)));
                    let tell = move || {
                        of_fiber.fibers.sleep(heartbeat);
                        of_fiber.log.tell_of_take_overs();
                    };
                    world.fibers.start(WORLD, "a heartbeat", Box::new(tell));
                }
            }
            Happening::Compacts => self.compact(),
            Happening::Truncates => self.truncate(),
            Happening::ClockIsSet { process, seconds } => {
                let micros = seconds.saturating_mul(1_000_000);
                world.process(process, |process| process.clock_ahead = micros);
            }
            Happening::OffsetIsMoved(by) => self.move_an_offset(by),
            Happening::TopicIsMadeAnew { topic, is_running } => self.make_anew(topic, is_running),
            Happening::Weeks => {
                world.pass_to(world.wall().plus_micros(21 * DAY_MICROS));
                self.bear_out();
                world.fibers.sleep(Duration::from_millis(300));
            }
        }
    }

    pub(crate) fn want(&self, process: usize) {
        self.world.process(process, |process| process.is_wanted = true);
        process::start(&self.world, process);
    }

    fn compact(&self) {
        let world = &self.world;
        let topic = world.names.output(OutputTopic::Debtors).clone();
        let kept = i64::try_from(TOMBSTONES.as_micros()).unwrap_or(i64::MAX);
        let before = world.wall().plus_micros(-kept);
        for partition in 0..world.partitions.get() {
            world.archive(&topic, partition);
            world.log.compact_since(&topic, partition, before.0);
        }
    }

    fn truncate(&self) {
        let world = &self.world;
        // What the group has committed of a topic that was made anew may say nothing of the new one.
        for topic in world.names.inputs().iter().filter(|topic| !world.is_remade(topic)) {
            for partition in 0..world.partitions.get() {
                if let Some(offset) = world.log.group_offset(topic, partition) {
                    world.archive(topic, partition);
                    world.log.truncate_before(topic, partition, offset);
                }
            }
        }
    }

    /// Nothing goes wrong any more: all that came in is decided, all that is due happens, and the
    /// processes stop in good order.
    fn come_to_rest(&mut self) -> Result<(), String> {
        let world = self.world.clone();
        world.calm();
        world.fibers.resume_all();
        let count = world.processes(|all| {
            all.iter_mut().for_each(|process| process.clock_ahead = 0);
            all.len()
        });
        self.want_all(count);
        for rest in 0..4 {
            world.pass_to(an_open_hour(world.wall().plus_micros(12 * DAY_MICROS)));
            self.bear_out();
            if self.has_breaker {
                self.ask_about_what_is_held(1_000 + rest);
            }
            self.wait_for_quiet()?;
        }
        if self.has_breaker {
            // What the last of these weeks brought is judged as well.
            self.ask_about_what_is_held(2_000);
            self.wait_for_quiet()?;
        }
        for process in 0..count {
            process::stop(&world, process);
        }
        let deadline = world.fibers.now().saturating_add(LAST_PATIENCE);
        while world.processes(|all| all.iter().any(|process| process.is_up)) {
            if world.fibers.now() > deadline {
                return Err("a process that was told to stop goes on".to_owned());
            }
            world.fibers.sleep(Duration::from_millis(20));
        }
        world.log.write_markers();
        Ok(())
    }

    fn wait_for_quiet(&self) -> Result<(), String> {
        let (world, mut quiet_since) = (&self.world, self.world.fibers.now());
        let deadline = quiet_since.saturating_add(LAST_PATIENCE);
        let mut before = self.journal_ends();
        while world.fibers.now().saturating_sub(quiet_since) < QUIET {
            if world.fibers.now() > deadline {
                let lags = world.lags().join("; ");
                return Err(format!("it does not come to rest: {lags}; there are {}", world.fibers.names()));
            }
            world.fibers.sleep(Duration::from_millis(100));
            let journal = self.journal_ends();
            if journal != before || !world.lags().is_empty() {
                quiet_since = world.fibers.now();
                before = journal;
            }
        }
        Ok(())
    }

    fn journal_ends(&self) -> Vec<Option<i64>> {
        let journal = self.world.names.output(OutputTopic::Journal);
        let partitions = 0..self.world.partitions.get();
        partitions.map(|partition| self.world.log.last_stable_offset(journal, partition)).collect()
    }
}

/// A moment of the week after, at which every window is open: a Wednesday, at ten.
fn an_open_hour(from: Timestamp) -> Timestamp {
    // The first day that is counted was a Thursday.
    const WEEK: i64 = 7 * DAY_MICROS;
    let weeks = from.0.div_euclid(WEEK).saturating_add(1);
    Timestamp(weeks.saturating_mul(WEEK)).plus_micros(6 * DAY_MICROS + 10 * DAY_MICROS / 24)
}

/// Whether something that is due at a moment must have happened by the end of a run.
pub(crate) fn is_due(due: Timestamp, end: Timestamp) -> bool {
    due < end.plus_micros(-1_000_000)
}
