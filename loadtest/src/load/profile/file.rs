//! What a profile's file may say: every key there is, and nothing else.

use serde::Deserialize;
use std::time::Duration;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    pub(super) about: String,
    pub(super) people: PeopleFile,
    pub(super) mix: MixFile,
    #[serde(default)]
    pub(super) money: MoneyFile,
    #[serde(default)]
    pub(super) data: DataFile,
    #[serde(default)]
    pub(super) debts: DebtsFile,
    #[serde(default)]
    pub(super) reports: ReportsFile,
    pub(super) waves: Option<WavesFile>,
    pub(super) payday: Option<PaydayFile>,
    pub(super) timers: Option<TimersFile>,
    /// Of a thousand events, how many come twice.
    #[serde(default)]
    pub(super) repeated_permille: u16,
}

/// `[people]`: who the accounts are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeopleFile {
    /// Of a thousand accounts, how many pay before use.
    pub(super) prepaid_permille: u16,
    /// The exponent of Zipf's law.
    pub(super) skew: f64,
}

/// `[mix]`: how often each kind comes, in proportion to the others.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MixFile {
    pub(super) money: u32,
    pub(super) data: u32,
    #[serde(default)]
    pub(super) invoices: u32,
    #[serde(default)]
    pub(super) snapshots: u32,
}

/// `[money]`: prepaid money, in cents.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MoneyFile {
    pub(super) opening_cents: [u32; 2],
    pub(super) use_cents: [u32; 2],
    pub(super) top_up_cents: Vec<u32>,
}

impl Default for MoneyFile {
    /// Some seventy uses to a top-up: one event in twenty-five crosses a line.
    fn default() -> Self {
        Self { opening_cents: [0, 5_000], use_cents: [5, 50], top_up_cents: vec![1_000, 2_000, 3_000] }
    }
}

/// `[data]`: data bundles.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DataFile {
    /// What one use takes of the bundle.
    pub(super) use_permille: [u32; 2],
}

impl Default for DataFile {
    fn default() -> Self {
        Self { use_permille: [5, 30] }
    }
}

/// `[debts]`: how invoices are paid, of a thousand; what is left of it is paid before anything but the
/// reminder.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DebtsFile {
    pub(super) late_permille: u16,
    pub(super) very_late_permille: u16,
    pub(super) partial_permille: u16,
    pub(super) bounced_permille: u16,
}

/// `[reports]`: what becomes of commands.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ReportsFile {
    /// Of a thousand commands, how many are reported on.
    pub(super) answered_permille: u16,
    /// Of a thousand reports, how many tell of a failure.
    pub(super) failed_permille: u16,
}

/// `[waves]`: invoices come for so long at the beginning of each so long, and not in between.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WavesFile {
    pub(super) every: Seconds,
    pub(super) last: Seconds,
}

/// `[payday]`: payments gather at the beginning of each so long.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PaydayFile {
    pub(super) every: Seconds,
}

/// `[timers]`: of a thousand accounts so many have a timer due at this moment of the run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimersFile {
    pub(super) at: Seconds,
    pub(super) accounts_permille: u16,
}

/// A length of time, as `90s` or `1500ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Seconds(pub(super) Duration);

impl TryFrom<String> for Seconds {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        super::length(&text)
            .map(Self)
            .ok_or_else(|| format!("«{text}» is no length of time; write it as 90s or 1500ms"))
    }
}
