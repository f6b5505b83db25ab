//! What is asked of the lists: out of the question's text, and as far as whoever asks may see it.

use super::Place;
use crate::problem::Problem;
use crate::who::{Person, Segments};
use decision::ids::DebtorId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Which accounts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// In one of these stages, parted by commas.
    #[param(
        min_length = 1,
        pattern = r"^[^,\u0000-\u001F\u007F-\u009F]+(,[^,\u0000-\u001F\u007F-\u009F]+)*$"
    )]
    stage: Option<String>,
    /// Worked on by one of these plans.
    #[param(
        min_length = 1,
        pattern = r"^[^,\u0000-\u001F\u007F-\u009F]+(,[^,\u0000-\u001F\u007F-\u009F]+)*$"
    )]
    plan: Option<String>,
    /// Whose cycle is `active`, or `held`.
    #[param(pattern = "^(active|held)(,(active|held))*$")]
    status: Option<String>,
    /// In one of these segments.
    #[param(
        min_length = 1,
        pattern = r"^[^,\u0000-\u001F\u007F-\u009F]+(,[^,\u0000-\u001F\u007F-\u009F]+)*$"
    )]
    segment: Option<String>,
    /// In the care of one of these manager groups.
    #[param(
        min_length = 1,
        pattern = r"^[^,\u0000-\u001F\u007F-\u009F]+(,[^,\u0000-\u001F\u007F-\u009F]+)*$"
    )]
    manager_group: Option<String>,
    /// Of one of these personal managers.
    #[param(
        min_length = 1,
        pattern = r"^[^,\u0000-\u001F\u007F-\u009F]+(,[^,\u0000-\u001F\u007F-\u009F]+)*$"
    )]
    manager: Option<String>,
    /// With a hold of one of these kinds: `dispute`, `promise`, `deferral`, `instalments`, `unconfirmed_payment`.
    #[param(
        pattern = "^(dispute|promise|deferral|instalments|unconfirmed_payment)(,(dispute|promise|deferral|instalments|unconfirmed_payment))*$"
    )]
    hold: Option<String>,
    /// Owing so much at the least, in the smallest unit of the currency.
    #[param(minimum = 0, maximum = 1_000_000_000_000_000_i64)]
    min_debt: Option<i64>,
    /// Reached by this telephone number or address, or with a service of it, however it is written. Not only accounts
    /// with which there is work.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$")]
    phone: Option<String>,
    /// Who pays for this account, which is not their own.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$")]
    pays_for: Option<String>,
    /// What `next` said: the page after that one.
    #[param(pattern = r"^-?[0-9]{1,19}:[^\u0000-\u001F\u007F-\u009F]*$")]
    after: Option<String>,
    /// How many accounts at most: of JSON to 200, of CSV to 10000.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
    /// As what it is told.
    #[param(inline)]
    format: Option<Form>,
}

/// As what a list is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// JSON.
    #[default]
    Json,
    /// CSV with a line of names: a line for each part of an account's debt.
    Csv,
}

/// What accounts are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// A cycle's stage.
    Stage,
    /// A cycle's plan.
    Plan,
    /// A cycle's status.
    Status,
    /// The segment.
    Segment,
    /// The manager group.
    ManagerGroup,
    /// The personal manager.
    Manager,
    /// A hold's kind.
    Hold,
    /// A number or an address.
    Number,
    /// An account that another one pays for.
    Account,
}

/// Whom a list is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of each field one of these; of stage, plan and status, those of one cycle.
    pub fields: Vec<(Field, Vec<String>)>,
    /// Owing so much at the least, in minor units.
    pub min_debt: i64,
}

/// What is asked, checked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) filter: Filter,
    pub(super) from: Option<Place>,
    pub(super) limit: usize,
    pub(super) form: Form,
}

/// How many accounts a page has where nothing is said.
const ACCOUNTS: usize = 50;

/// How many it has at most.
const MOST: usize = 200;

/// How many it has at most as CSV.
const MOST_OF_CSV: usize = 10_000;

/// The largest amount there is (domain.md, section 1), in minor units.
const LARGEST_AMOUNT: i64 = 1_000_000_000_000_000;

/// The statuses of a cycle.
const STATUSES: [&str; 2] = ["active", "held"];

/// The kinds of holds.
const HOLDS: [&str; 5] = ["dispute", "promise", "deferral", "instalments", "unconfirmed_payment"];

