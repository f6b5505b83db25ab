//! The thread that asks the provider for its keys: at the start, every five minutes, and when a token names one that
//! is not known.
//!
//! Beside the keys it reads where people sign in. What either is used for is not known here.

use super::keys::{self, Held};
use super::sign_in::{Described, Endpoints};
use super::{Settings, is_safe};
use crate::ApiError;
use serde::Deserialize;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};
use tokio::sync::{Notify, watch};

/// When the keys were read last, in seconds since 1970.
const READ_AT: &str = "weir_api_provider_keys_timestamp_seconds";

/// How often they could not be read.
const FAILURES: &str = "weir_api_provider_failures_total";

/// The largest answer that is taken, in bytes: a hundred keys with their certificates fit in.
const LARGEST: usize = 512 * 1_024;

/// How long one answer of the provider's may take, and a connection to it.
const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(5);

/// How often the provider is asked.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// After what time where nothing asks for it.
    pub(super) every: Duration,
    /// After what time at the earliest, and where it failed.
    pub(super) again: Duration,
}

impl Default for Pace {
    /// A key that the provider has withdrawn is not taken after five minutes.
    fn default() -> Self {
        Self { every: Duration::from_secs(300), again: Duration::from_secs(10) }
    }
}

/// The thread that asks. Dropped, it ends at once, also in the middle of a question.
pub(super) struct Asking {
    wanted: Arc<Notify>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Asking {
    /// # Errors
    /// When the thread or its client cannot be made.
    pub(super) fn start(
        settings: Settings,
        held: Arc<Held>,
        described: Arc<Described>,
        pace: Pace,
    ) -> Result<Self, ApiError> {
        metrics::describe_gauge!(READ_AT, "When the identity provider's keys were read last, since 1970");
        metrics::describe_counter!(FAILURES, "How often the identity provider's keys could not be read");
        metrics::counter!(FAILURES).increment(0);
        let provider = Provider::new(settings, described)?;
        let runtime = runtime()?;
        let wanted = Arc::new(Notify::new());
        let (stop, mut stopped) = watch::channel(false);
        let asked = wanted.clone();
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = keep(&provider, &held, pace, &asked) => {}
                    _ = stopped.wait_for(|is_stopped| *is_stopped) => {}
                }
            });
            // A name that is looked up for long is not waited for.
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("weir-oidc".to_owned()).spawn(run);
        Ok(Self { wanted, stop, thread: Some(thread.map_err(ApiError::Start)?) })
    }

    /// Lets it ask soon.
    pub(super) fn wake(&self) {
        self.wanted.notify_one();
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Asks for ever.
async fn keep(provider: &Provider, held: &Held, pace: Pace, wanted: &Notify) {
    let mut is_known = false;
    loop {
        let wait = match provider.keys().await {
            Ok(keys) => {
                if !is_known {
                    tracing::info!(
                        issuer = provider.settings.issuer,
                        keys = keys.len(),
                        "the identity provider's keys are known"
                    );
                }
                is_known = true;
                held.set(keys);
                provider.places().await;
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                metrics::gauge!(READ_AT).set(now.as_secs_f64());
                pace.every
            }
            Err(error) => {
                is_known = false;
                held.failed();
                metrics::counter!(FAILURES).increment(1);
                tell_of_failure(&provider.settings, &error, held.is_any_good());
                pace.again
            }
        };
        tokio::time::sleep(pace.again).await;
        let _ = tokio::time::timeout(wait.saturating_sub(pace.again), wanted.notified()).await;
    }
}

fn tell_of_failure(settings: &Settings, error: &str, is_any_good: bool) {
    let (issuer, hours) = (&settings.issuer, settings.keys_max_age.as_secs() / 3_600);
    if is_any_good {
        tracing::warn!(
            issuer,
            error,
            "the identity provider's keys cannot be read: those that are known go on for {hours} h after they were \
             read last (`keys_max_age_hours`)"
        );
    } else {
        tracing::error!(
            issuer,
            error,
            "the identity provider's keys cannot be read, and none are known that were read within {hours} h \
             (`keys_max_age_hours`): nobody whom it knows is let in"
        );
    }
}

/// What the provider is asked on.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, ApiError> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_io().enable_time().build().map_err(ApiError::Start)
}

