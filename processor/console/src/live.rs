//! How a page hears that what it shows changed: what the API answered for it is asked again and again, and only that
//! it changed is said. The page asks for itself again then.

use crate::Console;
use crate::asking::Declined;
use crate::visitor::Visitor;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value;
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// What a page is made out of, and how often that is looked at.
pub(crate) struct Watched {
    /// What is asked of the API.
    pub(crate) paths: Vec<String>,
    /// How long is waited between two looks.
    pub(crate) every: Duration,
    /// Whether the page tells what it can while one of them cannot be answered: then that is a change too.
    pub(crate) bears_silence: bool,
}

impl Watched {
    /// What a page is made out of that cannot be shown without all of it.
    pub(crate) fn whole(paths: Vec<String>, every: Duration) -> Self {
        Self { paths, every, bears_silence: false }
    }
}

/// Whoever listens.
struct Listener {
    console: Console,
    visitor: Visitor,
    watched: Watched,
    seen: String,
    _place: OwnedSemaphorePermit,
}

/// Says `changed` whenever what the page shows is no longer what it has `seen`.
pub(crate) async fn listen(console: Console, visitor: Visitor, watched: Watched, seen: String) -> Response {
    // Whoever is not known takes nobody's place.
    if let Err(why) = console.api.who(&visitor).await {
        return why.status.into_response();
    }
    let Ok(_place) = console.listeners.clone().try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    // It listens; what is looked at is told when the page asks for itself again.
    let console = Console { api: console.api.following(), ..console };
    let listener = Listener { console, visitor, watched, seen, _place };
    let events = stream::unfold(listener, |mut listener| async move {
        listener
            .wait()
            .await
            .then_some((Ok::<_, Infallible>(Event::default().event("changed").data("it did")), listener))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

impl Listener {
    /// Waits for a change; false where there is nothing more to hear.
    async fn wait(&mut self) -> bool {
        loop {
            tokio::time::sleep(self.watched.every).await;
            match fingerprint_with(&self.console, &self.visitor, &self.watched).await {
                Ok(now) if now != self.seen => {
                    self.seen = now;
                    return true;
                }
                Ok(_) => {}
                // It moves, or was asked too often: that passes.
                Err(declined) if declined.status == StatusCode::SERVICE_UNAVAILABLE => {}
                Err(declined) if declined.status == StatusCode::TOO_MANY_REQUESTS => {}
                Err(_) => return false,
            }
        }
    }
}

/// What tells the answers to these questions from others.
pub(crate) async fn fingerprint(
    console: &Console,
    visitor: &Visitor,
    paths: &[String],
) -> Result<String, Declined> {
    let mut answers = Vec::new();
    for path in paths {
        answers.push(console.api.get::<Value>(visitor, path).await?.0);
    }
    Ok(fingerprint_of(answers))
}

/// The same of a page that tells what it can.
pub(crate) async fn fingerprint_with(
    console: &Console,
    visitor: &Visitor,
    watched: &Watched,
) -> Result<String, Declined> {
    if !watched.bears_silence {
        return fingerprint(console, visitor, &watched.paths).await;
    }
    let mut answers = Vec::new();
    for path in &watched.paths {
        answers.push(match console.api.get::<Value>(visitor, path).await {
            Ok((answer, _)) => answer,
            Err(why) if why.status == StatusCode::SERVICE_UNAVAILABLE => Value::Null,
            Err(why) => return Err(why),
        });
    }
    Ok(fingerprint_of(answers))
}

/// What tells these answers from others.
pub(crate) fn fingerprint_of(answers: impl IntoIterator<Item = Value>) -> String {
    let mut hasher = DefaultHasher::new();
    answers.into_iter().for_each(|answer| timeless(answer).to_string().hash(&mut hasher));
    format!("{:016x}", hasher.finish())
}

/// Without when it was looked at, which is never the same.
fn timeless(mut answer: Value) -> Value {
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("as_of");
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn time_alone_is_no_change() {
        let account = |as_of: &str, debt: &str| json!({ "as_of": { "at": as_of }, "credit": debt });
        assert_eq!(timeless(account("1", "0.00")), timeless(account("2", "0.00")));
        assert_ne!(timeless(account("1", "3.00")), timeless(account("1", "0.00")));
    }
}
