//! The configuration, typed twice: what `weir.toml` may say ([`file`]), and what it means once
//! checked ([`Config`]).
//!
//! Environment variables override it: `WEIR__KAFKA__BROKERS` is `[kafka] brokers`.

mod file;
mod kafka;
mod oidc;
mod problem;
mod registry;
mod secret;
mod tokens;

pub(crate) use file::{ConfigFile, LogFormat};
pub(crate) use problem::ConfigProblem;
pub(crate) use tokens::{lines as token_lines, read as tokens};

use connectors::kafka::KafkaSettings;
use connectors::registry::RegistrySettings;
use schemas::{InputTopic, OutputTopic, SingleTopic, TopicNames};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The JSON Schema of the file, for editors.
pub(crate) fn json_schema() -> serde_json::Value {
    file::json_schema()
}

/// The configuration, checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The log: its brokers, and how we are a member of the group.
    pub(crate) kafka: KafkaSettings,
    /// The schema registry.
    pub(crate) registry: RegistrySettings,
    /// What the topics are called.
    pub(crate) topics: TopicNames,
    /// Where the state lies.
    pub(crate) state_folder: PathBuf,
    /// What the stores may use of memory; worked out from the machine where absent.
    pub(crate) state_memory: Option<u64>,
    /// Where the policy's versions come from.
    pub(crate) policy: PolicySource,
    /// Where HTTP is served.
    pub(crate) listen: SocketAddr,
    /// What is asked of accounts.
    pub(crate) api: Api,
    /// How the engine runs.
    pub(crate) engine: engine::Settings,
    /// How it logs.
    pub(crate) log: Log,
}

/// Where the policy's versions come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PolicySource {
    /// Files.
    Files(PolicyFiles),
    /// They were published.
    Published,
}

/// Where the policy's versions are: some files, a folder, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyFiles {
    /// The files, each a version.
    pub(crate) files: Vec<PathBuf>,
    /// The folder whose files are versions.
    pub(crate) folder: Option<PathBuf>,
    /// Whether they replace what was published.
    pub(crate) replace_published: bool,
}

/// How it logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    /// What is logged, as `tracing` filters it.
    pub(crate) level: String,
    /// In which form; by where it goes where absent.
    pub(crate) format: Option<LogFormat>,
}

/// The API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Api {
    /// Where it is served.
    pub(crate) listen: SocketAddr,
    /// Where other instances reach it, with `{port}` for the port.
    pub(crate) url: Option<String>,
    /// Whether the configuration says so.
    pub(crate) is_asked_for: bool,
    /// The file of those who may ask; everyone may where there is neither it nor a provider.
    pub(crate) tokens: Option<PathBuf>,
    /// The identity provider that knows who may ask.
    pub(crate) oidc: Option<api::who::oidc::Settings>,
    /// What it is served over TLS with; plain where absent.
    pub(crate) tls: Option<TlsFiles>,
    /// How often each person may ask, in questions a second.
    pub(crate) rate_per_second: NonZeroU32,
}

/// What a listener's TLS lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The certificate, and those up to its authority.
    pub(crate) certificate: PathBuf,
    /// Its key.
    pub(crate) key: PathBuf,
}

impl Api {
    /// Where other instances reach it, as it listens at this address.
    pub(crate) fn url_at(&self, address: SocketAddr) -> Option<String> {
        self.url.as_ref().map(|url| url.replace("{port}", &address.port().to_string()))
    }
}

