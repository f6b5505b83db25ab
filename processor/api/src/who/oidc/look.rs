//! One look at the provider before anything rests on it: what of it would stand in the way of people.
//!
//! What is to be done about it is said by whoever looks.

use super::provider::{Provider, runtime};
use super::sign_in::{Described, secret};
use super::{Settings, signatures};
use crate::ApiError;
use std::sync::Arc;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// How many keys it has that can be used here; else why they cannot be read.
    pub keys: Result<usize, String>,
    /// How people sign in by it; none where they bring a token.
    pub sign_in: Option<SigningIn>,
}

/// How people sign in by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningIn {
    /// Whether its description says where, so that nobody reads along; else why it cannot be read.
    pub is_open: Result<bool, String>,
    /// Whether it says where people sign out.
    pub signs_out: bool,
    /// Whether the client's secret can be read, where it has one; else why not.
    pub secret: Option<Result<(), String>>,
}

/// Asks the provider for what it would be asked for at the start, once. That takes half a minute at most.
///
/// # Errors
/// When nobody can be asked at all.
pub fn look(settings: &Settings) -> Result<Looked, ApiError> {
    signatures::install();
    let described = Arc::new(Described::default());
    let provider = Provider::new(settings.clone(), described.clone())?;
    let runtime = runtime()?;
    let keys = runtime.block_on(provider.keys()).map(|keys| keys.len());
    let sign_in = settings.client.as_ref().map(|client| {
        let read = runtime.block_on(provider.described());
        let endpoints = described.get();
        SigningIn {
            is_open: read.map(|_| endpoints.is_some()),
            signs_out: endpoints.is_some_and(|endpoints| endpoints.end_session.is_some()),
            secret: client.secret_file.as_deref().map(|file| secret(file).map(|_| ())),
        }
    });
    // A name that is looked up for long is not waited for.
    runtime.shutdown_background();
    Ok(Looked { keys, sign_in })
}
