//! An account as it stands, as the API tells it. Amounts of money are decimal strings in major units of the
//! account's currency, dates are as invoices write them, moments are UTC; where a person reads a moment it stands
//! on the customer's wall clock as well.
//!
//! How it is made out of the state is [`super::view`]'s business.

use decision::time::Timestamp;
use decision::view::tasks::TaskView;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use whatif::customer::{Customer, When};

/// An account, with the debt of whoever pays for it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Account {
    /// The account.
    pub account_id: String,
    /// Who pays for it: itself, nearly always.
    pub debtor_id: String,
    /// As of when this is so.
    pub as_of: When,
    /// The zone of the customer's wall clock.
    pub time_zone: String,
    /// The currency of all amounts; none before the first money was seen.
    pub currency: Option<String>,
    /// The policy that holds.
    pub policy: Policy,
    /// What its last snapshot says; none before one came, and nothing is sent until then.
    pub snapshot: Option<Snapshot>,
    /// The segment it was found in last.
    pub segment: Option<String>,
    /// The manager group that serves the segment.
    pub manager_group: Option<String>,
    /// Its personal manager.
    pub manager: Option<String>,
    /// The plan that a person assigned instead of the standard one.
    pub assigned_plan: Option<String>,
    /// Whether no dunning is done at all.
    pub exempt: bool,
    /// A person's pause, while every cycle is held.
    pub pause: Option<Pause>,
    /// Its balances, with the threshold rules that watch them.
    pub balances: Vec<Balance>,
    /// What is owed, by parts of the debt, and how far the work on it is.
    pub profiles: Vec<Profile>,
    /// The invoices that are remembered, by due date.
    pub invoices: Vec<Invoice>,
    /// What was paid and pays the next invoice.
    pub credit: String,
    /// What was paid for invoices that were not seen yet.
    pub paid_ahead: String,
    /// The holds in force.
    pub holds: Vec<Hold>,
    /// The tasks whose results are waited for, the oldest first.
    pub tasks: Vec<Task>,
    /// Measures that a person has put on by hand.
    pub by_hand: Vec<Measure>,
    /// Commands that wait to be sent, or whose end is still to be reported.
    pub under_way: Vec<UnderWay>,
    /// When something is looked at next, if no event comes.
    pub next_due: Option<When>,
}

/// Which policy.
#[derive(Debug, Serialize, ToSchema)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Its version's label.
    pub version: String,
    /// The hash of its content.
    pub hash: String,
    /// The number of the last publication; none where the instance goes by files.
    pub revision: Option<i64>,
}

/// What the account's last snapshot says.
#[derive(Debug, Serialize, ToSchema)]
pub struct Snapshot {
    /// `prepaid`, `postpaid`, `hybrid`.
    pub payment_mode: String,
    /// The language of its messages.
    pub language: Option<String>,
    /// How far it may owe.
    pub credit_limit: Option<String>,
    /// Where it is reached, by channel.
    pub contacts: BTreeMap<String, String>,
    /// The channels that it does not want.
    pub opt_outs: Vec<String>,
    /// Its services.
    pub services: Vec<Service>,
    /// The attributes that the policy declares.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub attributes: BTreeMap<String, serde_json::Value>,
    /// Whether it is closed.
    pub closed: bool,
}

/// A service of an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Service {
    /// Its id.
    pub id: String,
    /// The operator's own kind.
    pub kind: Option<String>,
    /// Who provides it.
    pub provider: Option<String>,
    /// Never to be cut off.
    pub always_on: bool,
}

/// A person's pause.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pause {
    /// Since when.
    pub since: When,
    /// When it ends by itself.
    pub until: Option<When>,
}

/// A balance. Its values are amounts of money in major units, or counts of what it counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct Balance {
    /// Its name.
    pub name: String,
    /// What it counts: `money`, `bytes`, `seconds`, `pieces`; none where the policy does not declare it.
    pub unit: Option<&'static str>,
    /// Its value.
    pub value: String,
    /// The last limit known.
    pub limit: Option<String>,
    /// Until when it may be used.
    pub valid_until: Option<When>,
    /// The threshold rules that watch it on this account.
    pub rules: Vec<Rule>,
}

/// A threshold rule on a balance.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rule {
    /// The rule.
    pub rule: String,
    /// Where each of its lines stands.
    pub lines: Vec<Line>,
    /// When the balance's expiry is announced, where the rule watches that.
    pub announces_expiry_at: Option<When>,
    /// How many alerts it has made.
    pub alerts: i64,
    /// When it made the last one.
    pub last_alert: Option<When>,
}

/// A line of a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct Line {
    /// The line, as the policy writes it.
    pub line: String,
    /// `armed`; `beyond`: the value lies beyond it and did not cross it; `fired`; `no_limit`: it has nothing to be a
    /// part of.
    pub state: &'static str,
    /// The value at which it acts, where it is armed.
    pub acts_at: Option<String>,
    /// The value at which it is armed again, where it is not.
    pub armed_at: Option<String>,
    /// Whether an alert was made of it, where it has fired.
    pub announced: Option<bool>,
}

