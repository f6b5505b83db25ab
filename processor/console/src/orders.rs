//! The forms of orders, out of the API's one table of them, and what is sent of a form that was filled in.

use crate::Console;
use crate::answers::{Account, Given, Hold, Measure, Task};
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
    /// Why it is ordered, where that was typed and the order not taken.
    pub(crate) why: String,
    /// Whether it was filled in, and not taken.
    pub(crate) is_open: bool,
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
    /// What was typed or chosen, where the order was not taken.
    pub(crate) said: String,
    /// Which names of the policy are offered.
    pub(crate) known: Option<&'static str>,
}

/// A form that was filled in: its fields with what was typed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Typed<'a>(pub(crate) &'a [(String, String)]);

impl Typed<'_> {
    /// What was typed into a field; nothing where only blanks were.
    fn said(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

/// What a form is called by: its word, and where others have the same one, what it needs.
pub(crate) fn key(form: &Form) -> String {
    let is_only = FORMS.iter().filter(|other| other.order == form.order).count() == 1;
    match form.needs.first() {
        Some(first) if !is_only => format!("{}-{first}", form.order),
        Some(_) | None => form.order.to_owned(),
    }
}

/// The orders that make sense of this account now; what was typed into one of them stands in it again.
pub(crate) fn shown(account: &Account, typed: Typed<'_>, visitor: &Visitor) -> Vec<Shown> {
    let has_cycle = account.profiles.iter().any(|profile| !profile.cycles.is_empty());
    let has_dispute = open_disputes(account).next().is_some();
    let is_fitting = |form: &&Form| match form.order {
        "pause" => account.pause.is_none(),
        "resume" => account.pause.is_some(),
        "exempt" => !account.exempt,
        "exempt_ended" => account.exempt,
        "dispute_ended" => has_dispute,
        "task_result" | "take_task" => !account.tasks.is_empty(),
        "put_back_task" => account.tasks.iter().any(|task| task.taken_by.is_some()),
        "close" | "jump" => has_cycle,
        "rearm" => account.balances.iter().any(|balance| !balance.rules.is_empty()),
        "undo" => !in_force(account).is_empty(),
        "assign_manager" => account.manager_group.is_some(),
        _ => true,
    };
    let show = |form: &Form| {
        let key = key(form);
        let is_open = typed.said("form") == Some(&*key);
        let typed = if is_open { typed } else { Typed::default() };
        let fields = form.needs.iter().map(|name| (*name, true));
        let fields = fields.chain(form.may_have.iter().map(|name| (*name, false)));
        let fields = fields.filter_map(|(name, needed)| match name {
            // A new hold's id is made for it.
            "hold_id" if form.order != "dispute_ended" => None,
            // The task that is chosen says in which queue it lies.
            "queue" if is_of_task(form) => None,
            "command_id" => Some((name, true)),
            _ => Some((name, needed)),
        });
        Shown {
            title: visitor.w("order", &key),
            fields: fields
                .map(|(name, needed)| field((form.order, name), needed, account, visitor))
                .map(|field| Field { said: typed.said(field.name).unwrap_or_default().to_owned(), ..field })
                .collect(),
            why: typed.said("why").unwrap_or_default().to_owned(),
            is_open,
            key,
        }
    };
    FORMS.iter().filter(is_fitting).map(show).collect()
}

/// A task as it is chosen: its command, and what a person knows it by.
fn task_named(task: &Task, visitor: &Visitor) -> (String, String) {
    let since = format!("{} {}", visitor.t("queues.since"), task.requested_at.local);
    let said = [Some(task.queue.as_str()), task.stage.as_deref(), Some(&since), task.taken_by.as_deref()];
    (task.command_id.clone(), said.into_iter().flatten().collect::<Vec<_>>().join(" · "))
}

/// The disputes whose end was not told yet.
fn open_disputes(account: &Account) -> impl Iterator<Item = &Hold> {
    account.holds.iter().filter(|hold| hold.kind == "dispute" && !hold.is_upheld)
}

/// The operations that a person has put on, and that can be taken back.
fn in_force(account: &Account) -> Vec<&String> {
    let is_on = |measure: &&Measure| measure.kind == "order" && measure.lifted_since.is_none();
    let on: BTreeSet<&String> = account.by_hand.iter().filter(is_on).map(|measure| &measure.what).collect();
    on.into_iter().collect()
}

/// Which names of the policy are offered for a field.
fn known(name: &str) -> Option<&'static str> {
    ["plan", "queue", "operation", "undo", "template", "channel"].into_iter().find(|of| *of == name)
}

