//! A running HTTP server: its listener, its connections, its thread. What it serves is not known here.
//!
//! A connection is bounded in each thing that it may hold: that there is one, its handshake, the head of each
//! request and how long it may take, and how long it may be open.

use crate::ApiError;
use crate::tls::Tls;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

/// A running HTTP server, on a thread of its own. Dropped, it stops.
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a client may take of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// How many connections there may be; further ones wait for one of them to end.
    pub(crate) connections: usize,
    /// How long a handshake may take, and the head of each request, counted from the answer before it.
    pub(crate) patience: Duration,
    /// How long a connection may be open: it ends with its next answer then, or some seconds later.
    pub(crate) life: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { connections: 1_024, patience: Duration::from_secs(10), life: Duration::from_secs(600) }
    }
}

/// The largest head of a request, in bytes: its path and what is said beside it, also by a proxy.
const LARGEST_HEAD: usize = 16 * 1_024;

/// How many threads may wait for a disk: what hangs there does not take all that there are.
const WAITING_THREADS: usize = 64;

/// How long what is being answered may take to end.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// How long nothing is accepted where the process has no file descriptor left.
const OUT_OF_FILES: Duration = Duration::from_millis(200);

impl Server {
    /// Serves these routes on `address`, over TLS where there is a certificate; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub(crate) fn start(
        name: &str,
        address: SocketAddr,
        routes: Router,
        tls: Option<Tls>,
        bounds: Bounds,
    ) -> Result<Self, ApiError> {
        let listen = |source| ApiError::Listen { address, source };
        let listener = std::net::TcpListener::bind(address).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let bound = listener.local_addr().map_err(listen)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(WAITING_THREADS)
            .build()
            .map_err(ApiError::Start)?;
        let serve = async move {
            match TcpListener::from_std(listener) {
                Ok(listener) => serve(listener, Serving { routes, tls, bounds }, stopped).await,
                Err(error) => tracing::error!(%error, "HTTP is not served"),
            }
        };
        let run = move || {
            runtime.block_on(serve);
            // A read that hangs must not keep the process from ending.
            runtime.shutdown_timeout(Duration::from_secs(1));
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run).map_err(ApiError::Start)?;
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

/// What each connection is served by.
struct Serving {
    routes: Router,
    tls: Option<Tls>,
    bounds: Bounds,
}

/// Serves until it is told to stop, and then what is being answered to its end.
async fn serve(listener: TcpListener, serving: Serving, stopped: oneshot::Receiver<()>) {
    let (ending, ended) = watch::channel(false);
    let free = Arc::new(Semaphore::new(serving.bounds.connections));
    let accepting = tokio::spawn(accept(listener, serving, free, ended));
    let _ = stopped.await;
    accepting.abort();
    let _ = accepting.await;
    ending.send_replace(true);
    // Each connection has a receiver, and drops it when it ends.
    let _ = tokio::time::timeout(LAST_ANSWERS, ending.closed()).await;
}

async fn accept(
    listener: TcpListener,
    serving: Serving,
    free: Arc<Semaphore>,
    ending: watch::Receiver<bool>,
) {
    let serving = Arc::new(serving);
    while let Ok(slot) = free.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                tokio::spawn(connection(stream, serving.clone(), slot, ending.clone()));
            }
            // Of the one connection, which is gone, or of the process: that one takes no rest.
            Err(error) => {
                tracing::debug!(%error, "a connection was not accepted");
                tokio::time::sleep(OUT_OF_FILES).await;
            }
        }
    }
}

/// Serves one connection. The slot is free again when it ends.
async fn connection(
    stream: TcpStream,
    serving: Arc<Serving>,
    _slot: OwnedSemaphorePermit,
    ending: watch::Receiver<bool>,
) {
    let Some(tls) = &serving.tls else {
        return requests(stream, &serving, ending).await;
    };
    let shaken = tokio::time::timeout(serving.bounds.patience, tls.acceptor().accept(stream)).await;
    match shaken {
        Ok(Ok(stream)) => requests(stream, &serving, ending).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

/// Serves the requests of one connection.
async fn requests(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    serving: &Serving,
    mut ending: watch::Receiver<bool>,
) {
    let service = TowerToHyperService::new(serving.routes.clone());
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(serving.bounds.patience)
        .max_header_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let over = async {
        let _ = tokio::time::timeout(serving.bounds.life, ending.wait_for(|is_ending| *is_ending)).await;
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = over => {
            connection.as_mut().graceful_shutdown();
            // Whoever does not read their answer is not waited for.
            tokio::time::timeout(LAST_ANSWERS, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = crate::in_full(&error), "a connection ended");
    }
}

#[cfg(test)]
mod tests;
