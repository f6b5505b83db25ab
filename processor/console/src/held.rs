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
const EVERY: Duration = Duration::from_secs(5);

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
    /// Why a verdict was not taken, or may not have been.
    notice: Option<String>,
    /// What was said why, to be said once more.
    why: String,
    event_id: String,
    live: Option<String>,
}

/// A verdict that was not taken, or may not have been: the same again is the same verdict.
#[derive(Default)]
struct Undone {
    notice: Option<String>,
    why: String,
    event_id: Option<String>,
}

/// The page.
pub(crate) async fn page(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    match made(&console, &visitor, &asked, Undone::default()).await {
        Ok(page) => rendered(&page),
        Err(why) => declined(&visitor, &why),
    }
}

async fn made<'a>(
    console: &Console,
    v: &'a Visitor,
    asked: &Asked,
    undone: Undone,
) -> Result<HeldPage<'a>, Declined> {
    let person = console.api.who(v).await?;
    if !may_see(person.as_ref()) {
        let frame = Frame::of(v, person, "held.title");
        let (why, event_id) = (String::new(), String::new());
        return Ok(HeldPage { frame, held: None, said: None, notice: None, why, event_id, live: None });
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
        notice: undone.notice,
        why: undone.why,
        event_id: undone.event_id.unwrap_or_else(fresh_id),
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
    let watched = Watched::whole(vec![FOLLOWED.to_owned()], EVERY);
    live::listen(console, visitor, watched, asked.seen).await
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
        Err(why) if matches!(why.status, StatusCode::BAD_REQUEST | StatusCode::SERVICE_UNAVAILABLE) => {
            let undone = Undone {
                notice: Some(format!(
                    "{}: {}",
                    visitor.t("order.declined"),
                    visitor.said("problem", &why.detail).text
                )),
                why: told.why,
                event_id: Some(told.event_id),
            };
            match made(&console, &visitor, &Asked::default(), undone).await {
                Ok(page) => (why.status, rendered(&page)).into_response(),
                Err(_) => declined(&visitor, &why),
            }
        }
        Err(why) => declined(&visitor, &why),
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
        let (notice, why, event_id) = (None, "typed".to_owned(), "e-1".to_owned());
        HeldPage { frame, held, said: None, notice, why, event_id, live }.render().unwrap()
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
        let told = page(&visitor(), Some(Held { items: Vec::new(), more: true }));
        assert!(told.contains("There are more") && told.contains("value=\"drop\""), "{told}");
        let told = page(&visitor(), Some(Held::default()));
        assert!(told.contains("The breaker holds nothing.") && !told.contains("value=\"drop\""), "{told}");
        assert!(
            page(&visitor(), None).contains("Managers and administrators"),
            "whoever may not look is told so"
        );
    }
}
