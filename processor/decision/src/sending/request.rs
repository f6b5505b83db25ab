//! From what the policy says to a command: whom a measure is for, and what became of it.
//!
//! Messages are [`super::message`]'s business, provisioning orders [`super::order`]'s.

use super::{following, message, order, tasks};
use crate::account::Snapshot;
use crate::calendar::Window;
use crate::command::{Action, Origin};
use crate::ids::{AccountId, Channel, CommandId, Queue, ServiceId};
use crate::money::{Currency, Decimal, MinorUnits, Money};
use crate::policy::{BalanceValues, DebtValues, Measure};
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::time::Period;
use crate::underway::{CommandUnderWay, StoredOrigin, UnderWay};

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
    /// The window of the stage that takes it: messages without one of their own, and orders, leave only in it.
    pub(crate) window: Option<&'a Window>,
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
    /// What goes out under this id once its window opens.
    Waits(CommandId, Option<Channel>),
    /// An order that is in force already, and is held now under this id as well.
    HeldAlready(CommandId),
    /// Nothing was to be sent; the reason is recorded.
    Nothing,
}

impl Requested {
    /// The id that it goes by, where it is in force.
    pub(crate) fn id(&self) -> Option<CommandId> {
        match self {
            Self::Command(id, _) | Self::Waits(id, _) | Self::HeldAlready(id) => Some(*id),
            Self::Nothing => None,
        }
    }
}

/// Takes a measure: one command, now or when its window opens, or a record of why there is none.
pub(crate) fn request(measure: &Measure, request: &Request<'_>, scribe: &mut Scribe<'_>) -> Requested {
    let real = request.debt.as_ref().map_or(MinorUnits::ZERO, |debt| debt.real);
    let action = match measure {
        Measure::Message(message) => return message::request(message, request, scribe),
        Measure::Provision(order) => return order::request(order, request, scribe),
        Measure::Task { queue, within } => task(queue, *within, scribe),
        Measure::Fee { code, amount } => fee(code, *amount, request.snapshot, scribe),
        Measure::Handover { to } => handover(to, real, request.snapshot, scribe),
    };
    let id = id_of(request);
    let mut figures = figures_of(&action);
    figures.push(Figure::new("command_id", id));
    if request.observe {
        scribe.record(request.account_id, RecordKind::MeasureObserved, "observe", figures);
        return Requested::Command(id, None);
    }
    scribe.record(request.account_id, RecordKind::MeasureRequested, origin_word(&request.origin), figures);
    tasks::went_out(id, &request.origin, &action, scribe);
    scribe.command(id, request.account_id, request.origin.clone(), action);
    Requested::Command(id, None)
}

/// A task for people.
pub(super) fn task(queue: &Queue, within: Option<Period>, scribe: &Scribe<'_>) -> Action {
    let due = within.map(|within| scribe.zone.after(scribe.now(), within));
    Action::Task { queue: queue.clone(), due, managers: scribe.managers.clone() }
}

/// A fee in the account's currency.
pub(super) fn fee(code: &str, amount: Decimal, snapshot: &Snapshot, scribe: &Scribe<'_>) -> Action {
    let currency = currency_of(snapshot, scribe);
    let minor_units = amount.cut_to(currency.exponent());
    Action::Fee { code: code.to_owned(), amount: Money { minor_units, currency } }
}

/// The handing over of a debt.
pub(super) fn handover(to: &str, real: MinorUnits, snapshot: &Snapshot, scribe: &Scribe<'_>) -> Action {
    let currency = currency_of(snapshot, scribe);
    Action::Handover { to: to.to_owned(), debt: Money { minor_units: real, currency } }
}

/// The id of a measure's first command.
pub(super) fn id_of(request: &Request<'_>) -> CommandId {
    let mut parts = vec![request.account_id.as_str()];
    parts.extend_from_slice(request.id_parts);
    let index = u64::try_from(request.index).unwrap_or(u64::MAX);
    let occurrence = u64::try_from(request.occurrence).unwrap_or(0);
    CommandId::of(&parts, &[index, occurrence])
}

/// The first try of a measure.
pub(super) fn first_try(request: &Request<'_>, what: UnderWay, scribe: &Scribe<'_>) -> CommandUnderWay {
    let origin = StoredOrigin::from(&request.origin);
    following::first_try(id_of(request), request.account_id, origin, what, scribe)
}

/// The currency of an account's money.
pub(super) fn currency_of(snapshot: &Snapshot, scribe: &Scribe<'_>) -> Currency {
    snapshot.currency.unwrap_or(scribe.policy.defaults.currency)
}

/// What made a measure, in a word.
pub(super) fn origin_word(origin: &Origin) -> &'static str {
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
        Action::Message(message) => {
            let mut figures = vec![
                Figure::new("template", &message.template),
                Figure::new("channel", &message.channel),
                Figure::new("class", message.class.as_str()),
            ];
            if message.sms_parts > 1 {
                figures.push(Figure::new("sms_parts", message.sms_parts));
            }
            figures
        }
        Action::Provision(order) => order::figures_of(&order.operation, &order.services),
        Action::Task { queue, due, managers } => {
            let mut figures = vec![Figure::new("queue", queue)];
            figures.extend(due.map(|due| Figure::new("due", due)));
            figures.extend(managers.iter().map(|managers| Figure::new("managers", &managers.group)));
            let manager = managers.iter().filter_map(|managers| managers.manager.as_ref());
            figures.extend(manager.map(|manager| Figure::new("manager", manager)));
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
