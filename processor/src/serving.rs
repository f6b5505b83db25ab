//! The HTTP API of this process: what it answers out of, and where it listens.
//!
//! What is answered is `api`'s business, what is read `engine`'s.

mod counting;
mod held;
pub(crate) mod instances;
mod lists;
pub(crate) mod rejects;
mod versions;

pub(crate) use versions::GoesBy;

use crate::clock::SystemClock;
use crate::config::{self, Api, Config};
use api::accounts::{Looked, Unread};
use api::controls::Orders;
use api::held::Held;
use api::instances::Instances;
use api::lists::asked::Filter;
use api::lists::counts::Count;
use api::lists::{Listed, Partitions, Place};
use api::owners::{Alone, Owner, Owners};
use api::rejects::Rejects;
use api::serving::{Access, Sources};
use api::tls::Tls;
use api::who::oidc::{Both, Oidc};
use api::who::tokens::Tokens;
use api::who::{Authority, Open};
use api::{ApiError, Server};
use connectors::kafka::KafkaLog;
use decision::ids::DebtorId;
use engine::Reading;
use engine::announcing::{Announcing, Around, AtWork, Fleet};
use engine::lists::Position;
use engine::reading::NotRead;
use miette::IntoDiagnostic;
use schemas::{HistoryLine, Registry};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// What is read of accounts here. Before the instance has joined the group nothing is.
#[derive(Default)]
pub(crate) struct Accounts {
    reading: OnceLock<Arc<Reading>>,
    counting: counting::Counting,
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
        self.reading()?.debtor(id).map(as_told).map_err(unread)
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

impl api::lists::Lists for Accounts {
    fn partitions(&self) -> Result<Partitions, Unread> {
        let reading = self.reading()?;
        Ok(Partitions { count: reading.partitions(), at_work: reading.at_work() })
    }

    fn listed(
        &self,
        partitions: &[u32],
        filter: &Filter,
        from: Option<&Place>,
        at_most: usize,
    ) -> Result<Listed, Unread> {
        let asked = lists::asked(filter, from, at_most);
        let found = self.reading()?.listed(partitions, &asked).map_err(unread)?;
        let line = |(position, looked): (Position, engine::reading::Looked)| {
            (Place { rank: position.rank, debtor: position.debtor }, as_told(looked))
        };
        let next = found.next.map(|next| Place { rank: next.rank, debtor: next.debtor });
        Ok(Listed { lines: found.lines.into_iter().map(line).collect(), next })
    }

    fn counts(&self, partitions: &[u32]) -> Result<Vec<Count>, Unread> {
        self.counting.of(self.reading()?, partitions).map_err(unread)
    }

