//! The client against a small server, which says what a running Weir, or something before it, would.

use super::*;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

/// An answer, as it goes over the wire: its status, its headers, its body.
struct Says(u16, &'static str, String);

/// What was asked: the line of the request, and who asked.
type Asked = (String, Option<String>);

/// Answers so many requests, each as it is told, and hands back what was asked.
fn serving(answers: Vec<Says>) -> (String, JoinHandle<Vec<Asked>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for Says(status, headers, body) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let lines: Vec<String> = lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            let who = lines.iter().find(|line| line.to_lowercase().starts_with("authorization:"));
            asked.push((lines[0].clone(), who.map(|line| line[14..].trim().to_owned())));
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all((head + &body).as_bytes()).unwrap();
        }
        asked
    });
    (url, server)
}

fn remote(url: &str) -> Remote {
    Remote::new(url, "A/1", None, None, Duration::from_secs(2)).unwrap()
}

/// A story as short as one can be.
fn short() -> String {
    let end = r#"{"at":"2026-03-15T04:00:00Z","local":"2026-03-15 09:00","debts":[],"credit":null,"holds":[],"fired":[],"next_due":null}"#;
    format!(
        r#"{{"debtor_id":"A/1","time_zone":"UTC","earlier_records":7,"rows":[],"left_out":0,"end":{end}}}"#
    )
}

fn problem(status: u16, detail: &str) -> String {
    format!(r#"{{"type":"about:blank","title":"No","status":{status},"detail":"{detail}"}}"#)
}

/// What a person reads where there is no answer: in one line, whatever the width.
fn words(error: &miette::Report) -> String {
    let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{error}{help}")
}

/// An answer that is none ends with these words; `{url}` is where it was asked.
#[track_caller]
fn check(answer: Says, expected: &str) {
    let (url, server) = serving(vec![answer]);
    let error = remote(&url).story().unwrap_err();
    assert_eq!(words(&error), expected.replace("{url}", &format!("{url}/")));
    server.join().unwrap();
}

#[test]
fn an_account_is_asked_about_by_its_id_with_the_token_and_who_pays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "s3cret\n").unwrap();
    let told = r#"{"account_id":"A/1","time_zone":"UTC","at":"2026-03-15T04:00:00Z","local":"2026-03-15 04:00","stage":"bar","parts":[]}"#;
    let (url, server) = serving(vec![Says(200, "", short()), Says(200, "", told.to_owned())]);
    let base = format!("{url}/behind/");
    let patience = Duration::from_secs(2);
    let remote = Remote::new(&base, "A/1", Some("P & Q"), Some(bearer(&file).unwrap()), patience).unwrap();
    assert_eq!(remote.story().unwrap().earlier_records, Some(7));
    let told = remote.why_not(&[("stage", "bar"), ("debt_class", "provider:x")]).unwrap();
    assert_eq!(told.stage.as_deref(), Some("bar"));
    let asked = server.join().unwrap();
    let who = Some("Bearer s3cret".to_owned());
    let lines = [
        "GET /behind/v1/accounts/A%2F1/story?debtor=P+%26+Q HTTP/1.1",
        "GET /behind/v1/accounts/A%2F1/why-not?stage=bar&debt_class=provider%3Ax&debtor=P+%26+Q HTTP/1.1",
    ];
    assert_eq!(asked, lines.map(|line| (line.to_owned(), who.clone())));
}

#[test]
fn while_the_partition_moves_it_is_asked_again() {
    let moves = || Says(503, "retry-after: 0\r\n", problem(503, "the partition moves"));
    let (url, server) = serving(vec![moves(), moves(), Says(200, "", short())]);
    let began = Instant::now();
    remote(&url).story().unwrap();
    assert!(began.elapsed() >= 2 * LEAST_WAIT);
    assert_eq!(server.join().unwrap().len(), 3);
}

