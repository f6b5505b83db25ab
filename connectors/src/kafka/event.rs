//! A client's events as librdkafka gives them. One of three modules with unsafe code.
//!
//! rust-rdkafka tells that *some* partition was read to its end, and keeps to itself which topic's
//! and at which offset. The engine needs both: it is how a position gets past transaction markers
//! and aborted records. And its poll of a producer goes on to the end of its time whatever comes,
//! the last millisecond of it without sleeping: that was a core a process. So the events are taken
//! from librdkafka's queues here, and only that.

#![expect(
    unsafe_code,
    reason = "rust-rdkafka drops what an end of a partition says, and spins on a producer"
)]

use super::producer::Deliveries;
use super::rebalances::GroupContext;
use rdkafka::bindings as native;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, Producer as _};
use std::any::Any;
use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::Arc;
use std::time::Duration;

/// A consumer with a group id, and its event queue.
pub(super) type GroupClient = BaseConsumer<GroupContext>;

/// The queue of a client's events. Whoever polls it must not poll the client.
pub(super) struct EventQueue {
    queue: NonNull<native::rd_kafka_queue_t>,
    /// Keeps the client behind the queue.
    _client: Arc<dyn Any + Send + Sync>,
}

// SAFETY: librdkafka's queues are locked inside and bound to no thread.
unsafe impl Send for EventQueue {}
// SAFETY: as above; an event goes to one of those who poll.
unsafe impl Sync for EventQueue {}

impl EventQueue {
    /// The queue of a consumer; none where it has no group id.
    pub(super) fn of_consumer(client: &Arc<GroupClient>) -> Option<Self> {
        // SAFETY: the client lives; the handle we get is our own, and destroyed in `drop`.
        let queue = unsafe { native::rd_kafka_queue_get_consumer(client.client().native_ptr()) };
        let client: Arc<GroupClient> = Arc::clone(client);
        Some(Self { queue: NonNull::new(queue)?, _client: client })
    }

    /// The queue of one partition that the client fetches, before what comes there goes on to the client's.
    pub(super) fn of_partition(client: &Arc<GroupClient>, topic: &CStr, partition: i32) -> Option<Self> {
        // SAFETY: as above; the topic's name is copied.
        let queue = unsafe {
            native::rd_kafka_queue_get_partition(client.client().native_ptr(), topic.as_ptr(), partition)
        };
        let client: Arc<GroupClient> = Arc::clone(client);
        Some(Self { queue: NonNull::new(queue)?, _client: client })
    }

    /// A queue of its own, to which others go on.
    pub(super) fn of_its_own(client: &Arc<GroupClient>) -> Option<Self> {
        // SAFETY: as above.
        let queue = unsafe { native::rd_kafka_queue_new(client.client().native_ptr()) };
        let client: Arc<GroupClient> = Arc::clone(client);
        Some(Self { queue: NonNull::new(queue)?, _client: client })
    }

    /// The queue of a producer.
    pub(super) fn of_producer(client: &Arc<BaseProducer<Deliveries>>) -> Option<Self> {
        // SAFETY: as above.
        let queue = unsafe { native::rd_kafka_queue_get_main(client.client().native_ptr()) };
        let client: Arc<BaseProducer<Deliveries>> = Arc::clone(client);
        Some(Self { queue: NonNull::new(queue)?, _client: client })
    }

    /// What is here, and what comes from now on, goes on to that queue; or stays here.
    pub(super) fn forward(&self, to: Option<&Self>) {
        let to = to.map_or(ptr::null_mut(), |to| to.queue.as_ptr());
        // SAFETY: both queues live; librdkafka counts who refers to the one that is gone on to.
        unsafe { native::rd_kafka_queue_forward(self.queue.as_ptr(), to) }
    }

    /// librdkafka's handle, which lives as long as `self`.
    pub(super) fn native(&self) -> *mut native::rd_kafka_queue_t {
        self.queue.as_ptr()
    }

    /// A wait as librdkafka takes it.
    pub(super) fn millis(wait: Duration) -> i32 {
        let whole = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        // Less than a millisecond would be no wait at all, and a loop around it would spin.
        if wait.is_zero() { 0 } else { whole.max(1) }
    }

    /// Waits up to `wait` for the next event.
    pub(super) fn poll(&self, wait: Duration) -> Option<Event> {
        let millis = Self::millis(wait);
        // SAFETY: the queue lives as long as `self`; the event is ours, and destroyed in its `drop`.
        let event = unsafe { native::rd_kafka_queue_poll(self.queue.as_ptr(), millis) };
        NonNull::new(event).map(Event)
    }
}

