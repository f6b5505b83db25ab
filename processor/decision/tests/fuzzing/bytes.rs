//! Choices out of bytes: the same bytes, the same choices.

use decision::money::{Decimal, MinorUnits};
use decision::time::{Date, Period, Timestamp};

/// A microsecond's day.
pub(super) const DAY: i64 = 86_400_000_000;

/// The first day of every life.
pub(super) fn first_day() -> Date {
    Date::parse("2026-01-15").unwrap_or_default()
}

/// Bytes that are read one after the other; beyond the last all are zero.
pub(super) struct Bytes<'a> {
    left: &'a [u8],
}

impl<'a> Bytes<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let (first, rest) = self.left.split_first().unwrap_or((&0, &[]));
        self.left = rest;
        *first
    }

    /// Whether something that happens once in `times` does.
    pub(super) fn once_in(&mut self, times: u8) -> bool {
        self.byte() % times == times - 1
    }

    pub(super) fn is(&mut self) -> bool {
        self.once_in(2)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u8) -> u8 {
        self.byte() % end
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let at = usize::from(self.byte()) % from.len();
        from.get(at).or(from.first()).copied().unwrap_or_else(|| unreachable!("it picks from none"))
    }

    /// Some of these, in any order, the same one perhaps twice.
    pub(super) fn some<T: Copy>(&mut self, from: &[T], most: u8) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| self.pick(from)).collect()
    }

    pub(super) fn maybe<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.is() { Some(read(self)) } else { None }
    }

    pub(super) fn word(&mut self) -> i64 {
        i64::from_le_bytes([(); 8].map(|()| self.byte()))
    }

    /// An amount: mostly a few cents or dollars, at times absurd.
    pub(super) fn amount(&mut self) -> MinorUnits {
        let most = decision::money::LARGEST_AMOUNT;
        MinorUnits(match self.below(32) {
            0 => self.word(),
            1 => self.pick(&[0, -1, i64::MAX, i64::MIN, most, most + 1, -most, -most - 1]),
            2..=9 => i64::from(self.byte()) * 100,
            _ => i64::from(self.byte()) + 1,
        })
    }

    /// A day: mostly within some weeks of the first, at times anywhere.
    pub(super) fn date(&mut self) -> Date {
        match self.below(64) {
            0 => Date::from_days(i32::from_le_bytes([(); 4].map(|()| self.byte()))).unwrap_or_default(),
            1 => self.pick(&["0000-01-01", "9998-12-30", "2011-12-30"]).parse_date(),
            _ => first_day().plus_days(i32::from(self.byte()) - 60),
        }
    }

    /// A moment near this one, at times anywhere.
    pub(super) fn moment_near(&mut self, near: Timestamp) -> Timestamp {
        match self.below(64) {
            0 => Timestamp(self.word()),
            1 => self.pick(&[Timestamp::EARLIEST, Timestamp::LATEST]),
            2..=9 => near,
            _ => near.plus_micros((i64::from(self.byte()) - 128) * (DAY / 4)),
        }
    }

    pub(super) fn period(&mut self) -> Period {
        match self.below(16) {
            0 => Period::NONE,
            1 => Period::Days(3_660),
            2..=5 => Period::Exact(i64::from(self.byte()) * 900_000_000),
            _ => Period::Days(i32::from(self.below(30))),
        }
    }

    /// A number as a policy writes it.
    pub(super) fn decimal(&mut self) -> Decimal {
        let text = match self.below(16) {
            0 => "999999999999999".to_owned(),
            1 => "0.000000001".to_owned(),
            2 => format!("-{}", self.byte()),
            _ => format!("{}.{:02}", self.below(20), self.below(100)),
        };
        Decimal::parse(&text).unwrap_or(Decimal::ZERO)
    }
}

trait ParseDate {
    fn parse_date(self) -> Date;
}

impl ParseDate for &str {
    fn parse_date(self) -> Date {
        Date::parse(self).unwrap_or_default()
    }
}

/// Numbers that look like chance: SplitMix64.
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// The numbers of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn byte(&mut self) -> u8 {
        let [byte, ..] = self.next().to_le_bytes();
        byte
    }

    /// A number below `end`; 0 where that is 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        usize::try_from(self.next().checked_rem(end).unwrap_or(0)).unwrap_or(0)
    }
}
