//! Who works on which partition, as far as instances have said so.
//!
//! Every instance repeats all that it works on, so a word says what holds, and not what has changed; and for a
//! moment two may claim the same partition, since one that loses it may say so later than the one that gets it.
//! The rule:
//!
//! - **A claim begins** with the first word of an instance that names the partition after one that did not. Words
//!   that repeat it change nothing, however long they go on; one without the partition ends it.
//! - **The owner** is the instance whose claim began last, in the order of the log, of those that are heard. So a
//!   former owner that repeats itself wins nothing back, and a partition that moved from A to B and back is A's:
//!   A's claim ended in between. Every hearer comes to the same owner, since all hear in one order.
//! - **A claim whose beginning was not heard** is older than every one that was. It is met where the reading began in the
//!   middle, and there only: the first word of a process names no partition, so that what it names next is seen to
//!   begin. Of two such claims nobody can say which is newer, and the first by url has it, for every hearer alike. That
//!   does not heal by itself with the next words; it is over when the former owner notices, or falls silent,
//!   or the partition moves again. So a reader begins as far back as costs little.
//! - **Silence**: who is not heard for [`GONE_AFTER`] owns nothing. What it claimed is remembered: a process that was frozen,
//!   and says once more what it worked on before it looks around, does not begin a claim with that.
//! - **What was said before the reading began** says nothing of whether its instance still lives. It counts for
//!   [`RECALLED_FOR`], by when whoever lives has spoken.
//!
//! Time is the hearer's own, and only goes forward: the clocks of others play no part. Who reads the words, and says
//! them, is `announcing`.

use schemas::Instance;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Who was not heard for so long is gone: six heartbeats.
pub const GONE_AFTER: Duration = Duration::from_secs(60);

/// So long counts what was said before the reading began: two heartbeats, and what a slow one takes.
pub const RECALLED_FOR: Duration = Duration::from_secs(25);

/// Who was not heard for so long is forgotten, so that urls that are never used again do not pile up. Its topic has
/// forgotten it by then as well.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);

/// What is known of who works on what.
#[derive(Debug, Default)]
pub struct Owners {
    by_url: BTreeMap<Arc<str>, Heard>,
    /// How many words were heard: they are numbered in the order of the log.
    words: u64,
}

/// What was heard of an instance last.
#[derive(Debug, Default)]
struct Heard {
    /// What it claims, and with which word that began; none where that word was not heard.
    claims: BTreeMap<u32, Option<u64>>,
    /// When it was heard; none where it only said something before the reading began.
    last: Option<Duration>,
    /// From when on it counts as gone, unless it says something.
    until: Duration,
    has_left: bool,
}

/// An instance that is there, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Where it is reached.
    pub url: Arc<str>,
    /// The partitions that it says it works on, in their order.
    pub partitions: Vec<u32>,
    /// How long ago it was heard; none where that was before the reading began.
    pub heard_ago: Option<Duration>,
}

impl Owners {
    /// An instance says something now. Words are to be heard in the order of the log, each once.
    pub fn hear(&mut self, instance: Instance, now: Duration) {
        let heard = self.take(instance, now);
        heard.last = Some(now);
        heard.until = now.saturating_add(GONE_AFTER);
    }

    /// An instance has said something before the reading began, nobody knows how long before.
    pub fn recall(&mut self, instance: Instance, now: Duration) {
        let heard = self.take(instance, now);
        heard.until = heard.until.max(now.saturating_add(RECALLED_FOR));
    }

    fn take(&mut self, instance: Instance, now: Duration) -> &mut Heard {
        self.by_url.retain(|_, heard| now < heard.until.saturating_add(FORGOTTEN_AFTER));
        self.words = self.words.saturating_add(1);
        let Instance { url, partitions, at: _, leaves } = instance;
        let url: Arc<str> = url.into();
        // Before its first word that is heard it may have claimed anything.
        let begun = self.by_url.contains_key(&url).then_some(self.words);
        let heard = self.by_url.entry(url).or_default();
        let partitions = if leaves { Vec::new() } else { partitions };
        let claim = |partition| (partition, heard.claims.get(&partition).copied().unwrap_or(begun));
        heard.claims = partitions.into_iter().map(claim).collect();
        heard.has_left = leaves;
        heard
    }

    /// Where the instance is reached that works on a partition; none where nobody does who is heard.
    #[must_use]
    pub fn owner_of(&self, partition: u32, now: Duration) -> Option<&Arc<str>> {
        let mut owner: Option<(&Arc<str>, Option<u64>)> = None;
        for (url, heard) in self.here(now) {
            // None is less than every word that was heard; of equals the first stays.
            if let Some(begun) = heard.claims.get(&partition)
                && owner.is_none_or(|(_, other)| *begun > other)
            {
                owner = Some((url, *begun));
            }
        }
        owner.map(|(url, _)| url)
    }

    /// All instances that are there, in the order of their urls.
    #[must_use]
    pub fn all(&self, now: Duration) -> Vec<Known> {
        let known = |(url, heard): (&Arc<str>, &Heard)| Known {
            url: Arc::clone(url),
            partitions: heard.claims.keys().copied().collect(),
            heard_ago: heard.last.map(|last| now.saturating_sub(last)),
        };
        self.here(now).map(known).collect()
    }

    fn here(&self, now: Duration) -> impl Iterator<Item = (&Arc<str>, &Heard)> {
        self.by_url.iter().filter(move |(_, heard)| !heard.has_left && now < heard.until)
    }
}

#[cfg(test)]
mod tests;
