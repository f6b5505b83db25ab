//! What a condition may speak of, and where each value comes from.
//!
//! Nothing is ever absent: an account without a language has the policy's, an attribute without a
//! value its default, and where there is none the empty value of its type (`""`, 0, false).

use super::{Over, Shared};
use cel::common::types::{CelBool, CelInt, CelString};
use cel::common::value::CowVal;
use cel::context::VariableResolver;
use decision::account::{AttributeKind, AttributeValue, Snapshot};
use decision::debt::Invoice;
use decision::policy::AttributeRule;

/// The variables of an account, beside its attributes.
const ACCOUNT: &[&str] = &[
    "account.payment_mode",
    "account.currency",
    "account.language",
    "account.time_zone",
    "account.credit_limit_minor",
    "account.closed",
];

/// The variables of an invoice.
const INVOICE: &[&str] = &[
    "invoice.id",
    "invoice.kind",
    "invoice.service",
    "invoice.provider",
    "invoice.amount_minor",
    "invoice.issued",
    "invoice.due",
];

/// What attributes' variables begin with.
const ATTRIBUTES: &str = "account.attributes.";

/// All variables that a condition may name.
pub(super) fn names(over: Over, shared: &Shared) -> Vec<String> {
    let attributes = shared.attributes.iter().map(|rule| format!("{ATTRIBUTES}{}", rule.name));
    let invoice = if over == Over::AccountAndInvoice { INVOICE } else { &[] };
    ACCOUNT.iter().chain(invoice).map(|name| (*name).to_owned()).chain(attributes).collect()
}

/// Whether it is a variable of an invoice.
pub(super) fn is_of_invoice(name: &str) -> bool {
    INVOICE.contains(&name)
}

/// The values of all variables for one account and invoice.
pub(super) struct Facts<'a> {
    account: &'a Snapshot,
    invoice: Option<&'a Invoice>,
    shared: &'a Shared,
}

impl<'a> Facts<'a> {
    pub(super) fn new(account: &'a Snapshot, invoice: Option<&'a Invoice>, shared: &'a Shared) -> Self {
        Self { account, invoice, shared }
    }

    fn of_account(&self, field: &str) -> Option<CowVal<'_, '_>> {
        let (account, defaults) = (self.account, &self.shared.defaults);
        Some(match field {
            "payment_mode" => text(account.payment_mode.as_str()),
            "currency" => text(account.currency.as_ref().unwrap_or(&defaults.currency).code()),
            "language" => text(account.language.as_ref().unwrap_or(&defaults.language).as_str()),
            "time_zone" => text(account.time_zone.as_ref().unwrap_or(&defaults.zone).name()),
            "credit_limit_minor" => number(account.credit_limit.unwrap_or_default().0),
            "closed" => CowVal::owned(CelBool::from(account.closed)),
            _ => return None,
        })
    }

    fn attribute(&self, name: &str) -> Option<CowVal<'_, '_>> {
        let rule = self.shared.attributes.iter().find(|rule| rule.name == name)?;
        let value = self.account.attributes.get(name).or(rule.default.as_ref());
        Some(match value {
            Some(AttributeValue::String(value)) => text(value),
            Some(AttributeValue::Long(value)) => number(*value),
            Some(AttributeValue::Boolean(value)) => CowVal::owned(CelBool::from(*value)),
            Some(AttributeValue::Date(value)) => CowVal::owned(CelString::from(value.to_string())),
            None => empty(rule),
        })
    }
}

fn of_invoice<'b>(invoice: &'b Invoice, field: &str) -> Option<CowVal<'b, 'b>> {
    Some(match field {
        "id" => text(invoice.id.as_str()),
        "kind" => text(invoice.kind.as_deref().unwrap_or_default()),
        "service" => text(invoice.service.as_ref().map_or("", |service| service.as_str())),
        "provider" => text(invoice.provider.as_ref().map_or("", |provider| provider.as_str())),
        "amount_minor" => number(invoice.amount.0),
        "issued" => CowVal::owned(CelString::from(invoice.issued.to_string())),
        "due" => CowVal::owned(CelString::from(invoice.due.to_string())),
        _ => return None,
    })
}

fn text<'b>(value: &'b str) -> CowVal<'b, 'b> {
    CowVal::owned(CelString::from(value))
}

fn number<'b>(value: i64) -> CowVal<'b, 'b> {
    CowVal::owned(CelInt::from(value))
}

fn empty<'b>(rule: &AttributeRule) -> CowVal<'b, 'b> {
    match rule.kind {
        AttributeKind::String | AttributeKind::Date => text(""),
        AttributeKind::Int => number(0),
        AttributeKind::Bool => CowVal::owned(CelBool::from(false)),
    }
}

impl VariableResolver for Facts<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        if let Some(name) = variable.strip_prefix(ATTRIBUTES) {
            return self.attribute(name);
        }
        if let Some(field) = variable.strip_prefix("account.") {
            return self.of_account(field);
        }
        of_invoice(self.invoice?, variable.strip_prefix("invoice.")?)
    }
}
