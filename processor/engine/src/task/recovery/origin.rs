//! Whose state it is: whether the store, the changelog, the input topics and the group's offsets belong
//! together. What does not is refused, with what to do; nothing is removed that could be the only copy
//! (`docs/decisions/0011-whose-state-it-is.md`).

use super::{READ_WAIT, Recovery};
use crate::error::{Refusal, TaskError};
use crate::faults::Mutation;
use crate::log::{Log, LogError, LogRecord, Membership, Reader, TopicPartition};
use crate::shared::Shared;
use crate::store::Stores;
use crate::task::Task;
use schemas::{OutputTopic, TASK_STATE_KEY, TaskState, TopicId};
use std::sync::Arc;

/// Which topics a task reads and writes: by their ids, where the log tells them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// The changelog's.
    pub(in crate::task) changelog: Option<Arc<str>>,
    /// Those of the input topics that have one.
    pub(in crate::task) inputs: Vec<TopicId>,
}

impl Origin {
    /// The topics as they are now.
    pub(crate) fn find<L: Log, S: Stores>(shared: &Shared<L, S>) -> Result<Self, LogError> {
        let names = shared.topology.names();
        let mut topics = vec![names.output(OutputTopic::Debtors).clone()];
        topics.extend(names.inputs().iter().cloned());
        let mut ids = shared.log.topic_ids(&topics)?.into_iter();
        let changelog = ids.next().flatten();
        let inputs = names.inputs().iter().zip(ids);
        let inputs = inputs.filter_map(|(topic, id)| Some(TopicId { topic: topic.clone(), id: id? }));
        Ok(Self { changelog, inputs: inputs.collect() })
    }

    /// Whether a state was built from, or written into, another changelog than this one.
    pub(super) fn is_another_changelog(&self, state: &TaskState) -> bool {
        match (&state.changelog_topic_id, &self.changelog) {
            (Some(of_state), Some(of_log)) => **of_state != **of_log,
            // A log that gives no ids, or a state from before they were kept: nobody can tell.
            (None, _) | (_, None) => false,
        }
    }

    /// Whether the input topic of this name is another one than that which the state's position is of.
    fn is_remade(&self, state: &TaskState, topic: &str) -> bool {
        let id_in = |ids: &[TopicId]| ids.iter().find(|id| *id.topic == *topic).map(|id| id.id.clone());
        match (id_in(&state.topic_ids), id_in(&self.inputs)) {
            (Some(of_state), Some(of_log)) => of_state != of_log,
            // As above.
            (None, _) | (_, None) => false,
        }
    }
}

impl<L: Log, S: Stores> Task<L, S> {
    /// Whether the topics are still those that this task began with. Where they are not, recovery says what
    /// that means: what was read since may be of the new one, and what lies before it there was not.
    pub(crate) fn check_topics(&self, now: &Origin) -> Result<(), TaskError> {
        let began_with = &self.origin;
        let is_other = |(then, now): (&Arc<str>, &Arc<str>)| then != now;
        if began_with.changelog.as_ref().zip(now.changelog.as_ref()).is_some_and(is_other) {
            return Err(self.recover("the changelog is not the topic that it was"));
        }
        let is_remade = |then: &&TopicId| {
            now.inputs.iter().any(|now| now.topic == then.topic && is_other((&then.id, &now.id)))
        };
        match began_with.inputs.iter().find(is_remade).filter(|_| !self.breaks(Mutation::RemadeInputTaken)) {
            Some(input) => Err(self.recover(format!("{} is not the topic that it was", input.topic))),
            None => Ok(()),
        }
    }
}

/// In how many of a changelog's last records its task's own is looked for: it is the last of each
/// transaction.
const TAIL: i64 = 1_000;

