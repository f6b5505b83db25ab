//! Avro's binary form by position: fields, variants and symbols as the Rust types have them, in their
//! order, without looking at the schema.
//!
//! It is for records whose types and schemas are alike, place by place: what is optional is a union of
//! null and the value, an enum's variants are a union's, or its symbols, in the same order. It is several
//! times faster than a way that goes by the schema. That both ways write the same bytes and read the same
//! values is asserted at every single record in builds with debug assertions, which is how all tests run.

mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;

/// A value that cannot be written by position, or bytes that cannot be read so.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unplaced(String);

fn unplaced<T>(what: &str) -> Result<T, Unplaced> {
    Err(Unplaced(format!("{what} has no place in our records")))
}
