//! What a policy does to accounts, in virtual time: one account's life told, many counted.
//!
//! Nothing here decides: lives are played by `lives`, which asks the core. Where a policy comes from and how
//! a terminal looks is not known here.
//!
//! | module | holds |
//! |---|---|
//! | [`source`] | events out of files, with the place of each |
//! | [`explain`] | one debtor's life, told as rows |
//! | [`simulate`] | many lives, counted |
//! | [`words`] | events, commands and records in words |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod explain;
pub mod simulate;
pub mod source;
pub mod words;
