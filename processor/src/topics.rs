//! `weir topics create`: the topics that Weir needs, made as it needs them.
//!
//! Which topics there are is `schemas`' table; whether an instance will do with those that it finds is the
//! engine's business.

use crate::cli::{Output, TopicsCommand};
use crate::config::Config;
use connectors::admin::{Creation, KafkaAdmin, NewTopicSpec, TopicDescription};
use engine::log::LogError;
use miette::{Context, IntoDiagnostic};
use schemas::{InputTopic, OutputTopic, SingleTopic, TopicNames, TopicSpec};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

/// A topic is there and is not as it should be: not wrong use, and told apart from it by scripts.
const NOT_AS_WANTED: u8 = 1;

/// With so many replicas a write can wait for two of them, and one broker may be down.
const REPLICAS_FOR_TWO_IN_SYNC: u16 = 3;

/// Makes what is missing.
pub(crate) fn run(command: &TopicsCommand) -> miette::Result<ExitCode> {
    let TopicsCommand::Create(arguments) = command;
    let config = Config::load(&arguments.config).map_err(|problem| *problem)?;
    let wanted =
        wanted(&config.topics, arguments.partitions, arguments.replication, config.engine.oldest_state);
    let at = || format!("the topics at {} cannot be made", config.kafka.brokers);
    let admin = KafkaAdmin::new(&config.kafka).into_diagnostic().wrap_err_with(at)?;
    let names: Vec<&str> = wanted.iter().map(|topic| topic.name.as_str()).collect();
    let found = admin.describe_topics(&names).into_diagnostic().wrap_err_with(at)?;
    let missing: Vec<NewTopicSpec> = wanted
        .iter()
        .zip(&found)
        .filter(|(_, found)| found.is_none())
        .map(|(topic, _)| topic.clone())
        .collect();
    if !arguments.dry_run && !missing.is_empty() {
        let made = admin.create_topics(&missing).into_diagnostic().wrap_err_with(at)?;
        if made.contains(&Creation::WasThere) {
            eprintln!(
                "someone else has made some of them in this moment: run it again to see whether they are right"
            );
        }
    }
    let topics: Vec<Topic<'_>> =
        wanted.iter().zip(&found).map(|(wanted, found)| Topic::new(wanted, found.as_ref())).collect();
    let text = match arguments.output {
        Output::Text => in_words(&topics, arguments.dry_run),
        Output::Json => in_json(&topics, arguments.dry_run),
    };
    writeln!(std::io::stdout(), "{text}").into_diagnostic()?;
    let is_well = topics.iter().all(|topic| topic.faults.is_empty());
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(NOT_AS_WANTED) })
}

/// All topics as they should be.
fn wanted(
    names: &TopicNames,
    partitions: u32,
    replication: Option<u16>,
    oldest_state: Duration,
) -> Vec<NewTopicSpec> {
    let inputs = InputTopic::ALL.iter().map(|topic| (names.input(*topic), topic.spec()));
    let outputs = OutputTopic::ALL.iter().map(|topic| (names.output(*topic), topic.spec()));
    let singles = SingleTopic::ALL.iter().map(|topic| (names.single(*topic), topic.spec()));
    let topic = |(name, spec): (&std::sync::Arc<str>, TopicSpec)| NewTopicSpec {
        name: name.to_string(),
        partitions: if spec.single { 1 } else { partitions },
        replication,
        config: config_of(&spec, replication, oldest_state),
    };
    inputs.chain(outputs).chain(singles).map(topic).collect()
}

fn config_of(spec: &TopicSpec, replication: Option<u16>, oldest_state: Duration) -> BTreeMap<String, String> {
    let policy = if spec.compacted { "compact" } else { "delete" };
    let mut config = BTreeMap::from([("cleanup.policy".to_owned(), policy.to_owned())]);
    if spec.compacted {
        // A disk that was away for longer than half of this is rebuilt.
        let retention = oldest_state.as_millis().saturating_mul(2);
        config.insert("delete.retention.ms".to_owned(), retention.to_string());
    }
    if let Some(time) = spec.kept_for {
        // A broker removes whole segments, and a topic of small records fills none for months.
        for key in ["retention.ms", "segment.ms"] {
            config.insert(key.to_owned(), time.as_millis().to_string());
        }
    }
    if replication.is_some_and(|replicas| replicas >= REPLICAS_FOR_TWO_IN_SYNC) {
        config.insert("min.insync.replicas".to_owned(), "2".to_owned());
    }
    config
}

