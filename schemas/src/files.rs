//! Events in files: JSON Lines, which people write and export, and Avro's container files.
//!
//! An event in a file is checked as one in a topic is. Where files lie, and in which order they are
//! read, is not known here.

mod attribute;
mod container;
mod lines;

pub use container::{Container, ContainerError, is_container};
pub use lines::{Arrival, LineError, rank, read_line, write_line};
