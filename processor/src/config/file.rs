//! What `weir.toml` may say: every key there is, and nothing else.
//!
//! What it means is [`super::Config`]'s business.

use super::ConfigProblem;
use super::secret::Secret;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What the names of overriding environment variables begin with.
pub(super) const PREFIX: &str = "WEIR__";

/// What follows it, in small letters, where a property of librdkafka is set.
const PROPERTIES: &str = "kafka__properties__";

/// The whole file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    /// `[kafka]`
    pub(crate) kafka: Kafka,
    /// `[registry]`
    pub(crate) registry: Registry,
    /// `[topics]`
    #[serde(default)]
    pub(crate) topics: Topics,
    /// `[state]`
    pub(crate) state: State,
    /// `[policy]`
    pub(crate) policy: Policy,
    /// `[http]`
    #[serde(default)]
    pub(crate) http: Http,
    /// `[api]`
    pub(crate) api: Option<Api>,
    /// `[engine]`
    #[serde(default)]
    pub(crate) engine: Engine,
    /// `[log]`
    #[serde(default)]
    pub(crate) log: Log,
}

/// `[kafka]`: the log.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kafka {
    /// The brokers to reach first: `host:port,host:port`.
    pub(crate) brokers: String,
    /// The consumer group, and the beginning of every transactional id.
    #[serde(default = "default_group")]
    pub(crate) group: String,
    /// This process's place in the group, kept over a restart: one for each process.
    pub(crate) group_instance_id: Option<String>,
    /// How the group gives partitions to its members.
    #[serde(default)]
    pub(crate) group_protocol: GroupProtocol,
    /// After how long without a sign of life its partitions go to others, in milliseconds. With
    /// the classic protocol only; with the other one the broker says so.
    pub(crate) session_timeout_ms: Option<u64>,
    /// Further properties of librdkafka, such as `security.protocol`. Passwords are among them.
    #[serde(default)]
    pub(crate) properties: BTreeMap<String, Secret>,
}

/// How the group gives partitions to its members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GroupProtocol {
    /// All partitions from everyone at each rebalance, and anew.
    #[default]
    Classic,
    /// KIP-848: some partitions at a time, by the broker.
    Consumer,
}

/// `[registry]`: the schema registry.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registry {
    /// Where it is, with Confluent's API.
    pub(crate) url: Urls,
    /// Who we are there, with `password`; or an API key, with its secret.
    pub(crate) username: Option<String>,
    /// Best given by the environment: `WEIR__REGISTRY__PASSWORD`.
    pub(crate) password: Option<Secret>,
    /// A bearer token instead of a name. Best given by the environment, too.
    pub(crate) token: Option<Secret>,
    /// Certificates of authorities to trust besides the system's, as PEM.
    pub(crate) ca_file: Option<PathBuf>,
    /// Our own certificate, as PEM.
    pub(crate) certificate_file: Option<PathBuf>,
    /// Its key, as PEM (PKCS #8).
    pub(crate) key_file: Option<PathBuf>,
    /// How long a call may take, in milliseconds.
    #[serde(default = "default_registry_timeout_ms")]
    pub(crate) timeout_ms: u64,
    /// Whether schemas that it lacks are registered. Off in production: there, a release does it.
    #[serde(default)]
    pub(crate) auto_register: bool,
}

/// Where the registry is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a URL, or a list of URLs")]
pub(crate) enum Urls {
    /// One, or several with commas between them.
    One(String),
    /// Several: the further ones are tried when the first fails.
    Several(Vec<String>),
}

/// `[topics]`: what they are called.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Topics {
    /// What stands before each name instead of `weir.`
    pub(crate) prefix: Option<String>,
}

/// `[state]`: where the state lies.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// What the stores may use of memory, in bytes; a part of the machine's, or of the
    /// container's limit, where absent.
    pub(crate) memory_bytes: Option<u64>,
}

/// `[policy]`: what is decided.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    /// A policy file.
    pub(crate) file: Option<PathBuf>,
    /// Several: the versions of one policy, each with the date from which it holds.
    #[serde(default)]
    pub(crate) files: Vec<PathBuf>,
    /// A folder: every `.yaml` file in it is a version, but for tests (`.tests.yaml`).
    pub(crate) folder: Option<PathBuf>,
    /// Whether the versions are those that were published (`weir policy publish`), instead of files: for
    /// whoever runs more than one instance.
    #[serde(default)]
    pub(crate) published: bool,
    /// Whether files replace what was published: without it, a partition that went by that is not taken.
    #[serde(default)]
    pub(crate) replace_published: bool,
}

/// `[http]`: metrics and probes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Http {
    /// Where it is served.
    pub(crate) listen: SocketAddr,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8080)) }
    }
}

