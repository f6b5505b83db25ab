//! Where a running cycle goes when its account moves to another plan, and when a part is paid.

use super::{Checker, Section};
use crate::file::{AnchorWord, OnPartCureWord, OnResegmentWord, PlanFile};
use crate::report::Finding;
use crate::yaml::{Spanned, Table};
use decision::ids::{PlanName, StageName};
use std::collections::BTreeMap;

/// By plan, from that plan's stages to this one's.
type MapsFrom = BTreeMap<PlanName, BTreeMap<StageName, StageName>>;

impl Checker<'_> {
    pub(super) fn maps_from(&mut self, name: &str, plan: &Spanned<PlanFile>) -> MapsFrom {
        let maps = plan.on_resegment.filter(|word| word.value == OnResegmentWord::Map);
        match (maps, &plan.maps_from) {
            (Some(map), None) if !plan.damaged => {
                let message = "nothing says from which stage a cycle goes to which";
                let help = "add `maps_from: { PLAN: { STAGE THERE: STAGE HERE } }`";
                self.error("missing-field", map.span, message, help);
            }
            (None, Some(unused)) if !plan.damaged => {
                let message = "`maps_from` does nothing without `on_resegment: map`";
                let finding = Finding::warning("unused", unused.span, message);
                self.say(finding.with_help("write that too, or leave `maps_from` out"));
            }
            (Some(_) | None, _) => {}
        }
        let tables = plan.maps_from.iter().flat_map(|maps| maps.iter());
        tables.map(|(from, stages)| (from.as_str().into(), self.map_from(name, from, stages))).collect()
    }

    fn map_from(
        &mut self,
        name: &str,
        from: &Spanned<String>,
        stages: &Table<Spanned<String>>,
    ) -> BTreeMap<StageName, StageName> {
        // Being mapped from is no use that anyone comes to a plan by.
        if let Some(help) = self.names.missing(Section::Plans, from) {
            let message = format!("no plan `{}` is defined", from.value);
            self.say(Finding::error("unknown-name", from.span, message).with_help(help));
        }
        if from.value == name {
            let message = "no cycle moves to the plan that it is in";
            self.error("contradiction", from.span, message, "name another plan");
        }
        for (there, here) in stages.iter() {
            self.known_stage(from, there);
            self.known_stage(name, here);
        }
        stages.iter().map(|(there, here)| (there.as_str().into(), here.as_str().into())).collect()
    }

    /// A stage that a plan must have.
    pub(super) fn known_stage(&mut self, plan: &str, stage: &Spanned<String>) -> bool {
        let Some(help) = self.names.missing_stage(plan, stage) else { return true };
        let message = format!("the plan `{plan}` has no stage `{}`", stage.value);
        self.say(Finding::error("unknown-name", stage.span, message).with_help(help));
        false
    }

    /// Stepping down goes by age and amounts; where a payment changes neither, it never happens.
    pub(super) fn step_down(&mut self, plan: &PlanFile) {
        let Some(step_down) = plan.on_part_cure.filter(|word| word.value == OnPartCureWord::StepDown) else {
            return;
        };
        let asks_of_the_debt = plan.entry.is_some()
            || plan.stages.iter().any(|stage| stage.if_debt.is_some() || stage.if_invoices.is_some());
        if asks_of_the_debt {
            return;
        }
        let why = if plan.rolling {
            "each bill of a rolling plan has a cycle of its own, whose age a payment does not change"
        } else if plan.anchor == Some(AnchorWord::Entry) {
            "stages count from the cycle's opening, which a payment does not change"
        } else {
            return;
        };
        let message = format!("no payment of a part steps down: {why}");
        let finding = Finding::warning("never-steps-down", step_down.span, message);
        self.say(finding.with_help("give stages an `if_debt` or `if_invoices`, or write `stay`"));
    }
}
