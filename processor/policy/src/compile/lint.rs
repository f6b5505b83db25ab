//! The lint of plans: what is well formed, and would still not do what it seems to.

use super::Checker;
use crate::file::{
    AnchorWord, CatchUpWord, ClassWord, MeasureFile, MessageFile, NoticeFile, PlanFile, StageFile,
};
use crate::report::Finding;
use crate::suggest;
use decision::time::Period;
use std::collections::BTreeSet;

impl Checker<'_> {
    pub(super) fn lint(&mut self, name: &str, plan: &PlanFile) {
        let severest = plan.catch_up == Some(CatchUpWord::Severest);
        for (before, stage) in plan.stages.iter().zip(plan.stages.iter().skip(1)) {
            self.order_of_stages(before, stage);
            if severest {
                self.passed_over(plan, before, stage);
            }
        }
        let earliest = earliest(plan);
        for (at, stage) in plan.stages.iter().enumerate() {
            let before: Vec<&StageFile> = plan.stages.iter().take(at).collect();
            if cuts_off(stage) {
                self.cutting_off(stage, before.iter().any(|before| sends(before)), severest);
            }
            self.task_asked_for(stage, &before);
            if let Some(notice) = &stage.notice
                && self.known_stage(name, &notice.of)
            {
                self.notice(stage, notice, &before, &earliest);
            }
        }
        for measure in plan.on_cure.iter().filter(|measure| measure.cuts_off()) {
            let message = "a cure cuts off, and nothing would lift that again";
            self.error("contradiction", measure.span(), message, "cut off in a stage");
        }
        self.step_down(plan);
    }

    fn order_of_stages(&mut self, before: &StageFile, stage: &StageFile) {
        let (earlier, later) = (before.after.value.0, stage.after.value.0);
        if later.nominal_micros() < earlier.nominal_micros() {
            let (name, first) = (&stage.stage.value, &before.stage.value);
            let message = format!("`{name}` comes after `{first}`, and is due before it");
            self.error("stage-order", stage.after.span, message, &format!("write {earlier} or more"));
        }
    }

    /// With `severest`, a stage that is always due together with the next one is never entered, but where
    /// a later one waits for its notice.
    fn passed_over(&mut self, plan: &PlanFile, before: &StageFile, stage: &StageFile) {
        let earliest = before.after.value.0.nominal_micros().max(scope(plan).nominal_micros());
        let due_with_it = stage.after.value.0.nominal_micros() <= earliest;
        let waits = stage.min_gap.as_ref().is_some_and(|gap| !gap.0.is_none())
            || stage.notice.is_some()
            || stage.window.is_some();
        let asks = stage.if_debt.is_some() || stage.if_invoices.is_some() || stage.if_task.is_some();
        let notices = plan.stages.iter().filter_map(|stage| stage.notice.as_ref());
        let is_notice = notices.map(|notice| &notice.of.value).any(|of| *of == before.stage.value);
        if due_with_it && !waits && !asks && !is_notice {
            let (name, next) = (&before.stage.value, &stage.stage.value);
            let message =
                format!("`{name}` cannot be reached: `{next}` is always due with it and passes it over");
            let help = "let the next stage come later, or use `catch_up: sequential`";
            self.error("unreachable", before.stage.span, message, help);
        }
    }

    /// A task whose result is asked for must have been given before.
    fn task_asked_for(&mut self, stage: &StageFile, before: &[&StageFile]) {
        let Some(task) = &stage.if_task else { return };
        let given: BTreeSet<&str> = before.iter().flat_map(|before| queues(before)).collect();
        if !given.contains(task.queue.as_str()) {
            let message =
                format!("no stage before `{}` puts a task into `{}`", stage.stage.value, task.queue.value);
            let help = suggest::instead_of(&task.queue, given)
                .unwrap_or_else(|| "give the task in a stage before".to_owned());
            self.error("unknown-name", task.queue.span, message, &help);
        }
    }

    /// What a stage waits for must come before it, must surely come, and must leave it its time.
    fn notice(&mut self, stage: &StageFile, notice: &NoticeFile, before: &[&StageFile], earliest: &[i64]) {
        let (name, of) = (&stage.stage.value, &notice.of.value);
        let Some(at) = before.iter().position(|before| before.stage.value == *of) else {
            let message = format!("`{of}` does not come before `{name}`");
            self.error("contradiction", notice.of.span, message, "name a stage before");
            return;
        };
        let announcing = before.get(at).copied();
        if !announcing.is_some_and(sends) {
            let message = format!("`{of}` sends no message: there is nothing to wait for");
            self.error("notice-without-message", notice.of.span, message, "name a stage that sends one");
        }
        for message in announcing.into_iter().flat_map(messages) {
            if message.class != ClassWord::Statutory {
                let message =
                    format!("the notice may never come: `{}` may be dropped", message.template.value);
                let help = format!("make every message of `{of}` `class: statutory`");
                self.error("notice-may-be-dropped", notice.of.span, message, &help);
            }
        }
        let (Some(announced), Some(entered)) = (earliest.get(at), earliest.get(before.len())) else { return };
        let gap = told(entered.saturating_sub(*announced));
        let at_least = notice.at_least.value.0;
        if at_least.nominal_micros() > gap.nominal_micros() {
            let message = format!("`{name}` is due {gap} after `{of}`, and its notice takes {at_least}");
            let help = format!("let `{name}` come later, or write {gap} or less");
            self.error("notice-too-long", notice.at_least.span, message, &help);
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

/// How long after the anchor each stage is entered at the earliest, in microseconds: notices and
/// windows, which come on top, left aside.
fn earliest(plan: &PlanFile) -> Vec<i64> {
    let mut before: Option<i64> = None;
    let stages = plan.stages.iter().map(|stage| {
        let gap = stage.min_gap.as_ref().map_or(0, |gap| gap.0.nominal_micros());
        let after_gap = before.map_or(0, |before| before.saturating_add(gap));
        let at = stage.after.value.0.nominal_micros().max(scope(plan).nominal_micros()).max(after_gap);
        before = Some(at);
        at
    });
    stages.collect()
}

/// How long after the anchor the first invoice is in the plan's scope.
fn scope(plan: &PlanFile) -> Period {
    match plan.anchor {
        None | Some(AnchorWord::Oldest) => {
            plan.days_before_entry.as_ref().map_or(Period::NONE, |days| days.0)
        }
        // The opening, from which it counts, is in scope.
        Some(AnchorWord::Entry) => Period::NONE,
    }
}

/// A length of time as a person writes it.
fn told(micros: i64) -> Period {
    const DAY: i64 = 86_400_000_000;
    match i32::try_from(micros / DAY) {
        Ok(days) if micros % DAY == 0 => Period::Days(days),
        Ok(_) | Err(_) => Period::Exact(micros),
    }
}

fn cuts_off(stage: &StageFile) -> bool {
    stage.measures.iter().any(MeasureFile::cuts_off)
}

fn sends(stage: &StageFile) -> bool {
    messages(stage).next().is_some()
}

fn messages(stage: &StageFile) -> impl Iterator<Item = &MessageFile> {
    stage.measures.iter().filter_map(|measure| match measure {
        MeasureFile::Message(message) => Some(message),
        MeasureFile::Provision(_) | MeasureFile::Task(_) | MeasureFile::Fee(_) | MeasureFile::Handover(_) => {
            None
        }
    })
}

fn queues(stage: &StageFile) -> impl Iterator<Item = &str> {
    stage.measures.iter().filter_map(|measure| match measure {
        MeasureFile::Task(task) => Some(task.queue.as_str()),
        MeasureFile::Message(_)
        | MeasureFile::Provision(_)
        | MeasureFile::Fee(_)
        | MeasureFile::Handover(_) => None,
    })
}