/// `[api]`: what is asked of accounts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Api {
    /// Where it is served: an address of the loopback, unless there are `tokens` or `[api.oidc]`.
    pub(crate) listen: SocketAddr,
    /// Where other instances reach it, such as `http://127.0.0.1:{port}`: they ask it for the accounts that it works
    /// on, and it asks them. `{port}` is the port that it listens on.
    pub(crate) url: Option<String>,
    /// The file of those who may ask, by their tokens (`weir token new`). Without it and without `[api.oidc]` nobody is
    /// asked who they are.
    pub(crate) tokens: Option<PathBuf>,
    /// The listener's certificate and those up to its authority, as PEM; without it plain HTTP is spoken.
    pub(crate) tls_certificate_file: Option<PathBuf>,
    /// Its key, as PEM (PKCS #8).
    pub(crate) tls_key_file: Option<PathBuf>,
    /// How many questions each person may ask in a second; at once, twice as many.
    pub(crate) rate_per_second: u32,
    /// `[api.oidc]`
    pub(crate) oidc: Option<Oidc>,
}

/// `[api.oidc]`: the identity provider whose tokens (JWT) say who asks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Oidc {
    /// What the provider calls itself, letter by letter, as in the claim `iss` of its tokens; with https.
    pub(crate) issuer: String,
    /// What Weir is called there: the claim `aud` of its tokens.
    pub(crate) audience: String,
    /// Where its keys are; else its description says so, at `{issuer}/.well-known/openid-configuration`.
    pub(crate) jwks_url: Option<String>,
    /// For how many hours its keys are taken after they were read last, where it is down meanwhile: after that nobody
    /// whom it knows is let in.
    #[serde(default = "default_keys_max_age_hours")]
    #[schemars(range(min = 1))]
    pub(crate) keys_max_age_hours: u32,
    /// The claim by which people are called; those who have it not are called by `sub`.
    #[serde(default = "default_name_claim")]
    pub(crate) name_claim: String,
    /// The claim of a person's roles, a text or a list; a path has points: `realm_access.roles`.
    #[serde(default = "default_roles_claim")]
    pub(crate) roles_claim: String,
    /// Which of the provider's words is which role: `"weir-senior" = "senior"`. Without any, they are Weir's own.
    #[serde(default)]
    pub(crate) roles: BTreeMap<String, String>,
    /// The claim of the segments whose accounts an agent or a senior sees, a text or a list; `*` is all.
    #[serde(default = "default_segments_claim")]
    pub(crate) segments_claim: String,
    /// The id of the client that Weir is at the provider. With it people sign in to the console by the provider; without
    /// it they bring a token.
    pub(crate) client_id: Option<String>,
    /// The file of that client's secret; without it the client is a public one.
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Where people reach the console, such as `https://weir.example.com`: the provider sends them back to
    /// `{console_url}/console/sign-in/provider/done`. Only with `client_id`, and needed there.
    pub(crate) console_url: Option<String>,
    /// What is asked of the provider when somebody signs in, with spaces between the words.
    #[serde(default = "default_scopes")]
    pub(crate) scopes: String,
    /// Whether people who sign out of the console are led to the provider, to be signed out there as well, where its
    /// description has an `end_session_endpoint`.
    #[serde(default = "default_sign_out_at_provider")]
    pub(crate) sign_out_at_provider: bool,
}

fn default_keys_max_age_hours() -> u32 {
    24
}

fn default_sign_out_at_provider() -> bool {
    true
}

fn default_scopes() -> String {
    "openid".to_owned()
}

fn default_name_claim() -> String {
    "preferred_username".to_owned()
}

fn default_roles_claim() -> String {
    "roles".to_owned()
}

fn default_segments_claim() -> String {
    "segments".to_owned()
}

impl Default for Api {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8090)),
            url: None,
            tokens: None,
            tls_certificate_file: None,
            tls_key_file: None,
            rate_per_second: super::API_RATE.get(),
            oidc: None,
        }
    }
}

/// `[engine]`: how it runs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Engine {
    /// How long after a commit the next one begins, in milliseconds.
    pub(crate) commit_interval_ms: u64,
    /// The most events and timers in one transaction.
    pub(crate) batch_inputs: usize,
    /// The most debtors kept decoded in each partition.
    pub(crate) cached_debtors: usize,
    /// How far the wall clock may be ahead of the newest record in the log before what is due waits,
    /// in seconds; 0 lets it be what it is.
    pub(crate) clock_lead_seconds: u64,
    /// State older than this is rebuilt, in hours: half of the changelog's `delete.retention.ms`.
    pub(crate) oldest_state_hours: u64,
    /// Whether an input topic that was deleted and made anew is read from its start, and one that lost what was
    /// not read on from what it holds. Only for the start after that: otherwise it is refused.
    pub(crate) accept_remade_inputs: bool,
}

