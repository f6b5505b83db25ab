//! From a file to the policy that the core uses, with every check of meaning on the way.
//!
//! Checking never stops at the first finding: where something is wrong, a stand-in goes on in its
//! place, and the policy is not handed out in the end.

mod account;
mod before_due;
mod calendar;
mod commands;
mod holds;
mod lint;
mod measure;
mod moves;
mod names;
mod plan;
mod templates;
mod threshold;

pub(crate) use names::Names;

use crate::condition::{Conditions, Over, Problem};
use crate::file::{Amount, Length, PolicyFile};
use crate::files::Files;
use crate::report::{Finding, Span};
use crate::texts::Speaks;
use crate::yaml::Spanned;
use decision::calendar::Window;
use decision::ids::{BalanceName, Language, WindowName};
use decision::money::{Currency, Decimal, LARGEST_AMOUNT, MinorUnits};
use decision::policy::{Condition, Defaults, Policy, PolicyIdentity, Unit};
use decision::time::Zone;
use names::Section;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The policy of a file, with all findings; no policy where something of it is missing. Of a
/// damaged file, or a damaged part of one, nothing is said that hangs on what is absent there.
pub(crate) fn compile(
    file: &PolicyFile,
    source: Source<'_>,
    hash: String,
    damaged: bool,
) -> (Option<Policy>, Vec<Finding>) {
    let Source { names, text, files } = source;
    let mut checker = Checker {
        names,
        text,
        files,
        windows: BTreeMap::new(),
        channels: BTreeSet::new(),
        findings: Vec::new(),
        exponent: file.currency.as_ref().map(|code| code.value.0.exponent()),
        conditions: None,
        spoken: BTreeMap::new(),
        used: BTreeSet::new(),
    };
    let policy = checker.policy(file, hash);
    if !damaged {
        checker.unused(file);
    }
    (policy, checker.findings)
}

/// What a policy was read from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// The names that it defines.
    pub(crate) names: &'a Names,
    /// Its text.
    pub(crate) text: &'a str,
    /// The files beside it that it names.
    pub(crate) files: &'a Files,
}

struct Checker<'a> {
    names: &'a Names,
    text: &'a str,
    files: &'a Files,
    /// The windows, once they are compiled.
    windows: BTreeMap<WindowName, Arc<Window>>,
    /// The channels that something is sent by.
    channels: BTreeSet<String>,
    findings: Vec<Finding>,
    /// The decimals of the policy's currency.
    exponent: Option<u8>,
    conditions: Option<Conditions>,
    /// What each template that is used speaks of.
    spoken: BTreeMap<String, Vec<Speaks>>,
    /// The names that something uses.
    used: BTreeSet<(Section, String)>,
}

