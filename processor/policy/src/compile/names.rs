//! The names that a file defines. They are taken before anything wrong is taken out of it, so that
//! a mistake in a plan does not make the plan's name unknown.

use crate::suggest;
use crate::yaml::{Node, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The sections whose entries have names that others use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    /// `balances`
    Balances,
    /// `calendars`
    Calendars,
    /// `groups`
    Groups,
    /// `managers`
    Managers,
    /// `plans`
    Plans,
    /// `templates`
    Templates,
    /// `windows`
    Windows,
}

impl Section {
    const ALL: [Self; 7] = [
        Self::Balances,
        Self::Calendars,
        Self::Groups,
        Self::Managers,
        Self::Plans,
        Self::Templates,
        Self::Windows,
    ];

    pub(crate) fn singular(self) -> &'static str {
        match self {
            Self::Balances => "balance",
            Self::Calendars => "calendar",
            Self::Groups => "group",
            Self::Managers => "manager group",
            Self::Plans => "plan",
            Self::Templates => "template",
            Self::Windows => "window",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Balances => "balances",
            Self::Calendars => "calendars",
            Self::Groups => "groups",
            Self::Managers => "managers",
            Self::Plans => "plans",
            Self::Templates => "templates",
            Self::Windows => "windows",
        }
    }
}

/// The names of a file, by section.
#[derive(Debug)]
pub(crate) struct Names {
    fields: BTreeSet<String>,
    sections: BTreeMap<Section, BTreeSet<String>>,
    /// The stages of each plan.
    stages: BTreeMap<String, BTreeSet<String>>,
}

impl Names {
    pub(crate) fn of(root: &Node) -> Self {
        let keys = |section: Section| root.get(section.key()).into_iter().flat_map(Node::keys);
        let named = |section| (section, keys(section).map(str::to_owned).collect());
        let plans = root.get(Section::Plans.key());
        let stages_of = |plan: &str| plans.map(|plans| stages(plans, plan)).unwrap_or_default();
        let stages = keys(Section::Plans).map(|plan| (plan.to_owned(), stages_of(plan)));
        Self {
            fields: root.keys().map(str::to_owned).collect(),
            sections: Section::ALL.map(named).into(),
            stages: stages.collect(),
        }
    }

    /// Whether the file has this field at its top, right or wrong.
    pub(crate) fn was_written(&self, field: &str) -> bool {
        self.fields.contains(field)
    }

    /// What would be right, where the section does not define the name.
    pub(crate) fn missing(&self, section: Section, name: &str) -> Option<String> {
        let defined = self.sections.get(&section)?;
        if defined.contains(name) {
            return None;
        }
        let known = defined.iter().map(String::as_str);
        let define = || format!("define it under `{}`", section.key());
        Some(suggest::instead_of(name, known).unwrap_or_else(define))
    }

    /// What would be right, where the plan has no stage of this name; nothing of an unknown plan.
    pub(crate) fn missing_stage(&self, plan: &str, stage: &str) -> Option<String> {
        let defined = self.stages.get(plan)?;
        if defined.contains(stage) {
            return None;
        }
        let known = suggest::instead_of(stage, defined.iter().map(String::as_str));
        Some(known.unwrap_or_else(|| format!("give the plan `{plan}` stages")))
    }
}

fn stages(plans: &Node, plan: &str) -> BTreeSet<String> {
    let stages = plans.get(plan).and_then(|plan| plan.get("stages")).map(|stages| &stages.value);
    let items = match stages {
        Some(Value::List(items)) => items.as_slice(),
        Some(Value::Scalar(_) | Value::Map(_)) | None => &[],
    };
    let names = items.iter().filter_map(|stage| match &stage.get("stage")?.value {
        Value::Scalar(scalar) => Some(scalar.text.clone()),
        Value::List(_) | Value::Map(_) => None,
    });
    names.collect()
}
