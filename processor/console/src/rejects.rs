//! What was declined: the list on the page of operations, the page of one reject, and sending that again. Sending several
//! at once is [`crate::resending`].
//!
//! Whether somebody may, the API says; who surely may not is not led there.

use crate::Console;
use crate::asking::Declined;
use crate::pages::{Frame, declined};
use crate::rendered;
use crate::said::Said;
use crate::visitor::Visitor;
use api::controls::in_path as encoded;
use api::rejects::told::{Reject, RejectDetails, RejectPage, ResendOutcome, Resent};
use api::who::{Person, Role};
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

/// How many rejects are shown.
const SHOWN: usize = 20;

/// Which rejects are shown; what was left empty is not asked for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Filter {
    pub(crate) reason: Option<String>,
    pub(crate) topic: Option<String>,
    pub(crate) account: Option<String>,
}

/// What the page of operations shows of rejects.
pub(crate) enum Shown {
    /// Nobody asked for them.
    NotAsked,
    /// Whoever looks does not see them.
    NotTheirs,
    /// They cannot be read now, and why.
    Silent(Said),
    /// They.
    Page(Listed),
}

/// Rejects, and how many older ones there are.
pub(crate) struct Listed {
    pub(crate) rows: Vec<Row>,
    pub(crate) older: u64,
    pub(crate) whole: bool,
}

impl Listed {
    /// Whether some of them can be sent again.
    pub(crate) fn has_records(&self) -> bool {
        self.rows.iter().any(|row| row.from.is_some())
    }
}

/// A reject, as its line in the table.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) at: String,
    pub(crate) when: String,
    pub(crate) reason: String,
    pub(crate) from: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) page: String,
    pub(crate) place: String,
}

/// The words of reasons that there are texts for.
pub(crate) const REASONS: [&str; 78] = [
    "task_taken",
    "task_not_taken",
    "amount_not_positive",
    "amount_too_large",
    "moment_out_of_calendar",
    "currency_differs",
    "attribute_missing",
    "attribute_type",
    "unknown_balance",
    "invoice_differs",
    "payment_differs",
    "unknown_payment",
    "more_than_paid",
    "unknown_adjustment",
    "adjustment_differs",
    "more_than_invoiced",
    "unknown_reversal",
    "unknown_plan",
    "no_segment",
    "plan_of_another_group",
    "no_managers",
    "role_not_allowed",
    "unknown_manager",
    "not_paused",
    "already_over",
    "no_snapshot",
    "undo_is_operation",
    "in_force_already",
    "not_in_force",
    "always_on",
    "no_open_cycle",
    "unknown_stage",
    "no_such_task",
    "unknown_task",
    "payment_confirmed",
    "hold_differs",
    "hold_over",
    "unknown_hold",
    "not_a_dispute",
    "nothing_open",
    "hold_on_unknown_invoice",
    "until_past",
    "no_parts",
    "grace_out_of_range",
    "parts_differ",
    "too_many_holds",
    "unknown_rule",
    "not_supported",
    "too_many_waiting",
    "invoice_forgotten",
    "unknown_invoice",
    "hold_too_many",
    "hold_too_long",
    "hold_too_large",
    "poison",
    "wrong_partition",
    "unknown_publication",
    "no_value",
    "key_differs",
    "not_framed",
    "unknown_schema_id",
    "registry_unavailable",
    "unfit_schema",
    "undecodable",
    "empty_id",
    "id_too_long",
    "control_character",
    "not_a_whole_number",
    "amount_out_of_range",
    "number_out_of_range",
    "not_a_moment",
    "impossible_date",
    "not_a_day",
    "unknown_currency",
    "unknown_time_zone",
    "unknown_word",
    "not_a_command_id",
    "field_missing",
];

/// The reasons that can be chosen, by what they are called.
pub(crate) fn reasons(v: &Visitor) -> Vec<(&'static str, String)> {
    let mut reasons: Vec<_> = REASONS.iter().map(|word| (*word, v.w("reason", word))).collect();
    reasons.sort_by(|one, other| one.1.cmp(&other.1));
    reasons
}

