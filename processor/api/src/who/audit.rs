//! The audit log: a line for each look at an account, under the target `audit`, written where the answer is given.
//!
//! An account's id stands in it as it is, even where it is a phone number: whose page was looked at is what the line
//! is for. Everywhere else ids are masked.

use super::Person;
use super::followed::{self, Look, Looks};
use super::mask::Masked;
use crate::owners::{self, HandedBack};
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::{Arc, Mutex, PoisonError};

/// What only whoever answers knows of a question, for its line; it goes with the answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    /// The account that it was about, where the path does not say it.
    pub(crate) account: Option<String>,
    /// Why something was done.
    pub(crate) why: Option<String>,
    /// What became of what was to be done: a word.
    pub(crate) outcome: Option<&'static str>,
}

/// One of several rejects that something was done with.
#[derive(Clone, Debug)]
pub(crate) struct NotedReject {
    /// Where it lies.
    pub(crate) place: String,
    /// The account that it is about, where that is known.
    pub(crate) account: Option<String>,
    /// What became of it, once that is known: a word.
    pub(crate) outcome: Option<&'static str>,
}

/// The rejects that a question is about, where it is several, and why something is done with them.
#[derive(Clone, Default)]
struct Several(Arc<Mutex<(Vec<NotedReject>, String)>>);

/// Has a line written for each of several rejects, whatever becomes of the question; what is said later counts.
pub(crate) fn note_rejects(parts: &Parts, rejects: Vec<NotedReject>, why: &str) {
    if let Some(Several(several)) = parts.extensions.get() {
        *several.lock().unwrap_or_else(PoisonError::into_inner) = (rejects, on_one_line(why));
    }
}

/// What its lines are written under.
const TARGET: &str = "audit";

/// What stands for an account that is not known.
const UNKNOWN: &str = "(unknown)";

/// Writes a line of the question, once it was answered; of one by which a page follows an account, see [`followed`].
pub(crate) async fn note(State(looks): State<Looks>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let is_followed = followed::is_followed(&parts);
    let path = RawPathParams::from_request_parts(&mut parts, &()).await.ok();
    let what =
        parts.extensions.get::<MatchedPath>().map_or_else(String::new, |path| path.as_str().to_owned());
    let mut line = Line {
        person: parts.extensions.get::<Arc<Person>>().cloned(),
        method: parts.method.clone(),
        account: account(path.as_ref(), &what),
        what,
        reject: reject(path.as_ref()),
        why: None,
        outcome: None,
        several: Several::default(),
        query: parts.uri.query().map(without_number).unwrap_or_default(),
        is_handed_on: owners::is_handed_on(&parts.headers),
        followed: None,
        end: End::Gone,
    };
    parts.extensions.insert(line.several.clone());
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(Noted { account, why, outcome }) = response.extensions_mut().remove() {
        line.account = account.as_deref().map_or(line.account.clone(), on_one_line);
        line.why = why.as_deref().map(on_one_line);
        line.outcome = outcome;
    }
    line.end = match response.extensions().get::<HandedBack>() {
        Some(_) if was_noted_there(&response) => End::NotedElsewhere,
        Some(_) | None => End::Answered(response.status()),
    };
    if is_followed && line.is_a_look() && matches!(line.end, End::Answered(StatusCode::OK)) {
        if looks.begins(&line) {
            line.followed = Some(1);
        } else {
            line.end = End::Counted;
        }
    }
    response
}

