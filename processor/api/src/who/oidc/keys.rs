//! The provider's keys as they were read last, and which algorithm each may be used with.
//!
//! How they are asked for is `provider`'s business.

use super::signatures;
use crate::who::Denied;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A key of the provider's.
pub(super) struct Key {
    decoding: DecodingKey,
    algorithms: Vec<Algorithm>,
}

impl Key {
    /// What holds a signature against it.
    pub(super) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }

    /// Whether a token that says that it was signed so may be held against this key.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }
}

/// Whether whoever checks a signature could not have made it.
pub(super) fn is_asymmetric(algorithm: Algorithm) -> bool {
    match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => false,
        Algorithm::RS256
        | Algorithm::RS384
        | Algorithm::RS512
        | Algorithm::PS256
        | Algorithm::PS384
        | Algorithm::PS512
        | Algorithm::ES256
        | Algorithm::ES384
        | Algorithm::EdDSA => true,
    }
}

const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// The keys of a set that can be used here, by their ids. One of another kind, or for something else, is left out: a
/// provider that begins to use one does not take the others from us.
///
/// # Errors
/// When it is no set of keys, or there is none in it that can be used.
pub(super) fn of_set(bytes: &[u8]) -> Result<HashMap<String, Arc<Key>>, String> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_slice(bytes).map_err(|error| format!("it is no set of keys: {error}"))?;
    let keys: HashMap<_, _> = set.keys.into_iter().filter_map(key).collect();
    if keys.is_empty() {
        Err("there is no key in the set that can be used here".to_owned())
    } else {
        Ok(keys)
    }
}

fn key(value: Value) -> Option<(String, Arc<Key>)> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let id = jwk.common.key_id.clone()?;
    if !matches!(&jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let by_kind: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &RSA,
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            EllipticCurve::P521 | EllipticCurve::Ed25519 => &[],
        },
        AlgorithmParameters::OctetKeyPair(key) => match key.curve {
            EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
            EllipticCurve::P256 | EllipticCurve::P384 | EllipticCurve::P521 => &[],
        },
        // A secret that whoever reads the set could sign with.
        AlgorithmParameters::OctetKey(_) => &[],
    };
    let named = jwk.common.key_algorithm.map(|named| named.to_string());
    let is_named =
        |algorithm: &&Algorithm| named.as_ref().is_none_or(|named| *named == format!("{algorithm:?}"));
    let algorithms: Vec<_> = by_kind.iter().filter(is_named).copied().collect();
    let decoding = DecodingKey::from_jwk(&jwk).ok()?;
    // One that is broken or too short is left out now, and not found out at each token.
    signatures::public_key(*algorithms.first()?, &decoding).ok()?;
    Some((id, Arc::new(Key { decoding, algorithms })))
}

/// The keys as they were read last, and when they were asked for.
pub(super) struct Held {
    seen: Mutex<Seen>,
    /// For how long what was just read is believed to be all that there is.
    fresh: Duration,
    /// For how long it is taken at all.
    good: Duration,
}

#[derive(Default)]
struct Seen {
    /// With when they were read.
    keys: Option<(HashMap<String, Arc<Key>>, Instant)>,
    /// When they were asked for last with success, and nothing has failed since.
    read_at: Option<Instant>,
}

impl Seen {
    /// The keys that were read within this time.
    fn good(&self, within: Duration) -> Option<&HashMap<String, Arc<Key>>> {
        self.keys.as_ref().filter(|(_, at)| at.elapsed() <= within).map(|(keys, _)| keys)
    }
}

impl Held {
    /// None yet. They are all that there is while they are fresh, and none any more once they are not good.
    pub(super) fn new(fresh: Duration, good: Duration) -> Self {
        Self { seen: Mutex::default(), fresh, good }
    }

    /// The key of this id.
    ///
    /// # Errors
    /// When it is not known, for certain only where the keys were just read; or when it was read too long ago.
    pub(super) fn key(&self, id: &str) -> Result<Arc<Key>, Denied> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(keys) = seen.good(self.good) else { return Err(Denied::NoKeys) };
        if let Some(key) = keys.get(id) {
            return Ok(key.clone());
        }
        let is_certain = seen.read_at.is_some_and(|at| at.elapsed() < self.fresh);
        Err(if is_certain { Denied::UnknownKey } else { Denied::NoKeys })
    }

    /// These are the keys from now on.
    pub(super) fn set(&self, keys: HashMap<String, Arc<Key>>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        *seen = Seen { keys: Some((keys, now)), read_at: Some(now) };
    }

    /// Whether there are keys that are taken.
    pub(super) fn is_any_good(&self) -> bool {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).good(self.good).is_some()
    }

    /// The provider did not tell: what is known holds on, and what is not may be so.
    pub(super) fn failed(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).read_at = None;
    }
}
