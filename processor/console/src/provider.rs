//! Signing in by the identity provider: the way there, and the way back with a code.
//!
//! What is sent and exchanged is `api`'s business, and so is whose token it is that comes. What has to be kept meanwhile
//! is kept by the browser, so that any instance can take the way back.

use crate::asking::Declined;
use crate::doors::{confined, own_page, with_cookies};
use crate::pages::{self, Frame, SignedIn};
use crate::visitor::{TOKEN, Visitor, cookie};
use crate::{Console, rendered};
use api::controls::in_path as encoded;
use api::who::oidc::sign_in::{NotExchanged, SignIn, is_same, known_error};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Redirect, Response};
use serde::Deserialize;
use std::time::{SystemTime, UNIX_EPOCH};

/// The cookie of a sign-in that has begun.
const BEGUN: &str = "weir_sign_in";

/// How long it may take, in seconds.
const PATIENCE: u64 = 600;

/// The longest address of a page that is kept: with more a browser may not keep the cookie.
const LONGEST_BACK: usize = 1_500;

/// The longest token that a browser keeps in a cookie, with what else that says.
pub(crate) const LONGEST_TOKEN: usize = 3_800;

/// What the way there is asked with.
#[derive(Deserialize)]
pub(crate) struct Asked {
    back: Option<String>,
}

/// What the provider sends somebody back with.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Came {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    /// The provider that says it is.
    iss: Option<String>,
}

/// What is kept between the way there and the way back.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Begun {
    state: String,
    verifier: String,
    /// When it began, in seconds since 1970.
    at: u64,
    /// The page to go on with.
    back: String,
}

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NotIn {
    /// The browser has kept nothing, or too long ago.
    Forgotten,
    /// What came back is of another sign-in than what was kept.
    Other,
    /// It comes from another provider, or does not say that it comes from this one.
    Elsewhere,
    /// The provider does not let them in, or they went back.
    Denied,
    /// The provider reports a fault.
    Failed,
    /// The provider does not take its code any more.
    Stale,
    /// The provider does not answer as it should.
    Silent,
    /// Too many sign in at once.
    Busy,
    /// No cookie holds the token.
    TooLong,
    /// The API does not take the token.
    NotTaken,
}

impl NotIn {
    /// The status, and the text that says what can be done.
    fn told(self, v: &Visitor) -> (StatusCode, &'static str) {
        match self {
            Self::Forgotten => (StatusCode::BAD_REQUEST, v.t("provider.forgotten")),
            Self::Other => (StatusCode::BAD_REQUEST, v.t("provider.other")),
            Self::Elsewhere => (StatusCode::BAD_REQUEST, v.t("provider.elsewhere")),
            Self::Denied => (StatusCode::FORBIDDEN, v.t("provider.denied")),
            Self::Failed => (StatusCode::BAD_GATEWAY, v.t("provider.failed")),
            Self::Stale => (StatusCode::BAD_REQUEST, v.t("provider.stale")),
            Self::Silent => (StatusCode::BAD_GATEWAY, v.t("provider.silent")),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, v.t("provider.busy")),
            Self::TooLong => (StatusCode::FORBIDDEN, v.t("provider.too-long")),
            Self::NotTaken => (StatusCode::UNAUTHORIZED, v.t("provider.not-taken")),
        }
    }
}

impl From<NotExchanged> for NotIn {
    fn from(error: NotExchanged) -> Self {
        match error {
            NotExchanged::Declined => Self::Stale,
            NotExchanged::Silent => Self::Silent,
            NotExchanged::Busy => Self::Busy,
        }
    }
}

/// The way there.
pub(crate) async fn begin(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(sign_in) = &console.sign_in else { return pages::nothing(visitor).await };
    let Some(begun) = sign_in.begin() else { return not_in(visitor, NotIn::Silent, String::new(), None) };
    let back = own_page(asked.back.filter(|back| back.len() <= LONGEST_BACK));
    let kept = Begun { state: begun.state, verifier: begun.verifier, at: now(), back };
    let cookie = format!("{BEGUN}={}; Max-Age={PATIENCE}; {}", kept.in_cookie(), narrow(&console, sign_in));
    with_cookies(Redirect::to(&begun.to), [cookie])
}