/// Whether the instance that a question was handed on to has written the line: not where its door was shut.
fn was_noted_there(response: &Response) -> bool {
    let is_shut = matches!(
        response.status(),
        StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    // 403 is the door's where it comes with how to prove who one is, and the account's where it does not.
    !is_shut && !response.headers().contains_key(header::WWW_AUTHENTICATE)
}

/// Of which account; where the path names none it is a list, or of a reject, which may name one, or of all that is held.
fn account(path: Option<&RawPathParams>, what: &str) -> String {
    let Some(path) = path else { return "(unreadable)".to_owned() };
    let id = path.iter().find(|(name, _)| *name == "id");
    let no_id = match what {
        what if what.starts_with("/v1/held") => "(held)",
        _ if reject(Some(path)).is_some() => UNKNOWN,
        _ => "(list)",
    };
    id.map_or_else(|| no_id.to_owned(), |(_, id)| on_one_line(id))
}

/// Of which reject, where the path names one.
fn reject(path: Option<&RawPathParams>) -> Option<String> {
    let part =
        |name: &str| path?.iter().find(|(found, _)| *found == name).map(|(_, value)| on_one_line(value));
    Some(format!("{}/{}", part("partition")?, part("offset")?))
}

/// What else was asked, with the number by which an account was sought made unreadable.
fn without_number(query: &str) -> String {
    let part = |part: &str| match part.split_once('=') {
        // A name that is written otherwise may be this one as well.
        Some((name, number)) if name == "phone" || name.contains(['%', '+']) => {
            format!("{name}={}", Masked(number))
        }
        Some(_) | None => part.to_owned(),
    };
    query.split('&').map(part).collect::<Vec<_>>().join("&")
}

/// An id without what would end the line in the log.
fn on_one_line(id: &str) -> String {
    if id.chars().any(char::is_control) { id.escape_debug().to_string() } else { id.to_owned() }
}

/// A line, written when it is dropped: also where whoever asked did not wait for the answer.
pub(super) struct Line {
    person: Option<Arc<Person>>,
    method: Method,
    what: String,
    account: String,
    /// Where the reject lies that was asked about.
    reject: Option<String>,
    /// Why something was done, where that is kept nowhere else.
    why: Option<String>,
    /// What became of what was to be done, where the status does not say it.
    outcome: Option<&'static str>,
    /// The rejects that it is about, where it is several: each has a line.
    several: Several,
    query: String,
    is_handed_on: bool,
    /// How many looks of a page that follows the account it tells of.
    followed: Option<u64>,
    end: End,
}

impl Line {
    /// What was done, in words.
    fn says(&self) -> &'static str {
        match self.what.as_str() {
            "/v1/held/verdict" => "a verdict was given on what the breaker holds",
            "/v1/held" => "what the breaker holds was asked about",
            what if what.starts_with("/v1/rejects") => "rejects were asked about",
            _ => "an account was asked about",
        }
    }

    fn write(&self, status: Option<u16>) {
        let (who, role) = self.person();
        tracing::info!(
            target: TARGET,
            who,
            role,
            method = self.method.as_str(),
            what = self.what,
            account = self.account,
            reject = self.reject,
            outcome = self.outcome,
            why = self.why,
            query = self.query,
            status,
            handed_on = self.is_handed_on,
            followed = self.followed,
            "{}",
            self.says()
        );
    }

    /// Whether it tells of a look and of nothing else: what says which reject, or why, stands by itself.
    fn is_a_look(&self) -> bool {
        self.reject.is_none() && self.why.is_none() && self.outcome.is_none()
    }

    /// What tells this look from others.
    pub(super) fn look(&self) -> Look {
        let (who, role) = self.person();
        Look([who, role, &self.what, &self.account, &self.query].map(str::to_owned))
    }

    /// The same line, not to be written.
    pub(super) fn silent(&self) -> Self {
        Self {
            person: self.person.clone(),
            method: self.method.clone(),
            what: self.what.clone(),
            account: self.account.clone(),
            reject: self.reject.clone(),
            why: None,
            outcome: None,
            several: Several::default(),
            query: self.query.clone(),
            is_handed_on: self.is_handed_on,
            followed: None,
            end: End::Counted,
        }
    }

    /// Writes it, of so many looks of a page that follows.
    pub(super) fn tell(&self, looks: u64) {
        let mut line = self.silent();
        line.followed = Some(looks);
        line.end = End::Answered(StatusCode::OK);
    }

    fn person(&self) -> (&str, &'static str) {
        let person = self.person.as_deref();
        (
            person.map_or("(nobody)", |person| &person.name),
            person.map_or("(none)", |person| person.role.as_str()),
        )
    }
}

/// How a question ended.
enum End {
    /// With this answer.
    Answered(StatusCode),
    /// With an answer of another instance, which has written the line.
    NotedElsewhere,
    /// It is counted, and told with others.
    Counted,
    /// Nobody waited for the answer.
    Gone,
}

impl Drop for Line {
    fn drop(&mut self) {
        let status = match self.end {
            End::Answered(status) => Some(status.as_u16()),
            End::NotedElsewhere | End::Counted => return,
            End::Gone => None,
        };
        let (rejects, why) =
            std::mem::take(&mut *self.several.0.lock().unwrap_or_else(PoisonError::into_inner));
        if rejects.is_empty() {
            return self.write(status);
        }
        self.why = Some(why);
        for NotedReject { place, account, outcome } in rejects {
            self.reject = Some(place);
            self.account = account.as_deref().map_or_else(|| UNKNOWN.to_owned(), on_one_line);
            self.outcome = outcome;
            self.write(status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Line {
        /// One of this account, not to be written.
        pub(in crate::who) fn of_test(account: &str) -> Self {
            Self {
                person: None,
                method: Method::GET,
                what: "/v1/accounts/{id}".to_owned(),
                account: account.to_owned(),
                reject: None,
                why: None,
                outcome: None,
                several: Several::default(),
                query: String::new(),
                is_handed_on: false,
                followed: None,
                end: End::Counted,
            }
        }
    }

    #[test]
    fn a_number_by_which_an_account_was_sought_is_not_in_the_log() {
        assert_eq!(without_number("stage=bar&limit=7"), "stage=bar&limit=7");
        for query in ["phone=%2B491701234567", "limit=7&phone=%2B491701234567", "%70hone=%2B491701234567"] {
            let told = without_number(query);
            assert!(!told.contains("1701234567") && told.len() >= query.len() - 2, "{told}");
        }
    }
}
