//! What `[api.oidc]` means: which identity provider is asked, and what its tokens say.
//!
//! How a token is checked is `api`'s business.

use super::{ConfigProblem, file};
use api::who::Role;
use api::who::oidc::sign_in::Client;
use api::who::oidc::{Settings, is_safe};
use std::path::Path;
use std::time::Duration;

/// What is right for a URL of the provider's.
const SAFE: &str = "write it with https, as the provider does: https://login.example.org/realms/main; http is for the \
                    loopback only";

/// # Errors
/// The first thing that is wrong.
pub(super) fn settings(file: file::Oidc, folder: &Path) -> Result<Settings, Box<ConfigProblem>> {
    if !is_safe(&file.issuer) {
        return Err(ConfigProblem::value("api.oidc.issuer", "is no URL with https").helped(SAFE));
    }
    if file.jwks_url.as_ref().is_some_and(|url| !is_safe(url)) {
        return Err(ConfigProblem::value("api.oidc.jwks_url", "is no URL with https").helped(SAFE));
    }
    let texts = [
        ("api.oidc.audience", &file.audience),
        ("api.oidc.name_claim", &file.name_claim),
        ("api.oidc.roles_claim", &file.roles_claim),
        ("api.oidc.segments_claim", &file.segments_claim),
    ];
    if let Some((key, _)) = texts.into_iter().find(|(_, text)| text.is_empty()) {
        return Err(ConfigProblem::value(key, "is empty"));
    }
    let role = |(word, role): (String, String)| {
        let known = Role::ALL.map(Role::as_str).join(", ");
        let unknown = || {
            ConfigProblem::value(&format!("api.oidc.roles.{word}"), &format!("there is no role `{role}`"))
                .helped(&format!("roles are: {known}"))
        };
        Role::parse(&role).ok_or_else(unknown).map(|role| (word.clone(), role))
    };
    if file.keys_max_age_hours == 0 {
        return Err(ConfigProblem::value("api.oidc.keys_max_age_hours", "must be above zero"));
    }
    let client = client(&file, folder)?;
    Ok(Settings {
        client,
        roles: file.roles.into_iter().map(role).collect::<Result<_, _>>()?,
        issuer: file.issuer,
        audience: file.audience,
        jwks_url: file.jwks_url,
        keys_max_age: Duration::from_secs(u64::from(file.keys_max_age_hours).saturating_mul(3_600)),
        name_claim: file.name_claim,
        roles_claim: file.roles_claim,
        segments_claim: file.segments_claim,
    })
}

/// What Weir is to the provider where people sign in to the console by it; none without `client_id`.
fn client(file: &file::Oidc, folder: &Path) -> Result<Option<Client>, Box<ConfigProblem>> {
    let Some(id) = &file.client_id else {
        let alone = [
            ("api.oidc.client_secret_file", file.client_secret_file.is_some()),
            ("api.oidc.console_url", file.console_url.is_some()),
        ];
        let alone = alone.into_iter().find(|(_, is_said)| *is_said);
        return alone.map_or(Ok(None), |(key, _)| Err(ConfigProblem::value(key, "needs `client_id`")));
    };
    for (key, text) in [("api.oidc.client_id", id), ("api.oidc.scopes", &file.scopes)] {
        if text.trim().is_empty() {
            return Err(ConfigProblem::value(key, "is empty"));
        }
    }
    let Some(console_url) = &file.console_url else {
        return Err(ConfigProblem::value("api.oidc.client_id", "needs `console_url`")
            .helped("write where people reach the console: console_url = \"https://weir.example.com\""));
    };
    // Its cookies are for /console, so it is nowhere else.
    let url = reqwest::Url::parse(console_url).ok().filter(|url| {
        is_safe(console_url) && url.path() == "/" && url.query().is_none() && url.fragment().is_none()
    });
    let Some(url) = url else {
        let wrong = "is no URL of a host with https, without a path";
        return Err(ConfigProblem::value("api.oidc.console_url", wrong)
            .helped("write it like https://weir.example.com; http is for the loopback only"));
    };
    Ok(Some(Client {
        id: id.clone(),
        secret_file: file.client_secret_file.as_ref().map(|secret| folder.join(secret)),
        console_url: url.as_str().trim_end_matches('/').to_owned(),
        scopes: file.scopes.clone(),
        signs_out: file.sign_out_at_provider,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client_of(said: &str) -> Result<Option<Client>, String> {
        let provider = "issuer = \"https://login.example.org/\"\naudience = \"weir\"";
        let file: file::Oidc = toml::from_str(&format!("{provider}\n{said}")).unwrap();
        let settings = settings(file, Path::new("/etc/weir")).map_err(|problem| problem.to_string());
        settings.map(|settings| settings.client)
    }

    #[track_caller]
    fn check_refused(said: &str, expected: [&str; 2]) {
        let told = client_of(said).expect_err("it is refused");
        assert!(expected.iter().all(|part| told.contains(part)), "{said}: {told}");
    }

    #[test]
    fn people_sign_in_by_the_provider_where_it_is_said_what_weir_is_there() {
        assert_eq!(client_of(""), Ok(None));
        let console = "client_id = \"weir\"\nconsole_url = \"https://weir.example:8443/\"";
        let expected = Client {
            id: "weir".to_owned(),
            secret_file: None,
            console_url: "https://weir.example:8443".to_owned(),
            scopes: "openid".to_owned(),
            signs_out: true,
        };
        assert_eq!(client_of(console), Ok(Some(expected.clone())));
        let more = format!("{console}\nclient_secret_file = \"secret\"\nscopes = \"openid roles\"");
        let secret_file = Some("/etc/weir/secret".into());
        let more = format!("{more}\nsign_out_at_provider = false");
        let scopes = "openid roles".to_owned();
        let expected = Client { secret_file, scopes, signs_out: false, ..expected };
        assert_eq!(client_of(&more), Ok(Some(expected)));
    }

    #[test]
    fn what_of_the_client_is_incomplete_or_not_safe_is_refused() {
        let at = |url: &str| format!("client_id = \"weir\"\nconsole_url = \"{url}\"");
        let no_scope = format!("{}\nscopes = \" \"", at("https://weir.example"));
        for (said, expected) in [
            ("keys_max_age_hours = 0", ["api.oidc.keys_max_age_hours", "above zero"]),
            ("client_id = \"\"", ["api.oidc.client_id", "is empty"]),
            ("client_id = \"weir\"", ["api.oidc.client_id", "needs `console_url`"]),
            ("console_url = \"https://weir.example\"", ["api.oidc.console_url", "needs `client_id`"]),
            ("client_secret_file = \"secret\"", ["api.oidc.client_secret_file", "needs `client_id`"]),
            (&at("http://weir.example"), ["api.oidc.console_url", "with https"]),
            (&at("https://weir.example/weir"), ["api.oidc.console_url", "without a path"]),
            (&at("https://weir.example/?a"), ["api.oidc.console_url", "without a path"]),
            (&at("weir.example"), ["api.oidc.console_url", "with https"]),
            (&no_scope, ["api.oidc.scopes", "is empty"]),
        ] {
            check_refused(said, expected);
        }
    }
}
