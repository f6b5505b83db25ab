//! What is told of a control that was written to every partition: which of them have not taken it.

use std::time::Duration;

/// Some partitions have not taken it in time: not wrong use, and told apart from it by scripts.
pub(crate) const NOT_TAKEN: u8 = 1;

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
