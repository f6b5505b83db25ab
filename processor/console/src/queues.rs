//! Work queues: the tasks that people have to do, who has each in hand, and what came of it.

use crate::Console;
use crate::answers::{AccountLine, AccountPage, Counts, Given, Outcome, Task};
use crate::asking::{Declined, with};
use crate::doors::own_page;
use crate::live::{self, Watched};
use crate::orders::fresh_id;
use crate::pages::{Frame, declined, notice};
use crate::rendered;
use crate::visitor::Visitor;
use api::controls::in_path as encoded;
use api::who::{Person, Role};
use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// How often the queues are looked at.
const EVERY: Duration = Duration::from_secs(3);

/// What is asked of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// Which queue.
    queue: String,
    /// Only what whoever looks has in hand, in any queue.
    mine: String,
    after: String,
    /// The order whose outcome is waited for, and on which account.
    order: String,
    account: String,
    /// What the page has shown.
    seen: String,
}

/// What is done with a task.
#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    account: String,
    queue: String,
    /// The command that gave it.
    command_id: String,
    /// `take_task`, `put_back_task`, `task_result`.
    order: String,
    #[serde(default)]
    result: String,
    #[serde(default)]
    event_id: String,
    /// The question of the page that it was told on.
    #[serde(default)]
    back: String,
}

#[derive(Template)]
#[template(path = "queues.html")]
struct Queues<'a> {
    frame: Frame<'a>,
    queues: Vec<(String, u64)>,
    queue: String,
    is_mine: bool,
    rows: Vec<Row>,
    more: Option<String>,
    may_order: bool,
    event_id: String,
    /// The page's question, with the order that is waited for, and without.
    here: String,
    back: String,
    outcome: Option<Outcome>,
    /// On whose account the order was.
    of: String,
    live: String,
    /// Why the order that was given was not taken.
    notice: Option<String>,
    /// The result that was typed with it.
    typed: String,
}

/// A task, and whose account it is about.
struct Row {
    line: Arc<AccountLine>,
    task: Task,
    /// Whether whoever looks has it in hand.
    is_mine: bool,
    /// Whether it is the one of which a result was typed that was not taken.
    is_typed: bool,
}

impl Asked {
    /// The page's own question, from its beginning.
    fn kept(&self) -> String {
        let queue = if self.queue.is_empty() { String::new() } else { with("", "queue", &self.queue) };
        if self.mine.is_empty() { queue } else { with(&queue, "mine", "yes") }
    }

    /// The same, from where it is looked at and with the order that is waited for.
    fn here(&self) -> String {
        let said = [("order", &self.order), ("account", &self.account)];
        let said = said.into_iter().filter(|(_, value)| !value.is_empty());
        said.fold(self.back(), |here, (name, value)| with(&here, name, value))
    }

    /// The page's own question, from where it is looked at.
    fn back(&self) -> String {
        if self.after.is_empty() { self.kept() } else { with(&self.kept(), "after", &self.after) }
    }

    /// What is asked of the API about tasks; nothing where no queue is chosen.
    fn path(&self, person: Option<&Person>) -> Option<String> {
        let question = match (self.mine.is_empty(), self.queue.is_empty(), person) {
            (true, false, _) => with("", "queue", &self.queue),
            (false, _, Some(person)) => with("", "taken_by", &person.name),
            (true, true, _) | (false, _, None) => return None,
        };
        let question = if self.after.is_empty() { question } else { with(&question, "after", &self.after) };
        Some(format!("/v1/accounts?{question}"))
    }

    fn outcome(&self) -> Option<String> {
        let is_asked = !self.order.is_empty() && !self.account.is_empty();
        is_asked.then(|| format!("/v1/accounts/{}/controls/{}", encoded(&self.account), encoded(&self.order)))
    }

    fn watched(&self, person: Option<&Person>) -> Vec<String> {
        [Some("/v1/counts".to_owned()), self.path(person), self.outcome()].into_iter().flatten().collect()
    }
}

/// The page.
pub(crate) async fn page(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    match made(&console, &visitor, &asked, None).await {
        Ok(page) => rendered(&page),
        Err(why) => declined(&visitor, &why),
    }
}

