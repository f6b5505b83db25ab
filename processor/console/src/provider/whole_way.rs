//! The whole way of somebody who signs in by their identity provider, over real sockets: the button, the provider, the
//! code, the token, a page of the console.
//!
//! The provider signs nothing: its token is known to an API that knows nothing else. That signed ones are taken is held
//! where they are checked, in `api`.

use crate::beside;
use api::serving::Made;
use api::who::oidc::sign_in::{Client, SignIn};
use api::who::oidc::{Oidc, Settings};
use api::who::tokens::sha256;
use api::who::{Authority, Person, Role, Segments};
use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The token that the provider gives.
const TOKEN: &str = "ey.of-the_provider.x";

/// The way to a provider that is begun here, for a console at this address.
fn provider_for(console: SocketAddr) -> Oidc {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // By this name it is another site than the console is by its address.
    let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let client = Client {
        id: "weir".to_owned(),
        secret_file: None,
        console_url: format!("http://{console}"),
        scopes: "openid".to_owned(),
    };
    let settings = Settings {
        issuer: issuer.clone(),
        audience: "weir".to_owned(),
        jwks_url: None,
        name_claim: "sub".to_owned(),
        roles_claim: "roles".to_owned(),
        roles: [].into(),
        segments_claim: "segments".to_owned(),
        client: Some(client),
    };
    let challenge = Arc::new(Mutex::new(String::new()));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &issuer, &challenge);
        }
    });
    let known = Oidc::start(settings).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !known.sign_in().unwrap().is_open() {
        assert!(Instant::now() < deadline, "the provider is never known");
        std::thread::sleep(Duration::from_millis(20));
    }
    known
}

fn answer(mut stream: TcpStream, issuer: &str, challenge: &Mutex<String>) {
    let question = question(&mut stream);
    let mut words = question.split([' ', '?']);
    let answer = match (words.next(), words.next()) {
        (Some("GET"), Some("/authorize")) => {
            let asked = |name: &str| field(words.clone().next().unwrap(), name);
            assert_eq!((asked("response_type"), asked("code_challenge_method")), ("code", "S256"));
            assert_eq!((asked("client_id"), asked("scope")), ("weir", "openid"));
            asked("code_challenge").clone_into(&mut challenge.lock().unwrap());
            let back = asked("redirect_uri").replace("%3A", ":").replace("%2F", "/");
            format!("302 Found\r\nLocation: {back}?code=the%2Bcode&state={}\r\n\r\n", asked("state"))
        }
        (Some("POST"), Some("/token")) => {
            let body = question.split_once("\r\n\r\n").unwrap().1;
            let is_right = field(body, "code") == "the%2Bcode"
                && base64(&sha256(field(body, "code_verifier"))) == *challenge.lock().unwrap();
            if is_right {
                format!("200 OK\r\n\r\n{{\"access_token\": \"{TOKEN}\", \"token_type\": \"Bearer\"}}")
            } else {
                "400 Bad Request\r\n\r\n{\"error\": \"invalid_grant\"}".to_owned()
            }
        }
        (Some("GET"), Some("/keys")) => "200 OK\r\n\r\n{\"keys\": []}".to_owned(),
        _ => format!(
            "200 OK\r\n\r\n{{\"issuer\": \"{issuer}\", \"jwks_uri\": \"{issuer}/keys\", \
             \"authorization_endpoint\": \"{issuer}/authorize\", \"token_endpoint\": \"{issuer}/token\"}}"
        ),
    };
    let answer = format!("HTTP/1.1 {}", answer.replacen("\r\n", "\r\nConnection: close\r\n", 1));
    let _ = stream.write_all(answer.as_bytes());
}

/// A question with all of its body.
fn question(stream: &mut TcpStream) -> String {
    let (mut text, mut part) = (String::new(), [0; 4_096]);
    loop {
        let length = stream.read(&mut part).unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&part[..length]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let said = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        if length == 0 || body.len() >= said.map_or(0, |said| said.parse().unwrap()) {
            return text;
        }
    }
}

/// A field as it was sent.
fn field<'a>(fields: &'a str, name: &str) -> &'a str {
    let mut pairs = fields.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(found, _)| *found == name).map_or("", |(_, value)| value)
}

/// As addresses have it, without what fills it up.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let letter = |six: &[u8]| {
        let index = six.iter().chain([0; 5].iter()).take(6).fold(0, |number, bit| number << 1 | bit);
        char::from(LETTERS[usize::from(index)])
    };
    bits.chunks(6).map(letter).collect()
}

