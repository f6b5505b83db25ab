//! Policies for tests, built in place of a policy file.

use super::currency;
use crate::account::Snapshot;
use crate::calendar::{Hours, Window};
use crate::debt::Invoice;
use crate::ids::{Language, PlanName, StageName, TemplateName};
use crate::money::Decimal;
use crate::plan::{
    Anchor, CatchUp, CountDate, DebtClassBy, OnPartCure, OnResegment, Plan, RunningCycles, Stage,
};
use crate::policy::{
    CommandRules, Condition, Defaults, HoldRules, ManagerGroup, Measure, MessageClass, MessageMeasure,
    PlanGroup, Policy, PolicyIdentity, ProvisionMeasure, Retention, Segment, Text, TextValues, Texts, Unit,
};
use crate::threshold::{Deliver, Direction, Line, Lines, OnFirst, Threshold, Watch};
use crate::time::{Period, Weekday, Zone};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A policy in dollars and UTC, without a rule or a plan. `main`, `spend` are money, `data` bytes.
pub(crate) fn policy() -> Policy {
    let units = [("main", Unit::Money), ("spend", Unit::Money), ("data", Unit::Bytes)];
    Policy {
        identity: identity("1"),
        effective_from: None,
        defaults: Defaults { zone: Zone::utc(), currency: currency("USD"), language: "en".into() },
        attributes: Vec::new(),
        balances: units.into_iter().map(|(name, unit)| (name.into(), unit)).collect(),
        thresholds: Vec::new(),
        segments: Vec::new(),
        groups: BTreeMap::new(),
        managers: BTreeMap::new(),
        plans: BTreeMap::new(),
        windows: BTreeMap::from([("waking".into(), waking())]),
        holds: HoldRules::default(),
        commands: CommandRules::default(),
        retention: Retention::default(),
        observe: false,
        texts: Arc::new(Echo),
    }
}

/// A policy's identity: the version stands for its content.
pub(crate) fn identity(version: &str) -> PolicyIdentity {
    PolicyIdentity { name: "test".into(), version: version.into(), hash: version.into() }
}

/// A policy with this one plan, for everyone.
pub(crate) fn policy_of(plan: Plan) -> Policy {
    policy_of_plans(vec![("everyone", None, plan)])
}

/// A policy with a segment, a group and a plan each.
pub(crate) fn policy_of_plans(plans: Vec<(&str, Option<Is>, Plan)>) -> Policy {
    let mut policy = policy();
    for (name, when, plan) in plans {
        let when = when.map(|when| Box::new(when) as Box<dyn Condition>);
        policy.segments.push(Segment { name: name.into(), when, group: name.into(), managers: None });
        let group = PlanGroup { standard: plan.name.clone(), plans: vec![plan.name.clone()] };
        policy.groups.insert(name.into(), group);
        policy.plans.insert(plan.name.clone(), plan);
    }
    policy
}

/// The policy, with a manager group of these personal managers that serves one of its segments.
pub(crate) fn served_by(policy: Policy, segment: &str, group: &str, personal: &[&str]) -> Policy {
    let (mut segments, mut managers) = (policy.segments, policy.managers);
    for served in segments.iter_mut().filter(|known| known.name.as_str() == segment) {
        served.managers = Some(group.into());
    }
    let personal = personal.iter().map(|name| (*name).into()).collect();
    managers.insert(group.into(), ManagerGroup { personal, ..ManagerGroup::default() });
    Policy { segments, managers, ..policy }
}

/// A policy with these threshold rules.
pub(crate) fn policy_of_rules(rules: Vec<Threshold>) -> Policy {
    Policy { thresholds: rules, ..policy() }
}

/// A plan whose invoices count from their due day; nothing else is asked.
pub(crate) fn plan(stages: Vec<Stage>) -> Plan {
    Plan {
        name: PlanName::from("plan"),
        debt_class: DebtClassBy::All,
        include: None,
        count_date: CountDate::Due,
        days_before_entry: Period::NONE,
        anchor: Anchor::Oldest,
        entry: None,
        exit: Decimal::ZERO,
        rolling: false,
        pause_clock: true,
        lift_measures: false,
        on_part_cure: OnPartCure::Stay,
        on_resegment: OnResegment::Keep,
        maps_from: BTreeMap::new(),
        running_cycles: RunningCycles::Stay,
        catch_up: CatchUp::Sequential,
        observe: false,
        before_due: Vec::new(),
        stages,
        on_cure: Vec::new(),
    }
}

