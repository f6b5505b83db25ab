//! The written forms of a task's records: many lie in one piece of memory, and share it.
//!
//! A batch has thousands of them, each for the log, the store and the journal's hash: they are written
//! once, and nothing is allocated for any single one.

use crate::error::TaskError;
use crate::pieces::Pieces;
use bytes::Bytes;
use decision::Debtor;
use decision::command::Command;
use decision::record::Record;
use schemas::{EncodeError, Encoder, Journal, Reject, Schemas, TaskState, Waiting};

/// Writes a task's records.
#[derive(Debug)]
pub(crate) struct Forms {
    partition: u32,
    schemas: Schemas,
    encoder: Encoder,
    /// What is being written, whose length is known only afterwards.
    scratch: Vec<u8>,
    pieces: Pieces,
}

impl Forms {
    pub(crate) fn new(partition: u32, schemas: Schemas) -> Self {
        let (scratch, pieces) = (Vec::new(), Pieces::default());
        Self { partition, schemas, encoder: Encoder::new(schemas), scratch, pieces }
    }

    /// An encoder that was left in the middle of its work is not used again.
    pub(crate) fn renew(&mut self) {
        self.encoder = Encoder::new(self.schemas);
    }

    /// Bytes as they are: a key.
    pub(crate) fn copy(&mut self, bytes: &[u8]) -> Bytes {
        self.pieces.copy(bytes)
    }

    /// # Errors
    /// When it cannot be encoded, as with all that follow.
    pub(crate) fn command(&mut self, command: &Command) -> Result<Bytes, TaskError> {
        self.write(|encoder, out| encoder.command(command, out).map(|_| ()))
    }

    pub(crate) fn record(&mut self, record: &Record) -> Result<Bytes, TaskError> {
        self.write(|encoder, out| encoder.record(record, out))
    }

    pub(crate) fn reject(&mut self, reject: &Reject<'_>) -> Result<Bytes, TaskError> {
        self.write(|encoder, out| encoder.reject(reject, out))
    }

    pub(crate) fn debtor(&mut self, debtor: &Debtor) -> Result<Bytes, TaskError> {
        self.write(|encoder, out| encoder.debtor(debtor, out))
    }

    pub(crate) fn waiting(&mut self, waiting: &Waiting) -> Result<Bytes, TaskError> {
        self.write(|encoder, out| encoder.waiting(waiting, out))
    }

    pub(crate) fn journal(&mut self, journal: &Journal) -> Result<Bytes, TaskError> {
        self.write(|encoder, out| encoder.journal(journal, out))
    }

    pub(crate) fn task_state(&mut self, state: &TaskState) -> Result<Bytes, TaskError> {
        self.write(|encoder, out| encoder.task_state(state, out))
    }

    /// Writes on trial what a decision would bring, and keeps nothing of it.
    pub(crate) fn try_all(
        &mut self,
        commands: &[Command],
        records: &[Record],
        debtor: &Debtor,
    ) -> Result<(), TaskError> {
        self.write(|encoder, out| {
            for command in commands {
                encoder.command(command, out)?;
            }
            for record in records {
                encoder.record(record, out)?;
            }
            encoder.debtor(debtor, out)
        })
        .map(|_| ())
    }

    fn write(
        &mut self,
        write: impl FnOnce(&mut Encoder, &mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Result<Bytes, TaskError> {
        self.scratch.clear();
        let written = write(&mut self.encoder, &mut self.scratch);
        written.map_err(|source| TaskError::Encode { partition: self.partition, source })?;
        Ok(self.pieces.copy(&self.scratch))
    }
}
