//! Dunning plans and their stages.

use super::Checker;
use crate::condition::Over;
use crate::file::{
    AnchorWord, CatchUpWord, CountDateWord, DebtClassWord, IfTaskFile, OnPartCureWord, OnResegmentWord,
    PlanFile, RunningCyclesWord, StageFile,
};
use crate::texts::Speaks;
use crate::yaml::{Spanned, Table};
use decision::ids::{PlanName, Queue, StageName};
use decision::money::Decimal;
use decision::plan::{
    Anchor, CatchUp, CountDate, DebtClassBy, IfTask, Notice, OnPartCure, OnResegment, Plan, RunningCycles,
    Stage,
};
use decision::time::Period;
use std::collections::BTreeMap;

impl Checker<'_> {
    pub(super) fn plans(&mut self, plans: &Table<Spanned<PlanFile>>) -> BTreeMap<PlanName, Plan> {
        plans.iter().map(|(name, plan)| (name.as_str().into(), self.plan(name, plan))).collect()
    }

    fn plan(&mut self, name: &Spanned<String>, plan: &Spanned<PlanFile>) -> Plan {
        self.some_text(name);
        let include = self.condition(plan.include.as_ref(), Over::AccountAndInvoice);
        let exit = plan.exit.as_ref().map_or(Decimal::ZERO, |exit| self.money(exit));
        let entry = plan.entry.as_ref().map(|entry| self.money(entry));
        self.entry_above_exit(plan);
        self.once("stage", plan.stages.iter().map(|stage| &stage.stage));
        let stages = plan.stages.iter().map(|stage| self.stage(stage)).collect();
        if !plan.damaged {
            self.lint(name, plan);
        }
        Plan {
            name: PlanName::from(name.as_str()),
            debt_class: debt_class(plan.debt_class),
            include,
            count_date: match plan.count_date {
                None | Some(CountDateWord::Due) => CountDate::Due,
                Some(CountDateWord::Issued) => CountDate::Issued,
            },
            days_before_entry: plan.days_before_entry.as_ref().map_or(Period::NONE, |days| days.0),
            anchor: match plan.anchor {
                None | Some(AnchorWord::Oldest) => Anchor::Oldest,
                Some(AnchorWord::Entry) => Anchor::Entry,
            },
            entry,
            exit,
            rolling: plan.rolling,
            pause_clock: plan.hold.pause_clock.unwrap_or(true),
            lift_measures: plan.hold.lift_measures,
            on_part_cure: match plan.on_part_cure.map(|word| word.value) {
                None | Some(OnPartCureWord::Stay) => OnPartCure::Stay,
                Some(OnPartCureWord::StepDown) => OnPartCure::StepDown,
            },
            on_resegment: match plan.on_resegment.map(|word| word.value) {
                None | Some(OnResegmentWord::Keep) => OnResegment::Keep,
                Some(OnResegmentWord::Map) => OnResegment::Map,
                Some(OnResegmentWord::Restart) => OnResegment::Restart,
            },
            maps_from: self.maps_from(name, plan),
            running_cycles: match plan.running_cycles {
                None | Some(RunningCyclesWord::Stay) => RunningCycles::Stay,
                Some(RunningCyclesWord::Move) => RunningCycles::Move,
            },
            catch_up: match plan.catch_up {
                None | Some(CatchUpWord::Sequential) => CatchUp::Sequential,
                Some(CatchUpWord::Severest) => CatchUp::Severest,
            },
            observe: plan.observe,
            before_due: self.before_due(&plan.before_due),
            stages,
            on_cure: self.measures(plan.on_cure.iter(), Speaks::Debt),
        }
    }

    fn entry_above_exit(&mut self, plan: &PlanFile) {
        let Some(entry) = &plan.entry else { return };
        let exit = plan.exit.as_ref().map_or(Decimal::ZERO, |exit| exit.value.0);
        // Three decimals are the most that a currency has.
        let (Some(entry_units), Some(exit_units)) = (entry.value.0.scaled_to(3), exit.scaled_to(3)) else {
            return;
        };
        if entry_units <= exit_units {
            let message = format!("a cycle opened at {} would end at once: it ends at {exit}", entry.value.0);
            self.error("contradiction", entry.span, message, "write an `entry` above `exit`");
        }
    }

    fn stage(&mut self, stage: &StageFile) -> Stage {
        Stage {
            name: StageName::from(stage.stage.as_str()),
            after: stage.after.value.0,
            if_debt: stage.if_debt.as_ref().map(|debt| self.money(debt)),
            if_invoices: stage.if_invoices,
            if_task: stage.if_task.as_ref().map(|task| self.if_task(task)),
            min_gap: stage.min_gap.as_ref().map_or(Period::NONE, |gap| gap.0),
            notice: stage.notice.as_ref().map(|notice| Notice {
                of: StageName::from(notice.of.as_str()),
                at_least: notice.at_least.value.0,
            }),
            window: self.window_named(stage.window.as_ref()),
            measures: self.measures(stage.measures.iter(), Speaks::Debt),
        }
    }

    fn if_task(&mut self, task: &IfTaskFile) -> IfTask {
        self.once("result", task.result.iter());
        let results = task.result.iter().map(|result| result.value.clone()).collect();
        IfTask { queue: Queue::from(task.queue.as_str()), results }
    }
}

fn debt_class(word: Option<DebtClassWord>) -> DebtClassBy {
    match word {
        None | Some(DebtClassWord::All) => DebtClassBy::All,
        Some(DebtClassWord::Provider) => DebtClassBy::Provider,
        Some(DebtClassWord::Service) => DebtClassBy::Service,
    }
}
