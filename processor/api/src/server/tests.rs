//! What a client may take of a server, over real sockets.

use super::*;
use axum::routing::get;
use native_tls::{Certificate, TlsConnector};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509NameBuilder};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Instant;

const QUICK: Bounds =
    Bounds { connections: 2, patience: Duration::from_millis(300), life: Duration::from_secs(60) };
const QUESTION: &[u8] = b"GET / HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n";

fn serve(tls: Option<Tls>, bounds: Bounds) -> Server {
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        "slowly"
    };
    let routes = Router::new().route("/", get(|| async { "weir" })).route("/slow", get(slow));
    Server::start("test", ([127, 0, 0, 1], 0).into(), routes, tls, bounds).unwrap()
}

fn connect(server: &Server) -> std::net::TcpStream {
    let stream = std::net::TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
}

fn rest(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

fn ask(server: &Server) -> String {
    let mut stream = connect(server);
    stream.write_all(QUESTION).unwrap();
    rest(&mut stream)
}

#[test]
fn a_client_that_says_nothing_or_says_it_slowly_is_let_go() {
    let plain = serve(None, QUICK);
    let folder = tempfile::tempdir().unwrap();
    let encrypted = serve(Some(certified(folder.path(), "weir")), QUICK);
    let kept_alive = "GET / HTTP/1.1\r\nHost: weir\r\n\r\n";
    for (what, server, said) in [
        ("nothing", &plain, ""),
        ("half a head", &plain, "GET / HTTP/1.1\r\nHost:"),
        ("nothing after an answer", &plain, kept_alive),
        ("no handshake", &encrypted, ""),
        ("half a handshake", &encrypted, "\u{16}\u{3}\u{1}"),
    ] {
        let mut stream = connect(server);
        let began = Instant::now();
        stream.write_all(said.as_bytes()).unwrap();
        rest(&mut stream);
        let took = began.elapsed();
        assert!(took > Duration::from_millis(200) && took < Duration::from_secs(3), "{what}: {took:?}");
    }
}

#[test]
fn further_connections_wait_for_those_there_are() {
    let server = serve(None, QUICK);
    let silent = [connect(&server), connect(&server)];
    std::thread::sleep(Duration::from_millis(50));
    let began = Instant::now();
    assert!(ask(&server).ends_with("weir"));
    assert!(began.elapsed() > Duration::from_millis(150), "it was answered beside two others");
    drop(silent);
}

#[test]
fn a_head_that_is_too_large_is_declined() {
    let server = serve(None, Bounds::default());
    for (length, status) in [(8_000, "HTTP/1.1 200"), (17_000, "HTTP/1.1 431")] {
        let mut stream = connect(&server);
        let much = "a".repeat(length);
        write!(stream, "GET / HTTP/1.1\r\nHost: weir\r\nConnection: close\r\nX-Much: {much}\r\n\r\n")
            .unwrap();
        let answer = rest(&mut stream);
        assert!(answer.starts_with(status), "{length}: {answer}");
    }
}

#[test]
fn a_connection_ends_with_its_life_and_a_server_with_its_last_answers() {
    let server = serve(None, Bounds { life: Duration::from_millis(200), ..Bounds::default() });
    let mut stream = connect(&server);
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: weir\r\n\r\n").unwrap();
    let answer = rest(&mut stream);
    assert!(answer.ends_with("slowly"), "what was being answered is answered: {answer}");

    let server = serve(None, Bounds::default());
    let mut stream = connect(&server);
    let silent = connect(&server);
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: weir\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let began = Instant::now();
    drop(server);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(rest(&mut stream).ends_with("slowly"));
    drop(silent);
}

/// Writes a new certificate for `localhost` that signs itself, and its key.
fn certify(folder: &Path, name: &str) -> Certificate {
    certify_until(folder, name, &Asn1Time::days_from_now(1).unwrap())
}

/// One that holds until then.
fn certify_until(folder: &Path, name: &str, until: &Asn1Time) -> Certificate {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut called = X509NameBuilder::new().unwrap();
    called.append_entry_by_text("CN", name).unwrap();
    let called = called.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&called).unwrap();
    builder.set_issuer_name(&called).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(until).unwrap();
    builder.set_pubkey(&key).unwrap();
    let names =
        SubjectAlternativeName::new().dns("localhost").build(&builder.x509v3_context(None, None)).unwrap();
    builder.append_extension(names).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    let certificate = builder.build().to_pem().unwrap();
    std::fs::write(folder.join("weir.pem"), &certificate).unwrap();
    std::fs::write(folder.join("weir.key"), key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    Certificate::from_pem(&certificate).unwrap()
}

fn of_folder(folder: &Path) -> Result<Tls, ApiError> {
    Tls::of_files(&folder.join("weir.pem"), &folder.join("weir.key"))
}

fn certified(folder: &Path, name: &str) -> Tls {
    certify(folder, name);
    of_folder(folder).unwrap()
}

/// A connection to the server as someone who trusts this certificate and no other.
fn connect_trusting(
    server: &Server,
    trusted: &Certificate,
) -> Result<native_tls::TlsStream<std::net::TcpStream>, String> {
    let connector = TlsConnector::builder()
        .disable_built_in_roots(true)
        .add_root_certificate(trusted.clone())
        .build()
        .unwrap();
    connector.connect("localhost", connect(server)).map_err(|error| error.to_string())
}

#[test]
fn tls_is_served_and_a_new_certificate_takes_its_place_without_dropping_what_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let first = certify(folder.path(), "first");
    let tls = of_folder(folder.path()).unwrap().always_looked_at();
    let server = serve(Some(tls), Bounds::default());
    let mut open = connect_trusting(&server, &first).unwrap();

    let second = certify(folder.path(), "second");
    let mut new = connect_trusting(&server, &second).unwrap();
    assert!(connect_trusting(&server, &first).is_err(), "the old certificate is shown still");
    for stream in [&mut open, &mut new] {
        stream.write_all(QUESTION).unwrap();
        let answer = rest(stream);
        assert!(answer.ends_with("weir"), "{answer}");
    }

    let key = std::fs::read(folder.path().join("weir.key")).unwrap();
    let third = certify(folder.path(), "third");
    for half in [&key[..], b"no key"] {
        std::fs::write(folder.path().join("weir.key"), half).unwrap();
        assert!(connect_trusting(&server, &second).is_ok(), "a key that does not fit changes nothing");
        assert!(connect_trusting(&server, &third).is_err(), "it is shown without its key");
    }
    assert!(!ask(&server).contains("200"), "plain HTTP is answered");
}

