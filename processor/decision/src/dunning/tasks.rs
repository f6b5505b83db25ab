//! What people do with tasks (domain.md, section 6): take one in hand, put it back, tell its result. Each is declined
//! before anything changes, or done.
//!
//! An order names a queue, and is about the newest task of that queue whose result is still waited for: be it of an
//! open cycle, or one that no open cycle keeps ([`crate::sending::tasks`]). Only the result of an open cycle's task is
//! a condition of a stage; who has a task in hand decides nothing.

use super::orders::open_cycles;
use crate::cycle::{MeasureInForce, MeasureKind, TaskInForce};
use crate::debtor::Debtor;
use crate::ids::Queue;
use crate::rejection::Rejection;
use crate::scribe::Scribe;
use crate::sending::tasks;
use crate::time::Timestamp;
use crate::underway::Taken;

/// Whether a task of this queue waits for its result. That of one which failed, or was only observed, is taken as well.
pub(crate) fn check_result(debtor: &Debtor, queue: &Queue, scribe: &Scribe<'_>) -> Result<(), Rejection> {
    let mut of_cycles = open_cycles(debtor).flat_map(|cycle| &cycle.measures);
    let is_there = of_cycles.any(|measure| unanswered_in(measure, queue).is_some())
        || tasks::newest(queue, scribe).is_some();
    is_there.then_some(()).ok_or_else(|| Rejection::UnknownTask(queue.clone()))
}

/// The newest task of the queue has its result now: of those that somebody has to do, where there is one.
pub(crate) fn result(debtor: &mut Debtor, queue: &Queue, result: &str, scribe: &mut Scribe<'_>) {
    let beside = tasks::newest(queue, scribe);
    let is_to_be_done = beside.is_some() || newest_of_cycles(debtor, queue, None, open_in).is_some();
    let is_it = if is_to_be_done { open_in } else { unanswered_in };
    match newest_of_cycles(debtor, queue, beside, is_it) {
        Some(task) => task.result = Some(result.to_owned()),
        None => tasks::has_result(queue, scribe),
    }
}

/// Whether the newest task of the queue may be taken: nobody else has it.
pub(crate) fn check_take(
    debtor: &Debtor,
    (queue, by): (&Queue, &str),
    scribe: &Scribe<'_>,
) -> Result<(), Rejection> {
    match taken(debtor, queue, scribe)?.filter(|taken| taken.by != by) {
        Some(taken) => Err(Rejection::TaskTaken { queue: queue.clone(), by: taken.by.clone() }),
        None => Ok(()),
    }
}

/// Whether somebody has the newest task of the queue in hand.
pub(crate) fn check_put_back(debtor: &Debtor, queue: &Queue, scribe: &Scribe<'_>) -> Result<(), Rejection> {
    taken(debtor, queue, scribe)?.map(|_| ()).ok_or_else(|| Rejection::TaskNotTaken(queue.clone()))
}

/// The newest task of the queue is in this person's hand now; in nobody's without one.
pub(crate) fn hand_over(debtor: &mut Debtor, queue: &Queue, by: Option<&str>, scribe: &mut Scribe<'_>) {
    let taken = by.map(|by| Taken { by: by.to_owned(), at: scribe.now() });
    match newest_of_cycles(debtor, queue, tasks::newest(queue, scribe), open_in) {
        Some(task) => task.taken = taken,
        None => tasks::hand_over_newest(queue, taken, scribe),
    }
}

/// Who has the newest task of the queue in hand that somebody has to do.
fn taken<'d>(
    debtor: &'d Debtor,
    queue: &Queue,
    scribe: &'d Scribe<'_>,
) -> Result<Option<&'d Taken>, Rejection> {
    let of_cycles = open_cycles(debtor).flat_map(|cycle| &cycle.measures);
    let of_cycles = of_cycles.filter_map(|measure| Some((measure.requested_at, open_in(measure, queue)?)));
    let newest = of_cycles.max_by_key(|(at, _)| *at);
    let beside = tasks::newest(queue, scribe);
    match (newest.filter(|(at, _)| beside.is_none_or(|beside| *at >= beside)), beside) {
        (Some((_, task)), _) => Ok(task.taken.as_ref()),
        (None, Some(_)) => Ok(tasks::taken_of_newest(queue, scribe)),
        (None, None) => Err(Rejection::UnknownTask(queue.clone())),
    }
}

/// The newest task of the queue that is such a one, where it is an open cycle's and no older than the newest `beside`
/// them.
fn newest_of_cycles<'d>(
    debtor: &'d mut Debtor,
    queue: &Queue,
    beside: Option<Timestamp>,
    is_it: for<'m> fn(&'m MeasureInForce, &Queue) -> Option<&'m TaskInForce>,
) -> Option<&'d mut TaskInForce> {
    let cycles = debtor.profiles.iter_mut().flat_map(|profile| &mut profile.cycles);
    let measures = cycles.flat_map(|cycle| &mut cycle.measures);
    let such = measures.filter(|measure| is_it(measure, queue).is_some());
    let newest = such.max_by_key(|measure| measure.requested_at);
    match &mut newest.filter(|measure| beside.is_none_or(|beside| measure.requested_at >= beside))?.what {
        MeasureKind::Task(task) => Some(task),
        MeasureKind::Message(_) | MeasureKind::Provision(_) => None,
    }
}

/// A task of the queue that somebody was given, and has still to do.
fn open_in<'m>(measure: &'m MeasureInForce, queue: &Queue) -> Option<&'m TaskInForce> {
    measure.open_task().filter(|task| task.queue == *queue)
}

/// A task of the queue that has no result, whatever became of it.
fn unanswered_in<'m>(measure: &'m MeasureInForce, queue: &Queue) -> Option<&'m TaskInForce> {
    match &measure.what {
        MeasureKind::Task(task) => (task.queue == *queue && task.result.is_none()).then_some(task),
        MeasureKind::Message(_) | MeasureKind::Provision(_) => None,
    }
}
