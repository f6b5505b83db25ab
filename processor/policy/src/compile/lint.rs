//! The lint of plans: what is well formed, and would still not do what it seems to.

use super::Checker;
use crate::file::{AnchorWord, CatchUpWord, MeasureFile, PlanFile, StageFile};
use crate::report::Finding;
use decision::time::Period;

impl Checker<'_> {
    pub(super) fn lint(&mut self, plan: &PlanFile) {
        let severest = plan.catch_up == Some(CatchUpWord::Severest);
        for (before, stage) in plan.stages.iter().zip(plan.stages.iter().skip(1)) {
            self.order_of_stages(before, stage);
            if severest {
                self.passed_over(plan, before, stage);
            }
        }
        let mut announced = false;
        for stage in plan.stages.iter() {
            if cuts_off(stage) {
                self.cutting_off(stage, announced, severest);
            }
            announced |= stage.measures.iter().any(|measure| matches!(measure, MeasureFile::Message(_)));
        }
    }

    fn order_of_stages(&mut self, before: &StageFile, stage: &StageFile) {
        let (earlier, later) = (before.after.value.0, stage.after.value.0);
        if later.nominal_micros() < earlier.nominal_micros() {
            let (name, first) = (&stage.stage.value, &before.stage.value);
            let message = format!("`{name}` comes after `{first}`, and is due before it");
            self.error("stage-order", stage.after.span, message, &format!("write {earlier} or more"));
        }
    }

    /// With `severest`, a stage that is always due together with the next one is never entered.
    fn passed_over(&mut self, plan: &PlanFile, before: &StageFile, stage: &StageFile) {
        let from_oldest = matches!(plan.anchor, None | Some(AnchorWord::Oldest));
        let scope =
            plan.days_before_entry.as_ref().filter(|_| from_oldest).map_or(Period::NONE, |days| days.0);
        let earliest = before.after.value.0.nominal_micros().max(scope.nominal_micros());
        let due_with_it = stage.after.value.0.nominal_micros() <= earliest;
        let waits = stage.min_gap.as_ref().is_some_and(|gap| !gap.0.is_none())
            || stage.notice.is_some()
            || stage.window.is_some();
        let asks = stage.if_debt.is_some() || stage.if_invoices.is_some() || stage.if_task.is_some();
        if due_with_it && !waits && !asks {
            let (name, next) = (&before.stage.value, &stage.stage.value);
            let message =
                format!("`{name}` cannot be reached: `{next}` is always due with it and passes it over");
            let help = "let the next stage come later, or use `catch_up: sequential`";
            self.error("unreachable", before.stage.span, message, help);
        }
    }

    fn cutting_off(&mut self, stage: &StageFile, announced: bool, severest: bool) {
        let name = &stage.stage;
        if !announced {
            let message = format!("`{}` cuts off, and no stage before it sends a message", name.value);
            self.error("cut-off-unannounced", name.span, message, "put a stage with a message before it");
        } else if severest && stage.notice.is_none() {
            let message =
                format!("after an outage `{}` may cut off without the messages before it", name.value);
            let finding = Finding::warning("severest-cut-off", name.span, message);
            self.say(finding.with_help("use `catch_up: sequential`, or give the stage a `notice`"));
        }
    }
}

fn cuts_off(stage: &StageFile) -> bool {
    stage.measures.iter().any(|measure| match measure {
        MeasureFile::Provision(order) => order.cuts_off,
        MeasureFile::Message(_) | MeasureFile::Task(_) | MeasureFile::Fee(_) | MeasureFile::Handover(_) => {
            false
        }
    })
}
