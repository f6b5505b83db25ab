//! What people do with tasks (domain.md, section 6): take one in hand, put it back, tell its result. Each is declined
//! before anything changes, or done.
//!
//! An order names a queue, and mostly a task of it; without one it is about the newest of the queue whose result is
//! still waited for: be it of an open cycle, or one that no open cycle keeps ([`crate::sending::tasks`]). Only the
//! result of an open cycle's task is a condition of a stage; who has a task in hand decides nothing.

use crate::cycle::{MeasureInForce, MeasureKind, TaskInForce};
use crate::debtor::Debtor;
use crate::event::NamedTask;
use crate::ids::CommandId;
use crate::rejection::Rejection;
use crate::scribe::Scribe;
use crate::sending::tasks::{forget, is_awaited};
use crate::underway::{Taken, TaskOut};

/// Whether the task waits for its result. That of one which failed, or was only observed, is taken as well.
pub(crate) fn check_result(debtor: &Debtor, task: &NamedTask, scribe: &Scribe<'_>) -> Result<(), Rejection> {
    let is_there = newest_of_cycles(debtor, task, unanswered).is_some() || newest_out(task, scribe).is_some();
    is_there.then_some(()).ok_or_else(|| not_there(task))
}

/// The task has its result now: of the newest ones that of a task which somebody has to do, where there is one.
pub(crate) fn result(debtor: &mut Debtor, task: &NamedTask, result: &str, scribe: &mut Scribe<'_>) {
    let to_be_done = found(debtor, task, scribe);
    let found = to_be_done.or_else(|| newest_of_cycles(debtor, task, unanswered).map(Found::OfCycle));
    let command_id = match found {
        Some(Found::OfCycle(measure)) => measure.command_id,
        Some(Found::Out(task)) => return forget(task.command_id, scribe),
        None => return,
    };
    for task in tasks_of(debtor, command_id) {
        task.result = Some(result.to_owned());
    }
}

/// Whether the task may be taken: nobody else has it.
pub(crate) fn check_take(
    debtor: &Debtor,
    (task, by): (&NamedTask, &str),
    scribe: &Scribe<'_>,
) -> Result<(), Rejection> {
    match taken(debtor, task, scribe)?.filter(|taken| taken.by != by) {
        Some(taken) => Err(Rejection::TaskTaken { queue: task.queue.clone(), by: taken.by.clone() }),
        None => Ok(()),
    }
}

/// Whether somebody has the task in hand.
pub(crate) fn check_put_back(
    debtor: &Debtor,
    task: &NamedTask,
    scribe: &Scribe<'_>,
) -> Result<(), Rejection> {
    taken(debtor, task, scribe)?.map(|_| ()).ok_or_else(|| Rejection::TaskNotTaken(task.queue.clone()))
}

/// The task is in this person's hand now; in nobody's without one.
pub(crate) fn hand_over(debtor: &mut Debtor, task: &NamedTask, by: Option<&str>, scribe: &mut Scribe<'_>) {
    let taken = by.map(|by| Taken { by: by.to_owned(), at: scribe.now() });
    let command_id = match found(debtor, task, scribe) {
        Some(Found::OfCycle(measure)) => measure.command_id,
        Some(Found::Out(task)) => task.command_id,
        None => return,
    };
    for task in tasks_of(debtor, command_id) {
        task.taken.clone_from(&taken);
    }
    for task in scribe.tasks_out.iter_mut().filter(|task| task.command_id == command_id) {
        task.taken.clone_from(&taken);
    }
    scribe.changed();
}

/// A task that somebody has to do.
enum Found<'d> {
    /// An open cycle keeps it.
    OfCycle(&'d MeasureInForce),
    /// No open cycle does.
    Out(&'d TaskOut),
}

/// The task that is meant, of those that somebody has to do.
fn found<'d>(debtor: &'d Debtor, task: &NamedTask, scribe: &'d Scribe<'_>) -> Option<Found<'d>> {
    let of_cycles = newest_of_cycles(debtor, task, MeasureInForce::open_task);
    let out = newest_out(task, scribe);
    match (of_cycles, out) {
        (Some(measure), Some(out)) if measure.requested_at < out.requested_at => Some(Found::Out(out)),
        (Some(measure), _) => Some(Found::OfCycle(measure)),
        (None, out) => out.map(Found::Out),
    }
}

/// The newest of those that are meant which are such tasks of open cycles.
fn newest_of_cycles<'d>(
    debtor: &'d Debtor,
    task: &NamedTask,
    is_it: impl Fn(&MeasureInForce) -> Option<&TaskInForce>,
) -> Option<&'d MeasureInForce> {
    let cycles = debtor.profiles.iter().flat_map(|profile| &profile.cycles);
    let is_meant = |measure: &MeasureInForce| {
        is_it(measure).is_some_and(|it| task.may_be(&it.queue, measure.command_id))
    };
    let meant = cycles.flat_map(|cycle| &cycle.measures).filter(|measure| is_meant(measure));
    meant.max_by_key(|measure| measure.requested_at)
}

/// The newest of those that are meant which no open cycle keeps.
fn newest_out<'s>(task: &NamedTask, scribe: &'s Scribe<'_>) -> Option<&'s TaskOut> {
    let is_meant = |out: &&TaskOut| task.may_be(&out.queue, out.command_id) && is_awaited(out, scribe);
    scribe.tasks_out.iter().filter(is_meant).max_by_key(|out| out.requested_at)
}

/// Who has the task in hand.
fn taken<'d>(
    debtor: &'d Debtor,
    task: &NamedTask,
    scribe: &'d Scribe<'_>,
) -> Result<Option<&'d Taken>, Rejection> {
    match found(debtor, task, scribe).ok_or_else(|| not_there(task))? {
        Found::OfCycle(measure) => Ok(measure.open_task().and_then(|task| task.taken.as_ref())),
        Found::Out(task) => Ok(task.taken.as_ref()),
    }
}

/// The tasks of open cycles that this command gave.
fn tasks_of(debtor: &mut Debtor, command_id: CommandId) -> impl Iterator<Item = &mut TaskInForce> {
    let cycles = debtor.profiles.iter_mut().flat_map(|profile| &mut profile.cycles);
    let measures = cycles.flat_map(|cycle| &mut cycle.measures);
    measures.filter(move |measure| measure.command_id == command_id).filter_map(|measure| match &mut measure
        .what
    {
        MeasureKind::Task(task) => Some(task),
        MeasureKind::Message(_) | MeasureKind::Provision(_) => None,
    })
}

/// A task that has no result, whatever became of it.
fn unanswered(measure: &MeasureInForce) -> Option<&TaskInForce> {
    match &measure.what {
        MeasureKind::Task(task) => task.result.is_none().then_some(task),
        MeasureKind::Message(_) | MeasureKind::Provision(_) => None,
    }
}

fn not_there(task: &NamedTask) -> Rejection {
    let queue = task.queue.clone();
    match task.command_id {
        Some(_) => Rejection::NoSuchTask(queue),
        None => Rejection::UnknownTask(queue),
    }
}
