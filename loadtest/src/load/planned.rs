//! An event of the schedule, small and without text, and what it must bring about.

use super::lines::{data_word, money_word};

/// An event, and the moment it is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When it is to be sent, in microseconds since the schedule's beginning.
    pub at_us: u64,
    /// The account's number.
    pub account: u32,
    /// What happens.
    pub what: What,
    /// What must be done about it.
    pub(super) expected: [Option<Expected>; 3],
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The account is told whole.
    Snapshot {
        /// The how manieth.
        number: u16,
        /// Whether it pays before use.
        prepaid: bool,
    },
    /// Prepaid money was used or topped up.
    Money {
        /// What is left, in cents.
        cents: u32,
        /// The how manieth move.
        version: u32,
        /// Whether it was topped up.
        top_up: bool,
    },
    /// Data was used, or a bundle bought.
    Data {
        /// What is left, in millions of bytes.
        left: u32,
        /// What the bundle holds, in millions of bytes.
        bundle: u32,
        /// The how manieth move.
        version: u32,
        /// Whether a bundle was bought.
        bought: bool,
        /// Until when it may be used, in microseconds since the schedule's beginning.
        ends_at_us: Option<u64>,
    },
    /// An invoice, due since some days.
    Invoice {
        /// The how manieth.
        number: u16,
        /// In cents.
        cents: u32,
    },
    /// A payment.
    Payment {
        /// The how manieth.
        number: u16,
        /// In cents.
        cents: u32,
    },
    /// A payment bounced.
    Reversal {
        /// The how manieth payment it was.
        payment: u16,
    },
}

/// What a processor must do about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expected {
    /// An alert by the rule `low-balance`: the number of its line, highest first.
    LowBalance(u8),
    /// An alert by the rule `data-low`: the number of its line.
    DataLow(u8),
    /// An alert that data is about to expire.
    DataExpires,
    /// The reminder: the stage `remind` is entered.
    Remind,
    /// What was barred is let go.
    Unbar,
    /// What was suspended is let go.
    Resume,
    /// The thanks of a debt that is paid.
    Thanks,
}

impl Expected {
    /// The line that the alert tells of, where it is one.
    #[must_use]
    pub fn line(self) -> Option<&'static str> {
        match self {
            Self::LowBalance(line) => Some(money_word(line)),
            Self::DataLow(line) => Some(data_word(line)),
            Self::DataExpires | Self::Remind | Self::Unbar | Self::Resume | Self::Thanks => None,
        }
    }
}

/// What must be done, for whom, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The account's number.
    pub account: u32,
    /// What.
    pub expected: Expected,
    /// From when on it may come: the event's intended moment, or that of the timer it set.
    pub since_us: u64,
}

/// How long before a balance's end it is told of: what the policy's `data-expires` says.
pub(super) const EXPIRY_TOLD_BEFORE_US: u64 = 24 * 3_600 * super::SECOND;

impl Planned {
    /// What must come of it.
    pub fn expectations(&self) -> impl Iterator<Item = Expectation> {
        let (account, what, at_us) = (self.account, self.what, self.at_us);
        self.expected.into_iter().flatten().map(move |expected| {
            let since_us = match what {
                What::Data { ends_at_us: Some(end), .. } if expected == Expected::DataExpires => {
                    end.saturating_sub(EXPIRY_TOLD_BEFORE_US)
                }
                What::Snapshot { .. }
                | What::Money { .. }
                | What::Data { .. }
                | What::Invoice { .. }
                | What::Payment { .. }
                | What::Reversal { .. } => at_us,
            };
            Expectation { account, expected, since_us }
        })
    }

    /// The same event once more: nothing may come of it.
    pub(super) fn again(self) -> Self {
        Self { expected: [None; 3], ..self }
    }
}
