//! `weir demo`: the real engine on the in-memory log, with synthetic subscribers, in fast time.
//!
//! [`upstream`] plays the systems around Weir, [`watch`] reads what Weir writes, [`screen`] shows
//! it. Nothing here decides anything.

mod hints;
mod late_run;
mod policies;
mod screen;
mod tally;
mod upstream;
mod watch;

use crate::cli::DemoArguments;
use crate::clock::FastClock;
use crate::orders::Writer;
use crate::serving::instances::Observed;
use crate::serving::rejects::Declined;
use crate::serving::{self, Accounts, Beside, GoesBy};
use crate::{logging, signals};
use connectors::memory::MemoryLog;
use decision::Policies;
use decision::time::Zone;
use engine::{Clock, ClockGuard, Instance, Shared, Status, Topology};
use hints::Hints;
use loadtest::generate::{Operator, Profile};
use miette::{Context, IntoDiagnostic};
use schemas::{Registry, Schemas, StaticRegistry, TopicNames};
use screen::Screen;
use state::{Gathering, RocksStores, Sizes, WriteBehind};
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use upstream::Upstream;
use watch::Watch;

/// How many partitions each topic has.
const PARTITIONS: u32 = 4;

/// The group of its one instance.
const GROUP: &str = "demo";

/// What the stores may use of memory: the demo is a guest.
const STATE_BYTES: u64 = 64 * 1024 * 1024;

/// How often the screen tells how things are.
const EVERY: Duration = Duration::from_secs(1);

/// What the demo runs on.
pub(crate) struct Stage {
    pub(crate) log: MemoryLog,
    pub(crate) names: TopicNames,
    pub(crate) registry: Arc<StaticRegistry>,
    pub(crate) schemas: Schemas,
    pub(crate) policies: Arc<Policies>,
    pub(crate) clock: Arc<FastClock>,
    pub(crate) status: Arc<Status>,
}

/// Shows Weir at work until told to stop, or until nobody reads any more, as after `weir demo | head`.
pub(crate) fn run(arguments: &DemoArguments) -> miette::Result<ExitCode> {
    let is_stopped = signals::stop_flag()?;
    let folder = tempfile::tempdir().into_diagnostic().wrap_err("cannot make a temporary folder")?;
    let log = folder.path().join("weir.log");
    logging::to_file(&log)?;
    let profile = Profile { seed: arguments.seed, subscribers: arguments.subscribers, ..Profile::demo() };
    let stage = Arc::new(Stage::set(arguments.day, &profile)?);
    let metrics = api::Metrics::install().into_diagnostic()?;
    engine::metrics::describe();
    let health = Arc::new(crate::run::InstanceHealth::new(stage.status.clone(), stage.clock.clone()));
    let server = api::probes::serve(arguments.listen, metrics.clone(), health.clone()).into_diagnostic()?;
    let accounts = Arc::new(Accounts::default());
    let versions = Arc::new(GoesBy::default());
    versions.is(stage.policies.clone().into(), stage.clock.clone());
    let beside = stage.beside(Observed::new(metrics, health, None).faster(stage.clock.speed()), versions);
    let tokens = arguments.tokens.as_deref();
    let api = serving::serve(arguments.api, tokens, accounts.clone(), beside)?;
    let hints = Hints::new(api.address(), tokens.is_some());
    let mut screen = Screen::new(profile.subscribers, arguments.day, hints);
    if screen.begin(server.address(), &log).is_err() {
        return Ok(ExitCode::SUCCESS);
    }

    let engine = stage.start_engine(&folder.path().join("state"), &is_stopped, &accounts)?;
    let upstream = Upstream::start(&stage, Operator::new(profile), &is_stopped)?;
    let outcome = watch_until_stopped(arguments, &stage, &upstream, &mut screen, &is_stopped);
    is_stopped.store(true, Ordering::Relaxed);
    let taken = upstream.join();
    let ended = engine.join().map_err(|_| miette::miette!("the engine's thread panicked"))?;
    outcome?;
    ended.into_diagnostic()?;
    drop(screen.end(&stage.status, taken));
    Ok(ExitCode::SUCCESS)
}

