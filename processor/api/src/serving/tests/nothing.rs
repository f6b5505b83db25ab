//! An instance of which nothing is to be told, and no rejects.

use crate::instances::Instances;
use crate::instances::told::{Instance, Standing};
use crate::rejects::told::{RejectDetails, RejectPage, ResendOutcome, Resent};
use crate::rejects::{Filter, NotDone, Place, Rejects};
use std::sync::Arc;
use std::time::Instant;

/// It.
pub(super) struct Nothing;

impl Instances for Nothing {
    fn here(&self) -> Instance {
        Instance {
            url: None,
            this_one: true,
            standing: Standing::Ready,
            waits_for: None,
            shares_url: false,
            claims: Vec::new(),
            figures: None,
        }
    }

    fn others(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
}

impl Rejects for Nothing {
    fn list(&self, _: &Filter, _: usize, _: Instant) -> Result<RejectPage, NotDone> {
        Ok(RejectPage { items: Vec::new(), older: 0, whole: true })
    }

    fn one(&self, _: Place, _: Instant) -> Result<RejectDetails, NotDone> {
        Err(NotDone::NotThere)
    }

    fn resend(&self, places: &[Place], _: bool, _: Instant) -> Result<Vec<Resent>, NotDone> {
        let not_there = || Resent { outcome: ResendOutcome::NotThere, sent_to: None, account_id: None };
        Ok(places.iter().map(|_| not_there()).collect())
    }
}
