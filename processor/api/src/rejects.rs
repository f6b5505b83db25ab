//! Rejects: what was declined, for whoever runs Weir to look at, and to send again.
//!
//! They are of all segments, so they are shown to those who see all. Where they lie and how they are sent is not known
//! here. Reading them waits for the log: off the threads that answer, few at once, and not for long.
//!
//! | module | holds |
//! |---|---|
//! | [`several`] | sending several again at once |
//! | [`told`] | what is told of a reject, and what became of one that was sent again |

pub mod several;
pub mod told;

use crate::accounts::person_of_all;
use crate::controls::is_json;
use crate::limits;
use crate::plainly::In;
use crate::problem::Problem;
use crate::serving::Shared;
use crate::who::audit::Noted;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query as QueryOf, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use decision::time::Timestamp;
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use told::{RejectDetails, RejectPage, Resend, ResendOutcome, Resent};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Whoever reads rejects. Answers take as long as the log does; what is not done at the deadline is given up.
pub trait Rejects: Send + Sync + 'static {
    /// The newest that the filter lets through, newest first, at most so many.
    ///
    /// # Errors
    /// When they cannot be read, or not by the deadline.
    fn list(&self, filter: &Filter, most: usize, deadline: Instant) -> Result<RejectPage, NotDone>;

    /// One of them.
    ///
    /// # Errors
    /// When none lies there, or it cannot be read.
    fn one(&self, place: Place, deadline: Instant) -> Result<RejectDetails, NotDone>;

    /// Sends some again as they came, all of them or none, and says what became of each, in their order. Each is named
    /// once. An event whose id is known is sent only where `even_known` says so.
    ///
    /// # Errors
    /// When nothing was sent, or it is not known whether it was.
    fn resend(&self, places: &[Place], even_known: bool, deadline: Instant) -> Result<Vec<Resent>, NotDone>;
}

/// Where a reject lies in the topic of rejects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The partition.
    pub partition: u32,
    /// The offset.
    pub offset: i64,
}

/// Which rejects are meant: those that have all that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The topic that they came from.
    pub topic: Option<String>,
    /// Their reason.
    pub reason: Option<String>,
    /// The account or debtor that they are about.
    pub account: Option<String>,
    /// The earliest moment at which they were rejected.
    pub since: Option<Timestamp>,
}

/// Why something was not done with rejects. Why in full, was logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDone {
    /// No reject lies there.
    NotThere,
    /// The log does not answer, or not in time. Nothing was sent.
    Silent,
    /// Something failed within. Nothing was sent.
    Failed,
    /// Whether it was sent is not known.
    Unknown,
}

/// How long a question may take. What it is asked within has ten seconds.
const PATIENCE: Duration = Duration::from_secs(8);

/// How many are answered at once: each may read some hundred megabytes of the log.
const AT_ONCE: usize = 2;

/// What a question needs to be let through to the rejects.
#[derive(Clone)]
pub(crate) struct Gate {
    rejects: Arc<dyn Rejects>,
    free: Arc<Semaphore>,
    done: Arc<several::Done>,
}

impl Gate {
    pub(crate) fn of(rejects: Arc<dyn Rejects>) -> Self {
        Self { rejects, free: Arc::new(Semaphore::new(AT_ONCE)), done: Arc::default() }
    }

    /// Does it on a thread that may wait. Its place is taken until it has really ended: whoever does not wait any more
    /// makes no room for the next.
    async fn ask<T: Send + 'static>(
        &self,
        act: impl FnOnce(&dyn Rejects, Instant) -> Result<T, NotDone> + Send + 'static,
        silent: NotDone,
    ) -> Result<T, Problem> {
        let place = self.free.clone().try_acquire_owned().map_err(|_| Problem::busy())?;
        let (rejects, deadline) = (self.rejects.clone(), Instant::now() + PATIENCE);
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            act(&*rejects, deadline)
        });
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(done)) => done.map_err(problem_of),
            Ok(Err(error)) => {
                tracing::error!(%error, "reading rejects failed");
                Err(Problem::failed())
            }
            Err(_) => Err(problem_of(silent)),
        }
    }
}

fn problem_of(not_done: NotDone) -> Problem {
    match not_done {
        NotDone::NotThere => Problem::unknown_reject(),
        NotDone::Silent => Problem::log_silent(),
        NotDone::Failed => Problem::failed(),
        NotDone::Unknown => Problem::perhaps_sent(),
    }
}

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(resend))
        .routes(routes!(several::resend_several))
}

/// Which rejects.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Query {
    /// That came from this topic.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$")]
    topic: Option<String>,
    /// That were rejected for this reason: a word.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$")]
    reason: Option<String>,
    /// About this account or debtor.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$")]
    account: Option<String>,
    /// That were rejected at this moment or later.
    #[param(format = DateTime, example = "2026-11-30T09:00:00Z")]
    since: Option<String>,
    /// How many at most, to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// How many rejects a page has where nothing is said.
