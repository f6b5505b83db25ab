//! What came of a simulation, laid out for people and programs: sections of rows, both policies side by side.
//!
//! How a terminal shows it is [`text`]'s business, how a page does is `page`'s.

mod chart;
mod page;
mod series;
pub mod text;

pub use page::page;
pub use series::{Days, EventDays, StageDays};

use super::tally::{AGES, Amounts, Day, Recovery, Sum, Tally};
use super::{Job, Simulated};
use decision::Policies;
use decision::money::{Currency, MinorUnits};
use decision::time::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name in JSON: `messages`.
    pub name: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// What its rows go by: `template`, `channel`.
    pub keys: &'static [&'static str],
    /// The rows, by their keys.
    pub rows: Vec<SectionRow>,
}

/// A row: what it goes by, and what was counted on each side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionRow {
    /// What it goes by, one for each of the section's keys.
    pub keys: Vec<String>,
    /// Under the policy that is tried.
    pub tried: Figure,
    /// Under the one that it is held against, where there is one.
    pub against: Option<Figure>,
}

/// What was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// So many.
    Count(u64),
    /// So many, and so much money together.
    Amounts(Amounts, Currency),
    /// So much money.
    Money(Sum, Currency),
}

/// Which policies were tried on what, and all that came of it.
#[derive(Debug)]
pub struct Report {
    /// The policy that was tried: its name and version.
    pub tried: String,
    /// The one that it was held against.
    pub against: Option<String>,
    /// Through which moment.
    pub until: Timestamp,
    /// What was read, and how many debtors there are.
    pub events: u64,
    /// Events after the end, and reports that were not taken.
    pub left_out: u64,
    /// Events that could not be read.
    pub faulty: u64,
    /// Debtors.
    pub accounts: u64,
    /// Debtors that come off differently; none where nothing is held against.
    pub differing: Option<u64>,
    /// What was counted over the whole time.
    pub sections: Vec<Section>,
    /// By month.
    pub months: Section,
    /// By day.
    pub days: Section,
    /// What is owed at the end of each month, by age.
    pub ages: Section,
    /// The same days as rows of numbers, and how many debts are in each stage; none where nothing happened.
    pub series: Option<Days>,
}

impl Report {
    /// Lays out what came of a job.
    #[must_use]
    pub fn new(job: &Job, simulated: &Simulated) -> Self {
        let sides = Sides { tried: &simulated.tried, against: simulated.against.as_ref() };
        Self {
            tried: named(&job.policy),
            against: job.against.as_ref().map(named),
            until: job.until,
            events: simulated.events,
            left_out: simulated.left_out,
            faulty: simulated.faulty.count,
            accounts: simulated.accounts,
            differing: job.against.is_some().then_some(simulated.differing),
            sections: sides.sections(),
            // A date begins with its month: `2026-03`.
            months: sides.times("months", "By month", &["month", "what"], 7),
            days: sides.times("days", "By day", &["day", "what"], 10),
            ages: sides.ages(),
            series: Days::of(&sides, &job.policy),
        }
    }

    /// All of it, for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut all = Map::new();
        all.insert("policy".into(), json!(self.tried));
        all.insert("against".into(), json!(self.against));
        all.insert("until".into(), json!(self.until.to_string()));
        all.insert("events".into(), json!(self.events));
        all.insert("events_left_out".into(), json!(self.left_out));
        all.insert("events_faulty".into(), json!(self.faulty));
        all.insert("accounts".into(), json!(self.accounts));
        all.insert("accounts_differing".into(), json!(self.differing));
        for section in self.sections.iter().chain([&self.months, &self.days, &self.ages]) {
            all.insert(
                section.name.into(),
                Value::Array(section.rows.iter().map(|row| row_json(section, row)).collect()),
            );
        }
        all.insert("debts_by_stage".into(), self.series.as_ref().map_or(Value::Null, stages_json));
        Value::Object(all)
    }
}

/// How many debts are in each stage at the end of each day.
fn stages_json(days: &Days) -> Value {
    let stage = |stage: &StageDays| json!({ "plan": stage.plan, "stage": stage.stage, "tried": stage.tried, "against": stage.against });
    let stages: Vec<_> = days.stages.iter().map(stage).collect();
    json!({ "first_day": days.first.to_string(), "stages": stages })
}

/// The versions of a policy, in words.
fn named(policies: &Policies) -> String {
    let versions = policies.versions().iter();
    let names: Vec<_> =
        versions.map(|version| format!("{} {}", version.identity.name, version.identity.version)).collect();
    names.join(", then ")
}

fn row_json(section: &Section, row: &SectionRow) -> Value {
    let keys = section.keys.iter().zip(&row.keys).map(|(name, key)| ((*name).to_owned(), json!(key)));
    let sides = [("tried", Some(row.tried)), ("against", row.against)];
    let sides = sides.into_iter().filter_map(|(name, figure)| Some((name.to_owned(), figure_json(figure?))));
    Value::Object(keys.chain(sides).collect())
}

