//! Publishing a version, and going back to one.

use super::told;
use super::{Site, compile, find, not_read, published, texts};
use crate::cli::{Output, PublishArguments, PublisherArguments, RollBackArguments};
use crate::clock::SystemClock;
use crate::config::{Config, PolicySource};
use crate::taken;
use decision::Policy;
use decision::policies::times;
use decision::time::Timestamp;
use engine::Clock;
use engine::controls::{ControlError, Said};
use engine::publishing::{Outcome, PublishError, Publisher, ToPublish};
use miette::{Context, IntoDiagnostic, miette};
use policy::Texts;
use policy::difference::Change;
use schemas::{FileBeside, InputTopic, Publication};
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

/// Publishes a policy file. What the lint refuses is not published.
pub(crate) fn publish(arguments: &PublishArguments) -> miette::Result<ExitCode> {
    let (loaded, texts) = policy::load_with_texts(&arguments.policy)?;
    if let Some(warnings) = loaded.warnings {
        eprintln!("{:?}", miette::Report::new(warnings));
    }
    let wanted = Wanted { policy: loaded.policy, texts, withdraws_later: arguments.withdraw_later };
    write(wanted, &arguments.publisher, arguments.dry_run)
}

/// Publishes again what was published before.
pub(crate) fn roll_back(arguments: &RollBackArguments) -> miette::Result<ExitCode> {
    let site = Site::of(&arguments.publisher.config)?;
    let publications = site.publications()?;
    let all = publications.all();
    let revision = match arguments.to {
        Some(revision) => revision,
        None => the_one_before(&all, SystemClock::new().now())?,
    };
    let (publication, policy) = find(&publications, revision)?;
    let wanted = Wanted { policy, texts: texts(&publication), withdraws_later: true };
    write(wanted, &arguments.publisher, arguments.dry_run)
}

/// The publication that held before the one that holds. Where another is to come it is not clear what is meant.
fn the_one_before(all: &[(Publication, Arc<Policy>)], now: Timestamp) -> miette::Result<i64> {
    let times = times(&published(all));
    let hash = |place: usize| all.get(place).map(|(publication, _)| &publication.policy_hash);
    let number = |place: usize| all.get(place).map_or(0, |(publication, _)| publication.revision);
    let held: Vec<_> = times.iter().filter(|held| held.from <= now).collect();
    let holds = held.last().map(|held| held.publication);
    if let (Some(holds), Some(later)) = (holds, times.iter().find(|held| held.from > now)) {
        let help = format!("--to {} keeps what holds now, and withdraws what is to come", number(holds));
        let coming = number(later.publication);
        return Err(miette!(
            help = help,
            "publication {coming} is to hold from {} on: say --to which",
            later.from
        ));
    }
    let before = held.iter().rev().find(|held| Some(hash(held.publication)) != holds.map(hash));
    before
        .map(|held| number(held.publication))
        .ok_or_else(|| miette!("nothing else held before what holds now"))
}

/// What is to be published.
struct Wanted {
    policy: Arc<Policy>,
    texts: Texts,
    withdraws_later: bool,
}

fn write(wanted: Wanted, by: &PublisherArguments, is_dry: bool) -> miette::Result<ExitCode> {
    let site = Site::of(&by.config)?;
    let clock = SystemClock::new();
    let at = clock.now();
    let (log, topics) = (&site.log, &site.config.topics);
    let mut publisher =
        Publisher::new(log, &site.config.kafka.group_id, topics, site.registry.clone(), compile())
            .map_err(|error| told_error(error, &site.config))?;
    let before = publisher.publications().up_to(publisher.publications().last());
    let now = before.as_ref().map(|before| before.at(at));
    let changes = now.map(|now| policy::difference::between(now, &wanted.policy));
    let to_publish = to_publish(wanted, by, &clock);
    let (outcome, missing) = if is_dry {
        (None, None)
    } else {
        let outcome = publisher.publish(&to_publish, at).map_err(|error| told_error(error, &site.config))?;
        let missing = wait(&publisher, &outcome, by, &clock)?;
        (Some(outcome), missing)
    };
    let told = Told { to_publish: &to_publish, changes, at, outcome: outcome.as_ref(), missing, by };
    let text = match by.output {
        Output::Text => told.in_words(),
        Output::Json => told.in_json(),
    };
    writeln!(std::io::stdout(), "{text}").into_diagnostic()?;
    if let (PolicySource::Files(_), Some(Outcome::Published { .. })) = (&site.config.policy, &outcome) {
        eprintln!(
            "this configuration names files: its instance goes by those until [policy] says `published = true`"
        );
    }
    let is_done = told.missing.is_none_or(|missing| missing.is_empty());
    Ok(if is_done { ExitCode::SUCCESS } else { ExitCode::from(taken::NOT_TAKEN) })
}

