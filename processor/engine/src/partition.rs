//! Where a key belongs: its partition in the log, and its virtual shard in the state.
//!
//! Both come from the hash by which Kafka's own clients place keys (murmur2), so that upstream
//! producers, Weir and whoever splits a partition later agree. Who is assigned which partition is
//! not here.

use std::num::NonZeroU32;

/// Into how many virtual shards keys fall. A power of two, so that a number of partitions that is
/// one as well can be doubled without a shard being torn apart.
pub const SHARDS: u16 = 4_096;

/// Kafka's murmur2: 32 bits, with the seed that its clients use.
#[must_use]
pub fn murmur2(data: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;

    // Kafka hashes lengths of at most 31 bits; longer keys do not exist.
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut hash = SEED ^ length;
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !rest.is_empty() {
        let last = rest.iter().rev().fold(0, |tail, byte| (tail << 8) | u32::from(*byte));
        hash = (hash ^ last).wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// The partition in which a key lies, of `count`: the default partitioner of Kafka's Java client,
/// and librdkafka's `murmur2_random` (the two agree on every record that has a key).
#[must_use]
pub fn partition_of(key: &[u8], count: NonZeroU32) -> u32 {
    (murmur2(key) & 0x7fff_ffff) % count
}

/// The virtual shard of a key: below [`SHARDS`].
#[must_use]
pub fn shard_of(key: &[u8]) -> u16 {
    let [low, high, _, _] = murmur2(key).to_le_bytes();
    u16::from_le_bytes([low, high]) % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, hash_in_java: i32) {
        let hash = murmur2(key.as_bytes());
        assert_eq!(hash.cast_signed(), hash_in_java, "murmur2 of {key:?}");
        // Kafka's own words: toPositive(murmur2(key)) % partitions.
        let positive = hash_in_java & 0x7fff_ffff;
        let count = NonZeroU32::new(48).expect("not zero");
        assert_eq!(i64::from(partition_of(key.as_bytes(), count)), i64::from(positive % 48));
        assert_eq!(i32::from(shard_of(key.as_bytes())), positive % i32::from(SHARDS));
    }

    #[test]
    fn keys_hash_as_kafkas_own_tests_have_it() {
        check("21", -973_932_308);
        check("foobar", -790_332_482);
        check("a-little-bit-long-string", -985_981_536);
        check("a-little-bit-longer-string", -1_486_304_829);
        check("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971);
        check("abc", 479_470_107);
    }

    #[test]
    fn a_shard_lies_in_one_partition_where_partitions_are_a_power_of_two() {
        for count in [1, 16, 64, 4_096].map(|count| NonZeroU32::new(count).expect("not zero")) {
            for number in 0..1_000 {
                let key = format!("debtor-{number}");
                let by_shard = u32::from(shard_of(key.as_bytes())) % count;
                assert_eq!(by_shard, partition_of(key.as_bytes(), count));
            }
        }
    }
}
