//! Which event when: a seed's stream of planned events, phase by phase.

use super::SECOND;
use super::account::Account;
use super::debts::{Act, Dues, Fate, mean_us};
use super::planned::{EXPIRY_TOLD_BEFORE_US, Expected, Planned, What};
use super::profile::{Profile, Timers, Waves};
use super::zipf::Busy;
use crate::generate::dice::Dice;
use std::num::NonZeroU32;
use std::time::Duration;

/// What invoices ask for, in cents. A part of any of them leaves more than the plan's entry amount.
const INVOICE_CENTS: std::ops::RangeInclusive<i64> = 2_000..=8_000;
/// What a part payment pays, in thousandths of the debt.
const PART_PERMILLE: std::ops::RangeInclusive<i64> = 200..=600;
/// How many accounts in a row are looked at for one without a debt.
const LOOKS: u32 = 32;

/// How large the operator is, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// How many accounts.
    pub accounts: NonZeroU32,
    /// What all chance comes from.
    pub seed: u64,
}

/// What a schedule cannot do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// A debt lasts longer than there are accounts to have one.
    #[error(
        "{a_second} invoices a second need {needed} postpaid accounts, since a debt lasts {mean_s} s on the average; \
         there are {postpaid}: give more accounts, or a lower rate"
    )]
    TooFewAccounts {
        /// How many invoices come in a second.
        a_second: u64,
        /// How many accounts that takes.
        needed: u64,
        /// How many there are.
        postpaid: u32,
        /// How long a debt lasts.
        mean_s: u64,
    },
    /// There is nobody to use prepaid money, or nobody to get invoices.
    #[error("{accounts} accounts are too few for the profile: there is no {kind} one among them")]
    NoneOfAKind {
        /// How many there are.
        accounts: u32,
        /// The kind that is missing.
        kind: &'static str,
    },
}

/// The kinds of events, as they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An account told whole.
    Snapshot,
    /// Prepaid money used.
    MoneyUse,
    /// Prepaid money topped up.
    TopUp,
    /// Data used.
    DataUse,
    /// A data bundle bought.
    Bundle,
    /// An invoice.
    Invoice,
    /// A payment.
    Payment,
    /// A payment that bounced.
    Reversal,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::MoneyUse => "money use",
            Self::TopUp => "top-up",
            Self::DataUse => "data use",
            Self::Bundle => "bundle",
            Self::Invoice => "invoice",
            Self::Payment => "payment",
            Self::Reversal => "reversal",
        }
    }
}

impl Planned {
    /// Of which kind it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.what {
            What::Snapshot { .. } => Kind::Snapshot,
            What::Money { top_up: false, .. } => Kind::MoneyUse,
            What::Money { top_up: true, .. } => Kind::TopUp,
            What::Data { bought: false, .. } => Kind::DataUse,
            What::Data { bought: true, .. } => Kind::Bundle,
            What::Invoice { .. } => Kind::Invoice,
            What::Payment { .. } => Kind::Payment,
            What::Reversal { .. } => Kind::Reversal,
        }
    }
}

/// The events of an operator, phase by phase: as an iterator it ends with the phase, and goes on with the next.
///
/// Moments are microseconds since the schedule's beginning; a phase may begin at any that is not before the end of
/// the one before. Debts go on from phase to phase, so steps of a run should follow each other without a pause.
#[derive(Debug)]
pub struct Schedule {
    profile: Profile,
    seed: u64,
    accounts: Vec<Account>,
    /// How many of them, the first ones, pay before use.
    prepaid: u32,
    busy: Busy,
    dice: Dice,
    dues: Dues,
    /// Counts the invoices: whose turn it is.
    turn: u64,
    phase: Phase,
    /// An event that comes once more.
    again: Option<Planned>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Nothing comes.
    Over,
    /// A snapshot of each account.
    Preload(Slots),
    /// A timer for each account that has one.
    Arm(Slots, u64),
    /// The load itself.
    Step(Slots),
}

/// Moments at an even rate.
#[derive(Clone, Copy, Debug)]
struct Slots {
    from_us: u64,
    a_second: u32,
    taken: u64,
    count: u64,
}

