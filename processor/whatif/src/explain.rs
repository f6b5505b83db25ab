//! One debtor's life under a policy, told as rows: when, what happened, what is owed, the stage, what was
//! sent and why; and what comes next. It is played from its events here; [`recalled()`] tells one from its history.
//!
//! How a table looks is [`text`]'s business.

mod recalled;
pub mod text;

pub use recalled::{over_time, recalled};

use crate::customer::Customer;
use crate::moment;
use crate::play::{self, Playing};
use crate::words::{self, Beside};
use decision::debtor::Debtor;
use decision::event::{Body, Event};
use decision::ids::DebtorId;
use decision::money::MinorUnits;
use decision::record::Record;
use decision::time::Timestamp;
use decision::{Moment, Policies, view};
use lives::{Cause, Decided, Endless, Reports};
use schemas::files::Arrival;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::ToSchema;

/// The debt class of a debtor whose debt is one whole.
const ALL: &str = "all";

/// How a life is told.
#[derive(Debug)]
pub struct Wanted {
    /// The versions of the policy.
    pub policies: Policies,
    /// Who reports what becomes of commands. Where the life does, reports among the events are left out:
    /// they are of commands that another policy asked for.
    pub reports: Reports,
    /// Up to when it is told; up to the last event where nothing is said.
    pub until: Option<Timestamp>,
    /// Whether what changed nothing is told as well, such as usage far from any line.
    pub everything: bool,
}

/// A life, told.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Story)]
pub struct Story {
    /// Whose.
    pub debtor_id: String,
    /// The zone of its times.
    #[schema(value_type = String)]
    pub time_zone: Cow<'static, str>,
    /// How many records lie before those that it is told from, where it is told from its history, which keeps the
    /// last ones only; none where it was played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_records: Option<u64>,
    /// What was owed over time, as far back as its history says; none where the life was played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed: Option<over_time::OwedOverTime>,
    /// What happened, in order.
    pub rows: Vec<Row>,
    /// How many decisions changed nothing and are not told.
    pub left_out: u64,
    /// Where it stands at the end, and what comes next.
    pub end: End,
}

/// One decision; of a life that is told from its history, all decisions of one moment.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = StoryRow)]
pub struct Row {
    /// When.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The same on the customer's wall clock: `2026-03-15 09:00`.
    pub local: String,
    /// What happened: an event in words; nothing where something was due, or where the history names no event.
    pub event: Option<String>,
    /// What is owed after it, a line for each debt class; from the history, for each of which it is known.
    pub debts: Vec<DebtNow>,
    /// What was sent.
    pub commands: Vec<String>,
    /// Why: each record in words.
    pub why: Vec<String>,
    /// The same for the table: without what stands in the row already, and times on the customer's wall clock.
    #[serde(default)]
    pub told: Vec<String>,
    /// Why the event changed nothing, where it was rejected.
    pub rejected: Option<String>,
}

/// What is owed at a moment, and how far the work on it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StoryDebt)]
pub struct DebtNow {
    /// Which part of the debt: `all`, `provider:…`, `service:…`.
    pub debt_class: String,
    /// The plan that applies; none where there is none, or the history does not say.
    pub plan: Option<String>,
    /// Whether a cycle is open, and at work: `clear`, `active`, `held`; none where the history does not say.
    #[schema(value_type = Option<String>)]
    pub status: Option<Cow<'static, str>>,
    /// The stage; none before the first, or where the history does not say.
    pub stage: Option<String>,
    /// What is owed, in major units; none where the history does not say.
    pub real_debt: Option<String>,
    /// What of it no hold freezes, in major units; none where the history does not say.
    pub conditional_debt: Option<String>,
    /// The next stage, if nothing changes.
    pub next: Option<Next>,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StoryNext)]
pub struct Next {
    /// The stage.
    pub stage: String,
    /// When.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The same on the customer's wall clock.
    pub local: String,
}

/// Where a life stands when it was told.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = StoryEnd)]
pub struct End {
    /// When that is.
    #[serde(with = "moment")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The same on the customer's wall clock.
    pub local: String,
    /// What is owed.
    pub debts: Vec<DebtNow>,
    /// What was paid and pays the next invoice, in major units; none where there is none.
    pub credit: Option<String>,
    /// The holds in force, in words.
    pub holds: Vec<String>,
    /// The lines that fired and are not armed again, by rule.
    pub fired: Vec<String>,
    /// When something is looked at next, if no event comes.
    pub next_due: Option<String>,
}

/// Plays a life and tells it. The events are those of this debtor, by their arrival.
///
/// # Errors
/// Where something stays due for ever: a fault of the policy that its lint did not find.
pub fn tell(debtor: DebtorId, events: &[Arrival], wanted: &Wanted) -> Result<Story, Endless> {
    let mut teller = Teller { rows: Vec::new(), left_out: 0, everything: wanted.everything };
    let playing = Playing { policies: &wanted.policies, reports: wanted.reports, until: wanted.until };
    let (life, left_out) = play::play(debtor, events, playing, &mut |decided| teller.hear(decided))?;
    let facts = Facts::of(life.debtor(), life.moment(), life.policies());
    Ok(Story {
        debtor_id: life.debtor().id.to_string(),
        time_zone: facts.customer.zone.name().into(),
        earlier_records: None,
        owed: None,
        end: facts.end(),
        rows: teller.rows,
        left_out: teller.left_out + left_out,
    })
}

/// Listens to a life and writes its rows.
struct Teller {
    rows: Vec<Row>,
    left_out: u64,
    everything: bool,
}

