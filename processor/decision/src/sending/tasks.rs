//! Tasks that no open cycle keeps: given by hand, by a threshold, in the end of a failed command, on a
//! cure, or by a cycle that ended since. Their results are taken all the same, for a while.
//!
//! What a result means to a stage is [`crate::dunning::orders`]' business; which task an order is about,
//! [`crate::dunning::tasks`]'.

use crate::command::{Action, Origin};
use crate::event::Outcome;
use crate::ids::{AccountId, CommandId, Queue};
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::time::Timestamp;
use crate::underway::TaskOut;

/// The most tasks of one debtor whose results are waited for beside those of its cycles: the oldest
/// makes room.
const MOST_OUT: usize = 100;

/// A command goes out: where it is a task that no stage keeps, its result is waited for.
pub(super) fn went_out(id: CommandId, origin: &Origin, action: &Action, scribe: &mut Scribe<'_>) {
    let Action::Task { queue, due, .. } = action else { return };
    if !matches!(origin, Origin::Cycle { stage: Some(_), .. }) {
        wait_for(requested_now(id, queue, *due, scribe), scribe);
    }
}

/// A task that is requested now, and that nobody has in hand.
pub(super) fn requested_now(
    command_id: CommandId,
    queue: &Queue,
    due: Option<Timestamp>,
    scribe: &Scribe<'_>,
) -> TaskOut {
    let (queue, requested_at) = (queue.clone(), scribe.now());
    TaskOut { command_id, queue, requested_at, due, taken: None, cycle_ended_at: None }
}

/// From now on a task's result is waited for.
pub(crate) fn wait_for(task: TaskOut, scribe: &mut Scribe<'_>) {
    if scribe.tasks_out.len() >= MOST_OUT {
        scribe.tasks_out.remove(0);
    }
    scribe.tasks_out.push(task);
    scribe.changed();
}

/// Until when a result is waited for: as long as ids of events are remembered, from the task's own due time on, or
/// the end of its cycle, where that is later than when it was requested.
fn awaited_until(task: &TaskOut, scribe: &Scribe<'_>) -> Timestamp {
    let from = [Some(task.requested_at), task.due, task.cycle_ended_at].into_iter().flatten().max();
    scribe.zone.after(from.unwrap_or(task.requested_at), scribe.policy.retention.dedup)
}

/// Whether a result is still waited for.
pub(crate) fn is_awaited(task: &TaskOut, scribe: &Scribe<'_>) -> bool {
    awaited_until(task, scribe) > scribe.now()
}

/// Asks no longer for the tasks whose results were waited for long enough: they lie in no queue any more.
pub(crate) fn forget_unanswered(account_id: &AccountId, scribe: &mut Scribe<'_>) {
    let horizon = scribe.moment.horizon;
    if next_unanswered(scribe).is_none_or(|at| at > horizon) {
        return;
    }
    let is_over = |task: &TaskOut| awaited_until(task, scribe) <= horizon;
    let (over, kept): (Vec<_>, Vec<_>) = scribe.tasks_out.iter().cloned().partition(is_over);
    scribe.tasks_out = kept;
    scribe.changed();
    for task in over {
        let mut figures = vec![Figure::new("queue", &task.queue), Figure::new("since", task.requested_at)];
        figures.extend(task.taken.map(|taken| Figure::new("by", taken.by)));
        figures.push(Figure::new("command_id", task.command_id));
        scribe.record(account_id, RecordKind::MeasureCancelled, "no result came in time", figures);
    }
}

/// When a result will have been waited for long enough next.
pub(crate) fn next_unanswered(scribe: &Scribe<'_>) -> Option<Timestamp> {
    scribe.tasks_out.iter().map(|task| awaited_until(task, scribe)).min()
}

/// A task that failed, or expired, has no result.
pub(super) fn on_report(id: CommandId, outcome: Outcome, scribe: &mut Scribe<'_>) {
    match outcome {
        Outcome::Failed | Outcome::Expired => forget(id, scribe),
        Outcome::Accepted | Outcome::Done => {}
    }
}

/// No result of this task is waited for any longer.
pub(crate) fn forget(id: CommandId, scribe: &mut Scribe<'_>) {
    let before = scribe.tasks_out.len();
    scribe.tasks_out.retain(|task| task.command_id != id);
    if scribe.tasks_out.len() != before {
        scribe.changed();
    }
}
