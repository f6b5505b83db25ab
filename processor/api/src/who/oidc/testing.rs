//! A provider for tests: keys, tokens that they sign, and a little server that hands the keys out.

use super::{Oidc, Pace, Settings};
use openssl::bn::BigNumContext;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    let text = openssl::base64::encode_block(bytes.as_ref());
    text.replace('+', "-").replace('/', "_").replace('=', "")
}

/// A key with its id.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) id: &'static str,
    pub(crate) key: PKey<Private>,
}

impl Pair {
    pub(crate) fn rsa(id: &'static str, bits: u32) -> Self {
        Self { id, key: PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap() }
    }

    pub(crate) fn ec(id: &'static str, curve: Nid) -> Self {
        let group = EcGroup::from_curve_name(curve).unwrap();
        Self { id, key: PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap() }
    }

    pub(crate) fn ed(id: &'static str) -> Self {
        Self { id, key: PKey::generate_ed25519().unwrap() }
    }

    /// As it stands in a set, with this beside it.
    pub(crate) fn jwk(&self, beside: Value) -> Value {
        let mut jwk = if let Ok(rsa) = self.key.rsa() {
            json!({ "kty": "RSA", "n": base64(rsa.n().to_vec()), "e": base64(rsa.e().to_vec()) })
        } else if let Ok(ec) = self.key.ec_key() {
            let mut context = BigNumContext::new().unwrap();
            let (mut x, mut y) = (openssl::bn::BigNum::new().unwrap(), openssl::bn::BigNum::new().unwrap());
            ec.public_key().affine_coordinates(ec.group(), &mut x, &mut y, &mut context).unwrap();
            let (length, curve) =
                if ec.group().curve_name() == Some(Nid::SECP384R1) { (48, "P-384") } else { (32, "P-256") };
            let number = |number: &openssl::bn::BigNum| base64(number.to_vec_padded(length).unwrap());
            json!({ "kty": "EC", "crv": curve, "x": number(&x), "y": number(&y) })
        } else {
            json!({ "kty": "OKP", "crv": "Ed25519", "x": base64(self.key.raw_public_key().unwrap()) })
        };
        jwk["kid"] = json!(self.id);
        beside.as_object().unwrap().iter().for_each(|(name, value)| jwk[name] = value.clone());
        jwk
    }

    /// A token of these claims that says so in its head.
    pub(crate) fn token_saying(&self, head: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", base64(head.to_string()), base64(claims.to_string()));
        let algorithm = head["alg"].as_str().unwrap();
        let signature = self.signature(algorithm, message.as_bytes());
        format!("{message}.{}", base64(signature))
    }

    pub(crate) fn token(&self, algorithm: &str, claims: &Value) -> String {
        self.token_saying(&json!({ "alg": algorithm, "kid": self.id, "typ": "JWT" }), claims)
    }

    fn signature(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        if algorithm == "EdDSA" {
            return Signer::new_without_digest(&self.key).unwrap().sign_oneshot_to_vec(message).unwrap();
        }
        let digest = match &algorithm[2..] {
            "384" => MessageDigest::sha384(),
            "512" => MessageDigest::sha512(),
            _ => MessageDigest::sha256(),
        };
        let mut signer = Signer::new(digest, &self.key).unwrap();
        if algorithm.starts_with("PS") {
            signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
        }
        let made = signer.sign_oneshot_to_vec(message).unwrap();
        if let Ok(sig) = EcdsaSig::from_der(&made)
            && algorithm.starts_with("ES")
        {
            let length = i32::try_from(self.key.bits() / 8).unwrap();
            return [sig.r().to_vec_padded(length).unwrap(), sig.s().to_vec_padded(length).unwrap()].concat();
        }
        made
    }
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// What the provider does when it is asked.
#[derive(Clone)]
pub(crate) enum Does {
    /// Describes itself, and hands out these keys.
    Tells(Vec<Value>),
    /// Answers all with this, headers and body.
    Says(String),
    /// Describes itself with this beside it, and answers to codes with that, status, headers and body.
    Exchanges(Vec<Value>, Value, String),
    /// Takes its time.
    Hangs,
}

/// A provider on the loopback.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    does: Arc<Mutex<Does>>,
    asked: Arc<AtomicUsize>,
    heard: Arc<Mutex<String>>,
}