/// What was told and not taken, and why.
type NotTaken<'t> = (&'t Told, String);

async fn made<'a>(
    console: &Console,
    visitor: &'a Visitor,
    asked: &Asked,
    not_taken: Option<NotTaken<'_>>,
) -> Result<Queues<'a>, Declined> {
    let person = console.api.who(visitor).await?;
    // Before the rest: a change between the two is told of then, and never missed.
    let seen = live::fingerprint(console, visitor, &asked.watched(person.as_deref())).await?;
    let (counts, _) = console.api.get::<Counts>(visitor, "/v1/counts").await?;
    let list = match asked.path(person.as_deref()) {
        Some(path) => console.api.get::<AccountPage>(visitor, &path).await?.0,
        None => AccountPage { items: Vec::new(), next: None },
    };
    let outcome = match asked.outcome() {
        Some(path) => Some(console.api.get::<Outcome>(visitor, &path).await?.0),
        None => None,
    };
    let kept = asked.kept();
    let me = person.as_ref().map(|person| person.name.to_string()).unwrap_or_default();
    let of_queue = |task: &Task| {
        let is_mine = task.taken_by.as_ref() == Some(&me);
        if asked.mine.is_empty() { task.queue == asked.queue } else { is_mine }
    };
    let (told, notice) = not_taken.unzip();
    let typed = told.map(|told| told.command_id.as_str());
    let rows = list.items.into_iter().map(Arc::new).flat_map(|line| rows(&line, (&me, typed), of_queue));
    let queues = counts.items.into_iter().filter(|count| count.by == "queue");
    Ok(Queues {
        queues: queues.map(|count| (count.name, count.accounts)).collect(),
        queue: asked.queue.clone(),
        is_mine: !asked.mine.is_empty(),
        rows: rows.collect(),
        more: list.next.map(|next| format!("/console/queues?{}", with(&kept, "after", &next))),
        may_order: person.as_ref().is_some_and(|person| person.role >= Role::Agent),
        event_id: fresh_id(),
        outcome,
        of: asked.account.clone(),
        live: format!("/console/queues.live?{}", with(&asked.here(), "seen", &seen)),
        here: asked.here(),
        back: asked.back(),
        notice,
        typed: told.map(|told| told.result.clone()).unwrap_or_default(),
        frame: Frame::of(visitor, person, "nav.queues"),
    })
}

/// The tasks of an account that are looked at.
fn rows(
    line: &Arc<AccountLine>,
    (me, typed): (&str, Option<&str>),
    is_shown: impl Fn(&Task) -> bool,
) -> Vec<Row> {
    let row = |task: &Task| Row {
        line: line.clone(),
        is_mine: task.taken_by.as_deref() == Some(me),
        is_typed: typed == Some(&*task.command_id),
        task: task.clone(),
    };
    line.tasks.iter().filter(|task| is_shown(task)).map(row).collect()
}

/// Says when the page is no longer right.
pub(crate) async fn listen(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    match console.api.who(&visitor).await {
        Ok(person) => {
            let watched = Watched::whole(asked.watched(person.as_deref()), EVERY);
            live::listen(console, visitor, watched, asked.seen).await
        }
        Err(why) => why.status.into_response(),
    }
}

/// Takes a task, puts it back, or tells its result; then shows the queue with what became of that.
pub(crate) async fn tell(
    State(console): State<Console>,
    visitor: Visitor,
    Form(told): Form<Told>,
) -> Response {
    let result = told.result.trim();
    let is_whole = match told.order.as_str() {
        "take_task" | "put_back_task" => true,
        "task_result" => !result.is_empty(),
        _ => false,
    };
    if !is_whole {
        let why = Declined { status: StatusCode::BAD_REQUEST, detail: String::new() };
        return notice(&visitor, "problem.request", visitor.t("order.unreadable"), why);
    }
    let why = "in the work queue";
    let mut order =
        json!({ "order": told.order, "queue": told.queue, "command_id": told.command_id, "why": why });
    if let Some(fields) = order.as_object_mut() {
        let said = [("result", result), ("event_id", &told.event_id)];
        let said = said
            .into_iter()
            .filter(|(name, text)| !text.is_empty() && (*name != "result" || told.order == "task_result"));
        fields.extend(said.map(|(name, text)| (name.to_owned(), json!(text))));
    }
    let path = format!("/v1/accounts/{}/controls", encoded(&told.account));
    match console.api.post::<Given>(&visitor, &path, order.to_string()).await {
        Ok(given) => {
            let back = with(&with(&told.back, "order", &given.id), "account", &told.account);
            Redirect::to(&own_page(Some(format!("/console/queues?{back}")))).into_response()
        }
        Err(why) if why.status == StatusCode::UNAUTHORIZED => declined(&visitor, &why),
        // What was typed stands beside it.
        Err(why) => not_taken(&console, &visitor, (&told, why)).await,
    }
}

