//! Tokens of a provider, held against its keys, and what becomes of them where it does not answer.

use super::testing::{Does, Pair, Provider, base64, now, until};
use super::*;
use crate::who::Segments;
use openssl::nid::Nid;
use serde_json::json;
use std::time::{Duration, Instant};

/// Waits until the provider's keys are known.
#[track_caller]
fn known(oidc: &Oidc) {
    until("the keys are known", || oidc.held.key("nobody's") == Err(Denied::UnknownKey));
}

impl PartialEq for keys::Key {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl std::fmt::Debug for keys::Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }
}

#[track_caller]
fn check(oidc: &Oidc, token: &str, expected: Result<&str, Denied>, what: &str) {
    let mut who = oidc.who(Some(token));
    // That a key is unknown is said once the keys were read again, which that asks for.
    let deadline = Instant::now() + Duration::from_secs(30);
    while expected == Err(Denied::UnknownKey) && who == Err(Denied::NoKeys) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
        who = oidc.who(Some(token));
    }
    assert_eq!(who.as_ref().map(|person| &*person.name).map_err(|denied| *denied), expected, "{what}");
}

#[test]
fn each_asymmetric_algorithm_is_taken_with_a_key_of_its_kind_and_no_other() {
    let rsa = Pair::rsa("rsa", 2_048);
    let short = Pair::rsa("short", 1_024);
    let (p256, p384) = (Pair::ec("p256", Nid::X9_62_PRIME256V1), Pair::ec("p384", Nid::SECP384R1));
    let ed = Pair::ed("ed");
    let only = Pair { id: "only", ..rsa.clone() };
    let seals = Pair { id: "seals", ..rsa.clone() };
    let provider = Provider::start(Does::Tells(vec![
        json!({ "kty": "AKP", "kid": "of tomorrow" }),
        json!({ "kty": "oct", "kid": "secret", "k": base64("hush") }),
        rsa.jwk(json!({})),
        short.jwk(json!({})),
        p256.jwk(json!({ "use": "sig", "alg": "ES256" })),
        p384.jwk(json!({})),
        ed.jwk(json!({})),
        only.jwk(json!({ "alg": "RS512" })),
        seals.jwk(json!({ "use": "enc" })),
    ]));
    let oidc = provider.quickly(provider.settings());
    known(&oidc);
    let claims = provider.claims(json!({}));
    let rows = [
        (&rsa, "RS256", Ok("anna")),
        (&rsa, "RS384", Ok("anna")),
        (&rsa, "RS512", Ok("anna")),
        (&rsa, "PS256", Ok("anna")),
        (&rsa, "PS384", Ok("anna")),
        (&rsa, "PS512", Ok("anna")),
        (&p256, "ES256", Ok("anna")),
        (&p384, "ES384", Ok("anna")),
        (&ed, "EdDSA", Ok("anna")),
        (&only, "RS512", Ok("anna")),
        (&only, "RS256", Err(Denied::Malformed)),
        (&p256, "ES384", Err(Denied::Malformed)),
        (&p384, "ES256", Err(Denied::Malformed)),
        (&short, "RS256", Err(Denied::UnknownKey)),
        (&seals, "RS256", Err(Denied::UnknownKey)),
    ];
    for (pair, algorithm, expected) in rows {
        check(&oidc, &pair.token(algorithm, &claims), expected, &format!("{algorithm} by {}", pair.id));
    }
    let other = Pair { id: "rsa", ..Pair::rsa("other", 2_048) };
    check(&oidc, &other.token("RS256", &claims), Err(Denied::Forged), "another key under its id");
    let token = p256.token("ES256", &claims);
    let (message, _) = token.rsplit_once('.').unwrap();
    check(&oidc, &format!("{message}."), Err(Denied::Forged), "no signature");
    check(&oidc, &format!("{message}.{}", base64([0; 64])), Err(Denied::Forged), "numbers that are zero");
}

