//! An instance that has only begun: it knows of no account, and says so.

use api::accounts::{Accounts, Looked, Unread};
use api::controls::{NotGiven, Orders};
use api::held::{Held, Judgement};
use api::instances::Instances;
use api::instances::told::{Instance, Standing};
use api::lists::asked::Filter;
use api::lists::counts::Count;
use api::lists::{Listed, Lists, Partitions, Place};
use api::owners::Alone;
use api::policies::{Known, Versions};
use api::rejects::told::{RejectDetails, RejectPage, Resent};
use api::rejects::{Filter as RejectFilter, NotDone, Place as RejectPlace, Rejects};
use api::serving::Sources;
use decision::Event;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use schemas::HistoryLine;
use std::sync::Arc;
use std::time::Instant;

/// Accounts of an instance that has only begun.
struct Begun;

impl Accounts for Begun {
    fn debtor(&self, _: &DebtorId) -> Result<Looked, Unread> {
        Err(Unread::NotBegun)
    }

    fn history(&self, _: &DebtorId, _: Option<i64>, _: usize) -> Result<Vec<HistoryLine>, Unread> {
        Err(Unread::NotBegun)
    }
}

impl Lists for Begun {
    fn partitions(&self) -> Result<Partitions, Unread> {
        Err(Unread::NotBegun)
    }

    fn listed(&self, _: &[u32], _: &Filter, _: Option<&Place>, _: usize) -> Result<Listed, Unread> {
        Err(Unread::NotBegun)
    }

    fn counts(&self, _: &[u32]) -> Result<Vec<Count>, Unread> {
        Err(Unread::NotBegun)
    }

    fn held(&self, _: &[u32], _: usize) -> Result<Held, Unread> {
        Err(Unread::NotBegun)
    }
}

impl Versions for Begun {
    fn versions(&self) -> Result<Known, Unread> {
        Err(Unread::NotBegun)
    }
}

impl Orders for Begun {
    fn now(&self) -> Timestamp {
        Timestamp::EARLIEST
    }

    fn give(&self, _: &Event) -> Result<(), NotGiven> {
        Err(NotGiven)
    }

    fn judge(&self, _: &Judgement) -> Result<(), NotGiven> {
        Err(NotGiven)
    }
}

impl Instances for Begun {
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

impl Rejects for Begun {
    fn list(&self, _: &RejectFilter, _: usize, _: Instant) -> Result<RejectPage, NotDone> {
        Ok(RejectPage { items: Vec::new(), older: 0, whole: true })
    }

    fn one(&self, _: RejectPlace, _: Instant) -> Result<RejectDetails, NotDone> {
        Err(NotDone::NotThere)
    }

    fn resend(&self, _: &[RejectPlace], _: bool, _: Instant) -> Result<Vec<Resent>, NotDone> {
        Err(NotDone::NotThere)
    }
}

/// What it answers out of.
pub(crate) fn sources() -> Sources {
    Sources {
        accounts: Arc::new(Begun),
        lists: Arc::new(Begun),
        owners: Arc::new(Alone),
        orders: Arc::new(Begun),
        instances: Arc::new(Begun),
        rejects: Arc::new(Begun),
        versions: Arc::new(Begun),
    }
}
