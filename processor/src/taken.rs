//! What is said to every partition at once: who says it, and which partitions have not taken it.

use crate::cli::SaidArguments;
use crate::clock::SystemClock;
use engine::Clock;
use engine::controls::Said;
use std::time::Duration;

/// Some partitions have not taken it in time: not wrong use, and told apart from it by scripts.
pub(crate) const NOT_TAKEN: u8 = 1;

/// Who says it, under an id that is new unless it is given.
pub(crate) fn said(arguments: &SaidArguments, what: &str, source: &str, clock: &SystemClock) -> Said {
    let new_id = || format!("{what}-{}-{}", clock.now().0, std::process::id());
    Said {
        event_id: arguments.event_id.clone().unwrap_or_else(new_id),
        by: arguments.by.clone(),
        role: arguments.role.clone(),
        why: arguments.why.clone(),
        source: source.to_owned(),
    }
}

/// The partitions that have not taken it, where somebody waited; begins with a line's end.
pub(crate) fn in_words(missing: Option<&[u32]>, wait: Option<Duration>) -> String {
    match missing {
        None => String::new(),
        Some([]) => "\nEvery partition has taken it.".to_owned(),
        Some(missing) => {
            let missing: Vec<String> = missing.iter().map(u32::to_string).collect();
            format!(
                "\nAfter {:?} these have not taken it: {}. They take it as soon as an instance runs them.",
                wait.unwrap_or_default(),
                missing.join(", ")
            )
        }
    }
}