impl Slots {
    fn new(from_us: u64, a_second: NonZeroU32, count: u64) -> Self {
        Self { from_us, a_second: a_second.get(), taken: 0, count }
    }

    /// The next moment, and its number.
    fn peek(&self) -> Option<(u64, u64)> {
        let at = self.from_us + self.taken * SECOND / u64::from(self.a_second.max(1));
        (self.taken < self.count).then_some((at, self.taken))
    }
}

impl Schedule {
    /// The schedule of a profile, before its first phase.
    ///
    /// # Errors
    /// When there are too few accounts for any to be of a kind that the profile needs.
    pub fn new(profile: Profile, size: Size) -> Result<Self, LoadError> {
        let accounts = size.accounts.get();
        let prepaid = u64::from(accounts) * u64::from(profile.prepaid.get()) / 1_000;
        let prepaid = u32::try_from(prepaid).unwrap_or(accounts);
        if profile.mix.money > 0 && prepaid == 0 {
            return Err(LoadError::NoneOfAKind { accounts, kind: "prepaid" });
        }
        if profile.mix.invoices > 0 && prepaid == accounts {
            return Err(LoadError::NoneOfAKind { accounts, kind: "postpaid" });
        }
        Ok(Self {
            accounts: vec![Account::default(); usize::try_from(accounts).unwrap_or(usize::MAX)],
            seed: size.seed,
            prepaid,
            busy: Busy::new(accounts, prepaid, profile.skew, size.seed),
            dice: Dice::of(size.seed, &[]),
            dues: Dues::new(profile.payday),
            turn: 0,
            phase: Phase::Over,
            again: None,
            profile,
        })
    }

    /// The profile it is of.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// From now on some are busier than others by this exponent of Zipf's law; 0 makes all alike.
    pub fn set_skew(&mut self, skew: f64) {
        self.profile.skew = skew;
        let accounts = u32::try_from(self.accounts.len()).unwrap_or(u32::MAX);
        self.busy = Busy::new(accounts, self.prepaid, skew, self.seed);
    }

    /// Begins the phase in which each account is told whole. Answers when it ends.
    pub fn begin_preload(&mut self, from_us: u64, a_second: NonZeroU32) -> u64 {
        let count = self.accounts.len() as u64;
        self.phase = Phase::Preload(Slots::new(from_us, a_second, count));
        from_us + count * SECOND / u64::from(a_second.get())
    }

    /// How many accounts the profile sets a timer for.
    #[must_use]
    pub fn timers(&self) -> u64 {
        let count = |timers: &Timers| self.accounts.len() as u64 * u64::from(timers.accounts.get()) / 1_000;
        self.profile.timers.as_ref().map_or(0, count)
    }

    /// Begins the phase in which timers are set, all due at the same moment. Answers when it ends.
    pub fn begin_arming(&mut self, from_us: u64, a_second: NonZeroU32, due_us: u64) -> u64 {
        let count = self.timers();
        self.phase = Phase::Arm(Slots::new(from_us, a_second, count), due_us);
        from_us + count * SECOND / u64::from(a_second.get())
    }

    /// Begins a step of the load: so many events a second for so long.
    ///
    /// # Errors
    /// When there are too few accounts to have so many debts.
    pub fn begin_step(
        &mut self,
        from_us: u64,
        a_second: NonZeroU32,
        length: Duration,
    ) -> Result<u64, LoadError> {
        self.check_debts(a_second)?;
        let length_us = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        let count = u128::from(length_us) * u128::from(a_second.get()) / u128::from(SECOND);
        self.phase = Phase::Step(Slots::new(from_us, a_second, u64::try_from(count).unwrap_or(u64::MAX)));
        Ok(from_us.saturating_add(length_us))
    }