impl Provider {
    pub(crate) fn start(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let provider =
            Self { issuer, does: Arc::new(Mutex::new(does)), asked: Arc::default(), heard: Arc::default() };
        let (issuer, does, asked) = (provider.issuer.clone(), provider.does.clone(), provider.asked.clone());
        let heard = provider.heard.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let does = does.lock().unwrap().clone();
                let (issuer, asked, heard) = (issuer.clone(), asked.clone(), heard.clone());
                std::thread::spawn(move || answer(stream.unwrap(), &does, &issuer, &asked, &heard));
            }
        });
        provider
    }

    pub(crate) fn does(&self, does: Does) {
        *self.does.lock().unwrap() = does;
    }

    /// How often its keys were asked for.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// The last question that brought a code, with its headers.
    pub(crate) fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            issuer: self.issuer.clone(),
            audience: "weir".to_owned(),
            jwks_url: None,
            keys_max_age: Duration::from_secs(3_600),
            name_claim: "preferred_username".to_owned(),
            roles_claim: "roles".to_owned(),
            roles: [].into(),
            segments_claim: "segments".to_owned(),
            client: None,
        }
    }

    /// Claims that let somebody in, with these beside them; null takes one away.
    pub(crate) fn claims(&self, beside: Value) -> Value {
        let mut claims = json!({
            "iss": self.issuer, "aud": "weir", "exp": now() + 60, "sub": "7", "preferred_username": "anna",
            "roles": ["agent"], "segments": ["consumer"],
        });
        for (name, value) in beside.as_object().unwrap() {
            claims[name] = value.clone();
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            }
        }
        claims
    }

    /// Asks it as often as it may.
    pub(crate) fn quickly(&self, settings: Settings) -> Oidc {
        Oidc::start_at(settings, Pace { every: Duration::from_secs(300), again: Duration::from_millis(50) })
            .unwrap()
    }
}

/// Reads a question: its head, and what its head says that follows.
fn question(stream: &mut TcpStream) -> String {
    let (mut text, mut part) = (String::new(), [0; 4_096]);
    loop {
        let length = stream.read(&mut part).unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&part[..length]));
        let said = text.split_once("\r\n\r\n").map(|(head, body)| (head.to_ascii_lowercase(), body.len()));
        let is_whole = said.is_some_and(|(head, body)| {
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            body >= length.map_or(0, |length| length.parse().unwrap())
        });
        if length == 0 || is_whole {
            return text;
        }
    }
}

fn answer(mut stream: TcpStream, does: &Does, issuer: &str, asked: &AtomicUsize, heard: &Mutex<String>) {
    let question = question(&mut stream);
    let is_keys = question.starts_with("GET /keys ");
    asked.fetch_add(usize::from(is_keys), Ordering::SeqCst);
    let said = match does {
        Does::Tells(keys) => {
            let body = if is_keys {
                json!({ "keys": keys })
            } else {
                json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/keys"), "scopes_supported": ["openid"] })
            };
            format!("200 OK\r\n\r\n{body}")
        }
        Does::Says(said) => said.clone(),
        Does::Exchanges(_, _, said) if question.starts_with("POST /token ") => {
            *heard.lock().unwrap() = question;
            said.clone()
        }
        Does::Exchanges(keys, _, _) if is_keys => format!("200 OK\r\n\r\n{}", json!({ "keys": keys })),
        Does::Exchanges(_, beside, _) => {
            let mut described = json!({
                "issuer": issuer, "jwks_uri": format!("{issuer}/keys"),
                "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
                "token_endpoint": format!("{issuer}/token"),
            });
            beside.as_object().unwrap().iter().for_each(|(name, value)| described[name] = value.clone());
            format!("200 OK\r\n\r\n{described}")
        }
        Does::Hangs => {
            std::thread::sleep(Duration::from_secs(30));
            return;
        }
    };
    let _ = stream
        .write_all(format!("HTTP/1.1 {}", said.replacen("\r\n", "\r\nConnection: close\r\n", 1)).as_bytes());
}

/// Waits until it is so, some seconds at most.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("never: {what}");
}