/// The page that an order was given on, with why it was not taken.
async fn not_taken(console: &Console, visitor: &Visitor, (told, why): (&Told, Declined)) -> Response {
    let back = format!("/?{}", told.back).parse::<Uri>().ok();
    let asked = back.and_then(|back| Query::<Asked>::try_from_uri(&back).ok());
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    let notice = format!("{}: {}", visitor.t("order.declined"), visitor.said("problem", &why.detail).text);
    match made(console, visitor, &asked, Some((told, notice))).await {
        Ok(page) => {
            let mut page = rendered(&page);
            *page.status_mut() = why.status;
            page
        }
        Err(_) => declined(visitor, &why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::who::Segments;

    #[test]
    fn what_is_asked_is_the_queue_or_what_whoever_looks_has_in_hand() {
        let anna = Person { name: "anna b".into(), role: Role::Agent, segments: Segments::All };
        #[track_caller]
        fn check(queue: &str, mine: &str, person: Option<&Person>, expected: Option<&str>) {
            let asked = Asked { queue: queue.to_owned(), mine: mine.to_owned(), ..Asked::default() };
            assert_eq!(asked.path(person).as_deref(), expected, "{queue} {mine}");
        }
        check("", "", Some(&anna), None);
        check("calls & co", "", Some(&anna), Some("/v1/accounts?queue=calls%20%26%20co"));
        check("calls", "yes", Some(&anna), Some("/v1/accounts?taken_by=anna%20b"));
        check("calls", "yes", None, None);
    }

    #[test]
    fn each_task_has_its_row_with_what_was_typed_of_it() {
        let when = json!({ "at": "2026-03-01T08:00:00Z", "local": "2026-03-01 09:00" });
        let task = |id: &str, queue: &str, by: Option<&str>| {
            json!({
                "command_id": id, "queue": queue, "stage": null, "requested_at": when, "due": null, "late": false,
                "taken_by": by, "taken_at": null,
            })
        };
        let line: AccountLine = serde_json::from_value(json!({
            "account_id": "A-1", "time_zone": "UTC", "currency": "EUR", "real_debt": "1.00",
            "conditional_debt": "1.00", "segment": null, "manager_group": null, "manager": null, "work": [],
            "tasks": [task("t-1", "calls", Some("anna")), task("t-2", "desk", None), task("t-3", "calls", None)],
            "holds": [], "exempt": false, "paused": false,
        }))
        .unwrap();
        let rows = rows(&Arc::new(line), ("anna", Some("t-3")), |task| task.queue == "calls");
        let told: Vec<_> =
            rows.iter().map(|row| (row.task.command_id.as_str(), row.is_mine, row.is_typed)).collect();
        assert_eq!(told, [("t-1", true, false), ("t-3", false, true)]);
    }

    #[test]
    fn the_page_follows_the_order_that_was_given_on_it() {
        let asked = Asked {
            queue: "calls".into(),
            order: "o-1".into(),
            account: "A/1".into(),
            after: "-1:x".into(),
            ..Asked::default()
        };
        assert_eq!(asked.here(), "queue=calls&after=-1%3Ax&order=o-1&account=A%2F1");
        assert_eq!(asked.kept(), "queue=calls");
        assert_eq!(asked.outcome().as_deref(), Some("/v1/accounts/A%2F1/controls/o-1"));
    }
}