/// Whether an order is about a task that there is.
fn is_of_task(form: &Form) -> bool {
    form.may_have.contains(&"command_id")
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
        "outcome" => {
            let ends = ["upheld", "rejected", "withdrawn"];
            ("choice", ends.map(|end| (end.to_owned(), visitor.w("ended", end))).to_vec())
        }
        "operation" if order == "undo" => ("choice", same(in_force(account))),
        "class" => ("choice", called(&["service", "reminder", "statutory"])),
        "hold_id" => {
            let called = |hold: &Hold| (hold.id.clone(), hold.called(account.currency.as_deref(), visitor));
            ("choice", open_disputes(account).map(called).collect())
        }
        "command_id" => ("choice", account.tasks.iter().map(|task| task_named(task, visitor)).collect()),
        "stage" => ("choice", same(account.profiles.iter().flat_map(|profile| &profile.stages).collect())),
        "rule" => {
            let rules = account.balances.iter().flat_map(|balance| &balance.rules);
            ("choice", same(rules.map(|rule| &rule.rule).collect()))
        }
        _ => ("text", Vec::new()),
    };
    Field {
        name,
        label: visitor.w("field", name),
        needed,
        kind,
        choices,
        said: String::new(),
        known: known(name),
    }
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
    let order = match order(Typed(&filled), &account) {
        Ok(order) => Value::Object(order).to_string(),
        Err(field) => {
            let notice = format!("{}: {}", visitor.t("order.unreadable"), visitor.w("field", field));
            return story::with_notice(&console, &visitor, &id, &asked, notice, Typed(&filled)).await;
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
            story::with_notice(&console, &visitor, &id, &asked, notice, Typed(&filled)).await
        }
        Err(declined) => crate::pages::declined(&visitor, &declined),
    }
}

/// The order that a form says, as the API takes it; else the field that cannot be made out.
fn order(typed: Typed<'_>, account: &Account) -> Result<Map<String, Value>, &'static str> {
    let said = |name: &str| typed.said(name);
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
            ("queue", _) if is_of_task(form) => {
                let is_it = |task: &&Task| said("command_id") == Some(&*task.command_id);
                Some(json!(account.tasks.iter().find(is_it).ok_or("command_id")?.queue))
            }
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

/// An amount in the smallest unit of a currency: with a point or a comma before its decimals, of which it may have
/// fewer than the currency, and with blanks between its thousands. What two readers read differently is none: `1,000`
/// is a thousand to one of them and one to another, whatever the currency.
pub(crate) fn minor_units(text: &str, currency: &str) -> Option<i64> {
    let exponent = Currency::parse(currency).ok()?.exponent();
    let text = without_blanks(text)?;
    let decimals = text.split_once([',', '.']).map_or(0, |(_, decimals)| decimals.len());
    let is_read_twice = decimals == 3 && text.contains(',');
    if decimals > usize::from(exponent) || is_read_twice {
        return None;
    }
    let amount = Decimal::parse(&text.replace(',', ".")).ok()?.scaled_to(exponent)?;
    Some(amount.0)
}

/// A number without the blanks between its thousands; none where one lies elsewhere: `12 50` may be a slip.
fn without_blanks(text: &str) -> Option<String> {
    let whole = text.find([',', '.']).and_then(|end| text.get(..end)).unwrap_or(text);
    let mut groups = whole.split(char::is_whitespace);
    let first = groups.next().unwrap_or_default();
    let are_thousands = groups.clone().next().is_none()
        || (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    let has_blank_after = text.get(whole.len()..).is_some_and(|rest| rest.contains(char::is_whitespace));
    (are_thousands && !has_blank_after)
        .then(|| text.chars().filter(|letter| !letter.is_whitespace()).collect())
}

/// How an amount of a currency is written, for whoever wrote one that is none: `1250`, and where the currency has
/// decimals, also `1250.50`.
pub(crate) fn written(currency: &str) -> String {
    match Currency::parse(currency).map_or(2, |currency| currency.exponent()) {
        0 => "1250".to_owned(),
        exponent => format!("1250, 1250.{:0<width$}", 5, width = usize::from(exponent)),
    }
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
        assert_eq!(order(Typed(&filled), &account()).map(Value::Object), expected, "{filled:?}");
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
        let keys: Vec<String> =
            shown(&account(), Typed::default(), &visitor).into_iter().map(|form| form.key).collect();
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
            ("12.5", Some(1250)),
            ("5 000", Some(500_000)),
            ("5\u{a0}000,5", Some(500_050)),
            ("12.505", None),
            ("12 50", None),
            ("5 0", None),
            ("1000 000", None),
            ("1.5 0", None),
            ("1 000 000", Some(100_000_000)),
            ("1,000.00", None),
            ("", None),
            ("abc", None),
        ] {
            assert_eq!(minor_units(text, "EUR"), expected, "{text}");
        }
        for (text, expected) in
            [("240.900", Some(240_900)), ("50.5", Some(50_500)), ("1,000", None), ("1,5", Some(1_500))]
        {
            assert_eq!(minor_units(text, "TND"), expected, "{text}");
        }
        assert_eq!(["EUR", "TND", "JPY"].map(written), ["1250, 1250.50", "1250, 1250.500", "1250"]);
    }
}
