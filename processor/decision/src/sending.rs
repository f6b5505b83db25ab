//! Measures on their way out: when a command leaves, by which channel, and what is done until its
//! end is known (domain.md, sections 6 and 7).
//!
//! Whether and when a measure is taken is the caller's business. How many commands leave in a
//! second over all accounts, and what the breaker stops, is not known here.

mod caps;
mod debts;
mod following;
mod message;
mod order;
mod outlook;
mod reports;
mod request;
mod sms;
pub(crate) mod tasks;
#[cfg(test)]
mod tests;
mod tries;
mod waking;
mod window;

pub(crate) use order::{Undo, send_undo};
pub(crate) use outlook::obstacles;
pub(crate) use reports::on_report;
pub(crate) use request::{DebtOf, Reach, Request, Requested, figures_of, request};
pub(crate) use waking::{forget, is_any_due, next_wake, wake};
pub(crate) use window::take_back;
