//! A command, as far as it is compared, and what of it must always be so.

use decision::command::{Action, Command, Origin};
use std::borrow::Cow;

/// A command of an output topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told<'c> {
    /// Its id.
    pub id: u128,
    /// The account.
    pub account: Cow<'c, str>,
    /// The debtor.
    pub debtor: Cow<'c, str>,
    /// When the processor decided it, by its own clock, in microseconds.
    pub requested_at: i64,
    /// The policy's name.
    pub policy: Cow<'c, str>,
    /// What made it.
    pub made: Made<'c>,
    /// What is asked.
    pub asked: Asked<'c>,
}

/// What made a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made<'c> {
    /// A rule on a balance.
    Rule(Cow<'c, str>),
    /// A cycle of a plan.
    Plan {
        /// The debt class.
        class: Cow<'c, str>,
        /// The plan.
        plan: Cow<'c, str>,
        /// The cycle's number, from 1.
        cycle: u64,
        /// The stage; none of what is done at the cure.
        stage: Option<Cow<'c, str>>,
    },
    /// Something that is not part of the work.
    Other,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked<'c> {
    /// A message.
    Message {
        /// The template.
        template: Cow<'c, str>,
        /// The channel.
        channel: Cow<'c, str>,
        /// What kind it is.
        class: &'static str,
        /// The language.
        language: Cow<'c, str>,
        /// Where it goes.
        address: Option<Cow<'c, str>>,
        /// What it says.
        text: Cow<'c, str>,
        /// The lines it tells of.
        lines: Vec<Cow<'c, str>>,
    },
    /// A provisioning order.
    Order {
        /// The operation.
        operation: Cow<'c, str>,
        /// Whether it undoes another.
        is_undo: bool,
        /// For which services.
        services: Vec<Cow<'c, str>>,
    },
    /// Something that is not part of the work.
    Other,
}

/// A field that is not as it must be: its name, what it says, what it must say.
pub(super) type Odd = (&'static str, String, String);

impl<'c> From<&'c Command> for Told<'c> {
    fn from(command: &'c Command) -> Self {
        let made = match &command.origin {
            Origin::Threshold { rule } => Made::Rule(rule.as_str().into()),
            Origin::Cycle { debt_class, plan, cycle, stage } => Made::Plan {
                class: debt_class.into(),
                plan: plan.as_str().into(),
                cycle: *cycle,
                stage: stage.as_ref().map(|stage| stage.as_str().into()),
            },
            Origin::BeforeDue { .. } | Origin::ByHand => Made::Other,
        };
        let asked = match &command.action {
            Action::Message(message) => Asked::Message {
                template: message.template.as_str().into(),
                channel: message.channel.as_str().into(),
                class: message.class.as_str(),
                language: message.language.as_str().into(),
                address: message.address.as_deref().map(Cow::from),
                text: (&*message.text).into(),
                lines: message.lines.iter().map(|line| (&**line).into()).collect(),
            },
            Action::Provision(order) => Asked::Order {
                operation: order.operation.as_str().into(),
                is_undo: order.is_undo,
                services: order.services.iter().map(|service| service.as_str().into()).collect(),
            },
            Action::Task { .. } | Action::Fee { .. } | Action::Handover { .. } | Action::Cancel { .. } => {
                Asked::Other
            }
        };
        Self {
            // Its digits are its number: it has been read, so there are 32 of them.
            id: u128::from_str_radix(&command.id.to_string(), 16).unwrap_or_default(),
            account: command.account_id.as_str().into(),
            debtor: command.debtor_id.as_str().into(),
            requested_at: command.at.0,
            policy: (&*command.policy.name).into(),
            made,
            asked,
        }
    }
}

impl Told<'_> {
    /// Those of the fields that are the same in every command of its kind and are not as they must be.
    /// `key` is the record's.
    pub(super) fn odd_fields(&self, key: Option<&[u8]>) -> Vec<Odd> {
        let mut odd = Vec::new();
        let mut check = |name, found: &str, wanted: &str| {
            if found != wanted {
                odd.push((name, found.to_owned(), wanted.to_owned()));
            }
        };
        check("debtor_id", &self.debtor, &self.account);
        check("policy_name", &self.policy, "yardstick");
        let key = key.map_or_else(|| "(none)".into(), String::from_utf8_lossy);
        check("key", &key, &self.account);
        if let Made::Plan { class, plan, .. } = &self.made {
            check("debt_class", class, "all");
            check("plan", plan, "seconds");
        }
        if let Asked::Message { template, channel, class, language, .. } = &self.asked {
            check("channel", channel, "sms");
            check("language", language, "en");
            let wanted = match &self.made {
                Made::Rule(rule) => &**rule,
                Made::Plan { stage: Some(_), .. } => "reminder",
                Made::Plan { stage: None, .. } | Made::Other => "thanks",
            };
            check("template", template, wanted);
            check("class", class, if wanted == "reminder" { "statutory" } else { "service" });
        }
        odd
    }
}
