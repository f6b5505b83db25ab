//! What was read of a partition and is not committed: which keys changed, and where to go on.

use std::collections::HashMap;

/// What counts of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'r> {
    pub(crate) offset: i64,
    pub(crate) key: &'r [u8],
    /// In milliseconds; -1 where it has none.
    pub(crate) timestamp: i64,
}

/// What is to be committed of one partition number, over all topics.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    inputs: usize,
    /// Of each key that changed: the earliest timestamp of its records.
    keys: HashMap<Box<[u8]>, i64>,
    /// By topic: the offset after the last one read.
    next: Vec<Option<i64>>,
}

impl Pending {
    /// A record was read.
    pub(crate) fn take(&mut self, topic: usize, input: Input<'_>) {
        let Input { offset, key, timestamp } = input;
        self.inputs += 1;
        match self.keys.get_mut(key) {
            Some(earliest) => *earliest = timestamp.min(*earliest),
            None => {
                self.keys.insert(key.into(), timestamp);
            }
        }
        if self.next.len() <= topic {
            self.next.resize(topic + 1, None);
        }
        if let Some(next) = self.next.get_mut(topic) {
            *next = Some(offset + 1);
        }
    }

    /// How many records were read.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// The keys that changed, each once, with the earliest timestamp of their records.
    pub(crate) fn keys(&self) -> impl ExactSizeIterator<Item = (&[u8], i64)> {
        self.keys.iter().map(|(key, earliest)| (&**key, *earliest))
    }

    /// By topic, where to go on.
    pub(crate) fn offsets(&self) -> impl Iterator<Item = (usize, i64)> {
        self.next.iter().enumerate().filter_map(|(topic, next)| Some((topic, (*next)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_once_and_each_topic_goes_on_after_what_was_read_last() {
        let mut pending = Pending::default();
        let read = [(2, 40, "a", 1_007), (0, 7, "b", 1_003), (2, 41, "a", 1_005), (2, 45, "a", 1_006)];
        for (topic, offset, key, timestamp) in read {
            pending.take(topic, Input { offset, key: key.as_bytes(), timestamp });
        }
        let mut keys: Vec<(&[u8], i64)> = pending.keys().collect();
        keys.sort_unstable();
        assert_eq!(keys, [(&b"a"[..], 1_005), (b"b", 1_003)]);
        assert_eq!(pending.inputs(), 4);
        assert_eq!(pending.offsets().collect::<Vec<_>>(), [(0, 8), (2, 46)]);
    }
}
