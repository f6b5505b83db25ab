//! What a member fetches, many records at a call. One of three modules with unsafe code.
//!
//! As an event of its own a record costs a lock of its queue and two looks at the clock, more than what
//! is done with it here. It comes to a queue where nothing else comes, since this call would answer a
//! rebalance at once, and the engine answers it when its transactions have ended.
//!
//! `rd_kafka_consume_batch_queue` would cost as little, but counts an end of a partition as a record
//! ([librdkafka 4844](https://github.com/confluentinc/librdkafka/issues/4844)): a partition that stays with
//! the member over a rebalance would then be read on one record too far.

#![expect(unsafe_code, reason = "rust-rdkafka takes records one by one")]

use super::event::{EventQueue, Fetched, GroupClient, Told, failure, record};
use rdkafka::bindings as native;
use std::any::Any;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

/// The queue to which the queues of partitions go on.
pub(super) struct Fetches(EventQueue);

/// What a call is to do with what it takes.
struct Taking<R> {
    take: R,
    /// What is no record, in order.
    others: Vec<Told<'static>>,
    /// How many more it may take.
    left: usize,
    panic: Option<Box<dyn Any + Send>>,
}

impl Fetches {
    pub(super) fn new(client: &Arc<GroupClient>) -> Option<Self> {
        EventQueue::of_its_own(client).map(Self)
    }

    /// The queue, as one to go on to.
    pub(super) fn queue(&self) -> &EventQueue {
        &self.0
    }

    /// Waits up to `wait` for something, and takes what is there then, at most `at_most`: records one by
    /// one, in order. Answers what else there was, in order.
    pub(super) fn take<R: FnMut(Fetched<'_>)>(
        &self,
        at_most: usize,
        wait: Duration,
        take: R,
    ) -> Vec<Told<'static>> {
        let mut taking = Taking { take, others: Vec::new(), left: at_most, panic: None };
        // SAFETY: the queue lives as long as `self`. The callback is called only until this returns, by
        // this thread, with what is taken and with `taking`, which nobody else uses meanwhile.
        unsafe {
            native::rd_kafka_consume_callback_queue(
                self.0.native(),
                EventQueue::millis(wait),
                Some(take_one::<R>),
                (&raw mut taking).cast::<c_void>(),
            );
        }
        if let Some(panic) = taking.panic {
            resume_unwind(panic);
        }
        taking.others
    }
}

/// # Safety
/// `message` is a consumer's own, and lives; `taking` is the `Taking` of the call that calls this.
unsafe extern "C" fn take_one<R: FnMut(Fetched<'_>)>(
    message: *mut native::rd_kafka_message_t,
    taking: *mut c_void,
) {
    // SAFETY: the caller vouches for both.
    let (message, taking) = unsafe { (&*message, &mut *taking.cast::<Taking<R>>()) };
    // A panic may not pass through C.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller vouches for the message.
        match unsafe { failure(message) } {
            None => {
                // SAFETY: as above.
                if let Some(fetched) = unsafe { record(message) } {
                    (taking.take)(fetched);
                }
            }
            Some(told) => taking.others.push(told),
        }
    }));
    taking.panic = outcome.err();
    taking.left = taking.left.saturating_sub(1);
    if taking.left == 0 || taking.panic.is_some() {
        // SAFETY: this is a callback: the call ends here, and what is left stays in the queue.
        unsafe { native::rd_kafka_yield(ptr::null_mut()) }
    }
}
