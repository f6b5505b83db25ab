//! The account record: a snapshot of everything that upstream knows of an account.
//!
//! Which attributes there must be is the policy's business, and checked by the core.

use super::{
    date, header, name, names, optional_amount, optional_currency, optional_name, optional_out, out,
    wire_event, word,
};
use crate::error::{Fault, WireError};
use crate::value::{Attribute, Number, Text, Word, words};
use decision::Event;
use decision::account::{AttributeValue, PaymentMode, Service, Snapshot};
use decision::event::Body;
use decision::ids::Channel;
use decision::time::Zone;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

words! { PaymentMode { Prepaid = "prepaid", Postpaid = "postpaid", Hybrid = "hybrid" } }

wire_event! {
    /// A full snapshot of an account.
    AccountWire<'a, A = Attribute<'a>> {
        payment_mode: Word<PaymentMode>,
        #[serde(borrow, default)]
        currency: Option<Text<'a>>,
        #[serde(borrow, default)]
        language: Option<Text<'a>>,
        #[serde(borrow, default)]
        time_zone: Option<Text<'a>>,
        #[serde(default)]
        credit_limit: Option<Number>,
        #[serde(borrow, default)]
        contacts: BTreeMap<Text<'a>, Text<'a>>,
        #[serde(borrow, default)]
        opt_outs: Vec<Text<'a>>,
        #[serde(borrow, default)]
        services: Vec<ServiceWire<'a>>,
        // Not by a path: serde then also asks for a default of `A`.
        #[serde(borrow, default = "no_attributes")]
        attributes: BTreeMap<Text<'a>, A>,
        #[serde(default)]
        closed: bool,
    }
}

/// A service of an account.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServiceWire<'a> {
    #[serde(borrow)]
    service_id: Text<'a>,
    #[serde(borrow, default)]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    provider: Option<Text<'a>>,
    #[serde(default)]
    always_on: bool,
}

impl<'a> ServiceWire<'a> {
    fn new(service: &'a Service) -> Self {
        Self {
            service_id: out(&service.id),
            kind: optional_out(service.kind.as_ref()),
            provider: optional_out(service.provider.as_ref()),
            always_on: service.always_on,
        }
    }

    fn check(self) -> Result<Service, WireError> {
        Ok(Service {
            id: name("services.service_id", &self.service_id)?,
            kind: self.kind.map(Text::into_owned),
            provider: optional_name("services.provider", self.provider.as_ref())?,
            always_on: self.always_on,
        })
    }
}

impl<'a> AccountWire<'a> {
    pub(crate) fn new(event: &'a Event, body: &'a Snapshot) -> Self {
        Self::under(
            event,
            Word::Known(body.payment_mode),
            body.currency.as_ref().map(|currency| currency.code().into()),
            optional_out(body.language.as_ref()),
            body.time_zone.as_ref().map(|zone| zone.name().into()),
            body.credit_limit.map(|limit| Number::Whole(limit.0)),
            body.contacts.iter().map(|(channel, address)| (out(channel), out(address))).collect(),
            body.opt_outs.iter().map(out).collect(),
            body.services.iter().map(ServiceWire::new).collect(),
            body.attributes.iter().map(|(name, value)| (out(name), attribute_out(value))).collect(),
            body.closed,
        )
    }
}

impl<'a, A: Into<Attribute<'a>>> AccountWire<'a, A> {
    pub(crate) fn check(self) -> Result<Event, WireError> {
        let body = Snapshot {
            payment_mode: word("payment_mode", self.payment_mode)?,
            currency: optional_currency("currency", self.currency.as_ref())?,
            language: optional_name("language", self.language.as_ref())?,
            time_zone: self.time_zone.as_ref().map(zone).transpose()?,
            credit_limit: optional_amount("credit_limit", self.credit_limit.as_ref())?,
            contacts: contacts(self.contacts)?,
            opt_outs: names("opt_outs", &self.opt_outs)?,
            services: self.services.into_iter().map(ServiceWire::check).collect::<Result<_, _>>()?,
            attributes: attributes(self.attributes)?,
            closed: self.closed,
        };
        header!(self).with(Body::Account(body))
    }
}

fn zone(name: &Text<'_>) -> Result<Zone, WireError> {
    Zone::find(name.as_str())
        .ok_or_else(|| Fault::UnknownTimeZone.of("time_zone", name.as_str().escape_default()))
}

fn contacts(contacts: BTreeMap<Text<'_>, Text<'_>>) -> Result<LiteMap<Channel, String>, WireError> {
    contacts
        .into_iter()
        .map(|(channel, address)| Ok((name("contacts", &channel)?, address.into_owned())))
        .collect()
}

fn no_attributes<'a, A>() -> BTreeMap<Text<'a>, A> {
    BTreeMap::new()
}

fn attributes<'a, A: Into<Attribute<'a>>>(
    attributes: BTreeMap<Text<'a>, A>,
) -> Result<LiteMap<String, AttributeValue>, WireError> {
    attributes.into_iter().map(|(name, value)| Ok((name.into_owned(), attribute(value.into())?))).collect()
}

fn attribute(value: Attribute<'_>) -> Result<AttributeValue, WireError> {
    Ok(match value {
        Attribute::String(text) => AttributeValue::String(text.into_owned()),
        Attribute::Long(number) => AttributeValue::Long(number),
        Attribute::Boolean(is) => AttributeValue::Boolean(is),
        Attribute::Date(days) => AttributeValue::Date(date("attributes", &Number::Whole(days.into()))?),
    })
}

fn attribute_out(value: &AttributeValue) -> Attribute<'_> {
    match value {
        AttributeValue::String(text) => Attribute::String(text.as_str().into()),
        AttributeValue::Long(number) => Attribute::Long(*number),
        AttributeValue::Boolean(is) => Attribute::Boolean(*is),
        AttributeValue::Date(date) => Attribute::Date(date.days()),
    }
}
