//! Errors, as RFC 9457 has them: `application/problem+json`. They never show what is inside.

use crate::who::{Denied, Role};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::time::Duration;
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
    /// How whoever asks may prove who they are.
    #[serde(skip)]
    challenge: Option<&'static str>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

/// How long a partition that moves takes, in seconds: some more than a hand-over does.
const MOVING_SECONDS: u32 = 2;

impl Problem {
    fn new(word: &str, title: &'static str, status: StatusCode, detail: impl Into<String>) -> Self {
        let kind = format!("urn:weir:problem:{word}");
        Self { kind, title, status, detail: detail.into(), retry_after: None, challenge: None }
    }

    /// What it is in this case.
    #[cfg(test)]
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The question cannot be made out.
    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new("bad-request", "The request cannot be made out", StatusCode::BAD_REQUEST, detail)
    }

    /// Nothing is known of the account that was asked about.
    #[must_use]
    pub fn unknown_account(detail: impl Into<String>) -> Self {
        Self::new("unknown-account", "Nothing is known of the account", StatusCode::NOT_FOUND, detail)
    }

    /// The policy has no rule, stage or plan of the name that was asked about.
    #[must_use]
    pub fn unknown_rule(detail: impl Into<String>) -> Self {
        Self::new("unknown-rule", "The policy has nothing of that name", StatusCode::NOT_FOUND, detail)
    }

    /// No reject lies where one was sought.
    #[must_use]
    pub fn unknown_reject() -> Self {
        let detail = "No reject lies there, or none any more: the topic keeps them for some time only.";
        Self::new("unknown-reject", "There is no such reject", StatusCode::NOT_FOUND, detail)
    }

    /// The log does not answer, or not in time.
    #[must_use]
    pub fn log_silent() -> Self {
        let detail = "The log did not answer, or not in time. Nothing was sent. Try again in a moment.";
        let problem =
            Self::new("log-silent", "The log does not answer", StatusCode::SERVICE_UNAVAILABLE, detail);
        Self { retry_after: Some(MOVING_SECONDS), ..problem }
    }

    /// Whether a reject was sent again is not known.
    #[must_use]
    pub fn perhaps_sent() -> Self {
        let detail = "The log does not say that it has it. It may: to send it once more does no harm, since an event whose \
                      id was seen changes nothing.";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let problem = Self::new("perhaps-sent", "It may not have been sent", status, detail);
        Self { retry_after: Some(MOVING_SECONDS), ..problem }
    }

    /// There is no version of the policy of the number that was asked about.
    #[must_use]
    pub fn unknown_policy(detail: impl Into<String>) -> Self {
        Self::new("unknown-policy", "There is no such version of the policy", StatusCode::NOT_FOUND, detail)
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

    /// It was sent under the name of another machine, where nobody is asked who they are.
    #[must_use]
    pub fn other_host() -> Self {
        let detail = "Nobody is asked here who they are, so only what is sent to localhost or an address of the \
                      loopback is answered.";
        Self::new("other-host", "It was sent to another host", StatusCode::MISDIRECTED_REQUEST, detail)
    }

    /// The body of an order is not JSON.
    #[must_use]
    pub fn not_json() -> Self {
        let detail = "An order is sent as application/json.";
        Self::new("not-json", "The body is not JSON", StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
    }

    /// The log does not say that it has an order.
    #[must_use]
    pub fn not_given(id: &str) -> Self {
        let detail = format!(
            "The log does not say that it has the order. It may: to give it once more with the `event_id` «{id}» does \
             no harm."
        );
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let problem = Self::new("not-given", "The order may not have been given", status, detail);
        Self { retry_after: Some(MOVING_SECONDS), ..problem }
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

    /// Another instance has the partition, and this one does not know the others.
    #[must_use]
    pub fn elsewhere(partition: u32) -> Self {
        let detail = format!(
            "Partition {partition}, where it lies, is not at work in this instance, which does not know of others: \
             where there are several, each needs its own `[api] url`."
        );
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new("elsewhere", "This instance does not have it", status, detail)
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

    /// Who asks is not known. With OAuth's word for it (RFC 6750), by which programs know whether another token helps.
    #[must_use]
    pub fn denied(denied: Denied) -> Self {
        let (title, detail) = words(denied);
        let (status, challenge) = match denied {
            Denied::NoToken => (StatusCode::UNAUTHORIZED, Some("Bearer")),
            Denied::Unknown
            | Denied::Malformed
            | Denied::Forged
            | Denied::UnknownKey
            | Denied::Expired
            | Denied::NotYet
            | Denied::OtherIssuer
            | Denied::OtherAudience
            | Denied::NoName => (StatusCode::UNAUTHORIZED, Some("Bearer error=\"invalid_token\"")),
            // It is good, and another one would say the same: nobody is sent to log in once more.
            Denied::NoRole | Denied::NoSegments => {
                (StatusCode::FORBIDDEN, Some("Bearer error=\"insufficient_scope\""))
            }
            Denied::NoKeys => (StatusCode::SERVICE_UNAVAILABLE, None),
        };
        let retry_after = (denied == Denied::NoKeys).then_some(MOVING_SECONDS);
        let problem = Self::new(&denied.as_str().replace('_', "-"), title, status, detail);
        Self { challenge, retry_after, ..problem }
    }

    /// The role of whoever asks does not reach.
    #[must_use]
    pub fn role(has: Role, needed: Role) -> Self {
        let detail = format!("It takes the role `{needed}`, and yours is `{has}`.");
        Self::new("role", "Your role does not allow it", StatusCode::FORBIDDEN, detail)
    }

    /// The account is in none of the segments of whoever asks.
    #[must_use]
    pub fn not_in_segments() -> Self {
        let detail = "The account is not in your segments.";
        Self::new("segment", "The account is not yours to see", StatusCode::FORBIDDEN, detail)
    }

    /// A person asks too often.
    #[must_use]
    pub fn too_often(wait: Duration) -> Self {
        let detail = "You ask more often than you may. Ask again in a moment.";
        let problem = Self::new("rate", "Too many questions", StatusCode::TOO_MANY_REQUESTS, detail);
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
        Self { retry_after: Some(u32::try_from(seconds).unwrap_or(u32::MAX)), ..problem }
    }

    /// As much is being answered as may be at once.
    #[must_use]
    pub fn busy() -> Self {
        let detail = "As many questions are being answered as may be at once. Ask again in a moment.";
        let problem = Self::new("busy", "Weir is busy", StatusCode::SERVICE_UNAVAILABLE, detail);
        Self { retry_after: Some(1), ..problem }
    }

    /// It took too long.
    #[must_use]
    pub fn too_slow() -> Self {
        let detail =
            "It took too long to find the answer. Weir's disk may be slow just now: ask again in a moment.";
        let problem = Self::new("slow", "It took too long", StatusCode::SERVICE_UNAVAILABLE, detail);
        Self { retry_after: Some(MOVING_SECONDS), ..problem }
    }

    /// The URL is too long.
    #[must_use]
    pub fn long_url(most: usize) -> Self {
        let detail = format!("The path and its query have at most {most} bytes.");
        Self::new("long-url", "The URL is too long", StatusCode::URI_TOO_LONG, detail)
    }

    /// The body is too large.
    #[must_use]
    pub fn large_body(most: usize) -> Self {
        let detail = format!("A body has at most {most} bytes.");
        Self::new("large-body", "The body is too large", StatusCode::PAYLOAD_TOO_LARGE, detail)
    }

    /// Something failed within: what, the log says.
    #[must_use]
    pub fn failed() -> Self {
        let detail = "It is not your request. Weir's log says what failed.";
        Self::new("failed", "Weir failed to answer", StatusCode::INTERNAL_SERVER_ERROR, detail)
    }
}

/// What is said of it to whoever asked.
fn words(denied: Denied) -> (&'static str, &'static str) {
    match denied {
        Denied::NoToken => (
            "It is not said who asks",
            "Send your token as `Authorization: Bearer …`: of your identity provider, or one that whoever runs Weir \
             makes with `weir token new`.",
        ),
        Denied::Unknown => ("The token is not known", "The token is nobody's, or is not any more."),
        Denied::Malformed => {
            ("The token cannot be used", "It is no signed token (JWT) of a kind that Weir takes.")
        }
        Denied::Forged => ("The token cannot be used", "It was not signed by the key that it names."),
        Denied::UnknownKey => {
            ("The token's key is not known", "The identity provider has no such key any more: log in again.")
        }
        Denied::NoKeys => (
            "The identity provider has not answered",
            "Weir does not know the token's key, or has not been able to look it up for too long, and asks the identity \
             provider for it. Try again in a moment.",
        ),
        Denied::Expired => ("The token has expired", "Its time is over: log in again."),
        Denied::NotYet => ("The token holds only later", "Its time has not come."),
        Denied::OtherIssuer => ("The token is another provider's", "Weir asks another identity provider."),
        Denied::OtherAudience => ("The token is not for Weir", "It was made for another application."),
        Denied::NoName => ("The token names nobody", "It holds no name that can stand in the audit log."),
        Denied::NoRole => (
            "You have no role in Weir",
            "Whoever runs the identity provider gives roles: yours are none of Weir's.",
        ),
        Denied::NoSegments => (
            "You have no segments",
            "Your role sees the accounts of some segments, and the identity provider names none of yours.",
        ),
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
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}
