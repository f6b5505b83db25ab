//! The tasks of a debtor that people have to do: those of its open cycles, and those that no open cycle keeps.

use crate::Moment;
use crate::debtor::Debtor;
use crate::ids::{CommandId, Queue, StageName};
use crate::policies::Policies;
use crate::scribe::Scribe;
use crate::sending::tasks::is_awaited;
use crate::time::Timestamp;
use crate::underway::Taken;

/// A task whose result is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskView {
    /// The command that gave it.
    pub command_id: CommandId,
    /// Its queue.
    pub queue: Queue,
    /// The stage that gave it; none where no open cycle keeps it.
    pub stage: Option<StageName>,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// When it is due.
    pub due: Option<Timestamp>,
    /// Who has it in hand.
    pub taken: Option<Taken>,
}

/// The tasks whose results are waited for, the oldest first.
#[must_use]
pub fn tasks(debtor: &Debtor, moment: Moment, policies: &Policies) -> Vec<TaskView> {
    let scribe = Scribe::new(debtor, moment, policies);
    let cycles = debtor.profiles.iter().flat_map(|profile| &profile.cycles);
    let of_cycles = cycles.flat_map(|cycle| &cycle.measures).filter_map(|measure| {
        let task = measure.open_task()?;
        Some(TaskView {
            command_id: measure.command_id,
            queue: task.queue.clone(),
            stage: Some(measure.stage.clone()),
            requested_at: measure.requested_at,
            due: task.due,
            taken: task.taken.clone(),
        })
    });
    let beside = debtor.tasks_out.iter().filter(|task| is_awaited(task, &scribe)).map(|task| TaskView {
        command_id: task.command_id,
        queue: task.queue.clone(),
        stage: None,
        requested_at: task.requested_at,
        due: task.due,
        taken: task.taken.clone(),
    });
    let mut tasks: Vec<TaskView> = of_cycles.chain(beside).collect();
    tasks.sort_by_key(|task| task.requested_at);
    tasks
}
