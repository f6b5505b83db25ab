//! How the API is asked: in this process, by the way of any question.

use crate::visitor::Visitor;
use api::who::Person;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tower::ServiceExt;

/// The largest answer that is read, in bytes: a history of 200 lines has some tens of thousands.
const LARGEST_ANSWER: usize = 8 * 1_024 * 1_024;

/// The API.
#[derive(Clone)]
pub(crate) struct Api(Router);

/// Why the API gave no answer.
#[derive(Debug)]
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
        Self(router)
    }

    /// Who this is; asked of a path where there is nothing, which looks at no account.
    pub(crate) async fn who(&self, visitor: &Visitor) -> Result<Option<Arc<Person>>, Declined> {
        let (status, body, person) = self.send(visitor, Method::GET, "/v1", String::new()).await;
        if status == StatusCode::NOT_FOUND { Ok(person) } else { Err(declined(status, &body)) }
    }

    /// What it answers to a question, and who asked it.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        visitor: &Visitor,
        path: &str,
    ) -> Result<(T, Option<Arc<Person>>), Declined> {
        let (status, body, person) = self.send(visitor, Method::GET, path, String::new()).await;
        Ok((read(status, &body)?, person))
    }

    /// What it answers to an order.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        visitor: &Visitor,
        path: &str,
        body: String,
    ) -> Result<T, Declined> {
        let (status, body, _) = self.send(visitor, Method::POST, path, body).await;
        read(status, &body)
    }

    async fn send(
        &self,
        visitor: &Visitor,
        method: Method,
        path: &str,
        body: String,
    ) -> (StatusCode, Vec<u8>, Option<Arc<Person>>) {
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
        let Ok(request) = request.body(Body::from(body)) else {
            return (StatusCode::UNAUTHORIZED, Vec::new(), None);
        };
        let Ok(response) = self.0.clone().oneshot(request).await;
        let (status, person) = (response.status(), response.extensions().get::<Arc<Person>>().cloned());
        match to_bytes(response.into_body(), LARGEST_ANSWER).await {
            Ok(body) => (status, body.to_vec(), person),
            Err(error) => {
                tracing::error!(%error, "an answer of the API cannot be read");
                (StatusCode::INTERNAL_SERVER_ERROR, Vec::new(), person)
            }
        }
    }
}

fn read<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<T, Declined> {
    if !status.is_success() {
        return Err(declined(status, body));
    }
    serde_json::from_slice(body).map_err(|error| {
        tracing::error!(%error, "an answer of the API is not what the console knows");
        Declined { status: StatusCode::INTERNAL_SERVER_ERROR, detail: String::new() }
    })
}

fn declined(status: StatusCode, body: &[u8]) -> Declined {
    let detail = serde_json::from_slice(body).map(|problem: Problem| problem.detail).unwrap_or_default();
    Declined { status, detail }
}
