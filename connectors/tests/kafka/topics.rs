//! Topics: made, described, and removed.

use crate::cluster::Cluster;
use connectors::admin::{Creation, NewTopicSpec};
use connectors::kafka::KafkaLog;
use engine::log::Log;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[test]
fn topics_are_made_once_described_and_removed() {
    let cluster = Cluster::of_test("topics");
    let admin = cluster.admin();
    let name = format!("{}-debtors", cluster.settings().group_id);
    let config = BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]);
    let spec = NewTopicSpec { name: name.clone(), partitions: 3, replication: Some(1), config };
    assert_eq!(admin.describe_topics(&[&name]).unwrap(), [None]);
    assert_eq!(admin.create_topics(std::slice::from_ref(&spec)).unwrap(), [Creation::Made]);
    assert_eq!(admin.create_topics(&[spec]).unwrap(), [Creation::WasThere]);
    let is = |there: bool| {
        let begun = Instant::now();
        loop {
            let found = admin.describe_topics(&[&name]).unwrap().remove(0);
            if found.is_some() == there {
                return found;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{found:?}");
        }
    };
    let found = is(true).unwrap();
    assert_eq!((found.name.as_str(), found.partitions), (name.as_str(), 3));
    assert_eq!(found.config["cleanup.policy"], "compact");
    assert_eq!(found.config["max.message.bytes"], "1048588", "a default");
    admin.delete_topics(&[&name]).unwrap();
    assert_eq!(is(false), None);
    admin.delete_topics(&[&name]).unwrap();
}

#[test]
fn a_topic_that_is_deleted_and_made_anew_has_another_id() {
    let cluster = Cluster::of_test("topic-ids");
    let admin = cluster.admin();
    let name: Arc<str> = format!("{}-inputs", cluster.settings().group_id).into();
    let spec =
        NewTopicSpec { name: name.to_string(), partitions: 2, replication: Some(1), config: BTreeMap::new() };
    let log = KafkaLog::new(cluster.settings()).unwrap();
    let id = |there: bool| {
        let begun = Instant::now();
        loop {
            let id = log.topic_ids(std::slice::from_ref(&name)).unwrap().remove(0);
            if id.is_some() == there {
                return id;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{id:?}");
        }
    };
    admin.create_topics(std::slice::from_ref(&spec)).unwrap();
    let first = id(true);
    admin.delete_topics(&[&name]).unwrap();
    assert_eq!(id(false), None);
    admin.create_topics(&[spec]).unwrap();
    let second = id(true);
    assert_ne!(first, second);
    admin.delete_topics(&[&name]).unwrap();
}
