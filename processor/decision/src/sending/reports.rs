//! What a receiver reports of a command, and what that makes happen.
//!
//! What follows a failure is [`super::tries`]' business.

use super::following::{self, try_id};
use super::tries::{self, Fate};
use super::{tasks, waking};
use crate::cycle::{MeasureInForce, MeasureKind, ReportedOutcome};
use crate::debtor::Debtor;
use crate::event::{Outcome, Report};
use crate::ids::{AccountId, CommandId};
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::time::Timestamp;

/// Takes a report. That of an earlier try does nothing more, but where it says that the command was
/// done after all.
pub(crate) fn on_report(
    debtor: &mut Debtor,
    account_id: &AccountId,
    report: &Report,
    scribe: &mut Scribe<'_>,
) {
    following::forget_old(scribe);
    let known = find(report.command_id, scribe);
    tell(account_id, report, known.as_ref(), scribe);
    tasks::on_report(report.command_id, report.outcome, scribe);
    let Some(reported) = known else {
        note(debtor, report.command_id, report.outcome, scribe.now());
        return;
    };
    match report.outcome {
        Outcome::Accepted if reported.is_newest => {
            note(debtor, report.command_id, report.outcome, scribe.now());
        }
        Outcome::Done if reported.was_sent => end_as_done(debtor, reported.at, scribe),
        Outcome::Failed | Outcome::Expired if reported.is_newest => {
            note(debtor, report.command_id, report.outcome, scribe.now());
            let command = scribe.under_way.remove(reported.at);
            scribe.changed();
            tries::go_on(debtor, command, Fate::NotDone(report.outcome), scribe);
        }
        // Of an earlier try, or of one that has not gone out.
        Outcome::Accepted | Outcome::Done | Outcome::Failed | Outcome::Expired => {}
    }
}

/// Which command under way a report is of.
struct Reported {
    /// Its place among them.
    at: usize,
    /// The how-many-eth try it speaks of.
    number: i32,
    /// Whether that went out at all.
    was_sent: bool,
    /// Whether that is the one sent last, and no other waits.
    is_newest: bool,
    first_id: CommandId,
}

fn find(id: CommandId, scribe: &Scribe<'_>) -> Option<Reported> {
    scribe.under_way.iter().enumerate().find_map(|(at, command)| {
        let number = if command.command_id == id {
            command.tries
        } else {
            (1..command.tries).find(|number| try_id(command, *number) == id)?
        };
        let is_last = number == command.tries;
        let is_out = following::is_out(command);
        Some(Reported {
            at,
            number,
            was_sent: is_out || !is_last,
            is_newest: is_out && is_last,
            first_id: command.first_id,
        })
    })
}

fn tell(account_id: &AccountId, report: &Report, known: Option<&Reported>, scribe: &mut Scribe<'_>) {
    let mut figures = vec![Figure::new("command_id", report.command_id)];
    if let Some(further) = known.filter(|reported| reported.number > 1) {
        figures.push(Figure::new("first_id", further.first_id));
        figures.push(Figure::new("try", further.number));
    }
    figures.extend(report.detail.as_ref().map(|detail| Figure::new("detail", detail)));
    scribe.record(account_id, RecordKind::CommandReported, report.outcome.as_str(), figures);
}

/// A command was done by one of its tries: none follows.
fn end_as_done(debtor: &mut Debtor, at: usize, scribe: &mut Scribe<'_>) {
    let command = scribe.under_way.remove(at);
    scribe.changed();
    note(debtor, command.command_id, Outcome::Done, scribe.now());
    if command.sent_at.is_none() {
        waking::cancel(&command, "an earlier try was done", scribe);
    }
}

/// Notes what was reported of a measure in force.
fn note(debtor: &mut Debtor, id: CommandId, outcome: Outcome, at: Timestamp) {
    let Some(measure) = tries::in_force(debtor, id).filter(|measure| tells_new(measure, outcome)) else {
        return;
    };
    measure.outcome = Some(ReportedOutcome { outcome, at });
    if let MeasureKind::Message(message) = &mut measure.what
        && outcome == Outcome::Done
    {
        message.delivered_at.get_or_insert(at);
    }
}

/// Once a command was done, no later word undoes that; once it failed, only that it was done after
/// all is new.
fn tells_new(measure: &MeasureInForce, outcome: Outcome) -> bool {
    match measure.outcome.map(|known| known.outcome) {
        None | Some(Outcome::Accepted) => true,
        Some(Outcome::Failed | Outcome::Expired) => outcome == Outcome::Done,
        Some(Outcome::Done) => false,
    }
}
