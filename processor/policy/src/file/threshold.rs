//! Threshold rules, as the file writes them.

use super::{Amount, Length, LineText, MeasureFile, Measures};
use crate::yaml::{NonEmpty, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

/// A rule on a balance. It has one of `falls_to`, `rises_to` and `expires_in`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThresholdFile {
    /// Its id.
    pub(crate) id: Spanned<String>,
    /// The balance it watches.
    pub(crate) balance: Spanned<String>,
    /// Which accounts it is for, as a CEL condition over `account.*`; all where absent.
    pub(crate) when: Option<Spanned<String>>,
    /// The lines of a value that falls, each below the one before.
    pub(crate) falls_to: Option<Spanned<NonEmpty<Spanned<LineText>>>>,
    /// The lines of a value that rises, each above the one before.
    pub(crate) rises_to: Option<Spanned<NonEmpty<Spanned<LineText>>>>,
    /// An alert this long before the balance expires.
    pub(crate) expires_in: Option<Spanned<Length>>,
    /// Lines go on in steps beyond the last one.
    pub(crate) every: Option<Spanned<LineText>>,
    /// How far beyond a line the value must come back for it to re-arm.
    pub(crate) hysteresis: Option<Spanned<Amount>>,
    /// Whether the very first value seen may fire: `silent` unless set.
    pub(crate) on_first: Option<Spanned<OnFirstWord>>,
    /// Which of the lines crossed at once an alert names: `all` unless set.
    pub(crate) deliver: Option<Spanned<DeliverWord>>,
    /// How long after a sent alert further ones are suppressed.
    pub(crate) cooldown: Option<Spanned<Length>>,
    /// An alert whose event is older than this is recorded, not sent.
    pub(crate) max_age: Option<Spanned<Length>>,
    /// What an alert does.
    #[serde(rename = "do")]
    pub(crate) measures: NonEmpty<MeasureFile>,
    /// What is done when all announced lines are armed again.
    pub(crate) recovered: Option<Spanned<Measures>>,
    /// Decide and record, send nothing.
    #[serde(default)]
    pub(crate) observe: bool,
}

/// Whether the very first value seen may fire.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnFirstWord {
    /// It only sets where the value stands.
    Silent,
    /// It fires the lines that it is beyond.
    Fire,
}

/// Which of the lines crossed at once an alert names.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliverWord {
    /// All of them.
    All,
    /// Only the furthest.
    Severest,
}
