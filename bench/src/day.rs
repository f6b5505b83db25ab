//! The day that is measured: the load test's profile `mixed`, event after event.

use crate::Fault;
use decision::time::Timestamp;
use decision::{Debtor, Event, Input, Moment, Policies, decide};
use loadtest::load::{Events, Profile, Schedule, Size, YARDSTICK_POLICY};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// Hot accounts: as many as a task of a busy partition keeps decoded, and more postpaid ones among them
/// than have a debt at once.
const ACCOUNTS: NonZeroU32 = NonZeroU32::new(5_000).unwrap();
/// How many events come in a second, as their times say.
const A_SECOND: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
const PRELOAD_A_SECOND: NonZeroU32 = NonZeroU32::new(5_000).unwrap();
/// When the day begins.
const BEGIN: Timestamp = Timestamp(1_790_000_000_000_000);

/// The events of a day, in order.
pub struct Day {
    schedule: Schedule,
    events: Events,
    end_us: u64,
}

impl Day {
    /// A day, at its beginning: each account is told of first.
    ///
    /// # Errors
    /// When the profile that comes with the load test is none.
    pub fn begin() -> Result<Self, Fault> {
        let text = Profile::shipped("mixed").ok_or("there is no profile mixed")?;
        let profile = Profile::parse("mixed", text)?;
        let mut schedule = Schedule::new(profile, Size { accounts: ACCOUNTS, seed: 11 })?;
        let end_us = schedule.begin_preload(0, PRELOAD_A_SECOND);
        Ok(Self { schedule, events: Events::new(BEGIN)?, end_us })
    }

    /// The next events, so many.
    ///
    /// # Errors
    /// When there are too few accounts, which there are not.
    pub fn next(&mut self, count: usize) -> Result<Vec<Event>, Fault> {
        let mut events = Vec::with_capacity(count);
        while events.len() < count {
            if let Some(planned) = self.schedule.next() {
                events.push(self.events.event(&planned));
            } else {
                self.end_us = self.schedule.begin_step(self.end_us, A_SECOND, Duration::from_secs(3_600))?;
            }
        }
        Ok(events)
    }

    /// How many events tell each account once: the first ones.
    #[must_use]
    pub fn accounts() -> usize {
        usize::try_from(ACCOUNTS.get()).unwrap_or(usize::MAX)
    }
}

/// The policy that the day is decided under.
pub(crate) fn policies() -> Result<Arc<Policies>, Fault> {
    let loaded = policy::parse("yardstick.policy.yaml", YARDSTICK_POLICY);
    let loaded = loaded.map_err(|report| format!("{report:?}"))?;
    Ok(Arc::new(loaded.policy.into()))
}

/// The core alone at work on the day, without any timers: those would need a clock.
pub(crate) struct Core {
    pub(crate) day: Day,
    pub(crate) policies: Arc<Policies>,
    pub(crate) debtors: HashMap<String, Debtor>,
}

impl Core {
    /// All accounts are told, and some of the day has passed.
    pub(crate) fn warm() -> Result<Self, Fault> {
        let mut core = Self { day: Day::begin()?, policies: policies()?, debtors: HashMap::new() };
        let events = core.day.next(Day::accounts() + 100_000)?;
        for event in &events {
            core.decide(event);
        }
        Ok(core)
    }

    pub(crate) fn decide(&mut self, event: &Event) -> bool {
        let now = event.occurred_at;
        let debtor = self.debtors.get_mut(event.debtor());
        let debtor = match debtor {
            Some(debtor) => debtor,
            None => {
                let id = event.debtor();
                self.debtors.entry(id.to_owned()).or_insert_with(|| Debtor::new(id.into()))
            }
        };
        let decisions = decide(debtor, Input::Event(event), Moment { now, horizon: now }, &self.policies);
        std::hint::black_box(&decisions);
        decisions.changed
    }
}
