//! HTTP: metrics and probes. The API and the console come here as well.
//!
//! Nothing here knows how state is stored: what a page asks for comes through a trait.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

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

/// The metrics of this process, as Prometheus reads them.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

/// Buckets of durations in seconds: from half a millisecond, the least that a commit takes, to a
/// minute, after which it is a failure.
const SECONDS: [f64; 15] =
    [0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0, 60.0];

/// How often old samples are folded away.
const UPKEEP: Duration = Duration::from_secs(5);

impl Metrics {
    /// Records the metrics of this process from here on. Only one may be installed.
    ///
    /// # Errors
    /// When another recorder is installed.
    pub fn install() -> Result<Self, ApiError> {
        let suffix = metrics_exporter_prometheus::Matcher::Suffix("_seconds".to_owned());
        let builder = PrometheusBuilder::new().set_buckets_for_metric(suffix, &SECONDS)?;
        let handle = builder.install_recorder()?;
        Ok(Self { handle })
    }

    /// All metrics, in Prometheus's text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.render()
    }
}

/// A running HTTP server, on a thread of its own. Dropped, it stops.
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why HTTP cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The server's thread cannot be started.
    #[error("cannot start the HTTP server")]
    Start(#[source] std::io::Error),
    /// The metrics cannot be recorded.
    #[error("cannot record metrics")]
    Metrics(#[from] BuildError),
}

#[derive(Clone)]
struct Shared {
    metrics: Metrics,
    health: Arc<dyn Health>,
}

impl Server {
    /// Serves `/metrics`, `/livez` and `/readyz` on `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start(address: SocketAddr, metrics: Metrics, health: Arc<dyn Health>) -> Result<Self, ApiError> {
        let listen = |source| ApiError::Listen { address, source };
        let listener = std::net::TcpListener::bind(address).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let bound = listener.local_addr().map_err(listen)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(ApiError::Start)?;
        let routes = routes(Shared { metrics, health });
        let serve = async move {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            let until_stopped = async {
                let _ = stopped.await;
            };
            if let Err(error) = axum::serve(listener, routes).with_graceful_shutdown(until_stopped).await {
                tracing::error!(%error, "HTTP is not served any more");
            }
        };
        let thread = std::thread::Builder::new()
            .name("weir-http".to_owned())
            .spawn(move || runtime.block_on(serve))
            .map_err(ApiError::Start)?;
        Ok(Self { address: bound, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn routes(shared: Shared) -> Router {
    let upkeep = shared.metrics.clone();
    let _ = std::thread::Builder::new().name("weir-metrics".to_owned()).spawn(move || {
        loop {
            std::thread::sleep(UPKEEP);
            upkeep.handle.run_upkeep();
        }
    });
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
        let server = Server::start(([127, 0, 0, 1], 0).into(), metrics, switch.clone()).unwrap();
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
