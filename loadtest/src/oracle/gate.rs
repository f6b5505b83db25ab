//! What waited, went and was dropped on the way out, as the journal tells it: commands out are those
//! decided, less what waits, more what waited before.
//!
//! It does not ask whether the engine had to keep a command; it holds that none is lost, none goes
//! twice, and that every debtor learns of it.

use decision::command::{Action, Command};
use decision::event::{Control, Order};
use decision::ids::{CommandId, EventId};
use decision::passage::Passage;
use schemas::Step;
use std::collections::BTreeMap;

/// The commands of a partition that were decided and have not gone out.
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// Those that the batch at hand decided, in order.
    fresh: Vec<Command>,
    /// Those that wait, and whether the breaker holds them.
    kept: BTreeMap<CommandId, (Command, bool)>,
    /// The event by which a person said something last of what is held.
    judged_by: Option<EventId>,
    /// What was said when orders were released last.
    release: Option<Control>,
    /// What was said when orders were dropped last.
    drop: Option<Control>,
}

/// What became of a command, by a step of the journal.
pub(super) struct Passed<'a> {
    /// The command.
    pub(super) command: Command,
    /// What its debtor learns.
    pub(super) passage: Passage<'a>,
    /// Whether it goes out.
    pub(super) is_sent: bool,
}

impl Gate {
    /// Commands were decided.
    pub(super) fn decided(&mut self, commands: Vec<Command>) {
        self.fresh.extend(commands);
    }

    /// A person releases or drops what is held.
    pub(super) fn judged(&mut self, event_id: &EventId, control: &Control) {
        if self.judged_by.as_ref() == Some(event_id) {
            return;
        }
        self.judged_by = Some(event_id.clone());
        let said = if control.order == Order::DropHeld { &mut self.drop } else { &mut self.release };
        *said = Some(control.clone());
    }

    /// What a step did to a command; none where the step is of no command.
    pub(super) fn step(&mut self, step: &Step) -> Result<Option<Passed<'_>>, String> {
        match step {
            Step::Kept(kept) => {
                let command = self.take_fresh(&kept.command_id)?;
                self.kept.insert(command.id, (command.clone(), kept.is_held));
                let passage = if kept.is_held { Passage::Held } else { Passage::Waits };
                Ok(Some(Passed { command, passage, is_sent: false }))
            }
            Step::Let(gone) => {
                let unknown = || format!("command {} went out and did not wait", gone.command_id);
                let (command, was_held) = self.kept.remove(&gone.command_id).ok_or_else(unknown)?;
                let passage =
                    if was_held { Passage::Released(said(self.release.as_ref())?) } else { Passage::Sent };
                Ok(Some(Passed { command, passage, is_sent: true }))
            }
            Step::Dropped(dropped) => {
                let kept = self.kept.remove(&dropped.command_id);
                let command = match kept {
                    Some((command, _)) => command,
                    None => self.take_fresh(&dropped.command_id)?,
                };
                let passage = if dropped.by_person {
                    Passage::Dropped(said(self.drop.as_ref())?)
                } else {
                    Passage::Undone
                };
                Ok(Some(Passed { command, passage, is_sent: false }))
            }
            Step::Returned(returned) => {
                let unknown = || format!("command {} came back and did not wait", returned.command_id);
                let (command, _) = self.kept.remove(&returned.command_id).ok_or_else(unknown)?;
                Ok(Some(Passed { command, passage: Passage::Shut, is_sent: false }))
            }
            Step::Reduced(reduced) => {
                let of_it = |command: &&mut Command| command.id == reduced.command_id;
                let fresh = self.fresh.iter_mut().find(of_it);
                let kept = self.kept.get_mut(&reduced.command_id).map(|(command, _)| command);
                match fresh.or(kept).map(|command| &mut command.action) {
                    Some(Action::Provision(order)) => order.services.clone_from(&reduced.services),
                    _ => return Err(format!("{} is no order that could be reduced", reduced.command_id)),
                }
                Ok(None)
            }
            Step::Taken(_)
            | Step::Fired(_)
            | Step::Swept(_)
            | Step::Poisoned(_)
            | Step::Postponed(_)
            | Step::Untold(_) => Ok(None),
        }
    }

    /// The batch is over: what it decided and did not keep goes out, in order.
    pub(super) fn sent(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.fresh)
    }

    /// Those that wait.
    pub(super) fn kept(&self) -> impl Iterator<Item = &CommandId> {
        self.kept.keys()
    }

    fn take_fresh(&mut self, id: &CommandId) -> Result<Command, String> {
        let place = self.fresh.iter().position(|command| command.id == *id);
        place.map(|place| self.fresh.remove(place)).ok_or_else(|| format!("command {id} was not decided"))
    }
}

fn said(control: Option<&Control>) -> Result<&Control, String> {
    control.ok_or_else(|| "nobody has judged what is held".to_owned())
}
