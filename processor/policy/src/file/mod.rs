//! What a policy file may say, as typed structs: the JSON Schema is made of them.
//!
//! What it means is `compile`'s business.

mod account;
mod calendar;
mod commands;
mod measure;
mod plan;
mod threshold;
mod values;

pub(crate) use account::{
    AttributeFile, AttributeType, BalanceFile, GroupFile, ManagersFile, SegmentFile, UnitWord,
};
pub(crate) use calendar::{CalendarFile, DayWord, SkipWord, WindowFile};
pub(crate) use commands::{
    BreakerFile, CapFile, CommandsFile, DeliveryFile, HoldBoundsFile, HoldsFile, RetentionFile,
};
pub(crate) use measure::{ClassWord, MeasureFile, MessageFile, ProvisionFile};
pub(crate) use plan::{
    AnchorWord, BeforeDueFile, CatchUpWord, CountDateWord, DebtClassWord, IfTaskFile, NoticeFile,
    OnPartCureWord, OnResegmentWord, PlanFile, RunningCyclesWord, StageFile,
};
pub(crate) use threshold::{DeliverWord, OnFirstWord, ThresholdFile};
pub(crate) use values::{
    Amount, CurrencyCode, Day, Deadline, Length, LineText, Moment, Multiple, Rate, When, ZoneName,
};

use crate::yaml::{Required, Spanned, Table};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::LazyLock;

/// A list of measures.
pub(crate) type Measures = Vec<MeasureFile>;

/// A policy: what is watched, and what is done about it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyFile {
    /// The policy's name.
    #[schemars(required)]
    pub(crate) policy: Option<Spanned<String>>,
    /// The version's label; the content's hash is the identity.
    #[schemars(required)]
    pub(crate) version: Option<Spanned<String>>,
    /// From when it holds.
    pub(crate) effective_from: Option<Spanned<Moment>>,
    /// The time zone of an account that names none.
    #[schemars(required)]
    pub(crate) time_zone: Option<Spanned<ZoneName>>,
    /// The currency of an account that names none.
    #[schemars(required)]
    pub(crate) currency: Option<Spanned<CurrencyCode>>,
    /// The language of an account that names none; every template is written in it.
    #[schemars(required)]
    pub(crate) language: Option<Spanned<String>>,
    /// Decide and record, send nothing.
    #[serde(default)]
    pub(crate) observe: bool,
    /// What accounts carry beyond the standard fields, by name.
    #[serde(default)]
    pub(crate) attributes: Table<AttributeFile>,
    /// Calendars: weekends and holidays, by name.
    #[serde(default)]
    pub(crate) calendars: Table<CalendarFile>,
    /// Windows: the hours in which something may be done, by name.
    #[serde(default)]
    pub(crate) windows: Table<Spanned<WindowFile>>,
    /// The balances that are watched, by name.
    #[serde(default)]
    pub(crate) balances: Table<BalanceFile>,
    /// The threshold rules.
    #[serde(default)]
    pub(crate) thresholds: Vec<Spanned<ThresholdFile>>,
    /// The segments, in order: the first that matches.
    #[serde(default)]
    pub(crate) segments: Vec<Spanned<SegmentFile>>,
    /// The plan groups, by name.
    #[serde(default)]
    pub(crate) groups: Table<Spanned<GroupFile>>,
    /// The manager groups: in whose care a segment's accounts are, by name.
    #[serde(default)]
    pub(crate) managers: Table<Spanned<ManagersFile>>,
    /// The bounds of holds.
    #[serde(default)]
    pub(crate) holds: HoldsFile,
    /// The dunning plans, by name.
    #[serde(default)]
    pub(crate) plans: Table<Spanned<PlanFile>>,
    /// How commands leave, and what is done when they fail.
    #[serde(default)]
    pub(crate) commands: CommandsFile,
    /// How long things are remembered and waited for.
    #[serde(default)]
    pub(crate) retention: RetentionFile,
    /// The texts of messages: by name, then by language.
    #[serde(default)]
    pub(crate) templates: Table<Spanned<Table<Spanned<String>>>>,
}

/// The JSON Schema of a policy file.
pub(crate) fn json_schema() -> serde_json::Value {
    schemars::schema_for!(PolicyFile).to_value()
}

/// What each mapping of a policy file must have.
pub(crate) fn required() -> &'static Required {
    static REQUIRED: LazyLock<Required> = LazyLock::new(|| Required::by(&json_schema()));
    &REQUIRED
}

#[cfg(test)]
mod tests;
