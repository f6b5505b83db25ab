//! HTTP: metrics and probes, and the API. The console comes here as well.
//!
//! Nothing here knows how state is stored: what is asked for comes through a trait.
//!
//! | module | holds |
//! |---|---|
//! | [`probes`], [`metrics`] | what Prometheus and whoever restarts processes read |
//! | [`accounts`] | what is asked of an account |
//! | [`owners`] | who answers for an account, and how a question comes to it |
//! | [`problem`] | errors, as problem+json |
//! | [`serving`] | the API as a whole: its paths, its document |
//! | `server` | a listener and its thread |

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod accounts;
pub mod metrics;
pub mod owners;
pub mod probes;
pub mod problem;
mod server;
pub mod serving;

pub use metrics::Metrics;
pub use probes::Health;
pub use server::Server;

use metrics_exporter_prometheus::BuildError;
use std::net::SocketAddr;

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
    /// The client that asks other instances cannot be made.
    #[error("cannot make the client that asks other instances")]
    Client(#[source] reqwest::Error),
    /// The metrics cannot be recorded.
    #[error("cannot record metrics")]
    Metrics(#[from] BuildError),
}
