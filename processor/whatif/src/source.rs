//! Where events come from: files of JSON Lines or Avro's container files, told apart by how they begin, or
//! whatever else a [`Source`] is made of.
//!
//! Events are handed out in batches, so that many threads can read one file of lines. What is done with
//! what cannot be read is the reader's choice: each is told with its place.

use crate::words;
use schemas::files::{Arrival, Container, is_container, read_line};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How much of a file of lines a batch has, in bytes, to the end of its last line.
const BATCH_BYTES: usize = 1 << 20;

/// How much is read of a file at once, in bytes.
const READ_BYTES: usize = 1 << 18;

/// Events cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It cannot be opened, or reading it fails.
    #[error("cannot read the events in {file}")]
    Read {
        /// The file.
        file: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// They come from elsewhere, and cannot be had there.
    #[error("cannot read the events of {0}")]
    Elsewhere(String, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// It is a container file, and of no events.
    #[error("{file} holds no events")]
    NoEvents {
        /// The file.
        file: String,
        /// What it is.
        #[source]
        source: schemas::files::ContainerError,
    },
}

/// Where events come from.
pub trait Source {
    /// The next batch; none after the last.
    ///
    /// # Errors
    /// Where they cannot be had.
    fn next_batch(&mut self) -> Result<Option<Batch>, SourceError>;

    /// How much was read so far, in whatever the source counts: bytes, records. It may count on while
    /// batches are read.
    fn done(&self) -> Arc<AtomicU64>;
}

/// An event that cannot be read: where it lies, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faulty {
    /// Where: `events.jsonl:17`.
    pub place: Place,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// How many of the events that cannot be read are told; all are counted.
const TOLD: usize = 20;

/// Events that cannot be read: how many, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultyEvents {
    /// How many.
    pub count: u64,
    first: Vec<Faulty>,
}

impl FaultyEvents {
    /// Counts one more.
    pub fn add(&mut self, faulty: Faulty) {
        self.count = self.count.saturating_add(1);
        self.keep([faulty]);
    }

    /// Counts those that were found elsewhere.
    pub fn extend(&mut self, others: Self) {
        self.count = self.count.saturating_add(others.count);
        self.keep(others.first);
    }

    /// The first of them by their place, in whichever order threads came to them.
    #[must_use]
    pub fn first(&self) -> &[Faulty] {
        &self.first
    }

    fn keep(&mut self, more: impl IntoIterator<Item = Faulty>) {
        for faulty in more {
            let at = self.first.partition_point(|known| known.place < faulty.place);
            if at < TOLD {
                self.first.insert(at, faulty);
                self.first.truncate(TOLD);
            }
        }
    }
}

impl fmt::Display for FaultyEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be read:", words::count(self.count, "event"))?;
        self.first.iter().try_for_each(|faulty| write!(f, "\n  {faulty}"))?;
        let told = u64::try_from(self.first.len()).unwrap_or(u64::MAX);
        if self.count > told { write!(f, "\n  … and {} more", self.count - told) } else { Ok(()) }
    }
}

/// Where an event lies: its file, and its line or record there, from 1. Places are in the order in which
/// the files are read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file's place among the files.
    pub file_number: u32,
    /// The line, or the record, in the file, from 1.
    pub number: u64,
    file: Arc<str>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.number)
    }
}

/// The files, read one after the other.
#[derive(Debug)]
pub struct EventFiles {
    paths: std::vec::IntoIter<PathBuf>,
    current: Option<Lines>,
    files_opened: u32,
    bytes_read: Arc<AtomicU64>,
}

impl EventFiles {
    /// These files; `-` is the standard input.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>) -> Self {
        let bytes_read = Arc::default();
        Self { paths: paths.into_iter(), current: None, files_opened: 0, bytes_read }
    }

    /// Opens a file: a container file is one batch.
    fn open(&mut self, path: &Path) -> Result<Option<Batch>, SourceError> {
        let file: Arc<str> = path.to_string_lossy().into();
        let from = Origin { file_number: self.files_opened, file };
        self.files_opened = self.files_opened.saturating_add(1);
        let opened: io::Result<Box<dyn Read + Send>> = if path == Path::new("-") {
            Ok(Box::new(io::stdin()))
        } else {
            File::open(path).map(|file| Box::new(file) as _)
        };
        let counted = Counted { inner: opened.map_err(from.failed())?, bytes: Arc::clone(&self.bytes_read) };
        let mut reader = BufReader::with_capacity(READ_BYTES, counted);
        // A terminal or a pipe may hand out less than there is, but never less than the first bytes that it was given.
        let is_container = is_container(reader.fill_buf().map_err(from.failed())?);
        if is_container {
            let container = Container::open(reader);
            let container =
                container.map_err(|source| SourceError::NoEvents { file: from.file.to_string(), source })?;
            return Ok(Some(Batch { from, first: 1, content: Content::Container(Box::new(container)) }));
        }
        self.current = Some(Lines { from, reader, next: 1 });
        Ok(None)
    }
}

