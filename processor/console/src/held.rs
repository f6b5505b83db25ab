//! What the breaker holds, and what a person says of it.

use crate::Console;
use crate::asking::Declined;
use crate::doors::own_page;
use crate::live::{self, Watched};
use crate::orders::fresh_id;
use crate::pages::{Frame, declined};
use crate::rendered;
use crate::visitor::Visitor;
use api::controls::in_path as encoded;
use api::held::Held;
use api::who::{Person, Role};
use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// How often is looked whether something is held.
const EVERY: Duration = Duration::from_secs(2);

/// What the page is made of.
const FOLLOWED: &str = "/v1/held?limit=200";

/// What is asked of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// What was just said of what was held: `release`, `drop`.
    said: String,
    seen: String,
}

/// What a person says of what is held.
#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    verdict: String,
    why: String,
    #[serde(default)]
    event_id: String,
}

#[derive(Template)]
#[template(path = "held.html")]
struct HeldPage<'a> {
    frame: Frame<'a>,
    /// None where whoever looks may not see it.
    held: Option<Held>,
    said: Option<&'static str>,
    event_id: String,
    live: Option<String>,
}

/// The page.
pub(crate) async fn page(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    match made(&console, &visitor, &asked).await {
        Ok(page) => rendered(&page),
        Err(why) => declined(&visitor, &why),
    }
}

async fn made<'a>(console: &Console, v: &'a Visitor, asked: &Asked) -> Result<HeldPage<'a>, Declined> {
    let person = console.api.who(v).await?;
    if !may_see(person.as_ref()) {
        let frame = Frame::of(v, person, "held.title");
        return Ok(HeldPage { frame, held: None, said: None, event_id: String::new(), live: None });
    }
    let seen = live::fingerprint(console, v, &[FOLLOWED.to_owned()]).await?;
    let (held, person) = console.api.get::<Held>(v, FOLLOWED).await?;
    Ok(HeldPage {
        held: Some(held),
        said: match asked.said.as_str() {
            "release" => Some(v.t("held.released")),
            "drop" => Some(v.t("held.dropped")),
            _ => None,
        },
        event_id: fresh_id(),
        live: Some(format!("/console/held/live?seen={seen}")),
        frame: Frame::of(v, person, "held.title"),
    })
}

fn may_see(person: Option<&Arc<Person>>) -> bool {
    person.is_some_and(|person| person.role >= Role::Manager)
}

/// Says when something else is held.
pub(crate) async fn listen(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    let watched = Watched { paths: vec![FOLLOWED.to_owned()], every: EVERY };
    live::listen(console, visitor, watched, asked.seen)
}

/// Says of all that is held what becomes of it.
pub(crate) async fn judge(
    State(console): State<Console>,
    visitor: Visitor,
    Form(told): Form<Told>,
) -> Response {
    let mut verdict = json!({ "verdict": told.verdict, "why": told.why.trim() });
    if let Some(fields) = verdict.as_object_mut().filter(|_| !told.event_id.is_empty()) {
        fields.insert("event_id".to_owned(), json!(told.event_id));
    }
    match console.api.post::<serde_json::Value>(&visitor, "/v1/held/verdict", verdict.to_string()).await {
        Ok(_) => {
            let back = format!("/console/held?said={}", encoded(&told.verdict));
            Redirect::to(&own_page(Some(back))).into_response()
        }
        Err(why) => {
            let mut page = declined(&visitor, &why);
            if why.status == StatusCode::BAD_REQUEST {
                *page.status_mut() = why.status;
            }
            page
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::visitor;
    use api::held::HeldOrder;

    fn page(v: &Visitor, held: Option<Held>) -> String {
        let frame = Frame::of(v, None, "held.title");
        let live = Some("/console/held/live".to_owned());
        HeldPage { frame, held, said: None, event_id: "e-1".to_owned(), live }.render().unwrap()
    }

    #[test]
    fn what_is_held_is_told_with_whom_it_cuts_off_and_can_be_released_or_dropped() {
        let order = HeldOrder {
            partition: 3,
            command_id: "c-1".into(),
            account_id: "A 1".into(),
            debtor_id: "D-1".into(),
            decided_at: "2026-03-01T08:00:00Z".into(),
            operation: "bar_outgoing".into(),
            services: vec!["491".into()],
            plan: Some("soft".into()),
            stage: Some("bar".into()),
        };
        let told = page(&visitor(), Some(Held { items: vec![order], more: true }));
        for part in
            ["/console/accounts/A%201?debtor=D-1", "bar_outgoing", "491", "There are more", "value=\"drop\""]
        {
            assert!(told.contains(part), "{part} is not in {told}");
        }
        let told = page(&visitor(), Some(Held::default()));
        assert!(told.contains("The breaker holds nothing.") && !told.contains("value=\"drop\""), "{told}");
        assert!(
            page(&visitor(), None).contains("Managers and administrators"),
            "whoever may not look is told so"
        );
    }
}
