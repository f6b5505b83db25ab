//! Looks once a second at what everything costs, and how far the processor is.

use crate::client::{Distance, Stand};
use crate::clock::Clock;
use crate::error::RunError;
use crate::processes::{Cost, cost, own_cost};
use crate::scrape::{Commits, commits};
use crate::sending::Progress;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// What one look saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    /// When, in microseconds of the run.
    pub(crate) at_us: u64,
    /// How many events were sent so far.
    pub(crate) sent: u64,
    /// How late the latest of the last second went out, in microseconds.
    pub(crate) latest_us: u64,
    pub(crate) stand: Stand,
    pub(crate) processor: Option<Cost>,
    pub(crate) broker: Option<Cost>,
    pub(crate) loadtest: Cost,
    pub(crate) commits: Option<Commits>,
}

/// Whom to look at.
pub(crate) struct Watched {
    pub(crate) processor: Option<u32>,
    pub(crate) broker: Option<u32>,
    pub(crate) metrics: Option<String>,
    pub(crate) distance: Distance,
    pub(crate) progress: Arc<Progress>,
}

impl Watched {
    fn look(&self, clock: &Clock) -> Result<Look, RunError> {
        let stand = self.distance.ask()?;
        Ok(Look {
            at_us: clock.now_us(),
            sent: self.progress.sent.load(Ordering::Relaxed),
            latest_us: self.progress.latest_us.swap(0, Ordering::Relaxed),
            stand,
            processor: self.processor.map(cost),
            broker: self.broker.map(cost),
            // Alone: broker and processor may be its children.
            loadtest: own_cost(),
            commits: self.metrics.as_deref().and_then(commits),
        })
    }
}

/// What watches, in a thread of its own.
pub(crate) struct Watching {
    is_over: Arc<AtomicBool>,
    looks: Arc<Mutex<Vec<Look>>>,
    thread: JoinHandle<Result<(), RunError>>,
}

impl Watching {
    /// Begins to look, at each full second of the run's clock.
    pub(crate) fn start(watched: Watched, clock: Clock) -> Result<Self, RunError> {
        let is_over = Arc::new(AtomicBool::new(false));
        let looks: Arc<Mutex<Vec<Look>>> = Arc::default();
        let (flag, noted) = (is_over.clone(), looks.clone());
        let thread = std::thread::Builder::new().name("watcher".to_owned()).spawn(move || {
            let mut next = clock.now_us() / 1_000_000 + 1;
            while !flag.load(Ordering::Relaxed) {
                clock.wait_until(next * 1_000_000);
                let look = watched.look(&clock)?;
                next = look.at_us / 1_000_000 + 1;
                noted.lock().unwrap_or_else(PoisonError::into_inner).push(look);
            }
            Ok(())
        });
        let thread = thread.map_err(RunError::failed("start a thread"))?;
        Ok(Self { is_over, looks, thread })
    }

    /// What was seen so far.
    pub(crate) fn looks(&self) -> Vec<Look> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The newest look.
    pub(crate) fn last(&self) -> Option<Look> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    /// Ends it; whatever went wrong comes to light here.
    pub(crate) fn stop(self) -> Result<Vec<Look>, RunError> {
        self.is_over.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(outcome) => outcome?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
        let looks = std::mem::take(&mut *self.looks.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(looks)
    }
}
