//! The schema registry: a real one, and one that only refuses.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use connectors::registry::{ConnectError, Credentials, RegistrySettings, SchemaRegistry};
use schemas::{Registry, RegistryError};
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

const ACCOUNT: &str = r#"{"type":"record","name":"Account","fields":[{"name":"id","type":"string"}]}"#;

fn connect(url: &str, auto_register: bool) -> SchemaRegistry {
    SchemaRegistry::connect(&RegistrySettings { auto_register, ..RegistrySettings::new(url) }).unwrap()
}

#[test]
fn a_schema_is_registered_only_where_that_is_asked_for_and_then_found_by_all() {
    let server = loadtest::broker::Registry::start().unwrap();
    let (reads, registers) = (connect(server.url(), false), connect(server.url(), true));
    let subject = format!("accounts-{}-value", std::process::id());
    let refused = reads.id_of(&subject, ACCOUNT);
    assert!(matches!(refused, Err(RegistryError::Refused { .. })), "{refused:?}");
    let id = registers.id_of(&subject, ACCOUNT).unwrap();
    assert_eq!(reads.id_of(&subject, ACCOUNT).unwrap(), id);
    assert_eq!(registers.id_of(&subject, ACCOUNT).unwrap(), id, "and once more");
    assert_eq!(reads.schema(id).unwrap(), ACCOUNT);
    assert_eq!(reads.schema(id + 1_000_000), Err(RegistryError::UnknownId { id: id + 1_000_000 }));
    let other = registers.id_of(&subject, "{");
    assert!(matches!(other, Err(RegistryError::Refused { .. })), "{other:?}");

    drop(server);
    // A registry that was ours is gone now; what it has said stays known.
    assert_eq!(reads.schema(id).unwrap(), ACCOUNT);
    assert_eq!(reads.id_of(&subject, ACCOUNT).unwrap(), id);
}

/// A URL where nobody listens.
fn nobody_there() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn a_registry_that_is_not_there_is_named() {
    let url = nobody_there();
    let Err(error) = SchemaRegistry::connect(&RegistrySettings::new(&url)) else { panic!() };
    assert!(error.to_string().contains(&url), "{error}");
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("refused"), "{cause}");
    let ConnectError::Unusable { source, .. } = error else { panic!("{error}") };
    assert!(matches!(source, RegistryError::Unavailable { .. }), "{source:?}");
}

/// Answers one request with this, and returns what was asked for.
fn answers_once(answer: &'static str) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let lines = BufReader::new(&connection).lines().map(Result::unwrap);
        let head = lines.take_while(|line| !line.is_empty()).collect();
        connection.write_all(answer.as_bytes()).unwrap();
        head
    });
    (url, asked)
}

#[test]
fn credentials_are_shown_and_a_refusal_is_told_from_a_failure() {
    const DENIED: &str = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 40\r\n\r\n{\"error_code\":40101,\"message\":\"go away!\"}";
    const BROKEN: &str = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n";
    let basic = Credentials::Basic { username: "weir".to_owned(), password: "secret".to_owned() };
    let bearer = Credentials::Bearer("token".to_owned());
    for (answer, credentials, header, is_refusal) in
        [(DENIED, basic, "Basic d2VpcjpzZWNyZXQ=", true), (BROKEN, bearer, "Bearer token", false)]
    {
        let (url, asked) = answers_once(answer);
        let settings = RegistrySettings { credentials, ..RegistrySettings::new(&url) };
        assert!(!format!("{settings:?}").contains("secret"));
        let Err(ConnectError::Unusable { source, .. }) = SchemaRegistry::connect(&settings) else { panic!() };
        assert_eq!(matches!(source, RegistryError::Refused { .. }), is_refusal, "{source:?}");
        let head = asked.join().unwrap();
        assert!(head.iter().any(|line| line.ends_with(header)), "{head:?}");
    }
}

#[test]
fn a_further_url_is_asked_only_where_the_one_before_gives_no_answer() {
    const UNKNOWN: &str =
        "HTTP/1.1 404 Not Found\r\nContent-Length: 38\r\n\r\n{\"error_code\":40403,\"message\":\"none!\"}";
    const BROKEN: &str = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n";
    const NOT_ITS_OWN: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    const NOBODY: &str = "";
    for (first, second, is_there) in [
        (UNKNOWN, NOBODY, true),
        (NOBODY, UNKNOWN, true),
        (BROKEN, UNKNOWN, true),
        (NOT_ITS_OWN, UNKNOWN, true),
        (BROKEN, NOBODY, false),
    ] {
        let urls = [first, second].map(|answer| match answer {
            NOBODY => nobody_there(),
            answer => answers_once(answer).0,
        });
        let settings = RegistrySettings { urls: urls.to_vec(), ..RegistrySettings::new("") };
        let registry = SchemaRegistry::connect(&settings);
        assert_eq!(registry.is_ok(), is_there, "{first:?}, {second:?}: {:?}", registry.err());
    }
}
