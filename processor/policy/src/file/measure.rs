//! Measures, as the file writes them: what a stage, a threshold or a cure does to the customer.

use super::{Amount, Length};
use crate::report::Span;
use crate::yaml::Spanned;
use decision::policy::MessageClass;
use schemars::JsonSchema;
use serde::Deserialize;

/// One measure.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MeasureFile {
    /// A message to the customer.
    Message(MessageFile),
    /// A provisioning order, with its undo.
    Provision(ProvisionFile),
    /// A task for a person.
    Task(TaskFile),
    /// A fee.
    Fee(FeeFile),
    /// The debt goes to someone else.
    Handover(HandoverFile),
}

impl MeasureFile {
    /// The place of its first field.
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Message(message) => message.template.span,
            Self::Provision(order) => order.operation.span,
            Self::Task(task) => task.queue.span,
            Self::Fee(fee) => fee.code.span,
            Self::Handover(handover) => handover.to.span,
        }
    }

    /// Whether it cuts the customer off.
    pub(crate) fn cuts_off(&self) -> bool {
        match self {
            Self::Provision(order) => order.cuts_off,
            Self::Message(_) | Self::Task(_) | Self::Fee(_) | Self::Handover(_) => false,
        }
    }
}

/// A message to the customer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageFile {
    /// The template of its text.
    pub(crate) template: Spanned<String>,
    /// The channel it goes by.
    pub(crate) channel: Spanned<String>,
    /// What kind of message it is.
    pub(crate) class: ClassWord,
    /// The window that delays it.
    pub(crate) window: Option<Spanned<String>>,
    /// The channels to try instead, in order.
    #[serde(default)]
    pub(crate) fallback: Vec<Spanned<String>>,
}

/// What kind of message it is: decides what an opt-out and a cap do to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClassWord {
    /// Part of the service: an alert, a confirmation.
    Service,
    /// A reminder: dropped where the customer wants none.
    Reminder,
    /// Asked for by law: sent all the same.
    Statutory,
}

impl ClassWord {
    pub(crate) fn class(self) -> MessageClass {
        match self {
            Self::Service => MessageClass::Service,
            Self::Reminder => MessageClass::Reminder,
            Self::Statutory => MessageClass::Statutory,
        }
    }
}

/// A provisioning order, with its undo.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProvisionFile {
    /// What is done, in the operator's own word.
    pub(crate) operation: Spanned<String>,
    /// What takes it back.
    pub(crate) undo: Spanned<String>,
    /// Whether it cuts the customer off.
    #[serde(default)]
    pub(crate) cuts_off: bool,
}

/// A task for a person.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskFile {
    /// The queue it goes to.
    pub(crate) queue: Spanned<String>,
    /// How soon it is due.
    pub(crate) within: Option<Length>,
}

/// A fee.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeeFile {
    /// The operator's own code.
    pub(crate) code: Spanned<String>,
    /// How much, in major units of the account's currency.
    pub(crate) amount: Spanned<Amount>,
}

/// The debt goes to someone else.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandoverFile {
    /// To whom.
    pub(crate) to: Spanned<String>,
}
