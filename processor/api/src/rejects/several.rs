//! Sending several rejects again at once: all that can be sent in one go, or none of it.
//!
//! A form may be sent twice. Whoever gives what is to be done an id of its own has it done once by an instance, as long as
//! that remembers it; what comes to another one is sent once more, which the ids of the events see to.

use super::told::{ResendOutcome, Resent, check_why};
use super::{NotDone, Place, Rejects, place_of};
use crate::accounts::person_of_all;
use crate::controls::is_json;
use crate::problem::Problem;
use crate::serving::Shared;
use crate::who::audit::{self, NotedReject};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use utoipa::ToSchema;

/// How many are sent again at once: a page of the console shows fewer, and all are in one transaction.
pub const MOST: usize = 50;

/// How many answers are remembered, of everybody together.
const REMEMBERED: usize = 200;

/// Rejects that are to be sent again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResendSeveral {
    /// Which: 1 to 50. One that is named twice counts once.
    #[schema(min_items = 1, max_items = 50)]
    rejects: Vec<RejectPlace>,
    /// Why: it stands in the audit log.
    #[schema(pattern = r"[^\s]", max_length = 500)]
    why: String,
    /// Whether those are sent as well whose event's id was seen.
    #[serde(default)]
    #[schema(default = false)]
    even_known: bool,
    /// An id of one's own. The same again, of the same person with the same rejects, is told what became of them, and
    /// sends nothing, as long as the instance that is asked remembers it.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[A-Za-z0-9._:-]+$")]
    id: Option<String>,
}

/// Where a reject lies.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectPlace {
    /// The partition of the topic of rejects.
    #[schema(minimum = 0, maximum = 4_294_967_295_i64)]
    partition: u32,
    /// Its offset there.
    #[schema(minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    offset: i64,
}

/// What became of several rejects.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ResentSeveral {
    /// What became of each, in the order in which they were named.
    pub items: Vec<ResentOne>,
}

/// What became of one of several rejects.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ResentOne {
    /// The partition of the topic of rejects where it lies.
    pub partition: u32,
    /// Its offset there.
    pub offset: i64,
    /// What became of it.
    #[serde(flatten)]
    pub resent: Resent,
}

/// What is asked for, made out.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    places: Vec<Place>,
    even_known: bool,
    /// Who asks, and the id that they gave it.
    id: Option<(String, String)>,
}

impl ResendSeveral {
    fn read(body: &[u8], who: &str) -> Result<(Asked, String), Problem> {
        let said: Self = crate::plainly::body(body)?;
        check_why(&said.why)?;
        if !(1..=MOST).contains(&said.rejects.len()) {
            return Err(Problem::bad_request(format!("`rejects` names 1 to {MOST} rejects.")));
        }
        let is_id = |id: &String| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
            (1..=200).contains(&id.len()) && id.bytes().all(is_plain)
        };
        if !said.id.as_ref().is_none_or(is_id) {
            let wrong = "`id` has 1 to 200 letters, digits, dots, colons, underscores and hyphens.";
            return Err(Problem::bad_request(wrong));
        }
        let mut places = Vec::new();
        for RejectPlace { partition, offset } in said.rejects {
            let place = place_of(partition, offset)?;
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let id = said.id.map(|id| (who.to_owned(), id));
        Ok((Asked { places, even_known: said.even_known, id }, said.why))
    }
}

/// What was done lately under an id of whoever asked.
#[derive(Default)]
pub(super) struct Done(Mutex<VecDeque<(Asked, Arc<Turn>)>>);

/// The same, asked for once or several times.
#[derive(Default)]
struct Turn {
    /// Held by whoever does it: who asks for the same meanwhile waits for what becomes of it.
    doing: Arc<tokio::sync::Mutex<()>>,
    /// What became of it, once something did.
    told: OnceLock<Vec<Resent>>,
}

impl Done {
    fn turn_of(&self, asked: &Asked) -> Arc<Turn> {
        if asked.id.is_none() {
            return Arc::default();
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, turn)) = known.iter().find(|(before, _)| before == asked) {
            return turn.clone();
        }
        let turn: Arc<Turn> = Arc::default();
        known.push_back((asked.clone(), turn.clone()));
        if known.len() > REMEMBERED {
            known.pop_front();
        }
        turn
    }
}

