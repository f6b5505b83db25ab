//! The page of one account: who it is, what is owed and was, where its plan stands, and what may be ordered.

use crate::Console;
use crate::answers::{Account, Cycle, History, Measure, Outcome, Profile, Story};
use crate::asking::Declined;
use crate::chart::{self, Told};
use crate::history::{self, Line};
use crate::known::{self, Known};
use crate::live::{self, Watched};
use crate::orders::{self, Typed};
use crate::pages::{Frame, declined};
use crate::rendered;
use crate::said::Said;
use crate::visitor::Visitor;
use crate::why::{self, Found};
use api::controls::in_path as encoded;
use api::who::{Person, Role};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// How many lines of the history a page has.
const LINES: usize = 20;

/// What is asked of the page.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// Who pays, where it is another account.
    pub(crate) debtor: Option<String>,
    /// The order whose outcome is waited for.
    pub(crate) order: Option<String>,
    /// The state that the page has shown.
    pub(crate) seen: Option<String>,
    before: Option<i64>,
    /// What has not acted: `stage:…`, `threshold:…`.
    why: Option<String>,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    frame: Frame<'a>,
    account: Account,
    ladders: Vec<Ladder>,
    chart: Told,
    view_box: String,
    history: Vec<Line>,
    older: Option<String>,
    /// Back to the newest lines, from older ones.
    newest: Option<String>,
    outcome: Option<Shown>,
    why: Option<Result<Vec<Vec<Found>>, Said>>,
    why_asked: String,
    forms: Vec<orders::Shown>,
    may_order: bool,
    event_id: String,
    live: String,
    orders: String,
    notice: Option<String>,
    known: Known,
}

/// What became of an order.
struct Shown {
    state: String,
    /// Why it was rejected.
    reason: Option<Said>,
    /// What was decided with it.
    lines: Vec<Line>,
}

/// The steps of a plan on one part of the debt.
struct Ladder {
    debt_class: String,
    plan: Option<String>,
    status: String,
    held_since: Option<String>,
    steps: Vec<Step>,
}

/// A step: `past`, `now`, `next`, `later`.
struct Step {
    stage: String,
    stands: &'static str,
    when: Option<String>,
}

impl AccountPage<'_> {
    fn measures(&self) -> impl Iterator<Item = &Measure> {
        let cycles = self.account.profiles.iter().flat_map(|profile| &profile.cycles);
        cycles.flat_map(|cycle| &cycle.measures).chain(&self.account.by_hand)
    }

    fn has_measures(&self) -> bool {
        self.measures().next().is_some()
    }
}

/// The page of an account.
pub(crate) async fn page(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    shown(&console, &visitor, &id, &asked, (None, Typed::default())).await
}

/// The same with a word on the order that was not taken, and what was typed into its form.
pub(crate) async fn with_notice(
    console: &Console,
    visitor: &Visitor,
    id: &str,
    asked: &Asked,
    notice: String,
    typed: Typed<'_>,
) -> Response {
    let mut page = shown(console, visitor, id, asked, (Some(notice), typed)).await;
    if page.status() == StatusCode::OK {
        *page.status_mut() = StatusCode::BAD_REQUEST;
    }
    page
}

