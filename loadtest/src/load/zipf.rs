//! Who is busy: ranks by Zipf's law, drawn without a table, and scattered over the accounts.

use crate::generate::dice::Dice;

/// A prime beyond any number of accounts: multiplied by it, neighbouring ranks lie far apart, and no two meet.
const SCATTER: u64 = 4_294_967_311;

/// Who is busy with what: the accounts that pay before use are the first ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Busy {
    /// None where nobody pays before use.
    pub(super) with_money: Option<Zipf>,
    pub(super) with_data: Zipf,
}

impl Busy {
    pub(super) fn new(accounts: u32, prepaid: u32, exponent: f64, seed: u64) -> Self {
        Self {
            with_money: (prepaid > 0).then(|| Zipf::new(prepaid, exponent, seed)),
            with_data: Zipf::new(accounts, exponent, seed),
        }
    }
}

/// Draws account numbers, some more often than others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zipf {
    accounts: u32,
    exponent: f64,
    /// The area under the curve, in the form that a rank is found by.
    area: f64,
    offset: u64,
}

impl Zipf {
    /// Of so many accounts; an exponent of 0 makes all alike. The curve is the continuous one: the share of
    /// rank k is the area from k to k + 1, so that a rank comes from one power.
    pub(super) fn new(accounts: u32, exponent: f64, seed: u64) -> Self {
        let end = f64::from(accounts) + 1.0;
        let area = if is_one(exponent) { end.ln() } else { end.powf(1.0 - exponent) - 1.0 };
        Self { accounts, exponent, area, offset: seed % u64::from(accounts.max(1)) }
    }

    /// An account's number.
    pub(super) fn draw(&self, dice: &mut Dice) -> u32 {
        let rank = self.rank(dice.unit());
        let scattered = (u64::from(rank) * SCATTER + self.offset) % u64::from(self.accounts.max(1));
        u32::try_from(scattered).unwrap_or(0)
    }

    /// The rank below which this part of all draws lies, counted from 0.
    fn rank(&self, part: f64) -> u32 {
        let place = if is_one(self.exponent) {
            (part * self.area).exp()
        } else {
            (1.0 + part * self.area).powf(1.0 / (1.0 - self.exponent))
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 1 to accounts + 1; `as` keeps to the ends"
        )]
        let rank = place as u32;
        rank.clamp(1, self.accounts.max(1)) - 1
    }
}

/// Where the integral of the curve is a logarithm. Near it the other form loses its digits.
fn is_one(exponent: f64) -> bool {
    (exponent - 1.0).abs() < 1e-6
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// How often each rank is drawn, most often first.
    fn shares(accounts: u32, exponent: f64, draws: u32) -> Vec<f64> {
        let zipf = Zipf::new(accounts, exponent, 7);
        let mut dice = Dice::of(1, &[]);
        let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
        for _ in 0..draws {
            *counts.entry(zipf.draw(&mut dice)).or_default() += 1;
        }
        let mut counts: Vec<u32> = counts.into_values().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        counts.into_iter().map(|count| f64::from(count) / f64::from(draws)).collect()
    }

    #[track_caller]
    fn check(exponent: f64, rank: usize, share: f64) {
        let found = shares(1_000, exponent, 400_000)[rank - 1];
        assert!((found / share - 1.0).abs() < 0.1, "rank {rank} by {exponent}: {found}, not {share}");
    }

    #[test]
    fn each_rank_has_its_share_of_the_area_under_the_curve() {
        // The area from k to k + 1 over that from 1 to 1001, worked out apart from the code.
        check(1.0, 1, 0.100_3);
        check(1.0, 10, 0.013_8);
        check(0.8, 1, 0.049_9);
        check(0.8, 8, 0.012_1);
        check(1.5, 1, 0.302_4);
    }

    #[test]
    fn without_skew_all_are_alike_and_everyone_is_drawn() {
        let shares = shares(100, 0.0, 200_000);
        assert_eq!(shares.len(), 100);
        assert!(shares[0] < 0.012 && shares[99] > 0.008, "{shares:?}");
    }

    #[test]
    fn the_ends_of_chance_are_the_first_and_the_last_rank() {
        for exponent in [0.0, 0.8, 1.0, 1.7] {
            let zipf = Zipf::new(10_000_000, exponent, 0);
            assert_eq!(zipf.rank(0.0), 0, "{exponent}");
            assert_eq!(zipf.rank(1.0 - f64::EPSILON / 2.0), 9_999_999, "{exponent}");
        }
    }

    #[test]
    fn ranks_lie_scattered_and_apart() {
        let zipf = Zipf::new(100_000, 0.8, 12_345);
        let place = |rank: u64| (rank * SCATTER + zipf.offset) % 100_000;
        let places: std::collections::BTreeSet<u64> = (0..100_000).map(place).collect();
        assert_eq!(places.len(), 100_000);
        assert!(place(0).abs_diff(place(1)) > 1_000);
    }
}
