//! The five command records, as they are written and read back.
//!
//! The way back to the core's type is [`super::read_command`]'s.

use super::{optional_out, out};
use crate::topic::OutputTopic;
use crate::value::{Text, Word, words};
use decision::command::{Action, Cancelled, Command, Message, Origin, Provision};
use decision::ids::{CommandId, ServiceId};
use decision::money::Money;
use decision::policy::MessageClass;
use decision::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

words! { MessageClass { Service = "service", Reminder = "reminder", Statutory = "statutory" } }

/// Whether a command asks for something or takes it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Request,
    Cancel,
}
words! { Asked { Request = "request", Cancel = "cancel" } }

/// Declares the wire type of a command: its head, its origin and its policy, then its own fields,
/// in the order of its `.avsc`. `asked` are the fields of a command that can be cancelled.
macro_rules! wire_command {
    ($(#[$doc:meta])* $name:ident<$life:lifetime> {
        asked { $($asked:ident: $asked_type:ty),* }
        $($(#[$attr:meta])* $field:ident: $type:ty),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        pub(crate) struct $name<$life> {
            pub(super) command_id: CommandId,
            #[serde(borrow)]
            pub(super) account_id: Text<$life>,
            #[serde(borrow)]
            pub(super) debtor_id: Text<$life>,
            pub(super) requested_at: Timestamp,
            #[serde(default)]
            pub(super) first_command_id: Option<CommandId>,
            $(pub(super) $asked: $asked_type,)*
            #[serde(borrow, default)]
            pub(super) rule: Option<Text<$life>>,
            #[serde(borrow, default)]
            pub(super) debt_class: Option<Text<$life>>,
            #[serde(borrow, default)]
            pub(super) plan: Option<Text<$life>>,
            #[serde(default)]
            pub(super) cycle: Option<u64>,
            #[serde(borrow, default)]
            pub(super) stage: Option<Text<$life>>,
            #[serde(borrow, default)]
            pub(super) invoice: Option<Text<$life>>,
            #[serde(borrow)]
            pub(super) policy_name: Text<$life>,
            #[serde(borrow)]
            pub(super) policy_version: Text<$life>,
            #[serde(borrow)]
            pub(super) policy_hash: Text<$life>,
            $($(#[$attr])* pub(super) $field: $type),+
        }

        impl<$life> $name<$life> {
            #[allow(clippy::too_many_arguments, reason = "one argument a field of the record")]
            fn under(
                command: &$life Command,
                $($asked: $asked_type,)*
                $($field: $type),+
            ) -> Self {
                let (origin, policy) = (OriginFields::new(&command.origin), &command.policy);
                Self {
                    command_id: command.id,
                    account_id: out(&command.account_id),
                    debtor_id: out(&command.debtor_id),
                    requested_at: command.at,
                    first_command_id: command.first_id,
                    $($asked,)*
                    rule: origin.rule,
                    debt_class: origin.debt_class,
                    plan: origin.plan,
                    cycle: origin.cycle,
                    stage: origin.stage,
                    invoice: origin.invoice,
                    policy_name: (&*policy.name).into(),
                    policy_version: (&*policy.version).into(),
                    policy_hash: policy.hash.as_str().into(),
                    $($field),+
                }
            }
        }
    };
}

/// What made a command, as fields of its record; none of them where a person did by hand.
#[derive(Default)]
pub(super) struct OriginFields<'a> {
    pub(super) rule: Option<Text<'a>>,
    pub(super) debt_class: Option<Text<'a>>,
    pub(super) plan: Option<Text<'a>>,
    pub(super) cycle: Option<u64>,
    pub(super) stage: Option<Text<'a>>,
    pub(super) invoice: Option<Text<'a>>,
}

impl<'a> OriginFields<'a> {
    fn new(origin: &'a Origin) -> Self {
        match origin {
            Origin::Threshold { rule } => Self { rule: Some(out(rule)), ..Self::default() },
            Origin::Cycle { debt_class, plan, cycle, stage } => Self {
                debt_class: Some(out(debt_class)),
                plan: Some(out(plan)),
                cycle: Some(*cycle),
                stage: optional_out(stage.as_ref()),
                ..Self::default()
            },
            Origin::BeforeDue { debt_class, plan, invoice } => Self {
                debt_class: Some(out(debt_class)),
                plan: Some(out(plan)),
                invoice: Some(out(invoice)),
                ..Self::default()
            },
            Origin::ByHand => Self::default(),
        }
    }
}

wire_command! {
    /// A message to a customer, or its cancellation.
    MessageWire<'a> {
        asked { action: Word<Asked>, cancels: Option<CommandId> }
        #[serde(borrow)]
        template: Text<'a>,
        #[serde(borrow, default)]
        channel: Option<Text<'a>>,
        #[serde(default)]
        class: Option<Word<MessageClass>>,
        #[serde(borrow, default)]
        language: Option<Text<'a>>,
        #[serde(borrow, default)]
        address: Option<Text<'a>>,
        #[serde(borrow, default)]
        text: Option<Text<'a>>,
        #[serde(default)]
        lines: Cow<'a, [String]>,
        #[serde(default)]
        lines_crossed: u32,
        #[serde(default)]
        sms_parts: u32,
    }
}

wire_command! {
    /// A provisioning order.
    ProvisioningWire<'a> {
        asked {}
        #[serde(borrow)]
        operation: Text<'a>,
        is_undo: bool,
        cuts_off: bool,
        #[serde(default)]
        services: Cow<'a, [ServiceId]>,
    }
}

wire_command! {
    /// A task for a person, or its cancellation.
    TaskWire<'a> {
        asked { action: Word<Asked>, cancels: Option<CommandId> }
        #[serde(borrow)]
        queue: Text<'a>,
        #[serde(default)]
        due: Option<Timestamp>,
        #[serde(borrow, default)]
        managers: Option<Text<'a>>,
        #[serde(borrow, default)]
        manager: Option<Text<'a>>,
    }
}

