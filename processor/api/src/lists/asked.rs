//! What is asked of the lists: out of the question's text, and as far as whoever asks may see it.

use super::Place;
use crate::limits;
use crate::problem::Problem;
use crate::who::{Person, Role, Segments};
use decision::ids::DebtorId;
use decision::money::{Currency, LARGEST_AMOUNT};
use serde::Deserialize;
use std::collections::BTreeSet;
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
    /// With a task in one of these queues whose result is waited for.
    #[param(
        min_length = 1,
        pattern = r"^[^,\u0000-\u001F\u007F-\u009F]+(,[^,\u0000-\u001F\u007F-\u009F]+)*$"
    )]
    queue: Option<String>,
    /// With a task that this person has in hand.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$")]
    taken_by: Option<String>,
    /// Owing in this currency.
    #[param(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: Option<String>,
    /// Owing so much at the least, in the smallest unit of the currency: where accounts owe in several, say which.
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
    #[param(pattern = r"^-?[0-9]{1,18}[:;][^\u0000-\u001F\u007F-\u009F]*$")]
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
    /// A task's queue.
    Queue,
    /// Who has a task in hand.
    Taker,
}

/// Whom a list is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of each field one of these; of stage, plan and status, those of one cycle.
    pub fields: Vec<(Field, Vec<String>)>,
    /// Owing in this currency.
    pub currency: Option<Currency>,
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

/// How many names of one kind a question has at most: for each a list is opened.
const MOST_NAMES: usize = 20;

/// How many it has at most as CSV.
const MOST_OF_CSV: usize = 10_000;

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
        let limit = limits::how_many(self.limit, ACCOUNTS, most)?;
        let min_debt = self.min_debt.unwrap_or(0);
        if !(0..=LARGEST_AMOUNT).contains(&min_debt) {
            let most = LARGEST_AMOUNT;
            return Err(Problem::bad_request(format!(
                "`min_debt` is {min_debt}, and must be from 0 to {most}."
            )));
        }
        let wrong = |currency: &str| format!("`currency` is «{currency}», which is no currency of ISO 4217.");
        let currency = self
            .currency
            .as_deref()
            .map(|currency| Currency::parse(currency).map_err(|_| Problem::bad_request(wrong(currency))));
        let currency = currency.transpose()?;
        let from = self.after.as_deref().map(place).transpose()?;
        if self.phone.is_some() {
            // Numbers are masked for whoever may do less.
            person.reaches(Role::Agent)?;
        }
        let names = [
            // First: where a page ends is told by it.
            ("segment", Field::Segment, &self.segment),
            ("stage", Field::Stage, &self.stage),
            ("plan", Field::Plan, &self.plan),
            ("status", Field::Status, &self.status),
            ("manager_group", Field::ManagerGroup, &self.manager_group),
            ("manager", Field::Manager, &self.manager),
            ("hold", Field::Hold, &self.hold),
            ("queue", Field::Queue, &self.queue),
        ];
        let mut fields = Vec::new();
        for (name, field, value) in names {
            if let Some(value) = value {
                fields.push((field, several(name, value)?));
            }
        }
        // Names of people have commas.
        for (name, field, value) in [
            ("taken_by", Field::Taker, &self.taken_by),
            ("phone", Field::Number, &self.phone),
            ("pays_for", Field::Account, &self.pays_for),
        ] {
            if let Some(value) = value {
                fields.push((field, vec![one(name, value)?.to_owned()]));
            }
        }
        known("status", self.status.as_deref(), &STATUSES)?;
        known("hold", self.hold.as_deref(), &HOLDS)?;
        narrow(&mut fields, person)?;
        Ok(Asked { filter: Filter { fields, currency, min_debt }, from, limit, form })
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
            fields.insert(0, (Field::Segment, seen.iter().cloned().collect()));
            Ok(())
        }
    }
}

