//! A synthetic operator: subscribers with balances and invoices, and all that happens to them, in
//! virtual time.
//!
//! It makes events of the core's own types. What Weir answers, and how events travel to it, is not
//! its business; [`Operator::reports_for`] only plays the receivers of commands.
//!
//! | module | holds |
//! |---|---|
//! | `profile` | how many subscribers, and how often they do what |
//! | `operator` | the days, one after the other |
//! | `subscriber` | who a subscriber is, and its snapshot |
//! | `life` | what happens to it on a day |
//! | `purse`, `ledger` | its balances; its invoices and payments |
//! | `mishaps` | what is said of it and is wrong |
//! | `reports` | what becomes of commands |
//! | `diary`, `dice` | what is to happen when; chance that repeats |

mod diary;
pub(crate) mod dice;
mod ledger;
mod life;
mod mishaps;
mod operator;
mod profile;
mod purse;
mod reports;
mod subscriber;

pub use operator::Operator;
pub use profile::{Billing, Paying, People, PerMille, Profile, Trouble, Usage};

/// A policy for this operator: its balances, attributes, segments and currencies.
pub const DEMO_POLICY: &str = include_str!("../../policies/demo.policy.yaml");

/// One hour, in microseconds.
const HOUR: i64 = 3_600_000_000;
/// One day, in microseconds.
const DAY: i64 = 24 * HOUR;
/// One second, in microseconds.
const SECOND: i64 = 1_000_000;
