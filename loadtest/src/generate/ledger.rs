//! A subscriber's invoices, and how they are paid: in time, late, in part, twice, or never.
//!
//! All that will become of an invoice is thrown when it is made, and noted with its time.

use super::diary::{Deed, Diary};
use super::dice::Dice;
use super::profile::{PerMille, Profile};
use super::subscriber::Share;
use super::{DAY, HOUR};
use decision::event::{Adjustment, Body, InvoiceIssued, Payment, PaymentStatus, Reversal};
use decision::ids::{InvoiceId, PaymentId};
use decision::money::{Currency, MinorUnits};
use decision::time::{Date, Timestamp};

/// One thing to be booked.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    /// An invoice is to be made now from what was spent.
    Bill,
    /// An invoice is issued.
    Issue(Bill),
    /// A payment is reported.
    Pay(Paid),
    /// A payment bounces, or that is undone.
    Reverse { payment: u32, amount: Option<i64>, undo: bool },
    /// A credit note, or its undoing.
    Credit { note: u32, bill: u32, amount: i64, undo: bool },
}

/// An invoice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bill {
    number: u32,
    amount: i64,
    issued: Date,
    due: Date,
    kind: &'static str,
    draft: bool,
}

/// A payment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paid {
    number: u32,
    amount: i64,
    /// The invoice it names.
    bill: Option<u32>,
    /// The number of its receipt.
    receipt: Option<u32>,
    by: Way,
}

/// By which way it is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Bank,
    Card,
    Terminal,
}

impl Way {
    fn as_str(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Card => "card",
            Self::Terminal => "terminal",
        }
    }
}

/// How many of each an account has had.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    bills: u32,
    payments: u32,
    notes: u32,
}

/// What an invoice is made of.
pub(super) struct NewBill {
    pub(super) at: Timestamp,
    pub(super) issued: Date,
    pub(super) amount: i64,
    /// Minor units of its money in a major one.
    pub(super) unit: i64,
}

impl Ledger {
    /// Makes an invoice, and notes what becomes of it.
    pub(super) fn bill(&mut self, new: &NewBill, profile: &Profile, dice: &mut Dice, diary: &mut Diary) {
        let billing = &profile.billing;
        self.bills += 1;
        let bill = Bill {
            number: self.bills,
            amount: new.amount,
            issued: new.issued,
            due: new.issued.plus_days(i32::from(billing.due_in_days)),
            kind: dice.pick(["usage", "usage", "usage", "usage", "device"]),
            draft: false,
        };
        if dice.chance(billing.drafted) {
            let before = new.at.plus_micros(-HOUR);
            diary.note(before, Deed::Ledger(Entry::Issue(Bill { draft: true, ..bill })));
        }
        diary.note(new.at, Deed::Ledger(Entry::Issue(bill)));
        let credited = if dice.chance(billing.credited) {
            self.credit(bill, new.at, billing.credit_undone, dice, diary)
        } else {
            0
        };
        self.settle(bill, bill.amount - credited, new, profile, dice, diary);
    }

    /// Makes an invoice from before the first day, so many days past due now.
    pub(super) fn bill_of_old(
        &mut self,
        new: &NewBill,
        overdue: i32,
        profile: &Profile,
        dice: &mut Dice,
        diary: &mut Diary,
    ) {
        self.bills += 1;
        let due = new.issued.plus_days(-overdue);
        let issued = due.plus_days(-i32::from(profile.billing.due_in_days));
        let bill = Bill { number: self.bills, amount: new.amount, issued, due, kind: "usage", draft: false };
        diary.note(new.at, Deed::Ledger(Entry::Issue(bill)));
        if dice.chance(PerMille::new(500)) {
            let days = dice.between(profile.paying.late_by_days.clone());
            self.pay(bill, bill.amount, new.at.plus_micros(days * DAY), profile, dice, diary);
        }
    }

    /// Notes how an invoice of which `owed` is to be paid will be.
    fn settle(
        &mut self,
        bill: Bill,
        owed: i64,
        new: &NewBill,
        profile: &Profile,
        dice: &mut Dice,
        diary: &mut Diary,
    ) {
        let paying = &profile.paying;
        let due_in = i64::from(profile.billing.due_in_days);
        let habits = [paying.before_invoice, paying.on_time, paying.late, paying.in_part];
        let in_time = new.at.plus_micros(dice.between(HOUR..=(due_in * DAY).max(HOUR)));
        let late_by = dice.between(paying.late_by_days.clone()) * DAY + dice.between(0..=12 * HOUR);
        let late = new.at.plus_micros(due_in * DAY + late_by);
        match Share::of(dice).among(habits) {
            Some(0) => {
                let before = new.at.plus_micros(-dice.between(HOUR / 2..=4 * HOUR));
                let number = self.next_payment();
                let paid =
                    Paid { number, amount: owed, bill: Some(bill.number), receipt: None, by: Way::Bank };
                diary.note(before, Deed::Ledger(Entry::Pay(paid)));
            }
            Some(1) => {
                let rounded = if dice.chance(paying.rounded_up) { new.unit - owed % new.unit } else { 0 };
                self.pay(bill, owed + rounded, in_time, profile, dice, diary);
            }
            Some(2) => self.pay(bill, owed, late, profile, dice, diary),
            Some(_) => {
                let part = (owed * dice.between(300..=700) / 1_000).max(1);
                self.pay(bill, part, in_time, profile, dice, diary);
                if owed > part && dice.chance(PerMille::new(500)) {
                    self.pay(bill, owed - part, late, profile, dice, diary);
                }
            }
            // It never is.
            None => {}
        }
    }

