//! An event of the schedule as the core's type: with its texts, ids and dates.

use super::planned::{Planned, What};
use decision::Event;
use decision::account::{PaymentMode, Service, Snapshot};
use decision::event::{BalanceChange, BalanceReason, Body, InvoiceIssued, Payment, PaymentStatus, Reversal};
use decision::ids::{AccountId, BalanceName, Channel, Language};
use decision::money::{Currency, MinorUnits, UnknownCurrency};
use decision::time::{Date, Timestamp, Zone};
use litemap::LiteMap;

/// What bundles are counted in.
const MEGABYTE: i64 = 1_000_000;
/// How many days ago invoices came to be due: the plan begins at once.
const PAST_DUE_DAYS: i32 = 5;
/// How many days before that they were issued.
const TERM_DAYS: i32 = 14;
/// What stands before an account's number.
const ACCOUNT: &str = "A-";

/// Writes out what a schedule plans. What all events share is made once.
#[derive(Clone, Debug)]
pub struct Events {
    /// The schedule's beginning on the wall clock.
    began: Timestamp,
    currency: Currency,
    main: BalanceName,
    data: BalanceName,
    sms: Channel,
    language: Language,
    issued: Date,
    due: Date,
}

impl Events {
    /// Of a schedule that begins at this moment.
    ///
    /// # Errors
    /// Never: the policy's currency is one.
    pub fn new(began: Timestamp) -> Result<Self, UnknownCurrency> {
        let today = Zone::utc().date_of(began);
        Ok(Self {
            began,
            currency: Currency::parse("EUR")?,
            main: "main".into(),
            data: "data".into(),
            sms: "sms".into(),
            language: "en".into(),
            issued: today.plus_days(-PAST_DUE_DAYS - TERM_DAYS),
            due: today.plus_days(-PAST_DUE_DAYS),
        })
    }

    /// A planned event, written out.
    #[must_use]
    pub fn event(&self, planned: &Planned) -> Event {
        let (id, body) = match planned.what {
            What::Snapshot { number, prepaid } => {
                (id("s", number.into()), self.snapshot(planned.account, prepaid))
            }
            What::Money { cents, version, top_up } => (id("m", version), self.money(cents, version, top_up)),
            What::Data { left, bundle, version, bought, ends_at_us } => {
                (id("d", version), self.data(left, bundle, version, bought, ends_at_us))
            }
            What::Invoice { number, cents } => (id("i", number.into()), self.invoice(number, cents)),
            What::Payment { number, cents } => (id("p", number.into()), self.payment(number, cents)),
            What::Reversal { payment } => {
                let reversal = Reversal {
                    payment: id("P", payment.into()).into(),
                    amount: None,
                    reason: None,
                    undo: false,
                };
                (id("r", payment.into()), Body::Reversal(reversal))
            }
        };
        Event {
            event_id: id.into(),
            account_id: account_id(planned.account),
            debtor_id: None,
            occurred_at: self.at(planned.at_us),
            source: "loadtest".to_owned(),
            body,
        }
    }

    /// A moment of the schedule on the wall clock.
    #[must_use]
    pub fn at(&self, at_us: u64) -> Timestamp {
        self.began.plus_micros(i64::try_from(at_us).unwrap_or(i64::MAX))
    }

    fn snapshot(&self, account: u32, prepaid: bool) -> Body {
        Body::Account(Snapshot {
            payment_mode: if prepaid { PaymentMode::Prepaid } else { PaymentMode::Postpaid },
            currency: Some(self.currency),
            language: Some(self.language.clone()),
            time_zone: Some(Zone::utc()),
            credit_limit: None,
            contacts: LiteMap::from_iter([(self.sms.clone(), format!("+9989{account:08}"))]),
            opt_outs: Vec::new(),
            services: vec![Service {
                id: format!("S-{account:08}").into(),
                kind: Some("mobile".to_owned()),
                provider: None,
                always_on: false,
            }],
            attributes: LiteMap::new(),
            closed: false,
        })
    }

    fn money(&self, cents: u32, version: u32, top_up: bool) -> Body {
        Body::Balance(BalanceChange {
            name: self.main.clone(),
            value: MinorUnits(cents.into()),
            limit: None,
            currency: Some(self.currency),
            valid_until: None,
            version: Some(version.into()),
            reason: if top_up { BalanceReason::TopUp } else { BalanceReason::Usage },
        })
    }

    fn data(&self, left: u32, bundle: u32, version: u32, bought: bool, ends_at_us: Option<u64>) -> Body {
        Body::Balance(BalanceChange {
            name: self.data.clone(),
            value: MinorUnits(i64::from(left) * MEGABYTE),
            limit: Some(MinorUnits(i64::from(bundle) * MEGABYTE)),
            currency: None,
            valid_until: ends_at_us.map(|end| self.at(end)),
            version: Some(version.into()),
            reason: if bought { BalanceReason::TopUp } else { BalanceReason::Usage },
        })
    }

    fn invoice(&self, number: u16, cents: u32) -> Body {
        Body::Invoice(InvoiceIssued {
            id: id("I", number.into()).into(),
            amount: MinorUnits(cents.into()),
            currency: self.currency,
            issued: self.issued,
            due: self.due,
            service: None,
            provider: None,
            kind: None,
            draft: false,
        })
    }

    fn payment(&self, number: u16, cents: u32) -> Body {
        Body::Payment(Payment {
            id: id("P", number.into()).into(),
            amount: MinorUnits(cents.into()),
            currency: self.currency,
            invoices: Vec::new(),
            receipt: None,
            channel: None,
            status: PaymentStatus::Confirmed,
        })
    }
}

/// The id of an account, by its number.
#[must_use]
pub fn account_id(number: u32) -> AccountId {
    format!("{ACCOUNT}{number:08}").into()
}

/// The number of an account, by its id; none where the id is none of ours.
#[must_use]
pub fn account_number(id: &str) -> Option<u32> {
    id.strip_prefix(ACCOUNT)?.parse().ok()
}

/// Unique for its account, and the same in every run.
fn id(kind: &str, number: u32) -> String {
    format!("{kind}{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accounts_number_is_read_from_its_id() {
        for number in [0, 42, 9_999_999, u32::MAX] {
            assert_eq!(account_number(account_id(number).as_str()), Some(number));
        }
        assert_eq!(account_number("B-00000001"), None);
    }
}
