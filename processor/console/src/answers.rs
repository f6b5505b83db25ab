//! What the API answers, as far as pages show it. What else it says is left.

use crate::figures::{grouped, is_something};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct When {
    pub(crate) at: String,
    pub(crate) local: String,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct AccountPage {
    pub(crate) items: Vec<AccountLine>,
    pub(crate) next: Option<String>,
}

/// An account as a list tells it.
#[derive(Debug, Deserialize)]
pub(crate) struct AccountLine {
    pub(crate) account_id: String,
    #[serde(default)]
    pub(crate) time_zone: String,
    pub(crate) currency: Option<String>,
    pub(crate) real_debt: String,
    pub(crate) conditional_debt: String,
    pub(crate) segment: Option<String>,
    pub(crate) manager_group: Option<String>,
    pub(crate) manager: Option<String>,
    pub(crate) work: Vec<WorkLine>,
    #[serde(default)]
    pub(crate) tasks: Vec<Task>,
    pub(crate) holds: Vec<String>,
    pub(crate) exempt: bool,
    pub(crate) paused: bool,
}

/// A task for a person.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Task {
    pub(crate) command_id: String,
    pub(crate) queue: String,
    pub(crate) stage: Option<String>,
    pub(crate) requested_at: When,
    pub(crate) due: Option<When>,
    pub(crate) late: bool,
    pub(crate) taken_by: Option<String>,
    pub(crate) taken_at: Option<When>,
}

/// How many accounts there are of each kind.
#[derive(Debug, Deserialize)]
pub(crate) struct Counts {
    pub(crate) items: Vec<Count>,
}

/// How many accounts there are of one kind.
#[derive(Debug, Deserialize)]
pub(crate) struct Count {
    pub(crate) by: String,
    pub(crate) name: String,
    pub(crate) accounts: u64,
}