async fn shown(
    console: &Console,
    visitor: &Visitor,
    id: &str,
    asked: &Asked,
    not_taken: (Option<String>, Typed<'_>),
) -> Response {
    match made(console, visitor, id, asked, not_taken).await {
        Ok(page) => rendered(&page),
        Err(why) => declined(visitor, &why),
    }
}

async fn made<'a>(
    console: &Console,
    visitor: &'a Visitor,
    id: &str,
    asked: &Asked,
    (notice, typed): (Option<String>, Typed<'_>),
) -> Result<AccountPage<'a>, Declined> {
    // Before the rest: a change between the two is told of then, and never missed.
    let seen = live::fingerprint(console, visitor, &watched(id, asked)).await?;
    let (account, person) = console.api.get::<Account>(visitor, &path(id, "", asked)).await?;
    let (story, _) = console.api.get::<Story>(visitor, &path(id, "/story", asked)).await?;
    let (history, _) = console.api.get::<History>(visitor, &lines(id, asked)).await?;
    let outcome = match &asked.order {
        Some(order) => Some(outcome(console, visitor, id, asked, order).await?),
        None => None,
    };
    let base = format!("/console/accounts/{}", encoded(id));
    let payer = asked.debtor.as_deref().map(|debtor| format!("debtor={}&", encoded(debtor)));
    let payer = payer.unwrap_or_default();
    let order = asked.order.as_deref().map(|order| format!("order={}&", encoded(order)));
    let mut frame = Frame::of(visitor, person.clone(), "accounts.title");
    frame.title = account.account_id.clone();
    Ok(AccountPage {
        ladders: account.profiles.iter().map(|profile| ladder(profile, visitor)).collect(),
        chart: chart::told(story.owed.as_ref(), &account),
        view_box: chart::view_box(),
        older: history.next.map(|before| format!("{base}?{payer}before={before}#history")),
        newest: asked.before.map(|_| format!("{base}?{}#history", payer.trim_end_matches('&'))),
        history: history::lines(&history.items, &account.time_zone, visitor),
        outcome: outcome.map(|outcome| became(&outcome, &account, visitor)),
        why: why_not(console, visitor, id, asked).await?,
        why_asked: asked.why.clone().unwrap_or_default(),
        forms: orders::shown(&account, typed, visitor),
        may_order: may_order(person.as_ref()),
        event_id: orders::fresh_id(),
        live: format!("{base}/live?{payer}{}seen={seen}", order.unwrap_or_default()),
        orders: format!("{base}/orders?{payer}"),
        notice,
        known: known::known(console, visitor).await,
        account,
        frame,
    })
}

/// How often an account is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// What of the account tells that its page is no longer right.
fn watched(id: &str, asked: &Asked) -> Vec<String> {
    let order = asked.order.as_deref().map(|order| outcome_path(id, asked, order));
    [path(id, "", asked)].into_iter().chain(order).collect()
}

/// Says when the page is no longer right.
pub(crate) async fn listen(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let watched = Watched::whole(watched(&id, &asked), EVERY);
    live::listen(console, visitor, watched, asked.seen.unwrap_or_default()).await
}

/// Whether orders are shown; whether one may be given the API says.
fn may_order(person: Option<&Arc<Person>>) -> bool {
    person.is_some_and(|person| person.role >= Role::Agent)
}

/// What became of an order.
async fn outcome(
    console: &Console,
    visitor: &Visitor,
    id: &str,
    asked: &Asked,
    order: &str,
) -> Result<Outcome, Declined> {
    Ok(console.api.get(visitor, &outcome_path(id, asked, order)).await?.0)
}

/// What became of a measure of which nothing went out.
const LOST: [&str; 2] = ["measure_dropped", "measure_capped"];

/// And of one that goes, or will.
const GOES: [&str; 4] = ["measure_requested", "measure_delayed", "measure_held", "measure_lifted"];

fn became(outcome: &Outcome, account: &Account, visitor: &Visitor) -> Shown {
    let mut lines = history::lines(&outcome.lines, &account.time_zone, visitor);
    // The reason says that.
    lines.retain(|line| !line.is_rejection);
    // Green would say that it went out.
    let is_any = |kinds: &[&str]| outcome.lines.iter().any(|line| kinds.contains(&&*line.kind));
    let is_lost = is_any(&LOST) && !is_any(&GOES);
    let state = if is_lost && outcome.state == "applied" { "lost" } else { &outcome.state };
    Shown {
        state: state.to_owned(),
        reason: outcome.reason.as_deref().map(|reason| visitor.said("history", reason)),
        lines,
    }
}

fn outcome_path(id: &str, asked: &Asked, order: &str) -> String {
    path(id, &format!("/controls/{}", encoded(order)), asked)
}