#[test]
fn what_is_no_token_of_the_providers_for_weir_is_declined_with_why() {
    let pair = Pair::ec("k", Nid::X9_62_PRIME256V1);
    let provider = Provider::start(Does::Tells(vec![pair.jwk(json!({}))]));
    let oidc = provider.quickly(provider.settings());
    known(&oidc);
    let rows = [
        (json!({}), Ok("anna")),
        (json!({ "exp": now() - 10 }), Ok("anna")),
        (json!({ "exp": now() - 60 }), Err(Denied::Expired)),
        (json!({ "exp": null }), Err(Denied::Malformed)),
        (json!({ "nbf": now() + 10 }), Ok("anna")),
        (json!({ "nbf": now() + 60 }), Err(Denied::NotYet)),
        (json!({ "aud": ["account", "weir"] }), Ok("anna")),
        (json!({ "aud": "console" }), Err(Denied::OtherAudience)),
        (json!({ "aud": [] }), Err(Denied::OtherAudience)),
        (json!({ "aud": null }), Err(Denied::OtherAudience)),
        (json!({ "iss": format!("{}/", provider.issuer) }), Err(Denied::OtherIssuer)),
        (json!({ "iss": null }), Err(Denied::OtherIssuer)),
        (json!({ "filler": "a".repeat(12_000) }), Err(Denied::Malformed)),
    ];
    for (beside, expected) in rows {
        let token = pair.token("ES256", &provider.claims(beside.clone()));
        check(&oidc, &token, expected, &beside.to_string());
    }
    let heads = [
        (json!({ "alg": "ES256", "kid": "k" }), Ok("anna")),
        (json!({ "alg": "ES256", "kid": "k", "typ": "at+JWT" }), Ok("anna")),
        (json!({ "alg": "ES256", "kid": "k", "typ": "logout+jwt" }), Err(Denied::Malformed)),
        (json!({ "alg": "ES256" }), Err(Denied::Malformed)),
        (json!({ "alg": "ES256", "kid": "k2" }), Err(Denied::UnknownKey)),
        (json!({ "alg": "ES256", "kid": "k", "jwk": pair.jwk(json!({})) }), Err(Denied::Malformed)),
        (json!({ "alg": "ES256", "kid": "k", "jku": "https://evil.example" }), Err(Denied::Malformed)),
        (json!({ "alg": "ES256", "kid": "k", "crit": ["exp"] }), Err(Denied::Malformed)),
        (json!({ "alg": "HS256", "kid": "k" }), Err(Denied::Malformed)),
        (json!({ "alg": "none", "kid": "k" }), Err(Denied::Malformed)),
    ];
    for (head, expected) in heads {
        let token = pair.token_saying(&head, &provider.claims(json!({})));
        check(&oidc, &token, expected, &head.to_string());
    }
    for token in ["ey", "ey.ey.ey", "weir_1", ""] {
        check(&oidc, token, Err(Denied::Malformed), token);
    }
    assert_eq!(oidc.who(None), Err(Denied::NoToken));
}

