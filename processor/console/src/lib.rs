//! The console: pages for people, made out of what the API answers.
//!
//! It is a client of the API. It asks the API's own routes in this process with the credentials of whoever looks, so
//! that roles, segments, masking, the audit log and the way to another instance are held in one place. Nothing here
//! reads an account by another way.
//!
//! | module | holds |
//! |---|---|
//! | `asking` | how the API is asked, and what it declines |
//! | `visitor` | whoever looks: their language, their colours, their token |
//! | `texts` | every text, in each language |
//! | `said` | what the API says in sentences, in Russian |
//! | `answers` | what the API answers, as far as pages show it |
//! | `standing` | which of its invoices come first, and what a hold is called |
//! | `figures` | numbers as people read them |
//! | `overview` | what Weir does now, and how far the work is |
//! | `held` | what the breaker holds |
//! | `lists` | the page of accounts: lists with filters, and the finding of one |
//! | `views` | the lists that somebody keeps under a name |
//! | `queues` | the tasks that people have to do |
//! | `story` | the page of one account |
//! | `history` | the lines of its history in words |
//! | `why` | why something has not acted on it |
//! | `policy` | the page of the policy |
//! | `chart` | debt over time, as a drawing |
//! | `orders` | the forms of orders, and what is sent of them |
//! | `known` | the names that the policy knows, as fields offer them |
//! | `operations` | how the instances and their partitions stand |
//! | `rejects` | what was declined, and sending it again |
//! | `resending` | sending several rejects again at once |
//! | `live` | how a page hears that something changed |
//! | `doors` | signing in and out, the language, the colours |
//! | `provider` | signing in by the identity provider |
//! | `guard` | what every answer says to the browser, and which requests are declined |

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

mod answers;
mod asking;
mod chart;
mod doors;
mod figures;
mod guard;
mod held;
mod history;
mod known;
mod lists;
mod live;
mod operations;
mod orders;
mod overview;
mod pages;
mod policy;
mod provider;
mod queues;
mod rejects;
mod resending;
mod said;
mod standing;
mod story;
mod texts;
mod views;
mod visitor;
mod why;

use api::serving::Made;
use api::who::oidc::sign_in::SignIn;
use asking::Api;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many pages may listen for changes at once: each asks the API once a second.
const LISTENERS: usize = 128;

/// What all pages are made out of.
#[derive(Clone)]
struct Console {
    api: Api,
    /// Whether cookies may only go over TLS.
    tls: bool,
    /// How people sign in by the identity provider, where they can.
    sign_in: Option<Arc<SignIn>>,
    listeners: Arc<Semaphore>,
}

/// The console's routes, for `api::serving::serve`.
pub fn beside(made: Made) -> Router {
    let Made { api, tls, sign_in } = made;
    let console = Console { api: Api::of(api), tls, sign_in, listeners: Arc::new(Semaphore::new(LISTENERS)) };
    let asset = |kind: &'static str, text: &'static str| {
        get(move || async move {
            let kind = (header::CONTENT_TYPE, HeaderValue::from_static(kind));
            ([kind, (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))], text)
        })
    };
    Router::new()
        .route("/", get(|| async { Redirect::to("/console/") }))
        .route("/console", get(|| async { Redirect::to("/console/") }))
        .route("/console/", get(overview::page))
        .route("/console/live", get(overview::listen))
        .route("/console/accounts", get(lists::page))
        .route("/console/accounts.csv", get(lists::export::csv))
        .route("/console/accounts.live", get(lists::listen))
        .route("/console/held", get(held::page).post(held::judge))
        .route("/console/held/live", get(held::listen))
        .route("/console/queues", get(queues::page).post(queues::tell))
        .route("/console/queues.live", get(queues::listen))
        .route("/console/views", post(views::keep))
        .route("/console/accounts/{id}", get(story::page))
        .route("/console/accounts/{id}/orders", get(orders::back).post(orders::give))
        .route("/console/accounts/{id}/live", get(story::listen))
        .route("/console/operations", get(operations::page).post(resending::resend))
        .route("/console/operations/live", get(operations::listen))
        .route("/console/operations/rejects/{partition}/{offset}", get(rejects::page).post(rejects::resend))
        .route("/console/policy", get(policy::page))
        .route("/console/policy/live", get(policy::listen))
        .route("/console/sign-in", get(doors::sign_in).post(doors::let_in))
        .route("/console/sign-in/provider", get(provider::begin))
        .route("/console/sign-in/provider/done", get(provider::done))
        .route("/console/sign-out", post(doors::sign_out))
        .route("/console/settings", post(doors::settings))
        .route(
            "/console/console.css",
            asset("text/css; charset=utf-8", include_str!("../assets/console.css")),
        )
        .route(
            "/console/console.js",
            asset("text/javascript; charset=utf-8", include_str!("../assets/console.js")),
        )
        .route("/console/icon.svg", asset("image/svg+xml", include_str!("../assets/icon.svg")))
        .route("/console/{*rest}", get(pages::nothing))
        .layer(from_fn(guard::guard))
        .with_state(console)
}

/// A page that its template made; the browser is told of one that failed, and the log why.
fn rendered(template: &impl askama::Template) -> axum::response::Response {
    match template.render() {
        Ok(page) => axum::response::Html(page).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests;
