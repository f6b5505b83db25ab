//! Where each question is asked who asks it, before it is looked at.
//!
//! What the person may see of what they ask about is the question's own business.

use super::rate::Rate;
use super::{Authority, Person};
use crate::problem::Problem;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

/// Counts the questions that nobody was answered, by why: the word of a [`Denied`](super::Denied), `rate`, `host`.
const DENIED: &str = "weir_api_denied_total";

/// Knows who comes in.
pub(crate) struct Door {
    authority: Arc<dyn Authority>,
    rate: Rate,
}

impl Door {
    /// One where each person may ask so often a second.
    pub(crate) fn new(authority: Arc<dyn Authority>, per_second: NonZeroU32) -> Self {
        metrics::describe_counter!(DENIED, "Questions to the API that were denied at the door, by why");
        Self { authority, rate: Rate::per_second(per_second) }
    }

    fn person(&self, headers: &HeaderMap) -> Result<Person, Problem> {
        if self.authority.asks_nobody() && !is_sent_to_loopback(headers) {
            metrics::counter!(DENIED, "why" => "host").increment(1);
            return Err(Problem::other_host());
        }
        let person = self.authority.who(bearer(headers)).map_err(|denied| {
            metrics::counter!(DENIED, "why" => denied.as_str()).increment(1);
            Problem::denied(denied)
        })?;
        self.rate.take(&person.name, Instant::now()).map_err(|wait| {
            metrics::counter!(DENIED, "why" => "rate").increment(1);
            Problem::too_often(wait)
        })?;
        Ok(person)
    }
}

/// Lets in whoever is known: the person goes with the request.
pub(crate) async fn ask(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    match door.person(request.headers()) {
        Ok(person) => {
            let person = Arc::new(person);
            request.extensions_mut().insert(person.clone());
            let mut response = next.run(request).await;
            // Whoever asks in this process may know who it was.
            response.extensions_mut().insert(person);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

/// Whether whoever sent it meant this machine: `localhost`, or an address of the loopback.
fn is_sent_to_loopback(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(authority) = host.and_then(|host| host.parse::<axum::http::uri::Authority>().ok()) else {
        return false;
    };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The token that came, where one did.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_to_the_loopback_names_it() {
        let rows = [
            ("127.0.0.1:8090", true),
            ("127.0.0.1", true),
            ("[::1]:8090", true),
            ("LocalHost:8090", true),
            ("localhost.evil.example", false),
            ("evil.example:8090", false),
            ("10.0.0.1", false),
            ("", false),
        ];
        for (host, expected) in rows {
            let mut headers = HeaderMap::new();
            assert!(!is_sent_to_loopback(&headers), "nothing says where it was sent to");
            headers.insert(header::HOST, axum::http::HeaderValue::from_static(host));
            assert_eq!(is_sent_to_loopback(&headers), expected, "{host}");
        }
    }

    #[test]
    fn a_token_comes_as_a_bearers() {
        let rows = [
            ("Bearer weir_1", Some("weir_1")),
            ("bearer  weir_1 ", Some("weir_1")),
            ("Bearer", None),
            ("Bearer ", None),
            ("Basic weir_1", None),
            ("weir_1", None),
            ("Bearer w\u{e9}ir", None),
        ];
        for (value, expected) in rows {
            let mut headers = HeaderMap::new();
            assert_eq!(bearer(&headers), None);
            headers.insert(
                header::AUTHORIZATION,
                axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
            assert_eq!(bearer(&headers), expected, "{value}");
        }
    }
}
