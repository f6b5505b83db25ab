//! From the events that people write to the core's: amounts into minor units, times into moments,
//! changes of an account into full snapshots.

use super::file::Happening;
use super::happenings::{
    AccountChange, AdjustmentEvent, BalanceEvent, ControlEvent, HoldEvent, InstalmentsEvent, InvoiceEvent,
    PaymentEvent, ReversalEvent,
};
use crate::file::{Amount, MeasureFile};
use decision::Policy;
use decision::account::{AttributeKind, AttributeValue, PaymentMode, Service, Snapshot};
use decision::event::{
    Adjustment, BalanceChange, BalanceReason, Body, ByHandMeasure, Control, HoldKind, HoldOrder, Instalment,
    InvoiceIssued, NamedTask, Order, Payment, PaymentStatus, Reversal,
};
use decision::ids::{
    Channel, InvoiceId, Language, ManagerName, Operation, PlanName, Provider, RuleId, ServiceId, StageName,
};
use decision::money::{Currency, MinorUnits};
use decision::policy::Unit;
use decision::time::{Date, Period, Timestamp, Zone};

/// What of a test decides how its texts are read.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    /// The policy that holds.
    pub(super) policy: &'a Policy,
    /// The account as it is now.
    pub(super) account: &'a AccountChange,
}

type Read<T> = Result<T, String>;

