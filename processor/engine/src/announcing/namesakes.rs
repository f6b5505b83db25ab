//! Namesakes: other processes that say they are reached where this one says it is. Nobody can tell the two apart, so that
//! whoever is asked finds now the one and now the other.
//!
//! No word names its process. So this one remembers when it said its own: a word under its url of another moment is
//! somebody else's.

use crate::owners::GONE_AFTER;
use decision::time::Timestamp;
use schemas::Instance;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So many of its own words are remembered: a word is heard some milliseconds after it was said, and there are ten in a
/// second at most.
const REMEMBERED: usize = 600;

/// One word of another may be the last of a process that was here before; who says two is at work.
const CERTAIN: u32 = 2;

/// Whether there are any.
pub(super) struct Namesakes {
    url: String,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    /// When this process said its own words, the newest last.
    own: VecDeque<Timestamp>,
    /// How many words of others were heard, with less than a silence between them.
    others: u32,
    /// When the last of them was.
    last: Duration,
}

impl Namesakes {
    pub(super) fn of(url: String) -> Self {
        Self { url, heard: Mutex::default() }
    }

    /// This process is about to say a word.
    pub(super) fn says(&self, at: Timestamp) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.own.push_back(at);
        while heard.own.len() > REMEMBERED {
            heard.own.pop_front();
        }
    }

    /// A word is heard that was said since this process began to hear.
    pub(super) fn hears(&self, word: &Instance, now: Duration) {
        if word.url != self.url || word.leaves {
            return;
        }
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.own.contains(&word.at) {
            return;
        }
        let goes_on = now < heard.last.saturating_add(GONE_AFTER);
        heard.others = if goes_on { heard.others.saturating_add(1) } else { 1 };
        heard.last = now;
        if heard.others == CERTAIN {
            tracing::error!(
                url = self.url,
                "another instance says that it is reached at the same address: whoever asks about an account finds now \
                 the one and now the other. Give each an `[api] url` of its own"
            );
        }
    }

    /// Whether there is one, as far as was heard lately.
    pub(super) fn has_any(&self, now: Duration) -> bool {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.others >= CERTAIN && now < heard.last.saturating_add(GONE_AFTER)
    }
}
