//! A run: a broker, a processor, a load, and what was seen of them.
//!
//! Inputs and outputs stay in the topics until the run is over, so that whoever wants to check them can.

use crate::client::{Distance, Losses, Sender, sender};
use crate::clock::Clock;
use crate::error::RunError;
use crate::matching::{Latencies, Matcher};
use crate::processes;
use crate::reading::Reading;
use crate::report::{self, Commands, Report, Settings, Step};
use crate::sending::{Progress, send_all};
use crate::site::{Site, Wanted, broker_version};
use crate::subject::{Choice, Subject};
use crate::target::KafkaTarget;
use crate::verify::{self, Order, Verification};
use crate::watching::{Watched, Watching};
use loadtest::load::{Events, Profile, Schedule, Size, Work};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a processor may take to read what was sent before and after the steps.
const DRAIN_WITHIN: Duration = Duration::from_secs(300);
/// How long nothing that is still expected may come, after all was read, before no more is waited for.
const REST_WITHIN: Duration = Duration::from_secs(5);
/// How often that is looked at.
const GLANCE: Duration = Duration::from_millis(50);
/// How much may wait to be sent: nobody waits for this sender, and what the cluster does not take at once lies here.
const UNHINDERED_KIB: u32 = 2_000_000;
/// Between the setting of timers and the first step.
const BEFORE_STEPS_US: u64 = 1_000_000;

/// What answers the events, and so says how long that took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Commands: the load knows which event asks for which.
    Commands,
    /// The records of this topic, without the prefix: each has the timestamp of the event that it answers. The
    /// processor decides nothing.
    Echoes(String),
    /// Nothing: the processor decides nothing.
    Nothing,
}

/// What a run is to be.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The profile's name, and the profile.
    pub name: String,
    /// What is sent.
    pub profile: Profile,
    /// Whether that is only what every processor knows.
    pub shared_work: bool,
    /// How many accounts, and the seed.
    pub size: Size,
    /// How many events a second, step by step.
    pub rates: Vec<NonZeroU32>,
    /// How long each step lasts.
    pub step: Duration,
    /// How many events a second before the steps, in which accounts are told and timers set.
    pub preload_rate: NonZeroU32,
    /// Which processor.
    pub choice: Choice,
    /// A broker that is there already.
    pub brokers: Option<String>,
    /// That broker's process, if it is on this machine.
    pub broker_process: Option<u32>,
    /// A registry that is there already.
    pub registry: Option<String>,
    /// What the topics' names begin with.
    pub prefix: String,
    /// How many partitions each has.
    pub partitions: u32,
    /// How long the sender waits to fill a batch.
    pub linger: Duration,
    /// What Weir's stores may use of memory, in bytes.
    pub store_memory: u64,
    /// What answers the events.
    pub answers: Answers,
    /// A folder for the processor's state and log; a temporary one where none is given.
    pub folder: Option<PathBuf>,
    /// How much memory the replay of Weir's journal may take, in bytes; none where nothing is to be verified.
    pub verify: Option<u64>,
}

/// Makes a run. `is_over` ends it early, with what was measured so far; `say` is told how far it is.
///
/// # Errors
/// When anything but the figures goes wrong.
pub fn run(plan: &Plan, is_over: &AtomicBool, say: &dyn Fn(&str)) -> Result<Report, RunError> {
    say("starting");
    let wanted = Wanted {
        brokers: plan.brokers.clone(),
        registry: plan.registry.clone(),
        prefix: plan.prefix.clone(),
        partitions: plan.partitions,
    };
    let site = Site::open(wanted)?;
    let temporary = tempfile::tempdir().map_err(RunError::failed("make a folder"))?;
    let folder = plan.folder.clone().unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder).map_err(RunError::failed(format!("make {}", folder.display())))?;
    let subject = Subject::start(&plan.choice, &site, &folder, plan.store_memory)?;
    let mut run = Run::begin(plan, &site, subject, is_over, say)?;
    let steps = run.drive();
    let mut report = run.end(steps?, plan, &site)?;
    report.verification = verification(&plan.choice, plan.verify, &site, say)?;
    Ok(report)
}

/// Whether all that came out is right; not asked where nothing could come, or nobody wants to know.
pub(crate) fn verification(
    choice: &Choice,
    replay_memory: Option<u64>,
    site: &Site,
    say: &dyn Fn(&str),
) -> Result<Option<Verification>, RunError> {
    let (work, policies) = match choice {
        Choice::Weir(_) => (Work::Whole, Some(verify::yardstick()?)),
        Choice::Peer(_) => (Work::Shared, None),
        Choice::Nobody => return Ok(None),
    };
    let Some(replay_memory) = replay_memory else { return Ok(None) };
    let (brokers, registry) = (site.brokers.clone(), site.registry_url.clone());
    let (prefix, work) = (site.prefix.clone(), Some(work));
    verify::verify(&Order { brokers, registry, prefix, work, policies, replay_memory }, say).map(Some)
}

