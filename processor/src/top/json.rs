//! The overview as one JSON object, for programs. `weir top --help` says what its fields are.

use super::overview::{InstanceRow, Overview, PartitionRow, Standing, Work};
use crate::figures::count;
use crate::figures::rates::Rates;
use crate::figures::reading::State;
use serde_json::{Map, Value, json};

/// All of it.
pub(super) fn told(overview: &Overview) -> Value {
    json!({
        "ready": overview.is_ready(),
        "instances": overview.instances.iter().map(instance).collect::<Vec<_>>(),
        "all": Value::Object(work(&overview.total)),
        "partitions": overview.partitions.iter().map(partition).collect::<Vec<_>>(),
    })
}

fn instance(row: &InstanceRow) -> Value {
    let (standing, why) = match &row.standing {
        Standing::Ready => ("ready", None),
        Standing::Waits(why) => ("not_ready", Some(why)),
        Standing::NoAnswer(why) => ("no_answer", Some(why)),
        Standing::Asked => ("asked", None),
    };
    let mut told = row.work.as_ref().map(work).unwrap_or_default();
    told.insert("instance".to_owned(), json!(row.name));
    told.insert("standing".to_owned(), json!(standing));
    told.insert("why".to_owned(), json!(why));
    Value::Object(told)
}

fn work(work: &Work) -> Map<String, Value> {
    let rates = work.rates.as_ref();
    let rate = |count: fn(&Rates) -> f64| rates.map(count);
    let commits = rates.and_then(|rates| rates.commit_seconds.as_ref());
    // Beyond the last bound it is at least that.
    let quantile = |share| commits.and_then(|commits| commits.quantile(share)).map(|found| found.value);
    let told = [
        ("partitions", json!(work.partitions)),
        ("partitions_at_work", json!(work.at_work)),
        ("partitions_restoring", json!(work.restoring)),
        ("events_per_second", json!(rate(|rates| rates.events))),
        ("commands_per_second", json!(rate(|rates| rates.commands))),
        ("alerts_per_second", json!(rate(|rates| rates.alerts))),
        ("rejects_per_second", json!(rate(|rates| rates.rejects))),
        ("commits_per_second", json!(rate(|rates| rates.commits))),
        ("commit_seconds_p50", json!(quantile(0.5))),
        ("commit_seconds_p99", json!(quantile(0.99))),
        ("queued_records", json!(count(work.queued))),
        ("clock_lead_seconds", json!(work.clock_lead_seconds)),
    ];
    told.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

fn partition(row: &PartitionRow) -> Value {
    let shown = &row.shown;
    let (state, left) = match shown.state() {
        State::AtWork => ("at_work", None),
        State::Restoring { records, seconds } => ("restoring", Some((records, seconds))),
        State::StoreFails => ("store_fails", None),
        State::ComesBack => ("comes_back", None),
        State::Unknown => ("unknown", None),
    };
    json!({
        "partition": row.number,
        "instance": row.instance,
        "state": state,
        "well": row.is_well(),
        "restore_remaining_records": left.map(|(records, _)| count(records)),
        "restore_remaining_seconds": left.map(|(_, seconds)| seconds),
        "input_lag_seconds": shown.lag_seconds,
        "timer_lateness_seconds": shown.late_seconds,
        "queued_records": count(shown.queued),
        "held_commands": count(shown.held),
        "breaker_open": shown.is_breaker_open(),
        "waiting_commands": count(shown.waiting),
        "put_off": count(shown.put_off),
        "policy_revision": count(shown.revision),
        "cached_debtors": count(shown.debtors),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::samples;

    /// What stands at a place, in JSON.
    #[track_caller]
    fn check(pointer: &str, expected: &Value) {
        let told = told(&Overview::of(&samples::watched()));
        assert_eq!(told.pointer(pointer), Some(expected), "{pointer} of {told:#}");
    }

    #[test]
    fn programs_read_the_same_as_people() {
        check("/ready", &json!(false));
        check("/instances/0/standing", &json!("ready"));
        check("/instances/0/why", &Value::Null);
        check("/instances/0/events_per_second", &json!(12_345.0));
        check("/instances/0/commit_seconds_p50", &json!(0.002));
        check("/instances/1/why", &json!("0 of 2 assigned partitions are at work"));
        check("/instances/1/commit_seconds_p99", &Value::Null);
        check(
            "/instances/2",
            &json!({"instance": "weir-2:8080", "standing": "no_answer", "why": "connection refused"}),
        );
        check("/all/partitions_restoring", &json!(1));
        check("/all/clock_lead_seconds", &json!(90.0));
        check("/partitions/0/state", &json!("at_work"));
        check("/partitions/0/well", &json!(false));
        check("/partitions/0/timer_lateness_seconds", &json!(420.0));
        check("/partitions/1/breaker_open", &json!(true));
        check("/partitions/1/input_lag_seconds", &json!(75.0));
        check("/partitions/2/restore_remaining_records", &json!(12_300));
        check("/partitions/2/input_lag_seconds", &Value::Null);
        check("/partitions/1/held_commands", &json!(1_300));
        check("/partitions/3/state", &json!("store_fails"));
    }

    #[test]
    fn every_field_is_told_of_in_the_help() {
        let told = told(&Overview::of(&samples::watched()));
        let objects = [told.clone(), told["instances"][0].clone(), told["partitions"][0].clone()];
        for field in objects.iter().flat_map(|object| object.as_object().unwrap().keys()) {
            let words =
                crate::cli::TOP_HELP.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
            assert!(words.into_iter().any(|word| word == field), "{field} is not told of");
        }
    }
}
