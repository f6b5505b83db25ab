//! librdkafka's own calls, where rust-rdkafka has none or a slow one. The yardsticks' only unsafe code.
//!
//! rust-rdkafka hands out records one by one, and its commit waits up to 100 ms for what is in flight. A limit
//! must not have that in it, so a member here reads by batches, and a transaction is committed by librdkafka's call.

#![expect(unsafe_code, reason = "rust-rdkafka has no batches, and its commit waits too long")]

use crate::error::YardstickError;
use rdkafka::TopicPartitionList;
use rdkafka::bindings as native;
use rdkafka::config::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, Producer as _};
use std::collections::VecDeque;
use std::ffi::{CStr, c_char, c_void};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The group gives partitions, or takes them all. The client waits for the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rebalance {
    /// Whether it gives.
    pub(crate) gives: bool,
    /// Topics and partitions.
    pub(crate) partitions: Vec<(String, i32)>,
}

/// A record as fetched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'m> {
    pub(crate) topic: &'m str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) key: &'m [u8],
    pub(crate) length: usize,
    /// In milliseconds; -1 where it has none.
    pub(crate) timestamp: i64,
}

/// How records are taken from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// `rd_kafka_consumer_poll`, one by one.
    Poll,
    /// `rd_kafka_consume_batch_queue`.
    Batch,
    /// `rd_kafka_queue_poll`: events, of which each holds one record.
    Event,
    /// `rd_kafka_consume_callback_queue`: all that is there, each record to a callback.
    Callback,
}

/// How many records one call takes at the most.
const BATCH: usize = 2_000;

/// A consumer. All may ask for its membership; one thread reads.
pub(crate) struct Member {
    client: NonNull<native::rd_kafka_t>,
    queue: NonNull<native::rd_kafka_queue_t>,
    // The client has its address: it is dropped after the client is destroyed.
    heard: Box<Heard>,
}

// SAFETY: librdkafka's handles are locked inside and bound to no thread.
unsafe impl Send for Member {}
// SAFETY: as above.
unsafe impl Sync for Member {}

#[derive(Default)]
struct Heard {
    rebalances: Mutex<VecDeque<Rebalance>>,
    is_closing: AtomicBool,
}

impl Member {
    /// Makes a consumer, in no group yet.
    pub(crate) fn new(config: &ClientConfig) -> Result<Self, YardstickError> {
        let settings = config.create_native_config().map_err(YardstickError::kafka("make a consumer"))?;
        let heard = Box::<Heard>::default();
        let mut reason: [c_char; 512] = [0; 512];
        // SAFETY: the copy of the settings goes to the client; it is ours again only where there is none. What the
        // callback gets lies in a box that outlives the client.
        let client = unsafe {
            let settings = native::rd_kafka_conf_dup(settings.ptr());
            native::rd_kafka_conf_set_opaque(settings, ptr::from_ref(&*heard).cast_mut().cast::<c_void>());
            native::rd_kafka_conf_set_rebalance_cb(settings, Some(on_rebalance));
            let client = native::rd_kafka_new(
                native::rd_kafka_type_t::RD_KAFKA_CONSUMER,
                settings,
                reason.as_mut_ptr(),
                reason.len(),
            );
            if client.is_null() {
                native::rd_kafka_conf_destroy(settings);
            }
            client
        };
        let refused = || {
            // SAFETY: librdkafka ends what it writes with a zero.
            let reason = unsafe { text(reason.as_ptr()) };
            let code = RDKafkaErrorCode::InvalidArgument;
            YardstickError::Client { operation: "make a consumer".to_owned(), code, reason }
        };
        let client = NonNull::new(client).ok_or_else(refused)?;
        // SAFETY: the client lives; the handle of the queue is our own, and destroyed in `drop`.
        let queue = unsafe {
            native::rd_kafka_poll_set_consumer(client.as_ptr());
            native::rd_kafka_queue_get_consumer(client.as_ptr())
        };
        let queue = NonNull::new(queue).ok_or_else(refused)?;
        Ok(Self { client, queue, heard })
    }

    /// Joins the group.
    pub(crate) fn subscribe(&self, topics: &[&str]) -> Result<(), YardstickError> {
        let mut list = TopicPartitionList::new();
        for topic in topics {
            list.add_topic_unassigned(topic);
        }
        // SAFETY: client and list live.
        let code = unsafe { native::rd_kafka_subscribe(self.client.as_ptr(), list.ptr()) };
        checked("join the group", code)
    }

    /// Takes these partitions and no others: answers a rebalance, or begins outside of any group.
    pub(crate) fn assign(&self, partitions: &TopicPartitionList) -> Result<(), YardstickError> {
        // SAFETY: client and list live.
        let code = unsafe { native::rd_kafka_assign(self.client.as_ptr(), partitions.ptr()) };
        checked("take partitions", code)
    }

    /// Lets all partitions go.
    pub(crate) fn unassign(&self) -> Result<(), YardstickError> {
        // SAFETY: the client lives.
        let code = unsafe { native::rd_kafka_assign(self.client.as_ptr(), ptr::null()) };
        checked("let partitions go", code)
    }