impl Default for Engine {
    fn default() -> Self {
        let settings = engine::Settings::default();
        Self {
            commit_interval_ms: u64::try_from(settings.commit_interval.as_millis()).unwrap_or(5),
            batch_inputs: settings.batch_inputs,
            cached_debtors: settings.cached_debtors,
            clock_lead_seconds: settings.clock_lead.as_secs(),
            oldest_state_hours: settings.oldest_state.as_secs() / 3_600,
            accept_remade_inputs: settings.accept_remade_inputs,
        }
    }
}

/// `[log]`: what it says of itself.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// What is logged: `info`, or by module: `info,engine=debug`.
    pub(crate) level: String,
    /// In which form; JSON where stdout is no terminal, unless said.
    pub(crate) format: Option<LogFormat>,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: None }
    }
}

/// In which form it logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// A JSON object a line, for programs.
    Json,
    /// Lines for people.
    Text,
}

fn default_group() -> String {
    "weir".to_owned()
}

/// It answers in milliseconds: one that takes this long is out of reach, and it is the next one's turn.
fn default_registry_timeout_ms() -> u64 {
    10_000
}

/// The JSON Schema of the file, for editors. What is required may come by the environment instead.
pub(super) fn json_schema() -> serde_json::Value {
    schemars::schema_for!(ConfigFile).to_value()
}

/// Reads the file, then what the environment overrides.
pub(super) fn read(
    path: &Path,
    text: &str,
    environment: Vec<(String, String)>,
) -> Result<ConfigFile, Box<ConfigProblem>> {
    let in_file = |error| Box::new(ConfigProblem::in_toml(path, text, &error));
    let mut table: toml::Table = toml::from_str(text).map_err(in_file)?;
    let parsed = toml::from_str::<ConfigFile>(text);
    if environment.is_empty() {
        return parsed.map_err(in_file);
    }
    // What the file says wrong is told as its own fault, unless a variable may mend it.
    if let Err(error) = &parsed
        && !error.message().starts_with("missing field")
    {
        return parsed.map_err(in_file);
    }
    let mut last = parsed.map_err(in_file);
    let mut set_by = BTreeMap::new();
    for (name, value) in environment {
        let keys = keys_of(&name);
        if let Some(other) = set_by.insert(keys.clone(), name.clone()) {
            return Err(ConfigProblem::two_variables(&other, &name, &keys.join(".")));
        }
        last = apply(&mut table, &name, &keys, &value, last)?;
    }
    last
}

/// The keys that a variable's name spells: `WEIR__KAFKA__BROKERS` is `brokers` of `[kafka]`.
///
/// A shell takes no point in a name, and no property of librdkafka has an underscore: there one
/// stands for the other.
fn keys_of(name: &str) -> Vec<String> {
    let name = name.strip_prefix(PREFIX).unwrap_or(name).to_lowercase();
    match name.strip_prefix(PROPERTIES) {
        Some(property) => vec!["kafka".to_owned(), "properties".to_owned(), property.replace('_', ".")],
        None => name.split("__").map(str::to_owned).collect(),
    }
}

/// Sets one variable in the table: as text, or where that does not fit as the TOML value it spells.
fn apply(
    table: &mut toml::Table,
    name: &str,
    keys: &[String],
    value: &str,
    before: Result<ConfigFile, Box<ConfigProblem>>,
) -> Result<Result<ConfigFile, Box<ConfigProblem>>, Box<ConfigProblem>> {
    let mut candidates = vec![toml::Value::String(value.to_owned())];
    if let Ok(mut spelled) = toml::from_str::<toml::Table>(&format!("value = {value}")) {
        candidates.extend(spelled.remove("value"));
    }
    let mut fault = None;
    for candidate in candidates {
        let mut changed = table.clone();
        set(&mut changed, keys, candidate);
        match ConfigFile::deserialize(toml::Value::Table(changed.clone())) {
            Ok(file) => {
                *table = changed;
                return Ok(Ok(file));
            }
            // Something else is still missing: the variables that follow may bring it.
            Err(error) if error.message().starts_with("missing field") && before.is_err() => {
                *table = changed;
                return Ok(before);
            }
            Err(error) => fault = Some(error),
        }
    }
    let message = fault.map_or_else(String::new, |error| error.message().to_owned());
    Err(Box::new(ConfigProblem::in_variable(name, value, &message)))
}

fn set(table: &mut toml::Table, keys: &[String], value: toml::Value) {
    let Some((first, rest)) = keys.split_first() else { return };
    if rest.is_empty() {
        table.insert(first.clone(), value);
        return;
    }
    let inner = table.entry(first.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let toml::Value::Table(inner) = inner {
        set(inner, rest, value);
    }
}
