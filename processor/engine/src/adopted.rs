//! By which publication each partition goes, as its task's own record in the changelog says: for whoever published
//! and wants to know what became of it.

use crate::log::{Log, LogError, TopicPartition};
use crate::to_end::ToEnd;
use schemas::{Decoder, OutputTopic, Registry, Schemas, TASK_STATE_KEY, TopicNames};
use std::collections::BTreeMap;
use std::sync::Arc;

/// In how many of a changelog's last offsets a task's own record is looked for: it is the last of each transaction.
const TAIL: i64 = 1_000;

/// The last publication that each partition knows; none where it goes by files, has no state yet, or its record
/// cannot be read.
///
/// # Errors
/// When the log cannot be reached, or has no such topic.
pub fn revisions<L: Log>(
    log: &L,
    names: &TopicNames,
    registry: Arc<dyn Registry>,
) -> Result<BTreeMap<u32, Option<i64>>, LogError> {
    let topic = names.output(OutputTopic::Debtors);
    let count = log.partitions(std::slice::from_ref(topic))?.first().copied().flatten().unwrap_or(0);
    let all: Vec<_> =
        (0..count).map(|partition| TopicPartition { topic: topic.clone(), partition }).collect();
    let (ends, mut reader) = (log.end_offsets(&all)?, log.reader()?);
    let mut decoder = Decoder::new(registry, &Schemas::none());
    let mut known = BTreeMap::new();
    for (source, end) in all.iter().zip(ends) {
        let mut to_end = ToEnd::begin(log, &mut reader, source, Some(end.saturating_sub(TAIL)))?;
        let mut last = None;
        while let Some(records) = to_end.next_records(&mut reader)? {
            let own = records.into_iter().rfind(|record| record.key.as_deref() == Some(TASK_STATE_KEY));
            last = own.or(last);
        }
        let state =
            last.and_then(|record| decoder.task_state(record.value.as_deref().unwrap_or_default()).ok());
        known.insert(source.partition, state.and_then(|state| state.policy_revision));
    }
    Ok(known)
}
