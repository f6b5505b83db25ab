//! How the API is asked: in this process, by the way of any question.

use crate::visitor::Visitor;
use api::controls::in_path;
use api::who::{Followed, Person};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tower::ServiceExt;

/// The largest answer that is read, in bytes: a history of 200 lines has some tens of thousands.
const LARGEST_ANSWER: usize = 8 * 1_024 * 1_024;

/// The API.
#[derive(Clone)]
pub(crate) struct Api {
    router: Router,
    /// Whether what is asked is only to hear of changes.
    follows: bool,
}

/// Why the API gave no answer.
#[derive(Clone, Debug)]
pub(crate) struct Declined {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Why, in the API's own words.
    pub(crate) detail: String,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    detail: String,
}

impl Api {
    pub(crate) fn of(router: Router) -> Self {
        Self { router, follows: false }
    }

    /// The same, asked again and again to hear whether something changed: such looks are counted in the audit log, and
    /// not told one by one.
    pub(crate) fn following(&self) -> Self {
        Self { router: self.router.clone(), follows: true }
    }

    /// Who this is; asked of a path where there is nothing, which looks at no account.
    pub(crate) async fn who(&self, visitor: &Visitor) -> Result<Option<Arc<Person>>, Declined> {
        let answer = self.send(visitor, Method::GET, "/v1", String::new()).await;
        if answer.status == StatusCode::NOT_FOUND { Ok(answer.person) } else { Err(declined(&answer)) }
    }

    /// What it answers to a question, and who asked it.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        visitor: &Visitor,
        path: &str,
    ) -> Result<(T, Option<Arc<Person>>), Declined> {
        let answer = self.send(visitor, Method::GET, path, String::new()).await;
        Ok((read(&answer)?, answer.person))
    }

    /// What it answers to a question in another form than JSON, and what it says of that.
    pub(crate) async fn text(&self, visitor: &Visitor, path: &str) -> Result<(Bytes, HeaderMap), Declined> {
        let answer = self.send(visitor, Method::GET, path, String::new()).await;
        if answer.status.is_success() { Ok((answer.body, answer.headers)) } else { Err(declined(&answer)) }
    }

    /// What it answers to an order.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        visitor: &Visitor,
        path: &str,
        body: String,
    ) -> Result<T, Declined> {
        read(&self.send(visitor, Method::POST, path, body).await)
    }

    async fn send(&self, visitor: &Visitor, method: Method, path: &str, body: String) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(host) = &visitor.host {
            request = request.header(header::HOST, host);
        }
        if let Some(token) = &visitor.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        // A token of characters that no header has is nobody's.
        let Ok(mut request) = request.body(Body::from(body)) else {
            return Answer { status: StatusCode::UNAUTHORIZED, ..Answer::default() };
        };
        if self.follows {
            request.extensions_mut().insert(Followed);
        }
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let person = parts.extensions.get::<Arc<Person>>().cloned();
        match to_bytes(body, LARGEST_ANSWER).await {
            Ok(body) => Answer { status: parts.status, headers: parts.headers, body, person },
            Err(error) => {
                tracing::error!(%error, "an answer of the API cannot be read");
                Answer { status: StatusCode::INTERNAL_SERVER_ERROR, person, ..Answer::default() }
            }
        }
    }
}

/// What the API answered, and whom.
#[derive(Default)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    person: Option<Arc<Person>>,
}

impl Declined {
    /// The answer is not what the console knows.
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        tracing::error!(%error, "an answer of the API is not what the console knows");
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, detail: String::new() }
    }
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, Declined> {
    if !answer.status.is_success() {
        return Err(declined(answer));
    }
    serde_json::from_slice(&answer.body).map_err(|error| Declined::unreadable(&error))
}

fn declined(answer: &Answer) -> Declined {
    let problem = serde_json::from_slice(&answer.body);
    let detail = problem.map(|problem: Problem| problem.detail).unwrap_or_default();
    Declined { status: answer.status, detail }
}

/// A question with one parameter more.
pub(crate) fn with(question: &str, name: &str, value: &str) -> String {
    let joined = if question.is_empty() { "" } else { "&" };
    format!("{question}{joined}{name}={}", in_path(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Json;
    use axum::http::Extensions;
    use axum::routing::get;

    #[test]
    fn only_what_is_asked_to_hear_of_changes_is_marked_so() {
        let marked =
            get(|extensions: Extensions| async move { Json(extensions.get::<Followed>().is_some()) });
        let api = Api::of(Router::new().route("/v1/marked", marked));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ask = |api: &Api| {
            let visitor = crate::tests::visitor();
            let told = runtime.block_on(api.get::<bool>(&visitor, "/v1/marked"));
            told.unwrap().0
        };
        assert!(!ask(&api), "a page that is opened, or read again, is a look");
        assert!(ask(&api.following()));
        assert!(!ask(&api), "and so it stays");
    }
}
