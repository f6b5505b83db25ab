//! Which plan groups use what, in either of two policies.

use super::measure;
use decision::Policy;
use decision::ids::{GroupName, ManagerGroupName, PlanName, TemplateName, WindowName};
use decision::plan::Plan;
use decision::policy::{Measure, Segment};
use decision::threshold::Threshold;
use std::collections::BTreeSet;

/// Two policies, asked who uses what.
pub(super) struct Uses<'p> {
    policies: [&'p Policy; 2],
}

impl<'p> Uses<'p> {
    pub(super) fn of(old: &'p Policy, new: &'p Policy) -> Self {
        Self { policies: [old, new] }
    }

    /// The groups that have this plan.
    pub(super) fn plan(&self, plan: &PlanName) -> Vec<String> {
        self.of_plans(|candidate| candidate.name == *plan)
    }

    /// The groups whose plans send this template.
    pub(super) fn template(&self, template: &TemplateName) -> Vec<String> {
        let sends = |measure: &Measure| measure::template(measure) == Some(template);
        if self.thresholds().any(|rule| measure::of_threshold(rule).any(sends)) {
            return Vec::new();
        }
        self.of_plans(|plan| measure::of_plan(plan).any(sends))
    }

    /// The groups whose plans wait for this window.
    pub(super) fn window(&self, window: &WindowName) -> Vec<String> {
        let waits = |measure: &Measure| measure::window(measure) == Some(window);
        if self.thresholds().any(|rule| measure::of_threshold(rule).any(waits)) {
            return Vec::new();
        }
        self.of_plans(|plan| {
            let of_stages = plan.stages.iter().filter_map(|stage| stage.window.as_ref());
            of_stages.into_iter().any(|of_stage| of_stage.name == *window)
                || measure::of_plan(plan).any(waits)
        })
    }

    /// The groups of the segments that these managers serve.
    pub(super) fn managers(&self, managers: &ManagerGroupName) -> Vec<String> {
        let served = self.segments().filter(|segment| segment.managers.as_ref() == Some(managers));
        sorted(served.map(|segment| segment.group.as_str()))
    }

    /// The segments that this group is meant for.
    pub(super) fn segments_of(&self, group: &GroupName) -> Vec<String> {
        let meant = self.segments().filter(|segment| segment.group == *group);
        sorted(meant.map(|segment| segment.name.as_str()))
    }

    fn of_plans(&self, picks: impl Fn(&Plan) -> bool) -> Vec<String> {
        let of_policy = |policy: &&'p Policy| {
            let picked: BTreeSet<&PlanName> =
                policy.plans.iter().filter(|(_, plan)| picks(plan)).map(|(name, _)| name).collect();
            let groups = policy.groups.iter();
            let having =
                groups.filter(move |(_, group)| group.plans.iter().any(|plan| picked.contains(plan)));
            having.map(|(name, _)| name.as_str())
        };
        sorted(self.policies.iter().flat_map(of_policy))
    }

    fn thresholds(&self) -> impl Iterator<Item = &Threshold> {
        self.policies.iter().flat_map(|policy| &policy.thresholds)
    }

    fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.policies.iter().flat_map(|policy| &policy.segments)
    }
}

/// Names in order, each once.
pub(super) fn sorted<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let names: BTreeSet<&str> = names.collect();
    names.into_iter().map(str::to_owned).collect()
}