    /// The most events a second for which there are accounts enough to have the debts that come with them.
    #[must_use]
    pub fn highest_rate(&self) -> NonZeroU32 {
        let mix = &self.profile.mix;
        let a_debt = u128::from(mean_us(&self.profile.debts)) * 3 * u128::from(mix.invoices);
        let all = u128::from(self.postpaid()) * 2 * u128::from(SECOND) * u128::from(mix.whole().max(1));
        let most = all.checked_div(a_debt).and_then(|most| u32::try_from(most).ok()).unwrap_or(u32::MAX);
        NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN)
    }

    fn check_debts(&self, a_second: NonZeroU32) -> Result<(), LoadError> {
        let mix = &self.profile.mix;
        let invoices = u64::from(a_second.get()) * u64::from(mix.invoices) / u64::from(mix.whole().max(1));
        let mean_us = mean_us(&self.profile.debts);
        // Half as many again: the next one without a debt must be near.
        let needed = invoices * mean_us * 3 / (2 * SECOND);
        let postpaid = self.postpaid();
        if needed > u64::from(postpaid) {
            let mean_s = mean_us / SECOND;
            return Err(LoadError::TooFewAccounts { a_second: invoices, needed, postpaid, mean_s });
        }
        Ok(())
    }

    fn postpaid(&self) -> u32 {
        u32::try_from(self.accounts.len()).unwrap_or(u32::MAX).saturating_sub(self.prepaid)
    }

    fn account(&mut self, number: u32) -> &mut Account {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        #[expect(clippy::indexing_slicing, reason = "numbers are drawn below the number of accounts")]
        &mut self.accounts[place]
    }

    fn snapshot(&mut self, at_us: u64, number: u32) -> Planned {
        let prepaid = number < self.prepaid;
        let account = self.account(number);
        account.snapshots = account.snapshots.wrapping_add(1);
        let what = What::Snapshot { number: account.snapshots, prepaid };
        plan(at_us, number, what, [None; 3])
    }

    fn timer(&mut self, at_us: u64, number: u32, due_us: u64) -> Planned {
        let ends_at_us = due_us + EXPIRY_TOLD_BEFORE_US;
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        #[expect(clippy::indexing_slicing, reason = "counted below the number of accounts")]
        let account = &mut self.accounts[place];
        let what = account.let_data_end(number, ends_at_us, &self.profile.data, &mut self.dice);
        plan(at_us, number, what, [Some(Expected::DataExpires), None, None])
    }

    /// What a slot of a step brings that no debt has asked for.
    fn drawn(&mut self, at_us: u64) -> Planned {
        if let Some(again) = self.again.take() {
            return Planned { at_us, ..again };
        }
        let planned = match self.draw_part(at_us) {
            Part::Money => self.money(at_us),
            Part::Data => self.data(at_us),
            Part::Invoice => self.invoice(at_us),
            Part::Snapshot => {
                let number = self.busy.with_data.draw(&mut self.dice);
                self.snapshot(at_us, number)
            }
        };
        if self.dice.chance(self.profile.repeated) {
            self.again = Some(planned.again());
        }
        planned
    }

    fn draw_part(&mut self, at_us: u64) -> Part {
        let mix = self.profile.mix;
        let whole = u64::from(mix.whole());
        let invoices = u64::from(mix.invoices);
        if let Some(waves) = self.profile.waves {
            if is_in_wave(waves, at_us)
                && self.dice.below(micros(waves.last) * whole) < micros(waves.every) * invoices
            {
                return Part::Invoice;
            }
            return self.part_below(whole - invoices);
        }
        self.part_below(whole)
    }

    /// The part of the mix that a number below this falls in; invoices are the last.
    fn part_below(&mut self, below: u64) -> Part {
        let mix = self.profile.mix;
        let mut drawn = self.dice.below(below);
        for (part, share) in
            [(Part::Money, mix.money), (Part::Data, mix.data), (Part::Snapshot, mix.snapshots)]
        {
            if drawn < u64::from(share) {
                return part;
            }
            drawn -= u64::from(share);
        }
        Part::Invoice
    }

    fn money(&mut self, at_us: u64) -> Planned {
        let Some(busy) = self.busy.with_money else { return self.data(at_us) };
        let number = busy.draw(&mut self.dice);
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        #[expect(clippy::indexing_slicing, reason = "drawn below the number of accounts")]
        let (what, alert) = self.accounts[place].move_money(&self.profile.money, &mut self.dice);
        plan(at_us, number, what, [alert, None, None])
    }

    fn data(&mut self, at_us: u64) -> Planned {
        let number = self.busy.with_data.draw(&mut self.dice);
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        #[expect(clippy::indexing_slicing, reason = "drawn below the number of accounts")]
        let (what, alert) = self.accounts[place].move_data(number, &self.profile.data, &mut self.dice);
        plan(at_us, number, what, [alert, None, None])
    }

    /// An invoice for the next postpaid account that has no debt; where all looked at have one, data is used.
    fn invoice(&mut self, at_us: u64) -> Planned {
        let postpaid = u64::from(self.postpaid().max(1));
        for _ in 0..LOOKS {
            let place = self.turn % postpaid;
            self.turn += 1;
            let number = self.prepaid + u32::try_from(place).unwrap_or(0);
            if !self.account(number).is_in_debt {
                let cents = u32::try_from(self.dice.between(INVOICE_CENTS)).unwrap_or(2_000);
                let fate = Fate::draw(&self.profile.debts, &mut self.dice);
                self.dues.on_invoice(at_us, number, fate, &mut self.dice);
                let account = self.account(number);
                account.is_in_debt = true;
                account.owes = cents;
                account.invoices = account.invoices.wrapping_add(1);
                let what = What::Invoice { number: account.invoices, cents };
                return plan(at_us, number, what, [Some(Expected::Remind), None, None]);
            }
        }
        self.data(at_us)
    }

    fn act(&mut self, at_us: u64, number: u32, act: Act) -> Planned {
        if act == Act::Bounce {
            self.dues.on_bounce(at_us, number, &mut self.dice);
            let payment = self.account(number).payments;
            let expected = [Some(Expected::Remind), None, None];
            return plan(at_us, number, What::Reversal { payment }, expected);
        }
        let owes = self.account(number).owes;
        let paid = if act == Act::PayPart { part_of(owes, self.dice.between(PART_PERMILLE)) } else { owes };
        if act == Act::PayInVain {
            self.dues.on_vain_payment(at_us, number, &mut self.dice);
        }
        let account = self.account(number);
        account.payments = account.payments.wrapping_add(1);
        let what = What::Payment { number: account.payments, cents: paid };
        // What bounces is owed again; only the amount is asked for once more.
        account.owes = if act == Act::PayInVain { owes } else { owes - paid };
        account.is_in_debt = matches!(act, Act::PayPart | Act::PayInVain);
        let thanks = Some(Expected::Thanks);
        let expected = match act {
            Act::PayPart | Act::Bounce => [None; 3],
            Act::Pay | Act::PayInVain => [thanks, None, None],
            Act::PayBarred => [Some(Expected::Unbar), thanks, None],
            Act::PaySuspended => [Some(Expected::Resume), Some(Expected::Unbar), thanks],
        };
        plan(at_us, number, what, expected)
    }
}

