//! A shard: some debtors' events on disk, and playing their lives.

use super::life::{self, Ending};
use super::tally::Tally;
use super::{Job, SimulateError, differ};
use decision::Policies;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use schemas::files::{self, Arrival};
use schemas::{Decoder, Encoder, InputTopic, Schemas, StaticRegistry, TopicNames};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// What came of a shard's lives.
pub(super) struct Played {
    pub(super) accounts: u64,
    pub(super) tried: Tally,
    pub(super) against: Option<Tally>,
    pub(super) differing: u64,
    /// The lines of the debtors that come off differently.
    pub(super) csv: Vec<u8>,
}

/// Writes events into a shard's form. One for each thread.
pub(super) struct Writer {
    encoder: Encoder,
    value: Vec<u8>,
}

/// The ids by which shards name our schemas: any, the same for who writes and who reads.
fn schemas() -> io::Result<(Arc<StaticRegistry>, Schemas)> {
    let registry = Arc::new(StaticRegistry::new());
    let names = TopicNames::default();
    let schemas = Schemas::new(&*registry).and_then(|known| known.and_inputs(&*registry, &names));
    Ok((registry, schemas.map_err(io::Error::other)?))
}

impl Writer {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { encoder: Encoder::new(schemas()?.1), value: Vec::new() })
    }

    /// Appends an event: the length of the rest, when it came, its place in the files, its topic, its debtor, and
    /// itself as it would lie in the topic.
    pub(super) fn write(&mut self, arrival: &Arrival, order: u64, out: &mut Vec<u8>) -> io::Result<()> {
        self.value.clear();
        let (topic, key) = self.encoder.event(&arrival.event, &mut self.value).map_err(io::Error::other)?;
        let debtor = u16::try_from(key.len()).map_err(io::Error::other)?;
        let topic = u8::try_from(topic.index()).map_err(io::Error::other)?;
        let length = 8 + 8 + 1 + 2 + key.len() + self.value.len();
        out.extend_from_slice(&u32::try_from(length).map_err(io::Error::other)?.to_le_bytes());
        out.extend_from_slice(&arrival.at.0.to_le_bytes());
        out.extend_from_slice(&order.to_le_bytes());
        out.push(topic);
        out.extend_from_slice(&debtor.to_le_bytes());
        out.extend_from_slice(key);
        out.extend_from_slice(&self.value);
        Ok(())
    }
}

/// An event in a shard, not decoded yet. In the order in which lives are played: debtor by debtor, each one's
/// events by their time, of one moment by their rank, then as they lie in the files.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Entry<'s> {
    debtor: &'s [u8],
    at: Timestamp,
    rank: u8,
    order: u64,
    topic: u8,
    value: &'s [u8],
}

/// Takes the next entry off the front.
fn next_entry<'s>(rest: &mut &'s [u8]) -> Option<Entry<'s>> {
    let length = u32::from_le_bytes(take(rest)?);
    let (mut entry, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    let at = Timestamp(i64::from_le_bytes(take(&mut entry)?));
    let order = u64::from_le_bytes(take(&mut entry)?);
    let [topic] = take(&mut entry)?;
    let debtor = u16::from_le_bytes(take(&mut entry)?);
    let (debtor, value) = entry.split_at_checked(usize::from(debtor))?;
    let rank = InputTopic::ALL.get(usize::from(topic)).map_or(u8::MAX, |topic| files::rank(*topic));
    Some(Entry { debtor, at, rank, order, topic, value })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

/// Plays all lives of a shard, and removes its file.
pub(super) fn play(job: &Job, path: &Path, samples: &[Timestamp]) -> Result<Played, SimulateError> {
    let failed = |source| SimulateError::Folder { folder: job.folder.clone(), source };
    let bytes = std::fs::read(path).map_err(failed)?;
    std::fs::remove_file(path).map_err(failed)?;
    let mut rest = bytes.as_slice();
    let mut entries: Vec<_> = std::iter::from_fn(|| next_entry(&mut rest)).collect();
    if !rest.is_empty() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidData, "a shard was cut short")));
    }
    entries.sort_unstable();
    let (registry, schemas) = schemas().map_err(failed)?;
    let mut player = Player {
        job,
        samples,
        decoder: Decoder::new(registry, &schemas),
        played: Played {
            accounts: 0,
            tried: Tally::default(),
            against: job.against.is_some().then(Tally::default),
            differing: 0,
            csv: Vec::new(),
        },
    };
    let mut events = Vec::new();
    for life in entries.chunk_by(|one, other| one.debtor == other.debtor) {
        player.decode(life, &mut events).map_err(failed)?;
        player.play(&events)?;
    }
    Ok(player.played)
}

struct Player<'a> {
    job: &'a Job,
    samples: &'a [Timestamp],
    decoder: Decoder,
    played: Played,
}

impl Player<'_> {
    fn decode(&mut self, life: &[Entry<'_>], events: &mut Vec<Arrival>) -> io::Result<()> {
        events.clear();
        for entry in life {
            let topic = InputTopic::ALL.get(usize::from(entry.topic));
            let topic = *topic.ok_or_else(|| io::Error::other("a shard names no topic"))?;
            let event = self.decoder.event(topic, Some(entry.debtor), Some(entry.value));
            events.push(Arrival { at: entry.at, event: event.map_err(io::Error::other)? });
        }
        Ok(())
    }

    /// Plays one debtor's life, under both policies where there are two.
    fn play(&mut self, events: &[Arrival]) -> Result<(), SimulateError> {
        let Some(first) = events.first() else { return Ok(()) };
        let debtor = DebtorId::from(first.event.debtor());
        let played = &mut self.played;
        let ending = Ending { until: self.job.until, samples: self.samples, reports: self.job.reports };
        let play = |policies: &Policies, tally: &mut Tally| {
            let endless = |source| SimulateError::Endless { debtor: debtor.clone(), source };
            life::play(&debtor, events, policies, &ending, tally).map_err(endless)
        };
        played.accounts += 1;
        let tried = play(&self.job.policy, &mut played.tried)?;
        if let (Some(policies), Some(tally)) = (&self.job.against, &mut played.against) {
            let against = play(policies, tally)?;
            if tried != against {
                played.differing += 1;
                differ::write(&debtor, &against, &tried, &mut played.csv)
                    .map_err(SimulateError::Differences)?;
            }
        }
        Ok(())
    }
}