/// The newest that the filter lets through. Where they cannot be read, the page is made without them.
pub(crate) async fn shown(
    console: &Console,
    v: &Visitor,
    person: Option<&Person>,
    filter: &Filter,
) -> Result<Shown, Declined> {
    if person.is_none_or(|person| person.role < Role::Manager) {
        return Ok(Shown::NotTheirs);
    }
    match console.api.get::<RejectPage>(v, &path(filter)).await {
        Ok((page, _)) => Ok(Shown::Page(Listed {
            rows: page.items.iter().map(|reject| row(reject, v)).collect(),
            older: page.older,
            whole: page.whole,
        })),
        Err(why) if why.status == StatusCode::UNAUTHORIZED => Err(why),
        Err(why) => Ok(Shown::Silent(v.said("problem", &why.detail))),
    }
}

impl Filter {
    /// What is asked for, by name.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let named = [("reason", &self.reason), ("topic", &self.topic), ("account", &self.account)];
        let named = named.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?.trim())));
        named.filter(|(_, value)| !value.is_empty())
    }
}

/// What is asked of the API.
fn path(filter: &Filter) -> String {
    let path = format!("/v1/rejects?limit={SHOWN}");
    filter.named().fold(path, |path, (name, value)| format!("{path}&{name}={}", encoded(value)))
}

fn row(reject: &Reject, v: &Visitor) -> Row {
    Row {
        at: reject.rejected_at.clone(),
        when: moment(&reject.rejected_at),
        reason: v.w("reason", &reject.reason),
        from: reject.came_from.as_ref().map(|from| from.topic.clone()),
        account: reject.account_id.clone().or_else(|| reject.debtor_id.clone()),
        page: format!("/console/operations/rejects/{}/{}", reject.partition, reject.offset),
        place: format!("{}/{}", reject.partition, reject.offset),
    }
}

/// A moment of UTC to the second.
fn moment(at: &str) -> String {
    at.split(['.', 'Z']).next().unwrap_or_default().replace('T', " ")
}

#[derive(Template)]
#[template(path = "reject.html")]
struct RejectPageOf<'a> {
    frame: Frame<'a>,
    details: RejectDetails,
    /// What is wrong with it.
    detail: Said,
    reason: String,
    rejected: String,
    logged: Option<String>,
    account_page: Option<String>,
    event: Option<String>,
    outcome: Option<(String, String)>,
    notice: Option<Said>,
}

/// What is asked of the page of a reject.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// What became of sending it again.
    outcome: Option<String>,
    /// To which partition it was sent.
    to: Option<u32>,
}

/// What became of sending one again, in words that stand in an address.
pub(crate) const OUTCOMES: [(ResendOutcome, &str); 6] = [
    (ResendOutcome::Sent, "sent"),
    (ResendOutcome::Known, "known"),
    (ResendOutcome::NoRecord, "no_record"),
    (ResendOutcome::NoInput, "no_input"),
    (ResendOutcome::NotThere, "not_there"),
    (ResendOutcome::Unreadable, "unreadable"),
];