fn to_publish(wanted: Wanted, by: &PublisherArguments, clock: &SystemClock) -> ToPublish {
    let new_id = || format!("publish-{}-{}", clock.now().0, std::process::id());
    let said = Said {
        event_id: by.event_id.clone().unwrap_or_else(new_id),
        by: by.by.clone(),
        role: by.role.clone(),
        why: by.why.clone(),
        source: "weir policy".to_owned(),
    };
    let Wanted { policy, texts: Texts { file, text, beside }, withdraws_later } = wanted;
    let beside = beside.into_iter().map(|(name, text)| FileBeside { name, text }).collect();
    ToPublish { said, policy, file, text, beside, withdraws_later }
}

/// Waits for the partitions, where that is asked for: those that have not taken it in time.
fn wait<L: engine::log::Log>(
    publisher: &Publisher<'_, L>,
    outcome: &Outcome,
    by: &PublisherArguments,
    clock: &SystemClock,
) -> miette::Result<Option<Vec<u32>>> {
    let (Outcome::Published { revision, written } | Outcome::HoldsAlready { revision, written }) = outcome;
    let Some(wait) = by.wait else { return Ok(None) };
    let missing = publisher.wait_until_taken(written, wait, clock).into_diagnostic();
    missing.map(Some).wrap_err_with(|| format!("publication {revision} is written to every partition"))
}

/// The error, with what can be done about it.
fn told_error(error: PublishError, config: &Config) -> miette::Report {
    let topics = &config.topics;
    let context = match &error {
        PublishError::Publications(_) => None,
        PublishError::NothingHolds { .. } => Some(
            "publish the version that holds until then first, or take `effective_from` out of this one"
                .to_owned(),
        ),
        PublishError::Control(ControlError::Registry(_)) => Some(
            "register schemas/avsc/publication.avsc and control.avsc, or set `auto_register` in [registry]"
                .to_owned(),
        ),
        PublishError::Control(
            ControlError::Log(_) | ControlError::Aborted(_) | ControlError::Unknown { .. },
        ) => Some(format!(
            "writing to {} at {} went wrong",
            topics.input(InputTopic::Controls),
            config.kafka.brokers
        )),
        PublishError::Control(
            ControlError::NoTopic(_)
            | ControlError::Unsaid(_)
            | ControlError::Encode(_)
            | ControlError::Unreadable(_),
        ) => Some("nothing is published".to_owned()),
    };
    match (error, context) {
        (PublishError::Publications(error), _) => not_read(error, topics),
        (error, Some(context)) => miette::Report::from_err(error).wrap_err(context),
        (error, None) => miette::Report::from_err(error),
    }
}

/// What is told of a publication.
struct Told<'t> {
    to_publish: &'t ToPublish,
    /// What changes against what holds; none where nothing does.
    changes: Option<Vec<Change>>,
    at: Timestamp,
    /// None where it is only tried.
    outcome: Option<&'t Outcome>,
    missing: Option<Vec<u32>>,
    by: &'t PublisherArguments,
}

impl Told<'_> {
    fn in_words(&self) -> String {
        let policy = &self.to_publish.policy;
        let name = format!("{} {}", policy.identity.name, policy.identity.version);
        let zone = &policy.defaults.zone;
        let holds = match policy.effective_from.filter(|from| *from > self.at) {
            Some(from) => format!("it holds from {} on ({})", told::local(from, zone), zone.name()),
            None => "it holds at once, in each partition from the control on that tells of it".to_owned(),
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
                told + &taken::in_words(self.missing.as_deref(), self.by.wait)
            }
            Some(Outcome::Published { revision, written }) => {
                let count = written.offsets.len();
                let mut text = format!(
                    "{changes}\nPublication {revision}, {name}, is written, and told to all {count} partitions of {}: {holds}.",
                    written.topic
                );
                text.push_str(&taken::in_words(self.missing.as_deref(), self.by.wait));
                text
            }
        }
    }

    fn in_json(&self) -> String {
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
            "not_taken": self.missing,
        })
        .to_string()
    }
}
