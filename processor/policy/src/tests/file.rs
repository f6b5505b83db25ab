//! A file of policy tests, as typed structs: tests, and their steps.
//!
//! The events of a step are in `happenings`, its checks in `checks`.

use super::checks::{CommandCheck, RecordCheck, StateChecks};
use super::finding;
use super::happenings::{
    AccountChange, AdjustmentEvent, BalanceEvent, ControlEvent, HoldEvent, InstalmentsEvent, InvoiceEvent,
    PaymentEvent, ReportEvent, ReversalEvent, TaskResultEvent,
};
use crate::file::{Moment, When};
use crate::report::Finding;
use crate::yaml::{NonEmpty, Required, Spanned};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

/// Tests of a policy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestFile {
    /// The policy file, beside this one.
    pub(super) policy: Spanned<String>,
    /// Every test's account, unless it says more.
    #[serde(default)]
    pub(super) account: AccountChange,
    /// The tests.
    pub(super) tests: Vec<TestCase>,
}

/// One test: a life of an account, in steps.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestCase {
    /// What it shows, in a sentence.
    pub(super) name: Spanned<String>,
    /// What the account has beyond the file's; `none` starts without a snapshot.
    #[serde(default)]
    pub(super) account: StartingAccount,
    /// Who reports what became of commands: `auto` unless set.
    #[serde(default)]
    pub(super) reports: Reports,
    /// The steps, in order of time.
    pub(super) steps: NonEmpty<Spanned<Step>>,
}

/// Who reports what became of commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reports {
    /// Every command is reported done at once, tasks only accepted.
    #[default]
    Auto,
    /// Only `report` steps do.
    Manual,
}

/// What a test starts with.
#[derive(Debug)]
pub(super) enum StartingAccount {
    /// No snapshot.
    None,
    /// A snapshot: the file's, with these changes.
    Snapshot(Box<AccountChange>),
}

impl Default for StartingAccount {
    fn default() -> Self {
        Self::Snapshot(Box::default())
    }
}

impl<'de> Deserialize<'de> for StartingAccount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StartingVisitor)
    }
}

struct StartingVisitor;

impl<'de> Visitor<'de> for StartingVisitor {
    type Value = StartingAccount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an account, or none")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<StartingAccount, E> {
        match word {
            "none" => Ok(StartingAccount::None),
            _ => Err(E::custom(format!("«{word}» is no account\nwrite its fields, or `none`"))),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<StartingAccount, A::Error> {
        let change = AccountChange::deserialize(MapAccessDeserializer::new(map))?;
        Ok(StartingAccount::Snapshot(Box::new(change)))
    }
}

impl JsonSchema for StartingAccount {
    fn schema_name() -> Cow<'static, str> {
        "StartingAccount".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "const": "none" }, generator.subschema_for::<AccountChange>()] })
    }
}

/// A struct that has the fields of an event beside its own.
macro_rules! with_events {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$field_doc])* pub(super) $field: $type,)*
            /// When it happened, where that was before it arrived.
            pub(super) occurred_at: Option<Spanned<Moment>>,
            /// The event's id, where it repeats another.
            pub(super) event_id: Option<String>,
            /// What changes of the account.
            pub(super) account: Option<AccountChange>,
            /// A balance after a change.
            pub(super) balance: Option<BalanceEvent>,
            /// An invoice is issued.
            pub(super) invoice: Option<InvoiceEvent>,
            /// A credit or debit note, or its undoing.
            pub(super) adjustment: Option<AdjustmentEvent>,
            /// A payment, or what became of an unconfirmed one.
            pub(super) payment: Option<PaymentEvent>,
            /// A payment is taken back, or that undone.
            pub(super) reversal: Option<ReversalEvent>,
            /// The customer contests a debt, or such a dispute ends.
            pub(super) dispute: Option<HoldEvent>,
            /// The customer promises to pay.
            pub(super) promise: Option<HoldEvent>,
            /// The operator grants time.
            pub(super) deferral: Option<HoldEvent>,
            /// The debt is paid in parts.
            pub(super) instalments: Option<InstalmentsEvent>,
            /// A person's order.
            pub(super) control: Option<ControlEvent>,
            /// What became of a command.
            pub(super) report: Option<ReportEvent>,
            /// A task has a result.
            pub(super) task_result: Option<TaskResultEvent>,
            /// Another policy file holds from here.
            pub(super) policy: Option<Spanned<String>>,
        }

        impl $name {
            /// The event of these fields: none where they are all absent.
            ///
            /// # Errors
            /// How many there are, where there are several.
            pub(super) fn event(&self) -> Result<Option<Happening<'_>>, usize> {
                let given = [
                    self.account.as_ref().map(Happening::Account),
                    self.balance.as_ref().map(Happening::Balance),
                    self.invoice.as_ref().map(Happening::Invoice),
                    self.adjustment.as_ref().map(Happening::Adjustment),
                    self.payment.as_ref().map(Happening::Payment),
                    self.reversal.as_ref().map(Happening::Reversal),
                    self.dispute.as_ref().map(Happening::Dispute),
                    self.promise.as_ref().map(Happening::Promise),
                    self.deferral.as_ref().map(Happening::Deferral),
                    self.instalments.as_ref().map(Happening::Instalments),
                    self.control.as_ref().map(Happening::Control),
                    self.report.as_ref().map(Happening::Report),
                    self.task_result.as_ref().map(Happening::TaskResult),
                    self.policy.as_ref().map(|name| Happening::Policy(name)),
                ];
                let mut given = given.into_iter().flatten();
                let first = given.next();
                match given.count() {
                    0 => Ok(first),
                    more => Err(more + 1),
                }
            }
        }
    };
}

