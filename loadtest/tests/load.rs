//! The load in real time: its files, its proportions, and whether what it expects is what the policy decides.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod load {
    mod core;
    mod profiles;
    mod proportions;
    mod work;
    mod yardstick;
}