impl Config {
    /// Reads a configuration file, with what the environment overrides.
    ///
    /// # Errors
    /// Everything that is wrong with it, with its place.
    pub(crate) fn load(path: &Path) -> Result<Self, Box<ConfigProblem>> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigProblem::unreadable(path, &source))?;
        let environment = std::env::vars().filter(|(name, _)| name.starts_with(file::PREFIX));
        Self::parse(path, &text, environment.collect())
    }

    /// As [`Config::load`], from these texts. Relative paths are taken from the file's folder.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub(crate) fn parse(
        path: &Path,
        text: &str,
        environment: Vec<(String, String)>,
    ) -> Result<Self, Box<ConfigProblem>> {
        let file = file::read(path, text, environment)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::check(file, folder).map_err(|problem| problem.in_file(path, text))
    }

    fn check(file: ConfigFile, folder: &Path) -> Result<Self, Box<ConfigProblem>> {
        Ok(Self {
            kafka: kafka::settings(file.kafka)?,
            registry: registry::settings(file.registry, folder)?,
            topics: topic_names(&file.topics),
            state_folder: folder.join(file.state.folder),
            state_memory: file.state.memory_bytes,
            policy: policy_source(file.policy, folder)?,
            listen: file.http.listen,
            api: api(file.api, folder)?,
            engine: engine_settings(&file.engine)?,
            log: Log { level: file.log.level, format: file.log.format },
        })
    }
}

/// How often each person may ask the API unless more or less is said, in questions a second: more than a page asks
/// for one person, and far less than keeps a disk busy.
pub(crate) const API_RATE: NonZeroU32 = NonZeroU32::new(50).expect("not zero");

/// Whether other instances can reach something there, once the port stands in it.
fn is_address(url: &str) -> bool {
    let url = reqwest::Url::parse(&url.replace("{port}", "8090"));
    let is_plain = |url: &reqwest::Url| url.query().is_none() && url.fragment().is_none();
    url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain(&url))
}

fn api(file: Option<file::Api>, folder: &Path) -> Result<Api, Box<ConfigProblem>> {
    let is_asked_for = file.is_some();
    let file = file.unwrap_or_default();
    if !file.listen.ip().is_loopback() && file.tokens.is_none() && file.oidc.is_none() {
        let wrong = "is not an address of the loopback, such as 127.0.0.1:8090, and without `tokens` or [api.oidc] \
                     the API asks nobody who they are";
        let help = "name a token file, `tokens = \"tokens.toml\"`; `weir token new` prints what goes into it. Or an \
                    identity provider, in [api.oidc]";
        return Err(ConfigProblem::value("api.listen", wrong).helped(help));
    }
    if let Some(url) = &file.url
        && !is_address(url)
    {
        return Err(ConfigProblem::value(
            "api.url",
            "must be a URL of a host, such as http://127.0.0.1:{port}",
        ));
    }
    let tls = match (file.tls_certificate_file, file.tls_key_file) {
        (Some(certificate), Some(key)) => {
            Some(TlsFiles { certificate: folder.join(certificate), key: folder.join(key) })
        }
        (None, None) => None,
        (Some(_), None) => {
            return Err(ConfigProblem::value("api.tls_certificate_file", "needs `tls_key_file`"));
        }
        (None, Some(_)) => {
            return Err(ConfigProblem::value("api.tls_key_file", "needs `tls_certificate_file`"));
        }
    };
    let rate_per_second = NonZeroU32::new(file.rate_per_second)
        .ok_or_else(|| ConfigProblem::value("api.rate_per_second", "must be above zero"))?;
    let tokens = file.tokens.map(|tokens| folder.join(tokens));
    let oidc = file.oidc.map(|oidc| oidc::settings(oidc, folder)).transpose()?;
    Ok(Api { listen: file.listen, url: file.url, is_asked_for, tokens, oidc, tls, rate_per_second })
}

fn policy_source(policy: file::Policy, folder: &Path) -> Result<PolicySource, Box<ConfigProblem>> {
    let replace_published = policy.replace_published;
    let files: Vec<_> = policy.file.into_iter().chain(policy.files).map(|file| folder.join(file)).collect();
    let folder = policy.folder.map(|policies| folder.join(policies));
    match (policy.published, files.is_empty() && folder.is_none()) {
        (true, true) if replace_published => {
            Err(ConfigProblem::value("policy.replace_published", "is for files, and `published` is on"))
        }
        (true, true) => Ok(PolicySource::Published),
        (true, false) => {
            Err(ConfigProblem::value("policy", "names files, and `published` is on: take one of them out"))
        }
        (false, true) => Err(ConfigProblem::value(
            "policy",
            "names no policy: write `file`, `files` or `folder`, or `published = true`",
        )),
        (false, false) => Ok(PolicySource::Files(PolicyFiles { files, folder, replace_published })),
    }
}

