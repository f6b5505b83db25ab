//! Does the journal say every input offset once, and in order?
//!
//! It compares numbers only: nothing is decoded but the journal, nothing is decided.

use super::{Deviation, Partition};
use schemas::{Journal, Step, TopicNames};
use std::collections::BTreeMap;

/// What of a partition's inputs its journal does not say as it must: nothing, where all is well.
/// With `is_complete` the journal must have come to the end of every input.
#[must_use]
pub fn check(
    partition: &Partition,
    journal: &[Journal],
    names: &TopicNames,
    is_complete: bool,
) -> Vec<Deviation> {
    let mut found = Vec::new();
    let mut deviate = |what: String| found.push(Deviation { partition: partition.number, what });
    let mut waiting: BTreeMap<&str, std::slice::Iter<'_, super::Seen>> = BTreeMap::new();
    let mut later: BTreeMap<&str, std::vec::IntoIter<&[super::Seen]>> = BTreeMap::new();
    let mut stands: BTreeMap<&str, i64> = BTreeMap::new();
    for topic in partition.inputs.keys() {
        let mut lives = partition.lives(*topic).into_iter();
        waiting.insert(names.input(*topic), lives.next().unwrap_or_default().iter());
        later.insert(names.input(*topic), lives);
    }
    let mut number = 0;
    for batch in journal {
        number += 1;
        if batch.batch != number {
            deviate(format!("batch {} follows batch {}", batch.batch, number - 1));
            number = batch.batch;
        }
        for step in &batch.steps {
            let Step::Taken(taken) = step else { continue };
            let topic = &*taken.topic;
            let Some(records) = waiting.get_mut(topic) else {
                deviate(format!("batch {} took from {topic}, which is no input", batch.batch));
                continue;
            };
            let begins_anew = stands.get(topic).is_some_and(|stood| *stood > taken.previous);
            if let Some(next) = later.get_mut(topic).filter(|_| begins_anew).and_then(Iterator::next) {
                // The topic was made anew: all of the old one that is here had been taken.
                if let Some(record) = records.next() {
                    deviate(format!("{topic} {} of before it was made anew was never taken", record.offset));
                }
                *records = next.iter();
                stands.remove(topic);
            }
            let stood = stands.insert(topic, taken.next);
            if stood.is_some_and(|stood| stood > taken.first || stood > taken.previous) {
                deviate(format!("batch {} took {topic} {} again", batch.batch, taken.first));
            }
            let mut count = 0;
            while let Some(record) = records.clone().next() {
                if record.offset >= taken.next {
                    break;
                }
                if record.offset < taken.first {
                    deviate(format!("batch {} left out {topic} {}", batch.batch, record.offset));
                } else {
                    count += 1;
                }
                records.next();
            }
            if count != taken.count {
                let said = taken.count;
                deviate(format!("batch {} says {said} of {topic}, {count} are there", batch.batch));
            }
        }
    }
    for (topic, lives) in later.iter_mut().filter(|_| is_complete) {
        if let Some(record) = lives.next().and_then(<[super::Seen]>::first) {
            deviate(format!("{topic} {} of after it was made anew was never taken", record.offset));
        }
    }
    for (topic, records) in waiting.iter().filter(|_| is_complete) {
        if let Some(record) = records.clone().next() {
            deviate(format!("{topic} {} and {} more were never taken", record.offset, records.len() - 1));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::Seen;
    use decision::time::Timestamp;
    use schemas::{InputTopic, Taken};

    fn partition(offsets: &[i64]) -> Partition {
        let records = offsets.iter().map(|offset| Seen { offset: *offset, key: None, value: None });
        let inputs = BTreeMap::from([(InputTopic::Payments, records.collect())]);
        Partition { number: 0, count: 1, inputs, outputs: BTreeMap::new() }
    }

    fn batch(number: i64, ranges: &[(i64, i64, i64, i64)]) -> Journal {
        let names = TopicNames::default();
        let steps = ranges.iter().map(|(previous, first, next, count)| {
            let topic = names.input(InputTopic::Payments).clone();
            Step::Taken(Taken { topic, previous: *previous, first: *first, next: *next, count: *count })
        });
        Journal {
            partition: 0,
            batch: number,
            now: Timestamp(0),
            horizon: Timestamp(0),
            policy_name: "p".into(),
            policy_version: "1".into(),
            policy_hash: "h".into(),
            steps: steps.collect(),
            positions: Vec::new(),
            state_hash: [0; 16],
        }
    }

    #[track_caller]
    fn check_that(offsets: &[i64], journal: &[Journal], expected: &[&str]) {
        let found = check(&partition(offsets), journal, &TopicNames::default(), true);
        let told: Vec<String> = found.iter().map(|deviation| deviation.what.clone()).collect();
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for (told, part) in told.iter().zip(expected) {
            assert!(told.contains(part), "{told}");
        }
    }

    #[test]
    fn a_journal_that_says_every_offset_once_is_well_gaps_in_the_log_included() {
        check_that(&[0, 1, 2], &[batch(1, &[(0, 0, 2, 2)]), batch(2, &[(2, 2, 3, 1)])], &[]);
        check_that(&[0, 3, 9], &[batch(1, &[(0, 0, 4, 2)]), batch(2, &[(4, 9, 10, 1)])], &[]);
    }

    #[test]
    fn a_topic_that_was_made_anew_is_taken_from_its_start() {
        check_that(&[0, 1, 0, 1, 2], &[batch(1, &[(0, 0, 2, 2)]), batch(2, &[(0, 0, 3, 3)])], &[]);
        check_that(
            &[0, 1, 0],
            &[batch(1, &[(0, 0, 1, 1)]), batch(2, &[(0, 0, 1, 1)])],
            &["1 of before it was made anew was never taken"],
        );
        check_that(&[0, 1, 0, 1], &[batch(1, &[(0, 0, 2, 2)]), batch(2, &[(0, 1, 2, 1)])], &["left out"]);
        check_that(&[0, 1, 0], &[batch(1, &[(0, 0, 2, 2)])], &["0 of after it was made anew"]);
    }

    #[test]
    fn what_is_left_out_taken_twice_miscounted_or_never_taken_is_told() {
        check_that(&[0, 1, 2], &[batch(1, &[(0, 0, 1, 1)]), batch(2, &[(1, 2, 3, 1)])], &["left out"]);
        check_that(
            &[0, 1],
            &[batch(1, &[(0, 0, 2, 2)]), batch(2, &[(1, 1, 2, 1)])],
            &["again", "0 are there"],
        );
        check_that(&[0, 1], &[batch(1, &[(0, 0, 2, 1)])], &["2 are there"]);
        check_that(&[0, 1, 2], &[batch(1, &[(0, 0, 1, 1)])], &["never taken"]);
        check_that(&[0], &[batch(2, &[(0, 0, 1, 1)])], &["batch 2 follows batch 0"]);
    }
}
