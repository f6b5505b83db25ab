//! Errors, as RFC 9457 has them: `application/problem+json`. They never show what is inside.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a question was not answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem it is, in a word for programs.
    #[serde(rename = "type")]
    #[schema(example = "urn:weir:problem:moving")]
    kind: String,
    /// The same for people.
    title: &'static str,
    /// The HTTP status.
    #[schema(value_type = u16, example = 503)]
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    /// What it is in this case, and what to do.
    detail: String,
    /// After how many seconds it may be tried again.
    #[serde(skip)]
    retry_after: Option<u32>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

/// How long a partition that moves takes, in seconds: some more than a hand-over does.
const MOVING_SECONDS: u32 = 2;

impl Problem {
    fn new(word: &str, title: &'static str, status: StatusCode, detail: impl Into<String>) -> Self {
        let kind = format!("urn:weir:problem:{word}");
        Self { kind, title, status, detail: detail.into(), retry_after: None }
    }

    /// The question cannot be made out.
    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new("bad-request", "The request cannot be made out", StatusCode::BAD_REQUEST, detail)
    }

    /// Nothing is known of what was asked about.
    #[must_use]
    pub fn unknown(detail: impl Into<String>) -> Self {
        Self::new("unknown", "Nothing is known of it", StatusCode::NOT_FOUND, detail)
    }

    /// There is no such page.
    #[must_use]
    pub fn no_page() -> Self {
        let detail = "The API is described by /openapi.json.";
        Self::new("no-such-path", "There is nothing at this path", StatusCode::NOT_FOUND, detail)
    }

    /// That cannot be done there.
    #[must_use]
    pub fn no_method() -> Self {
        let detail = "The API is described by /openapi.json.";
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self::new("no-such-method", "This cannot be done at this path", status, detail)
    }

    /// The partition of what was asked about is at work nowhere at this moment.
    #[must_use]
    pub fn moving(partition: u32) -> Self {
        let detail = format!(
            "Partition {partition}, where it lies, is moving to another instance or is being restored. Try again \
             in a moment."
        );
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let problem = Self::new("moving", "Its partition is not at work now", status, detail);
        Self { retry_after: Some(MOVING_SECONDS), ..problem }
    }

    /// The instance has only begun.
    #[must_use]
    pub fn not_begun() -> Self {
        let detail = "This instance has only begun, and does not know yet which accounts it works on.";
        let problem = Self::new("not-begun", "Weir has only begun", StatusCode::SERVICE_UNAVAILABLE, detail);
        Self { retry_after: Some(MOVING_SECONDS), ..problem }
    }

    /// The instance that has the partition does not answer.
    #[must_use]
    pub fn owner_silent(partition: u32) -> Self {
        let detail = format!(
            "The instance that works on partition {partition}, where it lies, does not answer. If it is gone, \
             another one takes over within a minute."
        );
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let problem = Self::new("owner-silent", "Its instance does not answer", status, detail);
        Self { retry_after: Some(MOVING_SECONDS), ..problem }
    }

    /// Something failed within: what, the log says.
    #[must_use]
    pub fn failed() -> Self {
        let detail = "It is not your request. Weir's log says what failed.";
        Self::new("failed", "Weir failed to answer", StatusCode::INTERNAL_SERVER_ERROR, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let content_type = HeaderValue::from_static("application/problem+json");
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
