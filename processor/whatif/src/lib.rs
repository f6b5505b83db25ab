//! What a policy does to accounts, in virtual time: one account's life told, many counted.
//!
//! Nothing here decides: lives are played by `lives`, which asks the core. Where a policy comes from and how
//! a terminal looks is not known here.
//!
//! | module | holds |
//! |---|---|
//! | [`source`] | events out of files, with the place of each |
//! | [`explain`] | one debtor's life, told as rows: played, or from its history |
//! | [`why_not`] | why a threshold or a stage has not acted on an account |
//! | [`simulate`] | many lives, counted |
//! | `play` | one debtor's events, played |
//! | [`customer`] | times and amounts as the customer knows them |
//! | `moment` | moments in JSON |
//! | [`words`] | events, commands and records in words |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod customer;
pub mod explain;
mod moment;
mod play;
pub mod simulate;
pub mod source;
pub mod why_not;
pub mod words;
