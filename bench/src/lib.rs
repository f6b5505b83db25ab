//! What each part of an event's way costs, on the work of an ordinary day: the profile `mixed` of the
//! load test, under its policy.
//!
//! A [`Part`] is made ready and run again and again, always with the events that come next, so that
//! nothing is decided twice. `main` measures its time and its instructions; docs/performance.md has the
//! figures.

mod codec;
mod day;
mod deciding;
mod store;
mod task;

pub use day::Day;

/// Why a part cannot be measured. Nothing here goes on after a fault.
pub type Fault = Box<dyn std::error::Error>;

/// A part of an event's way.
pub trait Part {
    /// Prepares the next run, which is not measured.
    ///
    /// # Errors
    /// When there is nothing to run.
    fn prepare(&mut self) -> Result<(), Fault>;

    /// Runs, and answers how many times it did what is measured.
    ///
    /// # Errors
    /// When it does not do what it should.
    fn run(&mut self) -> Result<u64, Fault>;
}

/// A part's name, of what its figures are, and how it begins.
pub struct Case {
    /// Its name, as it is called on the command line.
    pub name: &'static str,
    /// What is counted.
    pub per: &'static str,
    /// Makes it.
    pub begin: fn() -> Result<Box<dyn Part>, Fault>,
}

/// All parts, in the order in which an event meets them.
pub const CASES: [Case; 6] = [
    Case { name: "decode", per: "event", begin: codec::decode },
    Case { name: "decide", per: "event", begin: deciding::decide },
    Case { name: "encode", per: "debtor", begin: codec::encode },
    Case { name: "read-back", per: "debtor", begin: codec::read_back },
    Case { name: "store", per: "debtor", begin: store::apply },
    Case { name: "task", per: "event", begin: task::task },
];
