//! Sending several of the rejects that are shown again at once: the form beside them, and what became of each.
//!
//! What is shown, and one reject's own page, is [`crate::rejects`]' business.

use crate::Console;
use crate::operations;
use crate::orders::fresh_id;
use crate::pages::declined;
use crate::rejects::{Filter, OUTCOMES};
use crate::said::Said;
use crate::visitor::Visitor;
use api::controls::in_path as encoded;
use api::rejects::several::{ResentOne, ResentSeveral};
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

/// The form, as it is filled and as it is shown; and what became of what was sent with it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Resending {
    /// What is sent with it once is not sent again with it.
    pub(crate) id: String,
    pub(crate) why: String,
    pub(crate) even_known: bool,
    /// The places of those that are chosen.
    chosen: Vec<String>,
    /// The places of those that are shown and could be.
    shown: Vec<String>,
    takes_all: bool,
    /// Why nothing was sent, or perhaps.
    pub(crate) notice: Option<Said>,
    /// What became of each, in words, with its place.
    pub(crate) told: Vec<(String, String)>,
}

impl Resending {
    /// An empty form, below what an address tells of the one before.
    pub(crate) fn begun(v: &Visitor, resent: Option<&str>) -> Self {
        Self { id: fresh_id(), told: told(v, resent.unwrap_or_default()), ..Self::default() }
    }

    /// As it was filled, and by which filter what is shown was found.
    fn filled(fields: Vec<(String, String)>) -> (Self, Filter) {
        let (mut form, mut filter) = (Self::default(), Filter::default());
        for (name, value) in fields {
            match name.as_str() {
                "id" => form.id = value,
                "why" => form.why = value,
                "even_known" => form.even_known = true,
                "reject" => form.chosen.push(value),
                "shown" => form.shown.push(value),
                "which" => form.takes_all = value == "shown",
                "reason" => filter.reason = Some(value),
                "topic" => filter.topic = Some(value),
                "account" => filter.account = Some(value),
                // Not of this form.
                _ => {}
            }
        }
        (form, filter)
    }

    pub(crate) fn is_chosen(&self, place: &str) -> bool {
        self.chosen.iter().any(|chosen| chosen == place)
    }

    /// What the API is asked for; none where no reject was chosen.
    fn body(&self) -> Option<Value> {
        let places = if self.takes_all { &self.shown } else { &self.chosen };
        let place = |place: &String| {
            let (partition, offset) = place.split_once('/')?;
            let (partition, offset) = (partition.parse::<u32>().ok()?, offset.parse::<i64>().ok()?);
            Some(json!({ "partition": partition, "offset": offset }))
        };
        let places: Vec<Value> = places.iter().filter_map(place).collect();
        let id = Some(&self.id).filter(|id| !id.is_empty());
        let body =
            json!({ "rejects": places, "why": self.why.trim(), "even_known": self.even_known, "id": id });
        (!places.is_empty()).then_some(body)
    }
}

/// Sends the chosen ones, or all that are shown, again; and leads to where what became of them is told.
pub(crate) async fn resend(
    State(console): State<Console>,
    visitor: Visitor,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let (form, filter) = Resending::filled(fields);
    let Some(body) = form.body() else {
        let notice = Some(visitor.own(visitor.t("resend.nothing")));
        return again(&console, &visitor, filter, Resending { notice, ..form }, StatusCode::BAD_REQUEST)
            .await;
    };
    match console.api.post::<ResentSeveral>(&visitor, "/v1/rejects/resend", body.to_string()).await {
        Ok(resent) => Redirect::to(&shown_at(&resent.items, &filter)).into_response(),
        Err(why) if why.status == StatusCode::UNAUTHORIZED || why.detail.is_empty() => {
            declined(&visitor, &why)
        }
        Err(why) => {
            let form = Resending { notice: Some(visitor.said("problem", &why.detail)), ..form };
            again(&console, &visitor, filter, form, why.status).await
        }
    }
}

/// The page once more, with what was filled in. What was not done may be sent once more with it.
async fn again(
    console: &Console,
    v: &Visitor,
    filter: Filter,
    form: Resending,
    status: StatusCode,
) -> Response {
    let mut page = operations::with_form(console, v, filter, form).await;
    if page.status() == StatusCode::OK {
        *page.status_mut() = status;
    }
    page
}

