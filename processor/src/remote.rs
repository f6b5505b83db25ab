//! Asks a running Weir over its HTTP API, for `weir explain --url` and `weir why-not --url`.
//!
//! What the answers say is `whatif`'s business, and who may ask is the running Weir's.

use crate::cli::{LifeArguments, RemoteArguments};
use miette::{Context, IntoDiagnostic, miette};
use reqwest::StatusCode;
use reqwest::Url;
use reqwest::blocking::{Client, Response};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::error::Error;
use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};
use whatif::explain::Story;
use whatif::why_not::Told;

/// How long one answer may take.
const TIME_OUT: Duration = Duration::from_secs(10);

/// How long it is asked again while an account's partition moves: a move takes some seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long is waited at least before it is asked again, so that a zero does not make a busy loop.
const LEAST_WAIT: Duration = Duration::from_millis(500);

/// The largest answer that is read, in bytes: that of a life of two hundred long records is a hundredth of it.
const LARGEST_ANSWER: u64 = 64 * 1024 * 1024;

/// A running Weir, asked about one account.
pub(crate) struct Remote {
    client: Client,
    base: Url,
    account: String,
    debtor: Option<String>,
    patience: Duration,
}

impl Remote {
    /// The one that is to be asked; none where a life is to be played here.
    pub(crate) fn of(arguments: &RemoteArguments, life: &LifeArguments) -> miette::Result<Option<Self>> {
        let url = match (&arguments.url, &life.policy) {
            (Some(url), _) => url,
            // The environment's is meant only where nothing is to be played.
            (None, Some(_)) => return Ok(None),
            (None, None) => match &arguments.url_of_environment {
                Some(url) if !url.is_empty() => url,
                Some(_) | None => return Ok(None),
            },
        };
        let Some(account) = &life.account else {
            return Err(miette!(
                help = "say whose life with --account",
                "a running Weir is asked about one account"
            ));
        };
        let token = arguments.token_file.as_deref().map(bearer).transpose()?;
        Self::new(url, account, arguments.debtor.as_deref(), token, PATIENCE).map(Some)
    }

    fn new(
        url: &str,
        account: &str,
        debtor: Option<&str>,
        token: Option<HeaderValue>,
        patience: Duration,
    ) -> miette::Result<Self> {
        let headers = token.map(|token| (AUTHORIZATION, token)).into_iter().collect::<HeaderMap>();
        let client = Client::builder().timeout(TIME_OUT).default_headers(headers).build();
        Ok(Self {
            client: client.into_diagnostic().wrap_err("cannot make a client for HTTP")?,
            base: base(url)?,
            account: account.to_owned(),
            debtor: debtor.map(str::to_owned),
            patience,
        })
    }

    /// The life of the account, as its history tells it.
    pub(crate) fn story(&self) -> miette::Result<Story> {
        self.ask("story", &[])
    }

    /// Why what is asked about has not acted.
    pub(crate) fn why_not(&self, asked: &[(&str, &str)]) -> miette::Result<Told> {
        self.ask("why-not", asked)
    }

    fn ask<T: DeserializeOwned>(&self, what: &str, query: &[(&str, &str)]) -> miette::Result<T> {
        let url = self.address(what, query);
        let until = Instant::now() + self.patience;
        let mut has_said = false;
        loop {
            let answer = self.client.get(url.clone()).send().map_err(|error| self.unreachable(&error))?;
            let moves = answer.status() == StatusCode::SERVICE_UNAVAILABLE;
            let wait = retry_after(&answer).filter(|_| moves).map(|wait| wait.max(LEAST_WAIT));
            let left = until.saturating_duration_since(Instant::now());
            match wait.filter(|wait| *wait <= left) {
                Some(wait) => {
                    if !has_said {
                        let seconds = self.patience.as_secs();
                        eprintln!(
                            "nobody answers for {} at this moment: asked again for up to {seconds} s",
                            self.account
                        );
                        has_said = true;
                    }
                    std::thread::sleep(wait);
                }
                None => return self.read(answer),
            }
        }
    }

    fn address(&self, what: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        // An address of HTTP always has segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["v1", "accounts", &self.account, what]);
        }
        let debtor = self.debtor.iter().map(|debtor| ("debtor", debtor.as_str()));
        let query: Vec<_> = query.iter().copied().chain(debtor).collect();
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    fn read<T: DeserializeOwned>(&self, answer: Response) -> miette::Result<T> {
        let (status, again) = (answer.status(), retry_after(&answer));
        let mut body = Vec::new();
        let read = answer.take(LARGEST_ANSWER).read_to_end(&mut body);
        read.map_err(|error| miette!("the answer of {} breaks off: {error}", self.base))?;
        if status != StatusCode::OK {
            return Err(self.declined(status, again, serde_json::from_slice(&body).ok()));
        }
        serde_json::from_slice(&body).map_err(|error| {
            miette!(
                help = "is this the address that `[api] listen` has there, and not one of something before it? \
                        Is the `weir` that asks as new as the one that answers?",
                "what {} answers cannot be read: {error}",
                self.base
            )
        })
    }