    /// The next rebalance that was heard of while reading.
    pub(crate) fn next_rebalance(&self) -> Option<Rebalance> {
        self.heard.rebalances.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Reads what there is, for `wait` at the most where there is nothing. Answers how many records that were.
    pub(crate) fn read(
        &self,
        way: Way,
        wait: Duration,
        mut take: impl FnMut(Record<'_>),
    ) -> Result<usize, YardstickError> {
        let millis = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        match way {
            Way::Batch => self.read_batch(millis, &mut take),
            Way::Poll => {
                // SAFETY: the client lives; the message is ours, and destroyed once taken.
                let message = unsafe { native::rd_kafka_consumer_poll(self.client.as_ptr(), millis) };
                // SAFETY: as above.
                unsafe { take_message(message, &mut take) }
            }
            Way::Event => {
                // SAFETY: the queue lives; the message belongs to the event, which is destroyed after it was taken.
                unsafe {
                    let event = native::rd_kafka_queue_poll(self.queue.as_ptr(), millis);
                    if event.is_null() {
                        return Ok(0);
                    }
                    let message = native::rd_kafka_event_message_next(event);
                    let taken = look_at(message, &mut take);
                    native::rd_kafka_event_destroy(event);
                    taken
                }
            }
            Way::Callback => self.read_by_callback(millis, take),
        }
    }

    fn read_by_callback<T: FnMut(Record<'_>)>(&self, millis: i32, take: T) -> Result<usize, YardstickError> {
        let mut reading = Reading { take, taken: 0, failure: None };
        // SAFETY: the queue lives; `reading` is used by the callback alone, and only until this returns.
        unsafe {
            native::rd_kafka_consume_callback_queue(
                self.queue.as_ptr(),
                millis,
                Some(read_one::<T>),
                (&raw mut reading).cast::<c_void>(),
            );
        }
        reading.failure.map_or(Ok(reading.taken), Err)
    }

    fn read_batch(&self, millis: i32, take: &mut impl FnMut(Record<'_>)) -> Result<usize, YardstickError> {
        let mut messages: [*mut native::rd_kafka_message_t; BATCH] = [ptr::null_mut(); BATCH];
        // SAFETY: queue and array live, and the array is as long as said.
        let count = unsafe {
            native::rd_kafka_consume_batch_queue(self.queue.as_ptr(), millis, messages.as_mut_ptr(), BATCH)
        };
        let (mut taken, mut failure) = (0, None);
        for message in messages.into_iter().take(usize::try_from(count).unwrap_or(0)) {
            // SAFETY: so many messages are ours, and each is destroyed once taken.
            match unsafe { take_message(message, take) } {
                Ok(count) => taken += count,
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(taken), Err)
    }

    /// Leaves the group. Partitions that are still held are let go.
    pub(crate) fn close(&self) {
        self.heard.is_closing.store(true, Ordering::Release);
        // SAFETY: the client lives. It may be closed twice.
        unsafe { native::rd_kafka_consumer_close(self.client.as_ptr()) };
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.close();
        // SAFETY: nobody uses either after this.
        unsafe {
            native::rd_kafka_queue_destroy(self.queue.as_ptr());
            native::rd_kafka_destroy(self.client.as_ptr());
        }
    }
}

/// Notes a rebalance for the thread that reads, which answers it when it is ready to. While closing nobody reads.
///
/// # Safety
/// `heard` is a `Heard` that lives; the list is null or lives.
unsafe extern "C" fn on_rebalance(
    client: *mut native::rd_kafka_t,
    code: native::rd_kafka_resp_err_t,
    list: *mut native::rd_kafka_topic_partition_list_t,
    heard: *mut c_void,
) {
    // SAFETY: the caller vouches for all of it. Topics are copied.
    unsafe {
        let Some(heard) = heard.cast::<Heard>().as_ref() else { return };
        if heard.is_closing.load(Ordering::Acquire) {
            native::rd_kafka_assign(client, ptr::null());
            return;
        }
        let mut partitions = Vec::new();
        if let Some(list) = list.as_ref()
            && let Ok(count @ 1..) = usize::try_from(list.cnt)
        {
            let elements = slice::from_raw_parts(list.elems, count);
            partitions.extend(elements.iter().map(|element| (text(element.topic), element.partition)));
        }
        let gives = code == native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        let mut rebalances = heard.rebalances.lock().unwrap_or_else(PoisonError::into_inner);
        rebalances.push_back(Rebalance { gives, partitions });
        // The batch that is being gathered is handed out as it is, so that the rebalance is seen now.
        native::rd_kafka_yield(client);
    }
}

/// What a reading by callback has come to.
struct Reading<T> {
    take: T,
    taken: usize,
    failure: Option<YardstickError>,
}

/// # Safety
/// The message lives; `reading` is the `Reading` of the call that calls this.
unsafe extern "C" fn read_one<T: FnMut(Record<'_>)>(
    message: *mut native::rd_kafka_message_t,
    reading: *mut c_void,
) {
    // SAFETY: the caller vouches for both.
    unsafe {
        let reading = &mut *reading.cast::<Reading<T>>();
        match look_at(message, &mut reading.take) {
            Ok(count) => reading.taken += count,
            Err(error) => reading.failure = Some(error),
        }
    }
}

/// Hands a message to `take` and destroys it; none is no fault.
///
/// # Safety
/// `message` is null, or ours.
unsafe fn take_message(
    message: *mut native::rd_kafka_message_t,
    take: &mut impl FnMut(Record<'_>),
) -> Result<usize, YardstickError> {
    if message.is_null() {
        return Ok(0);
    }
    // SAFETY: it is not null, and nobody uses it after this.
    unsafe {
        let taken = look_at(message, take);
        native::rd_kafka_message_destroy(message);
        taken
    }
}

/// # Safety
/// `message` is null, or lives.
unsafe fn look_at(
    message: *const native::rd_kafka_message_t,
    take: &mut impl FnMut(Record<'_>),
) -> Result<usize, YardstickError> {
    // SAFETY: what a message points to lives as long as it does.
    unsafe {
        let Some(message) = message.as_ref() else { return Ok(0) };
        if message.err != native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            // An error has its words where a record has its value.
            let reason = String::from_utf8_lossy(bytes(message.payload, message.len)).into_owned();
            let code = message.err.into();
            return Err(YardstickError::Client { operation: "read records".to_owned(), code, reason });
        }
        let topic = CStr::from_ptr(native::rd_kafka_topic_name(message.rkt)).to_str().unwrap_or("?");
        take(Record {
            topic,
            partition: message.partition,
            offset: message.offset,
            key: bytes(message.key, message.key_len),
            length: message.len,
            timestamp: native::rd_kafka_message_timestamp(message, ptr::null_mut()),
        });
        Ok(1)
    }
}

/// # Safety
/// `start` is null, or points to `length` bytes that live for `'m`.
unsafe fn bytes<'m>(start: *const c_void, length: usize) -> &'m [u8] {
    // SAFETY: the caller vouches for it.
    if start.is_null() { &[] } else { unsafe { slice::from_raw_parts(start.cast(), length) } }
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

fn checked(operation: &str, code: native::rd_kafka_resp_err_t) -> Result<(), YardstickError> {
    if code == native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Ok(());
    }
    // SAFETY: the text is librdkafka's own, and lives as long as the program.
    let reason = unsafe { text(native::rd_kafka_err2str(code)) };
    Err(YardstickError::Client { operation: operation.to_owned(), code: code.into(), reason })
}

/// Why a call of a transaction did not do it.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// In librdkafka's words.
    pub(crate) error: YardstickError,
    /// The same call may be made again, and goes on.
    pub(crate) may_retry: bool,
    /// The transaction is to be aborted; a new one may go well.
    pub(crate) wants_abort: bool,
}

/// Adds offsets to the producer's transaction, as that member.
pub(crate) fn send_offsets(
    producer: &BaseProducer,
    offsets: &TopicPartitionList,
    member: &Member,
    within: Duration,
) -> Result<(), Refusal> {
    // SAFETY: both clients and the list live; the metadata is ours, and destroyed after the call.
    unsafe {
        let metadata = native::rd_kafka_consumer_group_metadata(member.client.as_ptr());
        let error = native::rd_kafka_send_offsets_to_transaction(
            producer.client().native_ptr(),
            offsets.ptr(),
            metadata,
            millis(within),
        );
        native::rd_kafka_consumer_group_metadata_destroy(metadata);
        judged("add offsets to the transaction", error)
    }
}

/// Commits the producer's transaction, once all its records are delivered.
pub(crate) fn commit(producer: &BaseProducer, within: Duration) -> Result<(), Refusal> {
    // SAFETY: the client lives.
    unsafe {
        let error = native::rd_kafka_commit_transaction(producer.client().native_ptr(), millis(within));
        judged("commit the transaction", error)
    }
}

/// Aborts the producer's transaction.
pub(crate) fn abort(producer: &BaseProducer, within: Duration) -> Result<(), Refusal> {
    // SAFETY: the client lives.
    unsafe {
        let error = native::rd_kafka_abort_transaction(producer.client().native_ptr(), millis(within));
        judged("abort the transaction", error)
    }
}

/// # Safety
/// `error` is null, or ours.
unsafe fn judged(operation: &str, error: *mut native::rd_kafka_error_t) -> Result<(), Refusal> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: it is not null, and nobody uses it after this.
    unsafe {
        let refusal = Refusal {
            error: YardstickError::Client {
                operation: operation.to_owned(),
                code: native::rd_kafka_error_code(error).into(),
                reason: text(native::rd_kafka_error_string(error)),
            },
            may_retry: native::rd_kafka_error_is_retriable(error) != 0,
            wants_abort: native::rd_kafka_error_txn_requires_abort(error) != 0,
        };
        native::rd_kafka_error_destroy(error);
        Err(refusal)
    }
}

fn millis(within: Duration) -> i32 {
    i32::try_from(within.as_millis()).unwrap_or(i32::MAX)
}
