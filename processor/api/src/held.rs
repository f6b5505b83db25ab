//! What the breaker holds, and what a person says of it: released, or dropped.
//!
//! It is about all accounts at once, so it is for those who see all. What a partition makes of a verdict is not known here.

use crate::accounts::person_of_all;
use crate::controls::{NotGiven, is_json};
use crate::limits;
use crate::lists::gathering;
use crate::plainly::{self, In};
use crate::problem::Problem;
use crate::serving::Shared;
use crate::who::audit::Noted;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query as QueryOf, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use decision::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// An order that the breaker holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldOrder {
    /// The partition that holds it.
    pub partition: u32,
    /// The order's own id.
    pub command_id: String,
    /// The account that is to be cut off.
    pub account_id: String,
    /// Who pays for it.
    pub debtor_id: String,
    /// When it was decided, UTC, RFC 3339.
    #[schema(format = DateTime)]
    pub decided_at: String,
    /// The operation, in the operator's own word.
    pub operation: String,
    /// The services that it is for; empty: the account as a whole.
    pub services: Vec<String>,
    /// The plan that decided it; none of what a rule or a person has.
    pub plan: Option<String>,
    /// Its stage.
    pub stage: Option<String>,
}

/// What the breaker holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = HeldOrders)]
pub struct Held {
    /// The orders, the longest held first.
    pub items: Vec<HeldOrder>,
    /// Whether there are more than were asked for.
    pub more: bool,
}

/// What a person says of all that the breaker holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Its id: the same again is the same verdict.
    pub event_id: String,
    /// Whether what is held is dropped; else it is released.
    pub drops: bool,
    /// Who says so.
    pub by: String,
    /// In which role.
    pub role: String,
    /// Why.
    pub why: String,
}

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(held)).routes(routes!(judge))
}

/// How many orders are told where nothing is said.
const ORDERS: usize = 100;

/// How many at most.
const MOST: usize = 1_000;

/// How many.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Query {
    /// How many orders at most, to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

/// The orders that the breaker holds, the longest held first, over all instances: for managers and admins.
#[utoipa::path(
    get, path = "/v1/held", tag = "operations", params(Query),
    responses((status = 200, body = Held))
)]
async fn held(
    State(shared): State<Shared>,
    parts: Parts,
    In(QueryOf(query)): In<QueryOf<Query>>,
) -> Result<Response, Problem> {
    person_of_all(&parts)?;
    let limit = limits::how_many(query.limit, ORDERS, MOST)?;
    let partitions = shared.lists.partitions().map_err(crate::lists::problem_of)?;
    if let Some(wanted) = gathering::wanted_of(&parts)? {
        return Ok(Json(here(&shared, wanted, limit).await?).into_response());
    }
    let others = gathering::ask::<Held>(&shared, &parts, &partitions)?;
    let mut all = vec![here(&shared, partitions.at_work, limit).await?];
    all.extend(others.answers().await?);
    Ok(Json(together(all, limit)).into_response())
}

async fn here(shared: &Shared, partitions: Vec<u32>, limit: usize) -> Result<Held, Problem> {
    let lists = shared.lists.clone();
    gathering::look(move || lists.held(&partitions, limit)).await
}

/// Those of several as one.
fn together(all: Vec<Held>, limit: usize) -> Held {
    let more = all.iter().any(|held| held.more);
    let mut items: Vec<HeldOrder> = all.into_iter().flat_map(|held| held.items).collect();
    // As texts, whole seconds come after those with a fraction.
    items.sort_by_cached_key(|order| (Timestamp::parse(&order.decided_at), order.command_id.clone()));
    let more = more || items.len() > limit;
    items.truncate(limit);
    Held { items, more }
}

/// What is said of all that is held.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HeldVerdict)]
struct Said {
    /// What becomes of it.
    verdict: Word,
    /// Why: it stands in the log, with who said so.
    #[schema(
        min_length = 1,
        max_length = 1000,
        pattern = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$"
    )]
    why: String,
    /// An id of one's own: the same again is the same verdict. Without one it is made.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[A-Za-z0-9._:-]+$")]
    event_id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HeldVerdictWord)]
enum Word {
    /// All of it goes out.
    Release,
    /// None of it goes out; the accounts stay as they are.
    Drop,
}

/// A verdict that lies in the log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldVerdictGiven)]
struct Given {
    /// Its id.
    id: String,
}

