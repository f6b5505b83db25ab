//! What an instance needs of the cluster: brokers, topics that fit together, a group that may be used, and the schemas.

use super::{Finding, Standing, machine, whole};
use crate::config::{Config, PolicySource};
use crate::{topics, versions};
use connectors::admin::KafkaAdmin;
use connectors::kafka::KafkaLog;
use connectors::registry::{RegistrySettings, SchemaRegistry};
use decision::time::Timestamp;
use engine::log::{Log, Membership, Producer, Reader, TopicPartition};
use engine::topology::Topology;
use schemas::{InputTopic, Registry, RegistryError, SingleTopic};
use std::sync::Arc;
use std::time::Duration;

/// The log may be ahead of this machine's clock by so much: brokers' and producers' clocks differ a little.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(30);

/// How long the reading of one record waits.
const READ_WAIT: Duration = Duration::from_secs(2);

/// What was found out about the cluster.
pub(super) struct Cluster {
    pub(super) findings: Vec<Finding>,
    /// How many partitions the topics have, where that is known.
    pub(super) partitions: Option<u32>,
}

/// Looks at the registry and the brokers.
pub(super) fn look(config: &Config, now: Timestamp) -> Cluster {
    let mut findings = registry(config);
    let log = match KafkaLog::new(config.kafka.clone()) {
        Ok(log) => log,
        Err(error) => {
            findings.push(Finding::wrong("brokers", whole(&error), "look at [kafka] and [kafka.properties]"));
            return Cluster { findings, partitions: None };
        }
    };
    if let Err(error) = log.partitions(&[Arc::clone(config.topics.input(InputTopic::Accounts))]) {
        let mend = format!(
            "is {} right, and reached from here? TLS and SASL are set in [kafka.properties]",
            config.kafka.brokers
        );
        findings.push(Finding::wrong("brokers", whole(&error), mend));
        return Cluster { findings, partitions: None };
    }
    findings.push(Finding::good("brokers", format!("{} answers", config.kafka.brokers)));
    let (found, partitions) = topics(config, &log);
    findings.extend(found);
    findings.extend(policy(config, &log, now));
    if let Some(partitions) = partitions {
        findings.push(group(config, &log));
        findings.push(transactions(config, &log));
        findings.push(clock(config, &log, partitions, now));
    }
    Cluster { findings, partitions }
}

/// The registry answers, and has the schemas of what Weir writes. Nothing is registered by this.
fn registry(config: &Config) -> Vec<Finding> {
    const ABOUT: &str = "registry";
    let only_looks = RegistrySettings { auto_register: false, ..config.registry.clone() };
    let registry = match SchemaRegistry::connect(&only_looks) {
        Ok(registry) => registry,
        Err(error) => return vec![Finding::wrong(ABOUT, whole(&error), "look at [registry]")],
    };
    let (mut findings, mut known) = (Vec::new(), 0);
    let subjects = config.topics.subjects_written();
    for (subject, schema) in &subjects {
        match registry.id_of(subject, schema.json()) {
            Ok(_) => known += 1,
            Err(error @ RegistryError::Unavailable { .. }) => {
                return vec![Finding::wrong(
                    ABOUT,
                    whole(&error),
                    "is `url` in [registry] right, and reached from here?",
                )];
            }
            Err(error) => findings.push(missing(config, subject, schema.name(), &error)),
        }
    }
    findings.push(Finding::good(ABOUT, format!("it answers, and has {known} of {} schemas", subjects.len())));
    findings.extend(schema_of_instances(config, &registry));
    findings
}

/// What instances say of themselves can be written. They work without it, and are not found by each other.
fn schema_of_instances(config: &Config, registry: &SchemaRegistry) -> Option<Finding> {
    let (subject, schema) = config.topics.subject_of_instances();
    let error = registry.id_of(&subject, schema.json()).err()?;
    let missing = missing(config, &subject, schema.name(), &error);
    let told = format!("{}: until it is, no instance finds the others", missing.told);
    Some(Finding { standing: Standing::Doubtful, told, ..missing })
}

/// The policy was published, and a version of it holds.
fn policy(config: &Config, log: &KafkaLog, now: Timestamp) -> Option<Finding> {
    const ABOUT: &str = "policy";
    if config.policy != PolicySource::Published {
        return None;
    }
    // Where the registry is out of reach, that was said.
    let registry: Arc<dyn Registry> = Arc::new(SchemaRegistry::connect(&config.registry).ok()?);
    Some(match versions::of_config(config, log, &registry, now) {
        Ok(Some((_, policies))) => machine::holding(&policies, now),
        Ok(None) => Finding::wrong(
            ABOUT,
            "no version of it was published yet: an instance waits for the first",
            "weir policy publish --help",
        ),
        Err(report) => {
            let told: Vec<_> = report.chain().map(ToString::to_string).collect();
            Finding::wrong(
                ABOUT,
                told.join(": "),
                "weir policy publish --help; weir policy list tells what there is",
            )
        }
    })
}

fn missing(config: &Config, subject: &str, record: &str, error: &RegistryError) -> Finding {
    const ABOUT: &str = "schemas";
    if config.registry.auto_register {
        let mend =
            "it is registered at the start (`auto_register`), where the subject's compatibility lets it";
        return Finding::doubtful(ABOUT, format!("{subject} is not registered"), mend);
    }
    let mend =
        format!("register schemas/avsc/{record}.avsc under {subject}, or set `auto_register` in [registry]");
    Finding::wrong(ABOUT, whole(&error), mend)
}

