//! An event, as far as the work goes by it.

use decision::event::{Body, PaymentStatus};
use schemas::InputTopic;

/// An event of an input topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'e> {
    /// Its id, unique for its account.
    pub id: &'e str,
    /// The account.
    pub account: &'e str,
    /// When it happened, UTC, in microseconds.
    pub at: i64,
    /// What happened.
    pub what: What<'e>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What<'e> {
    /// The account was told whole.
    Account {
        /// Where its SMS go.
        address: Option<&'e str>,
        /// Its services that may be cut off.
        services: Vec<&'e str>,
    },
    /// A balance has a new value.
    Balance {
        /// Which.
        name: &'e str,
        /// In cents, or bytes.
        value: i64,
        /// Its limit, where the event tells it.
        limit: Option<i64>,
        /// Counts up with every change.
        version: Option<i64>,
        /// Until when it may be used.
        valid_until: Option<i64>,
    },
    /// An invoice that is past due.
    Invoice {
        /// In cents.
        cents: i64,
        /// The day it was due.
        due: String,
    },
    /// A payment.
    Payment {
        /// Its id.
        id: &'e str,
        /// In cents.
        cents: i64,
    },
    /// A payment bounced.
    Reversal {
        /// Which.
        payment: &'e str,
    },
    /// Something that brings nothing about.
    Nothing,
}

/// The topics that the work reads.
pub(super) const TOPICS: [InputTopic; 5] = [
    InputTopic::Accounts,
    InputTopic::Balances,
    InputTopic::Invoices,
    InputTopic::Payments,
    InputTopic::Reversals,
];

impl<'e> From<&'e decision::Event> for Event<'e> {
    fn from(event: &'e decision::Event) -> Self {
        let what = match &event.body {
            Body::Account(snapshot) => What::Account {
                address: snapshot
                    .contacts
                    .iter()
                    .find(|(channel, _)| channel.as_str() == "sms")
                    .map(|(_, address)| &**address),
                services: snapshot
                    .services
                    .iter()
                    .filter(|service| !service.always_on)
                    .map(|service| service.id.as_str())
                    .collect(),
            },
            Body::Balance(change) => What::Balance {
                name: change.name.as_str(),
                value: change.value.0,
                limit: change.limit.map(|limit| limit.0),
                version: change.version,
                valid_until: change.valid_until.map(|until| until.0),
            },
            Body::Invoice(invoice) if !invoice.draft => {
                What::Invoice { cents: invoice.amount.0, due: invoice.due.to_string() }
            }
            Body::Payment(payment) if payment.status == PaymentStatus::Confirmed => {
                What::Payment { id: payment.id.as_str(), cents: payment.amount.0 }
            }
            Body::Reversal(reversal) if !reversal.undo => {
                What::Reversal { payment: reversal.payment.as_str() }
            }
            // Nothing of these is part of the work.
            Body::Invoice(_)
            | Body::Payment(_)
            | Body::Reversal(_)
            | Body::Adjustment(_)
            | Body::Control(_)
            | Body::Report(_) => What::Nothing,
        };
        let (id, account) = (event.event_id.as_str(), event.account_id.as_str());
        Self { id, account, at: event.occurred_at.0, what }
    }
}
