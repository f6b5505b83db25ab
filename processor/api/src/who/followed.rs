//! Looks of a page that follows an account: asked again every second to hear whether something changed, they would drown
//! the looks of people in the audit log. The first one writes a line, those after it are counted, and a line a minute says
//! how many there were.
//!
//! Who marks a question so is the console, in this process; what a client sends over HTTP marks nothing. Between
//! instances the mark goes with a question that is handed on: whoever forges that has their looks counted, and none kept
//! out of the log.

use super::audit::Line;
use crate::owners;
use axum::http::request::Parts;
use axum::http::{HeaderName, Method};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Marks a question by which a page hears of changes: an extension of a request in this process.
#[derive(Clone, Copy, Debug)]
pub struct Followed;

/// Says the same to the instance that a question is handed on to.
pub(crate) const FOLLOWED: HeaderName = HeaderName::from_static("weir-followed");

/// After how long those that were counted are told.
const EVERY: Duration = Duration::from_secs(60);

/// Whether a page follows by this question.
pub(crate) fn is_followed(asked: &Parts) -> bool {
    let is_told = || owners::is_handed_on(&asked.headers) && asked.headers.contains_key(FOLLOWED);
    asked.method == Method::GET && (asked.extensions.get::<Followed>().is_some() || is_told())
}

/// What tells looks apart: who, as whom, at what, of which account, with which query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Look(pub(super) [String; 5]);

/// Those that are followed now, with how many looks were not told yet.
#[derive(Clone)]
pub(crate) struct Looks {
    untold: Arc<Mutex<HashMap<Look, u64>>>,
    every: Duration,
}

impl Default for Looks {
    fn default() -> Self {
        Self::told_every(EVERY)
    }
}

impl Looks {
    fn told_every(every: Duration) -> Self {
        Self { untold: Arc::default(), every }
    }

    /// Whether the look that this line tells is to be told now; else it is counted, and told with others.
    pub(super) fn begins(&self, line: &Line) -> bool {
        let look = line.look();
        match self.untold().entry(look.clone()) {
            Entry::Occupied(mut counted) => {
                *counted.get_mut() = counted.get().saturating_add(1);
                return false;
            }
            Entry::Vacant(begun) => begun.insert(0),
        };
        let minute = Minute { looks: self.clone(), look, line: line.silent() };
        tokio::spawn(minute.pass());
        true
    }

    fn untold(&self) -> MutexGuard<'_, HashMap<Look, u64>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time until looks that were counted are told. It tells them as well where it ends sooner, with the process.
struct Minute {
    looks: Looks,
    look: Look,
    line: Line,
}

impl Minute {
    /// Passes again and again, until nobody looked in one.
    async fn pass(self) {
        loop {
            tokio::time::sleep(self.looks.every).await;
            let count = self.looks.untold().get_mut(&self.look).map(std::mem::take);
            match count {
                Some(count) if count > 0 => self.line.tell(count),
                Some(_) | None => return,
            }
        }
    }
}

impl Drop for Minute {
    fn drop(&mut self) {
        let left = self.looks.untold().remove(&self.look);
        if let Some(count) = left.filter(|count| *count > 0) {
            self.line.tell(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(account: &str) -> Line {
        Line::of_test(account)
    }

    fn untold(looks: &Looks, account: &str) -> Option<u64> {
        looks.untold().get(&line(account).look()).copied()
    }

    /// An order says who gave it and why: that is never told together with looks.
    #[test]
    fn only_what_is_asked_is_a_look_by_which_a_page_follows() {
        for (method, is_marked, expected) in
            [(Method::GET, true, true), (Method::GET, false, false), (Method::POST, true, false)]
        {
            let (mut parts, ()) =
                axum::http::Request::builder().method(method.clone()).body(()).unwrap().into_parts();
            if is_marked {
                parts.extensions.insert(Followed);
            }
            assert_eq!(is_followed(&parts), expected, "{method} {is_marked}");
        }
    }

    #[test]
    fn the_first_look_is_told_the_others_are_counted_and_what_nobody_follows_any_more_begins_anew() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let looks = Looks::told_every(Duration::from_millis(50));
            assert!(looks.begins(&line("A-1")));
            assert!(!looks.begins(&line("A-1")) && !looks.begins(&line("A-1")));
            assert!(looks.begins(&line("A-2")), "another account is another look");
            assert_eq!((untold(&looks, "A-1"), untold(&looks, "A-2")), (Some(2), Some(0)));
            tokio::time::sleep(Duration::from_millis(75)).await;
            assert_eq!(untold(&looks, "A-1"), Some(0), "they were told, and it goes on");
            assert_eq!(untold(&looks, "A-2"), None, "nobody looked in this time");
            tokio::time::sleep(Duration::from_millis(75)).await;
            assert!(looks.begins(&line("A-1")));
        });
    }
}