#[test]
fn it_is_asked_again_for_so_long_only_and_no_sooner_than_it_says() {
    let help = "where it stays so, ask /readyz of each instance, and `weir doctor` what is wrong";
    let moves = |after| Says(503, after, problem(503, "the partition moves"));
    let again = |when| format!("nobody answers for A/1 now: the partition moves (ask again {when}; {help})");
    check(moves("retry-after: 30\r\n"), &again("in 30 s"));
    check(moves(""), &again("later"));
    let (url, server) = serving((0..4).map(|_| moves("retry-after: 1\r\n")).collect());
    let began = Instant::now();
    let error = remote(&url).story().unwrap_err();
    assert_eq!(words(&error), again("in 1 s"));
    assert!(began.elapsed() < Duration::from_secs(3));
    // The server waits for a fourth, which does not come.
    drop(server);
}

#[test]
fn what_is_declined_says_why_and_what_to_do() {
    let problem =
        |status, detail| Says(status, "content-type: application/problem+json\r\n", problem(status, detail));
    check(
        problem(401, "no token"),
        "{url} does not know who asks: no token (give a token that it takes: --token-file FILE, or WEIR_TOKEN_FILE)",
    );
    check(
        problem(403, "of another segment"),
        "{url} does not tell this of A/1: of another segment (the token must be of someone who may see this account: \
         --token-file FILE, or WEIR_TOKEN_FILE)",
    );
    check(
        problem(404, "there is no stage baar; there are bar, suspend"),
        "there is no stage baar; there are bar, suspend",
    );
    let unknown = r#"{"type":"urn:weir:problem:unknown-account","title":"","detail":"no event of A/1"}"#;
    check(
        Says(404, "content-type: application/problem+json\r\n", unknown.to_owned()),
        "no event of A/1 (where another account pays for it, say which with --debtor)",
    );
    check(problem(429, "10 a second"), "{url} is asked too much: 10 a second (ask again later)");
    check(
        problem(500, "the store"),
        "{url} answers 500 Internal Server Error: the store (its log says more)",
    );
}

#[test]
fn an_answer_of_something_else_says_that_it_is_one() {
    let page = || "<html>Welcome</html>".to_owned();
    check(
        Says(404, "", page()),
        "{url} knows no such page: 404 Not Found (is this the address that `[api] listen` has there, without a path of \
         the API?)",
    );
    let help = "is this the address that `[api] listen` has there, and not one of something before it? Is the `weir` \
                that asks as new as the one that answers?";
    let faulty = |why| format!("what {{url}} answers cannot be read: {why} ({help})");
    check(Says(200, "", page()), &faulty("expected value at line 1 column 1"));
    check(Says(200, "", "{}".to_owned()), &faulty("missing field `debtor_id` at line 1 column 2"));
    check(Says(502, "", page()), "{url} answers 502 Bad Gateway: 502 Bad Gateway (its log says more)");
}

#[test]
fn where_nobody_listens_the_error_says_what_to_look_at() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = words(&remote(&url).story().unwrap_err());
    let expected = format!("cannot reach {url}/: Connection refused");
    assert!(error.starts_with(&expected), "{error}");
    assert!(error.ends_with("(is `[api] listen` set there, and is this its address?)"), "{error}");
}

#[test]
fn what_is_no_address_and_what_is_no_token_is_told_before_anything_is_asked() {
    for url in ["", "weir:8080", "ftp://weir", "weir"] {
        let error = Remote::new(url, "A-1", None, None, PATIENCE).map(|_| ()).unwrap_err();
        assert!(words(&error).starts_with(&format!("«{url}» is no address")), "{}", words(&error));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    for (content, expected) in [("\n", "there is no token in"), ("s3\ncret", "holds no token")] {
        std::fs::write(&file, content).unwrap();
        let error = words(&bearer(&file).unwrap_err());
        assert!(error.contains(expected) && !error.contains("cret"), "{error}");
    }
    assert!(words(&bearer(&folder.path().join("none")).unwrap_err()).starts_with("cannot read the token"));
}
