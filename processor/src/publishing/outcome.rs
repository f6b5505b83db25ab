//! What is told of a publication: what it changes, from when it holds, and which partitions go by it.

use super::told;
use crate::cli::SaidArguments;
use crate::taken;
use decision::time::Timestamp;
use engine::publishing::{Outcome, ToPublish};
use policy::difference::Change;
use serde_json::json;

/// What is told of a publication.
pub(super) struct Told<'t> {
    pub(super) to_publish: &'t ToPublish,
    /// What changes against what holds; none where nothing does.
    pub(super) changes: Option<Vec<Change>>,
    pub(super) at: Timestamp,
    /// When another version is to hold.
    pub(super) later: Option<Timestamp>,
    /// None where it is only tried.
    pub(super) outcome: Option<&'t Outcome>,
    pub(super) missing: Option<Vec<u32>>,
    /// The partitions that have taken it and go by something else.
    pub(super) others: Vec<u32>,
    pub(super) by: &'t SaidArguments,
}

impl Told<'_> {
    pub(super) fn in_words(&self) -> String {
        let policy = &self.to_publish.policy;
        let name = format!("{} {}", policy.identity.name, policy.identity.version);
        let zone = &policy.defaults.zone;
        let holds = match policy.effective_from.filter(|from| *from > self.at) {
            Some(from) => format!("it holds from {} on ({})", told::local(from, zone), zone.name()),
            None => {
                let until = self.later.map(|later| {
                    let later = told::local(later, zone);
                    format!(
                        ", until another one does at {later} ({}; --withdraw-later withdraws it)",
                        zone.name()
                    )
                });
                let at_once = "it holds at once, in each partition from the control on that tells of it";
                format!("{at_once}{}", until.unwrap_or_default())
            }
        };
        let changes = match &self.changes {
            None => "Nothing was published before.".to_owned(),
            Some(changes) if changes.is_empty() => "It says what holds already.".to_owned(),
            Some(changes) => {
                let lines: Vec<_> = changes.iter().map(|change| format!("  {change}")).collect();
                format!("What changes:\n{}", lines.join("\n"))
            }
        };
        match self.outcome {
            None => {
                format!("{changes}\nNothing is published: this was a try. If {name} is published, {holds}.")
            }
            Some(Outcome::HoldsAlready { revision, .. }) => {
                let told = format!("Publication {revision} says the same, and holds: nothing is published.");
                told + &self.taken()
            }
            Some(Outcome::Published { revision, written }) => {
                let count = written.offsets.len();
                let mut text = format!(
                    "{changes}\nPublication {revision}, {name}, is written, and told to all {count} partitions of {}: {holds}.",
                    written.topic
                );
                text.push_str(&self.taken());
                text
            }
        }
    }

    /// Which partitions have taken it, and which of them go by something else.
    fn taken(&self) -> String {
        if self.others.is_empty() {
            return taken::in_words(self.missing.as_deref(), self.by.wait);
        }
        let others: Vec<String> = self.others.iter().map(u32::to_string).collect();
        format!(
            "\nThese have taken it and do not go by it, since their instances go by files: {}. They are to say \
             `published = true` in [policy] first; then publish it again.",
            others.join(", ")
        )
    }

    pub(super) fn in_json(&self) -> String {
        let ToPublish { policy, said, .. } = self.to_publish;
        let change = |change: &Change| json!({ "subject": change.subject, "what": change.what, "groups": change.groups });
        let changes = self.changes.as_ref().map(|changes| changes.iter().map(change).collect::<Vec<_>>());
        let (revision, outcome) = match self.outcome {
            None => (None, "tried"),
            Some(Outcome::HoldsAlready { revision, .. }) => (Some(revision), "holds_already"),
            Some(Outcome::Published { revision, .. }) => (Some(revision), "published"),
        };
        let holds_from = policy.effective_from.filter(|from| *from > self.at).map(|from| from.to_string());
        json!({
            "outcome": outcome,
            "revision": revision,
            "event_id": said.event_id,
            "policy": &*policy.identity.name,
            "version": &*policy.identity.version,
            "hash": policy.identity.hash.as_str(),
            "holds_from": holds_from,
            "changes": changes,
            "until": self.later.map(|later| later.to_string()),
            "not_taken": self.missing,
            "go_by_others": self.others,
        })
        .to_string()
    }
}