impl Drop for EventQueue {
    fn drop(&mut self) {
        // SAFETY: it is our handle, and nobody uses it after this. The client still lives.
        unsafe { native::rd_kafka_queue_destroy(self.queue.as_ptr()) }
    }
}

/// An event, which owns what [`Told`] borrows.
pub(super) struct Event(NonNull<native::rd_kafka_event_t>);

/// What an event says.
pub(super) enum Told<'e> {
    /// A record was fetched.
    Record(Fetched<'e>),
    /// What became of records that were sent.
    Delivered(Delivered<'e>),
    /// A partition was read to its end: the last stable offset is reached.
    End { topic: String, partition: i32, offset: i64 },
    /// Something failed: with a partition, where one is named.
    Failed { code: RDKafkaErrorCode, is_fatal: bool, reason: String, of: Option<(String, i32)> },
    /// The group gives partitions, or takes them. The client waits for the answer.
    Rebalance { gives: bool, partitions: Vec<(String, i32)> },
    /// The client has something to say, at a syslog level.
    Log { level: i32, facility: String, message: String },
    /// The client's statistics, as JSON.
    Statistics(&'e [u8]),
    /// Nothing that matters here.
    Nothing,
}

/// A record as fetched.
pub(super) struct Fetched<'e> {
    pub(super) topic: &'e str,
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) key: Option<&'e [u8]>,
    pub(super) value: Option<&'e [u8]>,
    /// In milliseconds since 1970.
    pub(super) timestamp: Option<i64>,
}

/// The reports of an event on records that were sent, one by one.
pub(super) struct Delivered<'e> {
    event: *mut native::rd_kafka_event_t,
    _event: PhantomData<&'e Event>,
}

/// What became of a record that was sent.
pub(super) struct Delivery<'e> {
    /// The number that it carried.
    pub(super) number: usize,
    /// Its partition.
    pub(super) partition: i32,
    /// Its offset there; below zero where the broker did not tell.
    pub(super) offset: i64,
    /// Its topic, and why it was not delivered, where it was not.
    pub(super) failure: Option<(&'e str, RDKafkaErrorCode)>,
}

impl<'e> Iterator for Delivered<'e> {
    type Item = Delivery<'e>;

    fn next(&mut self) -> Option<Delivery<'e>> {
        // SAFETY: the messages and their topics belong to the event, which lives for `'e`. What we
        // sent carries a number in the place of a pointer.
        unsafe {
            let message = native::rd_kafka_event_message_next(self.event).as_ref()?;
            let is_delivered = message.err == native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
            let topic = || CStr::from_ptr(native::rd_kafka_topic_name(message.rkt)).to_str().unwrap_or("?");
            Some(Delivery {
                number: message._private.addr(),
                partition: message.partition,
                offset: message.offset,
                failure: (!is_delivered).then(|| (topic(), message.err.into())),
            })
        }
    }
}

impl Event {
    /// Says what the event is. A record is told once.
    pub(super) fn tell(&mut self) -> Told<'_> {
        let event = self.0.as_ptr();
        // SAFETY: the event lives as long as `self`, and so does all that is borrowed from it.
        unsafe {
            match native::rd_kafka_event_type(event) {
                native::RD_KAFKA_EVENT_FETCH => fetched(event).map_or(Told::Nothing, Told::Record),
                native::RD_KAFKA_EVENT_DR => Told::Delivered(Delivered { event, _event: PhantomData }),
                native::RD_KAFKA_EVENT_ERROR => error(event),
                native::RD_KAFKA_EVENT_REBALANCE => rebalance(event),
                native::RD_KAFKA_EVENT_LOG => log(event),
                native::RD_KAFKA_EVENT_STATS => {
                    let json = native::rd_kafka_event_stats(event);
                    if json.is_null() {
                        Told::Nothing
                    } else {
                        Told::Statistics(CStr::from_ptr(json).to_bytes())
                    }
                }
                _ => Told::Nothing,
            }
        }
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: it is ours, and nobody uses it after this.
        unsafe { native::rd_kafka_event_destroy(self.0.as_ptr()) }
    }
}

/// The record of a fetch event; none if it was told already.
///
/// # Safety
/// `event` is a fetch event, and lives for `'e`.
unsafe fn fetched<'e>(event: *mut native::rd_kafka_event_t) -> Option<Fetched<'e>> {
    // SAFETY: the message and all that it points to belong to the event, which has one.
    unsafe { record(native::rd_kafka_event_message_next(event).as_ref()?) }
}

