//! What is asked of the policy: its versions, what one of them says, and what changed from one to another. A policy
//! holds nothing of anybody, so it is told to every role, and looking at it leaves no line in the audit log.
//!
//! What a version does to an account is told of the account ([`crate::accounts`]).
//!
//! | module | holds |
//! |---|---|
//! | [`told`] | a version and what it says, as they are told |
//! | `times` | which version held when |
//! | `view` | a policy, made out of what the core decides by |
//! | `plan` | a plan of it as a ladder |
//! | `rule` | a threshold rule of it |

mod plan;
mod rule;
mod times;
pub mod told;
mod view;

use crate::accounts::Unread;
use crate::plainly::In;
use crate::problem::Problem;
use crate::serving::Shared;
use axum::Json;
use axum::extract::{Path, Query, State};
use decision::Policy;
use decision::time::Timestamp;
use serde::Deserialize;
use std::sync::Arc;
use told::{PolicyChanges, PolicyPage, PolicyVersions};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Whoever knows the versions of the policy, as the API asks them.
pub trait Versions: Send + Sync + 'static {
    /// All that this instance goes by, as far as it has heard; none before the first was published.
    ///
    /// # Errors
    /// When it is not known yet what the instance goes by.
    fn versions(&self) -> Result<Known, Unread>;
}

/// The versions of the policy that are known.
#[derive(Clone, Debug)]
pub struct Known {
    /// When that is.
    pub now: Timestamp,
    /// They, by their numbers.
    pub versions: Vec<Version>,
}

/// A version of the policy.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its number: its publication's, or, of versions out of files, its place in their order, from 1.
    pub number: i64,
    /// What it says.
    pub policy: Arc<Policy>,
    /// When it held, holds, or is to hold, in order; never where empty.
    pub held: Vec<Held>,
    /// Its publication; none where it came out of a file.
    pub published: Option<Published>,
}

/// A time for which a version holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// From when; from the beginning where absent.
    pub from: Option<Timestamp>,
    /// Until when; none where nothing else is to hold after it.
    pub until: Option<Timestamp>,
}

/// How a version was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// In which role.
    pub role: String,
    /// Why.
    pub why: String,
    /// Whether it withdrew what was to hold later.
    pub withdraws_later: bool,
}

impl Known {
    /// The version of this number.
    fn find(&self, number: i64) -> Result<&Version, Problem> {
        self.versions.iter().find(|version| version.number == number).ok_or_else(|| {
            let there_are = match (self.versions.first(), self.versions.last()) {
                (Some(first), Some(last)) => {
                    format!("those that this instance knows are {} to {}", first.number, last.number)
                }
                (None, _) | (_, None) => "none was published yet".to_owned(),
            };
            Problem::unknown_policy(format!("There is no version {number} of the policy: {there_are}."))
        })
    }

    /// The version before this number.
    fn before(&self, number: i64) -> Option<&Version> {
        self.versions.iter().rfind(|version| version.number < number)
    }
}

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(versions)).routes(routes!(version)).routes(routes!(changes))
}

/// Which version.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it says in the document what the path is read for")]
struct Number {
    /// The version's number.
    #[param(minimum = 1)]
    number: i64,
}

/// With what it is compared.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Since {
    /// The number of the version that the changes are told from; the one before it, where none is said.
    #[param(minimum = 1)]
    since: Option<i64>,
}

/// The versions of the policy that this instance goes by, the newest first: when each holds, who published it, and why.
#[utoipa::path(
    get, path = "/v1/policies", tag = "policies",
    responses((status = 200, body = PolicyVersions))
)]
async fn versions(State(shared): State<Shared>) -> Result<Json<PolicyVersions>, Problem> {
    answer(&shared, |known| Ok(times::all(known))).await
}

/// What a version of the policy says: its plans as ladders, its thresholds, when it may act, and how much at once.
#[utoipa::path(
    get, path = "/v1/policies/{number}", tag = "policies", params(Number),
    responses((status = 200, body = PolicyPage))
)]
async fn version(
    State(shared): State<Shared>,
    In(Path(number)): In<Path<i64>>,
) -> Result<Json<PolicyPage>, Problem> {
    check("number", number)?;
    answer(&shared, move |known| {
        let version = known.find(number)?;
        Ok(view::page(times::line(known, version), &version.policy))
    })
    .await
}

/// What changed from one version of the policy to another, in words: what `weir policy diff` says.
#[utoipa::path(
    get, path = "/v1/policies/{number}/changes", tag = "policies", params(Number, Since),
    responses((status = 200, body = PolicyChanges))
)]
async fn changes(
    State(shared): State<Shared>,
    In(Path(number)): In<Path<i64>>,
    In(Query(asked)): In<Query<Since>>,
) -> Result<Json<PolicyChanges>, Problem> {
    check("number", number)?;
    asked.since.map_or(Ok(()), |since| check("since", since))?;
    answer(&shared, move |known| {
        let new = known.find(number)?;
        let old = match asked.since {
            Some(since) => Some(known.find(since)?),
            None => known.before(number),
        };
        Ok(view::changes(old, new))
    })
    .await
}

fn check(name: &str, number: i64) -> Result<(), Problem> {
    if number < 1 {
        let wrong = format!("`{name}` is {number}, and the versions of a policy count from 1.");
        return Err(Problem::bad_request(wrong));
    }
    Ok(())
}

/// Answers out of what is known.
async fn answer<T: Send + 'static>(
    shared: &Shared,
    told: impl FnOnce(&Known) -> Result<T, Problem> + Send + 'static,
) -> Result<Json<T>, Problem> {
    let versions = shared.versions.clone();
    // A policy is long, and others are answered meanwhile.
    let answer = tokio::task::spawn_blocking(move || told(&versions.versions().map_err(problem_of)?)).await;
    let answer = answer.map_err(|error| {
        tracing::error!(%error, "telling of the policy failed");
        Problem::failed()
    })?;
    answer.map(Json)
}

fn problem_of(unread: Unread) -> Problem {
    match unread {
        Unread::NotHere { partition } => Problem::moving(partition),
        Unread::NotBegun => Problem::not_begun(),
        Unread::Failed => Problem::failed(),
    }
}
