//! What a measurement leaves on the broker: how much room it takes, and its removal.

use crate::error::RunError;
use crate::site::{Site, group_of};
use connectors::admin::KafkaAdmin;
use connectors::kafka::KafkaSettings;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// How long the cluster may take to name its topics.
const PATIENCE: Duration = Duration::from_secs(30);
/// The unit in which the kernel counts what a file takes, whatever the disk's own is.
const BLOCK_BYTES: u64 = 512;

/// What a folder and all in it take of the disk. What is not there takes nothing.
pub(crate) fn bytes_in(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let each = entries.filter_map(Result::ok).map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_in(&entry.path()),
        // Not its length: indexes of Kafka are made long and left empty.
        Ok(found) => found.blocks() * BLOCK_BYTES,
        Err(_) => 0,
    });
    each.sum()
}

/// What the topics of a site but its inputs take of the broker's disk: outputs, and what the processor made.
pub(crate) fn bytes_of(site: &Site, broker_folder: &Path) -> u64 {
    let inputs = site.inputs();
    let is_of_the_processor = |folder: &str| {
        // The log of a partition lies in TOPIC-NUMBER.
        let topic = folder.rsplit_once('-').map_or(folder, |(topic, _)| topic);
        is_of(&site.prefix, topic) && !inputs.contains(&topic)
    };
    logs(broker_folder, &is_of_the_processor)
}

fn logs(folder: &Path, is_wanted: &dyn Fn(&str) -> bool) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let folders = entries.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
    let each = folders.map(|entry| {
        let name = entry.file_name();
        if name.to_str().is_some_and(is_wanted) {
            bytes_in(&entry.path())
        } else {
            logs(&entry.path(), is_wanted)
        }
    });
    each.sum()
}

fn is_of(prefix: &str, topic: &str) -> bool {
    let after =
        |start: &str, sign: char| topic.strip_prefix(start).is_some_and(|rest| rest.starts_with(sign));
    // Kafka Streams names its own topics by the application's id, which is the group.
    after(prefix, '.') || after(&group_of(prefix), '-')
}

/// Removes all topics of a prefix, so that the next one finds the broker as this one did.
pub(crate) fn remove(brokers: &str, prefix: &str) -> Result<(), RunError> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    let client: BaseConsumer = config.create().map_err(RunError::kafka("make a client"))?;
    let metadata = client.fetch_metadata(None, PATIENCE).map_err(RunError::kafka("name the topics"))?;
    let names: Vec<&str> = metadata.topics().iter().map(|topic| topic.name()).collect();
    let found: Vec<&str> = names.into_iter().filter(|topic| is_of(prefix, topic)).collect();
    if found.is_empty() {
        return Ok(());
    }
    let admin = KafkaAdmin::new(&KafkaSettings::new(brokers, "loadtest"))
        .map_err(RunError::failed(format!("administer {brokers}")))?;
    admin.delete_topics(&found).map_err(RunError::failed("remove the topics"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_its_own_topics_and_no_others() {
        for own in ["r1-weir.accounts", "r1-weir.pass-through", "loadtest-r1-weir-debtors-changelog"] {
            assert!(is_of("r1-weir", own), "{own}");
        }
        for other in ["r1-weir-half.accounts", "r1.accounts", "loadtest-r1-weir2-x", "__consumer_offsets"] {
            assert!(!is_of("r1-weir", other), "{other}");
        }
    }

    #[test]
    fn a_folder_takes_what_its_files_hold_and_not_how_long_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("topic-0");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(inner.join("log"), vec![1; 100_000]).unwrap();
        std::fs::File::create(inner.join("index")).unwrap().set_len(10_000_000).unwrap();
        let bytes = bytes_in(folder.path());
        assert!((100_000..1_000_000).contains(&bytes), "{bytes}");
        assert_eq!(logs(folder.path(), &|name| name == "topic-0"), bytes);
        assert_eq!(logs(folder.path(), &|name| name == "topic-1"), 0);
        assert_eq!(bytes_in(&folder.path().join("none")), 0);
    }
}
