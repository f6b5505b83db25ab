//! Signing people in at the provider: by an authorization code with PKCE (RFC 6749, RFC 7636), which Weir exchanges for
//! an access token. From whom the code comes is held by the provider's name in the address (RFC 9207).
//!
//! What is kept meanwhile, and what people see of it, is the console's business. Whether the token is taken is found
//! out where any token is. No code, verifier, token or secret is logged.

use super::provider::whole;
use crate::ApiError;
use crate::controls::in_path as encoded;
use crate::watched::{Watched, warn_if_open_to_others};
use reqwest::{StatusCode, Url, header};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// The largest answer with a token that is taken, in bytes: a token has 12 KiB at most, and others may lie beside it.
const LARGEST: usize = 64 * 1_024;

/// How long an exchange may take: somebody waits for the page.
const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(5);

/// How many codes are exchanged at once: whoever is not known can ask for it, and must not make Weir knock at the
/// provider's door as often as they like.
const AT_ONCE: usize = 16;

/// Where the way back leads, below the address of the console.
const DONE: &str = "/console/sign-in/provider/done";

/// Where it leads from signing out.
const SIGNED_OUT: &str = "/console/";

/// What Weir is to the provider where people sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its id there.
    pub id: String,
    /// The file of its secret, where it has one.
    pub secret_file: Option<PathBuf>,
    /// Where people reach the console: a scheme and a host, with a port where there is one, and no slash at the end.
    pub console_url: String,
    /// What is asked for, with spaces between the words.
    pub scopes: String,
    /// Whether people who sign out of the console are led to the provider, to be signed out there as well.
    pub signs_out: bool,
}

/// Where people sign in, as the provider described itself.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Endpoints {
    pub(super) authorization: Url,
    pub(super) token: Url,
    /// Whether the secret goes into a header, and not beside the code.
    pub(super) is_basic: bool,
    /// Where people sign out, where the provider says so.
    pub(super) end_session: Option<Url>,
    /// Whether the way back always says from which provider it comes (RFC 9207).
    pub(super) says_issuer: bool,
}

/// The last such description: none where it was not read yet, or lacks them.
#[derive(Default)]
pub(super) struct Described(Mutex<Option<Option<Endpoints>>>);

impl Described {
    /// Keeps it, and says what that means where it is another one than before.
    pub(super) fn set(&self, issuer: &str, endpoints: Option<Endpoints>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = endpoints.is_some();
        let before = known.replace(endpoints);
        if before.is_none_or(|before| before.is_some() != is_open) {
            if is_open {
                tracing::info!(issuer, "people can sign in to the console by the identity provider");
            } else {
                tracing::warn!(
                    issuer,
                    "the identity provider's description has no authorization_endpoint and token_endpoint with https: \
                     the console shows no button for it"
                );
            }
        }
    }

    pub(super) fn get(&self) -> Option<Endpoints> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().flatten()
    }
}

/// How people sign in by the provider.
pub struct SignIn {
    client: Client,
    issuer: String,
    host: String,
    secret: Option<Watched<String>>,
    described: Arc<Described>,
    http: reqwest::Client,
    room: Semaphore,
}

/// A sign-in that has begun. Both texts are of letters, digits, `-` and `_`.
pub struct Begun {
    /// Where the browser is sent.
    pub to: String,
    /// What has to come back.
    pub state: String,
    /// What proves to the provider that whoever brings the code has begun it.
    pub verifier: String,
}

/// Why a code became no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotExchanged {
    /// The provider does not take it: it is too old, was used before, or is of somebody else's sign-in.
    Declined,
    /// The provider does not answer, or not as it should; the log says how.
    Silent,
    /// Others are signing in, as many as there is room for.
    Busy,
}