/// A run under way.
struct Run<'a> {
    say: &'a dyn Fn(&str),
    is_over: &'a AtomicBool,
    clock: Clock,
    schedule: Schedule,
    target: KafkaTarget,
    matcher: Arc<Mutex<Matcher>>,
    progress: Arc<Progress>,
    losses: Losses,
    subject: Option<Subject>,
    reading: Reading,
    watching: Watching,
    distance: Distance,
    plan: &'a Plan,
}

/// A step that was made: its rate, and when it began and ended.
type Made = (u32, (u64, u64));

impl<'a> Run<'a> {
    fn begin(
        plan: &'a Plan,
        site: &Site,
        subject: Option<Subject>,
        is_over: &'a AtomicBool,
        say: &'a dyn Fn(&str),
    ) -> Result<Self, RunError> {
        let schedule = Schedule::new(plan.profile.clone(), plan.size)?;
        let clock = Clock::start();
        let (matcher, progress, losses): (Arc<Mutex<Matcher>>, Arc<Progress>, _) = Default::default();
        let sender: Sender = sender(&site.brokers, plan.linger, UNHINDERED_KIB, Losses::clone(&losses))?;
        let events = Events::new(clock.began())?;
        let target = KafkaTarget::new(site, sender.clone(), events, Some(matcher.clone()));
        let target = target.stamped_as_intended(clock);
        let reading = match &plan.answers {
            Answers::Commands | Answers::Nothing => {
                Reading::of_commands(site, clock, matcher.clone(), sender, plan.profile.reports)?
            }
            Answers::Echoes(topic) => Reading::of_echoes(site, topic, clock, matcher.clone())?,
        };
        let found = || site.broker_folder.as_deref().and_then(processes::java_in);
        let watched = Watched {
            processor: subject.as_ref().map(Subject::id),
            broker: plan.broker_process.or_else(found),
            metrics: subject.as_ref().and_then(|subject| subject.metrics.clone()),
            distance: site.distance()?,
            progress: progress.clone(),
        };
        let distance = site.distance()?;
        let watching = Watching::start(watched, clock)?;
        Ok(Self {
            say,
            is_over,
            clock,
            schedule,
            target,
            matcher,
            progress,
            losses,
            subject,
            reading,
            watching,
            distance,
            plan,
        })
    }

    /// Sends everything; answers the steps that were made.
    fn drive(&mut self) -> Result<Vec<Made>, RunError> {
        (self.say)(&format!("telling {} accounts", self.plan.size.accounts));
        self.schedule.begin_preload(self.clock.now_us(), self.plan.preload_rate);
        self.send()?;
        self.drain()?;
        let mut at = self.arm()?;
        let mut made = Vec::new();
        for rate in &self.plan.rates {
            (self.say)(&format!("{rate} events a second"));
            let end = self.schedule.begin_step(at, *rate, self.plan.step)?;
            self.send()?;
            self.clock.wait_until(end);
            made.push((rate.get(), (at, end)));
            if let Some(subject) = &mut self.subject {
                subject.check()?;
            }
            if self.is_over.load(Ordering::Relaxed) || !self.keeps_up(rate.get(), (at, end)) {
                break;
            }
            at = end;
        }
        (self.say)("waiting until all is done");
        self.drain()?;
        self.wait_for_the_rest();
        Ok(made)
    }

    fn send(&mut self) -> Result<(), RunError> {
        let is_over = || self.is_over.load(Ordering::Relaxed);
        send_all(&mut self.schedule, &self.clock, &mut self.target, &self.progress, &is_over)
    }

    /// Sets the profile's timers, if it has any. Answers when the first step begins: at a full second.
    fn arm(&mut self) -> Result<u64, RunError> {
        let Some(timers) = self.schedule.profile().timers else {
            return Ok((self.clock.now_us() / 1_000_000 + 1) * 1_000_000 + BEFORE_STEPS_US);
        };
        let count = self.schedule.timers();
        (self.say)(&format!("setting {count} timers"));
        let now = self.clock.now_us();
        let takes = count * 1_000_000 / u64::from(self.plan.preload_rate.get());
        // Twice as long as it takes to send them, so that a processor that is half as fast takes them up too.
        let begin = ((now + 2 * takes) / 1_000_000 + 3) * 1_000_000;
        let due = begin + u64::try_from(timers.at.as_micros()).unwrap_or(u64::MAX);
        self.schedule.begin_arming(now, self.plan.preload_rate, due);
        self.send()?;
        self.drain()?;
        if self.clock.now_us() > begin {
            return Err(RunError::TimersTooEarly);
        }
        Ok(begin)
    }

