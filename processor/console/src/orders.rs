//! The forms of orders, out of the API's one table of them, and what is sent of a form that was filled in.

use crate::Console;
use crate::answers::{Account, Given};
use crate::story::{self, Asked};
use crate::visitor::Visitor;
use api::controls::forms::{FORMS, Form};
use api::controls::in_path as encoded;
use axum::extract::{Form as Filled, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use decision::money::{Currency, Decimal};
use decision::time::{Date, Zone};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A form as the page shows it.
pub(crate) struct Shown {
    /// Its word, and what sets it apart from others of that word.
    pub(crate) key: String,
    /// What it is called.
    pub(crate) title: String,
    /// Its fields.
    pub(crate) fields: Vec<Field>,
}

/// A field of a form.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: String,
    pub(crate) needed: bool,
    /// What it is filled in with: `text`, `date`, `number`, `lines`, `choice`, `check`.
    pub(crate) kind: &'static str,
    /// What may be chosen: the value, and what it is called.
    pub(crate) choices: Vec<(String, String)>,
}

/// What a form is called by: its word, and where others have the same one, what it needs.
pub(crate) fn key(form: &Form) -> String {
    let is_only = FORMS.iter().filter(|other| other.order == form.order).count() == 1;
    match form.needs.first() {
        Some(first) if !is_only => format!("{}-{first}", form.order),
        Some(_) | None => form.order.to_owned(),
    }
}

/// The orders that make sense of this account now.
pub(crate) fn shown(account: &Account, visitor: &Visitor) -> Vec<Shown> {
    let has_dispute = account.holds.iter().any(|hold| hold.kind == "dispute");
    let is_fitting = |form: &&Form| match form.order {
        "pause" => account.pause.is_none(),
        "resume" => account.pause.is_some(),
        "exempt" => !account.exempt,
        "exempt_ended" => account.exempt,
        "dispute_ended" => has_dispute,
        "task_result" | "take_task" => !account.tasks.is_empty(),
        "put_back_task" => account.tasks.iter().any(|task| task.taken_by.is_some()),
        _ => true,
    };
    let show = |form: &Form| {
        let key = key(form);
        let fields = form.needs.iter().map(|name| (*name, true));
        let fields = fields.chain(form.may_have.iter().map(|name| (*name, false)));
        // A new hold's id is made for it.
        let fields = fields.filter(|(name, _)| *name != "hold_id" || form.order == "dispute_ended");
        Shown {
            title: visitor.w("order", &key),
            fields: fields
                .map(|(name, needed)| field((form.order, name), needed, account, visitor))
                .collect(),
            key,
        }
    };
    FORMS.iter().filter(is_fitting).map(show).collect()
}

