//! How many commands of each kind left in each second, over all partitions: no more than the policy's
//! rate for the kind.
//!
//! It shares nothing with the engine's gate, which reckons shares: here is only the sum.

use decision::Policies;
use decision::command::{Command, Origin};
use decision::time::Timestamp;
use std::collections::BTreeMap;

/// What left in each second of the batches' clocks.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    seconds: BTreeMap<(String, i64), Second>,
}

/// What of one kind left in one second.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    left: u64,
    rate: u64,
}

const SECOND_MICROS: i64 = 1_000_000;

impl Pace {
    /// A command leaves with a batch of this moment.
    pub(super) fn leaves(&mut self, command: &Command, now: Timestamp, policies: &Policies) {
        // What a person does by hand waits for nothing.
        if command.origin == Origin::ByHand {
            return;
        }
        let Some(kind) = command.action.rate_kind() else { return };
        let Some(rate) = policies.at(now).commands.rates.get(kind) else { return };
        let second = self.seconds.entry((kind.to_owned(), now.0.div_euclid(SECOND_MICROS))).or_default();
        second.left += 1;
        // Two versions may hold within a second.
        second.rate = second.rate.max(u64::from(*rate));
    }

    /// What left by both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for (key, more) in other.seconds {
            let second = self.seconds.entry(key).or_default();
            second.left += more.left;
            second.rate = second.rate.max(more.rate);
        }
        self
    }

    /// The seconds in which more left than the rate allows.
    pub fn too_fast(&self) -> impl Iterator<Item = String> {
        self.seconds.iter().filter(|(_, second)| second.left > second.rate).map(|((kind, at), second)| {
            let (left, rate, at) = (second.left, second.rate, Timestamp(at.saturating_mul(SECOND_MICROS)));
            format!("{left} commands of the kind {kind} left in the second of {at}, where {rate} may")
        })
    }

    /// In how many seconds something left for which there is a rate.
    #[must_use]
    pub fn seconds(&self) -> usize {
        self.seconds.len()
    }
}
