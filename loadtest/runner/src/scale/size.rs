//! Weir with one number of accounts: told of them all, then events of all alike, then of a few more than of others.

use super::{Measured, Plan};
use crate::backlog::{Drained, Feed, Workplace, topics};
use crate::error::RunError;
use crate::report;
use crate::run;
use crate::site::{Servers, Site};
use crate::subject::Choice;
use loadtest::load::Size;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};

/// All accounts are alike.
const NO_SKEW: f64 = 0.0;

/// How many events a second of the operator's time has, whatever the number of accounts: so that as many invoices are
/// paid within the events that wait, and the work is the same. Ten thousand accounts of an ordinary day have debts
/// enough for it. Far fewer would leave the verification seconds without a command, in which it knows no lag.
const A_SECOND: NonZeroU32 = match NonZeroU32::new(2_500) {
    Some(a_second) => a_second,
    None => NonZeroU32::MIN,
};

/// The stages that each number of accounts goes through.
pub(super) struct Stages<'s> {
    pub(super) plan: &'s Plan,
    pub(super) choice: &'s Choice,
    pub(super) accounts: NonZeroU32,
    pub(super) servers: &'s Servers,
    /// The broker's process.
    pub(super) broker: Option<u32>,
    pub(super) is_over: &'s AtomicBool,
    pub(super) say: &'s dyn Fn(&str),
}

impl Stages<'_> {
    pub(super) fn measure(&self) -> Measured {
        let mut measured = Measured { accounts: self.accounts.get(), ..Measured::default() };
        if let Err(error) = self.go(&mut measured) {
            let text = error.whole();
            (self.say)(&text);
            measured.faults.push(text);
        }
        measured
    }

    fn go(&self, measured: &mut Measured) -> Result<(), RunError> {
        let ground = &self.plan.ground;
        let folder = ground.temporary()?;
        let site = Site::on(self.servers, &format!("scale-{}", self.accounts), ground.partitions)?;
        let place = Workplace {
            choice: self.choice,
            site: &site,
            folder: folder.path(),
            store_memory: ground.store_memory,
            broker: self.broker,
        };
        let done = self.at_work(&place, measured).and_then(|()| self.verify(&site, measured));
        let removed = topics::remove(&site.brokers, &site.prefix);
        // Why it went no further says more than why nothing could be removed after it.
        done.and(removed)
    }

    fn at_work(&self, place: &Workplace<'_>, measured: &mut Measured) -> Result<(), RunError> {
        let (plan, events) = (self.plan, self.plan.events);
        let size = Size { accounts: self.accounts, seed: plan.seed };
        let mut feed = Feed::new(place.site, &plan.profile, size, 2 * events, A_SECOND)?;
        (self.say)("a snapshot of each waits");
        feed.accounts()?;
        measured.fill = Some(self.drained(place)?);
        measured.state_bytes = Some(topics::bytes_in(&place.folder.join("state")));
        for (skew, name, figures) in [
            (NO_SKEW, "of all alike", &mut measured.cold),
            (plan.profile.skew, "of whom the profile has busy", &mut measured.hot),
        ] {
            if self.is_over.load(Ordering::Relaxed) {
                break;
            }
            (self.say)(&format!("{events} events {name} wait"));
            feed.set_skew(skew);
            feed.backlog(events)?;
            *figures = Some(self.drained(place)?);
        }
        Ok(())
    }

    /// Starts it before what waits, and ends it in good order once nothing does.
    fn drained(&self, place: &Workplace<'_>) -> Result<Drained, RunError> {
        let (subject, drained) = place.drain()?;
        subject.stop()?;
        (self.say)(&format!("{:.0} a second, {:.1} µs of CPU each", drained.a_second, drained.processor_us));
        Ok(drained)
    }

    fn verify(&self, site: &Site, measured: &mut Measured) -> Result<(), RunError> {
        let replay_memory = self.plan.verify.then(|| report::free_memory() / 2);
        let Some(verified) = run::verification(self.choice, replay_memory, site, self.say)? else {
            return Ok(());
        };
        measured.faults.extend(verified.fault());
        measured.verified = Some(verified.summary());
        Ok(())
    }
}
