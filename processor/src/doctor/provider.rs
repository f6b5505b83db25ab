//! What an instance needs of the identity provider: its keys, and where people sign in, where they are to.
//!
//! How it is asked is `api`'s business.

use super::Finding;
use api::open_to_others;
use api::who::oidc::Settings;
use api::who::oidc::look::{SigningIn, look as look_at};
use api::who::oidc::sign_in::Client;

/// Looks at the provider, and at what people sign in with.
pub(super) fn look(settings: &Settings) -> Vec<Finding> {
    const ABOUT: &str = "provider";
    let looked = match look_at(settings) {
        Ok(looked) => looked,
        Err(error) => {
            return vec![Finding::wrong(ABOUT, super::whole(&error), "look at [api.oidc]")];
        }
    };
    let mut findings = vec![match looked.keys {
        Ok(count) => Finding::good(ABOUT, format!("{} tells its keys: {count} can be used", settings.issuer)),
        Err(error) => Finding::wrong(
            ABOUT,
            error,
            "is `issuer` in [api.oidc] right, letter by letter, and reached from here? Until its keys are read nobody \
             whom it knows is let in",
        ),
    }];
    if let (Some(client), Some(found)) = (&settings.client, looked.sign_in) {
        findings.push(signing_in(settings, client, &found));
        findings.extend(secret(client, found.secret));
    }
    findings
}

/// People can sign in to the console by it.
fn signing_in(settings: &Settings, client: &Client, found: &SigningIn) -> Finding {
    const ABOUT: &str = "sign-in";
    match &found.is_open {
        Ok(true) => {
            let out = match (found.signs_out, client.signs_out) {
                (true, true) => "who signs out there is signed out at the provider too",
                (false, true) => "it says no place to sign out: who signs out there stays signed in at it",
                (_, false) => "who signs out there stays signed in at it",
            };
            Finding::good(ABOUT, format!("people sign in to {}/console/ by it; {out}", client.console_url))
        }
        Ok(false) => Finding::wrong(
            ABOUT,
            format!(
                "the description of {} has no authorization_endpoint and token_endpoint with https: the console \
                 shows no button",
                settings.issuer
            ),
            "let the provider describe them, or take `client_id` out of [api.oidc]: people paste a token then",
        ),
        Err(error) => Finding::wrong(
            ABOUT,
            format!("where people sign in cannot be read: {error}"),
            "is `issuer` in [api.oidc] right, and reached from here? The console shows no button until it is read",
        ),
    }
}

