//! Accounts, as a policy speaks of them: attributes, balances, segments, plan groups and managers.

use crate::yaml::{NonEmpty, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

/// An attribute that accounts carry beyond the standard fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttributeFile {
    /// Its type.
    #[serde(rename = "type")]
    pub(crate) kind: AttributeType,
    /// What holds where an account has none.
    #[schemars(extend("type" = ["string", "number", "boolean"]))]
    pub(crate) default: Option<Spanned<String>>,
    /// A snapshot without it is rejected.
    #[serde(default)]
    pub(crate) required: bool,
}

/// The type of an attribute.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AttributeType {
    /// Text.
    String,
    /// A whole number.
    Int,
    /// Yes or no.
    Bool,
    /// A day.
    Date,
}

/// A balance that is watched.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BalanceFile {
    /// What it counts.
    pub(crate) unit: UnitWord,
}

/// What a balance counts.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UnitWord {
    /// Money, in major units of the account's currency.
    Money,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
    /// Pieces: messages, calls.
    Pieces,
}

/// A segment: accounts that a condition picks, and the plan group meant for them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentFile {
    /// Its name.
    pub(crate) name: Spanned<String>,
    /// Who is in it, as a CEL condition over `account.*`; everyone where absent.
    pub(crate) when: Option<Spanned<String>>,
    /// Its plan group.
    pub(crate) group: Spanned<String>,
    /// The manager group that serves it; none where absent.
    pub(crate) managers: Option<Spanned<String>>,
}

/// Plans meant for one kind of customer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupFile {
    /// The plan that applies where nobody assigned another.
    pub(crate) standard: Spanned<String>,
    /// All plans of the group, the standard one among them.
    pub(crate) plans: NonEmpty<Spanned<String>>,
}

/// The people whom a segment's accounts are in the care of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManagersFile {
    /// Those of whom each account has one for itself; where absent the group serves it together.
    #[serde(default)]
    pub(crate) personal: Vec<Spanned<String>>,
    /// The roles that may change an account's personal manager, and those above them: `senior` unless set.
    pub(crate) change: Option<NonEmpty<Spanned<String>>>,
}
