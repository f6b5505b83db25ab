//! What all tasks of an instance share, and never change.

use crate::guard::ClockGuard;
use crate::log::Log;
use crate::settings::{Clock, Settings};
use crate::status::Status;
use crate::store::Stores;
use crate::threads::Threads;
use crate::topology::Topology;
use crate::versions::Versions;
use schemas::{Registry, Schemas};
use std::sync::Arc;

/// What all tasks of an instance share.
pub struct Shared<L, S> {
    /// The log.
    pub log: L,
    /// The stores.
    pub stores: S,
    /// The topics.
    pub topology: Topology,
    /// Sizes and paces.
    pub settings: Settings,
    /// Where the versions of the policy come from.
    pub versions: Versions,
    /// The ids of the schemas of everything that is read and written.
    pub schemas: Schemas,
    /// Where other schemas are asked for.
    pub registry: Arc<dyn Registry>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// How threads start and wait.
    pub threads: Arc<dyn Threads>,
    /// Whether that time is believed.
    pub guard: ClockGuard,
    /// How the instance is, as its probes and people see it.
    pub status: Arc<Status>,
    /// The group's name, which the transactional ids carry.
    pub group: String,
}

impl<L: Log, S: Stores> Shared<L, S> {
    /// The transactional id of a partition's task: the same wherever it runs, so that a newer
    /// task fences an older one.
    #[must_use]
    pub fn transactional_id(&self, partition: u32) -> String {
        format!("{}-{partition}", self.group)
    }
}
