//! Tasks that no open cycle keeps: given by hand, by a threshold, in the end of a failed command, on a
//! cure, or by a cycle that ended since. Their results are taken all the same, for a while.
//!
//! What a result means to a stage is [`crate::dunning::orders`]' business.

use crate::command::{Action, Origin};
use crate::event::Outcome;
use crate::ids::{CommandId, Queue};
use crate::scribe::Scribe;
use crate::time::Timestamp;
use crate::underway::{Taken, TaskOut};

/// The most tasks of one debtor whose results are waited for beside those of its cycles: the oldest
/// makes room.
const MOST_OUT: usize = 100;

/// A command goes out: where it is a task that no stage keeps, its result is waited for.
pub(super) fn went_out(id: CommandId, origin: &Origin, action: &Action, scribe: &mut Scribe<'_>) {
    let Action::Task { queue, due, .. } = action else { return };
    if !matches!(origin, Origin::Cycle { stage: Some(_), .. }) {
        wait_for(task_out(id, queue, *due, scribe), scribe);
    }
}

/// A task that is requested now, and that nobody has in hand.
pub(crate) fn task_out(id: CommandId, queue: &Queue, due: Option<Timestamp>, scribe: &Scribe<'_>) -> TaskOut {
    TaskOut { command_id: id, queue: queue.clone(), requested_at: scribe.now(), due, taken: None }
}

/// From now on a task's result is waited for.
pub(crate) fn wait_for(task: TaskOut, scribe: &mut Scribe<'_>) {
    let mut kept = std::mem::take(&mut scribe.tasks_out);
    kept.retain(|task| is_awaited(task, scribe));
    if kept.len() >= MOST_OUT {
        kept.remove(0);
    }
    kept.push(task);
    scribe.tasks_out = kept;
    scribe.changed();
}

/// A result is waited for as long as ids of events are remembered: from the task's own due time on,
/// where it has one.
pub(crate) fn is_awaited(task: &TaskOut, scribe: &Scribe<'_>) -> bool {
    let from = task.due.map_or(task.requested_at, |due| due.max(task.requested_at));
    scribe.zone.after(from, scribe.policy.retention.dedup) > scribe.now()
}

/// When the newest task of a queue was requested whose result is waited for here.
pub(crate) fn newest(queue: &Queue, scribe: &Scribe<'_>) -> Option<Timestamp> {
    let of_queue = scribe.tasks_out.iter().filter(|task| task.queue == *queue && is_awaited(task, scribe));
    of_queue.map(|task| task.requested_at).max()
}

/// Where the newest task of a queue stands whose result is waited for here.
fn place_of_newest(queue: &Queue, scribe: &Scribe<'_>) -> Option<usize> {
    let at = newest(queue, scribe)?;
    scribe.tasks_out.iter().rposition(|task| task.queue == *queue && task.requested_at == at)
}

/// The newest task of a queue has its result.
pub(crate) fn has_result(queue: &Queue, scribe: &mut Scribe<'_>) {
    if let Some(place) = place_of_newest(queue, scribe) {
        scribe.tasks_out.remove(place);
        scribe.changed();
    }
}

/// Who has the newest task of a queue in hand.
pub(crate) fn taken_of_newest<'s>(queue: &Queue, scribe: &'s Scribe<'_>) -> Option<&'s Taken> {
    scribe.tasks_out.get(place_of_newest(queue, scribe)?)?.taken.as_ref()
}

/// The newest task of a queue is in this person's hand, or in nobody's.
pub(crate) fn hand_over_newest(queue: &Queue, taken: Option<Taken>, scribe: &mut Scribe<'_>) {
    let Some(place) = place_of_newest(queue, scribe) else { return };
    if let Some(task) = scribe.tasks_out.get_mut(place) {
        task.taken = taken;
        scribe.changed();
    }
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
