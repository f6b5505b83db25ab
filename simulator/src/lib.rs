//! The deterministic simulator: the real engine and the real decision core, several processes, on a
//! simulated log, store and clock. One seed is one run, and the same seed is the same run.
//!
//! | module | holds |
//! |---|---|
//! | `fibers` | whose turn it is, and what time |
//! | `world` | the log, the clocks and the disks, and what goes wrong at a call |
//! | `faults` | what goes wrong, planned from the seed |
//! | `log`, `store` | the engine's two traits, with what can go wrong |
//! | `process` | a process: its life, its end, its start |
//! | `broker` | what the broker does by itself |
//! | `upstream`, `people`, `receivers` | the days: events; what people do to topics and offsets; reports of commands |
//! | `scenario` | what a seed is |
//! | `checks` | what must be true at the end |
//! | `run`, `shrink` | one run; the fewest faults that still fail |

mod broker;
mod checks;
mod faults;
mod fibers;
mod log;
mod people;
mod process;
mod publisher;
mod receivers;
mod run;
mod scenario;
mod shrink;
mod store;
mod upstream;
mod world;

pub use run::{Options, Outcome, notice, run};
pub use shrink::shrink;
