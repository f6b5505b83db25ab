//! Where schema ids come from: a registry, which someone else reaches, or one in memory.
//!
//! The registry over HTTP is `connectors`' business.

use std::sync::{Mutex, PoisonError};

/// A schema registry: ids of schemas, and schemas of ids.
pub trait Registry: Send + Sync {
    /// The id of this schema under this subject; registers it where the registry is set to.
    ///
    /// # Errors
    /// When the registry cannot be reached, or refuses the schema.
    fn id_of(&self, subject: &str, schema_json: &str) -> Result<u32, RegistryError>;

    /// The schema of this id, as JSON.
    ///
    /// # Errors
    /// When the registry cannot be reached, or has no such id.
    fn schema(&self, id: u32) -> Result<String, RegistryError>;
}

/// What went wrong with the registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// It cannot be reached, or did not answer in time; trying again may help.
    #[error("cannot {operation}: the schema registry is out of reach ({reason})")]
    Unavailable {
        /// What was to be done, and to what.
        operation: String,
        /// What the client says.
        reason: String,
    },
    /// It answers, and has no such id; trying again does not help.
    #[error("the schema registry has no schema of id {id}")]
    UnknownId {
        /// The id.
        id: u32,
    },
    /// It answers, and refuses; trying again does not help.
    #[error("the schema registry refuses «{subject}»: {reason}")]
    Refused {
        /// The subject.
        subject: String,
        /// What the registry says.
        reason: String,
    },
}

/// A registry in memory, which takes every schema: for the demo, the simulator and tests.
///
/// Ids count from 1; the same text has the same id under every subject.
#[derive(Debug, Default)]
pub struct StaticRegistry {
    schemas: Mutex<Vec<String>>,
}

impl StaticRegistry {
    /// A registry that knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Registry for StaticRegistry {
    fn id_of(&self, _subject: &str, schema_json: &str) -> Result<u32, RegistryError> {
        let mut schemas = self.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        let known = schemas.iter().position(|schema| schema == schema_json);
        let place = known.unwrap_or_else(|| {
            schemas.push(schema_json.to_owned());
            schemas.len() - 1
        });
        Ok(u32::try_from(place).unwrap_or(u32::MAX).saturating_add(1))
    }

    fn schema(&self, id: u32) -> Result<String, RegistryError> {
        let schemas = self.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(id).unwrap_or(usize::MAX).wrapping_sub(1);
        schemas.get(place).cloned().ok_or(RegistryError::UnknownId { id })
    }
}
