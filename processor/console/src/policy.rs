//! The page of the policy: its versions, what one of them says, and what changed from one to another.
//!
//! What a version says is the API's business; here it is laid out.

use crate::Console;
use crate::answers::{Changes, Ruling, Version, Versions};
use crate::asking::Declined;
use crate::live::{self, Watched};
use crate::pages::{Frame, declined};
use crate::rendered;
use crate::visitor::Visitor;
use api::controls::in_path as encoded;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use std::time::Duration;

/// What is asked of the page.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// The version that is shown; the one that holds, where none is said.
    version: Option<String>,
    /// The version that its changes are told from; the one before it, where none is said.
    since: Option<String>,
    /// The state that the page has shown.
    seen: Option<String>,
}

#[derive(Template)]
#[template(path = "policy.html")]
struct PolicyPage<'a> {
    frame: Frame<'a>,
    versions: Versions,
    chosen: Option<Chosen>,
    live: String,
}

/// The version that is shown.
struct Chosen {
    says: Ruling,
    changes: Changes,
}

impl Chosen {
    fn is_since(&self, version: &Version) -> bool {
        self.changes.since == Some(version.number)
    }
}

impl PolicyPage<'_> {
    fn is_chosen(&self, version: &Version) -> bool {
        self.chosen.as_ref().is_some_and(|chosen| chosen.says.version.number == version.number)
    }
}

/// Where the versions are.
pub(crate) const VERSIONS: &str = "/v1/policies";

/// The page of the policy.
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

async fn made<'a>(
    console: &Console,
    visitor: &'a Visitor,
    asked: &Asked,
) -> Result<PolicyPage<'a>, Declined> {
    // Before the rest: a change between the two is told of then, and never missed.
    let seen = live::fingerprint(console, visitor, &watched()).await?;
    let (versions, person) = console.api.get::<Versions>(visitor, VERSIONS).await?;
    let number = said(asked.version.as_ref()).or_else(|| versions.holds.map(|number| number.to_string()));
    let chosen = match number {
        Some(number) => Some(chosen(console, visitor, &number, said(asked.since.as_ref())).await?),
        None => None,
    };
    let live = format!("/console/policy/live?seen={seen}");
    Ok(PolicyPage { frame: Frame::of(visitor, person, "policy.title"), versions, chosen, live })
}

