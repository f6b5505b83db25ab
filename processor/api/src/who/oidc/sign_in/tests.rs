//! Sign-ins at a provider of the test's: what the browser is sent with, what a code is exchanged for, and what comes
//! of a provider that does not do as it should.

use super::super::testing::{Does, Pair, Provider, until};
use super::super::{Oidc, Settings};
use super::*;
use crate::who::Authority;
use openssl::nid::Nid;
use serde_json::{Value, json};

fn client(secret_file: Option<&Path>) -> Client {
    Client {
        id: "weir console".to_owned(),
        secret_file: secret_file.map(Path::to_owned),
        console_url: "https://weir.example".to_owned(),
        scopes: "openid profile".to_owned(),
        signs_out: true,
    }
}

/// The way to the provider for this client, once the provider has described itself.
fn open(provider: &Provider, secret_file: Option<&Path>) -> (Oidc, Arc<SignIn>) {
    open_by(provider, client(secret_file))
}

fn open_by(provider: &Provider, client: Client) -> (Oidc, Arc<SignIn>) {
    let oidc = provider.quickly(Settings { client: Some(client), ..provider.settings() });
    let sign_in = oidc.sign_in().unwrap();
    until("the provider has described itself", || sign_in.is_open());
    (oidc, sign_in)
}

fn exchanged(sign_in: &SignIn) -> Result<String, NotExchanged> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(sign_in.token("a code/1", "the-verifier"))
}

fn says(body: &Value) -> String {
    format!("200 OK\r\n\r\n{body}")
}

#[test]
fn the_browser_is_sent_with_a_challenge_of_a_verifier_that_stays_here() {
    let provider = Provider::start(Does::Exchanges(Vec::new(), json!({}), String::new()));
    let (_oidc, sign_in) = open(&provider, None);
    let (one, other) = (sign_in.begin().unwrap(), sign_in.begin().unwrap());
    assert!(one.state != other.state && one.verifier != other.verifier && one.state != one.verifier);
    assert_eq!((one.state.len(), one.verifier.len()), (43, 43));
    let challenge = base64(&openssl::sha::sha256(one.verifier.as_bytes()));
    let expected = format!(
        "{}/authorize?tenant=1&response_type=code&client_id=weir+console\
         &redirect_uri=https%3A%2F%2Fweir.example%2Fconsole%2Fsign-in%2Fprovider%2Fdone\
         &scope=openid+profile&state={}&code_challenge={challenge}&code_challenge_method=S256",
        provider.issuer, one.state
    );
    assert_eq!(one.to, expected);
    assert_eq!((sign_in.host(), sign_in.is_over_tls()), ("127.0.0.1", true));
}

#[test]
fn a_code_becomes_a_token_by_which_somebody_is_known() {
    let pair = Pair::ec("k", Nid::X9_62_PRIME256V1);
    let keys = vec![pair.jwk(json!({}))];
    let provider = Provider::start(Does::Exchanges(keys.clone(), json!({}), String::new()));
    let token = pair.token("ES256", &provider.claims(json!({})));
    let answer = says(&json!({ "access_token": token, "token_type": "Bearer", "expires_in": 60 }));
    let post = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] });
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "hu:sh\n").unwrap();
    let code = "grant_type=authorization_code&code=a%20code%2F1\
                &redirect_uri=https%3A%2F%2Fweir.example%2Fconsole%2Fsign-in%2Fprovider%2Fdone\
                &code_verifier=the-verifier";
    let basic = openssl::base64::encode_block(b"weir%20console:hu%3Ash");
    let rows = [
        (None, json!({}), format!("{code}&client_id=weir%20console"), None),
        (Some(secret.path()), json!({}), code.to_owned(), Some(basic)),
        (Some(secret.path()), post, format!("{code}&client_id=weir%20console&client_secret=hu%3Ash"), None),
    ];
    for (secret, beside, body, basic) in rows {
        provider.does(Does::Exchanges(keys.clone(), beside, answer.clone()));
        let (oidc, sign_in) = open(&provider, secret);
        assert_eq!(exchanged(&sign_in).unwrap(), token);
        let heard = provider.heard();
        assert!(heard.ends_with(&format!("\r\n\r\n{body}")), "{heard}");
        let shown = heard.lines().find_map(|line| line.strip_prefix("authorization: Basic "));
        assert_eq!(shown, basic.as_deref(), "{heard}");
        until("she is known by it", || oidc.who(Some(&token)).is_ok_and(|person| &*person.name == "anna"));
    }
}

#[test]
fn a_provider_that_does_not_do_as_it_should_gives_no_token() {
    let failed = |status: &str, error: &str| format!("{status}\r\n\r\n{}", json!({ "error": error }));
    let rows = [
        (failed("400 Bad Request", "invalid_grant"), NotExchanged::Declined),
        (failed("401 Unauthorized", "invalid_client"), NotExchanged::Silent),
        (failed("400 Bad Request", "<script>"), NotExchanged::Silent),
        ("503 Service Unavailable\r\n\r\nlater".to_owned(), NotExchanged::Silent),
        ("302 Found\r\nLocation: https://evil.example/\r\n\r\n".to_owned(), NotExchanged::Silent),
        ("200 OK\r\n\r\n<html>".to_owned(), NotExchanged::Silent),
        (says(&json!({ "id_token": "ey", "token_type": "Bearer" })), NotExchanged::Silent),
        (says(&json!({ "access_token": "ey", "token_type": "DPoP" })), NotExchanged::Silent),
        (says(&json!({ "access_token": "e".repeat(LARGEST), "token_type": "Bearer" })), NotExchanged::Silent),
    ];
    for (answer, expected) in rows {
        let provider = Provider::start(Does::Exchanges(Vec::new(), json!({}), answer.clone()));
        let (_oidc, sign_in) = open(&provider, None);
        let shown: String = answer.chars().take(80).collect();
        assert_eq!(exchanged(&sign_in), Err(expected), "{shown}");
    }
}

