//! Commands under way, as state: those that wait to be sent, and those whose end is still to be
//! reported (domain.md, section 6).
//!
//! What becomes of them is [`crate::sending`]'s business.

use crate::command::Origin;
use crate::ids::{
    AccountId, Channel, CommandId, InvoiceId, Operation, PlanName, PolicyHash, Queue, RuleId, ServiceId,
    StageName, TemplateName, WindowName,
};
use crate::policy::MessageClass;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A command on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandUnderWay {
    /// The id of the newest try: of the one sent last, or of the one that waits.
    pub command_id: CommandId,
    /// The id of the first try: the measure's own.
    pub first_id: CommandId,
    /// The account it concerns.
    pub account_id: AccountId,
    /// What made it.
    pub origin: StoredOrigin,
    /// The hash of the policy it was decided under.
    pub policy_hash: PolicyHash,
    /// The how-many-eth try it is, from 1.
    pub tries: i32,
    /// The how-many-eth try by this channel, or of this order, from 1.
    pub tries_here: i32,
    /// When it was sent; none while it waits for its window.
    pub sent_at: Option<Timestamp>,
    /// Until when it waits to be sent, or for the report of its end.
    pub wakes_at: Option<Timestamp>,
    /// Whether it was decided, but waits to leave: for its rate, or since the breaker holds it.
    #[serde(default)]
    pub is_kept_back: bool,
    /// Whether the end of a try was not reported in time: it may have been done.
    pub is_in_doubt: bool,
    /// Whether it is itself what is done in the end: nothing follows it.
    pub is_last_resort: bool,
    /// What it is.
    pub what: UnderWay,
}

/// What made a command, in the stored form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredOrigin {
    /// The threshold rule.
    pub rule: Option<RuleId>,
    /// The debt class of the profile.
    pub debt_class: Option<String>,
    /// The plan.
    pub plan: Option<PlanName>,
    /// The cycle's number in its profile.
    pub cycle: Option<i64>,
    /// The stage.
    pub stage: Option<StageName>,
    /// The invoice that is soon due.
    pub invoice: Option<InvoiceId>,
}

impl From<&Origin> for StoredOrigin {
    fn from(origin: &Origin) -> Self {
        match origin {
            Origin::Threshold { rule } => Self { rule: Some(rule.clone()), ..Self::default() },
            Origin::Cycle { debt_class, plan, cycle, stage } => Self {
                debt_class: Some(debt_class.clone()),
                plan: Some(plan.clone()),
                cycle: Some(i64::try_from(*cycle).unwrap_or(i64::MAX)),
                stage: stage.clone(),
                ..Self::default()
            },
            Origin::BeforeDue { debt_class, plan, invoice } => Self {
                debt_class: Some(debt_class.clone()),
                plan: Some(plan.clone()),
                invoice: Some(invoice.clone()),
                ..Self::default()
            },
            Origin::ByHand => Self::default(),
        }
    }
}

impl From<&StoredOrigin> for Origin {
    fn from(stored: &StoredOrigin) -> Self {
        if let Some(rule) = &stored.rule {
            return Self::Threshold { rule: rule.clone() };
        }
        let (Some(debt_class), Some(plan)) = (&stored.debt_class, &stored.plan) else { return Self::ByHand };
        let (debt_class, plan) = (debt_class.clone(), plan.clone());
        match (&stored.invoice, stored.cycle) {
            (Some(invoice), _) => Self::BeforeDue { debt_class, plan, invoice: invoice.clone() },
            (None, Some(cycle)) => {
                let cycle = u64::try_from(cycle).unwrap_or(0);
                Self::Cycle { debt_class, plan, cycle, stage: stored.stage.clone() }
            }
            (None, None) => Self::ByHand,
        }
    }
}

/// What is under way. In the stored form each goes by the full name of its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnderWay {
    /// A message.
    #[serde(rename = "weir.state.MessageUnderWay")]
    Message(MessageUnderWay),
    /// A provisioning order, or its undo.
    #[serde(rename = "weir.state.OrderUnderWay")]
    Order(OrderUnderWay),
}

impl UnderWay {
    /// The window that it waits for, where it has one.
    #[must_use]
    pub fn window(&self) -> Option<&WindowName> {
        match self {
            Self::Message(message) => message.window.as_ref(),
            Self::Order(order) => order.window.as_ref(),
        }
    }
}

/// A message that waits, or that may still fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageUnderWay {
    /// Its template.
    pub template: TemplateName,
    /// The channel it goes by.
    pub channel: Channel,
    /// The channels to try after it, in order.
    pub fallback: Vec<Channel>,
    /// What kind of message it is.
    pub class: MessageClass,
    /// The window it waits for: its own, else that of the stage that sends it.
    pub window: Option<WindowName>,
    /// What it says of a balance: as it was when the alert was decided.
    pub balance: Option<StoredBalanceValues>,
}

/// A balance, as an alert speaks of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredBalanceValues {
    /// Its name.
    pub name: String,
    /// Its value, written for a person.
    pub value: String,
    /// The lines crossed, as the policy writes them.
    pub lines: Vec<String>,
    /// How many lines were crossed.
    pub lines_crossed: i64,
    /// Until when it may be used: a local date and time.
    pub valid_until: String,
}

/// A provisioning order that may still fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderUnderWay {
    /// The operation.
    pub operation: Operation,
    /// Whether it takes an earlier operation back.
    pub is_undo: bool,
    /// Whether it cuts the customer off.
    pub cuts_off: bool,
    /// The services it is for; empty: the profile as a whole.
    pub services: Vec<ServiceId>,
    /// The window of the stage that asks for it: every try waits for it.
    #[serde(default)]
    pub window: Option<WindowName>,
}

/// A task of no open cycle that went out: its result is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskOut {
    /// The command that gave it.
    pub command_id: CommandId,
    /// Its queue.
    pub queue: Queue,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// When it is due.
    pub due: Option<Timestamp>,
    /// Who has it in hand.
    #[serde(default)]
    pub taken: Option<Taken>,
    /// When the cycle ended that had kept it.
    #[serde(default)]
    pub cycle_ended_at: Option<Timestamp>,
}

/// A task that a person has in hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Who took it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// How often an account was addressed by a channel, as far as caps ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressed {
    /// The account.
    pub account_id: AccountId,
    /// The channel.
    pub channel: Channel,
    /// When, oldest first: no more moments than the largest cap of the channel counts.
    pub at: Vec<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_reads_back_from_its_stored_form() {
        let cycle = |stage: Option<&str>| Origin::Cycle {
            debt_class: "provider:x".to_owned(),
            plan: "plan".into(),
            cycle: 3,
            stage: stage.map(Into::into),
        };
        let before_due =
            Origin::BeforeDue { debt_class: "all".to_owned(), plan: "plan".into(), invoice: "B1".into() };
        let threshold = Origin::Threshold { rule: "low".into() };
        for origin in [threshold, cycle(Some("bar")), cycle(None), before_due, Origin::ByHand] {
            assert_eq!(Origin::from(&StoredOrigin::from(&origin)), origin);
        }
    }
}