/// The page of a reject.
pub(crate) async fn page(
    State(console): State<Console>,
    visitor: Visitor,
    Path((partition, offset)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    one(&console, &visitor, &place(&partition, &offset), &asked, None).await
}

async fn one(console: &Console, v: &Visitor, path: &str, asked: &Asked, notice: Option<Said>) -> Response {
    let (details, person) = match console.api.get::<RejectDetails>(v, path).await {
        Ok(found) => found,
        Err(why) => return declined(v, &why),
    };
    let reject = &details.reject;
    let word = OUTCOMES.iter().find(|(_, word)| asked.outcome.as_deref() == Some(word));
    let outcome = word.map(|(_, word)| {
        let to = asked.to.zip(reject.came_from.as_ref());
        let to = to.map(|(to, from)| format!("{}, {} {to}", from.topic, v.t("resend.partition")));
        (v.w("resent", word), to.unwrap_or_default())
    });
    let account = reject.account_id.as_ref();
    let page = RejectPageOf {
        reason: v.w("reason", &reject.reason),
        rejected: moment(&reject.rejected_at),
        logged: reject.logged_at.as_deref().map(moment),
        account_page: account.map(|account| account_page(account, details.reject.debtor_id.as_deref())),
        event: details.event.as_ref().and_then(|event| serde_json::to_string_pretty(event).ok()),
        outcome,
        notice,
        frame: Frame::of(v, person, "reject.title"),
        detail: v.said("reject", &details.reject.detail),
        details,
    };
    rendered(&page)
}

/// Where an account's page is.
fn account_page(account: &str, debtor: Option<&str>) -> String {
    let payer = debtor.filter(|debtor| *debtor != account);
    let payer = payer.map(|debtor| format!("?debtor={}", encoded(debtor))).unwrap_or_default();
    format!("/console/accounts/{}{payer}", encoded(account))
}

fn place(partition: &str, offset: &str) -> String {
    format!("/v1/rejects/{}/{}", encoded(partition), encoded(offset))
}

/// A filled form.
#[derive(Debug, Deserialize)]
pub(crate) struct Filled {
    why: String,
    even_known: Option<String>,
}

/// Sends a reject again, and shows it with what became of that.
pub(crate) async fn resend(
    State(console): State<Console>,
    visitor: Visitor,
    Path((partition, offset)): Path<(String, String)>,
    Form(filled): Form<Filled>,
) -> Response {
    let path = place(&partition, &offset);
    let body = json!({ "why": filled.why, "even_known": filled.even_known.is_some() }).to_string();
    match console.api.post::<Resent>(&visitor, &format!("{path}/resend"), body).await {
        Ok(resent) => Redirect::to(&shown_at(&visitor, &resent)).into_response(),
        Err(why) if why.status == StatusCode::UNAUTHORIZED || why.detail.is_empty() => {
            declined(&visitor, &why)
        }
        Err(why) => {
            let notice = Some(visitor.said("problem", &why.detail));
            let mut page = one(&console, &visitor, &path, &Asked::default(), notice).await;
            if page.status() == StatusCode::OK {
                *page.status_mut() = why.status;
            }
            page
        }
    }
}

/// Where what became of it is shown: a page that may be loaded again without sending it again.
fn shown_at(v: &Visitor, resent: &Resent) -> String {
    let page = v.at.split('?').next().unwrap_or_default();
    let word = OUTCOMES.iter().find(|(outcome, _)| *outcome == resent.outcome);
    let word = word.map_or("", |(_, word)| word);
    let to = resent.sent_to.as_ref().map(|to| format!("&to={}", to.partition));
    format!("{page}?outcome={word}{}", to.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_and_every_outcome_is_called_something_in_each_language() {
        use crate::texts::{Language, find};
        let outcomes = OUTCOMES.iter().map(|(_, word)| format!("resent-{word}"));
        for key in REASONS.iter().map(|word| format!("reason-{word}")).chain(outcomes) {
            for language in [Language::English, Language::Russian] {
                assert!(find(language, &key).is_some(), "{key}");
            }
        }
    }

    #[test]
    fn every_reason_for_which_the_core_declines_can_be_chosen() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../decision/src/rejection.rs");
        let source = std::fs::read_to_string(file).unwrap();
        let codes = source.lines().filter(|line| line.contains("Self::"));
        let codes = codes.filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\","));
        let missing: Vec<&str> = codes.clone().filter(|code| !REASONS.contains(code)).collect();
        assert!(codes.count() > 10 && missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn what_is_left_empty_is_not_asked_for() {
        #[track_caller]
        fn check(reason: Option<&str>, topic: Option<&str>, account: Option<&str>, expected: &str) {
            let text = |text: Option<&str>| text.map(str::to_owned);
            let filter = Filter { reason: text(reason), topic: text(topic), account: text(account) };
            assert_eq!(path(&filter), format!("/v1/rejects?limit=20{expected}"));
        }
        check(None, None, None, "");
        check(Some(""), Some(" "), Some("A 1&x"), "&account=A%201%26x");
        check(Some("poison"), Some(" weir.controls "), None, "&reason=poison&topic=weir.controls");
    }

    #[test]
    fn what_became_of_it_is_shown_where_it_may_be_loaded_again() {
        let at = "/console/operations/rejects/3/17?outcome=known".to_owned();
        let visitor = Visitor { at, ..crate::tests::visitor() };
        let resent = |outcome, partition: Option<u32>| {
            let to = partition.map(|partition| json!({ "topic": "weir.controls", "partition": partition }));
            let resent = json!({ "outcome": outcome, "sent_to": to, "account_id": null });
            shown_at(&visitor, &serde_json::from_value(resent).unwrap())
        };
        assert_eq!(resent("sent", Some(2)), "/console/operations/rejects/3/17?outcome=sent&to=2");
        assert_eq!(resent("no_record", None), "/console/operations/rejects/3/17?outcome=no_record");
    }

    #[test]
    fn a_moment_is_told_to_the_second() {
        for at in ["2026-03-20T07:00:05Z", "2026-03-20T07:00:05.123456Z"] {
            assert_eq!(moment(at), "2026-03-20 07:00:05");
        }
    }
}
