//! How many accounts there are of each kind: at each stage, in each segment, with a hold, with a task.

use super::gathering;
use crate::accounts::person_of;
use crate::problem::Problem;
use crate::serving::Shared;
use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What accounts are counted by. Each is what a list may be narrowed by, under the same word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountedBy {
    /// All with which there is work.
    Work,
    /// A cycle's stage.
    Stage,
    /// A cycle's status, where it is `held`.
    Status,
    /// The segment.
    Segment,
    /// A hold's kind.
    Hold,
    /// The queue of a task whose result is waited for.
    Queue,
}

/// How many accounts there are of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Count {
    /// What they are counted by.
    pub by: CountedBy,
    /// The stage, the segment, …; empty of all with which there is work.
    pub name: String,
    /// How many.
    pub accounts: u64,
}

/// How many accounts there are of each kind.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// A line for each that the policy names, by kind and name, also where nobody is of it.
    pub items: Vec<Count>,
}

/// How many accounts there are of each kind, over all instances: at each stage, in each segment, with a hold, with a task
/// in each queue that the policy names. They may be some seconds old. Whoever sees some segments only is told of those; what is counted by something else is
/// counted over all.
#[utoipa::path(
    get, path = "/v1/counts", tag = "accounts", operation_id = "counts",
    responses((status = 200, body = Counts))
)]
pub(super) async fn counts(State(shared): State<Shared>, parts: Parts) -> Result<Response, Problem> {
    let person = person_of(&parts)?;
    let partitions = shared.lists.partitions().map_err(super::problem_of)?;
    if let Some(wanted) = gathering::wanted_of(&parts)? {
        return Ok(Json(Counts { items: here(&shared, wanted).await? }).into_response());
    }
    let others = gathering::ask::<Counts>(&shared, &parts, &partitions)?;
    let here = here(&shared, partitions.at_work).await?;
    let elsewhere = others.answers().await?.into_iter().flat_map(|counts| counts.items);
    let mut items = summed(here.into_iter().chain(elsewhere));
    items.retain(|count| count.by != CountedBy::Segment || person.sees(Some(&count.name)));
    Ok(Json(Counts { items }).into_response())
}

async fn here(shared: &Shared, partitions: Vec<u32>) -> Result<Vec<Count>, Problem> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let lists = shared.lists.clone();
    gathering::look(move || lists.counts(&partitions)).await
}

/// Those of the same kind and name as one, in order.
fn summed(counts: impl Iterator<Item = Count>) -> Vec<Count> {
    let mut sums: BTreeMap<(CountedBy, String), u64> = BTreeMap::new();
    for Count { by, name, accounts } in counts {
        let sum = sums.entry((by, name)).or_default();
        *sum = sum.saturating_add(accounts);
    }
    sums.into_iter().map(|((by, name), accounts)| Count { by, name, accounts }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_several_instances_are_summed_by_kind_and_name() {
        let count = |by, name: &str, accounts| Count { by, name: name.to_owned(), accounts };
        let (stage, queue) = (CountedBy::Stage, CountedBy::Queue);
        let all =
            [count(queue, "bar", 1), count(stage, "bar", 2), count(stage, "a", 0), count(stage, "bar", 3)];
        let expected = [count(stage, "a", 0), count(stage, "bar", 5), count(queue, "bar", 1)];
        assert_eq!(summed(all.into_iter()), expected);
    }
}
