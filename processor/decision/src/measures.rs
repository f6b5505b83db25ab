//! Measures on their way out: from what the policy says to a command (domain.md, section 6).
//!
//! Whether and when a measure is taken is the caller's business; what is in force afterwards too.

use crate::account::Snapshot;
use crate::command::{Action, Message, Origin, Provision};
use crate::ids::{AccountId, Channel, CommandId, ServiceId};
use crate::money::{MinorUnits, Money};
use crate::policy::{
    BalanceValues, DebtValues, Measure, MessageClass, MessageMeasure, ProvisionMeasure, TextValues,
};
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;

/// One measure to be taken, and for whom.
pub(crate) struct Request<'a> {
    /// The account it concerns.
    pub(crate) account_id: &'a AccountId,
    /// The account's snapshot.
    pub(crate) snapshot: &'a Snapshot,
    /// What makes it.
    pub(crate) origin: Origin,
    /// What tells its command id from others of the account, beside the numbers.
    pub(crate) id_parts: &'a [&'a str],
    /// Its place among the measures taken together.
    pub(crate) index: usize,
    /// The how-many-eth time this measure is taken.
    pub(crate) occurrence: i64,
    /// Decide and record, send nothing.
    pub(crate) observe: bool,
    /// The debt, where the measure is about one.
    pub(crate) debt: Option<DebtOf>,
    /// The balance, where the measure is about one.
    pub(crate) balance: Option<BalanceValues>,
    /// How many lines were crossed, where the measure is an alert.
    pub(crate) lines_crossed: u32,
}

/// A debt that a measure is about.
#[derive(Clone)]
pub(crate) struct DebtOf {
    /// How templates speak of it.
    pub(crate) values: DebtValues,
    /// The real debt.
    pub(crate) real: MinorUnits,
    /// What a provisioning order reaches.
    pub(crate) reach: Reach,
}

/// What a provisioning order reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// These services, newly held; empty where the account lists none: the profile as a whole.
    Newly(Vec<ServiceId>),
    /// Only what is held already: it holds that too, and no command goes out.
    HeldAlready,
    /// Nothing: all is always on.
    Nothing,
}

/// What became of a requested measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Requested {
    /// A command went out, or would have, were the measure not observed only.
    Command(CommandId, Option<Channel>),
    /// An order that is in force already, and is held now under this id as well.
    HeldAlready(CommandId),
    /// Nothing was to be sent; the reason is recorded.
    Nothing,
}

impl Requested {
    /// The id that it goes by, where it is in force.
    pub(crate) fn id(&self) -> Option<CommandId> {
        match self {
            Self::Command(id, _) | Self::HeldAlready(id) => Some(*id),
            Self::Nothing => None,
        }
    }
}

/// Takes a measure: one command, or a record of why there is none.
pub(crate) fn request(measure: &Measure, request: &Request<'_>, scribe: &mut Scribe<'_>) -> Requested {
    let action = match measure {
        Measure::Message(message) => match message_action(message, request, scribe) {
            Some(action) => action,
            None => return Requested::Nothing,
        },
        Measure::Provision(order) => match provision_action(order, request, scribe) {
            Ok(action) => action,
            Err(why_not) => return why_not,
        },
        Measure::Task { queue, within } => {
            let due = within.map(|within| scribe.zone.after(scribe.now(), within));
            Action::Task { queue: queue.clone(), due }
        }
        Measure::Fee { code, amount } => {
            let currency = currency_of(request.snapshot, scribe);
            let minor_units = amount.cut_to(currency.exponent());
            Action::Fee { code: code.clone(), amount: Money { minor_units, currency } }
        }
        Measure::Handover { to } => {
            let currency = currency_of(request.snapshot, scribe);
            let minor_units = request.debt.as_ref().map_or(MinorUnits::ZERO, |debt| debt.real);
            Action::Handover { to: to.clone(), debt: Money { minor_units, currency } }
        }
    };
    let channel = match &action {
        Action::Message(message) => Some(message.channel.clone()),
        Action::Provision(_)
        | Action::Task { .. }
        | Action::Fee { .. }
        | Action::Handover { .. }
        | Action::Cancel { .. } => None,
    };
    let id = id_of(request);
    let mut figures = figures_of(&action);
    figures.push(Figure::new("command_id", id));
    if request.observe {
        scribe.record(request.account_id, RecordKind::MeasureObserved, "observe", figures);
        return Requested::Command(id, channel);
    }
    scribe.record(request.account_id, RecordKind::MeasureRequested, origin_word(&request.origin), figures);
    scribe.command(id, request.account_id, request.origin.clone(), action);
    Requested::Command(id, channel)
}

fn id_of(request: &Request<'_>) -> CommandId {
    let mut parts = vec![request.account_id.as_str()];
    parts.extend_from_slice(request.id_parts);
    let index = u64::try_from(request.index).unwrap_or(u64::MAX);
    let occurrence = u64::try_from(request.occurrence).unwrap_or(0);
    CommandId::of(&parts, &[index, occurrence])
}

