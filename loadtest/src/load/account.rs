//! What is remembered of an account: as little as tells the next event, since there may be ten million.

use super::lines::{DATA, Fired, MONEY, Move};
use super::planned::{Expected, What};
use super::profile::{DataUse, MoneyUse};
use crate::generate::dice::Dice;

/// What data bundles hold, in millions of bytes. Each is a multiple of a hundred: see `lines::DATA`.
const BUNDLES: [u32; 5] = [2_000, 5_000, 10_000, 20_000, 50_000];

/// An account. Its number says the rest: who it is, how it pays, which bundle it has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Account {
    /// Prepaid money, in cents.
    money: u32,
    /// How often it moved; none yet where 0.
    money_moves: u32,
    /// What is left of the data bundle, in millions of bytes.
    data: u32,
    data_moves: u32,
    /// What is open of its invoice, in cents.
    pub(super) owes: u32,
    /// How many snapshots, invoices and payments there were: their ids.
    pub(super) snapshots: u16,
    pub(super) invoices: u16,
    pub(super) payments: u16,
    money_fired: Fired,
    data_fired: Fired,
    /// Whether its debt is not at its end yet: until then there is no other.
    pub(super) is_in_debt: bool,
}

/// The bundle that an account has, in millions of bytes.
pub(super) fn bundle(number: u32) -> u32 {
    // Neighbours have others, in no pattern that the partitions could follow.
    let mixed = number.wrapping_mul(0x9E37_79B9) >> 16;
    let place = usize::try_from(mixed).unwrap_or(0) % BUNDLES.len();
    BUNDLES.get(place).copied().unwrap_or(2_000)
}

impl Account {
    /// Prepaid money is used, or topped up where there is too little of it.
    pub(super) fn move_money(&mut self, uses: &MoneyUse, dice: &mut Dice) -> (What, Option<Expected>) {
        let former = (self.money_moves > 0).then_some(self.money);
        let used = cents(dice.between(uses.uses.clone()));
        let top_up = match former {
            None => {
                self.money = cents(dice.between(uses.opening.clone()));
                false
            }
            Some(left) if left < used => {
                let place = usize::try_from(dice.below(uses.top_ups.len() as u64)).unwrap_or(0);
                self.money = left + uses.top_ups.get(place).copied().unwrap_or(used);
                true
            }
            Some(left) => {
                self.money = left - used;
                false
            }
        };
        self.money_moves += 1;
        let moved = Move { former: former.map(i64::from), value: i64::from(self.money), line_scale: 1 };
        let line = MONEY.on_move(&mut self.money_fired, moved);
        let what = What::Money { cents: self.money, version: self.money_moves, top_up };
        (what, line.map(Expected::LowBalance))
    }

    /// Data is used, or a new bundle bought where there is too little of it.
    pub(super) fn move_data(
        &mut self,
        number: u32,
        uses: &DataUse,
        dice: &mut Dice,
    ) -> (What, Option<Expected>) {
        let bundle = bundle(number);
        let former = (self.data_moves > 0).then_some(self.data);
        let used = (bundle * cents(dice.between(uses.uses.clone())) / 1_000).max(1);
        let bought = match former {
            None => {
                self.data = cents(dice.between(1..=i64::from(bundle)));
                false
            }
            Some(left) if left < used => {
                self.data = bundle;
                true
            }
            Some(left) => {
                self.data = left - used;
                false
            }
        };
        self.data_moves += 1;
        let line_scale = i64::from(bundle / 100);
        let moved = Move { former: former.map(i64::from), value: i64::from(self.data), line_scale };
        let line = DATA.on_move(&mut self.data_fired, moved);
        let what = What::Data { left: self.data, bundle, version: self.data_moves, bought, ends_at_us: None };
        (what, line.map(Expected::DataLow))
    }

    /// Its data may be used until then, and no longer.
    pub(super) fn let_data_end(
        &mut self,
        number: u32,
        ends_at_us: u64,
        uses: &DataUse,
        dice: &mut Dice,
    ) -> What {
        match self.move_data(number, uses, dice).0 {
            What::Data { left, bundle, version, bought, .. } => {
                What::Data { left, bundle, version, bought, ends_at_us: Some(ends_at_us) }
            }
            other @ (What::Snapshot { .. }
            | What::Money { .. }
            | What::Invoice { .. }
            | What::Payment { .. }
            | What::Reversal { .. }) => other,
        }
    }
}

/// What chance gave, which the profile's bounds keep small.
fn cents(amount: i64) -> u32 {
    u32::try_from(amount).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_takes_little_enough_for_ten_million() {
        assert!(size_of::<Account>() <= 32, "{}", size_of::<Account>());
    }

    #[test]
    fn every_bundle_has_whole_hundredths_and_is_had_by_someone() {
        let had: std::collections::BTreeSet<u32> = (0..1_000).map(bundle).collect();
        assert_eq!(had.len(), BUNDLES.len());
        assert!(BUNDLES.iter().all(|bundle| bundle % 100 == 0));
    }

    #[test]
    fn money_runs_down_by_uses_and_is_topped_up_when_it_does_not_last() {
        let uses = MoneyUse { opening: 100..=100, uses: 30..=30, top_ups: vec![200] };
        let (mut account, mut dice) = (Account::default(), Dice::of(1, &[]));
        let mut told = || match account.move_money(&uses, &mut dice).0 {
            What::Money { cents, top_up, .. } => Some((cents, top_up)),
            What::Snapshot { .. }
            | What::Data { .. }
            | What::Invoice { .. }
            | What::Payment { .. }
            | What::Reversal { .. } => None,
        };
        let told: Vec<(u32, bool)> = (0..6).filter_map(|_| told()).collect();
        assert_eq!(told, [(100, false), (70, false), (40, false), (10, false), (210, true), (180, false)]);
    }
}