wire_command! {
    /// A fee to be charged.
    FeeWire<'a> {
        asked {}
        #[serde(borrow)]
        code: Text<'a>,
        amount: i64,
        #[serde(borrow)]
        currency: Text<'a>,
    }
}

wire_command! {
    /// A debt to be handed over.
    HandoverWire<'a> {
        asked {}
        #[serde(borrow)]
        to: Text<'a>,
        debt: i64,
        #[serde(borrow)]
        currency: Text<'a>,
    }
}

/// A command as the record that it becomes.
pub(crate) enum CommandWire<'a> {
    Message(MessageWire<'a>),
    Provisioning(ProvisioningWire<'a>),
    Task(TaskWire<'a>),
    Fee(FeeWire<'a>),
    Handover(HandoverWire<'a>),
}

impl<'a> CommandWire<'a> {
    pub(crate) fn new(command: &'a Command) -> Self {
        let request = || Word::Known(Asked::Request);
        let cancel = || Word::Known(Asked::Cancel);
        match &command.action {
            Action::Message(message) => Self::Message(message_wire(command, message)),
            Action::Provision(order) => Self::Provisioning(provision_wire(command, order)),
            Action::Task { queue, due, managers } => {
                let group = managers.as_ref().map(|managers| out(&managers.group));
                let manager = managers.as_ref().and_then(|managers| optional_out(managers.manager.as_ref()));
                let queue = out(queue);
                Self::Task(TaskWire::under(command, request(), None, queue, *due, group, manager))
            }
            Action::Fee { code, amount: Money { minor_units, currency } } => {
                let code_of = currency.code().into();
                Self::Fee(FeeWire::under(command, out(code), minor_units.0, code_of))
            }
            Action::Handover { to, debt: Money { minor_units, currency } } => {
                let code_of = currency.code().into();
                Self::Handover(HandoverWire::under(command, out(to), minor_units.0, code_of))
            }
            Action::Cancel { cancelled, what: Cancelled::Message(template) } => {
                let cancels = Some(*cancelled);
                Self::Message(MessageWire::under(
                    command,
                    cancel(),
                    cancels,
                    out(template),
                    None,
                    None,
                    None,
                    None,
                    None,
                    Cow::Borrowed(&[]),
                    0,
                    0,
                ))
            }
            Action::Cancel { cancelled, what: Cancelled::Task(queue) } => {
                let cancels = Some(*cancelled);
                Self::Task(TaskWire::under(command, cancel(), cancels, out(queue), None, None, None))
            }
        }
    }

    pub(crate) fn topic(&self) -> OutputTopic {
        match self {
            Self::Message(_) => OutputTopic::Messages,
            Self::Provisioning(_) => OutputTopic::Provisioning,
            Self::Task(_) => OutputTopic::Tasks,
            Self::Fee(_) => OutputTopic::Fees,
            Self::Handover(_) => OutputTopic::Handovers,
        }
    }
}

fn message_wire<'a>(command: &'a Command, message: &'a Message) -> MessageWire<'a> {
    MessageWire::under(
        command,
        Word::Known(Asked::Request),
        None,
        out(&message.template),
        Some(out(&message.channel)),
        Some(Word::Known(message.class)),
        Some(out(&message.language)),
        optional_out(message.address.as_ref()),
        Some(out(&message.text)),
        Cow::Borrowed(&message.lines),
        message.lines_crossed,
        message.sms_parts,
    )
}

fn provision_wire<'a>(command: &'a Command, order: &'a Provision) -> ProvisioningWire<'a> {
    let services = Cow::Borrowed(&*order.services);
    let operation = out(&order.operation);
    ProvisioningWire::under(command, operation, order.is_undo, order.cuts_off, services)
}