#[test]
fn the_claims_say_who_it_is_with_the_highest_role_and_segments() {
    let settings = |roles_claim: &str, roles: &[(&str, Role)]| Settings {
        roles_claim: roles_claim.to_owned(),
        roles: roles.iter().map(|(word, role)| ((*word).to_owned(), *role)).collect(),
        ..Provider::start(Does::Hangs).settings()
    };
    let plain = settings("roles", &[]);
    let mapped =
        settings("realm_access.roles", &[("weir-senior", Role::Senior), ("weir-boss", Role::Manager)]);
    let url = settings("https://weir.example/roles", &[]);
    let rows = [
        (&plain, json!({ "sub": "7", "roles": ["agent", "manager", "x"] }), Ok(("7", Role::Manager, "all"))),
        (
            &plain,
            json!({ "preferred_username": "anna", "sub": "7", "roles": "viewer" }),
            Ok(("anna", Role::Viewer, "all")),
        ),
        (
            &plain,
            json!({ "preferred_username": "a\nb", "sub": "7", "roles": "viewer" }),
            Ok(("7", Role::Viewer, "all")),
        ),
        (&plain, json!({ "sub": "", "roles": "viewer" }), Err(Denied::NoName)),
        (&plain, json!({ "sub": "x".repeat(101), "roles": "viewer" }), Err(Denied::NoName)),
        (&plain, json!({ "sub": "7" }), Err(Denied::NoRole)),
        (&plain, json!({ "sub": "7", "roles": ["weir-senior", 7] }), Err(Denied::NoRole)),
        (&plain, json!({ "sub": "7", "roles": "agent" }), Err(Denied::NoSegments)),
        (&plain, json!({ "sub": "7", "roles": "agent", "segments": [""] }), Err(Denied::NoSegments)),
        (&plain, json!({ "sub": "7", "roles": "agent", "segments": "soho" }), Ok(("7", Role::Agent, "soho"))),
        (
            &plain,
            json!({ "sub": "7", "roles": "senior", "segments": ["b", "a"] }),
            Ok(("7", Role::Senior, "a b")),
        ),
        (
            &plain,
            json!({ "sub": "7", "roles": "agent", "segments": ["a", "*"] }),
            Ok(("7", Role::Agent, "all")),
        ),
        (&plain, json!({ "sub": "7", "roles": "admin", "segments": ["a"] }), Ok(("7", Role::Admin, "all"))),
        (
            &mapped,
            json!({ "sub": "7", "realm_access": { "roles": ["weir-boss"] } }),
            Ok(("7", Role::Manager, "all")),
        ),
        (&mapped, json!({ "sub": "7", "realm_access": { "roles": ["admin"] } }), Err(Denied::NoRole)),
        (&mapped, json!({ "sub": "7", "realm_access": "weir-boss" }), Err(Denied::NoRole)),
        (&url, json!({ "sub": "7", "https://weir.example/roles": ["admin"] }), Ok(("7", Role::Admin, "all"))),
    ];
    for (settings, claims, expected) in rows {
        let person = claims::person(&claims, settings);
        let segments = |person: &Person| match &person.segments {
            Segments::All => "all".to_owned(),
            Segments::Of(segments) => segments.iter().cloned().collect::<Vec<_>>().join(" "),
        };
        let told = person.map(|person| (person.name.to_string(), person.role, segments(&person)));
        let expected = expected.map(|(name, role, segments)| (name.to_owned(), role, segments.to_owned()));
        assert_eq!(told, expected, "{claims}");
    }
}

#[test]
fn a_key_that_is_new_is_asked_for_and_one_that_is_gone_is_taken_no_more() {
    let (old, new) = (Pair::ed("old"), Pair::ed("new"));
    let provider = Provider::start(Does::Tells(vec![old.jwk(json!({}))]));
    let oidc = provider.quickly(provider.settings());
    let claims = provider.claims(json!({}));
    let (by_old, by_new) = (old.token("EdDSA", &claims), new.token("EdDSA", &claims));
    until("the old one is known", || oidc.who(Some(&by_old)).is_ok());
    provider.does(Does::Tells(vec![new.jwk(json!({}))]));
    until("the new one is known", || oidc.who(Some(&by_new)).is_ok());
    assert!(matches!(oidc.who(Some(&by_old)), Err(Denied::UnknownKey | Denied::NoKeys)));
}

#[test]
fn however_many_unknown_keys_are_named_the_provider_is_asked_now_and_then() {
    let pair = Pair::ed("k");
    let provider = Provider::start(Does::Tells(vec![pair.jwk(json!({}))]));
    let pace = Pace { every: Duration::from_secs(300), again: Duration::from_secs(60) };
    let oidc = Oidc::start_at(provider.settings(), pace).unwrap();
    known(&oidc);
    let token = Pair::ed("x").token("EdDSA", &provider.claims(json!({})));
    for _ in 0..100 {
        check(&oidc, &token, Err(Denied::UnknownKey), "it was asked for a moment ago");
    }
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(provider.asked(), 1);
}