/// What a form sends of a field in which nothing was chosen is nothing.
fn said(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

async fn chosen(
    console: &Console,
    visitor: &Visitor,
    number: &str,
    since: Option<String>,
) -> Result<Chosen, Declined> {
    let path = format!("{VERSIONS}/{}", encoded(number));
    let since = since.map(|since| format!("?since={}", encoded(&since)));
    let changes = format!("{path}/changes{}", since.unwrap_or_default());
    let (says, _) = console.api.get(visitor, &path).await?;
    let (changes, _) = console.api.get(visitor, &changes).await?;
    Ok(Chosen { says, changes })
}

/// How often it is looked for other versions: they are published some times a month.
const EVERY: Duration = Duration::from_secs(5);

/// A version never changes: which there are, and which holds, does.
fn watched() -> Vec<String> {
    vec![VERSIONS.to_owned()]
}

/// Says when the page is no longer right.
pub(crate) async fn listen(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    let watched = Watched::whole(watched(), EVERY);
    live::listen(console, visitor, watched, asked.seen.unwrap_or_default()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::{self, Language};
    use serde_json::{Value, json};

    fn version(number: i64, state: &str) -> Value {
        let when = |day: i64| json!({ "at": format!("2026-03-0{day}T08:00:00Z"), "local": format!("2026-03-0{day} 09:00") });
        let published = json!({ "at": when(number), "by": "mona", "role": "manager", "why": "spring" });
        json!({
            "number": number, "name": "soft", "version": number.to_string(), "hash": "3f0a9c1d2e4b",
            "state": state, "held": [{ "from": when(number), "until": null }], "published": published,
        })
    }

    /// A plan of two stages, of which the second cuts off.
    fn plan() -> Value {
        let does = |kind: &str, says: &str| json!([{ "kind": kind, "says": says }]);
        let stage = |stage: &str, says: &str, conditions: Value, cuts_off: bool, measures: Value| {
            json!({
                "stage": stage, "says": says, "conditions": conditions, "cuts_off": cuts_off, "measures": measures,
            })
        };
        json!({
            "name": "standard", "groups": ["consumer"], "debt_class": "provider", "observe": false, "before_due": [],
            "rules": does("exit", "a cycle ends"), "on_cure": does("message", "sends thanks"),
            "stages": [
                stage("remind", "5 days after the cycle was opened", json!([]), false, does("message", "sends reminder by sms")),
                stage("bar", "15 days after", does("debt", "the debt is 10.00"), true, does("order", "orders bar")),
            ],
        })
    }

    fn page(visitor: &Visitor, numbers: &[(i64, &str)], since: Option<i64>) -> String {
        let of = |value: Value| serde_json::from_value(value).unwrap();
        let all: Vec<Value> = numbers.iter().map(|(number, state)| version(*number, state)).collect();
        let holds = numbers.iter().find(|(_, state)| *state == "holds").map(|(number, _)| *number);
        let says = all.first().map(|newest| json!({
            "version": newest, "time_zone": "Europe/Berlin", "currency": "EUR", "observe": false, "segments": [],
            "groups": [], "plans": [plan()], "thresholds": [], "windows": [], "holds": [], "tries": [], "caps": [],
            "rates": [], "breaker": null,
        }));
        let change = json!({ "subject": "plan standard", "what": "entry 5 → 9", "groups": ["consumer"] });
        let changes =
            json!({ "since": since, "changes": if since.is_some() { vec![change] } else { vec![] } });
        let chosen = says.map(|says| Chosen {
            says: serde_json::from_value(says).unwrap(),
            changes: serde_json::from_value(changes).unwrap(),
        });
        let frame = Frame::of(visitor, None, "policy.title");
        let versions = of(json!({ "time_zone": "Europe/Berlin", "holds": holds, "items": all }));
        PolicyPage { frame, versions, chosen, live: "/console/policy/live?seen=1".to_owned() }
            .render()
            .unwrap()
    }

    /// What stands on the page in this order.
    #[track_caller]
    fn check(page: &str, in_order: &[&str]) {
        let mut rest = page;
        for part in in_order {
            let found = rest.split_once(part);
            rest = found.unwrap_or_else(|| panic!("«{part}» is not where it is to be in {page}")).1;
        }
    }

    #[test]
    fn a_plan_is_drawn_as_a_ladder_from_its_first_stage_to_its_last() {
        let page = page(&crate::tests::visitor(), &[(2, "holds"), (1, "past")], Some(1));
        check(
            &page,
            &[
                "<h3 id=\"plan-1\">standard",
                "Each provider&#39;s invoices by themselves",
                "<ol class=\"ladder\"",
                "<li class=\"next\"><span class=\"step\">remind",
                "5 days after",
                "sends reminder",
                "<li class=\"now\"><span class=\"step\">bar",
                "15 days after",
                "Cuts off",
                "Only if:",
                "the debt is 10.00",
                "order to the network",
                "orders bar",
                "</ol>",
                "Once the debt is paid:",
                "sends thanks",
            ],
        );
        assert_eq!(page.matches("Cuts off</span>").count(), 1, "only one of them does");
    }

    #[test]
    fn versions_are_told_with_who_published_them_and_any_two_can_be_compared() {
        let page = page(&crate::tests::visitor(), &[(2, "holds"), (1, "past")], Some(1));
        let by = "mona (manager), <time datetime=\"2026-03-02T08:00:00Z\">2026-03-02 09:00";
        check(
            &page,
            &["2 · soft 2", "Holds now", "and on", by, "spring", "3f0a9c1d2e4b", "1 · soft 1", "Past"],
        );
        let form = ["name=\"since\"", "value=\"1\" selected", "name=\"version\"", "value=\"2\" selected"];
        check(&page, &form);
        check(&page, &["What changed", "plan standard</strong> <span lang=\"en\">entry 5 → 9"]);
    }

    #[test]
    fn before_there_is_a_version_the_page_says_so() {
        let page = page(&crate::tests::visitor(), &[], None);
        check(&page, &["<h1>Policy</h1>", "No version was published yet."]);
        assert!(!page.contains("What changed"), "there is nothing to compare");
    }

    #[test]
    fn what_the_api_says_in_sentences_is_read_in_russian_and_what_has_no_line_is_marked() {
        let page = page(&crate::tests::russian(), &[(1, "to_come")], None);
        let stage = "<span lang=\"ru\">через 5\u{a0}дней после начала работы с долгом</span>";
        let measure =
            "<strong>сообщение</strong> <span lang=\"ru\">отправляется «reminder» по каналу sms</span>";
        let unknown = "<span lang=\"en\">a cycle ends</span>";
        check(&page, &["Вступит в силу", "Более ранней версии нет."]);
        check(&page, &["Счета каждого поставщика отдельно", stage, measure, unknown]);
    }

    #[test]
    fn every_word_of_the_policy_is_called_something() {
        let kinds: [(&str, &[&str]); 4] = [
            ("version", &["holds", "to_come", "past", "never"]),
            ("measure", &["message", "order", "task", "fee", "handover"]),
            ("by", &["all", "provider", "service"]),
            ("tries", &["message", "order"]),
        ];
        for (kind, words) in kinds {
            for word in words {
                let key = format!("{kind}-{word}");
                assert!(texts::find(Language::English, &key).is_some(), "{key} is not there");
            }
        }
    }
}
