//! What Weir is held against, where no processor of the same work can be the limit.
//!
//! | module | holds |
//! |---|---|
//! | `pass_through` | a processor that keeps and decides nothing, exactly once, on the same topics |
//! | `clients` | what librdkafka alone costs a record, on its way in and out |
//! | `stores` | what RocksDB alone costs an entry, with Weir's options |
//! | `figures` | rounds, medians, tables |
//!
//! Who sends the events, and how processors are compared, is `loadtest-runner`'s business.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod clients;
mod error;
pub mod figures;
mod native;
pub mod pass_through;
pub mod stores;
mod writing;

pub use error::YardstickError;