fn figure_json(figure: Figure) -> Value {
    match figure {
        Figure::Count(count) => json!(count),
        Figure::Amounts(amounts, currency) => {
            json!({ "count": amounts.count, "amount": in_major(amounts.sum, currency), "currency": currency.code() })
        }
        Figure::Money(sum, currency) => {
            json!({ "amount": in_major(sum, currency), "currency": currency.code() })
        }
    }
}

/// A sum in major units, as people write it.
pub(crate) fn in_major(sum: Sum, currency: Currency) -> String {
    if let Ok(sum) = i64::try_from(sum) {
        return MinorUnits(sum).in_major(currency.exponent());
    }
    // Beyond what one account may owe: many together may.
    let unit = 10_i128.pow(currency.exponent().into());
    let (whole, part) = (sum / unit, (sum % unit).abs());
    let digits = usize::from(currency.exponent());
    if digits == 0 { whole.to_string() } else { format!("{whole}.{part:0digits$}") }
}

/// Amounts by the keys of a section's rows, and their currency.
type ByKeys = BTreeMap<(Vec<String>, Currency), Amounts>;

/// What was counted on both sides.
struct Sides<'t> {
    tried: &'t Tally,
    against: Option<&'t Tally>,
}

impl Sides<'_> {
    fn sections(&self) -> Vec<Section> {
        vec![
            self.totals(),
            self.counts("alerts", "Alerts", &["rule"], |tally| &tally.alerts, |rule| vec![rule.to_string()]),
            self.counts(
                "alerts_not_sent",
                "Alerts that were not sent",
                &["why"],
                |tally| &tally.alerts_not_sent,
                |why| vec![(*why).to_owned()],
            ),
            self.counts(
                "messages",
                "Messages",
                &["template", "channel"],
                |tally| &tally.messages,
                |(template, channel)| vec![template.to_string(), channel.to_string()],
            ),
            self.counts(
                "operations",
                "Provisioning orders",
                &["operation"],
                |tally| &tally.operations,
                |operation| vec![operation.to_string()],
            ),
            self.counts("tasks", "Tasks", &["queue"], |tally| &tally.tasks, |queue| vec![queue.to_string()]),
            self.counts(
                "stages",
                "Stages entered",
                &["plan", "stage"],
                |tally| &tally.entered,
                |(plan, stage)| vec![plan.to_string(), stage.to_string()],
            ),
            self.amounts("recovered_by_stage", "Recovered, by stage", &["plan", "stage"], by_stage),
            self.amounts("recovered_by_segment", "Recovered, by segment", &["segment"], by_segment),
            self.amounts("fees", "Fees", &["code"], |tally| {
                tally
                    .fees
                    .iter()
                    .map(|((code, currency), sum)| ((vec![code.clone()], *currency), *sum))
                    .collect()
            }),
            self.amounts("handovers", "Debts handed over", &["to"], |tally| {
                tally
                    .handovers
                    .iter()
                    .map(|((to, currency), sum)| ((vec![to.clone()], *currency), *sum))
                    .collect()
            }),
            self.counts(
                "rejected",
                "Events rejected",
                &["reason"],
                |tally| &tally.rejected,
                |reason| vec![(*reason).to_owned()],
            ),
        ]
    }

    /// What is one number each.
    fn totals(&self) -> Section {
        let total = |name: &str, count: fn(&Tally) -> u64| SectionRow {
            keys: vec![name.to_owned()],
            tried: Figure::Count(count(self.tried)),
            against: self.against.map(|against| Figure::Count(count(against))),
        };
        let rows = vec![
            total("alerts", |tally| tally.alerts.values().sum()),
            total("messages", |tally| tally.messages.values().sum()),
            total("tasks", |tally| tally.tasks.values().sum()),
            total("accounts cut off", |tally| tally.cut_off),
            total("accounts restored", |tally| tally.restored),
            total("accounts cut off at the end", |tally| tally.cut_off_at_end),
        ];
        Section { name: "totals", title: "In all", keys: &["what"], rows }
    }

    fn counts<K: Ord>(
        &self,
        name: &'static str,
        title: &'static str,
        keys: &'static [&'static str],
        of: fn(&Tally) -> &BTreeMap<K, u64>,
        told: fn(&K) -> Vec<String>,
    ) -> Section {
        let all: BTreeSet<&K> = self.each().flat_map(|tally| of(tally).keys()).collect();
        let row = |key: &K| SectionRow {
            keys: told(key),
            tried: Figure::Count(of(self.tried).get(key).copied().unwrap_or(0)),
            against: self.against.map(|against| Figure::Count(of(against).get(key).copied().unwrap_or(0))),
        };
        Section { name, title, keys, rows: all.into_iter().map(row).collect() }
    }

    fn amounts(
        &self,
        name: &'static str,
        title: &'static str,
        keys: &'static [&'static str],
        of: fn(&Tally) -> ByKeys,
    ) -> Section {
        let (tried, against) = (of(self.tried), self.against.map(of));
        let all: BTreeSet<_> = tried.keys().chain(against.iter().flat_map(BTreeMap::keys)).collect();
        let row = |key: &(Vec<String>, Currency)| {
            let figure = |side: &BTreeMap<_, Amounts>| {
                Figure::Amounts(side.get(key).copied().unwrap_or_default(), key.1)
            };
            SectionRow { keys: key.0.clone(), tried: figure(&tried), against: against.as_ref().map(figure) }
        };
        Section { name, title, keys, rows: all.into_iter().map(row).collect() }
    }

    /// What happened in each stretch of time, by the first letters of its date.
    fn times(
        &self,
        name: &'static str,
        title: &'static str,
        keys: &'static [&'static str],
        letters: usize,
    ) -> Section {
        let of = |tally: &Tally| {
            let mut times: BTreeMap<(String, usize, Option<Currency>), Sum> = BTreeMap::new();
            for (date, day) in &tally.days {
                let time: String = date.to_string().chars().take(letters).collect();
                for (place, count) in counted(day).into_iter().enumerate() {
                    *times.entry((time.clone(), place, None)).or_default() += Sum::from(count);
                }
                for (currency, sum) in &day.recovered {
                    *times.entry((time.clone(), COUNTED.len(), Some(*currency))).or_default() += sum;
                }
            }
            times.retain(|_, sum| *sum != 0);
            times
        };
        let (tried, against) = (of(self.tried), self.against.map(of));
        let all: BTreeSet<_> = tried.keys().chain(against.iter().flat_map(BTreeMap::keys)).collect();
        let row = |key: &(String, usize, Option<Currency>)| {
            let figure = |side: &BTreeMap<_, Sum>| {
                let sum = side.get(key).copied().unwrap_or(0);
                match key.2 {
                    Some(currency) => Figure::Money(sum, currency),
                    None => Figure::Count(u64::try_from(sum).unwrap_or(0)),
                }
            };
            let what = COUNTED.get(key.1).copied().unwrap_or("recovered");
            SectionRow {
                keys: vec![key.0.clone(), what.to_owned()],
                tried: figure(&tried),
                against: against.as_ref().map(figure),
            }
        };
        Section { name, title, keys, rows: all.into_iter().map(row).collect() }
    }

    fn ages(&self) -> Section {
        let all: BTreeSet<_> = self.each().flat_map(|tally| tally.ages.keys()).collect();
        let mut rows = Vec::new();
        for key in all {
            for (place, (age, _)) in AGES.iter().enumerate() {
                let of = |tally: &Tally| {
                    let sum = tally.ages.get(key).and_then(|ages| ages.get(place)).copied().unwrap_or(0);
                    Figure::Money(sum, key.1)
                };
                // Midnight by UTC, as a rule: the day says it.
                let at = key.0.to_string().replace("T00:00:00Z", "");
                let keys = vec![at, (*age).to_owned()];
                rows.push(SectionRow { keys, tried: of(self.tried), against: self.against.map(of) });
            }
        }
        Section {
            name: "debt_by_age",
            title: "Owed at the end of each month, by days after the due day",
            keys: &["at", "age"],
            rows,
        }
    }

    fn each(&self) -> impl Iterator<Item = &Tally> {
        [self.tried].into_iter().chain(self.against)
    }
}

