//! People known by an identity provider (OpenID Connect): a JWT that it signed says who they are.
//!
//! | module | holds |
//! |---|---|
//! | `claims` | what of a token makes a person |
//! | [`look`] | one look at the provider, before anything rests on it |
//! | `keys` | the provider's keys, and which token may be signed by which |
//! | `provider` | the thread that asks the provider for them |
//! | [`sign_in`] | how people come by a token in a browser |
//! | `signatures` | what holds a signature against a key: the system's OpenSSL |
//!
//! Programs' tokens are between them and the provider. No question waits for a network: only who signs in does.

mod claims;
mod keys;
pub mod look;
mod provider;
pub mod sign_in;
mod signatures;

use super::tokens::Tokens;
use super::{Authority, Denied, Person, Role};
use crate::ApiError;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Validation, decode, decode_header};
use keys::Held;
use provider::{Asking, Pace};
use serde_json::Value;
use sign_in::{Client, Described, SignIn};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The longest token, in bytes: the head of a request has room for it, and who has a hundred roles fits in.
const LONGEST: usize = 12 * 1_024;

/// By how much the clocks of Weir and of the provider may differ, in seconds.
const LEEWAY_SECONDS: u64 = 30;

/// What a token may say that it is: nothing, a JWT, or an access token (RFC 9068). One that ends a session says
/// something else, and is signed by the same keys.
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// Which provider it is, and what its tokens say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What it calls itself, letter by letter.
    pub issuer: String,
    /// Whom its tokens for Weir are meant for.
    pub audience: String,
    /// Where its keys are; else its description says so.
    pub jwks_url: Option<String>,
    /// For how long its keys are taken after they were read last: the provider may be down meanwhile.
    pub keys_max_age: Duration,
    /// The claim that a person is called by, where they have it; else it is `sub`.
    pub name_claim: String,
    /// The claim of their roles: a name, or a path with points.
    pub roles_claim: String,
    /// What the provider calls Weir's roles; empty where it uses Weir's own words.
    pub roles: BTreeMap<String, Role>,
    /// The claim of their segments: a name, or a path with points.
    pub segments_claim: String,
    /// What Weir is to the provider where people sign in to the console by it; none where they bring a token.
    pub client: Option<Client>,
}

/// Whether what is asked for there comes from whom it seems to: over TLS, or from this machine.
#[must_use]
pub fn is_safe(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let is_here =
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let has_no_user = url.username().is_empty() && url.password().is_none();
    !host.is_empty() && has_no_user && (url.scheme() == "https" || url.scheme() == "http" && is_here)
}

/// Those whom the provider knows.
pub struct Oidc {
    settings: Settings,
    held: Arc<Held>,
    asking: Asking,
    sign_in: Option<Arc<SignIn>>,
}

impl Oidc {
    /// Begins to ask the provider for its keys, and does not wait for them.
    ///
    /// # Errors
    /// When it cannot be asked at all, or the client's secret cannot be read.
    pub fn start(settings: Settings) -> Result<Self, ApiError> {
        Self::start_at(settings, Pace::default())
    }

    fn start_at(settings: Settings, pace: Pace) -> Result<Self, ApiError> {
        signatures::install();
        let held = Arc::new(Held::new(pace.again, settings.keys_max_age));
        let described = Arc::new(Described::default());
        let client = settings.client.clone();
        let sign_in = client.map(|client| SignIn::new(&settings.issuer, client, described.clone()));
        let sign_in = sign_in.transpose()?.map(Arc::new);
        let asking = Asking::start(settings.clone(), held.clone(), described, pace)?;
        Ok(Self { settings, held, asking, sign_in })
    }

    fn claims(&self, token: &str) -> Result<Value, Denied> {
        if token.len() > LONGEST {
            return Err(Denied::Malformed);
        }
        let header = decode_header(token).map_err(|_| Denied::Malformed)?;
        let is_plain = header.jwk.is_none()
            && header.jku.is_none()
            && header.x5c.is_none()
            && header.x5u.is_none()
            && header.crit.is_none();
        let is_meant = header.typ.is_none_or(|typ| TYPES.contains(&typ.to_ascii_lowercase().as_str()));
        if !is_plain || !is_meant || !keys::is_asymmetric(header.alg) {
            return Err(Denied::Malformed);
        }
        let kid = header.kid.ok_or(Denied::Malformed)?;
        let key = self.held.key(&kid).inspect_err(|_| {
            // What is not known may have become so meanwhile.
            self.asking.wake();
        })?;
        if !key.fits(header.alg) {
            return Err(Denied::Malformed);
        }
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        decode(token, key.decoding(), &validation).map(|data| data.claims).map_err(|error| why(&error))
    }
}

impl Authority for Oidc {
    fn who(&self, bearer: Option<&str>) -> Result<Person, Denied> {
        let claims = self.claims(bearer.ok_or(Denied::NoToken)?)?;
        claims::person(&claims, &self.settings)
    }

    fn sign_in(&self) -> Option<Arc<SignIn>> {
        self.sign_in.clone()
    }
}

/// What a token was declined for.
fn why(error: &Error) -> Denied {
    let kind = error.kind();
    let lacks = |claim: &str| matches!(kind, ErrorKind::MissingRequiredClaim(name) if name == claim);
    if matches!(kind, ErrorKind::ExpiredSignature) {
        Denied::Expired
    } else if matches!(kind, ErrorKind::ImmatureSignature) {
        Denied::NotYet
    } else if matches!(kind, ErrorKind::InvalidAudience) || lacks("aud") {
        Denied::OtherAudience
    } else if matches!(kind, ErrorKind::InvalidIssuer) || lacks("iss") {
        Denied::OtherIssuer
    } else if matches!(kind, ErrorKind::InvalidSignature) {
        Denied::Forged
    } else {
        Denied::Malformed
    }
}

/// Whether a token looks like a provider's: a JWT has two points, and begins with an object in base64.
#[must_use]
pub fn is_a_providers(token: &str) -> bool {
    token.starts_with("ey") && token.matches('.').count() == 2
}

/// A token file and an identity provider, side by side: what a token begins with says whose it is.
pub struct Both {
    /// Those of the file.
    pub tokens: Tokens,
    /// Those of the provider.
    pub provider: Oidc,
}

impl Authority for Both {
    fn who(&self, bearer: Option<&str>) -> Result<Person, Denied> {
        match bearer {
            Some(token) if is_a_providers(token) => self.provider.who(bearer),
            Some(_) | None => self.tokens.who(bearer),
        }
    }

    fn sign_in(&self) -> Option<Arc<SignIn>> {
        self.provider.sign_in()
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