impl Reader<'_> {
    /// The account's zone.
    pub(super) fn zone(&self) -> Zone {
        self.account
            .time_zone
            .as_ref()
            .map_or_else(|| self.policy.defaults.zone.clone(), |zone| zone.0.clone())
    }

    /// The account's currency.
    pub(super) fn currency(&self) -> Currency {
        self.account.currency.as_ref().map_or(self.policy.defaults.currency, |currency| currency.0)
    }

    /// An amount of money in minor units.
    pub(super) fn money(&self, amount: &Amount) -> Read<MinorUnits> {
        let currency = self.currency();
        let units = amount.0.scaled_to(currency.exponent());
        units.ok_or_else(|| format!("{} is no amount of {currency}", amount.0))
    }

    /// An amount that must be there, unless what came before has said it; nothing then.
    fn money_unless(&self, said: bool, amount: Option<&Amount>, what: &str) -> Read<MinorUnits> {
        match amount {
            Some(amount) => self.money(amount),
            None if said => Ok(MinorUnits::ZERO),
            None => Err(format!("{what} says how much, as `amount: 10.00`")),
        }
    }

    /// An amount of money as a person reads it.
    pub(super) fn in_major(&self, units: MinorUnits) -> String {
        units.in_major(self.currency().exponent())
    }

    /// What an event does, where it is the core's to know; `None` of a report and a policy.
    pub(super) fn body(&self, happening: Happening<'_>, at: Timestamp, number: usize) -> Read<Option<Body>> {
        Ok(Some(match happening {
            Happening::Account(_) => Body::Account(self.snapshot()?),
            Happening::Balance(balance) => Body::Balance(self.balance(balance)?),
            Happening::Invoice(invoice) => Body::Invoice(self.invoice(invoice, at)?),
            Happening::Adjustment(adjustment) => Body::Adjustment(self.adjustment(adjustment, number)?),
            Happening::Payment(payment) => Body::Payment(self.payment(payment)?),
            Happening::Reversal(reversal) => Body::Reversal(self.reversal(reversal)?),
            Happening::Dispute(hold) => self.hold(hold, HoldKind::Dispute)?,
            Happening::Promise(hold) => self.hold(hold, HoldKind::Promise)?,
            Happening::Deferral(hold) => self.hold(hold, HoldKind::Deferral)?,
            Happening::Instalments(hold) => self.instalments(hold)?,
            Happening::Control(control) => self.control(control)?,
            Happening::TaskResult(task) => {
                let (queue, result) = (task.queue.as_str(), task.result.clone());
                ordered(
                    Order::TaskResult { task: NamedTask::newest(queue), result },
                    &task.by,
                    &task.role,
                    &task.why,
                )
            }
            Happening::Report(_) | Happening::Policy(_) => return Ok(None),
        }))
    }

    /// The account as it is now, whole.
    pub(super) fn snapshot(&self) -> Read<Snapshot> {
        let account = self.account;
        let services = account.services.iter().flatten().map(|service| Service {
            id: ServiceId::from(service.id.as_str()),
            kind: service.kind.clone(),
            provider: service.provider.as_deref().map(Provider::from),
            always_on: service.always_on,
        });
        let contacts = account.contacts.iter().flat_map(|contacts| contacts.iter());
        let attributes = account
            .attributes
            .iter()
            .map(|(name, text)| self.attribute(name, &text.0).map(|value| (name.value.clone(), value)));
        Ok(Snapshot {
            payment_mode: account.payment_mode.map_or(PaymentMode::Postpaid, |mode| mode.0),
            currency: account.currency.as_ref().map(|currency| currency.0),
            language: account.language.as_deref().map(Language::from),
            time_zone: account.time_zone.as_ref().map(|zone| zone.0.clone()),
            credit_limit: account.credit_limit.as_ref().map(|limit| self.money(limit)).transpose()?,
            contacts: contacts.map(|(channel, to)| (Channel::from(channel.as_str()), to.clone())).collect(),
            opt_outs: account
                .opt_outs
                .iter()
                .flatten()
                .map(|channel| Channel::from(channel.as_str()))
                .collect(),
            services: services.collect(),
            attributes: attributes.collect::<Read<_>>()?,
            closed: account.closed.unwrap_or(false),
        })
    }

    /// An attribute of its declared type; of an undeclared one, or a text of another type, what the
    /// text looks like, so that the core says what is wrong with it.
    fn attribute(&self, name: &str, text: &str) -> Read<AttributeValue> {
        let declared = self.policy.attributes.iter().find(|rule| rule.name == name).map(|rule| rule.kind);
        let typed = match declared {
            Some(AttributeKind::String) => Some(AttributeValue::String(text.to_owned())),
            Some(AttributeKind::Date) => Date::parse(text).map(AttributeValue::Date),
            Some(AttributeKind::Int | AttributeKind::Bool) | None => None,
        };
        let guessed = || match (text.parse(), text.parse()) {
            (Ok(number), _) => AttributeValue::Long(number),
            (_, Ok(truth)) => AttributeValue::Boolean(truth),
            _ => AttributeValue::String(text.to_owned()),
        };
        Ok(typed.unwrap_or_else(guessed))
    }

    fn balance(&self, balance: &BalanceEvent) -> Read<BalanceChange> {
        let name = balance.name.as_str().into();
        let unit = self.policy.balances.get(&name).copied();
        let is_money = unit.is_none_or(|unit| unit == Unit::Money);
        let units = |amount: &Amount| match unit {
            Some(Unit::Bytes | Unit::Seconds | Unit::Pieces) => {
                amount.0.scaled_to(0).ok_or_else(|| format!("{} is no whole number", amount.0))
            }
            Some(Unit::Money) | None => self.money(amount),
        };
        Ok(BalanceChange {
            value: units(&balance.value)?,
            limit: balance.limit.as_ref().map(units).transpose()?,
            currency: is_money.then(|| self.currency()),
            valid_until: balance.valid_until.as_ref().map(|until| until.0.in_zone(&self.zone())),
            version: balance.version,
            reason: balance.reason.map_or(BalanceReason::Usage, |reason| reason.0),
            name,
        })
    }

    fn invoice(&self, invoice: &InvoiceEvent, at: Timestamp) -> Read<InvoiceIssued> {
        Ok(InvoiceIssued {
            id: invoice.id.as_str().into(),
            amount: self.money(&invoice.amount)?,
            currency: self.currency(),
            issued: invoice.issued.as_ref().map_or_else(|| self.zone().date_of(at), |day| day.0),
            due: invoice.due.0,
            service: invoice.service.as_deref().map(ServiceId::from),
            provider: invoice.provider.as_deref().map(Provider::from),
            kind: invoice.kind.clone(),
            draft: invoice.draft,
        })
    }

    fn adjustment(&self, adjustment: &AdjustmentEvent, number: usize) -> Read<Adjustment> {
        if adjustment.undo && adjustment.id.is_none() {
            return Err("an undo names the `id` of the adjustment that it takes back".to_owned());
        }
        if !adjustment.undo && adjustment.invoice.is_none() {
            return Err("an adjustment names the `invoice` that it changes".to_owned());
        }
        Ok(Adjustment {
            id: adjustment.id.clone().unwrap_or_else(|| format!("adjustment-{number}")).into(),
            invoice: adjustment.invoice.as_deref().unwrap_or_default().into(),
            amount: self.money_unless(adjustment.undo, adjustment.amount.as_ref(), "an adjustment")?,
            currency: self.currency(),
            reason: adjustment.reason.clone(),
            undo: adjustment.undo,
        })
    }

    fn payment(&self, payment: &PaymentEvent) -> Read<Payment> {
        let status = match (payment.unconfirmed, payment.refused) {
            (false, false) => PaymentStatus::Confirmed,
            (true, false) => PaymentStatus::Unconfirmed,
            (false, true) => PaymentStatus::Refused,
            (true, true) => return Err("a payment is either unconfirmed or refused".to_owned()),
        };
        Ok(Payment {
            id: payment.id.as_str().into(),
            amount: self.money_unless(payment.refused, payment.amount.as_ref(), "a payment")?,
            currency: self.currency(),
            invoices: invoices(&payment.invoices),
            receipt: payment.receipt.as_deref().map(Into::into),
            channel: payment.channel.clone(),
            status,
        })
    }

    fn reversal(&self, reversal: &ReversalEvent) -> Read<Reversal> {
        Ok(Reversal {
            payment: reversal.payment.as_str().into(),
            amount: reversal.amount.as_ref().map(|amount| self.money(amount)).transpose()?,
            reason: reversal.reason.clone(),
            undo: reversal.undo,
        })
    }

    fn hold(&self, hold: &HoldEvent, kind: HoldKind) -> Read<Body> {
        let id = hold.id.as_str().into();
        let order = match hold.outcome {
            Some(outcome) if kind == HoldKind::Dispute => Order::DisputeEnded { id, outcome: outcome.0 },
            Some(_) => return Err("only a dispute has an outcome".to_owned()),
            None => Order::Hold(HoldOrder {
                id,
                kind,
                amount: hold.amount.as_ref().map(|amount| self.money(amount)).transpose()?,
                invoices: invoices(&hold.invoices),
                until: hold.until.as_ref().map(|day| day.0),
            }),
        };
        Ok(ordered(order, &hold.by, &hold.role, &hold.why))
    }

    fn instalments(&self, hold: &InstalmentsEvent) -> Read<Body> {
        let grace_days = match hold.grace.as_ref().map(|grace| grace.0) {
            None => 0,
            Some(Period::Days(days)) => days,
            Some(Period::Exact(_)) => return Err("the grace is counted in days, as 2d".to_owned()),
        };
        let parts = hold
            .parts
            .iter()
            .map(|part| self.money(&part.amount).map(|amount| Instalment { due: part.due.0, amount }));
        let order = Order::Hold(HoldOrder {
            id: hold.id.as_str().into(),
            kind: HoldKind::Instalments { parts: parts.collect::<Read<_>>()?, grace_days },
            amount: None,
            invoices: invoices(&hold.invoices),
            until: None,
        });
        Ok(ordered(order, &hold.by, &hold.role, &hold.why))
    }

    fn control(&self, control: &ControlEvent) -> Read<Body> {
        let pause = control.pause.as_ref().map(|pause| Order::Pause {
            until: pause.until.as_ref().map(|until| until.0.end_in_zone(&self.zone())),
        });
        let given = [
            control.exempt.map(Order::Exempt),
            control.assign_plan.as_deref().map(PlanName::from).map(Order::AssignPlan),
            control.assign_manager.as_deref().map(ManagerName::from).map(Order::AssignManager),
            pause,
            control.resume.filter(|resume| *resume).map(|_| Order::Resume),
            control.jump.as_deref().map(StageName::from).map(Order::Jump),
            control.close.filter(|close| *close).map(|_| Order::Close),
            control.rearm.as_deref().map(RuleId::from).map(Order::Rearm),
            control.measure.as_ref().map(by_hand).transpose()?.map(Order::Do),
            control.undo.as_deref().map(Operation::from).map(Order::Undo),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(order), None) => Ok(ordered(order, &control.by, &control.role, &control.why)),
            (None, _) => Err("the control orders nothing".to_owned()),
            (Some(_), Some(_)) => Err("the control orders several things: write a step for each".to_owned()),
        }
    }
}

