//! A load in real time: what a synthetic operator sends, each event with the moment it is meant for.
//!
//! Events come at an even rate, or in bursts where a profile says so, whatever becomes of them: nothing here
//! waits for an answer. Of each event it is known what a processor must say to it, by the rules of
//! `loadtest/peers/README.md`. Sending, reading and measuring are the runner's business; whole lives over
//! virtual years are [`crate::generate`]'s.
//!
//! | module | holds |
//! |---|---|
//! | `profile` | what the operator is like: read from a file, checked |
//! | `schedule` | which event when |
//! | `account` | what is remembered of an account, in a few bytes |
//! | `lines` | which line of a threshold an event fires |
//! | `debts` | how a debt goes on until it is paid |
//! | `zipf` | who is busy |
//! | `planned` | an event of the schedule, and what it must bring about |
//! | `event` | the same as the core's type |

mod account;
mod debts;
mod event;
mod lines;
mod planned;
mod profile;
mod schedule;
mod zipf;

pub use debts::{BAR_AFTER_US, DISTANCE_US, Fate, SUSPEND_AFTER_US};
pub use event::{Events, account_id, account_number};
pub use planned::{Expectation, Expected, Planned, What};
pub use profile::{
    DataUse, Debts, Mix, MoneyUse, Payday, Profile, ProfileError, Reports, Timers, Waves, Work, length,
};
pub use schedule::{Kind, LoadError, Schedule, Size};

/// The policy that all profiles are run under.
pub const YARDSTICK_POLICY: &str = include_str!("../../policies/yardstick.policy.yaml");

/// One second, in microseconds.
const SECOND: u64 = 1_000_000;
