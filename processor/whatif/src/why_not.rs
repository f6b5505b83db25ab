//! Why a threshold or a stage has not acted on an account: its life is played, the core asked, and the answer put
//! into words, with what would make it act and when.
//!
//! What is found is the core's business ([`decision::why_not`]). How an answer looks on a terminal is [`text`]'s.

mod command;
mod stage;
pub mod text;
mod threshold;

use crate::customer::{Customer, When};
use crate::moment;
use crate::play::{self, Playing};
use decision::debtor::Debtor;
use decision::ids::{AccountId, DebtorId};
use decision::policy::{Policy, Unit};
use decision::time::Timestamp;
use decision::why_not::{Answer, Question, Unknown, answer};
use decision::{Moment, Policies};
use lives::{Endless, Reports};
use schemas::files::Arrival;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What is asked, and how the life is played.
#[derive(Debug)]
pub struct Wanted {
    /// The versions of the policy.
    pub policies: Policies,
    /// Who reports what becomes of commands.
    pub reports: Reports,
    /// As of when; as of the last event where nothing is said.
    pub until: Option<Timestamp>,
    /// What is asked about.
    pub question: Question,
}

/// There is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The policy has nothing of that name.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// The life cannot be played to its end.
    #[error(transparent)]
    Endless(#[from] Endless),
}

/// The answer, in words.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = WhyNot)]
pub struct Told {
    /// Whose account.
    pub account_id: String,
    /// The zone of its times.
    #[schema(value_type = String)]
    pub time_zone: Cow<'static, str>,
    /// As of when.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The same on the customer's wall clock: `2026-03-15 09:00`.
    pub local: String,
    /// The rule that was asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The stage that was asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// What was found: of a rule one part, of a stage one for each part of the debt and each cycle.
    pub parts: Vec<Part>,
}

/// What was found of one part.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = WhyNotPart)]
pub struct Part {
    /// Which part of the debt: `all`, `provider:…`, `service:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debt_class: Option<String>,
    /// The cycle that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle: Option<Cycle>,
    /// What was found, in the order in which the rules ask.
    pub findings: Vec<Finding>,
}

/// A cycle that is open.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = WhyNotCycle)]
pub struct Cycle {
    /// Its number in its profile.
    pub number: i64,
    /// Its plan.
    pub plan: String,
    /// The stage it is in; none before the first.
    pub stage: Option<String>,
    /// When it was opened.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// The same on the customer's wall clock.
    pub opened_local: String,
    /// What is owed, in major units.
    pub real_debt: String,
    /// What of it no hold freezes, in major units.
    pub conditional_debt: String,
}

/// One thing found.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WhyNotFinding)]
pub struct Finding {
    /// What it is, in a word for programs: `not_reached`, `age`.
    #[schema(value_type = String)]
    pub finding: Cow<'static, str>,
    /// The same in words.
    pub says: String,
    /// What would make it act, or arm it again, where that is known.
    pub acts: Option<String>,
    /// When it is over or due by itself, where that is known.
    pub when: Option<When>,
    /// The figures that it rests on: amounts in major units, moments on the customer's wall clock.
    #[schema(value_type = BTreeMap<String, String>)]
    pub facts: BTreeMap<Cow<'static, str>, String>,
}

impl Finding {
    fn new(finding: &'static str, says: impl Into<String>) -> Self {
        Self { finding: finding.into(), says: says.into(), acts: None, when: None, facts: BTreeMap::new() }
    }

    fn acts(self, acts: impl Into<String>) -> Self {
        Self { acts: Some(acts.into()), ..self }
    }

    fn fact(mut self, name: &'static str, value: impl ToString) -> Self {
        self.facts.insert(name.into(), value.to_string());
        self
    }

    /// Until when it stands, where that is known.
    fn until(self, until: impl Into<Option<Timestamp>>, customer: &Customer) -> Self {
        self.with("until", until.into(), customer)
    }

    /// When that will be, where it is known.
    fn at(self, at: impl Into<Option<Timestamp>>, customer: &Customer) -> Self {
        self.with("at", at.into(), customer)
    }

    fn with(mut self, word: &str, at: Option<Timestamp>, customer: &Customer) -> Self {
        let Some(at) = at else { return self };
        let when = customer.when(at);
        self.says += &format!(", {word} {}", when.local);
        self.when = Some(when);
        self
    }
}

/// Plays the life of a debtor and says why what is asked about has not acted on its account. The events are those
/// of this debtor, by their arrival.
///
/// # Errors
/// Where the policy has nothing of the name that is asked about; where something stays due for ever.
pub fn ask(debtor: DebtorId, events: &[Arrival], wanted: &Wanted) -> Result<Told, NoAnswer> {
    let playing = Playing { policies: &wanted.policies, reports: wanted.reports, until: wanted.until };
    let (life, _) = play::play(debtor, events, playing, &mut |_| {})?;
    let (debtor, now) = (life.debtor(), life.moment());
    let account_id = AccountId::from(debtor.id.as_str());
    Ok(of(debtor, &account_id, &wanted.question, now, life.policies())?)
}

/// Says why what is asked about has not acted on an account of this debtor, on which all that was due was decided.
///
/// # Errors
/// Where the policy has nothing of the name that is asked about.
pub fn of(
    debtor: &Debtor,
    account_id: &AccountId,
    question: &Question,
    moment: Moment,
    policies: &Policies,
) -> Result<Told, Unknown> {
    let answer = answer(debtor, account_id, question, moment, policies)?;
    let policy = policies.at(moment.now);
    let customer = Customer::of(debtor, policy);
    let parts = match &answer {
        Answer::Threshold(findings) => {
            let unit = unit_of(question, policy);
            let findings = threshold::tell(findings, &customer, unit);
            vec![Part { debt_class: None, cycle: None, findings }]
        }
        Answer::Stage(parts) => parts.iter().map(|part| stage::tell(part, &customer)).collect(),
    };
    let (rule, stage) = match question {
        Question::Rule(rule) => (Some(rule.to_string()), None),
        Question::Stage { stage, .. } => (None, Some(stage.to_string())),
    };
    Ok(Told {
        account_id: account_id.to_string(),
        time_zone: customer.zone.name().into(),
        at: moment.now,
        local: customer.local(moment.now),
        rule,
        stage,
        parts,
    })
}

/// What the balance of the rule that is asked about counts.
fn unit_of(question: &Question, policy: &Policy) -> Option<Unit> {
    match question {
        Question::Rule(asked) => {
            let rule = policy.thresholds.iter().find(|rule| rule.id == *asked)?;
            policy.balances.get(&rule.balance).copied()
        }
        Question::Stage { .. } => None,
    }
}

#[cfg(test)]
mod tests;
