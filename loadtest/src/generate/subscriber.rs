//! Who a subscriber is: all of it follows from the profile and the subscriber's number.
//!
//! What happens to it is `life`'s business.

use super::diary::Diary;
use super::dice::Dice;
use super::ledger::Ledger;
use super::profile::{People, PerMille, Profile};
use super::purse::Purse;
use decision::Event;
use decision::account::{AttributeValue, PaymentMode, Service, Snapshot};
use decision::event::Body;
use decision::ids::{AccountId, Channel};
use decision::money::{Currency, MinorUnits};
use decision::time::{Timestamp, Zone};
use litemap::LiteMap;

/// The purpose of the chance that makes a subscriber what it is.
const WHO: u64 = 1;

/// A subscriber, as it is now.
#[derive(Clone, Debug)]
pub(super) struct Subscriber {
    pub(super) number: u32,
    pub(super) segment: Segment,
    pub(super) mode: PaymentMode,
    pub(super) market: Market,
    pub(super) currency: Currency,
    english: bool,
    opted_out: bool,
    has_alarm: bool,
    /// How many lines it lists.
    lines: i64,
    /// In minor units.
    credit_limit: i64,
    /// Whether its snapshot has been told.
    pub(super) is_told: bool,
    pub(super) is_exempt: bool,
    pub(super) is_closed: bool,
    /// A number of its own that spreads what comes once a period over its days.
    pub(super) phase: i32,
    pub(super) purse: Purse,
    pub(super) ledger: Ledger,
    pub(super) diary: Diary,
    events: u32,
}

/// What kind of customer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Consumer,
    Business,
    Vip,
}

impl Segment {
    fn as_str(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Business => "business",
            Self::Vip => "vip",
        }
    }
}

/// Where it is a customer: decides its currency, zone and telephone numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Market {
    Home,
    Abroad,
}

impl Market {
    /// Its currency.
    pub(super) fn currency(self) -> Currency {
        let code = match self {
            Self::Home => "TND",
            Self::Abroad => "EUR",
        };
        Currency::parse(code).expect("ISO 4217 lists both")
    }

    /// The zone its customers' days are counted in.
    pub(super) fn zone(self) -> Zone {
        let name = match self {
            Self::Home => "Africa/Tunis",
            Self::Abroad => "Europe/Paris",
        };
        Zone::find(name).unwrap_or_else(Zone::utc)
    }

    /// The other one.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Home => Self::Abroad,
            Self::Abroad => Self::Home,
        }
    }
}

impl Subscriber {
    pub(super) fn new(profile: &Profile, number: u32) -> Self {
        let mut dice = Dice::of(profile.seed, &[WHO, u64::from(number)]);
        let people = &profile.people;
        let segment = segment(people, &mut dice);
        let mode = mode(people, &mut dice);
        let market = if dice.chance(people.abroad) { Market::Abroad } else { Market::Home };
        let currency = market.currency();
        let unit = unit_of(currency);
        let has_alarm = dice.chance(people.with_alarm);
        let lists_none = dice.chance(people.without_services) && !has_alarm;
        let lines = match segment {
            _ if lists_none => 0,
            Segment::Consumer => dice.between(1..=2),
            Segment::Business => dice.between(2..=8),
            Segment::Vip => dice.between(1..=4),
        };
        let credit_limit = unit * 10 * spending_tens(segment, &mut dice);
        Self {
            number,
            segment,
            mode,
            market,
            currency,
            english: dice.chance(people.english),
            opted_out: dice.chance(people.opted_out),
            has_alarm,
            lines,
            credit_limit,
            is_told: false,
            is_exempt: false,
            is_closed: false,
            phase: i32::try_from(dice.below(10_000)).unwrap_or(0),
            purse: Purse::new(profile, mode, unit, credit_limit, &mut dice),
            ledger: Ledger::default(),
            diary: Diary::default(),
            events: 0,
        }
    }

    /// How many minor units one major unit of its money has.
    pub(super) fn unit(&self) -> i64 {
        unit_of(self.currency)
    }

    /// Whether it pays after use, some of it at least.
    pub(super) fn has_invoices(&self) -> bool {
        match self.mode {
            PaymentMode::Postpaid | PaymentMode::Hybrid => true,
            PaymentMode::Prepaid => false,
        }
    }

    /// An event of it. Its id is told by the account and by how many events there were before.
    pub(super) fn event(&mut self, at: Timestamp, source: &str, body: Body) -> Event {
        self.events += 1;
        Event {
            event_id: format!("{source}-{:06}-{}", self.number, self.events).into(),
            account_id: account_id(self.number),
            debtor_id: None,
            occurred_at: at,
            source: source.to_owned(),
            body,
        }
    }

