//! The operator: its subscribers, and their days one after the other.

use super::DAY;
use super::dice::Dice;
use super::life::{Today, start_of};
use super::profile::Profile;
use super::subscriber::Subscriber;
use decision::Event;
use decision::time::{Date, Timestamp};
use std::collections::VecDeque;

/// The purpose of the chance that repeats events.
const REPEATS: u64 = 4;
/// How long a repeat takes at most: well within the time for which event ids are remembered.
const LATEST_REPEAT: i64 = 3 * DAY;
/// A prime beyond any number of subscribers: multiplied by it, neighbours lie far apart.
const SCATTER: u64 = 4_294_967_311;
/// Parts of one in a sum of fractions.
const PARTS: u64 = 1_000_000_000;

/// A synthetic operator. Two of one profile give the same events.
#[derive(Clone, Debug)]
pub struct Operator {
    profile: Profile,
    subscribers: Vec<Subscriber>,
    /// Σ 1/rank over all subscribers, in [`PARTS`].
    harmonic: u64,
    /// The next day to be lived.
    next: Date,
    /// What of the days lived so far has not been taken yet.
    waiting: VecDeque<Arrival>,
    /// Repeats that come on a later day.
    repeats: Vec<Arrival>,
}

/// An event on its way, and when it comes.
#[derive(Clone, Debug)]
struct Arrival {
    at: Timestamp,
    event: Event,
}

impl Operator {
    /// The operator of a profile, before its first day.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        let subscribers = (0..profile.subscribers).map(|number| Subscriber::new(&profile, number)).collect();
        let harmonic = (1..=u64::from(profile.subscribers)).map(|rank| PARTS / rank).sum();
        let next = profile.start;
        Self { profile, subscribers, harmonic, next, waiting: VecDeque::new(), repeats: Vec::new() }
    }

    /// What kind of operator it is.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The events up to a moment, without it, in the order in which they come; further calls go on
    /// from there.
    ///
    /// They come in order of `occurred_at`, but for repeats: such a one is an earlier event as it
    /// was, with its id and its time, and comes up to three days later. Who paces by virtual time
    /// goes by the latest time seen.
    pub fn events(&mut self, until: Timestamp) -> impl Iterator<Item = Event> {
        std::iter::from_fn(move || {
            while self.waiting.is_empty() && start_of(self.next) < until {
                self.live_a_day();
            }
            let comes = self.waiting.front().is_some_and(|arrival| arrival.at < until);
            if comes { self.waiting.pop_front().map(|arrival| arrival.event) } else { None }
        })
    }

    /// The events of the next day, or what has not been taken of the one before.
    pub fn next_day(&mut self) -> Vec<Event> {
        if self.waiting.is_empty() {
            self.live_a_day();
        }
        self.waiting.drain(..).map(|arrival| arrival.event).collect()
    }

    fn live_a_day(&mut self) {
        let date = self.next;
        self.next = date.plus_days(1);
        let end = start_of(self.next);
        let (due, later) =
            std::mem::take(&mut self.repeats).into_iter().partition(|repeat: &Arrival| repeat.at < end);
        let mut arrivals: Vec<Arrival> = due;
        self.repeats = later;
        let day = u64::from(date.days().unsigned_abs());
        let mut dice = Dice::of(self.profile.seed, &[REPEATS, day]);
        let rates = Rates { profile: &self.profile, harmonic: self.harmonic };
        for subscriber in &mut self.subscribers {
            let uses_milli = rates.of(subscriber.number);
            for event in subscriber.live(Today { profile: &self.profile, date, uses_milli }) {
                let at = event.occurred_at;
                if dice.chance(self.profile.trouble.repeated) {
                    let again =
                        Arrival { at: at.plus_micros(dice.between(1..=LATEST_REPEAT)), event: event.clone() };
                    if again.at < end { arrivals.push(again) } else { self.repeats.push(again) }
                }
                arrivals.push(Arrival { at, event });
            }
        }
        // Stable, so that events of one moment stay in the order of the accounts and their deeds.
        arrivals.sort_by_key(|arrival| arrival.at);
        self.waiting = arrivals.into();
    }
}

/// How busy each subscriber is.
struct Rates<'a> {
    profile: &'a Profile,
    harmonic: u64,
}

impl Rates<'_> {
    /// How often a subscriber uses something a day, in thousandths: as Zipf has it, with ranks that
    /// lie scattered over the numbers.
    fn of(&self, number: u32) -> u64 {
        let all = u128::from(self.profile.subscribers.max(1));
        let offset = u128::from(self.profile.seed);
        let rank = (u128::from(number) * u128::from(SCATTER) + offset) % all + 1;
        let parts = u128::from(self.profile.usage.per_day_milli) * all * u128::from(PARTS);
        u64::try_from(parts / (rank * u128::from(self.harmonic.max(1)))).unwrap_or(u64::MAX)
    }
}
