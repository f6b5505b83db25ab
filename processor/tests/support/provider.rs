//! A small identity provider of one test: it describes itself, sends everyone back at once with a code, and gives a
//! token for it to whoever has what the code was asked for with.
//!
//! It signs nothing: its token is known to the test's own authority. That signed ones are taken is held where they are
//! checked, in `api`. The console's own tests include this file as well.

use api::who::oidc::sign_in::{Client, SignIn};
use api::who::oidc::{Oidc, Settings};
use api::who::tokens::sha256;
use api::who::{Authority, Denied, Person, Role, Segments};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The token that it gives.
pub(crate) const TOKEN: &str = "ey.of-the_provider.x";

/// Whoever the provider knows: anna, who is a manager.
pub(crate) struct Known(Oidc);

impl Known {
    /// Those of a provider that is begun here, for a console at this address.
    pub(crate) fn of_a_provider(console: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // By this name it is another site than the console is by its address.
        let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let client = Client {
            id: "weir".to_owned(),
            secret_file: None,
            console_url: format!("http://{console}"),
            scopes: "openid".to_owned(),
            signs_out: true,
        };
        let settings = Settings {
            issuer: issuer.clone(),
            audience: "weir".to_owned(),
            jwks_url: None,
            keys_max_age: Duration::from_secs(3_600),
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
        let known = Self(Oidc::start(settings).unwrap());
        let deadline = Instant::now() + Duration::from_secs(30);
        while !known.sign_in().unwrap().is_open() {
            assert!(Instant::now() < deadline, "the provider is never known");
            std::thread::sleep(Duration::from_millis(20));
        }
        known
    }
}

impl Authority for Known {
    fn who(&self, bearer: Option<&str>) -> Result<Person, Denied> {
        match bearer {
            Some(TOKEN) => Ok(Person { name: "anna".into(), role: Role::Manager, segments: Segments::All }),
            Some(_) => Err(Denied::Malformed),
            None => Err(Denied::NoToken),
        }
    }

    fn sign_in(&self) -> Option<Arc<SignIn>> {
        self.0.sign_in()
    }
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
            let back = plain(asked("redirect_uri"));
            let state = asked("state");
            format!("302 Found\r\nLocation: {back}?code=the%2Bcode&state={state}&iss={issuer}\r\n\r\n")
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
        (Some("GET"), Some("/out")) => {
            let back = plain(field(words.next().unwrap(), "post_logout_redirect_uri"));
            let page = format!("<h1>You are signed out here</h1><a href=\"{back}\">Back</a>");
            format!("200 OK\r\nContent-Type: text/html\r\n\r\n{page}")
        }
        (Some("GET"), Some("/keys")) => "200 OK\r\n\r\n{\"keys\": []}".to_owned(),
        _ => format!(
            "200 OK\r\n\r\n{{\"issuer\": \"{issuer}\", \"jwks_uri\": \"{issuer}/keys\", \
             \"authorization_endpoint\": \"{issuer}/authorize\", \"token_endpoint\": \"{issuer}/token\", \
             \"end_session_endpoint\": \"{issuer}/out\", \"authorization_response_iss_parameter_supported\": true}}"
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

/// An address that was sent in a field.
fn plain(field: &str) -> String {
    field.replace("%3A", ":").replace("%2F", "/")
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
