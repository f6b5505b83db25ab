//! What `[registry]` means: where the schema registry is, and who we are there.
//!
//! The files it names are read by whoever connects.

use super::secret::Secret;
use super::{ConfigProblem, file, positive};
use connectors::registry::{Credentials, RegistrySettings};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Relative files are taken from `folder`.
pub(super) fn settings(file: file::Registry, folder: &Path) -> Result<RegistrySettings, Box<ConfigProblem>> {
    let in_folder = |path: Option<PathBuf>| {
        path.filter(|path| !path.as_os_str().is_empty()).map(|path| folder.join(path))
    };
    Ok(RegistrySettings {
        urls: urls(file.url)?,
        credentials: credentials(file.username, file.password, file.token)?,
        authorities: in_folder(file.ca_file),
        identity: identity(in_folder(file.certificate_file), in_folder(file.key_file))?,
        timeout: Duration::from_millis(positive("registry.timeout_ms", file.timeout_ms)?),
        auto_register: file.auto_register,
    })
}

fn urls(urls: file::Urls) -> Result<Vec<String>, Box<ConfigProblem>> {
    let given = match urls {
        // With commas as Confluent's clients take it, which a variable can hold as well.
        file::Urls::One(text) => text.split(',').map(|url| url.trim().to_owned()).collect(),
        file::Urls::Several(urls) => urls,
    };
    let urls: Vec<String> = given.into_iter().filter(|url| !url.is_empty()).collect();
    if urls.is_empty() {
        return Err(ConfigProblem::value("registry.url", "names no registry"));
    }
    urls.iter().try_for_each(|url| check_url(url))?;
    Ok(urls)
}

fn check_url(url: &str) -> Result<(), Box<ConfigProblem>> {
    // First, and without repeating it: errors and logs name the URL.
    if url.contains('@') {
        return Err(ConfigProblem::value("registry.url", "holds a user's name, or a password")
            .helped("give them as `username` and `password`: those are not logged"));
    }
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(ConfigProblem::value("registry.url", &format!("«{url}» is no URL of a registry"))
            .helped("write it like https://registry:8081; several as a list, or with commas between them"));
    }
    Ok(())
}

/// Empty texts count as absent: so a template leaves out what it has no value for.
fn given(secret: Option<Secret>) -> Option<String> {
    // The last line's end comes from the file that the secret was made of.
    let text = secret?.reveal().trim_end_matches(['\r', '\n']).to_owned();
    (!text.is_empty()).then_some(text)
}

fn credentials(
    username: Option<String>,
    password: Option<Secret>,
    token: Option<Secret>,
) -> Result<Credentials, Box<ConfigProblem>> {
    let username = username.filter(|username| !username.is_empty());
    match (username, given(password), given(token)) {
        (None, None, None) => Ok(Credentials::None),
        (Some(username), Some(password), None) => Ok(Credentials::Basic { username, password }),
        (None, None, Some(token)) => Ok(Credentials::Bearer(token)),
        (Some(_), None, None) => {
            Err(ConfigProblem::value("registry.username", "has no `password` beside it")
                .helped("give the password by the environment: WEIR__REGISTRY__PASSWORD"))
        }
        (None, Some(_), None) => {
            Err(ConfigProblem::value("registry.password", "has no `username` beside it")
                .helped("add `username`; a token that stands alone is given as `token`"))
        }
        (Some(_), _, Some(_)) => Err(two_ways("username")),
        (None, Some(_), Some(_)) => Err(two_ways("password")),
    }
}

fn two_ways(other: &str) -> Box<ConfigProblem> {
    let message = format!("cannot be given together with `{other}`");
    ConfigProblem::value("registry.token", &message).helped(
        "keep either `token`, or `username` and `password`; variables WEIR__REGISTRY__… count as well",
    )
}

