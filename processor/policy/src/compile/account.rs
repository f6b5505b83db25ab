//! Attributes, segments, plan groups and manager groups.

use super::{Checker, Section};
use crate::condition::Over;
use crate::file::{AttributeFile, AttributeType, GroupFile, ManagersFile, PolicyFile, SegmentFile, UnitWord};
use crate::report::Finding;
use crate::yaml::{Spanned, Table};
use decision::account::{AttributeKind, AttributeValue};
use decision::ids::{GroupName, ManagerGroupName, ManagerName, PlanName, SegmentName};
use decision::policy::{AttributeRule, ManagerGroup, PlanGroup, Segment, Unit};
use decision::time::Date;
use std::collections::BTreeMap;

impl Checker<'_> {
    pub(super) fn attributes(&mut self, attributes: &Table<AttributeFile>) -> Vec<AttributeRule> {
        attributes.iter().map(|(name, attribute)| self.attribute(name, attribute)).collect()
    }

    fn attribute(&mut self, name: &Spanned<String>, attribute: &AttributeFile) -> AttributeRule {
        let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let is_word = !name.is_empty() && name.chars().all(letter);
        if !is_word || name.starts_with(|first: char| first.is_ascii_digit()) {
            let message = format!("`{}` cannot be named in a condition", name.value);
            self.error("wrong-value", name.span, message, "use letters, digits and `_`, a letter first");
        }
        let kind = kind(attribute.kind);
        let default = attribute.default.as_ref().and_then(|text| self.default(kind, text));
        if let Some(text) = attribute.default.as_ref().filter(|_| attribute.required) {
            let message = "a required attribute has no use for a default";
            self.error("contradiction", text.span, message, "leave out one of the two");
        }
        AttributeRule { name: name.value.clone(), kind, required: attribute.required, default }
    }

    fn default(&mut self, kind: AttributeKind, text: &Spanned<String>) -> Option<AttributeValue> {
        let (value, right) = match kind {
            AttributeKind::String => (Some(AttributeValue::String(text.value.clone())), "write a text"),
            AttributeKind::Int => (text.parse().ok().map(AttributeValue::Long), "write a whole number"),
            AttributeKind::Bool => (text.parse().ok().map(AttributeValue::Boolean), "write true or false"),
            AttributeKind::Date => (Date::parse(text).map(AttributeValue::Date), "write it as 2026-03-10"),
        };
        if value.is_none() {
            let message = format!("«{}» is no value of type {}", text.value, kind.as_str());
            self.error("wrong-value", text.span, message, right);
        }
        value
    }

    pub(super) fn segments(&mut self, segments: &[Spanned<SegmentFile>]) -> Vec<Segment> {
        self.once("segment", segments.iter().map(|segment| &segment.name));
        let mut everyone: Option<&Spanned<String>> = None;
        let mut compiled = Vec::new();
        for segment in segments {
            if let Some(before) = everyone {
                let message =
                    format!("no account comes here: segment `{}` before takes everyone", before.value);
                let help = "move the segment without `when` to the end";
                self.error("unreachable", segment.name.span, message, help);
            }
            if segment.when.is_none() && !segment.damaged {
                everyone = Some(&segment.name);
            }
            self.known(Section::Groups, &segment.group);
            if let Some(managers) = &segment.managers {
                self.known(Section::Managers, managers);
            }
            compiled.push(Segment {
                name: SegmentName::from(segment.name.as_str()),
                when: self.condition(segment.when.as_ref(), Over::Account),
                group: GroupName::from(segment.group.as_str()),
                managers: segment.managers.as_ref().map(|group| group.as_str().into()),
            });
        }
        compiled
    }

    pub(super) fn groups(&mut self, groups: &Table<Spanned<GroupFile>>) -> BTreeMap<GroupName, PlanGroup> {
        groups.iter().map(|(name, group)| (name.as_str().into(), self.group(group))).collect()
    }

    fn group(&mut self, group: &Spanned<GroupFile>) -> PlanGroup {
        self.once("plan", group.plans.iter());
        for plan in group.plans.iter() {
            self.known(Section::Plans, plan);
        }
        if !group.damaged && !group.plans.iter().any(|plan| plan.value == group.standard.value) {
            let message =
                format!("the standard plan `{}` is none of the group's plans", group.standard.value);
            self.error("unknown-name", group.standard.span, message, "name it under `plans` too");
        }
        PlanGroup {
            standard: PlanName::from(group.standard.as_str()),
            plans: group.plans.iter().map(|plan| PlanName::from(plan.as_str())).collect(),
        }
    }

    pub(super) fn managers(
        &mut self,
        managers: &Table<Spanned<ManagersFile>>,
    ) -> BTreeMap<ManagerGroupName, ManagerGroup> {
        managers.iter().map(|(name, group)| (name.as_str().into(), self.manager_group(name, group))).collect()
    }

    fn manager_group(&mut self, name: &Spanned<String>, group: &Spanned<ManagersFile>) -> ManagerGroup {
        self.some_text(name);
        self.once("manager", group.personal.iter());
        let roles = || group.change.iter().flat_map(|roles| roles.iter());
        self.once("role", roles());
        if let Some(role) = roles().next().filter(|_| group.personal.is_empty() && !group.damaged) {
            let message = format!("`{}` has no personal manager that anyone could change", name.value);
            let finding = Finding::warning("unused", role.span, message);
            self.say(finding.with_help("name some by `personal`, or leave `change` out"));
        }
        let unset = ManagerGroup::default();
        ManagerGroup {
            personal: group.personal.iter().map(|manager| ManagerName::from(manager.as_str())).collect(),
            change: if group.change.is_some() {
                roles().map(|role| role.value.clone()).collect()
            } else {
                unset.change
            },
        }
    }

    /// What is defined and never used: nothing is wrong with it, but it does nothing.
    pub(super) fn unused(&mut self, file: &PolicyFile) {
        let groups = file.groups.iter().map(|(name, _)| (Section::Groups, name));
        let managers = file.managers.iter().map(|(name, _)| (Section::Managers, name));
        let plans = file.plans.iter().map(|(name, _)| (Section::Plans, name));
        let templates = file.templates.iter().map(|(name, _)| (Section::Templates, name));
        let windows = file.windows.iter().map(|(name, _)| (Section::Windows, name));
        let calendars = file.calendars.iter().map(|(name, _)| (Section::Calendars, name));
        let of_accounts = groups.chain(managers).chain(plans);
        for (section, name) in of_accounts.chain(templates).chain(windows).chain(calendars) {
            if !self.used.contains(&(section, name.value.clone())) {
                let message = format!("nothing uses the {} `{}`", section.singular(), name.value);
                let finding = Finding::warning("unused", name.span, message);
                self.say(finding.with_help("use it, or leave it out"));
            }
        }
    }
}

fn kind(word: AttributeType) -> AttributeKind {
    match word {
        AttributeType::String => AttributeKind::String,
        AttributeType::Int => AttributeKind::Int,
        AttributeType::Bool => AttributeKind::Bool,
        AttributeType::Date => AttributeKind::Date,
    }
}

pub(super) fn unit(word: UnitWord) -> Unit {
    match word {
        UnitWord::Money => Unit::Money,
        UnitWord::Bytes => Unit::Bytes,
        UnitWord::Seconds => Unit::Seconds,
        UnitWord::Pieces => Unit::Pieces,
    }
}
