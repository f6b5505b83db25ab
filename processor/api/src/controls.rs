//! Orders that a person gives on an account: checked, written to the log with who gave them, in which role and why,
//! and answered with an id by which is asked what became of them.
//!
//! What an order does, and whether it may be done, the core decides when it comes to the account's partition. Where
//! it is written to is not known here.

pub mod forms;

use crate::accounts::history::{KEPT, Line};
use crate::accounts::{Allowed, Id, Payer, Who, answer, person_of};
use crate::held::Judgement;
use crate::plainly::In;
use crate::problem::Problem;
use crate::serving::Shared;
use crate::who::{Person, Role};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use decision::event::{Body, Order};
use decision::time::Timestamp;
use decision::{Event, view};
use forms::Ordered;
use schemas::files::read_line;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Whoever brings orders to the partitions of their accounts.
pub trait Orders: Send + Sync + 'static {
    /// What time it is.
    fn now(&self) -> Timestamp;

    /// Writes a control, and returns once the log has it.
    ///
    /// # Errors
    /// When the log does not say that it has it: it may lie there all the same. Why, was logged.
    fn give(&self, control: &Event) -> Result<(), NotGiven>;

    /// Writes what a person says of all that the breaker holds to every partition, or to none.
    ///
    /// # Errors
    /// When the log does not say that it has it: it may lie there all the same. Why, was logged.
    fn judge(&self, judgement: &Judgement) -> Result<(), NotGiven>;
}

/// The log does not say that it has an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotGiven;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(give)).routes(routes!(outcome))
}

/// An order that lies in the log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderGiven)]
struct Given {
    /// Its id.
    id: String,
    /// Where it is asked what became of it.
    outcome: String,
}

/// What became of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderOutcome)]
struct Outcome {
    /// Its id.
    id: String,
    /// `pending`: it was not decided yet, or was never given; `applied`; `rejected`.
    state: &'static str,
    /// Why it was rejected.
    reason: Option<String>,
    /// What was decided with it, as far as it is among the last 200 lines of the history.
    lines: Vec<Line>,
}

/// Orders something of an account: who ordered it, in which role and why stands in the history.
#[utoipa::path(
    post, path = "/v1/accounts/{id}/controls", tag = "accounts", params(Id, Payer), request_body = Ordered,
    responses(
        (status = 202, body = Given, headers(("location" = String, description = "Where its outcome is asked"))),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
    )
)]
async fn give(
    State(shared): State<Shared>,
    parts: Parts,
    In(Path(id)): In<Path<String>>,
    In(Query(payer)): In<Query<Payer>>,
    body: Bytes,
) -> Result<Response, Problem> {
    let person = person_of(&parts)?;
    person.reaches(Role::Agent)?;
    is_json(&parts)?;
    let who = Who::of(id, payer.debtor)?;
    let control = control(&body, &who, &person, shared.orders.now())?;
    let id = control.event_id.to_string();
    let outcome = format!("/v1/accounts/{}/controls/{}", who.in_path(), in_path(&id));
    let location = HeaderValue::from_str(&outcome).map_err(|_| Problem::failed())?;
    let orders = shared.orders.clone();
    let mut given = answer(&shared, &parts, body, move |accounts: &Allowed<'_>| {
        who.look(accounts)?;
        orders.give(&control).map_err(|NotGiven| Problem::not_given(control.event_id.as_str()))?;
        Ok(Given { id, outcome })
    })
    .await?;
    if given.status() == StatusCode::OK {
        *given.status_mut() = StatusCode::ACCEPTED;
        given.headers_mut().insert(header::LOCATION, location);
    }
    Ok(given)
}

