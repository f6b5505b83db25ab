//! Finding one account: by its id, by its number or a service's, as one that another pays for.

use super::asked::Asked;
use crate::Console;
use crate::answers::AccountPage;
use crate::asking::{Declined, with};
use crate::visitor::Visitor;
use api::controls::in_path as encoded;
use api::who::Role;
use axum::http::StatusCode;
use serde_json::Value;

/// Who was found.
pub(super) enum Found {
    /// One account: where its page is.
    One(String),
    /// Several: the list of them.
    Several(Box<Asked>),
    /// Nobody.
    Nobody,
}

/// Finds an account.
pub(super) async fn found(console: &Console, visitor: &Visitor, sought: &str) -> Result<Found, Declined> {
    let person = console.api.who(visitor).await?;
    // Whoever may not be shown numbers may not look for them either.
    let may_seek = person.is_some_and(|person| person.role >= Role::Agent);
    let is_number = is_number(sought);
    // A number is asked about as such first, which is masked where looks are noted.
    if may_seek
        && is_number
        && let Some(found) = by_number(console, visitor, sought).await?
    {
        return Ok(found);
    }
    let account = format!("/v1/accounts/{}", encoded(sought));
    match console.api.get::<Value>(visitor, &account).await {
        Ok(_) => return Ok(Found::One(format!("/console/accounts/{}", encoded(sought)))),
        Err(why) if why.status == StatusCode::NOT_FOUND => {}
        Err(why) => return Err(why),
    }
    if may_seek
        && !is_number
        && let Some(found) = by_number(console, visitor, sought).await?
    {
        return Ok(found);
    }
    let asked = Asked { pays_for: sought.to_owned(), ..Asked::default() };
    Ok(match of_list(console, visitor, ("pays_for", sought)).await? {
        Of::One(payer) => {
            Found::One(format!("/console/accounts/{}?debtor={}", encoded(sought), encoded(&payer)))
        }
        Of::Several => Found::Several(Box::new(asked)),
        Of::Nobody => Found::Nobody,
    })
}

/// Whether it is written as numbers and addresses are, and ids mostly are not.
fn is_number(sought: &str) -> bool {
    sought.starts_with(['+', '0']) || sought.contains(['@', ' ', '(', '/'])
}

/// Those who are reached by it, or have a service of it.
async fn by_number(console: &Console, visitor: &Visitor, sought: &str) -> Result<Option<Found>, Declined> {
    let asked = Asked { phone: sought.to_owned(), ..Asked::default() };
    Ok(match of_list(console, visitor, ("phone", sought)).await? {
        Of::One(account) => Some(Found::One(format!("/console/accounts/{}", encoded(&account)))),
        Of::Several => Some(Found::Several(Box::new(asked))),
        Of::Nobody => None,
    })
}

enum Of {
    One(String),
    Several,
    Nobody,
}

async fn of_list(console: &Console, visitor: &Visitor, (name, value): (&str, &str)) -> Result<Of, Declined> {
    let question = with("limit=2", name, value);
    let (mut list, _) = console.api.get::<AccountPage>(visitor, &format!("/v1/accounts?{question}")).await?;
    Ok(match (list.items.pop(), list.items.is_empty(), list.next) {
        (Some(line), true, None) => Of::One(line.account_id),
        (None, _, None) => Of::Nobody,
        (Some(_), _, _) | (None, _, Some(_)) => Of::Several,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_as_a_number_is_looked_for_as_one_first() {
        for (sought, expected) in [
            ("+49 170 1234567", true),
            ("+491701234567", true),
            ("00491701234567", true),
            ("0049 170", true),
            ("(495) 123-45-67", true),
            ("a@example.com", true),
            ("A-1000001", false),
            ("1000001", false),
        ] {
            assert_eq!(is_number(sought), expected, "{sought}");
        }
    }
}
