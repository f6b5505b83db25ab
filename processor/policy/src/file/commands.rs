//! How commands leave, what bounds holds and how long things are remembered, as the file writes it.

use super::{Amount, Length, MeasureFile, Multiple, Rate};
use crate::yaml::{Spanned, Table};
use schemars::JsonSchema;
use serde::Deserialize;

/// How commands leave, and what is done when they fail.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandsFile {
    /// Of messages.
    pub(crate) message: Option<DeliveryFile>,
    /// Of provisioning orders.
    pub(crate) provision: Option<DeliveryFile>,
    /// How often one account is addressed by a channel.
    #[serde(default)]
    pub(crate) caps: Vec<CapFile>,
    /// How many commands leave in a second, over all instances: by channel, or by `provision`,
    /// `task`, `fee` or `handover`.
    #[serde(default)]
    pub(crate) rates: Table<Spanned<Rate>>,
    /// When cutting off is stopped.
    pub(crate) breaker: Option<BreakerFile>,
}

/// What is done when a command's end is not reported, or it failed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveryFile {
    /// How soon its end must be reported.
    pub(crate) report_within: Option<Spanned<Length>>,
    /// How often it is tried again: never unless set.
    pub(crate) retries: Option<Spanned<u32>>,
    /// What is done after the last try: a task.
    pub(crate) then: Option<MeasureFile>,
}

/// How often one account is addressed by a channel.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapFile {
    /// The channel.
    pub(crate) channel: Spanned<String>,
    /// How often at most.
    pub(crate) at_most: Spanned<u32>,
    /// In which time.
    pub(crate) per: Spanned<Length>,
}

/// When cutting off is stopped: far more orders than usual.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BreakerFile {
    /// How many times as many as usual.
    pub(crate) more_than: Spanned<Multiple>,
    /// The time whose orders are counted.
    pub(crate) over: Spanned<Length>,
    /// The time that shows what is usual.
    pub(crate) against: Spanned<Length>,
    /// The least number of orders that stops anything.
    pub(crate) at_least: Spanned<u32>,
}

/// The bounds of holds.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldsFile {
    /// Of promises to pay.
    pub(crate) promise: Option<HoldBoundsFile>,
    /// Of deferrals.
    pub(crate) deferral: Option<HoldBoundsFile>,
    /// Of instalment plans.
    pub(crate) instalments: Option<HoldBoundsFile>,
    /// Of disputes.
    pub(crate) dispute: Option<HoldBoundsFile>,
    /// Of payments that the bank has not confirmed.
    pub(crate) unconfirmed_payment: Option<UnconfirmedFile>,
}

/// What bounds a kind of hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldBoundsFile {
    /// How many of them there may be in the time `per`; without that, at one time.
    pub(crate) at_most: Option<u32>,
    /// In which time.
    pub(crate) per: Option<Spanned<Length>>,
    /// How long one may last.
    pub(crate) no_longer_than: Option<Length>,
    /// How much one may freeze.
    pub(crate) no_more_than: Option<Spanned<Amount>>,
    /// The role that may grant more.
    pub(crate) beyond: Option<Spanned<String>>,
}

/// What bounds an unconfirmed payment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnconfirmedFile {
    /// How long it freezes the debt: 3d unless set.
    pub(crate) valid_for: Spanned<Length>,
}

/// How long things are remembered and waited for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetentionFile {
    /// How long event ids are remembered: 8d unless set.
    pub(crate) dedup_window: Option<Spanned<Length>>,
    /// How long closed invoices, payments and receipts are remembered: 400d unless set.
    pub(crate) reversal_window: Option<Spanned<Length>>,
    /// How long a payment or an adjustment waits for the invoice that it names: 3d unless set.
    pub(crate) wait_for_invoice: Option<Length>,
}
