//! How commands leave and what bounds holds, as the file writes it.

use super::{Amount, Length, MeasureFile, Multiple, Rate};
use crate::yaml::{Spanned, Table};
use schemars::JsonSchema;
use serde::Deserialize;

/// How commands leave, and what is done when they fail.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandsFile {
    /// Of messages.
    pub(crate) message: Option<Spanned<DeliveryFile>>,
    /// Of provisioning orders.
    pub(crate) provision: Option<Spanned<DeliveryFile>>,
    /// How often one account is addressed by a channel.
    pub(crate) caps: Option<Spanned<Vec<CapFile>>>,
    /// How many commands leave in a second, by channel or kind.
    pub(crate) rates: Option<Spanned<Table<Rate>>>,
    /// When cutting off is stopped.
    pub(crate) breaker: Option<Spanned<BreakerFile>>,
}

/// What is done when a command's end is not reported, or it failed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read for its shape; it has no rules yet")]
pub(crate) struct DeliveryFile {
    /// How soon its end must be reported.
    pub(crate) report_within: Option<Length>,
    /// How often it is tried again.
    pub(crate) retries: Option<u32>,
    /// What is done after the last try.
    pub(crate) then: Option<MeasureFile>,
}

/// How often one account is addressed by a channel.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read for its shape; it has no rules yet")]
pub(crate) struct CapFile {
    /// The channel.
    pub(crate) channel: String,
    /// How often at most.
    pub(crate) at_most: u32,
    /// In which time.
    pub(crate) per: Length,
}

/// When cutting off is stopped: far more orders than usual.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read for its shape; it has no rules yet")]
pub(crate) struct BreakerFile {
    /// How many times as many as usual.
    pub(crate) more_than: Multiple,
    /// The time whose orders are counted.
    pub(crate) over: Length,
    /// The time that shows what is usual.
    pub(crate) against: Length,
    /// The least number of orders that stops anything.
    pub(crate) at_least: u32,
}

/// The bounds of holds.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldsFile {
    /// Of promises to pay.
    pub(crate) promise: Option<Spanned<HoldBoundsFile>>,
    /// Of deferrals.
    pub(crate) deferral: Option<Spanned<HoldBoundsFile>>,
    /// Of instalment plans.
    pub(crate) instalments: Option<Spanned<HoldBoundsFile>>,
    /// Of disputes.
    pub(crate) dispute: Option<Spanned<HoldBoundsFile>>,
    /// Of payments that the bank has not confirmed.
    #[expect(dead_code, reason = "read for its shape; unconfirmed payments have no rules yet")]
    pub(crate) unconfirmed_payment: Option<UnconfirmedFile>,
}

/// What bounds a kind of hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read for its shape; it has no rules yet")]
pub(crate) struct HoldBoundsFile {
    /// How many of them.
    pub(crate) at_most: Option<u32>,
    /// In which time.
    pub(crate) per: Option<Length>,
    /// How long one may last.
    pub(crate) no_longer_than: Option<Length>,
    /// How much one may freeze.
    pub(crate) no_more_than: Option<Amount>,
    /// The role that may grant more.
    pub(crate) beyond: Option<String>,
}

/// What bounds an unconfirmed payment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read for its shape; it has no rules yet")]
pub(crate) struct UnconfirmedFile {
    /// How long it freezes the debt.
    pub(crate) valid_for: Length,
}
