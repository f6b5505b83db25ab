//! What is counted of many lives.

use decision::ids::{Channel, Operation, PlanName, Queue, RuleId, SegmentName, StageName, TemplateName};
use decision::money::Currency;
use decision::time::{Date, Timestamp};
use std::collections::BTreeMap;

/// The ages of debt that are told apart, by the most days after an invoice's due day: what is not due yet, three
/// months, and what is older.
pub const AGES: [(&str, i32); 5] =
    [("not due", 0), ("1–30", 30), ("31–60", 60), ("61–90", 90), ("over 90", i32::MAX)];

/// An amount that is summed over many accounts, in minor units: it may be beyond what one may owe.
pub type Sum = i128;

/// Of how many, and how much together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// How many.
    pub count: u64,
    /// How much, in minor units.
    pub sum: Sum,
}

/// What came of many lives under one policy.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Why events were rejected, by the reason's stable name.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Alerts that were sent, by rule.
    pub alerts: BTreeMap<RuleId, u64>,
    /// Alerts that were not, by the record's kind: suppressed, stale.
    pub alerts_not_sent: BTreeMap<&'static str, u64>,
    /// Messages, by template and channel.
    pub messages: BTreeMap<(TemplateName, Channel), u64>,
    /// Provisioning orders, by operation.
    pub operations: BTreeMap<Operation, u64>,
    /// Tasks, by queue.
    pub tasks: BTreeMap<Queue, u64>,
    /// Fees, by code and currency.
    pub fees: BTreeMap<(String, Currency), Amounts>,
    /// Debts handed over, by to whom and currency.
    pub handovers: BTreeMap<(String, Currency), Amounts>,
    /// Stages that were entered, by plan.
    pub entered: BTreeMap<(PlanName, StageName), u64>,
    /// What was paid of a debt that was being worked on: by segment, plan and stage it was in.
    pub recovered: BTreeMap<Recovery, Amounts>,
    /// Debtors that were cut off at least once.
    pub cut_off: u64,
    /// Of these, those that were restored at least once.
    pub restored: u64,
    /// Those that are cut off at the end.
    pub cut_off_at_end: u64,
    /// By day, in the debtors' own zones.
    pub days: BTreeMap<Date, Day>,
    /// How many more debts are in a stage than the day before.
    pub stages: BTreeMap<(PlanName, Option<StageName>), BTreeMap<Date, i64>>,
    /// What is owed, at the end of each month, by age as in [`AGES`].
    pub ages: BTreeMap<(Timestamp, Currency), [Sum; AGES.len()]>,
}

/// Where something was recovered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recovery {
    /// The debtor's segment.
    pub segment: Option<SegmentName>,
    /// The plan.
    pub plan: PlanName,
    /// The stage; none before the first.
    pub stage: Option<StageName>,
    /// In which currency.
    pub currency: Currency,
}

/// What happened on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Alerts.
    pub alerts: u64,
    /// Messages, alerts' own among them.
    pub messages: u64,
    /// Tasks.
    pub tasks: u64,
    /// Debtors cut off.
    pub cut_off: u64,
    /// Debtors restored.
    pub restored: u64,
    /// What was recovered, by currency.
    pub recovered: BTreeMap<Currency, Sum>,
}

impl Tally {
    /// Adds what was counted elsewhere.
    pub(super) fn add(&mut self, other: Self) {
        add_counts(&mut self.rejected, other.rejected);
        add_counts(&mut self.alerts, other.alerts);
        add_counts(&mut self.alerts_not_sent, other.alerts_not_sent);
        add_counts(&mut self.messages, other.messages);
        add_counts(&mut self.operations, other.operations);
        add_counts(&mut self.tasks, other.tasks);
        add_amounts(&mut self.fees, other.fees);
        add_amounts(&mut self.handovers, other.handovers);
        add_counts(&mut self.entered, other.entered);
        add_amounts(&mut self.recovered, other.recovered);
        self.cut_off += other.cut_off;
        self.restored += other.restored;
        self.cut_off_at_end += other.cut_off_at_end;
        for (date, day) in other.days {
            self.days.entry(date).or_default().add(day);
        }
        for (stage, days) in other.stages {
            let known = self.stages.entry(stage).or_default();
            for (date, more) in days {
                *known.entry(date).or_default() += more;
            }
        }
        for (at, ages) in other.ages {
            let known = self.ages.entry(at).or_default();
            known.iter_mut().zip(ages).for_each(|(known, more)| *known += more);
        }
    }
}

impl Day {
    fn add(&mut self, other: Self) {
        self.alerts += other.alerts;
        self.messages += other.messages;
        self.tasks += other.tasks;
        self.cut_off += other.cut_off;
        self.restored += other.restored;
        for (currency, sum) in other.recovered {
            *self.recovered.entry(currency).or_default() += sum;
        }
    }
}

fn add_counts<K: Ord>(counts: &mut BTreeMap<K, u64>, others: BTreeMap<K, u64>) {
    for (key, count) in others {
        *counts.entry(key).or_default() += count;
    }
}

fn add_amounts<K: Ord>(amounts: &mut BTreeMap<K, Amounts>, others: BTreeMap<K, Amounts>) {
    for (key, other) in others {
        let known = amounts.entry(key).or_default();
        known.count += other.count;
        known.sum += other.sum;
    }
}
