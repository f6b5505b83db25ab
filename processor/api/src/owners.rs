//! Who answers for an account: the instance that works on its partition. Where that is another one, the question
//! is handed on to it, and its answer handed back.
//!
//! How instances come to know of one another is not known here.

use crate::problem::Problem;
use crate::who::followed::{FOLLOWED, is_followed};
use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use std::sync::Arc;
use std::time::Duration;

/// Who works on which partition.
pub trait Owners: Send + Sync + 'static {
    /// Who works on a partition that is not at work in this instance.
    fn owner_of(&self, partition: u32) -> Owner;
}

/// Who works on a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The instance whose API is there.
    At(Arc<str>),
    /// Nobody at this moment: it moves, or is being restored.
    Nobody,
    /// The others are not known: this instance has no address of its own to be known by.
    Unheard,
}

/// There is no other instance.
#[derive(Debug)]
pub struct Alone;

impl Owners for Alone {
    fn owner_of(&self, _partition: u32) -> Owner {
        Owner::Nobody
    }
}

/// Hands questions on.
#[derive(Clone)]
pub(crate) struct Forwarding {
    owners: Arc<dyn Owners>,
    client: reqwest::Client,
}

/// Says that a question was handed on: whoever is asked so answers itself or not at all.
const HANDED_ON: HeaderName = HeaderName::from_static("weir-handed-on");

/// Whether another instance handed the question on to this one.
pub(crate) fn is_handed_on(headers: &HeaderMap) -> bool {
    headers.contains_key(HANDED_ON)
}

/// Goes with an answer that another instance gave.
#[derive(Clone, Copy)]
pub(crate) struct HandedBack;

/// How long another instance may take to answer. What it reads takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take to tell of itself, which it has at hand.
const OF_ITSELF: Duration = Duration::from_secs(2);

/// How long a connection to it may take: one that is gone is not waited for.
const CONNECT: Duration = Duration::from_secs(1);

impl Forwarding {
    /// # Errors
    /// When the client cannot be made.
    pub(crate) fn new(owners: Arc<dyn Owners>) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .connect_timeout(CONNECT)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Ok(Self { owners, client: client.build()? })
    }

    /// Who works on a partition.
    pub(crate) fn owner_of(&self, partition: u32) -> Owner {
        self.owners.owner_of(partition)
    }

    /// The same question to another instance.
    fn question(&self, owner: &str, asked: &Parts) -> reqwest::RequestBuilder {
        let path = asked.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{path}", owner.trim_end_matches('/'));
        let question = self.client.request(asked.method.clone(), url).headers(handed_on(&asked.headers));
        if is_followed(asked) { question.header(FOLLOWED, "1") } else { question }
    }

    /// Asks an instance for its part of an answer, which this header says.
    pub(crate) async fn ask_part(
        &self,
        owner: &str,
        partition: u32,
        asked: &Parts,
        (name, value): (HeaderName, HeaderValue),
    ) -> Result<Bytes, Problem> {
        let silent = |error: reqwest::Error| {
            let error = crate::in_full(&error.without_url());
            tracing::warn!(partition, %owner, error, "the owner of a partition does not answer");
            Problem::owner_silent(partition)
        };
        let answer = self.question(owner, asked).header(name, value).send().await.map_err(silent)?;
        match answer.status() {
            StatusCode::OK => answer.bytes().await.map_err(silent),
            // It knows by now that it does not work on it, or has not begun.
            StatusCode::SERVICE_UNAVAILABLE => Err(Problem::moving(partition)),
            StatusCode::TOO_MANY_REQUESTS => Err(Problem::busy()),
            status => {
                tracing::warn!(partition, %owner, %status, "the owner of a partition declines its part of an answer");
                Err(Problem::owner_silent(partition))
            }
        }
    }

    /// Asks an instance for what it alone knows of itself; none where it does not answer, soon and well. That is no
    /// fault here, and is asked often: it is not warned of.
    pub(crate) async fn ask_of_itself(&self, instance: &str, asked: &Parts) -> Option<Bytes> {
        let silent = |error: reqwest::Error| {
            let error = crate::in_full(&error.without_url());
            tracing::debug!(%instance, error, "another instance does not tell of itself");
        };
        let answer = self.question(instance, asked).timeout(OF_ITSELF).send().await.map_err(silent).ok()?;
        if answer.status() != StatusCode::OK {
            tracing::debug!(%instance, status = %answer.status(), "another instance declines to tell of itself");
            return None;
        }
        answer.bytes().await.map_err(silent).ok()
    }

    /// Asks the instance that works on the partition, since it is not at work here.
    pub(crate) async fn ask(&self, partition: u32, asked: &Parts, body: Bytes) -> Result<Response, Problem> {
        if is_handed_on(&asked.headers) {
            return Err(Problem::moving(partition));
        }
        let owner = match self.owners.owner_of(partition) {
            Owner::At(owner) => owner,
            Owner::Nobody => return Err(Problem::moving(partition)),
            Owner::Unheard => return Err(Problem::elsewhere(partition)),
        };
        let question = self.question(&owner, asked);
        let question = if body.is_empty() { question } else { question.body(body) }.send();
        let silent = |error: reqwest::Error| {
            // Without the question: it names an account.
            let error = crate::in_full(&error.without_url());
            tracing::warn!(partition, %owner, error, "the owner of a partition does not answer");
            Problem::owner_silent(partition)
        };
        let answer = question.await.map_err(silent)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(silent)?;
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response.extensions_mut().insert(HandedBack);
        for name in [header::CONTENT_TYPE, header::LOCATION, header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
            if let Some(value) = headers.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        Ok(response)
    }
}

/// Who asks is asked there once more; that it was handed on keeps it from going round.
fn handed_on(asked: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in [header::AUTHORIZATION, header::ACCEPT, header::CONTENT_TYPE] {
        if let Some(value) = asked.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(HANDED_ON, axum::http::HeaderValue::from_static("1"));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::who::Followed;
    use axum::http::Request;

    #[test]
    fn that_a_page_follows_goes_with_a_question_that_is_handed_on_and_what_a_client_says_of_it_does_not() {
        let forwarding = Forwarding::new(Arc::new(Alone)).unwrap();
        #[track_caller]
        fn check(forwarding: &Forwarding, request: Request<()>, expected: bool) {
            let (parts, ()) = request.into_parts();
            let question = forwarding.question("http://weir-1", &parts).build().unwrap();
            assert_eq!(question.headers().contains_key(FOLLOWED), expected, "{:?}", question.headers());
        }
        let asked = || Request::builder().uri("/v1/accounts/A-1");
        check(&forwarding, asked().body(()).unwrap(), false);
        check(&forwarding, asked().extension(Followed).body(()).unwrap(), true);
        check(&forwarding, asked().header(FOLLOWED, "1").body(()).unwrap(), false);
    }
}
