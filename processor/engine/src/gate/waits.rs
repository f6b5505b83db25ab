//! A command that waits, as far as the gate must know it.

use decision::command::{Action, Command, InWindow, Origin};
use decision::ids::{AccountId, CommandId, DebtorId, Operation, PolicyHash, ServiceId, WindowName};
use decision::time::{Timestamp, Zone};

/// A command that waits. Its record lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waits {
    pub(crate) command_id: CommandId,
    pub(crate) debtor_id: DebtorId,
    pub(crate) account_id: AccountId,
    /// The kind that its rate goes by.
    pub(crate) kind: String,
    /// Whether it takes something back, and goes before others of its kind.
    pub(crate) goes_first: bool,
    /// Whether the breaker held it.
    pub(crate) is_held: bool,
    /// What it does, where it is an order that can be taken back.
    pub(crate) order: Option<Order>,
    /// The hours in which it may leave, where it may not at all times.
    pub(crate) hours: Option<Hours>,
    /// Until when it waits for them, once its turn has come outside them.
    pub(super) shut_until: Option<Timestamp>,
}

/// The hours in which a command may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hours {
    /// The window.
    pub(crate) window: WindowName,
    /// The zone whose wall clock it goes by.
    pub(crate) zone: Zone,
    /// The hash of the policy version that knows it.
    pub(crate) policy_hash: PolicyHash,
}

/// An order that can be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// The operation that takes it back, where the policy says.
    undo: Option<Operation>,
    /// The services it is for; empty: the profile as a whole.
    pub(super) services: Vec<ServiceId>,
    /// The debt class of the profile.
    pub(super) profile: Option<String>,
}

impl Waits {
    pub(crate) fn of(command: &Command, is_held: bool, undo: Option<Operation>) -> Self {
        let order = match &command.action {
            Action::Provision(order) if !order.is_undo => Some(Order {
                undo,
                services: order.services.clone(),
                profile: profile_of(&command.origin).map(str::to_owned),
            }),
            Action::Provision(_)
            | Action::Message(_)
            | Action::Task { .. }
            | Action::Fee { .. }
            | Action::Handover { .. }
            | Action::Cancel { .. } => None,
        };
        Self {
            command_id: command.id,
            debtor_id: command.debtor_id.clone(),
            account_id: command.account_id.clone(),
            kind: command.action.rate_kind().unwrap_or_default().to_owned(),
            goes_first: goes_first(command),
            is_held,
            order,
            hours: command.window.as_deref().and_then(Hours::of),
            shut_until: None,
        }
    }
}

impl Hours {
    fn of(window: &InWindow) -> Option<Self> {
        let name = window.tried.what.window()?;
        let policy_hash = window.tried.policy_hash.clone();
        Some(Self { window: name.clone(), zone: window.zone.clone(), policy_hash })
    }
}

impl Order {
    /// Whether an operation takes it back. Where nobody says what does, any undo may be it: better
    /// that an order does not go out than that a customer is cut off after the cure.
    pub(super) fn is_undone_by(&self, operation: &Operation) -> bool {
        self.undo.as_ref().is_none_or(|undo| undo == operation)
    }
}

/// Whether a command takes something back.
pub(super) fn goes_first(command: &Command) -> bool {
    match &command.action {
        Action::Provision(order) => order.is_undo,
        Action::Cancel { .. } => true,
        Action::Message(_) | Action::Task { .. } | Action::Fee { .. } | Action::Handover { .. } => false,
    }
}

/// The debt class of the profile that a command is about.
pub(super) fn profile_of(origin: &Origin) -> Option<&str> {
    match origin {
        Origin::Cycle { debt_class, .. } | Origin::BeforeDue { debt_class, .. } => Some(debt_class),
        Origin::Threshold { .. } | Origin::ByHand => None,
    }
}