/// Sends several declined events again, as they came, each to the topic that it came from: all that can be sent, or none.
/// Who did it, and why, stands in the audit log with each.
#[utoipa::path(
    post, path = "/v1/rejects/resend", tag = "operations", request_body = ResendSeveral,
    responses(
        (status = 200, body = ResentSeveral),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn resend_several(
    State(shared): State<Shared>,
    parts: Parts,
    body: Bytes,
) -> Result<Response, Problem> {
    let person = person_of_all(&parts)?;
    is_json(&parts)?;
    let (asked, why) = ResendSeveral::read(&body, &person.name)?;
    let places = asked.places.clone();
    // Before anything is sent: the lines are written also where nobody waits for what becomes of it.
    audit::note_rejects(&parts, places.iter().map(|place| noted(*place, None)).collect(), &why);
    // A task of its own: it goes on where whoever asked has gone, and whoever asks for the same is told of it.
    let done = tokio::spawn(send(shared, asked)).await.map_err(|error| {
        tracing::error!(%error, "sending rejects failed");
        Problem::failed()
    })?;
    let resent = done?;
    let lines = places.iter().zip(&resent).map(|(place, resent)| noted(*place, Some(resent)));
    audit::note_rejects(&parts, lines.collect(), &why);
    let one = |(place, resent): (Place, Resent)| ResentOne {
        partition: place.partition,
        offset: place.offset,
        resent,
    };
    let items = places.into_iter().zip(resent).map(one).collect();
    Ok(Json(ResentSeveral { items }).into_response())
}

async fn send(shared: Shared, asked: Asked) -> Result<Vec<Resent>, Problem> {
    let turn = shared.rejects.done.turn_of(&asked);
    let doing = turn.doing.clone().lock_owned().await;
    if let Some(told) = turn.told.get() {
        return Ok(told.clone());
    }
    let turn = turn.clone();
    let act = move |rejects: &dyn Rejects, deadline| {
        // Until it has ended, also where nobody waits for it any more: who comes meanwhile is told of it then.
        let _doing = doing;
        let told = rejects.resend(&asked.places, asked.even_known, deadline)?;
        // Also where it took so long that nobody waits for it any more.
        Ok(turn.told.get_or_init(|| told).clone())
    };
    shared.rejects.ask(act, NotDone::Unknown).await
}

fn noted(place: Place, resent: Option<&Resent>) -> NotedReject {
    NotedReject {
        place: format!("{}/{}", place.partition, place.offset),
        account: resent.and_then(|resent| resent.account_id.clone()),
        outcome: resent.map(|resent| ResendOutcome::as_str(resent.outcome)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_rejects_are_named_and_a_reason_and_nothing_else() {
        #[track_caller]
        fn check(body: &str, expected: Result<&[(u32, i64)], &str>) {
            let read = ResendSeveral::read(body.as_bytes(), "mona");
            let read = read.map(|(asked, _)| asked.places);
            let read = read.map_err(|problem| serde_json::to_string(&problem).unwrap());
            match (read, expected) {
                (Ok(places), Ok(expected)) => {
                    let places: Vec<_> = places.iter().map(|place| (place.partition, place.offset)).collect();
                    assert_eq!(places, expected, "{body}");
                }
                (Err(told), Err(wrong)) if told.contains(wrong) => {}
                (read, _) => panic!("{body}: {read:?}"),
            }
        }
        let of = |rejects: &str| format!(r#"{{"why":"mended","rejects":[{rejects}]}}"#);
        let one = r#"{"partition":3,"offset":7}"#;
        let other = r#"{"partition":0,"offset":0}"#;
        check(&of(one), Ok(&[(3, 7)]));
        check(&of(&[one, other, one].join(",")), Ok(&[(3, 7), (0, 0)]));
        check(&of(&vec![one; 50].join(",")), Ok(&[(3, 7)]));
        check(&of(&vec![one; 51].join(",")), Err("`rejects` names 1 to 50"));
        check(&of(""), Err("`rejects` names 1 to 50"));
        check(&of(r#"{"partition":3,"offset":-1}"#), Err("an offset counts from 0"));
        check(&of(r#"{"partition":3.0,"offset":7.0}"#), Ok(&[(3, 7)]));
        check(
            &of(r#"{"partition":3.5,"offset":7}"#),
            Err("`rejects.partition` is no whole number from 0 on"),
        );
        check(&of(r#"{"partition":-3,"offset":1}"#), Err("`rejects.partition` is no whole number from 0 on"));
        check(&of(r#"{"partition":3,"offset":1,"topic":"x"}"#), Err("`topic` is no field of this"));
        check(&of(one).replace("mended", " "), Err("`why` says why"));
        check(&of(one).replace("\"why\"", "\"id\":\"a b\",\"why\""), Err("`id` has 1 to 200 letters"));
        check(r#"{"why":"mended"}"#, Err("`rejects` is missing"));
    }

    #[test]
    fn the_same_under_an_id_is_one_and_what_is_not_the_same_is_another() {
        let asked = |who: &str, id: Option<&str>, offset: i64| Asked {
            places: vec![Place { partition: 3, offset }],
            even_known: false,
            id: id.map(|id| (who.to_owned(), id.to_owned())),
        };
        let done = Done::default();
        let first = done.turn_of(&asked("mona", Some("a"), 7));
        let check = |other: Asked, expected: bool| {
            assert_eq!(Arc::ptr_eq(&first, &done.turn_of(&other)), expected, "{other:?}");
        };
        check(asked("mona", Some("a"), 7), true);
        check(asked("mona", Some("a"), 8), false);
        check(asked("mona", Some("b"), 7), false);
        check(asked("adam", Some("a"), 7), false);
        check(asked("mona", None, 7), false);
        check(Asked { even_known: true, ..asked("mona", Some("a"), 7) }, false);
        for offset in 0..=REMEMBERED {
            done.turn_of(&asked("adam", Some("c"), i64::try_from(offset).unwrap()));
        }
        check(asked("mona", Some("a"), 7), false);
    }
}
