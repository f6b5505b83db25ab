//! The instances of the fleet, for whoever runs Weir: what each does, and how its partitions stand.
//!
//! Each instance tells of itself; whoever is asked asks the others, and says of one that does not answer that it does
//! not. How figures come about, and how instances come to know of one another, is not known here.
//!
//! | module | holds |
//! |---|---|
//! | [`told`] | what is told of them |

pub mod told;

use crate::accounts::person_of;
use crate::lists::Partitions;
use crate::owners::{self, Forwarding, Owner};
use crate::problem::Problem;
use crate::serving::Shared;
use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use std::collections::BTreeSet;
use std::sync::Arc;
use told::{Fleet, Instance, Standing};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A task that is further behind the newest input than this is not well, in seconds: what comes is decided in
/// milliseconds.
pub const LONG_LAG_SECONDS: f64 = 60.0;

/// Timers that are later than this are not well, in seconds: the alert on them asks for the same.
pub const LONG_LATENESS_SECONDS: f64 = 300.0;

/// Whoever knows how this instance stands, and where the others are.
pub trait Instances: Send + Sync + 'static {
    /// This one. It is asked often, and on the thread that answers all: it waits for nothing.
    fn here(&self) -> Instance;

    /// Where the APIs of the others are, as far as they have said so lately.
    fn others(&self) -> Vec<Arc<str>>;
}

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(fleet))
}

/// Every instance that this one knows of, with what it does and how its partitions stand. One that does not answer within
/// two seconds is told as `silent`.
#[utoipa::path(get, path = "/v1/instances", tag = "operations", responses((status = 200, body = Fleet)))]
async fn fleet(State(shared): State<Shared>, parts: Parts) -> Result<Response, Problem> {
    // Whoever is known may look: no account is told of.
    person_of(&parts)?;
    let here = shared.instances.here();
    if owners::is_handed_on(&parts.headers) {
        return Ok(Json(here).into_response());
    }
    let questions = shared.instances.others().into_iter().map(|url| {
        let (forwarding, parts) = (shared.forwarding.clone(), parts.clone());
        tokio::spawn(async move { there(&forwarding, url, &parts).await })
    });
    let questions: Vec<_> = questions.collect();
    let mut instances = vec![Instance { this_one: true, ..here }];
    for question in questions {
        instances.push(question.await.map_err(|error| {
            tracing::error!(%error, "asking another instance failed");
            Problem::failed()
        })?);
    }
    let partitions = shared.lists.partitions().ok();
    Ok(Json(told_of(instances, partitions.as_ref(), &shared.forwarding)).into_response())
}

/// What another instance tells of itself.
async fn there(forwarding: &Forwarding, url: Arc<str>, parts: &Parts) -> Instance {
    let answer = forwarding.ask_of_itself(&url, parts).await;
    let told = answer.and_then(|answer| {
        let read = serde_json::from_slice(&answer);
        read.map_err(
            |error| tracing::debug!(%url, %error, "another instance tells of itself in an unknown way"),
        )
        .ok()
    });
    let silent = Instance {
        url: None,
        this_one: false,
        standing: Standing::Silent,
        waits_for: None,
        shares_url: false,
        claims: Vec::new(),
        figures: None,
    };
    // What it is called here is where it was asked.
    Instance { url: Some(url.to_string()), this_one: false, claims: Vec::new(), ..told.unwrap_or(silent) }
}

/// All of them, with what becomes of the partitions that none of them has told of.
fn told_of(mut instances: Vec<Instance>, partitions: Option<&Partitions>, forwarding: &Forwarding) -> Fleet {
    let count = partitions.map(|partitions| partitions.count);
    let told = instances.iter().filter_map(|instance| instance.figures.as_ref());
    let told = told.flat_map(|figures| &figures.partitions).map(|partition| partition.partition);
    // Figures are some seconds old: what has just come to work here is not nobody's.
    let at_work = partitions.map(|partitions| partitions.at_work.as_slice()).unwrap_or_default();
    let told: BTreeSet<u32> = told.chain(at_work.iter().copied()).collect();
    let (mut nobodys, mut elsewhere) = (Vec::new(), Vec::new());
    for partition in (0..count.unwrap_or(0)).filter(|partition| !told.contains(partition)) {
        match forwarding.owner_of(partition) {
            Owner::At(url) => {
                let silent = instances
                    .iter_mut()
                    .find(|one| one.standing == Standing::Silent && one.url.as_deref() == Some(&*url));
                // Whoever answers without it has just let it go.
                silent.map_or(&mut nobodys, |silent| &mut silent.claims).push(partition);
            }
            Owner::Nobody => nobodys.push(partition),
            Owner::Unheard => elsewhere.push(partition),
        }
    }
    Fleet { instances, partitions: count, nobodys, elsewhere }
}
