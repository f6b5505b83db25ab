//! The lines of an account's history in words: what was decided, why, and on which figures.
//!
//! A reason that is one word for programs has its text (`because-…`, for some kinds of line one of its own); one that
//! is a sentence is looked for in the catalogue ([`crate::said`]). Figures are called by their texts (`figure.…`), and
//! what only tells programs something is left out.

use crate::answers::{FigureTold, Told, When};
use crate::said::{self, Said};
use crate::texts;
use crate::visitor::Visitor;
use decision::time::{Timestamp, Zone};

/// A line as its page shows it.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) when: When,
    /// What was decided.
    pub(crate) kind: String,
    /// Whether it says that the event was rejected.
    pub(crate) is_rejection: bool,
    /// Why; nothing where nothing is said.
    pub(crate) reason: Option<Said>,
    /// The figures that it rests on.
    pub(crate) figures: Vec<Figure>,
}

/// A figure: what it is called, and its value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    pub(crate) label: String,
    pub(crate) value: Said,
}

/// Ids and hashes: they tell people nothing. What a code says, the reason says.
pub(crate) const HIDDEN: [&str; 5] = ["command_id", "first_id", "cancelled", "from_hash", "code"];

/// Lines in words, their moments on the wall clock of this zone.
pub(crate) fn lines(told: &[Told], zone: &str, v: &Visitor) -> Vec<Line> {
    let words = Words { v, zone: Zone::find(zone) };
    told.iter().map(|told| words.line(told)).collect()
}

struct Words<'a> {
    v: &'a Visitor,
    zone: Option<Zone>,
}

impl Words<'_> {
    fn line(&self, told: &Told) -> Line {
        Line {
            when: told.when.clone(),
            kind: self.v.w("kind", &told.kind),
            is_rejection: told.kind == "event_rejected",
            reason: (!told.reason.is_empty()).then(|| self.reason(&told.kind, &told.reason)),
            figures: self.figures(told),
        }
    }

    fn reason(&self, kind: &str, reason: &str) -> Said {
        // The reasons of adjustments and reversals are the billing system's own words, in whatever language, but for
        // these of ours.
        let is_quoted = matches!(kind, "invoice_adjusted" | "payment_reversed");
        if is_quoted && !["undone", "undone while it waited"].contains(&reason) {
            return self.own(reason);
        }
        if let Some(text) = self.because(kind, reason) {
            return self.own(text);
        }
        self.v.said("history", &self.local_within(reason))
    }

    /// A word for programs, in a line of this kind.
    fn because(&self, kind: &str, word: &str) -> Option<&'static str> {
        let find = |key: &str| texts::find(self.v.language, key);
        find(&format!("because-{kind}-{word}")).or_else(|| find(&format!("because-{word}")))
    }

    fn own(&self, text: impl Into<String>) -> Said {
        self.v.own(text)
    }

    fn figures(&self, told: &Told) -> Vec<Figure> {
        let Told { reason, figures, .. } = told;
        let real = figures.iter().find(|figure| figure.name == "real_debt").map(|figure| &figure.value);
        let tells = |figure: &&FigureTold| match figure.name.as_str() {
            name if HIDDEN.contains(&name) => false,
            // Where no hold freezes any of it.
            "conditional_debt" => Some(&figure.value) != real,
            "debt_class" => figure.value != "all",
            "cycle" => figure.value != "1",
            // An id that was made up for it tells a person nothing.
            "hold" => !["console-", "api-"].iter().any(|made| figure.value.starts_with(made)),
            // Of a hold that was made the reason says that.
            "kind" => figure.value != *reason,
            _ => !figure.value.is_empty(),
        };
        figures.iter().filter(tells).map(|figure| self.figure(figure)).collect()
    }

    fn figure(&self, told: &FigureTold) -> Figure {
        let FigureTold { name, value } = told;
        let label = texts::find(self.v.language, &format!("figure.{name}"));
        let label = label.map_or_else(|| name.replace('_', " "), str::to_owned);
        Figure { label, value: self.value(name, value) }
    }

    fn value(&self, name: &str, value: &str) -> Said {
        match name {
            // The console gives a reason of its own for what is done in a work queue.
            "why" => self.own(self.v.said("why", value).text),
            // Words of people and of other systems, whatever they look like.
            "result" | "detail" => self.own(value),
            // What the library says that renders templates.
            "fault" => Said { text: value.to_owned(), lang: "en" },
            "kind" => self.own(self.because("", value).unwrap_or(value)),
            "class" => self.own(lower(&self.v.w("class", value))),
            "role" => self.own(self.v.w("role", value)),
            "after" | "grace" | "per" => self.own(said::period(self.v.language, value)),
            "because" => self.reason("command_reported", value),
            "debt_class" => self.own(self.debt_class(value)),
            "from" | "to" | "stage" | "group" | "manager" | "segment" if value == "none" => {
                self.own(self.v.t("figure-none"))
            }
            _ => self.own(self.local(value).unwrap_or_else(|| value.to_owned())),
        }
    }

    /// `provider:water` as people say it.
    fn debt_class(&self, value: &str) -> String {
        let Some((of, name)) = value.split_once(':') else { return value.to_owned() };
        format!("{} {name}", self.v.w("figure-of", of))
    }

    /// A moment on the zone's wall clock; none where the text is no moment.
    fn local(&self, text: &str) -> Option<String> {
        let (zone, at) = (self.zone.as_ref()?, Timestamp::parse(text)?);
        Some(zone.local(at).strftime("%Y-%m-%d %H:%M").to_string())
    }

    /// A sentence with the moments in it on the zone's wall clock.
    fn local_within(&self, text: &str) -> String {
        let words: Vec<_> =
            text.split(' ').map(|word| self.local(word).unwrap_or_else(|| word.to_owned())).collect();
        words.join(" ")
    }
}

/// With a small letter at its beginning, as what stands after a colon has.
fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests;
