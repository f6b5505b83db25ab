//! The threads that commit: each has the producers of its partitions, and a desk where their batches lie.

use super::desk::{Cadence, Desk, Seat};
use super::pending::Pending;
use super::tally::Tally;
use crate::error::YardstickError;
use crate::native::Member;
use crate::writing::{NotCommitted, Writer};
use rdkafka::{Offset, TopicPartitionList};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often a thread that is to end is looked at.
const GLANCE: Duration = Duration::from_millis(1);

/// What all threads know.
pub(crate) struct Common {
    pub(crate) member: Arc<Member>,
    pub(crate) brokers: String,
    /// The input topics, by place.
    pub(crate) topics: Vec<String>,
    /// Where the records go.
    pub(crate) output: String,
    pub(crate) transactional_prefix: String,
    pub(crate) value_bytes: usize,
    pub(crate) cadence: Cadence,
    pub(crate) tally: Arc<Tally>,
    /// Why a thread gave up.
    pub(crate) failure: Mutex<Option<YardstickError>>,
}

impl Common {
    fn fail(&self, error: YardstickError) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// The threads of an assignment.
pub(crate) struct Workers {
    desks: Vec<Arc<Desk>>,
    /// By partition: whose it is, and its place there.
    places: Vec<Option<(usize, usize)>>,
    threads: Vec<JoinHandle<()>>,
    stuck_after: Duration,
}

impl Workers {
    /// Starts at most so many threads for these partitions, and waits until all producers have their ids.
    pub(crate) fn start(
        common: &Arc<Common>,
        partitions: &[i32],
        threads: usize,
    ) -> Result<Self, YardstickError> {
        let count = threads.clamp(1, partitions.len().max(1));
        let mut shares: Vec<Vec<i32>> = vec![Vec::new(); count];
        let mut places = Vec::new();
        for (number, partition) in partitions.iter().enumerate() {
            let thread = number % count;
            let Some(share) = shares.get_mut(thread) else { continue };
            let index = usize::try_from(*partition).unwrap_or(0);
            if places.len() <= index {
                places.resize(index + 1, None);
            }
            if let Some(place) = places.get_mut(index) {
                *place = Some((thread, share.len()));
            }
            share.push(*partition);
        }
        let (ready, answers) = std::sync::mpsc::channel();
        let mut workers =
            Self { desks: Vec::new(), places, threads: Vec::new(), stuck_after: common.cadence.stuck_after };
        for share in shares.into_iter().filter(|share| !share.is_empty()) {
            let desk = Arc::new(Desk::new(share.len(), common.cadence));
            workers.desks.push(desk.clone());
            let (common, ready) = (common.clone(), ready.clone());
            let name = format!("commit {share:?}");
            let thread = std::thread::Builder::new().name(name).spawn(move || match lanes(&common, share) {
                Ok(lanes) => {
                    // Nobody waits any more where another thread has failed.
                    let _gone = ready.send(Ok(()));
                    work(&common, &desk, &lanes);
                }
                Err(error) => {
                    let _gone = ready.send(Err(error));
                }
            });
            workers.threads.push(thread.map_err(YardstickError::Thread)?);
        }
        drop(ready);
        for answer in answers.iter().take(workers.threads.len()) {
            answer?;
        }
        Ok(workers)
    }

    /// Whose a partition is, and its place there.
    pub(crate) fn place(&self, partition: i32) -> Option<(usize, usize)> {
        *self.places.get(usize::try_from(partition).ok()?)?
    }

    /// Sits down at a thread's desk.
    pub(crate) fn sit(&self, thread: usize) -> Option<Seat<'_>> {
        self.desks.get(thread).map(|desk| desk.sit())
    }

    /// Whether one of them does not come back.
    pub(crate) fn are_stuck(&self) -> bool {
        self.desks.iter().any(|desk| desk.is_stuck())
    }

    /// Commits what is pending, and ends the threads. One that does not come back is left to itself.
    pub(crate) fn end(mut self) -> Result<(), YardstickError> {
        for desk in &self.desks {
            desk.end();
        }
        while self.threads.iter().any(|thread| !thread.is_finished()) {
            if self.are_stuck() {
                self.threads.clear();
                return Err(YardstickError::Stuck { after: self.stuck_after });
            }
            std::thread::sleep(GLANCE);
        }
        for thread in self.threads.drain(..) {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
        Ok(())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // Whatever went wrong, nothing more is to be committed by threads that nobody knows any more.
        for desk in &self.desks {
            desk.end();
        }
    }
}

/// A partition, and who writes for it.
struct Lane {
    partition: i32,
    writer: Writer,
}

fn lanes(common: &Common, share: Vec<i32>) -> Result<Vec<Lane>, YardstickError> {
    let lane = |partition| {
        let id = format!("{}-{partition}", common.transactional_prefix);
        let writer = Writer::new(&common.brokers, &id, &common.output, common.value_bytes)?;
        Ok(Lane { partition, writer })
    };
    share.into_iter().map(lane).collect()
}

fn work(common: &Common, desk: &Desk, lanes: &[Lane]) {
    while let Some((place, pending)) = desk.next() {
        let Some(lane) = lanes.get(place) else { continue };
        let began = Instant::now();
        match commit(common, lane, &pending) {
            Ok(()) => {
                desk.committed(place);
                common.tally.add(pending.inputs(), pending.keys().len(), began.elapsed());
            }
            Err(error) => {
                // What follows of this batch was not committed either: nothing may come after it.
                desk.end();
                return common.fail(error);
            }
        }
    }
}

/// Commits a batch; one that was aborted once more, until the group says that it is another's.
fn commit(common: &Common, lane: &Lane, pending: &Pending) -> Result<(), YardstickError> {
    let mut offsets = TopicPartitionList::new();
    for (topic, offset) in pending.offsets() {
        let Some(name) = common.topics.get(topic) else { continue };
        offsets
            .add_partition_offset(name, lane.partition, Offset::Offset(offset))
            .map_err(YardstickError::kafka("name an offset"))?;
    }
    loop {
        lane.writer.begin()?;
        for (key, timestamp) in pending.keys() {
            lane.writer.send(lane.partition, key, (timestamp >= 0).then_some(timestamp))?;
        }
        match lane.writer.commit(Some((&offsets, &common.member))) {
            Ok(()) => return Ok(()),
            Err(NotCommitted::Aborted(error)) if error.is_of_the_group() => return Err(error),
            Err(NotCommitted::Aborted(error)) => eprintln!("aborted, and done again: {error}"),
            Err(NotCommitted::Over(error)) => return Err(error),
        }
    }
}
