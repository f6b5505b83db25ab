//! The input records that are plain lists of fields: balance, invoice, adjustment, payment,
//! reversal, report.
//!
//! Accounts and controls have files of their own.

use super::{
    amount, currency, date, header, name, names, optional_amount, optional_currency, optional_moment,
    optional_name, optional_out, out, whole, wire_event, word,
};
use crate::error::{Fault, WireError};
use crate::value::{Number, Text, Word, words};
use decision::Event;
use decision::event::{
    Adjustment, BalanceChange, BalanceReason, Body, InvoiceIssued, Outcome, Payment, PaymentStatus, Report,
    Reversal,
};

words! { BalanceReason {
    Usage = "usage", TopUp = "top_up", Adjustment = "adjustment", Expiry = "expiry",
    PeriodRoll = "period_roll", LimitChanged = "limit_changed",
} }
words! { PaymentStatus { Confirmed = "confirmed", Unconfirmed = "unconfirmed", Refused = "refused" } }
words! { Outcome { Accepted = "accepted", Done = "done", Failed = "failed", Expired = "expired" } }

fn usage() -> Word<BalanceReason> {
    Word::Known(BalanceReason::Usage)
}

fn confirmed() -> Word<PaymentStatus> {
    Word::Known(PaymentStatus::Confirmed)
}

fn whole_out(number: decision::money::MinorUnits) -> Number {
    Number::Whole(number.0)
}

wire_event! {
    /// A balance after a change.
    BalanceWire<'a> {
        #[serde(borrow)]
        name: Text<'a>,
        value: Number,
        #[serde(default)]
        limit: Option<Number>,
        #[serde(borrow, default)]
        currency: Option<Text<'a>>,
        #[serde(default)]
        valid_until: Option<Number>,
        #[serde(default)]
        version: Option<Number>,
        #[serde(default = "usage")]
        reason: Word<BalanceReason>,
    }
}

impl<'a> BalanceWire<'a> {
    pub(crate) fn new(event: &'a Event, body: &'a BalanceChange) -> Self {
        Self::under(
            event,
            out(&body.name),
            whole_out(body.value),
            body.limit.map(whole_out),
            body.currency.as_ref().map(|currency| currency.code().into()),
            body.valid_until.map(|until| Number::Whole(until.0)),
            body.version.map(Number::Whole),
            Word::Known(body.reason),
        )
    }

    pub(crate) fn check(self) -> Result<Event, WireError> {
        let body = BalanceChange {
            name: name("name", &self.name)?,
            value: amount("value", &self.value)?,
            limit: optional_amount("limit", self.limit.as_ref())?,
            currency: optional_currency("currency", self.currency.as_ref())?,
            valid_until: optional_moment("valid_until", self.valid_until.as_ref())?,
            version: self.version.as_ref().map(|number| whole("version", number)).transpose()?,
            reason: word("reason", self.reason)?,
        };
        header!(self).with(Body::Balance(body))
    }
}

wire_event! {
    /// An invoice as issued.
    InvoiceWire<'a> {
        #[serde(borrow)]
        invoice_id: Text<'a>,
        amount: Number,
        #[serde(borrow)]
        currency: Text<'a>,
        issued: Number,
        due: Number,
        #[serde(borrow, default)]
        service_id: Option<Text<'a>>,
        #[serde(borrow, default)]
        provider: Option<Text<'a>>,
        #[serde(borrow, default)]
        kind: Option<Text<'a>>,
        #[serde(default)]
        draft: bool,
    }
}

impl<'a> InvoiceWire<'a> {
    pub(crate) fn new(event: &'a Event, body: &'a InvoiceIssued) -> Self {
        Self::under(
            event,
            out(&body.id),
            whole_out(body.amount),
            body.currency.code().into(),
            Number::Whole(body.issued.days().into()),
            Number::Whole(body.due.days().into()),
            optional_out(body.service.as_ref()),
            optional_out(body.provider.as_ref()),
            optional_out(body.kind.as_ref()),
            body.draft,
        )
    }

    pub(crate) fn check(self) -> Result<Event, WireError> {
        let body = InvoiceIssued {
            id: name("invoice_id", &self.invoice_id)?,
            amount: amount("amount", &self.amount)?,
            currency: currency("currency", &self.currency)?,
            issued: date("issued", &self.issued)?,
            due: date("due", &self.due)?,
            service: optional_name("service_id", self.service_id.as_ref())?,
            provider: optional_name("provider", self.provider.as_ref())?,
            kind: self.kind.map(Text::into_owned),
            draft: self.draft,
        };
        header!(self).with(Body::Invoice(body))
    }
}

