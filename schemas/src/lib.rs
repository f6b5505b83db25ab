//! Avro: one schema a record, the topics they travel in, and the way from wire to decision types.
//!
//! This is the only package that knows Avro. It knows neither Kafka nor RocksDB: bytes come in and
//! go out, and schema ids come from a [`Registry`] that someone else brings.
//!
//! | module | holds |
//! |---|---|
//! | [`topic`] | the one table of topics: name, record, key, whether compacted |
//! | [`avsc`] | the schemas themselves |
//! | [`registry`] | where schema ids come from |
//! | [`encode`], [`decode`] | the hot path, both ways |
//! | [`journal`], [`line`], [`reject`], [`waiting`] | the records that no decision type is |
//! | [`files`] | events in files: JSON Lines and Avro's container files |
//! | [`error`] | what may be wrong with a value |
//! | [`pages`] | what is made for readers: `docs/topics.md`, `docs/asyncapi.json` |
//! | [`sample`] | one fixed example of each record |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod avsc;
pub mod decode;
pub mod encode;
pub mod error;
pub mod files;
mod fit;
pub mod framing;
pub mod journal;
pub mod line;
pub mod pages;
mod positional;
mod publication;
pub mod registry;
pub mod reject;
pub mod sample;
pub mod topic;
mod value;
pub mod waiting;
mod wire;

pub use avsc::RecordSchema;
pub use decode::{Decoder, LinePlace};
pub use encode::{Encoder, Schemas, encode_event};
pub use error::{EncodeError, Fault, WireError};
pub use journal::{
    BreakerState, Counted, Dropped, Fired, Journal, Kept, Let, Poisoned, Position, Postponed, PutOff,
    Reduced, Returned, Spent, Step, Swept, Taken, TaskState, TopicId, Untold, Verdict,
};
pub use line::{FigureLine, HistoryLine};
pub use publication::{FileBeside, Publication};
pub use registry::{Registry, RegistryError, StaticRegistry};
pub use reject::Reject;
pub use topic::{
    Beside, InputTopic, OutputTopic, SingleTopic, TASK_STATE_KEY, TOPICS, TopicNames, TopicSpec,
};
pub use waiting::Waiting;
