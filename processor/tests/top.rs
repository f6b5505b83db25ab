//! `weir top` against small servers that answer what instances would, and against the demo, which is one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

fn weir(words: &str, environment: &[(&str, &str)]) -> Output {
    let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
    weir.arg("top").args(words.split_whitespace()).env_remove("WEIR_METRICS").env_remove("WEIR_CONFIG");
    weir.envs(environment.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

/// Answers each request for a path with a status and a body, for as long as the test is; a thread for each.
fn serving(answer: impl Fn(&str) -> (u16, String) + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            std::thread::spawn(move || give(stream, answer));
        }
    });
    address
}

fn give(mut stream: TcpStream, answer: impl Fn(&str) -> (u16, String)) {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let lines: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let Some(path) = lines.first().and_then(|line| line.split(' ').nth(1)) else { return };
    let (status, body) = answer(path);
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all((head + &body).as_bytes());
}

/// An instance at work on partition 7, which takes a thousand events between two questions.
fn at_work() -> String {
    let events = std::sync::Arc::new(AtomicU64::new(0));
    serving(move |path| match path {
        "/metrics" => {
            let events = events.fetch_add(1_000, Ordering::Relaxed);
            let lines = [
                format!("weir_events_total{{topic=\"balances\"}} {events}"),
                "weir_task_state{partition=\"7\"} 2".to_owned(),
                "weir_timer_lateness_seconds{partition=\"7\"} 4.5".to_owned(),
            ];
            (200, lines.join("\n") + "\n")
        }
        "/readyz" => (200, "ready\n".to_owned()),
        other => (404, format!("there is no {other}")),
    })
}

fn not_ready() -> String {
    serving(|path| match path {
        "/metrics" => (200, "weir_running_tasks 0\n".to_owned()),
        // What steers a terminal is not passed on.
        _ => (503, "\x1b[2J0 of 2 assigned partitions are at work\n".to_owned()),
    })
}

/// It takes the question, and never answers.
fn silent() -> String {
    serving(|_| {
        std::thread::sleep(Duration::from_secs(30));
        (200, String::new())
    })
}

#[test]
fn all_is_printed_once_where_nobody_looks_and_the_status_says_whether_all_are_ready() {
    let one = at_work();
    let output = weir(&one, &[]);
    let told = said(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let lines: Vec<Vec<&str>> = told.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines.len(), 5, "{told}");
    assert_eq!(lines[1][..3], [one.as_str(), "ready", "1/1"]);
    let events: f64 = lines[1][3].replace(',', "").parse().unwrap();
    assert!((200.0..=1_000.0).contains(&events), "a thousand in a second or somewhat more: {told}");
    assert_eq!(lines[4][..6], ["7", one.as_str(), "at", "work", "–", "4.5"], "{told}");
    let output = weir(&format!("--once {one} {}", not_ready()), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains(": [2J0 of 2 assigned partitions are at work\n"), "{}", said(&output));
}

#[test]
fn one_that_does_not_answer_is_told_and_keeps_no_other_waiting() {
    let (one, other) = (at_work(), silent());
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let page = serving(|_| (200, "<html>".to_owned()));
    let missing = serving(|_| (404, String::new()));
    let began = Instant::now();
    let output = weir(&format!("--output json {one} {other} {closed} {page} {missing}"), &[]);
    // Two questions of a second each at most, and a second between.
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert_eq!(output.status.code(), Some(1));
    let told = json(&output);
    let standings: Vec<_> =
        told["instances"].as_array().unwrap().iter().map(|one| &one["standing"]).collect();
    assert_eq!(standings, ["ready", "no_answer", "no_answer", "no_answer", "no_answer"]);
    let whys = ["no answer within 1 s", "refused", "line 1 is none", "404"];
    for (index, why) in whys.into_iter().enumerate() {
        let found = told["instances"][index + 1]["why"].as_str().unwrap();
        assert!(found.contains(why), "{found} says not {why}");
    }
    assert_eq!(told["partitions"][0]["timer_lateness_seconds"], 4.5);
    assert_eq!(told["ready"], false);
}

/// Who is asked, with these words and this environment.
#[track_caller]
fn check_asked(words: &str, environment: &[(&str, &str)], expected: &[&str]) {
    let told = json(&weir(&format!("--output json {words}"), environment));
    let names: Vec<_> = told["instances"].as_array().unwrap().iter().map(|one| &one["instance"]).collect();
    assert_eq!(names, expected, "{words} {environment:?}");
}

#[test]
fn whom_to_ask_is_named_or_stands_in_the_environment_or_in_a_configuration() {
    let (one, other) = (at_work(), at_work());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weir.toml");
    let rest = "[kafka]\nbrokers = \"localhost:9\"\n[registry]\nurl = \"http://localhost:9\"\n[state]\nfolder = \"state\"\n[policy]\npublished = true\n";
    std::fs::write(&file, format!("{rest}[http]\nlisten = \"{one}\"\n")).unwrap();
    let file = file.to_str().unwrap();
    let metrics = format!("http://{other}, http://{one}/");
    let both = [("WEIR_METRICS", metrics.as_str()), ("WEIR_CONFIG", file)];
    check_asked(&format!("http://{one}"), &both, &[&one]);
    check_asked(&format!("--config {file}"), &both[..1], &[&one]);
    check_asked("", &both, &[&other, &one]);
    check_asked("", &both[1..], &[&one]);
    for (words, expected) in [
        ("", "nobody is named who could be asked"),
        ("ftp://weir", "is no address"),
        ("a --config b", "cannot be used with"),
        ("--config /nowhere/weir.toml", "/nowhere/weir.toml"),
    ] {
        let output = weir(words, &[]);
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert!(said(&output).contains(expected), "{words}: {}", said(&output));
    }
}

const DAY_SECONDS: f64 = 86_400.0;

#[test]
fn the_demo_is_an_instance_whose_partitions_are_at_work() {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["demo", "--for", "60s", "--subscribers", "500"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.starts_with("Metrics: ")).unwrap();
    let address = line.split_whitespace().nth(1).unwrap().to_owned();
    // It ends where nobody reads what it tells.
    let reader = std::thread::spawn(move || lines.for_each(drop));
    let until = Instant::now() + Duration::from_secs(40);
    let told = loop {
        let output = weir(&format!("--output json {address}"), &[]);
        let told = json(&output);
        let has_begun = told["all"]["commits_per_second"].as_f64().is_some_and(|commits| commits > 0.0);
        if (output.status.success() && has_begun) || Instant::now() > until {
            break told;
        }
    };
    demo.kill().unwrap();
    demo.wait().unwrap();
    reader.join().unwrap();
    assert_eq!(told["ready"], true, "{told:#}");
    let partitions = told["partitions"].as_array().unwrap();
    assert!(!partitions.is_empty() && partitions.len() == told["all"]["partitions"], "{told:#}");
    for partition in partitions {
        assert_eq!(partition["state"], "at_work", "{told:#}");
        // In the demo's time, of which minutes pass while a batch is decided.
        let lag = partition["input_lag_seconds"].as_f64();
        assert!(lag.is_some_and(|lag| (0.0..DAY_SECONDS).contains(&lag)), "{told:#}");
        assert!(partition["cached_debtors"].as_u64().is_some_and(|count| count > 0), "{told:#}");
    }
    assert!(told["all"]["events_per_second"].as_f64().is_some_and(|events| events > 0.0), "{told:#}");
    assert!(told["all"]["commit_seconds_p50"].as_f64().is_some_and(|time| time > 0.0), "{told:#}");
}