fn field((order, name): (&str, &'static str), needed: bool, account: &Account, visitor: &Visitor) -> Field {
    let same = |words: Vec<&String>| words.into_iter().map(|word| (word.clone(), word.clone())).collect();
    let called =
        |words: &[&str]| words.iter().map(|word| ((*word).to_owned(), visitor.w(name, word))).collect();
    let (kind, choices) = match name {
        "until" | "resume_at" => ("date", Vec::new()),
        "amount" => ("money", Vec::new()),
        "grace_days" => ("number", Vec::new()),
        "parts" => ("lines", Vec::new()),
        "cuts_off" => ("check", Vec::new()),
        "outcome" => ("choice", called(&["upheld", "rejected", "withdrawn"])),
        "class" => ("choice", called(&["service", "reminder", "statutory"])),
        "hold_id" => {
            let disputes = account.holds.iter().filter(|hold| hold.kind == "dispute");
            ("choice", same(disputes.map(|hold| &hold.id).collect()))
        }
        // A new task may go to any queue.
        "queue" if order != "do" => {
            let queues: BTreeSet<&String> = account.tasks.iter().map(|task| &task.queue).collect();
            ("choice", same(queues.into_iter().collect()))
        }
        "stage" => ("choice", same(account.profiles.iter().flat_map(|profile| &profile.stages).collect())),
        "rule" => {
            let rules = account.balances.iter().flat_map(|balance| &balance.rules);
            ("choice", same(rules.map(|rule| &rule.rule).collect()))
        }
        _ => ("text", Vec::new()),
    };
    Field { name, label: visitor.w("field", name), needed, kind, choices }
}

/// Sends an order, and shows the account with what became of it.
pub(crate) async fn give(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    Filled(filled): Filled<Vec<(String, String)>>,
) -> Response {
    let path = story::path(&id, "", &asked);
    let account = match console.api.get::<Account>(&visitor, &path).await {
        Ok((account, _)) => account,
        Err(declined) => return crate::pages::declined(&visitor, &declined),
    };
    let order = match order(&filled, &account) {
        Ok(order) => Value::Object(order).to_string(),
        Err(field) => {
            let notice = format!("{}: {}", visitor.t("order.unreadable"), visitor.w("field", field));
            return story::with_notice(&console, &visitor, &id, &asked, notice).await;
        }
    };
    match console.api.post::<Given>(&visitor, &story::path(&id, "/controls", &asked), order).await {
        Ok(given) => {
            let payer = asked.debtor.as_deref().map(|debtor| format!("&debtor={}", encoded(debtor)));
            let to = format!("/console/accounts/{}?order={}", encoded(&id), encoded(&given.id));
            Redirect::to(&(to + &payer.unwrap_or_default())).into_response()
        }
        // What was filled in is wrong: the account is shown beside it.
        Err(declined) if declined.status == axum::http::StatusCode::BAD_REQUEST => {
            let notice = format!(
                "{}: {}",
                visitor.t("order.declined"),
                visitor.said("problem", &declined.detail).text
            );
            story::with_notice(&console, &visitor, &id, &asked, notice).await
        }
        Err(declined) => crate::pages::declined(&visitor, &declined),
    }
}

/// The order that a form says, as the API takes it; else the field that cannot be made out.
fn order(filled: &[(String, String)], account: &Account) -> Result<Map<String, Value>, &'static str> {
    let said = |name: &str| {
        let found = filled.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    };
    let key_said = said("form").unwrap_or_default();
    let form = FORMS.iter().find(|form| key(form) == key_said).ok_or("order")?;
    let mut order = Map::from_iter([("order".to_owned(), json!(form.order))]);
    for name in ["why", "event_id"] {
        if let Some(value) = said(name) {
            order.insert(name.to_owned(), json!(value));
        }
    }
    for name in form.needs.iter().chain(form.may_have) {
        let value = match (*name, said(name)) {
            // The same form sent twice is the same hold.
            ("hold_id", None) => said("event_id").map(|id| json!(id)),
            ("cuts_off", ticked) => ticked.map(|_| json!(true)),
            (_, None) => None,
            (_, Some(text)) => Some(value(name, text, account).ok_or(*name)?),
        };
        if let Some(value) = value {
            order.insert((*name).to_owned(), value);
        }
    }
    Ok(order)
}

/// A field's value, as the API takes it.
fn value(name: &str, text: &str, account: &Account) -> Option<Value> {
    match name {
        "amount" => Some(json!(minor_units(text, account.currency.as_deref()?)?)),
        "grace_days" => Some(json!(text.parse::<i32>().ok()?)),
        "invoices" => Some(json!(text.split([',', ' ']).filter(|id| !id.is_empty()).collect::<Vec<_>>())),
        "parts" => {
            let part = |line: &str| {
                let (due, amount) = line.trim().split_once(' ')?;
                Some(
                    json!({ "due": due, "amount": minor_units(amount.trim(), account.currency.as_deref()?)? }),
                )
            };
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            Some(Value::Array(lines.map(part).collect::<Option<_>>()?))
        }
        // A day begins where the customer lives.
        "resume_at" => {
            let zone = Zone::find(&account.time_zone)?;
            Some(json!(zone.start_of(Date::parse(text)?).to_string()))
        }
        _ => Some(json!(text)),
    }
}