/// The work on one part of a debt.
#[derive(Debug, Deserialize)]
pub(crate) struct WorkLine {
    pub(crate) debt_class: String,
    pub(crate) status: String,
    pub(crate) plan: Option<String>,
    pub(crate) stage: Option<String>,
    pub(crate) stage_since: Option<When>,
    pub(crate) next_stage: Option<String>,
    pub(crate) next_at: Option<When>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Account {
    pub(crate) account_id: String,
    pub(crate) debtor_id: String,
    pub(crate) as_of: When,
    pub(crate) time_zone: String,
    pub(crate) currency: Option<String>,
    pub(crate) policy: Policy,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) segment: Option<String>,
    pub(crate) manager_group: Option<String>,
    pub(crate) manager: Option<String>,
    pub(crate) assigned_plan: Option<String>,
    pub(crate) exempt: bool,
    pub(crate) pause: Option<Pause>,
    pub(crate) balances: Vec<Balance>,
    pub(crate) profiles: Vec<Profile>,
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) credit: String,
    pub(crate) holds: Vec<Hold>,
    pub(crate) by_hand: Vec<Measure>,
    pub(crate) under_way: Vec<UnderWay>,
    #[serde(default)]
    pub(crate) tasks: Vec<Task>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) version: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) payment_mode: String,
    pub(crate) language: Option<String>,
    pub(crate) credit_limit: Option<String>,
    pub(crate) contacts: BTreeMap<String, String>,
    pub(crate) services: Vec<Service>,
    pub(crate) attributes: BTreeMap<String, Value>,
    pub(crate) closed: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Service {
    pub(crate) id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Pause {
    pub(crate) since: When,
    pub(crate) until: Option<When>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Balance {
    pub(crate) name: String,
    pub(crate) unit: Option<String>,
    pub(crate) value: String,
    pub(crate) limit: Option<String>,
    pub(crate) valid_until: Option<When>,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Rule {
    pub(crate) rule: String,
    pub(crate) lines: Vec<Line>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) line: String,
    pub(crate) state: String,
    pub(crate) acts_at: Option<String>,
    pub(crate) armed_at: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Profile {
    pub(crate) debt_class: String,
    pub(crate) status: String,
    pub(crate) plan: Option<String>,
    pub(crate) stage: Option<String>,
    #[serde(default)]
    pub(crate) stages: Vec<String>,
    pub(crate) real_debt: String,
    pub(crate) conditional_debt: String,
    pub(crate) next: Option<NextStage>,
    pub(crate) cycles: Vec<Cycle>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NextStage {
    pub(crate) stage: String,
    pub(crate) when: When,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Cycle {
    pub(crate) held_since: Option<When>,
    pub(crate) entered: Vec<Entered>,
    pub(crate) measures: Vec<Measure>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Entered {
    pub(crate) stage: String,
    pub(crate) when: When,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Measure {
    pub(crate) stage: Option<String>,
    pub(crate) kind: String,
    pub(crate) what: String,
    pub(crate) channel: Option<String>,
    pub(crate) requested_at: When,
    pub(crate) outcome: Option<String>,
    pub(crate) lifted_since: Option<When>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct UnderWay {
    pub(crate) kind: String,
    pub(crate) what: String,
    pub(crate) channel: Option<String>,
    pub(crate) stands: String,
    pub(crate) wakes_at: Option<When>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Invoice {
    pub(crate) id: String,
    pub(crate) due: String,
    pub(crate) amount: String,
    pub(crate) paid: String,
    pub(crate) outstanding: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Hold {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) amount: String,
    pub(crate) freezes: String,
    pub(crate) paid: String,
    pub(crate) invoices: Vec<String>,
    pub(crate) until: Option<String>,
    pub(crate) is_upheld: bool,
    /// None of a Weir that does not tell them yet.
    #[serde(default)]
    pub(crate) parts: Vec<HoldPart>,
    pub(crate) by: String,
    pub(crate) made_at: When,
}

#[derive(Debug, Deserialize)]
pub(crate) struct HoldPart {
    pub(crate) due: String,
    pub(crate) amount: String,
    pub(crate) paid: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct History {
    pub(crate) items: Vec<Told>,
    pub(crate) next: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    pub(crate) when: When,
    pub(crate) kind: String,
    pub(crate) reason: String,
    pub(crate) figures: Vec<FigureTold>,
}

/// A figure that a decision rests on.
#[derive(Debug, Deserialize)]
pub(crate) struct FigureTold {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Story {
    /// None where it is told by a Weir that does not know it yet.
    pub(crate) owed: Option<OwedOverTime>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OwedOverTime {
    pub(crate) known_from: When,
    pub(crate) is_whole: bool,
    pub(crate) points: Vec<OwedFrom>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OwedFrom {
    pub(crate) at: String,
    pub(crate) local: String,
    pub(crate) real_debt: String,
    pub(crate) entered: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) lines: Vec<Told>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Given {
    pub(crate) id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct WhyNot {
    pub(crate) parts: Vec<Part>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Part {
    pub(crate) findings: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Finding {
    pub(crate) says: String,
    pub(crate) acts: Option<String>,
    pub(crate) when: Option<When>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Versions {
    pub(crate) time_zone: Option<String>,
    pub(crate) holds: Option<i64>,
    pub(crate) items: Vec<Version>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Version {
    pub(crate) number: i64,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) hash: String,
    pub(crate) state: String,
    pub(crate) held: Vec<Held>,
    pub(crate) published: Option<Published>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Held {
    pub(crate) from: Option<When>,
    pub(crate) until: Option<When>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Published {
    pub(crate) at: When,
    pub(crate) by: String,
    pub(crate) role: String,
    pub(crate) why: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Ruling {
    pub(crate) version: Version,
    pub(crate) time_zone: String,
    pub(crate) currency: String,
    pub(crate) observe: bool,
    pub(crate) segments: Vec<Segment>,
    pub(crate) groups: Vec<Group>,
    pub(crate) plans: Vec<Plan>,
    pub(crate) thresholds: Vec<Threshold>,
    pub(crate) windows: Vec<Window>,
    pub(crate) holds: Vec<Worded>,
    pub(crate) tries: Vec<Worded>,
    pub(crate) caps: Vec<Cap>,
    pub(crate) rates: Vec<Rate>,
    pub(crate) breaker: Option<Finding>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Worded {
    pub(crate) kind: String,
    pub(crate) says: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) when: Option<String>,
    pub(crate) group: String,
    pub(crate) managers: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) standard: String,
    pub(crate) plans: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) groups: Vec<String>,
    pub(crate) debt_class: String,
    pub(crate) observe: bool,
    pub(crate) rules: Vec<Worded>,
    pub(crate) before_due: Vec<BeforeDue>,
    pub(crate) stages: Vec<Stage>,
    pub(crate) on_cure: Vec<Worded>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct BeforeDue {
    pub(crate) says: String,
    pub(crate) measures: Vec<Worded>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Stage {
    pub(crate) stage: String,
    pub(crate) says: String,
    pub(crate) conditions: Vec<Worded>,
    pub(crate) cuts_off: bool,
    pub(crate) measures: Vec<Worded>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Threshold {
    pub(crate) rule: String,
    pub(crate) says: String,
    pub(crate) observe: bool,
    pub(crate) rules: Vec<Worded>,
    pub(crate) measures: Vec<Worded>,
    pub(crate) recovered: Vec<Worded>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Window {
    pub(crate) name: String,
    pub(crate) hours: Vec<String>,
    pub(crate) skips: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Cap {
    pub(crate) channel: String,
    pub(crate) says: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Rate {
    pub(crate) of: String,
    pub(crate) per_second: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Changes {
    pub(crate) since: Option<i64>,
    pub(crate) changes: Vec<Change>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Change {
    pub(crate) subject: String,
    pub(crate) what: String,
    pub(crate) groups: Vec<String>,
}

impl Account {
    /// Whether something was paid in advance.
    pub(crate) fn has_credit(&self) -> bool {
        is_something(&self.credit)
    }
}

impl Balance {
    /// A value of it, as people say it: bytes in the unit that makes them a short number.
    pub(crate) fn counted(&self, value: &str) -> String {
        let is_of_bytes = self.unit.as_deref() == Some("bytes");
        let Some(bytes) = value.parse::<u64>().ok().filter(|_| is_of_bytes) else { return grouped(value) };
        let units = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
        match units.into_iter().find(|(_, size)| bytes >= *size) {
            Some((unit, size)) => {
                grouped(&format!("{}.{:02}", bytes / size, bytes % size * 100 / size)) + "\u{a0}" + unit
            }
            None => format!("{bytes}\u{a0}B"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_a_unit_that_makes_them_short() {
        let balance: Balance = serde_json::from_value(serde_json::json!({
            "name": "data", "unit": "bytes", "value": "1", "limit": null, "valid_until": null, "rules": [],
        }))
        .unwrap();
        for (value, expected) in [
            ("44110000000", "44.11\u{a0}GB"),
            ("1000", "1.00\u{a0}kB"),
            ("999", "999\u{a0}B"),
            ("1.5", "1.5"),
            ("-12204.5", "-12\u{a0}204.5"),
            ("9007199254740000", "9\u{a0}007.19\u{a0}TB"),
        ] {
            assert_eq!(balance.counted(value), expected);
        }
    }
}
