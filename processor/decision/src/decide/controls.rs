//! Controls: what a person or another system orders, declined or done (domain.md, section 8).
//!
//! What an order does to a debt is [`crate::holding`]'s and [`crate::dunning::orders`]' business.

use crate::booking::Checked;
use crate::debtor::Debtor;
use crate::dunning::{Cause, by_hand, orders, tasks};
use crate::event::{Control, Event, NamedTask, Order};
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::{Rejection, alerting, holding, managing};

/// Declines an order that cannot be done.
pub(super) fn check(
    debtor: &Debtor,
    event: &Event,
    control: &Control,
    scribe: &Scribe<'_>,
) -> Result<Checked, Rejection> {
    let allowed = match &control.order {
        Order::Hold(order) => {
            return holding::check_hold(debtor, control, order, event.occurred_at, scribe);
        }
        Order::DisputeEnded { id, outcome } => {
            return holding::check_outcome(debtor, id, *outcome, scribe);
        }
        Order::Exempt(_) => Ok(()),
        Order::Rearm(rule) if scribe.policy.thresholds.iter().any(|known| known.id == *rule) => Ok(()),
        Order::Rearm(rule) => Err(Rejection::UnknownRule(rule.clone())),
        Order::AssignPlan(plan) => orders::check_assign(debtor, plan, scribe),
        Order::Pause { until } => orders::check_pause(*until, scribe),
        Order::Resume => orders::check_resume(debtor),
        Order::Jump(stage) => orders::check_jump(debtor, stage, scribe),
        Order::Close => orders::check_open(debtor),
        Order::TaskResult { task, .. } => tasks::check_result(debtor, task, scribe),
        Order::TakeTask(task) => tasks::check_take(debtor, (task, &control.by), scribe),
        Order::PutBackTask(task) => tasks::check_put_back(debtor, task, scribe),
        Order::Do(measure) => by_hand::check_do(debtor, measure),
        Order::Undo(operation) => by_hand::check_undo(debtor, operation),
        Order::AssignManager(manager) => managing::check_assign(debtor, &control.role, manager, scribe),
        // They are about no debtor: whoever reads a partition takes them before any debtor does.
        Order::ReleaseHeld | Order::DropHeld => {
            Err(Rejection::NotSupported { what: "releasing or dropping for one account" })
        }
        Order::AdoptPolicy { .. } => {
            Err(Rejection::NotSupported { what: "adopting a policy for one account" })
        }
    };
    allowed.map(|()| Checked::New)
}

