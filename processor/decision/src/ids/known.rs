//! Names that were made before, so that equal ones are one text in memory.
//!
//! The names of a policy are few, and each of the debtors in memory has a dozen of them: texts of their own
//! would be a good part of what a debtor takes, each in a place of its own to be fetched. What is known here
//! changes nothing that a name says: a name that is not found is made.

use std::cell::RefCell;
use std::sync::Arc;

/// How many names a thread knows at the most, each in the one place that its text gives it. Channels,
/// languages and providers come from outside: whoever sends ever new ones does not fill the memory.
const PLACES: usize = 512;

/// The longest text, in bytes, that is kept: a policy's hash.
const LONGEST: usize = 64;

/// How many bytes at the beginning and at the end of a text say where its place is.
const TOLD: usize = 8;

thread_local! {
    /// Of each thread its own: the debtors of a task are worked on by one.
    static KNOWN: RefCell<[Option<Arc<str>>; PLACES]> = const { RefCell::new([const { None }; PLACES]) };
}

/// The shared form of a name.
pub(super) fn shared(text: &str) -> Arc<str> {
    if text.len() > LONGEST {
        return text.into();
    }
    KNOWN.with_borrow_mut(|known| {
        let Some(place) = known.get_mut(place_of(text)) else { return text.into() };
        match place {
            Some(same) if **same == *text => Arc::clone(same),
            other => Arc::clone(other.insert(text.into())),
        }
    })
}

/// The place of a text, by FNV-1a over its ends.
fn place_of(text: &str) -> usize {
    let (bytes, length) = (text.as_bytes(), text.len());
    let head = bytes.iter().take(TOLD);
    let tail = bytes.iter().skip(length.saturating_sub(TOLD).max(TOLD));
    let hash = head
        .chain(tail)
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    // Folded, since neither half depends on every byte alike.
    usize::try_from(hash ^ (hash >> 16)).unwrap_or(0) % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn equal_names_are_one_text_and_others_are_not() {
        let (one, same, other) = (shared("sms"), shared("sms"), shared("email"));
        assert!(Arc::ptr_eq(&one, &same));
        assert_eq!((&*one, &*other, &*shared("")), ("sms", "email", ""));
    }

    #[test]
    fn what_is_too_long_or_whose_place_another_takes_says_the_same() {
        let long = "n".repeat(LONGEST + 1);
        assert_eq!(*shared(&long), *long);
        assert!(!Arc::ptr_eq(&shared(&long), &shared(&long)));
        for _ in 0..2 {
            for number in 0..3 * PLACES {
                assert_eq!(*shared(&number.to_string()), *number.to_string());
            }
        }
    }

    #[test]
    fn the_names_of_a_policy_have_places_of_their_own_nearly_all() {
        let names = ["stage", "reminder", "data", "a-longer-name-of-a-plan"];
        let names = names.iter().flat_map(|name| (0..16).map(move |number| format!("{name}-{number}")));
        let places: BTreeSet<usize> = names.map(|name| place_of(&name)).collect();
        assert!(places.len() >= 56, "64 names have {} places", places.len());
    }
}