/// One event of a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Happening<'a> {
    /// `account`
    Account(&'a AccountChange),
    /// `balance`
    Balance(&'a BalanceEvent),
    /// `invoice`
    Invoice(&'a InvoiceEvent),
    /// `adjustment`
    Adjustment(&'a AdjustmentEvent),
    /// `payment`
    Payment(&'a PaymentEvent),
    /// `reversal`
    Reversal(&'a ReversalEvent),
    /// `dispute`
    Dispute(&'a HoldEvent),
    /// `promise`
    Promise(&'a HoldEvent),
    /// `deferral`
    Deferral(&'a HoldEvent),
    /// `instalments`
    Instalments(&'a InstalmentsEvent),
    /// `control`
    Control(&'a ControlEvent),
    /// `report`
    Report(&'a ReportEvent),
    /// `task_result`
    TaskResult(&'a TaskResultEvent),
    /// `policy`
    Policy(&'a str),
}

with_events! {
    /// A step: the clock moves, events happen, and what came of it is checked.
    Step {
        /// When: what falls due up to and including this moment happens first.
        at: Spanned<Moment>,
        /// Nothing has run since the last step: the events are read before what is due is done.
        #[serde(default)]
        after_outage: bool,
        /// Several events, in order.
        #[serde(default)]
        events: Vec<Spanned<EventItem>>,
        /// Exactly the commands requested since the last step with this check, in order.
        commands: Option<Vec<CommandCheck>>,
        /// What holds now.
        state: Option<StateChecks>,
        /// Records made since the last step with this check, in this order.
        records: Option<Vec<RecordCheck>>,
        /// The step's event was rejected, and the reason contains this.
        rejected: Option<String>,
    }
}

with_events! {
    /// One of several events of a step.
    EventItem {}
}

/// The JSON Schema of a file of tests.
pub(super) fn json_schema() -> serde_json::Value {
    schemars::schema_for!(TestFile).to_value()
}

/// What each mapping of a file of tests must have.
pub(super) fn required() -> &'static Required {
    static REQUIRED: LazyLock<Required> = LazyLock::new(|| Required::by(&json_schema()));
    &REQUIRED
}

impl TestFile {
    /// The policy files that the tests need.
    pub(super) fn policies(&self) -> impl Iterator<Item = &str> {
        let steps = self.tests.iter().flat_map(|test| test.steps.iter());
        let later = steps.flat_map(|step| {
            let items = step.events.iter().filter_map(|item| item.policy.as_ref());
            step.policy.iter().chain(items)
        });
        [&self.policy].into_iter().chain(later).map(|name| name.value.as_str())
    }
}

/// Steps that go back in time, and those with two events where one is meant.
pub(super) fn out_of_order(file: &TestFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for test in &file.tests {
        let mut before: Option<When> = None;
        for step in test.steps.iter() {
            let at = step.at.value.0;
            if before.is_some_and(|before| is_surely_earlier(at, before)) {
                let message = "the step lies before the one above it";
                findings.push(finding(step.at.span, message, "write steps in the order of time"));
            }
            before = Some(at);
            let several = step.event().is_err() || step.events.iter().any(|item| item.event().is_err());
            let both = !step.events.is_empty() && !matches!(step.event(), Ok(None));
            if several || both {
                let message = "the step has several events";
                findings.push(finding(step.span, message, "write them as `events: [ {…}, {…} ]`"));
            }
            for item in step.events.iter().filter(|item| matches!(item.event(), Ok(None))) {
                findings.push(finding(item.span, "there is no event here", "write one, as `invoice: {…}`"));
            }
        }
    }
    findings
}

/// Whether one moment lies before another in whatever zone; unlike kinds are compared in play.
fn is_surely_earlier(one: When, other: When) -> bool {
    match (one, other) {
        (When::Local(one), When::Local(other)) => one < other,
        (When::Exact(one), When::Exact(other)) => one < other,
        (When::Local(_), When::Exact(_)) | (When::Exact(_), When::Local(_)) => false,
    }
}
