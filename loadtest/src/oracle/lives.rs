//! The lives of an input topic: another one begins where it was deleted and made anew, and its offsets
//! begin again.

use super::Seen;
use schemas::Taken;

/// How far a topic was taken, and in which of its lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stand {
    /// The life, counted from 0.
    pub life: usize,
    /// The offset that comes next in it.
    pub next: i64,
}

impl Stand {
    /// The journal says that these were taken: of another life, where it goes on from before where it
    /// stood.
    pub fn take(&mut self, taken: &Taken) {
        self.life += usize::from(taken.previous < self.next);
        self.next = taken.next;
    }
}

/// The records of each life.
pub(super) fn of(records: &[Seen]) -> Vec<&[Seen]> {
    records.chunk_by(|before, after| before.offset < after.offset).collect()
}
