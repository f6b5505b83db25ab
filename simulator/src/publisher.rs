//! Who publishes versions of the policy in some worlds, and what a process makes of them.

use crate::fibers::WORLD;
use crate::world::World;
use bytes::Bytes;
use connectors::memory::CommitFate;
use decision::event::{Body, Control, Event, Order};
use decision::ids::EventId;
use decision::{Policy, Published};
use engine::Versions;
use engine::log::{Log, LogError, NewRecord, Producer, TopicPartition};
use engine::versions::{Publications, PublicationsError};
use schemas::{Encoder, InputTopic, Publication, SingleTopic};
use std::sync::Arc;
use std::time::Duration;

/// Who publishes, as a transaction knows it.
const PUBLISHER: &str = "sim-publisher";

/// Whose transaction delays what is published.
const OTHER: &str = "sim-other";

/// A version as it was published, and the control that tells of it.
pub(crate) type Told = (EventId, Published);

/// The versions that a process goes by.
pub(crate) fn versions<L: Log>(world: &Arc<World>, log: &L) -> Result<Versions, PublicationsError> {
    if !world.is_published() {
        return Ok(world.policies.clone().into());
    }
    loop {
        let drafts = world.drafts.clone();
        let compile = move |publication: &Publication| draft(&drafts, &publication.text);
        let read = Publications::read(log, &world.names, world.registry.clone(), Box::new(compile));
        match read {
            Ok(publications) => return Ok(Versions::Published(publications.into())),
            Err(error) if error.is_retryable() => world.fibers.sleep(Duration::from_millis(300)),
            Err(error) => return Err(error),
        }
    }
}

/// What is published are the drafts, by their places.
fn draft(drafts: &[Arc<Policy>], place: &str) -> Result<Arc<Policy>, String> {
    let place: usize = place.parse().map_err(|error| format!("{error}"))?;
    drafts.get(place).cloned().ok_or_else(|| "there is no such draft".to_owned())
}

/// What is published from now on can be read only after some seconds: another transaction lies before it, as where
/// the broker that is to write the marker is away.
pub(crate) fn delay(world: &Arc<World>) -> Result<(), LogError> {
    let topic = world.names.single(SingleTopic::Policies).clone();
    let mut producer = world.log.producer(OTHER)?;
    producer.fence()?;
    producer.begin()?;
    producer.send(&NewRecord {
        target: TopicPartition { topic, partition: 0 },
        key: Bytes::from_static(b"never"),
        value: None,
        timestamp: world.wall().0,
    })?;
    let (of_fiber, time) = (world.clone(), Duration::from_millis(500 + world.fibers.below(9_000)));
    let end = move || {
        of_fiber.fibers.sleep(time);
        // Another delay may have begun meanwhile, and ended this one.
        let _ = producer.abort();
    };
    world.fibers.start(WORLD, "another transaction", Box::new(end));
    Ok(())
}

/// Publishes a draft: its transaction is committed, and may not be readable yet, as every partition is told.
pub(crate) fn publish(world: &Arc<World>, place: usize, withdraws_later: bool) -> Result<(), LogError> {
    let Some(version) = world.drafts.get(place).cloned() else { return Ok(()) };
    let at = world.wall();
    let revision =
        world.published(|published| i64::try_from(published.len()).unwrap_or(i64::MAX)).saturating_add(1);
    let event_id = EventId::from(format!("publish-{revision}"));
    let publication = Publication {
        revision,
        event_id: event_id.clone(),
        policy_name: version.identity.name.to_string(),
        policy_version: version.identity.version.to_string(),
        policy_hash: version.identity.hash.clone(),
        file: "sim.policy.yaml".to_owned(),
        text: place.to_string(),
        beside: Vec::new(),
        withdraws_later,
        published_at: at,
        by: "anna".to_owned(),
        role: "manager".to_owned(),
        why: "a try".to_owned(),
    };
    write(world, &publication)?;
    world.published(|published| {
        published.push((event_id.clone(), Published { version, at, withdraws_later }))
    });
    tell(world, event_id.as_str(), revision);
    Ok(())
}

fn write(world: &World, publication: &Publication) -> Result<(), LogError> {
    let mut value = Vec::new();
    // Its schema is known: a world that is made asks for it.
    let _ = Encoder::new(world.schemas).publication(publication, &mut value);
    let topic = world.names.single(SingleTopic::Policies).clone();
    world.set_fate(PUBLISHER, CommitFate::Ends);
    let mut producer = world.log.producer(PUBLISHER)?;
    producer.fence()?;
    producer.begin()?;
    producer.send(&NewRecord {
        target: TopicPartition { topic, partition: 0 },
        key: Bytes::from(publication.key()),
        value: Some(value.into()),
        timestamp: publication.published_at.0,
    })?;
    producer.commit(Vec::new(), &world.log.onlooker()?);
    let _ = producer.wait(Duration::ZERO);
    Ok(())
}

/// Every partition is told of a publication, whether there is one or not.
pub(crate) fn tell(world: &World, event_id: &str, revision: i64) {
    let event = Event {
        event_id: event_id.into(),
        account_id: "all".into(),
        debtor_id: None,
        occurred_at: world.wall(),
        source: "people".to_owned(),
        body: Body::Control(Control {
            by: "anna".to_owned(),
            role: "manager".to_owned(),
            why: None,
            order: Order::AdoptPolicy { revision },
        }),
    };
    for partition in 0..world.partitions.get() {
        let mut value = Vec::new();
        let Ok((_, key)) = Encoder::new(world.schemas).event(&event, &mut value) else { return };
        let key = Bytes::copy_from_slice(key);
        world.append(InputTopic::Controls, partition, key, value.into());
    }
}
