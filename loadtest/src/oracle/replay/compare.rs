//! Compares what a replay made with everything that is there.

use super::super::{Deviation, Partition, Seen};
use super::{Expected, Oracle, Verdict};
use decision::ids::DebtorId;
use schemas::{Journal, OutputTopic, TASK_STATE_KEY, Waiting};
use std::collections::{BTreeMap, BTreeSet};

impl Oracle {
    pub(super) fn compare_state_hash(
        &mut self,
        partition: &Partition,
        batch: &Journal,
        expected: &Expected,
        changed: &BTreeSet<DebtorId>,
        verdict: &mut Verdict,
    ) {
        let mut stored = Vec::new();
        for debtor in changed.iter().filter_map(|id| expected.debtors.get(id)) {
            let mut bytes = Vec::new();
            // What cannot be encoded makes the hash differ, which is told.
            let _ = self.encoder.debtor(debtor, &mut bytes);
            stored.push(bytes);
        }
        if schemas::journal::state_hash(stored.iter().map(Vec::as_slice)) != batch.state_hash {
            let what = format!("after batch {} the state is not what the journal says", batch.batch);
            verdict.deviations.push(Deviation { partition: partition.number, what });
        }
    }

    pub(super) fn compare_commands(
        &mut self,
        partition: &Partition,
        expected: &Expected,
        verdict: &mut Verdict,
    ) {
        let mut ids = BTreeSet::new();
        for topic in OutputTopic::COMMANDS {
            let wanted = expected.commands.get(&topic).map_or(&[][..], Vec::as_slice);
            let seen = partition.output(topic);
            let name = self.names.output(topic).clone();
            if wanted.len() != seen.len() {
                let what = format!("{name} holds {} commands, {} must be there", seen.len(), wanted.len());
                verdict.deviations.push(Deviation { partition: partition.number, what });
            }
            for (wanted, seen) in wanted.iter().zip(seen) {
                let read = self.decoder.command(topic, seen.value.as_deref().unwrap_or_default());
                let is_same = matches!(&read, Ok(Some(command)) if command == wanted);
                if !is_same {
                    let what = format!("{name} {} is {read:?}, it must be {wanted:?}", seen.offset);
                    verdict.deviations.push(Deviation { partition: partition.number, what });
                }
                if !ids.insert(wanted.id) {
                    let what = format!("command {} is there twice", wanted.id);
                    verdict.deviations.push(Deviation { partition: partition.number, what });
                }
                verdict.commands += 1;
            }
        }
    }

    pub(super) fn compare_records(
        &mut self,
        partition: &Partition,
        expected: &Expected,
        verdict: &mut Verdict,
    ) {
        let seen = partition.output(OutputTopic::Records);
        if seen.len() != expected.records.len() {
            let what = format!("{} records of history, {} must be there", seen.len(), expected.records.len());
            verdict.deviations.push(Deviation { partition: partition.number, what });
        }
        for (wanted, seen) in expected.records.iter().zip(seen) {
            let read = self.decoder.record(seen.value.as_deref().unwrap_or_default());
            if !matches!(&read, Ok(line) if line == wanted) {
                let what = format!("the record at {} is {read:?}, it must be {wanted:?}", seen.offset);
                verdict.deviations.push(Deviation { partition: partition.number, what });
            }
            verdict.records += 1;
        }
    }

    pub(super) fn compare_rejects(
        &mut self,
        partition: &Partition,
        expected: &Expected,
        verdict: &mut Verdict,
    ) {
        let seen = partition.output(OutputTopic::Rejects);
        let mut read = Vec::new();
        for record in seen {
            match self.decoder.reject(record.value.as_deref().unwrap_or_default()) {
                Ok(reject) => read.push((reject.reason.to_string(), reject.topic.to_string(), reject.offset)),
                Err(error) => read.push((error.to_string(), String::new(), record.offset)),
            }
        }
        if read != expected.rejects {
            let what = format!("the rejects are {read:?}, they must be {:?}", expected.rejects);
            verdict.deviations.push(Deviation { partition: partition.number, what });
        }
        verdict.rejects += u64::try_from(seen.len()).unwrap_or(u64::MAX);
    }

    /// The changelog's last records of waiting commands must be those that wait at the end.
    fn compare_waiting(&mut self, last: &BTreeMap<&[u8], &Seen>, expected: &Expected) -> Option<String> {
        let mut waiting = BTreeSet::new();
        for (key, record) in last {
            let (Some(_), Some(value)) = (Waiting::read_key(key), &record.value) else { continue };
            let read = self.decoder.waiting(value).ok();
            let topic = read.as_ref().and_then(|waiting| {
                OutputTopic::ALL.iter().find(|topic| *topic.spec().name == *waiting.topic).copied()
            });
            let command = read.zip(topic).map(|(waiting, topic)| self.decoder.command(topic, &waiting.value));
            if let Some(Ok(Some(command))) = command {
                waiting.insert(command.id);
            }
        }
        let wanted: BTreeSet<_> = expected.gate.kept().copied().collect();
        (waiting != wanted).then(|| format!("the commands {waiting:?} wait, {wanted:?} must wait"))
    }

    /// The changelog's last record of each debtor must be the debtor as it is at the end.
    pub(super) fn compare_debtors(
        &mut self,
        partition: &Partition,
        expected: &Expected,
        verdict: &mut Verdict,
    ) {
        let mut last: BTreeMap<&[u8], &Seen> = BTreeMap::new();
        for record in partition.output(OutputTopic::Debtors) {
            last.insert(record.key.as_deref().unwrap_or_default(), record);
        }
        last.remove(TASK_STATE_KEY);
        if let Some(what) = self.compare_waiting(&last, expected) {
            verdict.deviations.push(Deviation { partition: partition.number, what });
        }
        last.retain(|key, _| Waiting::read_key(key).is_none());
        if last.len() != expected.debtors.len() {
            let what = format!(
                "the changelog holds {} debtors, {} must be there",
                last.len(),
                expected.debtors.len()
            );
            verdict.deviations.push(Deviation { partition: partition.number, what });
        }
        for (id, debtor) in &expected.debtors {
            let value = last.get(id.as_str().as_bytes()).and_then(|record| record.value.as_deref());
            let read = self.decoder.debtor(value.unwrap_or_default());
            if !matches!(&read, Ok(read) if read == debtor) {
                let what = format!("debtor «{id}» is {read:?}, it must be {debtor:?}");
                verdict.deviations.push(Deviation { partition: partition.number, what });
            }
        }
    }
}