/// One part of the debt, and the work on it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Profile {
    /// Which part: `all`, `provider:…`, `service:…`.
    pub debt_class: String,
    /// `clear`, `active`, `held`.
    pub status: &'static str,
    /// The plan that applies.
    pub plan: Option<String>,
    /// The stage; none before the first.
    pub stage: Option<String>,
    /// All stages of the plan, in order, as the policy that holds has it.
    pub stages: Vec<String>,
    /// What is owed.
    pub real_debt: String,
    /// What of it no hold freezes.
    pub conditional_debt: String,
    /// The next stage, if nothing changes.
    pub next: Option<NextStage>,
    /// The cycles that are open, the furthest first.
    pub cycles: Vec<Cycle>,
}

/// The stage that comes next.
#[derive(Debug, Serialize, ToSchema)]
pub struct NextStage {
    /// The stage.
    pub stage: String,
    /// When.
    pub when: When,
}

/// A cycle that is open.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cycle {
    /// Its number in its profile.
    pub number: i64,
    /// Its plan.
    pub plan: String,
    /// The hash of the policy that it was opened under.
    pub policy_hash: String,
    /// When it was opened.
    pub opened_at: When,
    /// Since when it is held.
    pub held_since: Option<When>,
    /// The stages that were entered, in order.
    pub entered: Vec<Entered>,
    /// The measures in force.
    pub measures: Vec<Measure>,
}

/// A stage that was entered.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entered {
    /// The stage.
    pub stage: String,
    /// When.
    pub when: When,
}

/// A measure in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct Measure {
    /// The command that asked for it.
    pub command_id: String,
    /// The stage that it is of; none where a person put it on.
    pub stage: Option<String>,
    /// `message`, `order`, `task`.
    pub kind: &'static str,
    /// Its template, operation or queue.
    pub what: String,
    /// The channel of a message.
    pub channel: Option<String>,
    /// The services that an order cuts off or puts back.
    pub services: Vec<String>,
    /// When it was requested.
    pub requested_at: When,
    /// What was reported of it, and of a task its result.
    pub outcome: Option<String>,
    /// Since when an order is lifted while the cycle is held.
    pub lifted_since: Option<When>,
}

/// A command that waits, or whose end is still to be reported.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnderWay {
    /// Its id.
    pub command_id: String,
    /// `message`, `order`.
    pub kind: &'static str,
    /// Its template or operation.
    pub what: String,
    /// The channel of a message.
    pub channel: Option<String>,
    /// The how-many-eth try it is, from 1.
    pub tries: i32,
    /// `waits` for its window; `kept_back`, for its rate or by the breaker; `sent`.
    pub stands: &'static str,
    /// When it was sent.
    pub sent_at: Option<When>,
    /// Until when it waits to be sent, or for the report of its end.
    pub wakes_at: Option<When>,
}

/// An invoice.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invoice {
    /// Its id.
    pub id: String,
    /// When it was issued.
    pub issued: String,
    /// When it is due.
    pub due: String,
    /// What it asked for.
    pub amount: String,
    /// By how much it was adjusted since.
    pub adjusted: String,
    /// What was paid of it.
    pub paid: String,
    /// What is still to be paid.
    pub outstanding: String,
    /// The service that it is for.
    pub service: Option<String>,
    /// Who provides that.
    pub provider: Option<String>,
    /// The operator's own kind.
    pub kind: Option<String>,
    /// When it was closed.
    pub closed_at: Option<When>,
}

/// A hold in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hold {
    /// Its id.
    pub id: String,
    /// `dispute`, `promise`, `deferral`, `instalments`, `unconfirmed_payment`.
    pub kind: &'static str,
    /// How much it freezes at most.
    pub amount: String,
    /// What it freezes now.
    pub freezes: String,
    /// What is paid of a promise or an instalment plan.
    pub paid: String,
    /// The invoices that it names; empty where it names none.
    pub invoices: Vec<String>,
    /// Through which day it holds.
    pub until: Option<String>,
    /// When it ends by itself.
    pub ends_at: Option<When>,
    /// Of a dispute: the customer was right, and it waits for its adjustment.
    pub is_upheld: bool,
    /// The parts of an instalment plan, by due date; of others none.
    pub parts: Vec<HoldPart>,
    /// Who made it.
    pub by: String,
    /// When.
    pub made_at: When,
}

/// A part of an instalment plan. Amounts are in major units.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldPart {
    /// Until when it is to be paid.
    pub due: String,
    /// How much it is.
    pub amount: String,
    /// What of that is paid: what is paid of the plan pays its parts in their order.
    pub paid: String,
}

/// A task for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// The command that gave it.
    pub command_id: String,
    /// Its queue.
    pub queue: String,
    /// The stage that gave it; none where no open cycle keeps it.
    pub stage: Option<String>,
    /// When it was requested.
    pub requested_at: When,
    /// When it is due.
    pub due: Option<When>,
    /// Whether that is over.
    pub late: bool,
    /// Who has it in hand.
    pub taken_by: Option<String>,
    /// Since when.
    pub taken_at: Option<When>,
}

impl Task {
    pub(crate) fn of(task: TaskView, now: Timestamp, customer: &Customer) -> Self {
        let (taken_by, taken_at) = task.taken.map(|taken| (taken.by, taken.at)).unzip();
        Self {
            command_id: task.command_id.to_string(),
            queue: task.queue.to_string(),
            stage: task.stage.map(|stage| stage.to_string()),
            requested_at: customer.when(task.requested_at),
            late: task.due.is_some_and(|due| due < now),
            due: task.due.map(|due| customer.when(due)),
            taken_by,
            taken_at: taken_at.map(|at| customer.when(at)),
        }
    }
}