    fn pay(
        &mut self,
        bill: Bill,
        amount: i64,
        at: Timestamp,
        profile: &Profile,
        dice: &mut Dice,
        diary: &mut Diary,
    ) {
        let paying = &profile.paying;
        let number = self.next_payment();
        let by = dice.pick([Way::Bank, Way::Card, Way::Terminal]);
        let named = dice.chance(paying.names_invoice).then_some(bill.number);
        let twice = dice.chance(paying.reported_twice);
        let receipt = (twice || by == Way::Terminal).then_some(number);
        let paid = Paid { number, amount, bill: named, receipt, by };
        diary.note(at, Deed::Ledger(Entry::Pay(paid)));
        if twice {
            let other = if by == Way::Terminal { Way::Bank } else { Way::Terminal };
            let again = Paid { number: self.next_payment(), by: other, ..paid };
            let later = at.plus_micros(dice.between(HOUR..=2 * DAY));
            diary.note(later, Deed::Ledger(Entry::Pay(again)));
        }
        if dice.chance(paying.bounced) {
            self.bounce(bill, paid, at, dice, diary);
        }
    }

    /// Notes that a payment bounces: whole or half, undone at times, else mostly paid again.
    fn bounce(&mut self, bill: Bill, paid: Paid, at: Timestamp, dice: &mut Dice, diary: &mut Diary) {
        let at = at.plus_micros(dice.between(DAY..=4 * DAY));
        let half = Some(paid.amount / 2).filter(|half| *half > 0 && dice.chance(PerMille::new(200)));
        let entry = |undo| Deed::Ledger(Entry::Reverse { payment: paid.number, amount: half, undo });
        diary.note(at, entry(false));
        if dice.chance(PerMille::new(100)) {
            diary.note(at.plus_micros(dice.between(HOUR..=DAY)), entry(true));
        } else if dice.chance(PerMille::new(600)) {
            let amount = half.unwrap_or(paid.amount);
            let again = Paid {
                number: self.next_payment(),
                amount,
                bill: Some(bill.number),
                receipt: None,
                by: Way::Card,
            };
            diary.note(at.plus_micros(dice.between(DAY..=6 * DAY)), Deed::Ledger(Entry::Pay(again)));
        }
    }

    /// Notes a credit note; answers how much less is owed in the end.
    fn credit(
        &mut self,
        bill: Bill,
        at: Timestamp,
        undone: PerMille,
        dice: &mut Dice,
        diary: &mut Diary,
    ) -> i64 {
        self.notes += 1;
        let amount = (bill.amount * dice.between(50..=300) / 1_000).max(1);
        let at = at.plus_micros(dice.between(DAY..=6 * DAY));
        let note = self.notes;
        let entry = |undo| Deed::Ledger(Entry::Credit { note, bill: bill.number, amount, undo });
        diary.note(at, entry(false));
        if dice.chance(undone) {
            diary.note(at.plus_micros(dice.between(HOUR..=2 * DAY)), entry(true));
            return 0;
        }
        amount
    }

    fn next_payment(&mut self) -> u32 {
        self.payments += 1;
        self.payments
    }
}

impl Entry {
    /// As an event of the account tells it, with the system it comes from; none where there is
    /// still to be made what is told of.
    pub(super) fn told(&self, account: u32, currency: Currency) -> Option<(&'static str, Body)> {
        let told = match self {
            Self::Bill => return None,
            Self::Issue(bill) => ("billing", Body::Invoice(bill.told(account, currency))),
            Self::Pay(paid) => (paid.by.as_str(), Body::Payment(paid.told(account, currency))),
            Self::Reverse { payment, amount, undo } => {
                let reversal = Reversal {
                    payment: payment_id(account, *payment),
                    amount: amount.map(MinorUnits),
                    reason: Some(if *undo { "bounced in error" } else { "insufficient funds" }.to_owned()),
                    undo: *undo,
                };
                ("bank", Body::Reversal(reversal))
            }
            Self::Credit { note, bill, amount, undo } => {
                let adjustment = Adjustment {
                    id: format!("N-{account:06}-{note}").into(),
                    invoice: invoice_id(account, *bill),
                    amount: MinorUnits(-amount),
                    currency,
                    reason: Some("goodwill".to_owned()),
                    undo: *undo,
                };
                ("billing", Body::Adjustment(adjustment))
            }
        };
        Some(told)
    }
}

impl Bill {
    fn told(&self, account: u32, currency: Currency) -> InvoiceIssued {
        InvoiceIssued {
            id: invoice_id(account, self.number),
            amount: MinorUnits(self.amount),
            currency,
            issued: self.issued,
            due: self.due,
            service: None,
            provider: None,
            kind: Some(self.kind.to_owned()),
            draft: self.draft,
        }
    }
}

impl Paid {
    fn told(&self, account: u32, currency: Currency) -> Payment {
        Payment {
            id: payment_id(account, self.number),
            amount: MinorUnits(self.amount),
            currency,
            invoices: self.bill.map(|bill| invoice_id(account, bill)).into_iter().collect(),
            receipt: self.receipt.map(|number| format!("R-{account:06}-{number}").into()),
            channel: Some(self.by.as_str().to_owned()),
            status: PaymentStatus::Confirmed,
        }
    }
}

fn invoice_id(account: u32, number: u32) -> InvoiceId {
    format!("I-{account:06}-{number}").into()
}

pub(super) fn payment_id(account: u32, number: u32) -> PaymentId {
    format!("P-{account:06}-{number}").into()
}
