//! Asking the instances around for their part of an answer that is about all partitions.

use super::{Partitions, WANTED};
use crate::owners::{self, Owner};
use crate::problem::Problem;
use crate::serving::Shared;
use axum::http::HeaderValue;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The answers that are on their way.
pub(crate) struct Others<P>(Vec<JoinHandle<Result<P, Problem>>>);

/// Asks all others for what they say of the partitions that are not at work here.
///
/// # Errors
/// Where a partition is at work nowhere: an answer with a hole is none.
pub(crate) fn ask<P: DeserializeOwned + Send + 'static>(
    shared: &Shared,
    parts: &Parts,
    partitions: &Partitions,
) -> Result<Others<P>, Problem> {
    let mut elsewhere: BTreeMap<Arc<str>, Vec<u32>> = BTreeMap::new();
    for partition in (0..partitions.count).filter(|partition| !partitions.at_work.contains(partition)) {
        match shared.forwarding.owner_of(partition) {
            Owner::At(owner) => elsewhere.entry(owner).or_default().push(partition),
            Owner::Nobody => return Err(Problem::moving(partition)),
            Owner::Unheard => return Err(Problem::elsewhere(partition)),
        }
    }
    let questions = elsewhere.into_iter().map(|(owner, wanted)| {
        let (forwarding, parts) = (shared.forwarding.clone(), parts.clone());
        tokio::spawn(async move { there(&forwarding, &owner, &parts, &wanted).await })
    });
    Ok(Others(questions.collect()))
}

impl<P> Others<P> {
    /// What they say, all of them.
    pub(crate) async fn answers(self) -> Result<Vec<P>, Problem> {
        let mut answers = Vec::new();
        for question in self.0 {
            answers.push(question.await.map_err(|error| {
                tracing::error!(%error, "asking another instance failed");
                Problem::failed()
            })??);
        }
        Ok(answers)
    }
}

/// The part that is another instance's.
async fn there<P: DeserializeOwned>(
    forwarding: &owners::Forwarding,
    owner: &str,
    parts: &Parts,
    wanted: &[u32],
) -> Result<P, Problem> {
    let partition = wanted.first().copied().unwrap_or(0);
    let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    let wanted = HeaderValue::from_str(&wanted.join(",")).map_err(|_| Problem::failed())?;
    let answer = forwarding.ask_part(owner, partition, parts, (WANTED, wanted)).await?;
    serde_json::from_slice(&answer).map_err(|error| {
        tracing::warn!(%owner, %error, "another instance answers in a way that is not known here");
        Problem::owner_silent(partition)
    })
}

/// Which partitions another instance asks for; none where a person asks.
pub(crate) fn wanted_of(parts: &Parts) -> Result<Option<Vec<u32>>, Problem> {
    if !owners::is_handed_on(&parts.headers) {
        return Ok(None);
    }
    let unreadable =
        || Problem::bad_request("`weir-partitions` names the partitions that are wanted, as `0,3,5`.");
    let wanted = parts.headers.get(&WANTED).and_then(|wanted| wanted.to_str().ok()).ok_or_else(unreadable)?;
    // Each once: nobody has one looked into again and again.
    let wanted = wanted.split(',').map(str::parse).collect::<Result<BTreeSet<u32>, _>>();
    wanted.map(|wanted| Some(wanted.into_iter().collect())).map_err(|_| unreadable())
}

/// Looks into what is here on a thread that may wait for a disk.
pub(crate) async fn look<T: Send + 'static>(
    look: impl FnOnce() -> Result<T, crate::accounts::Unread> + Send + 'static,
) -> Result<T, Problem> {
    let looked = tokio::task::spawn_blocking(look).await.map_err(|error| {
        tracing::error!(%error, "looking into lists failed");
        Problem::failed()
    })?;
    looked.map_err(super::problem_of)
}
