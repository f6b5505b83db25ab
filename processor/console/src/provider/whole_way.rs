//! The whole way of somebody who signs in by their identity provider, over real sockets: the button, the provider, the
//! code, the token, a page of the console.
//!
//! The provider signs nothing: its token is known to an API that knows nothing else. That signed ones are taken is held
//! where they are checked, in `api`.

#[path = "../../../tests/support/provider.rs"]
mod provider;

use crate::beside;
use api::serving::Made;
use api::who::oidc::sign_in::SignIn;
use api::who::{Authority, Person, Role, Segments};
use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use provider::{Known, TOKEN};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;

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
    let provider = Known::of_a_provider(address);
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

    // One that says nothing of whom it comes from, or something else, is not of this provider, which always says it.
    let (plain, _) = done.split_once("&iss=").unwrap();
    for from in ["", "&iss=https://evil.example", "&iss="] {
        check(&ask(address, &format!("{plain}{from}"), kept), 400, &["another identity provider"]);
    }

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

/// Signs out, with this cookie.
fn sign_out(address: SocketAddr, cookie: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let said = format!("Host: {address}\r\nCookie: {cookie}\r\nConnection: close\r\nContent-Length: 0");
    write!(stream, "POST /console/sign-out HTTP/1.1\r\n{said}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn whoever_signs_out_with_a_token_of_the_providers_is_led_to_sign_out_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let provider = Known::of_a_provider(address);
    served(listener, provider.sign_in());
    let forgotten = "weir_token=; Max-Age=0; Path=/console";
    let back = format!("http%3A%2F%2F127.0.0.1%3A{}%2Fconsole%2F", address.port());
    let there = format!("/out?client_id=weir&#38;post_logout_redirect_uri={back}");
    let signed_out = sign_out(address, &format!("weir_token={TOKEN}"));
    let leads = format!("{there}\"");
    check(
        &signed_out,
        200,
        &[forgotten, "http-equiv=\"refresh\" content=\"0; url=http://localhost:", &leads],
    );
    let to = signed_out.split_once("url=").unwrap().1.split_once('"').unwrap().0.replace("&#38;", "&");
    check(&follow(&to, ""), 200, &[&format!("<a href=\"http://{address}/console/\">")]);
    // Whoever has a token of the file, or none, has nothing to sign out of there.
    for cookie in ["weir_token=weir_1", ""] {
        check(&sign_out(address, cookie), 303, &[forgotten, "location: /console/sign-in\r\n"]);
    }
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
