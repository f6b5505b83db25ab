//! What RocksDB alone costs an entry, with the options that Weir gives it.
//!
//! Keys are a debtor's: two bytes of shard before the id, so that ids in order are keys at random. Half of a value is
//! the same in all of them, as names of services and balances are, and half is chance.

use crate::error::YardstickError;
use crate::figures::{Round, Row, Stopwatch, Table};
use state::{Bare, Sizes, keys};
use std::path::Path;

/// How many of all entries are read when few are: they stay in the block cache.
const HOT: usize = 2_000;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Options {
    /// How often each.
    pub rounds: usize,
    /// How many entries there are.
    pub entries: usize,
    /// How long a value is.
    pub value_bytes: usize,
    /// How many entries a batch holds.
    pub batch: usize,
    /// How many gets a round.
    pub gets: usize,
    /// What the database may use of memory, in bytes: much, and less than the entries take.
    pub memory: u64,
    /// The same, where the entries do not fit.
    pub small_memory: u64,
}

/// Measures, in a folder that is removed in the end.
///
/// # Errors
/// When RocksDB fails.
pub fn measure(options: &Options, folder: &Path, say: &dyn Fn(&str)) -> Result<Table, YardstickError> {
    let folder = tempfile::tempdir_in(folder).map_err(YardstickError::failed("make a folder"))?;
    let entries = Entries::new(options);
    let mut rows = Vec::new();
    rows.extend(puts(options, &entries, folder.path(), say)?);
    rows.extend(gets(options, &entries, folder.path(), say)?);
    Ok(Table {
        title: "RocksDB alone, with Weir's options".to_owned(),
        settings: vec![
            ("rounds".to_owned(), options.rounds.to_string()),
            ("entries".to_owned(), options.entries.to_string()),
            ("value bytes".to_owned(), options.value_bytes.to_string()),
            ("memory MiB".to_owned(), (options.memory >> 20).to_string()),
            ("small memory MiB".to_owned(), (options.small_memory >> 20).to_string()),
        ],
        rows,
    })
}

struct Entries {
    /// In the order of the ids, which is none of the keys.
    unsorted: Vec<Vec<u8>>,
    sorted: Vec<Vec<u8>>,
    values: Vec<Vec<u8>>,
}

impl Entries {
    fn new(options: &Options) -> Self {
        let unsorted: Vec<Vec<u8>> =
            (0..options.entries).map(|number| keys::debtor(&format!("A-{number:08}"))).collect();
        let mut sorted = unsorted.clone();
        sorted.sort_unstable();
        let mut dice = fastrand::Rng::with_seed(11);
        // A few thousand are as good as all: a window of LZ4 or a block never sees the same one twice.
        let mut value = || {
            let chance = std::iter::repeat_with(|| dice.u8(..)).take(options.value_bytes / 2);
            let same = b"service balance tariff ".iter().copied().cycle();
            chance.chain(same).take(options.value_bytes).collect()
        };
        let values = std::iter::repeat_with(&mut value).take(4_099).collect();
        Self { unsorted, sorted, values }
    }

    fn value(&self, number: usize) -> &[u8] {
        self.values.get(number % self.values.len().max(1)).map_or(&[], Vec::as_slice)
    }
}

/// Each round writes all entries into a new database, and waits until they lie on the disk and are compacted: what
/// a put makes necessary later counts as its own.
fn puts(
    options: &Options,
    entries: &Entries,
    folder: &Path,
    say: &dyn Fn(&str),
) -> Result<Vec<Row>, YardstickError> {
    let kinds = [
        (format!("put, batches of {}, sorted", options.batch), &entries.sorted, options.batch),
        (format!("put, batches of {}, unsorted", options.batch), &entries.unsorted, options.batch),
        ("put, each alone, unsorted".to_owned(), &entries.unsorted, 1),
    ];
    let mut rows = Vec::new();
    for (what, keys, batch) in kinds {
        say(&what);
        let (mut rounds, mut bytes) = (Vec::new(), 0);
        for _ in 0..options.rounds {
            let path = folder.join("puts");
            let bare = open(&path, options.memory)?;
            rounds.push(fill(&bare, entries, keys, batch)?);
            bytes = bare.disk_bytes().map_err(YardstickError::failed("ask for the size"))?;
            drop(bare);
            std::fs::remove_dir_all(&path).map_err(YardstickError::failed("remove a database"))?;
        }
        let row = Row::of(&what, &rounds);
        rows.extend(row.map(|row| row.and("disk bytes an entry", bytes as f64 / options.entries as f64)));
    }
    Ok(rows)
}