/// Does what is ordered. Answers what it may have done to the debt.
pub(super) fn apply(debtor: &mut Debtor, event: &Event, control: &Control, scribe: &mut Scribe<'_>) -> Cause {
    let account_id = &event.account_id;
    match &control.order {
        // A hold's own record says who ordered it.
        Order::Hold(order) => {
            holding::make_hold(debtor, account_id, control, order, scribe);
            return Cause::Other;
        }
        Order::DisputeEnded { id, outcome } => {
            holding::end_dispute(debtor, account_id, control, id, *outcome, scribe);
            return Cause::Other;
        }
        Order::Exempt(_)
        | Order::Rearm(_)
        | Order::AssignPlan(_)
        | Order::Pause { .. }
        | Order::Resume
        | Order::Jump(_)
        | Order::Close
        | Order::TaskResult { .. }
        | Order::TakeTask(_)
        | Order::PutBackTask(_)
        | Order::Do(_)
        | Order::Undo(_)
        | Order::AssignManager(_)
        | Order::ReleaseHeld
        | Order::DropHeld
        | Order::AdoptPolicy { .. } => {}
    }
    let mut figures = vec![Figure::new("by", &control.by), Figure::new("role", &control.role)];
    figures.extend(control.why.as_ref().map(|why| Figure::new("why", why)));
    figures.extend(figures_of(&control.order));
    scribe.record(account_id, RecordKind::ControlApplied, word_of(&control.order), figures);
    match &control.order {
        Order::Exempt(exempt) => {
            debtor.exempt = *exempt;
            return if *exempt { Cause::Other } else { Cause::Raised };
        }
        Order::Rearm(rule) => alerting::rearm(debtor, account_id, rule),
        Order::AssignPlan(plan) => {
            orders::assign(debtor, account_id, plan, scribe);
            return Cause::Moved;
        }
        Order::Pause { until } => orders::pause(debtor, *until, scribe),
        Order::Resume => debtor.pause = None,
        Order::Jump(stage) => orders::jump(debtor, stage, scribe),
        Order::Close => orders::close(debtor, scribe),
        Order::TaskResult { task, result } => tasks::result(debtor, task, result, scribe),
        Order::TakeTask(task) => tasks::hand_over(debtor, task, Some(&control.by), scribe),
        Order::PutBackTask(task) => tasks::hand_over(debtor, task, None, scribe),
        // Done above.
        Order::Hold(_) | Order::DisputeEnded { .. } => {}
        Order::Do(measure) => by_hand::take(debtor, (account_id, &event.event_id), measure, scribe),
        Order::Undo(operation) => by_hand::undo(debtor, (account_id, &event.event_id), operation, scribe),
        Order::AssignManager(manager) => managing::assign(debtor, account_id, manager, scribe),
        // Declined by `check`.
        Order::ReleaseHeld | Order::DropHeld | Order::AdoptPolicy { .. } => {}
    }
    Cause::Other
}

fn word_of(order: &Order) -> &'static str {
    match order {
        Order::Exempt(true) => "exempt",
        Order::Exempt(false) => "exemption lifted",
        Order::Rearm(_) => "rearm",
        Order::AssignPlan(_) => "assign_plan",
        Order::Pause { .. } => "pause",
        Order::Resume => "resume",
        Order::Jump(_) => "jump",
        Order::Close => "close",
        Order::TaskResult { .. } => "task_result",
        Order::TakeTask(_) => "take_task",
        Order::PutBackTask(_) => "put_back_task",
        Order::Hold(_) => "hold",
        Order::DisputeEnded { .. } => "dispute_ended",
        Order::Do(_) => "do",
        Order::Undo(_) => "undo",
        Order::AssignManager(_) => "assign_manager",
        Order::ReleaseHeld => "release_held",
        Order::DropHeld => "drop_held",
        Order::AdoptPolicy { .. } => "adopt_policy",
    }
}

/// What an order names.
fn figures_of(order: &Order) -> Vec<Figure> {
    match order {
        Order::Rearm(rule) => vec![Figure::new("rule", rule)],
        Order::AssignPlan(plan) => vec![Figure::new("plan", plan)],
        Order::Pause { until: Some(until) } => vec![Figure::new("until", until)],
        Order::Jump(stage) => vec![Figure::new("stage", stage)],
        Order::TaskResult { task, result } => {
            figures_of_task(task).chain([Figure::new("result", result)]).collect()
        }
        Order::TakeTask(task) | Order::PutBackTask(task) => figures_of_task(task).collect(),
        Order::Hold(hold) => vec![Figure::new("hold", &hold.id)],
        Order::DisputeEnded { id, .. } => vec![Figure::new("hold", id)],
        Order::Undo(operation) => vec![Figure::new("operation", operation)],
        Order::AssignManager(manager) => vec![Figure::new("manager", manager)],
        Order::Exempt(_)
        | Order::Pause { until: None }
        | Order::Resume
        | Order::Close
        | Order::Do(_)
        | Order::ReleaseHeld
        | Order::DropHeld
        | Order::AdoptPolicy { .. } => Vec::new(),
    }
}

fn figures_of_task(task: &NamedTask) -> impl Iterator<Item = Figure> {
    let command_id = task.command_id.map(|command_id| Figure::new("command_id", command_id));
    [Figure::new("queue", &task.queue)].into_iter().chain(command_id)
}