/// A measure that a person takes by hand.
fn by_hand(measure: &MeasureFile) -> Read<ByHandMeasure> {
    match measure {
        MeasureFile::Provision(order) => Ok(ByHandMeasure::Provision {
            operation: order.operation.as_str().into(),
            undo: order.undo.as_str().into(),
            cuts_off: order.cuts_off,
        }),
        MeasureFile::Message(message) => Ok(ByHandMeasure::Message {
            template: message.template.as_str().into(),
            channel: message.channel.as_str().into(),
            class: message.class.class(),
        }),
        MeasureFile::Task(task) => Ok(ByHandMeasure::Task { queue: task.queue.as_str().into() }),
        MeasureFile::Fee(_) | MeasureFile::Handover(_) => {
            Err("by hand there is a message, a provisioning order or a task".to_owned())
        }
    }
}

fn ordered(order: Order, by: &Option<String>, role: &Option<String>, why: &Option<String>) -> Body {
    let or_test = |name: &Option<String>| name.clone().unwrap_or_else(|| "test".to_owned());
    Body::Control(Control { by: or_test(by), role: or_test(role), why: why.clone(), order })
}

fn invoices(ids: &[String]) -> Vec<InvoiceId> {
    ids.iter().map(|id| InvoiceId::from(id.as_str())).collect()
}

/// The account with what changes of it: attributes one by one, all else whole.
pub(super) fn merged(account: &AccountChange, change: &AccountChange) -> AccountChange {
    let (before, after) = (account.clone(), change.clone());
    let mut attributes = before.attributes;
    for (name, value) in after.attributes.0 {
        attributes.0.retain(|(known, _)| known.value != name.value);
        attributes.0.push((name, value));
    }
    AccountChange {
        payment_mode: after.payment_mode.or(before.payment_mode),
        currency: after.currency.or(before.currency),
        language: after.language.or(before.language),
        time_zone: after.time_zone.or(before.time_zone),
        credit_limit: after.credit_limit.or(before.credit_limit),
        contacts: after.contacts.or(before.contacts),
        opt_outs: after.opt_outs.or(before.opt_outs),
        services: after.services.or(before.services),
        attributes,
        closed: after.closed.or(before.closed),
    }
}