fn identity(
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Result<Option<(PathBuf, PathBuf)>, Box<ConfigProblem>> {
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (Some(_), None) => {
            Err(ConfigProblem::value("registry.certificate_file", "has no `key_file` beside it")
                .helped("add `key_file`: the certificate's private key, as PEM (PKCS #8)"))
        }
        (None, Some(_)) => {
            Err(ConfigProblem::value("registry.key_file", "has no `certificate_file` beside it")
                .helped("add `certificate_file`: the certificate that the key belongs to, as PEM"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{WHOLE, check_refused, parse};
    use super::*;

    const URL: &str = "url = \"http://localhost:8081\"";

    fn with(lines: &str) -> String {
        WHOLE.replace(URL, &format!("{URL}\n{lines}"))
    }

    #[track_caller]
    fn registry(text: &str, environment: &[(&str, &str)]) -> RegistrySettings {
        parse(text, environment).unwrap().registry
    }

    #[test]
    fn a_registry_may_be_at_several_urls() {
        let both = ["http://a:8081", "https://b/registry"];
        let list = "url = [\"http://a:8081\", \"https://b/registry\"]";
        assert_eq!(registry(&WHOLE.replace(URL, list), &[]).urls, both);
        let commas = [("WEIR__REGISTRY__URL", "http://a:8081, https://b/registry")];
        assert_eq!(registry(WHOLE, &commas).urls, both);
    }

    #[test]
    fn what_is_no_url_of_a_registry_is_refused() {
        let rows = [
            ("url = []", "names no registry"),
            ("url = \"\"", "names no registry"),
            ("url = 7", "expected a URL, or a list of URLs"),
            ("url = \"registry:8081\"", "«registry:8081» is no URL"),
            ("url = [\"http://a\", \"b\"]", "«b» is no URL"),
            ("url = \"https://weir:hunter2@registry\"", "give them as `username` and `password`"),
        ];
        for (line, expected) in rows {
            check_refused(&WHOLE.replace(URL, line), &[], &[expected]);
        }
        check_refused(WHOLE, &[("WEIR__REGISTRY__URL", "[\"http://a\"]")], &["with commas between them"]);
    }

    #[test]
    fn credentials_come_from_the_file_or_the_environment() {
        let basic = registry(&with("username = \"weir\""), &[("WEIR__REGISTRY__PASSWORD", "7")]).credentials;
        let Credentials::Basic { username, password } = basic else { panic!("{basic:?}") };
        assert_eq!((&*username, &*password), ("weir", "7"), "a number stays the text it is");
        let bearer = registry(&with("token = \"hunter2\\n\"\nusername = \"\""), &[]).credentials;
        let Credentials::Bearer(token) = bearer else { panic!("{bearer:?}") };
        assert_eq!(token, "hunter2");
        assert!(matches!(registry(WHOLE, &[]).credentials, Credentials::None));
    }

    #[test]
    fn contradictions_are_refused_by_name_with_what_would_be_right() {
        let rows: &[(&str, &[&str])] = &[
            ("username = \"weir\"", &["registry.username", "`password`", "WEIR__REGISTRY__PASSWORD"]),
            ("password = \"hunter2\"", &["registry.password", "add `username`"]),
            ("token = \"hunter2\"\nusername = \"weir\"", &["registry.token", "`username`", "keep either"]),
            ("token = \"hunter2\"\npassword = \"hunter3\"", &["registry.token", "with `password`"]),
            ("certificate_file = \"weir.pem\"", &["registry.certificate_file", "add `key_file`"]),
            ("key_file = \"weir.key\"", &["registry.key_file", "add `certificate_file`"]),
            ("timeout_ms = 0", &["registry.timeout_ms", "above zero"]),
        ];
        for (lines, expected) in rows {
            check_refused(&with(lines), &[], expected);
        }
    }

    #[test]
    fn files_are_taken_from_the_configurations_folder() {
        let lines = "ca_file = \"ca.pem\"\ncertificate_file = \"/run/weir.pem\"\nkey_file = \"tls/weir.key\"";
        let registry = registry(&with(&format!("{lines}\ntimeout_ms = 500")), &[]);
        assert_eq!(registry.authorities.unwrap(), Path::new("/etc/weir/ca.pem"));
        let (certificate, key) = registry.identity.unwrap();
        assert_eq!(certificate, Path::new("/run/weir.pem"));
        assert_eq!(key, Path::new("/etc/weir/tls/weir.key"));
        assert_eq!(registry.timeout, Duration::from_millis(500));
    }

    #[test]
    fn secrets_are_not_shown() {
        let text = with("username = \"weir\"\npassword = \"hunter2\"");
        let shown = format!("{:?}", parse(&text, &[]).unwrap());
        assert!(shown.contains("Basic") && !shown.contains("hunter2"), "{shown}");
    }
}
