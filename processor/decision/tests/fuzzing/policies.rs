//! Policies out of bytes: most that the lint would take, and many that it would not.

use super::bytes::Bytes;
use decision::Policies;
use decision::account::{AttributeKind, Snapshot};
use decision::calendar::{Calendar, Hours, Skipped, Window};
use decision::debt::Invoice;
use decision::ids::{Channel, Language, StageName, TemplateName};
use decision::money::{Currency, Decimal};
use decision::plan::{
    Anchor, BeforeDue, CatchUp, CountDate, DebtClassBy, IfTask, Notice, OnPartCure, OnResegment, Plan,
    RunningCycles, Stage,
};
use decision::policy::{
    AttributeRule, Cap, CommandRules, Condition, Defaults, Delivery, HoldBounds, HoldRules, ManagerGroup,
    Measure, MessageClass, MessageMeasure, PlanGroup, Policy, PolicyIdentity, ProvisionMeasure, Retention,
    Segment, Text, TextValues, Texts, Unit,
};
use decision::threshold::{Deliver, Direction, Line, Lines, OnFirst, Threshold, Watch};
use decision::time::{Timestamp, Weekday, Zone};
use jiff::civil::time;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names of which events and policies speak.
pub(super) const CHANNELS: &[&str] = &["sms", "email", "letter"];
pub(super) const STAGES: &[&str] = &["one", "two", "three", "four"];
pub(super) const PLANS: &[&str] = &["plain", "rolling"];
pub(super) const RULES: &[&str] = &["low", "used", "spent", "soon"];
pub(super) const MANAGERS: &[&str] = &["anna", "boris", "carla"];
pub(super) const QUEUES: &[&str] = &["call", "check"];
pub(super) const ZONES: &[&str] =
    &["UTC", "America/Denver", "Asia/Beirut", "Pacific/Apia", "America/St_Johns"];

/// The versions of a policy: one, or two of which one holds later.
pub(super) fn policies(bytes: &mut Bytes<'_>, start: Timestamp) -> Policies {
    let first = Arc::new(policy(bytes, "1", None));
    let mut versions = vec![Arc::clone(&first)];
    if bytes.once_in(3) {
        let from = bytes.moment_near(start);
        versions.push(Arc::new(policy(bytes, "2", Some(from))));
    }
    Policies::new(versions).unwrap_or_else(|_| first.into())
}

fn policy(bytes: &mut Bytes<'_>, version: &str, effective_from: Option<Timestamp>) -> Policy {
    let plans = PLANS.iter().map(|name| plan(bytes, name));
    let plans: BTreeMap<_, _> = plans.map(|plan| (plan.name.clone(), plan)).collect();
    let group = |standard: &str, all: &[&str]| PlanGroup {
        standard: standard.into(),
        plans: all.iter().map(|name| (*name).into()).collect(),
    };
    let limited = Box::new(IsLimited) as Box<dyn Condition>;
    let managers: BTreeMap<_, _> =
        ["desk", "few-desk"].iter().map(|name| ((*name).into(), managers(bytes))).collect();
    let mut segment = |name: &str, when, group: &str| Segment {
        name: name.into(),
        when,
        group: group.into(),
        managers: bytes.maybe(|bytes| bytes.pick(&["desk", "few-desk"]).into()),
    };
    let mut segments = vec![segment("limited", Some(limited), "few"), segment("others", None, "all")];
    if !bytes.once_in(3) {
        segments.remove(0);
    }
    let standard = bytes.pick(PLANS);
    let windows =
        [window(bytes), Arc::new(Window { name: "never".into(), hours: Vec::new(), skipped: None })];
    let attribute =
        AttributeRule { name: "vip".to_owned(), kind: AttributeKind::Bool, required: false, default: None };
    Policy {
        identity: PolicyIdentity { name: "fuzz".into(), version: version.into(), hash: version.into() },
        effective_from,
        defaults: Defaults {
            zone: Zone::find(bytes.pick(ZONES)).unwrap_or_else(Zone::utc),
            currency: currency(bytes.pick(&["USD", "USD", "JPY", "TND"])),
            language: "en".into(),
        },
        attributes: vec![attribute],
        balances: BTreeMap::from([("main".into(), Unit::Money), ("data".into(), Unit::Bytes)]),
        thresholds: RULES.iter().map(|id| threshold(bytes, id)).collect(),
        segments,
        groups: BTreeMap::from([
            ("all".into(), group(standard, PLANS)),
            ("few".into(), group("rolling", &["rolling"])),
        ]),
        managers,
        plans,
        windows: windows.into_iter().map(|window| (window.name.clone(), window)).collect(),
        holds: holds(bytes),
        commands: commands(bytes),
        retention: if bytes.once_in(4) {
            let mut least = || bytes.period();
            Retention { dedup: least(), reversal: least(), wait_for_invoice: least() }
        } else {
            Retention::default()
        },
        observe: bytes.once_in(16),
        texts: Arc::new(Echo),
    }
}

