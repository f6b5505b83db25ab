//! What always holds, whatever comes: any events, with ids that collide, moments out of order and
//! absurd amounts. Most of it is checked by [`crate::testing`] after every decision.

mod lives;
mod plans;

use crate::command::{Action, Command, Message, Origin};
use crate::policy::MessageClass;
use crate::record::{Record, RecordKind};
use crate::time::{Timestamp, Zone};
use crate::{Input, Moment};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

use lives::{DAY, a_policy, a_step, live};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_the_invariants_hold_and_a_replay_is_identical(
        policy in a_policy(),
        is_known in proptest::bool::weighted(0.8),
        steps in vec(a_step(), 1..60),
    ) {
        let first = live(policy(), is_known, &steps);
        let again = live(policy(), is_known, &steps);
        prop_assert_eq!(first, again);
    }

    #[test]
    fn an_order_that_was_undone_or_never_given_is_not_in_force(
        policy in a_policy(),
        is_known in proptest::bool::weighted(0.8),
        steps in vec(a_step(), 1..60),
    ) {
        let (decided, debtor) = live(policy(), is_known, &steps);
        let mut on = Orders::default();
        for decisions in &decided {
            // What failed is told before anything is ordered.
            for record in decisions.records.iter().filter(|record| record.reason == NOT_DONE) {
                on.forget(record);
            }
            for command in &decisions.commands {
                if let Err(twice) = on.take(command) {
                    prop_assert!(false, "{twice}");
                }
            }
        }
        let has_cycle = debtor.profiles.iter().any(|profile| !profile.cycles.is_empty());
        prop_assert!(has_cycle || on.targets.is_empty(), "no cycle is open, and in force are {:?}", on.targets);
    }

    #[test]
    fn no_message_but_a_statutory_one_is_over_a_cap(
        policy in a_policy(),
        steps in vec(a_step(), 1..60),
    ) {
        let caps = policy().commands.caps;
        let (decided, _) = live(policy(), true, &steps);
        let mut sent: Vec<(Timestamp, Message)> = Vec::new();
        for command in decided.iter().flat_map(|decisions| &decisions.commands) {
            let Action::Message(message) = &command.action else { continue };
            for cap in caps.iter().filter(|cap| cap.channel == message.channel) {
                let counts = |(at, earlier): &&(Timestamp, Message)| {
                    earlier.channel == cap.channel && Zone::utc().after(*at, cap.per) > command.at
                };
                let before = u32::try_from(sent.iter().filter(counts).count()).unwrap();
                let is_over = before >= cap.at_most && message.class != MessageClass::Statutory;
                prop_assert!(!is_over, "{before} by {} within {}, and then {command:?}", cap.channel, cap.per);
            }
            sent.push((command.at, message.clone()));
        }
    }

    #[test]
    fn a_hold_ends_alike_whether_its_end_is_looked_at_in_time_or_late(
        policy in a_policy(),
        steps in vec(a_step(), 1..40),
    ) {
        let (_, debtor) = live(policy(), true, &steps);
        let waking = debtor.next_due.unwrap_or_default();
        let end = waking.plus_micros(100 * DAY);
        let policies: crate::Policies = policy().into();
        let ended = |decisions: crate::Decisions| {
            let is_end = |kind| RECORDS_OF_ENDS.contains(&kind);
            let ends = decisions.records.into_iter().filter(move |record| is_end(record.kind));
            let id = |record: &crate::record::Record| record.figures.first().map(|figure| figure.value.clone());
            ends.map(move |record| (record.kind, record.reason.clone(), id(&record))).collect::<Vec<_>>()
        };
        let (mut in_time, mut late) = (debtor.clone(), debtor);
        let mut ended_in_time = Vec::new();
        while let Some(due) = in_time.next_due.filter(|due| *due <= end) {
            let now = due.max(waking);
            let moment = Moment { now, horizon: now };
            ended_in_time.extend(ended(crate::decide(&mut in_time, Input::Due, moment, &policies)));
        }
        let moment = Moment { now: end, horizon: end };
        let ended_late = ended(crate::decide(&mut late, Input::Due, moment, &policies));
        prop_assert_eq!(ended_in_time, ended_late);
        prop_assert_eq!(in_time.holds, late.holds);
    }
}

const NOT_DONE: &str = "every try failed: it is not in force";

/// What is ordered and neither undone nor failed: operations, each of a service or of a profile.
#[derive(Default)]
struct Orders {
    targets: BTreeSet<String>,
    profiles: BTreeMap<String, String>,
}

impl Orders {
    /// Takes a command; an error where it orders what is on, or undoes what is not.
    fn take(&mut self, command: &Command) -> Result<(), String> {
        let (Action::Provision(order), Origin::Cycle { debt_class, .. }) = (&command.action, &command.origin)
        else {
            return Ok(());
        };
        // A further try orders what the first did.
        if command.first_id.is_some() {
            return Ok(());
        }
        self.profiles.insert(command.id.to_string(), debt_class.clone());
        let operation = order.operation.as_str();
        let operation = operation.strip_prefix("un-").unwrap_or(operation);
        let services: Vec<&str> = order.services.iter().map(|service| service.as_str()).collect();
        for target in targets(operation, &services, debt_class) {
            let was_as_expected = if order.is_undo {
                self.targets.remove(&target)
            } else {
                self.targets.insert(target.clone())
            };
            if !was_as_expected {
                return Err(format!("{} twice: {target}", order.operation));
            }
        }
        Ok(())
    }

    /// Takes the record of an order that was not done.
    fn forget(&mut self, record: &Record) {
        assert_eq!(record.kind, RecordKind::MeasureDropped);
        let figure = |name| record.figures.iter().find(|figure| figure.name == name);
        let id = figure("first_id").or_else(|| figure("command_id")).unwrap();
        let services: Vec<&str> = figure("services").unwrap().value.split_terminator(", ").collect();
        for target in targets(&figure("operation").unwrap().value, &services, &self.profiles[&id.value]) {
            assert!(self.targets.remove(&target), "it failed and was not ordered: {target}");
        }
    }
}

fn targets(operation: &str, services: &[&str], profile: &str) -> Vec<String> {
    match services {
        [] => vec![format!("{operation} {profile}")],
        services => services.iter().map(|service| format!("{operation} of {service}")).collect(),
    }
}

/// What a record of a hold's end may be.
const RECORDS_OF_ENDS: &[RecordKind] = &[
    RecordKind::HoldEnded,
    RecordKind::PromiseKept,
    RecordKind::PromiseBroken,
    RecordKind::InstalmentsBroken,
];