wire_event! {
    /// A credit or debit note, a write-off, or its undoing.
    AdjustmentWire<'a> {
        #[serde(borrow)]
        adjustment_id: Text<'a>,
        #[serde(borrow)]
        invoice_id: Text<'a>,
        amount: Number,
        #[serde(borrow)]
        currency: Text<'a>,
        #[serde(borrow, default)]
        reason: Option<Text<'a>>,
        #[serde(default)]
        undo: bool,
    }
}

impl<'a> AdjustmentWire<'a> {
    pub(crate) fn new(event: &'a Event, body: &'a Adjustment) -> Self {
        Self::under(
            event,
            out(&body.id),
            out(&body.invoice),
            whole_out(body.amount),
            body.currency.code().into(),
            optional_out(body.reason.as_ref()),
            body.undo,
        )
    }

    pub(crate) fn check(self) -> Result<Event, WireError> {
        let body = Adjustment {
            id: name("adjustment_id", &self.adjustment_id)?,
            invoice: name("invoice_id", &self.invoice_id)?,
            amount: amount("amount", &self.amount)?,
            currency: currency("currency", &self.currency)?,
            reason: self.reason.map(Text::into_owned),
            undo: self.undo,
        };
        header!(self).with(Body::Adjustment(body))
    }
}

wire_event! {
    /// A payment, or what became of an unconfirmed one.
    PaymentWire<'a> {
        #[serde(borrow)]
        payment_id: Text<'a>,
        amount: Number,
        #[serde(borrow)]
        currency: Text<'a>,
        #[serde(borrow, default)]
        invoices: Vec<Text<'a>>,
        #[serde(borrow, default)]
        receipt: Option<Text<'a>>,
        #[serde(borrow, default)]
        channel: Option<Text<'a>>,
        #[serde(default = "confirmed")]
        status: Word<PaymentStatus>,
    }
}

impl<'a> PaymentWire<'a> {
    pub(crate) fn new(event: &'a Event, body: &'a Payment) -> Self {
        Self::under(
            event,
            out(&body.id),
            whole_out(body.amount),
            body.currency.code().into(),
            body.invoices.iter().map(out).collect(),
            optional_out(body.receipt.as_ref()),
            optional_out(body.channel.as_ref()),
            Word::Known(body.status),
        )
    }

    pub(crate) fn check(self) -> Result<Event, WireError> {
        let body = Payment {
            id: name("payment_id", &self.payment_id)?,
            amount: amount("amount", &self.amount)?,
            currency: currency("currency", &self.currency)?,
            invoices: names("invoices", &self.invoices)?,
            receipt: optional_name("receipt", self.receipt.as_ref())?,
            channel: self.channel.map(Text::into_owned),
            status: word("status", self.status)?,
        };
        header!(self).with(Body::Payment(body))
    }
}

wire_event! {
    /// A payment taken back, or that undone.
    ReversalWire<'a> {
        #[serde(borrow)]
        payment_id: Text<'a>,
        #[serde(default)]
        amount: Option<Number>,
        #[serde(borrow, default)]
        reason: Option<Text<'a>>,
        #[serde(default)]
        undo: bool,
    }
}

impl<'a> ReversalWire<'a> {
    pub(crate) fn new(event: &'a Event, body: &'a Reversal) -> Self {
        Self::under(
            event,
            out(&body.payment),
            body.amount.map(whole_out),
            optional_out(body.reason.as_ref()),
            body.undo,
        )
    }

    pub(crate) fn check(self) -> Result<Event, WireError> {
        let body = Reversal {
            payment: name("payment_id", &self.payment_id)?,
            amount: optional_amount("amount", self.amount.as_ref())?,
            reason: self.reason.map(Text::into_owned),
            undo: self.undo,
        };
        header!(self).with(Body::Reversal(body))
    }
}

wire_event! {
    /// What became of a command.
    ReportWire<'a> {
        #[serde(borrow)]
        command_id: Text<'a>,
        outcome: Word<Outcome>,
        #[serde(borrow, default)]
        detail: Option<Text<'a>>,
    }
}

impl<'a> ReportWire<'a> {
    pub(crate) fn new(event: &'a Event, body: &'a Report) -> Self {
        Self::under(
            event,
            body.command_id.to_string().into(),
            Word::Known(body.outcome),
            optional_out(body.detail.as_ref()),
        )
    }

    pub(crate) fn check(self) -> Result<Event, WireError> {
        let id = self.command_id.as_str();
        let body = Report {
            command_id: id.parse().map_err(|_| Fault::NotACommandId.of("command_id", id))?,
            outcome: word("outcome", self.outcome)?,
            detail: self.detail.map(Text::into_owned),
        };
        header!(self).with(Body::Report(body))
    }
}
