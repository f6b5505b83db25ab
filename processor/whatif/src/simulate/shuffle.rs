//! Dealing events into shards by their debtor: all of one debtor's events lie in one shard.
//!
//! What a shard's file looks like is between this module and [`super::shard`].

use super::shard::Writer;
use super::{Job, Progress, SimulateError};
use crate::source::{Batch, Faulty, FaultyEvents, Source, SourceError};
use decision::event::Body;
use decision::time::Timestamp;
use foldhash::fast::FixedState;
use lives::Reports;
use schemas::files::Arrival;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError, mpsc};

/// How many shards there are: some million accounts make each a few tens of megabytes, and no system lets fewer
/// files be open at once.
const SHARDS: usize = 256;

/// How much a thread gathers for a shard before it writes it, in bytes.
const GATHERED_BYTES: usize = 64 << 10;

/// Shards of one hash whatever the machine, so that a result can be had again.
const SEED: u64 = 0x57_45_49_52;

/// The events, dealt.
pub(super) struct Dealt {
    /// The files, in order.
    pub(super) shards: Vec<PathBuf>,
    /// When the first event came.
    pub(super) first: Option<Timestamp>,
    pub(super) events: u64,
    pub(super) left_out: u64,
    pub(super) faulty: FaultyEvents,
}

/// Deals all events of a job into files in this folder.
pub(super) fn deal(
    job: &Job,
    source: &mut dyn Source,
    folder: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Dealt, SimulateError> {
    let failed = |source| SimulateError::Folder { folder: job.folder.clone(), source };
    let shards: Vec<_> = (0..SHARDS).map(|number| folder.join(format!("{number:03}"))).collect();
    let open: Result<Vec<_>, _> = shards.iter().map(|path| File::create(path).map(Mutex::new)).collect();
    let open = open.map_err(failed)?;
    let done = source.done();
    let (send, receive) = mpsc::sync_channel::<Batch>(job.threads.max(1));
    let receive = Mutex::new(receive);
    let parts: Result<Vec<Part>, SimulateError> = std::thread::scope(|scope| {
        let work = || {
            let mut dealer = Dealer::new(job, &open);
            loop {
                let batch = receive.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(batch) = batch else { return dealer.and_then(Dealer::finish) };
                // After a failure what comes is taken all the same: the reader must not wait for ever.
                dealer = dealer.and_then(|dealer| dealer.take(batch));
            }
        };
        let threads: Vec<_> = (0..job.threads.max(1)).map(|_| scope.spawn(work)).collect();
        let read = read(source, &send, &mut || progress(Progress::Reading(done.load(Ordering::Relaxed))));
        drop(send);
        let parts = threads.into_iter().map(|thread| match thread.join() {
            Ok(part) => part.map_err(failed),
            Err(panic) => std::panic::resume_unwind(panic),
        });
        let parts = parts.collect();
        read?;
        parts
    });
    let mut dealt = Dealt { shards, first: None, events: 0, left_out: 0, faulty: FaultyEvents::default() };
    for part in parts? {
        dealt.add(part);
    }
    if dealt.faulty.count > 0 && !job.skip_faulty {
        return Err(SimulateError::Faulty(dealt.faulty));
    }
    Ok(dealt)
}

/// Hands all batches to the threads.
fn read(
    source: &mut dyn Source,
    send: &mpsc::SyncSender<Batch>,
    progress: &mut dyn FnMut(),
) -> Result<(), SourceError> {
    while let Some(batch) = source.next_batch()? {
        // Refused only once every thread has ended, which then says why.
        if send.send(batch).is_err() {
            break;
        }
        progress();
    }
    Ok(())
}

impl Dealt {
    fn add(&mut self, part: Part) {
        self.events += part.events;
        self.left_out += part.left_out;
        self.first = self.first.into_iter().chain(part.first).min();
        self.faulty.extend(part.faulty);
    }
}

/// What one thread dealt.
#[derive(Default)]
struct Part {
    first: Option<Timestamp>,
    events: u64,
    left_out: u64,
    faulty: FaultyEvents,
}

/// One thread at work.
struct Dealer<'a> {
    job: &'a Job,
    open: &'a [Mutex<File>],
    writer: Writer,
    gathered: Vec<Vec<u8>>,
    part: Part,
}

impl<'a> Dealer<'a> {
    fn new(job: &'a Job, open: &'a [Mutex<File>]) -> io::Result<Self> {
        let gathered = vec![Vec::new(); open.len()];
        Ok(Self { job, open, writer: Writer::new()?, gathered, part: Part::default() })
    }

    fn take(mut self, batch: Batch) -> io::Result<Self> {
        let mut outcome = Ok(());
        batch.for_each(|place, event| match event {
            Ok(arrival) if self.is_left_out(&arrival) => self.part.left_out += 1,
            Ok(arrival) => {
                let order = u64::from(place.file_number) << 40 | place.number;
                let dealt = self.deal(&arrival, order);
                outcome = std::mem::replace(&mut outcome, Ok(())).and(dealt);
            }
            Err(what) => self.part.faulty.add(Faulty { place, what }),
        });
        outcome.map(|()| self)
    }

    fn is_left_out(&self, arrival: &Arrival) -> bool {
        let is_report = matches!(arrival.event.body, Body::Report(_));
        arrival.at > self.job.until || (is_report && self.job.reports == Reports::Auto)
    }

    fn deal(&mut self, arrival: &Arrival, order: u64) -> io::Result<()> {
        self.part.events += 1;
        self.part.first = self.part.first.into_iter().chain([arrival.at]).min();
        let number = shard_of(arrival.event.debtor(), self.open.len());
        let Some(gathered) = self.gathered.get_mut(number) else { return Ok(()) };
        self.writer.write(arrival, order, gathered)?;
        if gathered.len() >= GATHERED_BYTES {
            write_out(self.open, number, gathered)?;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<Part> {
        for (number, gathered) in self.gathered.iter_mut().enumerate() {
            write_out(self.open, number, gathered)?;
        }
        Ok(self.part)
    }
}

fn write_out(open: &[Mutex<File>], number: usize, gathered: &mut Vec<u8>) -> io::Result<()> {
    if let Some(file) = open.get(number) {
        file.lock().unwrap_or_else(PoisonError::into_inner).write_all(gathered)?;
    }
    gathered.clear();
    Ok(())
}

fn shard_of(debtor: &str, shards: usize) -> usize {
    let hash = FixedState::with_seed(SEED).hash_one(debtor);
    let shards = u64::try_from(shards.max(1)).unwrap_or(u64::MAX);
    usize::try_from(hash % shards).unwrap_or(0)
}