/// An API that knows anna by the token, and nothing else.
async fn api_of_anna(headers: HeaderMap) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if bearer != Some(&format!("Bearer {TOKEN}")) {
        return (StatusCode::UNAUTHORIZED, "{\"detail\": \"The token is for another application.\"}")
            .into_response();
    }
    let mut answer = StatusCode::NOT_FOUND.into_response();
    let person = Person { name: "anna".into(), role: Role::Manager, segments: Segments::All };
    answer.extensions_mut().insert(Arc::new(person));
    answer
}

/// A console with this way to the provider, for as long as the test runs.
fn served(listener: TcpListener, sign_in: Option<Arc<SignIn>>) {
    listener.set_nonblocking(true).unwrap();
    let console = beside(Made { api: Router::new().fallback(api_of_anna), tls: false, sign_in });
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, console).await.unwrap();
        });
    });
}

/// Asks for a page, with this cookie.
fn ask(address: SocketAddr, path: &str, cookie: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Asks for the page at a whole address.
fn follow(url: &str, cookie: &str) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut addresses = host.to_socket_addrs().unwrap();
    ask(addresses.find(SocketAddr::is_ipv4).unwrap(), &format!("/{path}"), cookie)
}

/// What a header says; each answer has it once at most.
fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let mut lines = answer.split("\r\n").take_while(|line| !line.is_empty());
    let said =
        lines.find_map(|line| line.split_once(": ").filter(|(found, _)| found.eq_ignore_ascii_case(name)));
    said.map_or("", |(_, value)| value)
}

#[track_caller]
fn check(answer: &str, status: u16, parts: &[&str]) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    for part in parts {
        assert!(answer.contains(part), "«{part}» is not in:\n{answer}");
    }
}

#[test]
fn who_comes_back_from_the_provider_is_signed_in_and_where_they_wanted_to_be() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let provider = provider_for(address);
    served(listener, provider.sign_in());

    let page = ask(address, "/console/sign-in?back=/console/queues", "");
    let button = "/console/sign-in/provider?back=%2Fconsole%2Fqueues";
    check(&page, 200, &[&format!("href=\"{button}\""), "Sign in with localhost", "Or paste a token."]);

    let there = ask(address, button, "");
    check(&there, 303, &[]);
    let kept = header(&there, "set-cookie");
    assert!(kept.ends_with("; Max-Age=600; Path=/console/sign-in; HttpOnly; SameSite=Lax"), "{kept}");
    let kept = kept.split(';').next().unwrap();

    let provider = follow(header(&there, "location"), "");
    let back = header(&provider, "location");
    let done = back.strip_prefix(&format!("http://{address}")).unwrap();
    assert!(done.starts_with("/console/sign-in/provider/done?code=the%2Bcode&state="), "{done}");

    // A stranger's way back, or one without what the browser has kept, signs nobody in.
    check(&ask(address, done, ""), 400, &["You are not signed in", "Begin anew"]);
    let other = done.replace("state=", "state=x");
    let other = ask(address, &format!("{other}&error=%3Cb%3Eno"), kept);
    check(&other, 400, &["does not belong to the sign-in"]);
    assert!(!other.contains("<b>no") && !other.contains("the%2Bcode"), "{other}");

    let signed_in = ask(address, done, kept);
    let token = format!("weir_token={TOKEN}; Path=/console; HttpOnly; SameSite=Strict\r\n");
    let leads = "<meta http-equiv=\"refresh\" content=\"0; url=/console/queues\">";
    check(&signed_in, 200, &[&token, leads, "weir_sign_in=; Max-Age=0; Path=/console/sign-in", "anna"]);
    assert!(!signed_in.contains("the%2Bcode"), "the code is on the page: {signed_in}");
    // A code is taken by the provider with its own verifier only.
    let forged = kept.replace("verifier=", "verifier=x");
    check(&ask(address, done, &forged), 400, &["did not accept its own code"]);

    // The API knows her: there is no account, and she is not asked who she is.
    check(&ask(address, "/console/accounts/A-1", &format!("weir_token={TOKEN}")), 404, &[]);
    check(&ask(address, "/console/accounts/A-1", ""), 303, &["/console/sign-in?back="]);
}

#[test]
fn without_a_client_at_a_provider_there_is_no_button_and_no_way() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    served(listener, None);
    let page = ask(address, "/console/sign-in", "");
    check(&page, 200, &["Paste your token."]);
    assert!(!page.contains("/console/sign-in/provider"), "{page}");
    for path in ["/console/sign-in/provider", "/console/sign-in/provider/done?code=c&state=s"] {
        check(&ask(address, path, ""), 404, &[]);
    }
}