fn managers(bytes: &mut Bytes<'_>) -> ManagerGroup {
    let personal = bytes.some(MANAGERS, 3).into_iter().map(Into::into).collect();
    ManagerGroup { personal, change: vec!["manager".to_owned()] }
}

pub(super) fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap_or_else(|_| unreachable!("ISO 4217 lists it"))
}

fn window(bytes: &mut Bytes<'_>) -> Arc<Window> {
    let all =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
    let hours = |bytes: &mut Bytes<'_>| {
        let from = i8::try_from(bytes.below(24)).unwrap_or(0);
        let until = bytes.maybe(|bytes| time(i8::try_from(bytes.below(24)).unwrap_or(0), 30, 0, 0));
        Hours { from: time(from, 0, 0, 0), until }
    };
    let hours = bytes.some(&all, 6).into_iter().map(|day| (day, hours(bytes))).collect();
    let holidays = (0..bytes.below(4)).map(|_| bytes.date()).collect();
    let calendar = Arc::new(Calendar { weekend: [Weekday::Sat, Weekday::Sun].into(), holidays });
    let skipped = bytes.maybe(|bytes| Skipped {
        calendar,
        weekend: bytes.is(),
        holiday: bytes.is(),
        day_before_holiday: bytes.is(),
    });
    Arc::new(Window { name: "open".into(), hours, skipped })
}

fn plan(bytes: &mut Bytes<'_>, name: &str) -> Plan {
    let stages = STAGES.iter().take(usize::from(bytes.below(5))).map(|name| stage(bytes, name));
    let stages: Vec<Stage> = stages.collect();
    let mapping = STAGES.iter().map(|stage| ((*stage).into(), StageName::from(bytes.pick(STAGES)))).collect();
    Plan {
        name: name.into(),
        debt_class: bytes.pick(&[DebtClassBy::All, DebtClassBy::Provider, DebtClassBy::Service]),
        include: bytes.once_in(4).then(|| Box::new(IsOfKind) as Box<dyn Condition>),
        count_date: bytes.pick(&[CountDate::Due, CountDate::Issued]),
        days_before_entry: bytes.period(),
        anchor: bytes.pick(&[Anchor::Oldest, Anchor::Entry]),
        entry: bytes.maybe(Bytes::decimal),
        exit: if bytes.once_in(8) { bytes.decimal() } else { Decimal::ZERO },
        rolling: name == "rolling",
        pause_clock: !bytes.once_in(4),
        lift_measures: bytes.is(),
        on_part_cure: bytes.pick(&[OnPartCure::Stay, OnPartCure::StepDown]),
        on_resegment: bytes.pick(&[OnResegment::Keep, OnResegment::Map, OnResegment::Restart]),
        maps_from: PLANS.iter().map(|from| ((*from).into(), BTreeMap::clone(&mapping))).collect(),
        running_cycles: bytes.pick(&[RunningCycles::Stay, RunningCycles::Move]),
        catch_up: bytes.pick(&[CatchUp::Sequential, CatchUp::Severest]),
        observe: bytes.once_in(16),
        before_due: (0..bytes.below(3))
            .map(|_| BeforeDue { before: bytes.period(), measures: vec![measure(bytes)] })
            .collect(),
        stages,
        on_cure: (0..bytes.below(3)).map(|_| measure(bytes)).collect(),
    }
}

fn stage(bytes: &mut Bytes<'_>, name: &str) -> Stage {
    let never = || Arc::new(Window { name: "never".into(), hours: Vec::new(), skipped: None });
    let task = |bytes: &mut Bytes<'_>| IfTask {
        queue: bytes.pick(QUEUES).into(),
        results: vec!["refused".to_owned()],
    };
    Stage {
        name: name.into(),
        after: bytes.period(),
        if_debt: bytes.once_in(4).then(|| bytes.decimal()),
        if_invoices: bytes.once_in(4).then(|| u32::from(bytes.below(4))),
        if_task: bytes.once_in(8).then(|| task(bytes)),
        min_gap: bytes.period(),
        notice: bytes.once_in(4).then(|| Notice { of: bytes.pick(STAGES).into(), at_least: bytes.period() }),
        window: match bytes.below(12) {
            0 => Some(never()),
            1..=3 => Some(window(bytes)),
            _ => None,
        },
        measures: (0..bytes.below(4)).map(|_| measure(bytes)).collect(),
    }
}