    /// It did not answer at all.
    fn unreachable(&self, error: &reqwest::Error) -> miette::Report {
        let base = &self.base;
        if error.is_timeout() {
            let help = "is it the API's address (`[api] listen`)? What is between here and there may drop it";
            return miette!(help = help, "{base} gives no answer within {} s", TIME_OUT.as_secs());
        }
        let help = "is `[api] listen` set there, and is this its address?";
        miette!(help = help, "cannot reach {base}: {}", root(error))
    }

    /// It answered that it does not tell.
    fn declined(
        &self,
        status: StatusCode,
        again: Option<Duration>,
        problem: Option<Problem>,
    ) -> miette::Report {
        let (base, account) = (&self.base, &self.account);
        let is_told = problem.is_some();
        let is_about_account = problem.as_ref().is_some_and(Problem::is_about_account);
        let why = problem.and_then(Problem::words).unwrap_or_else(|| status.to_string());
        let again = again.map_or("later".to_owned(), |again| format!("in {} s", again.as_secs()));
        match status {
            StatusCode::UNAUTHORIZED => miette!(
                help = "give a token that it takes: --token-file FILE, or WEIR_TOKEN_FILE",
                "{base} does not know who asks: {why}"
            ),
            StatusCode::FORBIDDEN => miette!(
                help = "the token must be of someone who may see this account: --token-file FILE, or WEIR_TOKEN_FILE",
                "{base} does not tell this of {account}: {why}"
            ),
            StatusCode::NOT_FOUND if is_told && (self.debtor.is_some() || !is_about_account) => {
                miette!("{why}")
            }
            StatusCode::NOT_FOUND if is_told => {
                miette!(help = "where another account pays for it, say which with --debtor", "{why}")
            }
            StatusCode::NOT_FOUND => miette!(
                help = "is this the address that `[api] listen` has there, without a path of the API?",
                "{base} knows no such page: {why}"
            ),
            StatusCode::TOO_MANY_REQUESTS => {
                miette!(help = format!("ask again {again}"), "{base} is asked too much: {why}")
            }
            StatusCode::SERVICE_UNAVAILABLE => miette!(
                help = format!(
                    "ask again {again}; where it stays so, ask /readyz of each instance, and `weir doctor` what is wrong"
                ),
                "nobody answers for {account} now: {why}"
            ),
            // Whatever else it is, it says itself.
            _ => miette!(help = "its log says more", "{base} answers {status}: {why}"),
        }
    }
}

/// Why it does not tell, as RFC 9457 has it.
#[derive(Deserialize)]
struct Problem {
    #[serde(rename = "type")]
    kind: Option<String>,
    title: Option<String>,
    detail: Option<String>,
}

impl Problem {
    /// Whether nothing is known of the account, and not of what was asked about it.
    fn is_about_account(&self) -> bool {
        self.kind.as_deref() == Some("urn:weir:problem:unknown-account")
    }

    fn words(self) -> Option<String> {
        self.detail.or(self.title)
    }
}

/// The address of a running Weir: where its API begins.
fn base(url: &str) -> miette::Result<Url> {
    let no_address = |why: &dyn std::fmt::Display| {
        miette!(
            help = "write it as http://127.0.0.1:8090 or https://weir.example.com",
            "«{url}» is no address: {why}"
        )
    };
    let base = Url::parse(url).map_err(|error| no_address(&error))?;
    if !matches!(base.scheme(), "http" | "https") {
        return Err(no_address(&"it does not begin with http:// or https://"));
    }
    Ok(base)
}

/// The header that says who asks, by the token in a file.
fn bearer(path: &Path) -> miette::Result<HeaderValue> {
    let at = || format!("cannot read the token in {}", path.display());
    let text = std::fs::read_to_string(path).into_diagnostic().wrap_err_with(at)?;
    let token = text.trim();
    if token.is_empty() {
        return Err(miette!("there is no token in {}", path.display()));
    }
    let header = HeaderValue::from_str(&format!("Bearer {token}"));
    // Why it is none is not told: that would show a part of it.
    let mut header = header.map_err(|_| {
        miette!(
            help = "a token is one line of letters, digits and signs",
            "{} holds no token",
            path.display()
        )
    })?;
    header.set_sensitive(true);
    Ok(header)
}

/// How long it asks to wait, where it says so in seconds.
fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The cause of causes: what went wrong, without who told whom.
fn root(error: &dyn Error) -> String {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root.to_string()
}

#[cfg(test)]
mod tests;
