//! `weir explain --url` and `weir why-not --url` against a small server that answers what the same commands tell of
//! a life that they play: what is shown is the same.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::JoinHandle;

const ACCOUNT: &str = "A-0000001";

fn weir(folder: &Path, words: &str, environment: &[(&str, &str)]) -> Output {
    let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
    weir.current_dir(folder).args(words.split(' ')).env_remove("WEIR_URL").env_remove("WEIR_TOKEN_FILE");
    weir.envs(environment.iter().copied()).output().unwrap()
}

#[track_caller]
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Gives each answer, a status with what stands behind it, to one request. Hands back the requests.
fn serving(answers: Vec<(&'static str, String)>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for (head, body) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let lines: Vec<String> = lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            asked.push(lines.join("\n"));
            let length = body.len();
            let head = format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            stream.write_all((head + &body).as_bytes()).unwrap();
        }
        asked
    });
    (url, server)
}

/// A folder with the policy that Weir brings, and events of some accounts.
fn started() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    said(&weir(folder.path(), "init try --events --accounts 3", &[]));
    folder
}

fn local(words: &str) -> String {
    let (command, rest) = words.split_once(' ').unwrap_or((words, ""));
    format!("{command} try/mobile.policy.yaml try/events.jsonl --account {ACCOUNT} {rest}")
        .trim_end()
        .to_owned()
}

#[track_caller]
fn check(folder: &Path, words: &str, path: &str) {
    let shown = said(&weir(folder, &local(words), &[]));
    let json = said(&weir(folder, &local(&format!("{words} --output json").replace("  ", " ")), &[]));
    let (url, server) = serving(vec![("200 OK", json.clone()), ("200 OK", json.clone())]);
    let asked = format!("{words} --account {ACCOUNT} --url {url}");
    assert_eq!(said(&weir(folder, &asked, &[])), shown);
    assert_eq!(said(&weir(folder, &format!("{asked} --output json"), &[])), json);
    let lines: Vec<_> =
        server.join().unwrap().iter().map(|asked| asked.lines().next().unwrap().to_owned()).collect();
    let line = format!("GET /v1/accounts/{ACCOUNT}/{path} HTTP/1.1");
    assert_eq!(lines, [line.clone(), line]);
}

#[test]
fn what_a_running_weir_tells_is_shown_as_a_life_that_is_played() {
    let folder = started();
    check(folder.path(), "explain", "story");
    check(folder.path(), "why-not --rule low-balance", "why-not?rule=low-balance&of=threshold");
    check(folder.path(), "why-not --stage bar", "why-not?rule=bar&of=stage");
    let words = "why-not --stage bar --plan standard --debt-class all";
    check(folder.path(), words, "why-not?rule=bar&of=stage&plan=standard&debt_class=all");
}

#[test]
fn address_and_token_come_from_the_environment_and_a_move_is_waited_for_and_said_once() {
    let folder = started();
    let json = said(&weir(folder.path(), &local("explain --output json"), &[]));
    let moves = || ("503 Service Unavailable\r\nretry-after: 0", String::new());
    let (url, server) = serving(vec![moves(), moves(), ("200 OK", json)]);
    std::fs::write(folder.path().join("token"), "s3cret\n").unwrap();
    let environment = [("WEIR_URL", url.as_str()), ("WEIR_TOKEN_FILE", "token")];
    let output = weir(folder.path(), &format!("explain --account {ACCOUNT} --output json"), &environment);
    said(&output);
    let told = String::from_utf8(output.stderr).unwrap();
    let expected = "nobody answers for A-0000001 at this moment: asked again for up to 15 s\n";
    assert_eq!(told, expected);
    let asked = server.join().unwrap();
    assert!(asked.iter().all(|asked| asked.contains("authorization: Bearer s3cret")), "{asked:?}");
    // Where a life is to be played, nobody is asked.
    said(&weir(folder.path(), &local("explain"), &environment));
}

#[test]
fn where_there_is_no_answer_the_status_is_two_and_the_error_says_why() {
    let folder = started();
    let problem = r#"{"type":"about:blank","title":"Not found","status":404,"detail":"there is no stage baar; there are bar"}"#;
    let (url, server) = serving(vec![("404 Not Found", problem.to_owned())]);
    let words = format!("why-not --account {ACCOUNT} --stage baar --url {url}");
    let output = weir(folder.path(), &words, &[]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("there is no stage baar; there are bar"), "{told}");
    server.join().unwrap();
}
