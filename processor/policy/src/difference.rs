//! What changes from one policy to another, in words for those who answer for it.
//!
//! Compared is what the core decides by, so comments and layout are no change. What a change does to
//! the accounts that live under the old policy is not told here: only a simulation knows that.

mod accounts;
mod commands;
mod measure;
mod order;
mod plan;
mod teller;
mod threshold;
mod uses;
mod windows;

use crate::words;
use decision::Policy;
use decision::policy::{Defaults, PolicyIdentity};
use decision::time::{Timestamp, Zone};
use std::fmt;
use teller::Teller;
use uses::Uses;

/// One thing that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is a change of, such as `plan soft, stage bar`.
    pub subject: String,
    /// What becomes of it, such as `after 10d → 14d`.
    pub what: String,
    /// The plan groups whose accounts it affects, before it or after it. Empty where it concerns all
    /// accounts that the subject is for, whatever their group, or none.
    pub groups: Vec<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, what, groups } = self;
        write!(f, "{subject}: {what}")?;
        // A group is its own subject, and needs no second naming.
        let named = matches!(groups.as_slice(), [group] if *subject == words::group(group));
        if groups.is_empty() || named { Ok(()) } else { write!(f, " (groups: {})", groups.join(", ")) }
    }
}

/// What changes from the policy `old` to `new`, in the order of the policy file. Empty only where
/// they say the same: two files that mean the same, and are written differently, are told apart too.
#[must_use]
pub fn between(old: &Policy, new: &Policy) -> Vec<Change> {
    let Policy {
        identity,
        effective_from,
        defaults,
        attributes,
        balances,
        thresholds,
        segments,
        groups,
        managers,
        plans,
        windows,
        holds,
        commands,
        retention,
        observe,
        texts,
    } = new;
    let (mut changes, uses) = (Vec::new(), Uses::of(old, new));
    let mut policy = Teller::new(&mut changes, "policy".to_owned(), Vec::new());
    name(&mut policy, &old.identity, identity);
    policy.field(
        "holds from",
        beginning(old.effective_from, &old.defaults.zone),
        beginning(*effective_from, &defaults.zone),
    );
    standing(&mut policy, &old.defaults, defaults);
    accounts::attributes(&mut changes, &old.attributes, attributes);
    windows::windows(&mut changes, &uses, &old.windows, windows);
    accounts::balances(&mut changes, &old.balances, balances);
    threshold::thresholds(&mut changes, &old.thresholds, thresholds);
    accounts::segments(&mut changes, &old.segments, segments);
    accounts::groups(&mut changes, &uses, &old.groups, groups);
    accounts::managers(&mut changes, &uses, &old.managers, managers);
    commands::holds(&mut changes, &old.holds, holds);
    plan::plans(&mut changes, &uses, &old.plans, plans);
    commands::commands(&mut changes, &old.commands, commands);
    commands::templates(&mut changes, &uses, &*old.texts, &**texts);
    commands::retention(&mut changes, &old.retention, retention);
    let mut policy = Teller::new(&mut changes, "policy".to_owned(), Vec::new());
    policy.yes_no("observe", old.observe, *observe);
    if changes.is_empty() && old.identity.hash != identity.hash {
        changes.push(only_written());
    }
    changes
}

/// What is said of two policies whose files differ, but not what they do.
fn only_written() -> Change {
    Change {
        subject: "policy".to_owned(),
        what: "written differently, with nothing changed in what it does".to_owned(),
        groups: Vec::new(),
    }
}

fn name(policy: &mut Teller<'_>, old: &PolicyIdentity, new: &PolicyIdentity) {
    // The hash is not told: it changes with whatever else does.
    let PolicyIdentity { name, version, hash: _ } = new;
    policy.field("name", &old.name, name);
    policy.field("version", &old.version, version);
}

/// From when a policy holds, on the clock of its own zone.
fn beginning(from: Option<Timestamp>, zone: &Zone) -> String {
    from.map_or_else(|| "the beginning".to_owned(), |from| words::local(zone.local(from)))
}

fn standing(policy: &mut Teller<'_>, old: &Defaults, new: &Defaults) {
    let Defaults { zone, currency, language } = new;
    policy.field("time zone", old.zone.name(), zone.name());
    policy.field("currency", old.currency, currency);
    policy.field("language", &old.language, language);
}