    /// Its data as they stand.
    pub(super) fn snapshot(&self) -> Snapshot {
        let language = if self.english { "en" } else { "fr" };
        let text = |text: String| AttributeValue::String(text);
        Snapshot {
            payment_mode: self.mode,
            currency: Some(self.currency),
            language: Some(language.into()),
            time_zone: Some(self.market.zone()),
            credit_limit: self.has_invoices().then_some(MinorUnits(self.credit_limit)),
            contacts: self.contacts(),
            opt_outs: if self.opted_out { vec!["sms".into()] } else { Vec::new() },
            services: self.services(),
            attributes: LiteMap::from_iter([
                ("contract_no".to_owned(), text(format!("C-{:06}", self.number))),
                ("customer_type".to_owned(), text(self.segment.as_str().to_owned())),
            ]),
            closed: self.is_closed,
        }
    }

    /// Changes something of it, as customers do.
    pub(super) fn change(&mut self, dice: &mut Dice) {
        match dice.below(10) {
            0..3 => self.opted_out = !self.opted_out,
            3..6 => self.english = !self.english,
            6..8 => {
                self.credit_limit += self.credit_limit / 2;
                self.purse.cap_spending_at(self.credit_limit);
            }
            8 => self.segment = Segment::Vip,
            _ => self.is_closed = true,
        }
    }

    fn contacts(&self) -> LiteMap<Channel, String> {
        // Numbers that nobody has: France keeps these for films, in Tunisia none begins with 0.
        let phone = match self.market {
            Market::Home => format!("+2160{:07}", self.number % 10_000_000),
            Market::Abroad => format!("+336399{:05}", 80_000 + self.number % 10_000),
        };
        let mut contacts = LiteMap::from_iter([("sms".into(), phone)]);
        if self.segment != Segment::Consumer || !self.number.is_multiple_of(3) {
            contacts.insert("email".into(), format!("customer{:06}@example.com", self.number));
        }
        if self.has_invoices() {
            contacts.insert("letter".into(), format!("{} Example Street", self.number));
        }
        contacts
    }

    fn services(&self) -> Vec<Service> {
        let line = |at: i64, kind: &str, always_on: bool| Service {
            id: format!("S-{:06}-{at}", self.number).into(),
            kind: Some(kind.to_owned()),
            provider: None,
            always_on,
        };
        let kinds = ["mobile", "fixed", "mobile", "internet"];
        let mut services: Vec<Service> =
            (1..=self.lines).zip(kinds.into_iter().cycle()).map(|(at, kind)| line(at, kind, false)).collect();
        if self.has_alarm {
            services.push(line(self.lines + 1, "alarm", true));
        }
        services
    }
}

/// The id of the account with a number.
pub(super) fn account_id(number: u32) -> AccountId {
    format!("A-{number:06}").into()
}

/// How many minor units one major unit has.
pub(super) fn unit_of(currency: Currency) -> i64 {
    10_i64.pow(u32::from(currency.exponent()))
}

fn segment(people: &People, dice: &mut Dice) -> Segment {
    match Share::of(dice).among([people.business, people.vip]) {
        Some(0) => Segment::Business,
        Some(_) => Segment::Vip,
        None => Segment::Consumer,
    }
}

fn mode(people: &People, dice: &mut Dice) -> PaymentMode {
    match Share::of(dice).among([people.prepaid, people.hybrid]) {
        Some(0) => PaymentMode::Prepaid,
        Some(_) => PaymentMode::Hybrid,
        None => PaymentMode::Postpaid,
    }
}

/// Its credit limit, which also caps its spending, in tens of major units.
fn spending_tens(segment: Segment, dice: &mut Dice) -> i64 {
    match segment {
        Segment::Consumer => dice.between(3..=12),
        Segment::Business => dice.between(20..=200),
        Segment::Vip => dice.between(20..=80),
    }
}

/// A throw that falls to one of several shares of a thousand, or to what they leave.
pub(super) struct Share(u64);

impl Share {
    pub(super) fn of(dice: &mut Dice) -> Self {
        Self(dice.below(1_000))
    }

    /// The place of the share it falls to, counted from 0.
    pub(super) fn among<const N: usize>(self, shares: [PerMille; N]) -> Option<usize> {
        let mut end = 0;
        shares.iter().position(|share| {
            end += u64::from(share.get());
            self.0 < end
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throw_falls_to_the_share_it_lies_in() {
        let shares = [PerMille::new(100), PerMille::NEVER, PerMille::new(200)];
        let falls = |throw: u64| Share(throw).among(shares);
        assert_eq!([falls(0), falls(99), falls(100), falls(299)], [Some(0), Some(0), Some(2), Some(2)]);
        assert_eq!([falls(300), falls(999)], [None, None]);
    }

    #[test]
    fn the_two_markets_have_currencies_with_different_decimals_and_zones_that_exist() {
        let decimals = [Market::Home, Market::Abroad].map(|market| market.currency().exponent());
        assert_eq!(decimals, [3, 2]);
        let zones = [Market::Home, Market::Abroad].map(|market| market.zone().name());
        assert_eq!(zones, ["Africa/Tunis", "Europe/Paris"]);
    }
}