/// What a message says that is no record: the end of a partition, or what failed.
///
/// # Safety
/// The message is a consumer's own.
pub(super) unsafe fn failure(message: &native::rd_kafka_message_t) -> Option<Told<'static>> {
    use native::rd_kafka_resp_err_t::{
        RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR__PARTITION_EOF, RD_KAFKA_RESP_ERR_NO_ERROR,
    };
    if message.err == RD_KAFKA_RESP_ERR_NO_ERROR {
        return None;
    }
    // SAFETY: the topic's name and the text belong to the message, and are copied.
    let (topic, reason) = unsafe {
        let topic = (!message.rkt.is_null()).then(|| text(native::rd_kafka_topic_name(message.rkt)));
        (topic, text(native::rd_kafka_message_errstr(message)))
    };
    let partition = message.partition;
    Some(match topic {
        Some(topic) if message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF => {
            Told::End { topic, partition, offset: message.offset }
        }
        topic => Told::Failed {
            code: message.err.into(),
            is_fatal: message.err == RD_KAFKA_RESP_ERR__FATAL,
            reason,
            of: topic.map(|topic| (topic, partition)),
        },
    })
}

/// The record that a message is; none where its topic has no name.
///
/// # Safety
/// The message is a consumer's own.
pub(super) unsafe fn record(message: &native::rd_kafka_message_t) -> Option<Fetched<'_>> {
    // SAFETY: what it points to lives as long as it does. A consumer's message has its topic set. A null
    // key or payload is an absent one, whatever its length.
    unsafe {
        let mut kind = native::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        let timestamp = native::rd_kafka_message_timestamp(message, &raw mut kind);
        Some(Fetched {
            topic: CStr::from_ptr(native::rd_kafka_topic_name(message.rkt)).to_str().ok()?,
            partition: message.partition,
            offset: message.offset,
            key: bytes(message.key, message.key_len),
            value: bytes(message.payload, message.len),
            timestamp: (timestamp >= 0).then_some(timestamp),
        })
    }
}

/// # Safety
/// `start` is null, or points to `length` bytes that live for `'e`.
unsafe fn bytes<'e>(start: *const c_void, length: usize) -> Option<&'e [u8]> {
    // SAFETY: it is not null, and the caller vouches for the rest.
    (!start.is_null()).then(|| unsafe { slice::from_raw_parts(start.cast(), length) })
}

/// # Safety
/// `event` is an error event, and lives.
unsafe fn error<'e>(event: *mut native::rd_kafka_event_t) -> Told<'e> {
    // SAFETY: the string belongs to the event, and is copied; the partition is a copy of our own,
    // whose topic belongs to it, and which is destroyed once copied.
    unsafe {
        let code = native::rd_kafka_event_error(event);
        let place = native::rd_kafka_event_topic_partition(event);
        let found = place.as_ref().map(|found| (text(found.topic), found.partition, found.offset));
        if !place.is_null() {
            native::rd_kafka_topic_partition_destroy(place);
        }
        if code == native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__PARTITION_EOF {
            let Some((topic, partition, offset)) = found else { return Told::Nothing };
            return Told::End { topic, partition, offset };
        }
        Told::Failed {
            code: code.into(),
            is_fatal: native::rd_kafka_event_error_is_fatal(event) != 0,
            reason: text(native::rd_kafka_event_error_string(event)),
            of: found.map(|(topic, partition, _)| (topic, partition)),
        }
    }
}

/// # Safety
/// `event` is a rebalance event, and lives.
unsafe fn rebalance<'e>(event: *mut native::rd_kafka_event_t) -> Told<'e> {
    // SAFETY: the list and its topics belong to the event, and are copied.
    unsafe {
        let gives = native::rd_kafka_event_error(event)
            == native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        let mut partitions = Vec::new();
        if let Some(list) = native::rd_kafka_event_topic_partition_list(event).as_ref() {
            let count = usize::try_from(list.cnt).unwrap_or(0);
            if count > 0 {
                for found in slice::from_raw_parts(list.elems, count) {
                    partitions.push((text(found.topic), found.partition));
                }
            }
        }
        Told::Rebalance { gives, partitions }
    }
}

/// # Safety
/// `event` is a log event, and lives.
unsafe fn log<'e>(event: *mut native::rd_kafka_event_t) -> Told<'e> {
    let (mut facility, mut message, mut level) = (ptr::null(), ptr::null(), 0);
    // SAFETY: the strings belong to the event, and are copied.
    unsafe {
        if native::rd_kafka_event_log(event, &raw mut facility, &raw mut message, &raw mut level) != 0 {
            return Told::Nothing;
        }
        Told::Log { level, facility: text(facility), message: text(message) }
    }
}

/// # Safety
/// `start` is null, or a C string that lives.
unsafe fn text(start: *const c_char) -> String {
    if start.is_null() {
        return String::new();
    }
    // SAFETY: it is not null, and the caller vouches for the rest.
    unsafe { CStr::from_ptr(start) }.to_string_lossy().into_owned()
}