impl Said {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let said: Self = plainly::body(body)?;
        let is_text = !said.why.trim().is_empty()
            && said.why.chars().count() <= 1_000
            && !said.why.chars().any(char::is_control);
        if !is_text {
            let wrong = "`why` has 1 to 1000 characters, not only blanks, and no control characters.";
            return Err(Problem::bad_request(wrong));
        }
        let is_id = |id: &String| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
            (1..=200).contains(&id.len()) && id.bytes().all(is_plain)
        };
        if !said.event_id.as_ref().is_none_or(is_id) {
            let wrong = "`event_id` has 1 to 200 letters, digits, dots, colons, underscores and hyphens.";
            return Err(Problem::bad_request(wrong));
        }
        Ok(said)
    }
}

/// Says of all that the breaker holds, in every partition or in none, what becomes of it: for managers and admins. What is
/// decided after it waits for another verdict.
#[utoipa::path(
    post, path = "/v1/held/verdict", tag = "operations", operation_id = "judge_held", request_body = Said,
    responses(
        (status = 202, body = Given),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
    )
)]
async fn judge(State(shared): State<Shared>, parts: Parts, body: Bytes) -> Result<Response, Problem> {
    let person = person_of_all(&parts)?;
    is_json(&parts)?;
    let said = Said::read(&body)?;
    let id = said.event_id.map_or_else(crate::controls::fresh_id, Ok)?;
    let judgement = Judgement {
        event_id: id.clone(),
        drops: said.verdict == Word::Drop,
        by: person.name.to_string(),
        role: person.role.as_str().to_owned(),
        why: said.why.clone(),
    };
    let why = said.why;
    let orders = shared.orders.clone();
    let given = tokio::task::spawn_blocking(move || orders.judge(&judgement)).await.map_err(|error| {
        tracing::error!(%error, "writing a verdict failed");
        Problem::failed()
    })?;
    let mut response = match given {
        Ok(()) => (StatusCode::ACCEPTED, Json(Given { id })).into_response(),
        Err(NotGiven) => Problem::not_given(&id).into_response(),
    };
    response.extensions_mut().insert(Noted { why: Some(why), ..Noted::default() });
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_instances_those_held_longest_come_first_and_what_is_left_out_is_told() {
        let held = |ids: &[&str], more| Held {
            items: ids
                .iter()
                .map(|id| HeldOrder {
                    partition: 0,
                    command_id: (*id).to_owned(),
                    account_id: "A-1".into(),
                    debtor_id: "A-1".into(),
                    decided_at: format!("2026-03-0{}T08:00:00Z", &id[1..]),
                    operation: "bar".into(),
                    services: Vec::new(),
                    plan: None,
                    stage: None,
                })
                .collect(),
            more,
        };
        #[track_caller]
        fn check(all: Vec<Held>, limit: usize, expected: &[&str], more: bool) {
            let held = together(all, limit);
            let ids: Vec<_> = held.items.iter().map(|order| order.command_id.as_str()).collect();
            assert_eq!((ids.as_slice(), held.more), (expected, more));
        }
        check(vec![held(&["a3", "a1"], false), held(&["b2"], false)], 3, &["a1", "b2", "a3"], false);
        check(vec![held(&["a3", "a1"], false), held(&["b2"], false)], 2, &["a1", "b2"], true);
        check(vec![held(&["a1"], true), held(&[], false)], 2, &["a1"], true);
    }

    #[test]
    fn a_verdict_says_what_and_why_and_nothing_else() {
        #[track_caller]
        fn check(body: &str, wrong: Option<&str>) {
            let said = Said::read(body.as_bytes()).map(|_| ());
            let said = said.map_err(|problem| serde_json::to_string(&problem).unwrap());
            match (said, wrong) {
                (Ok(()), None) => {}
                (Err(told), Some(wrong)) if told.contains(wrong) => {}
                (said, _) => panic!("{body}: {said:?}"),
            }
        }
        check(r#"{ "verdict": "drop", "why": "a wrong price list" }"#, None);
        check(r#"{ "verdict": "release", "why": "checked", "event_id": "e-1" }"#, None);
        check(
            r#"{ "verdict": "keep", "why": "checked" }"#,
            Some("`verdict` is «keep», and must be one of release, drop."),
        );
        check(r#"{ "verdict": "drop" }"#, Some("`why` is missing"));
        check(r#"{ "verdict": "drop", "why": "  " }"#, Some("`why`"));
        check(r#"{ "verdict": "drop", "why": "x", "event_id": "e 1" }"#, Some("`event_id`"));
        check(r#"{ "verdict": "drop", "why": "x", "by": "boris" }"#, Some("`by` is no field of this"));
    }
}
