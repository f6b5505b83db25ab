//! A subscriber's balances: prepaid money and data that run down, postpaid spending that runs up.
//!
//! When they move is `life`'s business.

use super::dice::Dice;
use super::profile::Profile;
use super::{DAY, HOUR, SECOND};
use decision::account::PaymentMode;
use decision::event::{BalanceChange, BalanceReason};
use decision::money::{Currency, MinorUnits};
use decision::time::Timestamp;

/// What data bundles hold, from the smallest, in bytes.
const BUNDLES: [i64; 5] = [2_000_000_000, 5_000_000_000, 10_000_000_000, 20_000_000_000, 50_000_000_000];

/// A balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pot {
    /// Prepaid money, what remains.
    Main,
    /// Data in bytes, what remains of the period's bundle.
    Data,
    /// Postpaid money, what the period has used.
    Spend,
}

impl Pot {
    fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Data => "data",
            Self::Spend => "spend",
        }
    }
}

/// One movement of a balance.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn {
    /// Its first value is told.
    Start(Pot),
    /// So much of it is used.
    Use(Pot, i64),
    /// Prepaid money is topped up.
    TopUp,
    /// It is corrected by hand, in the customer's favour.
    Correct(Pot),
    /// What is left of the data bundle expires.
    Expire,
    /// A new period begins.
    Roll(Pot),
    /// The data bundle becomes the next larger one.
    Upgrade,
}

/// The balances of one subscriber.
#[derive(Clone, Debug)]
pub(super) struct Purse {
    main: Option<Level>,
    data: Level,
    spend: Option<Level>,
    /// Minor units of its money in a major one.
    unit: i64,
    /// Below this it thinks of topping up.
    low_mark: i64,
    /// Whether a top-up is on its way.
    tops_up: bool,
}

/// Where one balance stands.
#[derive(Clone, Debug, Default)]
struct Level {
    value: i64,
    limit: Option<i64>,
    valid_until: Option<Timestamp>,
    version: i64,
}

impl Purse {
    pub(super) fn new(
        profile: &Profile,
        mode: PaymentMode,
        unit: i64,
        credit_limit: i64,
        dice: &mut Dice,
    ) -> Self {
        let bundle = dice.pick(BUNDLES);
        let opening = unit * dice.between(profile.usage.opening_balance.clone()) + dice.between(0..=unit - 1);
        let (is_prepaid, is_postpaid) = match mode {
            PaymentMode::Prepaid => (true, false),
            PaymentMode::Postpaid => (false, true),
            PaymentMode::Hybrid => (true, true),
        };
        Self {
            main: is_prepaid.then(|| Level { value: opening, ..Level::default() }),
            data: Level { value: bundle, limit: Some(bundle), ..Level::default() },
            spend: is_postpaid.then(|| Level { limit: Some(credit_limit), ..Level::default() }),
            unit,
            low_mark: unit * dice.between(1..=4),
            tops_up: false,
        }
    }

    /// The balances it has.
    pub(super) fn pots(&self) -> Vec<Pot> {
        let main = self.main.as_ref().map(|_| Pot::Main);
        let spend = self.spend.as_ref().map(|_| Pot::Spend);
        [main, Some(Pot::Data), spend].into_iter().flatten().collect()
    }

    /// What the period has used of postpaid money.
    pub(super) fn spent(&self) -> i64 {
        self.spend.as_ref().map_or(0, |level| level.value)
    }

    /// What a day's use of a balance comes to, roughly, in its smallest unit.
    pub(super) fn days_use(&self, pot: Pot, profile: &Profile, dice: &mut Dice) -> i64 {
        let days = i64::from(profile.usage.period_days.max(1));
        let usual = match pot {
            Pot::Main => self.unit,
            Pot::Data => self.data.limit.unwrap_or(0) / days,
            Pot::Spend => self.spend.as_ref().and_then(|level| level.limit).unwrap_or(0) / days,
        };
        usual * dice.between(300..=1_700) / 1_000
    }

    pub(super) fn cap_spending_at(&mut self, limit: i64) {
        if let Some(spend) = &mut self.spend {
            spend.limit = Some(limit);
        }
    }

