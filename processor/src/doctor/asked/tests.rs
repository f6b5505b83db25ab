//! What is said of addresses, names, certificates and tokens, good ones and others.

use super::super::Standing;
use super::*;
use std::io::{Read, Write};
use std::num::NonZeroU32;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// An API that listens there, where the configuration says so or does not.
fn settings(listen: SocketAddr, is_asked_for: bool) -> Api {
    let rate_per_second = NonZeroU32::new(50).unwrap();
    Api { listen, url: None, is_asked_for, tokens: None, oidc: None, tls: None, rate_per_second }
}

#[track_caller]
fn check(found: &[Finding], expected: &[(Standing, &str)]) {
    let standings: Vec<_> = found.iter().map(|finding| finding.standing).collect();
    assert_eq!(standings, expected.iter().map(|(standing, _)| *standing).collect::<Vec<_>>(), "{found:?}");
    for (finding, (standing, words)) in found.iter().zip(expected) {
        assert!(format!("{finding:?}").contains(words), "«{words}» is not in {finding:?}");
        assert_eq!(finding.mend.is_some(), *standing != Standing::Good, "{finding:?}");
    }
}

/// Something that answers everything with this, and where it is.
fn answering(said: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 2_048]);
            let answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{said}");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn a_port_is_free_or_a_weirs_or_taken() {
    let weir = answering("{\"openapi\": \"3.1.0\", \"info\": {\"title\": \"Weir\"}}");
    let other = answering("<html>Welcome");
    let nobodys = SocketAddr::from(([192, 0, 2, 1], 8_090));
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    for (address, is_asked_for, standing, words) in [
        (any, true, Standing::Good, "a free port of 127.0.0.1"),
        (weir, true, Standing::Doubtful, "a Weir is served"),
        (weir, false, Standing::Doubtful, "a Weir is served"),
        (other, true, Standing::Wrong, "is taken, and not by a Weir"),
        (other, false, Standing::Doubtful, "the API is not served"),
        (nobodys, true, Standing::Wrong, "192.0.2.1:8090 cannot be listened on"),
    ] {
        check(&[port(&settings(address, is_asked_for))], &[(standing, words)]);
    }
}

#[test]
fn a_name_that_others_are_to_find_is_looked_up() {
    for (said, standing, words) in [
        ("http://127.0.0.1:{port}", Standing::Good, "127.0.0.1 is 127.0.0.1"),
        ("https://[::1]:8090", Standing::Good, "::1 is ::1"),
        ("http://localhost:{port}", Standing::Good, "localhost is "),
        ("http://weir.invalid:{port}", Standing::Doubtful, "weir.invalid is not found"),
    ] {
        check(&[url(said)], &[(standing, words)]);
    }
}

#[test]
fn a_certificate_is_told_to_be_over_or_nearly_so() {
    for (days, standing, words) in [
        (-1, Standing::Wrong, "is over: nobody connects"),
        (0, Standing::Doubtful, "less than a day"),
        (1, Standing::Doubtful, "for one day more"),
        (13, Standing::Doubtful, "for 13 days more"),
        (14, Standing::Good, "for 14 days more"),
    ] {
        check(&[holds(Path::new("weir.pem"), days)], &[(standing, words)]);
    }
    // What fits and what does not is held in `api`.
    let files = TlsFiles { certificate: "/nowhere/weir.pem".into(), key: "/nowhere/weir.key".into() };
    check(&certificate(&files), &[(Standing::Wrong, "/nowhere/weir.pem: No such file")]);
}

#[test]
fn tokens_are_counted_and_kept_from_others() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.toml");
    let api = |tokens: Option<PathBuf>| Api { tokens, ..settings(([127, 0, 0, 1], 0).into(), true) };
    check(&who(&api(None)), &[(Standing::Good, "nobody is asked who they are")]);
    check(&who(&api(Some(file.clone()))), &[(Standing::Wrong, "tokens.toml")]);
    let line = |name: &str| {
        let token = api::who::tokens::fresh().unwrap();
        config::token_lines(name, "manager", &[], &token).unwrap()
    };
    let two = format!("{}\n{}", line("anna"), line("bert"));
    for (said, mode, expected) in [
        (two.as_str(), 0o640, &[(Standing::Good, "lets 2 in")][..]),
        (&two, 0o644, &[(Standing::Good, "lets 2 in"), (Standing::Doubtful, "chmod 0640")]),
        ("", 0o600, &[(Standing::Wrong, "there is no [[token]]")]),
        (
            "[[token]]\nname = \"a\"\nrole = \"boss\"\nsha256 = \"\"",
            0o600,
            &[(Standing::Wrong, "no role `boss`")],
        ),
    ] {
        std::fs::write(&file, said).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        check(&who(&api(Some(file.clone()))), expected);
    }
}
