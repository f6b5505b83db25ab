//! Chance that repeats: one seed throws the same numbers on every platform and in every version.
//!
//! xoshiro256** seeded by SplitMix64, both by Blackman and Vigna, written out because the streams
//! of a library's generators may change from one release to the next. Not for secrets.

use super::profile::PerMille;
use std::ops::RangeInclusive;

/// A stream of chance.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    state: [u64; 4],
}

impl Dice {
    /// The stream of one purpose: the same seed and parts always give the same one, so that what
    /// one account does never depends on what another did.
    pub(crate) fn of(seed: u64, parts: &[u64]) -> Self {
        let mut mixer = seed;
        for part in parts {
            mixer = split_mix(&mut mixer) ^ part;
        }
        Self { state: [(); 4].map(|()| split_mix(&mut mixer)) }
    }

    fn next(&mut self) -> u64 {
        let [mut s0, mut s1, mut s2, mut s3] = self.state;
        let result = s1.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = s1 << 17;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= shifted;
        s3 = s3.rotate_left(45);
        self.state = [s0, s1, s2, s3];
        result
    }

    /// A number from 0 to `bound`, without it; 0 where `bound` is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from 0 to 1, without 1.
    pub(crate) fn unit(&mut self) -> f64 {
        // The 53 bits that a double holds, so that each is as likely.
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number of the range; its start where it is empty.
    pub(crate) fn between(&mut self, range: RangeInclusive<i64>) -> i64 {
        let width = range.end().saturating_sub(*range.start()).saturating_add(1);
        let step = self.below(u64::try_from(width).unwrap_or(0));
        range.start().saturating_add(i64::try_from(step).unwrap_or(0))
    }

    /// Whether what happens so often happens now.
    pub(crate) fn chance(&mut self, often: PerMille) -> bool {
        self.below(1_000) < u64::from(often.get())
    }

    /// One of several, each as likely.
    pub(crate) fn pick<T: Copy, const N: usize>(&mut self, several: [T; N]) -> T {
        const { assert!(N > 0, "there is nothing to pick from") };
        let at = usize::try_from(self.below(N as u64)).unwrap_or(0);
        #[expect(clippy::indexing_slicing, reason = "below N, and N is above zero")]
        several[at]
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeding_is_the_published_one() {
        let mut state = 1_234_567;
        let numbers = [(); 5].map(|()| split_mix(&mut state));
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ]
        );
    }

    #[test]
    fn the_stream_is_the_published_one() {
        let mut dice = Dice { state: [1, 2, 3, 4] };
        let numbers = [(); 8].map(|()| dice.next());
        assert_eq!(
            numbers,
            [
                11_520,
                0,
                1_509_978_240,
                1_215_971_899_390_074_240,
                1_216_172_134_540_287_360,
                607_988_272_756_665_600,
                16_172_922_978_634_559_625,
                8_476_171_486_693_032_832,
            ]
        );
    }

    #[test]
    fn numbers_stay_in_their_range_and_reach_its_ends() {
        let mut dice = Dice::of(7, &[1]);
        let numbers: Vec<i64> = (0..1_000).map(|_| dice.between(-2..=2)).collect();
        assert_eq!(numbers.iter().min(), Some(&-2));
        assert_eq!(numbers.iter().max(), Some(&2));
        assert_eq!(dice.between(3..=3), 3);
        assert_eq!(dice.below(0), 0);
    }

    #[test]
    fn each_purpose_has_a_stream_of_its_own() {
        let first = |parts: &[u64]| Dice::of(7, parts).next();
        let firsts = [first(&[]), first(&[1]), first(&[2]), first(&[1, 2]), first(&[2, 1])];
        for (at, one) in firsts.iter().enumerate() {
            assert!(!firsts.iter().skip(at + 1).any(|other| other == one), "stream {at} comes twice");
        }
    }
}
