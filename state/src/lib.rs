//! What a partition remembers, on disk and in memory: RocksDB behind the engine's store traits.
//!
//! One RocksDB database a partition, with the key layout of [`keys`]; and the same over maps in memory,
//! for tests and the simulator. What the stored bytes mean is `schemas`' and `decision`'s business.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic"))]

mod bare;
mod beside;
mod families;
pub mod keys;
mod list_scan;
mod lock;
mod memory;
mod open;
mod rocks;
mod sizes;
mod write_behind;

pub use bare::Bare;
pub use lock::FolderLock;
pub use memory::{MemoryStore, MemoryStores};
pub use open::FORMAT_VERSION;
pub use rocks::{FILES_A_PARTITION, RocksStore, RocksStores, least_free_bytes};
pub use sizes::Sizes;
pub use write_behind::{Gathering, WriteBehind, WriteBehindStore};

/// How many lines of a debtor's history are kept: what a person reads on a screen, a year of a
/// debtor with four records a week. All records are in the records topic.
pub const HISTORY_LINES: u32 = 200;