/// The provider, as it is asked.
pub(super) struct Provider {
    settings: Settings,
    client: reqwest::Client,
    described: Arc<Described>,
}

/// What is read of the provider's description.
#[derive(Deserialize)]
struct Description {
    issuer: String,
    jwks_uri: Option<String>,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    authorization_response_iss_parameter_supported: Option<bool>,
    end_session_endpoint: Option<String>,
}

impl Description {
    /// Where people sign in: both places, reached so that nobody on the way reads along.
    fn endpoints(&self) -> Option<Endpoints> {
        let safe = |url: &Option<String>| {
            let url = url.as_deref().filter(|url| is_safe(url))?;
            reqwest::Url::parse(url).ok()
        };
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        let has = |word: &str| methods.is_some_and(|methods| methods.iter().any(|method| method == word));
        Some(Endpoints {
            authorization: safe(&self.authorization_endpoint)?,
            token: safe(&self.token_endpoint)?,
            // What a provider that says nothing takes.
            is_basic: has("client_secret_basic") || !has("client_secret_post"),
            end_session: safe(&self.end_session_endpoint),
            says_issuer: self.authorization_response_iss_parameter_supported == Some(true),
        })
    }
}

impl Provider {
    pub(super) fn new(settings: Settings, described: Arc<Described>) -> Result<Self, ApiError> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none());
        // What is on this machine is not reached by a proxy.
        let is_here = settings.issuer.starts_with("http:");
        let client = if is_here { client.no_proxy() } else { client }.build().map_err(ApiError::Client)?;
        Ok(Self { settings, client, described })
    }

    pub(super) async fn keys(&self) -> Result<std::collections::HashMap<String, Arc<keys::Key>>, String> {
        let url = match &self.settings.jwks_url {
            Some(url) => url.clone(),
            None => {
                let (at, url) = self.described().await?;
                let url = url.filter(|url| is_safe(url));
                url.ok_or_else(|| format!("{at}: its keys are not at an address with https"))?
            }
        };
        keys::of_set(&self.read(&url).await?).map_err(|error| format!("{url}: {error}"))
    }

    /// Looks where people sign in, where the keys needed no description; no key waits for that.
    async fn places(&self) {
        let is_wanted = self.settings.client.is_some() && self.settings.jwks_url.is_some();
        if is_wanted && let Err(error) = self.described().await {
            let issuer = &self.settings.issuer;
            tracing::warn!(issuer, error, "where people sign in cannot be read: what is known goes on");
        }
    }

    /// Where the provider's description is, and where the keys are as it says; where people sign in is kept.
    pub(super) async fn described(&self) -> Result<(String, Option<String>), String> {
        let issuer = &self.settings.issuer;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let described: Description = serde_json::from_slice(&self.read(&url).await?)
            .map_err(|error| format!("{url}: it describes no provider: {error}"))?;
        if described.issuer != *issuer {
            return Err(format!(
                "{url}: it calls itself «{}», and `issuer` says «{issuer}»",
                described.issuer
            ));
        }
        if self.settings.client.is_some() {
            self.described.set(issuer, described.endpoints());
        }
        Ok((url, described.jwks_uri))
    }

    async fn read(&self, url: &str) -> Result<Vec<u8>, String> {
        let failed = |error: reqwest::Error| format!("{url}: {}", crate::in_full(&error.without_url()));
        let answer = self.client.get(url).send().await.map_err(failed)?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(format!("{url}: it answers {}", answer.status()));
        }
        whole(answer, LARGEST).await.map_err(|error| format!("{url}: {error}"))
    }
}

/// What an answer holds, of so many bytes at most.
pub(super) async fn whole(mut answer: reqwest::Response, at_most: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| crate::in_full(&error.without_url()))? {
        bytes.extend_from_slice(&part);
        if bytes.len() > at_most {
            return Err(format!("it answers with more than {at_most} bytes"));
        }
    }
    Ok(bytes)
}
