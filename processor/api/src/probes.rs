//! Metrics and probes: for Prometheus, and for whoever restarts processes. They ask no one who they are.

use crate::server::Bounds;
use crate::{ApiError, Metrics, Server};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;

/// How the process is, as its probes tell it.
pub trait Health: Send + Sync + 'static {
    /// Whether it does anything at all: when not, it is to be started anew.
    fn is_alive(&self) -> bool;

    /// Whether it does its work: when not, the why.
    ///
    /// # Errors
    /// What it still waits for, in words.
    fn ready(&self) -> Result<(), String>;
}

#[derive(Clone)]
struct Shared {
    metrics: Metrics,
    health: Arc<dyn Health>,
}

/// Serves `/metrics`, `/livez` and `/readyz` on `address`; port 0 takes a free one.
///
/// # Errors
/// When the address cannot be listened on.
pub fn serve(address: SocketAddr, metrics: Metrics, health: Arc<dyn Health>) -> Result<Server, ApiError> {
    let routes = routes(Shared { metrics, health });
    Server::start("weir-http", address, routes, None, Bounds::default())
}

fn routes(shared: Shared) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .with_state(shared)
}

async fn metrics(State(shared): State<Shared>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], shared.metrics.render()).into_response()
}

async fn livez(State(shared): State<Shared>) -> Response {
    if shared.health.is_alive() {
        return (StatusCode::OK, "alive\n").into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, "the poll thread is stuck\n").into_response()
}

async fn readyz(State(shared): State<Shared>) -> Response {
    match shared.health.ready() {
        Ok(()) => (StatusCode::OK, "ready\n").into_response(),
        Err(waits_for) => (StatusCode::SERVICE_UNAVAILABLE, format!("{waits_for}\n")).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::sync::atomic::{AtomicBool, Ordering};

    struct Switch(AtomicBool);

    impl Health for Switch {
        fn is_alive(&self) -> bool {
            true
        }

        fn ready(&self) -> Result<(), String> {
            if self.0.load(Ordering::Relaxed) { Ok(()) } else { Err("2 of 6 partitions at work".to_owned()) }
        }
    }

    fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn probes_and_metrics_answer_and_readiness_says_what_it_waits_for() {
        let switch = Arc::new(Switch(AtomicBool::new(false)));
        let metrics = Metrics::install().unwrap();
        let server = serve(([127, 0, 0, 1], 0).into(), metrics, switch.clone()).unwrap();
        ::metrics::counter!("weir_test_total").increment(3);
        assert!(get(server.address(), "/livez").starts_with("HTTP/1.1 200"));
        let waiting = get(server.address(), "/readyz");
        assert!(waiting.starts_with("HTTP/1.1 503") && waiting.contains("2 of 6"), "{waiting}");
        switch.0.store(true, Ordering::Relaxed);
        assert!(get(server.address(), "/readyz").starts_with("HTTP/1.1 200"));
        assert!(get(server.address(), "/metrics").contains("weir_test_total 3"));
        assert!(get(server.address(), "/nothing").starts_with("HTTP/1.1 404"));
    }
}
