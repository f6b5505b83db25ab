//! What `[api.oidc]` means: which identity provider is asked, and what its tokens say.
//!
//! How a token is checked is `api`'s business.

use super::{ConfigProblem, file};
use api::who::Role;
use api::who::oidc::{Settings, is_safe};

/// What is right for a URL of the provider's.
const SAFE: &str = "write it with https, as the provider does: https://login.example.org/realms/main; http is for the \
                    loopback only";

/// # Errors
/// The first thing that is wrong.
pub(super) fn settings(file: file::Oidc) -> Result<Settings, Box<ConfigProblem>> {
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
    Ok(Settings {
        roles: file.roles.into_iter().map(role).collect::<Result<_, _>>()?,
        issuer: file.issuer,
        audience: file.audience,
        jwks_url: file.jwks_url,
        name_claim: file.name_claim,
        roles_claim: file.roles_claim,
        segments_claim: file.segments_claim,
    })
}
