//! The work of the comparison, worked out a second time: what must come out of what went in, and whether it did.
//!
//! This is `loadtest/peers/README.md` in code, for the outputs of any processor. It shares nothing with the core
//! that decides, nor with the schedule that sends; it knows the topics' contents alone. Reading them is the
//! caller's business. One partition is checked at a time: its inputs whole, then its outputs whole, since in which
//! order a processor took records of different topics nobody outside can know.
//!
//! | module | holds |
//! |---|---|
//! | `event`, `told` | what lies in the topics, as far as it is compared |
//! | `accounts` | which account is which, in a few bytes |
//! | `lines` | which line a value fires |
//! | `alerts` | the alerts that must be told, and those that were |
//! | `debts` | when each account owed what |
//! | `plan`, `judge` | the plan's commands as they come; whether they had to |
//! | `lag` | how late the processor was, by its own word |
//! | `check` | a partition from its first record to its last |
//! | `finding` | what is not as it must be |

mod accounts;
mod alerts;
mod check;
mod debts;
mod event;
mod finding;
mod judge;
mod lag;
mod lines;
mod plan;
mod told;

pub use check::{Ids, Inputs, Outputs};
pub use event::{Event, What};
pub use finding::{Fault, Finding, Judged, Left};
pub use told::{Asked, Made, Told};

/// One second, in microseconds.
const SECOND: i64 = 1_000_000;

/// A debt of so many cents opens a cycle.
const ENTRY_CENTS: i64 = 500;
/// How long after `remind` the stage `bar` is entered.
const BAR_AFTER: i64 = 20 * SECOND;
/// How long after `bar` the stage `suspend` is entered.
const SUSPEND_AFTER: i64 = 40 * SECOND;
/// How long before its end a balance is told of: Weir alone.
const EXPIRES_IN: i64 = 24 * 3_600 * SECOND;

/// What lies nearer than this in two topics may be taken in either order. The load keeps payments 3 s away from
/// stages; it sends each within half a second of its moment, or is itself what is slow.
const NEAR: i64 = 5 * SECOND / 2;

/// A place in a list, which no list of one partition comes to the end of.
fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The number of a place.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// An amount in cents, as it is written to people.
fn money(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// 64 bits of a text: what is only ever compared for equality is kept as this.
fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
