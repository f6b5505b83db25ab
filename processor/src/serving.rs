//! The HTTP API of this process: what it answers out of, and where it listens.
//!
//! What is answered is `api`'s business, what is read `engine`'s.

use crate::config::{Api, Config};
use api::accounts::{Looked, Unread};
use api::owners::Alone;
use api::serving::Sources;
use api::{ApiError, Server};
use connectors::kafka::KafkaLog;
use decision::ids::DebtorId;
use engine::Reading;
use engine::announcing::{Announcing, Around, AtWork, Fleet};
use engine::reading::NotRead;
use miette::IntoDiagnostic;
use schemas::HistoryLine;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

/// What is read of accounts here. Before the instance has joined the group nothing is.
#[derive(Default)]
pub(crate) struct Accounts {
    reading: OnceLock<Arc<Reading>>,
}

impl Accounts {
    /// From now on this is read.
    pub(crate) fn read_from(&self, reading: Arc<Reading>) {
        let _ = self.reading.set(reading);
    }

    fn reading(&self) -> Result<&Reading, Unread> {
        self.reading.get().map(|reading| &**reading).ok_or(Unread::NotBegun)
    }
}

impl api::accounts::Accounts for Accounts {
    fn debtor(&self, id: &DebtorId) -> Result<Looked, Unread> {
        let looked = self.reading()?.debtor(id).map_err(unread)?;
        Ok(Looked {
            debtor: looked.debtor,
            moment: looked.moment,
            policies: looked.policies,
            policy_revision: looked.policy_revision,
        })
    }

    fn history(
        &self,
        id: &DebtorId,
        before: Option<i64>,
        at_most: usize,
    ) -> Result<Vec<HistoryLine>, Unread> {
        self.reading()?.history(id, before, at_most).map_err(unread)
    }
}

fn unread(error: NotRead) -> Unread {
    match error {
        NotRead::NotHere { partition } => Unread::NotHere { partition },
        error @ (NotRead::Store { .. } | NotRead::Form { .. }) => {
            tracing::error!(error = &error as &dyn std::error::Error, "an account cannot be read");
            Unread::Failed
        }
    }
}

/// The instances around this one, as far as they have said what they work on.
#[derive(Default)]
pub(crate) struct Others {
    fleet: OnceLock<(Arc<str>, Fleet)>,
}

impl Others {
    /// Says to the others what this instance works on, and hears them. Without an address of its own it says nothing,
    /// and answers for what it works on alone. It says so until what is answered here is dropped.
    ///
    /// # Errors
    /// When the machine gives no more threads.
    pub(crate) fn meet(
        &self,
        config: &Config,
        server: &Server,
        around: Around<KafkaLog>,
        reading: Arc<Reading>,
    ) -> miette::Result<Option<Announcing>> {
        let Some(url) = config.api.url_at(server.address()) else {
            tracing::info!(
                "the API answers for accounts of this instance alone: others do not hear of it without `[api] url`"
            );
            return Ok(None);
        };
        let at_work: AtWork = Arc::new(move || reading.at_work());
        let announcing = Announcing::start(around, url.clone(), at_work).into_diagnostic()?;
        let _ = self.fleet.set((url.into(), announcing.fleet().clone()));
        Ok(Some(announcing))
    }
}

impl api::owners::Owners for Others {
    fn owner_of(&self, partition: u32) -> Option<Arc<str>> {
        let (own, fleet) = self.fleet.get()?;
        // What it has said itself and does not work on any more is on its way.
        fleet.owner_of(partition).filter(|owner| owner != own)
    }
}

/// Serves the API of an instance that is alone.
///
/// # Errors
/// When the address cannot be listened on.
pub(crate) fn serve(address: SocketAddr, accounts: Arc<Accounts>) -> Result<Server, ApiError> {
    api::serving::serve(address, Sources { accounts, owners: Arc::new(Alone) })
}

/// Serves the API. Where its address is taken that nobody asked for, Weir does without: accounts are decided on
/// whether or not anybody can ask about them.
pub(crate) fn start(
    settings: &Api,
    accounts: Arc<Accounts>,
    owners: Arc<Others>,
) -> miette::Result<Option<Server>> {
    match api::serving::serve(settings.listen, Sources { accounts, owners }) {
        Ok(server) => {
            tracing::info!(
                api = %server.address(),
                "the API asks nobody who they are, and is served on the loopback only"
            );
            Ok(Some(server))
        }
        Err(ApiError::Listen { address, source }) if !settings.is_asked_for => {
            tracing::warn!(%address, error = %source, "the API is not served: set `[api] listen` to another address");
            Ok(None)
        }
        Err(error) => Err(error).into_diagnostic(),
    }
}