pub(crate) fn stage(name: &str, after: &str, measures: Vec<Measure>) -> Stage {
    Stage {
        name: StageName::from(name),
        after: period(after),
        if_debt: None,
        if_invoices: None,
        if_task: None,
        min_gap: Period::NONE,
        notice: None,
        window: None,
        measures,
    }
}

pub(crate) fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

pub(crate) fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

/// A service message by sms.
pub(crate) fn sms(template: &str) -> Measure {
    message(template, MessageClass::Service, &["sms"])
}

/// A message by the first of these channels, the others being its fallback.
pub(crate) fn message(template: &str, class: MessageClass, channels: &[&str]) -> Measure {
    let mut channels = channels.iter().map(|channel| (*channel).into());
    let channel = channels.next().unwrap();
    Measure::Message(MessageMeasure {
        template: template.into(),
        channel,
        class,
        window: None,
        fallback: channels.collect(),
    })
}

/// The same message, delayed by the window of [`waking`] hours.
pub(crate) fn while_awake(message: Measure) -> Measure {
    let Measure::Message(message) = message else { unreachable!() };
    Measure::Message(MessageMeasure { window: Some(waking()), ..message })
}

/// From 9 to 21 o'clock on every day.
pub(crate) fn waking() -> Arc<Window> {
    let days =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
    let hours = Hours { from: jiff::civil::time(9, 0, 0, 0), until: Some(jiff::civil::time(21, 0, 0, 0)) };
    let hours = days.into_iter().map(|day| (day, hours)).collect();
    Arc::new(Window { name: "waking".into(), hours, skipped: None })
}

/// An order `operation` whose undo is `un-operation`.
pub(crate) fn order(operation: &str) -> Measure {
    Measure::Provision(ProvisionMeasure {
        operation: operation.into(),
        undo: format!("un-{operation}").into(),
        cuts_off: true,
    })
}

pub(crate) fn task(queue: &str) -> Measure {
    Measure::Task { queue: queue.into(), within: None }
}

/// A rule of this id on a balance that sends a message of the same name, and one of recovery.
pub(crate) fn rule(id: &str, balance: &str, lines: Lines) -> Threshold {
    Threshold {
        id: id.into(),
        balance: balance.into(),
        when: None,
        watch: Watch::Lines(lines),
        max_age: None,
        measures: vec![sms(id)],
        observe: false,
    }
}

pub(crate) fn falling(lines: &[&str]) -> Lines {
    lines_of(Direction::Falling, lines)
}

pub(crate) fn rising(lines: &[&str]) -> Lines {
    lines_of(Direction::Rising, lines)
}

fn lines_of(direction: Direction, lines: &[&str]) -> Lines {
    Lines {
        direction,
        listed: lines.iter().map(|text| line(text)).collect(),
        every: None,
        hysteresis: Decimal::ZERO,
        on_first: OnFirst::Silent,
        deliver: Deliver::All,
        cooldown: None,
        recovered: vec![sms("fine")],
    }
}

/// Reads `100.00` or `80%`.
pub(crate) fn line(text: &str) -> Line {
    match text.strip_suffix('%') {
        Some(percent) => Line::Percent(decimal(percent)),
        None => Line::Amount(decimal(text)),
    }
}

/// A condition that a function answers.
#[derive(Debug)]
pub(crate) struct Is(pub(crate) fn(&Snapshot, Option<&Invoice>) -> bool);

impl Condition for Is {
    fn holds(&self, account: &Snapshot, invoice: Option<&Invoice>) -> bool {
        (self.0)(account, invoice)
    }
}

/// Texts that say what they were rendered from; the template `broken` cannot be.
#[derive(Debug)]
struct Echo;

impl Texts for Echo {
    fn render(
        &self,
        template: &TemplateName,
        language: &Language,
        values: &TextValues<'_>,
    ) -> Result<Text, String> {
        if template.as_str() == "broken" {
            return Err("it is broken".to_owned());
        }
        let debt = values.debt.as_ref().map(|debt| format!("{} {}", debt.real, debt.stage));
        let balance = values.balance.as_ref().map(|balance| balance.value.clone());
        let body = debt.or(balance).unwrap_or_default();
        Ok(Text { body, language: language.clone() })
    }
}
