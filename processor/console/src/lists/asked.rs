//! What is asked of the page of accounts, and of the API for it.

use crate::asking::{Declined, with};
use crate::known::Known;
use crate::orders::{minor_units, written};
use crate::visitor::Visitor;
use axum::http::StatusCode;
use serde::Deserialize;

/// What is asked of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// An account that is looked for: its id, its number, or another's that pays for it.
    pub(super) account: String,
    /// Who pays for it.
    pub(super) debtor: String,
    pub(super) stage: String,
    pub(super) plan: String,
    pub(super) status: String,
    pub(super) segment: String,
    pub(super) manager_group: String,
    pub(super) manager: String,
    pub(super) hold: String,
    pub(super) currency: String,
    /// In major units.
    pub(super) min_debt: String,
    pub(super) phone: String,
    pub(super) pays_for: String,
    pub(super) after: String,
    /// The list that the page has shown.
    pub(super) seen: String,
}

/// A field of the filters.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) value: String,
    /// What may be chosen, and what it is called; anything where nothing is named.
    pub(super) choices: Vec<(&'static str, String)>,
    /// Which names of the policy are offered.
    pub(super) known: Option<&'static str>,
}

/// The statuses of a cycle, as the API takes them.
const STATUSES: [&str; 2] = ["active", "held"];

/// The kinds of holds, as the API takes them.
const HOLDS: [&str; 5] = ["dispute", "promise", "deferral", "instalments", "unconfirmed_payment"];

/// The filters: the API's parameter, and the text that it is called by.
const FILTERS: [(&str, &str); 11] = [
    ("stage", "lists.stage"),
    ("plan", "lists.plan"),
    ("status", "lists.status"),
    ("segment", "lists.segment"),
    ("manager_group", "lists.manager-group"),
    ("manager", "lists.manager"),
    ("hold", "lists.hold"),
    ("currency", "lists.currency"),
    ("min_debt", "lists.min-debt"),
    ("phone", "lists.phone"),
    ("pays_for", "lists.pays-for"),
];

impl Field {
    /// What it is called to choose none: each word in its own gender.
    pub(super) fn any(&self) -> &'static str {
        if self.name == "status" { "lists.any-status" } else { "lists.any-hold" }
    }
}

impl Asked {
    /// What narrows the list: each filter with what it is called, and what is said of it.
    fn filters(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        let values = [
            &self.stage,
            &self.plan,
            &self.status,
            &self.segment,
            &self.manager_group,
            &self.manager,
            &self.hold,
            &self.currency,
            &self.min_debt,
            &self.phone,
            &self.pays_for,
        ];
        FILTERS.into_iter().zip(values).map(|((name, label), value)| (name, label, value.trim()))
    }

    /// This list as a question of the page's own, from its beginning.
    pub(super) fn kept(&self) -> String {
        let said = self.filters().filter(|(_, _, value)| !value.is_empty());
        said.fold(String::new(), |kept, (name, _, value)| with(&kept, name, value))
    }

    /// This list, from where it is looked at.
    pub(super) fn here(&self) -> String {
        if self.after.is_empty() { self.kept() } else { with(&self.kept(), "after", &self.after) }
    }

    /// The fields of the filters.
    pub(super) fn fields(&self, visitor: &Visitor) -> Vec<Field> {
        let field = |(name, label, value): (&'static str, &str, &str)| {
            let called = |kind: &str, words: &[&'static str]| {
                words.iter().map(|word| (*word, visitor.w(kind, word))).collect()
            };
            let choices = match name {
                "status" => called("status", &STATUSES),
                "hold" => called("hold", &HOLDS),
                _ => Vec::new(),
            };
            let known =
                matches!(name, "stage" | "plan" | "segment" | "manager_group" | "currency").then_some(name);
            Field { name, label: visitor.t(label), value: value.to_owned(), choices, known }
        };
        // Who is looked for is found at the top of every page.
        let is_shown = |(name, _, value): &(&str, &str, &str)| {
            !matches!(*name, "phone" | "pays_for") || !value.is_empty()
        };
        self.filters().filter(is_shown).map(field).collect()
    }

    /// The same, of one currency where a least debt is asked for: amounts of several cannot be compared. Which, where
    /// none is said, the policy says.
    pub(super) fn of_one_currency(mut self, known: &Known) -> Self {
        if self.currency.trim().is_empty() && !self.min_debt.trim().is_empty() {
            self.currency = known.names("currency").next().unwrap_or_default().to_owned();
        }
        self
    }

    /// What is asked of the API. A field that says nothing is left out: it takes no empty one.
    pub(super) fn question(&self) -> Result<String, Declined> {
        let mut question = String::new();
        for (name, _, value) in self.filters().filter(|(_, _, value)| !value.is_empty()) {
            let value = match name {
                "min_debt" => self.least(value)?,
                "currency" => value.to_uppercase(),
                _ => value.to_owned(),
            };
            question = with(&question, name, &value);
        }
        if !self.after.is_empty() {
            question = with(&question, "after", &self.after);
        }
        Ok(question)
    }

    /// An amount in the smallest unit of the currency.
    fn least(&self, text: &str) -> Result<String, Declined> {
        let currency = self.currency.trim().to_uppercase();
        let declined = |detail| Declined { status: StatusCode::BAD_REQUEST, detail };
        if currency.is_empty() {
            return Err(declined("Choose the currency that the amount is in.".to_owned()));
        }
        let units = minor_units(text, &currency).map(|units| units.to_string());
        units.ok_or_else(|| {
            declined(format!("«{text}» is no amount; it is written like this: {}.", written(&currency)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_what_is_said_of_the_filters_and_a_list_goes_on_where_it_stopped() {
        let asked = Asked {
            stage: "bar,suspend".into(),
            plan: "  ".into(),
            manager: "Jo & Co".into(),
            after: "-5:A-1".into(),
            ..Asked::default()
        };
        assert_eq!(asked.kept(), "stage=bar%2Csuspend&manager=Jo%20%26%20Co");
        assert_eq!(asked.here(), "stage=bar%2Csuspend&manager=Jo%20%26%20Co&after=-5%3AA-1");
        assert_eq!(Asked::default().kept(), "");
    }

    #[test]
    fn every_filter_is_called_something() {
        for (name, label) in FILTERS {
            assert!(crate::texts::find(crate::texts::Language::English, label).is_some(), "{name}");
        }
    }

    #[test]
    fn who_was_looked_for_can_be_taken_out_of_the_filters_and_nobody_is_asked_for_it_else() {
        let names = |asked: &Asked| {
            asked.fields(&crate::tests::visitor()).into_iter().map(|field| field.name).collect::<Vec<_>>()
        };
        assert!(!names(&Asked::default()).contains(&"phone"));
        assert!(names(&Asked { phone: "1".into(), ..Asked::default() }).contains(&"phone"));
    }
}