/// Where what became of them is told: a page that may be loaded again without sending them again.
fn shown_at(resent: &[ResentOne], filter: &Filter) -> String {
    let one = |one: &ResentOne| {
        let to = one.resent.sent_to.as_ref().map(|to| format!(".{}", to.partition)).unwrap_or_default();
        format!("{}.{}.{}{to}", one.partition, one.offset, one.resent.outcome.as_str())
    };
    let told: Vec<String> = resent.iter().map(one).collect();
    let page = format!("/console/operations?resent={}", told.join(","));
    filter.named().fold(page, |page, (name, value)| format!("{page}&{name}={}", encoded(value))) + "#rejects"
}

/// What stands in such an address, in words.
fn told(v: &Visitor, resent: &str) -> Vec<(String, String)> {
    let one = |one: &str| {
        let mut parts = one.split('.');
        let (partition, offset) = (parts.next()?.parse::<u32>().ok()?, parts.next()?.parse::<i64>().ok()?);
        let word = parts.next()?;
        let (_, word) = OUTCOMES.iter().find(|(_, known)| *known == word)?;
        let to = parts.next().and_then(|to| to.parse::<u32>().ok());
        let to = to.map(|to| format!(": {} {to}", v.t("resend.partition"))).unwrap_or_default();
        Some((format!("{partition}/{offset}"), v.w("resent", word) + &to))
    };
    resent.split(',').filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::rejects::told::{ResendOutcome, Resent, SentTo};

    fn filled(fields: &[(&str, &str)]) -> (Resending, Filter) {
        Resending::filled(fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn the_chosen_ones_are_sent_or_all_that_are_shown() {
        #[track_caller]
        fn check(fields: &[(&str, &str)], expected: Option<&[(u32, i64)]>) {
            let all = [&[("shown", "3/7"), ("shown", "1/0"), ("why", " mended ")], fields].concat();
            let body = filled(&all).0.body();
            let place =
                |(partition, offset): &(u32, i64)| json!({ "partition": partition, "offset": offset });
            let expected = expected.map(|places| places.iter().map(place).collect::<Vec<_>>());
            assert_eq!(body.as_ref().map(|body| &body["rejects"]), expected.map(Value::from).as_ref());
            assert!(body.is_none_or(|body| body["why"] == "mended"));
        }
        check(&[("reject", "3/7"), ("which", "chosen")], Some(&[(3, 7)]));
        check(&[("reject", "3/7"), ("which", "shown")], Some(&[(3, 7), (1, 0)]));
        check(&[("reject", "3/7"), ("reject", "1/0")], Some(&[(3, 7), (1, 0)]));
        check(&[("which", "chosen")], None);
        check(&[("reject", "x"), ("reject", "3/")], None);
        let (form, filter) =
            filled(&[("id", "c-1"), ("even_known", "yes"), ("reject", "3/7"), ("topic", "t")]);
        let body = form.body().unwrap();
        assert_eq!((&body["id"], &body["even_known"]), (&json!("c-1"), &json!(true)));
        assert!(form.is_chosen("3/7") && !form.is_chosen("3/8"));
        assert_eq!(filter.topic.as_deref(), Some("t"));
    }

    #[test]
    fn what_became_of_each_is_told_where_it_may_be_loaded_again() {
        let one = |offset, outcome, to: Option<u32>| ResentOne {
            partition: 3,
            offset,
            resent: Resent {
                outcome,
                sent_to: to.map(|partition| SentTo { topic: "weir.controls".into(), partition }),
                account_id: None,
            },
        };
        let resent = [one(7, ResendOutcome::Sent, Some(2)), one(8, ResendOutcome::NotThere, None)];
        let filter = Filter { topic: Some("a b".into()), reason: Some(String::new()), account: None };
        let page = shown_at(&resent, &filter);
        assert_eq!(page, "/console/operations?resent=3.7.sent.2,3.8.not_there&topic=a%20b#rejects");
        let v = crate::tests::visitor();
        let words = told(&v, "3.7.sent.2,3.8.not_there,x.1.sent,3.9.stolen,");
        let gone = "Not sent: no reject lies there any more";
        let expected = [("3/7", "Sent again: partition 2"), ("3/8", gone)];
        assert_eq!(words, expected.map(|(place, says)| (place.to_owned(), says.to_owned())));
        assert_eq!(told(&v, ""), []);
    }
}
