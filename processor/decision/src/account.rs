//! An account as its snapshot tells it: who it is, how it pays, how it may be reached.
//!
//! What the account has and owes is not here: balances are [`crate::balance`]'s, debts
//! [`crate::debt`]'s.

use crate::ids::{Channel, Language, Provider, ServiceId};
use crate::money::{Currency, MinorUnits};
use crate::time::{Date, Zone};
use litemap::LiteMap;
use serde::{Deserialize, Serialize, Serializer};

/// A full snapshot of an account. A later one replaces it whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// How the account pays.
    pub payment_mode: PaymentMode,
    /// The currency of its money; the policy's where absent.
    pub currency: Option<Currency>,
    /// The language it is addressed in; the policy's where absent.
    pub language: Option<Language>,
    /// The zone its days are counted in; the policy's where absent.
    pub time_zone: Option<Zone>,
    /// Its credit limit in minor units, the base of percent lines for money without a limit.
    pub credit_limit: Option<MinorUnits>,
    /// An address by channel: a phone number for sms, a mailbox for email.
    #[serde(serialize_with = "as_map")]
    pub contacts: LiteMap<Channel, String>,
    /// Channels by which it does not want to be addressed.
    pub opt_outs: Vec<Channel>,
    /// Its services.
    pub services: Vec<Service>,
    /// What the policy declares beyond the standard fields.
    #[serde(serialize_with = "as_map")]
    pub attributes: LiteMap<String, AttributeValue>,
    /// Whether the account is closed.
    pub closed: bool,
}

/// A map also where it is empty: in forms that people read, its own way would write that as a list.
fn as_map<K: Serialize, V: Serialize, S: Serializer>(
    map: &LiteMap<K, V>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(map.iter())
}

/// How an account pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMode {
    /// Before use, from a balance.
    Prepaid,
    /// After use, by invoice.
    Postpaid,
    /// Both.
    Hybrid,
}

impl PaymentMode {
    /// The word for it in policies and events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prepaid => "prepaid",
            Self::Postpaid => "postpaid",
            Self::Hybrid => "hybrid",
        }
    }
}

/// A service of an account: a line, a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// The operator's own kind: mobile, fixed, alarm.
    pub kind: Option<String>,
    /// Who provides it, where there are several.
    pub provider: Option<Provider>,
    /// Never to be cut off: an alarm, a lift, an emergency line.
    pub always_on: bool,
}

/// The value of a declared attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttributeValue {
    /// `string`
    String(String),
    /// `int`
    Long(i64),
    /// `bool`
    Boolean(bool),
    /// `date`
    Date(Date),
}

impl AttributeValue {
    /// Its type, by the policy file's word.
    #[must_use]
    pub fn kind(&self) -> AttributeKind {
        match self {
            Self::String(_) => AttributeKind::String,
            Self::Long(_) => AttributeKind::Int,
            Self::Boolean(_) => AttributeKind::Bool,
            Self::Date(_) => AttributeKind::Date,
        }
    }
}

/// The type of a declared attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeKind {
    /// Text.
    String,
    /// A whole number.
    Int,
    /// Yes or no.
    Bool,
    /// A day.
    Date,
}

impl AttributeKind {
    /// The word for it in the policy file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Bool => "bool",
            Self::Date => "date",
        }
    }
}
