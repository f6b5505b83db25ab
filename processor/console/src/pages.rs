//! What all pages have around them, and those that say why there is none.

use crate::asking::Declined;
use crate::rendered;
use crate::said::Said;
use crate::visitor::Visitor;
use api::controls::in_path as encoded;
use api::who::Person;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;

/// What is around a page.
pub(crate) struct Frame<'a> {
    pub(crate) v: &'a Visitor,
    /// Who signed in.
    pub(crate) person: Option<Arc<Person>>,
    /// What the page is called.
    pub(crate) title: String,
}

/// The pages that each page leads to: where they are, and what they are called.
pub(crate) const LED_TO: [(&str, &str); 6] = [
    ("/console/", "nav.overview"),
    ("/console/accounts", "nav.accounts"),
    ("/console/queues", "nav.queues"),
    ("/console/held", "nav.held"),
    ("/console/policy", "nav.policy"),
    ("/console/operations", "nav.operations"),
];

/// A page that each page leads to.
pub(crate) struct Led {
    pub(crate) to: &'static str,
    pub(crate) called: &'static str,
    /// Whether it is this one, or one below it.
    pub(crate) is_here: bool,
}

impl<'a> Frame<'a> {
    /// The pages that this one leads to.
    pub(crate) fn led_to(&self) -> Vec<Led> {
        let at = self.v.at.split('?').next().unwrap_or_default();
        let led = |(to, called): &(&'static str, &str)| Led {
            to,
            called: self.v.t(called),
            is_here: at.strip_prefix(to).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        };
        LED_TO.iter().map(led).collect()
    }

    /// A name as an address has it.
    pub(crate) fn encoded(&self, name: &str) -> String {
        encoded(name)
    }

    pub(crate) fn of(v: &'a Visitor, person: Option<Arc<Person>>, title: &str) -> Self {
        // Where nobody is asked who they are, nobody signs out either.
        let person = person.filter(|_| v.token.is_some());
        Self { v, person, title: v.t(title).to_owned() }
    }
}

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignIn<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) was_wrong: bool,
    /// The host of the identity provider, where people can sign in by it.
    pub(crate) provider: Option<String>,
    pub(crate) back: String,
}

#[derive(Template)]
#[template(path = "signed_in.html")]
pub(crate) struct SignedIn<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) back: String,
}

#[derive(Template)]
#[template(path = "signed_out.html")]
pub(crate) struct SignedOut<'a> {
    pub(crate) frame: Frame<'a>,
    /// The host of the identity provider.
    pub(crate) provider: &'a str,
    /// Where it signs people out.
    pub(crate) to: String,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Notice<'a> {
    frame: Frame<'a>,
    says: &'static str,
    detail: Said,
}

/// There is no such page.
pub(crate) async fn nothing(visitor: Visitor) -> Response {
    declined(&visitor, &Declined { status: StatusCode::NOT_FOUND, detail: String::new() })
}

/// Why the API gave no answer, in plain words. Whoever is not known is asked who they are.
pub(crate) fn declined(visitor: &Visitor, declined: &Declined) -> Response {
    if declined.status == StatusCode::UNAUTHORIZED {
        let to = format!("/console/sign-in?back={}", encoded(&visitor.at));
        return Redirect::to(&to).into_response();
    }
    let (title, says) = why(declined);
    notice(visitor, title, visitor.t(says), declined.clone())
}

/// A page that says one thing.
pub(crate) fn notice(visitor: &Visitor, title: &str, says: &'static str, declined: Declined) -> Response {
    let frame = Frame::of(visitor, None, title);
    let mut page = rendered(&Notice { frame, says, detail: visitor.said("problem", &declined.detail) });
    *page.status_mut() = declined.status;
    page
}

/// What it is called that the API gave no answer, and what can be done.
pub(crate) fn why(declined: &Declined) -> (&'static str, &'static str) {
    match declined.status {
        StatusCode::NOT_FOUND => ("problem.unknown", "problem.unknown-says"),
        StatusCode::FORBIDDEN => ("problem.forbidden", "problem.forbidden-says"),
        StatusCode::SERVICE_UNAVAILABLE => ("problem.moving", "problem.moving-says"),
        StatusCode::TOO_MANY_REQUESTS => ("problem.often", "problem.often-says"),
        StatusCode::BAD_REQUEST | StatusCode::URI_TOO_LONG => ("problem.request", "problem.request-says"),
        _ => ("problem.failed", "problem.failed-says"),
    }
}