impl Teller {
    fn hear(&mut self, decided: Decided<'_>) {
        let facts = Facts::of(decided.debtor, decided.moment, decided.policies);
        let decisions = &decided.decisions;
        let event = match decided.cause {
            Cause::Event(event) => Some(event),
            Cause::Due => None,
            // The life's own reports are news only where something follows from them.
            Cause::Report(_) if decisions.commands.is_empty() && !self.everything => return,
            Cause::Report(event) => Some(event),
        };
        let says_nothing =
            decisions.commands.is_empty() && decisions.records.is_empty() && decisions.rejection.is_none();
        let is_news = event.is_some_and(|event| !matches!(event.body, Body::Balance(_)));
        if says_nothing && !is_news && !self.everything {
            self.left_out += 1;
            return;
        }
        let debts = facts.debts();
        let why = || decisions.records.iter().filter(|record| is_why(record));
        self.rows.push(Row {
            at: facts.moment.now,
            local: facts.local(facts.moment.now),
            event: event.map(|event| facts.event(event)),
            commands: decisions.commands.iter().map(words::command).collect(),
            why: why().map(words::record).collect(),
            told: why().map(|record| facts.beside(record, &debts)).collect(),
            debts,
            rejected: decisions.rejection.as_ref().map(ToString::to_string),
        });
    }
}

/// Whether a record says why, and not only that a command was made, which stands beside it.
fn is_why(record: &Record) -> bool {
    use decision::record::RecordKind;
    !matches!(record.kind, RecordKind::MeasureRequested | RecordKind::EventRejected)
}

/// A debtor at a moment, ready to be put into words.
struct Facts<'a> {
    debtor: &'a Debtor,
    moment: Moment,
    policies: &'a Policies,
    customer: Customer,
}

impl<'a> Facts<'a> {
    fn of(debtor: &'a Debtor, moment: Moment, policies: &'a Policies) -> Self {
        let customer = Customer::of(debtor, policies.at(moment.now));
        Self { debtor, moment, policies, customer }
    }

    fn local(&self, at: Timestamp) -> String {
        self.customer.local(at)
    }

    fn event(&self, event: &Event) -> String {
        words::event(event, self.customer.exponent, Some(self.policies.at(self.moment.now)))
    }

    /// A record, beside the debts of its row.
    fn beside(&self, record: &Record, debts: &[DebtNow]) -> String {
        let figures = record.figures.iter().map(|figure| (figure.name, figure.value.as_str()));
        let row = Around { at: self.moment.now, customer: &self.customer, debts };
        row.say(record.kind.as_str(), &record.reason, &figures.collect::<Vec<_>>())
    }

    fn amount(&self, amount: MinorUnits) -> String {
        self.customer.amount(amount)
    }

    fn debts(&self) -> Vec<DebtNow> {
        let profiles = view::profiles(self.debtor, self.moment, self.policies);
        let debt = |profile: view::ProfileView| DebtNow {
            debt_class: profile.debt_class.to_string(),
            plan: profile.plan.map(|plan| plan.to_string()),
            status: Some(profile.status.as_str().into()),
            stage: profile.stage.map(|stage| stage.to_string()),
            real_debt: Some(self.amount(profile.real_debt)),
            conditional_debt: Some(self.amount(profile.conditional_debt)),
            next: profile.next.map(|(stage, at)| Next {
                stage: stage.to_string(),
                at,
                local: self.local(at),
            }),
        };
        profiles.into_iter().map(debt).collect()
    }

    fn end(&self) -> End {
        let credit = view::credit(self.debtor);
        let holds = view::holds(self.debtor, self.moment, self.policies);
        let hold = |hold: view::HoldView| {
            let ends = hold.ends_at.map(|at| format!(", ends {}", self.local(at))).unwrap_or_default();
            format!(
                "{} {} of {} freezes {}{ends}",
                hold.kind.as_str(),
                hold.id,
                self.amount(hold.amount),
                self.amount(hold.freezes)
            )
        };
        let fired = view::fired(self.debtor, self.moment, self.policies);
        End {
            at: self.moment.now,
            local: self.local(self.moment.now),
            debts: self.debts(),
            credit: credit.is_positive().then(|| self.amount(credit)),
            holds: holds.into_iter().map(hold).collect(),
            fired: fired.into_iter().map(|(rule, lines)| format!("{rule}: {}", lines.join(", "))).collect(),
            next_due: self.debtor.next_due.map(|at| self.local(at)),
        }
    }
}

/// What stands in a row beside the words of its records.
struct Around<'a> {
    at: Timestamp,
    customer: &'a Customer,
    debts: &'a [DebtNow],
}

impl Around<'_> {
    /// What was decided, with the figures that do not stand in the row already.
    fn say(&self, kind: &str, reason: &str, figures: &[(&str, &str)]) -> String {
        let of = |name: &str| figures.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let class = of("debt_class").unwrap_or(ALL);
        let debt = self.debts.iter().find(|debt| debt.debt_class == class);
        let stands = |of: fn(&DebtNow) -> Option<&str>, value: &str| debt.and_then(of) == Some(value);
        words::decided_beside(kind, reason, figures, |name, value| {
            let stands_there = match name {
                // Whoever reads a life counts its cycles by their beginnings.
                "cycle" => true,
                "debt_class" => value == ALL,
                "plan" => stands(|debt| debt.plan.as_deref(), value),
                "stage" => stands(|debt| debt.stage.as_deref(), value),
                "real_debt" => stands(|debt| debt.real_debt.as_deref(), value),
                "conditional_debt" => stands(|debt| debt.conditional_debt.as_deref(), value),
                "due" => Timestamp::parse(value) == Some(self.at),
                _ => false,
            };
            match Timestamp::parse(value) {
                _ if stands_there => Beside::IsThere,
                Some(at) => Beside::SoThat(self.customer.local(at)),
                None => Beside::AsItIs,
            }
        })
    }
}

#[cfg(test)]
mod tests;