impl Query {
    /// What is asked, as far as this person may see it.
    pub(super) fn check(self, person: &Person) -> Result<Asked, Problem> {
        let form = self.format.unwrap_or_default();
        let most = match form {
            Form::Json => MOST,
            Form::Csv => MOST_OF_CSV,
        };
        let limit = self.limit.unwrap_or(ACCOUNTS);
        if !(1..=most).contains(&limit) {
            return Err(Problem::bad_request(format!("`limit` is {limit}, and must be from 1 to {most}.")));
        }
        let min_debt = self.min_debt.unwrap_or(0);
        if !(0..=LARGEST_AMOUNT).contains(&min_debt) {
            let most = LARGEST_AMOUNT;
            return Err(Problem::bad_request(format!(
                "`min_debt` is {min_debt}, and must be from 0 to {most}."
            )));
        }
        let from = self.after.as_deref().map(place).transpose()?;
        let names = [
            ("stage", Field::Stage, &self.stage),
            ("plan", Field::Plan, &self.plan),
            ("status", Field::Status, &self.status),
            ("segment", Field::Segment, &self.segment),
            ("manager_group", Field::ManagerGroup, &self.manager_group),
            ("manager", Field::Manager, &self.manager),
            ("hold", Field::Hold, &self.hold),
        ];
        let mut fields = Vec::new();
        for (name, field, value) in names {
            if let Some(value) = value {
                fields.push((field, several(name, value)?));
            }
        }
        for (name, field, value) in
            [("phone", Field::Number, &self.phone), ("pays_for", Field::Account, &self.pays_for)]
        {
            if let Some(value) = value {
                fields.push((field, vec![one(name, value)?.to_owned()]));
            }
        }
        known("status", self.status.as_deref(), &STATUSES)?;
        known("hold", self.hold.as_deref(), &HOLDS)?;
        narrow(&mut fields, person)?;
        Ok(Asked { filter: Filter { fields, min_debt }, from, limit, form })
    }
}

/// Declines a word that there is not: nobody stands on its list, which would look as if all were well.
fn known(name: &str, value: Option<&str>, words: &[&str]) -> Result<(), Problem> {
    let unknown = value.into_iter().flat_map(|value| value.split(',')).find(|word| !words.contains(word));
    unknown.map_or(Ok(()), |word| {
        let words = words.join(", ");
        Err(Problem::bad_request(format!("`{name}` is «{word}», and must be of these: {words}.")))
    })
}

/// Narrows a list to the segments that this person sees; who asks for another one is told so.
fn narrow(fields: &mut Vec<(Field, Vec<String>)>, person: &Person) -> Result<(), Problem> {
    let Segments::Of(seen) = &person.segments else { return Ok(()) };
    match fields.iter().find(|(field, _)| *field == Field::Segment) {
        Some((_, asked)) if asked.iter().all(|segment| seen.contains(segment)) => Ok(()),
        Some(_) => Err(Problem::not_in_segments()),
        None => {
            fields.push((Field::Segment, seen.iter().cloned().collect()));
            Ok(())
        }
    }
}

/// Names parted by commas.
fn several(name: &str, value: &str) -> Result<Vec<String>, Problem> {
    value.split(',').map(|value| one(name, value).map(str::to_owned)).collect()
}

fn one<'v>(name: &str, value: &'v str) -> Result<&'v str, Problem> {
    if value.is_empty() || value.chars().count() > 255 || value.chars().any(char::is_control) {
        let wrong = format!(
            "`{name}` is a name of 1 to 255 characters, without control characters, or several with commas between."
        );
        return Err(Problem::bad_request(wrong));
    }
    Ok(value)
}

/// What comes after the last line of a page.
fn place(text: &str) -> Result<Place, Problem> {
    let wrong = || Problem::bad_request("`after` is what `next` of the page before said.");
    let (rank, debtor) = text.split_once(':').ok_or_else(wrong)?;
    let rank = rank.parse().map_err(|_| wrong())?;
    Ok(Place { rank, debtor: DebtorId::from(debtor) })
}

/// What [`place`] reads.
pub(super) fn next(place: &Place) -> String {
    format!("{}:{}", place.rank, place.debtor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_or_a_kind_of_hold_that_there_is_not_is_declined() {
        #[track_caller]
        fn check(value: Option<&str>, words: &[&str], is_taken: bool) {
            assert_eq!(known("status", value, words).is_ok(), is_taken, "{value:?}");
        }
        check(None, &STATUSES, true);
        check(Some("active,held"), &STATUSES, true);
        check(Some("null"), &STATUSES, false);
        check(Some("active,"), &STATUSES, false);
        check(Some("unconfirmed_payment,promise"), &HOLDS, true);
        check(Some("held"), &HOLDS, false);
    }
}