impl Iterator for Schedule {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        match &mut self.phase {
            Phase::Over => None,
            Phase::Preload(slots) => {
                let (at, number) = slots.peek()?;
                slots.taken += 1;
                Some(self.snapshot(at, u32::try_from(number).ok()?))
            }
            Phase::Arm(slots, due_us) => {
                let ((at, number), due_us) = (slots.peek()?, *due_us);
                slots.taken += 1;
                Some(self.timer(at, u32::try_from(number).ok()?, due_us))
            }
            Phase::Step(slots) => {
                let (at, _) = slots.peek()?;
                // What debts have asked for comes first. As many as are due come in one slot, so that
                // payments stay where they belong; one of them takes the slot.
                if let Some((number, act)) = self.dues.due(at) {
                    if !self.dues.is_due(at) {
                        slots.taken += 1;
                    }
                    return Some(self.act(at, number, act));
                }
                slots.taken += 1;
                Some(self.drawn(at))
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Money,
    Data,
    Invoice,
    Snapshot,
}

fn plan(at_us: u64, account: u32, what: What, expected: [Option<Expected>; 3]) -> Planned {
    Planned { at_us, account, what, expected }
}

fn part_of(cents: u32, permille: i64) -> u32 {
    let part = u64::from(cents) * u64::try_from(permille).unwrap_or(0) / 1_000;
    u32::try_from(part).unwrap_or(cents)
}

fn is_in_wave(waves: Waves, at_us: u64) -> bool {
    at_us % micros(waves.every).max(1) < micros(waves.last)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