/// The topics are there, fit together, and are configured as they must be.
fn topics(config: &Config, log: &KafkaLog) -> (Vec<Finding>, Option<u32>) {
    const ABOUT: &str = "topics";
    let partitions = match Topology::find(log, config.topics.clone()) {
        Ok(topology) => topology.partitions().get(),
        Err(error) => {
            let mend = "weir topics create makes what is missing; --dry-run shows it";
            return (vec![Finding::wrong(ABOUT, whole(&error), mend)], None);
        }
    };
    let faults = KafkaAdmin::new(&config.kafka).map_err(|error| whole(&error)).and_then(|admin| {
        topics::faults_of_those_there(&admin, config, partitions).map_err(|error| whole(&error))
    });
    let mut findings = match faults {
        Ok(faults) => {
            let finding = |(topic, fault): (String, topics::Fault)| {
                Finding::wrong(ABOUT, format!("{topic}: {}", fault.told), fault.mend)
            };
            faults.into_iter().map(finding).collect()
        }
        // To describe a topic is a right of its own, which `weir run` can do without.
        Err(error) => vec![Finding::doubtful(
            ABOUT,
            format!("their configuration cannot be read: {error}"),
            "allow DescribeConfigs, or look yourself",
        )],
    };
    findings.push(Finding::good(ABOUT, format!("all are there, with {partitions} partitions")));
    findings.extend(topic_of_instances(config, log));
    (findings, Some(partitions))
}

/// The topic is there in which instances say what they work on: one that was made by an earlier version of Weir
/// lacks it.
fn topic_of_instances(config: &Config, log: &KafkaLog) -> Option<Finding> {
    let topic = config.topics.single(SingleTopic::Instances);
    let found = log.partitions(std::slice::from_ref(topic)).ok()?;
    let told = format!("{topic} is not there: no instance finds the others");
    let is_missing = found.first().copied().flatten().is_none();
    is_missing.then(|| Finding::doubtful("topics", told, "weir topics create makes it; --dry-run shows it"))
}

/// The group's offsets may be read.
fn group(config: &Config, log: &KafkaLog) -> Finding {
    const ABOUT: &str = "group";
    let group = &config.kafka.group_id;
    let first = TopicPartition { topic: Arc::clone(config.topics.input(InputTopic::Accounts)), partition: 0 };
    let committed = log.onlooker().and_then(|onlooker| onlooker.committed(&[first]));
    match committed {
        Ok(offsets) if offsets.iter().flatten().next().is_some() => {
            Finding::good(ABOUT, format!("«{group}» has worked here"))
        }
        Ok(_) => Finding::good(ABOUT, format!("«{group}» may be used, and has not worked here yet")),
        Err(error) => Finding::wrong(ABOUT, whole(&error), format!("allow Read on the group «{group}»")),
    }
}

/// Transactions may be used, under an id that no task has.
fn transactions(config: &Config, log: &KafkaLog) -> Finding {
    const ABOUT: &str = "transactions";
    let id = format!("{}-doctor", config.kafka.group_id);
    let fenced = log.producer(&id).and_then(|mut producer| producer.fence());
    match fenced {
        Ok(()) => Finding::good(
            ABOUT,
            format!("they may be used, with ids that begin with «{}»", config.kafka.group_id),
        ),
        Err(error) => {
            let mend = format!(
                "allow Write and Describe on transactional ids that begin with «{}»",
                config.kafka.group_id
            );
            Finding::wrong(ABOUT, whole(&error), mend)
        }
    }
}

/// This machine's clock is not behind what the log holds; reading a record shows that it may be read.
fn clock(config: &Config, log: &KafkaLog, partitions: u32, now: Timestamp) -> Finding {
    const ABOUT: &str = "clock";
    let newest = match newest(config, log, partitions) {
        Ok(Some(newest)) => newest,
        Ok(None) => {
            return Finding::good(
                ABOUT,
                format!("it is {now}; the topics are empty, and nothing holds it against that"),
            );
        }
        Err(error) => return Finding::wrong("reading", error, "allow Read on the input topics"),
    };
    let ahead = newest.micros_since(now);
    if ahead > i64::try_from(CLOCK_DIFFERENCE.as_micros()).unwrap_or(i64::MAX) {
        let told = format!("it is {now}, and the log holds records of {newest}");
        return Finding::wrong(ABOUT, told, "set this machine's clock: what is due would come late");
    }
    Finding::good(ABOUT, format!("it is {now}, the newest record of {newest}"))
}

/// The time of the newest of the last records of the input topics.
fn newest(config: &Config, log: &KafkaLog, partitions: u32) -> Result<Option<Timestamp>, String> {
    let told = |error: engine::log::LogError| whole(&error);
    let mut reader = log.reader().map_err(told)?;
    let mut newest = None;
    for topic in config.topics.inputs() {
        let all: Vec<_> =
            (0..partitions).map(|partition| TopicPartition { topic: Arc::clone(topic), partition }).collect();
        let (starts, ends) = (log.start_offsets(&all).map_err(told)?, log.end_offsets(&all).map_err(told)?);
        // One partition tells as much as all of them: the one with the most.
        let fullest = all.iter().zip(starts).zip(ends).max_by_key(|((_, start), end)| end - start);
        let Some(((partition, start), end)) = fullest.filter(|((_, start), end)| end > start) else {
            continue;
        };
        reader.seek(partition, start.max(end - 2)).map_err(told)?;
        let chunk = reader.read(READ_WAIT).map_err(told)?;
        newest =
            chunk.records.iter().filter_map(|record| record.timestamp.map(Timestamp)).chain(newest).max();
    }
    Ok(newest)
}