#[test]
fn without_places_to_sign_in_at_nobody_is_sent_anywhere() {
    let keys = vec![Pair::ec("k", Nid::X9_62_PRIME256V1).jwk(json!({}))];
    for (beside, is_open) in [
        (json!({}), true),
        (json!({ "token_endpoint": null }), false),
        (json!({ "authorization_endpoint": null }), false),
        (json!({ "authorization_endpoint": "http://login.example/" }), false),
        (json!({ "token_endpoint": "http://login.example/" }), false),
    ] {
        // Also where the keys are said to lie elsewhere, the description is read for the places.
        for of_keys in [false, true] {
            let provider = Provider::start(Does::Exchanges(keys.clone(), beside.clone(), String::new()));
            let jwks_url = of_keys.then(|| format!("{}/keys", provider.issuer));
            let settings = Settings { client: Some(client(None)), jwks_url, ..provider.settings() };
            let oidc = provider.quickly(settings);
            let sign_in = oidc.sign_in().unwrap();
            until("it has described itself", || sign_in.described.0.lock().unwrap().is_some());
            assert_eq!((sign_in.is_open(), sign_in.begin().is_some()), (is_open, is_open), "{beside}");
        }
    }
}

#[test]
fn a_way_back_says_from_which_provider_it_comes_where_that_always_says_so() {
    let keys = vec![Pair::ec("k", Nid::X9_62_PRIME256V1).jwk(json!({}))];
    let says = |said: Value| json!({ "authorization_response_iss_parameter_supported": said });
    for (beside, unsaid) in
        [(says(json!(true)), false), (says(json!(false)), true), (says(Value::Null), true), (json!({}), true)]
    {
        let provider = Provider::start(Does::Exchanges(keys.clone(), beside.clone(), String::new()));
        let (_oidc, sign_in) = open(&provider, None);
        let own = provider.issuer.as_str();
        for (said, expected) in [
            (None, unsaid),
            (Some(own), true),
            (Some(&*format!("{own}/")), false),
            (Some(&*own.to_uppercase()), false),
            (Some("https://evil.example"), false),
            (Some(""), false),
        ] {
            assert_eq!(sign_in.is_from_here(said), expected, "{beside} {said:?}");
        }
    }
}

#[test]
fn whoever_signs_out_is_led_to_where_the_provider_signs_them_out() {
    let keys = vec![Pair::ec("k", Nid::X9_62_PRIME256V1).jwk(json!({}))];
    let back = "client_id=weir+console&post_logout_redirect_uri=https%3A%2F%2Fweir.example%2Fconsole%2F";
    let at = |url: &str| json!({ "end_session_endpoint": url });
    for (beside, signs_out, expected) in [
        (at("https://login.example/out"), true, Some(format!("https://login.example/out?{back}"))),
        (at("https://login.example/out?p=1"), true, Some(format!("https://login.example/out?p=1&{back}"))),
        (at("https://login.example/out"), false, None),
        (at("http://login.example/out"), true, None),
        (at("javascript:alert(1)"), true, None),
        (json!({ "end_session_endpoint": null }), true, None),
        (json!({}), true, None),
    ] {
        let provider = Provider::start(Does::Exchanges(keys.clone(), beside.clone(), String::new()));
        let (_oidc, sign_in) = open_by(&provider, Client { signs_out, ..client(None) });
        assert_eq!(sign_in.end(), expected, "{beside} {signs_out}");
    }
}

#[test]
fn sixteen_codes_are_exchanged_at_once_and_no_more() {
    let stale = "400 Bad Request\r\n\r\n{\"error\": \"invalid_grant\"}";
    let provider = Provider::start(Does::Exchanges(Vec::new(), json!({}), stale.to_owned()));
    let (_oidc, sign_in) = open(&provider, None);
    provider.does(Does::Hangs);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let sign_in = sign_in.clone();
            asking.spawn(async move { sign_in.token("a code", "the-verifier").await });
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let ended = asking.try_join_next();
        assert!(ended.is_none(), "one of sixteen does not wait for the provider: {ended:?}");
        assert_eq!(sign_in.token("a code", "the-verifier").await, Err(NotExchanged::Busy));
        // Whoever goes away makes room.
        asking.shutdown().await;
        provider.does(Does::Exchanges(Vec::new(), json!({}), stale.to_owned()));
        assert_eq!(sign_in.token("a code", "the-verifier").await, Err(NotExchanged::Declined));
    });
}

#[test]
fn a_secret_that_cannot_be_read_is_told_at_the_start() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    for (file, expected) in [(empty.path(), "it is empty"), (Path::new("/nowhere/secret"), "/nowhere/secret")]
    {
        let made = SignIn::new("https://login.example", client(Some(file)), Arc::default());
        let Err(error) = made else { panic!("{file:?}") };
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn only_the_same_text_is_the_same() {
    for (kept, came, expected) in
        [("abc", "abc", true), ("abc", "abd", false), ("abc", "ab", false), ("abc", "", false)]
    {
        assert_eq!(is_same(kept, came), expected, "{kept} {came}");
    }
}
