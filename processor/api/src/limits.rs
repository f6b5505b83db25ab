//! How much a question may take: of room, of time, and of what is answered at once.
//!
//! How large its head may be, and how slowly it may come, is the server's business.

use crate::problem::Problem;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How much is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many questions at once.
    pub(crate) at_once: usize,
    /// How long each may take. Another instance has five seconds of it.
    pub(crate) time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { at_once: 64, time: Duration::from_secs(10) }
    }
}

/// The longest path with its query: a few ids of 255 bytes, each written as `%..`.
const LONGEST_URL: usize = 4 * 1_024;

/// The largest body of any request, in bytes.
pub(crate) const LARGEST_BODY: usize = 64 * 1_024;

/// How many of something are told: as many as are asked for, else as many as usual.
///
/// # Errors
/// When none are asked for, or more than may be.
pub(crate) fn how_many(asked: Option<usize>, usual: usize, most: usize) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(usual);
    if !(1..=most).contains(&limit) {
        return Err(Problem::bad_request(format!("`limit` is {limit}, and must be from 1 to {most}.")));
    }
    Ok(limit)
}

/// Declines what is too long before anything is done for it.
pub(crate) async fn room(request: Request, next: Next) -> Response {
    let url = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    match fits(url, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn fits(url: usize, headers: &HeaderMap) -> Result<(), Problem> {
    if url > LONGEST_URL {
        return Err(Problem::long_url(LONGEST_URL));
    }
    if length_of(headers)
        .is_some_and(|length| usize::try_from(length).map_or(true, |length| length > LARGEST_BODY))
    {
        return Err(Problem::large_body(LARGEST_BODY));
    }
    Ok(())
}

fn length_of(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
}

/// Declines a question that brings a body, at a path that answers questions.
pub(crate) async fn no_body(request: Request, next: Next) -> Response {
    if is_question_with_body(request.method(), request.headers()) {
        return Problem::bad_request("a question has no body.").into_response();
    }
    next.run(request).await
}

fn is_question_with_body(method: &Method, headers: &HeaderMap) -> bool {
    let has_body = length_of(headers).is_some_and(|length| length > 0)
        || headers.contains_key(header::TRANSFER_ENCODING);
    has_body && (method == Method::GET || method == Method::HEAD)
}

/// Declines what comes while as much is being answered as may be.
pub(crate) async fn at_once(State(free): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    match free.try_acquire() {
        Ok(_kept) => next.run(request).await,
        Err(_) => Problem::busy().into_response(),
    }
}

/// Gives up what takes too long.
pub(crate) async fn time(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limits.time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::too_slow().into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn from_one_to_the_most_may_be_asked_for() {
        for (asked, expected) in
            [(None, Some(50)), (Some(1), Some(1)), (Some(200), Some(200)), (Some(0), None), (Some(201), None)]
        {
            assert_eq!(how_many(asked, 50, 200).ok(), expected, "{asked:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_declined_and_a_question_has_no_body() {
        let (get, post) = (Method::GET, Method::POST);
        let rows = [
            (&get, 4_096, "", "", None),
            (&get, 4_097, "", "", Some(414)),
            (&get, 9, "content-length", "0", None),
            (&get, 9, "content-length", "1", Some(400)),
            (&get, 9, "transfer-encoding", "chunked", Some(400)),
            (&post, 9, "content-length", "65536", None),
            (&post, 9, "content-length", "65537", Some(413)),
            (&post, 9, "content-length", "18446744073709551615", Some(413)),
        ];
        for (method, url, name, value, expected) in rows {
            let mut headers = HeaderMap::new();
            if !name.is_empty() {
                headers.insert(name, HeaderValue::from_static(value));
            }
            let declined = fits(url, &headers).err();
            let status = declined.map(|problem| problem.into_response().status().as_u16());
            let status = status.or(is_question_with_body(method, &headers).then_some(400));
            assert_eq!(status, expected, "{method} {url} {name}: {value}");
        }
    }
}