    fn held(&self, partitions: &[u32], at_most: usize) -> Result<Held, Unread> {
        self.reading()?.held(partitions, at_most).map(held::told).map_err(unread)
    }
}

fn as_told(looked: engine::reading::Looked) -> Looked {
    Looked {
        debtor: looked.debtor,
        moment: looked.moment,
        policies: looked.policies,
        policy_revision: looked.policy_revision,
    }
}

fn unread(error: NotRead) -> Unread {
    match error {
        NotRead::NotHere { partition } => Unread::NotHere { partition },
        NotRead::Form { partition, source } if source.is_retryable() => {
            tracing::warn!(
                partition,
                error = &source as &dyn std::error::Error,
                "an account cannot be read now"
            );
            Unread::NotHere { partition }
        }
        error @ (NotRead::Store { .. } | NotRead::Form { .. }) => {
            tracing::error!(error = &error as &dyn std::error::Error, "an account cannot be read");
            Unread::Failed
        }
    }
}

/// The instances around this one, as far as they have said what they work on.
#[derive(Default)]
pub(crate) struct Others {
    met: OnceLock<Met>,
}

/// Whether the others are heard.
enum Met {
    /// They are, and this one is known to them by this address.
    Fleet(Arc<str>, Fleet),
    /// They are not: this one has no address of its own, or has failed to meet them.
    Nobody,
}

impl Others {
    /// Says to the others what this instance works on, and hears them, for as long as what is answered here lives.
    /// Without an address of its own it says nothing, and answers for what it works on alone. So it does where it
    /// fails: accounts are decided on whether or not anybody can ask about them.
    pub(crate) fn meet(
        &self,
        config: &Config,
        server: &Server,
        (registry, clock): (&Arc<dyn Registry>, &Arc<SystemClock>),
        reading: Arc<Reading>,
    ) -> Option<Announcing> {
        let announcing = config.api.url_at(server.address()).and_then(|url| {
            let around = Around {
                log: Arc::new(KafkaLog::new(config.kafka.clone()).map_err(cannot_meet).ok()?),
                names: config.topics.clone(),
                registry: registry.clone(),
                clock: clock.clone(),
                threads: Arc::new(engine::OsThreads),
            };
            let at_work: AtWork = Arc::new(move || reading.at_work());
            let announcing = Announcing::start(around, url.clone(), at_work).map_err(cannot_meet).ok()?;
            Some((url, announcing))
        });
        let Some((url, announcing)) = announcing else {
            tracing::info!(
                "the API answers for what this instance works on alone: others do not hear of it without `[api] url`"
            );
            let _ = self.met.set(Met::Nobody);
            return None;
        };
        let _ = self.met.set(Met::Fleet(url.into(), announcing.fleet().clone()));
        Some(announcing)
    }
}

fn cannot_meet(error: impl std::error::Error + 'static) {
    tracing::error!(
        error = &error as &dyn std::error::Error,
        "what this instance works on cannot be announced"
    );
}

impl Owners for Others {
    fn owner_of(&self, partition: u32) -> Owner {
        match self.met.get() {
            Some(Met::Nobody) => Owner::Unheard,
            // It has only begun.
            None => Owner::Nobody,
            // What this one has said itself and does not work on any more is on its way.
            Some(Met::Fleet(own, fleet)) => {
                let owner = fleet.owner_of(partition).filter(|owner| owner != own);
                owner.map_or(Owner::Nobody, Owner::At)
            }
        }
    }
}

/// What the API answers out of beside the accounts.
pub(crate) struct Beside {
    pub(crate) orders: Arc<dyn Orders>,
    pub(crate) instances: Arc<dyn Instances>,
    pub(crate) rejects: Arc<dyn Rejects>,
    pub(crate) versions: Arc<GoesBy>,
}

impl Beside {
    fn and(self, accounts: Arc<Accounts>, owners: Arc<dyn Owners>) -> Sources {
        let Self { orders, instances, rejects, versions } = self;
        Sources { lists: accounts.clone(), accounts, owners, orders, instances, rejects, versions }
    }
}

/// Serves the API of an instance that is alone: to those of a token file, where there is one.
///
/// # Errors
/// When the address cannot be listened on, or the file is wrong.
pub(crate) fn serve(
    address: SocketAddr,
    tokens: Option<&Path>,
    accounts: Arc<Accounts>,
    beside: Beside,
) -> miette::Result<Server> {
    let tokens = tokens.map(|file| Tokens::of_file(file, config::tokens)).transpose();
    let authority: Arc<dyn Authority> = match tokens.map_err(|problem| *problem)? {
        Some(tokens) => Arc::new(tokens),
        None => Arc::new(Open),
    };
    let access = Access { authority, rate_per_second: config::API_RATE, tls: None };
    let sources = beside.and(accounts, Arc::new(Alone));
    api::serving::serve(address, sources, access, console::beside).into_diagnostic()
}

/// Serves the API. Where its address is taken that nobody asked for, Weir does without. One that the configuration asks
/// for and that is not to be had is told at once, and not when somebody asks in vain.
pub(crate) fn start(
    settings: &Api,
    accounts: Arc<Accounts>,
    owners: Arc<Others>,
    beside: Beside,
) -> miette::Result<Option<Server>> {
    match api::serving::serve(
        settings.listen,
        beside.and(accounts, owners),
        access(settings)?,
        console::beside,
    ) {
        Ok(server) => {
            tell(settings, &server);
            Ok(Some(server))
        }
        Err(ApiError::Listen { address, source }) if !settings.is_asked_for => {
            tracing::warn!(%address, error = %source, "the API is not served: set `[api] listen` to another address");
            Ok(None)
        }
        Err(error) => Err(error).into_diagnostic(),
    }
}

/// Who may come in, and how, as the configuration says.
fn access(settings: &Api) -> miette::Result<Access> {
    let tokens = settings.tokens.as_ref().map(|file| Tokens::of_file(file, config::tokens));
    let tokens = tokens.transpose().map_err(|problem| *problem)?;
    let provider = settings.oidc.clone().map(Oidc::start).transpose().into_diagnostic()?;
    let authority: Arc<dyn Authority> = match (tokens, provider) {
        (Some(tokens), Some(provider)) => Arc::new(Both { tokens, provider }),
        (Some(tokens), None) => Arc::new(tokens),
        (None, Some(provider)) => Arc::new(provider),
        (None, None) => Arc::new(Open),
    };
    let tls = settings.tls.as_ref().map(|files| Tls::of_files(&files.certificate, &files.key));
    Ok(Access {
        authority,
        rate_per_second: settings.rate_per_second,
        tls: tls.transpose().into_diagnostic()?,
    })
}

/// Says where it is served, and what whoever runs it may not have meant.
fn tell(settings: &Api, server: &Server) {
    let (api, tls) = (server.address(), settings.tls.is_some());
    if settings.tokens.is_none() && settings.oidc.is_none() {
        tracing::info!(%api, tls, "the API asks nobody who they are, and is served on the loopback only");
        return;
    }
    let issuer = settings.oidc.as_ref().map(|oidc| &*oidc.issuer);
    tracing::info!(%api, tls, issuer, "the API is served to those who have a token");
    if !tls && !api.ip().is_loopback() {
        tracing::warn!(
            %api,
            "tokens come to the API in the clear: name `tls_certificate_file` and `tls_key_file` in [api], unless a \
             proxy before it speaks TLS"
        );
    }
    if !tracing::enabled!(target: "audit", tracing::Level::INFO) {
        tracing::warn!("who looks at accounts is not in the log: add `audit=info` to `[log] level`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};
    use std::num::NonZeroU32;
    use std::path::PathBuf;

    struct NoOrders;

    impl Orders for NoOrders {
        fn now(&self) -> decision::time::Timestamp {
            decision::time::Timestamp::EARLIEST
        }

        fn give(&self, _: &decision::Event) -> Result<(), api::controls::NotGiven> {
            Err(api::controls::NotGiven)
        }

        fn judge(&self, _: &api::held::Judgement) -> Result<(), api::controls::NotGiven> {
            Err(api::controls::NotGiven)
        }
    }

    impl Instances for NoOrders {
        fn here(&self) -> api::instances::told::Instance {
            api::instances::told::Instance {
                url: None,
                this_one: true,
                standing: api::instances::told::Standing::Waiting,
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

    /// Nothing is ordered, and nothing was declined.
    fn nothing() -> Beside {
        let declined = rejects::Declined {
            log: Arc::new(connectors::memory::MemoryLog::new()),
            group: "weir".to_owned(),
            names: schemas::TopicNames::default(),
            registry: Arc::new(schemas::StaticRegistry::new()),
            clock: Arc::new(SystemClock::new()),
            sending: std::sync::Mutex::default(),
        };
        Beside {
            orders: Arc::new(NoOrders),
            instances: Arc::new(NoOrders),
            rejects: Arc::new(declined),
            versions: Arc::default(),
        }
    }

    fn settings(tokens: PathBuf) -> Api {
        Api {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            url: None,
            is_asked_for: true,
            tokens: Some(tokens),
            oidc: None,
            tls: None,
            rate_per_second: NonZeroU32::new(50).unwrap(),
        }
    }

    fn ask(server: &Server, token: &str) -> String {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        let said = format!("Host: weir\r\nConnection: close\r\nAuthorization: Bearer {token}");
        write!(stream, "GET /v1/accounts/A-1 HTTP/1.1\r\n{said}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn whoever_has_a_token_of_the_file_is_let_in_and_a_wrong_file_is_told_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.toml");
        let token = api::who::tokens::fresh().unwrap();
        std::fs::write(&file, config::token_lines("anna", "manager", &[], &token).unwrap()).unwrap();
        let server =
            start(&settings(file.clone()), Arc::default(), Arc::default(), nothing()).unwrap().unwrap();
        assert!(
            ask(&server, &token).contains("urn:weir:problem:not-begun"),
            "she is let in, and Weir has only begun"
        );
        assert!(ask(&server, "weir_1").contains("urn:weir:problem:unknown-token"));

        std::fs::write(&file, "[[token]]\nname = \"anna\"\nrole = \"boss\"\nsha256 = \"\"\n").unwrap();
        let Err(told) = start(&settings(file), Arc::default(), Arc::default(), nothing()) else {
            panic!("it is taken")
        };
        assert!(told.to_string().contains("tokens.toml:3: there is no role `boss`"), "{told}");
    }

    #[test]
    fn a_provider_that_does_not_answer_keeps_nobody_of_the_file_out_and_the_start_does_not_wait_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.toml");
        let token = api::who::tokens::fresh().unwrap();
        std::fs::write(&file, config::token_lines("anna", "manager", &[], &token).unwrap()).unwrap();
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let oidc = Some(api::who::oidc::Settings {
            issuer: format!("http://{gone}"),
            audience: "weir".to_owned(),
            jwks_url: None,
            keys_max_age: std::time::Duration::from_secs(3_600),
            name_claim: "sub".to_owned(),
            roles_claim: "roles".to_owned(),
            roles: [].into(),
            segments_claim: "segments".to_owned(),
            client: None,
        });
        let settings = Api { oidc, ..settings(file) };
        let server = start(&settings, Arc::default(), Arc::default(), nothing()).unwrap().unwrap();
        assert!(ask(&server, &token).contains("urn:weir:problem:not-begun"));
        // `{"alg":"RS256","kid":"k"}` and `{}`.
        let signed = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.e30.AAAA";
        assert!(ask(&server, signed).contains("urn:weir:problem:provider-silent"));
    }
}
