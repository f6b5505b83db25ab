//! Does the journal say every input offset once, and in order?
//!
//! It compares numbers only: nothing is decoded but the journal, nothing is decided.

use super::lives::Stand;
use super::{Deviation, Partition, Seen};
use schemas::{InputTopic, Journal, Step, Taken, TopicNames};
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
    let inputs = partition.inputs.keys();
    let input = |topic: &InputTopic| (&**names.input(*topic), Input::new(partition.lives(*topic)));
    let mut inputs: BTreeMap<&str, Input<'_>> = inputs.map(input).collect();
    let mut number = 0;
    for batch in journal {
        number += 1;
        if batch.batch != number {
            found.push(format!("batch {} follows batch {}", batch.batch, number - 1));
            number = batch.batch;
        }
        for step in &batch.steps {
            let Step::Taken(taken) = step else { continue };
            match inputs.get_mut(&*taken.topic) {
                Some(input) => input.take(taken, batch.batch, &mut found),
                None => found.push(format!("batch {number} took from {}, which is no input", taken.topic)),
            }
        }
    }
    if is_complete {
        inputs.iter_mut().for_each(|(topic, input)| input.end(topic, &mut found));
    }
    found.into_iter().map(|what| Deviation { partition: partition.number, what }).collect()
}

/// What of an input the journal has not said yet.
struct Input<'p> {
    /// Of the life that it is in.
    records: std::slice::Iter<'p, Seen>,
    later: std::vec::IntoIter<&'p [Seen]>,
    stand: Stand,
}

impl<'p> Input<'p> {
    fn new(lives: Vec<&'p [Seen]>) -> Self {
        let mut later = lives.into_iter();
        Self { records: later.next().unwrap_or_default().iter(), later, stand: Stand::default() }
    }

    /// The journal says that these were taken.
    fn take(&mut self, taken: &Taken, batch: i64, found: &mut Vec<String>) {
        let (topic, before) = (&taken.topic, self.stand);
        self.stand.take(taken);
        if self.stand.life > before.life {
            match self.later.next() {
                Some(next) => {
                    // All of the one that was deleted that is here had been taken.
                    if let Some(record) = self.records.next() {
                        let offset = record.offset;
                        found.push(format!("{topic} {offset} of before it was made anew was never taken"));
                    }
                    self.records = next.iter();
                }
                None => found.push(format!("batch {batch} took {topic} {} again", taken.first)),
            }
        } else if taken.first < before.next {
            found.push(format!("batch {batch} took {topic} {} again", taken.first));
        }
        let mut count = 0;
        while let Some(record) = self.records.as_slice().first().filter(|record| record.offset < taken.next) {
            if record.offset < taken.first {
                found.push(format!("batch {batch} left out {topic} {}", record.offset));
            } else {
                count += 1;
            }
            self.records.next();
        }
        if count != taken.count {
            let said = taken.count;
            found.push(format!("batch {batch} says {said} of {topic}, {count} are there"));
        }
    }

    /// The journal has come to its end.
    fn end(&mut self, topic: &str, found: &mut Vec<String>) {
        if let Some(record) = self.later.next().and_then(<[Seen]>::first) {
            found.push(format!("{topic} {} of after it was made anew was never taken", record.offset));
        }
        if let Some(record) = self.records.as_slice().first() {
            let more = self.records.len() - 1;
            found.push(format!("{topic} {} and {more} more were never taken", record.offset));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use decision::time::Timestamp;

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
            policy_revision: None,
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