fn measure(bytes: &mut Bytes<'_>) -> Measure {
    match bytes.below(8) {
        0 => Measure::Fee { code: "late".to_owned(), amount: bytes.decimal() },
        1 => Measure::Handover { to: "agency".to_owned() },
        2 => Measure::Task { queue: bytes.pick(QUEUES).into(), within: bytes.maybe(Bytes::period) },
        3 | 4 => {
            let operation = bytes.pick(&["bar", "cut"]);
            Measure::Provision(ProvisionMeasure {
                operation: operation.into(),
                undo: format!("un-{operation}").into(),
                cuts_off: bytes.is(),
            })
        }
        _ => Measure::Message(MessageMeasure {
            template: bytes.pick(&["remind", "notice", "broken", "long"]).into(),
            channel: bytes.pick(CHANNELS).into(),
            class: bytes.pick(&[MessageClass::Service, MessageClass::Reminder, MessageClass::Statutory]),
            window: bytes.once_in(4).then(|| window(bytes)),
            fallback: bytes.some(CHANNELS, 3).into_iter().map(Channel::from).collect(),
        }),
    }
}

fn threshold(bytes: &mut Bytes<'_>, id: &str) -> Threshold {
    let line = |bytes: &mut Bytes<'_>| {
        let number = bytes.decimal();
        if bytes.once_in(3) { Line::Percent(number) } else { Line::Amount(number) }
    };
    let lines = |bytes: &mut Bytes<'_>| Lines {
        direction: bytes.pick(&[Direction::Falling, Direction::Rising]),
        listed: (0..bytes.below(5)).map(|_| line(bytes)).collect(),
        every: bytes.once_in(3).then(|| line(bytes)),
        hysteresis: bytes.decimal(),
        on_first: bytes.pick(&[OnFirst::Silent, OnFirst::Fire]),
        deliver: bytes.pick(&[Deliver::All, Deliver::Severest]),
        cooldown: bytes.once_in(3).then(|| bytes.period()),
        recovered: (0..bytes.below(2)).map(|_| measure(bytes)).collect(),
    };
    let watch =
        if id == "soon" { Watch::Expiry { before: bytes.period() } } else { Watch::Lines(lines(bytes)) };
    Threshold {
        id: id.into(),
        balance: bytes.pick(&["main", "data"]).into(),
        when: bytes.once_in(4).then(|| Box::new(IsLimited) as Box<dyn Condition>),
        watch,
        max_age: bytes.once_in(4).then(|| bytes.period()),
        measures: (0..bytes.below(3)).map(|_| measure(bytes)).collect(),
        observe: bytes.once_in(16),
    }
}

fn holds(bytes: &mut Bytes<'_>) -> HoldRules {
    let mut bounds = || {
        bytes.once_in(3).then(|| HoldBounds {
            at_most: bytes.maybe(|bytes| u32::from(bytes.below(5))),
            per: bytes.maybe(Bytes::period),
            no_longer_than: bytes.maybe(Bytes::period),
            no_more_than: bytes.maybe(Bytes::decimal),
            beyond: bytes.is().then(|| "manager".to_owned()),
        })
    };
    let (dispute, promise, deferral, instalments) = (bounds(), bounds(), bounds(), bounds());
    HoldRules { dispute, promise, deferral, instalments, unconfirmed_valid_for: bytes.period() }
}

fn commands(bytes: &mut Bytes<'_>) -> CommandRules {
    let mut delivery = || Delivery {
        report_within: bytes.maybe(Bytes::period),
        retries: u32::from(bytes.below(3)),
        then: bytes.once_in(3).then(|| measure(bytes)),
    };
    let (message, provision) = (delivery(), delivery());
    let mut cap = || Cap {
        channel: bytes.pick(CHANNELS).into(),
        at_most: u32::from(bytes.below(4)),
        per: bytes.period(),
    };
    let caps = vec![cap(), cap()];
    CommandRules { message, provision, caps, rates: BTreeMap::new(), breaker: None }
}

/// An account with a credit limit.
#[derive(Debug)]
struct IsLimited;

impl Condition for IsLimited {
    fn holds(&self, account: &Snapshot, _: Option<&Invoice>) -> bool {
        account.credit_limit.is_some()
    }
}

/// An invoice that says what kind it is.
#[derive(Debug)]
struct IsOfKind;

impl Condition for IsOfKind {
    fn holds(&self, _: &Snapshot, invoice: Option<&Invoice>) -> bool {
        invoice.is_none_or(|invoice| invoice.kind.is_some())
    }
}

/// Texts that say what they were rendered from; one template cannot be, one is long.
#[derive(Debug)]
struct Echo;

impl Texts for Echo {
    fn render(
        &self,
        template: &TemplateName,
        language: &Language,
        values: &TextValues<'_>,
    ) -> Result<Text, String> {
        let body = match template.as_str() {
            "broken" => return Err("it is broken".to_owned()),
            "long" => "€ und 🦀 ".repeat(40),
            _ => format!("{:?} {:?}", values.debt, values.balance),
        };
        Ok(Text { body, language: language.clone() })
    }
}
