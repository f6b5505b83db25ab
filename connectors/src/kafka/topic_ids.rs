//! The ids that topics got when they were made. The other module with unsafe code: rust-rdkafka has no
//! call for it, librdkafka has (DescribeTopics).

#![expect(unsafe_code, reason = "rust-rdkafka does not describe topics")]

use super::context::Diagnostics;
use super::error::{of_code, refused};
use engine::log::LogError;
use rdkafka::bindings as native;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::RDKafkaErrorCode;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::Arc;
use std::time::Duration;

const OPERATION: &str = "ask for the ids of topics";

/// What a topic without an id is said to have: that of brokers before 2.8.
const NO_ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// Something of librdkafka's that is ours, and how it is let go.
struct Owned<T>(NonNull<T>, unsafe extern "C" fn(*mut T));

impl<T> Owned<T> {
    fn new(made: *mut T, let_go: unsafe extern "C" fn(*mut T)) -> Result<Self, LogError> {
        let made = NonNull::new(made).ok_or_else(|| refused(OPERATION, "librdkafka gave nothing"))?;
        Ok(Self(made, let_go))
    }

    fn get(&self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: it is ours, was made by the counterpart of this, and nobody uses it after this.
        unsafe { (self.1)(self.0.as_ptr()) }
    }
}

/// The id of each topic; none where there is no such topic, or it has none.
pub(super) fn ask(
    client: &BaseConsumer<Diagnostics>,
    topics: &[Arc<str>],
    timeout: Duration,
) -> Result<Vec<Option<Arc<str>>>, LogError> {
    let names: Result<Vec<CString>, _> = topics.iter().map(|topic| CString::new(&**topic)).collect();
    let names = names.map_err(|error| refused(OPERATION, &error.to_string()))?;
    let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
    let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let native_client = client.client().native_ptr();
    // SAFETY: the client lives; all that is made here is ours until it is dropped, the event last, from
    // which nothing is kept. The names are copied.
    unsafe {
        let queue = Owned::new(native::rd_kafka_queue_new(native_client), native::rd_kafka_queue_destroy)?;
        let asked = Owned::new(
            native::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len()),
            native::rd_kafka_TopicCollection_destroy,
        )?;
        let options = Owned::new(
            native::rd_kafka_AdminOptions_new(
                native_client,
                native::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
            ),
            native::rd_kafka_AdminOptions_destroy,
        )?;
        native::rd_kafka_AdminOptions_set_request_timeout(options.get(), millis, ptr::null_mut(), 0);
        native::rd_kafka_DescribeTopics(native_client, asked.get(), options.get(), queue.get());
        // The request ends by its own time-out, and says so.
        let event = Owned::new(
            native::rd_kafka_queue_poll(queue.get(), millis.saturating_add(1_000)),
            native::rd_kafka_event_destroy,
        )?;
        let code = native::rd_kafka_event_error(event.get());
        if code != native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            let code = RDKafkaErrorCode::from(code);
            return Err(of_code(OPERATION, code, code.to_string()));
        }
        let ids = told(event.get())?;
        Ok(topics.iter().map(|topic| ids.get(&**topic).cloned()).collect())
    }
}

/// # Safety
/// `event` is the answer to DescribeTopics, and lives.
unsafe fn told(event: *mut native::rd_kafka_event_t) -> Result<BTreeMap<String, Arc<str>>, LogError> {
    let mut ids = BTreeMap::new();
    // SAFETY: the descriptions and all that they point to belong to the event, and are copied.
    unsafe {
        let result = native::rd_kafka_event_DescribeTopics_result(event);
        if result.is_null() {
            return Err(refused(OPERATION, "librdkafka answered something else"));
        }
        let mut count = 0;
        let topics = native::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
        if topics.is_null() || count == 0 {
            return Ok(ids);
        }
        for topic in slice::from_raw_parts(topics, count) {
            let name = CStr::from_ptr(native::rd_kafka_TopicDescription_name(*topic));
            let error = native::rd_kafka_TopicDescription_error(*topic);
            if !error.is_null() {
                let code = RDKafkaErrorCode::from(native::rd_kafka_error_code(error));
                if code == RDKafkaErrorCode::UnknownTopicOrPartition {
                    continue;
                }
                return Err(of_code(OPERATION, code, code.to_string()));
            }
            let id = native::rd_kafka_TopicDescription_topic_id(*topic);
            if id.is_null() {
                continue;
            }
            let id = native::rd_kafka_Uuid_base64str(id);
            if id.is_null() {
                continue;
            }
            let id = CStr::from_ptr(id).to_string_lossy();
            if id != NO_ID {
                ids.insert(name.to_string_lossy().into_owned(), id.as_ref().into());
            }
        }
    }
    Ok(ids)
}
