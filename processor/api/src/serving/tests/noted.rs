//! Who looked at what is in the audit log, once.

use super::*;

#[test]
fn each_look_at_an_account_leaves_one_line_with_whoever_looked() {
    let logged = logged();
    let server = quick();
    let rows = [
        ("/v1/accounts/audit-1", "mona", 404, "what=\"/v1/accounts/{id}\""),
        ("/v1/accounts/audit-2/records?limit=7", "vera", 404, "query=\"limit=7\""),
        ("/v1/accounts/audit-3/why-not", "anna", 400, "role=\"agent\""),
        ("/v1/accounts/audit-4%0Aline", "anna", 400, "account=\"audit-4"),
    ];
    for (path, who, status, part) in rows {
        check(&ask(&server, path, Some(who)), status, &[]);
        let id = path.split('/').nth(3).unwrap().split(['%', '?']).next().unwrap();
        let status = format!("status={status}");
        let expected = ["audit:", &format!("who=\"{who}\""), id, &status, part, "handed_on=false"];
        assert_eq!(logged.lines(&expected).len(), 1, "{expected:?} of {:?}", logged.lines(&[id]));
        assert_eq!(logged.lines(&[id]).len(), 1, "{:?}", logged.lines(&[id]));
    }
    ask(&server, "/v1/accounts/audit-5", None);
    assert!(logged.lines(&["audit-5"]).is_empty(), "nothing was looked at");
}

#[test]
fn whoever_looks_at_rejects_or_sends_one_again_leaves_a_line_with_which_and_why() {
    let logged = logged();
    let server = quick();
    check(&ask(&server, "/v1/rejects?reason=audit-reason", Some("mona")), 200, &[]);
    let listed = logged.lines(&[
        "audit:",
        "rejects were asked about",
        "who=\"mona\"",
        "query=\"reason=audit-reason\"",
    ]);
    assert_eq!(listed.len(), 1, "{listed:?}");
    check(&ask(&server, "/v1/rejects/31/4159", Some("mona")), 404, &["unknown-reject"]);
    assert_eq!(logged.lines(&["audit:", "reject=\"31/4159\"", "account=\"(unknown)\""]).len(), 1);
    let body = r#"{"why": "audit-mended"}"#;
    let head = "POST /v1/rejects/27/1828/resend HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\
                Authorization: Bearer weir_mona\r\nContent-Type: application/json";
    let length = body.len();
    check(&ask_saying(&server, &format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}")), 404, &[]);
    let sent = logged.lines(&[
        "audit:",
        "reject=\"27/1828\"",
        "why=\"audit-mended\"",
        "method=\"POST\"",
        "status=404",
    ]);
    assert_eq!(sent.len(), 1, "{sent:?}");
    // How instances stand tells of no account, and is asked every other second.
    check(&ask(&server, "/v1/instances", Some("vera")), 200, &["\"ready\""]);
    assert!(logged.lines(&["audit:", "/v1/instances"]).is_empty());
}

fn post(server: &Server, path: &str, body: &str) -> String {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\nAuthorization: Bearer weir_mona\r\n\
         Content-Type: application/json"
    );
    ask_saying(server, &format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

#[test]
fn of_several_that_are_sent_again_each_has_a_line() {
    let logged = logged();
    let body = r#"{"why": "audit-several", "rejects": [{"partition": 41, "offset": 1}, {"partition": 42, "offset": 2}]}"#;
    check(&post(&quick(), "/v1/rejects/resend", body), 200, &["not_there"]);
    for place in ["41/1", "42/2"] {
        let place = format!("reject=\"{place}\"");
        let expected = [
            "audit:",
            &place,
            "why=\"audit-several\"",
            "outcome=\"not_there\"",
            "who=\"mona\"",
            "status=200",
        ];
        assert_eq!(logged.lines(&expected).len(), 1, "{:?}", logged.lines(&["audit-several"]));
    }
    assert_eq!(logged.lines(&["audit:", "audit-several"]).len(), 2);
}

#[test]
fn a_verdict_on_what_is_held_is_noted_in_words_of_its_own() {
    let logged = logged();
    let body = r#"{"verdict": "drop", "why": "audit-verdict"}"#;
    // There is no log here.
    check(&post(&quick(), "/v1/held/verdict", body), 503, &["not-given"]);
    let expected = [
        "audit:",
        "a verdict was given on what the breaker holds",
        "account=\"(held)\"",
        "why=\"audit-verdict\"",
    ];
    assert_eq!(logged.lines(&expected).len(), 1, "{:?}", logged.lines(&["audit-verdict"]));
}

#[test]
fn a_question_that_was_handed_on_is_noted_where_it_is_answered_and_nowhere_else() {
    let logged = logged();
    let answers = quick();
    let elsewhere = || Few { elsewhere: Some("far-1"), ..Few::new() };
    let url = format!("http://{}", answers.address());
    let asked = served(elsewhere(), Arc::new(There(url.into())), 1_000, Limits::default());
    check(&ask(&asked, "/v1/accounts/far-1", Some("mona")), 404, &[]);
    let lines = logged.lines(&["audit:", "far-1"]);
    assert!(lines.len() == 1 && lines[0].contains("handed_on=true"), "{lines:?}");

    // Nobody listens there any more: the line is written here, and what is logged of it names no account.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let far = Few { elsewhere: Some("far-2"), ..Few::new() };
    let asked = served(far, Arc::new(There(format!("http://{gone}").into())), 1_000, Limits::default());
    check(&ask(&asked, "/v1/accounts/far-2", Some("mona")), 503, &["owner-silent"]);
    let lines = logged.lines(&["audit:", "far-2"]);
    assert!(lines.len() == 1 && lines[0].contains("handed_on=false"), "{lines:?}");
    let ordinary = logged.lines(&["far-2"]);
    let ordinary: Vec<_> = ordinary.iter().filter(|line| line.contains(" api::")).collect();
    assert!(ordinary.is_empty(), "{ordinary:?}");
    assert!(!logged.lines(&["the owner of a partition does not answer"]).is_empty());
}

/// Asks so often for one account with this beside, and answers the lines that it left.
fn lines_of(server: &Server, logged: &Logged, (account, beside): (&str, &str), times: usize) -> Vec<String> {
    for _ in 0..times {
        let head = format!("GET /v1/accounts/{account} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n");
        let asked = format!("{head}Authorization: Bearer weir_mona\r\n{beside}\r\n");
        check(&ask_saying(server, &asked), 200, &[]);
    }
    logged.lines(&["audit:", account])
}

#[test]
fn looks_of_a_page_that_follows_are_told_together_and_none_is_left_out() {
    let logged = logged();
    let server = quick();
    let plain = lines_of(&server, logged, ("follows-1", "weir-followed: 1\r\n"), 3);
    assert_eq!(plain.len(), 3, "whoever asks by HTTP is told of each time: {plain:?}");
    assert!(plain.iter().all(|line| !line.contains("followed=")), "{plain:?}");
    let handed = lines_of(&server, logged, ("follows-2", "weir-handed-on: 1\r\nweir-followed: 1\r\n"), 3);
    assert!(handed.len() == 1 && handed[0].contains("followed=1"), "{handed:?}");
    drop(server);
    let told = logged.lines(&["audit:", "follows-2", "followed=2"]);
    assert_eq!(
        told.len(),
        1,
        "those that were counted are told where the process ends: {:?}",
        logged.lines(&["follows-2"])
    );
}