    /// Whether it should think of a top-up now, asked once for each.
    pub(super) fn wants_top_up(&mut self) -> bool {
        let is_low = self.main.as_ref().is_some_and(|main| main.value < self.low_mark);
        let wants = is_low && !self.tops_up;
        self.tops_up |= wants;
        wants
    }

    /// How long a top-up takes that comes soon, or one that waits.
    pub(super) fn top_up_delay(soon: bool, dice: &mut Dice) -> i64 {
        let within = if soon { 300 * SECOND..=12 * HOUR } else { DAY..=4 * DAY };
        dice.between(within)
    }

    /// Moves a balance, and tells of it; nothing where nothing moves.
    pub(super) fn turn(
        &mut self,
        turn: Turn,
        at: Timestamp,
        period_days: u16,
        dice: &mut Dice,
    ) -> Option<Change> {
        let valid_until = at.plus_micros(i64::from(period_days) * DAY);
        let unit = self.unit;
        match turn {
            Turn::Start(Pot::Data) | Turn::Roll(Pot::Data) => {
                self.data.value = self.data.limit.unwrap_or(0);
                self.data.valid_until = Some(valid_until);
                Some(self.data.told(Pot::Data, BalanceReason::PeriodRoll))
            }
            Turn::Start(pot) => {
                let reason = if pot == Pot::Main { BalanceReason::TopUp } else { BalanceReason::PeriodRoll };
                Some(self.level(pot)?.told(pot, reason))
            }
            Turn::Roll(pot) => {
                let level = self.level(pot)?;
                level.value = 0;
                Some(level.told(pot, BalanceReason::PeriodRoll))
            }
            Turn::Use(pot, amount) => {
                let level = self.level(pot)?;
                let value =
                    if pot == Pot::Spend { level.value + amount } else { (level.value - amount).max(0) };
                level.moved_to(value).then(|| level.told(pot, BalanceReason::Usage))
            }
            Turn::TopUp => {
                self.tops_up = false;
                let main = self.level(Pot::Main)?;
                main.value += unit * dice.pick([5, 5, 10, 10, 20, 50]);
                Some(main.told(Pot::Main, BalanceReason::TopUp))
            }
            Turn::Correct(pot) => {
                let level = self.level(pot)?;
                let value = match pot {
                    Pot::Main => level.value + unit * dice.between(1..=5),
                    Pot::Data => level.value + 500_000_000,
                    Pot::Spend => (level.value - unit * dice.between(1..=5)).max(0),
                };
                level.moved_to(value).then(|| level.told(pot, BalanceReason::Adjustment))
            }
            Turn::Expire => self.data.moved_to(0).then(|| self.data.told(Pot::Data, BalanceReason::Expiry)),
            Turn::Upgrade => self.upgrade(),
        }
    }

    fn upgrade(&mut self) -> Option<Change> {
        let former = self.data.limit.unwrap_or(0);
        let larger = BUNDLES.into_iter().find(|bundle| *bundle > former)?;
        self.data.limit = Some(larger);
        self.data.value += larger - former;
        Some(self.data.told(Pot::Data, BalanceReason::LimitChanged))
    }

    fn level(&mut self, pot: Pot) -> Option<&mut Level> {
        match pot {
            Pot::Main => self.main.as_mut(),
            Pot::Data => Some(&mut self.data),
            Pot::Spend => self.spend.as_mut(),
        }
    }
}

impl Level {
    /// Whether the value is another than before.
    fn moved_to(&mut self, value: i64) -> bool {
        let moved = self.value != value;
        self.value = value;
        moved
    }

    fn told(&mut self, pot: Pot, reason: BalanceReason) -> Change {
        self.version += 1;
        Change { pot, reason, level: self.clone() }
    }
}

/// A balance after a movement.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pot: Pot,
    reason: BalanceReason,
    level: Level,
}

impl Change {
    /// As an event tells it.
    pub(super) fn of(self, currency: Currency) -> BalanceChange {
        let is_money = self.pot != Pot::Data;
        BalanceChange {
            name: self.pot.name().into(),
            value: MinorUnits(self.level.value),
            limit: self.level.limit.map(MinorUnits),
            currency: is_money.then_some(currency),
            valid_until: self.level.valid_until,
            version: Some(self.level.version),
            reason: self.reason,
        }
    }
}
