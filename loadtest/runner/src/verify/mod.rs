//! Checks what a run that is over left in the topics: fast and wrong is wrong.
//!
//! Of any processor: the work of the comparison, by `loadtest::work`. Of Weir also its journal, by
//! `loadtest::oracle`, which decides everything again. Both take one partition after the other, so that memory holds
//! one at a time.

mod reading;
mod replay;

use crate::error::RunError;
use crate::site;
use decision::Policies;
use loadtest::load::{Work, YARDSTICK_POLICY};
use loadtest::work::{self, Ids, Inputs, Judged, Outputs, Told};
use reading::Topics;
use schemas::Decoder;
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

pub use replay::Replayed;

/// What is to be verified.
#[derive(Clone, Debug)]
pub struct Order {
    /// `HOST:PORT` of the brokers.
    pub brokers: String,
    /// The registry's URL.
    pub registry: String,
    /// What stands before the topics' names, without the point.
    pub prefix: String,
    /// Which work the outputs are held against; none of it where a policy of one's own was at work.
    pub work: Option<Work>,
    /// The policy that Weir's journal is decided by again; none where another processor was at work.
    pub policies: Option<Arc<Policies>>,
    /// How much memory the replay of one partition may take, in bytes.
    pub replay_memory: u64,
}

/// What a verification found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Verification {
    /// The commands, against what the rules demand of what went in.
    pub work: Option<Judged>,
    /// How long that took.
    pub work_seconds: f64,
    /// Weir's outputs, against its journal decided again.
    pub replay: Option<Replayed>,
    /// Why the journal was not decided again, where it should have been.
    pub not_replayed: Option<String>,
}

impl Verification {
    /// Whether nothing was found that is not as it must be.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.work.as_ref().is_none_or(|judged| judged.found() == 0)
            && self.replay.as_ref().is_none_or(|replayed| replayed.deviations.is_empty())
    }

    /// What was found, a line each.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let work = self.work.iter().flat_map(|judged| &judged.findings).map(ToString::to_string);
        let replay = self.replay.iter().flat_map(|replayed| replayed.deviations.iter().cloned());
        work.chain(replay).collect()
    }

    /// That it is wrong, where it is: the summary and the first finding.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let first = self.findings().into_iter().next().unwrap_or_default();
        (!self.is_right()).then(|| format!("wrong: {} {first}", self.summary()))
    }

    /// What was checked, and how that ended, in a few sentences.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut sentences = Vec::new();
        if let Some(judged) = &self.work {
            sentences.push(format!(
                "{} commands checked against {} events of {} accounts by the rules of the comparison: {} findings; \
                 {} left open by a lag of up to {:.1} s or the end of the run.",
                judged.commands,
                judged.events,
                judged.accounts,
                judged.found(),
                judged.left_open.sum(),
                judged.longest_lag_us as f64 / 1e6
            ));
        }
        if let Some(replayed) = &self.replay {
            sentences.push(format!(
                "The journal decided again: {} inputs, {} timers, {} commands, {} records of history, {} rejects; \
                 {} deviations.",
                replayed.inputs,
                replayed.timers,
                replayed.commands,
                replayed.records,
                replayed.rejects,
                replayed.deviations.len()
            ));
        }
        sentences
            .extend(self.not_replayed.iter().map(|why| format!("The journal was not decided again: {why}.")));
        sentences.join(" ")
    }
}

/// The policy of the comparison.
///
/// # Errors
/// Never: it comes with the load test, whose tests load it.
pub fn yardstick() -> Result<Arc<Policies>, RunError> {
    let loaded = policy::parse("yardstick.policy.yaml", YARDSTICK_POLICY)
        .map_err(|report| RunError::failed("read the policy")(format!("{report:?}")))?;
    Ok(Arc::new(loaded.policy.into()))
}

/// Verifies what lies in the topics. `say` is told how far it is.
///
/// # Errors
/// When a topic cannot be read; not for what is found in it.
pub fn verify(order: &Order, say: &dyn Fn(&str)) -> Result<Verification, RunError> {
    let topics = Topics::open(&order.brokers, &order.registry, site::names(&order.prefix))?;
    let mut verification = Verification::default();
    if let Some(work) = order.work {
        say("verifying the commands");
        let began = Instant::now();
        verification.work = Some(check_work(&topics, work)?);
        verification.work_seconds = began.elapsed().as_secs_f64();
    }
    if let Some(policies) = &order.policies {
        say("deciding the journal again");
        match replay::replay(&topics, policies.clone(), order.replay_memory)? {
            Ok(replayed) => verification.replay = Some(replayed),
            Err(why) => verification.not_replayed = Some(why),
        }
    }
    Ok(verification)
}

fn check_work(topics: &Topics, work: Work) -> Result<Judged, RunError> {
    let (mut judged, mut ids) = (Judged::default(), Ids::default());
    let mut decoder = Decoder::new(topics.registry.clone(), &topics.schemas);
    for partition in 0..topics.partitions {
        let mut inputs = Inputs::new(partition, work);
        for topic in Inputs::TOPICS {
            topics.read(topics.names.input(topic), partition, |record| {
                let event = decoder.event(topic, record.key, record.value);
                let event = event.map_err(RunError::failed("understand an event"))?;
                inputs.take(record.offset, &work::Event::from(&event));
                Ok(())
            })?;
        }
        let mut outputs = inputs.close();
        for topic in Outputs::TOPICS {
            topics.read(topics.names.output(topic), partition, |record| {
                match decoder.command(topic, record.value.unwrap_or_default()) {
                    Ok(Some(command)) => {
                        outputs.take(&mut ids, topic, record.offset, record.key, &Told::from(&command));
                    }
                    Ok(None) => outputs.unreadable(topic, record.offset, "it is no command"),
                    Err(error) => outputs.unreadable(topic, record.offset, &error.to_string()),
                }
                Ok(())
            })?;
        }
        judged = judged.and(outputs.close());
    }
    Ok(judged)
}
