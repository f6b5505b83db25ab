//! Runs a load against Weir, or another processor, on a real Kafka, and reports what it measured.
//!
//! What is sent is `loadtest::load`'s business; what a processor does with it, its own. It is told of by its
//! committed offsets, its commands, its process and its `/metrics`, as any SRE would see it.
//!
//! | module | holds |
//! |---|---|
//! | `generate` | what would be sent |
//! | `run` | a run from beginning to end |
//! | `site`, `subject` | broker, registry and topics; the processor |
//! | `sending`, `target` | each event at its moment; Kafka as where it goes |
//! | `reading`, `matching` | commands as they come; which event each answers |
//! | `watching`, `processes`, `scrape`, `client` | what everything costs, and how far the processor is |
//! | `verify` | whether what came out is right, once a run is over |
//! | `report` | the figures, and the page |
//! | `backlog` | what waits for a processor, and what taking it costs |
//! | `peers` | several processors, the same work, round by round |
//! | `scale` | Weir, the same work, one number of accounts after the other |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod backlog;
mod client;
mod clock;
mod error;
pub mod generate;
mod matching;
pub mod peers;
mod processes;
mod reading;
pub mod report;
pub mod run;
pub mod scale;
mod scrape;
mod sending;
mod site;
mod subject;
mod target;
pub mod verify;
mod watching;

pub use error::RunError;
pub use matching::Tally;
pub use subject::Choice;
