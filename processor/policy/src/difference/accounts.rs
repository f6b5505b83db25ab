//! What becomes of what a policy knows of accounts: attributes, balances, segments and groups.

use super::Change;
use super::order::{Pair, by_name, pairs};
use super::teller::Teller;
use super::uses::{Uses, sorted};
use crate::words;
use decision::account::AttributeValue;
use decision::ids::{BalanceName, GroupName, ManagerGroupName};
use decision::policy::{AttributeRule, ManagerGroup, PlanGroup, Segment, Unit};
use std::collections::BTreeMap;

pub(super) fn attributes(changes: &mut Vec<Change>, old: &[AttributeRule], new: &[AttributeRule]) {
    // Their order means nothing: they are asked for by name.
    for pair in pairs(old, new, |attribute| attribute.name.clone()) {
        let (Pair::New(one) | Pair::Gone(one) | Pair::Kept { old: _, new: one, moved: _ }) = &pair;
        let mut of = Teller::new(changes, format!("attribute {}", one.name), Vec::new());
        match &pair {
            Pair::New(new) => {
                let required = if new.required { ", required" } else { "" };
                let default = value(new.default.as_ref()).map(|value| format!(", default {value}"));
                let (kind, default) = (new.kind.as_str(), default.unwrap_or_default());
                of.say(format!("is new ({kind}{required}{default})"));
            }
            Pair::Gone(_) => of.say("is gone".to_owned()),
            Pair::Kept { old, new, moved: _ } => {
                let AttributeRule { name: _, kind, required, default } = new;
                of.field("type", old.kind.as_str(), kind.as_str());
                of.yes_no("required", old.required, *required);
                of.optional("default", value(old.default.as_ref()), value(default.as_ref()));
            }
        }
    }
}

fn value(value: Option<&AttributeValue>) -> Option<String> {
    value.map(|value| match value {
        AttributeValue::String(text) => format!("«{text}»"),
        AttributeValue::Long(number) => number.to_string(),
        AttributeValue::Boolean(yes) => yes.to_string(),
        AttributeValue::Date(date) => date.to_string(),
    })
}

pub(super) fn balances(
    changes: &mut Vec<Change>,
    old: &BTreeMap<BalanceName, Unit>,
    new: &BTreeMap<BalanceName, Unit>,
) {
    for (name, old, new) in by_name(old, new) {
        let mut of = Teller::new(changes, format!("balance {name}"), Vec::new());
        match (old, new) {
            (Some(old), Some(new)) => of.field("unit", old.as_str(), new.as_str()),
            (None, Some(new)) => of.say(format!("is new ({})", new.as_str())),
            (_, None) => of.say("is gone".to_owned()),
        }
    }
}

pub(super) fn segments(changes: &mut Vec<Change>, old: &[Segment], new: &[Segment]) {
    for pair in pairs(old, new, |segment| segment.name.to_string()) {
        let (name, groups) = match &pair {
            Pair::New(one) | Pair::Gone(one) => (&one.name, sorted([one.group.as_str()].into_iter())),
            Pair::Kept { old, new, moved: _ } => {
                (&new.name, sorted([old.group.as_str(), new.group.as_str()].into_iter()))
            }
        };
        let mut of = Teller::new(changes, format!("segment {name}"), groups);
        match &pair {
            Pair::New(new) => of.say(format!("is new ({})", meant(new))),
            Pair::Gone(_) => of.say("is gone".to_owned()),
            Pair::Kept { old, new, moved } => {
                if let Some(place) = moved {
                    of.say(format!("moved {place}"));
                }
                segment(&mut of, old, new);
            }
        }
    }
}

fn meant(segment: &Segment) -> String {
    let Segment { name: _, when, group, managers } = segment;
    let when = words::condition(when.as_deref()).map_or("everyone".to_owned(), |when| format!("when {when}"));
    let managers = managers.as_ref().map(|managers| format!(", managers {managers}"));
    format!("{when}, group {group}{}", managers.unwrap_or_default())
}

fn segment(of: &mut Teller<'_>, old: &Segment, new: &Segment) {
    let Segment { name: _, when, group, managers } = new;
    of.optional("when", words::condition(old.when.as_deref()), words::condition(when.as_deref()));
    of.field("group", &old.group, group);
    of.optional("managers", old.managers.as_ref(), managers.as_ref());
}

pub(super) fn groups(
    changes: &mut Vec<Change>,
    uses: &Uses<'_>,
    old: &BTreeMap<GroupName, PlanGroup>,
    new: &BTreeMap<GroupName, PlanGroup>,
) {
    for (name, old, new) in by_name(old, new) {
        let mut of = Teller::new(changes, words::group(name.as_str()), vec![name.to_string()]);
        let segments = uses.segments_of(name);
        let meant_for =
            if segments.is_empty() { String::new() } else { format!("segments {}", segments.join(", ")) };
        let meant_for = words::in_brackets(&meant_for);
        match (old, new) {
            (Some(old), Some(new)) => {
                let PlanGroup { standard, plans } = new;
                if old.standard != *standard {
                    of.say(format!("standard plan {} → {standard}{meant_for}", old.standard));
                }
                if old.plans != *plans {
                    let (was, is) = (words::list(&old.plans), words::list(plans));
                    of.say(format!("plans {was} → {is}{meant_for}"));
                }
            }
            (None, Some(new)) => {
                let PlanGroup { standard, plans } = new;
                of.say(format!("is new, standard plan {standard}, plans {}{meant_for}", words::list(plans)));
            }
            (_, None) => of.say(format!("is gone{meant_for}")),
        }
    }
}

pub(super) fn managers(
    changes: &mut Vec<Change>,
    uses: &Uses<'_>,
    old: &BTreeMap<ManagerGroupName, ManagerGroup>,
    new: &BTreeMap<ManagerGroupName, ManagerGroup>,
) {
    for (name, old, new) in by_name(old, new) {
        let mut of = Teller::new(changes, format!("managers {name}"), uses.managers(name));
        match (old, new) {
            (Some(old), Some(new)) => {
                let ManagerGroup { personal, change } = new;
                of.field("personal", words::list(&old.personal), words::list(personal));
                of.field("changed by", words::list(&old.change), words::list(change));
            }
            (None, Some(new)) => of.say(format!("is new (personal {})", words::list(&new.personal))),
            (_, None) => of.say("is gone".to_owned()),
        }
    }
}
