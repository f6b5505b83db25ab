//! What is said of a subscriber and is wrong: each is to be rejected, and to change nothing.

use super::dice::Dice;
use super::ledger::payment_id;
use super::subscriber::Subscriber;
use decision::event::{BalanceChange, BalanceReason, Body, Payment, PaymentStatus, Reversal};
use decision::money::{Currency, MinorUnits};

/// A payment of a number that no ledger reaches.
const NOBODYS: u32 = 999_999;

/// Something wrong about a subscriber, with the system that says it.
pub(super) fn said_of(subscriber: &Subscriber, dice: &mut Dice) -> (&'static str, Body) {
    let own = subscriber.currency;
    match dice.below(5) {
        0 => ("bank", payment(subscriber, 1, subscriber.market.other().currency())),
        1 => ("bank", payment(subscriber, 0, own)),
        2 => ("ocs", unknown_balance()),
        3 => {
            let mut snapshot = subscriber.snapshot();
            snapshot.attributes.remove("contract_no");
            ("crm", Body::Account(snapshot))
        }
        _ => {
            let payment = payment_id(subscriber.number, NOBODYS);
            ("bank", Body::Reversal(Reversal { payment, amount: None, reason: None, undo: false }))
        }
    }
}

fn payment(subscriber: &Subscriber, majors: i64, currency: Currency) -> Body {
    Body::Payment(Payment {
        id: payment_id(subscriber.number, NOBODYS - 1),
        amount: MinorUnits(majors * subscriber.unit()),
        currency,
        invoices: Vec::new(),
        receipt: None,
        channel: Some("bank".to_owned()),
        status: PaymentStatus::Confirmed,
    })
}

fn unknown_balance() -> Body {
    Body::Balance(BalanceChange {
        name: "loyalty".into(),
        value: MinorUnits(100),
        limit: None,
        currency: None,
        valid_until: None,
        version: None,
        reason: BalanceReason::Adjustment,
    })
}
