//! The API as a whole: its paths, what describes them, and what becomes of paths that are not there.

use crate::accounts::{self, Accounts};
use crate::controls::{self, Orders};
use crate::held;
use crate::instances::{self, Instances};
use crate::limits::{self, Limits};
use crate::lists::{self, Lists};
use crate::owners::{Forwarding, Owners};
use crate::policies::{self, Versions};
use crate::problem::Problem;
use crate::rejects::{self, Rejects};
use crate::server::Bounds;
use crate::tls::Tls;
use crate::who::door::{self, Door};
use crate::who::followed::Looks;
use crate::who::oidc::sign_in::SignIn;
use crate::who::{self, Authority, audit};
use crate::{ApiError, Server};
use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::Semaphore;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// What the API answers out of.
pub struct Sources {
    /// Whoever keeps the accounts.
    pub accounts: Arc<dyn Accounts>,
    /// Whoever keeps the lists of them.
    pub lists: Arc<dyn Lists>,
    /// Who works on which partition.
    pub owners: Arc<dyn Owners>,
    /// Whoever brings orders to the partitions.
    pub orders: Arc<dyn Orders>,
    /// Whoever knows how the instances stand.
    pub instances: Arc<dyn Instances>,
    /// Whoever reads rejects.
    pub rejects: Arc<dyn Rejects>,
    /// Whoever knows the versions of the policy.
    pub versions: Arc<dyn Versions>,
}

/// Who may come in, and how.
pub struct Access {
    /// Whoever knows people.
    pub authority: Arc<dyn Authority>,
    /// How often each of them may ask, in questions a second; at once, twice as many.
    pub rate_per_second: NonZeroU32,
    /// The listener's certificate; without one it speaks plain HTTP.
    pub tls: Option<Tls>,
}

/// Routes beside the API's own, made out of them: what is asked of the router that it is given goes the way of any
/// question, with whoever asks found out, bounded, noted and handed on. The person stands in the answer's extensions.
pub type Beside = fn(Made) -> Router;

/// What routes beside the API are made out of.
pub struct Made {
    /// The API.
    pub api: Router,
    /// Whether it is served over TLS.
    pub tls: bool,
    /// How people sign in by an identity provider, where they can.
    pub sign_in: Option<Arc<SignIn>>,
}

/// What all handlers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) lists: Arc<dyn Lists>,
    pub(crate) forwarding: Forwarding,
    pub(crate) orders: Arc<dyn Orders>,
    pub(crate) instances: Arc<dyn Instances>,
    pub(crate) rejects: rejects::Gate,
    pub(crate) versions: Arc<dyn Versions>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Weir",
        description = "What a running Weir knows of accounts. Any instance answers for any account.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "accounts", description = "How an account stands, and why"),
        (name = "operations", description = "How Weir itself stands, and what it declined"),
        (name = "policies", description = "By what is decided: the versions of the policy")
    )
)]
struct Document;

/// Serves the API on `address`, with what is made beside it; port 0 takes a free one.
///
/// # Errors
/// When the address cannot be listened on.
pub fn serve(
    address: SocketAddr,
    sources: Sources,
    access: Access,
    beside: Beside,
) -> Result<Server, ApiError> {
    serve_within(address, sources, access, (Limits::default(), Bounds::default()), beside)
}

fn serve_within(
    address: SocketAddr,
    sources: Sources,
    access: Access,
    (limits, bounds): (Limits, Bounds),
    beside: Beside,
) -> Result<Server, ApiError> {
    let forwarding = Forwarding::new(sources.owners).map_err(ApiError::Client)?;
    let shared = Shared {
        accounts: sources.accounts,
        lists: sources.lists,
        forwarding,
        orders: sources.orders,
        instances: sources.instances,
        rejects: rejects::Gate::of(sources.rejects),
        versions: sources.versions,
    };
    let sign_in = access.authority.sign_in();
    let door = Arc::new(Door::new(access.authority, access.rate_per_second));
    let api = router(shared, door, limits);
    let tls = access.tls.is_some();
    // A page holds no place among the questions that are answered at once: those that it asks do.
    let beside = beside(Made { api: api.clone(), tls, sign_in })
        .layer(DefaultBodyLimit::max(limits::LARGEST_BODY))
        .layer(from_fn(limits::room));
    let router = beside.fallback_service(api);
    Server::start("weir-api", address, router, access.tls, bounds)
}

/// Who asks is found out before anything else is, but for what the document says; that a question is noted lies
/// about the time that it may take.
fn router(shared: Shared, door: Arc<Door>, limits: Limits) -> Router {
    let bounded = |routes: OpenApiRouter<Shared>| {
        routes.route_layer(from_fn_with_state(limits, limits::time)).route_layer(from_fn(limits::no_body))
    };
    let asked = bounded(routes())
        .route_layer(from_fn_with_state(Looks::default(), audit::note))
        .merge(bounded(of_no_account()))
        .split_for_parts()
        .0
        .with_state(shared)
        .fallback(|| async { Problem::no_page() })
        .method_not_allowed_fallback(|| async { Problem::no_method() })
        .layer(from_fn_with_state(door, door::ask));
    // Once: whoever asks for it is not known, and may ask often.
    let document = Bytes::from(serde_json::to_vec(&document()).unwrap_or_default());
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Router::new()
        .route("/openapi.json", get(move || async move { (json, document) }))
        .method_not_allowed_fallback(|| async { Problem::no_method() })
        .merge(asked)
        .layer(DefaultBodyLimit::max(limits::LARGEST_BODY))
        .layer(from_fn_with_state(Arc::new(Semaphore::new(limits.at_once)), limits::at_once))
        .layer(from_fn(limits::room))
}

/// The API's description, as `/openapi.json` serves it.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = routes().merge(of_no_account()).to_openapi();
    who::describe(&mut document);
    document
}

/// What tells of accounts: each look is noted.
fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(accounts::routes())
        .merge(lists::routes())
        .merge(controls::routes())
        .merge(rejects::routes())
        .merge(held::routes())
}

/// What tells of no account, and is asked every other second by whoever looks at a page of it.
fn of_no_account() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().merge(instances::routes()).merge(policies::routes()).merge(lists::counting())
}

#[cfg(test)]
mod tests;
