//! Synthetic operators, oracles and the test broker: what shows that Weir does what it says.
//!
//! How Weir is built inside is not known here: only its schemas, and the core's own types.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod broker;
pub mod generate;
pub mod load;
pub mod oracle;
pub mod rounds;
pub mod work;
pub mod year;