const REJECTS: usize = 50;

/// How many it has at most.
const MOST: usize = 200;

impl Query {
    fn check(self) -> Result<(Filter, usize), Problem> {
        let limit = limits::how_many(self.limit, REJECTS, MOST)?;
        for (name, value) in [("topic", &self.topic), ("reason", &self.reason), ("account", &self.account)] {
            let is_good = |value: &String| {
                (1..=255).contains(&value.chars().count()) && !value.chars().any(char::is_control)
            };
            if !value.as_ref().is_none_or(is_good) {
                let wrong = format!("`{name}` has 1 to 255 characters, and no control characters.");
                return Err(Problem::bad_request(wrong));
            }
        }
        let wrong = || Problem::bad_request("`since` is a moment, as 2026-11-30T09:00:00Z.");
        let since = self.since.map(|since| Timestamp::parse(&since).ok_or_else(wrong)).transpose()?;
        Ok((Filter { topic: self.topic, reason: self.reason, account: self.account, since }, limit))
    }
}

fn place_of(partition: u32, offset: i64) -> Result<Place, Problem> {
    if offset < 0 {
        return Err(Problem::bad_request("an offset counts from 0."));
    }
    Ok(Place { partition, offset })
}

/// What was declined, newest first: for managers and admins. Where the topic holds very many, the newest of each of its
/// partitions are looked at.
#[utoipa::path(
    get, path = "/v1/rejects", tag = "operations", params(Query),
    responses((status = 200, body = RejectPage))
)]
async fn list(
    State(shared): State<Shared>,
    parts: Parts,
    In(QueryOf(query)): In<QueryOf<Query>>,
) -> Result<Response, Problem> {
    person_of_all(&parts)?;
    let (filter, limit) = query.check()?;
    let ask = move |rejects: &dyn Rejects, deadline| rejects.list(&filter, limit, deadline);
    let page = shared.rejects.ask(ask, NotDone::Silent).await?;
    Ok(Json(page).into_response())
}

/// One of them, with the event that was declined where it can be read.
#[utoipa::path(
    get, path = "/v1/rejects/{partition}/{offset}", tag = "operations",
    params(
        ("partition" = u32, Path, description = "The partition of the topic of rejects", minimum = 0),
        ("offset" = i64, Path, description = "Its offset there", minimum = 0),
    ),
    responses((status = 200, body = RejectDetails))
)]
async fn one(
    State(shared): State<Shared>,
    parts: Parts,
    In(Path((partition, offset))): In<Path<(u32, i64)>>,
) -> Result<Response, Problem> {
    person_of_all(&parts)?;
    let place = place_of(partition, offset)?;
    let ask = move |rejects: &dyn Rejects, deadline| rejects.one(place, deadline);
    let details = shared.rejects.ask(ask, NotDone::Silent).await?;
    let noted = Noted { account: details.reject.account_id.clone(), ..Noted::default() };
    let mut response = Json(details).into_response();
    response.extensions_mut().insert(noted);
    Ok(response)
}

/// Sends the declined event again, as it came, to the topic that it came from. Who did it, and why, stands in the audit
/// log.
#[utoipa::path(
    post, path = "/v1/rejects/{partition}/{offset}/resend", tag = "operations",
    params(
        ("partition" = u32, Path, description = "The partition of the topic of rejects", minimum = 0),
        ("offset" = i64, Path, description = "Its offset there", minimum = 0),
    ),
    request_body = Resend,
    responses(
        (status = 200, body = Resent),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
    )
)]
async fn resend(
    State(shared): State<Shared>,
    parts: Parts,
    In(Path((partition, offset))): In<Path<(u32, i64)>>,
    body: Bytes,
) -> Result<Response, Problem> {
    person_of_all(&parts)?;
    is_json(&parts)?;
    let place = place_of(partition, offset)?;
    let resend = Resend::read(&body)?;
    let even_known = resend.even_known;
    let ask = move |rejects: &dyn Rejects, deadline| rejects.resend(&[place], even_known, deadline);
    let done = shared.rejects.ask(ask, NotDone::Unknown).await.and_then(only_one);
    let account = done.as_ref().ok().and_then(|resent| resent.account_id.clone());
    let outcome = done.as_ref().ok().map(|resent| resent.outcome.as_str());
    let mut response = done.map_or_else(IntoResponse::into_response, |resent| Json(resent).into_response());
    response.extensions_mut().insert(Noted { account, why: Some(resend.why), outcome });
    Ok(response)
}

fn only_one(resent: Vec<Resent>) -> Result<Resent, Problem> {
    let resent = resent.into_iter().next().ok_or_else(Problem::failed)?;
    match resent.outcome {
        ResendOutcome::NotThere => Err(Problem::unknown_reject()),
        ResendOutcome::Unreadable => Err(Problem::failed()),
        ResendOutcome::Sent | ResendOutcome::Known | ResendOutcome::NoRecord | ResendOutcome::NoInput => {
            Ok(resent)
        }
    }
}