impl<L: Log, S: Stores> Recovery<'_, L, S> {
    pub(super) fn refuse(&self, refusal: Refusal) -> TaskError {
        TaskError::Refused { partition: self.partition, refusal }
    }

    fn changelog_lost(&self, reason: impl Into<String>) -> TaskError {
        let changelog = self.own(OutputTopic::Debtors).topic.to_string();
        self.refuse(Refusal::ChangelogLost { changelog, reason: reason.into() })
    }

    /// A record that says that it was written into another topic: that one was deleted and made anew
    /// while a task wrote to it, and what it held before is missing here.
    pub(super) fn check_writer(&self, state: &TaskState) -> Result<(), TaskError> {
        if self.origin.is_another_changelog(state) {
            return Err(self.changelog_lost("it was deleted and made anew while it was written to"));
        }
        Ok(())
    }

    /// Reads the changelog through, and compares where it ends with the group's offsets, before a state
    /// is wiped for it.
    pub(super) fn check_that_the_changelog_replaces_it(
        &mut self,
        member: &L::Membership,
    ) -> Result<(), TaskError> {
        let of_store = self.state.take();
        let changelog = self.own(OutputTopic::Debtors);
        let read = self.read_through(&changelog, None, |recovery, records, _| {
            let found = recovery.state_among(records)?;
            recovery.state = found.or(recovery.state.take());
            Ok(())
        });
        let last = std::mem::replace(&mut self.state, of_store);
        read?;
        if let Some(state) = &last {
            self.check_writer(state)?;
        }
        self.compare_offsets(last.as_ref(), member).map(|_| ())
    }

    /// The number of partitions must be what it was. A partition without a state asks one that has some:
    /// it may be among those that were added.
    pub(super) fn check_partitions(&mut self) -> Result<(), TaskError> {
        let state = match &self.state {
            Some(state) => Some(state.clone()),
            None => self.state_of_another()?,
        };
        let now = self.shared.topology.partitions().get();
        match state.and_then(|state| state.partitions) {
            Some(before) if before != now => Err(self.refuse(Refusal::PartitionsChanged { before, now })),
            Some(_) | None => Ok(()),
        }
    }

    /// What the first partition that has some says of itself, as far as that can be read at once: nobody
    /// waits here for another's open transaction.
    fn state_of_another(&mut self) -> Result<Option<TaskState>, TaskError> {
        let topology = &self.shared.topology;
        let changelog = |partition| topology.target(OutputTopic::Debtors, partition, TASK_STATE_KEY);
        let all: Vec<TopicPartition> = (0..topology.partitions().get()).map(changelog).collect();
        let ends = self.shared.log.end_offsets(&all).map_err(|error| self.log_error(error))?;
        let Some((other, end)) = all.iter().zip(ends).find(|(_, end)| *end > 0) else { return Ok(None) };
        let mut reader = self.shared.log.reader().map_err(|error| self.log_error(error))?;
        let start = reader.start_offset(other).map_err(|error| self.log_error(error))?;
        let mut position = end.saturating_sub(TAIL).max(start);
        reader.seek(other, position).map_err(|error| self.log_error(error))?;
        let mut last = None;
        while position < end {
            let chunk = reader.read(READ_WAIT).map_err(|error| self.log_error(error))?;
            if chunk.position <= position {
                break;
            }
            position = chunk.position;
            last = self.state_among(&chunk.records)?.or(last);
        }
        Ok(last)
    }

    /// The last state of a task among records of a changelog.
    fn state_among(&mut self, records: &[LogRecord]) -> Result<Option<TaskState>, TaskError> {
        let last = records.iter().rfind(|record| record.key.as_deref() == Some(TASK_STATE_KEY));
        let Some(record) = last else { return Ok(None) };
        let value = record.value.as_deref().unwrap_or_default();
        self.decoder.task_state(value).map(Some).map_err(|error| self.not_read(record, &error))
    }

    /// Where each input topic goes on. The state's offsets must be those that the group committed
    /// with it; a partition that never committed begins at the start of its topics.
    pub(super) fn compare_offsets(
        &self,
        state: Option<&TaskState>,
        member: &L::Membership,
    ) -> Result<Vec<i64>, TaskError> {
        let inputs = self.shared.topology.input_partitions(self.partition);
        let committed = member.committed(&inputs).map_err(|error| self.log_error(error))?;
        let has_committed = committed.iter().any(|next| next.is_some_and(|next| next > 0));
        if state.is_none() && has_committed && !self.breaks(Mutation::GroupOffsetsOverStored) {
            return Err(self.changelog_lost("it says nothing of this partition, and the group has offsets"));
        }
        let mut positions = Vec::with_capacity(inputs.len());
        // The ends last: what begins now cannot begin beyond them.
        let starts = self.shared.log.start_offsets(&inputs).map_err(|error| self.log_error(error))?;
        let ends = self.shared.log.end_offsets(&inputs).map_err(|error| self.log_error(error))?;
        for ((input, committed), (start, end)) in
            inputs.iter().zip(committed).zip(starts.into_iter().zip(ends))
        {
            let next_in = |state: &TaskState| {
                state.positions.iter().find(|position| *position.topic == *input.topic).map(|it| it.next)
            };
            let stored = state.and_then(next_in);
            let is_remade = state.is_some_and(|state| self.origin.is_remade(state, &input.topic));
            if is_remade && !self.breaks(Mutation::RemadeInputTaken) {
                positions.push(self.start_of_remade(input, stored, start)?);
                continue;
            }
            match (stored, committed) {
                (Some(stored), Some(committed)) if stored == committed => {
                    positions.push(self.within(input, stored, start, end)?);
                }
                (_, Some(committed)) if self.breaks(Mutation::GroupOffsetsOverStored) => {
                    positions.push(committed);
                }
                (None, None) => positions.push(start),
                (stored, committed) => {
                    return Err(TaskError::OffsetsDiffer {
                        partition: self.partition,
                        topic: input.topic.to_string(),
                        committed,
                        stored: stored.unwrap_or(-1),
                    });
                }
            }
        }
        Ok(positions)
    }

    /// Where an input partition goes on that was read up to `next`. What was not read may be gone: it was
    /// kept for too short a time, or the brokers lost it. Then a person has to say that it may be.
    fn within(&self, input: &TopicPartition, next: i64, start: i64, end: i64) -> Result<i64, TaskError> {
        if (start..=end).contains(&next) {
            return Ok(next);
        }
        let (partition, topic) = (self.partition, input.topic.to_string());
        if !self.shared.settings.accept_remade_inputs {
            return Err(self.refuse(Refusal::InputLost { topic, next, start, end }));
        }
        let from = next.clamp(start, end);
        tracing::warn!(partition, topic, next, from, "records that are gone are passed over");
        Ok(from)
    }

    /// Where an input topic that was made anew is read from, if a person has said that it may be.
    fn start_of_remade(
        &self,
        input: &TopicPartition,
        stored: Option<i64>,
        start: i64,
    ) -> Result<i64, TaskError> {
        let (topic, next) = (input.topic.to_string(), stored.unwrap_or(0));
        if !self.shared.settings.accept_remade_inputs {
            return Err(self.refuse(Refusal::InputRemade { topic, next }));
        }
        tracing::warn!(
            partition = self.partition,
            topic,
            next,
            "a topic that was made anew is read from its start"
        );
        Ok(start)
    }
}
