//! What every answer of the console says to the browser, and which requests are declined: those that change something
//! and come from another site.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Own scripts, styles and pictures only; nothing inline, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Declines what another site sends, and bounds what a page may do.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let mut response = if is_foreign(request.method(), request.headers()) {
        (StatusCode::FORBIDDEN, "This was sent by another site.").into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Pages hold what is somebody's: no cache keeps them.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whether a request changes something and does not come from a page of this console. Browsers say where a request
/// comes from; whoever says nothing is no browser, and sends no cookie of one.
fn is_foreign(method: &Method, headers: &HeaderMap) -> bool {
    if method == Method::GET || method == Method::HEAD {
        return false;
    }
    let said = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = said(HeaderName::from_static("sec-fetch-site")) {
        return site != "same-origin";
    }
    // Over plain HTTP browsers do not say the site: there the origin is what they say.
    let Some(origin) = said(header::ORIGIN) else { return false };
    let host = origin.split_once("://").map(|(_, host)| host);
    host.is_none() || host != said(header::HOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &Method, said: &[(&'static str, &'static str)], expected: bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in said {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        assert_eq!(is_foreign(method, &headers), expected, "{method} {said:?}");
    }

    #[test]
    fn what_another_site_sends_changes_nothing() {
        let host = ("host", "weir:8090");
        check(&Method::POST, &[host, ("sec-fetch-site", "same-origin")], false);
        check(&Method::POST, &[host, ("sec-fetch-site", "same-site")], true);
        check(&Method::POST, &[host, ("sec-fetch-site", "cross-site")], true);
        check(&Method::POST, &[host, ("sec-fetch-site", "none")], true);
        check(&Method::POST, &[host, ("origin", "http://weir:8090")], false);
        check(&Method::POST, &[host, ("origin", "http://evil.example")], true);
        check(&Method::POST, &[host, ("origin", "null")], true);
        check(&Method::POST, &[host], false);
        check(&Method::GET, &[host, ("sec-fetch-site", "cross-site")], false);
    }
}
