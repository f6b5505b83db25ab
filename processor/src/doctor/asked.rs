//! What an instance needs to be asked: an address, a name that others find, a certificate, and those who may ask.
//!
//! The identity provider has a file of its own.

use super::Finding;
use crate::config::{self, Api, TlsFiles};
use api::open_to_others;
use api::tls::{Tls, days_left};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

/// A certificate that holds for fewer days is to be made anew.
const FEW_DAYS: i32 = 14;

/// How long whoever has the port may take to say what it is.
const PATIENCE: Duration = Duration::from_secs(3);

/// The largest answer that is read of it, in bytes: the API's description is a part of that.
const LARGEST: u64 = 4 * 1_024 * 1_024;

/// Looks at all of it but the identity provider.
pub(super) fn look(api: &Api) -> Vec<Finding> {
    let mut findings = vec![port(api)];
    findings.extend(api.url.as_deref().map(url));
    findings.extend(api.tls.iter().flat_map(certificate));
    findings.extend(who(api));
    findings
}

/// It can be listened there, or a Weir does.
fn port(api: &Api) -> Finding {
    const ABOUT: &str = "api";
    const ELSEWHERE: &str = "give another `listen` in [api]";
    let address = api.listen;
    let error = match TcpListener::bind(address) {
        Ok(_) if address.port() == 0 => {
            return Finding::good(ABOUT, format!("a free port of {}", address.ip()));
        }
        Ok(_) => return Finding::good(ABOUT, format!("{address} is free")),
        Err(error) => error,
    };
    let is_taken = error.kind() == io::ErrorKind::AddrInUse;
    // Also one that has begun before the certificate was named, or taken out.
    if is_taken && (is_a_weir(address, "http") || is_a_weir(address, "https")) {
        let mend = format!("right where an instance of this configuration is at work; else {ELSEWHERE}");
        return Finding::doubtful(ABOUT, format!("a Weir is served at {address}"), mend);
    }
    let told = if is_taken {
        format!("{address} is taken, and not by a Weir that answers")
    } else {
        format!("{address} cannot be listened on: {error}")
    };
    let mend = if is_taken { format!("stop what has it, or {ELSEWHERE}") } else { ELSEWHERE.to_owned() };
    if api.is_asked_for {
        Finding::wrong(ABOUT, format!("{told}: Weir does not start"), mend)
    } else {
        Finding::doubtful(ABOUT, format!("{told}: the API is not served"), mend)
    }
}

/// Whether what is served there describes itself as Weir's API does, which it does to everybody.
fn is_a_weir(address: SocketAddr, scheme: &str) -> bool {
    let here = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    let url = format!("{scheme}://{}/openapi.json", SocketAddr::new(here, address.port()));
    // Nothing is shown to it, and its certificate is another name's: whoever it is may be asked.
    let client = reqwest::blocking::Client::builder()
        .timeout(PATIENCE)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .danger_accept_invalid_certs(true)
        .build();
    let Ok(answer) = client.and_then(|client| client.get(url).send()) else { return false };
    let described: Option<serde_json::Value> = serde_json::from_reader(io::Read::take(answer, LARGEST)).ok();
    described
        .as_ref()
        .and_then(|described| described.pointer("/info/title"))
        .is_some_and(|title| title == "Weir")
}

/// The name by which others are to find this instance is one.
fn url(url: &str) -> Finding {
    const ABOUT: &str = "url";
    let parsed = reqwest::Url::parse(&url.replace("{port}", "80")).ok();
    let host = parsed.as_ref().and_then(reqwest::Url::host_str).unwrap_or(url);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match (host, 0).to_socket_addrs().map(|mut found| found.next()) {
        Ok(Some(address)) => Finding::good(ABOUT, format!("{host} is {}", address.ip())),
        Ok(None) => unresolved(host, "it has no address"),
        Err(error) => unresolved(host, &error.to_string()),
    }
}

fn unresolved(host: &str, why: &str) -> Finding {
    Finding::doubtful(
        "url",
        format!("{host} is not found from here: {why}"),
        "write in `url` of [api] a name by which the other instances reach this one: else they do not answer for the \
         accounts that it works on",
    )
}

/// The certificate and its key are read, belong together, and hold for a while.
fn certificate(files: &TlsFiles) -> Vec<Finding> {
    const ABOUT: &str = "certificate";
    let TlsFiles { certificate, key } = files;
    let read = Tls::of_files(certificate, key).map_err(|error| super::whole(&error));
    let holds = match read.and_then(|_| days_left(certificate)) {
        Ok(days) => holds(certificate, days),
        Err(error) => {
            let mend = "`tls_certificate_file` and `tls_key_file` in [api] name a certificate and its key";
            return vec![Finding::wrong(ABOUT, error, mend)];
        }
    };
    let mut findings = vec![holds];
    findings.extend(open_to_others(key).map(|mode| too_open(ABOUT, key, &mode)));
    findings
}

/// For how long it holds, in words.
fn holds(certificate: &Path, days: i32) -> Finding {
    const ABOUT: &str = "certificate";
    const MEND: &str = "make it anew, in the same file: it is read again while Weir runs";
    let shown = certificate.display();
    let left = match days {
        ..0 => {
            return Finding::wrong(
                ABOUT,
                format!("{shown}, or one after it, is over: nobody connects"),
                MEND,
            );
        }
        0 => format!("{shown} and what is after it hold for less than a day"),
        1 => format!("{shown} and what is after it hold for one day more"),
        _ => format!("{shown} and what is after it hold for {days} days more"),
    };
    if days < FEW_DAYS { Finding::doubtful(ABOUT, left, MEND) } else { Finding::good(ABOUT, left) }
}

fn too_open(about: &'static str, file: &Path, mode: &str) -> Finding {
    let shown = file.display();
    let told = format!("others can read or change {shown} (mode {mode})");
    Finding::doubtful(about, told, format!("chmod 0640 {shown}, or less"))
}

/// Those who may ask are known.
fn who(api: &Api) -> Vec<Finding> {
    const ABOUT: &str = "tokens";
    let Some(file) = &api.tokens else {
        // Without either it is on the loopback: another address is refused where the configuration is read.
        let nobody = "nobody is asked who they are, which is for the loopback only";
        return api.oidc.is_none().then(|| Finding::good(ABOUT, nobody)).into_iter().collect();
    };
    let shown = file.display();
    let tokens = match config::tokens(file) {
        Ok(tokens) => tokens,
        Err(problem) => {
            let mend = "weir token new --help: it prints what goes into it";
            return vec![Finding::wrong(ABOUT, problem.to_string(), mend)];
        }
    };
    let mut findings = vec![Finding::good(ABOUT, format!("{shown} lets {} in", tokens.len()))];
    findings.extend(open_to_others(file).map(|mode| too_open(ABOUT, file, &mode)));
    findings
}

#[cfg(test)]
mod tests;
