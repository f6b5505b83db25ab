//! `loadtest generate`: what a run would send, counted or written out.

use crate::error::RunError;
use decision::time::Timestamp;
use loadtest::load::{Events, Kind, Planned, Profile, Schedule, Size, What, account_id};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroU32;
use std::time::Duration;

/// What is to be made.
#[derive(Clone, Debug)]
pub struct Order {
    /// What is sent.
    pub profile: Profile,
    /// How many accounts, and the seed.
    pub size: Size,
    /// How many events a second.
    pub rate: NonZeroU32,
    /// For how long.
    pub length: Duration,
    /// When the run begins, for the dates of invoices.
    pub began: Timestamp,
}

/// How many events of each kind there are, and how many commands they must bring about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// By kind.
    pub kinds: BTreeMap<Kind, u64>,
    /// Commands for events. Stages that timers enter are not among them.
    pub expected: u64,
}

impl Counts {
    fn add(&mut self, planned: &Planned) {
        *self.kinds.entry(planned.kind()).or_default() += 1;
        self.expected += planned.expectations().count() as u64;
    }

    /// How many events in all.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.kinds.values().sum()
    }
}

/// Makes the events, those of the preload first; with somewhere to write, each is written as a line of JSON.
///
/// # Errors
/// When the order cannot be met, or the lines cannot be written.
pub fn generate(order: &Order, mut out: Option<&mut dyn Write>) -> Result<Counts, RunError> {
    let mut schedule = Schedule::new(order.profile.clone(), order.size)?;
    let events = Events::new(order.began)?;
    let mut counts = Counts::default();
    let mut take = |schedule: &mut Schedule| -> Result<(), RunError> {
        for planned in schedule {
            counts.add(&planned);
            if let Some(out) = &mut out {
                writeln!(out, "{}", line(&planned, &events)).map_err(RunError::failed("write the events"))?;
            }
        }
        Ok(())
    };
    let mut at = schedule.begin_preload(0, order.rate);
    take(&mut schedule)?;
    if let Some(timers) = schedule.profile().timers {
        let due = at + schedule.timers() * 1_000_000 / u64::from(order.rate.get());
        at = schedule.begin_arming(
            at,
            order.rate,
            due + u64::try_from(timers.at.as_micros()).unwrap_or(u64::MAX),
        );
        take(&mut schedule)?;
    }
    schedule.begin_step(at, order.rate, order.length)?;
    take(&mut schedule)?;
    Ok(counts)
}

/// An event as a line: when, whose, what, and what must come of it.
fn line(planned: &Planned, events: &Events) -> Value {
    let what = match planned.what {
        What::Snapshot { number, prepaid } => json!({"snapshot": number, "prepaid": prepaid}),
        What::Money { cents, version, top_up } => {
            json!({"balance": "main", "value": cents, "version": version, "top_up": top_up})
        }
        What::Data { left, bundle, version, bought, ends_at_us } => json!({
            "balance": "data", "megabytes": left, "limit_megabytes": bundle, "version": version, "top_up": bought,
            "valid_until": ends_at_us.map(|end| events.at(end).to_string()),
        }),
        What::Invoice { number, cents } => json!({"invoice": number, "amount": cents}),
        What::Payment { number, cents } => json!({"payment": number, "amount": cents}),
        What::Reversal { payment } => json!({"reversal_of_payment": payment}),
    };
    let expected: Vec<String> =
        planned.expectations().map(|expectation| format!("{:?}", expectation.expected)).collect();
    json!({
        "at_us": planned.at_us, "kind": planned.kind().as_str(), "account": account_id(planned.account).as_str(), "event": what,
        "expected": expected,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(seed: u64) -> Order {
        Order {
            profile: Profile::parse("mixed", Profile::shipped("mixed").unwrap()).unwrap(),
            size: Size { accounts: NonZeroU32::new(2_000).unwrap(), seed },
            rate: NonZeroU32::new(500).unwrap(),
            length: Duration::from_secs(20),
            began: Timestamp(1_790_000_000_000_000),
        }
    }

    #[test]
    fn each_event_is_a_line_of_json_and_is_counted() {
        let mut lines = Vec::new();
        let counts = generate(&order(1), Some(&mut lines)).unwrap();
        let lines: Vec<Value> = String::from_utf8(lines)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len() as u64, counts.events());
        let of_kind = |kind: Kind| lines.iter().filter(|line| line["kind"] == kind.as_str()).count() as u64;
        for (kind, count) in &counts.kinds {
            assert_eq!(of_kind(*kind), *count, "{kind:?}");
        }
        assert!(counts.kinds[&Kind::Snapshot] >= 2_000 && counts.kinds[&Kind::Payment] > 10, "{counts:?}");
        let expected: usize = lines.iter().map(|line| line["expected"].as_array().unwrap().len()).sum();
        assert_eq!(expected as u64, counts.expected);
    }

    #[test]
    fn the_same_seed_counts_the_same_without_writing() {
        assert_eq!(
            generate(&order(1), None).unwrap(),
            generate(&order(1), Some(&mut std::io::sink())).unwrap()
        );
        assert_ne!(generate(&order(1), None).unwrap(), generate(&order(2), None).unwrap());
    }
}
