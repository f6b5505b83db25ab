//! `weir run`: the engine on a real Kafka, with a schema registry, until told to stop.

use crate::cli::RunArguments;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::orders::Writer;
use crate::serving::Beside;
use crate::serving::instances::Observed;
use crate::serving::rejects::Declined;
use crate::{logging, serving, signals, versions};
use connectors::kafka::KafkaLog;
use connectors::registry::SchemaRegistry;
use decision::Policies;
use engine::{Clock, ClockGuard, Instance, Shared, Status, Topology, Versions};
use miette::{Context, IntoDiagnostic};
use schemas::{Registry, Schemas};
use state::{FolderLock, Gathering, RocksStores, Sizes, WriteBehind};
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Runs until SIGTERM, SIGINT, or an error that the process cannot go on with.
pub(crate) fn run(arguments: &RunArguments) -> miette::Result<ExitCode> {
    let config = Config::load(&arguments.config).map_err(|problem| *problem)?;
    logging::start(&config.log)?;
    crate::pages::keep_small();
    // Before the group is joined: a second process on this folder must not take the first one's place.
    let _lock = FolderLock::take(&config.state_folder).into_diagnostic()?;
    let is_stopped = signals::stop_flag()?;
    let clock = Arc::new(SystemClock::new());
    let registry: Arc<dyn Registry> = Arc::new(SchemaRegistry::connect(&config.registry).into_diagnostic()?);
    let schemas = Schemas::for_topics(&*registry, &config.topics)
        .into_diagnostic()
        .wrap_err("the schemas of what Weir writes are not to be had; with `auto_register` in [registry] Weir registers them")?;
    let log = KafkaLog::new(config.kafka.clone()).into_diagnostic()?;
    let topology = Topology::find(&log, config.topics.clone()).into_diagnostic()?;
    let status = Arc::new(Status::default());
    let metrics = api::Metrics::install().into_diagnostic()?;
    engine::metrics::describe();
    let health = Arc::new(InstanceHealth::new(status.clone(), clock.clone()));
    let server = api::probes::serve(config.listen, metrics.clone(), health.clone()).into_diagnostic()?;
    let accounts = Arc::new(serving::Accounts::default());
    let others = Arc::new(serving::Others::default());
    let observed = Observed::new(metrics, health.clone(), Some(others.clone()));
    let goes_by = Arc::new(serving::GoesBy::default());
    let beside = beside(&config, topology.partitions(), (&registry, &clock), (observed, goes_by.clone()))?;
    let api = serving::start(&config.api, accounts.clone(), others.clone(), beside)?;
    let Some((versions, policies)) =
        once_published(&config, &log, &registry, (&*clock, &health, &server, &goes_by), &is_stopped)?
    else {
        tracing::info!("weir has ended before a version of the policy was published");
        return Ok(ExitCode::SUCCESS);
    };
    goes_by.is(versions.clone(), clock.clone());
    let identity = &policies.at(clock.now()).identity;
    tracing::info!(
        policy = %identity.name, version = %identity.version, hash = %identity.hash,
        partitions = topology.partitions().get(), http = %server.address(),
        brokers = config.kafka.brokers, group = config.kafka.group_id, "weir begins"
    );
    let sizes = config.state_memory.map_or_else(Sizes::of_this_process, Sizes::of_bytes);
    let shared = Shared {
        log,
        stores: WriteBehind::new(RocksStores::new(&config.state_folder, sizes), Gathering::default()),
        topology,
        settings: with_faults(config.engine.clone()),
        versions,
        schemas,
        registry: registry.clone(),
        clock: clock.clone(),
        threads: Arc::new(engine::OsThreads),
        guard: ClockGuard::new(config.engine.clock_lead),
        status,
        group: config.kafka.group_id.clone(),
    };
    let instance = Instance::join(Arc::new(shared)).into_diagnostic()?;
    accounts.read_from(instance.reading());
    let around = (&registry, &clock);
    let met = api.as_ref().and_then(|api| others.meet(&config, api, around, instance.reading()));
    let outcome = instance.run(&is_stopped);
    // Others are told that it leaves, however it ended.
    drop(met);
    outcome.into_diagnostic()?;
    tracing::info!("weir has ended: the open transactions are done, the state is on the disk");
    Ok(ExitCode::SUCCESS)
}