/// Why something has not acted; what the API does not know is told where it was asked.
async fn why_not(
    console: &Console,
    visitor: &Visitor,
    id: &str,
    asked: &Asked,
) -> Result<Option<Result<Vec<Vec<Found>>, Said>>, Declined> {
    let Some((of, name)) = asked.why.as_deref().and_then(|why| why.split_once(':')) else { return Ok(None) };
    let path = path(id, "/why-not", asked);
    let joined = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{joined}of={}&rule={}", encoded(of), encoded(name));
    match console.api.get(visitor, &path).await {
        Ok((told, _)) => Ok(Some(Ok(why::found(&told, visitor)))),
        Err(why) if why.status == StatusCode::NOT_FOUND || why.status == StatusCode::BAD_REQUEST => {
            Ok(Some(Err(visitor.said("problem", &why.detail))))
        }
        Err(why) => Err(why),
    }
}

/// What is asked of the API about this account.
pub(crate) fn path(id: &str, what: &str, asked: &Asked) -> String {
    let payer = asked.debtor.as_deref().map(|debtor| format!("?debtor={}", encoded(debtor)));
    format!("/v1/accounts/{}{what}{}", encoded(id), payer.unwrap_or_default())
}

fn lines(id: &str, asked: &Asked) -> String {
    let path = path(id, "/records", asked);
    let joined = if path.contains('?') { '&' } else { '?' };
    let before = asked.before.map(|before| format!("&before={before}"));
    format!("{path}{joined}limit={LINES}{}", before.unwrap_or_default())
}

/// The steps of a plan: those that the furthest cycle has entered, the next, and those after it. Without a cycle nothing
/// is under way, and no step is to come.
fn ladder(profile: &Profile, visitor: &Visitor) -> Ladder {
    let cycle = profile.cycles.first();
    let next = profile.next.as_ref().map(|next| Step {
        stage: next.stage.clone(),
        stands: "next",
        when: Some(next.when.local.clone()),
    });
    let mut steps = cycle.map(entered).unwrap_or_default();
    // Those after where it stands.
    let current = profile.stage.as_deref();
    let at = current.and_then(|stage| profile.stages.iter().position(|found| found == stage));
    let first_later = at.map_or(0, |at| at.saturating_add(1));
    let stages = if cycle.is_some() { profile.stages.as_slice() } else { &[] };
    let later = stages.iter().skip(first_later);
    let later = later.filter(|stage| next.as_ref().is_none_or(|next| next.stage != **stage));
    let later: Vec<Step> =
        later.map(|stage| Step { stage: stage.clone(), stands: "later", when: None }).collect();
    steps.extend(next);
    steps.extend(later);
    Ladder {
        debt_class: profile.debt_class.clone(),
        plan: profile.plan.clone(),
        status: visitor.w("status", &profile.status),
        held_since: cycle.and_then(|cycle| cycle.held_since.as_ref()).map(|when| when.local.clone()),
        steps,
    }
}

fn entered(cycle: &Cycle) -> Vec<Step> {
    let last = cycle.entered.len().saturating_sub(1);
    let step = |(at, entered): (usize, &crate::answers::Entered)| Step {
        stage: entered.stage.clone(),
        stands: if at == last { "now" } else { "past" },
        when: Some(entered.when.local.clone()),
    };
    cycle.entered.iter().enumerate().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_has_what_was_entered_what_comes_and_what_may_come_later() {
        let account = crate::tests::account();
        let ladder = ladder(account.profiles.first().unwrap(), &crate::tests::visitor());
        let steps: Vec<_> =
            ladder.steps.iter().map(|step| (step.stage.as_str(), step.stands, step.when.is_some())).collect();
        assert_eq!(
            steps,
            [
                ("remind", "past", true),
                ("warn", "now", true),
                ("bar", "next", true),
                ("collect", "later", false)
            ]
        );
    }

    #[test]
    fn where_no_cycle_is_open_no_step_is_to_come() {
        let mut profile = crate::tests::account().profiles.remove(0);
        profile.cycles.clear();
        (profile.stage, profile.next, profile.status) = (None, None, "clear".to_owned());
        assert!(ladder(&profile, &crate::tests::visitor()).steps.is_empty());
    }
}