/// Names parted by commas, each once.
fn several(name: &str, value: &str) -> Result<Vec<String>, Problem> {
    let names = value.split(',').map(|value| one(name, value).map(str::to_owned));
    let names: BTreeSet<String> = names.collect::<Result<_, _>>()?;
    if names.len() > MOST_NAMES {
        return Err(Problem::bad_request(format!("`{name}` has more than {MOST_NAMES} names.")));
    }
    Ok(names.into_iter().collect())
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

/// No id ends with it: with it a place is the one after an id's.
const AFTER: char = '\0';

/// Where a page begins: at a place (`:`), or after it (`;`).
fn place(text: &str) -> Result<Place, Problem> {
    let wrong = || Problem::bad_request("`after` is what `next` of the page before said.");
    let at = text.find([':', ';']).ok_or_else(wrong)?;
    let (rank, debtor) = text.split_at_checked(at).ok_or_else(wrong)?;
    let rank = rank.parse().map_err(|_| wrong())?;
    if debtor.chars().any(char::is_control) {
        return Err(wrong());
    }
    let debtor = match debtor.strip_prefix(';') {
        Some(after) => format!("{after}{AFTER}"),
        None => debtor.strip_prefix(':').unwrap_or(debtor).to_owned(),
    };
    Ok(Place { rank, debtor: DebtorId::from(debtor) })
}

/// What [`place`] reads.
pub(super) fn next(place: &Place) -> String {
    match place.debtor.as_str().strip_suffix(AFTER) {
        Some(after) => format!("{};{after}", place.rank),
        None => format!("{}:{}", place.rank, place.debtor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::who::Role;

    fn agent() -> Person {
        let segments = Segments::Of(["soho".to_owned(), "consumer".to_owned()].into());
        Person { name: "anna".into(), role: Role::Agent, segments }
    }

    #[test]
    fn a_place_comes_back_as_it_was_told() {
        for (rank, debtor) in
            [(-7, "A-1"), (0, ""), (-7, "A-1\0"), (i64::MIN, "a:b;c"), (-1, ":x"), (-1, ";x\0")]
        {
            let told = next(&Place { rank, debtor: debtor.into() });
            assert!(!told.chars().any(char::is_control), "{told:?}");
            // An id that begins with the sign is told apart by the one before it.
            let expected = Place { rank, debtor: debtor.into() };
            assert_eq!(place(&told).ok(), Some(expected), "{told:?}");
        }
        for wrong in ["", "A-1", ":A-1", "x:A-1", "1:a\u{1}"] {
            assert!(place(wrong).is_err(), "{wrong:?}");
        }
    }

    /// The first field is the one by which it is told where a page ends.
    #[test]
    fn a_list_is_narrowed_to_the_segments_that_whoever_asks_sees_before_anything_else() {
        let query = || Query { stage: Some("bar".into()), ..Query::default() };
        let asked = query().check(&agent()).ok().unwrap();
        let segments = vec!["consumer".to_owned(), "soho".to_owned()];
        assert_eq!(asked.filter.fields.first(), Some(&(Field::Segment, segments)));
        let asked = Query { segment: Some("soho,soho".into()), ..query() }.check(&agent()).ok().unwrap();
        assert_eq!(asked.filter.fields.first(), Some(&(Field::Segment, vec!["soho".to_owned()])));
        assert!(Query { segment: Some("business".into()), ..query() }.check(&agent()).is_err());
    }

    #[test]
    fn only_so_many_names_are_taken() {
        let many = |count: usize| {
            let names: Vec<String> = (0..count).map(|number| format!("s{number}")).collect();
            Query { stage: Some(names.join(",")), ..Query::default() }.check(&agent()).is_ok()
        };
        assert!(many(MOST_NAMES) && !many(MOST_NAMES + 1));
    }

    #[test]
    fn a_viewer_seeks_nobody_by_their_number() {
        let viewer = Person { role: Role::Viewer, segments: Segments::All, ..agent() };
        let by_phone = || Query { phone: Some("+491".into()), ..Query::default() };
        assert!(by_phone().check(&viewer).is_err());
        assert!(by_phone().check(&agent()).is_ok());
    }

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
