//! Commands: measures on their way out.
//!
//! How a command is written for its topic is `schemas`' business.

use crate::debtor::Managers;
use crate::ids::{
    AccountId, Channel, CommandId, DebtorId, Language, Operation, Queue, ServiceId, TemplateName,
};
use crate::money::Money;
use crate::policy::{MessageClass, PolicyIdentity};
use crate::time::{Timestamp, Zone};
use crate::underway::CommandUnderWay;
use serde::{Deserialize, Serialize};

/// A command, with what it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its id, a hash of what made it.
    pub id: CommandId,
    /// The account it is about.
    pub account_id: AccountId,
    /// The debtor whose state made it.
    pub debtor_id: DebtorId,
    /// When it was decided.
    pub at: Timestamp,
    /// The policy it was decided under.
    pub policy: PolicyIdentity,
    /// Where it is a further try: the id of the first.
    pub first_id: Option<CommandId>,
    /// What made it.
    pub origin: Origin,
    /// What is to be done.
    pub action: Action,
    /// Where it has a window: what is asked again should it have to wait. Its receiver does not see it.
    pub window: Option<Box<InWindow>>,
}

/// A command that may leave in the hours of its window only, and all that is needed to send it later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InWindow {
    /// The zone whose wall clock the window goes by.
    pub zone: Zone,
    /// The try that it is, with the name of its window.
    pub tried: CommandUnderWay,
}

/// What made a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A threshold rule of a balance.
    Threshold {
        /// The rule.
        rule: crate::ids::RuleId,
    },
    /// A cycle of a plan.
    Cycle {
        /// The debt class of the profile: `all`, `provider:…`, `service:…`.
        debt_class: String,
        /// The plan.
        plan: crate::ids::PlanName,
        /// The cycle's number in its profile, from 1.
        cycle: u64,
        /// The stage; none for what the plan does on cure or at the end.
        stage: Option<crate::ids::StageName>,
    },
    /// An invoice that is soon due.
    BeforeDue {
        /// The debt class of its profile.
        debt_class: String,
        /// The plan.
        plan: crate::ids::PlanName,
        /// The invoice.
        invoice: crate::ids::InvoiceId,
    },
    /// A person, by hand.
    ByHand,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Address the customer.
    Message(Message),
    /// Change the services.
    Provision(Provision),
    /// Have a person do something.
    Task {
        /// The queue.
        queue: Queue,
        /// Until when.
        due: Option<Timestamp>,
        /// In whose care the debtor is.
        managers: Option<Managers>,
    },
    /// Charge a fee.
    Fee {
        /// The operator's own code.
        code: String,
        /// How much.
        amount: Money,
    },
    /// Hand the debt over.
    Handover {
        /// To whom.
        to: String,
        /// The real debt at this moment.
        debt: Money,
    },
    /// Do not do what an earlier command asked, if it is not done yet.
    Cancel {
        /// The earlier command.
        cancelled: CommandId,
        /// What it asked.
        what: Cancelled,
    },
}

impl Action {
    /// What its rate goes by ([`crate::policy::CommandRules::rates`]): the channel of a message, else what it
    /// is. None of a cancellation: it costs nobody anything, and is in time only at once.
    #[must_use]
    pub fn rate_kind(&self) -> Option<&str> {
        match self {
            Self::Message(message) => Some(message.channel.as_str()),
            Self::Provision(_) => Some("provision"),
            Self::Task { .. } => Some("task"),
            Self::Fee { .. } => Some("fee"),
            Self::Handover { .. } => Some("handover"),
            Self::Cancel { .. } => None,
        }
    }
}

/// What a cancelled command had asked: decides the topic of the cancellation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// A message by this template.
    Message(TemplateName),
    /// A task in this queue.
    Task(Queue),
}

/// A message to a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The template.
    pub template: TemplateName,
    /// The channel.
    pub channel: Channel,
    /// What kind of message it is.
    pub class: MessageClass,
    /// The language of the text.
    pub language: Language,
    /// The address on the channel, where the account has one.
    pub address: Option<String>,
    /// The text, rendered.
    pub text: String,
    /// The lines crossed, as the policy writes them; empty where it is no alert.
    pub lines: Vec<String>,
    /// How many lines were crossed, where more than are named.
    pub lines_crossed: u32,
    /// How many parts it makes as an SMS; 0 by any other channel.
    pub sms_parts: u32,
}

/// A provisioning order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provision {
    /// The operation, in the operator's own word.
    pub operation: Operation,
    /// Whether it takes an earlier operation back.
    pub is_undo: bool,
    /// Whether it cuts the customer off.
    pub cuts_off: bool,
    /// The services it newly holds or lets go; empty where the account lists none: the profile as a
    /// whole.
    pub services: Vec<ServiceId>,
}