fn watch_until_stopped(
    arguments: &DemoArguments,
    stage: &Arc<Stage>,
    upstream: &Upstream,
    screen: &mut Screen,
    is_stopped: &AtomicBool,
) -> miette::Result<()> {
    let started = Instant::now();
    let mut watch = Watch::new(stage)?;
    let mut shown = Instant::now();
    while !is_stopped.load(Ordering::Relaxed) {
        if arguments.length.is_some_and(|length| started.elapsed() >= length) {
            return Ok(());
        }
        let seen = watch.read(stage)?;
        for command in &seen.commands {
            upstream.answer(command);
        }
        let mut told = screen.tell(&seen);
        if shown.elapsed() >= EVERY {
            told = told.and_then(|()| screen.tick(stage.clock.now(), &stage.status, shown.elapsed()));
            watch.forget_what_is_read(stage);
            shown = Instant::now();
        }
        if told.is_err() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

impl Stage {
    fn set(day: Duration, profile: &Profile) -> miette::Result<Self> {
        let log = MemoryLog::new();
        let names = TopicNames::default();
        for topic in names.inputs().iter().chain(names.outputs()) {
            log.create_topic(topic, PARTITIONS);
        }
        let registry = Arc::new(StaticRegistry::new());
        let schemas = Schemas::for_topics(&*registry, &names).into_diagnostic()?;
        let schemas = schemas.and_inputs(&*registry, &names).into_diagnostic()?;
        let policies = Arc::new(policies::policies(profile.subscribers, profile.start)?);
        let clock = Arc::new(FastClock::new(Zone::utc().start_of(profile.start), day));
        Ok(Self { log, names, registry, schemas, policies, clock, status: Arc::new(Status::default()) })
    }

    /// What is answered over HTTP beside accounts: it writes orders, and reads rejects.
    fn beside(&self, observed: Observed, versions: Arc<GoesBy>) -> Beside {
        let partitions = NonZeroU32::new(PARTITIONS).unwrap_or(NonZeroU32::MIN);
        let (log, registry): (_, Arc<dyn Registry>) = (Arc::new(self.log.clone()), self.registry.clone());
        let rejects = Declined {
            log: log.clone(),
            group: GROUP.to_owned(),
            names: self.names.clone(),
            registry: registry.clone(),
            clock: self.clock.clone(),
            sending: Mutex::default(),
        };
        let orders = Writer::new(
            (log, GROUP.to_owned()),
            self.names.clone(),
            partitions,
            registry,
            self.clock.clone(),
        );
        Beside {
            orders: Arc::new(orders),
            instances: Arc::new(observed),
            rejects: Arc::new(rejects),
            versions,
        }
    }

    fn start_engine(
        &self,
        folder: &std::path::Path,
        is_stopped: &Arc<AtomicBool>,
        accounts: &Accounts,
    ) -> miette::Result<JoinHandle<Result<(), engine::InstanceError>>> {
        let shared = Arc::new(Shared {
            log: self.log.clone(),
            stores: WriteBehind::new(
                RocksStores::new(folder, Sizes::of_bytes(STATE_BYTES)),
                Gathering::default(),
            ),
            topology: Topology::find(&self.log, self.names.clone()).into_diagnostic()?,
            settings: engine::Settings { oldest_state: Duration::MAX, ..engine::Settings::default() },
            versions: self.policies.clone().into(),
            schemas: self.schemas,
            registry: self.registry.clone() as Arc<dyn Registry>,
            clock: self.clock.clone(),
            // A day passes in seconds: no other clock agrees with that.
            threads: Arc::new(engine::OsThreads),
            guard: ClockGuard::new(Duration::MAX),
            status: self.status.clone(),
            group: GROUP.to_owned(),
        });
        let instance = Instance::join(shared).into_diagnostic()?;
        accounts.read_from(instance.reading());
        let is_stopped = is_stopped.clone();
        let thread = std::thread::Builder::new().name("weir-poll".to_owned());
        thread.spawn(move || instance.run(&is_stopped)).into_diagnostic()
    }
}