#[test]
fn a_provider_that_does_not_tell_its_keys_takes_none_away_and_lets_nobody_else_in() {
    let (pair, other) = (Pair::ed("k"), Pair::ed("other"));
    let tells = Does::Tells(vec![pair.jwk(json!({}))]);
    let elsewhere = Provider::start(tells.clone());
    let redirects = format!("302 Found\r\nLocation: {}/keys\r\n\r\n", elsewhere.issuer);
    let described = |issuer: &str, keys: &str| {
        Does::Says(format!("200 OK\r\n\r\n{}", json!({ "issuer": issuer, "jwks_uri": keys })))
    };
    let rows = [
        ("it fails", Does::Says("500 Internal Server Error\r\n\r\n".to_owned())),
        ("garbage", Does::Says("200 OK\r\n\r\n<html>".to_owned())),
        ("too much", Does::Says(format!("200 OK\r\n\r\n{{\"a\":\"{}\"", "a".repeat(600_000)))),
        ("redirects", Does::Says(redirects)),
        ("it hangs", Does::Hangs),
        ("another issuer", described("https://other.example", &format!("{}/keys", elsewhere.issuer))),
        ("no keys", Does::Tells(Vec::new())),
    ];
    for (what, does) in rows {
        let provider = Provider::start(does.clone());
        let oidc = provider.quickly(provider.settings());
        let token = pair.token("EdDSA", &provider.claims(json!({})));
        std::thread::sleep(Duration::from_millis(150));
        check(&oidc, &token, Err(Denied::NoKeys), what);
        let begun = Instant::now();
        drop(oidc);
        assert!(begun.elapsed() < Duration::from_secs(2), "{what}: it ends at once");

        let oidc = provider.quickly(Settings { jwks_url: None, ..provider.settings() });
        provider.does(tells.clone());
        if matches!(does, Does::Hangs) {
            continue;
        }
        until("it is known once the provider tells it", || oidc.who(Some(&token)).is_ok());
        provider.does(does);
        let unknown = other.token("EdDSA", &provider.claims(json!({})));
        until("the provider fails", || oidc.who(Some(&unknown)) == Err(Denied::NoKeys));
        std::thread::sleep(Duration::from_millis(150));
        check(&oidc, &token, Ok("anna"), what);
    }
    assert_eq!(elsewhere.asked(), 0, "nothing was asked where a redirect led to");
}

#[test]
fn keys_of_a_provider_that_is_down_are_taken_until_they_are_too_old_and_again_once_it_is_back() {
    let pair = Pair::ed("k");
    let tells = Does::Tells(vec![pair.jwk(json!({}))]);
    let provider = Provider::start(tells.clone());
    let token = pair.token("EdDSA", &provider.claims(json!({})));
    for (max_age, expected) in
        [(Duration::from_secs(3_600), Ok("anna")), (Duration::from_millis(200), Err(Denied::NoKeys))]
    {
        provider.does(tells.clone());
        let oidc = provider.quickly(Settings { keys_max_age: max_age, ..provider.settings() });
        until("its key is known", || oidc.who(Some(&token)).is_ok());
        provider.does(Does::Says("503 Service Unavailable\r\n\r\n".to_owned()));
        std::thread::sleep(Duration::from_millis(400));
        check(&oidc, &token, expected, &format!("{max_age:?}"));
        provider.does(tells.clone());
        until("its key is known again", || oidc.who(Some(&token)).is_ok());
    }
}

#[test]
fn a_description_that_names_keys_without_tls_elsewhere_is_not_followed() {
    for (url, expected) in [
        ("https://login.example.org/", true),
        ("http://127.0.0.1:80/x", true),
        ("http://[::1]:80", true),
        ("http://localhost/", true),
        ("http://login.example.org/", false),
        ("http://localhost.evil.example/", false),
        ("https://anna:secret@login.example.org/", false),
        ("file:///etc/passwd", false),
        ("login.example.org", false),
    ] {
        assert_eq!(is_safe(url), expected, "{url}");
    }
}

#[test]
fn a_token_of_the_file_and_one_of_the_provider_are_told_apart() {
    let pair = Pair::ed("k");
    let provider = Provider::start(Does::Tells(vec![pair.jwk(json!({}))]));
    let oidc = provider.quickly(provider.settings());
    known(&oidc);
    let person = Person { name: "bert".into(), role: Role::Admin, segments: Segments::All };
    let sha256 = crate::who::tokens::sha256("weir_b");
    let tokens = Tokens::of(vec![crate::who::tokens::Token { person, sha256 }]);
    let both = Both { tokens, provider: oidc };
    let rows = [
        (Some("weir_b".to_owned()), Ok("bert")),
        (Some(pair.token("EdDSA", &provider.claims(json!({})))), Ok("anna")),
        (Some(pair.token("EdDSA", &provider.claims(json!({ "exp": 1 })))), Err(Denied::Expired)),
        (Some("weir_c".to_owned()), Err(Denied::Unknown)),
        (None, Err(Denied::NoToken)),
    ];
    for (bearer, expected) in rows {
        let who = both.who(bearer.as_deref());
        assert_eq!(who.as_ref().map(|who| &*who.name).map_err(|denied| *denied), expected, "{bearer:?}");
    }
    assert!(!both.asks_nobody());
}