fn fill(bare: &Bare, entries: &Entries, keys: &[Vec<u8>], batch: usize) -> Result<Round, YardstickError> {
    let failed = || YardstickError::failed("write entries");
    let watch = Stopwatch::start();
    let mut number = 0;
    for chunk in keys.chunks(batch.max(1)) {
        let first = number;
        number += chunk.len();
        let pairs = chunk.iter().zip(first..).map(|(key, number)| (&key[..], entries.value(number)));
        bare.put(pairs).map_err(failed())?;
    }
    bare.settle().map_err(failed())?;
    Ok(watch.stop(keys.len() as u64))
}

fn gets(
    options: &Options,
    entries: &Entries,
    folder: &Path,
    say: &dyn Fn(&str),
) -> Result<Vec<Row>, YardstickError> {
    let path = folder.join("gets");
    fill(&open(&path, options.memory)?, entries, &entries.unsorted, options.batch)?;
    let absent: Vec<Vec<u8>> = (0..HOT).map(|number| keys::debtor(&format!("B-{number:08}"))).collect();
    let hot = entries.unsorted.get(..HOT.min(entries.unsorted.len())).unwrap_or_default();
    let kinds = [
        ("get, hot: of few entries", options.memory, hot),
        ("get, of all, in memory that holds them", options.memory, &entries.unsorted[..]),
        ("get, of all, in memory that does not", options.small_memory, &entries.unsorted[..]),
        ("get, of none that is there", options.memory, &absent[..]),
    ];
    let mut rows = Vec::new();
    for (what, memory, keys) in kinds {
        say(what);
        let bare = open(&path, memory)?;
        let mut dice = fastrand::Rng::with_seed(5);
        // The first fills the cache, as far as it goes.
        read(&bare, keys, &mut dice, options.gets)?;
        let rounds: Result<Vec<Round>, YardstickError> =
            (0..options.rounds).map(|_| read(&bare, keys, &mut dice, options.gets)).collect();
        rows.extend(Row::of(what, &rounds?));
    }
    Ok(rows)
}

fn read(
    bare: &Bare,
    keys: &[Vec<u8>],
    dice: &mut fastrand::Rng,
    gets: usize,
) -> Result<Round, YardstickError> {
    let watch = Stopwatch::start();
    for _ in 0..gets {
        let Some(key) = keys.get(dice.usize(..keys.len().max(1))) else { continue };
        std::hint::black_box(bare.get(key).map_err(YardstickError::failed("read an entry"))?);
    }
    Ok(watch.stop(gets as u64))
}

fn open(path: &Path, memory: u64) -> Result<Bare, YardstickError> {
    Bare::open(path, Sizes::of_bytes(memory)).map_err(YardstickError::failed("open a database"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_measured_and_an_entry_takes_less_than_it_holds() {
        let options = Options {
            rounds: 2,
            entries: 5_000,
            value_bytes: 300,
            batch: 500,
            gets: 1_000,
            memory: 16 << 20,
            small_memory: 8 << 20,
        };
        let folder = tempfile::tempdir().unwrap();
        let table = measure(&options, folder.path(), &|_| {}).unwrap();
        assert_eq!(table.rows.len(), 7);
        for row in &table.rows {
            assert!(row.cpu_us > 0.0 && row.rounds == 2, "{row:?}");
        }
        let bytes: Vec<f64> =
            table.rows.iter().flat_map(|row| &row.further).map(|(_, figure)| *figure).collect();
        // Half of each value is the same: less than the value, more than the half that is chance.
        assert!(bytes.len() == 3 && bytes.iter().all(|bytes| (150.0..300.0).contains(bytes)), "{bytes:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn sorted_keys_are_sorted_and_the_others_are_not() {
        let options = Options {
            rounds: 1,
            entries: 100,
            value_bytes: 10,
            batch: 1,
            gets: 1,
            memory: 0,
            small_memory: 0,
        };
        let entries = Entries::new(&options);
        assert!(entries.sorted.is_sorted() && !entries.unsorted.is_sorted());
    }
}