/// What the API answers out of beside the accounts: one more client of the log, which waits on nothing of the engine's.
fn beside(
    config: &Config,
    partitions: NonZeroU32,
    (registry, clock): (&Arc<dyn Registry>, &Arc<SystemClock>),
    (observed, versions): (Observed, Arc<serving::GoesBy>),
) -> miette::Result<Beside> {
    let log = Arc::new(KafkaLog::new(config.kafka.clone()).into_diagnostic()?);
    let rejects = Declined {
        log: log.clone(),
        group: config.kafka.group_id.clone(),
        names: config.topics.clone(),
        registry: registry.clone(),
        clock: clock.clone(),
        sending: Mutex::default(),
    };
    let orders = Writer::new(
        (log, config.kafka.group_id.clone()),
        config.topics.clone(),
        partitions,
        registry.clone(),
        clock.clone(),
    );
    Ok(Beside {
        orders: Arc::new(orders),
        instances: Arc::new(observed),
        rejects: Arc::new(rejects),
        versions,
    })
}

/// How often it is looked for the first version.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The versions that the instance goes by. Where none was published yet the first is waited for: the pods of a new
/// installation come up, and can be asked, before somebody has published anything. None where it is told to stop.
fn once_published(
    config: &Config,
    log: &KafkaLog,
    registry: &Arc<dyn Registry>,
    (clock, health, server, goes_by): (
        &SystemClock,
        &InstanceHealth<SystemClock>,
        &api::Server,
        &serving::GoesBy,
    ),
    is_stopped: &AtomicBool,
) -> miette::Result<Option<(Versions, Arc<Policies>)>> {
    loop {
        if let Some(found) = versions::of_config(config, log, registry, clock.now())? {
            health.waits_for_policy.store(false, Ordering::Relaxed);
            return Ok(Some(found));
        }
        goes_by.nothing_yet();
        if !health.waits_for_policy.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                http = %server.address(),
                "no version of the policy is published yet: weir begins once there is one (weir policy publish)"
            );
        }
        let looked = clock.ticks();
        while clock.ticks().saturating_sub(looked) < LOOK_EVERY {
            if is_stopped.load(Ordering::Relaxed) {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What tests break on purpose: only in a build that asks for it, and only by the environment.
#[cfg(feature = "faults")]
fn with_faults(mut settings: engine::Settings) -> engine::Settings {
    let pause = std::env::var("WEIR_FAULT_PAUSE_BEFORE_APPLY_MS").ok();
    let pause = pause.and_then(|milliseconds| milliseconds.parse().ok());
    settings.faults.pause_before_apply = pause.map(std::time::Duration::from_millis);
    let mutation = std::env::var("WEIR_FAULT_MUTATION").ok();
    settings.faults.mutation =
        engine::faults::Mutation::ALL.iter().find(|known| mutation.as_deref() == Some(known.word())).copied();
    let poison = std::env::var("WEIR_FAULT_POISON").is_ok();
    settings.faults.poison = poison.then(|| engine::faults::Poison {
        event: "-poison",
        once: "-once",
        due: "-poison",
        bytes: "-unreadable",
        sealed: "-sealed",
        ..engine::faults::Poison::default()
    });
    settings
}

#[cfg(not(feature = "faults"))]
fn with_faults(settings: engine::Settings) -> engine::Settings {
    settings
}

/// How an instance is, for the probes.
pub(crate) struct InstanceHealth<C> {
    status: Arc<Status>,
    clock: Arc<C>,
    /// Whether it waits for the first version of the policy to be published.
    waits_for_policy: AtomicBool,
}

impl<C: Clock> InstanceHealth<C> {
    pub(crate) fn new(status: Arc<Status>, clock: Arc<C>) -> Self {
        Self { status, clock, waits_for_policy: AtomicBool::new(false) }
    }
}

impl<C: Clock + 'static> api::Health for InstanceHealth<C> {
    fn is_alive(&self) -> bool {
        self.status.is_alive(self.clock.ticks())
    }

    fn ready(&self) -> Result<(), String> {
        if self.status.is_ready() {
            return Ok(());
        }
        if self.waits_for_policy.load(Ordering::Relaxed) {
            return Err("no version of the policy is published yet".to_owned());
        }
        let (assigned, running) = self.status.partitions();
        Err(format!("{running} of {assigned} assigned partitions are at work"))
    }
}
