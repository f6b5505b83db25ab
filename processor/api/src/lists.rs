//! Work lists: accounts by stage, plan, segment, manager, …, the most owing first, over all instances.
//!
//! Each instance looks into the lists of the partitions that it works on; whoever is asked asks the others, and puts
//! the answers together. Where one partition is at work nowhere there is no answer: a list with a hole is none.
//!
//! | module | holds |
//! |---|---|
//! | [`asked`] | what is asked for |
//! | [`line`] | an account as a list tells it |
//! | [`counts`] | how many accounts there are of each kind |
//! | `gathering` | asking the others for their part |
//! | `paging` | pages of several, as one |

pub mod asked;
pub mod counts;
pub(crate) mod gathering;
pub mod line;
mod paging;

use crate::accounts::{Looked, Unread, person_of};
use crate::controls::in_path;
use crate::held::Held;
use crate::plainly::In;
use crate::problem::Problem;
use crate::serving::Shared;
use crate::who::Person;
use asked::{Asked, Filter, Form, Query};
use axum::Json;
use axum::extract::{Query as QueryOf, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use counts::Count;
use decision::ids::DebtorId;
use line::{AccountLine, AccountPage};
use paging::Part;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Where a debtor stands on a list: the most owing first, then by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// What it owed when something was decided on it last, in minor units, less than zero: so the most comes first.
    /// Zero on lists that do not go by debt.
    pub rank: i64,
    /// Whose it is.
    pub debtor: DebtorId,
}

impl Place {
    fn key(&self) -> (i64, &str) {
        (self.rank, self.debtor.as_str())
    }
}

/// Those who stand on lists here.
#[derive(Debug)]
pub struct Listed {
    /// They, each as it was applied last, and where it stands.
    pub lines: Vec<(Place, Looked)>,
    /// Where to look on; none where nothing is left.
    pub next: Option<Place>,
}

/// The partitions, as this instance knows of them.
#[derive(Clone, Debug)]
pub struct Partitions {
    /// How many there are.
    pub count: u32,
    /// Those at work here, in order.
    pub at_work: Vec<u32>,
}

/// Whoever keeps the lists, as the API asks them.
pub trait Lists: Send + Sync + 'static {
    /// The partitions.
    ///
    /// # Errors
    /// When nothing is known of them yet.
    fn partitions(&self) -> Result<Partitions, Unread>;

    /// Those in these partitions whom the filter lets pass, from a place on. Fewer than `at_most` may come, even none,
    /// where there are more.
    ///
    /// # Errors
    /// When one of the partitions is not at work here, or cannot be read.
    fn listed(
        &self,
        partitions: &[u32],
        filter: &Filter,
        from: Option<&Place>,
        at_most: usize,
    ) -> Result<Listed, Unread>;

    /// How many accounts in these partitions there are of each kind that the policy names.
    ///
    /// # Errors
    /// When one of the partitions is not at work here, or cannot be read.
    fn counts(&self, partitions: &[u32]) -> Result<Vec<Count>, Unread>;

    /// What the breaker holds in these partitions, at most so many orders of each.
    ///
    /// # Errors
    /// When one of the partitions is not at work here, or cannot be read.
    fn held(&self, partitions: &[u32], at_most: usize) -> Result<Held, Unread>;
}

/// Names the partitions that whoever asks another instance wants of it.
const WANTED: HeaderName = HeaderName::from_static("weir-partitions");

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// What counts accounts, and tells of none.
pub(crate) fn counting() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(counts::counts))
}

/// Accounts with which there is work, the most owing first: by stage, plan, segment, manager, number, … A page may have
/// fewer than `limit` accounts, even none, while `next` says that there are more.
#[utoipa::path(
    get, path = "/v1/accounts", tag = "accounts", params(Query),
    responses((status = 200, content(
        (AccountPage = "application/json"),
        (String = "text/csv")
    )))
)]
async fn list(
    State(shared): State<Shared>,
    parts: Parts,
    In(QueryOf(query)): In<QueryOf<Query>>,
) -> Result<Response, Problem> {
    let person = person_of(&parts)?;
    let asked = query.check(&person)?;
    let partitions = shared.lists.partitions().map_err(problem_of)?;
    if let Some(wanted) = gathering::wanted_of(&parts)? {
        let part = here(&shared, &person, &asked, wanted).await?;
        return Ok(Json(part).into_response());
    }
    let others = gathering::ask(&shared, &parts, &partitions)?;
    let mut all = vec![here(&shared, &person, &asked, partitions.at_work).await?];
    all.extend(others.answers().await?);
    Ok(told(paging::merged(all, asked.limit), asked.form))
}

/// The part of the list that is here.
async fn here(
    shared: &Shared,
    person: &Arc<Person>,
    asked: &Asked,
    partitions: Vec<u32>,
) -> Result<Part, Problem> {
    if partitions.is_empty() {
        return Ok(Part { lines: Vec::new(), next: None });
    }
    let (lists, person, asked) = (shared.lists.clone(), person.clone(), asked.clone());
    let look = move || {
        let found = lists.listed(&partitions, &asked.filter, asked.from.as_ref(), asked.limit)?;
        let line = |(place, looked): (Place, Looked)| {
            let line = AccountLine::of(looked.debtor.as_ref()?, &looked, &person)?;
            Some((place, line))
        };
        Ok(Part { lines: found.lines.into_iter().filter_map(line).collect(), next: found.next })
    };
    gathering::look(look).await
}

pub(crate) fn problem_of(unread: Unread) -> Problem {
    match unread {
        Unread::NotHere { partition } => Problem::moving(partition),
        Unread::NotBegun => Problem::not_begun(),
        Unread::Failed => Problem::failed(),
    }
}

/// The page as JSON, or as CSV, where a header says how it goes on.
fn told(page: AccountPage, form: Form) -> Response {
    match form {
        Form::Json => Json(page).into_response(),
        Form::Csv => {
            let next = page.next.as_deref().and_then(|next| HeaderValue::from_str(&in_path(next)).ok());
            let csv = HeaderValue::from_static("text/csv; charset=utf-8");
            let mut response = ([(header::CONTENT_TYPE, csv)], line::csv(&page.items)).into_response();
            if let Some(next) = next {
                response.headers_mut().insert(HeaderName::from_static("weir-next"), next);
            }
            response
        }
    }
}
