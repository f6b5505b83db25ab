//! Synthetic operators, oracles and the test broker.

pub mod broker;
pub mod generate;