impl Source for EventFiles {
    fn next_batch(&mut self) -> Result<Option<Batch>, SourceError> {
        loop {
            if let Some(lines) = &mut self.current {
                if let Some(batch) = lines.next_batch()? {
                    return Ok(Some(batch));
                }
                self.current = None;
            }
            let Some(path) = self.paths.next() else { return Ok(None) };
            if let Some(batch) = self.open(&path)? {
                return Ok(Some(batch));
            }
        }
    }

    fn done(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes_read)
    }
}

/// Which file something is of.
#[derive(Clone, Debug)]
struct Origin {
    file_number: u32,
    file: Arc<str>,
}

impl Origin {
    fn failed(&self) -> impl FnOnce(io::Error) -> SourceError + use<> {
        let file = self.file.to_string();
        move |source| SourceError::Read { file, source }
    }
}

type Reader = BufReader<Counted<Box<dyn Read + Send>>>;

/// A file of lines that is being read.
struct Lines {
    from: Origin,
    reader: Reader,
    /// The number of the next line.
    next: u64,
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("from", &self.from).field("next", &self.next).finish_non_exhaustive()
    }
}

impl Lines {
    fn next_batch(&mut self) -> Result<Option<Batch>, SourceError> {
        let (mut text, first) = (Vec::with_capacity(BATCH_BYTES.saturating_add(4_096)), self.next);
        while text.len() < BATCH_BYTES {
            if self.reader.read_until(b'\n', &mut text).map_err(self.from.failed())? == 0 {
                break;
            }
            self.next = self.next.saturating_add(1);
        }
        let batch = Batch { from: self.from.clone(), first, content: Content::Lines(text) };
        Ok((self.next > first).then_some(batch))
    }
}

/// Some events of one file, still to be read.
pub struct Batch {
    from: Origin,
    /// The number of the first line or record.
    first: u64,
    content: Content,
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("from", &self.from).field("first", &self.first).finish_non_exhaustive()
    }
}

enum Content {
    Read(Vec<(u64, Result<Arrival, String>)>),
    Lines(Vec<u8>),
    Container(Box<Container<Reader>>),
}

impl Batch {
    /// Events that were read already, each with its number in the file or partition of this name.
    #[must_use]
    pub fn read(file_number: u32, file: &Arc<str>, events: Vec<(u64, Result<Arrival, String>)>) -> Self {
        let from = Origin { file_number, file: Arc::clone(file) };
        Self { from, first: 0, content: Content::Read(events) }
    }

    /// Reads each event; lines with nothing but blanks are none.
    pub fn for_each(self, mut take: impl FnMut(Place, Result<Arrival, String>)) {
        let Self { from, first, content } = self;
        let place = |number| Place { file_number: from.file_number, number, file: Arc::clone(&from.file) };
        match content {
            Content::Read(events) => {
                events.into_iter().for_each(|(number, event)| take(place(number), event))
            }
            Content::Lines(text) => {
                for (number, line) in (first..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
                    let place = place(number);
                    match std::str::from_utf8(line).map(str::trim) {
                        Ok("") => {}
                        Ok(line) => {
                            let read = read_line(line, &place).map_err(|error| error.to_string());
                            take(place, read);
                        }
                        Err(_) => take(place, Err("it is not UTF-8".to_owned())),
                    }
                }
            }
            Content::Container(container) => {
                for (number, event) in (first..).zip(*container) {
                    let arrival = event.map(|event| Arrival { at: event.occurred_at, event });
                    take(place(number), arrival.map_err(|error| error.to_string()));
                }
            }
        }
    }
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.fetch_add(u64::try_from(read).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
