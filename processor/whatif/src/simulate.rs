//! Many accounts in virtual time under one policy, or under two side by side.
//!
//! Events are first dealt into shards by their debtor, on disk, so that memory does not grow with their
//! number; then each shard's lives are played, one after the other, on as many threads as there are.
//! What comes out does not depend on the number of threads.

mod differ;
mod life;
pub mod report;
mod shard;
mod shuffle;
mod tally;

pub use life::Outcome;
pub use tally::{AGES, Amounts, Day, Recovery, Sum, Tally};

use crate::source::{FaultyEvents, Source, SourceError};
use decision::Policies;
use decision::ids::DebtorId;
use decision::time::{Date, Timestamp};
use lives::{Endless, Reports};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

/// What is to be simulated.
#[derive(Debug)]
pub struct Job {
    /// The policy that is tried.
    pub policy: Policies,
    /// The one that it is held against.
    pub against: Option<Policies>,
    /// Through which moment lives are played; later events are left out.
    pub until: Timestamp,
    /// Who reports what becomes of commands.
    pub reports: Reports,
    /// Whether what cannot be read is counted and passed over, instead of ending it all.
    pub skip_faulty: bool,
    /// How many threads play.
    pub threads: usize,
    /// Where shards lie meanwhile: a folder of their own is made there, and removed.
    pub folder: PathBuf,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// A file cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Some events cannot be read.
    #[error("{0}")]
    Faulty(FaultyEvents),
    /// The shards cannot be written or read back.
    #[error("cannot keep the events in {folder} while they are sorted", folder = folder.display())]
    Folder {
        /// Where.
        folder: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The list of differences cannot be written.
    #[error("cannot write the accounts whose outcome differs")]
    Differences(#[source] io::Error),
    /// A life never ends.
    #[error("the life of {debtor} cannot be played")]
    Endless {
        /// Whose.
        debtor: DebtorId,
        /// When.
        #[source]
        source: Endless,
    },
}

/// How far a simulation is, for whoever shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Events are read: so much so far, in what the source counts.
    Reading(u64),
    /// Lives are played: so many shards of so many.
    Playing {
        /// Those that are done.
        done: usize,
        /// All.
        of: usize,
    },
}

/// What came of it.
#[derive(Debug)]
pub struct Simulated {
    /// How many events were read, and played where they are not too late.
    pub events: u64,
    /// How many were after the end, or reports that are not taken.
    pub left_out: u64,
    /// Those that could not be read, where they are passed over.
    pub faulty: FaultyEvents,
    /// How many debtors there are.
    pub accounts: u64,
    /// Under the policy that is tried.
    pub tried: Tally,
    /// Under the one that it is held against.
    pub against: Option<Tally>,
    /// How many debtors come off differently.
    pub differing: u64,
}

/// Simulates. Where two policies are held against each other, a line of CSV for each debtor whose outcome
/// differs is written to `differences`.
///
/// # Errors
/// Where events cannot be read or kept, or a life cannot be played.
pub fn simulate(
    job: &Job,
    source: &mut dyn Source,
    mut differences: Option<&mut dyn Write>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Simulated, SimulateError> {
    let in_folder = |source| SimulateError::Folder { folder: job.folder.clone(), source };
    let folder =
        tempfile::Builder::new().prefix("weir-simulate-").tempdir_in(&job.folder).map_err(in_folder)?;
    let dealt = shuffle::deal(job, source, folder.path(), progress)?;
    let mut simulated = Simulated {
        events: dealt.events,
        left_out: dealt.left_out,
        faulty: dealt.faulty,
        accounts: 0,
        tried: Tally::default(),
        against: job.against.is_some().then(Tally::default),
        differing: 0,
    };
    if let Some(out) = differences.as_deref_mut() {
        differ::write_header(out).map_err(SimulateError::Differences)?;
    }
    let samples = month_ends(dealt.first, job.until);
    play_all(job, &dealt.shards, &samples, &mut |done, played| {
        simulated.accounts += played.accounts;
        simulated.differing += played.differing;
        simulated.tried.add(played.tried);
        if let (Some(sum), Some(against)) = (&mut simulated.against, played.against) {
            sum.add(against);
        }
        progress(Progress::Playing { done, of: dealt.shards.len() });
        match differences.as_deref_mut() {
            Some(out) => out.write_all(&played.csv).map_err(SimulateError::Differences),
            None => Ok(()),
        }
    })?;
    Ok(simulated)
}

/// Plays all shards, and takes what came of each in the shards' order, whichever thread was faster.
fn play_all(
    job: &Job,
    shards: &[PathBuf],
    samples: &[Timestamp],
    take: &mut dyn FnMut(usize, shard::Played) -> Result<(), SimulateError>,
) -> Result<(), SimulateError> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    // Small: a thread that is ahead waits, and does not pile up what it has played.
    let (send, receive) = mpsc::sync_channel(job.threads);
    std::thread::scope(|scope| {
        for _ in 0..job.threads.max(1) {
            let (send, next, stop) = (send.clone(), &next, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = shards.get(number) else { return };
                    if send.send((number, shard::play(job, path, samples))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut waiting = BTreeMap::new();
        let mut taken = 0;
        let mut outcome = Ok(());
        for (number, played) in &receive {
            waiting.insert(number, played);
            while let Some(played) = waiting.remove(&taken) {
                taken += 1;
                outcome = outcome.and_then(|()| take(taken, played?));
            }
            if outcome.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
        }
        outcome
    })
}

/// The moments at which the debt's age is looked at: midnight after each month's last day, by UTC, and the end.
fn month_ends(first: Option<Timestamp>, until: Timestamp) -> Vec<Timestamp> {
    let utc = decision::time::Zone::utc();
    let Some(first) = first else { return Vec::new() };
    let mut ends = Vec::new();
    let mut day = utc.date_of(first);
    while let Some(next) = next_month(day) {
        let at = utc.start_of(next);
        if at >= until {
            break;
        }
        ends.push(at);
        day = next;
    }
    ends.push(until);
    ends
}

/// The first day of the month after this day's.
fn next_month(day: Date) -> Option<Date> {
    let text = day.to_string();
    let mut parts = text.splitn(3, '-');
    let (year, month): (i32, u32) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let (year, month) = if month == 12 { (year.checked_add(1)?, 1) } else { (year, month.checked_add(1)?) };
    Date::parse(&format!("{year:04}-{month:02}-01"))
}

#[cfg(test)]
mod tests;
