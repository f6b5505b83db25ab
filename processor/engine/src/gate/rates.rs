//! Rates: how many commands of a kind leave in a second, over all partitions.
//!
//! Each partition takes its own share, so that nobody has to be asked: of every second the shares of all
//! partitions add up to what the rate allows, to the command. A share is spread over its second by
//! tenths. What a partition did not use of it it may still use until the second is over, and no longer.

use decision::time::Timestamp;
use schemas::Spent;
use std::num::NonZeroU32;
use std::sync::Arc;

const TENTH_MICROS: i64 = 100_000;
const TENTHS: i64 = 10;

/// Whose share it is, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// The partition.
    pub(crate) partition: u32,
    /// How many there are.
    pub(crate) partitions: NonZeroU32,
    /// The moment of the batch.
    pub(crate) now: Timestamp,
}

/// What of each rate was used up.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    spent: Vec<Spent>,
}

impl Rates {
    pub(crate) fn new(spent: Vec<Spent>) -> Self {
        Self { spent }
    }

    /// What was used up, to be remembered.
    pub(crate) fn spent(&self) -> &[Spent] {
        &self.spent
    }

    /// How many more commands of a kind may leave now, where so many leave in a second.
    pub(crate) fn left(&self, kind: &str, per_second: u32, share: Share) -> i64 {
        let tenth = share.now.0.div_euclid(TENTH_MICROS);
        let second = tenth.div_euclid(TENTHS);
        let of_second = allowed(second.saturating_add(1), per_second, share)
            .saturating_sub(allowed(second, per_second, share));
        // Spread over the second, and rounded up: whoever may send one in it may at once, since a share that
        // came in the last tenth only would be missed by a task that looks ten times a second.
        let begun = i128::from(tenth.rem_euclid(TENTHS)).saturating_add(1);
        let tenths = i128::from(TENTHS);
        let by_now =
            of_second.saturating_mul(begun).saturating_add(tenths.saturating_sub(1)).div_euclid(tenths);
        let sent = self.spent.iter().find(|spent| *spent.kind == *kind && spent.second == second);
        let by_now = i64::try_from(by_now).unwrap_or(i64::MAX);
        by_now.saturating_sub(sent.map_or(0, |spent| spent.sent)).max(0)
    }

    /// A command of a kind leaves.
    pub(crate) fn spend(&mut self, kind: &str, share: Share) {
        let second = share.now.0.div_euclid(TENTH_MICROS * TENTHS);
        match self.spent.iter_mut().find(|spent| *spent.kind == *kind) {
            Some(spent) if spent.second == second => spent.sent = spent.sent.saturating_add(1),
            Some(spent) => (spent.second, spent.sent) = (second, 1),
            None => self.spent.push(Spent { kind: Arc::from(kind), second, sent: 1 }),
        }
    }
}

/// How many commands a partition's share has come to before a second, from 1970 on. Over all
/// partitions the floors add up to what the rate has come to by then.
fn allowed(second: i64, per_second: u32, share: Share) -> i128 {
    let come_to = i128::from(second).saturating_mul(i128::from(per_second));
    come_to.saturating_add(i128::from(share.partition)).div_euclid(i128::from(share.partitions.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_795_251_600;

    fn share(partition: u32, partitions: u32, micros: i64) -> Share {
        let partitions = NonZeroU32::new(partitions).unwrap();
        Share { partition, partitions, now: Timestamp(SECOND * 1_000_000 + micros) }
    }

    /// How many leave from all partitions in each of some seconds, with a look at every so many
    /// microseconds and no end of commands.
    fn leaving(per_second: u32, partitions: u32, every: i64, seconds: i64) -> Vec<i64> {
        let mut rates: Vec<Rates> = (0..partitions).map(|_| Rates::default()).collect();
        let count = |second: i64, rates: &mut Vec<Rates>| {
            let mut sent = 0;
            let looks = (second * 1_000_000..(second + 1) * 1_000_000).step_by(every.try_into().unwrap());
            for micros in looks {
                for (partition, rates) in (0..).zip(rates.iter_mut()) {
                    let share = share(partition, partitions, micros);
                    let left = rates.left("sms", per_second, share);
                    (0..left).for_each(|_| rates.spend("sms", share));
                    sent += left;
                }
            }
            sent
        };
        (0..seconds).map(|second| count(second, &mut rates)).collect()
    }

    #[test]
    fn over_all_partitions_exactly_the_rate_leaves_in_every_second() {
        for (rate, partitions) in [(500, 3), (50, 64), (7, 3), (1, 1), (1_000, 16)] {
            let sent = leaving(rate, partitions, 20_000, 3);
            assert!(sent.iter().all(|sent| *sent == i64::from(rate)), "{rate} over {partitions}: {sent:?}");
        }
    }

    #[test]
    fn every_partition_gets_its_turn_where_the_rate_is_less_than_their_number() {
        let mut rates: Vec<Rates> = (0..4).map(|_| Rates::default()).collect();
        let mut sent = [0_i64; 4];
        for micros in (0..8_000_000).step_by(50_000) {
            for (partition, rates) in (0..).zip(&mut rates) {
                let share = share(partition, 4, micros);
                let left = rates.left("sms", 1, share);
                (0..left).for_each(|_| rates.spend("sms", share));
                sent[partition as usize] += left;
            }
        }
        assert_eq!(sent, [2, 2, 2, 2]);
    }

    #[test]
    fn a_partition_whose_turn_it_is_may_send_for_the_whole_second() {
        let rates = Rates::default();
        let turns = |micros: i64| -> Vec<u32> {
            (0..4).filter(|partition| rates.left("sms", 1, share(*partition, 4, micros)) > 0).collect()
        };
        for second in 0..8 {
            let first = turns(second * 1_000_000);
            assert_eq!(first.len(), 1, "one of four has its turn");
            assert_eq!(first, turns(second * 1_000_000 + 999_999));
        }
    }

    #[test]
    fn a_share_is_spread_over_its_second() {
        let rates = Rates::default();
        let left = |micros| rates.left("sms", 100, share(0, 4, micros));
        assert_eq!([0, 100_000, 450_000, 900_000].map(left), [3, 5, 13, 25]);
    }

    #[test]
    fn what_was_not_used_is_there_until_the_second_is_over_and_no_longer() {
        let mut rates = Rates::default();
        assert_eq!(rates.left("sms", 10, share(0, 1, 0)), 1);
        assert_eq!(rates.left("sms", 10, share(0, 1, 450_000)), 5);
        rates.spend("sms", share(0, 1, 450_000));
        assert_eq!(rates.left("sms", 10, share(0, 1, 450_000)), 4);
        assert_eq!(rates.left("sms", 10, share(0, 1, 999_999)), 9);
        assert_eq!(rates.left("sms", 10, share(0, 1, 1_000_000)), 1);
        assert_eq!(rates.left("email", 10, share(0, 1, 450_000)), 5, "each kind has its own");
    }
}