/// What became of an order: applied, or rejected with the reason.
#[utoipa::path(
    get, path = "/v1/accounts/{id}/controls/{control}", tag = "accounts",
    params(Id, ("control" = String, Path, min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$"), Payer),
    responses((status = 200, body = Outcome))
)]
async fn outcome(
    State(shared): State<Shared>,
    parts: Parts,
    In(Path((id, control))): In<Path<(String, String)>>,
    In(Query(payer)): In<Query<Payer>>,
) -> Result<Response, Problem> {
    Who::check(&control)?;
    let who = Who::of(id, payer.debtor)?;
    answer(&shared, &parts, Bytes::new(), move |accounts| {
        let (debtor, looked) = who.look(accounts)?;
        let mut lines = accounts.history(&debtor, None, KEPT)?;
        lines.retain(|line| line.event_id.as_deref() == Some(control.as_str()));
        let declined = |line: &&schemas::HistoryLine| line.kind == "event_rejected";
        let reason = lines.iter().find(declined).map(|line| line.reason.clone());
        let is_applied = lines.iter().any(|line| !declined(&line))
            || (reason.is_none() && view::has_seen(&debtor, &control, looked.moment, &looked.policies));
        let (state, reason) = match reason {
            Some(reason) if !is_applied => ("rejected", Some(reason)),
            Some(_) | None if is_applied => ("applied", None),
            Some(_) | None => ("pending", None),
        };
        let lines = Line::all(lines, &debtor, &looked);
        Ok(Outcome { id: control, state, reason, lines })
    })
    .await
}

/// Declines a body that does not say that it is JSON.
pub(crate) fn is_json(parts: &Parts) -> Result<(), Problem> {
    let told = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = told.map(|told| told.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    if kind.as_deref() == Some("application/json") { Ok(()) } else { Err(Problem::not_json()) }
}

/// The control that a body orders: read as an event in a file is, with what the body does not say.
fn control(body: &[u8], who: &Who, person: &Person, now: Timestamp) -> Result<Event, Problem> {
    let wrong =
        |why: &dyn std::fmt::Display| Problem::bad_request(format!("The order cannot be made out: {why}."));
    let mut fields: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| wrong(&"the body is no JSON object"))?;
    for said in
        ["event", "arrived_at", "account_id", "debtor_id", "occurred_at", "source", "by", "role", "revision"]
    {
        if fields.contains_key(said) {
            return Err(wrong(&format!("`{said}` is not for whoever orders to say")));
        }
    }
    forms::check(&fields).map_err(|why| wrong(&why))?;
    forms::make_whole(&mut fields);
    let is_said =
        |name: &str| fields.get(name).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
    if !is_said("why") {
        return Err(wrong(&"`why` says why, and is missing"));
    }
    let own = match fields.get("event_id") {
        None => fresh_id()?,
        Some(Value::String(id)) => {
            Who::check(id)?;
            id.clone()
        }
        Some(_) => return Err(wrong(&"`event_id` is a text")),
    };
    let said = [
        ("event", "control".to_owned()),
        ("event_id", own),
        ("account_id", who.account.to_string()),
        ("debtor_id", who.debtor.to_string()),
        ("occurred_at", now.to_string()),
        ("source", "weir-api".to_owned()),
        ("by", person.name.to_string()),
        ("role", person.role.as_str().to_owned()),
    ];
    fields.extend(said.map(|(name, value)| (name.to_owned(), Value::String(value))));
    let line = Value::Object(fields).to_string();
    let event = read_line(&line, "the order").map_err(|error| wrong(&error))?.event;
    let is_of_all = match &event.body {
        Body::Control(control) => is_of_all(&control.order),
        // It was read as a control.
        Body::Account(_)
        | Body::Balance(_)
        | Body::Invoice(_)
        | Body::Adjustment(_)
        | Body::Payment(_)
        | Body::Reversal(_)
        | Body::Report(_) => true,
    };
    if is_of_all {
        let why =
            "it is about every account at once: `POST /v1/held/verdict` and `weir policy` give such orders";
        return Err(wrong(&why));
    }
    Ok(event)
}

/// Whether it is said to every partition, and of no account.
fn is_of_all(order: &Order) -> bool {
    matches!(order, Order::ReleaseHeld | Order::DropHeld | Order::AdoptPolicy { .. })
}

/// An id that no other order has.
pub(crate) fn fresh_id() -> Result<String, Problem> {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "the system gives no randomness");
        Problem::failed()
    })?;
    Ok(random.iter().fold("api-".to_owned(), |id, byte| id + &format!("{byte:02x}")))
}

/// A text as one segment of a path, or as a value in what is asked.
#[must_use]
pub fn in_path(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().fold(String::new(), |path, byte| {
        if is_plain(byte) {
            path + char::from(byte).encode_utf8(&mut [0; 4])
        } else {
            path + &format!("%{byte:02X}")
        }
    })
}
