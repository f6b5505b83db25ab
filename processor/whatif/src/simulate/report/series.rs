//! What is counted day by day, as rows of numbers: how many debts are in each stage, what happens, what is paid.

use super::{Sides, Tally};
use decision::Policies;
use decision::ids::{PlanName, StageName};
use decision::money::Currency;
use decision::time::Date;
use std::collections::BTreeSet;

/// The days that something was counted on, from the first to the last, and what was counted on each.
#[derive(Clone, Debug, PartialEq)]
pub struct Days {
    /// The first day.
    pub first: Date,
    /// How many days there are.
    pub count: usize,
    /// How many debts are in each stage at the end of each day: plan by plan, in the order of its stages.
    pub stages: Vec<StageDays>,
    /// What happened on each day, and what was recovered.
    pub events: Vec<EventDays>,
}

/// A stage over time.
#[derive(Clone, Debug, PartialEq)]
pub struct StageDays {
    /// The plan.
    pub plan: String,
    /// The stage; none before the first.
    pub stage: Option<String>,
    /// How many debts are in it, under the policy that is tried.
    pub tried: Vec<i64>,
    /// The same under the one that it is held against.
    pub against: Option<Vec<i64>>,
}

/// Something that happens, over time.
#[derive(Clone, Debug, PartialEq)]
pub struct EventDays {
    /// What: `messages`, `cut off`, `recovered`.
    pub what: &'static str,
    /// Of money, its currency: the numbers are in minor units.
    pub currency: Option<Currency>,
    /// How much on each day, under the policy that is tried.
    pub tried: Vec<i128>,
    /// The same under the one that it is held against.
    pub against: Option<Vec<i128>>,
}

impl Days {
    /// The days of both sides; none where nothing was counted on any.
    pub(super) fn of(sides: &Sides<'_>, policies: &Policies) -> Option<Self> {
        let dates = sides.each().flat_map(|tally| {
            tally.days.keys().chain(tally.stages.values().flat_map(std::collections::BTreeMap::keys))
        });
        let dates: BTreeSet<_> = dates.copied().collect();
        let (first, last) = (*dates.first()?, *dates.last()?);
        let count = usize::try_from(last.days().saturating_sub(first.days())).ok()?.saturating_add(1);
        let mut days = Self { first, count, stages: Vec::new(), events: Vec::new() };
        for (plan, stage) in stages(sides, policies) {
            let of = |tally: &Tally| days.in_stage(tally, &(plan.clone(), stage.clone()));
            let (tried, against) = (of(sides.tried), sides.against.map(of));
            let (plan, stage) = (plan.to_string(), stage.as_ref().map(ToString::to_string));
            days.stages.push(StageDays { plan, stage, tried, against });
        }
        for (place, what) in super::COUNTED.iter().enumerate() {
            let counted = |tally: &Tally| {
                days.each_day(tally, |day| super::counted(day).get(place).copied().unwrap_or(0).into())
            };
            let (tried, against) = (counted(sides.tried), sides.against.map(counted));
            days.events.push(EventDays { what, currency: None, tried, against });
        }
        let currencies: BTreeSet<Currency> = sides
            .each()
            .flat_map(|tally| tally.days.values().flat_map(|day| day.recovered.keys().copied()))
            .collect();
        for currency in currencies {
            let paid = |tally: &Tally| {
                days.each_day(tally, |day| day.recovered.get(&currency).copied().unwrap_or(0))
            };
            let (tried, against) = (paid(sides.tried), sides.against.map(paid));
            days.events.push(EventDays { what: "recovered", currency: Some(currency), tried, against });
        }
        Some(days)
    }

    /// The days themselves.
    pub fn dates(&self) -> impl Iterator<Item = Date> + use<> {
        let first = self.first;
        (0..self.count).map(move |day| first.plus_days(i32::try_from(day).unwrap_or(i32::MAX)))
    }

    fn in_stage(&self, tally: &Tally, stage: &(PlanName, Option<StageName>)) -> Vec<i64> {
        let mut debts = 0;
        let changes = tally.stages.get(stage);
        let each = self.dates().map(|date| {
            debts += changes.and_then(|changes| changes.get(&date)).copied().unwrap_or(0);
            debts
        });
        each.collect()
    }

    fn each_day(&self, tally: &Tally, of: impl Fn(&super::Day) -> i128) -> Vec<i128> {
        self.dates().map(|date| tally.days.get(&date).map_or(0, &of)).collect()
    }
}

/// All stages that debts were in, plan by plan: before the first, then in the order of the policy that is tried; those
/// that it does not have come last.
fn stages(sides: &Sides<'_>, policies: &Policies) -> Vec<(PlanName, Option<StageName>)> {
    let found: BTreeSet<_> = sides.each().flat_map(|tally| tally.stages.keys().cloned()).collect();
    let place = |(plan, stage): &(PlanName, Option<StageName>)| {
        let Some(stage) = stage else { return 0 };
        let known = policies.versions().iter().rev().find_map(|version| {
            version.plans.get(plan)?.stages.iter().position(|known| known.name == *stage)
        });
        known.map_or(usize::MAX, |place| place.saturating_add(1))
    };
    let mut stages: Vec<_> = found.into_iter().collect();
    stages.sort_by_cached_key(|stage| (stage.0.clone(), place(stage)));
    stages
}
