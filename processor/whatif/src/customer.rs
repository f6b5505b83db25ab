//! Times and amounts as the customer knows them: on their own wall clock, in major units of their currency.

use crate::moment;
use decision::debtor::Debtor;
use decision::money::MinorUnits;
use decision::policy::{Policy, Unit};
use decision::time::{Timestamp, Zone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a debtor's times and amounts are written by.
#[derive(Debug)]
pub struct Customer {
    /// The zone of their wall clock.
    pub zone: Zone,
    /// How many decimals their currency has.
    pub exponent: u8,
}

/// A moment, also as the customer knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct When {
    /// The moment, UTC, RFC 3339.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The same on the customer's wall clock: `2026-03-15 09:00`.
    #[schema(example = "2026-03-15 09:00")]
    pub local: String,
}

impl Customer {
    /// By the debtor's own account, else by what the policy says of all.
    #[must_use]
    pub fn of(debtor: &Debtor, policy: &Policy) -> Self {
        let defaults = &policy.defaults;
        let zone = debtor.own_snapshot().and_then(|snapshot| snapshot.time_zone.clone());
        let zone = zone.unwrap_or_else(|| defaults.zone.clone());
        let exponent = debtor.currency.unwrap_or(defaults.currency).exponent();
        Self { zone, exponent }
    }

    /// A moment on their wall clock: `2026-03-15 09:00`.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> String {
        self.zone.local(at).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// A moment, and the same on their wall clock.
    #[must_use]
    pub fn when(&self, at: Timestamp) -> When {
        When { at, local: self.local(at) }
    }

    /// An amount of money in major units.
    #[must_use]
    pub fn amount(&self, amount: MinorUnits) -> String {
        amount.in_major(self.exponent)
    }

    /// A value of a balance of this unit: money in major units, the count of all else.
    #[must_use]
    pub fn value(&self, value: MinorUnits, unit: Option<Unit>) -> String {
        match unit {
            Some(Unit::Money) => self.amount(value),
            Some(Unit::Bytes | Unit::Seconds | Unit::Pieces) | None => value.0.to_string(),
        }
    }
}