fn message_action(
    message: &MessageMeasure,
    request: &Request<'_>,
    scribe: &mut Scribe<'_>,
) -> Option<Action> {
    let template = Figure::new("template", &message.template);
    let Some(channel) = channel_of(message, request.snapshot) else {
        let figures = vec![template, Figure::new("channel", &message.channel)];
        scribe.record(request.account_id, RecordKind::MeasureDropped, "opted out of every channel", figures);
        return None;
    };
    let policy = scribe.policy;
    let language = request.snapshot.language.as_ref().unwrap_or(&policy.defaults.language);
    let currency = currency_of(request.snapshot, scribe);
    let values = TextValues {
        account_id: request.account_id.as_str(),
        currency: currency.code(),
        debt: request.debt.as_ref().map(|debt| debt.values.clone()),
        balance: request.balance.clone(),
    };
    match policy.texts.render(&message.template, language, &values) {
        Ok(text) => Some(Action::Message(Message {
            template: message.template.clone(),
            channel: channel.clone(),
            class: message.class,
            language: text.language,
            address: request.snapshot.contacts.get(channel).cloned(),
            text: text.body,
            lines: request.balance.as_ref().map(|balance| balance.lines.clone()).unwrap_or_default(),
            lines_crossed: request.lines_crossed,
        })),
        Err(fault) => {
            let figures = vec![template, Figure::new("fault", fault)];
            scribe.record(
                request.account_id,
                RecordKind::MeasureDropped,
                "the template cannot be rendered",
                figures,
            );
            None
        }
    }
}

/// The first channel that the customer did not opt out of. With none left a reminder has none;
/// what the law or the service asks for goes by its first all the same.
fn channel_of<'a>(message: &'a MessageMeasure, snapshot: &Snapshot) -> Option<&'a Channel> {
    let wanted = |channel: &&Channel| !snapshot.opt_outs.contains(channel);
    let first_wanted = std::iter::once(&message.channel).chain(&message.fallback).find(wanted);
    first_wanted.or(match message.class {
        MessageClass::Service | MessageClass::Statutory => Some(&message.channel),
        MessageClass::Reminder => None,
    })
}

fn provision_action(
    order: &ProvisionMeasure,
    request: &Request<'_>,
    scribe: &mut Scribe<'_>,
) -> Result<Action, Requested> {
    let reach = request.debt.as_ref().map_or_else(|| all_to_cut(request.snapshot), |debt| debt.reach.clone());
    let figures = vec![Figure::new("operation", &order.operation)];
    let (reason, requested) = match reach {
        Reach::Newly(services) => {
            return Ok(Action::Provision(Provision {
                operation: order.operation.clone(),
                is_undo: false,
                cuts_off: order.cuts_off,
                services,
            }));
        }
        Reach::HeldAlready => ("it is in force already", Requested::HeldAlready(id_of(request))),
        Reach::Nothing => ("every service is always on", Requested::Nothing),
    };
    scribe.record(request.account_id, RecordKind::MeasureDropped, reason, figures);
    Err(requested)
}

/// All of an account's services that may be cut off.
fn all_to_cut(snapshot: &Snapshot) -> Reach {
    let may_be_cut = snapshot.services.iter().filter(|service| !service.always_on);
    let services: Vec<ServiceId> = may_be_cut.map(|service| service.id.clone()).collect();
    if services.is_empty() && !snapshot.services.is_empty() { Reach::Nothing } else { Reach::Newly(services) }
}

fn currency_of(snapshot: &Snapshot, scribe: &Scribe<'_>) -> crate::money::Currency {
    snapshot.currency.unwrap_or(scribe.policy.defaults.currency)
}

fn origin_word(origin: &Origin) -> &'static str {
    match origin {
        Origin::Threshold { .. } => "threshold",
        Origin::Cycle { stage: Some(_), .. } => "stage",
        Origin::Cycle { stage: None, .. } => "cycle",
        Origin::BeforeDue { .. } => "before_due",
        Origin::ByHand => "by_hand",
    }
}

/// The figures of an action that a person wants to see in the history.
pub(crate) fn figures_of(action: &Action) -> Vec<Figure> {
    match action {
        Action::Message(message) => vec![
            Figure::new("template", &message.template),
            Figure::new("channel", &message.channel),
            Figure::new("class", message.class.as_str()),
        ],
        Action::Provision(order) => {
            let services: Vec<&str> = order.services.iter().map(ServiceId::as_str).collect();
            vec![Figure::new("operation", &order.operation), Figure::new("services", services.join(", "))]
        }
        Action::Task { queue, due } => {
            let mut figures = vec![Figure::new("queue", queue)];
            figures.extend(due.map(|due| Figure::new("due", due)));
            figures
        }
        Action::Fee { code, amount } => {
            vec![Figure::new("fee", code), Figure::new("amount", amount)]
        }
        Action::Handover { to, debt } => {
            vec![Figure::new("to", to), Figure::new("debt", debt)]
        }
        Action::Cancel { cancelled, .. } => vec![Figure::new("cancelled", cancelled)],
    }
}