impl Checker<'_> {
    fn policy(&mut self, file: &PolicyFile, hash: String) -> Option<Policy> {
        let defaults = self.defaults(file);
        let attributes = self.attributes(&file.attributes);
        // Where a default is missing, any will do to check the rest with.
        let assumed = defaults.clone().or_else(any_defaults)?;
        self.conditions = Some(Conditions::new(assumed.clone(), attributes.clone()));
        let calendars = self.calendars(&file.calendars);
        self.windows = self.windows(&file.windows, &calendars, &assumed);
        let balances = balances(file);
        let thresholds = self.thresholds(&file.thresholds, &balances);
        let segments = self.segments(&file.segments);
        let groups = self.groups(&file.groups);
        let managers = self.managers(&file.managers);
        let plans = self.plans(&file.plans);
        let holds = self.holds(&file.holds);
        let commands = self.commands(&file.commands);
        let retention = self.retention(&file.retention);
        let texts = self.templates(&file.templates, &assumed.language);
        Some(Policy {
            identity: PolicyIdentity {
                name: file.policy.as_ref()?.as_str().into(),
                version: file.version.as_ref()?.as_str().into(),
                hash: hash.into(),
            },
            effective_from: file.effective_from.as_ref().map(|from| from.value.0.in_zone(&assumed.zone)),
            defaults: defaults?,
            attributes,
            balances,
            thresholds,
            segments,
            groups,
            managers,
            plans,
            windows: std::mem::take(&mut self.windows),
            holds,
            commands,
            retention,
            observe: file.observe,
            texts: Arc::new(texts),
        })
    }

    fn defaults(&mut self, file: &PolicyFile) -> Option<Defaults> {
        for field in ["policy", "version", "time_zone", "currency", "language"] {
            if !self.names.was_written(field) {
                let finding = Finding::error("missing-field", Span::START, format!("`{field}` is missing"));
                self.say(finding.with_help(format!("write `{field}: …` at the top of the file")));
            }
        }
        for name in [&file.policy, &file.version].into_iter().flatten() {
            self.some_text(name);
        }
        if let Some(language) = &file.language {
            self.language_tag(language);
        }
        Some(Defaults {
            zone: file.time_zone.as_ref()?.value.0.clone(),
            currency: file.currency.as_ref()?.value.0,
            language: Language::from(file.language.as_ref()?.as_str()),
        })
    }

    fn say(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: &str) {
        self.say(Finding::error(code, span, message).with_help(help));
    }

    /// A name that must be defined in a section of the file.
    fn known(&mut self, section: Section, name: &Spanned<String>) {
        self.used.insert((section, name.value.clone()));
        if let Some(help) = self.names.missing(section, name) {
            let message = format!("no {} `{}` is defined", section.singular(), name.value);
            self.say(Finding::error("unknown-name", name.span, message).with_help(help));
        }
    }

    /// The window of this name, where it is defined.
    fn window_named(&mut self, name: Option<&Spanned<String>>) -> Option<Arc<Window>> {
        let name = name?;
        self.known(Section::Windows, name);
        self.windows.get(name.as_str()).cloned()
    }

    /// A length of time that must be one.
    fn some_time(&mut self, length: &Spanned<Length>, message: &str) {
        if length.value.0.is_none() {
            self.error("wrong-value", length.span, message, "write more than 0");
        }
    }

    fn some_text(&mut self, text: &Spanned<String>) {
        if text.trim().is_empty() {
            self.error("wrong-value", text.span, "the text is empty", "write a name");
        }
    }

    /// Names that may each be given once.
    fn once<'n>(&mut self, what: &str, names: impl Iterator<Item = &'n Spanned<String>>) {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for name in names {
            self.some_text(name);
            if let Some(line) = seen.insert(name.as_str(), name.span.line) {
                let message = format!("the {what} `{}` is there already, in line {line}", name.value);
                self.error("duplicate-name", name.span, message, "give each its own name");
            }
        }
    }

    /// An amount of money that is not below zero.
    fn money(&mut self, amount: &Spanned<Amount>) -> Decimal {
        let decimal = amount.value.0;
        if decimal.is_negative() {
            self.error("wrong-value", amount.span, format!("{decimal} is below zero"), "write 0 or more");
        }
        self.fits(decimal, self.exponent.unwrap_or(2), amount.span);
        decimal
    }

    /// A number that its unit can carry: `None`, and a finding, where it cannot.
    fn fits(&mut self, decimal: Decimal, exponent: u8, span: Span) -> Option<MinorUnits> {
        let scaled = decimal.scaled_to(exponent);
        let fitting = scaled.filter(|units| units.0.unsigned_abs() <= LARGEST_AMOUNT.unsigned_abs());
        if fitting.is_none() {
            // Few digits that do not fit have too many behind the point.
            let message = match decimal.cut_to(exponent).0.unsigned_abs() {
                units if units < LARGEST_AMOUNT.unsigned_abs() => {
                    format!("{decimal} has more decimals than its unit, which has {exponent}")
                }
                _ => format!("{decimal} is larger than any amount that is booked"),
            };
            self.error("wrong-value", span, message, "write an amount that can be booked");
        }
        fitting
    }

    fn condition(&mut self, text: Option<&Spanned<String>>, over: Over) -> Option<Box<dyn Condition>> {
        let text = text?;
        match self.conditions.as_ref()?.compile(text, over) {
            Ok(compiled) => Some(Box::new(compiled)),
            Err(problems) => {
                for problem in problems {
                    let finding = self.in_condition(text, problem);
                    self.say(finding);
                }
                None
            }
        }
    }

    /// A problem at its place in the file, where the condition stands there letter by letter.
    fn in_condition(&self, text: &Spanned<String>, problem: Problem) -> Finding {
        let written = self.text.get(text.span.start..).unwrap_or_default();
        let quote = usize::from(written.starts_with(['"', '\'']));
        let letter_by_letter =
            text.is_ascii() && written.get(quote..).is_some_and(|written| written.starts_with(text.as_str()));
        let span = match problem.range {
            Some((first, end)) if letter_by_letter => Span {
                line: text.span.line,
                column: text.span.column + quote + first,
                start: text.span.start + quote + first,
                length: end.saturating_sub(first),
            },
            _ => text.span,
        };
        Finding::error("condition", span, problem.message).with_help_if(problem.help)
    }
}

fn balances(file: &PolicyFile) -> BTreeMap<BalanceName, Unit> {
    let balances = file.balances.iter();
    balances.map(|(name, balance)| (name.as_str().into(), account::unit(balance.unit))).collect()
}

/// Stand in where defaults are missing or wrong, so that the rest can be checked.
fn any_defaults() -> Option<Defaults> {
    let currency = Currency::parse("EUR").ok()?;
    Some(Defaults { zone: Zone::utc(), currency, language: Language::from("en") })
}

#[cfg(test)]
mod tests;
