//! How a page hears that its account changed: the account is looked at once a second, and only that it changed is
//! said. The page asks for itself again then.

use crate::Console;
use crate::answers::Outcome;
use crate::asking::Declined;
use crate::story::{self, Asked};
use crate::visitor::Visitor;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value;
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// How often an account is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Whoever listens.
struct Listener {
    console: Console,
    visitor: Visitor,
    id: String,
    asked: Asked,
    seen: String,
    _place: OwnedSemaphorePermit,
}

/// Says `changed` whenever what the page shows has.
pub(crate) async fn listen(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let Ok(_place) = console.listeners.clone().try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let seen = asked.seen.clone().unwrap_or_default();
    let listener = Listener { console, visitor, id, asked, seen, _place };
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
            tokio::time::sleep(EVERY).await;
            match fingerprint(&self.console, &self.visitor, &self.id, &self.asked).await {
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

/// What tells an account's state, and that of the order that is waited for, from another.
pub(crate) async fn fingerprint(
    console: &Console,
    visitor: &Visitor,
    id: &str,
    asked: &Asked,
) -> Result<String, Declined> {
    let (account, _) = console.api.get::<Value>(visitor, &story::path(id, "", asked)).await?;
    let order = match &asked.order {
        Some(order) => Some(story::outcome(console, visitor, id, asked, order).await?),
        None => None,
    };
    Ok(hashed(account, order.as_ref()))
}

/// Without when it was looked at, which is never the same.
fn hashed(mut account: Value, order: Option<&Outcome>) -> String {
    if let Some(fields) = account.as_object_mut() {
        fields.remove("as_of");
    }
    let mut hasher = DefaultHasher::new();
    account.to_string().hash(&mut hasher);
    order.map(|order| order.state.as_str()).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn time_alone_is_no_change_and_an_orders_outcome_is_one() {
        let account = |as_of: &str, debt: &str| json!({ "as_of": { "at": as_of }, "credit": debt });
        let order = |state: &str| Outcome { state: state.to_owned(), reason: None, lines: Vec::new() };
        let first = hashed(account("1", "0.00"), Some(&order("pending")));
        assert_eq!(first, hashed(account("2", "0.00"), Some(&order("pending"))));
        assert_ne!(first, hashed(account("1", "3.00"), Some(&order("pending"))));
        assert_ne!(first, hashed(account("1", "0.00"), Some(&order("applied"))));
    }
}
