//! A subscriber's days: what is planned each morning, and what comes of it.
//!
//! All chance of a day comes from the seed, the subscriber and the day alone.

use super::diary::Deed;
use super::dice::Dice;
use super::ledger::{Entry, NewBill};
use super::mishaps;
use super::profile::{PerMille, Profile};
use super::purse::{Pot, Purse, Turn};
use super::subscriber::{Segment, Subscriber};
use super::{DAY, HOUR, SECOND};
use decision::Event;
use decision::event::{Body, Control, Order};
use decision::time::{Date, Timestamp};

/// The purpose of the chance of one day.
const LIFE: u64 = 2;

/// The day that is lived.
#[derive(Clone, Copy)]
pub(super) struct Today<'a> {
    pub(super) profile: &'a Profile,
    pub(super) date: Date,
    /// How often this subscriber uses something a day, in thousandths.
    pub(super) uses_milli: u64,
}

impl Today<'_> {
    fn start(&self) -> Timestamp {
        start_of(self.date)
    }

    /// A moment of the day, from one hour to before another.
    fn between_hours(&self, hours: std::ops::Range<i64>, dice: &mut Dice) -> Timestamp {
        let micros = dice.between(hours.start * HOUR..=hours.end * HOUR - 1);
        self.start().plus_micros(micros)
    }

    fn is_first(&self) -> bool {
        self.date == self.profile.start
    }

    /// Whether what comes every so many days comes today.
    fn is_turn(&self, every: u16, phase: i32) -> bool {
        (self.date.days() + phase).rem_euclid(i32::from(every.max(1))) == 0 && !self.is_first()
    }
}

/// The first moment of a day, in virtual time: all counts in UTC.
pub(super) fn start_of(date: Date) -> Timestamp {
    Timestamp(i64::from(date.days()) * DAY)
}

impl Subscriber {
    /// Lives a day, and tells what happened, in order of time.
    pub(super) fn live(&mut self, today: Today<'_>) -> Vec<Event> {
        let day = u64::from(today.date.days().unsigned_abs());
        let mut dice = Dice::of(today.profile.seed, &[LIFE, u64::from(self.number), day]);
        if today.is_first() {
            self.open(today, &mut dice);
        }
        if !self.is_closed {
            self.plan_uses(today, &mut dice);
            self.plan_periods(today, &mut dice);
            self.plan_changes(today, &mut dice);
        }
        let end = today.start().plus_micros(DAY);
        let mut events = Vec::new();
        while let Some((at, deed)) = self.diary.next_before(end) {
            if let Some((source, body)) = self.act(deed, at, today.profile, &mut dice) {
                let event = self.event(at, source, body);
                events.push(event);
            }
        }
        events
    }

    /// The first day: its snapshot, its balances, and what it owes already.
    fn open(&mut self, today: Today<'_>, dice: &mut Dice) {
        let profile = today.profile;
        let known = today.between_hours(0..1, dice);
        let is_late = dice.chance(profile.people.late_snapshot);
        let told = if is_late { known.plus_micros(dice.between(HOUR..=2 * DAY)) } else { known };
        self.diary.note(told, Deed::Tell);
        for pot in self.purse.pots() {
            self.diary.note(known.plus_micros(60 * SECOND), Deed::Purse(Turn::Start(pot)));
        }
        if self.has_invoices() && dice.chance(profile.billing.opening_debt) {
            let overdue = dice.between(profile.billing.opening_overdue_days.clone());
            let new = NewBill {
                at: known.plus_micros(120 * SECOND),
                issued: today.date,
                amount: self.monthly_fee(dice),
                unit: self.unit(),
            };
            let overdue = i32::try_from(overdue).unwrap_or(0);
            self.ledger.bill_of_old(&new, overdue, profile, dice, &mut self.diary);
        }
    }

    fn plan_uses(&mut self, today: Today<'_>, dice: &mut Dice) {
        let rest = u16::try_from(today.uses_milli % 1_000).unwrap_or(0);
        let uses = today.uses_milli / 1_000 + u64::from(dice.chance(PerMille::new(rest)));
        let uses = i64::try_from(uses.min(today.profile.usage.busiest_per_day)).unwrap_or(0);
        if uses == 0 {
            return;
        }
        // One use in two is of data, the others are of money.
        let pots = self.purse.pots();
        let moneys: Vec<Pot> = pots.into_iter().filter(|pot| *pot != Pot::Data).collect();
        let moneys_uses = uses / 2 + i64::from(uses == 1 && dice.chance(PerMille::new(500)));
        for number in 0..uses {
            let is_money = number < moneys_uses;
            let share = if is_money { moneys_uses } else { uses - moneys_uses };
            let which = usize::try_from(number).unwrap_or(0) % moneys.len().max(1);
            let pot = moneys.get(which).copied().filter(|_| is_money).unwrap_or(Pot::Data);
            let amount = (self.purse.days_use(pot, today.profile, dice) / share.max(1)).max(1);
            // People sleep: nothing is used from ten in the evening to five in the morning.
            let at = today.between_hours(5..22, dice);
            self.diary.note(at, Deed::Purse(Turn::Use(pot, amount)));
        }
    }

