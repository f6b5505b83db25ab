//! Names and identifiers, each a type of its own, so that none stands in for another.
//!
//! What an identifier points to is its own module's business. An identifier is told once or a few times;
//! a name, in every debtor of whom it says something: equal names share their text.

mod known;

use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// Makes a text's shared form of it, straight from where it was read: serde's own way makes it twice, and a
/// debtor is made of such texts.
struct Shared(fn(&str) -> Arc<str>);

impl serde::de::Visitor<'_> for Shared {
    type Value = Arc<str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<Arc<str>, E> {
        Ok((self.0)(text))
    }
}

fn own(text: &str) -> Arc<str> {
    text.into()
}

/// Types of text, each of which makes its shared form in this way.
macro_rules! texts {
    ($shared:path; $($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Shared($shared)).map(Self)
            }
        }

        impl $name {
            /// The text of it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self($shared(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self($shared(&text))
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    )+};
}

texts! {
    own;
    /// A billing account: who owes, or whose balance it is.
    AccountId,
    /// The account that finally pays, by default the account itself: the partition key.
    DebtorId,
    /// An upstream event's id; seen again, the event changes nothing.
    EventId,
    /// An invoice of a debtor.
    InvoiceId,
    /// A payment of a debtor.
    PaymentId,
    /// A payment's receipt number: two reports of one receipt are one payment.
    Receipt,
    /// An adjustment (credit or debit note, write-off) of an invoice.
    AdjustmentId,
    /// A hold: a dispute, a promise, a deferral, an instalment plan.
    HoldId,
    /// A service of an account (a line, a subscription).
    ServiceId,
}

texts! {
    known::shared;
    /// A balance's name on its account, as the policy declares it.
    BalanceName,
    /// A threshold rule of the policy.
    RuleId,
    /// A plan of the policy.
    PlanName,
    /// A stage of a plan.
    StageName,
    /// A segment of the policy.
    SegmentName,
    /// A plan group of the policy.
    GroupName,
    /// A manager group of the policy: the people whom a segment's accounts are in the care of.
    ManagerGroupName,
    /// A personal manager: one person of a manager group.
    ManagerName,
    /// A window of the policy: the hours in which something may be done.
    WindowName,
    /// A message template of the policy.
    TemplateName,
    /// The hash of a policy's file: which version of it.
    PolicyHash,
    /// A way to reach a customer: sms, email, letter, voice.
    Channel,
    /// A language tag, as ISO 639 has it.
    Language,
    /// A provisioning operation, in the operator's own words.
    Operation,
    /// A queue of tasks for people.
    Queue,
    /// A provider whose service an invoice bills.
    Provider,
}

/// A command's id: a hash of the decision that made it, so that the same decision always has the
/// same id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId([u8; 16]);

impl CommandId {
    /// The id of the `occurrence`-th command of one measure (domain.md, section 6).
    #[must_use]
    pub fn of(parts: &[&str], numbers: &[u64]) -> Self {
        Self(digest(parts, numbers))
    }
}

/// The first 16 bytes of a BLAKE3 hash of texts and numbers.
///
/// Each part is hashed with its length, and the parts with their count, so that no two lists of
/// parts and numbers share a hash.
pub(crate) fn digest(parts: &[&str], numbers: &[u64]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&u64::try_from(parts.len()).unwrap_or(u64::MAX).to_le_bytes());
    for part in parts {
        hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    for number in numbers {
        hasher.update(&number.to_le_bytes());
    }
    let mut digest = [0; 16];
    hasher.finalize_xof().fill(&mut digest);
    digest
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or_default();
        let mut text = [0; 32];
        for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = [digit(byte >> 4), digit(byte & 0xf)];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for CommandId {
    type Err = NotACommandId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut id = [0; 16];
        if text.len() != 32 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NotACommandId);
        }
        for (byte, digits) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| NotACommandId)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NotACommandId)?;
        }
        Ok(Self(id))
    }
}

/// A text that is no command id: 32 hexadecimal digits are wanted.
#[derive(Debug, thiserror::Error)]
#[error("a command id is 32 hexadecimal digits")]
pub struct NotACommandId;

impl Serialize for CommandId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CommandId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_id_reads_back_and_parts_do_not_run_together() {
        let id = CommandId::of(&["ab", "c"], &[1]);
        assert_eq!(id.to_string().parse::<CommandId>().unwrap(), id);
        assert!(format!("+{}", &id.to_string()[1..]).parse::<CommandId>().is_err(), "no sign");
        assert_ne!(id, CommandId::of(&["a", "bc"], &[1]));
        assert_ne!(id, CommandId::of(&["ab", "c"], &[2]));
        assert_ne!(CommandId::of(&["ab", ""], &[]), CommandId::of(&["ab"], &[0]));
    }
}
