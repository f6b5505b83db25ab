//! What all pages have around them, the page that finds an account, and those that say why there is none.

use crate::Console;
use crate::asking::Declined;
use crate::rendered;
use crate::visitor::Visitor;
use api::controls::in_path as encoded;
use api::who::Person;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
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
pub(crate) const LED_TO: [(&str, &str); 2] =
    [("/console/accounts", "nav.accounts"), ("/console/policy", "nav.policy")];

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

    pub(crate) fn of(v: &'a Visitor, person: Option<Arc<Person>>, title: &str) -> Self {
        // Where nobody is asked who they are, nobody signs out either.
        let person = person.filter(|_| v.token.is_some());
        Self { v, person, title: v.t(title).to_owned() }
    }
}

#[derive(Template)]
#[template(path = "accounts.html")]
struct Accounts<'a> {
    frame: Frame<'a>,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignIn<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) was_wrong: bool,
    pub(crate) back: String,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Notice<'a> {
    frame: Frame<'a>,
    says: &'static str,
    detail: String,
}

#[derive(Deserialize)]
pub(crate) struct Searched {
    account: Option<String>,
    debtor: Option<String>,
}

/// Finds an account by its id.
pub(crate) async fn accounts(
    State(console): State<Console>,
    visitor: Visitor,
    Query(searched): Query<Searched>,
) -> Response {
    let said = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if let Some(id) = said(searched.account) {
        let payer = said(searched.debtor).map(|debtor| format!("?debtor={}", encoded(&debtor)));
        let to = format!("/console/accounts/{}{}", encoded(&id), payer.unwrap_or_default());
        return Redirect::to(&to).into_response();
    }
    match console.api.who(&visitor).await {
        Ok(person) => rendered(&Accounts { frame: Frame::of(&visitor, person, "accounts.title") }),
        Err(why) => declined(&visitor, &why),
    }
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
    let (title, says) = match declined.status {
        StatusCode::NOT_FOUND => ("problem.unknown", "problem.unknown-says"),
        StatusCode::FORBIDDEN => ("problem.forbidden", "problem.forbidden-says"),
        StatusCode::SERVICE_UNAVAILABLE => ("problem.moving", "problem.moving-says"),
        StatusCode::TOO_MANY_REQUESTS => ("problem.often", "problem.often-says"),
        StatusCode::BAD_REQUEST | StatusCode::URI_TOO_LONG => ("problem.request", "problem.request-says"),
        _ => ("problem.failed", "problem.failed-says"),
    };
    let frame = Frame::of(visitor, None, title);
    let mut page = rendered(&Notice { frame, says: visitor.t(says), detail: declined.detail.clone() });
    *page.status_mut() = declined.status;
    page
}
