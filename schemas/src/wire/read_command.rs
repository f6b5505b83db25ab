//! The way back from a command's record to the core's type: for the oracle, the tests and tools.
//!
//! Nothing on the hot path reads commands.

use super::commands::{Asked, FeeWire, HandoverWire, MessageWire, OriginFields, ProvisioningWire, TaskWire};
use super::{amount, currency, name, optional_name, word};
use crate::error::{Fault, WireError};
use crate::value::{Number, Text};
use decision::command::{Action, Cancelled, Command, Message, Origin, Provision};
use decision::debtor::Managers;
use decision::money::Money;
use decision::policy::PolicyIdentity;

/// The command of a record.
macro_rules! command_of {
    ($wire:expr, $action:expr) => {{
        let action = $action;
        let wire = $wire;
        let policy = PolicyIdentity {
            name: wire.policy_name.as_str().into(),
            version: wire.policy_version.as_str().into(),
            hash: wire.policy_hash.as_str().into(),
        };
        let origin = OriginFields {
            rule: wire.rule,
            debt_class: wire.debt_class,
            plan: wire.plan,
            cycle: wire.cycle,
            stage: wire.stage,
            invoice: wire.invoice,
        };
        Ok(Command {
            id: wire.command_id,
            account_id: name("account_id", &wire.account_id)?,
            debtor_id: name("debtor_id", &wire.debtor_id)?,
            at: wire.requested_at,
            policy,
            first_id: wire.first_command_id,
            origin: origin_of(&origin)?,
            action,
            window: None,
        })
    }};
}

type Read = Result<Command, WireError>;

fn origin_of(fields: &OriginFields<'_>) -> Result<Origin, WireError> {
    if let Some(rule) = &fields.rule {
        return Ok(Origin::Threshold { rule: name("rule", rule)? });
    }
    let Some(plan) = &fields.plan else { return Ok(Origin::ByHand) };
    let plan = name("plan", plan)?;
    let debt_class = given("debt_class", fields.debt_class.as_ref())?.as_str().to_owned();
    if let Some(invoice) = &fields.invoice {
        return Ok(Origin::BeforeDue { debt_class, plan, invoice: name("invoice", invoice)? });
    }
    Ok(Origin::Cycle {
        debt_class,
        plan,
        cycle: *given("cycle", fields.cycle.as_ref())?,
        stage: optional_name("stage", fields.stage.as_ref())?,
    })
}

fn given<'t, T>(field: &'static str, value: Option<&'t T>) -> Result<&'t T, WireError> {
    value.ok_or_else(|| Fault::Missing { order: "request" }.of(field, "null"))
}

fn money(field: &'static str, minor_units: i64, code: &Text<'_>) -> Result<Money, WireError> {
    Ok(Money {
        minor_units: amount(field, &Number::Whole(minor_units))?,
        currency: currency("currency", code)?,
    })
}

impl MessageWire<'_> {
    pub(crate) fn command(self) -> Read {
        let action = match word("action", self.action.clone())? {
            Asked::Cancel => Action::Cancel {
                cancelled: *given("cancels", self.cancels.as_ref())?,
                what: Cancelled::Message(name("template", &self.template)?),
            },
            Asked::Request => Action::Message(Message {
                template: name("template", &self.template)?,
                channel: name("channel", given("channel", self.channel.as_ref())?)?,
                class: word("class", given("class", self.class.as_ref())?.clone())?,
                language: name("language", given("language", self.language.as_ref())?)?,
                address: self.address.clone().map(Text::into_owned),
                text: given("text", self.text.as_ref())?.as_str().to_owned(),
                lines: self.lines.to_vec(),
                lines_crossed: self.lines_crossed,
                sms_parts: self.sms_parts,
            }),
        };
        command_of!(self, action)
    }
}

impl ProvisioningWire<'_> {
    pub(crate) fn command(self) -> Read {
        let action = Action::Provision(Provision {
            operation: name("operation", &self.operation)?,
            is_undo: self.is_undo,
            cuts_off: self.cuts_off,
            services: self.services.to_vec(),
        });
        command_of!(self, action)
    }
}

impl TaskWire<'_> {
    pub(crate) fn command(self) -> Read {
        let queue = name("queue", &self.queue)?;
        let action = match word("action", self.action.clone())? {
            Asked::Cancel => Action::Cancel {
                cancelled: *given("cancels", self.cancels.as_ref())?,
                what: Cancelled::Task(queue),
            },
            Asked::Request => {
                let managers = self.managers.as_ref().map(|group| {
                    let manager = optional_name("manager", self.manager.as_ref())?;
                    Ok(Managers { group: name("managers", group)?, manager })
                });
                Action::Task { queue, due: self.due, managers: managers.transpose()? }
            }
        };
        command_of!(self, action)
    }
}

impl FeeWire<'_> {
    pub(crate) fn command(self) -> Read {
        let action = Action::Fee {
            code: self.code.as_str().to_owned(),
            amount: money("amount", self.amount, &self.currency)?,
        };
        command_of!(self, action)
    }
}

impl HandoverWire<'_> {
    pub(crate) fn command(self) -> Read {
        let action = Action::Handover {
            to: self.to.as_str().to_owned(),
            debt: money("debt", self.debt, &self.currency)?,
        };
        command_of!(self, action)
    }
}
