//! The schema registry over HTTP, with Confluent's API.
//!
//! What the schemas say, and which subjects they belong to, is `schemas`' business. The calls
//! block, and must not be made from an asynchronous runtime's thread.

use reqwest::blocking::{Client, ClientBuilder};
use reqwest::{Certificate, Identity};
use schema_registry_converter::blocking::schema_registry::{SrSettings, perform_sr_call};
use schema_registry_converter::error::SRCError;
use schema_registry_converter::schema_registry_common::{RawError, RawRegisteredSchema, SrCall};
use schemas::{Registry, RegistryError};
use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// "Subject not found", in Confluent's numbering.
const UNKNOWN_SUBJECT: u32 = 40_401;

/// "Schema not found".
const UNKNOWN_SCHEMA: u32 = 40_403;

/// How to reach a schema registry.
#[derive(Clone)]
pub struct RegistrySettings {
    /// Where it is, like `https://registry:8081`; further ones are tried when the first gives no
    /// answer.
    pub urls: Vec<String>,
    /// Who we are there.
    pub credentials: Credentials,
    /// Certificates of authorities to trust besides the system's, as PEM.
    pub authorities: Option<PathBuf>,
    /// Our own certificate and its key, as PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// How long a call may take.
    pub timeout: Duration,
    /// Whether a schema that the registry does not have is registered. Where not, it is refused:
    /// registering may be someone else's right.
    pub auto_register: bool,
}

impl RegistrySettings {
    /// The settings for a registry that asks for nothing.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            urls: vec![url.to_owned()],
            credentials: Credentials::None,
            authorities: None,
            identity: None,
            timeout: Duration::from_secs(10),
            auto_register: false,
        }
    }
}

impl fmt::Debug for RegistrySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrySettings")
            .field("urls", &self.urls)
            .field("credentials", &self.credentials)
            .field("auto_register", &self.auto_register)
            .finish_non_exhaustive()
    }
}

/// Who we are to the registry.
#[derive(Clone, Default)]
pub enum Credentials {
    /// Nobody in particular.
    #[default]
    None,
    /// A name and a password, or an API key and its secret.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// A bearer token.
    Bearer(String),
}

impl fmt::Debug for Credentials {
    /// Leaves out what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credentials::None => "None",
            Credentials::Basic { .. } => "Basic",
            Credentials::Bearer(_) => "Bearer",
        })
    }
}

/// Why a registry cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No URL is given.
    #[error("the schema registry has no URL")]
    NoUrl,
    /// A file of certificates cannot be read.
    #[error("cannot read {path} for the schema registry", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The certificates or the key are of no use.
    #[error("the certificates for the schema registry are of no use")]
    Tls {
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The client cannot be made.
    #[error("cannot make a client for the schema registry: {reason}")]
    Client {
        /// Why.
        reason: String,
    },
    /// It does not answer, or does not let us in.
    #[error("the schema registry at {urls} cannot be used")]
    Unusable {
        /// Where it should be.
        urls: String,
        /// Why.
        #[source]
        source: RegistryError,
    },
}

/// A schema registry. What it has said once is remembered: an id's schema never changes.
pub struct SchemaRegistry {
    /// One for each URL: given all of them at once, the client would take "there is no such schema"
    /// for a failure too, and only what the last one says would count.
    clients: Vec<SrSettings>,
    urls: String,
    auto_register: bool,
    known: Mutex<Known>,
}

/// What the registry has said.
#[derive(Debug, Default)]
struct Known {
    schemas: HashMap<u32, String>,
    /// Ids, by subject and schema.
    ids: HashMap<(String, String), u32>,
}

