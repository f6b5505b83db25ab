//! Says what became of one subject: of its fields, of its lists.
//!
//! Fields are compared by what is said of them, so that nothing is called changed and looks the same.

use super::Change;
use super::order::{Pair, pairs};
use crate::words;
use decision::money::Decimal;
use std::fmt::Display;

/// Tells the changes of one subject.
pub(super) struct Teller<'c> {
    changes: &'c mut Vec<Change>,
    subject: String,
    groups: Vec<String>,
}

impl<'c> Teller<'c> {
    pub(super) fn new(changes: &'c mut Vec<Change>, subject: String, groups: Vec<String>) -> Self {
        Self { changes, subject, groups }
    }

    /// A part of this subject, such as a stage of a plan.
    pub(super) fn part(&mut self, part: &str) -> Teller<'_> {
        let subject = format!("{}, {part}", self.subject);
        Teller { changes: &mut *self.changes, subject, groups: self.groups.clone() }
    }

    pub(super) fn say(&mut self, what: String) {
        let (subject, groups) = (self.subject.clone(), self.groups.clone());
        self.changes.push(Change { subject, what, groups });
    }

    /// A field that always has a value.
    pub(super) fn field(&mut self, name: &str, old: impl Display, new: impl Display) {
        let (old, new) = (old.to_string(), new.to_string());
        if old != new {
            self.say(format!("{name} {old} → {new}"));
        }
    }

    /// A field that may be left out.
    pub(super) fn optional(&mut self, name: &str, old: Option<impl Display>, new: Option<impl Display>) {
        match (old, new) {
            (Some(old), Some(new)) => self.field(name, old, new),
            (None, Some(new)) => self.say(format!("{name} {new} is new")),
            (Some(old), None) => self.say(format!("{name} {old} is gone")),
            (None, None) => {}
        }
    }

    pub(super) fn yes_no(&mut self, name: &str, old: bool, new: bool) {
        self.field(name, words::yes_no(old), words::yes_no(new));
    }

    /// A number, where 5 and 5.00 are the same.
    pub(super) fn number(&mut self, name: &str, old: Decimal, new: Decimal) {
        if !words::is_same_number(old, new) {
            self.field(name, old, new);
        }
    }

    /// A number that may be left out.
    pub(super) fn optional_number(&mut self, name: &str, old: Option<Decimal>, new: Option<Decimal>) {
        match (old, new) {
            (Some(old), Some(new)) => self.number(name, old, new),
            (None, _) | (_, None) => self.optional(name, old, new),
        }
    }

    /// A list whose order counts, of things with names: what is new, gone and moved is said here,
    /// and what changed in those that stay, by `compare`.
    pub(super) fn list<T>(
        &mut self,
        (old, new): (&[T], &[T]),
        name: impl Fn(&T) -> String,
        summary: impl Fn(&T) -> String,
        mut compare: impl FnMut(&mut Self, &T, &T),
    ) {
        let pairs = pairs(old, new, &name);
        for pair in &pairs {
            if let Pair::New(one) = pair {
                self.say(format!("{} is new{}", name(one), words::in_brackets(&summary(one))));
            }
        }
        for pair in &pairs {
            if let Pair::Gone(one) = pair {
                self.say(format!("{} is gone", name(one)));
            }
        }
        for pair in &pairs {
            if let Pair::Kept { new, moved: Some(place), .. } = pair {
                self.say(format!("{} moved {place}", name(new)));
            }
        }
        for pair in &pairs {
            if let Pair::Kept { old, new, .. } = pair {
                compare(self, old, new);
            }
        }
    }
}
