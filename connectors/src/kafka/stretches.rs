//! Reading stretches of many partitions to their ends, outside the group: all at once, by one client that lives as long.
//!
//! One after the other each partition would wait for the fetches of the one before. What follows partitions beyond their
//! ends is `tail`.

use super::context::Diagnostics;
use super::error::{beyond_use, failed, of_code, refused, unavailable};
use super::event::{EventQueue, GroupClient, Told};
use super::member::record;
use super::partitions;
use super::rebalances::GroupContext;
use super::settings::KafkaSettings;
use bytes::Bytes;
use engine::log::{LogError, LogRecord, Stretch, Tell, TopicPartition};
use rdkafka::Offset;
use rdkafka::consumer::Consumer as _;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often whoever reads is asked whether to go on while nothing comes.
const ASKS: Duration = Duration::from_millis(50);

/// So long nothing comes of what is of an open transaction before it is left out.
const OPEN: Duration = Duration::from_secs(2);

/// What is being done, where something fails.
const OPERATION: &str = "read several partitions";

/// See [`engine::log::Log::read_stretches`].
pub(super) fn read(
    settings: &KafkaSettings,
    stretches: &[Stretch],
    tell: &mut Tell<'_>,
) -> Result<(), LogError> {
    let mut parts = Parts::of(stretches)?;
    if parts.unread == 0 {
        return Ok(());
    }
    let (client, events) = client(settings)?;
    let starts = stretches.iter().map(|stretch| (&stretch.source, Offset::Offset(stretch.from)));
    client.assign(&partitions::at(starts)?).map_err(|error| failed(OPERATION, &error))?;
    let (mut moved, mut trouble) = (Instant::now(), None);
    while parts.unread > 0 {
        let heard =
            events.poll(ASKS).map_or(Ok(Heard::Nothing), |mut event| parts.hear(event.tell(), &client));
        let record = match heard? {
            Heard::Record(record) => Some(record),
            Heard::Moved => None,
            Heard::Trouble(error) => {
                tracing::debug!(%error, "reading goes on");
                trouble = Some(error);
                continue;
            }
            Heard::Nothing if moved.elapsed() >= OPEN && parts.wait_for_transactions() => return Ok(()),
            Heard::Nothing if moved.elapsed() >= settings.request_timeout => {
                return Err(trouble.unwrap_or_else(|| unavailable(OPERATION, "nothing comes")));
            }
            Heard::Nothing => {
                if tell(None) == ControlFlow::Break(()) {
                    return Ok(());
                }
                continue;
            }
        };
        (moved, trouble) = (Instant::now(), None);
        if record.is_some_and(|record| tell(Some(record)) == ControlFlow::Break(())) {
            return Ok(());
        }
    }
    Ok(())
}

fn client(settings: &KafkaSettings) -> Result<(Arc<GroupClient>, EventQueue), LogError> {
    let diagnostics =
        Diagnostics::new(&format!("{} stretches", settings.client_id), settings.statistics.as_ref());
    let client: GroupClient = settings
        .reader_config()
        .create_with_context(GroupContext { diagnostics, protocol: settings.group_protocol })
        .map_err(|error| failed(OPERATION, &error))?;
    let client = Arc::new(client);
    let events = EventQueue::of_consumer(&client)
        .ok_or_else(|| refused(OPERATION, "the client has no event queue"))?;
    Ok((client, events))
}

/// What an event was.
enum Heard {
    /// The next record of a stretch.
    Record(LogRecord),
    /// No record, but something is read further.
    Moved,
    /// Something that the client tries again by itself. Whether it does so in vain, the time tells.
    Trouble(LogError),
    /// Nothing that matters here.
    Nothing,
}

/// The stretches, and how far each is read.
struct Parts {
    by_topic: HashMap<Arc<str>, HashMap<i32, Part>>,
    /// How many are not read to their end.
    unread: usize,
}

struct Part {
    source: TopicPartition,
    /// The offset that is read next.
    next: i64,
    /// The first that is not read.
    to: i64,
    /// Whether all that is committed is read.
    is_at_end: bool,
}

impl Parts {
    fn of(stretches: &[Stretch]) -> Result<Self, LogError> {
        let mut parts = Self { by_topic: HashMap::new(), unread: 0 };
        for Stretch { source, from, to } in stretches {
            let of_topic = parts.by_topic.entry(source.topic.clone()).or_default();
            let part = Part { source: source.clone(), next: *from, to: *to, is_at_end: false };
            parts.unread = parts.unread.saturating_add(usize::from(from < to));
            of_topic.insert(partitions::number(source)?, part);
        }
        Ok(parts)
    }

    fn hear(&mut self, told: Told<'_>, client: &GroupClient) -> Result<Heard, LogError> {
        match told {
            Told::Record(fetched) => {
                let place = (fetched.topic, fetched.partition, fetched.offset);
                let read = self.part(place.0, place.1).filter(|part| part.has(fetched.offset));
                let read = read.map(|part| record(&part.source, &fetched, Bytes::copy_from_slice));
                // One beyond the stretch shows that all of that is read.
                let has_moved = self.comes_to(place.0, place.1, place.2.saturating_add(1), false);
                Ok(read.map_or(if has_moved { Heard::Moved } else { Heard::Nothing }, Heard::Record))
            }
            Told::End { topic, partition, offset } => {
                let has_moved = self.comes_to(&topic, partition, offset, true);
                Ok(if has_moved { Heard::Moved } else { Heard::Nothing })
            }
            Told::Failed { code, is_fatal: true, reason, .. } => Err(beyond_use(OPERATION, code, reason)),
            Told::Failed { code, reason, is_fatal: false, .. } => match of_code(OPERATION, code, reason) {
                error @ LogError::Unavailable { .. } => Ok(Heard::Trouble(error)),
                error @ (LogError::Refused { .. } | LogError::Fenced { .. } | LogError::Fatal { .. }) => {
                    Err(error)
                }
            },
            Told::Log { level, facility, message } => {
                client.context().diagnostics.line(level, &facility, &message);
                Ok(Heard::Nothing)
            }
            Told::Statistics(json) => {
                client.context().diagnostics.report(json);
                Ok(Heard::Nothing)
            }
            // It is a member of nothing.
            Told::Rebalance { .. } | Told::Delivered(_) | Told::Nothing => Ok(Heard::Nothing),
        }
    }

    fn part(&mut self, topic: &str, number: i32) -> Option<&mut Part> {
        self.by_topic.get_mut(topic)?.get_mut(&number)
    }

    /// A partition was read up to before this offset, and perhaps to its end: whether that is further than before.
    fn comes_to(&mut self, topic: &str, number: i32, next: i64, is_at_end: bool) -> bool {
        let Some(part) = self.part(topic, number).filter(|part| part.next < part.to) else { return false };
        let has_moved = next > part.next;
        part.next = part.next.max(next);
        part.is_at_end = is_at_end;
        let is_read = part.next >= part.to;
        self.unread = self.unread.saturating_sub(usize::from(is_read));
        has_moved
    }

    /// Whether what is not read is of open transactions.
    fn wait_for_transactions(&self) -> bool {
        let mut parts = self.by_topic.values().flat_map(HashMap::values);
        parts.all(|part| part.next >= part.to || part.is_at_end)
    }
}

impl Part {
    fn has(&self, offset: i64) -> bool {
        (self.next..self.to).contains(&offset)
    }
}