/// An amount in the smallest unit of a currency. With other decimals than the currency has, or none, it is
/// none: `1,000` is a thousand to one reader and one to another.
pub(crate) fn minor_units(text: &str, currency: &str) -> Option<i64> {
    let exponent = Currency::parse(currency).ok()?.exponent();
    if text.split_once([',', '.']).is_some_and(|(_, decimals)| decimals.len() != usize::from(exponent)) {
        return None;
    }
    let amount = Decimal::parse(&text.replace(',', ".")).ok()?.scaled_to(exponent)?;
    Some(amount.0)
}

/// Whoever comes back to where an order was sent finds its account.
pub(crate) async fn back(axum::extract::Path(id): axum::extract::Path<String>) -> axum::response::Redirect {
    axum::response::Redirect::to(&format!("/console/accounts/{}", encoded(&id)))
}

/// An id that no other order has.
pub(crate) fn fresh_id() -> String {
    let mut random = [0_u8; 12];
    // Without chance the API makes the id.
    match getrandom::fill(&mut random) {
        Ok(()) => random.iter().fold("console-".to_owned(), |id, byte| id + &format!("{byte:02x}")),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::account;

    #[track_caller]
    fn check(filled: &[(&str, &str)], expected: Result<Value, &'static str>) {
        let filled: Vec<_> =
            filled.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        assert_eq!(order(&filled, &account()).map(Value::Object), expected, "{filled:?}");
    }

    #[test]
    fn a_filled_form_is_the_order_that_the_api_takes() {
        let (why, id) = (("why", "called"), ("event_id", "c-1"));
        let said = json!({ "order": "promise", "why": "called", "event_id": "c-1", "hold_id": "c-1", "amount": 1250, "until": "2026-04-01" });
        check(
            &[("form", "promise"), why, id, ("amount", "12,50"), ("until", "2026-04-01"), ("invoices", " ")],
            Ok(said),
        );
        check(&[("form", "promise"), why, id, ("amount", "12.505")], Err("amount"));
        check(&[("form", "no_such")], Err("order"));
        let said = json!({ "order": "pause", "why": "called", "resume_at": "2026-03-31T22:00:00Z" });
        check(&[("form", "pause"), why, ("resume_at", "2026-04-01")], Ok(said));
        let parts = json!([{ "due": "2026-04-01", "amount": 500 }, { "due": "2026-05-01", "amount": 700 }]);
        let said = json!({ "order": "instalments", "event_id": "c-1", "hold_id": "c-1", "parts": parts });
        check(&[("form", "instalments"), id, ("parts", "2026-04-01 5\n2026-05-01 7.00\n")], Ok(said));
        let said = json!({ "order": "do", "operation": "bar", "undo": "unbar", "cuts_off": true });
        check(
            &[("form", "do-operation"), ("operation", "bar"), ("undo", "unbar"), ("cuts_off", "on")],
            Ok(said),
        );
    }

    #[test]
    fn every_form_is_shown_but_those_that_have_nothing_to_do() {
        let visitor = crate::tests::visitor();
        let keys: Vec<String> = shown(&account(), &visitor).into_iter().map(|form| form.key).collect();
        for (key, is_shown) in [
            ("promise", true),
            ("pause", true),
            ("resume", false),
            ("dispute_ended", false),
            ("do-queue", true),
        ] {
            assert_eq!(keys.iter().any(|found| found == key), is_shown, "{key}");
        }
    }

    #[test]
    fn an_amount_that_two_readers_read_differently_is_none() {
        for (text, expected) in [
            ("12.50", Some(1250)),
            ("12,50", Some(1250)),
            ("12", Some(1200)),
            ("1,000", None),
            ("2.500", None),
            ("12.5", None),
            ("1,000.00", None),
            ("", None),
        ] {
            assert_eq!(minor_units(text, "EUR"), expected, "{text}");
        }
    }
}