/// What is counted of a day, in the order of [`counted`].
const COUNTED: [&str; 5] = ["alerts", "messages", "tasks", "cut off", "restored"];

/// The order of a grid's columns: what happens on a day, then the ages of debt.
const ORDER: [&str; COUNTED.len() + 1 + AGES.len()] = [
    "alerts",
    "messages",
    "tasks",
    "cut off",
    "restored",
    "recovered",
    AGES[0].0,
    AGES[1].0,
    AGES[2].0,
    AGES[3].0,
    AGES[4].0,
];

fn counted(day: &Day) -> [u64; COUNTED.len()] {
    [day.alerts, day.messages, day.tasks, day.cut_off, day.restored]
}

fn by_stage(tally: &Tally) -> ByKeys {
    let stage = |key: &Recovery| {
        let stage = key.stage.as_ref().map_or("before the first", |stage| stage.as_str());
        vec![key.plan.to_string(), stage.to_owned()]
    };
    summed(tally, stage)
}

fn by_segment(tally: &Tally) -> ByKeys {
    summed(tally, |key| vec![key.segment.as_ref().map_or("none", |segment| segment.as_str()).to_owned()])
}

fn summed(tally: &Tally, told: impl Fn(&Recovery) -> Vec<String>) -> ByKeys {
    let mut sums: BTreeMap<_, Amounts> = BTreeMap::new();
    for (key, amounts) in &tally.recovered {
        let sum = sums.entry((told(key), key.currency)).or_default();
        sum.count += amounts.count;
        sum.sum += amounts.sum;
    }
    sums
}