/// What is wrong with a topic that is there, and how to mend it.
pub(crate) struct Fault {
    /// What.
    pub(crate) told: String,
    /// What to do.
    pub(crate) mend: String,
}

/// What is wrong with the topics of a configuration that are there, whatever their replication.
pub(crate) fn faults_of_those_there(
    admin: &KafkaAdmin,
    config: &Config,
    partitions: u32,
) -> Result<Vec<(String, Fault)>, LogError> {
    let wanted = wanted(&config.topics, partitions, None, config.engine.oldest_state);
    let names: Vec<&str> = wanted.iter().map(|topic| topic.name.as_str()).collect();
    let found = admin.describe_topics(&names)?;
    let there = wanted.iter().zip(found).filter_map(|(wanted, found)| Some((wanted, found?)));
    let faults = there.flat_map(|(wanted, found)| {
        faults(wanted, &found).into_iter().map(|fault| (wanted.name.clone(), fault)).collect::<Vec<_>>()
    });
    Ok(faults.collect())
}

/// A topic: as it should be, and what is wrong with the one that is there.
struct Topic<'a> {
    wanted: &'a NewTopicSpec,
    is_there: bool,
    faults: Vec<Fault>,
}

impl<'a> Topic<'a> {
    fn new(wanted: &'a NewTopicSpec, found: Option<&TopicDescription>) -> Self {
        Self {
            wanted,
            is_there: found.is_some(),
            faults: found.map_or_else(Vec::new, |found| faults(wanted, found)),
        }
    }

    fn state(&self, is_dry: bool) -> &'static str {
        match (self.is_there, is_dry) {
            (true, _) if self.faults.is_empty() => "is there",
            (true, _) => "is there, and not right",
            (false, true) => "would be made",
            (false, false) => "made",
        }
    }
}

/// What is wrong with a topic that is there, and how to mend it.
fn faults(wanted: &NewTopicSpec, found: &TopicDescription) -> Vec<Fault> {
    let mut faults = Vec::new();
    if found.partitions != wanted.partitions {
        faults.push(Fault {
            told: format!("it has {} partitions, and {} are wanted", found.partitions, wanted.partitions),
            mend: format!(
                "the number must be one for all topics and never change, since it decides where an account lies: ask for \
                 --partitions {}, or remove the topic while it is empty",
                found.partitions
            ),
        });
    }
    for (key, value) in &wanted.config {
        let is = found.config.get(key).map_or("unset", String::as_str);
        let is_good = match key.as_str() {
            // More is as good.
            "delete.retention.ms" | "min.insync.replicas" => {
                let number = |text: &str| text.parse::<u128>().unwrap_or(0);
                number(is) >= number(value)
            }
            _ => is == value,
        };
        if !is_good {
            faults.push(Fault {
                told: format!("{key} is {is}, and {value} is wanted"),
                mend: format!(
                    "kafka-configs.sh --alter --entity-type topics --entity-name {} --add-config {key}={value}",
                    wanted.name
                ),
            });
        }
    }
    faults
}

