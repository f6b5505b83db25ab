//! The texts of messages: templates, compiled once and rendered in the customer's language.

use decision::ids::{Language, TemplateName};
use decision::policy::{BalanceValues, DebtValues, Text, TextValues, Texts};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How many steps a text may take to render: far more than any message needs, and an end to one
/// that loops.
const FUEL: u64 = 20_000;

/// The templates of a policy.
#[derive(Debug)]
pub(crate) struct PolicyTexts {
    environment: Environment<'static>,
    languages: BTreeMap<String, BTreeSet<String>>,
    own_language: Language,
}

/// Of what a template may speak, by what sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// Of a debt: a plan sends it.
    Debt,
    /// Of a balance: a threshold sends it.
    Balance,
    /// Of both: nothing sends it yet.
    Both,
}

impl PolicyTexts {
    pub(crate) fn new(own_language: Language) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        Self { environment, languages: BTreeMap::new(), own_language }
    }

    /// Takes a template's text in one language.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn add(&mut self, template: &str, language: &str, text: &str) -> Result<(), String> {
        self.environment
            .add_template_owned(key(template, language), text.to_owned())
            .map_err(|error| explained(&error))?;
        self.languages.entry(template.to_owned()).or_default().insert(language.to_owned());
        Ok(())
    }

    /// Renders a template in one language from values such as it will have.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn try_out(&self, template: &str, language: &str, speaks: Speaks) -> Result<(), String> {
        let debt = DebtValues {
            real: "120.00".to_owned(),
            conditional: "100.00".to_owned(),
            due: "2026-03-10".to_owned(),
            stage: "remind".to_owned(),
        };
        let balance = BalanceValues {
            name: "main".to_owned(),
            value: "45.00".to_owned(),
            lines: vec!["50.00".to_owned()],
            valid_until: "2026-03-10T00:00".to_owned(),
        };
        let values = TextValues {
            account_id: "A-1",
            currency: "EUR",
            debt: (speaks != Speaks::Balance).then_some(debt),
            balance: (speaks != Speaks::Debt).then_some(balance),
        };
        self.rendered(template, language, &values).map(drop)
    }

    fn rendered(&self, template: &str, language: &str, values: &TextValues<'_>) -> Result<String, String> {
        let spoken = Spoken {
            account: SpokenAccount { id: values.account_id, currency: values.currency },
            currency: values.currency,
            debt: values.debt.as_ref().map(SpokenDebt::of),
            balance: values.balance.as_ref().map(SpokenBalance::of),
        };
        self.environment
            .get_template(&key(template, language))
            .and_then(|found| found.render(Serde(&spoken)))
            .map_err(|error| explained(&error))
    }
}

impl Texts for PolicyTexts {
    fn render(
        &self,
        template: &TemplateName,
        language: &Language,
        values: &TextValues<'_>,
    ) -> Result<Text, String> {
        let languages = self.languages.get(template.as_str());
        let has = languages.is_some_and(|languages| languages.contains(language.as_str()));
        let language = if has { language } else { &self.own_language };
        let body = self.rendered(template.as_str(), language.as_str(), values)?;
        Ok(Text { body, language: language.clone() })
    }

    fn written(&self) -> BTreeMap<(TemplateName, Language), String> {
        let names = self.languages.iter().flat_map(|(template, languages)| {
            languages.iter().map(move |language| (template.as_str(), language.as_str()))
        });
        let written = |(template, language): (&str, &str)| {
            let found = self.environment.get_template(&key(template, language)).ok()?;
            Some(((template.into(), language.into()), found.source().to_owned()))
        };
        names.filter_map(written).collect()
    }
}

fn key(template: &str, language: &str) -> String {
    format!("{language}/{template}")
}

/// What minijinja found, without the name that templates have only in here.
fn explained(error: &minijinja::Error) -> String {
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.line() {
        Some(line) if line > 1 => format!("{what} (line {line} of the text)"),
        _ => what,
    }
}

#[derive(Serialize)]
struct Spoken<'a> {
    account: SpokenAccount<'a>,
    currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    debt: Option<SpokenDebt<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<SpokenBalance<'a>>,
}

#[derive(Serialize)]
struct SpokenAccount<'a> {
    id: &'a str,
    currency: &'a str,
}

#[derive(Serialize)]
struct SpokenDebt<'a> {
    real: &'a str,
    conditional: &'a str,
    due: &'a str,
    stage: &'a str,
}

impl<'a> SpokenDebt<'a> {
    fn of(debt: &'a DebtValues) -> Self {
        Self { real: &debt.real, conditional: &debt.conditional, due: &debt.due, stage: &debt.stage }
    }
}

#[derive(Serialize)]
struct SpokenBalance<'a> {
    name: &'a str,
    value: &'a str,
    lines: &'a [String],
    valid_until: &'a str,
}

impl<'a> SpokenBalance<'a> {
    fn of(balance: &'a BalanceValues) -> Self {
        Self {
            name: &balance.name,
            value: &balance.value,
            lines: &balance.lines,
            valid_until: &balance.valid_until,
        }
    }
}