    /// Waits until the processor has taken all that was sent.
    fn drain(&mut self) -> Result<(), RunError> {
        self.target.flush(DRAIN_WITHIN)?;
        let Some(subject) = &mut self.subject else { return Ok(()) };
        let deadline = self.clock.now_us() + micros(DRAIN_WITHIN);
        while self.distance.ask()?.lag() > 0 && !self.is_over.load(Ordering::Relaxed) {
            subject.check()?;
            if self.clock.now_us() > deadline {
                return Err(subject.slow("did not take all that was sent", DRAIN_WITHIN));
            }
            std::thread::sleep(GLANCE);
        }
        Ok(())
    }

    /// What was taken a moment ago may not have been read yet, and what was due may still be at work: waits as
    /// long as some commands come.
    fn wait_for_the_rest(&self) {
        let missing = || self.matcher.lock().unwrap_or_else(PoisonError::into_inner).tally().missing();
        let is_waited_for = self.subject.is_some() && self.plan.answers == Answers::Commands;
        let (mut fewest, mut since) = (missing(), self.clock.now_us());
        while is_waited_for && fewest > 0 && self.clock.now_us() < since + micros(REST_WITHIN) {
            std::thread::sleep(GLANCE);
            let still = missing();
            if still < fewest {
                (fewest, since) = (still, self.clock.now_us());
            }
        }
    }

    /// Whether the processor kept up with a step: beyond the first that it does not, nothing is learned.
    fn keeps_up(&self, rate: u32, span: (u64, u64)) -> bool {
        let Some(step) = report::step(rate, span, span.0, &self.watching.looks(), &[]) else { return true };
        let waiting = self.watching.last().map_or(0, |look| look.stand.lag());
        (self.say)(&format!("  taken {:.0}/s, {waiting} waiting", step.taken_per_second));
        step.sustained
    }

    fn end(self, made: Vec<Made>, plan: &Plan, site: &Site) -> Result<Report, RunError> {
        let looks = self.watching.stop()?;
        let reports = self.reading.reports.clone();
        self.reading.stop()?;
        if let Some(subject) = self.subject {
            subject.stop()?;
        }
        let matcher = self.matcher.lock().unwrap_or_else(PoisonError::into_inner);
        let zero_us = made.first().map_or(0, |(_, (from, _))| *from);
        let latencies: &[Latencies] = matcher.seconds();
        let steps: Vec<Step> = made
            .iter()
            .filter_map(|(rate, span)| report::step(*rate, *span, zero_us, &looks, latencies))
            .collect();
        let weir = match &plan.choice {
            Choice::Weir(binary) => Some(binary.as_path()),
            Choice::Peer(_) | Choice::Nobody => None,
        };
        let broker = broker_version(&site.brokers, site.broker_folder.as_deref());
        Ok(Report {
            began: self.clock.began().to_string(),
            machine: report::machine(),
            versions: report::versions(weir, &broker),
            settings: settings(plan),
            steps,
            commands: Commands {
                tally: matcher.tally(),
                // Without a processor nothing comes, and nothing is missed.
                missing: match &plan.choice {
                    Choice::Nobody => 0,
                    Choice::Weir(_) | Choice::Peer(_) if plan.answers != Answers::Commands => 0,
                    Choice::Weir(_) | Choice::Peer(_) => matcher.tally().missing(),
                },
                reports: reports.load(Ordering::Relaxed),
                examples: matcher.examples().to_vec(),
                lost: self.losses.count(),
            },
            verification: None,
            seconds: report::seconds(&looks, latencies, zero_us),
        })
    }
}

fn settings(plan: &Plan) -> Settings {
    Settings {
        processor: match &plan.choice {
            Choice::Weir(_) => "weir".to_owned(),
            Choice::Peer(line) => line.clone(),
            Choice::Nobody => "none".to_owned(),
        },
        profile: plan.name.clone(),
        about: plan.profile.about.clone(),
        shared_work: plan.shared_work,
        accounts: plan.size.accounts.get(),
        seed: plan.size.seed,
        partitions: plan.partitions,
        linger_ms: u64::try_from(plan.linger.as_millis()).unwrap_or(u64::MAX),
        step_seconds: plan.step.as_secs_f64(),
        store_memory_bytes: plan.store_memory,
        environment: report::environment(),
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
