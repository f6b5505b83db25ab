//! Signing in and out, and what is kept of how somebody likes the pages: their language, their colours.

use crate::Console;
use crate::pages::{Frame, SignIn, SignedOut};
use crate::provider::is_plain;
use crate::rendered;
use crate::texts::Language;
use crate::visitor::{COLOURS, LANGUAGE, TOKEN, Visitor, colours};
use api::who::oidc::is_a_providers;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

/// How long a language and colours are kept, in seconds: a year.
const KEPT: u32 = 31_536_000;

#[derive(Deserialize)]
pub(crate) struct Back {
    back: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Shown {
    token: String,
    back: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Settings {
    language: Option<String>,
    colours: Option<String>,
    back: Option<String>,
}

/// The page that takes a token.
pub(crate) async fn sign_in(
    State(console): State<Console>,
    visitor: Visitor,
    Query(back): Query<Back>,
) -> Response {
    asks(&console, &visitor, false, back.back)
}

fn asks(console: &Console, visitor: &Visitor, was_wrong: bool, back: Option<String>) -> Response {
    let back = own_page(back);
    let provider = console.sign_in.as_ref().filter(|sign_in| sign_in.is_open());
    let provider = provider.map(|sign_in| sign_in.host().to_owned());
    let frame = Frame::of(visitor, None, "sign-in.title");
    let mut page = rendered(&SignIn { frame, was_wrong, provider, back });
    if was_wrong {
        *page.status_mut() = StatusCode::UNAUTHORIZED;
    }
    page
}

/// Keeps the token of somebody whom the API knows by it.
pub(crate) async fn let_in(
    State(console): State<Console>,
    mut visitor: Visitor,
    Form(shown): Form<Shown>,
) -> Response {
    let token = shown.token.trim();
    if !is_plain(token) {
        return asks(&console, &visitor, true, shown.back);
    }
    visitor.token = Some(token.to_owned());
    match console.api.who(&visitor).await {
        Ok(_) => {
            let cookie = format!("{TOKEN}={token}; {}", confined(&console));
            with_cookies(Redirect::to(&own_page(shown.back)), [cookie])
        }
        Err(declined) if declined.status == StatusCode::UNAUTHORIZED => {
            visitor.token = None;
            asks(&console, &visitor, true, shown.back)
        }
        Err(declined) => crate::pages::declined(&visitor, &declined),
    }
}

/// Forgets the token. Whoever has one of the identity provider's is led there, to be signed out there as well: else
/// whoever is next at this computer is let in by the button without a word.
pub(crate) async fn sign_out(State(console): State<Console>, mut visitor: Visitor) -> Response {
    let forgotten = format!("{TOKEN}=; Max-Age=0; {}", confined(&console));
    let is_a_providers = visitor.token.take().is_some_and(|token| is_a_providers(&token));
    let provider = console.sign_in.as_ref().filter(|_| is_a_providers);
    let Some((provider, to)) = provider.and_then(|sign_in| Some((sign_in.host(), sign_in.end()?))) else {
        return with_cookies(Redirect::to("/console/sign-in"), [forgotten]);
    };
    // A page, and no redirect: browsers do not let a form lead to another site than the page's policy names.
    "/console/sign-in".clone_into(&mut visitor.at);
    let frame = Frame::of(&visitor, None, "provider.signed-out");
    with_cookies(rendered(&SignedOut { frame, provider, to }), [forgotten])
}

/// Keeps how somebody likes the pages.
pub(crate) async fn settings(State(console): State<Console>, Form(settings): Form<Settings>) -> Response {
    let language = settings.language.and_then(|word| Language::parse(&word)).map(Language::code);
    let language = language.map(|code| (LANGUAGE, code));
    let colours = settings.colours.map(|word| (COLOURS, colours(&word)));
    let cookies = language.into_iter().chain(colours);
    let confined = confined(&console);
    let cookies = cookies.map(|(name, value)| format!("{name}={value}; Max-Age={KEPT}; {confined}"));
    with_cookies(Redirect::to(&own_page(settings.back)), cookies)
}

/// Keeps one thing more of how somebody likes the pages.
pub(crate) fn keeping(console: &Console, answer: impl IntoResponse, name: &str, value: &str) -> Response {
    with_cookies(answer, [format!("{name}={value}; Max-Age={KEPT}; {}", confined(console))])
}

/// No script reads it, no other site and no other page makes the browser send it, and nobody on the way sees it
/// where TLS is spoken.
pub(crate) fn confined(console: &Console) -> &'static str {
    if console.tls {
        "Path=/console; HttpOnly; SameSite=Strict; Secure"
    } else {
        "Path=/console; HttpOnly; SameSite=Strict"
    }
}

pub(crate) fn with_cookies(answer: impl IntoResponse, cookies: impl IntoIterator<Item = String>) -> Response {
    let mut answer = answer.into_response();
    for cookie in cookies {
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    answer
}

/// A page of this console; nobody is sent elsewhere by a link that somebody made.
pub(crate) fn own_page(back: Option<String>) -> String {
    let is_own = |page: &String| {
        page.starts_with("/console/")
            && !page.starts_with("/console/sign-")
            && page.bytes().all(|byte| byte.is_ascii_graphic())
    };
    back.filter(is_own).unwrap_or_else(|| "/console/".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_sent_to_another_site() {
        for (back, expected) in [
            ("/console/accounts/A-1?order=x", "/console/accounts/A-1?order=x"),
            ("//evil.example/console/", "/console/"),
            ("https://evil.example/", "/console/"),
            ("/console/\r\nx", "/console/"),
            ("/console/sign-in", "/console/"),
            ("/v1/", "/console/"),
        ] {
            assert_eq!(own_page(Some(back.to_owned())), expected, "{back}");
        }
        assert_eq!(own_page(None), "/console/");
    }
}