/// The secret can be read, by few.
fn secret(client: &Client, found: Option<Result<(), String>>) -> Option<Finding> {
    const ABOUT: &str = "client secret";
    let (file, found) = (client.secret_file.as_ref()?, found?);
    let shown = file.display();
    Some(match (found, open_to_others(file)) {
        (Err(error), _) => Finding::wrong(
            ABOUT,
            error,
            "let the user that Weir runs as read `client_secret_file`; without it the client is a public one",
        ),
        (Ok(()), Some(mode)) => Finding::doubtful(
            ABOUT,
            format!("others can read or change {shown} (mode {mode})"),
            format!("chmod 0640 {shown}, or less"),
        ),
        (Ok(()), None) => Finding::good(ABOUT, format!("{shown} can be read")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Standing;
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    const KEYS: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

    /// A provider that describes itself so, with `AT` for where it is, and has these keys.
    fn provider(description: &'static str, keys: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let issuer = at.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, mut head) = (stream.unwrap(), [0; 2_048]);
                let length = stream.read(&mut head).unwrap();
                let is_keys = head[..length].starts_with(b"GET /keys ");
                let body = if is_keys { keys.to_owned() } else { description.replace("AT", &at) };
                let _ = stream
                    .write_all(format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{body}").as_bytes());
            }
        });
        issuer
    }

    fn settings(issuer: &str, client: Option<(Option<&Path>, bool)>) -> Settings {
        let client = client.map(|(secret_file, signs_out)| Client {
            id: "weir".to_owned(),
            secret_file: secret_file.map(PathBuf::from),
            console_url: "https://weir.example".to_owned(),
            scopes: "openid".to_owned(),
            signs_out,
        });
        Settings {
            issuer: issuer.to_owned(),
            audience: "weir".to_owned(),
            jwks_url: None,
            keys_max_age: Duration::from_hours(24),
            name_claim: "sub".to_owned(),
            roles_claim: "roles".to_owned(),
            roles: [].into(),
            segments_claim: "segments".to_owned(),
            client,
        }
    }

    #[track_caller]
    fn check(settings: &Settings, expected: &[(&str, Standing, &str)]) {
        let found = look(settings);
        let seen: Vec<_> = found.iter().map(|finding| (finding.about, finding.standing)).collect();
        let wanted: Vec<_> = expected.iter().map(|(about, standing, _)| (*about, *standing)).collect();
        assert_eq!(seen, wanted, "{found:?}");
        for (finding, (_, standing, words)) in found.iter().zip(expected) {
            assert!(format!("{finding:?}").contains(words), "«{words}» is not in {finding:?}");
            assert_eq!(finding.mend.is_some(), *standing != Standing::Good, "{finding:?}");
        }
    }

    #[test]
    fn a_provider_is_well_found_where_it_is_who_it_should_be_and_tells_its_keys() {
        const DESCRIBED: &str = r#"{"issuer": "AT", "jwks_uri": "AT/keys"}"#;
        const OTHER: &str = r#"{"issuer": "AT/", "jwks_uri": "AT/keys"}"#;
        const CLEAR: &str = r#"{"issuer": "AT", "jwks_uri": "http://login.example/keys"}"#;
        for (description, keys, standing, words) in [
            (DESCRIBED, KEYS, Standing::Good, "1 can be used"),
            (DESCRIBED, "{}", Standing::Wrong, "it is no set of keys"),
            (DESCRIBED, "{\"keys\": []}", Standing::Wrong, "no key in the set that can be used"),
            (OTHER, KEYS, Standing::Wrong, "it calls itself «http://127.0.0.1:"),
            (CLEAR, KEYS, Standing::Wrong, "not at an address with https"),
            ("<html>", KEYS, Standing::Wrong, "it describes no provider"),
        ] {
            check(&settings(&provider(description, keys), None), &[("provider", standing, words)]);
        }
        let gone = settings("http://127.0.0.1:1", None);
        check(&gone, &[("provider", Standing::Wrong, "is `issuer` in [api.oidc] right")]);
    }

    #[test]
    fn where_people_are_to_sign_in_by_it_the_places_and_the_secret_are_looked_at() {
        const PLACES: &str = r#"{"issuer": "AT", "jwks_uri": "AT/keys", "authorization_endpoint": "AT/a",
            "token_endpoint": "AT/t"}"#;
        const OUT: &str = r#"{"issuer": "AT", "jwks_uri": "AT/keys", "authorization_endpoint": "AT/a",
            "token_endpoint": "AT/t", "end_session_endpoint": "AT/out"}"#;
        const NONE: &str = r#"{"issuer": "AT", "jwks_uri": "AT/keys", "token_endpoint": "AT/t"}"#;
        let good = ("provider", Standing::Good, "tells its keys");
        for (description, signs_out, standing, words) in [
            (PLACES, true, Standing::Good, "it says no place to sign out"),
            (OUT, true, Standing::Good, "signed out at the provider too"),
            (OUT, false, Standing::Good, "by it; who signs out there stays signed in"),
            (NONE, true, Standing::Wrong, "the console shows no button"),
        ] {
            let settings = settings(&provider(description, KEYS), Some((None, signs_out)));
            check(&settings, &[good, ("sign-in", standing, words)]);
        }
        let gone = settings("http://127.0.0.1:1", Some((None, true)));
        let unread = ("sign-in", Standing::Wrong, "where people sign in cannot be read");
        check(&gone, &[("provider", Standing::Wrong, "http://127.0.0.1:1"), unread]);

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let issuer = provider(OUT, KEYS);
        let sign_in = ("sign-in", Standing::Good, "https://weir.example/console/");
        for (said, mode, standing, words) in [
            (None, 0, Standing::Wrong, "No such file"),
            (Some(""), 0o600, Standing::Wrong, "it is empty"),
            (Some("hush"), 0o600, Standing::Good, "can be read"),
            (Some("hush"), 0o644, Standing::Doubtful, "chmod 0640"),
        ] {
            if let Some(said) = said {
                std::fs::write(&file, said).unwrap();
                std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            }
            let settings = settings(&issuer, Some((Some(&file), true)));
            check(&settings, &[good, sign_in, ("client secret", standing, words)]);
        }
    }
}