    /// What comes once a period: a new data bundle, an invoice.
    fn plan_periods(&mut self, today: Today<'_>, dice: &mut Dice) {
        let profile = today.profile;
        if today.is_turn(profile.usage.period_days, self.phase / 3) {
            let at = today.between_hours(1..3, dice);
            let lapses = dice.chance(profile.usage.lapses);
            let begins = if lapses { at.plus_micros(dice.between(DAY / 4..=3 * DAY)) } else { at };
            if lapses {
                self.diary.note(at, Deed::Purse(Turn::Expire));
            }
            self.diary.note(begins, Deed::Purse(Turn::Roll(Pot::Data)));
        }
        if self.has_invoices() && today.is_turn(profile.billing.every_days, self.phase) {
            let at = today.between_hours(3..4, dice);
            self.diary.note(at, Deed::Ledger(Entry::Bill));
        }
    }

    /// What comes at any time, and seldom.
    fn plan_changes(&mut self, today: Today<'_>, dice: &mut Dice) {
        let profile = today.profile;
        let at = today.between_hours(8..18, dice);
        if dice.chance(profile.people.changing) {
            self.diary.note(at, Deed::Change);
        }
        if dice.chance(profile.usage.upgraded) {
            self.diary.note(at, Deed::Purse(Turn::Upgrade));
        }
        if dice.chance(profile.usage.corrected) {
            let pot = if dice.chance(PerMille::new(300)) { Pot::Data } else { self.money_pot() };
            self.diary.note(at, Deed::Purse(Turn::Correct(pot)));
        }
        if self.has_invoices() && !self.is_exempt && dice.chance(profile.trouble.exempted) {
            self.is_exempt = true;
            self.diary.note(at, Deed::Exempt(true));
            self.diary.note(at.plus_micros(dice.between(DAY..=10 * DAY)), Deed::Exempt(false));
        }
        if dice.chance(profile.trouble.wrong) {
            self.diary.note(at, Deed::Wrong);
        }
    }

    fn money_pot(&self) -> Pot {
        if self.has_invoices() { Pot::Spend } else { Pot::Main }
    }

    /// Does a deed, and says what of it is told, and by which system.
    fn act(
        &mut self,
        deed: Deed,
        at: Timestamp,
        profile: &Profile,
        dice: &mut Dice,
    ) -> Option<(&'static str, Body)> {
        match deed {
            Deed::Tell => {
                self.is_told = true;
                Some(("crm", Body::Account(self.snapshot())))
            }
            // What the customer does not have yet, it does not change.
            Deed::Change | Deed::Wrong if !self.is_told => None,
            Deed::Change => {
                self.change(dice);
                Some(("crm", Body::Account(self.snapshot())))
            }
            Deed::Wrong => Some(mishaps::said_of(self, dice)),
            Deed::Purse(turn) => self.turn(turn, at, profile, dice),
            Deed::Ledger(Entry::Bill) => {
                self.bill(at, profile, dice);
                None
            }
            Deed::Ledger(entry) => entry.told(self.number, self.currency),
            Deed::Exempt(exempt) => {
                self.is_exempt = exempt;
                Some(("collections", Body::Control(exemption(exempt))))
            }
        }
    }

    fn turn(
        &mut self,
        turn: Turn,
        at: Timestamp,
        profile: &Profile,
        dice: &mut Dice,
    ) -> Option<(&'static str, Body)> {
        let change = self.purse.turn(turn, at, profile.usage.period_days, dice);
        if !self.is_closed && self.purse.wants_top_up() {
            let soon = dice.chance(profile.usage.tops_up_soon);
            let delay = Purse::top_up_delay(soon, dice);
            self.diary.note(at.plus_micros(delay), Deed::Purse(Turn::TopUp));
        }
        change.map(|change| ("ocs", Body::Balance(change.of(self.currency))))
    }

    /// Makes the invoice of the period that ends now. It goes out later in the day, so that a
    /// payment may come before it.
    fn bill(&mut self, at: Timestamp, profile: &Profile, dice: &mut Dice) {
        let amount = self.monthly_fee(dice) + self.purse.spent();
        self.diary.note(at, Deed::Purse(Turn::Roll(Pot::Spend)));
        let issued_at = at.plus_micros(dice.between(5 * HOUR..=9 * HOUR));
        let issued = self.market.zone().date_of(issued_at);
        let new = NewBill { at: issued_at, issued, amount, unit: self.unit() };
        self.ledger.bill(&new, profile, dice, &mut self.diary);
    }

    fn monthly_fee(&self, dice: &mut Dice) -> i64 {
        let majors = match self.segment {
            Segment::Consumer => dice.between(12..=45),
            Segment::Business => dice.between(60..=400),
            Segment::Vip => dice.between(80..=250),
        };
        // Prices end in 90, as prices do.
        majors * self.unit() + self.unit() * 9 / 10
    }
}

fn exemption(exempt: bool) -> Control {
    let why = if exempt { "hardship, while it is looked into" } else { "looked into" };
    Control {
        by: "s.haddad".to_owned(),
        role: "manager".to_owned(),
        why: Some(why.to_owned()),
        order: Order::Exempt(exempt),
    }
}
