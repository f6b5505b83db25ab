//! Topics: makes them, describes them, and removes them.
//!
//! Which topics Weir needs, and whether those that are there will do, is not decided here.

use crate::kafka::context::Diagnostics;
use crate::kafka::error::{failed, of_code, refused};
use crate::kafka::{KafkaSettings, SettingsError};
use engine::log::LogError;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication, TopicResult};
use rdkafka::error::{KafkaResult, RDKafkaErrorCode};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

/// A topic as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopicSpec {
    /// Its name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: u32,
    /// How many brokers hold each; none leaves it to the cluster.
    pub replication: Option<u16>,
    /// Its configuration, where it differs from the cluster's.
    pub config: BTreeMap<String, String>,
}

/// What became of a topic that was to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It was made.
    Made,
    /// It was there already, and is as it was.
    WasThere,
}

/// A topic as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicDescription {
    /// Its name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: u32,
    /// Its whole configuration, defaults included.
    pub config: BTreeMap<String, String>,
}

/// Administers a cluster.
pub struct KafkaAdmin {
    client: AdminClient<Diagnostics>,
    timeout: Duration,
}

impl KafkaAdmin {
    /// An administrator of the cluster of these settings.
    ///
    /// # Errors
    /// When librdkafka refuses the settings.
    pub fn new(settings: &KafkaSettings) -> Result<Self, SettingsError> {
        settings.check()?;
        let name = format!("{} admin", settings.client_id);
        let client = settings
            .admin_config()
            .create_with_context(Diagnostics::new(&name, settings.statistics.as_ref()))
            .map_err(|error| SettingsError::Refused { reason: error.to_string() })?;
        Ok(Self { client, timeout: settings.request_timeout })
    }

    /// Makes topics, and says of each whether it was there already.
    ///
    /// # Errors
    /// When the cluster cannot be reached, or refuses one of them; others may have been made.
    pub fn create_topics(&self, topics: &[NewTopicSpec]) -> Result<Vec<Creation>, LogError> {
        let operation = "create topics";
        let mut new = Vec::with_capacity(topics.len());
        for topic in topics {
            let count = i32::try_from(topic.partitions)
                .map_err(|_| refused(&format!("create {}", topic.name), "so many partitions"))?;
            let replication = TopicReplication::Fixed(topic.replication.map_or(-1, i32::from));
            let mut made = NewTopic::new(&topic.name, count, replication);
            for (key, value) in &topic.config {
                made = made.set(key, value);
            }
            new.push(made);
        }
        let results = self.wait(operation, self.client.create_topics(&new, &self.options()))?;
        results
            .into_iter()
            .map(|result| match result {
                Ok(_) => Ok(Creation::Made),
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => Ok(Creation::WasThere),
                Err((name, code)) => Err(of_code(&format!("create {name}"), code, code.to_string())),
            })
            .collect()
    }

    /// Removes topics. Those that are not there are no fault.
    ///
    /// # Errors
    /// When the cluster cannot be reached, or refuses.
    pub fn delete_topics(&self, topics: &[&str]) -> Result<(), LogError> {
        let results: Vec<TopicResult> =
            self.wait("delete topics", self.client.delete_topics(topics, &self.options()))?;
        for result in results {
            if let Err((name, code)) = result
                && code != RDKafkaErrorCode::UnknownTopicOrPartition
            {
                return Err(of_code(&format!("delete {name}"), code, code.to_string()));
            }
        }
        Ok(())
    }

    /// Describes topics; none where there is no such topic.
    ///
    /// # Errors
    /// When the cluster cannot be reached, or refuses.
    pub fn describe_topics(&self, topics: &[&str]) -> Result<Vec<Option<TopicDescription>>, LogError> {
        topics.iter().map(|topic| self.describe(topic)).collect()
    }

    fn describe(&self, topic: &str) -> Result<Option<TopicDescription>, LogError> {
        let operation = format!("describe {topic}");
        // The configuration first: to ask for the partitions of a topic that is not there may make it.
        let resources = [ResourceSpecifier::Topic(topic)];
        let results = self.wait(&operation, self.client.describe_configs(&resources, &self.options()))?;
        let mut config = BTreeMap::new();
        for result in results {
            match result {
                Ok(resource) => {
                    let entries = resource.entries.into_iter();
                    config.extend(entries.filter_map(|entry| Some((entry.name, entry.value?))));
                }
                Err(code) if is_unknown(code) => return Ok(None),
                Err(code) => return Err(of_code(&operation, code, code.to_string())),
            }
        }
        let metadata = self
            .client
            .inner()
            .fetch_metadata(Some(topic), self.timeout)
            .map_err(|error| failed(&operation, &error))?;
        let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else {
            return Ok(None);
        };
        match found.error().map(RDKafkaErrorCode::from) {
            Some(code) if is_unknown(code) => Ok(None),
            Some(code) => Err(of_code(&operation, code, code.to_string())),
            None => {
                let partitions = u32::try_from(found.partitions().len()).unwrap_or(u32::MAX);
                Ok(Some(TopicDescription { name: topic.to_owned(), partitions, config }))
            }
        }
    }

    fn options(&self) -> AdminOptions {
        // The operation's time-out has the broker answer once the topic is there, not before.
        AdminOptions::new().request_timeout(Some(self.timeout)).operation_timeout(Some(self.timeout))
    }

    fn wait<T>(&self, operation: &str, future: impl Future<Output = KafkaResult<T>>) -> Result<T, LogError> {
        block_on(future).map_err(|error| failed(operation, &error))
    }
}

fn is_unknown(code: RDKafkaErrorCode) -> bool {
    matches!(code, RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic)
}

/// Waits for a future that another thread completes.
///
/// rust-rdkafka's administration is asynchronous, and this is all that we need of a runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}