/// The way back.
pub(crate) async fn done(
    State(console): State<Console>,
    mut visitor: Visitor,
    headers: HeaderMap,
    came: Result<Query<Came>, QueryRejection>,
) -> Response {
    let Some(sign_in) = console.sign_in.clone() else { return pages::nothing(visitor).await };
    // The address holds a code: no page leads to it again.
    "/console/sign-in".clone_into(&mut visitor.at);
    let came = came.map(|Query(came)| came).unwrap_or_default();
    let kept = cookie(&headers, BEGUN).and_then(|kept| Begun::of_cookie(&kept));
    let is_from_here = sign_in.is_from_here(came.iss.as_deref());
    let (code, kept) = match checked(came, is_from_here, kept, now()) {
        Ok(checked) => checked,
        Err(why) => return not_in(visitor, why, String::new(), None),
    };
    let answer = match sign_in.token(&code, &kept.verifier).await {
        Ok(token) => with_token(&console, &sign_in, visitor, &token, &kept.back).await,
        Err(why) => not_in(visitor, why.into(), String::new(), Some(&kept.back)),
    };
    // A code is of use once, and so is what was kept for it.
    let forgotten = format!("{BEGUN}=; Max-Age=0; {}", narrow(&console, &sign_in));
    with_cookies(answer, [forgotten])
}

/// The code, where what came back is of the sign-in that this browser began.
fn checked(came: Came, is_from_here: bool, kept: Option<Begun>, now: u64) -> Result<(String, Begun), NotIn> {
    let kept = kept.filter(|kept| now.abs_diff(kept.at) <= PATIENCE).ok_or(NotIn::Forgotten)?;
    // Before all else: what somebody else made up is not even an error of the provider's.
    if !is_same(&kept.state, came.state.as_deref().unwrap_or_default()) {
        return Err(NotIn::Other);
    }
    if !is_from_here {
        tracing::warn!("what came back of a sign-in does not say that it comes from the identity provider");
        return Err(NotIn::Elsewhere);
    }
    if let Some(error) = came.error {
        let error = known_error(&error);
        if error == "access_denied" {
            return Err(NotIn::Denied);
        }
        tracing::warn!(error, "the identity provider did not sign somebody in");
        return Err(NotIn::Failed);
    }
    came.code.filter(|code| !code.is_empty()).map(|code| (code, kept)).ok_or(NotIn::Failed)
}

/// Keeps the token of somebody whom the API knows by it, and leads on. The cookie is not sent where another site has
/// begun a navigation, as the provider has begun this one: so a page of the console begins the next.
async fn with_token(
    console: &Console,
    sign_in: &SignIn,
    mut visitor: Visitor,
    token: &str,
    back: &str,
) -> Response {
    if token.len() > LONGEST_TOKEN {
        return not_in(visitor, NotIn::TooLong, String::new(), Some(back));
    }
    if !is_plain(token) {
        return not_in(visitor, NotIn::NotTaken, String::new(), Some(back));
    }
    visitor.token = Some(token.to_owned());
    match console.api.who(&visitor).await {
        Ok(person) => {
            let frame = Frame::of(&visitor, person, "provider.signed-in");
            let page = rendered(&SignedIn { frame, back: back.to_owned() });
            let secure = if sign_in.is_over_tls() && !console.tls { "; Secure" } else { "" };
            with_cookies(page, [format!("{TOKEN}={token}; {}{secure}", confined(console))])
        }
        Err(declined) => {
            visitor.token = None;
            if declined.status == StatusCode::UNAUTHORIZED {
                return not_in(visitor, NotIn::NotTaken, declined.detail, Some(back));
            }
            visitor.at = again(Some(back));
            pages::declined(&visitor, &declined)
        }
    }
}