impl SignIn {
    /// # Errors
    /// When the secret cannot be read, or the client cannot be made.
    pub(super) fn new(issuer: &str, client: Client, described: Arc<Described>) -> Result<Self, ApiError> {
        let url = Url::parse(issuer).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or(issuer).to_owned();
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none());
        // What is on this machine is not reached by a proxy.
        let http = if issuer.starts_with("http:") { http.no_proxy() } else { http };
        let http = http.build().map_err(ApiError::Client)?;
        let secret = client.secret_file.clone().map(|file| {
            let files = vec![file.clone()];
            Watched::new("the client's secret", files, move || secret(&file))
        });
        let secret = secret.transpose().map_err(ApiError::Secret)?;
        let issuer = issuer.to_owned();
        Ok(Self { client, issuer, host, secret, described, http, room: Semaphore::new(AT_ONCE) })
    }

    /// The host of the issuer, which is what people are told where they are led.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is known where people sign in.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.described.get().is_some()
    }

    /// Whether the console is reached over TLS: then its cookies may go over TLS only.
    #[must_use]
    pub fn is_over_tls(&self) -> bool {
        self.client.console_url.starts_with("https:")
    }

    /// Begins; none where it is not known where people sign in, or the system has no chance to give.
    #[must_use]
    pub fn begin(&self) -> Option<Begun> {
        let mut to = self.described.get()?.authorization;
        let (state, verifier) = (by_chance()?, by_chance()?);
        to.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", &self.redirect())
            .append_pair("scope", &self.client.scopes)
            .append_pair("state", &state)
            .append_pair("code_challenge", &base64(&openssl::sha::sha256(verifier.as_bytes())))
            .append_pair("code_challenge_method", "S256");
        Some(Begun { to: to.into(), state, verifier })
    }

    /// Whether a way back comes from this provider, as its address says, or need not say (RFC 9207): what another
    /// provider sends for a sign-in that was begun here is not brought to this one.
    #[must_use]
    pub fn is_from_here(&self, said: Option<&str>) -> bool {
        let must_say = self.described.get().is_some_and(|endpoints| endpoints.says_issuer);
        said.map_or(!must_say, |said| said == self.issuer)
    }

    /// Where people sign out at the provider (OpenID Connect RP-Initiated Logout), which leads back to the console; none
    /// where it says no such place, or people are not to be led there. No ID token is kept to show whom it is about, so
    /// most providers ask them whether they mean it.
    #[must_use]
    pub fn end(&self) -> Option<String> {
        let mut to = self.described.get()?.end_session.filter(|_| self.client.signs_out)?;
        to.query_pairs_mut()
            .append_pair("client_id", &self.client.id)
            .append_pair("post_logout_redirect_uri", &format!("{}{SIGNED_OUT}", self.client.console_url));
        Some(to.into())
    }

    fn redirect(&self) -> String {
        format!("{}{DONE}", self.client.console_url)
    }

    /// The access token for a code that came back, some seconds at most after it was asked for.
    ///
    /// # Errors
    /// When the provider gives none.
    pub async fn token(&self, code: &str, verifier: &str) -> Result<String, NotExchanged> {
        let Ok(_place) = self.room.try_acquire() else { return Err(NotExchanged::Busy) };
        let endpoints = self.described.get().ok_or(NotExchanged::Silent)?;
        let (status, answer) = self.asked(&endpoints, code, verifier).await.map_err(|error| {
            tracing::warn!(error, "the identity provider gave no token for a code");
            NotExchanged::Silent
        })?;
        if status != StatusCode::OK {
            let error = serde_json::from_slice(&answer).map(|failed: Failed| known_error(&failed.error));
            let error = error.unwrap_or("other");
            tracing::warn!(%status, error, "the identity provider gave no token for a code");
            let is_declined = error == "invalid_grant";
            return Err(if is_declined { NotExchanged::Declined } else { NotExchanged::Silent });
        }
        let granted = serde_json::from_slice::<Granted>(&answer).ok();
        let granted = granted.filter(|granted| granted.token_type.eq_ignore_ascii_case("bearer"));
        granted.map(|granted| granted.access_token).ok_or_else(|| {
            tracing::warn!("the identity provider's answer to a code has no access_token for a bearer");
            NotExchanged::Silent
        })
    }

    async fn asked(
        &self,
        endpoints: &Endpoints,
        code: &str,
        verifier: &str,
    ) -> Result<(StatusCode, Vec<u8>), String> {
        let mut fields = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", self.redirect()),
            ("code_verifier", verifier.to_owned()),
        ];
        let mut request = self.http.post(endpoints.token.clone());
        match &self.secret {
            Some(secret) if endpoints.is_basic => {
                let pair = format!("{}:{}", encoded(&self.client.id), encoded(&secret.get()));
                let pair = openssl::base64::encode_block(pair.as_bytes());
                request = request.header(header::AUTHORIZATION, format!("Basic {pair}"));
            }
            Some(secret) => {
                fields.push(("client_id", self.client.id.clone()));
                fields.push(("client_secret", secret.get().to_string()));
            }
            None => fields.push(("client_id", self.client.id.clone())),
        }
        let fields = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        let request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(fields.collect::<Vec<_>>().join("&"));
        let answer = request.send().await.map_err(|error| crate::in_full(&error.without_url()))?;
        let status = answer.status();
        Ok((status, whole(answer, LARGEST).await?))
    }
}

/// What the provider answers where it gives a token.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: String,
}

/// What it answers where it gives none.
#[derive(Deserialize)]
struct Failed {
    error: String,
}

/// An error of the provider's by its name (RFC 6749, OpenID Connect): one that is none of the standards' is not
/// repeated, since anybody can have written it.
#[must_use]
pub fn known_error(error: &str) -> &'static str {
    const KNOWN: [&str; 14] = [
        "access_denied",
        "account_selection_required",
        "consent_required",
        "interaction_required",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "login_required",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_grant_type",
        "unsupported_response_type",
    ];
    KNOWN.into_iter().find(|known| *known == error).unwrap_or("other")
}

/// Whether what came back is what was kept; how long that takes says nothing of where they differ.
#[must_use]
pub fn is_same(kept: &str, came: &str) -> bool {
    kept.len() == came.len() && openssl::memcmp::eq(kept.as_bytes(), came.as_bytes())
}

/// 32 bytes of the operating system's chance, as text.
fn by_chance() -> Option<String> {
    let mut bytes = [0; 32];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Some(base64(&bytes)),
        Err(error) => {
            tracing::error!(%error, "the system has no chance to give: nobody can sign in by the identity provider");
            None
        }
    }
}

/// As addresses have it (RFC 4648, 5).
fn base64(bytes: &[u8]) -> String {
    openssl::base64::encode_block(bytes).replace('+', "-").replace('/', "_").replace('=', "")
}

/// What stands in the file. The end of its last line comes from whoever wrote it.
pub(super) fn secret(file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    warn_if_open_to_others(file);
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() { Err(format!("{}: it is empty", file.display())) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests;