#[test]
fn nothing_older_than_tls_1_2_is_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(Some(certified(folder.path(), "weir")), Bounds::default());
    for (newest, expected) in
        [(openssl::ssl::SslVersion::TLS1_1, false), (openssl::ssl::SslVersion::TLS1_2, true)]
    {
        let mut builder = openssl::ssl::SslConnector::builder(openssl::ssl::SslMethod::tls()).unwrap();
        builder.set_verify(openssl::ssl::SslVerifyMode::NONE);
        builder.set_min_proto_version(None).unwrap();
        builder.set_max_proto_version(Some(newest)).unwrap();
        // Else this side would not speak the old one.
        builder.set_cipher_list("ALL:@SECLEVEL=0").unwrap();
        let spoken = builder.build().connect("localhost", connect(&server)).is_ok();
        assert_eq!(spoken, expected, "{newest:?}");
    }
}

#[test]
fn what_is_no_certificate_with_its_key_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let told = || match of_folder(folder.path()) {
        Ok(_) => panic!("it is taken"),
        Err(error) => error.to_string(),
    };
    assert!(told().contains("cannot read"), "{}", told());
    certify(folder.path(), "one");
    let key = std::fs::read(folder.path().join("weir.key")).unwrap();
    certify(folder.path(), "other");
    std::fs::write(folder.path().join("weir.key"), key).unwrap();
    assert!(told().contains("weir.pem") && told().contains("openssl pkcs8"), "{}", told());
}

#[test]
fn it_is_known_for_how_many_days_a_certificate_and_those_after_it_still_hold() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weir.pem");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let now = i64::try_from(now).unwrap();
    let in_hours = |hours: i64| {
        certify_until(folder.path(), "weir", &Asn1Time::from_unix(now + hours * 3_600).unwrap());
        std::fs::read(&file).unwrap()
    };
    for (hours, expected) in [
        (&[500][..], 20),
        (&[36], 1),
        (&[12], 0),
        (&[-1], -1),
        (&[-36], -2),
        (&[500, 36], 1),
        (&[36, 500], 1),
    ] {
        let chain: Vec<u8> = hours.iter().flat_map(|hours| in_hours(*hours)).collect();
        std::fs::write(&file, chain).unwrap();
        assert_eq!(crate::tls::days_left(&file), Ok(expected), "{hours:?}");
    }
    std::fs::write(&file, "").unwrap();
    assert!(crate::tls::days_left(&file).unwrap_err().ends_with("there is no certificate in it"));
    assert!(crate::tls::days_left(&folder.path().join("no")).unwrap_err().contains("No such file"));
}
