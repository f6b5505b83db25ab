//! What the format has and this version has no rules for: said, never passed over in silence.
//!
//! A feature leaves this file when `decision` gets its rules and `compile` hands it over. What is
//! only declared (calendars, windows, the bound of unconfirmed payments) has no effect unless used,
//! so it is read and not refused.

use crate::file::{
    CommandsFile, HoldsFile, MeasureFile, OnResegmentWord, PlanFile, PolicyFile, RunningCyclesWord, StageFile,
};
use crate::report::{Finding, Span};

/// A finding for each use of what has no rules yet.
pub(crate) fn findings(file: &PolicyFile) -> Vec<Finding> {
    let mut found = Found(Vec::new());
    found.field("effective_from", file.effective_from.as_ref().map(|at| at.span));
    found.commands(&file.commands);
    found.holds(&file.holds);
    for rule in &file.thresholds {
        found.measures(rule.measures.iter());
        found.measures(rule.recovered.iter().flat_map(|measures| measures.iter()));
    }
    for (_, plan) in file.plans.iter() {
        found.plan(plan);
    }
    found.0
}

struct Found(Vec<Finding>);

impl Found {
    fn field(&mut self, what: &str, used: Option<Span>) {
        if let Some(span) = used {
            let message = format!("`{what}` is not supported yet by this version");
            self.0.push(Finding::error("not-supported", span, message).with_help("leave it out"));
        }
    }

    fn commands(&mut self, commands: &CommandsFile) {
        self.field("commands.message", commands.message.as_ref().map(|field| field.span));
        self.field("commands.provision", commands.provision.as_ref().map(|field| field.span));
        self.field("commands.caps", commands.caps.as_ref().map(|field| field.span));
        self.field("commands.rates", commands.rates.as_ref().map(|field| field.span));
        self.field("commands.breaker", commands.breaker.as_ref().map(|field| field.span));
    }

    fn holds(&mut self, holds: &HoldsFile) {
        self.field("holds.promise", holds.promise.as_ref().map(|field| field.span));
        self.field("holds.deferral", holds.deferral.as_ref().map(|field| field.span));
        self.field("holds.instalments", holds.instalments.as_ref().map(|field| field.span));
        self.field("holds.dispute", holds.dispute.as_ref().map(|field| field.span));
    }

    fn plan(&mut self, plan: &PlanFile) {
        let switched = plan.rolling.as_ref().filter(|rolling| rolling.value);
        self.field("rolling", switched.map(|field| field.span));
        let hold = plan.hold.as_ref();
        self.field("hold.pause_clock", hold.and_then(|hold| hold.pause_clock).map(|field| field.span));
        self.field("hold.lift_measures", hold.and_then(|hold| hold.lift_measures).map(|field| field.span));
        let resegment = plan.on_resegment.filter(|word| word.value != OnResegmentWord::Keep);
        self.field("on_resegment", resegment.map(|field| field.span));
        let moved = plan.running_cycles.filter(|word| word.value != RunningCyclesWord::Stay);
        self.field("running_cycles", moved.map(|field| field.span));
        self.field("before_due", plan.before_due.as_ref().map(|field| field.span));
        self.field("maps_from", plan.maps_from.as_ref().map(|field| field.span));
        self.measures(plan.on_cure.iter());
        for stage in plan.stages.iter() {
            self.stage(stage);
        }
    }

    fn stage(&mut self, stage: &StageFile) {
        self.field("if_task", stage.if_task.as_ref().map(|field| field.span));
        self.field("notice", stage.notice.as_ref().map(|field| field.span));
        self.field("window", stage.window.as_ref().map(|field| field.span));
        self.measures(stage.measures.iter());
    }

    fn measures<'a>(&mut self, measures: impl Iterator<Item = &'a MeasureFile>) {
        for measure in measures {
            match measure {
                MeasureFile::Message(message) => {
                    self.field("window", message.window.as_ref().map(|field| field.span));
                }
                // These carry nothing that has no rules.
                MeasureFile::Provision(_)
                | MeasureFile::Task(_)
                | MeasureFile::Fee(_)
                | MeasureFile::Handover(_) => {}
            }
        }
    }
}
