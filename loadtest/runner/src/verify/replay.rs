//! Weir's outputs against its journal, decided again: the oracle, over the topics of a run.

use super::reading::Topics;
use crate::error::RunError;
use decision::Policies;
use loadtest::oracle::replay::{Oracle, Verdict};
use loadtest::oracle::{Partition, Seen};
use schemas::{InputTopic, OutputTopic};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// What a record takes beside its bytes, in the list of them.
const BESIDE: usize = 96;

/// What the replay takes for each byte that is read, at the most: measured, a partition of 36 MiB took less than 260.
const FACTOR: u64 = 8;

/// What a replay found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Replayed {
    /// How many inputs were decided again.
    pub inputs: u64,
    /// How many timers.
    pub timers: u64,
    /// How many commands were compared.
    pub commands: u64,
    /// How many records of history.
    pub records: u64,
    /// How many rejects.
    pub rejects: u64,
    /// What is not as it must be.
    pub deviations: Vec<String>,
    /// How long it took.
    pub seconds: f64,
    /// How many bytes the records of the largest partition were.
    pub largest_partition_bytes: u64,
}

/// Decides every partition again, one after the other. Within the answer, the reason why it could not: a partition is
/// too large for so much memory.
pub(super) fn replay(
    topics: &Topics,
    policies: Arc<Policies>,
    memory: u64,
) -> Result<Result<Replayed, String>, RunError> {
    let began = Instant::now();
    let (names, registry) = (topics.names.clone(), topics.registry.clone());
    let mut oracle = Oracle::new(policies, names, registry, topics.schemas, partition_of);
    let (mut verdict, mut largest) = (Verdict::default(), 0);
    for number in 0..topics.partitions {
        let mut taken = Taken { bytes: 0, most: memory / FACTOR };
        let partition = read(topics, number, &mut taken)?;
        largest = largest.max(taken.bytes);
        let Some(partition) = partition else {
            return Ok(Err(format!(
                "partition {number} alone holds more than {} MiB, and that takes {FACTOR} times as much memory",
                taken.most >> 20
            )));
        };
        verdict = verdict.and(oracle.check(&partition, true));
    }
    let deviations = verdict.deviations.iter().map(ToString::to_string);
    let too_fast = verdict.pace.too_fast();
    Ok(Ok(Replayed {
        inputs: verdict.inputs,
        timers: verdict.timers,
        commands: verdict.commands,
        records: verdict.records,
        rejects: verdict.rejects,
        deviations: deviations.chain(too_fast).collect(),
        seconds: began.elapsed().as_secs_f64(),
        largest_partition_bytes: largest,
    }))
}

/// How much was read, and may be.
struct Taken {
    bytes: u64,
    most: u64,
}

impl Taken {
    fn add(&mut self, bytes: usize) {
        self.bytes += u64::try_from(bytes + BESIDE).unwrap_or(u64::MAX);
    }

    fn is_too_much(&self) -> bool {
        self.bytes > self.most
    }
}

/// A partition of every topic; none where that is too much.
fn read(topics: &Topics, number: u32, taken: &mut Taken) -> Result<Option<Partition>, RunError> {
    let mut partition = Partition { number, count: topics.partitions, ..Partition::default() };
    for topic in InputTopic::ALL {
        let records = read_topic(topics, topics.names.input(*topic), number, taken)?;
        partition.inputs.insert(*topic, records);
    }
    for topic in OutputTopic::ALL {
        let name = topics.names.output(*topic);
        // Of the changelog only the last record of each key is looked at: as its compaction would leave it.
        let records = if *topic == OutputTopic::Debtors {
            read_last(topics, name, number, taken)?
        } else {
            read_topic(topics, name, number, taken)?
        };
        partition.outputs.insert(*topic, records);
    }
    Ok((!taken.is_too_much()).then_some(partition))
}

fn read_topic(topics: &Topics, name: &str, number: u32, taken: &mut Taken) -> Result<Vec<Seen>, RunError> {
    let mut records = Vec::new();
    topics.read(name, number, |record| {
        taken.add(record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len));
        if !taken.is_too_much() {
            records.push(Seen::new(record.offset, record.key, record.value));
        }
        Ok(())
    })?;
    Ok(records)
}

fn read_last(topics: &Topics, name: &str, number: u32, taken: &mut Taken) -> Result<Vec<Seen>, RunError> {
    let mut last: HashMap<Vec<u8>, Seen> = HashMap::new();
    topics.read(name, number, |record| {
        let key = record.key.unwrap_or_default();
        let seen = Seen::new(record.offset, record.key, record.value);
        match last.get_mut(key) {
            Some(former) => *former = seen,
            None if taken.is_too_much() => {}
            None => {
                taken.add(2 * key.len() + record.value.map_or(0, <[u8]>::len));
                last.insert(key.to_owned(), seen);
            }
        }
        Ok(())
    })?;
    let mut records: Vec<Seen> = last.into_values().collect();
    records.sort_by_key(|record| record.offset);
    Ok(records)
}

/// Where a key belongs, as Kafka's clients place it.
fn partition_of(key: &[u8], count: u32) -> u32 {
    (murmur2(key) & 0x7fff_ffff) % count.max(1)
}

/// Kafka's hash of keys: the 32 bits of Austin Appleby's `MurmurHash2`, with Kafka's seed.
fn murmur2(key: &[u8]) -> u32 {
    const FACTOR: u32 = 0x5bd1_e995;
    let mix = |word: u32| {
        let word = word.wrapping_mul(FACTOR);
        (word ^ (word >> 24)).wrapping_mul(FACTOR)
    };
    let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
    let (words, rest) = key.as_chunks::<4>();
    let whole = words
        .iter()
        .fold(0x9747_b28c ^ length, |hash, word| hash.wrapping_mul(FACTOR) ^ mix(u32::from_le_bytes(*word)));
    let mut hash = whole;
    if !rest.is_empty() {
        let tail = rest.iter().rev().fold(0, |tail, byte| (tail << 8) | u32::from(*byte));
        hash = (hash ^ tail).wrapping_mul(FACTOR);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(FACTOR);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lie_where_kafkas_own_tests_have_them() {
        // From Apache Kafka's UtilsTest.testMurmur2.
        for (key, hash) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key.as_bytes()).cast_signed(), hash, "{key}");
        }
        assert_eq!(partition_of(b"21", 48), (-973_932_308_i32 & 0x7fff_ffff).unsigned_abs() % 48);
    }
}
