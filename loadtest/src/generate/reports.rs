//! What becomes of commands, as their receivers report it: mostly done, some failed.

use super::SECOND;
use super::dice::Dice;
use super::operator::Operator;
use super::subscriber::Share;
use decision::Event;
use decision::event::{Body, Outcome, Report};
use decision::ids::{AccountId, CommandId};
use decision::time::Timestamp;

/// The purpose of the chance that decides on reports.
const REPORTS: u64 = 3;

impl Operator {
    /// The reports on a command that went out at a moment, in order of time. Half are taken over
    /// first, and each comes to its end within two minutes. The same command always has the same
    /// reports, under the same event ids, however often and in whatever order they are asked for.
    #[must_use]
    pub fn reports_for(&self, account: &AccountId, command: CommandId, at: Timestamp) -> Vec<Event> {
        let trouble = &self.profile().trouble;
        let mut dice = Dice::of(self.profile().seed, &[REPORTS, number_of(command)]);
        let taken_over_first = dice.below(2) == 0;
        let (outcome, detail) =
            match Share::of(&mut dice).among([trouble.commands_failed, trouble.commands_expired]) {
                Some(0) => (Outcome::Failed, Some("the network did not answer")),
                Some(_) => (Outcome::Expired, None),
                None => (Outcome::Done, None),
            };
        let end = at.plus_micros(dice.between(5 * SECOND..=120 * SECOND));
        let accepted = taken_over_first.then(|| (Outcome::Accepted, None, at.plus_micros(SECOND)));
        let reports = accepted.into_iter().chain([(outcome, detail, end)]);
        reports
            .map(|(outcome, detail, at)| Event {
                event_id: format!("gateway-{command}-{}", outcome.as_str()).into(),
                account_id: account.clone(),
                debtor_id: None,
                occurred_at: at,
                source: "gateway".to_owned(),
                body: Body::Report(Report {
                    command_id: command,
                    outcome,
                    detail: detail.map(str::to_owned),
                }),
            })
            .collect()
    }
}

/// A number of the command's own: the first half of its id, which is a hash.
fn number_of(command: CommandId) -> u64 {
    let text = command.to_string();
    text.get(..16).and_then(|half| u64::from_str_radix(half, 16).ok()).unwrap_or(0)
}
