//! A policy whose windows are shut for half the day, and what waited for them.

use super::{PARTITIONS, World};
use decision::ids::CommandId;
use decision::policy::CommandRules;
use decision::time::Zone;
use decision::underway::UnderWay;
use decision::{Policies, Policy};
use loadtest::generate::DEMO_POLICY;
use schemas::{Decoder, OutputTopic, Waiting};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The demo's policy, by which reminders and bars leave in the afternoon and the evening only.
pub fn in_the_afternoon() -> Arc<Policies> {
    let windows = "windows: { late: { mon-sun: \"12:00-24:00\" } }\n\nthresholds:";
    let text = DEMO_POLICY
        .replacen("\nthresholds:", &format!("\n{windows}"), 1)
        .replace("- stage: bar\n", "- stage: bar\n        window: late\n")
        .replace("template: reminder,", "template: reminder, window: late,");
    let policy = policy::parse("demo.policy.yaml", &text).unwrap().policy;
    let policy = Arc::into_inner(policy).unwrap();
    let rates = BTreeMap::from([("sms".to_owned(), 4), ("email".to_owned(), 4), ("provision".to_owned(), 4)]);
    let commands = CommandRules { rates, ..policy.commands };
    Arc::new(Policy { commands, ..policy }.into())
}

/// The commands that waited and have a window, with the zone that it goes by.
pub fn with_a_window(world: &World) -> BTreeMap<CommandId, (Zone, bool)> {
    let mut decoder = Decoder::new(world.registry.clone(), &world.schemas);
    let topic = world.names.output(OutputTopic::Debtors);
    let records = (0..PARTITIONS).flat_map(|partition| world.log.committed_records(topic, partition));
    let waiting = records.filter(|record| Waiting::read_key(record.key.as_ref().unwrap()).is_some());
    let waiting = waiting.filter_map(|record| record.value.map(|value| decoder.waiting(&value).unwrap()));
    let in_window = waiting.filter_map(|waiting| waiting.window).map(|window| {
        let is_order = matches!(window.tried.what, UnderWay::Order(_));
        (window.tried.command_id, (window.zone, is_order))
    });
    in_window.collect()
}