fn in_words(topics: &[Topic<'_>], is_dry: bool) -> String {
    let longest = topics.iter().map(|topic| topic.wanted.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for topic in topics {
        let config: Vec<_> =
            topic.wanted.config.iter().map(|(key, value)| format!("{key}={value}")).collect();
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "{:longest$}  {} partitions, {}  {}",
            topic.wanted.name,
            topic.wanted.partitions,
            config.join(", "),
            topic.state(is_dry)
        );
        for fault in &topic.faults {
            let _ = writeln!(text, "  {}: {}", fault.told, fault.mend);
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn in_json(topics: &[Topic<'_>], is_dry: bool) -> String {
    let topic = |topic: &Topic<'_>| -> Value {
        json!({
            "name": topic.wanted.name,
            "partitions": topic.wanted.partitions,
            "replication": topic.wanted.replication,
            "config": topic.wanted.config,
            "state": topic.state(is_dry),
            "faults": topic.faults.iter().map(|fault| json!({ "told": fault.told, "mend": fault.mend })).collect::<Vec<_>>(),
        })
    };
    json!({ "dry_run": is_dry, "topics": topics.iter().map(topic).collect::<Vec<_>>() }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(replication: Option<u16>) -> Vec<NewTopicSpec> {
        wanted(&TopicNames::default(), 12, replication, Duration::from_secs(12 * 3_600))
    }

    /// A topic that is just as it should be.
    fn there(topic: &NewTopicSpec) -> TopicDescription {
        TopicDescription {
            name: topic.name.clone(),
            partitions: topic.partitions,
            config: topic.config.clone(),
        }
    }

    #[test]
    fn every_topic_of_the_table_is_wanted_as_the_table_says() {
        let all = all(Some(3));
        assert_eq!(all.len(), schemas::TOPICS.len());
        let compacted: Vec<_> =
            all.iter().filter(|topic| topic.config["cleanup.policy"] == "compact").collect();
        let names: Vec<_> = compacted.iter().map(|topic| &*topic.name).collect();
        assert_eq!(names, ["weir.debtors", "weir.policies"]);
        assert_eq!(compacted[0].config["delete.retention.ms"], "86400000");
        assert!(all.iter().all(|topic| topic.config["min.insync.replicas"] == "2"));
        let partitions = |topic: &NewTopicSpec| match topic.name.as_str() {
            "weir.policies" | "weir.instances" => 1,
            _ => 12,
        };
        assert!(all.iter().all(|topic| topic.partitions == partitions(topic)));
        let kept_for = |topic: &&NewTopicSpec| topic.config.contains_key("retention.ms");
        let kept: Vec<_> = all.iter().filter(kept_for).map(|topic| (&*topic.name, &topic.config)).collect();
        let hour = BTreeMap::from(
            [
                ("cleanup.policy", "delete"),
                ("min.insync.replicas", "2"),
                ("retention.ms", "3600000"),
                ("segment.ms", "3600000"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
        );
        assert_eq!(kept, [("weir.instances", &hour)]);
        assert!(self::all(Some(1)).iter().all(|topic| !topic.config.contains_key("min.insync.replicas")));
    }

    #[track_caller]
    fn check_fault(change: impl Fn(&mut TopicDescription), wanted: Option<&str>) {
        check_fault_of("weir.debtors", change, wanted);
    }

    #[track_caller]
    fn check_fault_of(topic: &str, change: impl Fn(&mut TopicDescription), wanted: Option<&str>) {
        let all = all(Some(3));
        let should_be = all.iter().find(|wanted| wanted.name == topic).unwrap();
        let mut found = there(should_be);
        change(&mut found);
        let faults = faults(should_be, &found);
        match wanted {
            Some(wanted) => {
                assert_eq!(faults.len(), 1);
                let told = format!("{}: {}", faults[0].told, faults[0].mend);
                assert!(told.contains(wanted), "{told}");
            }
            None => assert!(faults.is_empty(), "{}", faults[0].told),
        }
    }

    #[test]
    fn a_topic_that_is_there_is_held_against_what_it_should_be() {
        let set = |found: &mut TopicDescription, key: &str, value: &str| {
            found.config.insert(key.to_owned(), value.to_owned());
        };
        check_fault(|_| {}, None);
        check_fault(|found| found.partitions = 6, Some("it has 6 partitions, and 12 are wanted"));
        check_fault(
            |found| set(found, "cleanup.policy", "delete"),
            Some("--add-config cleanup.policy=compact"),
        );
        check_fault(|found| set(found, "delete.retention.ms", "3600000"), Some("86400000 is wanted"));
        check_fault(|found| set(found, "delete.retention.ms", "604800000"), None);
        check_fault(|found| set(found, "min.insync.replicas", "1"), Some("min.insync.replicas is 1"));
        let week = "retention.ms is 604800000, and 3600000 is wanted";
        check_fault_of("weir.instances", |found| set(found, "retention.ms", "604800000"), Some(week));
        check_fault_of(
            "weir.instances",
            |found| set(found, "cleanup.policy", "compact"),
            Some("--entity-name weir.instances --add-config cleanup.policy=delete"),
        );
    }
}
