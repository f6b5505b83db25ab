//! The API as a whole: its paths, what describes them, and what becomes of paths that are not there.

use crate::accounts::{self, Accounts};
use crate::owners::{Forwarding, Owners};
use crate::problem::Problem;
use crate::{ApiError, Server};
use axum::Json;
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// What the API answers out of.
pub struct Sources {
    /// Whoever keeps the accounts.
    pub accounts: Arc<dyn Accounts>,
    /// Who works on which partition.
    pub owners: Arc<dyn Owners>,
}

/// What all handlers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) forwarding: Forwarding,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Weir",
        description = "What a running Weir knows of accounts. Any instance answers for any account.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags((name = "accounts", description = "How an account stands, and why"))
)]
struct Document;

/// Serves the API on `address`; port 0 takes a free one.
///
/// # Errors
/// When the address cannot be listened on.
pub fn serve(address: SocketAddr, sources: Sources) -> Result<Server, ApiError> {
    let forwarding = Forwarding::new(sources.owners).map_err(ApiError::Client)?;
    let shared = Shared { accounts: sources.accounts, forwarding };
    let (router, document) = routes().split_for_parts();
    let document = Arc::new(document);
    let router = router
        .with_state(shared)
        .route("/openapi.json", get(move || async move { Json(document.as_ref().clone()) }))
        .fallback(|| async { Problem::no_page() })
        .method_not_allowed_fallback(|| async { Problem::no_method() });
    Server::start("weir-api", address, router)
}

/// The API's description, as `/openapi.json` serves it.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    routes().to_openapi()
}

fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Document::openapi()).merge(accounts::routes())
}
