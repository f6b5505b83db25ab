//! The rules: what Weir decides, as a pure function of state, event, time and policy.
//!
//! [`decide`] is the whole of it. It declines (a typed [`Rejection`]); it cannot fail. It reads no
//! clock, no file, no environment; it knows neither Kafka nor RocksDB nor Avro nor YAML.
//!
//! | module | holds |
//! |---|---|
//! | [`event`] | what comes in |
//! | [`debtor`], [`account`], [`balance`], [`debt`], [`hold`], [`cycle`], [`underway`], [`seen`] | what is remembered |
//! | [`policies`], [`policy`], [`threshold`], [`plan`], [`calendar`] | what the policy says |
//! | [`command`], [`record`], [`rejection`] | what goes out |
//! | `decide` | the way through a decision: known already? allowed? change, then what is due |
//! | `alerting` | thresholds at work: firing, re-arming, recovering |
//! | `booking` | how money moves between payments and invoices |
//! | `holding` | holds at work: what they freeze, when they end |
//! | `managing` | managers at work: in whose care an account is |
//! | `dunning` | plans at work: scope, stages, what is in force |
//! | `places` | which invoice lies where, for debts of thousands of them |
//! | `sending` | from a measure to a command, and on to its end: windows, caps, retries, reports |
//! | [`passage`] | what became of a command on its way out: it waits, is held, is sent after all |
//! | [`view`] | what the state says, for people |
//! | [`why_not`] | why a threshold or a stage has not acted, for people |
//! | [`ids`], [`money`], [`time`] | the types that carry units |
#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects))]
#![cfg_attr(test, allow(clippy::inconsistent_digit_grouping, reason = "100_00 reads as 100.00, in cents"))]

mod alerting;
mod booking;
mod decide;
mod dunning;
mod holding;
mod managing;
mod places;
#[cfg(test)]
mod properties;
mod scribe;
mod sending;
#[cfg(test)]
mod testing;

pub mod account;
pub mod balance;
pub mod calendar;
pub mod command;
pub mod cycle;
pub mod debt;
pub mod debtor;
pub mod event;
pub mod hold;
pub mod ids;
pub mod money;
pub mod passage;
pub mod plan;
pub mod policies;
pub mod policy;
pub mod record;
pub mod rejection;
pub mod role;
pub mod seen;
pub mod threshold;
pub mod time;
pub mod underway;
pub mod view;
pub mod why_not;

pub use debtor::Debtor;
pub use decide::decide;
pub use event::Event;
pub use policies::{Policies, Published};
pub use policy::Policy;
pub use rejection::Rejection;

use command::Command;
use passage::Passage;
use record::Record;
use time::Timestamp;

/// What is to be decided on.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// An event came.
    Event(&'a Event),
    /// The debtor's due time has come.
    Due,
    /// Something became of a command between its decision and the log.
    Passage {
        /// The command, as it was decided.
        command: &'a Command,
        /// What became of it.
        passage: Passage<'a>,
    },
}

/// When a decision is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The clock. It never goes back.
    pub now: Timestamp,
    /// Up to when the log is known to have been read: what falls due later than this waits, since
    /// a payment already in the log always wins (architecture.md, Timers). At most `now`.
    pub horizon: Timestamp,
}

/// What was decided, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// What is to be done.
    pub commands: Vec<Command>,
    /// What was decided, and why.
    pub records: Vec<Record>,
    /// Why the event changed nothing, where it was rejected.
    pub rejection: Option<Rejection>,
    /// Whether the debtor's state changed at all.
    pub changed: bool,
}
