//! The page of accounts: work lists with filters, and the finding of one account.
//!
//! | module | holds |
//! |---|---|
//! | `asked` | what is asked of the page, and of the API for it |
//! | `finding` | one account, by its id or its number |
//! | `export` | a list as a file |

mod asked;
pub(crate) mod export;
mod finding;

use crate::Console;
use crate::answers::AccountPage;
use crate::asking::{Declined, with};
use crate::known::{self, Known};
use crate::live::{self, Watched};
use crate::pages::{Frame, declined, why};
use crate::rendered;
use crate::said::Said;
use crate::views::{self, View};
use crate::visitor::Visitor;
use api::controls::in_path as encoded;
use api::who::Person;
use askama::Template;
use asked::{Asked, Field};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use finding::{Found, found};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How often a list is looked at: it costs more than an account.
const EVERY: Duration = Duration::from_secs(5);

#[derive(Template)]
#[template(path = "accounts.html")]
struct Accounts<'a> {
    frame: Frame<'a>,
    /// Who was looked for and is not known.
    sought: Option<String>,
    fields: Vec<Field>,
    /// The filters, as a view keeps them.
    kept: String,
    views: Vec<View>,
    /// Whether a view may be kept of it: of one person none is.
    may_keep: bool,
    list: Result<AccountPage, Notice>,
    /// The currencies that its accounts owe in, where they are several.
    currencies: Vec<String>,
    known: Known,
    first: Option<String>,
    more: Option<String>,
    csv: String,
    live: Option<String>,
}

impl Accounts<'_> {
    /// The same list of one currency.
    fn of_currency(&self, currency: &str) -> String {
        with(&self.kept, "currency", currency)
    }
}

/// Why there is no list.
struct Notice {
    title: &'static str,
    says: &'static str,
    detail: Said,
}

/// The page; or the account that was looked for.
pub(crate) async fn page(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    let (sought, payer) = (asked.account.trim(), asked.debtor.trim());
    if sought.is_empty() {
        return shown(&console, &visitor, &asked, None).await;
    }
    if !payer.is_empty() {
        let to = format!("/console/accounts/{}?debtor={}", encoded(sought), encoded(payer));
        return Redirect::to(&to).into_response();
    }
    match found(&console, &visitor, sought).await {
        Ok(Found::One(to)) => Redirect::to(&to).into_response(),
        Ok(Found::Several(asked)) => shown(&console, &visitor, &asked, None).await,
        Ok(Found::Nobody) => shown(&console, &visitor, &Asked::default(), Some(sought.to_owned())).await,
        Err(why) => declined(&visitor, &why),
    }
}

/// Says when a list is no longer right.
pub(crate) async fn listen(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    match asked.question() {
        Ok(question) => {
            let watched = Watched::whole(vec![path(&question)], EVERY);
            live::listen(console, visitor, watched, asked.seen).await
        }
        Err(why) => why.status.into_response(),
    }
}

/// What the API answered, who asked, and what tells it from another answer.
struct Answer {
    list: AccountPage,
    person: Option<Arc<Person>>,
    seen: String,
}

async fn answer(console: &Console, visitor: &Visitor, asked: &Asked) -> Result<Answer, Declined> {
    let question = asked.question()?;
    let (answer, person) = console.api.get::<Value>(visitor, &path(&question)).await?;
    let seen = live::fingerprint_of([answer.clone()]);
    let list = serde_json::from_value(answer).map_err(|error| Declined::unreadable(&error))?;
    Ok(Answer { list, person, seen })
}

fn path(question: &str) -> String {
    format!("/v1/accounts?{question}")
}

async fn shown(console: &Console, visitor: &Visitor, asked: &Asked, sought: Option<String>) -> Response {
    let known = known::known(console, visitor).await;
    let asked = &asked.clone().of_one_currency(&known);
    let (list, person, seen, status) = match answer(console, visitor, asked).await {
        Ok(Answer { list, person, seen }) => (Ok(list), person, Some(seen), StatusCode::OK),
        Err(told) if told.status == StatusCode::UNAUTHORIZED => return declined(visitor, &told),
        // The filters stand beside what is wrong with them, and whoever looks stays known.
        Err(told) => {
            let (title, says) = why(&told);
            let detail = visitor.said("problem", &told.detail);
            let notice = Notice { title: visitor.t(title), says: visitor.t(says), detail };
            (Err(notice), console.api.who(visitor).await.ok().flatten(), None, told.status)
        }
    };
    let (kept, here) = (asked.kept(), asked.here());
    let next = list.as_ref().ok().and_then(|list| list.next.as_ref());
    let status = if sought.is_some() { StatusCode::NOT_FOUND } else { status };
    let mut response = rendered(&Accounts {
        frame: Frame::of(visitor, person, "nav.accounts"),
        sought,
        fields: asked.fields(visitor),
        views: views::kept(visitor, &kept),
        may_keep: asked.phone.is_empty() && asked.pays_for.is_empty(),
        more: next.map(|next| format!("/console/accounts?{}", with(&kept, "after", next))),
        first: (!asked.after.is_empty()).then(|| format!("/console/accounts?{kept}")),
        csv: format!("/console/accounts.csv?{kept}"),
        live: seen.map(|seen| format!("/console/accounts.live?{}", with(&here, "seen", &seen))),
        currencies: list.as_ref().map(currencies).unwrap_or_default(),
        known,
        list,
        kept,
    });
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response
}

/// The currencies that the accounts of a list owe in, where they are several: how much is more than how much is not
/// known then.
fn currencies(list: &AccountPage) -> Vec<String> {
    let all: BTreeSet<&String> = list.items.iter().filter_map(|line| line.currency.as_ref()).collect();
    if all.len() > 1 { all.into_iter().cloned().collect() } else { Vec::new() }
}
