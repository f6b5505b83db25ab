//! What was read of a partition and is not committed: which keys changed, and where to go on.

use std::collections::HashSet;

/// What is to be committed of one partition number, over all topics.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    inputs: usize,
    keys: HashSet<Box<[u8]>>,
    /// By topic: the offset after the last one read.
    next: Vec<Option<i64>>,
}

impl Pending {
    /// A record was read.
    pub(crate) fn take(&mut self, topic: usize, offset: i64, key: &[u8]) {
        self.inputs += 1;
        if !self.keys.contains(key) {
            self.keys.insert(key.into());
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

    /// The keys that changed, each once.
    pub(crate) fn keys(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.keys.iter().map(|key| &**key)
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
        for (topic, offset, key) in [(2, 40, "a"), (0, 7, "b"), (2, 41, "a"), (2, 45, "c")] {
            pending.take(topic, offset, key.as_bytes());
        }
        let mut keys: Vec<&[u8]> = pending.keys().collect();
        keys.sort_unstable();
        assert_eq!(keys, [b"a", b"b", b"c"]);
        assert_eq!(pending.inputs(), 4);
        assert_eq!(pending.offsets().collect::<Vec<_>>(), [(0, 8), (2, 46)]);
    }
}
