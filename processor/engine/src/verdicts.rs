//! Verdicts: what a person says of all that the breaker holds, written to every partition or to none.
//!
//! What a partition makes of it is the gate's business; who may say so is the caller's.

use crate::controls::{ControlError, Controls, Said, Written};
use crate::log::{CommitError, Log, LogError};
use crate::settings::Clock;
use crate::writing::{self, Failure};
use decision::event::Order;
use decision::time::Timestamp;
use schemas::{InputTopic, Registry, Schemas, TopicNames};
use std::sync::Arc;
use std::time::Duration;

/// How often the same verdict is written before it is given up. What is aborted, or of unknown outcome,
/// was a coordinator that moved or a broker that went: the next try meets another.
const TRIES: u32 = 3;

/// What a person says of what the breaker holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Who says so.
    pub said: Said,
    /// Whether what is held is dropped; else it is released.
    pub drops: bool,
}

/// Writes verdicts.
pub struct Verdicts<'l, L> {
    controls: Controls<'l, L>,
    group: String,
}

impl<'l, L: Log> Verdicts<'l, L> {
    /// Writes verdicts for the instances of this group.
    ///
    /// # Errors
    /// When the registry does not know the schema of controls.
    pub fn new(
        log: &'l L,
        group: &str,
        names: &TopicNames,
        registry: Arc<dyn Registry>,
    ) -> Result<Self, ControlError> {
        let schemas = Schemas::of_input(&*registry, names, InputTopic::Controls)?;
        Ok(Self { controls: Controls::new(log, names, registry, schemas), group: group.to_owned() })
    }

    /// Writes a verdict to every partition of the controls, in one transaction.
    ///
    /// # Errors
    /// When it lies in no partition; or, as [`ControlError::Unknown`], when nobody can say.
    pub fn write(&mut self, verdict: &Verdict, at: Timestamp) -> Result<Written, ControlError> {
        let order = if verdict.drops { Order::DropHeld } else { Order::ReleaseHeld };
        let records = self.controls.records(&verdict.said.event(order, at)?)?;
        let log = self.controls.log;
        let onlooker = log.onlooker()?;
        // One id for each verdict: to write it again ends what an earlier try has left open, and disturbs
        // nobody else. It begins as those of the tasks do, so that the same right covers it.
        let transactional_id = format!("{}-verdict-{}", self.group, verdict.said.event_id);
        let mut aborted = String::new();
        let mut unknown = None;
        for _ in 0..TRIES {
            match writing::attempt(log, &transactional_id, &records, &onlooker) {
                Ok(committed) => return Ok(self.controls.written(&committed)),
                Err(Failure::Commit(CommitError::Aborted(reason))) => aborted = reason,
                Err(Failure::Commit(
                    error @ (CommitError::Unknown(_) | CommitError::Fenced(_) | CommitError::Fatal(_)),
                )) => unknown = Some(error.to_string()),
                Err(Failure::Before(error)) => match unknown {
                    None => return Err(ControlError::Log(error)),
                    Some(_) => break,
                },
            }
        }
        Err(match unknown {
            Some(reason) => ControlError::Unknown { reason, event_id: verdict.said.event_id.clone() },
            None => ControlError::Aborted(aborted),
        })
    }

    /// Waits until every partition has taken a verdict. Answers the partitions that have not when the time
    /// is over.
    ///
    /// # Errors
    /// When the log refuses.
    pub fn wait_until_taken(
        &self,
        written: &Written,
        wait: Duration,
        clock: &dyn Clock,
    ) -> Result<Vec<u32>, LogError> {
        self.controls.wait_until_taken(written, wait, clock)
    }
}
