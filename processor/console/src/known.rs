//! The names that the policy knows: what is offered where a name is typed. Any other may be typed as well, since a
//! running cycle may be under an older version, and the network knows operations that no plan has.

use crate::Console;
use crate::answers::Versions;
use crate::visitor::Visitor;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Names, by what they are of: `plan`, `stage`, `segment`, `manager_group`, `queue`, `template`, `channel`,
/// `operation`, `undo`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Known(BTreeMap<&'static str, BTreeSet<String>>);

/// What a version says, as far as names are in it.
#[derive(Debug, Deserialize)]
struct Says {
    currency: String,
    segments: Vec<Segment>,
    plans: Vec<Plan>,
}

#[derive(Debug, Deserialize)]
struct Segment {
    name: String,
    managers: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Plan {
    name: String,
    stages: Vec<Stage>,
    on_cure: Vec<Measure>,
}

#[derive(Debug, Deserialize)]
struct Stage {
    stage: String,
    measures: Vec<Measure>,
}

#[derive(Debug, Deserialize)]
struct Measure {
    kind: String,
    what: String,
    undo: Option<String>,
    channel: Option<String>,
}

impl Known {
    fn of(says: Says) -> Self {
        let mut known = Self::default();
        known.see("currency", says.currency);
        for segment in says.segments {
            known.see("segment", segment.name);
            segment.managers.into_iter().for_each(|group| known.see("manager_group", group));
        }
        for plan in says.plans {
            known.see("plan", plan.name);
            let (stages, measures): (Vec<_>, Vec<_>) =
                plan.stages.into_iter().map(|stage| (stage.stage, stage.measures)).unzip();
            stages.into_iter().for_each(|stage| known.see("stage", stage));
            measures.into_iter().flatten().chain(plan.on_cure).for_each(|measure| known.see_measure(measure));
        }
        known
    }

    fn see(&mut self, of: &'static str, name: String) {
        self.0.entry(of).or_default().insert(name);
    }

    fn see_measure(&mut self, measure: Measure) {
        let of = match measure.kind.as_str() {
            "message" => "template",
            "order" => "operation",
            "task" => "queue",
            _ => return,
        };
        self.see(of, measure.what);
        measure.undo.into_iter().for_each(|undo| self.see("undo", undo));
        measure.channel.into_iter().for_each(|channel| self.see("channel", channel));
    }

    /// The names of something, in order.
    pub(crate) fn names(&self, of: &str) -> impl Iterator<Item = &str> {
        self.0.get(of).into_iter().flatten().map(String::as_str)
    }

    /// What there are names of, each with them.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, impl Iterator<Item = &str>)> {
        self.0.iter().map(|(of, names)| (*of, names.iter().map(String::as_str)))
    }
}

/// The names that the policy which holds now knows; none where it is not told: pages do without.
pub(crate) async fn known(console: &Console, visitor: &Visitor) -> Known {
    let Ok((versions, _)) = console.api.get::<Versions>(visitor, "/v1/policies").await else {
        return Known::default();
    };
    let Some(number) = versions.holds else { return Known::default() };
    let says = console.api.get::<Says>(visitor, &format!("/v1/policies/{number}")).await;
    says.map_or_else(|_| Known::default(), |(says, _)| Known::of(says))
}