impl SchemaRegistry {
    /// A registry, which is asked once whether it is there.
    ///
    /// # Errors
    /// When the settings are of no use, or it does not answer, or does not let us in.
    pub fn connect(settings: &RegistrySettings) -> Result<Self, ConnectError> {
        let registry = Self {
            clients: clients(settings)?,
            urls: settings.urls.join(", "),
            auto_register: settings.auto_register,
            known: Mutex::default(),
        };
        // Every registry either has a schema of this id or says that it has none.
        match registry.schema(1) {
            Ok(_) | Err(RegistryError::UnknownId { .. }) => Ok(registry),
            Err(source @ (RegistryError::Unavailable { .. } | RegistryError::Refused { .. })) => {
                Err(ConnectError::Unusable { urls: registry.urls, source })
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Whatever panicked under the lock left a map that holds what it holds.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks one URL after the other, until one answers.
    fn call(&self, call: SrCall<'_>) -> Result<RawRegisteredSchema, SRCError> {
        let mut last = None;
        for client in &self.clients {
            match perform_sr_call(client, call) {
                Err(error) if !is_answer(&error) => last = Some(error),
                answer => return answer,
            }
        }
        Err(last.unwrap_or_else(|| SRCError::non_retryable_without_cause("there is no URL")))
    }

    /// Asks for the id of a schema under a subject; none where the subject does not have it.
    fn look_up(&self, subject: &str, body: &str) -> Result<Option<u32>, RegistryError> {
        match self.call(SrCall::PostForVersion(subject, body)) {
            Ok(answer) => Ok(answer.id),
            Err(error) if matches!(code(&error), Some(UNKNOWN_SUBJECT | UNKNOWN_SCHEMA)) => Ok(None),
            Err(error) => Err(self.failed(&format!("look up a schema of {subject}"), subject, &error)),
        }
    }

    fn register(&self, subject: &str, body: &str) -> Result<u32, RegistryError> {
        let answer = self
            .call(SrCall::PostNew(subject, body))
            .map_err(|error| self.failed(&format!("register a schema of {subject}"), subject, &error))?;
        answer.id.ok_or_else(|| refused(subject, "it answered without an id"))
    }

    fn failed(&self, operation: &str, subject: &str, error: &SRCError) -> RegistryError {
        if is_its_fault(error) {
            let operation = format!("{operation} at {}", self.urls);
            return RegistryError::Unavailable { operation, reason: told(error) };
        }
        refused(subject, &told(error))
    }
}

impl Registry for SchemaRegistry {
    fn id_of(&self, subject: &str, schema_json: &str) -> Result<u32, RegistryError> {
        let key = (subject.to_owned(), schema_json.to_owned());
        if let Some(id) = self.known().ids.get(&key) {
            return Ok(*id);
        }
        let body = serde_json::json!({ "schema": schema_json, "schemaType": "AVRO" }).to_string();
        let id = match self.look_up(subject, &body)? {
            Some(id) => id,
            None if self.auto_register => self.register(subject, &body)?,
            None => return Err(refused(subject, "the schema is not registered, and we may not register it")),
        };
        self.known().ids.insert(key, id);
        Ok(id)
    }

    fn schema(&self, id: u32) -> Result<String, RegistryError> {
        if let Some(schema) = self.known().schemas.get(&id) {
            return Ok(schema.clone());
        }
        let subject = format!("schema {id}");
        let answer = self.call(SrCall::GetById(id)).map_err(|error| match code(&error) {
            Some(UNKNOWN_SCHEMA) => RegistryError::UnknownId { id },
            Some(_) | None => self.failed(&format!("ask for {subject}"), &subject, &error),
        })?;
        let schema = answer.schema.ok_or_else(|| refused(&subject, "it answered without a schema"))?;
        self.known().schemas.insert(id, schema.clone());
        Ok(schema)
    }
}

fn refused(subject: &str, reason: &str) -> RegistryError {
    RegistryError::Refused { subject: subject.to_owned(), reason: reason.to_owned() }
}

/// The registry's own number for an error, if it said one.
fn code(error: &SRCError) -> Option<u32> {
    let raw = error.source()?.downcast_ref::<RawError>()?;
    (raw.error_code != 0).then_some(raw.error_code)
}

/// Whether the registry is out of reach, or failed.
fn is_its_fault(error: &SRCError) -> bool {
    let is_failure = matches!(code(error), Some(50_000..=59_999)) || error.error.contains("status 5");
    error.retriable || is_failure
}

/// Whether the registry itself has answered, and another of its servers would say the same. What
/// comes without its own number may come from something that stands before it.
fn is_answer(error: &SRCError) -> bool {
    code(error).is_some() && !is_its_fault(error)
}

/// The error and all its causes: the outermost says no more than that a call failed.
fn told(error: &SRCError) -> String {
    let mut text = error.error.clone();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn clients(settings: &RegistrySettings) -> Result<Vec<SrSettings>, ConnectError> {
    if settings.urls.is_empty() {
        return Err(ConnectError::NoUrl);
    }
    settings.urls.iter().map(|url| client(url, settings)).collect()
}

fn client(url: &str, settings: &RegistrySettings) -> Result<SrSettings, ConnectError> {
    let mut builder = SrSettings::new_builder(url.trim_end_matches('/').to_owned());
    match &settings.credentials {
        Credentials::None => {}
        Credentials::Basic { username, password } => {
            builder.set_basic_authorization(username, Some(password));
        }
        Credentials::Bearer(token) => {
            builder.set_token_authorization(token);
        }
    }
    builder
        .set_timeout(settings.timeout)
        .build_with(tls(settings)?)
        .map_err(|error| ConnectError::Client { reason: told(&error) })
}

fn tls(settings: &RegistrySettings) -> Result<ClientBuilder, ConnectError> {
    let of_no_use = |source| ConnectError::Tls { source };
    let mut builder = Client::builder();
    if let Some(path) = &settings.authorities {
        for authority in Certificate::from_pem_bundle(&read(path)?).map_err(of_no_use)? {
            builder = builder.add_root_certificate(authority);
        }
    }
    if let Some((certificate, key)) = &settings.identity {
        let identity = Identity::from_pkcs8_pem(&read(certificate)?, &read(key)?).map_err(of_no_use)?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

fn read(path: &Path) -> Result<Vec<u8>, ConnectError> {
    fs::read(path).map_err(|source| ConnectError::Read { path: path.to_owned(), source })
}
