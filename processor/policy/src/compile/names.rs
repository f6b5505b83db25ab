//! The names that a file defines. They are taken before anything wrong is taken out of it, so that
//! a mistake in a plan does not make the plan's name unknown.

use crate::suggest;
use crate::yaml::Node;
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
    /// `plans`
    Plans,
    /// `templates`
    Templates,
    /// `windows`
    Windows,
}

impl Section {
    const ALL: [Self; 6] =
        [Self::Balances, Self::Calendars, Self::Groups, Self::Plans, Self::Templates, Self::Windows];

    pub(crate) fn singular(self) -> &'static str {
        match self {
            Self::Balances => "balance",
            Self::Calendars => "calendar",
            Self::Groups => "group",
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
}

impl Names {
    pub(crate) fn of(root: &Node) -> Self {
        let keys = |section: Section| root.get(section.key()).into_iter().flat_map(Node::keys);
        let named = |section| (section, keys(section).map(str::to_owned).collect());
        Self { fields: root.keys().map(str::to_owned).collect(), sections: Section::ALL.map(named).into() }
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
}