fn positive(key: &str, number: u64) -> Result<u64, Box<ConfigProblem>> {
    if number > 0 { Ok(number) } else { Err(ConfigProblem::value(key, "must be above zero")) }
}

fn topic_names(topics: &file::Topics) -> TopicNames {
    let mut names = TopicNames::default();
    let renamed = |default: &str| match &topics.prefix {
        Some(prefix) => format!("{prefix}{}", default.strip_prefix("weir.").unwrap_or(default)),
        None => default.to_owned(),
    };
    for topic in InputTopic::ALL {
        names = names.with_input(*topic, &renamed(topic.spec().name));
    }
    for topic in OutputTopic::ALL {
        names = names.with_output(*topic, &renamed(topic.spec().name));
    }
    for topic in SingleTopic::ALL {
        names = names.with_single(*topic, &renamed(topic.spec().name));
    }
    names
}

fn engine_settings(file: &file::Engine) -> Result<engine::Settings, Box<ConfigProblem>> {
    let default = engine::Settings::default();
    if file.batch_inputs == 0 {
        return Err(ConfigProblem::value("engine.batch_inputs", "must be above zero"));
    }
    Ok(engine::Settings {
        batch_inputs: file.batch_inputs,
        // Live events go first, however large a batch may grow where they wait.
        timers_per_batch: (file.batch_inputs / 4).clamp(1, default.timers_per_batch),
        commit_interval: Duration::from_millis(file.commit_interval_ms),
        cached_debtors: file.cached_debtors,
        swept_per_batch: (file.batch_inputs / 10).clamp(1, default.swept_per_batch),
        clock_lead: match file.clock_lead_seconds {
            0 => Duration::MAX,
            seconds => Duration::from_secs(seconds),
        },
        oldest_state: Duration::from_secs(file.oldest_state_hours.saturating_mul(3_600)),
        accept_remade_inputs: file.accept_remade_inputs,
        ..default
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const WHOLE: &str = r#"
[kafka]
brokers = "localhost:9092"
group = "weir"
[kafka.properties]
"security.protocol" = "PLAINTEXT"
[registry]
url = "http://localhost:8081"
[state]
folder = "state"
[policy]
file = "policy.yaml"
"#;

    pub(super) fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let environment = environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Config::parse(Path::new("/etc/weir/weir.toml"), text, environment)
            .map_err(|problem| format!("{:?}", miette::Report::new(*problem)))
    }

    #[track_caller]
    pub(super) fn check_refused(text: &str, environment: &[(&str, &str)], expected: &[&str]) {
        let told = parse(text, environment).unwrap_err();
        // As it was before it was broken into lines.
        let told = told.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        for part in expected {
            assert!(told.contains(part), "«{part}» is not said in:\n{told}");
        }
        assert!(!told.contains("hunter"), "a secret is told:\n{told}");
    }

    #[test]
    fn a_whole_file_is_read_and_paths_are_taken_from_its_folder() {
        let config = parse(WHOLE, &[]).unwrap();
        assert_eq!(files_of(&config).files, [Path::new("/etc/weir/policy.yaml")]);
        assert_eq!(config.state_folder, Path::new("/etc/weir/state"));
        assert!(!config.registry.auto_register);
        assert_eq!(config.engine.clock_lead, Duration::from_secs(60));
        assert_eq!(&**config.topics.input(InputTopic::Accounts), "weir.accounts");
    }

    #[test]
    fn the_environment_overrides_the_file_and_may_add_to_it() {
        let environment = [
            ("WEIR__KAFKA__BROKERS", "kafka-1:9092,kafka-2:9092"),
            ("WEIR__KAFKA__GROUP_INSTANCE_ID", "7"),
            ("WEIR__REGISTRY__AUTO_REGISTER", "true"),
            ("WEIR__ENGINE__BATCH_INPUTS", "10"),
            ("WEIR__ENGINE__CLOCK_LEAD_SECONDS", "0"),
            ("WEIR__TOPICS__PREFIX", "blue."),
        ];
        let config = parse(WHOLE, &environment).unwrap();
        assert_eq!(config.kafka.brokers, "kafka-1:9092,kafka-2:9092");
        assert_eq!(config.kafka.group_instance_id.as_deref(), Some("7"), "a number stays the text it is");
        assert!(config.registry.auto_register);
        assert_eq!(config.engine.batch_inputs, 10);
        assert_eq!(config.engine.clock_lead, Duration::MAX, "0 turns the guard off");
        assert_eq!(&**config.topics.output(OutputTopic::Debtors), "blue.debtors");
    }

    #[test]
    fn beyond_the_loopback_people_are_asked_who_they_are() {
        let with = |api: &str| parse(&format!("{WHOLE}[api]\n{api}\n"), &[]);
        let config = parse(WHOLE, &[]).unwrap();
        assert_eq!(
            (config.api.listen.to_string().as_str(), config.api.is_asked_for),
            ("127.0.0.1:8090", false)
        );
        let api = with("listen = \"[::1]:1\"").unwrap().api;
        assert!(api.is_asked_for && api.tokens.is_none() && api.tls.is_none());
        assert_eq!(api.rate_per_second.get(), 50);
        let api = with("listen = \"0.0.0.0:8090\"\ntokens = \"tokens.toml\"").unwrap().api;
        assert_eq!(api.tokens.as_deref(), Some(Path::new("/etc/weir/tokens.toml")));
        let api = with("tls_certificate_file = \"a.pem\"\ntls_key_file = \"a.key\"").unwrap().api;
        let files = api.tls.unwrap();
        assert_eq!(
            (&*files.certificate, &*files.key),
            (Path::new("/etc/weir/a.pem"), Path::new("/etc/weir/a.key"))
        );
        let provider = "[api.oidc]\nissuer = \"https://login.example.org/\"\naudience = \"weir\"";
        let api = with(&format!("listen = \"0.0.0.0:8090\"\n{provider}")).unwrap().api;
        let oidc = api.oidc.unwrap();
        assert_eq!((oidc.name_claim.as_str(), oidc.roles_claim.as_str()), ("preferred_username", "roles"));
        assert_eq!((oidc.segments_claim.as_str(), oidc.jwks_url), ("segments", None));
        assert_eq!(oidc.keys_max_age, Duration::from_hours(24));
        let mapped =
            with(&format!("{provider}\n[api.oidc.roles]\n\"weir-senior\" = \"senior\"")).unwrap().api;
        assert_eq!(mapped.oidc.unwrap().roles["weir-senior"], api::who::Role::Senior);
        let rows = [
            ("listen = \"0.0.0.0:8090\"", ["api.listen", "weir token new"]),
            (&*provider.replace("https", "http"), ["api.oidc.issuer", "with https"]),
            (
                &*format!("{provider}\njwks_url = \"http://10.0.0.1/keys\""),
                ["api.oidc.jwks_url", "with https"],
            ),
            (&*provider.replace("\"weir\"", "\"\""), ["api.oidc.audience", "is empty"]),
            ("[api.oidc]\nissuer = \"https://a\"", ["missing field", "audience"]),
            (&*format!("{provider}\n[api.oidc.roles]\na = \"boss\""), ["api.oidc.roles.a", "no role `boss`"]),
            ("listen = \"10.0.0.1:8090\"", ["asks nobody who they are", "tokens = \"tokens.toml\""]),
            ("tls_key_file = \"a.key\"", ["api.tls_key_file", "needs `tls_certificate_file`"]),
            ("tls_certificate_file = \"a.pem\"", ["api.tls_certificate_file", "needs `tls_key_file`"]),
            ("rate_per_second = 0", ["api.rate_per_second", "above zero"]),
        ];
        for (api, expected) in rows {
            check_refused(&format!("{WHOLE}[api]\n{api}\n"), &[], &expected);
        }
    }

    #[track_caller]
    fn files_of(config: &Config) -> PolicyFiles {
        match &config.policy {
            PolicySource::Files(files) => files.clone(),
            PolicySource::Published => panic!("it names files"),
        }
    }

    #[test]
    fn a_policy_may_have_several_versions_and_must_have_one() {
        let with = |policy: &str| parse(&WHOLE.replace("file = \"policy.yaml\"", policy), &[]);
        let config = with("file = \"a.yaml\"\nfiles = [\"b.yaml\"]\nfolder = \"policies\"").unwrap();
        let files = files_of(&config);
        assert_eq!(files.files, [Path::new("/etc/weir/a.yaml"), Path::new("/etc/weir/b.yaml")]);
        assert_eq!(files.folder.as_deref(), Some(Path::new("/etc/weir/policies")));
        assert_eq!(with("published = true").unwrap().policy, PolicySource::Published);
        let rows = [
            ("", "names no policy"),
            ("published = true\nfile = \"a.yaml\"", "names files, and"),
            ("published = true\nreplace_published = true", "is for files"),
        ];
        for (policy, expected) in rows {
            let told = with(policy).unwrap_err();
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn the_files_that_we_hand_out_are_read() {
        for text in [include_str!("../../docs/examples/weir.toml"), include_str!("../../k8s/base/weir.toml")]
        {
            parse(text, &[]).unwrap();
        }
    }

    #[test]
    fn the_least_that_the_help_speaks_of_is_enough() {
        let lines = crate::cli::RUN_HELP.lines().skip_while(|line| !line.contains("[kafka]"));
        let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).map(str::trim).collect();
        assert_eq!(
            files_of(&parse(&lines.join("\n"), &[]).unwrap()).files,
            [Path::new("/etc/weir/my.policy.yaml")]
        );
    }

    #[test]
    fn an_unknown_key_is_refused_with_file_line_and_suggestion() {
        let text = WHOLE.replace("brokers =", "broker =");
        check_refused(&text, &[], &["weir.toml:3", "broker", "did you mean `brokers`?"]);
        check_refused(&format!("{WHOLE}[kafkaa]\n"), &[], &["kafkaa", "did you mean `kafka`?"]);
    }

    #[test]
    fn a_wrong_value_is_refused_with_what_would_be_right() {
        let text = WHOLE.replace("\"weir\"", "7");
        check_refused(&text, &[], &["weir.toml:4", "expected a string"]);
        check_refused(
            &format!("{WHOLE}[engine]\nbatch_inputs = 0\n"),
            &[],
            &["engine.batch_inputs", "above zero"],
        );
        check_refused("", &[], &["missing", "kafka"]);
    }

    #[test]
    fn a_wrong_variable_is_refused_by_its_name() {
        let environment = [("WEIR__ENGINE__BATCH_INPUTS", "many")];
        check_refused(WHOLE, &environment, &["WEIR__ENGINE__BATCH_INPUTS", "many"]);
        let environment = [("WEIR__KAFKA__BROKER", "x")];
        check_refused(WHOLE, &environment, &["WEIR__KAFKA__BROKER", "did you mean `brokers`?"]);
    }

    #[test]
    fn what_is_wrong_is_told_without_the_secrets_around_it() {
        let with = |line: &str| WHOLE.replace("[state]", &format!("{line}\n[state]"));
        let rows = [
            ("password = \"hunter2\"\nuser = \"weir\"", "unknown field `user`"),
            ("pasword = \"hunter2\"", "did you mean `password`?"),
            ("bearer = \"hunter2\"", "unknown field `bearer`"),
            ("password = hunter2", "weir.toml:9: string values must be quoted"),
            ("password = [\"hunter2\"]", "weir.toml:9: expected a string"),
            ("token = \"hunter2", "weir.toml:9"),
        ];
        for (line, expected) in rows {
            check_refused(&with(line), &[], &[expected]);
        }
        let environment = [("WEIR__REGISTRY__PASWORD", "hunter2")];
        check_refused(WHOLE, &environment, &["WEIR__REGISTRY__PASWORD", "did you mean `password`?"]);
    }
}
