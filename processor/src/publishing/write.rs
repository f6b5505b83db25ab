//! Publishing a version, and going back to one.

use super::outcome::Told;
use super::{Site, compile, find, not_read, published, texts};
use crate::cli::{Output, PublishArguments, RollBackArguments, SaidArguments};
use crate::clock::SystemClock;
use crate::config::{Config, PolicySource};
use crate::taken;
use decision::Policy;
use decision::policies::times;
use decision::time::Timestamp;
use engine::controls::ControlError;
use engine::publishing::{Outcome, PublishError, Publisher, ToPublish};
use engine::{Clock, adopted};
use miette::{Context, IntoDiagnostic, miette};
use policy::Texts;
use schemas::{FileBeside, InputTopic, Publication};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

/// Publishes a policy file. What the lint refuses is not published.
pub(crate) fn publish(arguments: &PublishArguments) -> miette::Result<ExitCode> {
    let (loaded, texts) = policy::load_with_texts(&arguments.policy)?;
    if let Some(warnings) = loaded.warnings {
        eprintln!("{:?}", miette::Report::new(warnings));
    }
    let wanted =
        Wanted { policy: loaded.policy, texts, withdraws_later: arguments.withdraw_later, based_on: None };
    write(wanted, &arguments.said, arguments.dry_run)
}

/// Publishes again what was published before.
pub(crate) fn roll_back(arguments: &RollBackArguments) -> miette::Result<ExitCode> {
    let site = Site::of(&arguments.said.config)?;
    let publications = site.publications()?;
    let all = publications.all();
    let event_id = arguments.said.event_id.as_deref();
    let done = all.iter().find(|(known, _)| event_id == Some(known.event_id.as_str()));
    let revision = match (done, arguments.to) {
        // An earlier run under this id has chosen already.
        (Some((done, _)), _) => done.revision,
        (None, Some(revision)) => revision,
        (None, None) => the_one_before(&all, SystemClock::new().now())?,
    };
    let (publication, policy) = find(&publications, revision)?;
    let based_on = Some(publications.last()).filter(|_| done.is_none());
    let wanted = Wanted { policy, texts: texts(&publication), withdraws_later: true, based_on };
    write(wanted, &arguments.said, arguments.dry_run)
}

/// The publication that held before the one that holds. Where another is to come, or somebody has gone back already,
/// it is not clear what is meant.
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
    let again = held.split_last().is_some_and(|(last, before)| {
        before.iter().any(|held| hash(held.publication) == hash(last.publication))
    });
    if let (true, Some(holds)) = (again, holds) {
        let help = "--to says to which; weir policy list tells what held when";
        return Err(miette!(help = help, "publication {} has gone back already", number(holds)));
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
    /// The last publication that it was chosen by.
    based_on: Option<i64>,
}

fn write(wanted: Wanted, by: &SaidArguments, is_dry: bool) -> miette::Result<ExitCode> {
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
    let later = before.as_ref().and_then(|before| before.next_change(at)).filter(|_| !wanted.withdraws_later);
    let seen = publisher.publications().last();
    let to_publish = to_publish(wanted, by, &clock, seen);
    let refused = |error| told_error(error, &site.config);
    let (outcome, missing, others) = if is_dry {
        publisher.check(&to_publish, at).map_err(refused)?;
        (None, None, Vec::new())
    } else {
        let outcome = publisher.publish(&to_publish, at).map_err(refused)?;
        let missing = wait(&publisher, &outcome, by, &clock)?;
        let is_taken = missing.as_ref().is_some_and(Vec::is_empty);
        let others = if is_taken { others(&site, &outcome)? } else { Vec::new() };
        (Some(outcome), missing, others)
    };
    let told =
        Told { to_publish: &to_publish, changes, at, later, outcome: outcome.as_ref(), missing, others, by };
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
    let is_done = told.missing.is_none_or(|missing| missing.is_empty()) && told.others.is_empty();
    Ok(if is_done { ExitCode::SUCCESS } else { ExitCode::from(taken::NOT_TAKEN) })
}

/// The partitions that have taken the control and do not go by what it tells of: their instances go by files.
fn others(site: &Site, outcome: &Outcome) -> miette::Result<Vec<u32>> {
    let (Outcome::Published { revision, .. } | Outcome::HoldsAlready { revision, .. }) = outcome;
    let known = adopted::revisions(&site.log, &site.config.topics, site.registry.clone());
    let known = known.into_diagnostic().wrap_err_with(|| {
        format!("publication {revision} is written, and taken; by which each partition goes cannot be asked")
    })?;
    let others = known.into_iter().filter(|(_, known)| known.is_none_or(|known| known < *revision));
    Ok(others.map(|(partition, _)| partition).collect())
}

fn to_publish(wanted: Wanted, by: &SaidArguments, clock: &SystemClock, seen: i64) -> ToPublish {
    let said = taken::said(by, "publish", "weir policy", clock);
    let Wanted { policy, texts: Texts { file, text, beside }, withdraws_later, based_on } = wanted;
    let beside = beside.into_iter().map(|(name, text)| FileBeside { name, text }).collect();
    let based_on = Some(based_on.unwrap_or(seen));
    ToPublish { said, policy, file, text, beside, withdraws_later, based_on }
}

/// Waits for the partitions, where that is asked for: those that have not taken it in time.
fn wait<L: engine::log::Log>(
    publisher: &Publisher<'_, L>,
    outcome: &Outcome,
    by: &SaidArguments,
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
        PublishError::IdInUse { .. } => Some("take another --event-id, or none".to_owned()),
        PublishError::Overtaken { .. } => {
            Some("nothing is published: weir policy list tells what came; then run it again".to_owned())
        }
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
