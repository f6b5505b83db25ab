//! The core's own words (payment modes, reasons, outcomes) as tests write them.

use decision::account::PaymentMode;
use decision::event::{BalanceReason, DisputeOutcome, Outcome};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// A value of the core that is written as one of a few words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WordOf<T>(pub(super) T);

/// A type whose values are words.
pub(super) trait Words: Copy + 'static {
    /// The type's name in the schema.
    const NAME: &'static str;
    /// The words.
    fn words() -> &'static [&'static str];
    /// The values, each at its word's place.
    fn values() -> &'static [Self];
}

macro_rules! words {
    ($($type:ty as $name:literal { $($word:literal => $value:expr),+ $(,)? })+) => {$(
        impl Words for $type {
            const NAME: &'static str = $name;

            fn words() -> &'static [&'static str] {
                &[$($word),+]
            }

            fn values() -> &'static [Self] {
                &[$($value),+]
            }
        }
    )+};
}

words! {
    PaymentMode as "PaymentMode" {
        "prepaid" => Self::Prepaid,
        "postpaid" => Self::Postpaid,
        "hybrid" => Self::Hybrid,
    }
    BalanceReason as "BalanceReason" {
        "usage" => Self::Usage,
        "top_up" => Self::TopUp,
        "adjustment" => Self::Adjustment,
        "expiry" => Self::Expiry,
        "period_roll" => Self::PeriodRoll,
        "limit_changed" => Self::LimitChanged,
    }
    DisputeOutcome as "DisputeOutcome" {
        "upheld" => Self::Upheld,
        "rejected" => Self::Rejected,
        "withdrawn" => Self::Withdrawn,
    }
    Outcome as "Outcome" {
        "accepted" => Self::Accepted,
        "done" => Self::Done,
        "failed" => Self::Failed,
        "expired" => Self::Expired,
    }
}

impl<'de, T: Words> Deserialize<'de> for WordOf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = <Cow<'de, str>>::deserialize(deserializer)?;
        let found = T::words().iter().zip(T::values()).find(|(known, _)| **known == word);
        match found {
            Some((_, value)) => Ok(Self(*value)),
            None => Err(D::Error::unknown_variant(&word, T::words())),
        }
    }
}

impl<T: Words> JsonSchema for WordOf<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": T::words() })
    }
}
