//! The processor's engine: tasks, batches, commit, timers, restore, rebalancing.
//!
//! It carries decisions out and makes none. It knows the log and the store only by two narrow
//! traits: neither rdkafka nor RocksDB is here.
//!
//! | module | holds |
//! |---|---|
//! | [`log`], [`store`] | the two traits |
//! | [`instance`] | one process in the group: polling, assignment, back-pressure |
//! | `worker`, [`threads`] | a task's thread; how threads start and wait |
//! | `prober` | asks the log for its ends, and whether the topics are still the same |
//! | [`task`] | one partition's work: decide, commit, apply, fire timers, recover |
//! | `batch`, `working_set`, `timers`, `horizon`, `sweep` | what a task is made of |
//! | `caution`, `put_off`, `panics` | inputs over which the core fails: what is known of them, what is tried again |
//! | `gate` | where commands leave: rates, and the breaker |
//! | [`versions`] | the versions of the policy: out of files, or as they were published |
//! | [`to_end`] | reading a partition to its end, for whoever is in no group |
//! | [`controls`] | what is said to every partition at once |
//! | [`adopted`] | by which publication each partition goes |
//! | [`announcing`], [`owners`] | instances say what they work on; who works on which partition by that |
//! | [`publishing`] | publishing a version of the policy |
//! | [`verdicts`] | what a person says of all that the breaker holds, written to every partition |
//! | [`rejects`] | what lies in the rejects, and sending it again |
//! | [`lists`] | the lists of debtors that a partition keeps |
//! | [`reading`] | reading debtors beside the tasks that work on them |
//! | `pace` | how much of what can wait goes beside live events |
//! | `guard` | whether the wall clock is believed |
//! | [`topology`], [`partition`] | which topics, which partition |
//! | `forms`, [`pieces`] | written records, and the memory that they share |
//! | [`settings`], [`status`], [`metrics`] | how it runs, and how it is |
//! | [`faults`] | what tests break on purpose |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod adopted;
pub mod announcing;
mod batch;
mod caution;
pub mod controls;
mod error;
pub mod faults;
mod forms;
mod gate;
mod guard;
mod horizon;
pub mod instance;
pub mod lists;
pub mod log;
pub mod metrics;
pub mod owners;
mod pace;
mod panics;
pub mod partition;
pub mod pieces;
mod prober;
pub mod publishing;
mod put_off;
pub mod reading;
pub mod rejects;
pub mod settings;
mod shared;
pub mod status;
pub mod store;
mod sweep;
pub mod task;
pub mod threads;
mod timers;
pub mod to_end;
pub mod topology;
pub mod verdicts;
pub mod versions;
mod worker;
mod working_set;
mod writing;

pub use error::TaskError;
pub use faults::Faults;
pub use guard::ClockGuard;
pub use instance::{Instance, InstanceError};
pub use reading::Reading;
pub use settings::{Clock, Settings};
pub use shared::Shared;
pub use status::Status;
pub use threads::OsThreads;
pub use topology::Topology;
pub use versions::Versions;
