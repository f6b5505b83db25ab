//! Times and amounts as the customer knows them: on their own wall clock, in major units of their currency.

use decision::debtor::Debtor;
use decision::money::MinorUnits;
use decision::policy::{Policy, Unit};
use decision::time::{Timestamp, Zone};

/// What a debtor's times and amounts are written by.
pub(crate) struct Customer {
    /// The zone of their wall clock.
    pub(crate) zone: Zone,
    /// How many decimals their currency has.
    pub(crate) exponent: u8,
}

impl Customer {
    /// By the debtor's own account, else by what the policy says of all.
    pub(crate) fn of(debtor: &Debtor, policy: &Policy) -> Self {
        let defaults = &policy.defaults;
        let zone = debtor.own_snapshot().and_then(|snapshot| snapshot.time_zone.clone());
        let zone = zone.unwrap_or_else(|| defaults.zone.clone());
        let exponent = debtor.currency.unwrap_or(defaults.currency).exponent();
        Self { zone, exponent }
    }

    /// A moment on their wall clock: `2026-03-15 09:00`.
    pub(crate) fn local(&self, at: Timestamp) -> String {
        self.zone.local(at).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// An amount of money in major units.
    pub(crate) fn amount(&self, amount: MinorUnits) -> String {
        amount.in_major(self.exponent)
    }

    /// A value of a balance of this unit: money in major units, the count of all else.
    pub(crate) fn value(&self, value: MinorUnits, unit: Option<Unit>) -> String {
        match unit {
            Some(Unit::Money) => self.amount(value),
            Some(Unit::Bytes | Unit::Seconds | Unit::Pieces) | None => value.0.to_string(),
        }
    }
}