/// Whether a cookie's value can hold it: nothing else is in a token.
pub(crate) fn is_plain(token: &str) -> bool {
    (1..=LONGEST_TOKEN).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// Why nobody is signed in, in plain words; what the provider or the address says stands in none of them.
fn not_in(mut visitor: Visitor, why: NotIn, detail: String, back: Option<&str>) -> Response {
    visitor.at = again(back);
    let (status, says) = why.told(&visitor);
    pages::notice(&visitor, "provider.not-in", says, Declined { status, detail })
}

/// Where to begin anew.
fn again(back: Option<&str>) -> String {
    back.map_or_else(
        || "/console/sign-in".to_owned(),
        |back| format!("/console/sign-in?back={}", encoded(back)),
    )
}

/// Only the two ways see it, and no script; on the way back it comes from another site, which is why it is not strict.
fn narrow(console: &Console, sign_in: &SignIn) -> &'static str {
    if console.tls || sign_in.is_over_tls() {
        "Path=/console/sign-in; HttpOnly; SameSite=Lax; Secure"
    } else {
        "Path=/console/sign-in; HttpOnly; SameSite=Lax"
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl Begun {
    fn in_cookie(&self) -> String {
        let Self { state, verifier, at, back } = self;
        format!("state={state}&verifier={verifier}&at={at}&back={}", encoded(back))
    }

    /// What such a cookie says. Whoever has written it, nobody is led to another site by it.
    fn of_cookie(cookie: &str) -> Option<Self> {
        let uri = Uri::builder().path_and_query(format!("/?{cookie}")).build().ok()?;
        let Query(kept) = Query::<Self>::try_from_uri(&uri).ok()?;
        Some(Self { back: own_page(Some(kept.back)), ..kept })
    }
}

#[cfg(test)]
mod whole_way;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn kept(back: &str) -> String {
        let (state, verifier, back) = ("s-1".to_owned(), "v_1".to_owned(), back.to_owned());
        Begun { state, verifier, at: NOW, back }.in_cookie()
    }

    #[track_caller]
    fn check(cookie: Option<&str>, came: &str, now: u64, expected: Result<(&str, &str), NotIn>) {
        let uri: Uri = format!("/?{came}").parse().unwrap();
        let Query(question) = Query::<Came>::try_from_uri(&uri).unwrap();
        let is_from_here = question.iss.as_deref().is_none_or(|iss| iss == "here");
        let found = checked(question, is_from_here, cookie.and_then(Begun::of_cookie), now);
        let found = found.as_ref().map(|(code, kept)| (code.as_str(), kept.back.as_str()));
        assert_eq!(found.map_err(|why| *why), expected, "{cookie:?} {came}");
    }

    #[test]
    fn only_the_way_back_of_what_was_begun_here_brings_a_code() {
        let cookie = kept("/console/accounts/A-1?order=x&stage=a%20b");
        let cookie = Some(cookie.as_str());
        let good = Ok(("c/1", "/console/accounts/A-1?order=x&stage=a%20b"));
        for (came, now, expected) in [
            ("state=s-1&code=c%2F1", NOW, good),
            ("state=s-1&code=c%2F1&iss=here&session_state=y", NOW + 600, good),
            ("state=s-1&code=c%2F1&iss=x", NOW, Err(NotIn::Elsewhere)),
            ("state=s-1&error=access_denied&iss=x", NOW, Err(NotIn::Elsewhere)),
            ("state=s-2&code=c&iss=x", NOW, Err(NotIn::Other)),
            ("state=s-1&code=c%2F1", NOW + 601, Err(NotIn::Forgotten)),
            ("state=s-2&code=c", NOW, Err(NotIn::Other)),
            ("state=s-1a&code=c", NOW, Err(NotIn::Other)),
            ("state=&code=c", NOW, Err(NotIn::Other)),
            ("code=c", NOW, Err(NotIn::Other)),
            ("error=access_denied", NOW, Err(NotIn::Other)),
            ("state=s-1&error=access_denied&error_description=<b>", NOW, Err(NotIn::Denied)),
            ("state=s-1&error=server_error", NOW, Err(NotIn::Failed)),
            ("state=s-1&error=<b>&code=c", NOW, Err(NotIn::Failed)),
            ("state=s-1&code=", NOW, Err(NotIn::Failed)),
            ("state=s-1", NOW, Err(NotIn::Failed)),
        ] {
            let came = came.replace('<', "%3C").replace('>', "%3E");
            check(cookie, &came, now, expected);
        }
    }

    #[test]
    fn what_no_browser_has_kept_signs_nobody_in() {
        let cut = kept("/console/").replace("&verifier=v_1", "");
        for cookie in [None, Some(""), Some("s-1"), Some("\u{1}"), Some(cut.as_str())] {
            check(cookie, "state=s-1&code=c", NOW, Err(NotIn::Forgotten));
        }
    }

    #[test]
    fn whatever_a_cookie_says_nobody_is_led_to_another_site() {
        for back in ["https://evil.example/", "//evil.example/console/", "/console/sign-out", "/v1/"] {
            check(Some(&kept(back)), "state=s-1&code=c", NOW, Ok(("c", "/console/")));
        }
    }

    #[test]
    fn every_reason_has_its_words() {
        let visitor = crate::tests::visitor();
        for (why, status) in [
            (NotIn::Forgotten, 400),
            (NotIn::Other, 400),
            (NotIn::Elsewhere, 400),
            (NotIn::Denied, 403),
            (NotIn::Failed, 502),
            (NotIn::Stale, 400),
            (NotIn::Silent, 502),
            (NotIn::Busy, 503),
            (NotIn::TooLong, 403),
            (NotIn::NotTaken, 401),
        ] {
            assert_eq!(why.told(&visitor).0.as_u16(), status, "{why:?}");
            let answer = not_in(visitor.clone(), why, String::new(), Some("/console/queues"));
            assert_eq!(answer.status().as_u16(), status, "{why:?}");
        }
    }

    #[test]
    fn a_token_has_nothing_in_it_that_ends_a_cookie() {
        for (token, expected) in [
            ("ey.ey_-.x", true),
            ("", false),
            ("a;b", false),
            ("a b", false),
            ("a\r\n", false),
            (&*"a".repeat(LONGEST_TOKEN), true),
            (&*"a".repeat(LONGEST_TOKEN + 1), false),
        ] {
            assert_eq!(is_plain(token), expected, "{token}");
        }
    }
}
