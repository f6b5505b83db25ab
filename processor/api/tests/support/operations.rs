//! How an instance stands, and rejects, as tests say it.

use super::PARTITION;
use api::instances::Instances;
use api::instances::told::{Figures, Instance, Partition, Standing, State};
use api::rejects::told::{CameFrom, Reject, RejectDetails, RejectPage, ResendOutcome, Resent, SentTo};
use api::rejects::{Filter, NotDone, Place, Rejects};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// The partitions that an instance shows, the others that it knows of, what it waits for, and whether another one has
/// its url.
#[derive(Default)]
pub struct Shown {
    pub partitions: Mutex<Vec<u32>>,
    pub others: Mutex<Vec<Arc<str>>>,
    pub waits_for: Mutex<Option<String>>,
    pub shares_url: AtomicBool,
}

impl Instances for Shown {
    fn here(&self) -> Instance {
        let waits_for = self.waits_for.lock().unwrap().clone();
        let standing = if waits_for.is_some() { Standing::Waiting } else { Standing::Ready };
        let partitions = self.partitions.lock().unwrap().iter().copied().map(partition).collect();
        let figures = Figures { events_per_second: Some(12.5), partitions, ..Figures::default() };
        Instance {
            url: None,
            this_one: true,
            standing,
            waits_for,
            shares_url: self.shares_url.load(Ordering::SeqCst),
            claims: Vec::new(),
            figures: Some(figures),
        }
    }

    fn others(&self) -> Vec<Arc<str>> {
        self.others.lock().unwrap().clone()
    }
}

pub fn partition(number: u32) -> Partition {
    Partition {
        partition: number,
        state: State::Restoring,
        restore_records: Some(500),
        restore_seconds: Some(2.5),
        lag_seconds: None,
        timer_lateness_seconds: 0.0,
        queued_records: 3,
        cached_debtors: 7,
        waiting_commands: 0,
        held_commands: 0,
        breaker_open: false,
        put_off: 0,
        policy_revision: 4,
    }
}

/// Rejects of which one lies in each partition, at offset 7, about `A-1`; and what was asked of them.
#[derive(Default)]
pub struct Declined {
    pub asked: Mutex<Vec<(Filter, usize)>>,
    pub sent: Mutex<Vec<(Place, bool)>>,
    /// Why nothing is done.
    pub fails: Mutex<Option<NotDone>>,
    /// Locked by a test that keeps questions waiting.
    pub waits: Mutex<()>,
}

impl Declined {
    fn check(&self, place: Place) -> Result<(), NotDone> {
        drop(self.waits.lock().unwrap());
        let fails = *self.fails.lock().unwrap();
        fails.map_or(if place.offset == 7 { Ok(()) } else { Err(NotDone::NotThere) }, Err)
    }
}

impl Declined {
    fn resend_one(&self, place: Place, even_known: bool) -> Result<Resent, NotDone> {
        let not_sent = |outcome, account_id| Resent { outcome, sent_to: None, account_id };
        match self.check(place) {
            Ok(()) => {}
            Err(NotDone::NotThere) => return Ok(not_sent(ResendOutcome::NotThere, None)),
            Err(why) => return Err(why),
        }
        self.sent.lock().unwrap().push((place, even_known));
        let account_id = Some("A-1".to_owned());
        if !even_known {
            return Ok(not_sent(ResendOutcome::Known, account_id));
        }
        let to = SentTo { topic: "controls".to_owned(), partition: PARTITION };
        Ok(Resent { outcome: ResendOutcome::Sent, sent_to: Some(to), account_id })
    }
}

pub fn reject(place: Place) -> Reject {
    Reject {
        partition: place.partition,
        offset: place.offset,
        reason: "unknown_plan".to_owned(),
        detail: "there is no plan of this name".to_owned(),
        came_from: Some(CameFrom { topic: "controls".to_owned(), partition: PARTITION, offset: 3 }),
        rejected_at: "2026-03-20T07:00:00Z".to_owned(),
        logged_at: None,
        event_id: Some("E-1".to_owned()),
        account_id: Some("A-1".to_owned()),
        debtor_id: Some("A-1".to_owned()),
        id_is_known: true,
    }
}

impl Rejects for Declined {
    fn list(&self, filter: &Filter, most: usize, _: Instant) -> Result<RejectPage, NotDone> {
        self.asked.lock().unwrap().push((filter.clone(), most));
        let place = Place { partition: PARTITION, offset: 7 };
        self.check(place)?;
        Ok(RejectPage { items: vec![reject(place)], older: 3, whole: true })
    }

    fn one(&self, place: Place, _: Instant) -> Result<RejectDetails, NotDone> {
        self.check(place)?;
        let event = Some(serde_json::json!({ "event": "control" }));
        Ok(RejectDetails { reject: reject(place), event, key_hex: Some("4131".to_owned()), value_hex: None })
    }

    fn resend(&self, places: &[Place], even_known: bool, _: Instant) -> Result<Vec<Resent>, NotDone> {
        places.iter().map(|place| self.resend_one(*place, even_known)).collect()
    }
}
